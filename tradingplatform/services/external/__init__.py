"""Data of other companies: KIS, FMP, DART, EDGAR and FRED behind one door."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from tradingplatform.services.external.fmp import FmpSession
    from tradingplatform.services.external.kis.pool import KisPool


@dataclass(frozen=True)
class ExternalAnswer:
    """What a provider said; ``source`` is SAMPLE whenever nobody was really asked."""

    provider: str
    resource: str
    source: str
    received_at: datetime
    content: Any


class External(Protocol):
    """One way to ask every outside provider."""

    def fetch(
        self, provider: str, resource: str, params: Mapping[str, str] | None = None
    ) -> ExternalAnswer:
        """Ask a provider for a resource.

        Raises NotFoundError for an unknown provider, NotConfiguredError for one without a
        key, UpstreamError when it fails, LimitExceededError when its budget is used up.
        """
        ...

    def kis(self) -> "KisPool":
        """Return the operator's connection to KIS; NotConfiguredError without one."""
        ...

    def fmp(self) -> "FmpSession":
        """Return the operator's connection to FMP; NotConfiguredError without one."""
        ...

    def ping(self) -> None: ...
    def close(self) -> None: ...
    def describe(self) -> str: ...


PROVIDERS = ("KIS", "FMP", "DART", "EDGAR", "FRED")
