"""However a session ends, its tokens are dead at once and its socket closes within 5 s."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.enums import TokenPurpose
from accounts.errors import InvalidTokenError, SessionEndedError
from accounts.models import AuditEntry, MailToken, Session, User
from accounts.services import (
    LoggedIn,
    session_end,
    sessions_end,
    token_refresh,
    user_log_out,
    user_sign_up,
)
from accounts.services.closing import account_close
from accounts.services.locking import account_lock, account_unlock
from accounts.services.mail_tokens import token_issue, token_text
from accounts.services.passwords import password_change, password_reset
from accounts.tests.conftest import HOME, PASSWORD
from tests.live_server import free_port
from tradingplatform.api.principal import Principal
from tradingplatform.clock import now
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import ConflictError
from tradingplatform.realtime.bridge import close_pool
from tradingplatform.realtime.client import open_socket
from tradingplatform.realtime.consumer import StreamConsumer
from tradingplatform.realtime.tests import support
from tradingplatform.realtime.user_stream import UserStream
from tradingplatform.services import override_services, services
from tradingplatform.services.cache import RedisCache

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
NEW = "another pass phrase"


@dataclass
class Case:
    """A session that is about to end, and another one of the same user."""

    user: User
    here: LoggedIn
    there: LoggedIn

    @property
    def owner(self) -> Principal:
        """Return the caller that the other session is."""
        sid = self.there.session.sid
        return Principal(account_db_key=self.user.pk, uid=self.user.uid, session_id=sid)


def reset(case: Case) -> None:
    row: MailToken = global_tx(token_issue, purpose=TokenPurpose.PASSWORD_RESET, user=case.user)
    password_reset(token=token_text(row), new_password=NEW, device=HOME)


def reuse(case: Case) -> None:
    old = case.here.tokens.refresh
    token_refresh(refresh=token_refresh(refresh=old).refresh)
    with pytest.raises(InvalidTokenError):
        token_refresh(refresh=old)


def lock(case: Case) -> None:
    operator = user_sign_up(
        email="ops@example.com", password=PASSWORD, nickname="Ops", is_staff=True
    )
    account_lock(account=case.user, operator=operator, device=HOME)


ENDS: dict[str, Callable[[Case], object]] = {
    "log-out": lambda case: user_log_out(sid=case.here.session.sid),
    "ended from elsewhere": lambda case: session_end(
        owner=case.owner, sid=case.here.session.sid, device=HOME
    ),
    "log-out everywhere": lambda case: sessions_end(owner=case.user),
    "log-out everywhere else": lambda case: sessions_end(
        owner=case.user, keep=case.there.session.sid
    ),
    "password changed": lambda case: password_change(
        owner=case.owner, current_password=PASSWORD, new_password=NEW, device=HOME
    ),
    "password reset": reset,
    "account closed": lambda case: account_close(owner=case.owner, password=PASSWORD, device=HOME),
    "account locked": lock,
    "refresh token reused": reuse,
}


@pytest.mark.parametrize("end", list(ENDS))
def test_rest_is_dead_at_once_and_the_socket_closes(
    mina: User,
    log_in: Callable[[User], LoggedIn],
    bearer: Callable[[str], Client],
    end: str,
) -> None:
    case = Case(user=mina, here=log_in(mina), there=log_in(mina))
    access, refresh = case.here.tokens.access, case.here.tokens.refresh

    def ended() -> tuple[int, str]:
        assert bearer(access).get("/api/account/me").status_code == 200
        ENDS[end](case)
        answer = bearer(access).get("/api/account/me")
        return answer.status_code, answer.json()["errorCode"]

    async def run() -> None:
        application = StreamConsumer(UserStream(), joined=("user",))
        async with (
            support.serving(application) as url,
            open_socket(url, token=access) as socket,
        ):
            assert await asyncio.to_thread(ended) == (401, "SESSION_ENDED")
            assert await socket.closed() == 4401

    try:
        asyncio.run(run())
    finally:
        close_pool()
    with pytest.raises((InvalidTokenError, SessionEndedError)):
        token_refresh(refresh=refresh)


def test_a_locked_account_is_shut_until_it_is_unlocked(mina: User, log_in: Any) -> None:
    operator = user_sign_up(email="o@example.com", password=PASSWORD, nickname="Op", is_staff=True)
    log_in(mina)
    account_lock(account=mina, operator=operator, device=HOME)
    with pytest.raises(ConflictError):
        account_lock(account=mina, operator=operator, device=HOME)
    with pytest.raises(Exception, match="address or the password"):
        log_in(mina)

    account_unlock(account=mina, operator=operator, device=HOME)
    with pytest.raises(ConflictError):
        account_unlock(account=mina, operator=operator, device=HOME)

    assert log_in(mina).user == mina
    told = AuditEntry.objects.filter(action__in=("ACCOUNT_LOCKED", "ACCOUNT_UNLOCKED"))
    assert {(row.account_uid, row.actor) for row in told} == {(mina.uid, str(operator.uid))}
    assert told.count() == 2


def test_nobody_locks_himself_or_opens_a_closed_account(mina: User) -> None:
    with pytest.raises(ConflictError):
        account_lock(account=mina, operator=mina, device=HOME)
    User.objects.filter(pk=mina.pk).update(is_active=False, closed_at=now())
    with pytest.raises(ConflictError):
        account_unlock(account=mina, operator=mina, device=HOME)
    assert not User.objects.get().is_active
    assert not AuditEntry.objects.filter(action__startswith="ACCOUNT_").exists()


# Without what remembers sessions


def me(client: Client) -> int:
    return int(client.get("/api/account/me").status_code)


@pytest.mark.parametrize("loss", ["flushed", "out of reach"])
def test_without_the_cache_the_database_decides(
    mina: User,
    log_in: Callable[[User], LoggedIn],
    bearer: Callable[[str], Client],
    loss: str,
) -> None:
    ended, living = log_in(mina), log_in(mina)
    old, live = bearer(ended.tokens.access), bearer(living.tokens.access)
    assert (me(old), me(live)) == (200, 200)
    user_log_out(sid=ended.session.sid)

    if loss == "flushed":
        for one in (ended, living):
            services.cache.delete(f"session:{one.session.sid}")
        assert [(me(old), me(live)) for _ in range(2)] == [(401, 200)] * 2
        return
    away = RedisCache(url=f"redis://127.0.0.1:{free_port()}/0")
    with override_services(cache=away):
        assert [(me(old), me(live)) for _ in range(2)] == [(401, 200)] * 2
        user_log_out(sid=living.session.sid)
        assert me(live) == 401


def test_a_session_runs_out_without_the_cache_too(
    mina: User, log_in: Callable[[User], LoggedIn], bearer: Callable[[str], Client]
) -> None:
    logged_in = log_in(mina)
    Session.objects.update(expires_at=now() - timedelta(seconds=1))
    with override_services(cache=RedisCache(url=f"redis://127.0.0.1:{free_port()}/0")):
        assert me(bearer(logged_in.tokens.access)) == 401


def test_an_operator_locks_and_unlocks_in_the_admin_site(mina: User, settings: Any) -> None:
    settings.ROOT_URLCONF = "tradingplatform.urls"
    user_sign_up(email="ops@example.com", password=PASSWORD, nickname="Ops", is_staff=True)
    operator = Client()
    operator.post("/log-in", {"email": "ops@example.com", "password": PASSWORD})

    def act(action: str) -> str:
        chosen = {"action": action, "_selected_action": [mina.pk]}
        return operator.post("/admin/accounts/user/", chosen, follow=True).content.decode()

    assert "done." in act("lock")
    assert not User.objects.get(pk=mina.pk).is_active
    assert "The account is locked or closed." in act("lock")
    assert "done." in act("unlock")
    assert User.objects.get(pk=mina.pk).is_active
