"""What the commands have in common that load a file."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Generic, Protocol, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser

from market.bar_files import BadRow
from tradingplatform.errors import InvalidInputError


class FileReport(Protocol):
    """What every import says of its file."""

    @property
    def bad(self) -> Iterable[BadRow]: ...

    @property
    def dry_run(self) -> bool: ...


ReportT = TypeVar("ReportT", bound=FileReport)


class FileImportCommand(BaseCommand, Generic[ReportT]):
    """Load one file, tell of its bad rows, then say what was done.

    What is wrong with the file as a whole ends the command with the reason.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--dry-run", action="store_true", help="Report what would happen; change nothing."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            report = self.load(path, options)
        except OSError as error:
            raise CommandError(f"{error.filename or path}: {error.strerror}") from error
        except InvalidInputError as error:
            raise CommandError(f"{path}: {error.message}") from error
        for row in report.bad:
            self.stderr.write(f"{path}:{row.line}: {row.reason}")
        for warning in self.warnings(report):
            self.stderr.write(f"{path}: {warning}")
        done = "Dry run, nothing changed" if report.dry_run else "Imported"
        self.stdout.write(f"{done}: {self.summary(report)}")

    @abstractmethod
    def load(self, path: Path, options: dict[str, Any]) -> ReportT:
        """Import the file."""

    @abstractmethod
    def summary(self, report: ReportT) -> str:
        """Say in one sentence what was done."""

    def warnings(self, report: ReportT) -> Iterable[str]:
        """Return what is odd about the file as a whole."""
        return ()


@contextmanager
def text_lines(path: Path) -> Iterator[IO[str]]:
    """Open a text file whose bytes that are no UTF-8 spoil their row, not the file."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        yield lines
