"""Tell one person something through several channels."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tradingplatform.errors import TradingPlatformError
from tradingplatform.services.container import services

logger = logging.getLogger(__name__)


class Channel(StrEnum):
    """A way to a person."""

    EMAIL = "EMAIL"
    SMS = "SMS"


@dataclass(frozen=True)
class Recipient:
    """Who is told; a channel without an address is skipped."""

    account_db_key: int
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Delivery:
    """What became of one channel: SENT, SKIPPED (no address) or FAILED."""

    channel: Channel
    status: str
    reason: str = ""


class Notification(Protocol):
    """Fan-out to channels; which ones a person wants is decided by the caller."""

    def notify(
        self, recipient: Recipient, *, title: str, text: str, channels: Sequence[Channel]
    ) -> list[Delivery]:
        """Send on each channel; one that fails does not stop the others."""
        ...

    def ping(self) -> None: ...
    def close(self) -> None: ...
    def describe(self) -> str: ...


class FanOut:
    """Sends through the e-mail and SMS services of this container."""

    def notify(
        self, recipient: Recipient, *, title: str, text: str, channels: Sequence[Channel]
    ) -> list[Delivery]:
        return [
            self._deliver(channel, recipient, title=title, text=text)
            for channel in dict.fromkeys(channels)
        ]

    def ping(self) -> None:
        """Nothing of its own: each channel is a service with its own ping."""

    def close(self) -> None:
        return

    def describe(self) -> str:
        return "fan-out to " + ", ".join(channel.lower() for channel in Channel)

    def _deliver(
        self, channel: Channel, recipient: Recipient, *, title: str, text: str
    ) -> Delivery:
        try:
            sent = _send(channel, recipient, title=title, text=text)
        except TradingPlatformError as exc:
            logger.warning("A notification failed", extra={"channel": channel, "reason": exc.code})
            return Delivery(channel, "FAILED", exc.message)
        return Delivery(channel, "SENT") if sent else Delivery(channel, "SKIPPED", "no address")


def _send(channel: Channel, recipient: Recipient, *, title: str, text: str) -> bool:
    """Send on one channel; False when the recipient has no address there."""
    if channel is Channel.EMAIL and recipient.email:
        services.email.send(recipient.email, title, text)
        return True
    if channel is Channel.SMS and recipient.phone:
        services.sms.send(recipient.phone, f"{title}\n{text}")
        return True
    return False
