"""``manage.py seed_demo``: the sample market, two log-ins and a portfolio with a history."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from adminpanel.services import LOGINS_FILE, demo_seed
from tradingplatform.errors import TradingPlatformError


class Command(BaseCommand):
    help = "Create the demo data; what is there already stays."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            seed = demo_seed()
        except TradingPlatformError as error:
            raise CommandError(error.message) from error
        market = seed.market
        self.stdout.write(
            f"Sample market: {market.instruments_new} new instruments, {market.bars_new} new bars."
        )
        self.stdout.write(f"Demo portfolio: {seed.trades} trades of the past year.")
        self.stdout.write(f"Log-ins: {settings.DATA_DIR / LOGINS_FILE}")
