"""Stop trading, allow only sells, or allow everything again."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from portfolio.enums import TradingMode
from portfolio.services import open_orders_cancel, trading_mode, trading_state_set


class Command(BaseCommand):
    help = "Show or set the kill switch. Cancels always pass."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("mode", nargs="?", choices=TradingMode.values)
        parser.add_argument("--reason", default="", help="Kept with the change.")
        parser.add_argument(
            "--cancel-open", action="store_true", help="Also ask to cancel every open order."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["mode"]:
            trading_state_set(
                mode=TradingMode(options["mode"]),
                reason=options["reason"],
                changed_by=getpass.getuser(),
            )
        if options["cancel_open"]:
            self.stdout.write(f"{open_orders_cancel()} orders asked to be canceled.")
        self.stdout.write(f"Trading is {trading_mode().value}.")
