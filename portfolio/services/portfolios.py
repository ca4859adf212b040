"""What a user may do with a portfolio: open, rename, close, move cash in and out."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from portfolio.core.accounting import external_lines
from portfolio.enums import BrokerName, PortfolioStatus, TransactionKind
from portfolio.errors import (
    AmountInvalidError,
    BrokerNotConfiguredError,
    CurrencyUnsupportedError,
    InsufficientCashError,
    PortfolioLimitError,
    PortfolioNotEmptyError,
)
from portfolio.models import CashBalance, Order, Portfolio
from portfolio.payloads import portfolio_payload
from portfolio.selectors import quotes_of_held
from portfolio.services.book import Book
from portfolio.services.fills import EQUITY_CHANGED
from portfolio.types import Quotes
from portfolio.valuation import summary_of
from tradingplatform.clock import now
from tradingplatform.db.outbox import user_lock
from tradingplatform.db.transactions import tx
from tradingplatform.ids import uuid7
from tradingplatform.money import CURRENCY_DIGITS, decimal_text, round_money


def portfolio_open(
    *,
    account_db_key: int,
    name: str,
    base_currency: str,
    initial_cash: Mapping[str, Decimal],
    broker: BrokerName = BrokerName.PAPER,
    opened_at: datetime | None = None,
) -> Portfolio:
    """Open a portfolio and post its first deposits; ``opened_at`` dates a demo history.

    ``initial_cash`` is an amount per currency. Raises CurrencyUnsupportedError,
    AmountInvalidError, PortfolioLimitError, and BrokerNotConfiguredError for a live broker.
    """
    if broker != BrokerName.PAPER:
        message = f"{broker.value} is not set up on this platform."
        raise BrokerNotConfiguredError(message, broker=broker.value)
    _check_currency(base_currency)
    for currency, amount in initial_cash.items():
        _check_amount(currency, amount, may_be_zero=True)
    portfolio = Portfolio(
        account_db_key=account_db_key,
        name=name,
        base_currency=base_currency,
        broker=broker,
        created_at=opened_at or now(),
    )
    return tx(account_db_key, _open, portfolio, initial_cash)


def portfolio_rename(*, account_db_key: int, portfolio_id: UUID, name: str) -> Portfolio:
    """Give a portfolio another name."""
    return tx(account_db_key, _rename, account_db_key, portfolio_id, name)


def portfolio_close(*, account_db_key: int, portfolio_id: UUID) -> Portfolio:
    """Close a portfolio for good; PortfolioNotEmptyError while it holds shares or open orders.

    Cash that is left stays in its books. Closing twice changes nothing.
    """
    return tx(account_db_key, _close, account_db_key, portfolio_id)


def cash_move(
    *,
    account_db_key: int,
    portfolio_id: UUID,
    kind: str,
    currency: str,
    amount: Decimal,
    quotes: Quotes | None = None,
) -> CashBalance:
    """Pay outside money into a paper portfolio (DEPOSIT) or take free cash out (WITHDRAWAL).

    A caller that is inside a transaction passes the ``quotes`` that ``quotes_of_held`` gave
    before; they only value the news. Raises AmountInvalidError, CurrencyUnsupportedError
    and InsufficientCashError.
    """
    _check_amount(currency, amount)
    if quotes is None:
        quotes = quotes_of_held(account_db_key=account_db_key, portfolio_id=portfolio_id)
    flow = (currency, amount if kind == TransactionKind.DEPOSIT else -amount)
    return tx(account_db_key, _move, account_db_key, portfolio_id, flow, quotes)


def _open(portfolio: Portfolio, initial_cash: Mapping[str, Decimal]) -> Portfolio:
    key = portfolio.account_db_key
    user_lock(key)
    opened = Portfolio.objects.for_user(key).open().count()
    if opened >= settings.PORTFOLIOS_PER_USER:
        most = settings.PORTFOLIOS_PER_USER
        raise PortfolioLimitError(f"A user may have {most} open portfolios.", limit=most)
    portfolio.ledger_seq = 0
    portfolio.save(force_insert=True)
    book = Book(portfolio)
    for currency in dict.fromkeys([portfolio.base_currency, *initial_cash]):
        book.touch(book.cash(currency))
    for currency, amount in initial_cash.items():
        if amount:
            _post(book, currency, amount, occurred_at=portfolio.created_at)
    _tell(book, {})
    book.save()
    return portfolio


def _rename(account_db_key: int, portfolio_id: UUID, name: str) -> Portfolio:
    book = Book.lock_open(account_db_key, portfolio_id)
    book.portfolio.name = name
    book.portfolio.save(update_fields=["name"])
    return book.portfolio


def _close(account_db_key: int, portfolio_id: UUID) -> Portfolio:
    book = Book.lock(account_db_key, portfolio_id)
    portfolio = book.portfolio
    if portfolio.status == PortfolioStatus.CLOSED:
        return portfolio
    open_orders = Order.objects.for_user(account_db_key).open().filter(portfolio=portfolio)
    held = [row.symbol for row in book.positions() if row.quantity]
    if held or open_orders.exists():
        message = "Sell the positions and cancel the open orders first."
        raise PortfolioNotEmptyError(message, symbols=held)
    portfolio.status = PortfolioStatus.CLOSED
    portfolio.closed_at = book.at
    portfolio.save(update_fields=["status", "closed_at"])
    return portfolio


def _move(
    account_db_key: int, portfolio_id: UUID, flow: tuple[str, Decimal], quotes: Quotes
) -> CashBalance:
    book = Book.lock_open(account_db_key, portfolio_id)
    currency, amount = flow
    cash = book.cash(currency)
    if amount + cash.available < 0:
        available = decimal_text(cash.available)
        message = f"{available} {currency} is available."
        raise InsufficientCashError(
            message, required=decimal_text(-amount), available=available, currency=currency
        )
    most = settings.PORTFOLIO_CASH_MAX[currency]
    if cash.balance + amount > most:
        message = f"A portfolio may hold at most {decimal_text(most)} {currency}."
        raise AmountInvalidError(message, currency=currency, maximum=decimal_text(most))
    _post(book, currency, amount, occurred_at=book.at)
    _tell(book, quotes)
    book.save()
    return cash


def _post(book: Book, currency: str, amount: Decimal, *, occurred_at: datetime) -> None:
    book.post(
        kind=TransactionKind.DEPOSIT if amount > 0 else TransactionKind.WITHDRAWAL,
        natural_key=f"cash:{uuid7()}",
        occurred_at=occurred_at,
        lines=external_lines(currency, amount),
    )
    book.change_cash(currency, amount=amount)


def _tell(book: Book, quotes: Quotes) -> None:
    summary = summary_of(book.portfolio, book.cash_balances(), book.positions(), quotes, book.at)
    book.tell(EQUITY_CHANGED, book.portfolio.pk, "equity", portfolio_payload(summary))


def _check_currency(currency: str) -> None:
    if currency not in CURRENCY_DIGITS:
        known = sorted(CURRENCY_DIGITS)
        message = f"Only {', '.join(known)} can be held."
        raise CurrencyUnsupportedError(message, currency=currency[:10], supported=known)


def _check_amount(currency: str, amount: Decimal, *, may_be_zero: bool = False) -> None:
    _check_currency(currency)
    if not amount.is_finite() or amount < 0 or (not amount and not may_be_zero):
        raise AmountInvalidError("The amount must be a positive number.", currency=currency)
    most = settings.PORTFOLIO_CASH_MAX[currency]
    if amount > most:
        message = f"The amount may be at most {decimal_text(most)} {currency}."
        raise AmountInvalidError(message, currency=currency, maximum=decimal_text(most))
    if amount != round_money(amount, currency):
        digits = CURRENCY_DIGITS[currency]
        message = f"{currency} has {digits} digits after the decimal point."
        raise AmountInvalidError(message, currency=currency, digits=digits)
