"""Load real daily bars from a CSV file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from market.enums import Exchange
from market.services import ImportReport, bars_import
from tradingplatform.errors import InvalidInputError


class Command(BaseCommand):
    help = "Load daily bars (date,open,high,low,close,volume,...) of one instrument."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--symbol", required=True)
        parser.add_argument("--exchange", required=True, choices=Exchange.values)
        parser.add_argument(
            "--adjusted",
            action="store_true",
            help="Splits and dividends are worked into the prices of the file.",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Report what would happen; change nothing."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            # A byte that is no UTF-8 spoils its row, not the file.
            with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
                report = bars_import(
                    lines=lines,
                    symbol=options["symbol"],
                    exchange=options["exchange"],
                    file_name=path.name,
                    is_adjusted=options["adjusted"],
                    dry_run=options["dry_run"],
                )
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except InvalidInputError as error:
            raise CommandError(f"{path}: {error.message}") from error
        self._tell(path, report)

    def _tell(self, path: Path, report: ImportReport) -> None:
        for row in report.bad:
            self.stderr.write(f"{path}:{row.line}: {row.reason}")
        for warning in report.warnings:
            self.stderr.write(f"{path}: {warning}")
        done = "Dry run, nothing changed" if report.dry_run else "Imported"
        self.stdout.write(
            f"{done}: {report.symbol} {report.first} to {report.last}: "
            f"{report.rows_read} rows read, {report.rows_new} new, "
            f"{report.rows_replaced} replaced, {report.rows_same} the same, "
            f"{report.samples_removed} sample bars removed, {len(report.bad)} bad."
        )
