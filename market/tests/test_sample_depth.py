from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from market import rules
from market.sample.depth import LEVELS, VOLUME_SHARE, SampleDepth, ladder
from market.sample.grid import price_grid
from market.sample.process import Walker
from market.sample.provider import SampleProvider
from market.types import PRICE_UNIT

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

DAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 3, tzinfo=UTC)


def units(*texts):
    return np.array([int(Decimal(text) * PRICE_UNIT) for text in texts], dtype=np.int64)


def provider(*, price=70_000, exchange="KRX", seed=1):
    value = price * PRICE_UNIT
    walkers = [Walker(f"S{n}", exchange, value, value, 0.02, 5e6) for n in range(2)]
    return SampleProvider(walkers, np.eye(2), seed=[seed], speed=1, on=DAY)


def books_of(market, seconds):
    """Step four times a second and collect what is told."""
    told = []
    for step in range(seconds * 4):
        at = AT + timedelta(seconds=step / 4)
        list(market.ticks(at, 0.25))
        told += market.books(at)
    return told


def test_levels_follow_the_tick_table_across_its_bounds():
    grid = price_grid("KRX", DAY)

    [(asks, bids)] = ladder(grid, units("4995"), units("5000")).tolist()

    # Below 5,000 prices move by 5, from there on by 10.
    assert [ask // PRICE_UNIT for ask in asks[:3]] == [5000, 5010, 5020]
    assert [bid // PRICE_UNIT for bid in bids[:3]] == [4995, 4990, 4985]


def test_books_surround_the_quote_in_order():
    for book in books_of(provider(), 5):
        asks, bids = ([level.price for level in side] for side in (book.asks, book.bids))
        assert asks == sorted(asks)
        assert bids == sorted(bids, reverse=True)
        assert asks[0] - bids[0] == rules.tick_size("KRX", bids[0], DAY)
        assert len(asks) == len(bids) == LEVELS
        assert all(level.size >= 1 for level in (*book.asks, *book.bids))
        assert book.source == "SAMPLE"


def test_a_symbol_has_at_most_one_book_a_second():
    told = books_of(provider(), 8)

    times = [book.as_of for book in told if book.symbol == "S0"]
    assert len(times) >= 5
    assert min(np.diff(times)) >= timedelta(seconds=1)


def test_no_level_leaves_the_band():
    grid = price_grid("KRX", DAY)
    market = provider()
    low, high = (int(limit[0]) for limit in grid.limits(units("70000")))
    market._process._prices[:] = high
    market._process._log_mids[:] = np.log(high)

    for book in books_of(market, 3):
        prices = [int(level.price * PRICE_UNIT) for level in (*book.asks, *book.bids)]
        assert all(low <= price <= high for price in prices)


@pytest.mark.parametrize("seed", [1, 2])
def test_same_seed_same_books(seed):
    assert books_of(provider(seed=seed), 3) == books_of(provider(seed=seed), 3)


def test_prices_do_not_depend_on_who_looks_at_books():
    watched, unwatched = provider(), provider()
    books_of(watched, 2)
    for step in range(8):
        list(unwatched.ticks(AT + timedelta(seconds=step / 4), 0.25))

    assert watched._process.prices.tolist() == unwatched._process.prices.tolist()


def test_sizes_stay_around_their_mean():
    depth = SampleDepth(np.full(500, 5e6), seed=[1])
    everybody = np.arange(500)
    for _ in range(20):
        sizes = depth.sizes(everybody)

    assert sizes.shape == (500, 2, LEVELS)
    assert sizes.mean() == pytest.approx(5e6 * VOLUME_SHARE * 0.965, rel=0.05)
