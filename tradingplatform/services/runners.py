"""The long-running loops that this process hosts, and how they are."""

import threading
from dataclasses import dataclass, replace
from datetime import datetime

from tradingplatform import clock

ERROR_LENGTH_MAX = 300


@dataclass(frozen=True)
class RunnerState:
    """What operators see of one loop."""

    name: str
    running: bool = False
    since: datetime | None = None
    restarts: int = 0
    last_error: str = ""


class RunnerRegistry:
    """The loops of this process by name; written by their hosts, read by health."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, RunnerState] = {}

    def started(self, name: str) -> None:
        """Note that a loop runs."""
        self._change(name, running=True, since=clock.now())

    def stopped(self, name: str) -> None:
        """Note that a loop ended because it was asked to."""
        self._change(name, running=False, since=clock.now())

    def crashed(self, name: str, error: str) -> None:
        """Note that a loop ended by itself and will be started again."""
        with self._lock:
            restarts = self._states.get(name, RunnerState(name)).restarts + 1
        text = error[:ERROR_LENGTH_MAX]
        self._change(name, running=False, since=clock.now(), restarts=restarts, last_error=text)

    def all(self) -> list[RunnerState]:
        """Return every loop ever started here, in the order of their starts."""
        with self._lock:
            return list(self._states.values())

    def clear(self) -> None:
        """Forget everything; for tests."""
        with self._lock:
            self._states.clear()

    def _change(self, name: str, **changes: object) -> None:
        with self._lock:
            state = self._states.get(name, RunnerState(name))
            self._states[name] = replace(state, **changes)  # type: ignore[arg-type]


runners = RunnerRegistry()
