"""Limits of orders and portfolios, and what ``manage.py verify`` checks."""

from decimal import Decimal

PORTFOLIOS_PER_USER = 20
# A single order; the amounts follow the Korean guideline to stop orders above KRW 5 bn.
PORTFOLIO_ORDER_MAX_QUANTITY = Decimal(1_000_000)
PORTFOLIO_ORDER_MAX_NOTIONAL = {"KRW": Decimal(5_000_000_000), "USD": Decimal(5_000_000)}
# A single deposit or withdrawal, and the most cash that a portfolio may hold.
PORTFOLIO_CASH_MAX = {"KRW": Decimal(1_000_000_000_000), "USD": Decimal(1_000_000_000)}

# Functions (alias) -> list of tradingplatform.verification.Breach, run on every shard.
VERIFIERS: tuple[str, ...] = (
    "portfolio.verify.postings_balanced",
    "portfolio.verify.balances_match_postings",
    "portfolio.verify.positions_match_fills",
    "portfolio.verify.reservations_match_orders",
    "portfolio.verify.orders_match_fills",
    "portfolio.verify.rows_on_their_shard",
)
# Functions (account_db_key) -> {name: rows}: what is held about a user, for the copy of their data.
EXPORTERS: tuple[str, ...] = (
    "accounts.exporters.account_rows",
    "market.exporters.market_rows",
    "portfolio.exporters.portfolio_rows",
    "chat.exporters.chat_rows",
)
# Functions (account_db_key) -> None: what has to end, or be forgotten, after an account is closed.
ACCOUNT_CLOSERS: tuple[str, ...] = (
    "portfolio.exporters.orders_end",
    "chat.exporters.chat_forget",
    "market.services.alerts_forget",
    "market.services.screens_forget",
    "market.services.watchlists_forget",
)
# Functions (alias, event): what users have on a shard follows an instrument that ended or was
# renamed.
INSTRUMENT_FOLLOWERS: tuple[str, ...] = (
    "market.services.watching_follow",
    "portfolio.services.instruments_follow",
)
# Functions () -> the same, about the global database; they read the audit log from its start.
AUDIT_VERIFIERS: tuple[str, ...] = ("accounts.services.audit.audit_breaches",)
