"""The base of every REST endpoint.

A view method parses (``parsed``), calls one service and renders; permission comes from
policy.py, errors from errors.py. ``owner_key(request)`` names the shard of the caller.
"""

from contextlib import ExitStack
from typing import Any, ClassVar, cast

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from tradingplatform.api.context import context_of, parse_sequence
from tradingplatform.api.errors import exception_handler
from tradingplatform.api.permissions import PolicyPermission
from tradingplatform.api.policy import is_urgent
from tradingplatform.api.principal import ANONYMOUS, Anonymous, Principal
from tradingplatform.api.rendering import JsonNegotiation, OrjsonParser, OrjsonRenderer
from tradingplatform.api.throttling import URGENT, request_admit
from tradingplatform.db.replicas import pin, replica_reads
from tradingplatform.errors import (
    AuthenticationError,
    NotFoundError,
    PayloadTooLargeError,
    TradingPlatformError,
)

_READS = frozenset({"GET", "HEAD"})


class ApiView(APIView):
    """JSON in, JSON out, default-deny, throttled, with the error object for every failure.

    ``rate_class`` names an entry of settings.RATE_LIMITS for writes ("write", "money",
    "login"); reads always count as "read" unless ``read_rate_class`` says otherwise, and what
    policy.py calls urgent has limits of its own.
    """

    renderer_classes = (OrjsonRenderer,)
    parser_classes = (OrjsonParser,)
    content_negotiation_class = JsonNegotiation
    permission_classes = (PolicyPermission,)
    throttle_classes = ()
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]

    body_bytes_max: ClassVar[int] = 64 * 1024
    rate_class: ClassVar[str] = "write"
    read_rate_class: ClassVar[str] = "read"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._databases = ExitStack()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, count, permit, measure: a bad token is counted before it is refused."""
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(
            request
        )
        refusal = self._authenticate(request)
        self._count(request)
        if refusal is not None:
            raise refusal
        self.check_permissions(request)
        self._measure(request)
        self._choose_databases(request)

    def get_exception_handler(self) -> Any:
        return exception_handler

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        self._databases.close()
        self._echo_sequence(request, final)
        final.headers.setdefault("Cache-Control", "no-store")
        return final

    def _authenticate(self, request: Request) -> TradingPlatformError | None:
        try:
            self.perform_authentication(request)
        except AuthenticationError as refusal:
            request.user = ANONYMOUS  # type: ignore[assignment] # a Principal is no model
            return refusal
        return None

    def _count(self, request: Request) -> None:
        who = cast("Principal | Anonymous", request.user)
        rate_class = self.read_rate_class if request.method in _READS else self.rate_class
        match = request.resolver_match
        if match and is_urgent(match.view_name, request.method or ""):
            rate_class = URGENT
        request_admit(http_request(request), who, rate_class=rate_class)

    def _choose_databases(self, request: Request) -> None:
        """Let reads use replicas; after a write this user's reads stay on the primary."""
        who = cast("Principal | Anonymous", request.user)
        key = who.account_db_key if isinstance(who, Principal) else None
        if request.method in _READS:
            self._databases.enter_context(replica_reads(key))
        else:
            self._databases.callback(pin, key)

    def _measure(self, request: Request) -> None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > self.body_bytes_max:
            raise PayloadTooLargeError("The body is too large.", limit_bytes=self.body_bytes_max)

    def _echo_sequence(self, request: Request, response: Any) -> None:
        context = context_of(request)
        if context.sequence is None and request.method not in _READS:
            context.sequence = _sequence_in_body(request, limit_bytes=self.body_bytes_max)
        data = getattr(response, "data", None)
        if response.status_code >= 400 and isinstance(data, dict) and "errorCode" in data:
            data["sequence"] = context.sequence or 0


class UnknownRouteView(ApiView):
    """Answer 404 as JSON for any other address under /api."""

    authentication_classes = ()
    schema = None

    def get(self, request: Request, rest: str = "") -> Response:
        raise NotFoundError("There is nothing at this address.")

    post = put = patch = delete = get


def http_request(request: Request) -> HttpRequest:
    """Return Django's request inside DRF's."""
    return request._request  # noqa: SLF001 - DRF offers no other way


def principal(request: Request) -> Principal:
    """Return who is asking; AuthenticationError when nobody is signed in."""
    who = cast("Principal | Anonymous", request.user)
    if not isinstance(who, Principal):
        raise AuthenticationError("Sign in first.")
    return who


def owner_key(request: Request) -> int:
    """Return the key that names the caller's rows and shard."""
    return principal(request).account_db_key


def parsed(serializer_class: type[BaseSerializer[Any]], data: Any) -> dict[str, Any]:
    """Validate a body or query and return the clean values; 400 with field details otherwise."""
    serializer = serializer_class(data=data)
    serializer.is_valid(raise_exception=True)
    return cast("dict[str, Any]", serializer.validated_data)


def _sequence_in_body(request: Request, *, limit_bytes: int) -> int | None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > limit_bytes:
        return None
    try:
        body = request.data
    except Exception:  # noqa: BLE001 - a body nobody can read carries no sequence
        return None
    return parse_sequence(body.get("sequence")) if isinstance(body, dict) else None
