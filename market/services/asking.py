"""Have a source asked in the background, once for everybody who wants the same.

Requests never wait for a source: they start a job, and show what is stored meanwhile. Soft: a
lost note costs one more call.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress

from market.providers.base import Asset, Capability
from market.providers.chain import providers_of
from tradingplatform.errors import UnavailableError
from tradingplatform.jobs import enqueue
from tradingplatform.services import services

logger = logging.getLogger(__name__)

ASKED_S = 600.0
"""So long the same is not asked for again, whatever came of it."""


def told_of(capability: Capability, assets: Iterable[Asset]) -> list[Asset]:
    """Return those of which a source that is set up can be asked this."""
    sources = list(providers_of(capability, None))
    return [one for one in assets if any(source.serves(capability, one) for source in sources)]


def ask_soon(job: str, symbols: Iterable[str]) -> None:
    """Start a job for those of the symbols that nobody asked for lately."""
    keys = {_asked(job, symbol): symbol for symbol in symbols}
    if not keys:
        return
    try:
        # Counting claims them all in one round trip: the first to count has it.
        counts = services.cache.incr_many(dict.fromkeys(keys, 1), ASKED_S)
        claimed = [keys[key] for key, count in counts.items() if count == 1]
        if claimed:
            enqueue(job, symbols=claimed)
    except UnavailableError as error:
        # The answer is what is stored; who comes later asks again.
        logger.warning("A source cannot be asked now", extra={"job": job, "code": error.code})


def fault_note(job: str, symbol: str, code: str) -> None:
    """Note with which code a source failed, for those who ask meanwhile."""
    services.cache.set(_fault(job, symbol), code, ASKED_S)
    with suppress(UnavailableError):
        services.cache.incr(_asked(job, symbol), ASKED_S)


def fault_of(job: str, symbol: str) -> str:
    """Return the code with which a source failed lately; "" while nothing is known."""
    return str(services.cache.get(_fault(job, symbol)) or "")


def is_under_way(job: str, symbol: str) -> bool:
    """Whether somebody had a source asked lately, whatever came of it."""
    return services.cache.get(_asked(job, symbol)) is not None


def _asked(job: str, symbol: str) -> str:
    return f"asked:{job}:{symbol}"


def _fault(job: str, symbol: str) -> str:
    return f"asked-fault:{job}:{symbol}"
