"""What time is it? The only module that reads the clock."""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

KST = ZoneInfo("Asia/Seoul")


def now() -> datetime:
    """Return the current instant, aware, in UTC, with microseconds."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return seconds on a clock that never goes back; for durations only."""
    return time.monotonic()
