"""Who gets a socket, and how it is taken away again."""

import pytest
from websockets.exceptions import InvalidStatus

from tradingplatform.errors import UnavailableError
from tradingplatform.realtime.client import SocketClient, open_socket
from tradingplatform.realtime.consumer import StreamConsumer
from tradingplatform.realtime.errors import CloseCode
from tradingplatform.realtime.limits import SOCKETS_PER_USER
from tradingplatform.realtime.tests import support
from tradingplatform.services import services

pytestmark = pytest.mark.asyncio


async def test_a_token_in_the_first_frame_signs_in(private):
    async with support.serving(private) as url, open_socket(url) as socket:
        await socket.send({"type": "auth", "token": "token-1", "sequence": 5})
        subscribed = await socket.receive()
    assert subscribed["type"] == "subscribed"
    assert subscribed["sequence"] == 5
    assert subscribed["streams"] == ["user"]
    assert subscribed["positions"] == {"user": {"epoch": "e1", "seq": 0}}


async def test_a_ticket_in_the_url_signs_in(private):
    async with support.serving(private) as url, open_socket(f"{url}?ticket=token-2") as socket:
        assert (await socket.receive())["streams"] == ["user"]


@pytest.mark.parametrize("query", ["?ticket=wrong", f"?ticket={'x' * 5000}"])
async def test_a_wrong_ticket_closes(private, query):
    async with support.serving(private) as url, open_socket(url + query) as socket:
        assert (await socket.receive())["errorCode"] == "AUTHENTICATION_REQUIRED"
        assert await socket.closed() == CloseCode.UNAUTHENTICATED


async def test_a_wrong_token_closes(private):
    async with support.serving(private) as url, open_socket(url) as socket:
        await socket.send({"type": "auth", "token": "wrong", "sequence": 3})
        error = await socket.receive()
        assert (error["errorCode"], error["sequence"]) == ("AUTHENTICATION_REQUIRED", 3)
        assert await socket.closed() == CloseCode.UNAUTHENTICATED


async def test_another_frame_before_auth_closes(private):
    async with support.serving(private) as url, open_socket(url) as socket:
        await socket.send({"type": "subscribe", "symbols": ["A"]})
        assert (await socket.receive())["errorCode"] == "AUTHENTICATION_REQUIRED"
        assert await socket.closed() == CloseCode.UNAUTHENTICATED


async def test_silence_closes(private, settings):
    settings.REALTIME_AUTH_TIMEOUT_S = 0.05
    async with support.serving(private) as url, open_socket(url) as socket:
        assert await socket.closed() == CloseCode.UNAUTHENTICATED


async def test_the_page_cookie_signs_in_from_an_allowed_origin(private, settings):
    settings.WS_ALLOWED_ORIGINS = ["https://app.example"]
    headers = {"Cookie": f"a=b; {settings.SESSION_COOKIE_NAME}=token-3"}
    async with (
        support.serving(private) as url,
        open_socket(url, headers=headers, origin="https://app.example") as socket,
    ):
        assert (await socket.receive())["streams"] == ["user"]


async def test_the_page_cookie_signs_in_from_the_same_host(private, settings):
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}=token-3"}
    async with support.serving(private) as url:
        origin = url.replace("ws://", "http://")
        async with open_socket(url, headers=headers, origin=origin) as socket:
            assert (await socket.receive())["streams"] == ["user"]


async def test_the_page_cookie_without_an_origin_is_not_looked_at(private, settings):
    settings.REALTIME_AUTH_TIMEOUT_S = 0.05
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}=token-3"}
    async with support.serving(private) as url, open_socket(url, headers=headers) as socket:
        assert await socket.closed() == CloseCode.UNAUTHENTICATED


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil"])
async def test_a_foreign_origin_is_refused_before_the_socket_opens(public, origin):
    async with support.serving(public) as url:
        with pytest.raises(InvalidStatus) as caught:
            await SocketClient.connect(url, origin=origin)
    assert caught.value.response.status_code == 403


async def test_a_name_that_is_not_ours_does_not_count_as_the_same_host(public):
    async with support.serving(public) as url:
        port = url.rpartition(":")[2]
        with pytest.raises(InvalidStatus):
            await SocketClient.connect(
                url,
                origin=f"http://rebound.example:{port}",
                headers={"Host": f"rebound.example:{port}"},
            )


