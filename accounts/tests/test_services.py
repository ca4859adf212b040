"""Accounts, sessions and refresh tokens, below the API."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import orjson
import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connections
from django.test.utils import CaptureQueriesContext

from accounts.errors import (
    EmailTakenError,
    InvalidCredentialsError,
    SessionEndedError,
)
from accounts.models import RefreshFamily, RefreshToken, Session, User
from accounts.selectors import user_by_email, user_by_key
from accounts.services import (
    Device,
    LoggedIn,
    session_principal,
    token_refresh,
    user_log_in,
    user_log_out,
    user_sign_up,
)
from accounts.services.sessions import sessions_prune
from accounts.tests.conftest import HOME, PASSWORD
from tradingplatform.errors import (
    InvalidInputError,
    LimitExceededError,
    NotFoundError,
    UnavailableError,
)
from tradingplatform.ids import uuid7
from tradingplatform.services import override_services, services
from tradingplatform.services.cache import MemoryCache
from tradingplatform.services.websocket.memory import MemoryBus

pytestmark = pytest.mark.django_db(databases="__all__")
LogIn = Callable[[User], LoggedIn]
NOON = "2026-03-02T12:00:00Z"


class NoCache(MemoryCache):
    """Forgets at once, so that every question reaches the database."""

    def set_many(self, values: Any, ttl_s: float) -> None:
        return

    def add(self, key: str, value: object, ttl_s: float) -> bool:
        return True


@pytest.mark.parametrize(
    "email",
    ["mina@example.com", "  MINA@Example.COM ", "ｍｉｎａ@example.com"],  # noqa: RUF001 - on purpose
)
def test_an_address_has_one_spelling(mina: User, email: str) -> None:
    with pytest.raises(EmailTakenError):
        user_sign_up(email=email, password=PASSWORD, nickname="Other")
    assert user_log_in(email=email, password=PASSWORD, device=HOME).user == mina


def test_a_new_account_has_no_rights(mina: User) -> None:
    assert (mina.is_staff, mina.is_superuser, mina.is_active) == (False, False, True)
    assert mina.uid.version == 7
    assert PASSWORD not in mina.password


@pytest.mark.parametrize(
    ("_case", "changes", "fields"),
    [
        ("no address", {"email": "mina"}, {"email"}),
        ("empty address", {"email": ""}, {"email"}),
        ("control character", {"email": "a\x00@example.com"}, {"email"}),
        ("long address", {"email": "a" * 250 + "@example.com"}, {"email"}),
        ("short password", {"password": "short77"}, {"password"}),
        ("long password", {"password": "x" * 129}, {"password"}),
        ("common password", {"password": "password123"}, {"password"}),
        ("common digits", {"password": "123456789"}, {"password"}),
        ("short nickname", {"nickname": "x"}, {"nickname"}),
        ("blank nickname", {"nickname": "    "}, {"nickname"}),
        ("long nickname", {"nickname": "x" * 31}, {"nickname"}),
        ("markup", {"nickname": "<b>Mina</b>"}, {"nickname"}),
        ("right-to-left mark", {"nickname": "Mi\u202ena"}, {"nickname"}),
        ("new line", {"nickname": "Mi\nna"}, {"nickname"}),
        (
            "everything",
            {"email": "", "password": "", "nickname": ""},
            {"email", "password", "nickname"},
        ),
    ],
)
def test_bad_sign_ups_name_each_fault(
    _case: str, changes: dict[str, str], fields: set[str]
) -> None:
    values = {"email": "new@example.com", "password": PASSWORD, "nickname": "New"} | changes
    with pytest.raises(InvalidInputError) as caught:
        user_sign_up(**values)  # type: ignore[arg-type] # text fields only
    assert set(caught.value.details) == fields
    assert User.objects.count() == 0


@pytest.mark.parametrize("password", ["aaaaaaa!", "  x  y  z  ", "비밀번호가길어요", "x9" * 64])
def test_passwords_need_no_particular_characters(password: str) -> None:
    user = user_sign_up(email="new@example.com", password=password, nickname="새 사람")
    assert user_log_in(email="new@example.com", password=password, device=HOME).user == user


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("mina@example.com", "wrong"),
        ("nobody@example.com", PASSWORD),
        ("", ""),
        ("x" * 300, "x" * 900),
    ],
)
def test_wrong_credentials_are_refused_alike(mina: User, email: str, password: str) -> None:
    with pytest.raises(InvalidCredentialsError) as caught:
        user_log_in(email=email, password=password, device=HOME)
    assert caught.value.message == "The address or the password is wrong."
    assert Session.objects.count() == 0


def test_a_closed_account_is_refused_like_a_wrong_password(mina: User) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(InvalidCredentialsError):
        user_log_in(email=mina.email, password=PASSWORD, device=HOME)


def test_an_unknown_address_costs_a_hash_too(mina: User, settings: Any) -> None:
    hasher = "accounts.tests.test_services.CountingHasher"
    settings.PASSWORD_HASHERS = [hasher]
    mina.set_password(PASSWORD)
    mina.save()
    for email in ("mina@example.com", "nobody@example.com"):
        _forget_nobodys_hash()
        with pytest.raises(InvalidCredentialsError):
            user_log_in(email="warm@example.com", password="wrong one", device=HOME)
        CountingHasher.count = 0
        with pytest.raises(InvalidCredentialsError):
            user_log_in(email=email, password="wrong one", device=HOME)
        assert CountingHasher.count == 1
    _forget_nobodys_hash()


def _forget_nobodys_hash() -> None:
    from accounts.services import users

    users._nobodys_hash.cache_clear()


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password is hashed to be compared."""

    algorithm = "counting_md5"
    count = 0

    def verify(self, password: str, encoded: str) -> bool:
        type(self).count += 1
        return super().verify(password, encoded)


