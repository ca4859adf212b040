"""Plain data for answers: written by hand because a chart asks for thousands of bars."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.utils.translation import get_language

from market import rollup, rules
from market.enums import generated_names
from market.indicator_selectors import IndicatorAnswer, IndicatorLines
from market.models import Instrument
from market.types import PRICE_UNIT, BarSeries, FloatArray
from tradingplatform.money import decimal_text

_DATED = {"1d", "1w", "1mo"}


def instruments_payload(rows: Sequence[Instrument]) -> list[dict[str, Any]]:
    """Return the objects of a list of instruments."""
    return [instrument_payload(row) for row in rows]


def instrument_payload(row: Instrument) -> dict[str, Any]:
    """Return one instrument with the rules that apply at its base price."""
    base = row.base_price
    product = row.product
    band = None if base is None else rules.price_band(row.exchange, base, product=product)
    tick = None if base is None else rules.tick_size(row.exchange, base, product=product)
    return {
        "symbol": row.symbol,
        "name": display_name(row),
        "name_en": row.name_en,
        "name_ko": row.name_ko,
        "exchange": row.exchange,
        "currency": row.currency,
        "asset_type": row.asset_type,
        "sector": row.sector or None,
        "market_segment": row.market_segment,
        "industry": row.industry or None,
        "sector_source": row.sector_source or None,
        "isin": row.isin,
        "is_nxt_tradable": row.is_nxt_tradable,
        "is_tradable": row.is_tradable,
        "listed_date": row.listed_date,
        "delisted_date": row.delisted_date,
        "tick_size": None if tick is None else decimal_text(tick),
        "lot_size": row.lot_size,
        "base_price": None if base is None else decimal_text(base),
        "price_band": None
        if band is None
        else {"low": decimal_text(band[0]), "high": decimal_text(band[1])},
        "source": row.source,
    }


def display_name(row: Instrument) -> str:
    """Return the name in the language of the request."""
    return row.name_ko if (get_language() or "").startswith("ko") else row.name_en


def bars_payload(bars: BarSeries, next_url: str | None) -> dict[str, Any]:
    """Return the answer of a bar request."""
    times = time_texts(bars)
    prices = [
        [price_text(units) for units in column.tolist()]
        for column in (bars.open_units, bars.high_units, bars.low_units, bars.close_units)
    ]
    names = ("time", "open", "high", "low", "close", "volume")
    rows = zip(times, *prices, bars.volumes.tolist(), strict=True)
    return {
        "symbol": bars.symbol,
        "interval": bars.interval,
        "currency": bars.currency,
        "source": bars.source,
        "adjustment": bars.adjustment,
        "adjusted_sources": list(bars.adjusted_sources),
        "actions_left_out": [day.isoformat() for day in bars.left_out],
        "generated_fields": _generated_fields(bars),
        "generated": _generated_ranges(bars, times),
        "results": [dict(zip(names, row, strict=True)) for row in rows],
        "next": next_url,
    }


def indicators_payload(answer: IndicatorAnswer, next_url: str | None) -> dict[str, Any]:
    """Return the answer of an indicator request: columns beside the times of the bars."""
    bars = answer.bars
    times = time_texts(bars)
    return {
        "symbol": bars.symbol,
        "interval": bars.interval,
        "currency": bars.currency,
        "source": bars.source,
        "generated_fields": _generated_fields(bars),
        "times": times,
        "indicators": [_indicator(one, times) for one in answer.indicators],
        "next": next_url,
    }


def time_texts(bars: BarSeries) -> list[str]:
    """Return the times of the bars as dates or as instants with their offset."""
    moments = bars.times.astype("datetime64[s]")
    if bars.interval in _DATED:
        return [str(day) for day in moments.astype("datetime64[D]")]
    return [f"{moment}+00:00" for moment in moments]


def next_edge(bars: BarSeries, *, forward: bool) -> dict[str, str]:
    """Return the range parameter that asks for the bars after these, or before them."""
    first, last = int(bars.times[0]), int(bars.times[-1])
    if forward:
        return {"start": _edge_text(bars, rollup.bucket_end(last, bars.interval))}
    # As an end a date includes its day, so the day before; an instant is exclusive.
    before = first - rollup.DAY_S if bars.interval in _DATED else first
    return {"end": _edge_text(bars, before)}


def price_text(units: int) -> str:
    """Write a stored price plainly, like money.decimal_text but ten times as fast."""
    whole, rest = divmod(units, PRICE_UNIT)
    return str(whole) if rest == 0 else f"{whole}.{rest:06d}".rstrip("0")


def _indicator(found: IndicatorLines, times: list[str]) -> dict[str, Any]:
    settled = found.settled_from
    lines = zip(found.wanted.indicator.lines, found.lines, strict=False)
    return {
        "name": found.wanted.indicator.name,
        "parameters": found.wanted.parameters,
        "settled_from": None if settled is None else times[settled],
        "values": {name: _numbers(line) for name, line in lines},
    }


def _numbers(line: FloatArray) -> list[float | None]:
    return [None if value != value else value for value in line.tolist()]  # noqa: PLR0124 - NaN


def _generated_fields(bars: BarSeries) -> list[str]:
    return generated_names(int(np.bitwise_or.reduce(bars.generated_mask)) if len(bars) else 0)


def _edge_text(bars: BarSeries, second: int) -> str:
    moment = datetime.fromtimestamp(second, UTC)
    return moment.strftime("%Y-%m-%d" if bars.interval in _DATED else "%Y-%m-%dT%H:%M:%SZ")


def _generated_ranges(bars: BarSeries, times: list[str]) -> list[dict[str, Any]]:
    masks = bars.generated_mask
    if not len(bars):
        return []
    firsts = np.flatnonzero(np.diff(masks, prepend=masks[0] - 1))
    lasts = np.append(firsts[1:], masks.size) - 1
    return [
        {
            "start": times[first],
            "end": times[last],
            "generated_fields": generated_names(int(masks[first])),
        }
        for first, last in zip(firsts, lasts, strict=True)
        if masks[first]
    ]
