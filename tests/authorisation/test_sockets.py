"""Address x credentials x frame x stream: admitted, joined and answered as the table says."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any, get_args

import pytest
from asgiref.sync import async_to_sync

from accounts.services import ws_ticket_issue
from chat.tools.registry import TOOLS
from tests.authorisation.callers import KINDS, Kind
from tests.authorisation.databases import changed, fingerprints, undone
from tests.authorisation.people import Person
from tests.authorisation.sockets import Shown, Socket, opened
from tradingplatform.api import policy
from tradingplatform.api.policy import permits
from tradingplatform.errors import PermissionDeniedError
from tradingplatform.ids import uuid7
from tradingplatform.realtime.hub import close_hub
from tradingplatform.realtime.messages import AnyClientFrame
from tradingplatform.routing import ROUTES

pytestmark = pytest.mark.django_db(databases="__all__")
# Programs sign in to no socket, whatever their key allows.
SIGNED_IN = {name: kind for name, kind in KINDS.items() if kind.csrf and kind.name != "insider"}
SERVED = {
    address: {source.prefix.partition(":")[0]: source for source in consumer._endpoint.sources}
    for address, consumer in ROUTES.items()
}


@pytest.fixture(autouse=True)
def in_this_thread(settings: Any) -> Iterator[None]:
    settings.REALTIME_THREAD_SENSITIVE = True
    yield
    close_hub()


def shown_by(kind: Kind, owner: Person) -> Shown:
    if kind.page:
        cookies = kind.client(owner).cookies
        return Shown(cookie="; ".join(f"{name}={m.value}" for name, m in cookies.items()))
    _, _, secret = kind.show(owner).get("Authorization", "").partition(" ")
    return Shown(token=secret)


def is_in(address: str, kind: Kind) -> bool:
    """Tell whether the table lets a kind of caller stay on a socket."""
    is_bad = bool(kind.dead) or kind.scopes is not None
    return not is_bad and permits(policy.SOCKETS.get(address), kind)


async def error_of(socket: Socket, **frame: Any) -> str:
    """Return the code with which a frame is refused, "" when it is not, or "closed"."""
    for body in await socket.answer(**frame):
        if body["type"] == "error":
            return str(body["errorCode"])
        if body["type"] == "closed":
            return f"closed {body['code']}"
    return ""


@pytest.mark.parametrize("address", ROUTES)
def test_the_door(address: str, owner: Person, count: Callable[[str, int], None]) -> None:
    faults = {}
    for name, kind in SIGNED_IN.items():
        shown = shown_by(kind, owner)
        came = async_to_sync(door)(address, shown)
        wanted = "pong" if is_in(address, kind) else "closed 4401"
        if came != wanted:
            faults[name] = (came, wanted)
    assert faults == {}
    count("authorisation matrix, cells of sockets", len(SIGNED_IN))


async def door(address: str, shown: Shown) -> str:
    async with opened(address, shown) as socket:
        await socket.send(type="ping")
        while True:
            body = await socket.receive()
            if body["type"] == "closed":
                return f"closed {body['code']}"
            if body["type"] == "pong":
                return "pong"


@pytest.mark.parametrize("address", ROUTES)
def test_a_ticket_opens_once(address: str, owner: Person) -> None:
    shown = Shown(query=f"ticket={ws_ticket_issue(sid=owner.session.pk)}".encode())
    wanted = "pong" if is_in(address, KINDS["anonymous"]) else "closed 4401"
    assert async_to_sync(door)(address, shown) == "pong"
    assert async_to_sync(door)(address, shown) in {wanted, "closed 4401"}


def streams_of(owner: Person, stranger: Person) -> dict[str, tuple[str, bool]]:
    """Return names of streams of every family, and whether they are the owner's to read."""
    return {
        "user": ("user", True),
        "user by number": (f"user:{stranger.user.pk}", False),
        "own room": (f"chat:{owner.things['room_id']}", True),
        "foreign room": (f"chat:{stranger.things['room_id']}", False),
        "nobody's room": (f"chat:{uuid7()}", False),
        "quote": ("market:AAPL", True),
        "nobody's quote": ("market:NOPE", False),
        "bus channel": (f"stream:{stranger.user.pk}:user", False),
        "session": (f"session:{stranger.session.pk}", False),
    }


