"""Each adapter asks its machine the right questions and puts the pages together."""

import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import time_machine

from market.enums import Adjustment, Source
from market.errors import CapabilityMissingError, ProviderAnswerError
from market.providers.base import Asset, BarsWanted, Capability
from market.providers.chain import FACTORIES
from market.providers.fmp.provider import FmpProvider
from market.providers.kis.provider import KisProvider
from market.providers.yfinance import YfinanceProvider
from market.tests.factories import bar_make, instrument_make
from tradingplatform.clock import now
from tradingplatform.errors import NotConfiguredError, UpstreamError
from tradingplatform.services.external.fmp import FmpSession
from tradingplatform.services.external.kis.codes import KisRefusedError
from tradingplatform.services.external.kis.pool import KisPool
from tradingplatform.services.external.kis.session import KisAnswer

APPLE = Asset("AAPL", "NASDAQ", "USD")
SAMSUNG = Asset("005930", "KRX", "KRW")


class Pool(KisPool):
    """Answers each call with what the test's function says."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.calls: list[Any] = []

    def get(self, call: Any, *, patience: Any = None) -> KisAnswer:
        self.calls.append(call)
        return KisAnswer(self.answer(call), has_more=False, received_at=now())


def row_kr(day: date) -> dict[str, str]:
    figures = dict.fromkeys(("stck_oprc", "stck_hgpr", "stck_lwpr", "stck_clpr"), "100")
    return {"stck_bsop_date": f"{day:%Y%m%d}", "acml_vol": "1", **figures}


@pytest.mark.parametrize("order", [1, -1], ids=["newest first", "oldest first"])
def test_daily_bars_of_kis_are_read_page_by_page(order: int) -> None:
    first = date(2026, 1, 1)

    def answer(call: Any) -> dict[str, Any]:
        last = date.fromisoformat(call.params["FID_INPUT_DATE_2"])
        days = [last - timedelta(days=back) for back in range(100)]
        return {"output2": [row_kr(day) for day in days if day >= first][::order]}

    pool = Pool(answer)
    wanted = BarsWanted("1d", first, date(2026, 10, 1))
    bars = KisProvider(pool).bars(SAMSUNG, wanted)

    assert len(bars.bars) == 274
    assert (bars.source, bars.adjustment) == ("KIS", Adjustment.RAW)
    assert [call.params["FID_INPUT_DATE_2"] for call in pool.calls] == [
        "20261001",
        "20260623",
        "20260315",
    ]
    assert {call.params["FID_ORG_ADJ_PRC"] for call in pool.calls} == {"1"}


@time_machine.travel("2026-11-20T06:00:00+00:00", tick=False)
def test_minutes_of_today_and_of_yesterday_come_from_two_transactions() -> None:
    def answer(call: Any) -> dict[str, Any]:
        day, newest = call.params["FID_INPUT_DATE_1"], call.params["FID_INPUT_HOUR_1"]
        rows = []
        for minute in ("090200", "090100", "090000"):
            figures = dict.fromkeys(("stck_oprc", "stck_hgpr", "stck_lwpr", "stck_prpr"), "100")
            if minute <= newest:
                rows.append(
                    {"stck_bsop_date": day, "stck_cntg_hour": minute, "cntg_vol": "1", **figures}
                )
        return {"output2": rows[:2]}

    pool = Pool(answer)
    bars = KisProvider(pool).bars(SAMSUNG, BarsWanted("1m", date(2026, 11, 19), date(2026, 11, 20)))

    opened = [datetime.fromtimestamp(at, UTC).isoformat() for at in bars.bars.times.tolist()]
    assert opened == [
        f"2026-11-{day}T00:0{minute}:00+00:00" for day in (19, 20) for minute in (0, 1, 2)
    ]
    assert {(call.tr_id, call.params["FID_INPUT_DATE_1"]) for call in pool.calls} == {
        ("FHKST03010200", "20261120"),
        ("FHKST03010230", "20261119"),
    }


def test_what_kis_does_not_know_is_left_out_and_a_refusal_is_not() -> None:
    def answer(call: Any) -> dict[str, Any]:
        refusal = KisRefusedError("X", "none")
        refusal.has_no_data = call.params["FID_INPUT_ISCD"] != "000001"
        raise refusal

    assert KisProvider(Pool(answer)).quotes([SAMSUNG]) == {}
    with pytest.raises(KisRefusedError):
        KisProvider(Pool(answer)).quotes([Asset("000001", "KRX", "KRW")])


def test_one_unreadable_quote_does_not_take_the_others_with_it() -> None:
    def answer(call: Any) -> dict[str, Any]:
        good = {"stck_prpr": "100", "acml_vol": "1"}
        is_good = call.params["FID_INPUT_ISCD"] == "005930"
        return {"output": good if is_good else {"stck_prpr": "-5"}}

    provider = KisProvider(Pool(answer))
    assert set(provider.quotes([SAMSUNG, Asset("000660", "KRX", "KRW")])) == {"005930"}
    with pytest.raises(ProviderAnswerError):
        provider.quotes([Asset("000660", "KRX", "KRW")])


def test_kis_serves_both_markets_and_no_weekly_bars() -> None:
    provider = KisProvider(Pool(lambda call: {}))

    with pytest.raises(CapabilityMissingError):
        provider.bars(APPLE, BarsWanted("1w", date(2026, 1, 1), date(2026, 1, 2)))
    with pytest.raises(CapabilityMissingError):
        provider.news(["AAPL"], limit=1)


class Fmp(FmpSession):
    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, str]]] = []

    def get(self, path: Any, params: Any, *, patience: Any = None) -> Any:
        self.asked.append((path, params))
        return self.answers[path.rpartition("/")[2].replace("-", "_")]


def test_fmp_bundles_quotes_and_knows_no_korean_stock() -> None:
    assets = [Asset(f"S{number}", "NYSE", "USD") for number in range(150)]
    session = Fmp(
        batch_quote=[{"symbol": asset.symbol, "price": 1, "volume": 1} for asset in assets]
    )

    provider = FmpProvider(session)

    assert len(provider.quotes(assets)) == 150
    assert [len(params["symbols"].split(",")) for _, params in session.asked] == [100, 50]
    assert not any(provider.serves(one, SAMSUNG) for one in provider.capabilities)


def test_fmp_has_raw_and_adjusted_days_and_adjusted_minutes() -> None:
    day = {"date": "2026-11-20", "volume": 5}
    full = {**day, "open": 1, "high": 3, "low": 1, "close": 2}
    raw = {**day, "adjOpen": 10, "adjHigh": 30, "adjLow": 10, "adjClose": 20}
    session = Fmp(full=[full], non_split_adjusted=[raw])
    provider = FmpProvider(session)
    span = (date(2026, 11, 1), date(2026, 11, 20))

    adjusted = provider.bars(APPLE, BarsWanted("1d", *span, Adjustment.SPLIT))
    assert adjusted.bars.closes.tolist() == [2_000_000]
    assert provider.bars(APPLE, BarsWanted("1d", *span)).bars.closes.tolist() == [20_000_000]
    with pytest.raises(CapabilityMissingError):
        provider.bars(APPLE, BarsWanted("1m", *span))


@pytest.fixture
def yahoo(monkeypatch):
    """Put a module in the place of the package, which is not installed."""

    class Table:
        index = [datetime(2026, 11, 20, tzinfo=UTC)]

        def __getitem__(self, columns):
            assert columns == ["Open", "High", "Low", "Close", "Volume"]
            return SimpleNamespace(to_numpy=lambda: np.array([[1.0, 3.0, 1.0, 2.0, 5.0]]))

    class Ticker:
        def __init__(self, symbol):
            self.symbol = symbol

        @property
        def fast_info(self):
            if self.symbol != "005930.KS":
                raise KeyError("currentTradingPeriod")
            return {"lastPrice": 71200.0, "lastVolume": 9, "previousClose": 71000.0}

        def history(self, **options):
            assert (options["start"], options["end"]) == ("2026-11-20", "2026-11-21")
            return Table()

    module = ModuleType("yfinance")
    vars(module).update(Ticker=Ticker, __spec__=ModuleSpec("yfinance", None))
    monkeypatch.setitem(sys.modules, "yfinance", module)


def test_yahoo_tells_quotes_and_adjusted_days(yahoo) -> None:
    provider = YfinanceProvider()

    quote = provider.quotes([SAMSUNG])["005930"]
    assert (quote.price, quote.source) == (Decimal("71200.0"), "YFINANCE")
    day = date(2026, 11, 20)
    bars = provider.bars(APPLE, BarsWanted("1d", day, day, Adjustment.SPLIT))
    assert bars.bars.closes.tolist() == [2_000_000]
    with pytest.raises(UpstreamError, match="KeyError"):
        provider.quotes([APPLE])
    with pytest.raises(CapabilityMissingError):
        provider.bars(APPLE, BarsWanted("1d", day, day))


def test_yahoo_is_not_there_unless_it_is_installed(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "yfinance", None)

    with pytest.raises(NotConfiguredError, match="not installed"):
        YfinanceProvider()


KOSPI = Asset("KOSPI", "KRX", "KRW", "INDEX")


def test_an_index_is_asked_for_by_its_code() -> None:
    level = {"bstp_nmix_prpr": "2650.5", "bstp_nmix_prdy_vrss": "0.5", "prdy_vrss_sign": "2"}
    pool = Pool(lambda call: {"output": level | {"acml_vol": "7"}})

    quotes = KisProvider(pool).quotes([KOSPI])

    (call,) = pool.calls
    assert (call.tr_id, call.params["FID_COND_MRKT_DIV_CODE"], call.params["FID_INPUT_ISCD"]) == (
        "FHPUP02100000",
        "U",
        "0001",
    )
    assert quotes["KOSPI"].day.base_price == Decimal(2650)


def test_kis_has_quotes_of_the_indices_it_knows_and_nothing_else_of_them() -> None:
    pool = Pool(lambda call: {})
    kis = KisProvider(pool)
    unknown = Asset("SPX", "NYSE", "USD", "INDEX")

    assert kis.serves(Capability.QUOTES, KOSPI)
    assert not kis.serves(Capability.BARS, KOSPI)
    assert not kis.serves(Capability.QUOTES, unknown)
    for ask in (
        lambda: kis.quote(unknown),
        lambda: kis.order_book(KOSPI),
        lambda: kis.bars(KOSPI, BarsWanted("1d", date(2026, 1, 1), date(2026, 1, 2))),
    ):
        with pytest.raises(CapabilityMissingError):
            ask()
    assert pool.calls == []


@pytest.mark.django_db(databases="__all__")
def test_adjusted_imports_are_a_source_of_their_own() -> None:
    apple = instrument_make("AAPL")
    bar_make(apple, date(2026, 1, 5), "10", source=Source.CSV_ADJUSTED)
    bar_make(apple, date(2026, 1, 6), "40", source=Source.CSV)

    source = FACTORIES["CSV_ADJ"]()
    told = source.bars(APPLE, BarsWanted("1d", date(2026, 1, 1), date(2026, 1, 31)))

    assert (told.source, told.adjustment) == ("CSV_ADJ", Adjustment.ALL)
    assert told.bars.closes.tolist() == [10_000_000]


@pytest.mark.parametrize(
    ("_case", "row", "sector"),
    [
        ("a stock", {"stck_prpr": "70000", "bstp_kor_isnm": "전기·전자"}, "전기·전자"),
        ("without an industry", {"stck_prpr": "70000", "bstp_kor_isnm": ""}, ""),
        ("unknown", {"stck_prpr": "0"}, None),
    ],
)
def test_kis_tells_the_industry_of_a_korean_stock(
    _case: str, row: dict[str, str], sector: str | None
) -> None:
    pool = Pool(lambda _call: {"output": row})

    fact = KisProvider(pool).profile(SAMSUNG)

    assert (None if fact is None else fact.sector) == sector
    assert [call.tr_id for call in pool.calls] == ["FHKST01010100"]
    assert not KisProvider(pool).serves(Capability.PROFILES, APPLE)
