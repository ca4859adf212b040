"""Does each service do its work? One real, harmless round trip through every one of them."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event

from django.apps import apps
from django.conf import settings
from django.db import IntegrityError
from kombu.simple import SimpleQueue

from tradingplatform import clock, metrics
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import (
    InvariantError,
    NotConfiguredError,
    TradingPlatformError,
    UnavailableError,
    invariant,
)
from tradingplatform.ids import random_fraction, secret_token
from tradingplatform.services.ai_chat import Plan, PlanRequest, Usage, WriteRequest
from tradingplatform.services.ai_chat.local import LocalAnalyst
from tradingplatform.services.container import services
from tradingplatform.services.email import StoredEmail
from tradingplatform.services.external.sample import SampleExternal
from tradingplatform.services.notification import Channel, Recipient
from tradingplatform.services.search import SearchDocument
from tradingplatform.services.sms import StoredSms
from tradingplatform.services.stored import stored_messages

TTL_S = 30
WAIT_S = 2.0


@dataclass(frozen=True)
class RoundTrip:
    """How one service did: ok, failed, skipped (SKIP_AWS) or not_configured."""

    service: str
    status: str
    ms: float
    detail: str


def round_trips() -> list[RoundTrip]:
    """Try every configured service once; never raises."""
    return [_attempt(name) for name in settings.SERVICES]


def _attempt(name: str) -> RoundTrip:
    if settings.SERVICES[name].get("AWS") and settings.SKIP_AWS:
        return RoundTrip(name, "skipped", 0.0, "SKIP_AWS is set")
    started = clock.monotonic()
    try:
        status, detail = "ok", TRIPS[name]()
    except NotConfiguredError as exc:
        status, detail = "not_configured", exc.message
    except TradingPlatformError as exc:
        status, detail = "failed", exc.message
    except Exception as exc:  # noqa: BLE001 - a report never raises; the type alone has no secrets
        status, detail = "failed", type(exc).__name__
    metrics.SERVICE_UP.labels(name).set(0 if status == "failed" else 1)
    return RoundTrip(name, status, round((clock.monotonic() - started) * 1000, 2), detail)


def _database() -> str:
    """Write, read and delete a row in each primary; ask each replica."""
    replicas = set(settings.REPLICA_ALIASES.values())
    for alias in services.database.aliases():
        if alias in replicas:
            services.database.ping_alias(alias)
        else:
            _database_row(alias)
    behind = sum(services.database.pending_migrations().values())
    invariant(not behind, "there are migrations to apply")
    return f"{len(services.database.aliases())} databases: written, read, deleted"


def _database_row(alias: str) -> None:
    # Row 1 is the heartbeat that the lag watch reads; the others are free.
    rows = apps.get_model("platform_db", "ReplicaHeartbeat").objects.using(alias)
    number, at = 2 + int(random_fraction() * 30_000), clock.now()
    rows.create(pk=number, beat_at=at)
    try:
        invariant(rows.get(pk=number).beat_at == at, "the database changed the row")
    finally:
        rows.filter(pk=number).delete()


def _cache() -> str:
    key, value = f"roundtrip:{secret_token(8)}", {"value": "왕복"}
    services.cache.set(key, value, TTL_S)
    invariant(services.cache.get(key) == value, "the cache lost the value")
    services.cache.delete(key)
    invariant(services.cache.get(key) is None, "the cache kept the value")
    return "written, read, deleted"


def _lock() -> str:
    # One name for all: the row stays, and must not become one for each test.
    lease = services.lock.acquire("roundtrip", TTL_S)
    if lease is None:
        return "held by another test right now"
    try:
        invariant(lease.renew(), "the lease was lost at once")
        invariant(services.lock.acquire("roundtrip", TTL_S) is None, "two hold one lease")
    finally:
        lease.release()
    return f"taken, renewed, refused to a second, released (epoch {lease.epoch})"


def _queue() -> str:
    name = f"roundtrip.{secret_token(8)}"
    with services.queue.connection() as connection:
        queue = SimpleQueue(connection, name)  # type: ignore[arg-type] # takes both
        try:
            queue.put({"value": name})
            message = queue.get(block=True, timeout=WAIT_S)
            message.ack()
            invariant(message.payload == {"value": name}, "the queue changed the message")
        finally:
            with suppress(Exception):
                queue.queue.delete()
            queue.close()
    return "sent, received, acknowledged"


def _scheduler() -> str:
    """Claim a slot of a job that does not exist; a second claim must be refused."""
    rows, slot = apps.get_model("platform_db", "JobRun").objects.using("default"), clock.now()
    name = f"roundtrip.{secret_token(8)}"
    global_tx(rows.create, job=name, slot=slot)
    try:
        global_tx(rows.create, job=name, slot=slot)
    except IntegrityError:
        return "slot claimed, refused to a second, deleted"
    finally:
        rows.filter(job=name).delete()
    msg = "A slot was given twice."
    raise InvariantError(msg)


def _websocket() -> str:
    channel, heard = f"roundtrip:{secret_token(8)}", Event()
    subscription = services.websocket.subscribe(channel, lambda _channel, _payload: heard.set())
    try:
        services.websocket.publish(channel, b"1")
        if not heard.wait(WAIT_S):
            msg = "The message did not come back in time."
            raise UnavailableError(msg)
    finally:
        subscription.close()
    return "published, received"


def _storage() -> str:
    content = secret_token(32).encode()
    name = services.storage.save(f"roundtrip/{secret_token(8)}.txt", content)
    try:
        invariant(services.storage.open(name) == content, "the file changed")
    finally:
        services.storage.delete(name)
    invariant(not services.storage.exists(name), "the file stayed")
    return "written, read, deleted"


def _search() -> str:
    word = "rt" + "".join(char for char in secret_token(16) if char.isalnum())
    document = SearchDocument(
        key=f"roundtrip:{word}", kind="roundtrip", title=word, body="삼성전자 실적"
    )
    services.search.index(document)
    try:
        found = [hit.key for hit in services.search.search(f"{word} 실적", 5)]
        invariant(found == [document.key], "the document was not found")
    finally:
        services.search.delete(document.key)
    invariant(not services.search.search(word, 5), "the document stayed")
    return "indexed, found, deleted"


def _vector_db() -> str:
    same, near, far = services.vector_db.embed(["삼성전자 실적", "삼성전자 실적 발표", "weather"])
    invariant(float(same @ near) > float(same @ far), "nearness does not follow the wording")
    return f"{len(same)} dimensions"


def _external() -> str:
    if not isinstance(services.external, SampleExternal):
        return _ping_only("external")
    answer = services.external.fetch("FRED", "roundtrip")
    return f"answered by {answer.source}"


def _ai_chat() -> str:
    if not isinstance(services.ai_chat, LocalAnalyst):
        return _ping_only("ai_chat")
    usage, question, at = Usage(), "안녕하세요", clock.now()
    asked = PlanRequest(question, "ko", at, tools=(), find=lambda _text: [])
    plan = services.ai_chat.plan(asked, usage)
    invariant(plan == Plan(topic="GREETING"), "the analyst did not understand a greeting")
    answer = "".join(services.ai_chat.write(WriteRequest(question, "ko", at, plan, ()), usage))
    invariant(bool(answer.strip()), "the analyst wrote nothing")
    return "planned, written"


def _email() -> str:
    if not isinstance(services.email, StoredEmail):
        return _ping_only("email")
    return _kept(lambda to: services.email.send(to, "왕복", "roundtrip"))


def _sms() -> str:
    if not isinstance(services.sms, StoredSms):
        return _ping_only("sms")
    return _kept(lambda to: services.sms.send(to, "왕복"))


def _notification() -> str:
    if not isinstance(services.email, StoredEmail):
        return _ping_only("notification")

    def send(to: str) -> None:
        recipient = Recipient(account_db_key=0, email=to)
        (delivery,) = services.notification.notify(
            recipient, title="왕복", text="roundtrip", channels=[Channel.EMAIL]
        )
        invariant(delivery.status == "SENT", "the notification was not sent")

    return _kept(send)


def _kept(send: Callable[[str], object]) -> str:
    """Send to nobody, find the message in the stored outbox, and take it out."""
    to = f"{secret_token(8)}@roundtrip.invalid"
    mine = stored_messages().filter(recipient=to)
    try:
        send(to)
        invariant(mine.count() == 1, "the message was not kept")
    finally:
        mine.delete()
    return "stored, read, deleted"


def _ping_only(name: str) -> str:
    """Ask without an effect: nobody should get mail, or pay tokens, for a test."""
    services[name].ping()
    return "answered; nothing was sent"


TRIPS: dict[str, Callable[[], str]] = {
    "database": _database,
    "cache": _cache,
    "lock": _lock,
    "queue": _queue,
    "scheduler": _scheduler,
    "websocket": _websocket,
    "storage": _storage,
    "search": _search,
    "vector_db": _vector_db,
    "external": _external,
    "ai_chat": _ai_chat,
    "email": _email,
    "sms": _sms,
    "notification": _notification,
}
