"""Tell a holder outside of the app that an instrument is no longer traded."""

import logging

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.enums import NotificationChannel, NotificationKind
from accounts.selectors import user_by_key
from accounts.services.notification_preferences import notification_wanted
from market.enums import ActionKind
from market.models import CorporateAction
from tradingplatform.clock import now
from tradingplatform.errors import NotFoundError
from tradingplatform.services import services
from tradingplatform.services.notification import Channel, Recipient

logger = logging.getLogger(__name__)


def ending_tell(*, account_db_key: int, action_id: int) -> list[Channel]:
    """Send a mail to a holder who wants news of the portfolio there; tell where it went.

    What fails is noted in the log, for the app has told already. Accounts have no telephone
    number that a text message could go to.
    """
    is_wanted = notification_wanted(
        account_db_key=account_db_key,
        kind=NotificationKind.PORTFOLIO,
        channel=NotificationChannel.EMAIL,
        at=now(),
    )
    action = CorporateAction.objects.filter(pk=action_id).select_related("instrument").first()
    if not is_wanted or action is None:
        return []
    try:
        user = user_by_key(account_db_key)
    except NotFoundError:
        return []  # the account was closed meanwhile
    with translation.override(user.language):
        title, text = _written(action)
    recipient = Recipient(account_db_key=account_db_key, email=user.email or "")
    sent = services.notification.notify(recipient, title=title, text=text, channels=[Channel.EMAIL])
    return [delivery.channel for delivery in sent if delivery.status == "SENT"]


def _written(action: CorporateAction) -> tuple[str, str]:
    values = {"symbol": action.instrument.symbol, "day": action.ex_date.isoformat()}
    if action.kind == ActionKind.MERGER:
        reason = _("%(symbol)s was merged into another company on %(day)s.") % values
    else:
        reason = _("%(symbol)s was delisted on %(day)s.") % values
    return _("%(symbol)s is no longer traded") % values, reason + _(
        "\n\nOpen orders in it were canceled and alerts ended. Your position stays in the"
        " portfolio at the last price; it is neither exchanged nor paid out here.\n"
    )
