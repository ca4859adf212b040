"""The forms of log-in and sign-up; the rules themselves are the services'."""

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.rules import EMAIL_MAX, NICKNAME_MAX, PASSWORD_MAX, PASSWORD_MIN


class LogInForm(forms.Form):
    """An address and a password."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=EMAIL_MAX,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=PASSWORD_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class OtpForm(forms.Form):
    """The second step of a log-in, for those with a second factor."""

    ticket = forms.CharField(max_length=128, widget=forms.HiddenInput)
    code = forms.CharField(
        label=_("Code"),
        max_length=32,
        help_text=_("From your authenticator app, or one of your backup codes."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True}),
    )


class PasskeyForm(forms.Form):
    """What a device answered; ``ticket`` where a password was right before."""

    challenge_id = forms.UUIDField(widget=forms.HiddenInput)
    credential = forms.JSONField(widget=forms.HiddenInput)
    ticket = forms.CharField(max_length=128, required=False, widget=forms.HiddenInput)

    def clean_credential(self) -> dict[str, object]:
        given = self.cleaned_data["credential"]
        if not isinstance(given, dict):
            raise forms.ValidationError(_("This passkey was not accepted."))
        return given


class SignUpForm(forms.Form):
    """What an account is made of."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=EMAIL_MAX,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    nickname = forms.CharField(
        label=_("Nickname"),
        max_length=NICKNAME_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=PASSWORD_MAX,
        strip=False,
        help_text=format_lazy(_("At least {min} characters."), min=PASSWORD_MIN),
        widget=forms.PasswordInput(
            attrs={"autocomplete": "new-password", "minlength": PASSWORD_MIN}
        ),
    )


class ConfirmForm(forms.Form):
    """What a mailed link carries."""

    token = forms.CharField(max_length=1024, widget=forms.HiddenInput)


class ResetForm(forms.Form):
    """The address of somebody who has forgotten the password."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=EMAIL_MAX,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )


class NewPasswordForm(ConfirmForm):
    """What replaces a forgotten password."""

    new_password = forms.CharField(
        label=_("New password"),
        max_length=PASSWORD_MAX,
        strip=False,
        help_text=format_lazy(_("At least {min} characters."), min=PASSWORD_MIN),
        widget=forms.PasswordInput(
            attrs={"autocomplete": "new-password", "minlength": PASSWORD_MIN}
        ),
    )
