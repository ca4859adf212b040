"""Replace the key that signs access tokens, without a moment at which a good one is refused."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tradingplatform.clock import now
from tradingplatform.settings.key_files import replace
from tradingplatform.settings.signing_keys import (
    SigningKey,
    keys_dropped,
    keys_json,
    keys_prepared,
    keys_switched,
    parse_keys,
)

STEPS = {"prepare": keys_prepared, "switch": keys_switched, "drop": keys_dropped}


class Command(BaseCommand):
    """Take one step; docs/accounts.md says what to do between them."""

    help = "prepare: add a key that verifies; switch: let it sign; drop: forget the old ones"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("step", choices=list(STEPS))

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path | None = settings.JWT_KEYS_FILE
        step = options["step"]
        keys = parse_keys(path.read_text()) if path else list(settings.JWT_KEYS)
        _check(step, keys, path)
        rotated = STEPS[step](keys)
        if path is None:
            self.stdout.write("Set this and restart every process:")
            self.stdout.write(f"JWT_SIGNING_KEYS='{keys_json(rotated)}'")
            return
        replace(path, "".join(key["pem"] for key in rotated))
        kids = ", ".join(key["kid"] for key in rotated)
        self.stdout.write(f"{path.name}: {kids}; the first signs. Restart every process.")


def _check(step: str, keys: list[SigningKey], path: Path | None) -> None:
    if step == "prepare" and len(keys) > 1:
        message = "There are several keys already: switch, or drop the old ones."
        raise CommandError(message)
    if step != "prepare" and len(keys) == 1:
        message = "There is one key only: prepare another first."
        raise CommandError(message)
    if step == "drop" and path and now().timestamp() - path.stat().st_mtime < settings.JWT_TTL_S:
        message = f"Tokens of the old key may be in use: wait {settings.JWT_TTL_S} s and try again."
        raise CommandError(message)
