"""The tables of portfolios: ledger and orders on shards, trading state in the global database."""

from portfolio.models.ledger import CashBalance, Portfolio, Position, Posting, Transaction
from portfolio.models.orders import Fill, Order, SendAttempt, SenderFence
from portfolio.models.state import TradingState

__all__ = [
    "CashBalance",
    "Fill",
    "Order",
    "Portfolio",
    "Position",
    "Posting",
    "SendAttempt",
    "SenderFence",
    "TradingState",
    "Transaction",
]
