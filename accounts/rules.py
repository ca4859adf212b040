"""What a valid e-mail address, nickname and password are."""

import unicodedata
from collections.abc import Collection
from ipaddress import ip_network
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

EMAIL_MAX = 254
NICKNAME_MIN, NICKNAME_MAX = 2, 30
PASSWORD_MIN, PASSWORD_MAX = 8, 128
KEY_NAME_MAX = 60
NETWORKS_MAX = 20
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


class MaximumLengthValidator:
    """Refuse a password so long that only hashing it would be an attack."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > PASSWORD_MAX:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return _("Use at most %(max)d characters.") % {"max": PASSWORD_MAX}
