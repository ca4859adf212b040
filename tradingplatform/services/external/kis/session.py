"""REST calls with one app key: headers, tokens, pages, and what the answers mean."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx2

from tradingplatform import clock
from tradingplatform.errors import UpstreamError
from tradingplatform.ids import uuid7
from tradingplatform.services.external.client import Call, Patience, ProviderClient
from tradingplatform.services.external.kis.codes import (
    KisRefusedError,
    KisTokenError,
    body_of,
    judge,
    tr_id_for,
)
from tradingplatform.services.external.kis.keys import KisKey, KisSetup
from tradingplatform.services.external.kis.tokens import Token, TokenBroker, TokenKind

logger = logging.getLogger(__name__)

KST = ZoneInfo("Asia/Seoul")
LIFE = timedelta(hours=24)
_MORE = frozenset({"F", "M"})


@dataclass(frozen=True)
class KisCall:
    """One transaction: its id on the live host, its path and its fields."""

    tr_id: str
    path: str
    params: Mapping[str, str]
    tr_cont: str = ""


@dataclass(frozen=True)
class KisAnswer:
    """The body of an answer with rt_cd 0, and whether there are further pages."""

    body: Mapping[str, Any]
    has_more: bool
    received_at: datetime


class KisSession:
    """One app key at one environment."""

    def __init__(
        self,
        key: KisKey,
        setup: KisSetup,
        *,
        transport: httpx2.BaseTransport | None = None,
        token_wait_s: float | None = None,
    ) -> None:
        self.key = key
        self.hosts = setup.hosts(key.environment)
        self.client = ProviderClient(
            f"KIS:{key.name}",
            base_url=self.hosts.rest_url,
            windows=setup.windows(key.environment),
            judge=judge,
            transport=transport,
        )
        self.tokens = TokenBroker(key, self._issue, wait_s=token_wait_s)

    def get(self, call: KisCall, *, patience: Patience | None = None) -> KisAnswer:
        """Return the answer to a reading call; a token that has ended is replaced once.

        Raises KisRefusedError and what ProviderClient.send raises.
        """
        token = self.tokens.get(TokenKind.ACCESS)
        try:
            return self._get(call, token, patience)
        except KisTokenError:
            token = self.tokens.get(TokenKind.ACCESS, instead_of=token)
            return self._get(call, token, patience)

    def approval_key(self, *, instead_of: str = "") -> str:
        """Return the key that opens a WebSocket."""
        return self.tokens.get(TokenKind.APPROVAL, instead_of=instead_of)

    def close(self) -> None:
        """Give the connections back."""
        self.client.close()

    def _get(self, call: KisCall, token: str, patience: Patience | None) -> KisAnswer:
        trace = uuid7().hex
        headers = self._headers(call, token) | {"gt_uid": trace}
        request = Call("GET", call.path, params=call.params, headers=headers, patience=patience)
        try:
            answer = self.client.send(request)
        except UpstreamError as exc:
            reason = exc.msg_cd if isinstance(exc, KisRefusedError) else exc.message
            logger.warning(
                "A call to KIS failed",
                extra={"tr_id": call.tr_id, "reason": reason, "gt_uid": trace},
            )
            raise
        has_more = answer.headers.get("tr_cont", "").strip() in _MORE
        return KisAnswer(body_of(answer), has_more, clock.now())

    def _headers(self, call: KisCall, token: str) -> dict[str, str]:
        return {
            "content-type": "application/json; charset=utf-8",
            "authorization": f"Bearer {token}",
            "appkey": self.key.app_key,
            "appsecret": self.key.app_secret,
            "tr_id": tr_id_for(self.key.environment, call.tr_id),
            "tr_cont": call.tr_cont,
            "custtype": "P",
        }

    def _issue(self, kind: TokenKind) -> Token:
        is_access = kind is TokenKind.ACCESS
        secret_name = "appsecret" if is_access else "secretkey"
        body = {
            "grant_type": "client_credentials",
            "appkey": self.key.app_key,
            secret_name: self.key.app_secret,
        }
        path = "/oauth2/tokenP" if is_access else "/oauth2/Approval"
        said = body_of(self.client.send(Call("POST", path, json=body)))
        secret = said.get("access_token" if is_access else "approval_key")
        if not isinstance(secret, str) or not secret:
            msg = "KIS gave no token."
            raise UpstreamError(msg, provider="KIS")
        return Token(secret, _ends_at(said))


def _ends_at(said: Mapping[str, Any]) -> datetime:
    """Return when a token ends: as KIS writes it (Korean time), else in a day."""
    try:
        text = str(said["access_token_token_expired"])
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=KST)
    except (KeyError, ValueError):
        return clock.now() + LIFE
