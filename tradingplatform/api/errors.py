"""Every failure becomes one JSON object: errorCode, message, sequence, details, request_id."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from django.core import exceptions as django_errors
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.template.loader import get_template
from rest_framework import exceptions as drf_errors
from rest_framework.request import Request
from rest_framework.response import Response

from tradingplatform.api.context import context_of
from tradingplatform.db.transactions import is_transient
from tradingplatform.errors import (
    AuthenticationError,
    ConflictError,
    ErrorCode,
    InvalidInputError,
    LimitExceededError,
    NotFoundError,
    PayloadTooLargeError,
    PermissionDeniedError,
    TradingPlatformError,
    UnavailableError,
    UnprocessableError,
)

logger = logging.getLogger(__name__)

_BUSY = "The service is busy; nothing was changed. Try again."
# The connection may have broken after the database had done its work.
_OUTCOME_UNKNOWN = (
    "The database did not answer; it is not known whether this was done. "
    "Repeat it with the same Idempotency-Key."
)


class MalformedBodyError(InvalidInputError):
    """The body is not the JSON object it claims to be."""

    code = ErrorCode.MALFORMED_BODY


class MethodNotAllowedError(TradingPlatformError):
    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = ErrorCode.METHOD_NOT_ALLOWED


class UnsupportedMediaTypeError(TradingPlatformError):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = ErrorCode.UNSUPPORTED_MEDIA_TYPE


class InvalidCursorError(InvalidInputError):
    code = ErrorCode.INVALID_CURSOR


class CsrfFailedError(PermissionDeniedError):
    code = ErrorCode.CSRF_FAILED


class IdempotencyKeyRequiredError(InvalidInputError):
    code = ErrorCode.IDEMPOTENCY_KEY_REQUIRED


class IdempotencyKeyInvalidError(InvalidInputError):
    code = ErrorCode.IDEMPOTENCY_KEY_INVALID


class IdempotencyKeyReusedError(UnprocessableError):
    """The key was used before for another request."""

    code = ErrorCode.IDEMPOTENCY_KEY_REUSED


class IdempotencyInFlightError(ConflictError):
    """The first request with this key has not answered yet."""

    code = ErrorCode.IDEMPOTENCY_IN_FLIGHT


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """Answer any exception of an API view (settings.REST_FRAMEWORK EXCEPTION_HANDLER)."""
    request: Request = context["request"]
    error = as_platform_error(exc)
    if error is None:
        # The one place where a bug of an endpoint is logged.
        logger.error("Unhandled exception in an API view", exc_info=exc)
        error = TradingPlatformError("Something went wrong on our side.")
    response = Response(
        envelope(error, request=request), status=error.status, headers=error_headers(error)
    )
    # Django would log the status of every refusal and every bug a second time.
    response._has_been_logged = True  # type: ignore[attr-defined] # noqa: SLF001 - its own mark
    return response


def envelope(error: TradingPlatformError, *, request: HttpRequest | Request) -> dict[str, Any]:
    """Return the error object of design/api.md §2."""
    context = context_of(request)
    body: dict[str, Any] = {
        "errorCode": error.code.value,
        "message": error.message,
        "sequence": context.sequence or 0,
    }
    if error.details:
        body["details"] = error.details
    body["request_id"] = context.request_id
    return body


def error_headers(error: TradingPlatformError) -> dict[str, str]:
    """Return the headers that go with a status."""
    if isinstance(error, AuthenticationError):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, LimitExceededError | UnavailableError):
        return {"Retry-After": str(max(1, error.retry_after_s))}
    return {}


def as_platform_error(exc: Exception) -> TradingPlatformError | None:
    """Translate what Django and DRF raise into our tree; None for a bug."""
    if isinstance(exc, TradingPlatformError):
        return exc
    if isinstance(exc, drf_errors.APIException):
        return _from_drf(exc)
    if isinstance(exc, OperationalError):
        logger.error("The database did not do its work", exc_info=exc)
        return UnavailableError(_BUSY if is_transient(exc) else _OUTCOME_UNKNOWN)
    return _from_django(exc)


def _from_django(exc: Exception) -> TradingPlatformError | None:
    if isinstance(exc, Http404):
        return NotFoundError("There is nothing at this address.")
    if isinstance(exc, django_errors.PermissionDenied):
        return PermissionDeniedError("You may not do this.")
    if isinstance(exc, django_errors.ValidationError):
        return InvalidInputError("Some fields are not valid.", **_django_details(exc))
    if isinstance(exc, django_errors.RequestDataTooBig):
        return PayloadTooLargeError("The request is too large.")
    if isinstance(exc, django_errors.SuspiciousOperation | UnreadablePostError):
        return InvalidInputError("The request is not valid.")
    return None


def _django_details(exc: django_errors.ValidationError) -> dict[str, object]:
    if hasattr(exc, "error_dict"):
        return dict(exc.message_dict)
    return {"non_field_errors": list(exc.messages)}


def _from_drf(exc: drf_errors.APIException) -> TradingPlatformError | None:
    message = str(exc.detail) if not isinstance(exc.detail, dict | list) else ""
    if isinstance(exc, drf_errors.ValidationError):
        return InvalidInputError("Some fields are not valid.", **_field_errors(exc.detail))
    if isinstance(exc, drf_errors.Throttled):
        return LimitExceededError(
            "Too many requests.", retry_after_s=int(getattr(exc, "wait", None) or 1)
        )
    simple: dict[type[drf_errors.APIException], type[TradingPlatformError]] = {
        drf_errors.ParseError: MalformedBodyError,
        drf_errors.NotAuthenticated: AuthenticationError,
        drf_errors.AuthenticationFailed: AuthenticationError,
        drf_errors.PermissionDenied: PermissionDeniedError,
        drf_errors.NotFound: NotFoundError,
        drf_errors.MethodNotAllowed: MethodNotAllowedError,
        drf_errors.UnsupportedMediaType: UnsupportedMediaTypeError,
    }
    translated = simple.get(type(exc))
    return translated(message) if translated else None


def _field_errors(detail: Any) -> dict[str, Any]:
    return dict(detail) if isinstance(detail, dict) else {"non_field_errors": detail}


def json_error(error: TradingPlatformError, *, request: HttpRequest) -> HttpResponse:
    """Answer outside of DRF: middleware, handler404 and the like."""
    return HttpResponse(
        orjson.dumps(envelope(error, request=request), default=str),
        status=error.status,
        content_type="application/json",
        headers=error_headers(error),
    )


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/") or request.path_info == "/api"


def page_or_json(request: HttpRequest, error: TradingPlatformError) -> HttpResponse:
    """Answer JSON under /api, and a small page elsewhere."""
    if is_api(request):
        return json_error(error, request=request)
    request_id = context_of(request).request_id
    facts = {"error": error, "request_id": request_id}
    content_type = "text/html; charset=utf-8"
    try:
        page = get_template("error.html").render(facts, request)
    except Exception:  # noqa: BLE001 - the last page must appear even if what broke is needed for it
        page = f"{error.message}\n\nRequest {request_id}\n"
        content_type = "text/plain; charset=utf-8"
    return HttpResponse(
        page, status=error.status, headers=error_headers(error), content_type=content_type
    )


def handler400(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer what Django refuses before any view runs, such as an unknown Host."""
    translated = as_platform_error(exception) if exception else None
    return page_or_json(request, translated or InvalidInputError("The request is not valid."))


def handler403(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page_or_json(request, PermissionDeniedError("You may not do this."))


def handler404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page_or_json(request, NotFoundError("There is nothing at this address."))


def handler500(request: HttpRequest) -> HttpResponse:
    return page_or_json(request, TradingPlatformError("Something went wrong on our side."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a page form without a valid CSRF token (settings.CSRF_FAILURE_VIEW)."""
    return page_or_json(request, CsrfFailedError("The form has expired. Reload the page."))
