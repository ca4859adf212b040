import threading
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from tradingplatform.db import replicas
from tradingplatform.db.backends.connect import with_retry
from tradingplatform.db.models import ReplicaHeartbeat
from tradingplatform.db.shards import shard_config_fill


class DriverError(Exception):
    pass


class Server:
    """Refuses ``refusals`` connections, then accepts."""

    def __init__(self, refusals, error=DriverError):
        self.refusals = refusals
        self.error = error
        self.calls = 0

    def connect(self):
        self.calls += 1
        if self.calls <= self.refusals:
            raise self.error("refused")
        return "connection"


def test_a_refused_connection_is_tried_three_times():
    server = Server(refusals=2)
    assert with_retry("default", server.connect, on=DriverError) == "connection"
    assert server.calls == 3


def test_three_refusals_are_all():
    server = Server(refusals=9)
    with pytest.raises(DriverError):
        with_retry("default", server.connect, on=DriverError)
    assert server.calls == 3


def test_other_errors_are_not_tried_again():
    server = Server(refusals=9, error=TypeError)
    with pytest.raises(TypeError):
        with_retry("default", server.connect, on=DriverError)
    assert server.calls == 1


def test_a_replica_gets_one_try(settings):
    settings.REPLICA_ALIASES = {"default": "default_replica"}
    server = Server(refusals=9)
    with pytest.raises(DriverError):
        with_retry("default_replica", server.connect, on=DriverError)
    assert server.calls == 1


@pytest.mark.django_db(databases="__all__")
def test_the_drivers_own_refusal_is_what_is_tried_again(monkeypatch):
    connection: Any = connections.create_connection("default")
    server = Server(refusals=9, error=connection.Database.OperationalError)
    monkeypatch.setattr(connection.Database, "connect", lambda *_, **__: server.connect())
    with pytest.raises(DatabaseError):
        connection.ensure_connection()
    assert server.calls == 3


def test_while_one_thread_measures_the_others_use_the_primary(monkeypatch):
    watch = replicas.LagWatch()
    measuring, answer = threading.Event(), threading.Event()

    def measure(_replica):
        measuring.set()
        answer.wait(10)
        return True

    monkeypatch.setattr(watch, "_measure", measure)
    verdicts = []
    first = threading.Thread(target=lambda: verdicts.append(watch.is_healthy("r")))
    first.start()
    assert measuring.wait(10)
    assert watch.is_healthy("r") is False
    answer.set()
    first.join(10)
    assert verdicts == [True]
    assert watch.is_healthy("r") is True


@pytest.mark.django_db(databases="__all__")
def test_a_replica_that_cannot_answer_is_left_alone_for_a_while(monkeypatch):
    watch = replicas.LagWatch()
    asked = []

    class Broken:
        def using(self, alias):
            asked.append(alias)
            raise DatabaseError("gone")

    monkeypatch.setattr(ReplicaHeartbeat, "objects", Broken())
    assert [watch.is_healthy("r") for _ in range(5)] == [False] * 5
    assert asked == ["r"]


@pytest.mark.django_db(databases="__all__")
@pytest.mark.parametrize("count", [32, 65])
def test_the_number_of_logical_shards_is_fixed_for_life(settings, count):
    settings.SHARD_COUNT = count
    with pytest.raises(ImproperlyConfigured, match="fixed for the life of the data at 64"):
        shard_config_fill()
