"""Store what sources of news tell, and have them asked; nobody makes news up here."""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from market.metrics import NEWS_REFUSED
from market.models import Instrument
from market.news_models import NewsItem, NewsSymbol
from market.providers.base import Capability, asset_of
from market.providers.base import NewsItem as Headline
from market.providers.chain import news_fetch, providers_of
from market.services.asking import ask_soon, told_of
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import (
    InvalidInputError,
    LimitExceededError,
    NotConfiguredError,
    UnavailableError,
    UpstreamError,
)

logger = logging.getLogger(__name__)

FETCH_JOB = "market.news_fetch"
HEADLINES_MOST = 50
SYMBOLS_AT_ONCE = 20
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


def news_sources() -> list[str]:
    """Return the names of the sources that are set up and tell news."""
    providers = (source.name for source in providers_of(Capability.NEWS, None))
    return list(dict.fromkeys((*settings.MARKET_NEWS_SOURCES, *providers)))


def news_want(*, symbols: Sequence[str]) -> None:
    """Have the sources asked for news of these soon; what is stored is shown meanwhile."""
    if not symbols or next(providers_of(Capability.NEWS, None), None) is None:
        return
    rows = Instrument.objects.active().filter(symbol__in=symbols)
    told = told_of(Capability.NEWS, [asset_of(row) for row in rows])
    ask_soon(FETCH_JOB, [asset.symbol for asset in told])


def news_update(*, symbols: Iterable[str]) -> int:
    """Ask the sources for news of these instruments and store it; return how many are new.

    A source that fails is asked again when somebody looks the next time.
    """
    assets = [asset_of(row) for row in Instrument.objects.active().filter(symbol__in=list(symbols))]
    n_new = 0
    for first in range(0, len(assets), SYMBOLS_AT_ONCE):
        try:
            told = news_fetch(assets[first : first + SYMBOLS_AT_ONCE], limit=HEADLINES_MOST)
        except (UpstreamError, UnavailableError, LimitExceededError, NotConfiguredError) as error:
            logger.warning("News could not be fetched", extra={"code": error.code})
            break
        for source in dict.fromkeys(item.source for item in told):
            drafts = _drafts(item for item in told if item.source == source)
            n_new += news_store(source=source, drafts=drafts)
    return n_new


def _drafts(told: Iterable[Headline]) -> list[NewsDraft]:
    """Return each article once, with all the instruments it was told of.

    What is no article is left out: one bad address must not cost the others.
    """
    drafts: dict[str, NewsDraft] = {}
    n_refused = 0
    for item in told:
        draft = NewsDraft(
            # Sources number their articles in no common way; the address names one.
            external_id=hashlib.sha256(item.url.encode()).hexdigest(),
            title=item.title,
            url=item.url,
            published_at=item.published_at,
            symbols=item.symbols,
            publisher=item.publisher,
        )
        if not _is_article(draft):
            n_refused += 1
            continue
        known = drafts.get(draft.external_id)
        both = draft if known is None else replace(known, symbols=known.symbols + draft.symbols)
        drafts[draft.external_id] = both
    if n_refused:
        NEWS_REFUSED.inc(n_refused)
        logger.warning("Headlines that are no articles were left out", extra={"n": n_refused})
    return list(drafts.values())


def news_store(*, source: str, drafts: Sequence[NewsDraft]) -> int:
    """Store articles that are not stored yet; return how many were new.

    A stored one is linked to the instruments that it is told of now. Symbols that this platform
    does not know are dropped. Raises InvalidInputError for an
    address that is not on the web, or a field that is empty or too long; nothing is stored then.
    """
    for draft in drafts:
        if not _is_article(draft):
            raise InvalidInputError(
                "An article needs an id, a title and an address on the web.",
                external_id=draft.external_id[:128],
            )
    return global_tx(_store, source, {draft.external_id: draft for draft in drafts})


def _is_article(draft: NewsDraft) -> bool:
    is_complete = bool(draft.external_id.strip() and draft.title.strip())
    fits = all(len(getattr(draft, name)) <= most for name, most in _LENGTHS.items())
    return is_complete and fits and _is_on_the_web(draft.url)


def _is_on_the_web(url: str) -> bool:
    try:
        address = urlsplit(url)
    except ValueError:  # such as brackets around what is no address
        return False
    return address.scheme in {"http", "https"} and bool(address.hostname)


def _store(source: str, drafts: dict[str, NewsDraft]) -> int:
    stored = NewsItem.objects.filter(source=source, external_id__in=drafts)
    known = set(stored.values_list("external_id", flat=True))
    fresh = [draft for external_id, draft in drafts.items() if external_id not in known]
    items = [_item(source, draft) for draft in fresh]
    # Another process may store the same article at the same moment.
    NewsItem.objects.bulk_create(items, ignore_conflicts=True)
    ids = dict(
        NewsItem.objects.filter(source=source, external_id__in=drafts).values_list(
            "external_id", "pk"
        )
    )
    symbols = {symbol for draft in drafts.values() for symbol in draft.symbols}
    listed = set(Instrument.objects.filter(symbol__in=symbols).values_list("symbol", flat=True))
    links = [
        NewsSymbol(item_id=ids[draft.external_id], symbol=symbol)
        for draft in drafts.values()
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
