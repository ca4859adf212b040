"""Bring the services up in a fixed order; what is needed and down ends the start."""

import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from celery import current_app
from django.conf import settings
from django.core.checks import Error
from django.db import DatabaseError

from tradingplatform import clock
from tradingplatform.services.checks import check_backends
from tradingplatform.services.container import services

logger = logging.getLogger(__name__)


class StepState(StrEnum):
    """How a step of the start ended."""

    OK = "OK"
    WARNING = "WARNING"
    SKIPPED = "SKIPPED"
    DEGRADED = "DEGRADED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Outcome:
    """What a step found out."""

    state: StepState
    text: str


@dataclass(frozen=True)
class Step:
    """One line of the start."""

    name: str
    state: StepState
    text: str
    ms: float


@dataclass
class StartReport:
    """The whole start, kept for /debug/services."""

    started_at: datetime
    steps: list[Step] = field(default_factory=list)

    @property
    def ms(self) -> float:
        return round(sum(step.ms for step in self.steps), 2)

    @property
    def failed(self) -> list[Step]:
        return [step for step in self.steps if step.state is StepState.FAILED]


_PHASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("cache", ("cache",)),
    ("databases", ("database",)),
    ("ai", ("ai_chat", "external")),
    ("aws", ("storage", "search", "vector_db", "email", "sms")),
    ("coordination", ("lock", "scheduler", "queue", "websocket")),
    ("consumers", ("notification",)),
)
_last_report: list[StartReport] = []


def start() -> StartReport:
    """Ping the services in order and return the report.

    Raises SystemExit with one line when a needed service is down; the others only lose
    their feature.
    """
    report = StartReport(started_at=clock.now())
    _last_report[:] = [report]
    for name, work in _plan():
        step = _run(name, work)
        report.steps.append(step)
        if step.state is StepState.FAILED:
            sys.exit(_stop_line(step))
    logger.info("All services are up", extra={"steps": len(report.steps), "ms": report.ms})
    return report


def require(name: str) -> None:
    """End the process with one line unless the service answers; for work before ``start``."""
    step = _run(name, _pinger(name))
    if step.state is StepState.FAILED:
        sys.exit(_stop_line(step))


def require_shared() -> None:
    """End the process with one line when others would not share its cache, queue or bus."""
    if settings.IN_PROCESS_VARIABLES:
        names = ", ".join(settings.IN_PROCESS_VARIABLES)
        sys.exit(f"Start stopped: {names}: processes share nothing inside one; use redis://.")


def last_report() -> StartReport | None:
    """Return the report of this process' start; None when nobody called ``start``."""
    return _last_report[0] if _last_report else None


def _plan() -> Iterator[tuple[str, Callable[[], Outcome]]]:
    yield "logging", _logging
    yield "configuration", _configuration
    for phase, names in _PHASES:
        for name in names:
            yield f"{phase}: {name}" if phase != name else name, _pinger(name)
        if phase == "databases":
            yield "databases: migrations", _migrations
            yield "databases: server settings", _server_settings
    yield "consumers: jobs", _jobs


def _run(name: str, work: Callable[[], Outcome]) -> Step:
    started = clock.monotonic()
    outcome = work()
    step = Step(
        name, outcome.state, outcome.text, ms=round((clock.monotonic() - started) * 1000, 2)
    )
    level = {
        StepState.FAILED: logging.ERROR,
        StepState.DEGRADED: logging.WARNING,
        StepState.WARNING: logging.WARNING,
    }.get(step.state, logging.INFO)
    logger.log(
        level,
        "Start step",
        extra={"step": step.name, "state": step.state.value, "text": step.text, "ms": step.ms},
    )
    return step


def _stop_line(step: Step) -> str:
    """Say what is down and which variable leads to it."""
    variable = settings.SERVICES.get(step.name.rpartition(": ")[2], {}).get("VARIABLE", "")
    where = f" ({variable})" if variable else ""
    return f"Start stopped: {step.name}{where} does not work: {step.text}"


def _logging() -> Outcome:
    where = "terminal and files" if "file" in settings.LOGGING["handlers"] else "terminal"
    return Outcome(StepState.OK, f"level {settings.LOG_LEVEL}, {where}, times in KST")


def _configuration() -> Outcome:
    complaints = [str(found.msg) for found in check_backends() if isinstance(found, Error)]
    if complaints:
        return Outcome(StepState.FAILED, " ".join(complaints))
    if settings.SECURE_SSL_REDIRECT and not settings.TRUSTED_PROXIES:
        text = (
            "HTTPS is wanted and no proxy is trusted: behind one that ends TLS, every page"
            " redirects to itself until TRUSTED_PROXIES names it"
        )
        return Outcome(StepState.WARNING, text)
    return Outcome(StepState.OK, f"{settings.APP_ID} as {settings.APP_ENV}")


def _pinger(name: str) -> Callable[[], Outcome]:
    config = settings.SERVICES[name]

    def work() -> Outcome:
        if config.get("AWS") and settings.SKIP_AWS:
            return Outcome(StepState.SKIPPED, "SKIP_AWS is set")
        ping = services.ping(name)
        if ping.ok:
            return Outcome(StepState.OK, ping.backend)
        state = StepState.FAILED if config.get("REQUIRED") else StepState.DEGRADED
        return Outcome(state, ping.error)

    return work


def _migrations() -> Outcome:
    behind = {alias: n for alias, n in services.database.pending_migrations().items() if n}
    if behind:
        text = ", ".join(f"{alias}: {count}" for alias, count in behind.items())
        return Outcome(StepState.FAILED, f"run manage.py migrate_all ({text} to apply)")
    return Outcome(StepState.OK, "every database is up to date")


def _server_settings() -> Outcome:
    try:
        warnings = services.database.server_warnings()
    except DatabaseError as exc:
        return Outcome(StepState.WARNING, f"could not be read: {exc}")
    for warning in warnings:
        logger.warning("A database server setting endangers data", extra={"setting": warning})
    if warnings:
        return Outcome(StepState.WARNING, "; ".join(warnings))
    return Outcome(StepState.OK, "safe")


def _jobs() -> Outcome:
    """Check that every job which events or the clock start exists in this process."""
    wanted = set(settings.PERIODIC_JOBS)
    wanted.update(job for jobs in settings.EVENT_JOBS.values() for job in jobs)
    current_app.finalize()
    missing = sorted(wanted - set(current_app.tasks))
    if missing:
        return Outcome(StepState.FAILED, f"no such job: {', '.join(missing)}")
    return Outcome(StepState.OK, f"{len(wanted)} jobs for events and the clock")
