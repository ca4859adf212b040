"""Load real daily bars from a CSV file."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from market.enums import Exchange
from market.management.importing import FileImportCommand, text_lines
from market.services import ImportReport, bars_import


class Command(FileImportCommand[ImportReport]):
    help = "Load daily bars (date,open,high,low,close,volume,...) of one instrument."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--symbol", required=True)
        parser.add_argument("--exchange", required=True, choices=Exchange.values)
        parser.add_argument(
            "--adjusted",
            action="store_true",
            help="Splits and dividends are worked into the prices of the file.",
        )

    def load(self, path: Path, options: dict[str, Any]) -> ImportReport:
        with text_lines(path) as lines:
            return bars_import(
                lines=lines,
                symbol=options["symbol"],
                exchange=options["exchange"],
                file_name=path.name,
                is_adjusted=options["adjusted"],
                dry_run=options["dry_run"],
            )

    def warnings(self, report: ImportReport) -> Iterable[str]:
        return report.warnings

    def summary(self, report: ImportReport) -> str:
        return (
            f"{report.symbol} {report.first} to {report.last}: "
            f"{report.rows_read} rows read, {report.rows_new} new, "
            f"{report.rows_replaced} replaced, {report.rows_same} the same, "
            f"{report.samples_removed} sample bars removed, {len(report.bad)} bad."
        )
