"""The token broker: one access token and one approval key per app key, for the whole cluster.

KIS issues a token at most once a minute and tells the owner's phone of each. So a token is kept
sealed in the global database, used by every process until it ends, and asked for under a lease
that outlives the minute, whatever becomes of its holder.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from django.apps import apps

from tradingplatform import clock
from tradingplatform.crypto import Context, SealBrokenError, seal, unseal
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import LimitExceededError, UnavailableError
from tradingplatform.services.container import services
from tradingplatform.services.external.client import UpstreamUnreachedError
from tradingplatform.services.external.kis.codes import KisTooSoonError
from tradingplatform.services.external.kis.keys import KisKey
from tradingplatform.services.external.metrics import TOKENS_ISSUED
from tradingplatform.services.lock import Lease

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tradingplatform.services.models import ProviderToken

logger = logging.getLogger(__name__)

ISSUE_EVERY_S = 61.0
"""KIS says once a minute; the second more is for clocks that differ."""
WAIT_S = 8.0
LEFT_MIN = timedelta(minutes=5)
_LOOK_EVERY_S = 0.1


class TokenKind(StrEnum):
    """What is kept: ACCESS opens REST, APPROVAL opens the WebSocket."""

    ACCESS = "ACCESS"
    APPROVAL = "APPROVAL"


@dataclass(frozen=True)
class Token:
    """A secret that KIS gave, and until when it is good."""

    secret: str
    expires_at: datetime

    def is_good(self, at: datetime) -> bool:
        """Whether the token will still do for a while."""
        return at + LEFT_MIN < self.expires_at


class TokenBroker:
    """Hands out the tokens of one app key."""

    def __init__(
        self, key: KisKey, issue: Callable[[TokenKind], Token], *, wait_s: float | None = None
    ) -> None:
        self._key = key
        self._wait_s = WAIT_S if wait_s is None else wait_s
        self._issue = issue
        self._known: dict[TokenKind, Token] = {}
        self._lock = threading.Lock()

    def get(self, kind: TokenKind, *, instead_of: str = "") -> str:
        """Return a token that is good; never ``instead_of``, which KIS has just refused.

        Raises UnavailableError when there is none and nobody may ask for one yet, and what
        the issue raises.
        """
        with self._lock:
            token = self._known.get(kind)
            if token is None or not self._will_do(token, instead_of):
                token = self._stored(kind)
            if token is None or not self._will_do(token, instead_of):
                token = self._fetch(kind, instead_of)
            self._known[kind] = token
            return token.secret

    def _will_do(self, token: Token, refused: str) -> bool:
        return token.is_good(clock.now()) and token.secret != refused

    def _fetch(self, kind: TokenKind, refused: str) -> Token:
        """Ask KIS under the lease, or wait for the token of whoever holds it."""
        deadline = clock.monotonic() + self._wait_s
        while True:
            lease = services.lock.acquire(f"kis.{kind.value}.{self._key.name}", ISSUE_EVERY_S)
            token = self._stored(kind)
            if token is not None and self._will_do(token, refused):
                if lease is not None:
                    lease.release()
                return token
            if lease is not None:
                return self._asked(kind, lease)
            if clock.monotonic() > deadline:
                msg = "KIS gives a token once a minute; the next may be asked for soon."
                raise UnavailableError(msg, retry_after_s=round(ISSUE_EVERY_S), provider="KIS")
            threading.Event().wait(_LOOK_EVERY_S)

    def _asked(self, kind: TokenKind, lease: Lease) -> Token:
        """Ask KIS. The lease is kept: it counts the minute, unless KIS never heard of it."""
        TOKENS_ISSUED.labels(kind.value).inc()
        try:
            token = self._issue(kind)
        except KisTooSoonError as exc:
            msg = "KIS gives a token once a minute, and somebody else had this minute's."
            raise UnavailableError(msg, retry_after_s=round(ISSUE_EVERY_S), provider="KIS") from exc
        except (UpstreamUnreachedError, LimitExceededError, UnavailableError):
            lease.release()
            raise
        logger.info("KIS issued a token", extra={"kind": kind.value, "key_name": self._key.name})
        global_tx(self._store, kind, token)
        return token

    def _store(self, kind: TokenKind, token: Token) -> None:
        sealed = seal(token.secret.encode(), self._context(kind))
        _rows().update_or_create(
            key_identity=self._key.identity,
            kind=kind.value,
            defaults={
                "provider": "KIS",
                "sealed": sealed,
                "issued_at": clock.now(),
                "expires_at": token.expires_at,
            },
        )

    def _stored(self, kind: TokenKind) -> Token | None:
        row = _rows().filter(key_identity=self._key.identity, kind=kind.value).first()
        if row is None:
            return None
        try:
            secret = unseal(row.sealed, self._context(kind)).decode()
        except SealBrokenError:
            # Its key was rotated away: a new token costs a minute, not an answer.
            return None
        return Token(secret, row.expires_at)

    def _context(self, kind: TokenKind) -> Context:
        return Context(owner=self._key.identity, purpose=f"provider-token/{kind.value}")


def _rows() -> "QuerySet[ProviderToken]":
    return apps.get_model("platform_services", "ProviderToken").objects.using("default")
