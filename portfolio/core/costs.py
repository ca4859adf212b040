"""What a trade costs: dated commission and sell-tax tables.

Rows are data with a first day; the row in force on the *settlement* day applies, which is
why the Korean tax of 2025 already hit trades of 2024-12-27. Paper commissions are those of
a Korean discount broker: 0.015 % on KRX, 0.25 % on US exchanges, the default rates of KIS.
US sells carry no securities transaction tax; the SEC Section 31 fee and the FINRA TAF
(together below 0.01 %) are not charged on paper.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from market.rules import settlement_days
from portfolio.enums import OrderSide
from tradingplatform.money import round_money, truncate_money

_BEGIN = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Rate:
    """A fraction of the traded amount, in force from a settlement day on."""

    effective: date
    fraction: Decimal


@dataclass(frozen=True, slots=True)
class TradeCosts:
    """Fee and tax of one fill, in the currency of the trade."""

    fee: Decimal
    tax: Decimal


COMMISSIONS: dict[str, tuple[Rate, ...]] = {
    "KRX": (Rate(_BEGIN, Decimal("0.00015")),),
    "NASDAQ": (Rate(_BEGIN, Decimal("0.0025")),),
    "NYSE": (Rate(_BEGIN, Decimal("0.0025")),),
    "AMEX": (Rate(_BEGIN, Decimal("0.0025")),),
}

# Securities transaction tax plus rural surtax, the same total on KOSPI and KOSDAQ.
# Enforcement Decree of the Securities Transaction Tax Act, art. 5 (2026: Decree 36001).
SELL_TAXES: dict[str, tuple[Rate, ...]] = {
    "KRX": (
        Rate(_BEGIN, Decimal("0.0030")),
        Rate(date(2019, 6, 3), Decimal("0.0025")),
        Rate(date(2021, 1, 1), Decimal("0.0023")),
        Rate(date(2023, 1, 1), Decimal("0.0020")),
        Rate(date(2024, 1, 1), Decimal("0.0018")),
        Rate(date(2025, 1, 1), Decimal("0.0015")),
        Rate(date(2026, 1, 1), Decimal("0.0020")),
    ),
    "NASDAQ": (),
    "NYSE": (),
    "AMEX": (),
}
UNTAXED_ASSET_TYPES = frozenset({"ETF", "ETN"})
# The closures that stand next to a change of rate; other holidays cannot change a result.
_NEW_YEAR = {(1, 1)}
_CLOSED = {
    "KRX": {*_NEW_YEAR, (12, 31)},
    "NASDAQ": _NEW_YEAR,
    "NYSE": _NEW_YEAR,
    "AMEX": _NEW_YEAR,
}


def costs_of(
    *,
    side: OrderSide,
    exchange: str,
    asset_type: str,
    currency: str,
    gross: Decimal,
    traded_on: date,
) -> TradeCosts:
    """Return fee and tax of a fill worth ``gross``, traded on an exchange-local day."""
    settled_on = settlement_date(exchange, traded_on)
    fee = gross * rate_on(COMMISSIONS[exchange], settled_on)
    taxed = side == OrderSide.SELL and asset_type not in UNTAXED_ASSET_TYPES
    tax = gross * rate_on(SELL_TAXES[exchange], settled_on) if taxed else Decimal(0)
    return TradeCosts(fee=_charge(fee, currency), tax=_charge(tax, currency))


def fee_ceiling(*, exchange: str, currency: str, gross: Decimal, traded_on: date) -> Decimal:
    """Return the most that buying for ``gross`` can cost in fees, for reservations."""
    dearest = max(
        rate_on(COMMISSIONS[exchange], traded_on),
        rate_on(COMMISSIONS[exchange], settlement_date(exchange, traded_on)),
    )
    return _charge(gross * dearest, currency)


def settlement_date(exchange: str, traded_on: date) -> date:
    """Return the day that decides about rates: T+2 on KRX, T+1 in the US since 2024-05-28."""
    day, left = traded_on, settlement_days(exchange, traded_on)
    while left:
        day += timedelta(days=1)
        if day.weekday() < 5 and (day.month, day.day) not in _CLOSED[exchange]:
            left -= 1
    return day


def rate_on(table: tuple[Rate, ...], day: date) -> Decimal:
    """Return the fraction in force on ``day``; zero before the first row."""
    row = bisect_right(table, day, key=lambda rate: rate.effective)
    return table[row - 1].fraction if row else Decimal(0)


def _charge(amount: Decimal, currency: str) -> Decimal:
    # KRX brokers cut fees and taxes to the won; US ones round to the cent.
    if currency == "KRW":
        return truncate_money(amount, currency)
    return round_money(amount, currency, ROUND_HALF_UP)
