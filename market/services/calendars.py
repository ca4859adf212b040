"""What operators say about single trading days: stored, audited, in force at once here."""

from datetime import date, time

from accounts.enums import AuditAction
from accounts.services.audit import audit_append
from accounts.types import NOWHERE, Device
from market.errors import CalendarOverrideError
from market.models import CalendarOverride
from market.overrides import operator_exceptions_refresh
from market.trading_days import FILE_YEARS
from tradingplatform.db.transactions import global_tx


def calendar_override_save(
    *, row: CalendarOverride, actor: str = "", device: Device = NOWHERE
) -> None:
    """Store a new or changed override; other processes follow within a minute.

    Raises CalendarOverrideError when it contradicts itself. Noted in the audit log.
    """
    fault = override_fault(row)
    if fault:
        raise CalendarOverrideError(fault, calendar=row.calendar, day=str(row.day))
    global_tx(_save, row, actor, device)
    operator_exceptions_refresh()


def calendar_override_delete(
    *, row: CalendarOverride, actor: str = "", device: Device = NOWHERE
) -> None:
    """Forget an override, so that the day is again what the platform ships. Audited."""
    global_tx(_delete, row, actor, device)
    operator_exceptions_refresh()


def override_fault(row: CalendarOverride) -> str | None:
    """Return what is wrong with an override, None when it makes sense."""
    if row.day.year not in FILE_YEARS:
        return f"The day lies outside of {FILE_YEARS[0]} to {FILE_YEARS[-1]}."
    if row.day.weekday() >= 5:
        return "On a weekend the exchanges are closed anyway."
    if row.is_closed and (row.opens_at or row.closes_at):
        return "A closed day has no hours."
    if row.opens_at and row.closes_at and row.opens_at >= row.closes_at:
        return "The day closes before it opens."
    return None


def _save(row: CalendarOverride, actor: str, device: Device) -> None:
    row.save()
    _note(row, "saved", actor, device)


def _delete(row: CalendarOverride, actor: str, device: Device) -> None:
    _note(row, "deleted", actor, device)
    row.delete()


def _note(row: CalendarOverride, change: str, actor: str, device: Device) -> None:
    audit_append(
        action=AuditAction.REFERENCE_DATA_CHANGED,
        account=None,
        device=device,
        actor=actor,
        change=f"calendar override {change}",
        calendar=row.calendar,
        day=_text(row.day),
        is_closed=row.is_closed,
        opens_at=_text(row.opens_at),
        closes_at=_text(row.closes_at),
        reason=row.reason,
    )


def _text(value: date | time | None) -> str:
    return "" if value is None else value.isoformat()
