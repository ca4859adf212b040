"""A KIS emulator of our own; see docs/emulators.md."""

from tests.emulators.kis.emulator import KisEmulator, running_kis_emulator
from tests.emulators.kis.instruments import numbered
from tests.emulators.kis.state import Layout
from tests.emulators.kis.tape import Mark

__all__ = ["KisEmulator", "Layout", "Mark", "numbered", "running_kis_emulator"]
