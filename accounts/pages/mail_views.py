"""The pages behind mailed links. Opening one changes nothing: mail scanners open links too."""

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.errors import InvalidTokenError
from accounts.pages.forms import ConfirmForm, NewPasswordForm, ResetForm
from accounts.services.factors import factor_reset_cancel
from accounts.services.pages import device_of
from accounts.services.passwords import password_reset, password_reset_ask
from accounts.services.verification import email_confirm
from tradingplatform.errors import LimitExceededError, TradingPlatformError


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify_email(request: HttpRequest) -> HttpResponse:
    """Confirm an address by a button."""
    form = ConfirmForm(request.POST or None, initial=_token(request))
    texts = {
        "title": _("Confirm your e-mail address"),
        "button": _("This is my address"),
        "done": _("Thank you, your address is confirmed."),
    }
    if form.is_valid():
        try:
            email_confirm(**form.cleaned_data, device=device_of(request))
        except TradingPlatformError as error:
            _explain(form, error)
    return _answer(request, form, texts)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keep_factor(request: HttpRequest) -> HttpResponse:
    """Stop the removal of a second factor by a button."""
    form = ConfirmForm(request.POST or None, initial=_token(request))
    texts = {
        "title": _("Keep your second factor"),
        "button": _("Keep it"),
        "done": _(
            "Your second factor stays as it is. If you did not ask for its removal, "
            "somebody pretends to be you: change your password."
        ),
    }
    if form.is_valid():
        try:
            factor_reset_cancel(**form.cleaned_data, device=device_of(request))
        except TradingPlatformError as error:
            _explain(form, error)
    return _answer(request, form, texts)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reset_password(request: HttpRequest) -> HttpResponse:
    """Ask for a link; the answer does not tell whether the address is known."""
    form = ResetForm(request.POST or None)
    texts = {
        "title": _("Forgot your password?"),
        "button": _("Send me a link"),
        "done": _("If there is an account with this address, a link is on its way."),
    }
    if form.is_valid():
        password_reset_ask(**form.cleaned_data, device=device_of(request))
    return _answer(request, form, texts)


@sensitive_post_parameters("new_password", "token")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_password(request: HttpRequest) -> HttpResponse:
    """Set a new password by a mailed link."""
    form = NewPasswordForm(request.POST or None, initial=_token(request))
    texts = {
        "title": _("Choose a new password"),
        "button": _("Set the password"),
        "done": _("Your password is changed. You are logged out everywhere; log in again."),
    }
    if form.is_valid():
        try:
            password_reset(**form.cleaned_data, device=device_of(request))
        except TradingPlatformError as error:
            _explain(form, error)
    return _answer(request, form, texts)


def _token(request: HttpRequest) -> dict[str, str]:
    return {"token": request.GET.get("token", "")}


def _answer(request: HttpRequest, form: Form, texts: dict[str, str]) -> HttpResponse:
    is_done = form.is_bound and form.is_valid()
    context = {"form": form, "is_done": is_done, **texts}
    return render(request, "accounts/mail_form.html", context, status=422 if form.errors else 200)


def _explain(form: Form, error: TradingPlatformError) -> None:
    if isinstance(error, InvalidTokenError):
        form.add_error(None, _("This link is not valid any more. Please ask for another."))
    elif isinstance(error, LimitExceededError):
        form.add_error(None, _("Too many attempts. Please wait a few minutes."))
    else:
        faults = error.details.get("new_password")
        words = faults if isinstance(faults, list) else [error.message]
        form.add_error("new_password" if isinstance(faults, list) else None, words)
