"""Keep on each instrument the close of its last finished session."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from market import trading_days
from market.bar_store import closes_before
from market.models import Instrument
from tradingplatform.clock import now
from tradingplatform.db.transactions import global_tx


def base_prices_refresh(*, instruments: Sequence[Instrument]) -> None:
    """Store as base price the last daily close before the session that runs now."""
    at = now()
    sessions: dict[date, list[Instrument]] = {}
    for row in instruments:
        sessions.setdefault(trading_days.session_date(row.exchange, at), []).append(row)
    for session, rows in sessions.items():
        bars = closes_before(rows, session)
        for row in rows:
            bar = bars.get(row.pk)
            if bar is not None:
                row.base_price, row.base_date = bar.close, bar.opened_at.date()
    global_tx(_save, instruments)


def base_prices_roll(*, closes: dict[int, Decimal], session: date) -> None:
    """Store the closes of a session that has just ended, by instrument id."""
    rows = list(Instrument.objects.filter(pk__in=list(closes)))
    for row in rows:
        row.base_price, row.base_date = closes[row.pk], session
    global_tx(_save, rows)


def _save(rows: Sequence[Instrument]) -> None:
    Instrument.objects.bulk_update(rows, ["base_price", "base_date"])