def fail_times(email: str, times: int, device: Device) -> None:
    for _ in range(times):
        with pytest.raises(InvalidCredentialsError):
            user_log_in(email=email, password="wrong one", device=device)


def test_five_failures_from_one_place_close_that_place(mina: User) -> None:
    stranger = Device(ip="203.0.113.9")
    with time_machine.travel(NOON, tick=False) as clock:
        fail_times(mina.email, 5, stranger)
        with pytest.raises(LimitExceededError) as caught:
            user_log_in(email=mina.email, password=PASSWORD, device=stranger)
        assert caught.value.retry_after_s == 300

        # Neither the owner elsewhere nor another account in the same place is touched.
        assert user_log_in(email=mina.email, password=PASSWORD, device=HOME).user == mina
        fail_times("other@example.com", 1, stranger)

        clock.shift(300)
        assert user_log_in(email=mina.email, password=PASSWORD, device=stranger).user == mina


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_eight_at_once_get_no_more_guesses_than_one(mina: User) -> None:
    start = Barrier(8)

    def guess(_: int) -> str:
        try:
            start.wait(30)
            user_log_in(email=mina.email, password="wrong one", device=HOME)
        except (InvalidCredentialsError, LimitExceededError) as error:
            return type(error).__name__
        finally:
            connections.close_all()
        return "let in"

    with time_machine.travel(NOON), ThreadPoolExecutor(8) as pool:
        told = Counter(pool.map(guess, range(8)))
    assert told == {"InvalidCredentialsError": 5, "LimitExceededError": 3}


def test_logging_in_often_uses_up_no_attempts(mina: User) -> None:
    for _ in range(7):
        assert user_log_in(email=mina.email, password=PASSWORD, device=HOME).user == mina


def test_many_strangers_cannot_lock_the_owner_out(mina: User, log_in: LogIn) -> None:
    with time_machine.travel(NOON, tick=False):
        log_in(mina)
        for number in range(10):
            fail_times(mina.email, 5, Device(ip=f"203.0.113.{number}"))

        with pytest.raises(LimitExceededError):
            user_log_in(email=mina.email, password=PASSWORD, device=Device(ip="198.51.100.1"))
        assert log_in(mina).user == mina


def test_an_unknown_account_closes_like_a_known_one(mina: User) -> None:
    with time_machine.travel(NOON, tick=False):
        fail_times("nobody@example.com", 5, HOME)
        with pytest.raises(LimitExceededError):
            user_log_in(email="nobody@example.com", password=PASSWORD, device=HOME)


def test_users_are_found_by_key_and_address(mina: User) -> None:
    assert user_by_key(mina.pk) == mina
    assert user_by_email("nobody@example.com") is None
    with pytest.raises(NotFoundError):
        user_by_key(mina.pk + 1)


def test_a_session_speaks_for_its_user(mina: User, log_in: LogIn) -> None:
    sid = log_in(mina).session.sid
    principal = session_principal(sid=sid, method="bearer")
    assert (principal.account_db_key, principal.uid, principal.session_id) == (
        mina.pk,
        mina.uid,
        sid,
    )
    assert principal.is_operator is False


def test_a_check_costs_one_query_and_then_none(mina: User, log_in: LogIn) -> None:
    sid = log_in(mina).session.sid
    for expected in (1, 0, 0):
        with CaptureQueriesContext(connections["default"]) as queries:
            session_principal(sid=sid, method="bearer")
        assert len(queries) == expected


def test_an_unknown_session_is_refused() -> None:
    with pytest.raises(SessionEndedError):
        session_principal(sid=uuid7(), method="bearer")


def test_use_moves_the_end_at_most_once_a_minute(mina: User, log_in: LogIn) -> None:
    with override_services(cache=NoCache()), time_machine.travel(NOON, tick=False) as clock:
        session = log_in(mina).session
        for seconds, moved_by in ((59, 0), (1, 60), (30, 60), (30, 120)):
            clock.shift(seconds)
            session_principal(sid=session.sid, method="bearer")
            row = Session.objects.get()
            assert (row.expires_at - session.expires_at).total_seconds() == moved_by
            assert (row.last_seen_at - session.last_seen_at).total_seconds() == moved_by


