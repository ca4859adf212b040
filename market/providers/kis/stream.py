"""The trades that KIS streams, as ticks. Pure; the only error is ProviderAnswerError."""

from collections.abc import Mapping
from datetime import datetime

from market.providers import values
from market.providers.base import Asset, ProviderQuote
from market.providers.kis.indices import kis_indices, symbols_by_code
from market.providers.kis.parsing import NEW_YORK, SEOUL, base_level
from market.providers.kis.provider import EXCHANGES
from market.ticks import DayFigures, Tick
from tradingplatform.services.external.kis.frames import LEVELS_KR, TRADES_KR, TRADES_US
from tradingplatform.services.external.kis.registrations import Topic


def topic_of(asset: Asset) -> Topic:
    """Return what to register for the trades of an instrument."""
    if asset.is_index:
        return LEVELS_KR, kis_indices()[asset.symbol].code
    if asset.exchange == "KRX":
        return TRADES_KR, asset.symbol
    return TRADES_US, f"D{EXCHANGES[asset.exchange]}{asset.symbol}"


def trade_of(tr_id: str, record: Mapping[str, str], at: datetime) -> Tick:
    """Read one trade of either market, or a level of an index, which came at an instant."""
    if tr_id == LEVELS_KR:
        return _level_kr(record, at)
    return _trade_kr(record) if tr_id == TRADES_KR else _trade_us(record)


def snapshot_of(quote: ProviderQuote, at: datetime) -> Tick:
    """Return a quote that was asked for as news of how things stand at an instant."""
    return Tick(
        symbol=quote.symbol,
        price=quote.price,
        bid=quote.bid,
        ask=quote.ask,
        size=0,
        exchange_time=at,
        day=quote.day,
    )


def _trade_kr(record: Mapping[str, str]) -> Tick:
    return Tick(
        symbol=values.text(record, "MKSC_SHRN_ISCD", 16),
        price=values.price(record, "STCK_PRPR"),
        bid=values.price_or_none(record, "BIDP1"),
        ask=values.price_or_none(record, "ASKP1"),
        size=values.whole(record, "CNTG_VOL"),
        exchange_time=values.instant(
            values.day(record, "BSOP_DATE"), values.clock_time(record, "STCK_CNTG_HOUR"), SEOUL
        ),
        day=DayFigures(
            volume=values.whole(record, "ACML_VOL"),
            open=values.price_or_none(record, "STCK_OPRC"),
            high=values.price_or_none(record, "STCK_HGPR"),
            low=values.price_or_none(record, "STCK_LWPR"),
        ),
    )


def _level_kr(record: Mapping[str, str], at: datetime) -> Tick:
    code = values.text(record, "BSTP_CLS_CODE", 16)
    level = values.price(record, "PRPR_NMIX")
    told_at = values.clock_time(record, "BSOP_HOUR")
    return Tick(
        symbol=symbols_by_code().get(code, code),
        price=level,
        bid=None,
        ask=None,
        size=values.whole(record, "PCAS_VOL"),
        # The record names no day.
        exchange_time=values.instant(at.astimezone(SEOUL).date(), told_at, SEOUL),
        day=DayFigures(
            volume=values.whole(record, "ACML_VOL"),
            open=values.price_or_none(record, "OPRC_NMIX"),
            high=values.price_or_none(record, "NMIX_HGPR"),
            low=values.price_or_none(record, "NMIX_LWPR"),
            base_price=base_level(record, level, "PRDY_VRSS_SIGN", "BSTP_NMIX_PRDY_VRSS"),
        ),
    )


def _trade_us(record: Mapping[str, str]) -> Tick:
    return Tick(
        symbol=values.text(record, "SYMB", 16),
        price=values.price(record, "LAST"),
        bid=values.price_or_none(record, "PBID"),
        ask=values.price_or_none(record, "PASK"),
        size=values.whole(record, "EVOL"),
        exchange_time=values.instant(
            values.day(record, "XYMD"), values.clock_time(record, "XHMS"), NEW_YORK
        ),
        day=DayFigures(
            volume=values.whole(record, "TVOL"),
            open=values.price_or_none(record, "OPEN"),
            high=values.price_or_none(record, "HIGH"),
            low=values.price_or_none(record, "LOW"),
        ),
    )
