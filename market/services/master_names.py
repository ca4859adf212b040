"""Which lines of a list that is early or late tell of an instrument by another symbol."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from market.enums import ActionKind
from market.masters import Listing
from market.models import CorporateAction, Instrument
from market.names import name_key
from market.symbol_changes import symbols_to_be

LATE_MAX = timedelta(days=30)
"""Lists are at most this old when they are imported, and know of changes no earlier."""
_EARLY_MAX = timedelta(days=1)


@dataclass(frozen=True)
class OtherNames:
    """By symbol of the list the one that its instrument carries.

    ``unclear`` are former symbols that may stand for their instrument or for a new one: they
    make no instrument, and what they may stand for is not gone.
    """

    known: dict[str, str] = field(default_factory=dict)
    unclear: dict[str, str] = field(default_factory=dict)


def other_names(listings: Sequence[Listing], at: datetime) -> OtherNames:
    """Return what a list calls by a symbol of the near future, or by one of the past."""
    by_symbol = {listing.symbol: listing for listing in listings}
    early = symbols_to_be(by_symbol.keys(), until=(at + _EARLY_MAX).date())
    # A list that has both symbols tells of two instruments, and so do we where both are known.
    others = _carried(early)
    pairs = early.items()
    names = OtherNames(
        {new: old for new, old in pairs if old not in by_symbol and new not in others}
    )
    for old, change in _given_up(by_symbol).items():
        _former(names, by_symbol, change, at, old)
    return names


def changes_ahead(at: datetime) -> set[str]:
    """Return the symbols of instruments that are about to be renamed, or wait for it."""
    rows = CorporateAction.objects.filter(
        kind=ActionKind.SYMBOL_CHANGE, applied_at=None, ex_date__lte=(at + LATE_MAX).date()
    )
    return set(rows.values_list("instrument__symbol", flat=True))


def _given_up(by_symbol: Mapping[str, Listing]) -> dict[str, CorporateAction]:
    """Return by former symbol, where nobody carries it now, its last change."""
    rows = CorporateAction.objects.filter(
        kind=ActionKind.SYMBOL_CHANGE, old_symbol__in=by_symbol, applied_at__isnull=False
    )
    last = {
        row.old_symbol: row
        for row in rows.select_related("instrument").order_by("applied_at", "pk")
    }
    carried = _carried(last)
    return {old: row for old, row in last.items() if old not in carried}


def _carried(symbols: Collection[str]) -> set[str]:
    rows = Instrument.objects.filter(symbol__in=symbols)
    return set(rows.values_list("symbol", flat=True))


def _former(
    names: OtherNames,
    by_symbol: Mapping[str, Listing],
    change: CorporateAction,
    at: datetime,
    old: str,
) -> None:
    row = change.instrument
    is_resting = change.followed_at is None
    is_recent = is_resting or (change.applied_at or at) >= at - LATE_MAX
    has_new = row.symbol in by_symbol
    if _is_same(by_symbol[old], row, is_recent=is_recent, has_new=has_new):
        names.known[old] = row.symbol
    elif is_resting or (is_recent and not has_new):
        names.unclear[old] = row.symbol


def _is_same(listing: Listing, row: Instrument, *, is_recent: bool, has_new: bool) -> bool:
    """Tell whether a line with a former symbol means the instrument that gave it up.

    Names alone say so of a recent change only, and names that merely begin alike, as those of
    two kinds of lists do, where the list lacks the new symbol.
    """
    if listing.isin and row.isin:
        return listing.isin == row.isin
    if not is_recent:
        return False
    pairs = ((listing.name_en, row.name_en), (listing.name_ko, row.name_ko))
    alike = [(told, known) for told, known in pairs if told and known]
    if any(told.casefold() == known.casefold() for told, known in alike):
        return True
    return not has_new and any(name_key(told) == name_key(known) for told, known in alike)
