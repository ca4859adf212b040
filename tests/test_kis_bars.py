"""Bars of KIS, through the provider and into the store, against an emulator that misbehaves.

The truth is the emulator's market: whatever its lists show, a stored bar equals it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from market import hours
from market.enums import Adjustment, GapState, Source, StoredInterval
from market.models import Bar, BarGap, Instrument
from market.providers.base import Asset, BarsWanted
from market.providers.kis.provider import KisProvider
from market.services import gaps_fill, gaps_find
from market.tests.factories import bar_make, instrument_make
from market.types import PRICE_UNIT
from tests.emulators.kis.emulator import KisEmulator, running_kis_emulator
from tests.emulators.kis.pointing import point
from tradingplatform.clock import now
from tradingplatform.services import override_services, services
from tradingplatform.services.external.live import LiveExternal

pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.flow,
]

BACKFILL_DAYS = 400
SHARES = 5
"""What one share of each instrument became in the middle of its history."""

Figures = tuple[Decimal, Decimal, Decimal, Decimal, int]


@dataclass(frozen=True)
class Market:
    """One of both markets in the middle of a session, and the days of which KIS keeps minutes."""

    symbol: str
    exchange: str
    at: datetime
    split: date
    minutes_of: tuple[date, ...]

    @property
    def asset(self) -> Asset:
        currency = "KRW" if self.exchange == "KRX" else "USD"
        return Asset(self.symbol, self.exchange, currency)

    @property
    def today(self) -> date:
        return self.at.astimezone(hours.timezone_of(self.exchange)).date()


KOREA = Market(
    symbol="005930",
    exchange="KRX",
    at=datetime(2026, 11, 25, 1, 30, 30, tzinfo=UTC),
    split=date(2026, 3, 3),
    minutes_of=(date(2026, 11, 24), date(2026, 11, 23)),
)
# KIS keeps US minutes of the session before, not of the one before that.
AMERICA = Market(
    symbol="AAPL",
    exchange="NASDAQ",
    at=datetime(2026, 11, 25, 15, 30, 30, tzinfo=UTC),
    split=date(2026, 3, 3),
    minutes_of=(date(2026, 11, 24),),
)
MARKETS = pytest.mark.parametrize("market", [KOREA, AMERICA], ids=["KR", "US"])


@dataclass
class World:
    """The emulator, the platform beside it, and the clock of both."""

    emulator: KisEmulator
    market: Market
    clock: Any

    def daily(self, first: date, last: date) -> dict[datetime, Figures]:
        bars = self.emulator.market.bars(self.market.symbol)
        return {
            datetime(bar.day.year, bar.day.month, bar.day.day, tzinfo=UTC): (
                bar.open, bar.high, bar.low, bar.close, bar.volume,
            )
            for bar in bars
            if first <= bar.day <= last
        }  # fmt: skip

    def minutes(self, *days: date) -> dict[datetime, Figures]:
        symbol, market = self.market.symbol, self.emulator.market
        return {
            bar.at.astimezone(UTC): (bar.open, bar.high, bar.low, bar.close, bar.volume)
            for day in days
            for bar in market.minutes(symbol, day)
        }

    def told(self, wanted: BarsWanted) -> dict[datetime, Figures]:
        """Return what the provider says."""
        answer = KisProvider(services.external.kis()).bars(self.market.asset, wanted)
        assert answer.source == "KIS"
        table = zip(*(column.tolist() for column in answer.bars.columns()), strict=True)
        return {
            datetime.fromtimestamp(at, UTC): (*(Decimal(one) / PRICE_UNIT for one in prices), size)
            for at, *prices, size, _ in table
        }


@pytest.fixture
def world(market: Market, settings: Any) -> Iterator[World]:
    settings.MARKET_PROVIDERS = ["KIS", "SAMPLE"]
    settings.MARKET_BACKFILL_DAYS = BACKFILL_DAYS
    with (
        time_machine.travel(market.at, tick=True) as clock,
        running_kis_emulator() as emulator,
        override_services(external=LiveExternal()),
    ):
        point(settings, emulator)
        emulator.market.split(market.symbol, market.split, SHARES)
        # The session runs: its bars are not over.
        base = emulator.line(market.symbol).base
        emulator.trades(market.symbol, [(base + 100, 7), (base + 300, 5)])
        yield World(emulator, market, clock)
        services.external.close()


@pytest.fixture
def followed(market: Market) -> Instrument:
    """Somebody looked at it: the feed stored the bar of today."""
    row = instrument_make(market.symbol, source=Source.KIS)
    bar_make(row, market.today, "70000", source=Source.KIS, generated_mask=0, volume=3)
    return row


def stored(row: Instrument, interval: str) -> dict[datetime, Figures]:
    bars = Bar.objects.filter(instrument=row, interval=interval)
    return {bar.opened_at: (bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in bars}


def is_closed() -> bool:
    return not BarGap.objects.filter(state=GapState.OPEN).exists()


def check_store(world: World, row: Instrument) -> None:
    """Whatever is stored equals the truth, but for today's bar, which stays as it was."""
    market = world.market
    days = stored(row, StoredInterval.DAY)
    assert days.pop(datetime(*market.today.timetuple()[:3], tzinfo=UTC))[3:] == (70_000, 3)
    assert days.items() <= world.daily(date.min, market.today - timedelta(days=1)).items()
    minutes = stored(row, StoredInterval.MINUTE)
    assert minutes.items() <= world.minutes(*market.minutes_of).items()


