"""What the demo investor did over the past year: a plan, without any price in it."""

from dataclasses import dataclass
from decimal import Decimal

from portfolio.enums import OrderSide

BUY, SELL = OrderSide.BUY, OrderSide.SELL

PORTFOLIO_NAME = "Demo portfolio"
STARTING_CASH = {"KRW": Decimal(50_000_000), "USD": Decimal(50_000)}
OPENED_DAYS_AGO = 365


@dataclass(frozen=True, slots=True)
class PlannedTrade:
    """A buy for a share of the starting cash, or a sell of a share of what is held."""

    days_ago: int
    symbol: str
    side: OrderSide
    share: Decimal


def _trade(days_ago: int, symbol: str, side: OrderSide, percent: int) -> PlannedTrade:
    return PlannedTrade(days_ago, symbol, side, Decimal(percent) / 100)


PLAN = (
    _trade(350, "005930", BUY, 10),
    _trade(343, "AAPL", BUY, 12),
    _trade(336, "000660", BUY, 10),
    _trade(322, "MSFT", BUY, 12),
    _trade(305, "035420", BUY, 8),
    _trade(290, "JPM", BUY, 8),
    _trade(276, "005380", BUY, 10),
    _trade(262, "005930", BUY, 6),
    _trade(248, "AAPL", SELL, 35),
    _trade(234, "LLY", BUY, 8),
    _trade(220, "000660", SELL, 40),
    _trade(205, "105560", BUY, 8),
    _trade(190, "XOM", BUY, 7),
    _trade(176, "035420", SELL, 100),
    _trade(160, "068270", BUY, 7),
    _trade(146, "WMT", BUY, 7),
    _trade(131, "XOM", SELL, 100),
    _trade(117, "005930", SELL, 30),
    _trade(102, "KO", BUY, 6),
    _trade(88, "051910", BUY, 6),
    _trade(74, "MSFT", SELL, 25),
    _trade(60, "AMD", BUY, 6),
    _trade(45, "005380", SELL, 50),
    _trade(31, "000660", BUY, 6),
    _trade(17, "JPM", BUY, 5),
    _trade(6, "AAPL", BUY, 5),
)
