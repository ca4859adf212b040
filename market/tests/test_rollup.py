import numpy as np
import pytest

from market.rollup import BarArrays, bucket_end, bucket_starts, rolled_up

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded


def seconds(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[s]").astype(np.int64)


def bars(*texts: str) -> BarArrays:
    n = len(texts)
    closes = np.arange(1, n + 1) * 10
    return BarArrays(
        times=seconds(*texts),
        opens=closes - 1,
        highs=closes + 5,
        lows=closes - 5,
        closes=closes,
        volumes=np.full(n, 100),
        masks=np.arange(n),
    )


def test_minutes_become_five_minutes():
    stored = bars(*(f"2026-11-23T09:{minute:02d}:00" for minute in (3, 4, 5, 9, 10)))

    rolled = rolled_up(stored, "5m")

    assert (
        rolled.times.tolist()
        == seconds("2026-11-23T09:00", "2026-11-23T09:05", "2026-11-23T09:10").tolist()
    )
    assert rolled.opens.tolist() == [9, 29, 49]
    assert rolled.highs.tolist() == [25, 45, 55]
    assert rolled.lows.tolist() == [5, 25, 45]
    assert rolled.closes.tolist() == [20, 40, 50]
    assert rolled.volumes.tolist() == [200, 200, 100]
    assert rolled.masks.tolist() == [1, 3, 4]


def test_weeks_begin_on_monday():
    starts = bucket_starts(seconds("2026-11-20", "2026-11-22", "2026-11-23"), "1w")

    assert starts.tolist() == seconds("2026-11-16", "2026-11-16", "2026-11-23").tolist()


def test_months_begin_on_the_first():
    starts = bucket_starts(seconds("2024-02-29", "2024-03-01"), "1mo")

    assert starts.tolist() == seconds("2024-02-01", "2024-03-01").tolist()


@pytest.mark.parametrize(
    ("interval", "end"),
    [
        ("1m", "2024-02-15T10:31"),
        ("15m", "2024-02-15T10:45"),
        ("1h", "2024-02-15T11:00"),
        ("1d", "2024-02-16"),
        ("1w", "2024-02-19"),
        ("1mo", "2024-03-01"),
    ],
)
def test_bucket_end(interval, end):
    at = int(seconds("2024-02-15T10:30")[0])

    assert bucket_end(at, interval) == int(seconds(end)[0])


def test_nothing_rolls_up_to_nothing():
    assert len(rolled_up(bars(), "1w")) == 0
