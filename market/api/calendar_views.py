"""The calendar endpoint."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from market import hours
from market.api.calendar_serializers import CalendarInput, CalendarOutput
from market.hours import CalendarDay, Session
from tradingplatform.api.views import ApiView, parsed
from tradingplatform.clock import now


class CalendarView(ApiView):
    @extend_schema(parameters=[CalendarInput], responses=CalendarOutput)
    def get(self, request: Request) -> Response:
        """Return sessions, holidays and half days of a venue, and what runs there now.

        These are the hours of the real exchanges; the sample market trades around the clock.
        """
        wanted = parsed(CalendarInput, request.query_params)
        venue, at = wanted["exchange"], now()
        start = wanted.get("start") or at.astimezone(hours.timezone_of(venue)).date()
        days = hours.calendar_days(venue, start, wanted.get("end"))
        return Response(_calendar(venue, days, at))


def _calendar(venue: str, days: Sequence[CalendarDay], at: datetime) -> dict[str, Any]:
    running = hours.session_at(venue, at)
    return {
        "exchange": venue,
        "timezone": hours.timezone_of(venue).key,
        "as_of": at.isoformat(),
        "is_open": hours.is_open(venue, at),
        "session": None if running is None else _session(running),
        "next_open": hours.next_open(venue, at).isoformat(),
        "next_close": hours.next_close(venue, at).isoformat(),
        "days": [_calendar_day(row) for row in days],
    }


def _calendar_day(row: CalendarDay) -> dict[str, Any]:
    plan = row.plan
    return {
        "date": row.day.isoformat(),
        "kind": row.kind,
        "reason": row.reason,
        "opens_at": None if plan is None else plan.opens_at.isoformat(),
        "closes_at": None if plan is None else plan.closes_at.isoformat(),
        "sessions": [] if plan is None else [_session(session) for session in plan.sessions],
    }


def _session(row: Session) -> dict[str, Any]:
    return {
        "name": row.name,
        "starts_at": row.starts_at.isoformat(),
        "ends_at": row.ends_at.isoformat(),
        "is_regular": row.is_regular,
    }
