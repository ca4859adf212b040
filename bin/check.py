"""Run every static gate, two at a time, and print one line for each.

usage: check.py [NAME ...]    the gates to run; default: all
"""

import json
import os
import secrets
import subprocess
import sys
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from stack import ROOT, StackError, install_driver

BIN = ROOT / ".venv" / "bin"
OPENAPI_TARGET = os.devnull
TIDY_TESTS = ("tests/test_tidy.py", "tests/test_documentation.py")


@dataclass(frozen=True)
class Gate:
    """One tool and how it is called."""

    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


def _python(*arguments: str) -> tuple[str, ...]:
    return (str(BIN / "python"), *arguments)


def production_environment() -> dict[str, str]:
    """Make throw-away values for everything that production insists on."""
    key = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    database = f"mysql://app:{secrets.token_hex(16)}@127.0.0.1:3306"
    return {
        "APP_ENV": "PROD",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "JWT_SIGNING_KEYS": key.decode(),
        "ENCRYPTION_KEYS": json.dumps([b64encode(secrets.token_bytes(32)).decode()]),
        "ALLOWED_HOSTS": "trade.example.com",
        "DATABASE_GLOBAL_URL": f"{database}/finance_global",
        "DATABASE_SHARD_1_URL": f"{database}/finance_shard_1",
        "DATABASE_SHARD_2_URL": f"{database}/finance_shard_2",
    }


def gates() -> dict[str, Gate]:
    """Name the gates, the slow ones first."""
    test_settings = {"DJANGO_SETTINGS_MODULE": "tradingplatform.settings.test"}
    return {
        "mypy": Gate((str(BIN / "mypy"),)),
        "deploy": Gate(
            _python("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
            production_environment(),
        ),
        "openapi": Gate(
            _python(
                "manage.py", "spectacular", "--validate", "--fail-on-warn", "--file", OPENAPI_TARGET
            ),
            test_settings,
        ),
        "migrations": Gate(
            _python("manage.py", "makemigrations", "--check", "--dry-run"), test_settings
        ),
        "imports": Gate((str(BIN / "lint-imports"), "--no-cache")),
        "djlint": Gate((str(BIN / "djlint"), ".", "--lint", "--quiet")),
        "djlint-format": Gate((str(BIN / "djlint"), ".", "--check", "--quiet")),
        "frontend-types": Gate((str(ROOT / "bin" / "frontend"), "check")),
        "frontend-tests": Gate((str(ROOT / "bin" / "frontend"), "test")),
        "tidy": Gate(
            _python(
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:randomly",
                *TIDY_TESTS,
            )
        ),
        "deptry": Gate((str(BIN / "deptry"), ".")),
        "ruff": Gate((str(BIN / "ruff"), "check")),
        "ruff-format": Gate((str(BIN / "ruff"), "format", "--check")),
    }


def _run(gate: Gate) -> tuple[bool, str, float]:
    started = time.monotonic()
    done = subprocess.run(  # noqa: S603 - our own tools, no shell
        gate.command,
        cwd=ROOT,
        env={**os.environ, **gate.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout + done.stderr, time.monotonic() - started


def _without_driver(chosen: dict[str, Gate]) -> tuple[dict[str, Gate], bool]:
    """Take out the gate that needs the MySQL driver where that cannot be built."""
    try:
        if "deploy" in chosen:
            install_driver()
    except StackError as error:
        strict = os.environ.get("STRICT") == "1"
        print(f"{'FAIL' if strict else 'SKIP'} deploy: {error}")
        return {name: gate for name, gate in chosen.items() if name != "deploy"}, strict
    return chosen, False


def main(names: list[str]) -> int:
    """Run the gates and show the output of those that failed."""
    known = gates()
    chosen, refused = _without_driver({name: known[name] for name in (names or known)})
    failed = ["deploy"] if refused else []
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = zip(chosen, pool.map(_run, chosen.values()), strict=True)
        for name, (passed, output, seconds) in results:
            print(f"{'ok  ' if passed else 'FAIL'} {name} ({seconds:.1f} s)", flush=True)
            if not passed:
                failed.append(name)
                print(output, flush=True)
    print(f"check: {', '.join(failed)} failed" if failed else "check: all gates passed")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
