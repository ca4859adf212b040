from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from market import rules
from market.sample.process import SampleMarketProcess, Walker, activity_curve
from market.ticks import plausible_range
from market.types import PRICE_UNIT

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

DAY = date(2026, 11, 23)


def process(*, seed=1, rho=0.6, exchange="KRX", price=70_000, n=4, volatility=0.02):
    walkers = [
        Walker(f"S{i}", exchange, price * PRICE_UNIT, price * PRICE_UNIT, volatility, 5e6)
        for i in range(n)
    ]
    correlation = np.full((n, n), rho)
    np.fill_diagonal(correlation, 1.0)
    return SampleMarketProcess(walkers, correlation, seed=[seed], on=DAY)


def run(market, n_steps, seconds=0.25):
    activity = np.ones(len(market.walkers))
    return [market.step(seconds, activity) for _ in range(n_steps)]


def test_same_seed_and_steps_give_the_same_prices():
    first, second = run(process(), 200), run(process(), 200)

    for ours, theirs in zip(first, second, strict=True):
        assert (ours.prices == theirs.prices).all()
        assert (ours.volumes == theirs.volumes).all()


def test_another_seed_gives_other_prices():
    first, second = run(process(seed=1), 400), run(process(seed=2), 400)

    assert any((a.prices != b.prices).any() for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize(("exchange", "price"), [("KRX", 199_900), ("NYSE", 125), ("NASDAQ", 1)])
def test_prices_stand_on_ticks_next_to_each_other(exchange, price):
    for step in run(process(exchange=exchange, price=price), 300, seconds=60):
        for bid, ask, last in zip(step.bids, step.asks, step.prices, strict=True):
            bid_price = Decimal(int(bid)) / PRICE_UNIT
            last_price = Decimal(int(last)) / PRICE_UNIT
            assert bid_price % rules.tick_size(exchange, bid_price) == 0
            assert last_price % rules.tick_size(exchange, last_price) == 0
            assert ask - bid == rules.tick_size(exchange, bid_price) * PRICE_UNIT
            assert bid > 0


def test_prices_stay_in_the_band_however_wild_the_day():
    market = process(volatility=0.5)
    low, high = rules.price_band("KRX", Decimal(70_000)) or (0, 0)

    steps = run(market, 2000, seconds=60)

    prices = np.array([step.prices for step in steps])
    assert prices.min() >= low * PRICE_UNIT
    assert prices.max() <= high * PRICE_UNIT
    assert max(step.asks.max() for step in steps) <= high * PRICE_UNIT
    assert {int(prices.min()), int(prices.max())} & {int(low) * PRICE_UNIT, int(high) * PRICE_UNIT}


def test_without_a_band_prices_stay_where_the_feed_believes_them():
    allowed = plausible_range("NYSE", Decimal(125))

    steps = run(process(exchange="NYSE", price=125, volatility=3.0), 500, seconds=600)

    prices = np.array([step.prices for step in steps])
    assert prices.min() >= int(allowed.low * PRICE_UNIT)
    assert prices.max() <= int(allowed.high * PRICE_UNIT)
    assert prices.max() > 200 * PRICE_UNIT


def test_symbols_move_together_as_told():
    steps = run(process(rho=0.8, exchange="NYSE", price=100, n=2), 3000, seconds=60)
    moves = np.diff(np.log(np.array([step.prices for step in steps], dtype=float))[::20], axis=0)

    assert np.corrcoef(moves.T)[0, 1] > 0.6


def test_uncorrelated_symbols_do_not():
    steps = run(process(rho=0.0, exchange="NYSE", price=100, n=2), 3000, seconds=60)
    moves = np.diff(np.log(np.array([step.prices for step in steps], dtype=float))[::20], axis=0)

    assert abs(np.corrcoef(moves.T)[0, 1]) < 0.25


def test_a_day_has_the_volatility_and_volume_it_was_given():
    market = process(exchange="NYSE", price=100, n=60, rho=0.0)
    steps = run(market, 1440, seconds=60)

    day_moves = np.log(steps[-1].prices / (100 * PRICE_UNIT))
    volume = np.array([step.volumes for step in steps]).sum(axis=0)
    assert day_moves.std() == pytest.approx(0.02, rel=0.3)
    assert abs(day_moves.mean()) < 0.01
    assert volume.mean() == pytest.approx(5e6, rel=0.05)


def test_new_session_moves_the_band_to_the_new_base():
    market = process()
    market.session_start("KRX", DAY, np.full(4, 100_000 * PRICE_UNIT))

    low, high = rules.price_band("KRX", Decimal(100_000)) or (0, 0)
    assert (market.prices >= low * PRICE_UNIT).all()
    assert (market.prices <= high * PRICE_UNIT).all()
    assert (run(market, 1)[0].bids >= low * PRICE_UNIT).all()


def test_activity_is_high_at_open_and_close_and_never_nought():
    curve = activity_curve("KRX", DAY)

    assert curve.mean() == pytest.approx(1)
    assert curve[9 * 60] > curve[12 * 60] > curve[3 * 60] > 0
    assert curve[15 * 60 + 29] > curve[12 * 60]
