from datetime import date
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from market import rules
from market.enums import ALL_GENERATED
from market.sample import history
from market.sample.catalogue import real_closes, sample_instruments
from market.trading_days import trading_days
from market.types import PRICE_UNIT

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

SEED = 20260101


@pytest.fixture(scope="module")
def real():
    return real_closes()


@pytest.fixture(scope="module")
def krx():
    listed = [row for row in sample_instruments() if row.exchange == "KRX"]
    days = trading_days("KRX", history.KRX_STARTS_ON, date(2026, 11, 20))
    returns = history.krx_returns(listed, SEED, len(days))
    start = np.array([row.start_price * PRICE_UNIT for row in listed])
    closes = history.closes_walked("KRX", days, start, returns)
    volumes = np.array([row.daily_volume for row in listed])
    symbols = [row.symbol for row in listed]
    bars = history.generated_bars(symbols, "KRX", days, closes, (start, SEED, 0, volumes))
    return listed, days, start, bars


def test_catalogue_has_20_us_stocks_with_real_closes_and_30_of_krx(real):
    rows = sample_instruments()
    us = [row for row in rows if row.exchange in {"NASDAQ", "NYSE"}]

    assert {row.symbol for row in us} == set(real.symbols)
    assert len(us) == 20
    assert len(rows) - len(us) == 30
    assert next(row for row in rows if row.symbol == "005930").name_ko == "삼성전자"


def test_real_closes_are_those_of_the_file(real):
    assert real.closes.shape == (8313, 20)
    assert real.closes[0, real.symbols.index("AAPL")] == 0.264
    assert real.closes[-1, real.symbols.index("AAPL")] == 125.674
    assert real.times[0] == history.epoch_days([date(1990, 1, 2)])[0]


def test_real_bars_keep_every_close_and_say_what_is_generated(real):
    bars = history.real_bars(real, SEED, np.full(20, 10**6))

    apple = bars["AAPL"]
    assert (apple.closes == np.rint(real.closes[:, 0] * PRICE_UNIT)).all()
    assert set(apple.masks.tolist()) == {history.REAL_CLOSE_GENERATED}
    assert history.REAL_CLOSE_GENERATED == ALL_GENERATED - 0b1000
    for one in bars.values():
        assert (one.lows > 0).all()
        assert (one.lows <= np.minimum(one.opens, one.closes)).all()
        assert (one.highs >= np.maximum(one.opens, one.closes)).all()
        assert (one.volumes > 0).all()


def test_bootstrap_draws_whole_days_of_the_real_returns(real):
    drawn = history.us_returns(real, SEED, 300)
    observed = real.closes[1:] / real.closes[:-1] - 1

    rows = {row.tobytes() for row in observed}
    assert all(row.tobytes() in rows for row in drawn)


def test_bootstrap_keeps_blocks_and_correlation(real):
    drawn = history.us_returns(real, SEED, 4000)
    observed = real.closes[1:] / real.closes[:-1] - 1

    follows = {a.tobytes(): b.tobytes() for a, b in pairwise(observed)}
    kept = [follows.get(a.tobytes()) == b.tobytes() for a, b in pairwise(drawn)]
    assert np.mean(kept) == pytest.approx(1 - 1 / history.MEAN_BLOCK_DAYS, abs=0.02)
    gap = np.corrcoef(drawn.T) - np.corrcoef(observed.T)
    assert np.abs(gap).mean() < 0.08


@pytest.mark.parametrize("market", ["us", "krx"])
def test_longer_history_begins_with_the_shorter_one(market, real):
    listed = [row for row in sample_instruments() if row.exchange == "KRX"]

    def draw(seed, n_days):
        if market == "us":
            return history.us_returns(real, seed, n_days)
        return history.krx_returns(listed, seed, n_days)

    assert (draw(SEED, 40)[:25] == draw(SEED, 25)).all()
    assert (draw(SEED + 1, 25) != draw(SEED, 25)).any()


def test_extension_of_dressed_bars_equals_one_long_run():
    days = trading_days("NYSE", date(2026, 1, 2), date(2026, 3, 31))
    start = np.array([100 * PRICE_UNIT])
    closes = history.closes_walked("NYSE", days, start, np.full((len(days), 1), 0.001))
    volumes = np.array([10**6])

    whole = history.generated_bars(["X"], "NYSE", days, closes, (start, SEED, 0, volumes))["X"]
    tail = history.generated_bars(
        ["X"], "NYSE", days[30:], closes[30:], (closes[29], SEED, 30, volumes)
    )["X"]

    for ours, theirs in zip(whole.part(slice(30, None)).columns(), tail.columns(), strict=True):
        assert (ours == theirs).all()


def test_krx_prices_stand_on_the_tick_of_their_date(krx):
    _, days, _, bars = krx
    for day_index in range(0, len(days), 97):
        for one in bars.values():
            for column in (one.opens, one.highs, one.lows, one.closes):
                price = Decimal(int(column[day_index])) / PRICE_UNIT
                assert price % rules.tick_size("KRX", price, on=days[day_index]) == 0


def test_krx_prices_stay_within_the_band_of_their_date(krx):
    _, days, start, bars = krx
    for column, one in enumerate(bars.values()):
        bases = np.append(start[column], one.closes[:-1])
        for day_index in range(0, len(days), 89):
            base = Decimal(int(bases[day_index])) / PRICE_UNIT
            band = rules.price_band("KRX", base, on=days[day_index])
            assert band is not None
            assert int(band[0] * PRICE_UNIT) <= int(one.lows[day_index])
            assert int(one.highs[day_index]) <= int(band[1] * PRICE_UNIT)


def test_a_crash_stops_at_the_lower_limit():
    day = date(2026, 11, 20)
    closes = history.closes_walked("KRX", [day], np.array([9980 * PRICE_UNIT]), np.array([[-0.9]]))

    assert closes[0, 0] == 6990 * PRICE_UNIT


def test_krx_returns_have_the_volatility_of_the_catalogue_and_move_together():
    listed = [row for row in sample_instruments() if row.exchange == "KRX"]
    returns = history.krx_returns(listed, SEED, 2900)

    measured = returns.std(axis=0) / np.array([row.daily_volatility for row in listed])
    correlation = np.asarray(np.corrcoef(returns.T))[np.triu_indices(len(listed), 1)]
    assert np.abs(measured - 1).max() < 0.12
    assert correlation.min() > 0.25
