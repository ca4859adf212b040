"""Fill sector and industry from the sources that tell them."""

import logging
from collections.abc import Iterable
from datetime import timedelta

from market.bar_store import bars_at, last_sessions
from market.enums import OUTSIDE_SOURCES, AssetType, Exchange
from market.errors import CapabilityMissingError
from market.models import Instrument, InstrumentQuerySet
from market.providers.base import InstrumentFact, asset_of
from market.providers.chain import FAILURES, profile_fetch, profiles_fetch
from tradingplatform.clock import now
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import NotConfiguredError

logger = logging.getLogger(__name__)

ASKED_SINGLY_MAX = 20
"""A run asks about so many instruments by themselves: each is a call of a small budget."""
ASK_AGAIN_AFTER = timedelta(days=30)
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
    changed = asked = 0
    for row in _unplaced():
        if asked == ASKED_SINGLY_MAX:
            break
        try:
            fact = profile_fetch(asset_of(row))
        except (CapabilityMissingError, NotConfiguredError):
            continue
        except FAILURES as error:
            logger.info("A profile is not told", extra={"reason": error.code})
            break
        asked += 1
        Instrument.objects.filter(pk=row.pk).update(profiled_at=now())
        changed += global_tx(_store, [(row, fact)]) if fact is not None else 0
    return changed


def _companies() -> InstrumentQuerySet:
    return Instrument.objects.active().filter(asset_type__in=_COMPANIES)


def _unplaced() -> list[Instrument]:
    """Return companies without a sector that are followed and were not asked about lately."""
    waiting = (
        _companies()
        .filter(sector="")
        .exclude(profiled_at__gt=now() - ASK_AGAIN_AFTER)
        .order_by("symbol")
    )
    newest = bars_at(last_sessions(waiting))
    return [row for row in waiting if row.pk in newest and newest[row.pk].source in OUTSIDE_SOURCES]


def _store(found: Iterable[tuple[Instrument, InstrumentFact]]) -> int:
    changed = []
    for row, fact in found:
        told = (fact.sector, fact.industry, fact.source)
        if fact.sector and told != tuple(getattr(row, name) for name in _FIELDS):
            row.sector, row.industry, row.sector_source = told
            changed.append(row)
    Instrument.objects.bulk_update(changed, _FIELDS, batch_size=500)
    return len(changed)
