"""Bring the instruments up to date with a published list."""

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from market.management.importing import FileImportCommand
from market.masters import MASTER_FORMATS, NXT_FORMATS
from market.services import MasterReport, instruments_import, nxt_import

BYTES_MAX = 64 * 1024 * 1024


class Command(FileImportCommand[MasterReport]):
    help = "Create and update instruments from a master file (plain, or alone in a zip)."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--format",
            required=True,
            choices=sorted([*MASTER_FORMATS, *NXT_FORMATS]),
            dest="file_format",
        )
        parser.add_argument(
            "--delist",
            action="store_true",
            help="Mark what is gone from the list as delisted.",
        )
        parser.add_argument(
            "--industries",
            type=Path,
            help="idxcode.mst of KIS, which names the industries of kis-kospi and kis-kosdaq.",
        )

    def load(self, path: Path, options: dict[str, Any]) -> MasterReport:
        report = _imported(path, options)
        if report.delisted:
            self.stdout.write(f"Delisted: {' '.join(report.delisted)}")
        return report

    def warnings(self, report: MasterReport) -> Iterable[str]:
        return () if report.is_whole else ("the file seems to be cut short",)

    def summary(self, report: MasterReport) -> str:
        return (
            f"{report.rows_read} rows read, {len(report.new)} new, "
            f"{len(report.changed)} changed, {report.same} the same, "
            f"{len(report.delisted)} delisted, {report.skipped} skipped, {len(report.bad)} bad."
        )


def _imported(path: Path, options: dict[str, Any]) -> MasterReport:
    told = {"file_format": options["file_format"], "file_name": path.name}
    industries: Path | None = options["industries"]
    if options["file_format"] in NXT_FORMATS:
        if options["delist"] or industries:
            raise CommandError("A list of NXT takes neither --delist nor --industries.")
        return nxt_import(content=_content(path), dry_run=options["dry_run"], **told)
    return instruments_import(
        content=_content(path),
        delist=options["delist"],
        dry_run=options["dry_run"],
        industries=_content(industries) if industries else None,
        **told,
    )


def _content(path: Path) -> bytes:
    if not zipfile.is_zipfile(path):
        if path.stat().st_size > BYTES_MAX:
            raise CommandError(f"{path}: larger than {BYTES_MAX} bytes")
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) != 1 or members[0].file_size > BYTES_MAX:
            raise CommandError(f"{path}: expected one file of at most {BYTES_MAX} bytes in it")
        return archive.read(members[0])
