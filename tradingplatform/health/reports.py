"""What probes and operators are told; nothing here carries a secret."""

import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from django.conf import settings

from tradingplatform import clock
from tradingplatform.errors import TradingPlatformError
from tradingplatform.services import services
from tradingplatform.services.container import Ping
from tradingplatform.services.roundtrips import round_trips
from tradingplatform.services.runners import runners
from tradingplatform.services.startup import StartReport, last_report

# Probes and strangers may ask as often as they like: the answer is at most this old.
FRESH_S = 1.0
READY_SERVICES = ("database", "cache", "queue")
READY_SERVICES_OF_SOCKETS = ("database", "cache", "websocket")


class Remembered:
    """The newest answer of a question that is expensive to ask."""

    def __init__(self, ask: Callable[[], dict[str, str]]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._answer: dict[str, str] = {}

    def get(self) -> dict[str, str]:
        """Return the answer, asking again when it is no longer fresh."""
        with self._lock:
            if clock.monotonic() - self._asked_at >= FRESH_S:
                self._answer = self._ask()
                self._asked_at = clock.monotonic()
            return dict(self._answer)

    def forget(self) -> None:
        """Ask again next time; for tests."""
        with self._lock:
            self._asked_at = float("-inf")


def health() -> tuple[dict[str, Any], bool]:
    """Return the public summary, and whether everything that is needed works."""
    checks = needed_checks.get()
    is_well = all(state == "ok" for state in checks.values())
    status = "ok" if is_well else "failed"
    return {"status": status, "version": version(), "checks": checks}, is_well


def readiness() -> tuple[dict[str, Any], bool]:
    """Return whether this process should be given requests, and why not."""
    return _readiness(ready_checks)


def socket_readiness() -> tuple[dict[str, Any], bool]:
    """Return whether this process should be given sockets, and why not."""
    return _readiness(socket_ready_checks)


def _readiness(found: Remembered) -> tuple[dict[str, Any], bool]:
    checks = found.get()
    is_ready = all(state == "ok" for state in checks.values())
    return {"status": "ready" if is_ready else "not ready", "checks": checks}, is_ready


def quick_test() -> tuple[dict[str, Any], bool]:
    """Ping each service once."""
    pings = _pings()
    is_well = all(ping["ok"] or not ping["required"] for ping in pings)
    return {"status": "ok" if is_well else "failed", "services": pings}, is_well


def full_test() -> tuple[dict[str, Any], bool]:
    """Send a real round trip through each service."""
    trips = round_trips()
    is_well = all(trip.status != "failed" for trip in trips)
    total_ms = round(sum(trip.ms for trip in trips), 2)
    body = {
        "status": "ok" if is_well else "failed",
        "ms": total_ms,
        "services": [asdict(trip) for trip in trips],
    }
    return body, is_well


def services_report() -> dict[str, Any]:
    """Return everything an operator wants to see of this process at a glance."""
    report = last_report()
    return {
        "app_id": settings.APP_ID,
        "environment": settings.APP_ENV,
        "version": version(),
        "at": clock.now().astimezone(clock.KST).isoformat(),
        "services": _pings(),
        "databases": _databases(),
        "start": None if report is None else _start(report),
        "runners": [asdict(runner) for runner in runners.all()],
        "queues": _attempt(services.queue.depths),
        "late_jobs": _attempt(services.scheduler.late_jobs),
    }


def version() -> str:
    """Return the version of the platform that clients see."""
    return str(settings.SPECTACULAR_SETTINGS["VERSION"])


def _pings() -> list[dict[str, Any]]:
    return [_shown(name) for name in settings.SERVICES]


def _shown(name: str) -> dict[str, Any]:
    config = settings.SERVICES[name]
    is_skipped = bool(config.get("AWS") and settings.SKIP_AWS)
    ping = Ping(name, "skipped: SKIP_AWS is set", ok=True, ms=0.0) if is_skipped else None
    return {
        **asdict(ping or services.ping(name)),
        "required": bool(config.get("REQUIRED")),
    }


def _needed() -> dict[str, str]:
    names = [name for name, config in settings.SERVICES.items() if config.get("REQUIRED")]
    return {name: _state(services.ping(name)) for name in names}


def _ready(names: tuple[str, ...]) -> dict[str, str]:
    checks = {name: _state(services.ping(name)) for name in names}
    if checks["database"] == "ok":
        behind = sum(services.database.pending_migrations().values())
        checks["migrations"] = f"{behind} to apply" if behind else "ok"
    else:
        checks["migrations"] = "unknown"
    return checks


def _state(ping: Ping) -> str:
    return "ok" if ping.ok else "failed"


def _databases() -> dict[str, str]:
    found = {}
    for alias in services.database.aliases():
        started = clock.monotonic()
        try:
            services.database.ping_alias(alias)
        except Exception as exc:  # noqa: BLE001 - a report never raises
            found[alias] = f"failed: {type(exc).__name__}"
        else:
            found[alias] = f"ok in {(clock.monotonic() - started) * 1000:.2f} ms"
    return found


def _attempt(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except TradingPlatformError as exc:
        return f"unknown: {exc.message}"
    except Exception as exc:  # noqa: BLE001 - a report never raises
        return f"unknown: {type(exc).__name__}"


def _start(report: StartReport) -> dict[str, Any]:
    return {
        "started_at": report.started_at.astimezone(clock.KST).isoformat(),
        "ms": report.ms,
        "steps": [asdict(step) for step in report.steps],
    }


needed_checks = Remembered(_needed)
ready_checks = Remembered(partial(_ready, READY_SERVICES))
socket_ready_checks = Remembered(partial(_ready, READY_SERVICES_OF_SOCKETS))
