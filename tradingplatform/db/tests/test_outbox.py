import threading

import pytest
from django.db import connections

from tradingplatform.db.models import OutboxEvent
from tradingplatform.db.outbox import emit, received_once, stream_events_since, stream_head
from tradingplatform.db.shards import shard_for
from tradingplatform.db.transactions import tx
from tradingplatform.errors import InvariantError

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

OWNER = 1000


def send(number, owner=OWNER, stream="user"):
    return tx(
        owner,
        emit,
        account_db_key=owner,
        topic="test.happened",
        aggregate_id="a",
        payload={"number": number},
        stream=stream,
        message_type="test",
    )


def test_emit_outside_a_transaction_is_a_bug():
    with pytest.raises(InvariantError):
        emit(account_db_key=OWNER, topic="t", aggregate_id="", payload={})


def test_numbers_rise_by_one_per_owner_and_stream():
    assert [send(n).stream_seq for n in range(3)] == [1, 2, 3]
    assert send(0, stream="chat:x").stream_seq == 1
    assert send(0, owner=OWNER + 64).stream_seq == 1
    assert send(3).stream_seq == 4


def test_what_is_rolled_back_leaves_no_gap():
    send(0)

    def fail():
        send(1)
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        tx(OWNER, fail)
    assert send(2).stream_seq == 2


def test_a_client_resumes_from_any_number():
    for number in range(5):
        send(number)
    epoch, last = stream_head(OWNER, "user")

    frames = stream_events_since(OWNER, "user", epoch, 2)

    assert last == 5
    assert [(frame["seq"], frame["data"]["number"]) for frame in frames] == [(3, 2), (4, 3), (5, 4)]
    assert stream_events_since(OWNER, "user", epoch, 5) == []


def test_when_resuming_is_impossible_the_client_is_told():
    for number in range(5):
        send(number)
    epoch, _ = stream_head(OWNER, "user")

    assert stream_events_since(OWNER, "user", "another epoch", 2) is None
    assert stream_events_since(OWNER, "user", epoch, 6) is None
    assert stream_events_since(OWNER, "user", epoch, 0, limit=4) is None
    OutboxEvent.objects.for_user(OWNER).filter(stream_seq=3).delete()
    assert stream_events_since(OWNER, "user", epoch, 2) is None


def test_concurrent_first_messages_share_one_epoch():
    barrier = threading.Barrier(4)

    def first(number):
        barrier.wait()
        try:
            send(number)
        finally:
            connections[shard_for(OWNER)].close()

    threads = [threading.Thread(target=first, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    rows = OutboxEvent.objects.for_user(OWNER)
    in_order = rows.order_by("stream_seq").values_list("stream_seq", flat=True)
    assert list(in_order) == [1, 2, 3, 4]
    assert rows.values("stream_epoch").distinct().count() == 1


def test_the_inbox_says_yes_once():
    def receive(consumer="c", message_id="m"):
        return tx(OWNER, received_once, OWNER, consumer, message_id)

    assert receive()
    assert not receive()
    assert receive(consumer="other")
    assert receive(message_id="other")
