"""Load corporate actions from a CSV file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from market.management.importing import FileImportCommand, text_lines
from market.services import ActionReport, corporate_actions_import


class Command(FileImportCommand[ActionReport]):
    help = (
        "Load corporate actions (symbol,kind,ex_date and record_date,pay_date,ratio,amount,"
        "new_symbol)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--source", default="CSV", help="Who says so; shown with the action.")

    def load(self, path: Path, options: dict[str, Any]) -> ActionReport:
        with text_lines(path) as lines:
            return corporate_actions_import(
                lines=lines,
                source=options["source"],
                file_name=path.name,
                dry_run=options["dry_run"],
            )

    def summary(self, report: ActionReport) -> str:
        return (
            f"{report.rows_read} rows read, {report.rows_new} new, "
            f"{report.rows_changed} changed, {report.rows_same} the same, {len(report.bad)} bad."
        )
