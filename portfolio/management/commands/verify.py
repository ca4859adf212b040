"""Check every invariant of the stored data."""

import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portfolio.services.rebuild import projections_rebuild
from portfolio.verify import lasting_breaches

_PAUSE_S = 0.5


class Command(BaseCommand):
    help = "Check the invariants of the ledger, orders and shards; exit code 1 on a breach."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="Run every check on every shard.")
        parser.add_argument(
            "--rebuild", action="store_true", help="First rebuild balances and positions."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rebuild"]:
            self.stdout.write(f"Rebuilt: {projections_rebuild()} rows changed.")
        if not options["all"]:
            self.stdout.write("\n".join(["Checks (run them with --all):", *settings.VERIFIERS]))
            return
        found = lasting_breaches(lambda: threading.Event().wait(_PAUSE_S))
        for line in found:
            self.stdout.write(f"BREACH {line}")
        if found:
            raise CommandError(f"{len(found)} breaches.", returncode=1)
        self.stdout.write(f"{len(settings.VERIFIERS)} checks hold on every shard.")
