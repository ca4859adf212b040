"""What lists and charts show, and what misbehaviour makes of it."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from tests.emulators.kis.trs import Call

Bar = TypeVar("Bar")


def stale_moment(call: Call) -> datetime | None:
    """Return the earlier moment that a list is of while lists are stale."""
    fault = call.state.faults.hit("stale_lists", call.tr_id)
    if fault is None:
        return None
    return call.state.clock.now() - timedelta(seconds=fault.seconds)


def moment(call: Call) -> datetime:
    """Return the moment that a chart is of."""
    return stale_moment(call) or call.state.clock.now()


def chart_page(
    call: Call, bars: Sequence[Bar], is_asked: Callable[[Bar], bool], size: int
) -> list[Bar]:
    """Cut the newest asked bars out of all (oldest first); return them newest first."""
    asked = [n for n, bar in enumerate(bars) if is_asked(bar)][-size:]
    page = [bars[n] for n in reversed(asked)]
    hit = call.state.faults.hit
    if page and hit("duplicate_rows", call.tr_id):
        # A chart goes on by date or time: the row before is the one just after the asked ones.
        page.insert(0, bars[min(asked[-1] + 1, len(bars) - 1)])
    if hit("shuffled_rows", call.tr_id):
        random.Random(len(page)).shuffle(page)  # noqa: S311 - repeatable, not secret
    return page
