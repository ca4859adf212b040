"""The real providers: those whose keys the operator has given."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from tradingplatform import clock
from tradingplatform.errors import NotConfiguredError, NotFoundError, UnavailableError
from tradingplatform.services.container import services
from tradingplatform.services.external import PROVIDERS, ExternalAnswer
from tradingplatform.services.external.client import ProviderClient
from tradingplatform.services.external.fmp import FmpSession
from tradingplatform.services.external.kis.multiplexer import FEED_STATE_KEY
from tradingplatform.services.external.kis.pool import KisPool
from tradingplatform.services.external.kis.session import KisCall, KisSession
from tradingplatform.services.external.setup import fmp_setup, kis_setup
from tradingplatform.services.protection import BreakerState


class LiveExternal:
    """Connections to providers, made when they are first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kis: KisPool | None = None
        self._fmp: FmpSession | None = None

    def kis(self) -> KisPool:
        """Return the operator's KIS keys; NotConfiguredError without one."""
        with self._lock:
            if self._kis is None:
                setup = kis_setup()
                if not setup.keys:
                    msg = "KIS is not configured."
                    raise NotConfiguredError(msg, provider="KIS")
                self._kis = KisPool([KisSession(key, setup) for key in setup.keys])
            return self._kis

    def fmp(self) -> FmpSession:
        """Return the operator's FMP key; NotConfiguredError without one."""
        with self._lock:
            if self._fmp is None:
                self._fmp = FmpSession(fmp_setup())
            return self._fmp

    def fetch(
        self, provider: str, resource: str, params: Mapping[str, str] | None = None
    ) -> ExternalAnswer:
        """Ask FMP for ``quote``, or KIS for ``FHKST01010100 /uapi/...`` (id and path)."""
        if provider not in PROVIDERS:
            msg = f"There is no provider {provider!r}."
            raise NotFoundError(msg, known=list(PROVIDERS))
        if provider == "FMP":
            content = self.fmp().get(f"/stable/{resource}", params or {})
        elif provider == "KIS":
            tr_id, _, path = resource.partition(" ")
            content = self.kis().get(KisCall(tr_id, path, params or {})).body
        else:
            msg = f"{provider} is not configured."
            raise NotConfiguredError(msg, provider=provider)
        return ExternalAnswer(provider, resource, provider, clock.now(), content)

    def ping(self) -> None:
        """Raise unless a provider is set up and none is known to fail; asks nobody."""
        clients = self._clients()
        if not clients:
            msg = f"None of {', '.join(PROVIDERS)} is configured."
            raise NotConfiguredError(msg)
        failing = {
            client.provider for client in clients if client.breaker.state() is BreakerState.OPEN
        }
        if failing:
            msg = f"{', '.join(sorted(failing))} keeps failing."
            raise UnavailableError(msg)

    def close(self) -> None:
        with self._lock:
            for one in (self._kis, self._fmp):
                if one is not None:
                    one.close()
            self._kis = self._fmp = None

    def describe(self) -> str:
        parts = []
        for client in self._clients():
            used, allowed = client.budget.in_use(), client.budget.windows[0].calls
            parts.append(f"{client.provider} ({used} of {allowed} calls in use)")
        told = f"live providers: {', '.join(parts) or 'not configured'}"
        feed = services.cache.get(FEED_STATE_KEY)
        return told if feed is None else f"{told}; live feed: {_feed_text(feed)}"

    def _clients(self) -> list[ProviderClient]:
        found: list[ProviderClient] = []
        with suppress(NotConfiguredError):
            found += [session.client for session in self.kis().sessions]
        with suppress(NotConfiguredError):
            found.append(self.fmp().client)
        return found


def _feed_text(feed: Mapping[str, Any]) -> str:
    lines = [
        f"{one['name']} {'open' if one['is_open'] else 'closed'}"
        f" {one['registered']}/{one['capacity']} registrations, silent {one['silence_s']} s,"
        f" {one['reconnects']} reconnects, last error {one['last_error'] or 'none'}"
        for one in feed["connections"]
    ]
    head = f"{feed['wanted']} wanted, {feed['polled']} polled, {feed['evictions']} evictions"
    return "; ".join([head, *lines])
