"""What really happened in an emulator: an append-only list, and a JSONL file when asked for.

Tests compare what a client believes with this log; nothing an emulator does wrong on purpose
changes it. Keys, secrets and tokens never stand in it in full.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.emulators.timekeeping import EmulatorClock

Json = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One event: a call, token, order, fill, trade, fault, socket event."""

    number: int
    at: str
    kind: str
    data: Json

    def as_json(self) -> Json:
        return {"number": self.number, "at": self.at, "kind": self.kind, **self.data}


@dataclass
class TruthLog:
    """Append-only and safe to use from any thread."""

    clock: EmulatorClock
    path: Path | None = None
    _entries: list[Entry] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def write(self, kind: str, /, **data: Any) -> Entry:
        with self._changed:
            at = self.clock.now().isoformat(timespec="milliseconds")
            entry = Entry(len(self._entries) + 1, at, kind, data)
            self._entries.append(entry)
            if self.path is not None:
                with self.path.open("a", encoding="utf-8") as file:
                    line = json.dumps(entry.as_json(), ensure_ascii=False, default=str)
                    file.write(line + "\n")
            self._changed.notify_all()
        return entry

    def __iter__(self) -> Iterator[Entry]:
        with self._changed:
            return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, kind: str, /, **data: Any) -> list[Entry]:
        """List the entries of a kind whose data hold these values."""
        return [e for e in self if e.kind == kind and data.items() <= e.data.items()]

    def last(self, kind: str, /, **data: Any) -> Entry:
        return self.find(kind, **data)[-1]

    def wait_for(
        self, kind: str, /, *, count: int = 1, timeout: float = 5, **data: Any
    ) -> list[Entry]:
        """Return the entries once there are `count` of them."""
        with self._changed:
            if not self._changed.wait_for(
                lambda: len(self._matching(kind, data)) >= count, timeout=timeout
            ):
                message = f"fewer than {count} of {kind} {data} within {timeout} s"
                raise TimeoutError(message)
            return self._matching(kind, data)

    def _matching(self, kind: str, data: Json) -> list[Entry]:
        return [e for e in self._entries if e.kind == kind and data.items() <= e.data.items()]


def fingerprint(secret: str) -> str:
    """Tell two secrets apart in the log without showing either."""
    return f"{secret[:4]}…{len(secret)}" if secret else ""
