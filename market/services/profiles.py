"""Fill sector and industry from the sources that tell them."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F, OuterRef, Subquery

from market.enums import OUTSIDE_SOURCES, AssetType, Exchange, StoredInterval
from market.errors import CapabilityMissingError
from market.models import Bar, Instrument, InstrumentQuerySet
from market.providers.base import Asset, Capability, InstrumentFact, asset_of
from market.providers.chain import FAILURES, profile_fetch, profiles_fetch, providers_of
from tradingplatform.clock import now
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import LimitExceededError, NotConfiguredError

logger = logging.getLogger(__name__)

ASKED_SINGLY_MAX = 20
"""A run asks each source about so many by themselves: each is a call of a small budget."""
ASK_AGAIN_AFTER = timedelta(days=30)
TRY_AGAIN_AFTER = timedelta(hours=20)
"""The next daily run tries again what failed."""
_COMPANIES = (AssetType.STOCK, AssetType.REIT)
_FIELDS = ("sector", "industry", "sector_source")
_EXCHANGES = (Exchange.NASDAQ, Exchange.NYSE, Exchange.AMEX)


def profiles_refresh() -> int:
    """Bring sectors and industries up to date; return how many instruments changed.

    Asks once for all companies of a US exchange. Where that is refused, or leaves somebody
    out that is followed, a few are asked about by themselves. What no source tells stays as
    it is; Korean sectors come for all at once with what ``import_instruments`` reads.
    """
    changed = sum(_exchange_refresh(exchange) for exchange in _EXCHANGES)
    return changed + _singly_refresh()


def _exchange_refresh(exchange: str) -> int:
    rows = {row.symbol: row for row in _companies().filter(exchange=exchange)}
    first = next(iter(rows.values()), None)
    if first is None:
        return 0
    try:
        told = profiles_fetch(asset_of(first))
    except (CapabilityMissingError, NotConfiguredError):
        return 0
    except FAILURES as error:
        logger.info("The sectors of an exchange are not told", extra={"reason": error.code})
        return 0
    found = [(rows[fact.symbol], fact) for fact in told if fact.symbol in rows]
    return global_tx(_store, found)


def _singly_refresh() -> int:
    return sum(_ask_singly(exchanges) for exchanges in _served_alike())


def _served_alike() -> list[list[str]]:
    """Return the exchanges whose companies a source tells of, those of the same together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for exchange in Exchange.values:
        sources = providers_of(Capability.PROFILES, Asset("", exchange, ""))
        names = tuple(source.name for source in sources)
        if names:
            groups.setdefault(names, []).append(exchange)
    return list(groups.values())


def _ask_singly(exchanges: Iterable[str]) -> int:
    changed = 0
    for row in _unplaced(exchanges)[:ASKED_SINGLY_MAX]:
        try:
            fact = profile_fetch(asset_of(row))
        except (NotConfiguredError, LimitExceededError) as error:
            logger.info("Profiles have to wait", extra={"reason": error.code})
            break
        except FAILURES as error:
            logger.info("A profile is not told", extra={"reason": error.code})
            # Tomorrow it is asked for again, after all whose turn came before.
            global_tx(_note_asked, row, now() - ASK_AGAIN_AFTER + TRY_AGAIN_AFTER)
            continue
        changed += global_tx(_store_asked, row, fact)
    return changed


def _companies() -> InstrumentQuerySet:
    return Instrument.objects.active().filter(asset_type__in=_COMPANIES)


def _unplaced(exchanges: Iterable[str]) -> InstrumentQuerySet:
    """Return companies without a sector that are followed and not asked about lately.

    First who was never asked about, then who waited longest.
    """
    days = Bar.objects.filter(instrument=OuterRef("pk"), interval=StoredInterval.DAY)
    newest = days.order_by("-opened_at").values("source")[:1]
    return (
        _companies()
        .filter(sector="", exchange__in=exchanges)
        .exclude(profiled_at__gt=now() - ASK_AGAIN_AFTER)
        .annotate(told_by=Subquery(newest))
        .filter(told_by__in=OUTSIDE_SOURCES)
        .order_by(F("profiled_at").asc(nulls_first=True), "symbol")
    )


def _note_asked(row: Instrument, at: datetime) -> None:
    Instrument.objects.filter(pk=row.pk).update(profiled_at=at)


def _store_asked(row: Instrument, fact: InstrumentFact | None) -> int:
    _note_asked(row, now())
    return 0 if fact is None else _store([(row, fact)])


def _store(found: Iterable[tuple[Instrument, InstrumentFact]]) -> int:
    changed = []
    for row, fact in found:
        told = (fact.sector, fact.industry, fact.source)
        if fact.sector and told != tuple(getattr(row, name) for name in _FIELDS):
            row.sector, row.industry, row.sector_source = told
            changed.append(row)
    Instrument.objects.bulk_update(changed, _FIELDS, batch_size=500)
    return len(changed)
