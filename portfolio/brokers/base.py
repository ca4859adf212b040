"""What the trader needs of a broker."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from market.types import Quote
from portfolio.enums import BrokerName, OrderEvent
from portfolio.models import Order
from portfolio.types import Execution
from tradingplatform.errors import UpstreamError


class AnswerLostError(UpstreamError):
    """The order was sent, but nobody knows what became of it: never send it again."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a broker says of an order: it works, it traded, it ended, or its answer was lost."""

    executions: tuple[Execution, ...] = ()
    end: OrderEvent | None = None
    reason: str = ""
    is_lost: bool = False


class Broker(Protocol):
    """Sends orders. ``submit``, ``resume`` and ``cancel`` may reach the network."""

    name: BrokerName

    def submit(self, order: Order, quote: Quote | None, at: datetime) -> Report:
        """Send an order for the first and only time; AnswerLostError if the answer is lost."""
        ...

    def resume(self, order: Order, quote: Quote | None, at: datetime) -> Report:
        """Say what became of an order whose sending was cut off; must not send it again."""
        ...

    def cancel(self, order: Order, at: datetime) -> Report:
        """Take back an order that works."""
        ...

    def quoted(self, order: Order, quote: Quote | None, at: datetime) -> Report | None:
        """Say what a new price or the passing of time does to an order; None for nothing."""
        ...
