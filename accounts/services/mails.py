"""The mails that carry a link, in the language of their reader."""

import logging
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.enums import TokenPurpose
from accounts.models import MailToken
from accounts.services.mail_tokens import token_text, tokens_unsent
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.errors import UpstreamError
from tradingplatform.services import services

logger = logging.getLogger(__name__)

_PATHS = {
    TokenPurpose.EMAIL_VERIFY: "/verify-email",
    TokenPurpose.FACTOR_KEEP: "/keep-factor",
    TokenPurpose.PASSWORD_RESET: "/reset-password/new",
}


def mail_send(*, token_id: UUID) -> bool:
    """Send a link unless that is done or pointless; return whether it was sent.

    A mail may be sent twice when the sender dies in between, but never not at all.
    """
    rows = MailToken.objects.using(GLOBAL_ALIAS).filter(pk=token_id)
    row = rows.select_related("user").first()
    if row is None or row.user is None or row.sent_at or row.used_at or row.expires_at <= now():
        return False
    with translation.override(row.user.language):
        subject, text = _written(row)
    services.email.send(row.email, subject, text)
    rows.update(sent_at=now())
    return True


def mails_resume() -> int:
    """Send what was forgotten; return how many mails that was."""
    sent = 0
    for token_id in tokens_unsent():
        try:
            sent += mail_send(token_id=token_id)
        except UpstreamError:
            # The next run tries again, as long as the link is good.
            logger.warning("A mail could not be sent", extra={"message_id": str(token_id)})
    return sent


def _written(row: MailToken) -> tuple[str, str]:
    purpose = TokenPurpose(row.purpose)
    values = {
        "nickname": row.user.nickname if row.user else "",
        "link": f"{settings.PUBLIC_URL}{_PATHS[purpose]}?{urlencode({'token': token_text(row)})}",
        "minutes": settings.MAIL_TOKEN_TTL_S[purpose.value] // 60,
        "hours": settings.MAIL_TOKEN_TTL_S[purpose.value] // 3600,
    }
    if purpose is TokenPurpose.EMAIL_VERIFY:
        return _("Confirm your e-mail address"), _(
            "Hello %(nickname)s,\n\nplease confirm that this address is yours:\n\n%(link)s\n\n"
            "The link works once, within %(hours)d hours. If you have no account with us, ignore"
            " this mail.\n"
        ) % values
    if purpose is TokenPurpose.FACTOR_KEEP:
        return _("Your second factor is about to be removed"), _(
            "Hello %(nickname)s,\n\nan operator was asked to remove the second factor of your"
            " account, because it was said to be lost. In %(hours)d hours it is removed and you"
            " are logged out everywhere.\n\nIf you did not ask for this, stop it here:\n\n"
            "%(link)s\n\nLogging in with your second factor stops it too.\n"
        ) % values
    return _("Choose a new password"), _(
        "Hello %(nickname)s,\n\nchoose a new password here:\n\n%(link)s\n\nThe link works once,"
        " within %(minutes)d minutes. If you did not ask for it, ignore this mail: your password"
        " stays as it is.\n"
    ) % values
