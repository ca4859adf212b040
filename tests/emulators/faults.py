"""Switches for misbehaviour. A fault hits what it names, at a rate, a number of times.

Rates are drawn from a seeded generator, so a run is repeatable.
"""

import random
import threading
from dataclasses import dataclass, field, fields
from typing import Any

from tests.emulators.truth import Json, TruthLog

KINDS = {
    # Answers over HTTP
    "error": "answer with `status` and, when given, the emulated service's `code`",
    "garbage": "answer with bytes that are no answer",
    "cut": "drop the connection in the middle of the answer's body",
    "slow": "answer after `seconds`",
    "hang": "take the request and answer nothing",
    "lost_answer": "carry the request out, then answer nothing until the client gives up",
    "lost_answer_error": "carry the request out, then answer with `status` and `code`",
    "stale_lists": "list endpoints show the state of `seconds` ago",
    "duplicate_rows": "repeat the last row of a page at the head of the next; so do charts",
    "shuffled_rows": "charts show the rows of a page in no order",
    # WebSocket
    "ws_gap": "leave a data frame out",
    "ws_duplicate": "send a data frame twice",
    "ws_reorder": "hold a data frame back and send it after the next one",
    "ws_cut": "drop the connection in the middle of a data frame, without a close frame",
    "ws_close": "close the connection with a close frame in place of a data frame",
    "ws_malformed": "send a broken frame before the data frame",
    "ws_extra_field": "add a field that no document names to each record",
    "ws_bad_tick": "send an impossible trade before the true one; `variant` names it",
    "ws_early_notice": "send an encrypted frame before the reply that brings its key",
    "ws_refuse": "refuse new connections",
    "ping_silence": "send no PINGPONG",
}
BAD_TICKS = ("zero", "negative", "nan", "out_of_band", "clock_skew")


@dataclass
class Fault:
    """One switch that is on. `path` is a part of the path, TR id or stream it is about."""

    kind: str
    rate: float = 1.0
    times: int | None = None
    path: str = ""
    status: int = 500
    code: str = ""
    seconds: float = 0.2
    variant: str = "zero"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            message = f"unknown misbehaviour {self.kind!r}; one of {', '.join(KINDS)}"
            raise ValueError(message)
        if self.variant not in BAD_TICKS:
            message = f"unknown variant {self.variant!r}; one of {', '.join(BAD_TICKS)}"
            raise ValueError(message)


@dataclass
class Faults:
    """The switches of one emulator."""

    truth: TruthLog
    seed: int = 0
    _on: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - repeatable, not secret

    def misbehave(self, kind: str, **options: Any) -> Fault:
        fault = Fault(kind, **options)
        with self._lock:
            self._on.append(fault)
        self.truth.write("switch", misbehaviour=kind, options=options)
        return fault

    def behave(self, kind: str | None = None) -> None:
        """Switch one kind, or everything, off."""
        with self._lock:
            self._on = [fault for fault in self._on if kind not in {None, fault.kind}]
        self.truth.write("switch", misbehaviour=None, off=kind or "all")

    def hit(self, kind: str, *about: str) -> Fault | None:
        """Return the fault of this kind that strikes now, and count it."""
        with self._lock:
            for fault in self._on:
                if fault.kind != kind or not any(fault.path in text for text in about or ("",)):
                    continue
                if fault.times == 0 or self._random.random() >= fault.rate:
                    continue
                if fault.times is not None:
                    fault.times -= 1
                break
            else:
                return None
        self.truth.write("fault", misbehaviour=kind, about=" ".join(about))
        return fault

    def as_json(self) -> list[Json]:
        with self._lock:
            return [{f.name: getattr(fault, f.name) for f in fields(fault)} for fault in self._on]
