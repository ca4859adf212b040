"""The row locks of this app."""

from accounts.models import User
from tradingplatform.db.shards import GLOBAL_ALIAS


def user_for_update(account_db_key: int) -> User | None:
    """Lock a user, so that what is counted per user is counted once."""
    return User.objects.using(GLOBAL_ALIAS).select_for_update().filter(pk=account_db_key).first()
