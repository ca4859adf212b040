"""Made-up answers of the outside providers, always labelled SAMPLE."""

import zlib
from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from tradingplatform import clock
from tradingplatform.errors import NotConfiguredError, NotFoundError
from tradingplatform.services.external import PROVIDERS, ExternalAnswer
from tradingplatform.services.external.fmp import FmpSession
from tradingplatform.services.external.kis.pool import KisPool

SOURCE = "SAMPLE"
N_OBSERVATIONS = 60
_LAST_DATE = date(2022, 12, 28)


class SampleExternal:
    """A seeded series for any resource: the same question always gets the same answer."""

    def fetch(
        self, provider: str, resource: str, params: Mapping[str, str] | None = None
    ) -> ExternalAnswer:
        if provider not in PROVIDERS:
            msg = f"There is no provider {provider!r}."
            raise NotFoundError(msg, known=list(PROVIDERS))
        return ExternalAnswer(
            provider=provider,
            resource=resource,
            source=SOURCE,
            received_at=clock.now(),
            content={"source": SOURCE, "observations": _series(provider, resource, params or {})},
        )

    def kis(self) -> KisPool:
        msg = "KIS is not configured: EXTERNAL_URL is sample://, or there is no key."
        raise NotConfiguredError(msg, provider="KIS")

    def fmp(self) -> FmpSession:
        msg = "FMP is not configured: EXTERNAL_URL is sample://, or there is no key."
        raise NotConfiguredError(msg, provider="FMP")

    def ping(self) -> None:
        self.fetch("FRED", "ping")

    def close(self) -> None:
        return

    def describe(self) -> str:
        return "sample provider: seeded numbers labelled SAMPLE, no network"


def _series(
    provider: str, resource: str, params: Mapping[str, str]
) -> list[dict[str, str | float]]:
    """Return a random walk of daily values around 100 that depends on the question only."""
    question = "\x1f".join([provider, resource, *(f"{k}={params[k]}" for k in sorted(params))])
    generator = np.random.default_rng(zlib.crc32(question.encode()))
    values = 100 * np.exp(np.cumsum(generator.normal(0, 0.01, N_OBSERVATIONS)))
    first = _LAST_DATE - timedelta(days=N_OBSERVATIONS - 1)
    return [
        {"date": (first + timedelta(days=day)).isoformat(), "value": round(float(value), 4)}
        for day, value in enumerate(values)
    ]
