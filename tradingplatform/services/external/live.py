"""The real providers; each is connected by its own issue and says so until then."""

from collections.abc import Mapping

from tradingplatform.errors import NotConfiguredError, NotFoundError
from tradingplatform.services.external import PROVIDERS, ExternalAnswer


class LiveExternal:
    """Knows the providers by name; none of them has a connection in this version."""

    def fetch(
        self, provider: str, resource: str, params: Mapping[str, str] | None = None
    ) -> ExternalAnswer:
        if provider not in PROVIDERS:
            msg = f"There is no provider {provider!r}."
            raise NotFoundError(msg, known=list(PROVIDERS))
        msg = f"{provider} is not configured."
        raise NotConfiguredError(msg, provider=provider)

    def ping(self) -> None:
        msg = f"None of {', '.join(PROVIDERS)} is configured."
        raise NotConfiguredError(msg)

    def close(self) -> None:
        return

    def describe(self) -> str:
        return "live providers (not configured)"
