"""News written in the same transaction as the change it tells of.

``emit`` adds a row; the relay (tradingplatform.relay) publishes it. A row on a stream
also carries that stream's next sequence number, so that clients see gaps and resume.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, cast

from django.conf import settings
from django.db import IntegrityError, connections, transaction
from django.utils.module_loading import import_string

from tradingplatform.db.models import InboxMessage, OutboxEvent, StreamHead
from tradingplatform.db.shards import shard_for
from tradingplatform.errors import invariant
from tradingplatform.ids import uuid7

Frame = dict[str, Any]
_USER_STREAM = "user"


def emit(
    *,
    account_db_key: int,
    topic: str,
    aggregate_id: str,
    payload: dict[str, Any],
    stream: str = "",
    message_type: str = "",
) -> OutboxEvent:
    """Record an event; must be called inside ``tx`` of the same user.

    With ``stream`` it is also a numbered message of type ``message_type`` to the
    user's sockets. ``payload`` must be JSON (decimals and times as text).
    """
    alias = shard_for(account_db_key)
    invariant(connections[alias].in_atomic_block, "emit() outside tx()")
    epoch, seq = _next_seq(account_db_key, stream) if stream else ("", None)
    event = OutboxEvent(
        account_db_key=account_db_key,
        topic=topic,
        aggregate_id=aggregate_id,
        payload=payload,
        stream=stream,
        stream_epoch=epoch,
        stream_seq=seq,
        message_type=message_type,
        request_id=_request_id(),
    )
    event.save(force_insert=True)
    transaction.on_commit(partial(_wake_relay, alias), using=alias)
    return event


@dataclass(frozen=True, slots=True)
class StreamNews:
    """One of several messages for the same stream; see ``emit_to_stream``."""

    topic: str
    aggregate_id: str
    payload: dict[str, Any]


def emit_to_stream(
    account_db_key: int, stream: str, message_type: str, news: Sequence[StreamNews]
) -> None:
    """Record several messages on one stream of a user, in order, as ``emit`` would.

    Takes the sequence numbers in one step and writes the rows in one statement.
    """
    if not news:
        return
    alias = shard_for(account_db_key)
    invariant(connections[alias].in_atomic_block, "emit_to_stream() outside tx()")
    epoch, last_seq = _next_seq(account_db_key, stream, len(news))
    request_id = _request_id()
    OutboxEvent.objects.using(alias).bulk_create(
        OutboxEvent(
            account_db_key=account_db_key,
            topic=item.topic,
            aggregate_id=item.aggregate_id,
            payload=item.payload,
            stream=stream,
            stream_epoch=epoch,
            stream_seq=seq,
            message_type=message_type,
            request_id=request_id,
        )
        for seq, item in enumerate(news, start=last_seq - len(news) + 1)
    )
    transaction.on_commit(partial(_wake_relay, alias), using=alias)


def user_lock(account_db_key: int) -> None:
    """Let one transaction of a user pass at a time; call inside ``tx``, before other locks.

    For limits per user, which hold only if nobody counts beside us. What is locked is the
    head of the stream ``user``, which most changes lock anyway to tell of themselves.
    """
    alias = shard_for(account_db_key)
    invariant(connections[alias].in_atomic_block, "user_lock() outside tx()")
    _locked_head(account_db_key, _USER_STREAM)


def frame_of(event: OutboxEvent) -> Frame:
    """Return the socket message of a streamed event (design: api.md §5)."""
    return {
        "type": event.message_type,
        "stream": event.stream,
        "epoch": event.stream_epoch,
        "seq": event.stream_seq,
        "ts": event.created_at.isoformat(),
        "data": event.payload,
    }


def stream_head(account_db_key: int, stream: str) -> tuple[str, int]:
    """Return (epoch, last seq) of a stream; ("", 0) if nothing was ever sent on it."""
    head = StreamHead.objects.for_user(account_db_key).filter(stream=stream).first()
    return (head.epoch, head.last_seq) if head else ("", 0)


def stream_events_since(
    account_db_key: int, stream: str, epoch: str, seq: int, limit: int = 1000
) -> list[Frame] | None:
    """Return the messages after ``seq``, or None if the client must take a snapshot.

    None means another epoch, a number from the future, or more than ``limit`` messages
    (or already deleted ones) in between.
    """
    head_epoch, last_seq = stream_head(account_db_key, stream)
    if epoch != head_epoch or not 0 <= seq <= last_seq or last_seq - seq > limit:
        return None
    rows = OutboxEvent.objects.for_user(account_db_key).filter(stream=stream, stream_seq__gt=seq)
    frames = [frame_of(event) for event in rows.order_by("stream_seq")]
    # Rows may have come in since the head was read; fewer than expected means pruned.
    return frames if len(frames) >= last_seq - seq else None


def received_once(account_db_key: int, consumer: str, message_id: str) -> bool:
    """Return True the first time ``consumer`` sees a message; call inside ``tx``."""
    message = InboxMessage(account_db_key=account_db_key, consumer=consumer, message_id=message_id)
    try:
        with transaction.atomic(using=shard_for(account_db_key)):
            message.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def was_received(account_db_key: int, consumer: str, message_id: str) -> bool:
    """Whether ``consumer`` has noted this message by ``received_once``."""
    seen = InboxMessage.objects.for_user(account_db_key)
    return seen.filter(consumer=consumer, message_id=message_id).exists()


def _next_seq(account_db_key: int, stream: str, count: int = 1) -> tuple[str, int]:
    head = _locked_head(account_db_key, stream)
    head.last_seq += count
    head.save(update_fields=["last_seq"])
    return head.epoch, head.last_seq


def _locked_head(account_db_key: int, stream: str) -> StreamHead:
    heads = StreamHead.objects.for_user(account_db_key).filter(stream=stream)
    return heads.select_for_update().first() or _first_head(account_db_key, stream)


def _first_head(account_db_key: int, stream: str) -> StreamHead:
    head = StreamHead(account_db_key=account_db_key, stream=stream, epoch=str(uuid7()))
    try:
        with transaction.atomic(using=shard_for(account_db_key)):
            head.save(force_insert=True)
    except IntegrityError:
        heads = StreamHead.objects.for_user(account_db_key).filter(stream=stream)
        return heads.select_for_update().get()
    return head


@cache
def _hook(path: str) -> Callable[..., Any]:
    return cast("Callable[..., Any]", import_string(path))


def _wake_relay(alias: str) -> None:
    _hook(settings.OUTBOX_WAKE)(alias)


def _request_id() -> str:
    return str(_hook(settings.REQUEST_ID_SOURCE)() or "")
