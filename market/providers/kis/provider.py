"""KIS through its REST interface: quotes, order books, daily and minute bars of KR and US."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from market.enums import Adjustment
from market.errors import CapabilityMissingError, ProviderAnswerError
from market.providers import values
from market.providers.base import (
    Asset,
    BarsWanted,
    BaseProvider,
    Capability,
    InstrumentFact,
    ProviderBars,
    ProviderQuote,
)
from market.providers.kis import parsing
from market.providers.kis.indices import kis_indices
from market.providers.values import BarFigures
from market.types import OrderBook
from tradingplatform import clock
from tradingplatform.services.external.client import Patience
from tradingplatform.services.external.kis.codes import KisRefusedError
from tradingplatform.services.external.kis.pool import KisPool
from tradingplatform.services.external.kis.session import KisAnswer, KisCall

logger = logging.getLogger(__name__)

KR = "/uapi/domestic-stock/v1/quotations/"
US = "/uapi/overseas-price/v1/quotations/"
EXCHANGES = {"NASDAQ": "NAS", "NYSE": "NYS", "AMEX": "AMS"}
PAGES_MAX = 100

Reader = Callable[[parsing.Body], list[BarFigures]]
QuoteReader = Callable[[parsing.Body, Asset, datetime], ProviderQuote]


class KisProvider(BaseProvider):
    """The operator's app keys as a source."""

    name = parsing.SOURCE
    capabilities = frozenset(
        {Capability.QUOTES, Capability.ORDER_BOOK, Capability.BARS, Capability.PROFILES}
    )

    def __init__(self, pool: KisPool) -> None:
        self._pool = pool

    def serves(self, capability: Capability, asset: Asset) -> bool:
        if capability is Capability.PROFILES:
            return asset.exchange == "KRX" and not asset.is_index
        known = {Capability.QUOTES} if asset.is_index else self.capabilities
        return capability in known and self.tells(asset)

    @staticmethod
    def tells(asset: Asset) -> bool:
        """Tell whether KIS has quotes of an instrument."""
        if asset.is_index:
            return asset.symbol in kis_indices()
        return asset.exchange == "KRX" or asset.exchange in EXCHANGES

    def quotes(self, assets: Sequence[Asset]) -> dict[str, ProviderQuote]:
        """Return the quotes KIS can tell; raises when it tells none because of a fault."""
        found, fault = {}, None
        for asset in assets:
            try:
                quote = self.quote(asset)
                if quote is not None:
                    found[asset.symbol] = quote
            except ProviderAnswerError as exc:
                logger.warning("A quote of KIS is unreadable", extra=exc.details)
                fault = exc
        if fault is not None and not found:
            raise fault
        return found

    def quote(self, asset: Asset, *, patience: Patience | None = None) -> ProviderQuote | None:
        """Return the quote of one instrument; None for one that KIS does not know."""
        try:
            answer, read = self._quoted(asset, patience)
        except KisRefusedError as exc:
            if exc.has_no_data:
                return None
            raise
        if parsing.is_unknown(answer.body):
            return None
        return read(answer.body, asset, answer.received_at)

    def _quoted(self, asset: Asset, patience: Patience | None) -> tuple[KisAnswer, QuoteReader]:
        if asset.is_index:
            if not self.serves(Capability.QUOTES, asset):
                raise self._lacks(Capability.QUOTES)
            code = kis_indices()[asset.symbol].code
            named = {"FID_COND_MRKT_DIV_CODE": "U", "FID_INPUT_ISCD": code}
            path, tr_id = "inquire-index-price", "FHPUP02100000"
            return self._kr(path, tr_id, asset, named, patience), parsing.quote_index
        if asset.exchange == "KRX":
            path, tr_id = "inquire-price", "FHKST01010100"
            return self._kr(path, tr_id, asset, {}, patience), parsing.quote_kr
        return self._us("price", "HHDFS00000300", asset, {}, patience), parsing.quote_us

    def order_book(self, asset: Asset, *, patience: Patience | None = None) -> OrderBook:
        """Return ten levels of a Korean book, one of a US book."""
        if asset.is_index:
            raise self._lacks(Capability.ORDER_BOOK)
        if asset.exchange == "KRX":
            path, tr_id = "inquire-asking-price-exp-ccn", "FHKST01010200"
            answer = self._kr(path, tr_id, asset, {}, patience)
            return parsing.book_kr(answer.body, asset, answer.received_at)
        answer = self._us("inquire-asking-price", "HHDFS76200100", asset, {}, patience)
        return parsing.book_us(answer.body, asset, answer.received_at)

    def profile(self, asset: Asset) -> InstrumentFact | None:
        """Return the industry of a Korean stock among the indices of KRX."""
        try:
            answer = self._kr("inquire-price", "FHKST01010100", asset, {}, None)
        except KisRefusedError as exc:
            if exc.has_no_data:
                return None
            raise
        if parsing.is_unknown(answer.body):
            return None
        return parsing.profile_kr(answer.body, asset, answer.received_at)

    def bars(self, asset: Asset, wanted: BarsWanted) -> ProviderBars:
        """Return finished bars of 1d or 1m; minutes of past days, about a year, live only."""
        if asset.is_index:
            raise self._lacks(Capability.BARS)
        readers = {
            ("KRX", "1d"): self._daily_kr,
            ("KRX", "1m"): self._minutes_kr,
            ("US", "1d"): self._daily_us,
            ("US", "1m"): self._minutes_us,
        }
        market = "KRX" if asset.exchange == "KRX" else "US"
        read = readers.get((market, wanted.interval))
        if read is None:
            raise CapabilityMissingError(
                f"KIS has no bars of {wanted.interval}.", provider=self.name, capability="BARS"
            )
        asked_at = clock.now()
        told = [bar for bar in read(asset, wanted) if parsing.has_traded(bar)]
        over = values.finished(told, wanted.interval, _zone(asset), asked_at)
        return ProviderBars(
            symbol=asset.symbol,
            interval=wanted.interval,
            adjustment=wanted.adjustment,
            bars=values.bar_arrays(over),
            source=self.name,
            as_of=asked_at,
        )

    def _daily_kr(self, asset: Asset, wanted: BarsWanted) -> list[BarFigures]:
        # Of this call 0 means adjusted, contrary to inquire-daily-price.
        adjusted = "0" if wanted.adjustment is Adjustment.SPLIT else "1"
        found: list[BarFigures] = []
        last = wanted.end
        for _ in range(PAGES_MAX):
            params = {
                "FID_INPUT_DATE_1": f"{wanted.start:%Y%m%d}",
                "FID_INPUT_DATE_2": f"{last:%Y%m%d}",
                "FID_PERIOD_DIV_CODE": "D",
                "FID_ORG_ADJ_PRC": adjusted,
            }
            answer = self._kr("inquire-daily-itemchartprice", "FHKST03010100", asset, params)
            page = _within(parsing.daily_bars_kr(answer.body), wanted.start, last)
            found += page
            if not page:
                break
            last = _oldest_day(page) - timedelta(days=1)
            if last < wanted.start:
                break
        return found

    def _minutes_kr(self, asset: Asset, wanted: BarsWanted) -> list[BarFigures]:
        today = clock.now().astimezone(parsing.SEOUL).date()
        found: list[BarFigures] = []
        for offset in range((wanted.end - wanted.start).days + 1):
            on = wanted.end - timedelta(days=offset)
            if on > today or on.weekday() > 4:
                continue
            found += self._minutes_kr_of(asset, on, is_today=on == today)
        return found

    def _minutes_kr_of(self, asset: Asset, on: date, *, is_today: bool) -> list[BarFigures]:
        path, tr_id = (
            ("inquire-time-itemchartprice", "FHKST03010200")
            if is_today
            else ("inquire-time-dailychartprice", "FHKST03010230")
        )
        found: list[BarFigures] = []
        newest = time(23, 59, 59)
        for _ in range(PAGES_MAX):
            params = {
                "FID_INPUT_DATE_1": f"{on:%Y%m%d}",
                "FID_INPUT_HOUR_1": f"{newest:%H%M%S}",
                "FID_PW_DATA_INCU_YN": "N",
                "FID_ETC_CLS_CODE": "",
                "FID_FAKE_TICK_INCU_YN": "",
            }
            answer = self._kr(path, tr_id, asset, params)
            limit = int(datetime.combine(on, newest, parsing.SEOUL).timestamp())
            page = [
                bar
                for bar in parsing.minute_bars_kr(answer.body)
                if bar[0] <= limit and _local_day(bar, asset) == on
            ]
            found += page
            if not page:
                break
            earlier = datetime.fromtimestamp(_oldest(page) - 60, parsing.SEOUL)
            if earlier.date() < on:
                break
            newest = earlier.time()
        return found

    def _daily_us(self, asset: Asset, wanted: BarsWanted) -> list[BarFigures]:
        adjusted = "1" if wanted.adjustment is Adjustment.SPLIT else "0"
        found: list[BarFigures] = []
        last = wanted.end
        for _ in range(PAGES_MAX):
            params = {"GUBN": "0", "BYMD": f"{last:%Y%m%d}", "MODP": adjusted, "KEYB": ""}
            answer = self._us("dailyprice", "HHDFS76240000", asset, params)
            told = parsing.daily_bars_us(answer.body)
            page = _within(told, wanted.start, last)
            found += page
            if not page or _oldest_day(told) < wanted.start:
                break
            last = _oldest_day(page) - timedelta(days=1)
        return found

    def _minutes_us(self, asset: Asset, wanted: BarsWanted) -> list[BarFigures]:
        found: list[BarFigures] = []
        key = ""
        for _ in range(PAGES_MAX):
            params = {
                "NMIN": "1",
                "PINC": "1",
                "NEXT": "1" if key else "",
                "NREC": "120",
                "FILL": "",
                "KEYB": key,
            }
            answer = self._us("inquire-time-itemchartprice", "HHDFS76950200", asset, params)
            told = parsing.minute_bars_us(answer.body)
            found += [bar for bar in told if wanted.start <= _local_day(bar, asset) <= wanted.end]
            if not told:
                break
            earlier = datetime.fromtimestamp(_oldest(told) - 60, parsing.NEW_YORK)
            next_key = f"{earlier:%Y%m%d%H%M%S}"
            if earlier.date() < wanted.start or next_key == key:
                break
            key = next_key
        return found

    def _kr(
        self,
        path: str,
        tr_id: str,
        asset: Asset,
        params: dict[str, str],
        patience: Patience | None = None,
    ) -> KisAnswer:
        asked = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": asset.symbol, **params}
        return self._pool.get(KisCall(tr_id, KR + path, asked), patience=patience)

    def _us(
        self,
        path: str,
        tr_id: str,
        asset: Asset,
        params: dict[str, str],
        patience: Patience | None = None,
    ) -> KisAnswer:
        asked = {"AUTH": "", "EXCD": EXCHANGES[asset.exchange], "SYMB": asset.symbol, **params}
        return self._pool.get(KisCall(tr_id, US + path, asked), patience=patience)


def _within(bars: list[BarFigures], start: date, end: date) -> list[BarFigures]:
    return [bar for bar in bars if start <= _day(bar) <= end]


def _oldest(page: list[BarFigures]) -> int:
    """Return when the oldest bar of a page began; KIS promises no order."""
    return min(bar[0] for bar in page)


def _oldest_day(page: list[BarFigures]) -> date:
    return datetime.fromtimestamp(_oldest(page), UTC).date()


def _day(bar: BarFigures) -> date:
    return datetime.fromtimestamp(bar[0], UTC).date()


def _local_day(bar: BarFigures, asset: Asset) -> date:
    return datetime.fromtimestamp(bar[0], _zone(asset)).date()


def _zone(asset: Asset) -> ZoneInfo:
    return parsing.SEOUL if asset.exchange == "KRX" else parsing.NEW_YORK