@MARKETS
def test_gaps_are_filled_with_what_happened(world: World, followed: Instrument) -> None:
    market = world.market

    gaps_find()
    gaps_fill()

    check_store(world, followed)
    (of_days,) = BarGap.objects.filter(interval=StoredInterval.DAY)
    first, yesterday = of_days.starts_at.date(), market.today - timedelta(days=1)
    expected = world.daily(first, yesterday)
    assert len(expected) > 200  # more than two pages
    today = datetime(*market.today.timetuple()[:3], tzinfo=UTC)
    assert stored(followed, StoredInterval.DAY).keys() == expected.keys() | {today}
    assert stored(followed, StoredInterval.MINUTE) == world.minutes(*market.minutes_of)
    minutes = BarGap.objects.filter(interval=StoredInterval.MINUTE).order_by("-starts_at")
    assert [gap.state for gap in minutes] == [
        GapState.FILLED if n < len(market.minutes_of) else GapState.EMPTY for n in range(2)
    ]
    marks = Bar.objects.values_list("source", "generated_mask").distinct()
    assert list(marks) == [(Source.KIS, 0)]
    assert gaps_find() == 0


@MARKETS
def test_adjusted_bars_have_the_split_worked_in(world: World) -> None:
    market = world.market
    span = market.split - timedelta(days=10), market.split + timedelta(days=10)

    raw = world.told(BarsWanted("1d", *span))
    split = world.told(BarsWanted("1d", *span, Adjustment.SPLIT))

    assert raw == world.daily(*span)
    before = [at for at in raw if at.date() < market.split]
    assert 0 < len(before) < len(raw)
    for at, (*_, volume) in raw.items():
        assert split[at][4] == (volume * SHARES if at in before else volume)
        assert (split[at][3] < raw[at][3] / 2) == (at in before)


FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("duplicate_rows", {}),
    ("shuffled_rows", {}),
    ("stale_lists", {"seconds": 240}),
    ("error", {"times": 1, "status": 500}),
    ("error", {"times": 4, "status": 500}),
    ("error", {"times": 2, "status": 500, "code": "EGW00201"}),
    ("error", {"times": 4, "status": 200, "code": "EGW00201"}),
    ("garbage", {"times": 4}),
    ("cut", {"times": 1}),
    ("cut", {"times": 4}),
    ("slow", {"times": 3, "seconds": 0.4}),
    ("hang", {"times": 1, "path": "itemchartprice"}),
    ("lost_answer_error", {"times": 4, "status": 500}),
]


@MARKETS
def test_no_misbehaviour_leaves_a_wrong_bar(
    world: World, followed: Instrument, settings: Any
) -> None:
    settings.MARKET_BACKFILL_DAYS = 170
    market, today = world.market, Bar.objects.get()
    for kind, options in FAULTS:
        Bar.objects.exclude(pk=today.pk).delete()
        BarGap.objects.all().delete()
        fault = world.emulator.misbehave(kind, **options)

        gaps_find()
        for _ in range(8):
            gaps_fill()
            check_store(world, followed)
            if is_closed():
                break
            world.clock.shift(timedelta(minutes=5))
        world.emulator.behave()

        assert is_closed(), (kind, options)
        assert fault.times in {None, 0}
        assert world.emulator.truth.find("fault", misbehaviour=kind)
        (of_days,) = BarGap.objects.filter(interval=StoredInterval.DAY)
        expected = world.daily(of_days.starts_at.date(), market.today - timedelta(days=1))
        assert len(stored(followed, StoredInterval.DAY)) == len(expected) + 1, (kind, options)
        assert stored(followed, StoredInterval.MINUTE) == world.minutes(*market.minutes_of)


@pytest.mark.parametrize("market", [KOREA], ids=["KR"])
@pytest.mark.parametrize("stale_s", [0, 40])
def test_a_session_that_has_just_ended_is_taken_when_it_is_settled(
    world: World, followed: Instrument, stale_s: int
) -> None:
    emulator, market = world.emulator, world.market
    last = datetime(2026, 11, 25, 6, 29, 5, tzinfo=UTC)  # 15:29:05 in Seoul
    for number in range(70):
        # Two trades a minute: 30 rows make a page, a minute that lags makes a wrong bar.
        world.clock.move_to(last - timedelta(seconds=30 * (69 - number)))
        emulator.trade(market.symbol, 70_000 + 100 * (number % 7), number + 1)
    world.clock.move_to(last + timedelta(seconds=40))
    emulator.trade(market.symbol, 71_000, 11)
    if stale_s:
        emulator.misbehave("stale_lists", seconds=stale_s)
    truth = world.minutes(market.today)

    world.clock.move_to(datetime(2026, 11, 25, 6, 30, 2, tzinfo=UTC))
    told = world.told(BarsWanted("1m", market.today, market.today))
    gaps_find()
    early = BarGap.objects.filter(interval=StoredInterval.MINUTE)
    assert {gap.starts_at.day for gap in early} == {24, 23}
    assert told.items() < truth.items()
    assert max(told) < max(truth)

    world.clock.move_to(datetime(2026, 11, 25, 6, 35, 1, tzinfo=UTC))
    gaps_find()
    gaps_fill()
    opened_at = now().replace(hour=0, minute=0, second=0, microsecond=0)
    of_today = {
        at: bar for at, bar in stored(followed, StoredInterval.MINUTE).items() if at >= opened_at
    }
    since = min(gap.starts_at for gap in BarGap.objects.filter(starts_at__gte=opened_at))
    assert of_today == {at: bar for at, bar in truth.items() if at >= since}
    assert max(of_today) == max(truth)
