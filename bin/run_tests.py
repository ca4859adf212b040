"""Run the tests in two tiers and say what ran.

Tier "embedded": everything, on SQLite and the in-process services.
Tier "real": the application tests again, on a MariaDB and a Redis that this script installs, starts
on private ports in a private folder, and stops afterwards. Where they cannot be had, the tier is
skipped by name, or fails when STRICT=1.

Each tier logs everything to files of its own, which are searched afterwards for the secrets of
the tests.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from log_scan import leaks, lines_in
from stack import BROWSER_PACKAGES, ROOT, Stack, StackError, install, install_driver

PYTEST = [str(ROOT / ".venv" / "bin" / "python"), "-m", "pytest"]
WORKERS = os.environ.get("WORKERS", "2")


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _pytest(arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Run pytest, show its output as it comes, and return its code and closing line."""
    with tempfile.TemporaryDirectory(prefix="tradingplatform-test-logs-") as folder:
        code, closing = _logged(arguments, {**environment, "TEST_LOGS": folder})
        found = list(leaks(Path(folder)))
        print(f"secrets in {lines_in(Path(folder)):,} log lines: {len(found)}", *found, sep="\n")
    return code or int(bool(found)), closing


def _logged(arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
    # The log holds every level; what tests see of it is what they see without it.
    command = [*PYTEST, "-n", WORKERS, "-o", "log_level=WARNING", *arguments]
    print("$", " ".join(["pytest", *command[3:]]), flush=True)
    closing = ""
    with subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            closing = line.strip() or closing
    return process.returncode, closing.strip("= ")


def _embedded(arguments: list[str]) -> tuple[int, str]:
    try:
        install(BROWSER_PACKAGES)
    except StackError as error:
        print(f"The browser tests will be skipped: {error}")
    return _pytest(["-m", "not real", *arguments], {"TEST_TIER": "embedded"})


def _real(arguments: list[str]) -> tuple[int, str]:
    folder = Path(tempfile.mkdtemp(prefix="tradingplatform-stack-"))
    stack = Stack(folder, for_tests=True)
    try:
        stack.start()
        install_driver()
        environment = {**stack.application_environment(), "TEST_TIER": "real"}
        return _pytest(["-m", "not embedded and not flow", *arguments], environment)
    except StackError as error:
        strict = os.environ.get("STRICT") == "1"
        return int(strict), f"{'failed' if strict else 'SKIPPED'}: {error}"
    finally:
        stack.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """Run the tiers that TIER names (default: both) and print one line for each."""
    signal.signal(signal.SIGTERM, _interrupt)
    tiers = {"embedded": _embedded, "real": _real}
    chosen = os.environ.get("TIER", "embedded real").split()
    started = time.monotonic()
    results = {name: tiers[name](arguments) for name in chosen}
    for name, (_, closing) in results.items():
        print(f"tier {name}: {closing}")
    print(f"tests took {time.monotonic() - started:.0f} s")
    return max(code for code, _ in results.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
