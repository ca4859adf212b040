"""Store what sources of news tell; sources call this, nobody makes news up here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from market.models import Instrument
from market.news_models import NewsItem, NewsSymbol
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import InvalidInputError

_LENGTHS = {"external_id": 128, "title": 300, "url": 500, "publisher": 100, "language": 8}


@dataclass(frozen=True, slots=True)
class NewsDraft:
    """An article as a source told it; its text stays with the publisher."""

    external_id: str
    title: str
    url: str
    published_at: datetime
    symbols: tuple[str, ...] = ()
    publisher: str = ""
    language: str = ""


def news_store(*, source: str, drafts: Sequence[NewsDraft]) -> int:
    """Store articles that are not stored yet; return how many were new.

    Symbols that this platform does not know are dropped. Raises InvalidInputError for an
    address that is not on the web, or a field that is empty or too long; nothing is stored then.
    """
    for draft in drafts:
        _check(draft)
    return global_tx(_store, source, {draft.external_id: draft for draft in drafts})


def _check(draft: NewsDraft) -> None:
    address = urlsplit(draft.url)
    is_on_the_web = address.scheme in {"http", "https"} and bool(address.hostname)
    is_complete = bool(draft.external_id.strip() and draft.title.strip())
    fits = all(len(getattr(draft, name)) <= most for name, most in _LENGTHS.items())
    if not (is_on_the_web and is_complete and fits):
        raise InvalidInputError(
            "An article needs an id, a title and an address on the web.",
            external_id=draft.external_id[:128],
        )


def _store(source: str, drafts: dict[str, NewsDraft]) -> int:
    stored = NewsItem.objects.filter(source=source, external_id__in=drafts)
    known = set(stored.values_list("external_id", flat=True))
    fresh = [draft for external_id, draft in drafts.items() if external_id not in known]
    items = [_item(source, draft) for draft in fresh]
    # Another process may store the same article at the same moment.
    NewsItem.objects.bulk_create(items, ignore_conflicts=True)
    ids = dict(
        NewsItem.objects.filter(
            source=source, external_id__in=[draft.external_id for draft in fresh]
        ).values_list("external_id", "pk")
    )
    symbols = {symbol for draft in fresh for symbol in draft.symbols}
    listed = set(Instrument.objects.filter(symbol__in=symbols).values_list("symbol", flat=True))
    links = [
        NewsSymbol(item_id=ids[draft.external_id], symbol=symbol)
        for draft in fresh
        for symbol in dict.fromkeys(draft.symbols)
        if symbol in listed
    ]
    NewsSymbol.objects.bulk_create(links, ignore_conflicts=True)
    return len(fresh)


def _item(source: str, draft: NewsDraft) -> NewsItem:
    return NewsItem(
        source=source,
        external_id=draft.external_id,
        title=draft.title,
        url=draft.url,
        publisher=draft.publisher,
        language=draft.language,
        published_at=draft.published_at,
    )
