"""Background work on accounts."""

from typing import Any
from uuid import UUID

from accounts.services.alerts import alert_send, alerts_prune, alerts_resume
from accounts.services.closing import account_forget, accounts_forget
from accounts.services.exports import export_build, exports_tend
from accounts.services.factors import factor_resets_run
from accounts.services.mail_tokens import tokens_prune
from accounts.services.mails import mail_send, mails_resume
from accounts.services.passkey_challenges import challenges_prune
from accounts.services.sessions import sessions_prune
from tradingplatform.jobs import job


@job(name="accounts.account_forget", queue="bulk")
def account_forget_job(*, account_db_key: int, **_: Any) -> None:
    account_forget(account_db_key=account_db_key)


@job(name="accounts.accounts_forget", queue="bulk")
def accounts_forget_job(**_: Any) -> None:
    accounts_forget()


@job(name="accounts.alert_send", queue="user")
def alert_send_job(*, alert_id: str, **_: Any) -> None:
    alert_send(alert_id=UUID(alert_id))


@job(name="accounts.factor_resets_run", queue="user")
def factor_resets_run_job(**_: Any) -> None:
    factor_resets_run()


@job(name="accounts.export_build", queue="bulk")
def export_build_job(*, export_id: str, **_: Any) -> None:
    export_build(export_id=UUID(export_id))


@job(name="accounts.exports_tend", queue="bulk")
def exports_tend_job(**_: Any) -> None:
    exports_tend()


@job(name="accounts.mail_send", queue="user")
def mail_send_job(*, token_id: str, **_: Any) -> None:
    mail_send(token_id=UUID(token_id))


@job(name="accounts.mails_resume", queue="user")
def mails_resume_job(**_: Any) -> None:
    mails_resume()
    alerts_resume()


@job(name="accounts.sessions_prune", queue="bulk")
def sessions_prune_job(**_: Any) -> None:
    sessions_prune()


@job(name="accounts.tokens_prune", queue="bulk")
def tokens_prune_job(**_: Any) -> None:
    tokens_prune()
    challenges_prune()
    alerts_prune()
