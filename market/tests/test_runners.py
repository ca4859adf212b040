import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson
import pytest
from django.db import OperationalError

from market.books import books_cached
from market.models import Bar, CorporateAction, Instrument
from market.quote_selectors import quotes_get
from market.quotes import quotes_cached
from market.runners import LEASE_NAME, FeedLoop, _lead_once, feed_run
from market.services import corporate_actions_apply, feed_is_current, feed_open
from market.tests.factories import Ear, bar_make, instrument_make
from market.ticks import Tick
from market.trading_days import session_date
from market.types import BookLevel, OrderBook
from tradingplatform.clock import now
from tradingplatform.errors import UnavailableError
from tradingplatform.services import override_services, services

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

AT = datetime(2026, 11, 23, 15, 30, 10, tzinfo=UTC)


class Script:
    """A provider that tells what a test wrote down, one list of ticks per step."""

    def __init__(self, *steps):
        self.steps = list(steps)
        self.sessions = []
        self.due_books = []

    def ticks(self, at, elapsed_s):
        told = self.steps.pop(0) if self.steps else []
        return [
            Tick(symbol, Decimal(price), Decimal(price), Decimal(price), size, at)
            for symbol, price, size in told
        ]

    def symbols_of(self, exchange):
        return ["AAPL"]

    def books(self, at):
        books, self.due_books = self.due_books, []
        return books

    def vouched(self, symbols, at):
        return symbols

    def lines_new(self):
        return ()

    def close(self):
        return

    def session_start(self, exchange, on, base_prices):
        self.sessions.append((exchange, on, list(base_prices)))


class DeafBus:
    """A bus out of reach."""

    def publish_many(self, messages):
        raise UnavailableError("The bus is out of reach.")

    def close(self):
        return


@pytest.fixture
def apple():
    made = instrument_make("AAPL")
    bar_make(made, AT.date() - timedelta(days=3), "100")
    return made


def loop_of(*steps, at=AT):
    provider = Script(*steps)
    feed = feed_open(epoch=7, at=at)
    assert feed is not None
    return FeedLoop(provider, feed.book), provider


def prices(*texts):
    return tuple(Decimal(text) for text in texts)


def test_a_step_tells_cache_and_bus(apple):
    ear = Ear()
    loop, _ = loop_of([("AAPL", "101", 5)])

    loop.step(AT, 0.25)
    heard = ear.wait_for(1)
    ear.close()

    quote = quotes_get(["AAPL"])["AAPL"]
    assert (quote.price, quote.change, quote.epoch, quote.seq) == (*prices("101", "1"), "7", 1)
    assert [channel for channel, _ in heard] == ["market:AAPL"]


def order_book(symbol, price):
    return OrderBook(symbol, (BookLevel(Decimal(price), 7),), (), "SAMPLE", AT)


def test_order_books_are_told_with_numbers_of_their_own(apple):
    ear = Ear("book:")
    loop, provider = loop_of([("AAPL", "101", 5)])
    provider.due_books = [order_book("AAPL", "101.01"), order_book("NOPE", "1")]

    loop.step(AT, 0.25)
    provider.due_books = [order_book("AAPL", "101.02")]
    loop.step(AT + timedelta(seconds=1), 1)
    heard = ear.wait_for(2)
    ear.close()

    frame = books_cached(["AAPL"])["AAPL"]
    assert (frame["epoch"], frame["seq"]) == ("7", 2)
    assert (frame["data"]["asks"], frame["data"]["bids"]) == ([["101.02", 7]], [])
    assert [channel for channel, _ in heard] == ["book:AAPL"] * 2
    assert "NOPE" not in books_cached(["NOPE"])


def test_a_bad_tick_is_told_to_nobody(apple):
    loop, _ = loop_of([("AAPL", "0", 5)], [("AAPL", "NaN", 5)], [("AAPL", "900", 5)])

    for second in range(3):
        loop.step(AT + timedelta(seconds=second), 1)

    assert quotes_get(["AAPL"])["AAPL"].seq == 0


def test_bars_are_stored_every_ten_seconds_and_finished_with_the_minute(apple):
    loop, _ = loop_of([("AAPL", "101", 5)], [("AAPL", "103", 5)], [("AAPL", "102", 5)])

    loop.step(AT, 1)
    assert Bar.objects.filter(interval="1m").count() == 0
    loop.step(AT + timedelta(seconds=9), 1)
    loop.step(AT + timedelta(seconds=55), 1)

    minute = Bar.objects.get(interval="1m")
    assert minute.opened_at == AT.replace(second=0)
    figures = (minute.open, minute.high, minute.close)
    assert (figures, minute.volume) == (prices("101", "103", "103"), 10)
    day = Bar.objects.get(interval="1d", opened_at=datetime(2026, 11, 23, tzinfo=UTC))
    assert ((day.open, day.high, day.close), day.volume) == (figures, 10)
    assert day.generated_fields == ["open", "high", "low", "close", "volume"]


def test_quiet_quotes_are_confirmed(apple):
    loop, _ = loop_of([("AAPL", "101", 5)])

    loop.step(AT, 1)
    loop.step(AT + timedelta(seconds=3), 1)

    quote = quotes_get(["AAPL"])["AAPL"]
    assert (quote.seq, quote.received_at) == (2, AT + timedelta(seconds=3))


