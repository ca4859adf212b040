"""Everything that others can call is called and searched for what one user alone may see."""

import io
import logging
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.conf import settings as django_settings
from django.db import connections, models
from django.test import Client

from accounts.models import AccountExport, ApiKey, User
from accounts.services.archives import archive_build
from chat.graph import run_tool
from chat.models import ChatRoom
from chat.tools.base import ToolContext
from chat.tools.registry import TOOLS
from market.models import Watchlist
from portfolio.models import Portfolio
from tests.authorisation.bodies import BODIES, HEADERS
from tests.authorisation.callers import KINDS
from tests.authorisation.databases import undone
from tests.authorisation.people import Person, belongings, market_make, person_make
from tests.authorisation.routes import Call, calls, values_of
from tests.authorisation.sockets import Shown, opened
from tradingplatform.clock import now
from tradingplatform.db.models import UserRow
from tradingplatform.ids import uuid7
from tradingplatform.realtime.hub import close_hub
from tradingplatform.routing import ROUTES
from tradingplatform.services.ai_chat import ToolCall

pytestmark = pytest.mark.django_db(databases="__all__")
MARK = "Quetzalcoatl7"
WON = 8_642_097
# Whole words of the mark are never sent, so that an echo of a request is no leak.
HALF = MARK[:-1]
MARKED = re.compile(rf"{MARK}|{WON}|{WON:,}".encode(), re.IGNORECASE)
CALLERS = ("owner", "page", "key of all scopes", "staff", "administrator", "anonymous")
WORDS = [
    {},
    {"search": HALF, "q": HALF, "name": HALF, "limit": "200"},
    {"order": "-created_at", "status": "NEW", "user": HALF, "email": f"{HALF}@example.com"},
]
CALLS = [call for call in calls() if call.is_offered and not call.name.startswith("admin:")]
# Fields that no user fills with words of their own, or that are kept in no readable form.
UNMARKED = {
    "accounts.User.password": "a hash",
    "accounts.InvestorProfile.answers": "codes of a fixed questionnaire",
    "accounts.InvestorProfile.capped_by": "a code",
    "accounts.NotificationPreferences.choices": "switches",
    "accounts.NotificationPreferences.time_zone": "one of a list",
    "accounts.Session.ip": "an address",
    "accounts.ApiKey.prefix": "made by the server",
    "accounts.ApiKey.secret_hash": "a hash",
    "accounts.ApiKey.scopes": "of a list",
    "accounts.ApiKey.allowed_ips": "addresses",
    "accounts.ApiKey.last_used_ip": "an address",
    "accounts.UserApiKey.masked": "its last four characters at most",
    "accounts.UserApiKey.sealed": "encrypted",
    "accounts.OtpFactor.sealed": "encrypted",
    "accounts.LogInTicket.ticket_hash": "a hash",
    "accounts.LogInTicket.password_mark": "a hash",
    "accounts.AccountExport.file": "a name made by the server",
    "accounts.BackupKey.sealed": "encrypted",
    "accounts.SecurityAlert.action": "a code",
    "accounts.FactorReset.reason": "written by an operator",
    "accounts.Passkey.credential_hash": "a hash",
    "accounts.Passkey.transports": "of a list",
    "market.WatchlistItem.symbol": "of the market",
    "market.PriceAlert.symbol": "of the market",
    "market.PriceAlert.interval": "of a list",
    "market.AlertTrigger.source": "a code",
    "market.SavedScreen.definition": "names of a list, and numbers",
    "portfolio.Portfolio.base_currency": "of a list",
    "portfolio.CashBalance.currency": "of a list",
    "portfolio.Position.symbol": "of the market",
    "portfolio.Position.currency": "of a list",
    "portfolio.Transaction.natural_key": "made by the server",
    "portfolio.Transaction.currency": "of a list",
    "portfolio.Transaction.symbol": "of the market",
    "portfolio.Transaction.new_symbol": "of the market",
    "portfolio.Posting.account": "made by the server",
    "portfolio.Posting.currency": "of a list",
    "portfolio.Order.symbol": "of the market",
    "portfolio.Order.exchange": "of the market",
    "portfolio.Order.asset_type": "of the market",
    "portfolio.Order.currency": "of a list",
    "portfolio.Order.status_reason": "a code",
    "portfolio.Order.quote_source": "a code",
    "portfolio.SendAttempt.broker_order_id": "made by the broker",
    "portfolio.Fill.broker_account": "made by the server",
    "portfolio.Fill.exec_id": "made by the broker",
    "portfolio.Fill.symbol": "of the market",
    "portfolio.Fill.currency": "of a list",
    "portfolio.Fill.quote_source": "a code",
    "chat.ChatMessage.tool_calls": "written by the analyst",
    "chat.ChatMessage.error_code": "a code",
    "chat.ChatMessage.usage": "counts",
}


