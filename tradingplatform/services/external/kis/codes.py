"""What the answers of KIS mean: the body speaks before the status. Pure."""

from collections.abc import Mapping
from typing import Any

import httpx2
import orjson

from tradingplatform.errors import UpstreamError
from tradingplatform.services.external.client import BusyError, TryAgainError, judge_status
from tradingplatform.services.external.kis.keys import KisEnvironment

TOKEN_CODES = frozenset({"EGW00121", "EGW00122", "EGW00123"})
BUSY_CODES = frozenset({"EGW00201", "EGW00215"})
ASKED_TOO_SOON = "EGW00133"
KEY_CODES = frozenset({"EGW00103", "EGW00105", "EGW00101", "EGW00102", "EGW00104", "EGW02004"})
TRANSIENT_CODES = frozenset(
    {"EGW00001", "EGW00002", "EGW00003", "EGW00004", "EGW00202", "IGW00007", "IGW00009"}
)
NO_DATA = "7"
"""The rt_cd of a quotation about something that KIS does not know."""
# Quotations that the paper host does not serve (it answers EGW02006).
LIVE_ONLY = frozenset({"FHKST03010230", "HHDFS76200100", "HHDFS76950200"})
# Quotations have the same id on both hosts; accounts and orders have one of their own on paper.
_LETTERS_OF_PAPER = ("T", "J", "C")


class KisRefusedError(UpstreamError):
    """KIS took the call and said no; ``msg_cd`` says why."""

    has_no_data = False

    def __init__(self, msg_cd: str, text: str) -> None:
        super().__init__(f"KIS refused the call ({msg_cd}).", provider="KIS", reason=msg_cd)
        self.msg_cd = msg_cd
        self.text = text


class KisTokenError(KisRefusedError):
    """The access token is unknown or over."""


class KisTooSoonError(KisRefusedError):
    """A token was asked for within the minute."""


class KisKeyError(KisRefusedError):
    """The app key or its secret is wrong, or belongs to the other environment."""


def tr_id_for(environment: KisEnvironment, tr_id: str) -> str:
    """Return the id of a transaction on the host of an environment."""
    if environment is KisEnvironment.PAPER and tr_id.startswith(_LETTERS_OF_PAPER):
        return f"V{tr_id[1:]}"
    return tr_id


def judge(answer: httpx2.Response) -> None:
    """Raise what an answer of KIS means; return for a good one."""
    body = body_of(answer)
    code, text = code_of(body)
    if not _is_refused(body):
        judge_status(answer)
        return
    if code in BUSY_CODES:
        raise BusyError(code)
    if code in TRANSIENT_CODES:
        raise TryAgainError(code)
    if code in TOKEN_CODES:
        raise KisTokenError(code, text)
    if code == ASKED_TOO_SOON:
        raise KisTooSoonError(code, text)
    if code in KEY_CODES:
        raise KisKeyError(code, text)
    if not code:
        judge_status(answer)
    refusal = KisRefusedError(code or f"status {answer.status_code}", text)
    refusal.has_no_data = str(body.get("rt_cd")) == NO_DATA
    raise refusal


def body_of(answer: httpx2.Response) -> Mapping[str, Any]:
    """Return the JSON object of an answer; an empty one for anything else."""
    try:
        body = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def code_of(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return code and text of an envelope, in the form of REST or of OAuth."""
    for code, text in (("msg_cd", "msg1"), ("error_code", "error_description")):
        if code in body:
            return str(body[code])[:16], str(body.get(text, "")).strip()[:200]
    return "", ""


def _is_refused(body: Mapping[str, Any]) -> bool:
    return "error_code" in body or str(body.get("rt_cd", "0")) not in {"0", ""}
