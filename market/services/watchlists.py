"""What a user may do with watchlists; each change tells the user's sockets the whole list."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from market.errors import (
    WatchlistChangedError,
    WatchlistItemExistsError,
    WatchlistItemNotFoundError,
    WatchlistLimitError,
)
from market.following import InstrumentEvent
from market.models import Instrument
from market.selectors import instrument_get
from market.watch_models import Watchlist, WatchlistItem
from market.watch_selectors import Filled, items_of, watchlist_get, watchlists_get
from market.watchlists import watchlist_payload
from tradingplatform.clock import now
from tradingplatform.db.outbox import StreamNews, emit_to_stream, user_lock
from tradingplatform.db.transactions import tx
from tradingplatform.errors import InvalidInputError

TOPIC = "market.watchlist_changed"
MESSAGE_TYPE = "watchlist"


def watchlists_open(*, account_db_key: int) -> list[Filled]:
    """Return a user's lists; whoever has none gets a first one with well-known symbols."""
    lists = watchlists_get(account_db_key)
    if lists:
        return lists
    wanted: list[str] = settings.PAGE_SYMBOLS
    known = set(Instrument.objects.filter(symbol__in=wanted).values_list("symbol", flat=True))
    symbols = [symbol for symbol in wanted if symbol in known]
    tx(account_db_key, _make_first, account_db_key, _("My watchlist"), symbols)
    return watchlists_get(account_db_key)


def watchlist_make(*, account_db_key: int, name: str) -> Filled:
    """Add an empty list after the others; WatchlistLimitError when there are too many."""
    return tx(account_db_key, _make, account_db_key, name)


def watchlist_change(
    *, account_db_key: int, watchlist_id: UUID, name: str | None = None, place: int | None = None
) -> Filled:
    """Rename a list, or move it to another place among the lists (0 is the first)."""
    return tx(account_db_key, _change, account_db_key, watchlist_id, name, place)


def watchlist_delete(*, account_db_key: int, watchlist_id: UUID) -> None:
    """Delete a list with its items."""
    tx(account_db_key, _delete, account_db_key, watchlist_id)


def watchlist_item_add(
    *, account_db_key: int, watchlist_id: UUID, symbol: str, note: str = ""
) -> Filled:
    """Put a symbol at the end of a list.

    Raises SymbolUnknownError, WatchlistItemExistsError and WatchlistLimitError.
    """
    known = instrument_get(symbol).symbol
    return tx(account_db_key, _item_add, account_db_key, watchlist_id, known, note)


def watchlist_item_note(
    *, account_db_key: int, watchlist_id: UUID, symbol: str, note: str
) -> Filled:
    """Write another note beside a symbol; "" takes it away."""
    return tx(account_db_key, _item_note, account_db_key, watchlist_id, symbol, note)


def watchlist_item_remove(*, account_db_key: int, watchlist_id: UUID, symbol: str) -> Filled:
    """Take a symbol off a list."""
    return tx(account_db_key, _item_remove, account_db_key, watchlist_id, symbol)


def watchlist_reorder(
    *, account_db_key: int, watchlist_id: UUID, version: int, symbols: Sequence[str]
) -> Filled:
    """Put the items of a list in another order, if it is still the ``version`` the caller saw.

    Raises WatchlistChangedError when it is not, InvalidInputError when ``symbols`` are not
    exactly those of the list.
    """
    return tx(account_db_key, _reorder, account_db_key, watchlist_id, version, symbols)


def watchlist_item_rename(
    *, account_db_key: int, watchlist_id: UUID, event: InstrumentEvent
) -> None:
    """Give an item the new symbol of its instrument; one that is there already stands for both."""
    tx(account_db_key, _item_rename, account_db_key, watchlist_id, event)


def watchlists_forget(account_db_key: int) -> None:
    """Delete the lists of a closed account (settings.ACCOUNT_CLOSERS)."""
    tx(account_db_key, Watchlist.objects.for_user(account_db_key).delete)


def _make_first(account_db_key: int, name: str, symbols: Sequence[str]) -> None:
    user_lock(account_db_key)
    if Watchlist.objects.for_user(account_db_key).exists():
        return  # another tab was faster
    watchlist = _new(account_db_key, name, 0)
    items = [_item(watchlist, symbol, place) for place, symbol in enumerate(symbols)]
    WatchlistItem.objects.for_user(account_db_key).bulk_create(items)
    _tell([(watchlist, items)])


def _make(account_db_key: int, name: str) -> Filled:
    user_lock(account_db_key)
    places = Watchlist.objects.for_user(account_db_key).values_list("place", flat=True)
    taken = list(places)
    most = settings.WATCHLISTS_PER_USER
    if len(taken) >= most:
        raise WatchlistLimitError(f"A user may have {most} watchlists.", limit=most)
    watchlist = _new(account_db_key, name, max(taken, default=-1) + 1)
    _tell([(watchlist, [])])
    return watchlist, []


def _change(account_db_key: int, watchlist_id: UUID, name: str | None, place: int | None) -> Filled:
    watchlist, items = _locked(account_db_key, watchlist_id)
    if name is not None:
        watchlist.name = name
    moved = [] if place is None else _moved(watchlist, place)
    _tell([_touched(row, items if row is watchlist else None) for row in (watchlist, *moved)])
    return watchlist, items


