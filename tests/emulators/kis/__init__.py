"""A KIS emulator of our own; see docs/emulators.md."""

from tests.emulators.kis.emulator import KisEmulator, running_kis_emulator
from tests.emulators.kis.instruments import numbered
from tests.emulators.kis.state import Layout

__all__ = ["KisEmulator", "Layout", "numbered", "running_kis_emulator"]
