"""Log-in, sign-up and log-out pages."""

from django.conf import settings
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import (
    EmailTakenError,
    InvalidCredentialsError,
    InvalidTokenError,
    OtpCodeError,
    OtpRequiredError,
)
from accounts.models import User
from accounts.pages.forms import LogInForm, OtpForm, SignUpForm
from accounts.services.looks import page_display_adopt
from accounts.services.pages import (
    page_log_in,
    page_log_out,
    page_otp_log_in,
    page_session_open,
)
from accounts.services.users import user_sign_up
from tradingplatform.errors import LimitExceededError, TradingPlatformError


@sensitive_post_parameters("password", "ticket", "code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Log a browser in, with a code where there is a second factor, and go where it wanted."""
    form: Form = LogInForm(request.POST or None)
    if "ticket" in request.POST:
        form = OtpForm(request.POST)
    if form.is_valid():
        step = page_otp_log_in if isinstance(form, OtpForm) else page_log_in
        try:
            user = step(request, **form.cleaned_data)
        except OtpRequiredError as more:
            form = OtpForm(initial={"ticket": more.ticket})
        except InvalidTokenError:
            form = _again()
        except TradingPlatformError as error:
            _explain(form, error)
        else:
            return _arrive(request, user)
    context = {"form": form, "next": _next(request), "has_ended": "ended" in request.GET}
    return render(request, "accounts/log_in.html", context, status=422 if form.errors else 200)


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Create an account and log its owner in."""
    form = SignUpForm(request.POST or None)
    if form.is_valid():
        try:
            user = user_sign_up(**form.cleaned_data, language=get_language() or "")
            page_session_open(request, user=user)
        except TradingPlatformError as error:
            _explain(form, error)
        else:
            return _arrive(request, user)
    context = {"form": form, "next": _next(request)}
    return render(request, "accounts/sign_up.html", context, status=422 if form.errors else 200)


@never_cache
@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session everywhere, sockets included."""
    page_log_out(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def _arrive(request: HttpRequest, user: User) -> HttpResponseRedirect:
    """Go on where the user wanted to go."""
    page_display_adopt(request, user=user)
    return HttpResponseRedirect(_next(request) or resolve_url(settings.LOGIN_REDIRECT_URL))


def _again() -> LogInForm:
    """Return the first step once more: the ticket for the second has run out."""
    form = LogInForm({})
    form.errors.clear()
    form.add_error(None, _("That took too long or too many attempts. Please log in again."))
    return form


def _next(request: HttpRequest) -> str:
    """Return where to go after logging in, if that is a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else ""


def _explain(form: Form, error: TradingPlatformError) -> None:
    if isinstance(error, InvalidCredentialsError):
        form.add_error(None, _("The address or the password is wrong."))
    elif isinstance(error, OtpCodeError):
        form.add_error("code", _("This code is wrong or was used before."))
    elif isinstance(error, EmailTakenError):
        form.add_error("email", _("An account with this address exists."))
    elif isinstance(error, LimitExceededError):
        form.add_error(None, _("Too many attempts. Please wait a few minutes."))
    else:
        _add_faults(form, error)


def _add_faults(form: Form, error: TradingPlatformError) -> None:
    for name, faults in error.details.items():
        if name in form.fields and isinstance(faults, list):
            form.add_error(name, [str(fault) for fault in faults])
    if not form.errors:
        form.add_error(None, error.message)
