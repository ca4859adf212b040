"""What can be done with portfolios and orders; other apps import from here."""

from portfolio.services.endings import ending_tell
from portfolio.services.following import instruments_follow
from portfolio.services.imports import trade_import
from portfolio.services.orders import (
    Seen,
    open_orders_cancel,
    order_cancel,
    order_look,
    order_place,
    order_replace,
)
from portfolio.services.portfolios import (
    cash_move,
    portfolio_close,
    portfolio_open,
    portfolio_rename,
)
from portfolio.services.trading_state import trading_mode, trading_state_set

__all__ = [
    "Seen",
    "cash_move",
    "ending_tell",
    "instruments_follow",
    "open_orders_cancel",
    "order_cancel",
    "order_look",
    "order_place",
    "order_replace",
    "portfolio_close",
    "portfolio_open",
    "portfolio_rename",
    "trade_import",
    "trading_mode",
    "trading_state_set",
]
