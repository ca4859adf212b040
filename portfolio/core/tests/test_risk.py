"""Each rule refuses what it is for, and what passes is always covered."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.core.accounting import gross_amount
from portfolio.core.costs import costs_of
from portfolio.core.risk import Funds, Limits, Market, Terms, check
from portfolio.enums import OrderSide, OrderType, TradingMode
from tradingplatform.errors import TradingPlatformError

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

BUY, SELL = OrderSide.BUY, OrderSide.SELL
LIMIT, MARKET = OrderType.LIMIT, OrderType.MARKET
ACTIVE = TradingMode.ACTIVE
LIMITS = Limits(
    quantity=Decimal(1_000_000),
    notional={"KRW": Decimal(5_000_000_000), "USD": Decimal(5_000_000)},
)
SAMSUNG = Market(
    symbol="005930",
    exchange="KRX",
    currency="KRW",
    lot_size=Decimal(1),
    tick_size=Decimal(100),
    price=Decimal(71_000),
    bid=Decimal(70_900),
    ask=Decimal(71_000),
    band=(Decimal(49_700), Decimal(92_300)),
    is_open=True,
    is_fresh=True,
    traded_on=date(2026, 11, 23),
)
APPLE = replace(
    SAMSUNG,
    symbol="AAPL",
    exchange="NASDAQ",
    currency="USD",
    tick_size=Decimal("0.01"),
    price=Decimal(200),
    bid=Decimal("199.99"),
    ask=Decimal("200.01"),
    band=None,
)
RICH = Funds(cash=Decimal(10**12), shares=Decimal(10**9))


def _code(terms, market=SAMSUNG, funds=RICH, mode=ACTIVE) -> str:
    with pytest.raises(TradingPlatformError) as caught:
        check(terms, market, funds, LIMITS, mode)
    return caught.value.code.value


def _limit(side=BUY, quantity="10", price="71000"):
    return Terms(side, LIMIT, Decimal(quantity), Decimal(price))


def _market(side=BUY, quantity="10"):
    return Terms(side, MARKET, Decimal(quantity))


@pytest.mark.parametrize(
    ("_case", "terms", "code"),
    [
        ("zero", _limit(quantity="0"), "ORDER_TERMS_INVALID"),
        ("negative", _limit(quantity="-1"), "ORDER_TERMS_INVALID"),
        ("nan", _limit(quantity="NaN"), "ORDER_TERMS_INVALID"),
        ("infinite", _limit(quantity="Infinity"), "ORDER_TERMS_INVALID"),
        ("fraction", _limit(quantity="1.5"), "QUANTITY_OFF_LOT"),
        ("huge", _limit(quantity="1E+20"), "ORDER_TOO_LARGE"),
        ("notional", _limit(quantity="100000"), "ORDER_TOO_LARGE"),
        ("notional at market", _market(SELL, "100000"), "ORDER_TOO_LARGE"),
        ("zero price", _limit(price="0"), "ORDER_TERMS_INVALID"),
        ("negative price", _limit(price="-100"), "ORDER_TERMS_INVALID"),
        ("nan price", _limit(price="NaN"), "ORDER_TERMS_INVALID"),
        ("off tick", _limit(price="71050"), "PRICE_OFF_TICK"),
        ("above band", _limit(price="92400"), "PRICE_OUT_OF_BAND"),
        ("below band", _limit(SELL, price="49600"), "PRICE_OUT_OF_BAND"),
        ("no limit", Terms(BUY, LIMIT, Decimal(1)), "ORDER_TERMS_INVALID"),
        ("limit on market", Terms(BUY, MARKET, Decimal(1), Decimal(1)), "ORDER_TERMS_INVALID"),
    ],
)
def test_terms_that_break_a_rule(_case, terms, code):
    assert _code(terms) == code


def test_ends_of_the_band_are_inside():
    assert check(_limit(price="92300"), SAMSUNG, RICH, LIMITS, ACTIVE).worst_price == 92_300
    assert check(_limit(SELL, price="49700"), SAMSUNG, RICH, LIMITS, ACTIVE).shares == 10


def test_a_us_limit_far_through_the_market_is_stopped_on_the_harmful_side_only():
    assert _code(_limit(price="260.01"), APPLE) == "PRICE_COLLAR"
    assert _code(_limit(SELL, price="139.99"), APPLE) == "PRICE_COLLAR"
    assert check(_limit(price="10"), APPLE, RICH, LIMITS, ACTIVE).worst_price == 10
    assert check(_limit(SELL, price="1000"), APPLE, RICH, LIMITS, ACTIVE).shares == 10


def test_nothing_trades_at_market_on_a_stale_price():
    stale = replace(SAMSUNG, is_fresh=False)
    assert _code(_market(), stale) == "QUOTE_STALE"
    assert check(_limit(), stale, RICH, LIMITS, ACTIVE).worst_price == 71_000


def test_no_order_is_taken_while_the_exchange_is_closed():
    closed = replace(SAMSUNG, is_open=False)
    assert _code(_market(), closed) == "MARKET_CLOSED"
    assert _code(_limit(), closed) == "MARKET_CLOSED"
    assert _code(_limit(SELL), closed) == "MARKET_CLOSED"


def test_the_kill_switch():
    assert _code(_market(), mode=TradingMode.HALTED) == "TRADING_HALTED"
    assert _code(_market(SELL), mode=TradingMode.HALTED) == "TRADING_HALTED"
    assert _code(_market(), mode=TradingMode.REDUCING) == "TRADING_HALTED"
    assert check(_market(SELL), SAMSUNG, RICH, LIMITS, TradingMode.REDUCING).shares == 10


def test_the_message_of_missing_cash_says_how_much():
    with pytest.raises(TradingPlatformError) as caught:
        check(
            _limit(quantity="100", price="71200"),
            SAMSUNG,
            Funds(cash=Decimal(5_000_000), shares=Decimal(0)),
            LIMITS,
            ACTIVE,
        )
    assert caught.value.message == "Order needs 7,121,068 KRW; 5,000,000 KRW is available."
    assert caught.value.details == {
        "required": "7121068",
        "available": "5000000",
        "currency": "KRW",
    }


def test_shares_must_be_free():
    poor = Funds(cash=Decimal(0), shares=Decimal(9))
    assert _code(_market(SELL), funds=poor) == "INSUFFICIENT_SHARES"
    assert check(_market(SELL, "9"), SAMSUNG, poor, LIMITS, ACTIVE).cash == 0


def test_a_market_buy_reserves_at_its_worst_price():
    korean = check(_market(), SAMSUNG, RICH, LIMITS, ACTIVE)
    assert korean.worst_price == 92_300
    assert korean.cash == 923_000 + 138
    american = check(_market(), APPLE, RICH, LIMITS, ACTIVE)
    assert american.worst_price == Decimal("210.0105")
    assert american.cash == Decimal("2100.11") + Decimal("5.25")


@settings(max_examples=300)
@given(
    st.sampled_from([SAMSUNG, APPLE]),
    st.integers(1, 20_000),
    st.lists(st.integers(1, 20_000), min_size=1, max_size=6),
    st.decimals("0.5", "1", places=3),
)
def test_a_reservation_covers_every_way_to_fill(market, quantity, parts, discount):
    reservation = check(_market(quantity=str(quantity)), market, RICH, LIMITS, ACTIVE)
    spent, left = Decimal(0), quantity
    for part in [*parts, quantity]:
        size = min(part, left)
        if not size:
            break
        price = (reservation.worst_price * discount).quantize(Decimal("0.000001"))
        gross = gross_amount(Decimal(size), price, market.currency)
        costs = costs_of(
            side=BUY,
            exchange=market.exchange,
            asset_type="STOCK",
            currency=market.currency,
            gross=gross,
            traded_on=market.traded_on,
        )
        spent += gross + costs.fee
        left -= size
    # Each further part may round up by half the smallest unit twice (gross and fee).
    slack = len(parts) * (Decimal(2) if market.currency == "KRW" else Decimal("0.02"))
    assert spent <= reservation.cash + slack
