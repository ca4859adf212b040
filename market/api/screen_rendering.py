"""Plain data for overviews and screens."""

from collections.abc import Iterable
from dataclasses import asdict
from math import isfinite
from typing import Any

from market.api.rendering import display_name
from market.feature_models import SavedScreen
from market.freshness import quote_payload
from market.overview import Overview, Row
from market.panel import Panel
from market.screens import FIELDS, Screened, is_unavailable
from tradingplatform.money import decimal_text

_NUMBERS = [one.name for one in FIELDS.values() if not one.is_word and one.name != "price"]


def overview_payload(overview: Overview, panel: Panel) -> dict[str, Any]:
    """Return the answer of an overview request."""
    return {
        "as_of": panel.as_of.isoformat(),
        "sources": overview.sources,
        "indices": _movers(overview.indices, panel),
        "breadth": asdict(overview.breadth),
        "exchanges": [
            {"exchange": name, "breadth": asdict(breadth)}
            for name, breadth in overview.by_exchange.items()
        ],
        "sectors": [asdict(sector) for sector in overview.sectors],
        "gainers": _movers(overview.gainers, panel),
        "losers": _movers(overview.losers, panel),
        "most_active": _movers(overview.most_active, panel),
        "most_volume": _movers(overview.most_volume, panel),
    }


def fields_payload(panel: Panel) -> dict[str, Any]:
    """Return what a screen can be made of."""
    return {
        "results": [
            {
                "field": one.name,
                "label": str(one.label),
                "unit": one.unit,
                "group": one.group,
                "status": "UNAVAILABLE" if is_unavailable(one, panel) else "AVAILABLE",
                "values": sorted(set(panel.words(one.name)) - {""}) if one.is_word else [],
            }
            for one in FIELDS.values()
        ]
    }


def screened_payload(
    screened: Screened, panel: Panel, *, limit: int, offset: int
) -> dict[str, Any]:
    """Return one page of the instruments that passed, with all their figures."""
    total = int(screened.places.size)
    shown = screened.places[offset : offset + limit].tolist()
    crosses = panel.words("macd_cross")
    end = offset + len(shown)
    figured = panel.features_as_of
    return {
        "as_of": panel.as_of.isoformat(),
        "features_as_of": None if figured is None else figured.isoformat(),
        "sources": sorted({quote.source for quote in panel.quotes}),
        "screened": len(panel.instruments),
        "total": total,
        "left_out": [
            {"field": name, "instruments": count, "status": "UNAVAILABLE"}
            for name, count in screened.left_out.items()
        ],
        "results": [_figures(panel, place, crosses[place]) for place in shown],
        "next_offset": end if end < total else None,
    }


def screen_payload(screen: SavedScreen) -> dict[str, Any]:
    """Return one saved screen."""
    return {
        "id": str(screen.pk),
        "name": screen.name,
        "definition": screen.definition,
        "created_at": screen.created_at.isoformat(),
        "updated_at": screen.updated_at.isoformat(),
    }


def _figures(panel: Panel, place: int, cross: str) -> dict[str, Any]:
    instrument, quote = panel.instruments[place], panel.quotes[place]
    numbers = {name: float(panel.numbers[name][place]) for name in _NUMBERS}
    company_source, company_as_of = panel.companies.get(instrument.pk, (None, None))
    return {
        "symbol": instrument.symbol,
        "name": display_name(instrument),
        "exchange": instrument.exchange,
        "sector": instrument.sector or None,
        "industry": instrument.industry or None,
        "asset_type": instrument.asset_type,
        "currency": instrument.currency,
        "source": quote.source,
        "age_ms": quote.age_ms(panel.as_of),
        "price": decimal_text(quote.price),
        "macd_cross": cross or None,
        "fundamentals_source": company_source,
        "fundamentals_as_of": None if company_as_of is None else company_as_of.isoformat(),
        **{name: value if isfinite(value) else None for name, value in numbers.items()},
    }


def _movers(rows: Iterable[Row], panel: Panel) -> list[dict[str, Any]]:
    return [
        {
            **quote_payload(quote, panel.as_of),
            "name": display_name(instrument),
            "exchange": instrument.exchange,
        }
        for instrument, quote in rows
    ]
