"""Search the log lines of a test run for secrets that its tests have used."""

import re
from collections.abc import Iterator
from pathlib import Path

# The passwords of test people (tests/test_log_scan.py keeps the list whole), and what tokens and
# API keys look like, whichever they are.
CANARIES = (
    "correct horse battery",
    "correct horse 9",
    "a long enough pass phrase",
    "another pass phrase",
    "zebra quilt 71 lantern",
)
SHAPES = (
    r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}",
    r"\btp_[\w-]{30,}",
)
_SECRET = re.compile("|".join((*map(re.escape, CANARIES), *SHAPES)))


def leaks(folder: Path) -> Iterator[str]:
    """Return file, line and the start of what stands there, for every secret in a folder."""
    for path in sorted(folder.glob("*.log")):
        with path.open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, start=1):
                for found in _SECRET.finditer(line):
                    before = line[max(0, found.start() - 80) : found.start()]
                    yield f"{path.name}:{number}: {found[0][:6]}... behind {before!r}"


def lines_in(folder: Path) -> int:
    """Return how many lines there are to be searched."""
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("*.log"))
