"""What the rest of the platform is told of an instrument that ended or was renamed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from market.enums import ActionKind


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


Follower = Callable[[str, InstrumentEvent], None]
"""Makes what users have on one shard follow an event; a second call changes nothing."""
