"""Who may call what: one table, checked on every request and against every route.

Keyed by view name and method (HEAD follows GET). What is missing here is denied, and
tests/test_policy.py fails on a route without an entry and on an entry without a route.
A name that ends in ``:*`` stands for a namespace that guards itself as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from tradingplatform.api.principal import Anonymous, Principal, Scope


class Access(StrEnum):
    """Who is let in."""

    PUBLIC = "PUBLIC"
    USER = "USER"
    OPERATOR = "OPERATOR"
    INTERNAL = "INTERNAL"  # an operator, or anyone inside settings.INTERNAL_NETWORKS


PUBLIC, USER, OPERATOR, INTERNAL = Access.PUBLIC, Access.USER, Access.OPERATOR, Access.INTERNAL

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
    "accounts:api-keys": {"GET": USER, "POST": USER},
    "accounts:api-key": {"DELETE": USER},
    "accounts:broker-keys": {"GET": USER, "POST": USER},
    "accounts:broker-key": {"DELETE": USER},
    "accounts:broker-key-test": {"POST": USER},
    # Market: users only when settings.MARKET_ANONYMOUS is off, which the views see to.
    "market:instruments": {"GET": PUBLIC},
    "market:instrument": {"GET": PUBLIC},
    "market:quotes": {"GET": PUBLIC},
    "market:bars": {"GET": PUBLIC},
    "market:overview": {"GET": PUBLIC},
    # Chat.
    "chat:rooms": {"GET": USER, "POST": USER},
    "chat:room": {"GET": USER, "PATCH": USER, "DELETE": USER},
    "chat:messages": {"GET": USER, "POST": USER},
    "chat:tools": {"GET": USER},
    "chat:personas": {"GET": USER},
    # Pages.
    "account-pages:log-in": {"GET": PUBLIC, "POST": PUBLIC},
    "account-pages:log-out": {"POST": PUBLIC},
    "account-pages:new-password": {"GET": PUBLIC, "POST": PUBLIC},
    "account-pages:reset-password": {"GET": PUBLIC, "POST": PUBLIC},
    "account-pages:sign-up": {"GET": PUBLIC, "POST": PUBLIC},
    "account-pages:verify-email": {"GET": PUBLIC, "POST": PUBLIC},
    "pages:favicon": {"GET": PUBLIC},
    "pages:home": {"GET": PUBLIC},
    "pages:language": {"GET": PUBLIC, "POST": PUBLIC},
    "pages:ledger": {"GET": USER},
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


# What an API key may call, and the scope it needs; a key is refused everywhere else, also
# where strangers are let in.
_MARKET = {"GET": Scope.MARKET_READ}
_PORTFOLIO = {"GET": Scope.PORTFOLIO_READ}
KEY_SCOPES: dict[str, dict[str, Scope]] = {
    "market:instruments": _MARKET,
    "market:instrument": _MARKET,
    "market:quotes": _MARKET,
    "market:bars": _MARKET,
    "market:overview": _MARKET,
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


def scope_for(view_name: str, method: str) -> Scope | None:
    """Return the scope with which an API key may call a route; None: no key may."""
    return KEY_SCOPES.get(view_name, {}).get("GET" if method == "HEAD" else method)


def access_for(view_name: str, method: str) -> Access | None:
    """Return who may call a route; None when the table does not know it: nobody."""
    verb = "GET" if method == "HEAD" else method
    entry = POLICY.get(view_name)
    if entry is None and ":" in view_name:
        entry = POLICY.get(f"{view_name.rpartition(':')[0]}:*")
    return None if entry is None else entry.get(verb)


def permits(access: Access | None, who: Principal | Anonymous, *, address: str) -> bool:
    """Decide; ``address`` is the client's IP address."""
    match access:
        case Access.PUBLIC:
            return True
        case Access.USER:
            return who.is_authenticated
        case Access.OPERATOR:
            return who.is_authenticated and who.is_operator
        case Access.INTERNAL:
            return (who.is_authenticated and who.is_operator) or _is_internal(address)
        case None:
            return False


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
