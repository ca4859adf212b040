"""Reads of saved screens, and of what they filter on."""

from uuid import UUID

from market.errors import ScreenNotFoundError
from market.feature_models import InstrumentFeatures, SavedScreen


def screens_get(account_db_key: int) -> list[SavedScreen]:
    """Return a user's saved screens, oldest first."""
    return list(SavedScreen.objects.for_user(account_db_key).order_by("pk"))


def screen_get(*, account_db_key: int, screen_id: UUID) -> SavedScreen:
    """Return one saved screen; ScreenNotFoundError when the user has none such."""
    row = SavedScreen.objects.for_user(account_db_key).filter(pk=screen_id).first()
    if row is None:
        raise ScreenNotFoundError("There is no such screen.")
    return row


def features_known() -> bool:
    """Tell whether the figures of any instrument were ever computed."""
    return InstrumentFeatures.objects.exists()
