"""Financial Modeling Prep: the stable REST interface."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
import orjson

from tradingplatform.errors import UpstreamError
from tradingplatform.services.external.budget import Window
from tradingplatform.services.external.client import Call, Patience, ProviderClient, judge_status

_MINUTE_S, _DAY_S = 60.0, 24 * 3600.0
PLANS: dict[str, tuple[Window, ...]] = {
    "FREE": (Window(250, _DAY_S), Window(5, 1.0)),
    "STARTER": (Window(300, _MINUTE_S),),
    "PREMIUM": (Window(750, _MINUTE_S),),
    "ULTIMATE": (Window(3000, _MINUTE_S),),
}


class FmpRefusedError(UpstreamError):
    """FMP took the call and said no; ``status`` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(
            f"FMP refused the call with status {status}.", provider="FMP", status=status
        )
        self.http_status = status


class FmpKeyError(FmpRefusedError):
    """The key is wrong."""


class FmpPlanError(FmpRefusedError):
    """The plan of this key does not hold what was asked for."""


@dataclass(frozen=True)
class FmpSetup:
    """All that the operator says about FMP."""

    url: str
    api_key: str = field(repr=False)
    plan: str = "FREE"


class FmpSession:
    """Calls with one key. The key travels in a header: addresses end up in logs."""

    def __init__(
        self, setup: FmpSetup, *, name: str = "own", transport: httpx2.BaseTransport | None = None
    ) -> None:
        self._api_key = setup.api_key
        self.client = ProviderClient(
            f"FMP:LIVE:{name}",
            base_url=setup.url,
            windows=PLANS[setup.plan],
            judge=judge,
            transport=transport,
        )

    def get(self, path: str, params: Mapping[str, str], *, patience: Patience | None = None) -> Any:
        """Return the JSON of an answer.

        Raises FmpKeyError, FmpPlanError, FmpRefusedError, UpstreamError for what is no JSON,
        and what ProviderClient.send raises.
        """
        call = Call(
            "GET", path, params=params, headers={"apikey": self._api_key}, patience=patience
        )
        answer = self.client.send(call)
        try:
            return orjson.loads(answer.content)
        except orjson.JSONDecodeError as exc:
            msg = "FMP answered with something that is no JSON."
            raise UpstreamError(msg, provider="FMP") from exc

    def close(self) -> None:
        """Give the connections back."""
        self.client.close()


def judge(answer: httpx2.Response) -> None:
    """Raise what an answer of FMP means; return for a good one."""
    judge_status(answer)
    kinds: dict[int, type[FmpRefusedError]] = {401: FmpKeyError, 402: FmpPlanError}
    if answer.status_code >= 400:
        raise kinds.get(answer.status_code, FmpRefusedError)(answer.status_code)
