"""A source that tells the whole day with each trade is believed, and heard only once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from market.feed import FeedBook, Line
from market.ticks import DayFigures, Tick

AT = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


@pytest.fixture
def book() -> FeedBook:
    line = Line(
        instrument_id=1,
        symbol="005930",
        exchange="KRX",
        currency="KRW",
        source="KIS",
        base_price=Decimal(70000),
        session=date(2026, 11, 24),
        last_price=Decimal(70000),
        traded_at=AT - timedelta(hours=1),
    )
    return FeedBook([line], epoch="1")


def trade(price: int, size: int, volume: int, *, at: datetime = AT) -> Tick:
    day = DayFigures(volume, Decimal(70000), Decimal(max(price, 70000)), Decimal(min(price, 70000)))
    best = Decimal(price)
    return Tick("005930", best, best, best + 100, size, at, day)


def snapshot(price: int, volume: int, *, at: datetime = AT, base: int | None = None) -> Tick:
    opened, high, low = (Decimal(one) for one in (70000, max(price, 70000), min(price, 70000)))
    day = DayFigures(volume, opened, high, low, None if base is None else Decimal(base))
    return Tick("005930", Decimal(price), None, None, 0, at, day)


def figures(quote):
    return None if quote is None else (quote.price, quote.volume)


def test_a_trade_that_was_missed_is_in_the_volume_of_the_next(book) -> None:
    assert figures(book.accept(trade(70100, 5, 5), AT)) == (70100, 5)
    assert figures(book.accept(trade(70300, 2, 17), AT)) == (70300, 17)

    minute, day = book.bars_take()
    assert (minute[1], minute[7], day[1], day[7]) == ("1m", 7, "1d", 17)
    assert (day[8], day[9]) == ("KIS", 0)


def test_a_trade_told_twice_counts_once(book) -> None:
    book.accept(trade(70100, 5, 5), AT)

    assert book.accept(trade(70100, 5, 5), AT) is None
    assert book.bars_take()[0][7] == 5


def test_a_trade_that_comes_late_mends_the_bars_and_moves_no_price(book) -> None:
    book.accept(trade(70300, 2, 7), AT)
    quote = book.accept(trade(70100, 5, 5), AT)

    assert figures(quote) == (70300, 7)
    assert (quote.bid, quote.ask) == (70300, 70400)
    assert book.accept(trade(70100, 5, 5), AT) is None
    assert [row[7] for row in book.bars_take()] == [7, 7]


def test_a_bad_trade_does_not_make_the_good_one_a_repetition(book) -> None:
    assert book.accept(trade(0, 5, 5), AT) is None
    assert book.accept(trade(210000, 5, 5), AT) is None

    assert figures(book.accept(trade(70100, 5, 5), AT)) == (70100, 5)


def test_a_snapshot_corrects_price_and_volume_but_no_minute(book) -> None:
    book.accept(trade(70100, 5, 5), AT)
    quote = book.accept(snapshot(70500, 9), AT)

    assert (figures(quote), quote.bid, quote.exchange_time) == ((70500, 9), None, AT)
    rows = {row[1]: (row[5], row[6], row[7]) for row in book.bars_take()}
    assert rows == {
        "1m": (70_100_000_000, 70_100_000_000, 5),
        "1d": (70_000_000_000, 70_500_000_000, 9),
    }


def test_a_snapshot_that_is_behind_is_refused(book) -> None:
    book.accept(trade(70300, 2, 7), AT)

    assert book.accept(snapshot(70100, 5), AT) is None
    assert book.lines["005930"].last_price == 70300


def test_a_snapshot_without_news_confirms_and_keeps_the_book(book) -> None:
    told = book.accept(trade(70300, 2, 7), AT)
    later = AT + timedelta(seconds=3)
    quote = book.accept(snapshot(70300, 7, at=later), later)

    assert (quote.exchange_time, quote.received_at) == (told.exchange_time, later)
    assert (quote.bid, quote.ask) == (70300, 70400)


def test_a_snapshot_brings_the_base_price_of_the_exchange(book) -> None:
    quote = book.accept(snapshot(35000, 1, base=35100), AT)

    assert (quote.base_price, quote.change) == (35100, -100)
    assert book.accept(trade(70000, 1, 2), AT) is None


def test_figures_of_the_session_before_are_not_those_of_today(book) -> None:
    yesterday = AT - timedelta(days=1)
    book.lines["005930"].traded_at = yesterday
    quote = book.accept(snapshot(70100, 999, at=yesterday, base=1), AT)

    assert figures(quote) == (70100, 0)
    assert quote.base_price == 70000
    assert [row for row in book.bars_take() if row[1] == "1d"] == []


def test_volumes_begin_anew_with_the_session(book) -> None:
    book.accept(trade(70300, 2, 700), AT)
    book.session_roll("KRX", date(2026, 11, 25))
    tomorrow = AT + timedelta(days=1)

    assert figures(book.accept(trade(70400, 3, 3, at=tomorrow), tomorrow)) == (70400, 3)
