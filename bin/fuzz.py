"""The nightly fuzz: many more cases than `make test` sends, counted, and mutated tokens.

Fewer than CASES_MIN is a failure. FUZZ_SEED names the run, and a failing one is repeated by it.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CASES_MIN = 20_000
# Operations x roles x modes x ways to fill a path: about 600 runs of so many cases.
CASES = os.environ.get("FUZZ_CASES", "60")
MUTANTS = ROOT / "accounts" / "tests" / "test_token_mutations.py"


def main() -> int:
    """Run the cases of the document and the mutated tokens; return 0 if all went well."""
    environment = {"FUZZ_CASES": CASES, "JWT_MUTANTS": "100000", "TEST_TIER": "embedded"}
    files = [str(ROOT / "tests" / "test_fuzz.py"), *([str(MUTANTS)] if MUTANTS.exists() else [])]
    workers = os.environ.get("WORKERS", "2")
    command = [
        str(ROOT / ".venv" / "bin" / "python"), "-m", "pytest", "-q", "-n", workers,
        "--timeout", "0", "--show-capture=no", *files,
    ]  # fmt: skip
    print("fuzz: seed", os.environ.get("FUZZ_SEED", "1"), "cases each", CASES, flush=True)
    sent = 0
    with subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            counted = re.match(r"fuzz cases as \w+: ([\d,]+)", line)
            sent += int(counted[1].replace(",", "")) if counted else 0
    print(f"fuzz: {sent:,} cases sent, {CASES_MIN:,} wanted")
    return process.returncode or int(sent < CASES_MIN)


if __name__ == "__main__":
    sys.exit(main())
