"""Load the sample market, or bring it up to yesterday."""

from typing import Any

from django.core.management.base import BaseCommand

from market.services import sample_market_load


class Command(BaseCommand):
    help = "Create the sample instruments and their daily bars up to yesterday (idempotent)."

    def handle(self, *args: Any, **options: Any) -> None:
        load = sample_market_load()
        self.stdout.write(f"{load.instruments_new} instruments and {load.bars_new} bars added.")
