"""Keeps loops running: each in a thread, started again with back-off when it fails."""

import threading
from collections.abc import Callable

import structlog
from django.db import connections

from tradingplatform import clock
from tradingplatform.ids import random_fraction
from tradingplatform.services.runners import runners

log = structlog.get_logger(__name__)

Loop = Callable[[threading.Event], None]

BACKOFF_S_MIN = 1.0
BACKOFF_S_MAX = 30.0
STEADY_AFTER_S = 60.0


class Supervisor:
    """Hosts named loops until told to stop. Every loop takes the event that ends it."""

    def __init__(self, *, backoff_s: float = BACKOFF_S_MIN) -> None:
        self.stop = threading.Event()
        self._backoff_s = backoff_s
        self._threads: list[threading.Thread] = []

    def start(self, name: str, loop: Loop) -> None:
        """Run ``loop`` in a thread of its own, again and again until `stop` is set."""
        thread = threading.Thread(target=self.keep, args=(name, loop), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def keep(self, name: str, loop: Loop) -> None:
        """Run ``loop`` in the caller's thread, again and again until `stop` is set."""
        delay = self._backoff_s
        while not self.stop.is_set():
            began = clock.monotonic()
            runners.started(name)
            error = _failure_of(loop, self.stop)
            connections.close_all()
            if self.stop.is_set():
                break
            if clock.monotonic() - began > STEADY_AFTER_S:
                delay = self._backoff_s
            log.error("runner_crashed", runner=name, error=repr(error), restart_in_s=delay)
            runners.crashed(name, repr(error))
            self.stop.wait(delay * (1 + random_fraction() / 4))
            delay = min(2 * delay, BACKOFF_S_MAX)
        runners.stopped(name)

    def join(self, timeout_s: float) -> list[str]:
        """Wait for the threads and return the names of those still running."""
        deadline = clock.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - clock.monotonic()))
        return [thread.name for thread in self._threads if thread.is_alive()]


def _failure_of(loop: Loop, stop: threading.Event) -> BaseException:
    try:
        loop(stop)
    except Exception as error:
        # Whatever it was: one loop must not end the process or stay down.
        if not stop.is_set():
            log.exception("runner_failed")
        return error
    return RuntimeError("the loop ended by itself")
