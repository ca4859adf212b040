"""The indices of the sample market: computed from their members, in the past and live."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
import time_machine

from market import selectors
from market.bar_selectors import bars_get
from market.enums import AssetType, Source
from market.errors import InstrumentNotTradableError
from market.feed import FeedBook, Line
from market.models import Bar, Instrument
from market.panel_selectors import price_panel
from market.quote_selectors import quotes_get
from market.runners import FeedLoop
from market.sample.indices import (
    IndexValues,
    MemberBars,
    base_bars,
    minute_bars,
    sample_indices,
    session_bars,
)
from market.services import feed_open, sample_market_is_current, sample_market_load
from market.tests.factories import bar_make, instrument_make
from market.ticks import Tick
from quant.equal_weight import levels_chained, mean_relatives
from tradingplatform.money import decimal_text

database = pytest.mark.django_db(databases="__all__")

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
UNIT = 1_000_000


def members_of(opens, closes, volumes, masks=None, times=(1, 2, 3)):
    shape = np.shape(volumes)
    return MemberBars(
        ids=tuple(range(shape[1])),
        times=np.array(times[: shape[0]]),
        opens=np.array(opens) * UNIT,
        closes=np.array(closes) * UNIT,
        volumes=np.array(volumes),
        masks=np.zeros(shape, dtype=np.int64) if masks is None else np.array(masks),
    )


def test_sessions_by_hand():
    # Closes +10 % and -10 %, then +10 % and +30 %; opens +2 % and 0 %, then 0 % and -10 %.
    members = members_of(
        opens=[[100, 50], [102, 50], [110, 40.5]],
        closes=[[100, 50], [110, 45], [121, 58.5]],
        volumes=[[1, 2], [3, 4], [5, 6]],
        masks=[[1, 2], [1, 1], [8, 4]],
    )

    base, later = base_bars(members), session_bars(members, level=100_000)

    assert [column.tolist() for column in base.columns()] == [
        [1], *[[1000 * UNIT]] * 4, [3], [3]
    ]  # fmt: skip
    assert later.times.tolist() == [2, 3]
    assert (later.closes / UNIT).tolist() == [1000, 1200]
    assert (later.opens / UNIT).tolist() == [1010, 950]
    assert (later.highs / UNIT).tolist() == [1010, 1200]
    assert (later.lows / UNIT).tolist() == [1000, 950]
    assert (later.volumes.tolist(), later.masks.tolist()) == ([7, 11], [1, 12])


def test_minutes_by_hand():
    members = members_of(opens=[[100, 50]], closes=[[101, 51]], volumes=[[1, 2]])

    bars = minute_bars(members, np.array([100, 50]) * UNIT, level=123_456)

    # 1,234.56 * (1 + 3 % / 2)
    assert [int(column[0]) for column in bars.columns()[1:6]] == [
        1_234_560_000, 1_253_080_000, 1_234_560_000, 1_253_080_000, 3
    ]  # fmt: skip


def line_of(symbol, base, pk=1, asset_type="STOCK"):
    row = Instrument(symbol=symbol, exchange="KRX", asset_type=asset_type)
    return Line(
        instrument_id=pk,
        symbol=symbol,
        exchange="KRX",
        currency="KRW",
        source=Source.SAMPLE,
        base_price=Decimal(base),
        session=MONDAY.date(),
        last_price=Decimal(base),
        traded_at=MONDAY - timedelta(hours=6),
        product=row.product,
    )


@pytest.fixture
def live():
    lines = [line_of("A", "1000"), line_of("B", "500", 2), line_of("I", "1200", 3, "INDEX")]
    return FeedBook(lines, epoch="1"), IndexValues({"I": ["A", "B"]})


def told(book, values, at, **kwargs):
    quotes = [book.accept(tick, at) for tick in values.ticks(book.lines, at, **kwargs)]
    return [(quote.symbol, decimal_text(quote.price), quote.volume) for quote in quotes]


def trade(book, symbol, price, size, at):
    assert book.accept(Tick(symbol, Decimal(price), Decimal(price), Decimal(price), size, at), at)


def test_live_value_by_hand(live):
    book, values = live
    trade(book, "A", "1010", 30, MONDAY)
    trade(book, "B", "515", 12, MONDAY + timedelta(seconds=0.5))

    at = MONDAY + timedelta(seconds=0.5)
    [tick] = values.ticks(book.lines, at)
    quote = book.accept(tick, at)

    # 1,200 * (1 + (1 % + 3 %) / 2)
    assert (quote.price, quote.change, quote.change_rate) == (Decimal(1224), Decimal(24), 0.02)
    assert (quote.bid, quote.ask, quote.volume) == (None, None, 42)
    assert (quote.exchange_time, quote.source, quote.currency) == (at, "SAMPLE", "KRW")


def test_live_value_is_told_at_most_once_a_second_and_only_after_a_trade(live):
    book, values = live
    assert told(book, values, MONDAY) == []
    trade(book, "A", "1010", 1, MONDAY)
    assert told(book, values, MONDAY) == [("I", "1206", 1)]
    trade(book, "A", "1020", 2, MONDAY + timedelta(seconds=0.9))
    assert told(book, values, MONDAY + timedelta(seconds=0.9)) == []
    assert told(book, values, MONDAY + timedelta(seconds=1)) == [("I", "1212", 3)]
    assert told(book, values, MONDAY + timedelta(seconds=9)) == []


def test_a_refused_tick_of_a_member_moves_no_index(live):
    book, values = live

    assert book.accept(Tick("A", Decimal(9999), None, None, 5, MONDAY), MONDAY) is None

    assert told(book, values, MONDAY) == []


def test_index_may_move_as_far_as_its_members_together(live):
    book, values = live
    trade(book, "A", "1300", 1, MONDAY)
    trade(book, "B", "650", 1, MONDAY)

    assert told(book, values, MONDAY) == [("I", "1560", 2)]


def test_session_ends_at_the_members_last_prices_and_goes_on_from_there(live):
    book, values = live
    trade(book, "A", "1010", 1, MONDAY)
    told(book, values, MONDAY)
    late = MONDAY + timedelta(seconds=0.5)
    trade(book, "B", "510", 1, late)

    assert told(book, values, late, is_closing=True) == [("I", "1218", 2)]
    closes = book.session_roll("KRX", date(2026, 11, 24))
    assert closes == {1: Decimal(1010), 2: Decimal(510), 3: Decimal(1218)}
    morning = MONDAY + timedelta(hours=13)
    assert told(book, values, morning) == []
    trade(book, "A", "1020.1", 5, morning)

    # 1,218 * (1 + 1 % / 2)
    assert told(book, values, morning) == [("I", "1224.09", 5)]


def test_bars_of_an_index_are_cut_like_any_others(live):
    book, values = live
    for second, price in enumerate(("1010", "990", "1000")):
        trade(book, "A", price, 10, MONDAY + timedelta(seconds=second))
        told(book, values, MONDAY + timedelta(seconds=second))

    rows = [row for row in book.bars_take() if row[0] == 3]

    assert [(row[1], *row[3:8]) for row in rows] == [
        (interval, 1206 * UNIT, 1206 * UNIT, 1194 * UNIT, 1200 * UNIT, 30)
        for interval in ("1m", "1d")
    ]
    assert {row[8:] for row in rows} == {("SAMPLE", 31)}


def load(at=MONDAY, since=date(2026, 11, 12)):
    with time_machine.travel(at, tick=False):
        return sample_market_load(since=since)


def midnight_of(bars):
    return datetime.fromtimestamp(int(bars.times[-1]), UTC)


@database
def test_history_is_that_of_the_members():
    load()

    for index in sample_indices():
        own = Instrument.objects.get(symbol=index.symbol)
        assert (own.asset_type, own.source) == (AssetType.INDEX, Source.SAMPLE)
        panel = price_panel(symbols=index.members)
        bars = bars_get(symbol=index.symbol)
        expected = levels_chained(
            mean_relatives(panel.closes[1:], panel.closes[:-1]), start=100_000
        )
        assert bars.dates().tolist() == panel.dates.tolist()
        assert bars.closes().tolist() == [1000, *(expected / 100).tolist()]
        assert bars.sources == ("SAMPLE",)
        volumes = Bar.objects.filter(
            instrument__symbol__in=index.members, interval="1d", opened_at=midnight_of(bars)
        ).values_list("volume", flat=True)
        assert int(bars.volumes[-1]) == sum(volumes)


@database
def test_minutes_end_on_the_close_of_their_session():
    load()

    for symbol in ("KR30", "US20"):
        daily = bars_get(symbol=symbol, limit=3)
        minutes = bars_get(symbol=symbol, interval="1m", limit=3 * 390)
        assert len(minutes) == 3 * 390
        assert minutes.close_units[389::390].tolist() == daily.close_units.tolist()
        assert minutes.open_units[::390].tolist() == daily.open_units.tolist()
        by_session = minutes.high_units.reshape(3, 390), minutes.low_units.reshape(3, 390)
        assert daily.high_units.tolist() == by_session[0].max(axis=1).tolist()
        assert daily.low_units.tolist() == by_session[1].min(axis=1).tolist()


@database
def test_loading_in_steps_is_loading_at_once():
    load(at=datetime(2026, 11, 18, 12, tzinfo=UTC))
    load()
    in_steps = [bars_get(symbol=symbol) for symbol in ("KR30", "US20")]
    Bar.objects.all().delete()

    load()

    for symbol, before in zip(("KR30", "US20"), in_steps, strict=True):
        after = bars_get(symbol=symbol)
        assert after.times.tolist() == before.times.tolist()
        assert after.close_units.tolist() == before.close_units.tolist()
        # Of older sessions only those that were new once have minutes that tell their range.
        assert after.high_units[-3:].tolist() == before.high_units[-3:].tolist()


@database
def test_a_market_from_before_there_were_indices_gets_them():
    load()
    Bar.objects.filter(instrument__asset_type="INDEX").delete()
    Instrument.objects.filter(asset_type="INDEX").delete()
    with time_machine.travel(MONDAY, tick=False):
        assert not sample_market_is_current()

    added = load()

    assert added.instruments_new == 2
    assert added.bars_new == Bar.objects.filter(instrument__asset_type="INDEX").count()
    with time_machine.travel(MONDAY, tick=False):
        assert sample_market_is_current()


@database
def test_a_day_with_a_real_bar_of_a_member_is_left_out():
    load()
    Bar.objects.filter(instrument__asset_type="INDEX").delete()
    thursday = Bar.objects.filter(
        instrument__symbol="005930", interval="1d", opened_at=datetime(2026, 11, 19, tzinfo=UTC)
    )
    thursday.update(source=Source.CSV)

    load()

    assert date(2026, 11, 19) not in bars_get(symbol="KR30").dates().tolist()


@database
def test_feed_goes_on_where_the_index_stood():
    load(since=date(2026, 10, 1))
    with time_machine.travel(MONDAY, tick=False):
        feed = feed_open(epoch=1, at=MONDAY)
        loop = FeedLoop(feed.provider, feed.book, indices=feed.indices)
        for second in range(20):
            loop.step(MONDAY + timedelta(seconds=second), 1.0)
        loop._store(feed.book.bars_take())
        before = quotes_get(["KR30"])["KR30"]

        again = feed_open(epoch=2, at=MONDAY + timedelta(seconds=20))

    line = again.book.lines["KR30"]
    assert (line.last_price, line.base_price) == (before.price, before.base_price)
    assert line.day.volume == before.volume
    members = sample_indices()[0].members
    quotes = quotes_get(members)
    assert before.volume == sum(quote.volume for quote in quotes.values())
    mean = np.mean([float(quote.price / quote.base_price) for quote in quotes.values()])
    assert float(before.price) == pytest.approx(float(before.base_price) * mean, abs=0.006)


@database
def test_orders_in_an_index_are_refused():
    instrument_make("KR30", exchange="KRX", asset_type=AssetType.INDEX)

    with pytest.raises(InstrumentNotTradableError):
        selectors.instrument_for_order("KR30")


@database
def test_an_index_without_its_members_is_not_told():
    own = instrument_make("KR30", exchange="KRX", currency="KRW", asset_type=AssetType.INDEX)
    bar_make(own, date(2026, 11, 20), "1000")

    assert feed_open(epoch=1, at=MONDAY) is None
