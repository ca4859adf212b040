"""KIS over REST: tokens, codes, and what becomes of each answer."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
import stamina
from django.db import connections

from tradingplatform.errors import NotConfiguredError, UnavailableError, UpstreamError
from tradingplatform.services.external.budget import Window
from tradingplatform.services.external.kis.codes import (
    KisKeyError,
    KisRefusedError,
    KisTokenError,
    tr_id_for,
)
from tradingplatform.services.external.kis.keys import KisEnvironment, KisHosts, KisKey, KisSetup
from tradingplatform.services.external.kis.pool import KisPool
from tradingplatform.services.external.kis.session import KisCall, KisSession
from tradingplatform.services.external.kis.tokens import TokenKind
from tradingplatform.services.models import ProviderToken

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

KEY = KisKey("PSapp" + "k" * 31, "secret" * 30, "12345678-01", KisEnvironment.LIVE)
PRICE = KisCall("FHKST01010100", "/uapi/price", {"FID_INPUT_ISCD": "005930"})
HOSTS = KisHosts("https://kis.test", "ws://kis.test")
GOOD = {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "ok", "output": {"stck_prpr": "1"}}


def setup_of(*keys: KisKey) -> KisSetup:
    windows = (Window(1000, 1.0),)
    return KisSetup(keys, HOSTS, HOSTS, windows, windows)


class Kis:
    """A little KIS: it counts what it is asked and answers from a script."""

    def __init__(self, *answers: tuple[int, dict[str, Any]]) -> None:
        self.answers = list(answers)
        self.tokens = 0
        self.calls: list[httpx2.Request] = []
        self.token_answer: tuple[int, dict[str, Any]] | Exception | None = None

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.startswith("/oauth2/"):
            return self._token(request)
        self.calls.append(request)
        status, body = self.answers.pop(0) if self.answers else (200, GOOD)
        return httpx2.Response(status, json=body)

    def _token(self, request: httpx2.Request) -> httpx2.Response:
        self.tokens += 1
        if isinstance(self.token_answer, Exception):
            raise self.token_answer
        if self.token_answer is not None:
            return httpx2.Response(self.token_answer[0], json=self.token_answer[1])
        if request.url.path.endswith("Approval"):
            assert json.loads(request.content)["secretkey"] == KEY.app_secret
            return httpx2.Response(200, json={"approval_key": f"approval-{self.tokens}"})
        return httpx2.Response(
            200,
            json={
                "access_token": f"token-{self.tokens}",
                "access_token_token_expired": "2099-01-01 00:00:00",
                "expires_in": 86400,
            },
        )

    @property
    def bearers(self) -> list[str]:
        return [call.headers["authorization"] for call in self.calls]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("tradingplatform.services.external.kis.tokens.WAIT_S", 0.3)
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


Connect = Callable[..., KisSession]


@pytest.fixture
def connect() -> Iterator[Connect]:
    made: list[KisSession] = []

    def build(kis: Kis, key: KisKey = KEY) -> KisSession:
        session = KisSession(key, setup_of(key), transport=httpx2.MockTransport(kis))
        made.append(session)
        return session

    yield build
    for session in made:
        session.close()


def test_a_call_carries_key_token_and_transaction(connect: Connect) -> None:
    kis = Kis()

    answer = connect(kis).get(PRICE)

    sent = kis.calls[0].headers
    assert answer.body["output"] == {"stck_prpr": "1"}
    assert (sent["appkey"], sent["appsecret"]) == (KEY.app_key, KEY.app_secret)
    assert (sent["authorization"], sent["tr_id"]) == ("Bearer token-1", "FHKST01010100")
    assert len(sent["gt_uid"]) == 32


def test_all_processes_share_one_token(connect: Connect) -> None:
    kis = Kis()
    sessions = [connect(kis) for _ in range(4)]

    def ask(number: int) -> str:
        try:
            return str(sessions[number % 4].get(PRICE).body["rt_cd"])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as crowd:
        assert set(crowd.map(ask, range(16))) == {"0"}

    assert kis.tokens == 1
    assert set(kis.bearers) == {"Bearer token-1"}


def test_a_token_is_kept_sealed(connect: Connect) -> None:
    connect(Kis()).get(PRICE)

    row = ProviderToken.objects.get()
    assert (row.provider, row.kind) == ("KIS", "ACCESS")
    assert row.expires_at.isoformat() == "2098-12-31T15:00:00+00:00"
    for secret in ("token-1", KEY.app_key, KEY.app_secret):
        assert secret not in repr(vars(row)) + str(row) + repr(KEY)


def test_approval_keys_are_kept_apart_from_tokens(connect: Connect) -> None:
    kis = Kis()
    session = connect(kis)

    assert session.tokens.get(TokenKind.ACCESS) == "token-1"
    assert session.approval_key() == "approval-2"
    assert connect(kis).approval_key() == "approval-2"


def test_who_has_another_secret_does_not_get_the_token(connect: Connect) -> None:
    kis = Kis()
    connect(kis).get(PRICE)
    thief = KisKey(KEY.app_key, "guessed", "", KEY.environment)

    # The minute belongs to the app key: KIS would refuse a second issue.
    with pytest.raises(UnavailableError):
        connect(kis, thief).get(PRICE)
    assert kis.tokens == 1


@pytest.mark.parametrize("code", ["EGW00121", "EGW00123"])
def test_a_token_that_ended_is_read_again_before_a_new_one_is_asked_for(
    connect: Connect, code: str
) -> None:
    kis = Kis()
    ours, theirs = connect(kis), connect(kis)
    ours.get(PRICE)
    theirs.get(PRICE)
    _minute_passes()
    kis.answers = [(500, {"rt_cd": "1", "msg_cd": code, "msg1": "ended"})]

    assert ours.get(PRICE).body == GOOD
    assert kis.tokens == 2
    kis.answers = [(500, {"rt_cd": "1", "msg_cd": code, "msg1": "ended"})]
    assert theirs.get(PRICE).body == GOOD
    assert kis.tokens == 2
    assert kis.bearers[-1] == "Bearer token-2"


def test_a_token_that_is_refused_again_is_not_asked_for_for_ever(connect: Connect) -> None:
    ended = (500, {"rt_cd": "1", "msg_cd": "EGW00123", "msg1": "ended"})
    kis = Kis(ended, ended, ended)
    session = connect(kis)
    session.tokens.get(TokenKind.ACCESS)
    _minute_passes()

    with pytest.raises(KisTokenError):
        session.get(PRICE)
    assert (kis.tokens, len(kis.calls)) == (2, 2)


def test_tokens_are_asked_for_once_a_minute_whatever_comes_back(connect: Connect) -> None:
    kis = Kis()
    kis.token_answer = (403, {"error_code": "EGW00133", "error_description": "once a minute"})

    for _ in range(3):
        with pytest.raises(UnavailableError) as refused:
            connect(kis).get(PRICE)
        assert refused.value.retry_after_s == 61
    assert kis.tokens == 1


def test_a_kis_that_never_heard_is_asked_again(connect: Connect) -> None:
    kis = Kis()
    kis.token_answer = httpx2.ConnectError("refused")
    with pytest.raises(UpstreamError):
        connect(kis).get(PRICE)

    kis.token_answer = None
    assert connect(kis).get(PRICE).body == GOOD


def test_a_wrong_key_says_so(connect: Connect) -> None:
    kis = Kis()
    kis.token_answer = (403, {"error_code": "EGW00103", "error_description": "bad key"})

    with pytest.raises(KisKeyError) as refused:
        connect(kis).get(PRICE)
    assert refused.value.details == {"provider": "KIS", "reason": "EGW00103"}


@pytest.mark.parametrize("status", [200, 500])
def test_a_limit_is_waited_out_whatever_the_status(connect: Connect, status: int) -> None:
    busy = (status, {"rt_cd": "1", "msg_cd": "EGW00201", "msg1": "limit"})
    kis = Kis(busy, busy)

    assert connect(kis).get(PRICE).body == GOOD
    assert len(kis.calls) == 3


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (200, {"rt_cd": "2", "msg_cd": "OPSQ2001", "msg1": "field"}, "OPSQ2001"),
        (500, {"rt_cd": "1", "msg_cd": "EGW02006", "msg1": "no paper"}, "EGW02006"),
        (200, {"rt_cd": "7", "msg_cd": "X", "msg1": "none"}, "X"),
        (200, {"rt_cd": 5}, "status 200"),
    ],
)
def test_a_refusal_is_not_repeated(
    connect: Connect, status: int, body: dict[str, Any], reason: str
) -> None:
    kis = Kis((status, body))

    with pytest.raises(KisRefusedError) as refused:
        connect(kis).get(PRICE)
    assert (refused.value.msg_cd, len(kis.calls)) == (reason, 1)


def test_no_secret_is_in_a_log_line(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    kis = Kis((500, {"rt_cd": "1", "msg_cd": "EGW02004", "msg1": "no"}))
    caplog.set_level("DEBUG")

    with pytest.raises(KisKeyError):
        connect(kis).get(PRICE)

    written = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "EGW02004" in written
    for secret in (KEY.app_key, KEY.app_secret, "token-1"):
        assert secret not in written


@pytest.mark.parametrize(
    ("environment", "asked", "sent"),
    [
        ("PAPER", "TTTC0012U", "VTTC0012U"),
        ("PAPER", "CTRP6504R", "VTRP6504R"),
        ("PAPER", "FHKST01010100", "FHKST01010100"),
        ("PAPER", "HHDFS00000300", "HHDFS00000300"),
        ("LIVE", "TTTC0012U", "TTTC0012U"),
    ],
)
def test_transactions_have_their_own_ids_on_paper(environment: str, asked: str, sent: str) -> None:
    assert tr_id_for(KisEnvironment(environment), asked) == sent


def test_what_paper_lacks_goes_to_a_live_key_only(connect: Connect) -> None:
    kis = Kis()
    paper_key = KisKey("paper", "secret", "", KisEnvironment.PAPER)
    paper, live = connect(kis, paper_key), connect(kis)
    past_minutes = KisCall("FHKST03010230", "/uapi/minutes", {})

    for _ in range(3):
        KisPool([paper, live]).get(past_minutes)
    assert {call.headers["appkey"] for call in kis.calls} == {KEY.app_key}
    with pytest.raises(NotConfiguredError, match="live keys only"):
        KisPool([paper]).get(past_minutes)


def _minute_passes() -> None:
    """End the lease that counts the minute."""
    from tradingplatform.clock import now
    from tradingplatform.db.models import Lease
    from tradingplatform.services import services

    for row in Lease.objects.filter(name__startswith="kis."):
        Lease.objects.filter(pk=row.pk).update(expires_at=now())
        client = getattr(services.lock, "_client", None)
        if client is not None:
            for key in client.scan_iter(match=f"*lock:{row.name}"):
                client.delete(key)
