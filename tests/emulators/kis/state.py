"""All that the two sides of the emulator share."""

from dataclasses import dataclass, field

from tests.emulators.faults import Faults
from tests.emulators.kis.codes import PAPER, REAL
from tests.emulators.kis.keys import AppKey, Budget, KeyOffice, emulated_key
from tests.emulators.kis.market import Market
from tests.emulators.timekeeping import EmulatorClock
from tests.emulators.truth import TruthLog

LIMITS = {REAL: 18, PAPER: 1}


@dataclass
class Layout:
    """Widths that changed over the years; `classic()` is what older clients can read."""

    trade_fields: int = 47
    notice_fields: int = 26
    rate_limit_status: int = 500

    @classmethod
    def classic(cls) -> "Layout":
        return cls(trade_fields=46, notice_fields=23)


@dataclass
class State:
    """Guarded by `lock`: requests run on the server's thread, scripts on the test's."""

    clock: EmulatorClock
    truth: TruthLog
    faults: Faults
    market: Market
    keys: list[AppKey]
    layout: Layout = field(default_factory=Layout)
    limits: dict[str, int] = field(default_factory=lambda: dict(LIMITS))
    serial: int = 0

    def __post_init__(self) -> None:
        self.lock = self.market.lock
        self.office = KeyOffice(self.clock, self.truth, {key.app_key: key for key in self.keys})
        self.budget = Budget(self.clock, self.limits)

    def next_serial(self) -> int:
        self.serial += 1
        return self.serial


def default_keys() -> list[AppKey]:
    return [emulated_key(n, side) for side in (REAL, PAPER) for n in (1, 2, 3)]
