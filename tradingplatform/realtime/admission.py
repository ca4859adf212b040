"""Who may open a socket: the page's origin and the credentials that come with the handshake."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.http.cookie import parse_cookie
from django.http.request import split_domain_port, validate_host

from tradingplatform.realtime.sinks import Scope

_TICKET_LENGTH_MAX = 512


@dataclass(frozen=True)
class Handshake:
    """What the opening request of a socket says about its sender."""

    host: str
    origin: str | None
    ticket: str | None
    session_key: str | None
    peer: str = ""
    forwarded_for: str = ""

    @property
    def origin_allowed(self) -> bool:
        """Tell whether a page of this origin may open sockets here; no page, no origin.

        The same host counts only when Django answers to that host at all, or any name
        that a stranger points at this machine would do (DNS rebinding).
        """
        if self.origin is None:
            return True
        if self.origin in settings.WS_ALLOWED_ORIGINS:
            return True
        return urlsplit(self.origin).netloc.lower() == self.host.lower() and _is_ours(self.host)

    @property
    def cookie(self) -> str | None:
        """Return the page session's key; only browsers, which send an origin, may use it."""
        return self.session_key if self.origin is not None else None


def handshake_of(scope: Scope) -> Handshake:
    """Read the opening request."""
    headers = {name: value.decode("latin-1") for name, value in reversed(scope["headers"])}
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=20)
    ticket = query.get("ticket", [""])[0][:_TICKET_LENGTH_MAX]
    cookies = parse_cookie(headers.get(b"cookie", ""))
    return Handshake(
        host=headers.get(b"host", ""),
        origin=headers.get(b"origin"),
        ticket=ticket or None,
        session_key=cookies.get(settings.SESSION_COOKIE_NAME) or None,
        peer=(scope.get("client") or ("",))[0],
        forwarded_for=",".join(
            value.decode("latin-1")
            for name, value in scope["headers"]
            if name == b"x-forwarded-for"
        ),
    )


def _is_ours(host: str) -> bool:
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
