"""Keep what sources say about companies: asked for when somebody looks, then once a day."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from market.company_models import CompanyFundamentals
from market.errors import CapabilityMissingError
from market.models import Instrument
from market.providers.base import Capability, Fundamentals, asset_of
from market.providers.chain import fundamentals_fetch
from market.selectors import instrument_get
from market.services.asking import ask_soon, fault_note, fault_of, is_told
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
REFRESH_MOST = 20
"""A run of the periodic job asks for so many, so that a small plan has calls left."""


class FundamentalsStatus(StrEnum):
    """What an answer about a company holds."""

    AVAILABLE = "AVAILABLE"
    PENDING = "PENDING"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True)
class FundamentalsTold:
    """Stored figures, or none yet; ``fault`` is the code of an ask that failed lately."""

    instrument: Instrument
    status: FundamentalsStatus
    stored: CompanyFundamentals | None
    fault: str


def fundamentals_get(*, symbol: str) -> FundamentalsTold:
    """Return what is stored about a company, and have its source asked when that is old.

    Raises SymbolUnknownError, and CapabilityMissingError when nothing is stored and no source
    that is set up tells figures of this instrument.
    """
    instrument = instrument_get(symbol)
    stored = CompanyFundamentals.objects.filter(pk=instrument.pk).first()
    if stored is not None and now() - stored.as_of < FRESH_FOR:
        return FundamentalsTold(instrument, FundamentalsStatus.AVAILABLE, stored, "")
    can_be_asked = is_told(Capability.FUNDAMENTALS, asset_of(instrument))
    if stored is None and not can_be_asked:
        raise CapabilityMissingError(
            "No configured source of market data has fundamentals for this.",
            capability=Capability.FUNDAMENTALS.value,
        )
    fault = fault_of(FETCH_JOB, symbol)
    if can_be_asked:
        ask_soon(FETCH_JOB, [symbol])
    if stored is not None:
        return FundamentalsTold(instrument, FundamentalsStatus.AVAILABLE, stored, fault)
    status = FundamentalsStatus.UNAVAILABLE if fault else FundamentalsStatus.PENDING
    return FundamentalsTold(instrument, status, None, fault)


def fundamentals_refresh(*, most: int = REFRESH_MOST) -> int:
    """Ask again for figures older than a day that somebody wanted once; return how many came."""
    old = CompanyFundamentals.objects.filter(
        as_of__lte=now() - FRESH_FOR, instrument__in=Instrument.objects.active()
    ).order_by("as_of")
    return fundamentals_update(symbols=old.values_list("instrument__symbol", flat=True)[:most])


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
        except (LimitExceededError, NotConfiguredError) as error:
            fault_note(FETCH_JOB, symbol, error.code)
            break
        except (UpstreamError, UnavailableError, NotFoundError) as error:
            logger.warning(
                "Fundamentals could not be fetched", extra={"symbol": symbol, "code": error.code}
            )
            fault_note(FETCH_JOB, symbol, error.code)
            continue
        global_tx(_store, instrument, told)
        n_told += 1
    return n_told


def _store(instrument: Instrument, told: Fundamentals) -> None:
    CompanyFundamentals.objects.update_or_create(
        instrument=instrument,
        defaults={
            "source": told.source,
            "as_of": told.as_of,
            "currency": told.currency,
            "period_end": told.period_end,
            "figures": {name: decimal_text(value) for name, value in told.figures.items()},
            **{name: _number(told, name) for name in COLUMNS},
        },
    )


def _number(told: Fundamentals, name: str) -> float | None:
    value = told.screened.get(name)
    return None if value is None else float(value)
