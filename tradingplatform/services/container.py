"""Build each infrastructure service from ``settings.SERVICES`` on first use."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from tradingplatform import clock, metrics
from tradingplatform.redaction import redact_text
from tradingplatform.services.base import Service

if TYPE_CHECKING:
    from tradingplatform.services.ai_chat import AiChat
    from tradingplatform.services.cache import Cache
    from tradingplatform.services.database import Database
    from tradingplatform.services.email import Email
    from tradingplatform.services.external import External
    from tradingplatform.services.lock import LockService
    from tradingplatform.services.notification import Notification
    from tradingplatform.services.queue import Queue
    from tradingplatform.services.scheduler import Scheduler
    from tradingplatform.services.search import Search
    from tradingplatform.services.sms import Sms
    from tradingplatform.services.storage import Storage
    from tradingplatform.services.vector_db import VectorDb
    from tradingplatform.services.websocket import WebsocketBus

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ping:
    """What one service answered, and how long it took."""

    name: str
    backend: str
    ok: bool
    ms: float
    error: str = ""


class ServiceContainer:
    """Typed access to backends; holds no behaviour of its own."""

    def __init__(self) -> None:
        self._built: dict[str, Service] = {}
        self._lock = threading.RLock()

    @property
    def database(self) -> "Database":
        return cast("Database", self["database"])

    @property
    def cache(self) -> "Cache":
        return cast("Cache", self["cache"])

    @property
    def ai_chat(self) -> "AiChat":
        return cast("AiChat", self["ai_chat"])

    @property
    def external(self) -> "External":
        return cast("External", self["external"])

    @property
    def storage(self) -> "Storage":
        return cast("Storage", self["storage"])

    @property
    def search(self) -> "Search":
        return cast("Search", self["search"])

    @property
    def vector_db(self) -> "VectorDb":
        return cast("VectorDb", self["vector_db"])

    @property
    def lock(self) -> "LockService":
        return cast("LockService", self["lock"])

    @property
    def queue(self) -> "Queue":
        return cast("Queue", self["queue"])

    @property
    def scheduler(self) -> "Scheduler":
        return cast("Scheduler", self["scheduler"])

    @property
    def websocket(self) -> "WebsocketBus":
        return cast("WebsocketBus", self["websocket"])

    @property
    def notification(self) -> "Notification":
        return cast("Notification", self["notification"])

    @property
    def email(self) -> "Email":
        return cast("Email", self["email"])

    @property
    def sms(self) -> "Sms":
        return cast("Sms", self["sms"])

    def __getitem__(self, name: str) -> Service:
        service = self._built.get(name)
        if service is not None:
            return service
        with self._lock:
            if name not in self._built:
                self._built[name] = self._build(name)
            return self._built[name]

    def _build(self, name: str) -> Service:
        try:
            config = settings.SERVICES[name]
        except KeyError:
            msg = f"settings.SERVICES has no {name!r}"
            raise ImproperlyConfigured(msg) from None
        backend = import_string(config["BACKEND"])
        return cast("Service", backend(**config.get("OPTIONS", {})))

    def ping(self, name: str) -> Ping:
        """Ask one service whether it works; never raises."""
        started = clock.monotonic()
        backend = error = ""
        try:
            service = self[name]
            backend = service.describe()
            service.ping()
        except Exception as exc:  # noqa: BLE001 - a health report never raises
            error = redact_text(f"{type(exc).__name__}: {exc}")
        ms = (clock.monotonic() - started) * 1000
        metrics.SERVICE_UP.labels(name).set(0 if error else 1)
        return Ping(name=name, backend=backend, ok=not error, ms=round(ms, 2), error=error)

    @contextmanager
    def override(self, **replacements: Any) -> Iterator[None]:
        """Swap services for the length of one test."""
        with self._lock:
            before = {name: self._built.get(name) for name in replacements}
            self._built.update(replacements)
        try:
            yield
        finally:
            # Only the replacements go: what was built meanwhile stays, to be closed one day.
            with self._lock:
                for name, service in before.items():
                    if service is None:
                        self._built.pop(name, None)
                    else:
                        self._built[name] = service

    def close_all(self) -> None:
        """Close every built service; the next use builds it again."""
        with self._lock:
            built, self._built = self._built, {}
        for name, service in built.items():
            try:
                service.close()
            except Exception:
                # One service that fails to close must not keep the others open.
                logger.exception("A service failed to close", extra={"service": name})


services = ServiceContainer()
override_services = services.override


def _reset(*, setting: str, **kwargs: Any) -> None:
    if setting in {"SERVICES", "APP_ID", "APP_ENV"}:
        services.close_all()


setting_changed.connect(_reset)