def test_base_price_rolls_at_local_midnight(apple):
    loop, provider = loop_of([("AAPL", "101", 5)], [("AAPL", "102", 5)])
    midnight = datetime(2026, 11, 24, 5, 0, 1, tzinfo=UTC)

    loop.step(AT, 1)
    loop.step(midnight, 1)

    assert provider.sessions == [("NASDAQ", midnight.date(), [Decimal(101)])]
    apple.refresh_from_db()
    assert (apple.base_price, apple.base_date) == (Decimal(101), AT.date())
    quote = quotes_get(["AAPL"])["AAPL"]
    assert (quote.base_price, quote.change, quote.volume) == (*prices("101", "1"), 5)


def test_a_deaf_bus_does_not_stop_the_feed(apple):
    loop, _ = loop_of([("AAPL", "101", 5)], [("AAPL", "102", 5)])

    with override_services(websocket=DeafBus()):
        loop.step(AT, 1)
        loop.step(AT + timedelta(seconds=1), 1)

    assert quotes_get(["AAPL"])["AAPL"].price == 102


def test_a_lost_lease_ends_the_loop_and_stores_nothing(apple, settings):
    settings.MARKET_STEPS_PER_SECOND = 1000
    loop, _ = loop_of(at=now())

    loop.run(threading.Event(), renew=lambda: False)

    assert Bar.objects.filter(interval="1m").count() == 0


def run_feed():
    """Run the real feed in a thread until both symbols were told, then stop it."""
    ear, stop = Ear(), threading.Event()
    thread = threading.Thread(target=feed_run, args=(stop,))
    thread.start()
    channels = ear.wait_for_symbols(2)
    stop.set()
    thread.join(5)
    ear.close()
    return channels == {"market:AAPL", "market:005930"} and not thread.is_alive()


def stored_market():
    for symbol, price in (("AAPL", "100"), ("005930", "70000")):
        made = instrument_make(symbol)
        bar_make(made, session_date(made.exchange, now()) - timedelta(days=7), price)


def test_feed_runs_stops_and_goes_on_with_a_new_epoch():
    stored_market()

    assert run_feed()
    first = quotes_get(["AAPL", "005930"])
    services.cache.close()
    assert run_feed()
    second = quotes_get(["AAPL", "005930"])

    assert {quote.epoch for quote in first.values()} == {"1"}
    assert {quote.epoch for quote in second.values()} == {"2"}
    for symbol, quote in second.items():
        assert quote.base_price == first[symbol].base_price
        assert abs(quote.price / first[symbol].price - 1) < Decimal("0.01")
        assert quote.volume >= first[symbol].volume


def test_only_one_feed_leads():
    stored_market()
    stop = threading.Event()
    stop.set()
    lease = services.lock.acquire(LEASE_NAME, 30)
    assert lease is not None

    _lead_once(stop)
    while_held = services.lock.current_epoch(LEASE_NAME)
    lease.release()
    _lead_once(stop)

    assert while_held == lease.epoch
    assert services.lock.current_epoch(LEASE_NAME) == lease.epoch + 1


def test_the_feed_waits_for_instruments_and_survives_errors(caplog):
    class Broken:
        calls = 0

        def acquire(self, name, ttl_s):
            Broken.calls += 1
            if Broken.calls > 1:
                stop.set()
            raise ValueError("broken")

        def close(self):
            return

    stop = threading.Event()
    with override_services(lock=Broken()):
        thread = threading.Thread(target=feed_run, args=(stop,))
        thread.start()
        thread.join(10)

    assert Broken.calls == 2
    assert "The feed failed and starts again" in caplog.text
    assert Instrument.objects.count() == 0


def test_quotes_go_on_while_the_database_cannot_say_whether_instruments_have_changed(apple):
    asked = []

    def is_current():
        asked.append(True)
        raise OperationalError("gone")

    feed = feed_open(epoch=7, at=AT)
    assert feed is not None
    script = Script([("AAPL", "101", 1)], [("AAPL", "102", 1)])
    loop = FeedLoop(script, feed.book, is_current=is_current)

    loop.step(AT, 0.25)
    loop.step(AT + timedelta(minutes=1), 0.25)

    assert len(asked) == 2
    assert quotes_cached(["AAPL"])["AAPL"].price == Decimal(102)


def test_the_feed_opens_anew_once_an_instrument_was_renamed_and_ends_the_old_stream(apple):
    feed = feed_open(epoch=7, at=AT)
    assert feed is not None
    loop = FeedLoop(
        Script([("AAPL", "101", 1)]), feed.book, is_current=lambda: feed_is_current(feed)
    )
    loop.step(AT, 0.25)
    assert quotes_cached(["AAPL"])
    CorporateAction.objects.create(
        instrument=apple, kind="SYMBOL_CHANGE", ex_date=AT.date(), new_symbol="APL", source="CSV"
    )
    corporate_actions_apply()
    ear = Ear("market:AAPL")

    # The next minute begins: the loop ends by itself, without stop and with its lease.
    loop.step(AT + timedelta(minutes=1), 0.25)
    loop.run(threading.Event(), renew=lambda: True)
    again = feed_open(epoch=8, at=AT + timedelta(minutes=1))

    assert again is not None
    assert list(again.book.lines) == ["APL"]
    assert feed_is_current(again)
    assert quotes_cached(["AAPL"]) == {}
    told = [orjson.loads(payload) for _, payload in ear.wait_for(1)]
    ear.close()
    assert told[-1]["errorCode"] == "SYMBOL_CHANGED"
    assert Bar.objects.filter(instrument=apple, interval="1m").exists()
