"""All app keys of the operator as one: calls go to whichever has budget left."""

import threading
from collections.abc import Sequence
from dataclasses import replace

from tradingplatform.errors import LimitExceededError, NotConfiguredError
from tradingplatform.services.external.client import Patience
from tradingplatform.services.external.kis.codes import LIVE_ONLY
from tradingplatform.services.external.kis.keys import KisEnvironment
from tradingplatform.services.external.kis.session import KisAnswer, KisCall, KisSession


class KisPool:
    """Reading calls with the operator's keys."""

    def __init__(self, sessions: Sequence[KisSession]) -> None:
        self.sessions = tuple(sessions)
        self._turn = 0
        self._lock = threading.Lock()

    def get(self, call: KisCall, *, patience: Patience | None = None) -> KisAnswer:
        """Ask with a key that has budget left; else wait for that of a large budget.

        Raises NotConfiguredError when it needs a live key and there is none, and what
        KisSession.get raises.
        """
        patience = patience or Patience()
        *others, last = self._in_turn(call)
        for session in others:
            try:
                return session.get(call, patience=replace(patience, wait_s=0.0))
            except LimitExceededError:
                continue
        return last.get(call, patience=patience)

    def close(self) -> None:
        """Give all connections back."""
        for session in self.sessions:
            session.close()

    def _in_turn(self, call: KisCall) -> list[KisSession]:
        able = [
            session
            for session in self.sessions
            if call.tr_id not in LIVE_ONLY or session.key.environment is KisEnvironment.LIVE
        ]
        if not able:
            msg = "KIS answers this to live keys only."
            raise NotConfiguredError(msg, provider="KIS")
        with self._lock:
            self._turn += 1
            start = self._turn % len(able)
        in_turn = [*able[start:], *able[:start]]
        # Whoever has to wait does so at a live key: a paper key has one call a second.
        return sorted(in_turn, key=lambda one: one.client.budget.windows[0].calls)
