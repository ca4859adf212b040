"""Reads of portfolios, valued at the market where a figure needs a price."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from market.errors import QuoteUnavailableError, SymbolUnknownError
from market.freshness import is_live
from market.quote_selectors import quotes_get
from market.selectors import delisted_dates
from market.types import Quote
from portfolio.core.orders import OPEN
from portfolio.enums import OrderStatus
from portfolio.errors import OrderNotFoundError, PortfolioNotFoundError
from portfolio.models import CashBalance, Fill, Order, Portfolio, Position, Transaction
from portfolio.types import PortfolioSummary, PositionView
from portfolio.valuation import summary_of
from tradingplatform.clock import now

if TYPE_CHECKING:
    from django.db.models import QuerySet


def portfolio_get(*, account_db_key: int, portfolio_id: UUID) -> Portfolio:
    """Return a user's portfolio; PortfolioNotFoundError for a foreign or unknown one."""
    portfolio = Portfolio.objects.for_user(account_db_key).filter(pk=portfolio_id).first()
    if portfolio is None:
        raise PortfolioNotFoundError("There is no such portfolio.")
    return portfolio


def portfolios_get(account_db_key: int) -> "QuerySet[Portfolio]":
    """Return a user's portfolios, oldest first."""
    return Portfolio.objects.for_user(account_db_key).order_by("pk")


def portfolio_summary(*, account_db_key: int, portfolio_id: UUID) -> PortfolioSummary:
    """Return cash, positions and P&L of a portfolio at the newest prices."""
    portfolio = portfolio_get(account_db_key=account_db_key, portfolio_id=portfolio_id)
    return _summaries(account_db_key, [portfolio])[0]


def portfolio_summaries(
    account_db_key: int, portfolios: Sequence[Portfolio] | None = None
) -> list[PortfolioSummary]:
    """Return the summaries of some or all portfolios of a user, in as many queries as of one."""
    rows = list(portfolios_get(account_db_key)) if portfolios is None else list(portfolios)
    return _summaries(account_db_key, rows)


def positions_get(*, account_db_key: int, portfolio_id: UUID) -> tuple[PositionView, ...]:
    """Return what a portfolio holds, at the newest prices."""
    summary = portfolio_summary(account_db_key=account_db_key, portfolio_id=portfolio_id)
    return summary.positions


def symbols_held(*, account_db_key: int, portfolio_id: UUID) -> list[str]:
    """Return the symbols of a portfolio that is not flat in them."""
    rows = Position.objects.for_user(account_db_key).held().filter(portfolio_id=portfolio_id)
    return list(rows.values_list("symbol", flat=True))


def orders_get(
    *, account_db_key: int, portfolio_id: UUID, statuses: Iterable[str] = ()
) -> "QuerySet[Order]":
    """Return the orders of a portfolio, newest first; OPEN stands for all open statuses."""
    portfolio_get(account_db_key=account_db_key, portfolio_id=portfolio_id)
    rows = Order.objects.for_user(account_db_key).filter(portfolio_id=portfolio_id)
    wanted = set(statuses)
    if "OPEN" in wanted:
        wanted |= set(OPEN)
    return (rows.filter(status__in=wanted) if wanted else rows).order_by("-pk")


def order_get(*, account_db_key: int, portfolio_id: UUID, order_id: UUID) -> Order:
    """Return one order; OrderNotFoundError for a foreign or unknown one."""
    rows = Order.objects.for_user(account_db_key)
    order = rows.filter(pk=order_id, portfolio_id=portfolio_id).first()
    if order is None:
        raise OrderNotFoundError("There is no such order.")
    return order


def fills_get(*, account_db_key: int, order_id: UUID) -> list[Fill]:
    """Return the fills of an order, in the order they happened."""
    rows = Fill.objects.for_user(account_db_key).filter(order_id=order_id)
    return list(rows.order_by("executed_at", "pk"))


