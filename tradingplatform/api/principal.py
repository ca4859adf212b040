"""Who is asking? The answer that authentication gives and everything else trusts."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in caller; stands in for ``request.user`` so that no user row is loaded.

    ``account_db_key`` names the shard and never leaves the server; ``uid`` is the public name.
    """

    account_db_key: int
    uid: UUID
    session_id: UUID
    is_operator: bool = False
    method: Literal["bearer", "cookie", "ticket"] = "bearer"
    scopes: frozenset[str] = field(default_factory=frozenset)

    @property
    def pk(self) -> int:
        return self.account_db_key

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

    @property
    def is_authenticated(self) -> bool:
        return False

    @property
    def is_active(self) -> bool:
        return False


ANONYMOUS = Anonymous()
