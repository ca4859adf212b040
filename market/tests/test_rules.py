from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from market import rules
from market.rules import Product
from tradingplatform.errors import InvalidInputError

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded


@pytest.mark.parametrize(
    ("price", "tick"),
    [
        ("1", "1"),
        ("1999", "1"),
        ("2000", "5"),
        ("4995", "5"),
        ("5000", "10"),
        ("19990", "10"),
        ("20000", "50"),
        ("49950", "50"),
        ("50000", "100"),
        ("199900", "100"),
        ("200000", "500"),
        ("499500", "500"),
        ("500000", "1000"),
        ("1250000", "1000"),
    ],
)
def test_krx_ticks_since_2023(price, tick):
    assert rules.tick_size("KRX", Decimal(price)) == Decimal(tick)


@pytest.mark.parametrize(
    ("price", "tick"), [("1000", "5"), ("10000", "50"), ("15000", "50"), ("100000", "500")]
)
def test_krx_ticks_before_2023_follow_the_older_table(price, tick):
    assert rules.tick_size("KRX", Decimal(price), on=date(2023, 1, 24)) == Decimal(tick)
    assert rules.tick_size("KRX", Decimal(price), on=date(2023, 1, 25)) != Decimal(tick)


@pytest.mark.parametrize(("price", "tick"), [("0.9999", "0.0001"), ("1", "0.01"), ("640", "0.01")])
def test_us_ticks(price, tick):
    assert rules.tick_size("NASDAQ", Decimal(price)) == Decimal(tick)
    assert rules.tick_size("NYSE", Decimal(price)) == Decimal(tick)


@pytest.mark.parametrize("price", ["0", "-5", "NaN", "Infinity"])
def test_tick_of_a_senseless_price_is_refused(price):
    with pytest.raises(InvalidInputError):
        rules.tick_size("KRX", Decimal(price))


def test_unknown_exchange_is_refused():
    with pytest.raises(InvalidInputError):
        rules.tick_size("LSE", Decimal(1))


def test_price_band_is_the_worked_example_of_krx():
    assert rules.price_band("KRX", Decimal(9980)) == (Decimal(6990), Decimal(12970))


@pytest.mark.parametrize(
    ("base", "low", "high"), [("70000", "49000", "91000"), ("199900", "140000", "259500")]
)
def test_price_band_limits_are_cut_to_their_own_tick(base, low, high):
    assert rules.price_band("KRX", Decimal(base)) == (Decimal(low), Decimal(high))


def test_price_band_was_15_percent_before_june_2015():
    assert rules.price_band("KRX", Decimal(100000), on=date(2015, 6, 12)) == (
        Decimal(85000),
        Decimal(115000),
    )
    assert rules.price_band("KRX", Decimal(100000), on=date(2015, 6, 15)) == (
        Decimal(70000),
        Decimal(130000),
    )


def test_us_has_no_price_band():
    assert rules.price_band("NYSE", Decimal(100)) is None


def test_session_ends_in_local_time():
    winter = rules.regular_session("NYSE").closed_at(date(2026, 1, 5))
    summer = rules.regular_session("NYSE").closed_at(date(2026, 7, 6))

    assert winter.astimezone(UTC) == datetime(2026, 1, 5, 21, tzinfo=UTC)
    assert summer.astimezone(UTC) == datetime(2026, 7, 6, 20, tzinfo=UTC)


ETF, ETN, WARRANT = Product("ETF"), Product("ETN"), Product("WARRANT")
KOSDAQ = Product("STOCK", "KOSDAQ")


@pytest.mark.parametrize(
    ("product", "price", "on", "tick"),
    [
        (ETF, "1999", date(2026, 1, 2), "1"),
        (ETF, "2000", date(2026, 1, 2), "5"),
        (ETF, "350000", date(2026, 1, 2), "5"),
        (ETN, "1500", date(2026, 1, 2), "1"),
        (ETF, "1500", date(2023, 12, 8), "5"),
        (WARRANT, "1500", date(2026, 1, 2), "5"),
        (KOSDAQ, "150000", date(2023, 1, 24), "100"),
        (KOSDAQ, "600000", date(2023, 1, 24), "100"),
        (KOSDAQ, "600000", date(2023, 1, 25), "1000"),
        (Product("ETF", "KOSDAQ"), "600000", date(2026, 1, 2), "5"),
    ],
)
def test_products_have_ticks_of_their_own(product, price, on, tick):
    assert rules.tick_size("KRX", Decimal(price), on, product=product) == Decimal(tick)


def test_a_leveraged_fund_has_twice_the_band():
    double = Product("ETF", "", 2)

    assert rules.price_band("KRX", Decimal(10000), product=double) == (4000, 16000)
    assert rules.price_band("KRX", Decimal(10000), product=ETF) == (7000, 13000)


@pytest.mark.parametrize("asset_type", ["INDEX", "RIGHT", "WARRANT"])
def test_some_products_have_no_band(asset_type):
    assert rules.price_band("KRX", Decimal(10000), product=Product(asset_type)) is None


def test_the_lowest_limit_is_a_tick():
    triple = Product("ETN", "", 4)

    assert rules.price_band("KRX", Decimal(10000), product=triple) == (1, 22000)


def test_first_day_after_an_offering():
    assert rules.listing_day_band(Decimal(10000), date(2023, 6, 26)) == (6000, 40000)
    assert rules.listing_day_band(Decimal(10333), date(2026, 1, 5)) == (6190, 41300)
    assert rules.listing_day_band(Decimal(10000), date(2023, 6, 23)) is None
