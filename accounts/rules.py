"""What a valid e-mail address, nickname and password are."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from ipaddress import ip_network
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from accounts.enums import KeyEnvironment, KeyProvider

EMAIL_MAX = 254
NICKNAME_MIN, NICKNAME_MAX = 2, 30
PASSWORD_MIN, PASSWORD_MAX = 8, 128
KEY_NAME_MAX = 60
NETWORKS_MAX = 20
REASON_MAX = 200
BROKER_SECRET_MAX = 512
# What each provider gives its customers; only KIS has keys for paper trading.
BROKER_FIELDS = {
    KeyProvider.KIS: ("app_key", "app_secret", "account_number"),
    KeyProvider.FMP: ("api_key",),
    KeyProvider.OPENAI: ("api_key",),
}
_KIS_ACCOUNT = re.compile(r"[0-9]{8}-[0-9]{2}")
_SHOWN = 4
_NICKNAME_EXTRA = frozenset(" ._-")


def normalise_email(text: str) -> str:
    """Return the one spelling under which an address is stored and looked up."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def clean_email(text: str) -> str:
    """Return the normalised address; ValidationError if it is not one."""
    email = normalise_email(text)
    if len(email) > EMAIL_MAX:
        raise ValidationError(_("This address is too long."), code="max_length")
    validate_email(email)
    return email


def clean_nickname(text: str) -> str:
    """Return the nickname: letters and digits of any script, inner spaces and ``. _ -``."""
    nickname = unicodedata.normalize("NFC", text).strip()
    if not NICKNAME_MIN <= len(nickname) <= NICKNAME_MAX:
        raise ValidationError(
            _("Use %(min)d to %(max)d characters.") % {"min": NICKNAME_MIN, "max": NICKNAME_MAX},
            code="length",
        )
    if not all(_is_nickname_character(character) for character in nickname):
        raise ValidationError(
            _("Use letters, digits, spaces and the characters . _ - only."), code="characters"
        )
    return nickname


def _is_nickname_character(character: str) -> bool:
    # Marks (category M) complete letters in many scripts.
    return unicodedata.category(character)[0] in "LNM" or character in _NICKNAME_EXTRA


def clean_key_name(text: str) -> str:
    """Return the name that a user gives to a key: one printable line."""
    name = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(name) <= KEY_NAME_MAX or not name.isprintable():
        raise ValidationError(
            _("Use 1 to %(max)d printable characters.") % {"max": KEY_NAME_MAX}, code="name"
        )
    return name


def clean_reason(text: str) -> str:
    """Return why an operator did something: one printable line."""
    reason = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(reason) <= REASON_MAX or not reason.isprintable():
        raise ValidationError(
            _("Use 1 to %(max)d printable characters.") % {"max": REASON_MAX}, code="reason"
        )
    return reason


def clean_networks(texts: Collection[str]) -> list[str]:
    """Return addresses and networks (``10.0.0.0/8``) in their one spelling."""
    if len(texts) > NETWORKS_MAX:
        raise ValidationError(
            _("Name at most %(max)d networks.") % {"max": NETWORKS_MAX}, code="networks"
        )
    try:
        return sorted({str(ip_network(text.strip())) for text in texts})
    except ValueError as exc:
        raise ValidationError(_("This is not an IP address or network."), code="network") from exc


def clean_broker_secrets(
    *, provider: KeyProvider, environment: KeyEnvironment, given: Mapping[str, str]
) -> dict[str, str]:
    """Return the fields that a provider's key consists of, all of them and no other."""
    if environment is KeyEnvironment.PAPER and provider is not KeyProvider.KIS:
        raise ValidationError({"environment": _("This provider has no paper environment.")})
    wanted = BROKER_FIELDS[provider]
    faults = {name: _("This field is required.") for name in wanted if not given.get(name)}
    faults |= {name: _("This provider has no such field.") for name in given.keys() - set(wanted)}
    if not faults and not _KIS_ACCOUNT.fullmatch(given.get("account_number", "00000000-00")):
        faults["account_number"] = _("Write the account as 12345678-01.")
    for name in given.keys() - faults.keys():
        if not given[name].isascii() or not given[name].isprintable() or " " in given[name]:
            faults[name] = _("Use printable ASCII characters without spaces.")
    if faults:
        raise ValidationError(faults)
    return {name: given[name] for name in wanted}


def masked_secret(name: str, secret: str) -> str:
    """Return what its owner may see again: the end of a long name, nothing of a secret."""
    is_shown = name != "app_secret" and len(secret) > 2 * _SHOWN
    return "••••" + (secret[-_SHOWN:] if is_shown else "")


class MaximumLengthValidator:
    """Refuse a password so long that only hashing it would be an attack."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > PASSWORD_MAX:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return _("Use at most %(max)d characters.") % {"max": PASSWORD_MAX}
