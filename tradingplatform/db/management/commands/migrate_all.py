"""Bring every database, global and shards, to the newest schema."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from tradingplatform.db.shards import GLOBAL_ALIAS, shard_aliases


class Command(BaseCommand):
    help = "Migrate the global database and all shards, and fill table_shard_config."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Only tell what is missing.")

    def handle(self, *args: Any, **options: Any) -> None:
        for alias in (GLOBAL_ALIAS, *shard_aliases()):
            self.stdout.write(f"{alias}:")
            call_command(
                "migrate",
                database=alias,
                check_unapplied=options["check"],
                plan=options["check"],
                interactive=False,
                verbosity=options["verbosity"],
                stdout=self.stdout,
            )
