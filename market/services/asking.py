"""Have a source asked in the background, once for everybody who wants the same.

Requests never wait for a source: they start a job, and show what is stored meanwhile. Soft: a
lost note costs one more call.
"""

import logging
from collections.abc import Iterable

from market.providers.base import Asset, Capability
from market.providers.chain import providers_of
from tradingplatform.errors import UnavailableError
from tradingplatform.jobs import enqueue
from tradingplatform.services import services

logger = logging.getLogger(__name__)

ASKED_S = 600.0
"""So long the same is not asked for again, whatever came of it."""
_UNDER_WAY = "asked"


def is_told(capability: Capability, asset: Asset) -> bool:
    """Whether a source that is set up can be asked this about an instrument."""
    return next(providers_of(capability, asset), None) is not None


def ask_soon(job: str, symbols: Iterable[str]) -> None:
    """Start a job for those of the symbols that nobody asked for lately."""
    try:
        claimed = [
            symbol
            for symbol in symbols
            if services.cache.add(_key(job, symbol), _UNDER_WAY, ASKED_S)
        ]
        if claimed:
            enqueue(job, symbols=claimed)
    except UnavailableError as error:
        # The answer is what is stored; who comes later asks again.
        logger.warning("A source cannot be asked now", extra={"job": job, "code": error.code})


def fault_note(job: str, symbol: str, code: str) -> None:
    """Note with which code a source failed, for those who ask meanwhile."""
    services.cache.set(_key(job, symbol), code, ASKED_S)


def fault_of(job: str, symbol: str) -> str:
    """Return the code with which a source failed lately; "" while nothing is known."""
    try:
        noted = services.cache.get(_key(job, symbol))
    except UnavailableError:
        return ""
    return "" if noted in (None, _UNDER_WAY) else str(noted)


def _key(job: str, symbol: str) -> str:
    return f"asked:{job}:{symbol}"
