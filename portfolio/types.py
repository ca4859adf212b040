"""What services of this app take and selectors return."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from market.types import Quote
from portfolio.enums import OrderSide, OrderType, TimeInForce

Quotes = Mapping[str, Quote]


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What a user asks for when placing an order."""

    client_order_id: str
    symbol: str
    side: OrderSide
    order_type: OrderType
    quantity: Decimal
    limit_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY


@dataclass(frozen=True, slots=True)
class Execution:
    """A fill as a broker reports it; the same ``exec_id`` is the same fill."""

    exec_id: str
    quantity: Decimal
    price: Decimal
    executed_at: datetime
    quote_source: str


@dataclass(frozen=True, slots=True)
class HistoricTrade:
    """A trade of the past, to be recorded as an order that was filled at once."""

    client_order_id: str
    symbol: str
    side: OrderSide
    quantity: Decimal
    price: Decimal
    executed_at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class PositionView:
    """A position at the market; figures that need a missing price are None.

    With a ``delisted_date`` the price is the last one there was.
    """

    symbol: str
    currency: str
    quantity: Decimal
    reserved_quantity: Decimal
    average_cost: Decimal
    cost_basis: Decimal
    realized_pnl: Decimal
    market_price: Decimal | None
    market_value: Decimal | None
    unrealized_pnl: Decimal | None
    unrealized_return: float | None
    weight: float | None
    price_source: str
    priced_at: datetime | None
    delisted_date: date | None = None


@dataclass(frozen=True, slots=True)
class CurrencyTotals:
    """Cash and positions of one currency; None where a price is missing."""

    currency: str
    balance: Decimal
    reserved: Decimal
    available: Decimal
    market_value: Decimal | None
    equity: Decimal | None
    realized_pnl: Decimal
    unrealized_pnl: Decimal | None


@dataclass(frozen=True, slots=True)
class PortfolioSummary:
    """Everything the detail page of a portfolio shows.

    Figures are never converted between currencies: there is no exchange rate to convert
    with. ``base`` holds those of the base currency, ``currencies`` all of them.
    """

    portfolio_id: UUID
    name: str
    broker: str
    status: str
    base_currency: str
    created_at: datetime
    as_of: datetime
    currencies: tuple[CurrencyTotals, ...]
    positions: tuple[PositionView, ...] = field(default=())

    @property
    def base(self) -> CurrencyTotals:
        """The totals of the base currency."""
        return next(row for row in self.currencies if row.currency == self.base_currency)

    @property
    def missing_prices(self) -> tuple[str, ...]:
        """Symbols that are held but have no price."""
        return tuple(row.symbol for row in self.positions if row.market_price is None)
