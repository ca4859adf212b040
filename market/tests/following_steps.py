"""Steps of the tests of instruments that are renamed or end."""

from datetime import date, timedelta
from decimal import Decimal

from market.services import AlertTerms, alert_set, corporate_actions_follow
from tradingplatform.clock import now

JIMIN, DANIEL = 7, 8  # Two users, on two shards.
DAY = date(2026, 6, 9)


def follow_all(time_machine):
    """Let everything follow, and the time pass after which the old symbol is free."""
    corporate_actions_follow()
    time_machine.move_to(now() + timedelta(minutes=11))
    assert corporate_actions_follow() == 1


def alert_make(key, symbol="FB"):
    terms = AlertTerms(symbol=symbol, measure="PRICE", direction="ABOVE", level=Decimal(200))
    return alert_set(account_db_key=key, terms=terms)
