"""The nightly fuzz: many more cases than `make test` sends, and a count of all of them.

CASES_MIN (20,000) is met by raising the cases of each operation; FUZZ_SEED names the run, and a
failing one is repeated by it.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Operations x roles x modes x ways to fill a path: about 500 runs of so many cases.
CASES = os.environ.get("FUZZ_CASES", "60")
MUTANTS = ROOT / "accounts" / "tests" / "test_token_mutations.py"


def main() -> int:
    """Run the cases of the document, then the mutated tokens; return pytest's code."""
    environment = {"FUZZ_CASES": CASES, "JWT_MUTANTS": "100000", "TEST_TIER": "embedded"}
    files = [str(ROOT / "tests" / "test_fuzz.py"), *([str(MUTANTS)] if MUTANTS.exists() else [])]
    workers = os.environ.get("WORKERS", "2")
    command = [
        str(ROOT / ".venv" / "bin" / "python"), "-m", "pytest", "-q", "-n", workers,
        "--timeout", "0", "--show-capture=no", *files,
    ]  # fmt: skip
    print("fuzz: seed", os.environ.get("FUZZ_SEED", "1"), "cases each", CASES, flush=True)
    return subprocess.run(  # noqa: S603 - our own interpreter, no shell
        command, env={**os.environ, **environment}, cwd=ROOT, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
