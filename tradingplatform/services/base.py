"""What every service can do, and how its keys are named."""

from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit

from django.conf import settings


@runtime_checkable
class Service(Protocol):
    """The part that all services share; the container needs nothing more."""

    def ping(self) -> None:
        """Return if the service works now; raise otherwise."""
        ...

    def close(self) -> None:
        """Give back connections and threads; the service is not used afterwards."""
        ...

    def describe(self) -> str:
        """Name the backend for operators, without secrets."""
        ...


def namespaced(service: str, key: str) -> str:
    """Return ``{app_id}:{env}:{service}:{key}``, the key rule of every shared store."""
    return f"{settings.APP_ID}:{settings.APP_ENV}:{service}:{key}"


def django_cache_key(key: str, key_prefix: str, version: int) -> str:
    """Apply the key rule to what Django itself caches (CACHES["default"]["KEY_FUNCTION"])."""
    return namespaced("django", f"{key_prefix}{version}:{key}")


def without_secrets(url: str) -> str:
    """Return scheme, host, port and path of a URL; never the user, password or query."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
