"""What the rest of the platform is told of an instrument that ended or was renamed."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.db import InterfaceError, OperationalError

from market.enums import ActionKind
from tradingplatform.db.transactions import is_transient

logger = logging.getLogger(__name__)
Owner = TypeVar("Owner")


@dataclass(frozen=True, slots=True)
class InstrumentEvent:
    """A corporate action that has happened to an instrument.

    ``symbol`` is the one it carries now; ``old_symbol`` only of a symbol change; ``successor``
    the symbol of the other company of a merger, where that was told.
    """

    action_id: int
    kind: ActionKind
    symbol: str
    ex_date: date
    old_symbol: str = ""
    successor: str = ""

    @property
    def is_rename(self) -> bool:
        """Whether the instrument goes on under another symbol."""
        return self.kind == ActionKind.SYMBOL_CHANGE


Follower = Callable[[str, InstrumentEvent], bool]
"""Makes what users have on one shard follow an event; a second call changes nothing.

Tells whether all has followed; if not, it is called again later.
"""


def follow_each(owners: Iterable[Owner], follow: Callable[[Owner], object]) -> bool:
    """Call ``follow`` for each; tell whether all went well.

    Whatever is wrong with the rows of one stops no other. A database that is away stops all:
    the rest would only wait for it, one by one.
    """
    is_whole = True
    for owner in owners:
        try:
            follow(owner)
        except Exception as error:
            if isinstance(error, InterfaceError | OperationalError) and not is_transient(error):
                raise
            logger.exception("Somebody's rows do not follow", extra={"owner": str(owner)})
            is_whole = False
    return is_whole
