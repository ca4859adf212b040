"""One HTTP client for every provider: time-outs, bounded retry, breaker, budget."""

from collections.abc import Mapping
from typing import Any

import httpx2
import stamina

from tradingplatform.errors import UpstreamError
from tradingplatform.services.protection import CircuitBreaker, RateBudget

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 5.0
ATTEMPTS = 3
DEADLINE_S = 10.0
ANSWER_BYTES_MAX = 10_000_000
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_RETRY_STATUSES = frozenset({429, 500, 502, 503, 504})


class _TryAgainError(Exception):
    """The provider failed in a way that a second try may cure."""


class ProviderClient:
    """Calls to one provider. Only reading calls are ever repeated."""

    def __init__(
        self,
        provider: str,
        *,
        base_url: str,
        per_s: float = 5.0,
        burst: int = 10,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.provider = provider
        self.breaker = CircuitBreaker(provider)
        self.budget = RateBudget(provider, per_s=per_s, burst=burst)
        self._client = httpx2.Client(
            base_url=base_url,
            timeout=httpx2.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            follow_redirects=False,
            transport=transport,
            trust_env=False,
        )

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> httpx2.Response:
        """Return the answer of a provider that took the call (status below 400).

        Raises UpstreamError for a failure, UnavailableError while the circuit is open and
        LimitExceededError when the budget is used up. The text of an error names the
        provider and the status only, since addresses can carry keys.
        """
        attempts = ATTEMPTS if method.upper() in _SAFE_METHODS else 1
        call = self._client.build_request(method, path, params=params, headers=headers, json=json)
        try:
            for attempt in stamina.retry_context(
                on=_TryAgainError,
                attempts=attempts,
                timeout=DEADLINE_S,
                wait_initial=0.1,
                wait_max=1.0,
                wait_jitter=0.2,
            ):
                with attempt:
                    return self._send(call)
        except _TryAgainError as exc:
            msg = f"{self.provider} failed: {exc}."
            raise UpstreamError(msg, provider=self.provider) from exc
        msg = "stamina ended without an answer"
        raise RuntimeError(msg)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _send(self, call: httpx2.Request) -> httpx2.Response:
        self.breaker.before_call()
        self.budget.spend()
        try:
            answer = self._client.send(call)
        except httpx2.HTTPError as exc:
            self.breaker.failed()
            raise _TryAgainError(type(exc).__name__) from exc
        if answer.status_code in _RETRY_STATUSES:
            self.breaker.failed()
            msg = f"status {answer.status_code}"
            raise _TryAgainError(msg)
        self.breaker.succeeded()
        if answer.status_code >= 400 or len(answer.content) > ANSWER_BYTES_MAX:
            msg = f"{self.provider} refused the call with status {answer.status_code}."
            raise UpstreamError(msg, provider=self.provider, status=answer.status_code)
        return answer
