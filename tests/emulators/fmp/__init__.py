"""An FMP emulator of our own; see docs/emulators.md."""

from tests.emulators.fmp.emulator import FmpEmulator, running_fmp_emulator

__all__ = ["FmpEmulator", "running_fmp_emulator"]
