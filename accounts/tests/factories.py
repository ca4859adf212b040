"""What tests do to accounts."""

from accounts.models import User
from tradingplatform.clock import now


def address_confirm(user: User) -> None:
    """Let an account pass for one whose e-mail address is confirmed."""
    user.email_verified_at = now()
    user.save(update_fields=["email_verified_at"])
