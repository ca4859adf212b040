"""Check every invariant of the stored data."""

import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portfolio.services.rebuild import projections_rebuild
from portfolio.verify import global_breaches, lasting_breaches

_PAUSE_S = 0.5


class Command(BaseCommand):
    help = "Check the ledger, orders, shards and the audit log; exit code 1 on a breach."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="Run every check on every shard.")
        parser.add_argument("--audit", action="store_true", help="Only check the audit log.")
        parser.add_argument(
            "--rebuild", action="store_true", help="First rebuild balances and positions."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rebuild"]:
            self.stdout.write(f"Rebuilt: {projections_rebuild()} rows changed.")
        if not options["all"] and not options["audit"]:
            checks = [*settings.VERIFIERS, *settings.AUDIT_VERIFIERS]
            self.stdout.write("\n".join(["Checks (run them with --all):", *checks]))
            return
        found = global_breaches()
        if options["all"]:
            found += lasting_breaches(lambda: threading.Event().wait(_PAUSE_S))
        for line in found:
            self.stdout.write(f"BREACH {line}")
        if found:
            raise CommandError(f"{len(found)} breaches.", returncode=1)
        self.stdout.write("The audit log is whole.")
        if options["all"]:
            self.stdout.write(f"{len(settings.VERIFIERS)} checks hold on every shard.")
