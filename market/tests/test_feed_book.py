from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from market.enums import ALL_GENERATED
from market.feed import FeedBook, Line
from market.metrics import FEED_REFUSED
from market.ticks import Tick

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

AT = datetime(2026, 11, 23, 15, 30, 10, tzinfo=UTC)


def line(symbol="AAPL", exchange="NASDAQ", pk=1, base="100"):
    return Line(
        instrument_id=pk,
        symbol=symbol,
        exchange=exchange,
        currency="USD" if exchange != "KRX" else "KRW",
        source="SAMPLE",
        base_price=Decimal(base),
        session=date(2026, 11, 23),
        last_price=Decimal(base),
        traded_at=AT,
    )


def tick(price, *, symbol="AAPL", size=10, after_s=0):
    told = Decimal(price)
    at = AT + timedelta(seconds=after_s)
    return Tick(symbol, told, told, told + Decimal("0.01"), size, at)


def book(*lines):
    return FeedBook(lines or [line()], epoch="7")


def told(feed, price, *, size=10, after_s=0):
    return feed.accept(tick(price, size=size, after_s=after_s), AT + timedelta(seconds=after_s))


def test_quote_carries_change_volume_epoch_and_rising_seq():
    feed = book()

    first, second = told(feed, "101"), told(feed, "102", after_s=1)

    assert (first.epoch, first.seq, second.seq) == ("7", 1, 2)
    assert second.change == Decimal(2)
    assert second.change_rate == 0.02
    assert second.volume == 20
    assert second.base_price == Decimal(100)
    assert second.exchange_time == AT + timedelta(seconds=1)


def test_new_bid_and_ask_without_a_trade_leave_price_volume_and_trade_time():
    feed = book()
    told(feed, "101")

    quote = feed.accept(Tick("AAPL", Decimal(101), Decimal("100.98"), Decimal("100.99"), 0, AT), AT)

    assert (quote.price, quote.volume) == (Decimal(101), 10)
    assert (quote.bid, quote.ask) == (Decimal("100.98"), Decimal("100.99"))


@pytest.mark.parametrize(
    ("price", "fault"), [("0", "not_positive"), ("NaN", "not_a_number"), ("500", "out_of_band")]
)
def test_bad_ticks_change_nothing_and_are_counted(price, fault):
    feed = book()
    told(feed, "101")
    before = FEED_REFUSED.labels(fault)._value.get()

    assert told(feed, price) is None

    assert FEED_REFUSED.labels(fault)._value.get() == before + 1
    assert feed.lines["AAPL"].last_price == Decimal(101)
    assert feed.lines["AAPL"].seq == 1


def test_unknown_symbols_are_refused():
    assert book().accept(tick("1", symbol="NOPE"), AT) is None


def test_minute_bars_are_cut_at_the_minute():
    feed = book()
    for price, after_s in (("100", 0), ("103", 10), ("99", 20), ("101", 49), ("105", 50)):
        told(feed, price, after_s=after_s)

    rows = feed.bars_take()
    minutes = [row for row in rows if row[1] == "1m"]

    opened_at = int(datetime(2026, 11, 23, 15, 30, tzinfo=UTC).timestamp())
    prices = (100_000_000, 103_000_000, 99_000_000, 101_000_000)
    assert minutes[0] == (1, "1m", opened_at, *prices, 40, "SAMPLE", ALL_GENERATED)
    assert [row[2] for row in minutes] == [opened_at, opened_at + 60]


def test_growing_bars_are_handed_out_as_they_stand_and_unchanged_ones_not_again():
    feed = book()
    told(feed, "100")

    growing = feed.bars_take()
    told(feed, "103", after_s=49)
    ended = feed.bars_take()
    after = feed.bars_take()

    closes = [[row[6] for row in rows if row[1] == "1m"] for rows in (growing, ended, after)]
    assert closes == [[100_000_000], [103_000_000], []]
    assert after == []


def late(feed, price, *, traded_s, now_s, size=5):
    return feed.accept(tick(price, size=size, after_s=traded_s), AT + timedelta(seconds=now_s))


def test_a_late_trade_mends_its_minute_and_the_day_but_not_the_price():
    feed = book()
    told(feed, "100")
    told(feed, "104", after_s=90)
    feed.bars_take()

    quote = late(feed, "106", traded_s=20, now_s=91)

    assert (quote.price, quote.volume) == (Decimal(104), 25)
    assert quote.exchange_time == AT + timedelta(seconds=90)
    assert (quote.bid, quote.ask) == (Decimal(104), Decimal("104.01"))
    minute, day = feed.bars_take()
    # High and volume grow; it came after the first trade of its minute and closes it.
    assert minute[3:8] == (100_000_000, 106_000_000, 100_000_000, 106_000_000, 15)
    assert day[3:8] == (100_000_000, 106_000_000, 100_000_000, 104_000_000, 25)


@pytest.mark.parametrize(
    ("traded_s", "now_s", "size"),
    [
        (0, 400, 5),  # too late for any bar
        (-60 * 60 * 12, 100, 5),  # of the session before
        (0, 400, 0),  # an old quote without a trade tells nothing
    ],
)
def test_what_comes_too_late_is_refused_and_counted(traded_s, now_s, size):
    feed = book()
    told(feed, "104", after_s=90)
    feed.bars_take()
    before = FEED_REFUSED.labels("late")._value.get()

    assert late(feed, "103", traded_s=traded_s, now_s=now_s, size=size) is None

    assert FEED_REFUSED.labels("late")._value.get() == before + 1
    assert feed.bars_take() == []


def test_day_bar_is_that_of_the_session():
    feed = book()
    told(feed, "100")
    told(feed, "104", after_s=60)

    day = next(row for row in feed.bars_take() if row[1] == "1d")

    assert day[2] == int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())
    assert day[3:8] == (100_000_000, 104_000_000, 100_000_000, 104_000_000, 20)


def test_unstored_bars_go_with_the_next_batch():
    feed = book()
    told(feed, "100")
    rows = feed.bars_take()

    feed.bars_return(rows, most=10)

    assert feed.bars_take()[: len(rows)] == rows


def test_sessions_roll_at_local_midnight_with_the_last_price_as_base():
    feed = book(line(), line("005930", "KRX", 2, "70000"))
    told(feed, "103")
    midnight = datetime(2026, 11, 24, 5, tzinfo=UTC)

    assert feed.sessions_due(midnight - timedelta(seconds=1)) == {"KRX": date(2026, 11, 24)}
    assert feed.sessions_due(midnight)["NASDAQ"] == date(2026, 11, 24)

    closes = feed.session_roll("NASDAQ", date(2026, 11, 24))

    assert closes == {1: Decimal(103)}
    quote = feed.accept(
        Tick("AAPL", Decimal(103), Decimal(103), Decimal("103.01"), 0, midnight), midnight
    )
    assert (quote.base_price, quote.change, quote.volume) == (Decimal(103), Decimal(0), 0)
    assert feed.lines["005930"].session == date(2026, 11, 23)
    assert {row[1] for row in feed.bars_take()} == {"1m", "1d"}


def test_quiet_symbols_are_confirmed_with_a_new_seq_and_a_young_age():
    feed = book()
    told(feed, "101")
    later = AT + timedelta(seconds=3)

    assert feed.quiet_symbols(AT) == []
    assert feed.quiet_symbols(later) == ["AAPL"]

    quote = feed.confirm("AAPL", later)

    assert (quote.seq, quote.age_ms(later)) == (2, 0)
    assert quote.exchange_time == AT
