"""Markets, rooms and questions for tests of the chat."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from chat import services
from chat.models import ChatMessage, ChatRoom
from market.enums import BarInterval, Source, generated_mask
from market.models import Bar, Instrument
from market.tests.factories import instrument_make, quote_put
from portfolio.enums import OrderSide
from portfolio.models import Portfolio
from portfolio.services import trade_import
from portfolio.tests.factories import portfolio_make
from portfolio.types import HistoricTrade
from tradingplatform.clock import now

MINA, JOON = 7, 8  # Two users, on two shards.
N_BARS = 320


def bars_walk(instrument: Instrument, *, start: float, seed: int, n_bars: int = N_BARS) -> None:
    """Store a seeded random walk of daily bars that ends yesterday."""
    steps = np.random.default_rng(seed).normal(0.0004, 0.015, n_bars)
    closes = start * np.exp(np.cumsum(steps))
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    digits = Decimal(1) if instrument.currency == "KRW" else Decimal("0.01")
    bars = []
    for number, close in enumerate(closes):
        price = Decimal(repr(float(close))).quantize(digits)
        bars.append(
            Bar(
                instrument=instrument,
                interval=BarInterval.DAY,
                opened_at=datetime.fromtimestamp(today.timestamp(), UTC)
                - timedelta(days=n_bars - number),
                open=price,
                high=(price * Decimal("1.01")).quantize(digits),
                low=(price * Decimal("0.99")).quantize(digits),
                close=price,
                volume=1_000_000 + number,
                source=Source.SAMPLE,
                generated_mask=generated_mask("open", "high", "low", "volume"),
            )
        )
    Bar.objects.bulk_create(bars)


def market_make() -> dict[str, Instrument]:
    """Store two American and two Korean stocks with bars and live quotes."""
    made = {}
    for seed, (symbol, start, price) in enumerate(
        [
            ("AAPL", 150.0, "182.41"),
            ("MSFT", 300.0, "402.5"),
            ("005930", 60_000.0, "71500"),
            ("000660", 120_000.0, "131500"),
        ]
    ):
        instrument = instrument_make(symbol)
        bars_walk(instrument, start=start, seed=seed)
        quote_put(instrument, price, base_price=Decimal(price) * Decimal("0.99"))
        made[symbol] = instrument
    return made


def holdings_make(account_db_key: int = MINA) -> Portfolio:
    """Open a portfolio and buy some of everything in the market, at odd prices."""
    portfolio = portfolio_make(account_db_key, KRW="30000000", USD="30000")
    for number, (symbol, quantity, price) in enumerate(
        [
            ("AAPL", "30", "171.37"),
            ("AAPL", "7", "180.01"),
            ("MSFT", "12", "391.2"),
            ("005930", "100", "70300"),
            ("000660", "3", "128500"),
        ]
    ):
        trade_import(
            account_db_key=account_db_key,
            portfolio_id=portfolio.pk,
            trade=HistoricTrade(
                client_order_id=f"bought-{number}",
                symbol=symbol,
                side=OrderSide.BUY,
                quantity=Decimal(quantity),
                price=Decimal(price),
                executed_at=now() - timedelta(days=60 - number),
                source="SAMPLE",
            ),
        )
    return portfolio


def room_make(account_db_key: int = MINA, **values: str) -> ChatRoom:
    """Open a room."""
    return services.room_create(account_db_key=account_db_key, **values)


def claim(question: ChatMessage) -> services.AnswerTicket:
    """Take the answer to a question as a worker does."""
    ticket = services.answer_claim(account_db_key=question.account_db_key, question_id=question.id)
    assert ticket is not None
    return ticket


def question_make(room: ChatRoom, content: str, client_message_id: str = "q1") -> ChatMessage:
    """Post a question without answering it."""
    return services.message_post(
        account_db_key=room.account_db_key,
        room_id=room.id,
        client_message_id=client_message_id,
        content=content,
    )