@pytest.mark.parametrize(("address", "name"), list(product(ROUTES, ["owner", "page", "anonymous"])))
def test_streams(
    address: str,
    name: str,
    owner: Person,
    stranger: Person,
    count: Callable[[str, int], None],
) -> None:
    kind = KINDS[name]
    if not is_in(address, kind):
        return
    wanted = {}
    for label, (stream, is_own) in streams_of(owner, stranger).items():
        family = stream.partition(":")[0]
        served = family in SERVED[address]
        wanted[label] = served and is_own and permits(policy.STREAMS.get(family), kind)
    got = async_to_sync(joined)(address, shown_by(kind, owner), streams_of(owner, stranger))
    assert got == {label: (may, may) for label, may in wanted.items()}
    count("authorisation matrix, cells of streams", 2 * len(wanted))


async def joined(
    address: str, shown: Shown, streams: dict[str, tuple[str, bool]]
) -> dict[str, tuple[bool, bool]]:
    """Return of each stream whether `subscribe` and `resume` got in."""
    got = {}
    for label, (stream, _) in streams.items():
        async with opened(address, shown) as socket:
            subscribed = await error_of(socket, type="subscribe", streams=[stream])
        async with opened(address, shown) as socket:
            resumed = await error_of(socket, type="resume", stream=stream, epoch="", seq=0)
        got[label] = (not subscribed, not resumed)
    return got


@pytest.mark.parametrize(("address", "name"), list(product(ROUTES, ["owner", "page", "anonymous"])))
def test_frames_about_things_of_others_change_nothing(
    address: str, name: str, owner: Person, stranger: Person, count: Callable[[str, int], None]
) -> None:
    kind = KINDS[name]
    if not is_in(address, kind):
        return
    foreign: list[dict[str, Any]] = [
        {"type": "chat", "room_id": room, "client_message_id": "m", "content": "AAPL?"}
        for room in (stranger.things["room_id"], str(uuid7()))
    ]
    foreign += [
        {"type": "cancel", "message_id": message}
        for message in (stranger.things["message_id"], str(uuid7()))
    ]
    before = fingerprints()
    codes = [async_to_sync(one_frame)(address, shown_by(kind, owner), frame) for frame in foreign]
    assert all(codes), codes
    assert codes[0] == codes[1]
    assert codes[2] == codes[3]
    if name != "page":  # whose log-in wrote a session
        assert changed(before) == []
    count("authorisation matrix, cells of frames", len(foreign))


async def one_frame(address: str, shown: Shown, frame: dict[str, Any]) -> str:
    async with opened(address, shown) as socket:
        return await error_of(socket, **frame)


def test_the_owner_asks_in_the_own_room(owner: Person) -> None:
    frame = {
        "type": "chat",
        "room_id": owner.things["room_id"],
        "client_message_id": "m",
        "content": "AAPL?",
    }
    with undone():
        assert async_to_sync(one_frame)("/ws", Shown(token=owner.access), frame) == ""


def test_every_address_family_frame_and_tool_is_in_the_table() -> None:
    frames = {
        get_args(frame.model_fields["type"].annotation)[0]
        for frame in get_args(get_args(AnyClientFrame)[0])
    }
    families = {family for served in SERVED.values() for family in served}
    assert set(ROUTES) == set(policy.SOCKETS), "tradingplatform/api/policy.py, SOCKETS"
    assert families == set(policy.STREAMS), "tradingplatform/api/policy.py, STREAMS"
    assert frames == set(policy.FRAMES), "tradingplatform/api/policy.py, FRAMES"
    assert set(TOOLS) == set(policy.TOOLS), "tradingplatform/api/policy.py, TOOLS"


@pytest.mark.parametrize("what", ["frame", "stream"])
def test_what_is_not_in_the_table_is_refused_to_everybody(what: str, owner: Person) -> None:
    operator = replace(owner.principal, is_operator=True)
    for who in (None, owner.principal, operator):
        with pytest.raises(PermissionDeniedError):
            policy.socket_enforce(who, **{what: "unheard-of"})