@pytest.fixture(autouse=True)
def no_limits(settings: Any) -> Iterator[None]:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (10**9, 60))
    settings.MARKET_QUOTE_STALE_S = 600.0
    settings.REALTIME_THREAD_SENSITIVE = True
    market_make()
    yield
    close_hub()


@pytest.fixture
def victim() -> Person:
    """Return somebody whose every word carries the mark."""
    person = person_make(MARK)
    person.won = WON
    belongings(person)
    return person


@pytest.fixture
def crawler(victim: Person) -> Person:
    """Return who looks around, with something of everything to look at."""
    person = person_make("Crawler")
    belongings(person)
    return person


def leaks(where: str, *pieces: bytes) -> list[str]:
    """Return where the mark stands in what came back."""
    return [
        f"{where}: {found[0]!r}" for piece in pieces for found in [MARKED.search(piece)] if found
    ]


def crawl_routes(name: str, crawler: Person, victim: Person) -> tuple[int, list[str]]:
    """Call everything as one kind of caller: own, the victim's and nobody's things."""
    client = KINDS[name].client(crawler)
    kept, found, sent = dict(client.cookies), [], 0
    for call in CALLS:
        for things in (crawler.thing, victim.thing, lambda *_: str(uuid7())):
            for words in WORDS if call.method == "GET" else WORDS[:1]:
                with undone():
                    answer = ask(client, call, call.url(values_of(call, things)), words)
                client.cookies.load({key: morsel.value for key, morsel in kept.items()})
                content = b"".join(answer) if answer.streaming else answer.content
                headers = repr(dict(answer.items())).encode()
                found += leaks(f"{name}: {call}", content, headers)
                sent += 1
            if not call.parameters:
                break
    return sent, found


def ask(client: Client, call: Call, url: str, words: dict[str, str]) -> Any:
    if call.method in {"GET", "HEAD"}:
        return client.generic(
            call.method, url, QUERY_STRING="&".join(f"{k}={v}" for k, v in words.items())
        )
    body = BODIES.get(str(call), {"email": f"{HALF}@example.com", "nickname": HALF})
    more = HEADERS.get(str(call), {})
    return client.generic(
        call.method, url, orjson.dumps(body), content_type="application/json", headers=more
    )


async def crawl_socket(address: str, token: str, victim: Person) -> list[bytes]:
    """Join, resume, ask and cancel what is the victim's; return all frames that come."""
    room = victim.things["room_id"]
    streams = [f"chat:{room}", "user", "user:1", f"stream:{victim.user.pk}:user", "market:AAPL"]
    frames: list[dict[str, Any]] = [
        {"type": "subscribe", "streams": streams},
        *({"type": "resume", "stream": name, "epoch": "", "seq": 0} for name in streams),
        {"type": "chat", "room_id": room, "client_message_id": "m", "content": HALF},
        {"type": "cancel", "message_id": victim.things["message_id"]},
    ]
    came: list[bytes] = []
    for frame in frames:
        async with opened(address, Shown(token=token)) as socket:
            came += [orjson.dumps(body) for body in await socket.answer(**frame)]
    return came


def crawl_sockets(crawler: Person, victim: Person) -> tuple[int, list[str]]:
    found, sent = [], 0
    for address in ROUTES:
        came = async_to_sync(crawl_socket)(address, crawler.access, victim)
        found += leaks(address, *came)
        sent += len(came)
    return sent, found


def crawl_tools(crawler: Person, victim: Person) -> tuple[int, list[str]]:
    found, sent = [], 0
    context = ToolContext(account_db_key=crawler.user.pk, now=now())
    for name, tool in TOOLS.items():
        ids = [field for field in tool.args.model_fields if field.endswith("_id")]
        tried: list[dict[str, Any]] = [
            {},
            {"symbols": ["AAPL"]},
            *({key: victim.thing(name, key)} for key in ids),
        ]
        for arguments in tried:
            outcome = run_tool(ToolCall("1", name, arguments), context)
            found += leaks(f"tool {name}", repr(outcome).encode())
            sent += 1
    return sent, found


