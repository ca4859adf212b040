"""Does a user's key work? One harmless call with it, to whoever gave it.

Nothing of a trial is kept but what a token broker keeps anyway. A provider that cannot be
reached says nothing about a key: that is an error, not a "no".
"""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum

import httpx2
from django.conf import settings

from tradingplatform.errors import UpstreamError
from tradingplatform.services.external.budget import Window
from tradingplatform.services.external.client import Call, Patience, ProviderClient, judge_status
from tradingplatform.services.external.fmp import (
    FmpKeyError,
    FmpPlanError,
    FmpRefusedError,
    FmpSession,
    FmpSetup,
)
from tradingplatform.services.external.kis.codes import KisKeyError, KisRefusedError
from tradingplatform.services.external.kis.keys import KisEnvironment, KisKey
from tradingplatform.services.external.kis.session import KisCall, KisSession
from tradingplatform.services.external.setup import kis_setup

PATIENCE = Patience(wait_s=2.0, attempts=1)
TOKEN_WAIT_S = 1.0
_WRONG_ENVIRONMENT = "EGW02004"
_KIS_PRICE = KisCall(
    "FHKST01010100",
    "/uapi/domestic-stock/v1/quotations/inquire-price",
    {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930"},
)


class KeyFault(StrEnum):
    """Why a key does not do."""

    NONE = ""
    KEY_REFUSED = "KEY_REFUSED"
    WRONG_ENVIRONMENT = "WRONG_ENVIRONMENT"
    PLAN_TOO_SMALL = "PLAN_TOO_SMALL"
    CALL_REFUSED = "CALL_REFUSED"


@dataclass(frozen=True)
class Trial:
    """What came of it; a key may work although its plan is too small for what was asked."""

    works: bool
    fault: KeyFault = KeyFault.NONE


def key_try(provider: str, environment: str, secrets: Mapping[str, str]) -> Trial:
    """Make one reading call with a key.

    Raises UpstreamError, UnavailableError or LimitExceededError when nobody could tell.
    """
    return _TRIALS[provider](environment, secrets)


def _try_kis(environment: str, secrets: Mapping[str, str]) -> Trial:
    key = KisKey(
        secrets["app_key"],
        secrets["app_secret"],
        secrets["account_number"],
        KisEnvironment(environment),
    )
    with closing(KisSession(key, kis_setup(), token_wait_s=TOKEN_WAIT_S)) as session:
        try:
            session.get(_KIS_PRICE, patience=PATIENCE)
        except KisKeyError as exc:
            is_elsewhere = exc.msg_cd == _WRONG_ENVIRONMENT
            return Trial(
                works=False,
                fault=KeyFault.WRONG_ENVIRONMENT if is_elsewhere else KeyFault.KEY_REFUSED,
            )
        except KisRefusedError:
            return Trial(works=False, fault=KeyFault.CALL_REFUSED)
    return Trial(works=True)


def _try_fmp(_environment: str, secrets: Mapping[str, str]) -> Trial:
    setup = FmpSetup(settings.FMP_URL, secrets["api_key"])
    with closing(FmpSession(setup, name=_name(secrets["api_key"]))) as session:
        try:
            session.get("/stable/quote", {"symbol": "AAPL"}, patience=PATIENCE)
        except FmpKeyError:
            return Trial(works=False, fault=KeyFault.KEY_REFUSED)
        except FmpPlanError:
            return Trial(works=True, fault=KeyFault.PLAN_TOO_SMALL)
        except FmpRefusedError:
            return Trial(works=False, fault=KeyFault.CALL_REFUSED)
    return Trial(works=True)


def _try_openai(_environment: str, secrets: Mapping[str, str]) -> Trial:
    api_key = secrets["api_key"]
    client = ProviderClient(
        f"OPENAI:LIVE:{_name(api_key)}",
        base_url=settings.OPENAI_URL,
        windows=(Window(5, 10.0),),
        judge=_judge_openai,
    )
    headers = {"authorization": f"Bearer {api_key}"}
    with closing(client):
        try:
            client.send(Call("GET", "models", headers=headers, patience=PATIENCE))
        except _OpenAIRefusedError as exc:
            is_bad = exc.http_status in {401, 403}
            return Trial(
                works=False, fault=KeyFault.KEY_REFUSED if is_bad else KeyFault.CALL_REFUSED
            )
    return Trial(works=True)


class _OpenAIRefusedError(UpstreamError):
    """It took the call and said no."""

    def __init__(self, status: int) -> None:
        super().__init__(f"OPENAI refused the call with status {status}.", provider="OPENAI")
        self.http_status = status


def _judge_openai(answer: httpx2.Response) -> None:
    judge_status(answer)
    if answer.status_code >= 400:
        raise _OpenAIRefusedError(answer.status_code)


def _name(secret: str) -> str:
    """Name a budget after a key without showing it."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


_TRIALS: dict[str, Callable[[str, Mapping[str, str]], Trial]] = {
    "KIS": _try_kis,
    "FMP": _try_fmp,
    "OPENAI": _try_openai,
}
