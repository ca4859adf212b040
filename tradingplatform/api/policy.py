"""Who may call what: one table, checked on every request and against every route.

Routes are keyed by view name and method (HEAD follows GET); sockets by address, streams by
family, frames by type, tools of the analyst by name. What is missing here is denied, and
tests/test_policy.py and tests/authorisation fail on a thing without an entry and on an entry
without a thing. A name that ends in ``:*`` stands for a namespace that guards itself as well.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Protocol

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from tradingplatform.api.principal import ANONYMOUS, Scope
from tradingplatform.errors import AuthenticationError, ErrorCode, PermissionDeniedError


class Access(StrEnum):
    """Who is let in."""

    PUBLIC = "PUBLIC"
    VISITOR = "VISITOR"  # everybody while settings.MARKET_ANONYMOUS is on, else users
    USER = "USER"
    VERIFIED = "VERIFIED"  # a user whose e-mail address is confirmed
    OPERATOR = "OPERATOR"
    INTERNAL = "INTERNAL"  # an operator, or anyone inside settings.INTERNAL_NETWORKS


PUBLIC, VISITOR, USER, VERIFIED = Access.PUBLIC, Access.VISITOR, Access.USER, Access.VERIFIED
OPERATOR, INTERNAL = Access.OPERATOR, Access.INTERNAL

POLICY: dict[str, dict[str, Access]] = {
    # The API itself.
    "api:schema": {"GET": PUBLIC},
    "api:docs": {"GET": PUBLIC},
    "api:docs-script": {"GET": PUBLIC},
    "api:redoc": {"GET": PUBLIC},
    "api-unknown": {
        "GET": PUBLIC,
        "POST": PUBLIC,
        "PUT": PUBLIC,
        "PATCH": PUBLIC,
        "DELETE": PUBLIC,
    },
    # Probes and operators.
    "health": {"GET": PUBLIC},
    "health-live": {"GET": PUBLIC},
    "health-ready": {"GET": PUBLIC},
    "debug-services": {"GET": INTERNAL},
    "test-quick": {"GET": INTERNAL},
    "test-full": {"GET": INTERNAL},
    "metrics": {"GET": INTERNAL},
    # Accounts.
    "accounts:signup": {"POST": PUBLIC},
    "accounts:login": {"POST": PUBLIC},
    "accounts:token-refresh": {"POST": PUBLIC},
    "accounts:logout": {"POST": USER},
    "accounts:me": {"GET": USER},
    "accounts:security-activity": {"GET": USER},
    "accounts:close": {"POST": USER},
    "accounts:export": {"GET": USER, "POST": USER},
    "accounts:export-download": {"GET": PUBLIC},
    "accounts:email-confirm": {"POST": PUBLIC},
    "accounts:email-verify": {"POST": USER},
    "accounts:password-change": {"POST": USER},
    "accounts:password-reset": {"POST": PUBLIC},
    "accounts:password-reset-confirm": {"POST": PUBLIC},
    "accounts:sessions": {"GET": USER, "DELETE": USER},
    "accounts:session": {"DELETE": USER},
    "accounts:ws-ticket": {"POST": USER},
    "accounts:login-otp": {"POST": PUBLIC},
    "accounts:otp": {"GET": USER, "POST": USER, "DELETE": USER},
    "accounts:otp-confirm": {"POST": USER},
    "accounts:otp-verify": {"POST": USER},
    "accounts:otp-backup-codes": {"POST": USER},
    "accounts:login-passkey": {"POST": PUBLIC},
    "accounts:login-passkey-options": {"POST": PUBLIC},
    "accounts:passkeys": {"GET": USER, "POST": USER},
    "accounts:passkey": {"PATCH": USER, "DELETE": USER},
    "accounts:passkey-options": {"POST": USER},
    "accounts:passkey-verify": {"POST": USER},
    "accounts:passkey-verify-options": {"POST": USER},
    "accounts:api-keys": {"GET": USER, "POST": VERIFIED},
    "accounts:api-key": {"DELETE": USER},
    "accounts:broker-keys": {"GET": USER, "POST": VERIFIED},
    "accounts:broker-key": {"DELETE": USER},
    "accounts:broker-key-test": {"POST": USER},
    # Profiles.
    "profile:profile": {"GET": USER},
    "profile:questionnaire": {"GET": USER},
    "profile:investor": {"GET": USER, "PUT": USER},
    "profile:display": {"PATCH": USER},
    "profile:notifications": {"GET": USER, "PATCH": USER},
    # Market.
    "market:instruments": {"GET": VISITOR},
    "market:instrument": {"GET": VISITOR},
    "market:quotes": {"GET": VISITOR},
    "market:bars": {"GET": VISITOR},
    "market:indicators": {"GET": VISITOR},
    "market:calendar": {"GET": VISITOR},
    "market:fundamentals": {"GET": VISITOR},
    "market:news": {"GET": VISITOR},
    "market:overview": {"GET": VISITOR},
    "market:alerts": {"GET": USER, "POST": USER},
    "market:alert": {"GET": USER, "DELETE": USER},
    "market:alert-triggers": {"GET": USER},
    "market:screener": {"GET": VISITOR, "POST": VISITOR},
    "market:screens": {"GET": USER, "POST": USER},
    "market:screen": {"GET": USER, "PATCH": USER, "DELETE": USER},
    "market:watchlists": {"GET": USER, "POST": USER},
    "market:watchlist": {"GET": USER, "PATCH": USER, "DELETE": USER},
    "market:watchlist-items": {"POST": USER, "PUT": USER},
    "market:watchlist-item": {"PATCH": USER, "DELETE": USER},
    # Chat.
    "chat:rooms": {"GET": USER, "POST": USER},
    "chat:room": {"GET": USER, "PATCH": USER, "DELETE": USER},
    "chat:messages": {"GET": USER, "POST": USER},
    "chat:tools": {"GET": USER},
    "chat:personas": {"GET": USER},
    # Pages.
    "account-pages:keep-factor": {"GET": PUBLIC, "POST": PUBLIC},
    "account-pages:log-in": {"GET": PUBLIC, "POST": PUBLIC},
    "account-pages:log-out": {"POST": PUBLIC},
    "account-pages:new-password": {"GET": PUBLIC, "POST": PUBLIC},
    "account-pages:reset-password": {"GET": PUBLIC, "POST": PUBLIC},
    "account-pages:settings": {"GET": USER},
    "account-pages:settings-section": {"GET": USER},
    "account-pages:sign-up": {"GET": PUBLIC, "POST": PUBLIC},
    "account-pages:verify-email": {"GET": PUBLIC, "POST": PUBLIC},
    "pages:favicon": {"GET": PUBLIC},
    "pages:home": {"GET": PUBLIC},
    "pages:language": {"GET": PUBLIC, "POST": PUBLIC},
    "pages:ledger": {"GET": USER},
    "pages:market": {"GET": VISITOR},
    "pages:screener": {"GET": VISITOR},
    "pages:portfolio-create": {"POST": USER},
    "pages:trade": {"GET": USER},
    # Portfolios.
    "portfolio:portfolios": {"GET": USER, "POST": USER},
    "portfolio:portfolio": {"GET": USER, "PATCH": USER, "DELETE": USER},
    "portfolio:orders": {"GET": USER, "POST": USER},
    "portfolio:order": {"GET": USER, "PATCH": USER, "DELETE": USER},
    "portfolio:positions": {"GET": USER},
    "portfolio:transactions": {"GET": USER},
    "portfolio:cash": {"POST": USER},
    # Django admin. Its own log-in form is not used: the log-in page leads there.
    "admin:*": {"GET": OPERATOR, "POST": OPERATOR},
}


# What shuts a door or stops a trade, and has limits of its own: no flood of other calls keeps
# anyone from it, and it works without a limiter too.
URGENT = {
    ("account-pages:log-out", "POST"),
    ("accounts:api-key", "DELETE"),
    ("accounts:logout", "POST"),
    ("accounts:session", "DELETE"),
    ("accounts:sessions", "DELETE"),
    ("portfolio:order", "DELETE"),
}


# What an API key may call, and the scope it needs; a key is refused everywhere else, also
# where strangers are let in.
_MARKET = {"GET": Scope.MARKET_READ}
_PORTFOLIO = {"GET": Scope.PORTFOLIO_READ}
KEY_SCOPES: dict[str, dict[str, Scope]] = {
    "market:instruments": _MARKET,
    "market:instrument": _MARKET,
    "market:quotes": _MARKET,
    "market:bars": _MARKET,
    "market:indicators": _MARKET,
    "market:calendar": _MARKET,
    "market:fundamentals": _MARKET,
    "market:news": _MARKET,
    "market:overview": _MARKET,
    "market:alerts": _MARKET,
    "market:alert": _MARKET,
    "market:alert-triggers": _MARKET,
    "market:screener": {**_MARKET, "POST": Scope.MARKET_READ},
    "market:screens": _MARKET,
    "market:screen": _MARKET,
    "market:watchlists": _MARKET,
    "market:watchlist": _MARKET,
    "portfolio:portfolios": _PORTFOLIO,
    "portfolio:portfolio": _PORTFOLIO,
    "portfolio:positions": _PORTFOLIO,
    "portfolio:transactions": _PORTFOLIO,
    "portfolio:orders": {**_PORTFOLIO, "POST": Scope.TRADE},
    "portfolio:order": {**_PORTFOLIO, "PATCH": Scope.TRADE, "DELETE": Scope.TRADE},
    "chat:rooms": {"GET": Scope.CHAT, "POST": Scope.CHAT},
    "chat:room": {"GET": Scope.CHAT, "PATCH": Scope.CHAT, "DELETE": Scope.CHAT},
    "chat:messages": {"GET": Scope.CHAT, "POST": Scope.CHAT},
    "chat:tools": {"GET": Scope.CHAT},
    "chat:personas": {"GET": Scope.CHAT},
}


# Who may stay on a socket, by its address; who may join its streams, by the word before the
# colon; who may send which frame; what the analyst may use for whoever asks. Whose room or
# portfolio it is, the sources and services decide.
SOCKETS: dict[str, Access] = {"/ws": USER, "/ws/market": VISITOR, "/ws/chat": USER}
STREAMS: dict[str, Access] = {"user": USER, "chat": USER, "market": VISITOR, "book": VISITOR}
FRAMES: dict[str, Access] = {
    "auth": PUBLIC,
    "ping": PUBLIC,
    "subscribe": PUBLIC,
    "unsubscribe": PUBLIC,
    "resume": PUBLIC,
    "chat": USER,
    "cancel": USER,
}
# The scope that an API key needs for a stream, and for a frame that is more than asking for one.
STREAM_SCOPES: dict[str, Scope] = {
    "user": Scope.PORTFOLIO_READ,
    "chat": Scope.CHAT,
    "market": Scope.MARKET_READ,
    "book": Scope.MARKET_READ,
}
FRAME_SCOPES: dict[str, Scope] = {"chat": Scope.CHAT, "cancel": Scope.CHAT}
TOOLS: dict[str, Access] = {
    "market_data": USER,
    "technical_analysis": USER,
    "value_at_risk": USER,
    "portfolio_summary": USER,
}


class Caller(Protocol):
    """What the table asks about whoever calls; a Principal and ANONYMOUS are callers."""

    @property
    def is_authenticated(self) -> bool: ...

    @property
    def is_operator(self) -> bool: ...

    @property
    def is_verified(self) -> bool: ...


class KeyHolder(Caller, Protocol):
    """A caller who may be the program of an API key."""

    @property
    def is_program(self) -> bool: ...

    @property
    def scopes(self) -> Collection[str]: ...


class EmailUnverifiedError(PermissionDeniedError):
    """The address of the account is not confirmed, which this call needs."""

    code = ErrorCode.EMAIL_UNVERIFIED


class ScopeMissingError(PermissionDeniedError):
    """The key was not made for this."""

    code = ErrorCode.SCOPE_MISSING


def scope_enforce(scope: Scope | None, who: KeyHolder) -> None:
    """Refuse a program what its key was not made for."""
    if not who.is_program:
        return
    if scope is None:
        raise PermissionDeniedError("An API key may not do this.")
    if scope not in who.scopes:
        raise ScopeMissingError("The API key lacks a scope.", required=scope.value)


def scope_for(view_name: str, method: str) -> Scope | None:
    """Return the scope with which an API key may call a route; None: no key may."""
    return KEY_SCOPES.get(view_name, {}).get("GET" if method == "HEAD" else method)


def is_urgent(view_name: str, method: str) -> bool:
    """Whether a call comes before all others."""
    return (view_name, method) in URGENT


def access_for(view_name: str, method: str) -> Access | None:
    """Return who may call a route; None when the table does not know it: nobody."""
    verb = "GET" if method == "HEAD" else method
    entry = POLICY.get(view_name)
    if entry is None and ":" in view_name:
        entry = POLICY.get(f"{view_name.rpartition(':')[0]}:*")
    return None if entry is None else entry.get(verb)


def enforce(access: Access | None, who: Caller, *, address: str = "") -> None:
    """Raise unless ``permits``: 401 to strangers who might be let in, else 403."""
    if permits(access, who, address=address):
        return
    if access is not None and not who.is_authenticated:
        raise AuthenticationError("Sign in first.")
    if access is Access.VERIFIED:
        raise EmailUnverifiedError("Confirm your e-mail address first.")
    raise PermissionDeniedError("You may not do this.")


def socket_enforce(
    who: KeyHolder | None, *, frame: str | None = None, stream: str | None = None
) -> None:
    """Raise unless ``who`` may send a frame, or join a stream (settings.REALTIME_POLICY)."""
    caller = who or ANONYMOUS
    if frame is not None:
        access = FRAMES.get(frame)
        enforce(access, caller)
        if access is not Access.PUBLIC:
            scope_enforce(FRAME_SCOPES.get(frame), caller)
    if stream is not None:
        family = stream.partition(":")[0]
        enforce(STREAMS.get(family), caller)
        scope_enforce(STREAM_SCOPES.get(family), caller)


def permits(access: Access | None, who: Caller, *, address: str = "") -> bool:
    """Decide; ``address`` is the client's IP address."""
    signed_in = who.is_authenticated
    operator = signed_in and who.is_operator
    verdicts = {
        Access.PUBLIC: True,
        Access.VISITOR: signed_in or bool(settings.MARKET_ANONYMOUS),
        Access.USER: signed_in,
        Access.VERIFIED: signed_in and who.is_verified,
        Access.OPERATOR: operator,
        Access.INTERNAL: operator or (access is Access.INTERNAL and _is_internal(address)),
    }
    return access is not None and verdicts[access]


def _is_internal(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in ip_network(network) for network in settings.INTERNAL_NETWORKS)


@dataclass(frozen=True)
class Route:
    """One URL pattern of the project."""

    name: str
    path: str
    view: object


def routes() -> Iterator[Route]:
    """Walk every URL pattern of the project."""
    yield from _walk(get_resolver().url_patterns, namespace="", prefix="/")


def _walk(
    patterns: list[URLPattern | URLResolver], *, namespace: str, prefix: str
) -> Iterator[Route]:
    for entry in patterns:
        path = prefix + str(entry.pattern).removeprefix("^")
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry.url_patterns, namespace=inner, prefix=path)
        else:
            name = entry.name or entry.lookup_str
            yield Route(name=f"{namespace}{name}", path=path, view=entry.callback)
