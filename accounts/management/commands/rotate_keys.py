"""Wrap every stored secret with the newest key of ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services.sealed_secrets import secrets_rewrap


class Command(BaseCommand):
    help = "Wrap every stored secret with the first key of ENCRYPTION_KEYS; safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        rotation = secrets_rewrap()
        self.stdout.write(f"{rotation.rewrapped} wrapped anew, {rotation.current} were already.")
        if rotation.broken:
            raise CommandError(
                f"{rotation.broken} cannot be opened; their key is missing from ENCRYPTION_KEYS, "
                "or they were changed. Keep every old key until this is resolved."
            )