def test_an_unused_session_ends_after_an_hour(mina: User, log_in: LogIn) -> None:
    with override_services(cache=NoCache()), time_machine.travel(NOON, tick=False) as clock:
        sid = log_in(mina).session.sid
        clock.shift(3599)
        session_principal(sid=sid, method="bearer")
        clock.shift(3600)
        with pytest.raises(SessionEndedError):
            session_principal(sid=sid, method="bearer")


def test_what_is_remembered_does_not_outlive_the_session(mina: User, log_in: LogIn) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        sid = log_in(mina).session.sid
        session_principal(sid=sid, method="bearer")
        clock.shift(3600)
        with pytest.raises(SessionEndedError):
            session_principal(sid=sid, method="bearer")


def test_a_session_has_an_absolute_end(mina: User, log_in: LogIn, settings: Any) -> None:
    settings.SESSION_TTL_ABSOLUTE_S = 4000
    with override_services(cache=NoCache()), time_machine.travel(NOON, tick=False) as clock:
        sid = log_in(mina).session.sid
        clock.shift(3000)
        session_principal(sid=sid, method="bearer")
        clock.shift(1000)
        with pytest.raises(SessionEndedError):
            session_principal(sid=sid, method="bearer")


@pytest.mark.parametrize("change", ["is_active", "is_staff"])
def test_the_rights_of_a_user_are_read_again_after_five_seconds(
    mina: User, log_in: LogIn, change: str
) -> None:
    sid = log_in(mina).session.sid
    with override_services(cache=NoCache()):
        User.objects.update(**{change: change == "is_staff"})
        if change == "is_active":
            with pytest.raises(SessionEndedError):
                session_principal(sid=sid, method="bearer")
        else:
            assert session_principal(sid=sid, method="bearer").is_operator is True


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_log_out_works_at_once_and_is_told_to_sockets(mina: User, log_in: LogIn) -> None:
    heard: list[tuple[str, bytes]] = []
    logged_in, other = log_in(mina), log_in(mina)
    sid = logged_in.session.sid
    session_principal(sid=sid, method="bearer")
    subscription = services.websocket.subscribe(
        "session:", lambda channel, payload: heard.append((channel, payload))
    )

    user_log_out(sid=sid)

    with pytest.raises(SessionEndedError):
        session_principal(sid=sid, method="bearer")
    with pytest.raises(SessionEndedError):
        token_refresh(refresh=logged_in.tokens.refresh)
    assert session_principal(sid=other.session.sid, method="bearer").pk == mina.pk
    subscription.close()
    assert [(channel, orjson.loads(payload)["type"]) for channel, payload in heard] == [
        (f"session:{sid}", "session_ended")
    ]


class DownBus(MemoryBus):
    """A bus that nobody can reach."""

    def publish(self, channel: str, payload: bytes) -> None:
        raise UnavailableError("The bus is out of reach.")


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_log_out_works_without_the_bus(mina: User, log_in: LogIn) -> None:
    sid = log_in(mina).session.sid
    with override_services(websocket=DownBus()):
        user_log_out(sid=sid)
    with pytest.raises(SessionEndedError):
        session_principal(sid=sid, method="bearer")


def test_the_end_of_a_session_beats_a_slow_reader(mina: User, log_in: LogIn) -> None:
    sid = log_in(mina).session.sid

    class SlowReader(MemoryCache):
        """Lets the session end between reading the row and remembering it."""

        def add(self, key: str, value: object, ttl_s: float) -> bool:
            self.set(key, {"dead": True}, 60)
            return super().add(key, value, ttl_s)

    with override_services(cache=SlowReader()), pytest.raises(SessionEndedError):
        session_principal(sid=sid, method="bearer")


def test_sessions_are_forgotten_long_after_their_end(mina: User, log_in: LogIn) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        old = log_in(mina).session
        clock.shift(60)
        kept = log_in(mina).session
        clock.move_to(old.expires_at)
        clock.shift(settings.SESSION_KEEP_S + 1)

        assert [sessions_prune(), sessions_prune()] == [1, 0]

    assert list(Session.objects.values_list("sid", flat=True)) == [kept.sid]
    assert RefreshFamily.objects.count() == RefreshToken.objects.count() == 1


def test_no_secret_reaches_a_log(
    mina: User, log_in: LogIn, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        tokens = log_in(mina).tokens
        token_refresh(refresh=tokens.refresh)
        with pytest.raises(InvalidCredentialsError):
            user_log_in(email=mina.email, password="a wrong secret", device=HOME)
        with pytest.raises(InvalidInputError):
            user_sign_up(email="x", password="another secret", nickname="N")
    for secret in (PASSWORD, "a wrong secret", "another secret", tokens.access, tokens.refresh):
        assert secret not in caplog.text
