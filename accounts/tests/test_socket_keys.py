"""Programs on sockets: a key opens the streams of its scopes, for as long as it lives."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest

from accounts.authentication import authenticate_socket, session_is_live, sessions_ended
from accounts.errors import InvalidApiKeyError
from accounts.models import ApiKey, AuditEntry, Session, User
from accounts.services import LoggedIn, user_log_in
from accounts.services.api_keys import KeyTerms, NewApiKey, api_key_create, api_key_revoke
from accounts.services.closing import account_close
from accounts.tests.conftest import HOME, PASSWORD
from tradingplatform.api.principal import Principal
from tradingplatform.clock import now
from tradingplatform.ids import uuid7
from tradingplatform.realtime.bridge import close_pool
from tradingplatform.realtime.client import SocketClient, open_socket
from tradingplatform.realtime.consumer import StreamConsumer
from tradingplatform.realtime.tests import support
from tradingplatform.realtime.user_stream import UserStream

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
Work = Callable[[SocketClient, str], Coroutine[Any, Any, None]]


class Room(support.Diary):
    """A stream of the family ``chat`` that takes the frames ``chat`` and ``cancel``."""

    def stream_for(self, frame: dict[str, Any]) -> str:
        return "chat:1"


def key_of(user: User, *scopes: str, **terms: Any) -> NewApiKey:
    return api_key_create(owner=user, name="bot", terms=KeyTerms(scopes=scopes, **terms))


def on_socket(secret: str, work: Work, **headers: str) -> None:
    """Sign in with a key on an address like ``/ws`` and do ``work`` there."""

    async def run() -> None:
        application = StreamConsumer(
            UserStream(), support.Quotes(), Room(prefix="chat"), joined=("user",)
        )
        async with (
            support.serving(application) as url,
            open_socket(url, headers=headers) as socket,
        ):
            await socket.send({"type": "auth", "api_key": secret})
            await work(socket, url)

    try:
        asyncio.run(run())
    finally:
        close_pool()


@pytest.mark.parametrize(
    ("scope", "joined", "opened"),
    [
        ("market:read", [], {"market:A"}),
        ("portfolio:read", ["user"], {"user"}),
        ("chat", [], {"chat:1"}),
        ("trade", [], set()),
    ],
)
def test_a_key_joins_the_streams_of_its_scopes_only(
    mina: User, scope: str, joined: list[str], opened: set[str]
) -> None:
    streams = ["market:A", "user", "chat:1"]

    async def work(socket: SocketClient, _: str) -> None:
        assert (await socket.expect("subscribed"))["streams"] == joined
        await socket.send({"type": "subscribe", "streams": streams, "sequence": 7})
        assert set((await socket.expect("subscribed"))["streams"]) == opened
        refused = [await socket.expect("error") for _ in set(streams) - opened]
        assert {one["details"]["stream"] for one in refused} == set(streams) - opened
        assert {(one["errorCode"], one["sequence"]) for one in refused} == {("SCOPE_MISSING", 7)}
        await socket.send(
            {"type": "chat", "room_id": "1", "client_message_id": "m", "content": "c"}
        )
        answer = await socket.expect("accepted" if scope == "chat" else "error")
        assert answer.get("errorCode") == (None if scope == "chat" else "SCOPE_MISSING")

    on_socket(key_of(mina, scope).secret, work)


def test_a_revoked_key_closes_its_sockets_at_once(mina: User) -> None:
    made = key_of(mina, "portfolio:read")

    async def work(socket: SocketClient, _: str) -> None:
        await socket.expect("subscribed")
        await asyncio.to_thread(api_key_revoke, owner=mina, key_id=made.row.pk)
        assert await socket.closed() == 4401

    on_socket(made.secret, work)


def test_closing_the_account_closes_the_sockets_of_its_keys(
    mina: User, log_in: Callable[[User], LoggedIn]
) -> None:
    made, sid = key_of(mina, "portfolio:read"), log_in(mina).session.sid
    owner = Principal(account_db_key=mina.pk, uid=mina.uid, session_id=sid)

    async def work(socket: SocketClient, _: str) -> None:
        await socket.expect("subscribed")
        await asyncio.to_thread(account_close, owner=owner, password=PASSWORD, device=HOME)
        assert await socket.closed() == 4401

    on_socket(made.secret, work)


def test_a_key_that_runs_out_closes_its_sockets(mina: User) -> None:
    made = key_of(mina, "portfolio:read")
    ApiKey.objects.update(expires_at=now() + timedelta(seconds=1.5))

    async def work(socket: SocketClient, _: str) -> None:
        await socket.expect("subscribed")
        assert await socket.closed() == 4401

    on_socket(made.secret, work)


@pytest.mark.parametrize("fault", ["unknown", "revoked", "expired", "address", "locked"])
def test_a_key_that_is_not_good_opens_no_socket(mina: User, fault: str) -> None:
    made = key_of(mina, "market:read", allowed_ips=["10.0.0.1"] if fault == "address" else [])
    changes = {
        "revoked": {"revoked_at": now()},
        "expired": {"expires_at": now()},
    }.get(fault, {})
    ApiKey.objects.filter(pk=made.row.pk).update(**changes)
    User.objects.filter(pk=mina.pk).update(is_active=fault != "locked")

    async def work(socket: SocketClient, _: str) -> None:
        assert (await socket.expect("error"))["errorCode"] == "INVALID_API_KEY"
        assert await socket.closed() == 4401

    on_socket("tp_unknown" if fault == "unknown" else made.secret, work)
    assert AuditEntry.objects.filter(action="API_KEY_USED").count() == 0
    refused = AuditEntry.objects.filter(action="API_KEY_REFUSED").count()
    assert refused == (0 if fault == "unknown" else 1)


def test_the_use_of_a_key_on_a_socket_is_in_the_audit_log(mina: User) -> None:
    async def work(socket: SocketClient, _: str) -> None:
        await socket.expect("subscribed")

    on_socket(key_of(mina, "market:read").secret, work)
    entry = AuditEntry.objects.get(action="API_KEY_USED")
    assert (entry.account_uid, entry.ip) == (mina.uid, "127.0.0.1")


def test_a_forwarded_address_counts_from_a_trusted_proxy_only(mina: User, settings: Any) -> None:
    secret = key_of(mina, "market:read", allowed_ips=["10.0.0.1"]).secret
    shown = {"api_key": secret, "peer": "127.0.0.1", "forwarded_for": "10.0.0.1"}
    with pytest.raises(InvalidApiKeyError):
        authenticate_socket(**shown)

    settings.TRUSTED_PROXIES = ["127.0.0.1"]

    assert authenticate_socket(**shown).pk == mina.pk

    async def work(socket: SocketClient, _: str) -> None:
        await socket.expect("subscribed")

    on_socket(secret, work, **{"X-Forwarded-For": "10.0.0.1"})


def test_a_socket_does_not_pass_from_a_person_to_a_key(mina: User) -> None:
    made = key_of(mina, "market:read", "portfolio:read")
    access = user_log_in(email=mina.email, password=PASSWORD, device=HOME).tokens.access

    async def work(socket: SocketClient, url: str) -> None:
        await socket.expect("subscribed")
        await socket.send({"type": "auth", "token": access, "sequence": 3})
        error = await socket.expect("error")
        assert (error["errorCode"], error["sequence"]) == ("PERMISSION_DENIED", 3)
        async with open_socket(url, token=access) as person:
            await person.send({"type": "auth", "api_key": made.secret})
            assert (await person.expect("error"))["errorCode"] == "PERMISSION_DENIED"

    on_socket(made.secret, work)


def test_the_regular_check_sees_the_end_of_a_key(mina: User) -> None:
    made = key_of(mina, "market:read")
    principal = authenticate_socket(api_key=made.secret, peer="127.0.0.1")
    assert session_is_live(principal)
    ApiKey.objects.update(revoked_at=now())
    assert not session_is_live(principal)


def test_one_look_finds_all_sessions_and_keys_that_ended(
    mina: User, django_assert_num_queries: Any
) -> None:
    keys = [key_of(mina, "market:read").row.pk for _ in range(3)]
    sids = [
        user_log_in(email=mina.email, password=PASSWORD, device=HOME).session.sid for _ in range(3)
    ]
    ApiKey.objects.filter(pk=keys[0]).update(revoked_at=now())
    ApiKey.objects.filter(pk=keys[1]).update(expires_at=now())
    Session.objects.filter(sid=sids[0]).update(revoked_at=now())
    Session.objects.filter(sid=sids[1]).update(expires_at=now())
    watched = [str(one) for one in [*keys, *sids, uuid7()]]

    with django_assert_num_queries(2, using="default"):
        ended = sessions_ended(watched)
    assert ended == {watched[0], watched[1], watched[3], watched[4], watched[6]}
    User.objects.update(is_active=False)
    assert sessions_ended(watched) == set(watched)
