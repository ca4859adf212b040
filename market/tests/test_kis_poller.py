"""When KIS is asked again for what it did not tell."""

from itertools import pairwise
from typing import Any

import pytest

from market.providers.base import Asset
from market.providers.kis.poller import KisPoller
from tradingplatform import clock
from tradingplatform.errors import UpstreamError
from tradingplatform.services.external.kis.codes import KisRefusedError

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

SAMSUNG = Asset("005930", "KRX", "KRW")
OUTAGE = UpstreamError("KIS failed: ReadTimeout.", provider="KIS")


class Provider:
    """Fails as it is told to."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault
        self.asked_at: list[float] = []

    def quote(self, asset: Asset, *, patience: Any) -> None:
        self.asked_at.append(clock.monotonic())
        raise self.fault


@pytest.mark.parametrize(
    ("fault", "longest_s"), [(OUTAGE, 4), (KisRefusedError("X1", "no"), 60)], ids=["out", "refused"]
)
def test_an_outage_is_tried_again_sooner_than_a_refusal(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, longest_s: int
) -> None:
    at = 1_000.0
    monkeypatch.setattr(clock, "monotonic", lambda: at)
    provider: Any = Provider(fault)
    poller = KisPoller(
        provider,
        spare=0,
        told=lambda quote: None,
        book_told=lambda book: None,
        is_streamed=lambda asset: False,
    )
    poller.watch([SAMSUNG])
    for _ in range(600):
        poller.step()
        at += 0.5

    asked = provider.asked_at
    pauses = [later - before for before, later in pairwise(asked)]
    assert pauses[:3] == [1, 2, 4]
    assert max(pauses) == longest_s
    assert not poller.was_asked_since(SAMSUNG.symbol, asked[0])
