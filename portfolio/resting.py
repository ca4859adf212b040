"""The orders that wait at the paper broker, found by symbol; in memory, rebuilt at any time."""

from collections.abc import Collection, Iterable
from uuid import UUID

from portfolio.core.orders import WATCHED
from portfolio.models import Order


class RestingOrders:
    """What a trader watches. The database decides; a stale entry only costs a second look."""

    def __init__(self) -> None:
        self._orders: dict[UUID, Order] = {}
        self._by_symbol: dict[str, set[UUID]] = {}

    def __len__(self) -> int:
        return len(self._orders)

    @property
    def symbols(self) -> set[str]:
        """Every symbol that somebody waits for."""
        return set(self._by_symbol)

    def waits_for(self, symbol: str) -> bool:
        """Whether anybody waits for a symbol; may be asked from another thread."""
        return symbol in self._by_symbol

    def watched(self, order_ids: Collection[UUID]) -> set[UUID]:
        """Return those of the orders that are watched."""
        return self._orders.keys() & set(order_ids)

    def put(self, order: Order) -> None:
        """Watch an order as it is now, or stop watching it once it can no longer trade."""
        # Its symbol may have changed since.
        self.drop(order.pk)
        if order.status not in WATCHED:
            return
        self._orders[order.pk] = order
        self._by_symbol.setdefault(order.symbol, set()).add(order.pk)

    def drop(self, order_id: UUID) -> None:
        """Stop watching an order."""
        order = self._orders.pop(order_id, None)
        if order is None:
            return
        waiting = self._by_symbol[order.symbol]
        waiting.discard(order_id)
        if not waiting:
            del self._by_symbol[order.symbol]

    def replace_all(self, orders: Iterable[Order]) -> None:
        """Forget everything and watch these."""
        self._orders.clear()
        self._by_symbol.clear()
        for order in orders:
            self.put(order)

    def of_symbols(self, symbols: Collection[str]) -> list[Order]:
        """Return the orders that wait for any of these symbols, oldest first."""
        ids = set().union(*(self._by_symbol.get(symbol, ()) for symbol in symbols))
        return [self._orders[order_id] for order_id in sorted(ids)]
