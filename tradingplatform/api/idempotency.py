"""Do it once, however often it is asked: the answer is stored with the effect."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar, cast

import orjson
from django.db import IntegrityError
from rest_framework.request import Request
from rest_framework.response import Response

from tradingplatform.api.errors import (
    IdempotencyInFlightError,
    IdempotencyKeyInvalidError,
    IdempotencyKeyRequiredError,
    IdempotencyKeyReusedError,
)
from tradingplatform.api.rendering import to_json
from tradingplatform.api.views import owner_key
from tradingplatform.clock import now
from tradingplatform.db.models import IdempotencyRecord
from tradingplatform.db.transactions import tx
from tradingplatform.errors import UnavailableError
from tradingplatform.services import services

T = TypeVar("T")

KEEP_FOR = timedelta(hours=24)
KEY_MAX = 255
# Longer than any request may take; after a crash the key is free again.
_IN_FLIGHT_TTL_S = 30


@dataclass(frozen=True)
class _Call:
    account_db_key: int
    route: str
    key: str
    request_hash: str

    @property
    def mark(self) -> str:
        return f"idempotency:{self.account_db_key}:{self.route}:{self.key}"


class _AlreadyStoredError(Exception):
    """Another request with this key has committed."""


def idempotent(
    request: Request,
    *,
    route: str,
    prepare: Callable[[], T],
    work: Callable[[T], Response],
    required: bool = False,
) -> Response:
    """Run ``work`` in a transaction on the caller's shard, once per Idempotency-Key.

    ``prepare`` runs before that transaction and looks up what lies outside the shard, such
    as quotes; ``work`` gets what it returned, writes on the shard alone and returns the
    answer. Both commit together and the answer is replayed for 24 h (header
    ``Idempotency-Replayed: true``), even when ``prepare`` would fail by now. An exception
    undoes everything and stores nothing. Raises IdempotencyKeyReusedError for the same key
    with another request, IdempotencyInFlightError while the first has not answered. Without
    a key both run unguarded unless ``required``.
    """
    key = _key(request)
    owner = owner_key(request)
    if key is None:
        if required:
            raise IdempotencyKeyRequiredError("Send an Idempotency-Key header.")
        return tx(owner, work, prepare())
    call = _Call(owner, route, _digest(key.encode()), _request_hash(request))
    if not _mark(call):
        return _replay_or_wait(call)
    try:
        return _prepare_and_run(call, prepare, work)
    finally:
        services.cache.delete(call.mark)


def _prepare_and_run(
    call: _Call, prepare: Callable[[], T], work: Callable[[T], Response]
) -> Response:
    try:
        prepared = prepare()
    except Exception:
        # Done before? Then that is the answer, not that it could not be done once more.
        replayed = _replay(call)
        if replayed is None:
            raise
        return replayed
    return _run(call, partial(work, prepared))


def _run(call: _Call, work: Callable[[], Response]) -> Response:
    try:
        return tx(call.account_db_key, _first, call, work)
    except _AlreadyStoredError:
        replayed = _replay(call)
    if replayed is not None:
        return replayed
    tx(call.account_db_key, _forget_expired, call)
    try:
        return tx(call.account_db_key, _first, call, work)
    except _AlreadyStoredError:
        return _replay_or_wait(call)


def _first(call: _Call, work: Callable[[], Response]) -> Response:
    rows = IdempotencyRecord.objects.for_user(call.account_db_key)
    try:
        # Insert first, catch the duplicate: reading first would race.
        record = rows.create(
            account_db_key=call.account_db_key,
            route=call.route,
            key=call.key,
            request_hash=call.request_hash,
        )
    except IntegrityError as exc:
        raise _AlreadyStoredError from exc
    response = work()
    body = None if response.data is None else orjson.loads(to_json(response.data))
    rows.filter(pk=record.pk).update(status=response.status_code, body=body)
    response.data = body
    return response


def _replay(call: _Call) -> Response | None:
    """Return the stored answer; None when there is none that still counts."""
    record = (
        IdempotencyRecord.objects.for_user(call.account_db_key)
        .filter(route=call.route, key=call.key)
        .first()
    )
    if record is None or record.created_at < now() - KEEP_FOR:
        return None
    if record.request_hash != call.request_hash:
        raise IdempotencyKeyReusedError("This Idempotency-Key was used for another request.")
    return Response(record.body, status=record.status, headers={"Idempotency-Replayed": "true"})


def _replay_or_wait(call: _Call) -> Response:
    replayed = _replay(call)
    if replayed is None:
        raise IdempotencyInFlightError("The first request with this key has not answered yet.")
    return replayed


def _forget_expired(call: _Call) -> None:
    IdempotencyRecord.objects.for_user(call.account_db_key).filter(
        route=call.route, key=call.key, created_at__lt=now() - KEEP_FOR
    ).delete()


def _mark(call: _Call) -> bool:
    # Only a quick "still running": the unique key decides, with or without this mark.
    try:
        return services.cache.add(call.mark, 1, _IN_FLIGHT_TTL_S)
    except UnavailableError:
        return True


def _key(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= KEY_MAX or not key.isascii() or not key.isprintable():
        raise IdempotencyKeyInvalidError(
            f"An Idempotency-Key has 1 to {KEY_MAX} printable ASCII characters."
        )
    return key


def _request_hash(request: Request) -> str:
    sent = cast("dict[str, Any]", request.data)  # the parser lets nothing else through
    body = {name: value for name, value in sent.items() if name != "sequence"}
    content = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return _digest(b"\n".join([str(request.method).encode(), request.path.encode(), content]))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