def crawl_export(crawler: Person) -> list[str]:
    """Search the copy that the crawler may take of what is held about them."""
    archive = zipfile.ZipFile(io.BytesIO(archive_build(crawler.user.pk)))
    return leaks("export", *(archive.read(name) for name in archive.namelist()))


@pytest.mark.parametrize("name", CALLERS)
def test_no_route_tells_anything_of_somebody_else(
    name: str,
    crawler: Person,
    victim: Person,
    caplog: pytest.LogCaptureFixture,
    count: Callable[[str, int], None],
) -> None:
    with caplog.at_level(logging.DEBUG):
        sent, found = crawl_routes(name, crawler, victim)
    said = [
        line for line in caplog.text.splitlines() if "SELECT" not in line and "INSERT" not in line
    ]
    assert found == []
    assert leaks("log", "\n".join(said).encode()) == []
    count("canary crawl, calls of routes", sent)


def test_no_socket_tool_or_export_tells_anything_of_somebody_else(
    crawler: Person, victim: Person, count: Callable[[str, int], None]
) -> None:
    frames, found = crawl_sockets(crawler, victim)
    calls_made, found_by_tools = crawl_tools(crawler, victim)
    assert [*found, *found_by_tools, *crawl_export(crawler)] == []
    count("canary crawl, frames of sockets", frames)
    count("canary crawl, calls of tools", calls_made)


def test_the_crawl_finds_what_leaks(crawler: Person, victim: Person) -> None:
    key = crawler.user.pk
    Portfolio.objects.for_user(key).update(name=f"a {MARK.lower()} b")
    ChatRoom.objects.for_user(key).update(title=MARK.upper())
    Watchlist.objects.for_user(key).update(name=MARK)
    ApiKey.objects.filter(user_id=key).update(name=MARK)
    User.objects.filter(pk=key).update(nickname=MARK)

    _, found = crawl_routes("owner", crawler, victim)
    _, by_socket = crawl_sockets(crawler, victim)

    assert {line.rpartition(":")[0] for line in found} >= {
        "owner: GET portfolio:portfolios",
        "owner: GET portfolio:portfolio",
        "owner: GET chat:rooms",
        "owner: GET market:watchlists",
        "owner: GET accounts:api-keys",
        "owner: GET accounts:me",
    }
    assert by_socket == []  # names of rooms stand in no frame
    assert crawl_export(crawler) != []
    assert crawl_export(victim) != []


def owned_texts() -> Iterator[tuple[str, type[models.Model], str]]:
    """Return (label, model, column) of every text of every model whose rows belong to users."""
    for app in django_settings.PROJECT_APPS:
        for model in apps.get_app_config(app.rpartition(".")[2]).get_models():
            fields = model._meta.get_fields()
            has_user = any(f.is_relation and f.related_model is User for f in fields if f.concrete)
            if model is User or has_user or issubclass(model, UserRow):
                for field in fields:
                    texts = (models.CharField, models.TextField, models.JSONField)
                    if isinstance(field, texts) and field.column and not field.choices:
                        yield f"{model._meta.label}.{field.name}", model, field.column


def holds_mark(model: type[models.Model], column: str) -> bool:
    for alias in connections:
        quote = connections[alias].ops.quote_name
        with connections[alias].cursor() as cursor:
            if model._meta.db_table not in connections[alias].introspection.table_names(cursor):
                continue
            cursor.execute(f"SELECT {quote(column)} FROM {quote(model._meta.db_table)}")  # noqa: S608
            if any(MARKED.search(str(row[0]).encode()) for row in cursor.fetchall()):
                return True
    return False


def test_every_text_of_users_carries_the_mark(victim: Person) -> None:
    texts = list(owned_texts())
    unmarked = {label for label, model, column in texts if not holds_mark(model, column)}
    labels = {label for label, _, _ in texts}
    assert unmarked - set(UNMARKED) == set(), (
        "tests/authorisation/people.py must put the mark there, "
        "or UNMARKED say why no words of a user can stand there"
    )
    assert set(UNMARKED) - labels == set(), "UNMARKED names what is not there"
    assert AccountExport.objects.filter(user=victim.user).exists()
