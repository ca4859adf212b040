from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, IntegrityError, connections, transaction
from django.test import Client

from accounts.models import AuditEntry
from accounts.services import user_sign_up
from market import hours, overrides, trading_days
from market.enums import DayKind
from market.errors import CalendarOverrideError
from market.models import CalendarOverride
from market.overrides import operator_exceptions_refresh
from market.services import calendar_override_delete, calendar_override_save
from tradingplatform.clock import monotonic

pytestmark = pytest.mark.django_db(databases="__all__")

FRIDAY = date(2026, 11, 20)
SEOUL = ZoneInfo("Asia/Seoul")


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    monkeypatch.setattr(overrides._Kept, "rows", {})
    monkeypatch.setattr(overrides._Kept, "read_at", None)


def override(**changes):
    values = {"calendar": "KRX", "day": FRIDAY, "reason": "Storm", "source": "KRX notice 1"}
    return CalendarOverride(**(values | changes))


def test_a_closed_day_is_closed_at_once_and_open_again_when_forgotten():
    row = override(is_closed=True)

    calendar_override_save(row=row)
    assert not trading_days.is_trading_day("KRX", FRIDAY)
    assert hours.calendar_days("KRX", FRIDAY, FRIDAY)[0].reason == "Storm"
    assert trading_days.is_trading_day("NYSE", FRIDAY)

    calendar_override_delete(row=row)
    assert trading_days.is_trading_day("KRX", FRIDAY)


def test_other_hours_move_every_session():
    calendar_override_save(row=override(opens_at=time(10), closes_at=time(16, 30)))

    plan = hours.day_plan("KRX", FRIDAY)
    local = [(row.name, row.starts_at.astimezone(SEOUL).time()) for row in plan.sessions[:2]]
    assert local == [("OPENING_AUCTION", time(9, 30)), ("PRE_CLOSE_PRICE", time(9, 30))]
    assert (plan.kind, plan.reason) == (DayKind.SPECIAL_HOURS, "Storm")
    assert "PRE_MARKET" not in [row.name for row in hours.day_plan("NXT", FRIDAY).sessions]


def test_an_operator_makes_a_shipped_holiday_a_trading_day():
    day = date(2027, 5, 3)
    assert not trading_days.is_trading_day("KRX", day)

    calendar_override_save(row=override(day=day))

    assert hours.day_plan("KRX", day).kind == DayKind.REGULAR


@pytest.mark.parametrize(
    "changes",
    [
        {"is_closed": True, "opens_at": time(10)},
        {"opens_at": time(16), "closes_at": time(15)},
        {"day": date(2026, 11, 21)},
        {"day": date(2031, 1, 6)},
    ],
)
def test_contradictions_are_refused_and_change_nothing(changes):
    with pytest.raises(CalendarOverrideError):
        calendar_override_save(row=override(**changes))

    assert (CalendarOverride.objects.count(), AuditEntry.objects.count()) == (0, 0)
    assert trading_days.is_trading_day("KRX", FRIDAY)


def test_one_row_for_a_day_and_closed_has_no_hours_in_the_database_too():
    override().save()
    for wrong in (override(), override(day=date(2026, 11, 23), is_closed=True, opens_at=time(9))):
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong.save()


def test_changes_are_audited_with_who_and_what():
    row = override(is_closed=True)
    calendar_override_save(row=row, actor="somebody")
    calendar_override_delete(row=row, actor="somebody")

    saved, deleted = AuditEntry.objects.order_by("seq")
    assert (saved.action, saved.actor) == ("REFERENCE_DATA_CHANGED", "somebody")
    assert '"change":"calendar override saved"' in saved.details
    assert '"day":"2026-11-20"' in deleted.details


def test_other_processes_read_the_rows_again_after_a_while(settings, time_machine):
    settings.MARKET_CALENDAR_REFRESH_S = 30
    assert trading_days.is_trading_day("KRX", FRIDAY)
    override(is_closed=True).save()

    assert trading_days.is_trading_day("KRX", FRIDAY)
    overrides._Kept.read_at = monotonic() - 30
    assert not trading_days.is_trading_day("KRX", FRIDAY)


def test_the_last_rows_stay_while_the_database_is_away(settings, monkeypatch):
    override(is_closed=True).save()
    operator_exceptions_refresh()
    settings.MARKET_CALENDAR_REFRESH_S = 30
    overrides._Kept.read_at = monotonic() - 30

    def away(*_args, **_kwargs):
        raise DatabaseError

    with connections["default"].execute_wrapper(away):
        assert not trading_days.is_trading_day("KRX", FRIDAY)


def test_operators_correct_the_calendar_in_the_admin(settings):
    settings.ROOT_URLCONF = "tradingplatform.urls"
    password = "a long enough pass phrase"
    user_sign_up(email="op@example.com", password=password, nickname="Op", is_staff=True)
    operator = Client()
    operator.post("/log-in", {"email": "op@example.com", "password": password})
    form = {"calendar": "KRX", "day": "2026-11-20", "reason": "Storm", "source": "Notice"}
    add = "/admin/market/calendaroverride/add/"

    wrong = operator.post(add, form | {"is_closed": "on", "opens_at": "10:00"})
    assert (wrong.status_code, CalendarOverride.objects.count()) == (200, 0)

    done = operator.post(add, form | {"is_closed": "on"})
    row = CalendarOverride.objects.get()
    assert (done.status_code, row.is_closed) == (302, True)
    assert not trading_days.is_trading_day("KRX", FRIDAY)

    path = f"/admin/market/calendaroverride/{row.pk}/delete/"
    assert operator.post(path, {"post": "yes"}).status_code == 302
    assert trading_days.is_trading_day("KRX", FRIDAY)


def test_strangers_and_users_do_not_correct_the_calendar(settings):
    settings.ROOT_URLCONF = "tradingplatform.urls"

    answer = Client().post("/admin/market/calendaroverride/add/", {"calendar": "KRX"})

    assert answer.status_code in {302, 403}
    assert CalendarOverride.objects.count() == 0


def test_half_days_of_the_us():
    plan = hours.day_plan("NYSE", date(2026, 12, 24))

    closes_at = datetime(2026, 12, 24, 13, tzinfo=ZoneInfo("America/New_York"))
    assert (plan.kind, plan.closes_at) == (DayKind.HALF_DAY, closes_at)
