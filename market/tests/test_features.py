"""Figures of instruments: computed from their bars, never invented."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from market.enums import ActionKind, Source
from market.feature_models import InstrumentFeatures
from market.features import BARS_USED, BarTable, features_of
from market.models import Bar, CorporateAction, Instrument
from market.services import features_refresh
from market.tasks import features_ensure, refresh
from market.tests.factories import (
    bars_make,
    instrument_make,
)
from quant import indicators
from tradingplatform.clock import now

pytestmark = pytest.mark.django_db(databases="__all__")


def _table(n_rows: int, n_bars: int, seed: int = 2) -> BarTable:
    random = np.random.default_rng(seed)
    closes = 100 * np.exp(np.cumsum(random.normal(0, 0.02, (n_rows, n_bars)), axis=1))
    last = (date(2026, 3, 31) - date(1970, 1, 1)).days
    days = np.tile(np.arange(last - n_bars + 1, last + 1), (n_rows, 1))
    volumes = random.integers(1, 1000, (n_rows, n_bars)).astype(float)
    return BarTable(days, closes * 1.01, closes * 0.99, closes, volumes)


def test_figures_are_those_of_the_bars():
    table = _table(3, BARS_USED)
    columns = features_of(table).columns

    for row in range(3):
        closes = table.closes[row]
        by_day = dict(zip(table.days[row].tolist(), closes, strict=True))
        number = {
            name: (date(*on) - date(1970, 1, 1)).days
            for name, on in {
                "close_1m": (2026, 2, 28),
                "close_3m": (2025, 12, 31),
                "close_6m": (2025, 9, 30),
                "close_1y": (2025, 3, 31),
                "close_ytd": (2025, 12, 31),
            }.items()
        }
        assert {name: columns[name][row] for name in number} == {
            name: by_day[day] for name, day in number.items()
        }
        assert columns["close_5d"][row] == closes[-6]
        assert columns["high_52w"][row] == pytest.approx(table.highs[row, -365:].max())
        assert columns["low_52w"][row] == pytest.approx(table.lows[row, -365:].min())
        assert columns["sma_60"][row] == pytest.approx(closes[-60:].mean())
        assert columns["volatility_60d"][row] == pytest.approx(
            np.diff(np.log(closes[-61:])).std(ddof=1) * np.sqrt(252)
        )
        assert columns["rsi_14"][row] == indicators.relative_strength_index(closes)[-1]
        macd = indicators.moving_average_convergence_divergence(closes).histogram
        assert columns["macd_histogram"][row] == macd[-1]
        assert columns["macd_histogram_before"][row] == macd[-2]


def test_a_young_instrument_has_no_figure_that_its_bars_do_not_give():
    table = _table(1, 30)
    padded = BarTable(
        np.concatenate([np.zeros((1, 370), dtype=np.int64), table.days], axis=1),
        *(
            np.concatenate([np.full((1, 370), np.nan), column], axis=1)
            for column in (table.highs, table.lows, table.closes, table.volumes)
        ),
    )
    columns = features_of(padded).columns

    known = {name for name, column in columns.items() if np.isfinite(column[0])}
    assert known == {"close_5d", "sma_20", "volume_20d", "rsi_14", "atr_14"}


def test_the_job_stores_figures_once_per_instrument_and_forgets_what_left():
    today = now().date()
    apple = instrument_make("AAPL")
    bars_make(apple, today - timedelta(days=40), [str(100 + day % 7) for day in range(40)])
    instrument_make("KO")

    refresh()
    first = InstrumentFeatures.objects.get()
    refresh()
    second = InstrumentFeatures.objects.get()

    assert (first.instrument_id, first.session) == (apple.pk, today - timedelta(days=1))
    assert (first.source, first.close_1y, first.high_52w) == ("SAMPLE", None, None)
    assert second.rsi_14 == first.rsi_14 is not None
    Instrument.objects.update(is_active=False)
    assert features_refresh() == 0
    assert not InstrumentFeatures.objects.exists()


def test_a_split_is_no_loss():
    today = now().date()
    apple = instrument_make("AAPL")
    bars_make(apple, today - timedelta(days=30), ["200"] * 20 + ["100"] * 10)
    # The sample market tells prices that are adjusted already.
    Bar.objects.update(source=Source.CSV)
    CorporateAction.objects.create(
        instrument=apple,
        kind=ActionKind.SPLIT,
        ex_date=today - timedelta(days=10),
        ratio=Decimal(2),
        source=Source.CSV,
    )

    features_refresh()
    row = InstrumentFeatures.objects.get()

    assert (row.close_5d, row.sma_20) == (100.0, 100.0)
    assert row.volume_20d == pytest.approx((10 * 2000 + 10 * 1000) / 20)


def test_a_worker_has_figures_computed_at_its_start_where_there_are_none(monkeypatch, settings):
    asked: list[str] = []
    monkeypatch.setattr("market.tasks.enqueue", asked.append)
    bars_make(instrument_make("AAPL"), date(2026, 11, 2), ["100", "101"])

    features_ensure()
    assert asked == ["market.features_refresh"]

    features_refresh()
    features_ensure()
    assert asked == ["market.features_refresh"]
    assert "market.tasks.features_ensure" in settings.WARM_UPS["bulk"]
