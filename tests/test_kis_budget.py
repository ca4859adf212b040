"""200 users want five times what KIS allows; KIS never has to say so."""

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from market.providers.base import Asset
from market.providers.kis.provider import KisProvider
from tests.emulators.kis.emulator import KisEmulator, running_kis_emulator
from tests.emulators.kis.pointing import point
from tradingplatform import clock
from tradingplatform.errors import LimitExceededError
from tradingplatform.services.external.client import Patience
from tradingplatform.services.external.live import LiveExternal

pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.flow,
]

USERS = 200
FOR_S = 6.0
PATIENCE = Patience(wait_s=0.5, attempts=1)
SAMSUNG = Asset("005930", "KRX", "KRW")


@pytest.fixture
def emulator(settings: Any) -> Iterator[KisEmulator]:
    with running_kis_emulator() as running:
        point(settings, running, "real", "paper")
        yield running


def test_kis_is_never_asked_too_often(emulator: KisEmulator) -> None:
    """Two processes with the same two keys; coalescing is left out on purpose."""
    processes = [LiveExternal(), LiveExternal()]
    outcomes: Counter[str] = Counter()
    retries: set[int] = set()
    until = clock.monotonic() + FOR_S

    def user(number: int) -> None:
        provider = KisProvider(processes[number % 2].kis())
        mine: Counter[str] = Counter()
        try:
            while clock.monotonic() < until:
                try:
                    quote = provider.quote(SAMSUNG, patience=PATIENCE)
                    mine["answered" if quote is not None else "unknown"] += 1
                except LimitExceededError as refused:
                    retries.add(refused.retry_after_s)
                    mine["refused"] += 1
        finally:
            connections.close_all()
            outcomes.update(mine)

    users = [threading.Thread(target=user, args=(number,)) for number in range(USERS)]
    for one in users:
        one.start()
    for one in users:
        one.join()
    for process in processes:
        process.close()

    codes = Counter(entry.data["code"] for entry in emulator.truth.find("call"))
    assert codes["EGW00201"] == codes["EGW00133"] == 0
    assert emulator.truth.find("refused") == []
    assert len(emulator.truth.find("token")) == 2
    assert outcomes["unknown"] == 0
    assert outcomes["answered"] >= 3 * FOR_S
    assert outcomes.total() >= 5 * outcomes["answered"]
    assert retries <= {1, 2}