def transactions_get(*, account_db_key: int, portfolio_id: UUID) -> "QuerySet[Transaction]":
    """Return the journal of a portfolio, newest first, each entry with its postings."""
    portfolio_get(account_db_key=account_db_key, portfolio_id=portfolio_id)
    rows = Transaction.objects.for_user(account_db_key).filter(portfolio_id=portfolio_id)
    return rows.order_by("-seq").prefetch_related("postings")


def quotes_known(symbols: Iterable[str]) -> dict[str, Quote]:
    """Return the newest quotes of those symbols that have one."""
    wanted = list(dict.fromkeys(symbols))
    try:
        return quotes_get(wanted) if wanted else {}
    except (QuoteUnavailableError, SymbolUnknownError):
        return _quotes_one_by_one(wanted)


def quotes_of_held(*, account_db_key: int, portfolio_id: UUID) -> dict[str, Quote]:
    """Return the newest quotes of what a portfolio holds."""
    symbols = symbols_held(account_db_key=account_db_key, portfolio_id=portfolio_id)
    return quotes_known(symbols)


def has_new_orders(alias: str, broker: str) -> bool:
    """Whether somebody on a shard waits for an order to be sent."""
    rows = Order.objects.using(alias).filter(status=OrderStatus.NEW, broker=broker)
    return rows.exists()


def orders_to_take_back(alias: str, broker: str) -> list[Order]:
    """Return the orders of a shard whose owners want them canceled, oldest first."""
    rows = Order.objects.using(alias).filter(status=OrderStatus.PENDING_CANCEL, broker=broker)
    return list(rows.order_by("pk"))


def orders_at_broker(alias: str, broker: str) -> list[Order]:
    """Return every order of a shard that a broker works on, oldest first."""
    return list(Order.objects.using(alias).at_broker(broker))


def orders_by_id(alias: str, order_ids: Collection[UUID]) -> list[Order]:
    """Return orders of a shard as they are now."""
    return list(Order.objects.using(alias).filter(pk__in=order_ids))


def held_symbols(alias: str, portfolio_ids: Collection[UUID]) -> set[str]:
    """Return the symbols that any of these portfolios of a shard holds."""
    rows = Position.objects.using(alias).held().filter(portfolio_id__in=portfolio_ids)
    return set(rows.values_list("symbol", flat=True).distinct())


def _quotes_one_by_one(symbols: list[str]) -> dict[str, Quote]:
    found: dict[str, Quote] = {}
    for symbol in symbols:
        try:
            found |= quotes_get([symbol])
        except (QuoteUnavailableError, SymbolUnknownError):
            continue
    return found


def _summaries(account_db_key: int, portfolios: list[Portfolio]) -> list[PortfolioSummary]:
    cash = list(CashBalance.objects.for_user(account_db_key).filter(portfolio__in=portfolios))
    rows = Position.objects.for_user(account_db_key).filter(portfolio__in=portfolios)
    positions = list(rows)
    quotes = quotes_known(row.symbol for row in positions if row.quantity)
    as_of = now()
    summaries = [
        summary_of(
            portfolio,
            [row for row in cash if row.portfolio_id == portfolio.pk],
            [row for row in positions if row.portfolio_id == portfolio.pk],
            quotes,
            as_of,
        )
        for portfolio in portfolios
    ]
    return _endings_marked(summaries, quotes)


def _endings_marked(
    summaries: list[PortfolioSummary], quotes: dict[str, Quote]
) -> list[PortfolioSummary]:
    """Say of positions whose instrument is no longer traded since when that is so."""
    held = {view.symbol for summary in summaries for view in summary.positions}
    # Nobody confirms the price of what has ended: where all are live there is nothing to ask.
    quiet = [s for s in held if s not in quotes or not is_live(quotes[s], now())]
    ended = delisted_dates(quiet)
    if not ended:
        return summaries
    return [
        replace(
            summary,
            positions=tuple(
                replace(view, delisted_date=ended.get(view.symbol)) for view in summary.positions
            ),
        )
        for summary in summaries
    ]
