"""Does every configured backend exist? A typo fails ``manage.py check``, not the first order."""

import inspect
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

from tradingplatform.services.container import ServiceContainer

EXPECTED = sorted(
    name for name, value in vars(ServiceContainer).items() if isinstance(value, property)
)


def check_backends(**_: Any) -> list[CheckMessage]:
    """Import each backend of settings.SERVICES and compare its options with its signature."""
    found: list[CheckMessage] = [
        Error(f"settings.SERVICES has no {name!r}.", id="tradingplatform.services.E001")
        for name in EXPECTED
        if name not in settings.SERVICES
    ]
    for name, config in settings.SERVICES.items():
        complaint = _complaint(config)
        if complaint:
            found.append(
                Error(f"SERVICES[{name!r}]: {complaint}", id="tradingplatform.services.E002")
            )
    return found


def _complaint(config: dict[str, Any]) -> str:
    try:
        backend = import_string(config["BACKEND"])
        inspect.signature(backend).bind(**config.get("OPTIONS", {}))
    except (KeyError, ImportError, TypeError) as exc:
        return f"{type(exc).__name__}: {exc}"
    missing = [part for part in ("ping", "close", "describe") if not hasattr(backend, part)]
    return f"{config['BACKEND']} has no {', '.join(missing)}" if missing else ""
