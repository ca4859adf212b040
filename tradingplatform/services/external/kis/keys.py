"""The app keys of KIS, and where each of their environments listens."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from tradingplatform.ids import derived_id
from tradingplatform.services.external.budget import Window


class KisEnvironment(StrEnum):
    """Real money, or the paper trading (with its own hosts) that KIS offers."""

    LIVE = "LIVE"
    PAPER = "PAPER"


@dataclass(frozen=True)
class KisKey:
    """One app key; its parts never show in a repr, so not in a log either."""

    app_key: str = field(repr=False)
    app_secret: str = field(repr=False)
    account: str = field(repr=False, default="")
    environment: KisEnvironment = KisEnvironment.LIVE

    @property
    def name(self) -> str:
        """Name the key without showing it; KIS counts calls and tokens by this."""
        return f"{self.environment.value}:{_digest(self.environment, self.app_key)[:16]}"

    @property
    def identity(self) -> UUID:
        """Name the key and its secret: who knows the one without the other is somebody else."""
        # MariaDB takes UUIDs of the standard's versions only, so not just any 16 bytes.
        return derived_id("kis", _digest(self.environment, self.app_key, self.app_secret))


@dataclass(frozen=True)
class KisHosts:
    """Where one environment listens."""

    rest_url: str
    ws_url: str


@dataclass(frozen=True)
class KisSetup:
    """All that the operator says about KIS."""

    keys: tuple[KisKey, ...]
    live: KisHosts
    paper: KisHosts
    live_windows: Sequence[Window]
    paper_windows: Sequence[Window]

    def hosts(self, environment: KisEnvironment) -> KisHosts:
        """Return the hosts of an environment."""
        return self.paper if environment is KisEnvironment.PAPER else self.live

    def windows(self, environment: KisEnvironment) -> Sequence[Window]:
        """Return how often one key of an environment may be used."""
        is_paper = environment is KisEnvironment.PAPER
        return self.paper_windows if is_paper else self.live_windows


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
