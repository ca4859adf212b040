import threading

import orjson
import pytest
from celery import current_app

from tradingplatform.db.models import DeadLetter, OutboxEvent, ReplicaHeartbeat
from tradingplatform.db.outbox import emit
from tradingplatform.db.replicas import heartbeat_write
from tradingplatform.db.shards import shard_for
from tradingplatform.db.transactions import tx
from tradingplatform.errors import UnavailableError
from tradingplatform.relay import ShardRelay, publish_pending
from tradingplatform.services import override_services, services
from tradingplatform.services.websocket.memory import MemoryBus

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

OWNER = 1000


def send(number, **changes):
    event = {
        "account_db_key": OWNER,
        "topic": "test.happened",
        "aggregate_id": "a1",
        "payload": {"number": number},
        "stream": "user",
        "message_type": "test",
    }
    return tx(OWNER, emit, **{**event, **changes})


@pytest.fixture
def heard():
    frames = []
    subscription = services.websocket.subscribe(
        f"stream:{OWNER}:", lambda channel, payload: frames.append((channel, orjson.loads(payload)))
    )
    yield frames
    subscription.close()


@pytest.fixture
def jobs(settings):
    calls = []

    @current_app.task(name="test.event_noted", shared=False)
    def note(**kwargs):
        calls.append(kwargs)

    settings.EVENT_JOBS = {"test.happened": ("test.event_noted",)}
    yield calls
    del current_app.tasks["test.event_noted"]


def test_events_are_published_in_order_and_once(heard, jobs, wait_until):
    events = [send(number) for number in range(3)]

    assert publish_pending(shard_for(OWNER)) == 3
    assert publish_pending(shard_for(OWNER)) == 0

    wait_until(lambda: len(heard) == 3)
    assert [frame["seq"] for _, frame in heard] == [1, 2, 3]
    assert heard[0][0] == f"stream:{OWNER}:user"
    assert heard[0][1] == {
        "type": "test",
        "stream": "user",
        "epoch": events[0].stream_epoch,
        "seq": 1,
        "ts": events[0].created_at.isoformat(),
        "data": {"number": 0},
    }
    assert [call["event_id"] for call in jobs] == [event.pk for event in events]
    assert jobs[0]["aggregate_id"] == "a1"
    assert jobs[0]["account_db_key"] == OWNER


def test_an_event_without_stream_goes_to_jobs_only(heard, jobs):
    send(0, stream="")

    publish_pending(shard_for(OWNER))

    assert len(jobs) == 1
    assert heard == []


def test_a_poisonous_event_becomes_a_dead_letter_and_holds_up_nobody(settings, jobs):
    settings.EVENT_JOBS = {
        "test.poison": ("test.no_such_job",),
        "test.happened": ("test.event_noted",),
    }
    poison = send(0, topic="test.poison")
    send(1)

    for _ in range(settings.OUTBOX_ATTEMPTS):
        publish_pending(shard_for(OWNER))

    assert len(jobs) == 1
    letter = DeadLetter.objects.get()
    assert letter.arguments == {"event_id": poison.pk, "account_db_key": OWNER}
    assert letter.attempts == settings.OUTBOX_ATTEMPTS
    assert "test.no_such_job" in letter.error
    assert not OutboxEvent.objects.for_user(OWNER).filter(published_at=None).exists()


class BrokenBus(MemoryBus):
    """A bus that lets ``left`` messages through and is then out of reach."""

    left = 1

    def publish(self, channel, payload):
        if not channel.startswith("stream:"):
            return
        if self.left == 0:
            raise UnavailableError("The bus cannot be reached.")
        self.left -= 1


def test_an_unreachable_bus_is_no_fault_of_the_events(heard, wait_until):
    events = [send(number) for number in range(3)]
    with override_services(websocket=BrokenBus()):
        for _ in range(10):
            with pytest.raises(UnavailableError):
                publish_pending(shard_for(OWNER))

    waiting = OutboxEvent.objects.for_user(OWNER).filter(published_at=None)
    assert [event.pk for event in waiting.order_by("id")] == [event.pk for event in events[1:]]
    assert DeadLetter.objects.count() == 0
    publish_pending(shard_for(OWNER))
    wait_until(lambda: len(heard) == 2)
    assert [frame["seq"] for _, frame in heard] == [2, 3]


class UnreachableBus(MemoryBus):
    def publish(self, channel, payload):
        raise UnavailableError("The bus cannot be reached.")


def test_a_commit_stands_when_the_bus_is_out_of_reach():
    with override_services(websocket=UnreachableBus()):
        send(1)
    assert OutboxEvent.objects.for_user(OWNER).count() == 1


def test_the_loop_wakes_up_for_new_events_and_stops(heard, wait_until):
    stop = threading.Event()
    relay = ShardRelay(shard_for(OWNER), stop)
    thread = threading.Thread(target=relay.run)
    thread.start()
    try:
        send(1)
        wait_until(lambda: len(heard) == 1)
    finally:
        stop.set()
        thread.join(timeout=5)
    assert not thread.is_alive()


def test_the_heartbeat_row_is_written_again_and_again():
    alias = shard_for(OWNER)
    heartbeat_write(alias)
    first = ReplicaHeartbeat.objects.using(alias).get().beat_at
    heartbeat_write(alias)
    assert ReplicaHeartbeat.objects.using(alias).get().beat_at > first
