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

from accounts.enums import FactorMethod
from accounts.errors import (
    EmailTakenError,
    InvalidCredentialsError,
    InvalidTokenError,
    OtpCodeError,
    OtpRequiredError,
)
from accounts.models import User
from accounts.pages.forms import LogInForm, OtpForm, PasskeyForm, SignUpForm
from accounts.services.looks import page_display_adopt
from accounts.services.otp_tickets import otp_ticket_methods
from accounts.services.pages import (
    page_log_in,
    page_log_out,
    page_otp_log_in,
    page_passkey_log_in,
    page_session_open,
)
from accounts.services.passkey_log_in import ShownPasskey
from accounts.services.users import user_sign_up
from tradingplatform.errors import LimitExceededError, TradingPlatformError


@sensitive_post_parameters("password", "ticket", "code", "credential")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Log a browser in, step by step or by a passkey, and go where it wanted."""
    form = _step_of(request)
    if form.is_valid():
        try:
            return _arrive(request, _taken(request, form))
        except OtpRequiredError as more:
            form = OtpForm(initial={"ticket": more.ticket})
        except InvalidTokenError:
            form = _again(_("That took too long or too many attempts. Please log in again."))
        except TradingPlatformError as error:
            form = _explained(form, error)
    elif isinstance(form, PasskeyForm):
        form = _again(_("This passkey was not accepted."))
    context = {
        "form": form,
        "next": _next(request),
        "has_ended": "ended" in request.GET,
        "passkey": _passkey_offer(form),
    }
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


def _step_of(request: HttpRequest) -> Form:
    """Return the form of the step that a browser has taken."""
    if "credential" in request.POST:
        return PasskeyForm(request.POST)
    if "ticket" in request.POST:
        return OtpForm(request.POST)
    return LogInForm(request.POST or None)


def _taken(request: HttpRequest, form: Form) -> User:
    """Take the step and return who has logged in."""
    if isinstance(form, PasskeyForm):
        return page_passkey_log_in(request, shown=ShownPasskey(**form.cleaned_data))
    step = page_otp_log_in if isinstance(form, OtpForm) else page_log_in
    return step(request, **form.cleaned_data)


def _explained(form: Form, error: TradingPlatformError) -> Form:
    """Return the form to try again with, and why."""
    if isinstance(form, PasskeyForm):
        text = _("This passkey was not accepted.")
        ticket = form.cleaned_data["ticket"]
        return _with_error(OtpForm({"ticket": ticket}), text) if ticket else _again(text)
    _explain(form, error)
    return form


def _again(text: str) -> Form:
    """Return the first step once more, and why."""
    return _with_error(LogInForm({}), text)


def _with_error(form: Form, text: str) -> Form:
    form.errors.clear()
    form.add_error(None, text)
    return form


def _passkey_offer(form: Form) -> dict[str, str] | None:
    """Return what the page needs to ask for a passkey; None where the account has none."""
    ticket = str(form["ticket"].value() or "") if isinstance(form, OtpForm) else ""
    if ticket and FactorMethod.PASSKEY not in otp_ticket_methods(ticket):
        return None
    return {
        "ticket": ticket,
        "domain": settings.PASSKEY_RP_ID,
        "address": settings.PASSKEY_ORIGINS[0],
    }


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