async def test_an_anonymous_client_is_served_where_allowed_but_not_private_streams(quotes, diary):
    application = StreamConsumer(quotes, diary, anonymous=lambda: True)
    async with support.serving(application) as url, open_socket(url) as socket:
        await socket.send({"type": "subscribe", "symbols": ["A"], "streams": ["user"]})
        assert (await socket.receive())["streams"] == ["market:A"]
        assert (await socket.receive())["stream"] == "market:A"
        assert (await socket.receive())["errorCode"] == "AUTHENTICATION_REQUIRED"


async def test_the_end_of_the_session_closes_its_sockets_and_no_others(private):
    async with (
        support.serving(private) as url,
        open_socket(url, token="token-1") as mine,
        open_socket(url, token="token-2") as other,
    ):
        services.websocket.publish("session:s1", b"{}")
        assert await mine.closed() == CloseCode.UNAUTHENTICATED
        await other.send({"type": "ping"})
        assert (await other.receive())["type"] == "pong"


async def test_a_session_whose_end_was_not_heard_is_closed_by_the_check(private, settings):
    settings.REALTIME_RECHECK_S = 0.05
    async with support.serving(private) as url, open_socket(url, token="token-1") as socket:
        support.ended_sessions.add("s1")
        assert await socket.closed() == CloseCode.UNAUTHENTICATED


async def test_one_look_closes_the_sockets_of_all_sessions_that_ended(private, settings):
    settings.REALTIME_SESSIONS_EVERY_S = 0.05
    async with (
        support.serving(private) as url,
        open_socket(url, token="token-1") as mine,
        open_socket(url, token="token-1") as also_mine,
        open_socket(url, token="token-2") as other,
    ):
        support.ended_sessions.add("s1")
        assert await mine.closed() == CloseCode.UNAUTHENTICATED
        assert await also_mine.closed() == CloseCode.UNAUTHENTICATED
        await other.send({"type": "ping"})
        assert (await other.receive())["type"] == "pong"


async def test_a_look_that_fails_is_tried_again(private, settings, monkeypatch):
    settings.REALTIME_SESSIONS_EVERY_S = 0.05
    fails = [True, True]

    def shaky(session_ids):
        if fails:
            fails.pop()
            raise UnavailableError("The database is away.")
        return set(session_ids)

    monkeypatch.setattr("tradingplatform.realtime.hub.sessions_ended", shaky)
    async with support.serving(private) as url, open_socket(url, token="token-1") as socket:
        assert await socket.closed() == CloseCode.UNAUTHENTICATED
    assert fails == []


async def test_a_user_has_a_limited_number_of_sockets(private):
    async with support.serving(private) as url:
        sockets = [
            await SocketClient.connect(url, token="token-1") for _ in range(SOCKETS_PER_USER)
        ]
        refused = await SocketClient.connect(f"{url}?ticket=token-1")
        assert (await refused.receive())["errorCode"] == "SOCKET_LIMIT_EXCEEDED"
        assert await refused.closed() == CloseCode.TOO_MANY_SOCKETS
        async with open_socket(url, token="token-2"):
            pass
        await sockets.pop().close()
        await support.eventually(lambda: services.cache.get("ws-slot:1:9") is None)
        async with open_socket(url, token="token-1"):
            pass
        for socket in sockets:
            await socket.close()


async def test_a_socket_changes_its_token_but_not_its_owner(private):
    async with support.serving(private) as url, open_socket(url, token="token-1") as socket:
        await socket.send({"type": "auth", "token": "token-1"})
        assert (await socket.receive())["type"] == "subscribed"
        await socket.send({"type": "auth", "token": "token-2", "sequence": 9})
        error = await socket.receive()
    assert (error["errorCode"], error["sequence"]) == ("PERMISSION_DENIED", 9)


async def test_a_full_server_asks_to_come_back_later(public, settings):
    settings.REALTIME_SOCKETS_MAX = 1
    async with support.serving(public) as url, open_socket(url), open_socket(url) as second:
        assert await second.closed() == CloseCode.TRY_AGAIN_LATER
