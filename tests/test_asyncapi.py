"""docs/asyncapi.yaml says exactly what the sockets do."""

import asyncio
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import jsonschema
import orjson
import pytest
import yaml
from django.conf import settings

from chat.enums import EventKind
from market.books import book_frame
from market.enums import ActionKind
from market.following import InstrumentEvent
from market.quotes import quote_frame
from market.types import BookLevel, OrderBook, Quote
from portfolio.payloads import ended_payload, renamed_payload
from tradingplatform.clock import now
from tradingplatform.realtime import errors
from tradingplatform.realtime.bridge import close_pool
from tradingplatform.realtime.client import open_socket
from tradingplatform.realtime.consumer import StreamConsumer
from tradingplatform.realtime.errors import CloseCode
from tradingplatform.realtime.frames import ServerFrame, error_frame
from tradingplatform.realtime.messages import AnyClientFrame, parse
from tradingplatform.realtime.tests import support
from tradingplatform.routing import ROUTES

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

ROOT = Path(settings.BASE_DIR)
DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text())
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]
APP_TYPE = re.compile(r'(?:message_type=|MESSAGE_TYPE = |"type": )"([a-z_]+)"')
APP_KIND = re.compile(r'(?:"kind": |\.tell\([^"]*)"([a-z_]+)"')
EXAMPLES: list[dict[str, Any]] = [
    {"type": "auth", "token": "t", "sequence": 1},
    {"type": "auth", "api_key": "k"},
    {"type": "subscribe", "symbols": ["A"], "indices": ["I"], "streams": ["user"]},
    {"type": "unsubscribe", "symbols": ["A"]},
    {"type": "resume", "stream": "user", "epoch": "", "seq": 0},
    {"type": "ping"},
    {"type": "chat", "room_id": "r", "client_message_id": "m", "content": "c"},
    {"type": "cancel", "message_id": "m"},
]


def schema_of(name: str) -> dict[str, Any]:
    return {**MESSAGES[name]["payload"], "components": DOCUMENT["components"]}


def type_of(name: str) -> str:
    payload = MESSAGES[name]["payload"]
    properties = payload.get("properties") or payload["allOf"][-1]["properties"]
    return str(properties["type"]["const"])


def names_of(operation: str) -> list[str]:
    references = DOCUMENT["operations"][operation]["messages"]
    return [reference["$ref"].rpartition("/")[2] for reference in references]


def app_types() -> Iterator[str]:
    for app in settings.PROJECT_APPS:
        for path in (ROOT / app).rglob("*.py"):
            text = path.read_text()
            if "tests" not in path.parts and ('"stream":' in text or "MESSAGE_TYPE" in text):
                yield from APP_TYPE.findall(text)


def app_kinds() -> Iterator[tuple[str, str]]:
    """Yield types and kinds of what apps tell: a file's own type, else the one of its app."""
    for app in settings.PROJECT_APPS:
        for path in (ROOT / app).rglob("*.py"):
            if "tests" not in path.parts:
                text = path.read_text()
                own = APP_TYPE.search(text)
                for kind in APP_KIND.findall(text):
                    yield (own[1] if own else app), kind
    for event in EventKind:
        yield "chat", event.value


def kinds_of(name: str) -> list[str]:
    payload = MESSAGES[name]["payload"]
    properties = payload.get("properties") or payload["allOf"][-1]["properties"]
    return list(properties["data"]["properties"]["kind"]["enum"])


def portfolio_frame(**data: Any) -> dict[str, Any]:
    head = {"type": "portfolio", "stream": "user", "epoch": "1", "seq": 1}
    return {**head, "ts": now().isoformat(), "data": data}


def valid(name: str, frame: dict[str, Any]) -> None:
    jsonschema.validate(frame, schema_of(name))


def test_every_address_is_described() -> None:
    assert {one["address"] for one in DOCUMENT["channels"].values()} == set(ROUTES)


def test_every_client_frame_is_described() -> None:
    union = get_args(AnyClientFrame)[0]
    known = {get_args(frame.model_fields["type"].annotation)[0] for frame in get_args(union)}
    assert {type_of(name) for name in names_of("fromClient")} == known


def test_every_server_frame_is_described() -> None:
    known = {kind.value for kind in ServerFrame} | set(app_types())
    assert {type_of(name) for name in names_of("toClient")} == known


