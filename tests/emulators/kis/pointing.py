"""Point the platform of a test at an emulator."""

import json
from typing import Any

from tests.emulators.kis.emulator import KisEmulator

ENVIRONMENTS = {"real": "LIVE", "paper": "PAPER"}


def point(settings: Any, emulator: KisEmulator, *sides: str, keys: int = 1) -> None:
    """Give the settings some of the emulator's keys (by default one real one) and its hosts."""
    said = emulator.settings(*sides, keys=keys)
    settings.KIS_APP_KEYS = [
        {**key, "environment": ENVIRONMENTS[key["environment"]]}
        for key in json.loads(said["KIS_APP_KEYS"])
    ]
    settings.KIS_HOSTS = {
        "LIVE": (said["KIS_REST_URL"], said["KIS_WS_URL"]),
        "PAPER": (said["KIS_PAPER_REST_URL"], said["KIS_PAPER_WS_URL"]),
    }
