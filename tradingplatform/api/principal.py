"""Who is asking? The answer that authentication gives and everything else trusts."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID


class Scope(StrEnum):
    """What an API key can be allowed to do; policy.py says which call needs which."""

    MARKET_READ = "market:read"
    PORTFOLIO_READ = "portfolio:read"
    TRADE = "trade"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in caller; stands in for ``request.user`` so that no user row is loaded.

    ``account_db_key`` names the shard and never leaves the server; ``uid`` is the public name.
    ``session_id`` is the log-in behind the call, or the key of a program; ``is_verified`` says
    that the e-mail address of the account is confirmed.
    """

    account_db_key: int
    uid: UUID
    session_id: UUID
    is_operator: bool = False
    is_verified: bool = False
    method: Literal["bearer", "cookie", "ticket", "api_key"] = "bearer"
    scopes: frozenset[str] = field(default_factory=frozenset)
    expires_at: datetime | None = None  # of a key; a session moves its end by being used

    @property
    def pk(self) -> int:
        return self.account_db_key

    @property
    def is_program(self) -> bool:
        return self.method == "api_key"

    @property
    def rate_identity(self) -> str:
        """Whom a limiter counts: a program by its key, a person over all sessions."""
        return f"key:{self.session_id}" if self.is_program else str(self.uid)

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def is_active(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Anonymous:
    """A caller who has not signed in."""

    pk: None = None
    is_operator: bool = False
    is_verified: bool = False
    is_program: bool = False
    scopes: frozenset[str] = frozenset()

    @property
    def is_authenticated(self) -> bool:
        return False

    @property
    def is_active(self) -> bool:
        return False


ANONYMOUS = Anonymous()