@pytest.mark.parametrize("name", ["portfolio", "watchlist", "alert", "chat"])
def test_every_kind_that_the_code_tells_is_described(name: str) -> None:
    assert sorted(kinds_of(name)) == sorted({kind for type_, kind in app_kinds() if type_ == name})


def test_no_type_has_kinds_that_are_not_looked_at() -> None:
    assert {type_ for type_, _ in app_kinds()} == {"portfolio", "watchlist", "alert", "chat"}


def test_what_becomes_of_an_instrument_is_as_described() -> None:
    renamed = InstrumentEvent(1, ActionKind.SYMBOL_CHANGE, "META", now().date(), old_symbol="FB")
    ended = InstrumentEvent(2, ActionKind.DELISTING, "META", now().date())
    change = {"kind": "symbol_change", "symbol_change": renamed_payload(renamed)}
    end = {"kind": "instrument_ended", "instrument_ended": ended_payload(ended, {"p": "10"})}
    owner = {"portfolio_id": "01a7a7f6-0000-7000-8000-000000000000"}

    valid("portfolio", portfolio_frame(**change, **owner))
    valid("portfolio", portfolio_frame(**end))
    for nameless in (change, {"kind": "order", "order": {}}, {"kind": "instrument_ended"}):
        with pytest.raises(jsonschema.ValidationError):
            valid("portfolio", portfolio_frame(**nameless))


def test_every_error_code_of_sockets_is_described() -> None:
    described = MESSAGES["error"]["payload"]["properties"]["errorCode"]["x-socket-codes"]
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    ours = [kind for kind in kinds if kind.__module__ == errors.__name__]
    assert described == sorted(kind.code for kind in ours if hasattr(kind, "code"))


def test_every_close_code_is_described() -> None:
    assert set(DOCUMENT["x-close-codes"]) == {int(code) for code in CloseCode}


@pytest.mark.parametrize("frame", EXAMPLES, ids=lambda frame: frame["type"])
def test_a_described_client_frame_is_understood(frame: dict[str, Any]) -> None:
    (name,) = [name for name in names_of("fromClient") if type_of(name) == frame["type"]]
    valid(name, frame)
    assert parse(orjson.dumps(frame).decode()).type == frame["type"]


def test_an_error_is_as_described() -> None:
    frame = error_frame(errors.StreamUnknownError("No.", stream="x"), 3)
    valid("error", orjson.loads(frame.payload))


def test_a_quote_is_as_described() -> None:
    quote = Quote(
        symbol="A",
        exchange="NASDAQ",
        price=Decimal(1),
        bid=None,
        ask=None,
        change=Decimal(0),
        change_rate=0.0,
        volume=0,
        exchange_time=now(),
        received_at=now(),
        source="SAMPLE",
        currency="USD",
        base_price=Decimal(1),
        epoch="1",
        seq=1,
    )
    valid("market", orjson.loads(orjson.dumps(quote_frame(quote, now()))))


def test_an_order_book_is_as_described() -> None:
    level = BookLevel(Decimal(70100), 5)
    book = OrderBook("005930", asks=(level,), bids=(), source="SAMPLE", as_of=now())
    frame = book_frame(book, epoch="1", seq=1, now=now())
    valid("book", orjson.loads(orjson.dumps(frame)))


def test_what_the_server_sends_is_as_described(settings: Any) -> None:
    settings.REALTIME_AUTHENTICATOR = support.AUTHENTICATOR
    settings.REALTIME_SESSION_CHECK = support.SESSION_CHECK
    settings.REALTIME_THREAD_SENSITIVE = False
    settings.REALTIME_HEARTBEAT_S = 0.05

    async def talk() -> None:
        application = StreamConsumer(support.Diary(kept=0), support.Quotes(), joined=("user",))
        async with support.serving(application) as url, open_socket(url) as socket:
            await socket.send({"type": "auth", "token": "token-1"})
            valid("subscribed", await socket.expect("subscribed"))
            await socket.send({"type": "unsubscribe", "symbols": ["A"]})
            valid("unsubscribed", await socket.expect("unsubscribed"))
            await socket.send({"type": "resume", "stream": "user", "epoch": "e0", "seq": 1})
            valid("resync_required", await socket.expect("resync_required"))
            await socket.send({"type": "ping"})
            valid("pong", await socket.expect("pong"))
            valid("heartbeat", await socket.expect("heartbeat"))

    asyncio.run(talk())
    close_pool()
