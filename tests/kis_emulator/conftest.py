"""The emulator of KIS on a Wednesday morning, and who speaks with it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.emulators.kis import KisEmulator, running_kis_emulator
from tests.emulators.kis.raw import RawKis

# 10:00 in Seoul.
MORNING = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)


@pytest.fixture
def emulator() -> Iterator[KisEmulator]:
    with running_kis_emulator() as emulator:
        emulator.clock.hold(MORNING)
        yield emulator


@pytest.fixture
def client(emulator: KisEmulator) -> Iterator[RawKis]:
    with RawKis(emulator) as client:
        yield client.log_in()


@pytest.fixture
def paper(emulator: KisEmulator) -> Iterator[RawKis]:
    with RawKis(emulator, "paper") as client:
        yield client.log_in()
