"""The rules of the exchanges as dated data: ticks, price bands, lots, hours, settlement.

Sources, with their doubts, in docs/market.md. Pure: no database, no clock.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_DOWN, Decimal
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from tradingplatform.errors import InvalidInputError

_RowT = TypeVar("_RowT")


class _Dated(Protocol):
    @property
    def effective_from(self) -> date: ...


_DatedT = TypeVar("_DatedT", bound=_Dated)


@dataclass(frozen=True)
class TickTable:
    """From ``lower_bounds[i]`` (inclusive) on, prices move by ``ticks[i]``."""

    effective_from: date
    lower_bounds: tuple[Decimal, ...]
    ticks: tuple[Decimal, ...]

    def tick_at(self, price: Decimal) -> Decimal:
        return self.ticks[bisect_right(self.lower_bounds, price) - 1]


@dataclass(frozen=True)
class BandRule:
    """From ``effective_from`` on, a price stays within ``rate`` of the base price."""

    effective_from: date
    rate: Decimal


@dataclass(frozen=True)
class SettlementRule:
    """From trades of ``effective_from`` on, money and shares change hands after ``days``."""

    effective_from: date
    days: int


@dataclass(frozen=True)
class Product:
    """What of an instrument decides about its ticks and band, beside the exchange.

    ``band_multiple`` widens the band of leveraged funds and notes (2 for a 2X product).
    """

    asset_type: str = "STOCK"
    market_segment: str = ""
    band_multiple: int = 1


@dataclass(frozen=True)
class Session:
    """The regular trading hours of an exchange, in its own time."""

    effective_from: date
    opens_at: time
    closes_at: time
    timezone: ZoneInfo

    def opened_at(self, session_date: date) -> datetime:
        """Return the instant at which the session of ``session_date`` begins."""
        return datetime.combine(session_date, self.opens_at, self.timezone)

    def closed_at(self, session_date: date) -> datetime:
        """Return the instant at which the session of ``session_date`` ends."""
        return datetime.combine(session_date, self.closes_at, self.timezone)


def _table(effective_from: date, rows: dict[str, str]) -> TickTable:
    return TickTable(effective_from, tuple(map(Decimal, rows)), tuple(map(Decimal, rows.values())))


_BEGINNING = date(1900, 1, 1)
_SEOUL = ZoneInfo("Asia/Seoul")
_NEW_YORK = ZoneInfo("America/New_York")

_KRX_TICKS = (
    _table(
        _BEGINNING,
        {
            "0": "1",
            "1000": "5",
            "5000": "10",
            "10000": "50",
            "50000": "100",
            "100000": "500",
            "500000": "1000",
        },
    ),
    _table(
        date(2023, 1, 25),
        {
            "0": "1",
            "2000": "5",
            "5000": "10",
            "20000": "50",
            "50000": "100",
            "200000": "500",
            "500000": "1000",
        },
    ),
)
_KOSDAQ_TICKS = (
    _table(_BEGINNING, {"0": "1", "1000": "5", "5000": "10", "10000": "50", "50000": "100"}),
    _KRX_TICKS[-1],
)
_ETP_TICKS = (
    _table(_BEGINNING, {"0": "5"}),
    _table(date(2023, 12, 11), {"0": "1", "2000": "5"}),
)
_US_TICKS = (_table(_BEGINNING, {"0": "0.0001", "1": "0.01"}),)

TICK_TABLES = {"KRX": _KRX_TICKS, "NASDAQ": _US_TICKS, "NYSE": _US_TICKS, "AMEX": _US_TICKS}

PRODUCT_TICK_TABLES = {
    ("KRX", "KOSDAQ"): _KOSDAQ_TICKS,
    ("KRX", "ETF"): _ETP_TICKS,
    ("KRX", "ETN"): _ETP_TICKS,
    ("KRX", "WARRANT"): _ETP_TICKS[:1],
}
"""Where an asset type, or else a market segment, has tables of its own."""

PRICE_BANDS: dict[str, tuple[BandRule, ...]] = {
    "KRX": (
        BandRule(date(1998, 12, 7), Decimal("0.15")),
        BandRule(date(2015, 6, 15), Decimal("0.30")),
    ),
    "NASDAQ": (),
    "NYSE": (),
    "AMEX": (),
}

UNBANDED_ASSET_TYPES = frozenset({"INDEX", "RIGHT", "WARRANT"})

LISTING_DAY_BAND = (date(2023, 6, 26), Decimal("0.6"), Decimal(4))
"""KRX, first day after a public offering: 60 % to 400 % of the offering price."""

PLAUSIBLE_FACTOR = 2
"""Where there is no price band, nobody believes a price beyond this factor of the base."""

_US_SESSIONS = (Session(_BEGINNING, time(9, 30), time(16), _NEW_YORK),)
SESSIONS: dict[str, tuple[Session, ...]] = {
    "KRX": (
        Session(_BEGINNING, time(9, 40), time(15, 20), _SEOUL),
        Session(date(1995, 1, 1), time(9, 30), time(15), _SEOUL),
        Session(date(1998, 12, 7), time(9), time(15), _SEOUL),
        Session(date(2016, 8, 1), time(9), time(15, 30), _SEOUL),
    ),
    "NASDAQ": _US_SESSIONS,
    "NYSE": _US_SESSIONS,
    "AMEX": _US_SESSIONS,
}

CURRENCIES = {"KRX": "KRW", "NASDAQ": "USD", "NYSE": "USD", "AMEX": "USD"}

LOT_SIZES = {"KRX": 1, "NASDAQ": 1, "NYSE": 1, "AMEX": 1}

_US_SETTLEMENT = (
    SettlementRule(_BEGINNING, 5),
    SettlementRule(date(1995, 6, 7), 3),
    SettlementRule(date(2017, 9, 5), 2),
    SettlementRule(date(2024, 5, 28), 1),
)
SETTLEMENT_DAYS: dict[str, tuple[SettlementRule, ...]] = {
    "KRX": (SettlementRule(_BEGINNING, 2),),
    "NASDAQ": _US_SETTLEMENT,
    "NYSE": _US_SETTLEMENT,
    "AMEX": _US_SETTLEMENT,
}


_STOCK = Product()


def tick_table(exchange: str, on: date | None = None, *, product: Product = _STOCK) -> TickTable:
    """Return the tick table of a product in force on a date; the newest without one."""
    tables = _of_exchange(TICK_TABLES, exchange)
    for key in (product.asset_type, product.market_segment):
        own = PRODUCT_TICK_TABLES.get((exchange, key))
        if own is not None:
            tables = own
            break
    return _in_force(tables, on)


def tick_size(
    exchange: str, price: Decimal, on: date | None = None, *, product: Product = _STOCK
) -> Decimal:
    """Return by how much a price around ``price`` may move.

    Raises InvalidInputError for a price that is not a positive number or an unknown exchange.
    """
    if not (price.is_finite() and price > 0):
        raise InvalidInputError("A price must be a positive number.", price=str(price))
    return tick_table(exchange, on, product=product).tick_at(price)


def price_band(
    exchange: str, base_price: Decimal, on: date | None = None, *, product: Product = _STOCK
) -> tuple[Decimal, Decimal] | None:
    """Return the lowest and the highest price of the day; None where there is no limit.

    KRX: ``base * rate`` is cut to the tick of the base price, then each limit to its own tick
    (base 9,980: 2,990, hence 6,990 to 12,970). The lowest limit is one tick.
    """
    rate = band_rate(exchange, on, product=product)
    if rate is None:
        return None
    tick = tick_size(exchange, base_price, on, product=product)
    width = _cut(base_price * rate, tick)
    table = tick_table(exchange, on, product=product)
    low, high = base_price - width, base_price + width
    return (
        max(_cut(low, table.tick_at(low)), table.ticks[0]) if low > 0 else table.ticks[0],
        _cut(high, table.tick_at(high)),
    )


def listing_day_band(
    offering_price: Decimal, on: date, *, product: Product = _STOCK
) -> tuple[Decimal, Decimal] | None:
    """Return the band of KRX on the first day after a public offering; None before 2023-06-26."""
    effective_from, lowest, highest = LISTING_DAY_BAND
    if on < effective_from:
        return None
    limits = (offering_price * lowest, offering_price * highest)
    low, high = (_cut(price, tick_size("KRX", price, on, product=product)) for price in limits)
    return low, high


def settlement_days(exchange: str, traded_on: date) -> int:
    """Return after how many trading days a trade is settled."""
    return _in_force(_of_exchange(SETTLEMENT_DAYS, exchange), traded_on).days


def regular_session(exchange: str, on: date | None = None) -> Session:
    """Return the usual trading hours of ``exchange`` in force on a date.

    Single days have hours of their own: ``market.hours`` knows those.
    """
    return _in_force(_of_exchange(SESSIONS, exchange), on)


def nxt_tradable(exchange: str) -> bool | None:
    """Return whether NXT trades a listing of an exchange: not known of KRX, else it does not."""
    return None if exchange == "KRX" else False


def exchange_timezone(exchange: str) -> ZoneInfo:
    """Return the zone in which the exchange dates its sessions."""
    return regular_session(exchange).timezone


def band_rate(
    exchange: str, on: date | None = None, *, product: Product = _STOCK
) -> Decimal | None:
    """Return how far a price may move from the base price, as a fraction; None: any distance."""
    rules = _of_exchange(PRICE_BANDS, exchange)
    in_force = [rule for rule in rules if on is None or rule.effective_from <= on]
    if not in_force or product.asset_type in UNBANDED_ASSET_TYPES:
        return None
    return in_force[-1].rate * product.band_multiple


def _cut(price: Decimal, tick: Decimal) -> Decimal:
    return (price / tick).to_integral_value(rounding=ROUND_DOWN) * tick


def _in_force(rows: tuple[_DatedT, ...], on: date | None) -> _DatedT:
    """Return the row of a date, the first for a date before all; the newest without a date."""
    if on is None:
        return rows[-1]
    return next((row for row in reversed(rows) if row.effective_from <= on), rows[0])


def _of_exchange(rows: dict[str, tuple[_RowT, ...]], exchange: str) -> tuple[_RowT, ...]:
    try:
        return rows[exchange]
    except KeyError as error:
        raise InvalidInputError("The exchange is unknown.", exchange=exchange) from error
