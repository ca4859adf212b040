"""Says when a venue is open, which session runs at an instant, and when it opens next.

Half-open throughout: a session holds its start and not its end. Sessions never pass midnight
of the exchange, so each belongs to the local day it starts on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from market import rules, sessions, trading_days
from market.enums import DayKind, SessionName
from market.errors import CalendarRangeError
from market.overrides import DayException
from tradingplatform.errors import InvalidInputError

LOOK_AHEAD_DAYS = 40
"""No exchange was ever closed for so long since 1990."""
CALENDAR_DAYS_MAX = 400
_MONTH = timedelta(days=30)

_LISTING_EXCHANGE = {"NXT": "KRX"}


@dataclass(frozen=True)
class Session:
    """One session of a venue on one day; instants are in UTC."""

    venue: str
    name: SessionName
    day: date
    starts_at: datetime
    ends_at: datetime
    is_regular: bool

    def holds(self, at: datetime) -> bool:
        """Tell whether an instant lies in the session."""
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True)
class DayPlan:
    """The sessions of a trading day in order of precedence, and its regular hours."""

    day: date
    kind: DayKind
    reason: str
    opens_at: datetime
    closes_at: datetime
    sessions: tuple[Session, ...]


@dataclass(frozen=True)
class CalendarDay:
    """A day of the calendar; ``plan`` is None when the venue does not trade."""

    day: date
    kind: DayKind
    reason: str
    plan: DayPlan | None


def timezone_of(venue: str) -> ZoneInfo:
    """Return the zone in which a venue dates its days."""
    return rules.exchange_timezone(_listing_exchange(venue))


def is_open(venue: str, at: datetime) -> bool:
    """Tell whether the regular session, its closing auction included, runs at an instant."""
    plan = day_plan(venue, _local_day(venue, at))
    return plan is not None and any(row.is_regular and row.holds(at) for row in plan.sessions)


def session_at(venue: str, at: datetime) -> Session | None:
    """Return the session that runs at an instant, None between sessions."""
    plan = day_plan(venue, _local_day(venue, at))
    running = [] if plan is None else [row for row in plan.sessions if row.holds(at)]
    return running[0] if running else None


def next_open(venue: str, at: datetime) -> datetime:
    """Return when the next regular session begins, strictly after an instant."""
    return next(plan.opens_at for plan in _plans_from(venue, at) if plan.opens_at > at)


def next_close(venue: str, at: datetime) -> datetime:
    """Return when a regular session ends next, strictly after an instant."""
    return next(plan.closes_at for plan in _plans_from(venue, at) if plan.closes_at > at)


def last_close(venue: str, at: datetime) -> datetime:
    """Return when a regular session ended last, at an instant or before it."""
    today = _local_day(venue, at)
    days = (today - timedelta(days=back) for back in range(LOOK_AHEAD_DAYS))
    plans = (day_plan(venue, day) for day in days)
    return next(plan.closes_at for plan in plans if plan is not None and plan.closes_at <= at)


def closed_at(venue: str, day: date) -> datetime:
    """Return when the regular session of a day ended; on a day off, the usual time."""
    plan = day_plan(venue, day)
    if plan is not None:
        return plan.closes_at
    exchange = _listing_exchange(venue)
    return rules.regular_session(exchange, day).closed_at(day).astimezone(UTC)


def sessions_between(venue: str, start: datetime, end: datetime) -> list[Session]:
    """Return the sessions that overlap ``[start, end)``, in the order they start."""
    days = trading_days.days_between(_local_day(venue, start), _local_day(venue, end))
    plans = [plan for plan in (day_plan(venue, day) for day in days) if plan is not None]
    found = [
        row
        for plan in plans
        for row in plan.sessions
        if row.starts_at < end and row.ends_at > start
    ]
    return sorted(found, key=lambda row: (row.starts_at, row.ends_at))


def calendar_days(venue: str, start: date, end: date | None = None) -> list[CalendarDay]:
    """Return every day from ``start`` to ``end``, both included; without an end a month.

    Raises CalendarRangeError for a range that makes no sense.
    """
    years = trading_days.FILE_YEARS
    if start.year not in years or (end is not None and end.year not in years):
        raise CalendarRangeError(
            f"The calendar holds the years {years[0]} to {years[-1]}.", start=start.isoformat()
        )
    end = end or min(start + _MONTH, date(years[-1], 12, 31))
    if not 0 <= (end - start).days < CALENDAR_DAYS_MAX:
        raise CalendarRangeError(
            f"A range ends after it starts and holds at most {CALENDAR_DAYS_MAX} days.",
            start=start.isoformat(),
            end=end.isoformat(),
        )
    return [_calendar_day(venue, day) for day in trading_days.days_between(start, end)]


def day_plan(venue: str, day: date) -> DayPlan | None:
    """Return the sessions of a day, None when the venue does not trade on it."""
    if not trading_days.is_trading_day(_listing_exchange(venue), day):
        return None
    return _plan(venue, day, trading_days.day_exception(venue, day))


def _calendar_day(venue: str, day: date) -> CalendarDay:
    plan = day_plan(venue, day)
    if plan is not None:
        return CalendarDay(day, plan.kind, plan.reason, plan)
    exception = trading_days.day_exception(venue, day)
    kind = DayKind.WEEKEND if day.weekday() >= 5 else DayKind.HOLIDAY
    return CalendarDay(day, kind, exception.reason if exception else "", None)


@lru_cache(maxsize=16_384)
def _plan(venue: str, day: date, exception: DayException | None) -> DayPlan | None:
    usual = rules.regular_session(_listing_exchange(venue), day)
    opens, closes = usual.opens_at, usual.closes_at
    if exception is not None:
        opens, closes = exception.opens_at or opens, exception.closes_at or closes
    zone = usual.timezone
    edges = datetime.combine(day, opens, zone), datetime.combine(day, closes, zone)
    phases = sessions.phases_on(venue, day, opens_late=opens > usual.opens_at)
    rows = tuple(
        Session(
            venue=venue,
            name=phase.name,
            day=day,
            starts_at=phase.starts.on(*edges).astimezone(UTC),
            ends_at=phase.ends.on(*edges).astimezone(UTC),
            is_regular=phase.is_regular,
        )
        for phase in phases
    )
    regular = [row for row in rows if row.is_regular]
    if not regular:
        return None
    kind = DayKind.REGULAR
    if (opens, closes) != (usual.opens_at, usual.closes_at):
        kind = DayKind.HALF_DAY if closes < usual.closes_at else DayKind.SPECIAL_HOURS
    return DayPlan(
        day=day,
        kind=kind,
        reason=exception.reason if exception else "",
        opens_at=min(row.starts_at for row in regular),
        closes_at=max(row.ends_at for row in regular),
        sessions=tuple(row for row in rows if row.starts_at < row.ends_at),
    )


def _plans_from(venue: str, at: datetime) -> Iterator[DayPlan]:
    first = _local_day(venue, at)
    for day in trading_days.days_between(first, first + timedelta(days=LOOK_AHEAD_DAYS)):
        plan = day_plan(venue, day)
        if plan is not None:
            yield plan
    raise InvalidInputError(
        "The venue has no regular session after that.", exchange=venue, at=at.isoformat()
    )


def _local_day(venue: str, at: datetime) -> date:
    return at.astimezone(timezone_of(venue)).date()


def _listing_exchange(venue: str) -> str:
    if venue not in sessions.PHASES:
        raise InvalidInputError("The exchange is unknown.", exchange=venue)
    return _LISTING_EXCHANGE.get(venue, venue)
