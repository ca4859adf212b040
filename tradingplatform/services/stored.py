"""Keep messages instead of sending them; shared by the embedded e-mail and SMS."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.apps import apps

from tradingplatform import clock

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tradingplatform.services.models import StoredMessage

KEEP_DAYS = 30


def message_store(
    channel: str, recipient: str, *, subject: str = "", text: str, html: str = ""
) -> str:
    """Keep one message, drop those older than KEEP_DAYS, and return its id."""
    rows = stored_messages()
    rows.filter(created_at__lt=clock.now() - timedelta(days=KEEP_DAYS)).delete()
    message = rows.create(
        channel=channel, recipient=recipient, subject=subject[:255], text=text, html=html
    )
    return str(message.pk)


def stored_messages() -> "QuerySet[StoredMessage]":
    """Return the stored messages, in the global database."""
    # By name: the services are importable before Django's apps are ready.
    return apps.get_model("platform_services", "StoredMessage").objects.using("default")


def stored_messages_ping() -> None:
    """Raise when the table cannot be read."""
    stored_messages().exists()
