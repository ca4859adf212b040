"""One HTTP client for every provider: time-outs, bounded retry, breaker, budget."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
import stamina

from tradingplatform import clock
from tradingplatform.errors import LimitExceededError, UnavailableError, UpstreamError
from tradingplatform.services.external.breaker import SharedBreaker
from tradingplatform.services.external.budget import Budget, Window
from tradingplatform.services.external.metrics import PROVIDER_CALLS, PROVIDER_SECONDS

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 5.0
ATTEMPTS = 3
DEADLINE_S = 10.0
WAIT_S = 3.0
ANSWER_BYTES_MAX = 10_000_000
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_RETRY_STATUSES = frozenset({429, 500, 502, 503, 504})


class TryAgainError(Exception):
    """The provider failed in a way that a second try may cure."""


class BusyError(TryAgainError):
    """The provider works, but it counted more calls than it allows."""


class NotSentError(TryAgainError):
    """The provider cannot have seen the call: there was no connection."""


class UpstreamUnreachedError(UpstreamError):
    """The provider never got the call."""


@dataclass(frozen=True)
class Call:
    """One question to a provider. ``is_safe``: asking twice does no harm, whatever the method."""

    method: str
    path: str
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    json: Any = None
    is_safe: bool = field(default=False)
    patience: "Patience | None" = None

    @property
    def is_repeatable(self) -> bool:
        """Whether a failed try may be followed by another."""
        return self.is_safe or self.method.upper() in _SAFE_METHODS


@dataclass(frozen=True)
class Patience:
    """How long to wait for a turn, how often to try, and what to leave to others.

    ``spare`` and ``share`` as Budget.call has them.
    """

    wait_s: float = WAIT_S
    attempts: int = ATTEMPTS
    spare: int = 0
    share: float = 1.0
    read_timeout_s: float = READ_TIMEOUT_S


Judge = Callable[[httpx2.Response], None]


def judge_status(answer: httpx2.Response) -> None:
    """Raise TryAgainError for a status that may pass; the others are left to the client."""
    if answer.status_code in _RETRY_STATUSES:
        kind = BusyError if answer.status_code == 429 else TryAgainError
        msg = f"status {answer.status_code}"
        raise kind(msg)


class ProviderClient:
    """Calls of one account with one provider. Only calls that do no harm are ever repeated.

    ``name`` is ``PROVIDER:ENVIRONMENT:account``: all accounts of one environment share the
    breaker, each has its own budget. ``judge`` looks at an answer before its status does (KIS
    says more in the body). It raises TryAgainError, or a TradingPlatformError for a refusal.
    """

    def __init__(
        self,
        name: str,
        *,
        base_url: str,
        windows: Sequence[Window],
        judge: Judge = judge_status,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        provider, environment, *_ = name.split(":")
        self.provider = provider
        self.breaker = SharedBreaker(f"{provider}:{environment}")
        self.budget = Budget(name, windows)
        self._judge = judge
        self._client = httpx2.Client(
            base_url=base_url,
            timeout=httpx2.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            follow_redirects=False,
            transport=transport,
            trust_env=False,
        )

    def send(self, call: Call) -> httpx2.Response:
        """Return the answer of a provider that took the call (status below 400).

        Raises UpstreamError for a failure, UnavailableError while the circuit is open and
        LimitExceededError when the budget is used up. The text of an error names the
        provider and the status only, since addresses can carry keys.
        """
        patience = call.patience or Patience()
        try:
            for attempt in stamina.retry_context(
                on=TryAgainError,
                attempts=patience.attempts if call.is_repeatable else 1,
                timeout=DEADLINE_S,
                wait_initial=0.1,
                wait_max=1.0,
                wait_jitter=0.2,
            ):
                with attempt:
                    return self._try(call, patience)
        except BusyError as exc:
            msg = f"{self.provider} is asked more often than it allows."
            raise UnavailableError(msg, retry_after_s=2, provider=self.provider) from exc
        except TryAgainError as exc:
            kind = UpstreamUnreachedError if isinstance(exc, NotSentError) else UpstreamError
            msg = f"{self.provider} failed: {exc}."
            raise kind(msg, provider=self.provider) from exc
        msg = "stamina ended without an answer"
        raise RuntimeError(msg)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _try(self, call: Call, patience: Patience) -> httpx2.Response:
        self.breaker.before_call()
        outcome = "failed"
        try:
            place = self.budget.call(
                wait_s=patience.wait_s, spare=patience.spare, share=patience.share
            )
            with place:
                answer = self._ask(call, patience)
            self._judge(answer)
            outcome = "ok" if answer.status_code < 400 else "refused"
        except BusyError:
            outcome = "busy"
            raise
        except TryAgainError:
            self.breaker.failed()
            raise
        except LimitExceededError:
            outcome = "budget"
            raise
        except UpstreamError:
            # It answered, if only to say no.
            outcome = "refused"
            self.breaker.succeeded()
            raise
        finally:
            PROVIDER_CALLS.labels(self.provider, outcome).inc()
        self.breaker.succeeded()
        self._refuse(answer)
        return answer

    def _ask(self, call: Call, patience: Patience) -> httpx2.Response:
        request = self._client.build_request(
            call.method,
            call.path,
            params=call.params,
            headers=call.headers,
            json=call.json,
            timeout=httpx2.Timeout(patience.read_timeout_s, connect=CONNECT_TIMEOUT_S),
        )
        started = clock.monotonic()
        try:
            return self._client.send(request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as exc:
            raise NotSentError(type(exc).__name__) from exc
        except httpx2.HTTPError as exc:
            raise TryAgainError(type(exc).__name__) from exc
        finally:
            PROVIDER_SECONDS.labels(self.provider).observe(clock.monotonic() - started)

    def _refuse(self, answer: httpx2.Response) -> None:
        if answer.status_code >= 400 or len(answer.content) > ANSWER_BYTES_MAX:
            msg = f"{self.provider} refused the call with status {answer.status_code}."
            raise UpstreamError(msg, provider=self.provider, status=answer.status_code)
