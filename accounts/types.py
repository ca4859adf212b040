"""Plain values that services of this app hand to each other."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True)
class Device:
    """Where a call comes from."""

    ip: str = ""
    user_agent: str = ""


NOWHERE = Device()


@dataclass(frozen=True)
class Display:
    """How somebody sees the pages; every field holds a value."""

    language: str
    currency: str
    theme: str
    colours: str
    blur_amounts: bool


class Account(Protocol):
    """Whose account it is: a user row, or the principal of a request."""

    @property
    def pk(self) -> int: ...

    @property
    def uid(self) -> UUID: ...
