"""Outside providers: the sample, the client and what protects both sides."""

from collections.abc import Callable, Iterator

import httpx2
import pytest
import stamina

from tradingplatform.errors import (
    NotConfiguredError,
    NotFoundError,
    UnavailableError,
    UpstreamError,
)
from tradingplatform.services.external.budget import Window
from tradingplatform.services.external.client import Call, ProviderClient
from tradingplatform.services.external.live import LiveExternal
from tradingplatform.services.external.sample import SampleExternal
from tradingplatform.services.protection import BreakerState, CircuitBreaker


class Timer:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.at_s = 100.0

    def __call__(self) -> float:
        return self.at_s


class Provider:
    """Answers with the given statuses in turn and keeps the calls; the last one stays."""

    def __init__(self, *answers: int | Exception) -> None:
        self._answers = list(answers)
        self.calls: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.calls.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer, json={"ok": answer == 200})


@pytest.fixture(autouse=True)
def _no_waiting_between_tries() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


Connect = Callable[[Provider], ProviderClient]


@pytest.fixture
def connect() -> Iterator[Connect]:
    clients: list[ProviderClient] = []

    def build(provider: Provider) -> ProviderClient:
        client = ProviderClient(
            "FMP:LIVE:test",
            base_url="https://provider.test/api",
            windows=(Window(100, 1.0),),
            transport=httpx2.MockTransport(provider),
        )
        clients.append(client)
        return client

    yield build
    for client in clients:
        client.close()


def test_answer_comes_back(connect: Connect) -> None:
    provider = Provider(200)

    answer = connect(provider).send(Call("GET", "/quote", params={"symbol": "AAPL"}))

    assert answer.json() == {"ok": True}
    assert str(provider.calls[0].url) == "https://provider.test/api/quote?symbol=AAPL"


@pytest.mark.parametrize(
    "fault", [500, 503, 429, httpx2.ConnectError("refused"), httpx2.ReadTimeout("slow")]
)
def test_reading_is_tried_again(connect: Connect, fault: int | Exception) -> None:
    provider = Provider(fault, fault, 200)

    assert connect(provider).send(Call("GET", "/quote")).status_code == 200
    assert len(provider.calls) == 3


def test_reading_gives_up_after_three_tries(connect: Connect) -> None:
    provider = Provider(503)

    with pytest.raises(UpstreamError, match="FMP failed: status 503"):
        connect(provider).send(Call("GET", "/quote", params={"apikey": "s3cret"}))
    assert len(provider.calls) == 3


@pytest.mark.parametrize("fault", [500, httpx2.ReadTimeout("slow")])
def test_writing_is_never_repeated(connect: Connect, fault: int | Exception) -> None:
    provider = Provider(fault, 200)

    with pytest.raises(UpstreamError):
        connect(provider).send(Call("POST", "/order", json={"quantity": 1}))
    assert len(provider.calls) == 1


@pytest.mark.parametrize("status", [400, 401, 404])
def test_refusal_is_not_repeated_and_tells_no_key(connect: Connect, status: int) -> None:
    provider = Provider(status)

    with pytest.raises(UpstreamError) as refused:
        connect(provider).send(Call("GET", "/quote", params={"apikey": "s3cret"}))

    assert len(provider.calls) == 1
    assert refused.value.details == {"provider": "FMP", "status": status}
    assert "s3cret" not in str(refused.value)


def test_redirects_are_not_followed(connect: Connect) -> None:
    provider = Provider(302)

    assert connect(provider).send(Call("GET", "/quote")).status_code == 302
    assert len(provider.calls) == 1


def test_failing_provider_is_left_alone(connect: Connect) -> None:
    provider = Provider(503)
    client = connect(provider)

    with pytest.raises(UpstreamError):
        client.send(Call("GET", "/quote"))
    with pytest.raises((UnavailableError, UpstreamError)):
        client.send(Call("GET", "/quote"))
    asked = len(provider.calls)
    with pytest.raises(UnavailableError, match="left alone"):
        client.send(Call("GET", "/quote"))

    assert asked == 5
    assert len(provider.calls) == asked


def test_breaker_lets_one_try_through_after_the_pause() -> None:
    timer = Timer()
    breaker = CircuitBreaker("FMP", failures_max=2, pause_s=30, timer=timer)
    breaker.failed()
    assert breaker.state() is BreakerState.CLOSED
    breaker.failed()
    assert breaker.state() is BreakerState.OPEN
    with pytest.raises(UnavailableError):
        breaker.before_call()

    timer.at_s += 30
    breaker.before_call()
    with pytest.raises(UnavailableError):
        breaker.before_call()

    breaker.succeeded()
    assert breaker.state() is BreakerState.CLOSED
    breaker.before_call()


def test_breaker_opens_again_when_the_try_fails() -> None:
    timer = Timer()
    breaker = CircuitBreaker("FMP", failures_max=1, pause_s=30, timer=timer)
    breaker.failed()
    timer.at_s += 30
    breaker.before_call()
    breaker.failed()

    assert breaker.state() is BreakerState.OPEN
    timer.at_s += 30
    assert breaker.state() is BreakerState.HALF_OPEN


def test_try_that_never_reports_back_does_not_shut_the_circuit_for_good() -> None:
    timer = Timer()
    breaker = CircuitBreaker("FMP", failures_max=1, pause_s=30, timer=timer)
    breaker.failed()
    timer.at_s += 30
    breaker.before_call()
    timer.at_s += 30

    breaker.before_call()
    breaker.succeeded()
    assert breaker.state() is BreakerState.CLOSED


def test_sample_is_labelled_and_repeats_itself() -> None:
    sample = SampleExternal()

    first, again = sample.fetch("FRED", "DGS10"), sample.fetch("FRED", "DGS10")
    other = sample.fetch("FRED", "CPI")

    assert (first.source, first.content["source"]) == ("SAMPLE", "SAMPLE")
    assert first.content == again.content
    assert first.content != other.content
    assert len(first.content["observations"]) == 60


def test_unknown_provider_is_not_found() -> None:
    for backend in (SampleExternal(), LiveExternal()):
        with pytest.raises(NotFoundError):
            backend.fetch("ORACLE", "x")


def test_live_says_it_is_not_configured() -> None:
    with pytest.raises(NotConfiguredError, match="KIS is not configured"):
        LiveExternal().fetch("KIS", "quote")
