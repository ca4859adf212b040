"""Which symbols were changed into which; the old ones are refused by name of the new."""

from collections.abc import Collection
from datetime import date

from django.db.models import DateTimeField, F, Value

from market.enums import ActionKind
from market.errors import SymbolChangedError, SymbolUnknownError
from market.models import CorporateAction, Instrument


def symbols_now(symbols: Collection[str]) -> dict[str, str]:
    """Return by former symbol the one that its instrument carries now; others are left out.

    A symbol that several instruments carried stands for the one that gave it up last.
    """
    if not symbols:
        return {}
    rows = CorporateAction.objects.filter(
        kind=ActionKind.SYMBOL_CHANGE, old_symbol__in=symbols, applied_at__isnull=False
    )
    ordered = rows.order_by("applied_at", "pk")
    return dict(ordered.values_list("old_symbol", "instrument__symbol"))


def symbols_resolved(symbols: Collection[str]) -> dict[str, str]:
    """Return by symbol what its instrument is called now, with one query for all.

    One that an instrument carries stands for itself, a former one for the new; the rest is
    left out.
    """
    if not symbols:
        return {}
    never = Value(None, output_field=DateTimeField())
    carried = Instrument.objects.filter(symbol__in=symbols).annotate(name=F("symbol"), at=never)
    former = CorporateAction.objects.filter(
        kind=ActionKind.SYMBOL_CHANGE, old_symbol__in=symbols, applied_at__isnull=False
    )
    rows = carried.values_list("symbol", "name", "at").union(
        former.values_list("old_symbol", "instrument__symbol", "applied_at"), all=True
    )
    found = list(rows)
    changed = sorted((at, old, new) for old, new, at in found if at is not None)
    return {old: new for _, old, new in changed} | {
        symbol: name for symbol, name, at in found if at is None
    }


def symbols_to_be(symbols: Collection[str], *, until: date) -> dict[str, str]:
    """Return by symbol of the near future the one that its instrument carries until then."""
    if not symbols:
        return {}
    rows = CorporateAction.objects.filter(
        kind=ActionKind.SYMBOL_CHANGE,
        new_symbol__in=symbols,
        applied_at__isnull=True,
        ex_date__lte=until,
    )
    return dict(rows.values_list("new_symbol", "instrument__symbol"))


def symbols_resting() -> set[str]:
    """Return the former symbols from which not everything has moved yet; nobody takes them."""
    rows = CorporateAction.objects.filter(
        kind=ActionKind.SYMBOL_CHANGE, applied_at__isnull=False, followed_at__isnull=True
    )
    return set(rows.values_list("old_symbol", flat=True))


def symbol_refusal(unknown: Collection[str]) -> SymbolUnknownError:
    """Return why symbols that no instrument carries are refused, with the new ones if known."""
    named = list(unknown)
    changed = symbols_now(named)
    if changed:
        told = ", ".join(f"{old} is now {new}" for old, new in changed.items())
        return SymbolChangedError(f"{told[:200]}.", symbols=named[:20], new_symbols=changed)
    return SymbolUnknownError(f"Unknown symbol: {', '.join(named)[:200]}.", symbols=named[:20])


def symbol_changed(old: str, new: str) -> SymbolChangedError:
    """Return the refusal of one former symbol."""
    return SymbolChangedError(f"{old} is now {new}.", symbols=[old], new_symbols={old: new})
