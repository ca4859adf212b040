"""The indicator endpoint: equal to TA-Lib, settled from the first value, null where undefined."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import talib
from django.conf import settings
from rest_framework.test import APIClient

from market.bar_files import bar_file_read
from market.bar_store import bar_rows, bars_write
from market.enums import Source, StoredInterval
from market.errors import IndicatorInvalidError
from market.indicators import INDICATORS, indicators_parse
from market.models import Instrument
from market.rollup import BarArrays
from market.tests.factories import bar_make, bars_make, instrument_make
from tests.query_budget import query_budget
from tradingplatform.db.transactions import global_tx

pytestmark = pytest.mark.django_db(databases="__all__")

URL = "/api/market/indicators/"
KRX = next(
    (
        folder / "shared" / "data" / "krx"
        for folder in list(Path(settings.BASE_DIR).parents)[:2]
        if (folder / "shared" / "data" / "krx").is_dir()
    ),
    None,
)


@pytest.fixture
def client():
    return APIClient()


def _walk(n_bars: int, seed: int = 11) -> BarArrays:
    random = np.random.default_rng(seed)
    closes = (70_000 * np.exp(np.cumsum(random.normal(0, 0.015, n_bars)))).astype(np.int64)
    highs = closes + random.integers(0, 900, n_bars)
    lows = closes - random.integers(0, 900, n_bars)
    unit = 1_000_000
    days = np.arange(n_bars, dtype=np.int64) * 86_400 + 16_000 * 86_400
    return BarArrays(
        times=days,
        opens=closes * unit,
        highs=highs * unit,
        lows=lows * unit,
        closes=closes * unit,
        volumes=random.integers(1_000, 900_000, n_bars),
        masks=np.zeros(n_bars, dtype=np.int64),
    )


def _stored(instrument: Instrument, bars: BarArrays, interval: str = "1d") -> None:
    global_tx(bars_write, bar_rows(instrument.pk, interval, bars, Source.CSV))


def _file_bars(file: Path) -> BarArrays:
    rows = bar_file_read(file.read_text().splitlines(), today=date(2027, 1, 1)).bars
    midnights = [datetime(row.day.year, row.day.month, row.day.day, tzinfo=UTC) for row in rows]
    table = [
        (int(at.timestamp()), row.open, row.high, row.low, row.close, row.volume, 0)
        for at, row in zip(midnights, rows, strict=True)
    ]
    return BarArrays(*np.array(table, dtype=np.int64).T)


def _expected(high, low, close, volume) -> dict[str, list[np.ndarray]]:
    """Return TA-Lib's own numbers for the usual parameters."""
    typical = (high + low + close) / 3
    sums = [talib.SUM(values, 20) for values in (typical * volume, volume)]
    return {
        "sma": [talib.SMA(close, 20)],
        "ema": [talib.EMA(close, 20)],
        "wma": [talib.WMA(close, 20)],
        "rsi": [talib.RSI(close, 14)],
        "macd": list(talib.MACD(close, 12, 26, 9)),
        "bbands": list(talib.BBANDS(close, 20, 2.0, 2.0)),
        "atr": [talib.ATR(high, low, close, 14)],
        "stoch": list(
            talib.STOCH(high, low, close, fastk_period=14, slowk_period=3, slowd_period=3)
        ),
        "stochf": list(talib.STOCHF(high, low, close, fastk_period=14, fastd_period=3)),
        "obv": [talib.OBV(close, volume)],
        "adx": [
            talib.ADX(high, low, close, 14),
            talib.PLUS_DI(high, low, close, 14),
            talib.MINUS_DI(high, low, close, 14),
        ],
        "vwap": [sums[0] / sums[1]],
        "cci": [talib.CCI(high, low, close, 20)],
        "mfi": [talib.MFI(high, low, close, volume, 14)],
        "willr": [talib.WILLR(high, low, close, 14)],
    }


