"""Who listens to what, over all processes: each keeps its own counts alive in the cache."""

import os
from collections import Counter
from collections.abc import Mapping

from tradingplatform.errors import UnavailableError
from tradingplatform.ids import secret_token
from tradingplatform.services.container import services

PROCESSES_MAX = 10_000
_REGISTER = "audience"
_process = ""


def audience_tell(part: str, counts: Mapping[str, int], *, for_s: float) -> None:
    """Say how often each name is wanted by one part of this process; replaces what it said."""
    holder = f"{_process_id()}:{part}"
    services.cache.set(f"{_REGISTER}:{holder}", dict(counts), for_s)
    try:
        services.cache.take_slot(_REGISTER, holder, most=PROCESSES_MAX, hold_s=for_s)
    except UnavailableError:
        return


def audience_counts() -> dict[str, int]:
    """Return how often each name is wanted by all parts of all processes."""
    keys = [f"{_REGISTER}:{holder}" for holder in services.cache.slot_holders(_REGISTER)]
    total: Counter[str] = Counter()
    for counts in services.cache.get_many(keys).values():
        total.update(counts)
    return dict(total)


def _process_id() -> str:
    """Return a name of this process alone, also after a fork."""
    global _process  # noqa: PLW0603 - one name per process
    if not _process.startswith(f"{os.getpid()}-"):
        _process = f"{os.getpid()}-{secret_token(6)}"
    return _process
