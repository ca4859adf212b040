"""How a browser shows the pages: the account's choice, else its own cookies and language."""

from typing import cast

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.translation import get_language_from_request

from accounts import selectors
from accounts.enums import Colours, Language, Theme
from accounts.models import User
from accounts.services.pages import page_principal
from accounts.services.profiles import display_adopt
from accounts.types import Display
from tradingplatform.errors import TradingPlatformError

_KNOWN = "_page_display"
_ON = "on"


def page_display(request: HttpRequest) -> Display:
    """Return how to show the pages of this request (asked once)."""
    known = getattr(request, _KNOWN, None)
    if known is None:
        known = _chosen(request) or _seen(request)
        setattr(request, _KNOWN, known)
    return cast("Display", known)


def page_display_adopt(request: HttpRequest, *, user: User) -> None:
    """Let an account that has never chosen keep what its owner chose as a visitor."""
    seen = {
        name: value
        for name, choices in (("theme", Theme), ("colours", Colours))
        if (value := request.COOKIES.get(name)) in choices.values
    }
    is_named = settings.LANGUAGE_COOKIE_NAME in request.COOKIES
    if is_named or "Accept-Language" in request.headers:
        seen["language"] = _language(request)
    display_adopt(user=user, seen=seen)


def _chosen(request: HttpRequest) -> Display | None:
    """Return the account's choice; none while what knows it is away, so that pages render."""
    try:
        principal = page_principal(request)
        user = selectors.user_by_key(principal.account_db_key) if principal else None
    except (DatabaseError, TradingPlatformError):
        return None
    return selectors.display_of(user) if user and user.display_chosen_at else None


def _seen(request: HttpRequest) -> Display:
    language = _language(request)
    currency, colours = selectors.USUAL[language]
    return Display(
        language=language.value,
        currency=currency.value,
        theme=_cookie(request, "theme", Theme.SYSTEM),
        colours=_cookie(request, "colours", colours),
        blur_amounts=request.COOKIES.get("blur") == _ON,
    )


def _language(request: HttpRequest) -> Language:
    is_korean = get_language_from_request(request).startswith(Language.KO)
    return Language.KO if is_korean else Language.EN


def _cookie(request: HttpRequest, name: str, usual: Theme | Colours) -> str:
    value = request.COOKIES.get(name, "")
    return value if value in type(usual).values else usual.value
