"""Tell a visitor from the proxy that passed the request on."""

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

PROXY_HEADERS = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


def came_through_unknown_proxy(request: HttpRequest) -> bool:
    """Say whether somebody passed the request on whom TRUSTED_PROXIES does not list."""
    if not any(request.META.get(name) for name in PROXY_HEADERS):
        return False
    try:
        peer = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return True
    return not any(peer in ip_network(known, strict=False) for known in settings.TRUSTED_PROXIES)
