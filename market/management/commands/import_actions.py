"""Load corporate actions from a CSV file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from market.services import corporate_actions_import
from tradingplatform.errors import InvalidInputError


class Command(BaseCommand):
    help = (
        "Load corporate actions (symbol,kind,ex_date and record_date,pay_date,ratio,amount,"
        "new_symbol)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", default="CSV", help="Who says so; shown with the action.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Report what would happen; change nothing."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            # A byte that is no UTF-8 spoils its row, not the file.
            with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
                report = corporate_actions_import(
                    lines=lines,
                    source=options["source"],
                    file_name=path.name,
                    dry_run=options["dry_run"],
                )
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except InvalidInputError as error:
            raise CommandError(f"{path}: {error.message}") from error
        for row in report.bad:
            self.stderr.write(f"{path}:{row.line}: {row.reason}")
        done = "Dry run, nothing changed" if report.dry_run else "Imported"
        self.stdout.write(
            f"{done}: {report.rows_read} rows read, {report.rows_new} new, "
            f"{report.rows_changed} changed, {report.rows_same} the same, {len(report.bad)} bad."
        )
