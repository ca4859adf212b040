"""Where does a request come from? Forwarded addresses count only from trusted proxies."""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "unknown"
_IPV6_SITE_BITS = 64
# Some proxies add the port of the client.
_WITH_PORT = re.compile(r"\[(?P<v6>[0-9A-Fa-f:.]+)\](?::\d{1,5})?|(?P<v4>[0-9.]+):\d{1,5}")


def client_ip(request: HttpRequest) -> str:
    """Return the address of the client as text; see ``resolve_client_ip``."""
    return resolve_client_ip(
        peer=request.META.get("REMOTE_ADDR", ""),
        forwarded_for=request.META.get("HTTP_X_FORWARDED_FOR", ""),
        trusted=settings.TRUSTED_PROXIES,
    )


def resolve_client_ip(*, peer: str, forwarded_for: str, trusted: Sequence[str]) -> str:
    """Walk X-Forwarded-For from the right, past trusted proxies only.

    A client can write anything into the left part, so the first address that no trusted
    proxy vouches for is the client.
    """
    networks = _networks(tuple(trusted))
    address = _clean(peer)
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    while hops and _is_trusted(address, networks):
        address = _clean(hops.pop())
    return address


def rate_identity(address: str) -> str:
    """Return what a limiter counts by: an IPv4 address, or the /64 site of an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return UNKNOWN
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, _IPV6_SITE_BITS), strict=False))
    return str(parsed)


def _clean(text: str) -> str:
    with_port = _WITH_PORT.fullmatch(text)
    if with_port:
        text = with_port["v6"] or with_port["v4"]
    try:
        parsed = ip_address(text)
    except ValueError:
        return UNKNOWN
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(parsed)


def _is_trusted(address: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return address != UNKNOWN and any(ip_address(address) in network for network in networks)


@lru_cache(maxsize=8)
def _networks(trusted: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(entry, strict=False) for entry in trusted)
