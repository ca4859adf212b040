"""The emulators' clock: real time plus what a test adds, or a moment that a test holds."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

KST = ZoneInfo("Asia/Seoul")
NEW_YORK = ZoneInfo("America/New_York")


@dataclass
class EmulatorClock:
    """`advance()` moves it on; `hold()` stops it at a moment until `advance()` or `release()`."""

    held_at: datetime | None = None
    offset: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        if self.held_at is not None:
            return self.held_at
        return datetime.now(UTC) + self.offset

    def advance(self, **length: float) -> None:
        """Move on by a `timedelta(**length)`."""
        if self.held_at is not None:
            self.held_at += timedelta(**length)
        else:
            self.offset += timedelta(**length)

    def hold(self, at: datetime | None = None) -> None:
        self.held_at = (at or self.now()).astimezone(UTC)

    def release(self) -> None:
        """Run on from the held moment."""
        if self.held_at is not None:
            self.offset = self.held_at - datetime.now(UTC)
            self.held_at = None

    def kst(self) -> datetime:
        return self.now().astimezone(KST)

    def new_york(self) -> datetime:
        return self.now().astimezone(NEW_YORK)
