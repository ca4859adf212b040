"""What operators say about single trading days, kept per process and read anew now and then."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time

from django.conf import settings
from django.db import DatabaseError

from market.models import CalendarOverride
from tradingplatform.clock import monotonic

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DayException:
    """What is different on one day; a time that is None is the usual one."""

    is_closed: bool
    opens_at: time | None
    closes_at: time | None
    reason: str


Exceptions = Mapping[tuple[str, date], DayException]


class _Kept:
    """The rows of this process and when they were read."""

    rows: Exceptions = {}
    read_at: float | None = None


def operator_exceptions() -> Exceptions:
    """Return the operators' rows by calendar and day, at most MARKET_CALENDAR_REFRESH_S old.

    While the database is away, what was read last stays in force.
    """
    every_s = settings.MARKET_CALENDAR_REFRESH_S
    if every_s and (_Kept.read_at is None or monotonic() - _Kept.read_at >= every_s):
        try:
            operator_exceptions_refresh()
        except DatabaseError:
            _Kept.read_at = monotonic()
            logger.warning("The calendar overrides could not be read; the last ones stay")
    return _Kept.rows


def operator_exceptions_refresh() -> None:
    """Read the operators' rows now."""
    _Kept.rows = {
        (row.calendar, row.day): DayException(
            row.is_closed, row.opens_at, row.closes_at, row.reason
        )
        for row in CalendarOverride.objects.all()
    }
    _Kept.read_at = monotonic()
