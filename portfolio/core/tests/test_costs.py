"""Fees and taxes: the rate of the settlement day, cut to the won, rounded to the cent."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.core.costs import (
    COMMISSIONS,
    SELL_TAXES,
    Rate,
    costs_of,
    fee_ceiling,
    rate_on,
    settlement_date,
)
from portfolio.enums import OrderSide
from tradingplatform.money import CURRENCY_DIGITS

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded


def _krx(side: OrderSide, gross: str, traded_on: date, asset_type: str = "STOCK"):
    return costs_of(
        side=side,
        exchange="KRX",
        asset_type=asset_type,
        currency="KRW",
        gross=Decimal(gross),
        traded_on=traded_on,
    )


@pytest.mark.parametrize(
    ("traded_on", "tax"),
    [
        (date(2019, 5, 29), "3000"),  # settles 2019-05-31
        (date(2019, 5, 30), "2500"),  # settles 2019-06-03
        (date(2020, 12, 28), "2500"),  # settles 2020-12-30
        (date(2020, 12, 29), "2300"),  # settles 2021-01-04
        (date(2023, 6, 1), "2000"),
        (date(2024, 6, 3), "1800"),
        (date(2024, 12, 26), "1800"),  # settles 2024-12-30
        (date(2024, 12, 27), "1500"),  # settles 2025-01-02, the known first day
        (date(2025, 12, 26), "1500"),  # settles 2025-12-30
        (date(2025, 12, 29), "2000"),  # settles 2026-01-02
        (date(2026, 11, 23), "2000"),
    ],
)
def test_korean_sell_tax_follows_the_settlement_day(traded_on, tax):
    assert _krx(OrderSide.SELL, "1000000", traded_on).tax == Decimal(tax)


def test_only_sells_of_stocks_are_taxed():
    day = date(2026, 3, 2)
    assert _krx(OrderSide.BUY, "1000000", day).tax == 0
    assert _krx(OrderSide.SELL, "1000000", day, "ETF").tax == 0
    us = costs_of(
        side=OrderSide.SELL,
        exchange="NASDAQ",
        asset_type="STOCK",
        currency="USD",
        gross=Decimal("1234.56"),
        traded_on=day,
    )
    assert (us.fee, us.tax) == (Decimal("3.09"), Decimal("0.00"))


def test_korean_fees_are_cut_to_the_won():
    assert _krx(OrderSide.BUY, "19999", date(2026, 3, 2)).fee == 2
    assert _krx(OrderSide.BUY, "6666", date(2026, 3, 2)).fee == 0


@pytest.mark.parametrize(
    ("exchange", "traded_on", "settled_on"),
    [
        ("KRX", date(2026, 11, 19), date(2026, 11, 23)),
        ("NYSE", date(2026, 11, 20), date(2026, 11, 23)),
        ("NASDAQ", date(2025, 12, 31), date(2026, 1, 2)),
    ],
)
def test_settlement_skips_weekends_and_the_turn_of_the_year(exchange, traded_on, settled_on):
    assert settlement_date(exchange, traded_on) == settled_on


def test_every_exchange_has_dated_rows_in_order():
    for tables in (COMMISSIONS, SELL_TAXES):
        assert set(tables) == {"KRX", "NASDAQ", "NYSE", "AMEX"}
        for rows in tables.values():
            days = [row.effective for row in rows]
            assert days == sorted(set(days))


@given(
    st.lists(st.dates(date(2000, 1, 1), date(2030, 1, 1)), unique=True, max_size=8),
    st.dates(date(1999, 1, 1), date(2031, 1, 1)),
)
def test_rate_is_that_of_the_last_row_before(days, day):
    table = tuple(Rate(row, Decimal(number + 1)) for number, row in enumerate(sorted(days)))
    slow = [row.fraction for row in table if row.effective <= day]
    assert rate_on(table, day) == (slow[-1] if slow else 0)


@given(
    st.decimals("0.01", "1e9", places=2),
    st.sampled_from(["KRX", "NASDAQ"]),
    st.dates(date(2015, 1, 1), date(2030, 1, 1)),
)
def test_a_fee_is_whole_money_and_never_above_its_ceiling(gross, exchange, day):
    currency = "KRW" if exchange == "KRX" else "USD"
    fee = costs_of(
        side=OrderSide.BUY,
        exchange=exchange,
        asset_type="STOCK",
        currency=currency,
        gross=gross,
        traded_on=day,
    ).fee
    assert fee == round(fee, CURRENCY_DIGITS[currency])
    assert 0 <= fee <= fee_ceiling(exchange=exchange, currency=currency, gross=gross, traded_on=day)
    assert settlement_date(exchange, day) > day