def _check_against_ta_lib(client: APIClient, symbol: str, bars: BarArrays) -> None:
    names = [name for name in INDICATORS if name != "ichimoku"]
    first = date(1970, 1, 1) + timedelta(days=int(bars.times[0]) // 86_400)
    high, low, close = (column / 1_000_000 for column in (bars.highs, bars.lows, bars.closes))
    expected = _expected(high, low, close, bars.volumes.astype(float))
    for part in (names[:8], names[8:]):
        query = {"indicators": ",".join(part), "start": first.isoformat(), "limit": "2000"}
        answer = client.get(URL + symbol, query).json()
        assert len(answer["times"]) == min(2000, len(bars))
        for found in answer["indicators"]:
            lines = [np.array(line, dtype=float) for line in found["values"].values()]
            for ours, theirs in zip(lines, expected[found["name"]], strict=True):
                np.testing.assert_allclose(ours, theirs[:2000], rtol=1e-9, atol=1e-9)


def test_generated_bars_give_what_ta_lib_gives(client):
    bars = _walk(600)
    _stored(instrument_make("005930"), bars)

    _check_against_ta_lib(client, "005930", bars)


@pytest.mark.skipif(KRX is None, reason="../shared/data/krx is missing")
def test_real_bars_of_krx_give_what_ta_lib_gives(client):
    assert KRX is not None
    files = sorted(KRX.glob("*.csv"))[:3]
    for file in files:
        bars = _file_bars(file)
        _stored(instrument_make(file.stem, exchange="KRX"), bars)
        _check_against_ta_lib(client, file.stem, bars)
    assert files


@pytest.mark.parametrize("name", sorted(set(INDICATORS) - {"obv"}))
def test_the_first_value_shown_is_settled(client, name):
    _stored(instrument_make("AAPL"), _walk(1500))
    whole = client.get(f"{URL}AAPL", {"indicators": name, "limit": 1500}).json()

    part = client.get(f"{URL}AAPL", {"indicators": name, "start": whole["times"][1450]}).json()

    assert part["indicators"][0]["settled_from"] == part["times"][0] == whole["times"][1450]
    for line, values in part["indicators"][0]["values"].items():
        expected = whole["indicators"][0]["values"][line][1450:]
        np.testing.assert_allclose(
            np.array(values, dtype=float), np.array(expected, dtype=float), rtol=1e-6, atol=1e-6
        )


def test_a_short_history_gives_null_and_says_so(client):
    bars_make(instrument_make("AAPL"), date(2026, 1, 5), ["10", "11", "12"])

    answer = client.get(f"{URL}AAPL", {"indicators": "sma:3,rsi,obv"}).json()

    values = {one["name"]: one["values"][one["name"]] for one in answer["indicators"]}
    settled = {one["name"]: one["settled_from"] for one in answer["indicators"]}
    assert values == {
        "sma": [None, None, 11.0],
        "rsi": [None, None, None],
        "obv": [1000.0, 2000.0, 3000.0],
    }
    assert settled == {"sma": "2026-01-07", "rsi": None, "obv": "2026-01-05"}


def test_no_bars_give_empty_lines(client):
    instrument_make("AAPL")

    answer = client.get(f"{URL}AAPL", {"indicators": "sma,macd"}).json()

    assert (answer["times"], answer["source"], answer["next"]) == ([], "", None)
    assert [one["values"] for one in answer["indicators"]] == [{}, {}]


def test_a_price_that_never_moved_is_neither_oversold_nor_zero(client):
    bars_make(instrument_make("AAPL"), date(2026, 1, 5), ["10"] * 40)

    answer = client.get(f"{URL}AAPL", {"indicators": "rsi,stoch,stochf,willr,cci,mfi"}).json()

    for one in answer["indicators"]:
        for line in one["values"].values():
            assert set(line) == {None}


def test_vwap_begins_anew_at_midnight_of_the_exchange(client):
    samsung = instrument_make("005930")
    # Wednesday 23:59 and Thursday 00:00 in Seoul.
    before = datetime(2026, 1, 7, 14, 59, tzinfo=UTC)
    for at, close, volume in ((before, "100", 1), (before + timedelta(minutes=1), "200", 9)):
        bar_make(samsung, at, close, interval=StoredInterval.MINUTE, volume=volume)

    answer = client.get(f"{URL}005930", {"indicators": "vwap", "interval": "1m"}).json()

    assert answer["indicators"][0]["values"]["vwap"] == [100.0, 200.0]


def test_the_answer_names_sources_parameters_and_the_next_page(client):
    _stored(instrument_make("AAPL"), _walk(30))

    with query_budget("market:indicators"):
        answer = client.get(
            f"{URL}aapl", {"indicators": "bbands:5-1.5", "start": "2013-01-01", "limit": 10}
        ).json()
    further = client.get(answer["next"]).json()

    assert (answer["symbol"], answer["source"], answer["generated_fields"]) == ("AAPL", "CSV", [])
    assert answer["indicators"][0]["parameters"] == {"window": 5, "width": 1.5}
    assert list(answer["indicators"][0]["values"]) == ["upper", "middle", "lower"]
    assert len(further["times"]) == 10
    assert further["times"][0] > answer["times"][-1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "rsi,rsi:14",
        "hope",
        "rsi:1",
        "rsi:101",
        "rsi:14.5",
        "rsi:14-3",
        "rsi:",
        "rsi:.",
        "rsi:1.2.3",
        "macd:26-12-9",
        "bbands:20-0",
        "sma:-5",
        "sma:9999999999",
        ",".join(f"sma:{window}" for window in range(2, 13)),
    ],
)
def test_a_wrong_request_is_refused_by_name(client, text):
    instrument_make("AAPL")

    answer = client.get(f"{URL}AAPL", {"indicators": text})

    assert answer.status_code == 400
    assert answer.json()["errorCode"] in {"INDICATOR_INVALID", "INVALID_INPUT"}
    with pytest.raises(IndicatorInvalidError):
        indicators_parse(text)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("NONE?indicators=rsi", 404, "SYMBOL_UNKNOWN"),
        ("AAPL?indicators=rsi&interval=2d", 400, "BAR_RANGE_INVALID"),
        ("AAPL?indicators=rsi&limit=2001", 400, "INVALID_INPUT"),
        ("AAPL", 400, "INVALID_INPUT"),
    ],
)
def test_other_refusals(client, path, status, code):
    instrument_make("AAPL")

    answer = client.get(URL + path)

    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)
