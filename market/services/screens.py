"""What a user may do with saved screens."""

from typing import Any
from uuid import UUID

from django.conf import settings

from market.errors import ScreenLimitError
from market.feature_models import SavedScreen
from market.screen_selectors import screen_get
from market.screens import screen_parse
from tradingplatform.clock import now
from tradingplatform.db.outbox import user_lock
from tradingplatform.db.transactions import tx


def screen_save(*, account_db_key: int, name: str, definition: dict[str, Any]) -> SavedScreen:
    """Save a screen under a name. Raises ScreenInvalidError and ScreenLimitError."""
    screen_parse(definition)
    screen = SavedScreen(account_db_key=account_db_key, name=name, definition=definition)
    return tx(account_db_key, _save, screen)


def screen_change(
    *,
    account_db_key: int,
    screen_id: UUID,
    name: str | None = None,
    definition: dict[str, Any] | None = None,
) -> SavedScreen:
    """Rename a saved screen or replace its definition."""
    if definition is not None:
        screen_parse(definition)
    return tx(account_db_key, _change, account_db_key, screen_id, name, definition)


def screen_delete(*, account_db_key: int, screen_id: UUID) -> None:
    """Delete a saved screen."""
    tx(account_db_key, _delete, account_db_key, screen_id)


def screens_forget(account_db_key: int) -> None:
    """Delete the screens of a closed account (settings.ACCOUNT_CLOSERS)."""
    tx(account_db_key, SavedScreen.objects.for_user(account_db_key).delete)


def _save(screen: SavedScreen) -> SavedScreen:
    user_lock(screen.account_db_key)
    most = settings.SCREENS_PER_USER
    if SavedScreen.objects.for_user(screen.account_db_key).count() >= most:
        raise ScreenLimitError(f"A user may save {most} screens.", limit=most)
    screen.save(force_insert=True)
    return screen


def _change(
    account_db_key: int, screen_id: UUID, name: str | None, definition: dict[str, Any] | None
) -> SavedScreen:
    user_lock(account_db_key)
    screen = screen_get(account_db_key=account_db_key, screen_id=screen_id)
    screen.name = screen.name if name is None else name
    screen.definition = screen.definition if definition is None else definition
    screen.updated_at = now()
    screen.save(update_fields=["name", "definition", "updated_at"])
    return screen


def _delete(account_db_key: int, screen_id: UUID) -> None:
    user_lock(account_db_key)
    screen_get(account_db_key=account_db_key, screen_id=screen_id).delete()
