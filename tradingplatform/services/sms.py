"""Send text messages: into a stored outbox; Amazon SNS comes with its own issue."""

import logging
from typing import Protocol

from tradingplatform.errors import NotConfiguredError
from tradingplatform.services.stored import message_store, stored_messages_ping

logger = logging.getLogger(__name__)


class Sms(Protocol):
    """One short text to one phone."""

    def send(self, to: str, text: str) -> str:
        """Send and return the id the carrier gave."""
        ...

    def ping(self) -> None: ...
    def close(self) -> None: ...
    def describe(self) -> str: ...


class StoredSms:
    """Keep messages in a table that the admin shows."""

    def send(self, to: str, text: str) -> str:
        stored = message_store("SMS", to, text=text)
        logger.info("SMS stored, not sent", extra={"message_id": stored})
        return stored

    def ping(self) -> None:
        stored_messages_ping()

    def close(self) -> None:
        return

    def describe(self) -> str:
        return "stored outbox in the global database; nothing leaves this machine"


class SnsSms:
    """Amazon SNS, not configured in this version: it says so instead of losing messages."""

    def send(self, to: str, text: str) -> str:
        raise _not_configured()

    def ping(self) -> None:
        raise _not_configured()

    def close(self) -> None:
        return

    def describe(self) -> str:
        return "Amazon SNS (not configured)"


def _not_configured() -> NotConfiguredError:
    return NotConfiguredError("Text messages through Amazon SNS are not configured.")