def _moved(watchlist: Watchlist, place: int) -> list[Watchlist]:
    """Give each list its place with ``watchlist`` at ``place``; return the others that moved."""
    lists = Watchlist.objects.for_user(watchlist.account_db_key).order_by("place", "pk")
    order = [row for row in lists if row.pk != watchlist.pk]
    order.insert(place, watchlist)
    moved = [row for index, row in enumerate(order) if row.place != index and row is not watchlist]
    for index, row in enumerate(order):
        row.place = index
    return moved


def _delete(account_db_key: int, watchlist_id: UUID) -> None:
    watchlist, _items = _locked(account_db_key, watchlist_id)
    watchlist.delete()
    news = StreamNews(TOPIC, str(watchlist_id), {"kind": "deleted", "id": str(watchlist_id)})
    emit_to_stream(account_db_key, "user", MESSAGE_TYPE, [news])


def _item_add(account_db_key: int, watchlist_id: UUID, symbol: str, note: str) -> Filled:
    watchlist, items = _locked(account_db_key, watchlist_id)
    if any(item.symbol == symbol for item in items):
        raise WatchlistItemExistsError(f"{symbol} is on the watchlist already.", symbol=symbol)
    most = settings.WATCHLIST_SYMBOLS_MAX
    if len(items) >= most:
        raise WatchlistLimitError(f"A watchlist holds at most {most} symbols.", limit=most)
    item = _item(watchlist, symbol, items[-1].place + 1 if items else 0, note)
    item.save(force_insert=True)
    return _told(watchlist, [*items, item])


def _item_note(account_db_key: int, watchlist_id: UUID, symbol: str, note: str) -> Filled:
    watchlist, items = _locked(account_db_key, watchlist_id)
    item = _found(items, symbol)
    item.note = note
    item.save(update_fields=["note"])
    return _told(watchlist, items)


def _item_remove(account_db_key: int, watchlist_id: UUID, symbol: str) -> Filled:
    watchlist, items = _locked(account_db_key, watchlist_id)
    _found(items, symbol).delete()
    return _told(watchlist, [item for item in items if item.symbol != symbol])


def _item_rename(account_db_key: int, watchlist_id: UUID, event: InstrumentEvent) -> None:
    user_lock(account_db_key)
    watchlist = Watchlist.objects.for_user(account_db_key).filter(pk=watchlist_id).first()
    items = [] if watchlist is None else items_of(watchlist)
    item = next((item for item in items if item.symbol == event.old_symbol), None)
    if watchlist is None or item is None:
        return  # taken off meanwhile
    if any(other.symbol == event.symbol for other in items):
        item.delete()
        items = [other for other in items if other is not item]
    else:
        item.symbol = event.symbol
        item.save(update_fields=["symbol"])
    _told(watchlist, items)


def _reorder(
    account_db_key: int, watchlist_id: UUID, version: int, symbols: Sequence[str]
) -> Filled:
    watchlist, items = _locked(account_db_key, watchlist_id)
    if watchlist.version != version:
        message = "The watchlist was changed meanwhile."
        raise WatchlistChangedError(message, version=watchlist.version)
    by_symbol = {item.symbol: item for item in items}
    if sorted(symbols) != sorted(by_symbol):
        raise InvalidInputError(
            "Some fields are not valid.", symbols=["Name each symbol of the list exactly once."]
        )
    ordered = [by_symbol[symbol] for symbol in symbols]
    for place, item in enumerate(ordered):
        item.place = place
    WatchlistItem.objects.for_user(account_db_key).bulk_update(ordered, ["place"])
    return _told(watchlist, ordered)


def _locked(account_db_key: int, watchlist_id: UUID) -> Filled:
    user_lock(account_db_key)
    return watchlist_get(account_db_key=account_db_key, watchlist_id=watchlist_id)


def _new(account_db_key: int, name: str, place: int) -> Watchlist:
    watchlist = Watchlist(account_db_key=account_db_key, name=name, place=place)
    watchlist.save(force_insert=True)
    return watchlist


def _item(watchlist: Watchlist, symbol: str, place: int, note: str = "") -> WatchlistItem:
    return WatchlistItem(
        account_db_key=watchlist.account_db_key,
        watchlist=watchlist,
        symbol=symbol,
        place=place,
        note=note,
    )


def _found(items: Sequence[WatchlistItem], symbol: str) -> WatchlistItem:
    found = next((item for item in items if item.symbol == symbol), None)
    if found is None:
        raise WatchlistItemNotFoundError(f"{symbol[:16]} is not on the watchlist.")
    return found


def _told(watchlist: Watchlist, items: list[WatchlistItem]) -> Filled:
    filled = _touched(watchlist, items)
    _tell([filled])
    return filled


def _touched(watchlist: Watchlist, items: list[WatchlistItem] | None) -> Filled:
    watchlist.version += 1
    watchlist.updated_at = now()
    watchlist.save(update_fields=["name", "place", "version", "updated_at"])
    return watchlist, items_of(watchlist) if items is None else items


def _tell(lists: Sequence[Filled]) -> None:
    news = [
        StreamNews(
            TOPIC, str(row.pk), {"kind": "watchlist", "watchlist": watchlist_payload(row, items)}
        )
        for row, items in lists
    ]
    emit_to_stream(lists[0][0].account_db_key, "user", MESSAGE_TYPE, news)
