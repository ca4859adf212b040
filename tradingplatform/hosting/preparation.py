"""What must be there before the embedded product can serve: tables and demo data."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from market.services import sample_market_is_current, sample_prices_remove
from tradingplatform.services import services

SEED_COMMAND = "seed_demo"
MARKET_COMMAND = "load_sample_market"
LOGINS_FILE = "demo-logins.json"


@dataclass(frozen=True)
class Login:
    """One account of the demo data."""

    role: str
    email: str
    password: str


def migrate_if_needed() -> bool:
    """Bring every database up to date; False when there was nothing to do."""
    if not any(services.database.pending_migrations().values()):
        return False
    call_command("migrate_all", verbosity=0)
    return True


def seed_if_empty() -> bool:
    """Make the demo data once, in a process of its own whose memory is given back.

    It consists of trades at prices of the sample market, so a real feed gets none.
    """
    wanted = settings.DEMO_DATA and not settings.IS_PROD and _feed_is_sample()
    if not wanted or (settings.DATA_DIR / LOGINS_FILE).exists():
        return False
    _manage(SEED_COMMAND)
    return True


def market_if_behind() -> bool:
    """Add the sessions that have passed since the last start; False when none is missing.

    Each start looks, with and without demo accounts: the feed goes on from the running
    session, so that a missing one would stay a hole. Never in production. With a real feed
    the sample prices go instead.
    """
    if settings.IS_PROD:
        return False
    if not _feed_is_sample():
        sample_prices_remove()
        return False
    if sample_market_is_current():
        return False
    _manage(MARKET_COMMAND)
    return True


def _feed_is_sample() -> bool:
    return bool(settings.MARKET_FEED == "sample")


def demo_logins() -> list[Login]:
    """Return the log-ins that the demo data came with."""
    path = settings.DATA_DIR / LOGINS_FILE
    if not path.exists():
        return []
    found: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return [Login(role, entry["email"], entry["password"]) for role, entry in found.items()]


def _manage(name: str) -> None:
    if _run([sys.executable, str(settings.BASE_DIR / "manage.py"), name]) != 0:
        raise CommandError(f"`manage.py {name}` failed; its message stands above.")


def _run(command: list[str]) -> int:
    """Run a child and return its exit code; a signal to this process ends the child as well."""
    process: subprocess.Popen[bytes] | None = None
    try:
        # A signal in the middle of Popen would leave a child that nobody knows.
        with _ends_held():
            process = subprocess.Popen(command)  # noqa: S603 - no shell; the words are ours
        return process.wait()
    except KeyboardInterrupt:
        if process is not None:
            process.kill()
            process.wait()
        raise


@contextmanager
def _ends_held() -> Iterator[None]:
    """Let a signal to end wait for the end of the block.

    Blocking signals would not do: the other threads of numerical libraries take them, and
    Python then runs the handler on the main thread all the same.
    """
    came: list[int] = []
    ends = (signal.SIGTERM, signal.SIGINT)
    before = {
        number: signal.signal(number, lambda signum, _frame: came.append(signum)) for number in ends
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt
