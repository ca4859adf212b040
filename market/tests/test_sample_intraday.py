from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest

from market import rules
from market.rollup import BarArrays
from market.sample.intraday import minute_bars
from market.types import PRICE_UNIT

DAY = date(2026, 11, 20)


def daily(open_, high, low, close, volume=1_000_000):
    figures = [int(Decimal(text) * PRICE_UNIT) for text in (open_, high, low, close)]
    return BarArrays(*(np.array([figure]) for figure in (0, *figures, volume, 31)))


@pytest.mark.parametrize(
    ("exchange", "figures"),
    [
        ("KRX", ("70000", "71500", "69200", "71100")),
        ("KRX", ("199500", "203000", "199400", "199800")),
        ("NYSE", ("125.10", "126.33", "124.02", "124.50")),
        ("NASDAQ", ("0.9", "1.05", "0.85", "1.02")),
        ("NYSE", ("100", "100", "100", "100")),
    ],
)
def test_minutes_add_up_to_the_day(exchange, figures):
    day = daily(*figures)

    minutes = minute_bars("X", exchange, DAY, day, 1)

    assert len(minutes) == 390
    assert minutes.opens[0] == day.opens[0]
    assert minutes.closes[-1] == day.closes[0]
    assert minutes.highs.max() == day.highs[0]
    assert minutes.lows.min() == day.lows[0]
    assert minutes.volumes.sum() == 1_000_000
    assert minutes.volumes.min() >= 0
    assert (minutes.opens[1:] == minutes.closes[:-1]).all()
    closes = [Decimal(int(units)) / PRICE_UNIT for units in minutes.closes]
    assert all(close % rules.tick_size(exchange, close) == 0 for close in closes)


def test_minutes_are_those_of_the_regular_session():
    minutes = minute_bars("X", "KRX", DAY, daily("70000", "71500", "69200", "71100"), 1)

    assert minutes.times[0] == int(datetime(2026, 11, 20, 0, 0, tzinfo=UTC).timestamp())
    assert minutes.times[-1] == int(datetime(2026, 11, 20, 6, 29, tzinfo=UTC).timestamp())


def test_same_seed_same_minutes():
    day = daily("70000", "71500", "69200", "71100")

    one, again = (minute_bars("X", "KRX", DAY, day, 1) for _ in range(2))
    other = minute_bars("Y", "KRX", DAY, day, 1)

    assert (one.closes == again.closes).all()
    assert (one.closes != other.closes).any()
