"""Background work on accounts."""

from typing import Any
from uuid import UUID

from accounts.services.mail_tokens import tokens_prune
from accounts.services.mails import mail_send, mails_resume
from accounts.services.sessions import sessions_prune
from tradingplatform.jobs import job


@job(name="accounts.mail_send", queue="user")
def mail_send_job(*, token_id: str, **_: Any) -> None:
    mail_send(token_id=UUID(token_id))


@job(name="accounts.mails_resume", queue="user")
def mails_resume_job(**_: Any) -> None:
    mails_resume()


@job(name="accounts.sessions_prune", queue="bulk")
def sessions_prune_job(**_: Any) -> None:
    sessions_prune()


@job(name="accounts.tokens_prune", queue="bulk")
def tokens_prune_job(**_: Any) -> None:
    tokens_prune()
