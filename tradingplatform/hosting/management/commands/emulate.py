"""Run an emulator of KIS or FMP on this machine, to try the platform without keys."""

import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Run an emulator of KIS or FMP and print what to put into .env; Ctrl-C stops it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("service", choices=["kis", "fmp"])
        parser.add_argument("--port", type=int, default=0, help="kis takes it and the next three")
        parser.add_argument("--paper", action="store_true", help="kis: print the paper keys")
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--trades-per-second", type=float, default=5)
        parser.add_argument("--folder", type=Path, help="keep the truth log and the book here")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from tests.emulators import by_hand
        except ModuleNotFoundError as error:
            message = f"The emulators are part of tests/, which this installation lacks ({error})."
            raise CommandError(message) from error
        # SIGINT too: what a shell starts in the background is born deaf to it.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        try:
            by_hand.run(options["service"], options, self._say)
        except OSError as error:
            message = f"The emulator cannot listen on port {options['port']}: {error}"
            raise CommandError(message) from error
        except KeyboardInterrupt:
            self._say("Stopped.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
