"""Keep what sources say about companies: asked for when somebody looks, then once a day."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from market.company_models import CompanyFundamentals
from market.errors import CapabilityMissingError
from market.models import Instrument
from market.providers.base import Capability, Fundamentals, asset_of
from market.providers.chain import fundamentals_fetch
from market.selectors import instrument_get
from market.services.asking import ask_soon, fault_note, fault_of, is_under_way, told_of
from tradingplatform.clock import now
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import (
    LimitExceededError,
    NotConfiguredError,
    NotFoundError,
    UnavailableError,
    UpstreamError,
)
from tradingplatform.money import decimal_text

logger = logging.getLogger(__name__)

FETCH_JOB = "market.fundamentals_fetch"
COLUMNS = ("market_cap", "price_to_earnings", "price_to_book", "dividend_yield")
FRESH_FOR = timedelta(days=1)
LOOKED_AT_FOR = timedelta(days=7)
"""So long figures are kept fresh after somebody looked at them."""
REFRESH_MOST = 20
"""A run of the periodic job asks for so many; the source's budget says how many a day."""


class FundamentalsStatus(StrEnum):
    """What an answer about a company holds."""

    AVAILABLE = "AVAILABLE"
    PENDING = "PENDING"
    NOT_ASKED = "NOT_ASKED"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True)
class FundamentalsTold:
    """Stored figures, or none yet; ``fault`` is the code of an ask that failed lately."""

    instrument: Instrument
    status: FundamentalsStatus
    stored: CompanyFundamentals | None
    fault: str


def fundamentals_get(*, symbol: str, may_ask: bool) -> FundamentalsTold:
    """Return what is stored about a company, and have its source asked when that is old.

    Without ``may_ask`` nobody is asked: the calls of a plan belong to the users.

    Raises SymbolUnknownError, and CapabilityMissingError when nothing is stored and no source
    that is set up tells figures of this instrument.
    """
    instrument = instrument_get(symbol)
    stored = CompanyFundamentals.objects.filter(pk=instrument.pk).first()
    if stored is not None and _is_young(stored.as_of):
        if may_ask and not _is_young(stored.looked_at):
            ask_soon(FETCH_JOB, [symbol])
        return FundamentalsTold(instrument, FundamentalsStatus.AVAILABLE, stored, "")
    can_be_asked = bool(told_of(Capability.FUNDAMENTALS, [asset_of(instrument)]))
    if stored is None and not can_be_asked:
        raise CapabilityMissingError(
            "No configured source of market data has fundamentals for this.",
            capability=Capability.FUNDAMENTALS.value,
        )
    fault = fault_of(FETCH_JOB, symbol)
    if may_ask and can_be_asked:
        ask_soon(FETCH_JOB, [symbol])
    if stored is not None:
        return FundamentalsTold(instrument, FundamentalsStatus.AVAILABLE, stored, fault)
    return FundamentalsTold(instrument, _status_without(symbol, fault), None, fault)


def fundamentals_refresh(*, most: int = REFRESH_MOST) -> int:
    """Ask again for old figures that somebody looked at lately; return how many came.

    Who was asked for longest ago comes first, so that a company whose source always fails
    keeps nobody else waiting.
    """
    at = now()
    old = (
        CompanyFundamentals.objects.filter(
            as_of__lte=at - FRESH_FOR,
            looked_at__gt=at - LOOKED_AT_FOR,
            instrument__in=Instrument.objects.active(),
        )
        .exclude(asked_at__gt=at - FRESH_FOR)
        .order_by("asked_at", "pk")
    )
    return fundamentals_update(symbols=old.values_list("instrument__symbol", flat=True)[:most])


def fundamentals_look(*, symbols: Iterable[str]) -> int:
    """Have figures that somebody looks at, and note the look; return how many came."""
    wanted = list(symbols)
    rows = CompanyFundamentals.objects.filter(instrument__symbol__in=wanted)
    young = set(
        rows.filter(as_of__gt=now() - FRESH_FOR).values_list("instrument__symbol", flat=True)
    )
    n_told = fundamentals_update(symbols=[symbol for symbol in wanted if symbol not in young])
    global_tx(rows.update, looked_at=now())
    return n_told


def fundamentals_update(*, symbols: Iterable[str]) -> int:
    """Ask the sources for figures of companies and store them; return how many came.

    What is stored stays when a source fails; the failure is noted. Ends early when the call
    budget is used up. Asks outside of any transaction.
    """
    n_told = 0
    for symbol in list(symbols):
        instrument = instrument_get(symbol)
        try:
            told = fundamentals_fetch(asset_of(instrument))
        except (CapabilityMissingError, UpstreamError, UnavailableError, NotFoundError) as error:
            logger.warning(
                "Fundamentals could not be fetched", extra={"symbol": symbol, "code": error.code}
            )
            fault_note(FETCH_JOB, symbol, error.code)
            rows = CompanyFundamentals.objects.filter(pk=instrument.pk)
            global_tx(rows.update, asked_at=now())
            continue
        except (LimitExceededError, NotConfiguredError) as error:
            fault_note(FETCH_JOB, symbol, error.code)
            break
        global_tx(_store, instrument, told)
        n_told += 1
    return n_told


def _status_without(symbol: str, fault: str) -> FundamentalsStatus:
    """Return what an answer without figures says."""
    if fault:
        return FundamentalsStatus.UNAVAILABLE
    is_asked = is_under_way(FETCH_JOB, symbol)
    return FundamentalsStatus.PENDING if is_asked else FundamentalsStatus.NOT_ASKED


def _is_young(at: datetime | None) -> bool:
    return at is not None and now() - at < FRESH_FOR


def _store(instrument: Instrument, told: Fundamentals) -> None:
    CompanyFundamentals.objects.update_or_create(
        instrument=instrument,
        defaults={
            "source": told.source,
            "as_of": told.as_of,
            "asked_at": now(),
            "currency": told.currency,
            "period_end": told.period_end,
            "figures": {name: decimal_text(value) for name, value in told.figures.items()},
            **{name: _number(told, name) for name in COLUMNS},
        },
    )


def _number(told: Fundamentals, name: str) -> float | None:
    value = told.screened.get(name)
    return None if value is None else float(value)
