"""Reads of instruments; quotes, bars and panels have selectors of their own."""

from collections.abc import Collection, Iterable
from datetime import date

from django.db.models import QuerySet

from market.errors import InstrumentNotTradableError
from market.models import Instrument
from market.symbol_changes import symbol_refusal

NAMED_MAX = 500


def instrument_get(symbol: str) -> Instrument:
    """Return one instrument; SymbolUnknownError when there is none."""
    return instruments_get([symbol])[symbol]


def instruments_get(symbols: Iterable[str]) -> dict[str, Instrument]:
    """Return instruments by symbol, in the order asked; SymbolUnknownError names the missing.

    One that goes by another symbol now raises SymbolChangedError, which names that.
    """
    wanted = list(dict.fromkeys(symbols))
    found = {row.symbol: row for row in Instrument.objects.filter(symbol__in=wanted)}
    missing = [symbol for symbol in wanted if symbol not in found]
    if missing:
        raise symbol_refusal(missing)
    return {symbol: found[symbol] for symbol in wanted}


def instrument_for_order(symbol: str) -> Instrument:
    """Return an instrument that orders can be placed in.

    Raises SymbolUnknownError, or InstrumentNotTradableError for an index or a delisted one.
    """
    instrument = instrument_get(symbol)
    if not instrument.is_tradable:
        raise InstrumentNotTradableError(f"{symbol} cannot be traded.", symbol=symbol)
    return instrument


def instruments_found(
    *,
    search: str = "",
    exchange: str | None = None,
    asset_type: str | None = None,
    with_delisted: bool = False,
) -> QuerySet[Instrument]:
    """Return the instruments that match a text, a venue and a type, unordered.

    Those that no longer trade only ``with_delisted``.
    """
    rows = Instrument.objects.all() if with_delisted else Instrument.objects.active()
    if search.strip():
        rows = rows.search(search.strip())
    if exchange:
        rows = rows.on_venue(exchange)
    if asset_type:
        rows = rows.filter(asset_type=asset_type)
    return rows


def instruments_named(text: str, *, symbols: Iterable[str] = ()) -> list[Instrument]:
    """Return active instruments that a text may name, by symbol; the caller looks closer.

    Also those of ``symbols``, which are other names in the text. At most NAMED_MAX, whatever
    the text and however many instruments there are.
    """
    rows = Instrument.objects.active().named(text, symbols).order_by("symbol")
    return list(rows[:NAMED_MAX])


def delisted_dates(symbols: Collection[str]) -> dict[str, date]:
    """Return since when those of the instruments are no longer traded that are not."""
    if not symbols:
        return {}
    rows = Instrument.objects.filter(
        symbol__in=symbols, is_active=False, delisted_date__isnull=False
    )
    # The column may be null, these rows are not.
    return {symbol: day for symbol, day in rows.values_list("symbol", "delisted_date") if day}
