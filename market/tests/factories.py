"""Instruments, bars and quotes for tests of every app."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from market import rules
from market.enums import ALL_GENERATED, Source, StoredInterval
from market.models import Bar, Instrument
from market.names import name_fields
from market.quotes import change_of, quotes_tell
from market.types import Quote
from tradingplatform.clock import now
from tradingplatform.services import services

KNOWN = {
    "AAPL": ("NASDAQ", "Apple", "애플"),
    "MSFT": ("NASDAQ", "Microsoft", "마이크로소프트"),
    "KO": ("NYSE", "Coca-Cola", "코카콜라"),
    "005930": ("KRX", "Samsung Electronics", "삼성전자"),
    "000660": ("KRX", "SK hynix", "SK하이닉스"),
}


def instrument_make(symbol: str = "AAPL", **changes: object) -> Instrument:
    """Store an instrument; known symbols bring their exchange and names."""
    exchange, name_en, name_ko = KNOWN.get(symbol, ("NASDAQ", symbol.title(), symbol.title()))
    values: dict[str, object] = {
        "symbol": symbol,
        "exchange": exchange,
        "name_en": name_en,
        "name_ko": name_ko,
        "currency": rules.CURRENCIES[exchange],
        "lot_size": rules.LOT_SIZES[exchange],
        "source": Source.SAMPLE,
        "is_nxt_tradable": rules.nxt_tradable(exchange),
        **changes,
    }
    values = name_fields(str(values["name_en"]), str(values["name_ko"])) | values
    return Instrument.objects.create(**values)


def bar_make(
    instrument: Instrument,
    opened_at: date | datetime,
    close: str | Decimal,
    *,
    interval: str = StoredInterval.DAY,
    **changes: object,
) -> Bar:
    """Store one bar, by default flat at ``close``."""
    if not isinstance(opened_at, datetime):
        opened_at = datetime(opened_at.year, opened_at.month, opened_at.day, tzinfo=UTC)
    price = Decimal(close)
    values: dict[str, object] = {
        "open": price,
        "high": price,
        "low": price,
        "close": price,
        "volume": 1000,
        "source": Source.SAMPLE,
        "generated_mask": ALL_GENERATED,
        **changes,
    }
    return Bar.objects.create(
        instrument=instrument, interval=interval, opened_at=opened_at, **values
    )


def bars_make(instrument: Instrument, start: date, closes: list[str]) -> list[Bar]:
    """Store flat daily bars on consecutive calendar days."""
    return [
        bar_make(instrument, start + timedelta(days=offset), close)
        for offset, close in enumerate(closes)
    ]


def quote_make(instrument: Instrument, price: str | Decimal = "100", **changes: object) -> Quote:
    """Build a quote as the live feed would tell it now, one tick between bid and ask."""
    told, base = Decimal(price), Decimal(str(changes.pop("base_price", price)))
    change, change_rate = change_of(told, base)
    values: dict[str, object] = {
        "symbol": instrument.symbol,
        "exchange": instrument.exchange,
        "price": told,
        "bid": told,
        "ask": told + rules.tick_size(instrument.exchange, told),
        "change": change,
        "change_rate": change_rate,
        "volume": 1_000_000,
        "exchange_time": now(),
        "received_at": now(),
        "source": instrument.source,
        "currency": instrument.currency,
        "base_price": base,
        "epoch": "1",
        "seq": 1,
        **changes,
    }
    return Quote(**values)  # type: ignore[arg-type]


def quote_put(instrument: Instrument, price: str | Decimal = "100", **changes: object) -> Quote:
    """Put a live quote where readers find it."""
    quote = quote_make(instrument, price, **changes)
    quotes_tell([quote], now())
    return quote


class Ear:
    """What came over the bus, which over Redis comes a moment later and on another thread."""

    def __init__(self, prefix: str = "market:") -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._came = threading.Condition()
        self._subscription = services.websocket.subscribe(prefix, self._hear)

    def wait_for(self, n_messages: int, timeout_s: float = 10.0) -> list[tuple[str, bytes]]:
        """Return the messages once there are so many; fewer when none came in time."""
        with self._came:
            self._came.wait_for(lambda: len(self.heard) >= n_messages, timeout_s)
            return list(self.heard)

    def wait_for_symbols(self, n_symbols: int, timeout_s: float = 20.0) -> set[str]:
        """Return the channels heard once there are so many different ones."""
        with self._came:
            self._came.wait_for(lambda: len(self._channels()) >= n_symbols, timeout_s)
            return self._channels()

    def close(self) -> None:
        """Stop listening."""
        self._subscription.close()

    def _channels(self) -> set[str]:
        return {channel for channel, _ in self.heard}

    def _hear(self, channel: str, payload: bytes) -> None:
        with self._came:
            self.heard.append((channel, payload))
            self._came.notify_all()


def quoted_make(
    symbol: str, price: str, *, base: str = "100", volume: int = 10, **more: object
) -> Instrument:
    """Store an instrument and its quote."""
    instrument = instrument_make(symbol, **more)
    quote_put(instrument, price, base_price=base, volume=volume)
    return instrument
