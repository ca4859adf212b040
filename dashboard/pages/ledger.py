"""The activity of a portfolio as its owner reads it: one line per journal entry."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portfolio.core.accounting import cash_account
from portfolio.enums import TransactionKind
from portfolio.models import Transaction
from portfolio.selectors import transactions_get
from tradingplatform.money import CURRENCY_DIGITS

PAGE_SIZE = 30
KIND_TEXTS: dict[str, Promise] = {
    TransactionKind.DEPOSIT: _("Deposit"),
    TransactionKind.WITHDRAWAL: _("Withdrawal"),
    TransactionKind.BUY: _("Buy"),
    TransactionKind.SELL: _("Sell"),
    TransactionKind.FEE: _("Fee"),
    TransactionKind.TAX: _("Tax"),
    TransactionKind.DIVIDEND: _("Dividend"),
    TransactionKind.INTEREST: _("Interest"),
    TransactionKind.SPLIT: _("Split"),
    TransactionKind.TRANSFER: _("Transfer"),
    TransactionKind.FX: _("Currency exchange"),
}


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One entry; ``cash`` is what it added to the cash of its currency."""

    seq: int
    kind: str
    label: Promise | str
    occurred_at: datetime
    symbol: str
    quantity: str
    price: str
    cash: str
    currency: str


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Lines, newest first, and where the next page begins (0: nowhere)."""

    lines: list[LedgerLine]
    next_before: int


def ledger_page(*, account_db_key: int, portfolio_id: UUID, before: int = 0) -> LedgerPage:
    """Return a page of the journal; PortfolioNotFoundError for somebody else's portfolio."""
    rows = transactions_get(account_db_key=account_db_key, portfolio_id=portfolio_id)
    if before > 0:
        rows = rows.filter(seq__lt=before)
    entries = list(rows[: PAGE_SIZE + 1])
    shown = entries[:PAGE_SIZE]
    next_before = shown[-1].seq if len(entries) > PAGE_SIZE else 0
    return LedgerPage([_line(entry) for entry in shown], next_before)


def _line(entry: Transaction) -> LedgerLine:
    account = cash_account(entry.currency)
    amounts = (row.amount for row in entry.postings.all() if row.account == account)
    digits = CURRENCY_DIGITS[entry.currency]
    return LedgerLine(
        seq=entry.seq,
        kind=str(entry.kind),
        label=KIND_TEXTS.get(entry.kind, entry.kind),
        occurred_at=entry.occurred_at,
        symbol=entry.symbol,
        quantity="" if entry.quantity is None else f"{entry.quantity.normalize():,f}",
        price="" if entry.price is None else f"{entry.price:,.{digits}f}",
        cash=f"{sum(amounts, Decimal(0)):+,.{digits}f}".replace("-", "−"),  # noqa: RUF001 - a minus
        currency=entry.currency,
    )
