from datetime import date
from decimal import Decimal

import orjson
import pytest

from market.books import books_tell
from market.errors import SymbolUnknownError
from market.quotes import quotes_tell
from market.streams import BookStreams, MarketStreams
from market.tests.factories import Ear, bars_make, instrument_make, quote_make, quote_put
from market.types import BookLevel, OrderBook
from tradingplatform.api.policy import socket_enforce
from tradingplatform.clock import now
from tradingplatform.errors import AuthenticationError, NotFoundError
from tradingplatform.realtime.sources import conflates

pytestmark = pytest.mark.django_db(databases="__all__")

streams = MarketStreams()


def test_snapshot_is_the_newest_quote_as_a_frame():
    told = quote_put(instrument_make("AAPL"), "251.07", epoch="4", seq=17)

    [frame] = streams.snapshot(None, "market:AAPL")

    assert (frame["type"], frame["stream"]) == ("market", "market:AAPL")
    assert (frame["epoch"], frame["seq"]) == ("4", 17)
    assert frame["data"]["price"] == "251.07"
    assert frame["data"]["received_at"] == told.received_at.isoformat()
    assert set(frame) == {"type", "stream", "epoch", "seq", "ts", "data"}


def test_resume_is_always_a_snapshot():
    quote_put(instrument_make("AAPL"), "251.07", epoch="4", seq=17)

    assert streams.since(None, "market:AAPL", "3", 999)[0]["seq"] == 17


def test_before_the_feed_speaks_the_snapshot_is_the_last_close():
    bars_make(instrument_make("AAPL"), date(2026, 11, 20), ["100"])

    [frame] = streams.snapshot(None, "market:AAPL")

    assert (frame["epoch"], frame["seq"]) == ("0", 0)
    assert (frame["data"]["price"], frame["data"]["bid"]) == ("100", None)


def test_a_symbol_without_any_price_has_nothing_to_show():
    instrument_make("AAPL")

    assert streams.snapshot(None, "market:AAPL") == []


def test_unknown_symbols_are_refused():
    with pytest.raises(SymbolUnknownError):
        streams.authorise(None, "market:NOPE")


@pytest.mark.parametrize("stream", ["market:", "market", "chat:1", ""])
def test_malformed_stream_names_are_refused(stream):
    with pytest.raises(NotFoundError):
        streams.authorise(None, stream)


def test_anonymous_sockets_only_where_the_operator_allows_it(settings):
    socket_enforce(None, stream="market:AAPL")

    settings.MARKET_ANONYMOUS = False

    with pytest.raises(AuthenticationError):
        socket_enforce(None, stream="market:AAPL")


def test_told_quotes_arrive_on_the_channel_of_the_stream_encoded_once():
    apple = instrument_make("AAPL")
    ear = Ear()
    quote = quote_make(apple, "251.07", seq=5)

    quotes_tell([quote], now())
    [(channel, payload)] = ear.wait_for(1)
    ear.close()

    assert channel == streams.channel(None, "market:AAPL")
    frame = orjson.loads(payload)
    assert (frame["seq"], frame["data"]["price"]) == (5, "251.07")
    assert streams.snapshot(None, "market:AAPL")[0]["data"]["seq"] == 5


def test_order_books_are_streams_of_their_own():
    book = OrderBook("AAPL", (BookLevel(Decimal("251.08"), 7),), (), "SAMPLE", now())
    instrument_make("AAPL")
    books = BookStreams()
    books.authorise(None, "book:AAPL")
    assert books.snapshot(None, "book:AAPL") == []

    books_tell([(book, 3)], epoch="4", now=now())

    [frame] = books.snapshot(None, "book:AAPL")
    assert (frame["type"], frame["stream"], frame["epoch"], frame["seq"]) == (
        "book",
        "book:AAPL",
        "4",
        3,
    )
    assert frame["data"]["asks"] == [["251.08", 7]]
    assert books.channel(None, "book:AAPL") != streams.channel(None, "market:AAPL")
    assert conflates(books)


def test_order_books_of_unknown_symbols_are_refused():
    with pytest.raises(SymbolUnknownError):
        BookStreams().authorise(None, "book:NOPE")
    with pytest.raises(NotFoundError):
        BookStreams().authorise(None, "market:AAPL")


def test_quotes_conflate():
    assert conflates(streams)
    assert streams.frames == {}


def test_joining_a_live_stream_asks_no_database(django_assert_num_queries):
    quote_put(instrument_make("AAPL"))

    with django_assert_num_queries(0):
        streams.authorise(None, "market:AAPL")
        streams.snapshot(None, "market:AAPL")


def test_joining_many_streams_asks_the_database_the_same_few_questions(
    django_assert_max_num_queries,
):
    symbols = [f"US{number:02}" for number in range(30)]
    for symbol in symbols[:20]:
        bars_make(instrument_make(symbol), date(2026, 11, 19), ["99", "100"])
    for symbol in symbols[20:28]:
        instrument_make(symbol)
    names = [f"market:{symbol}" for symbol in symbols]

    with django_assert_max_num_queries(5):
        refused = streams.refusals(None, [*names, "chat:1"])
        shown = streams.snapshots(None, names)

    assert set(refused) == {"market:US28", "market:US29", "chat:1"}
    assert refused["market:US28"].details == {"symbols": ["US28"]}
    assert list(shown) == names[:20]
    assert [frame["data"]["price"] for [frame] in shown.values()] == ["100"] * 20
