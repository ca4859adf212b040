import threading

import pytest
from django.db import OperationalError, connections

from tradingplatform.db.models import InboxMessage
from tradingplatform.db.shards import shard_for
from tradingplatform.db.transactions import after_commit, global_tx, is_transient, tx

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

OWNER = 1000


def write(message_id):
    InboxMessage(account_db_key=OWNER, consumer="test", message_id=message_id).save()


def written():
    rows = InboxMessage.objects.for_user(OWNER).order_by("id")
    return list(rows.values_list("message_id", flat=True))


@pytest.mark.parametrize("code", [1213, 1205, 1020])
def test_the_whole_transaction_is_tried_again(code):
    tries = []

    def work():
        tries.append(1)
        write(f"try {len(tries)}")
        if len(tries) < 3:
            raise OperationalError(code, "try again")
        return "done"

    assert tx(OWNER, work) == "done"
    assert written() == ["try 3"]


def test_three_tries_are_all():
    def work():
        write("never")
        raise OperationalError("database is locked")

    with pytest.raises(OperationalError):
        tx(OWNER, work)
    assert written() == []


def test_other_errors_are_not_tried_again():
    tries = []

    def work():
        tries.append(1)
        write("never")
        raise OperationalError(2013, "Lost connection during query")

    with pytest.raises(OperationalError):
        tx(OWNER, work)
    assert len(tries) == 1
    assert written() == []


def test_an_inner_tx_joins_the_outer_one():
    def outer():
        tx(OWNER, write, "inner")
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        tx(OWNER, outer)
    assert written() == []


def test_after_commit_waits_for_the_right_database():
    log = []

    def work():
        after_commit(OWNER, lambda: log.append("shard committed"))
        after_commit(None, lambda: log.append("global has no transaction"))
        log.append("working")

    tx(OWNER, work)
    assert log == ["global has no transaction", "working", "shard committed"]


def test_concurrent_increments_lose_nothing():
    write("counter")
    alias = shard_for(OWNER)

    def increment():
        rows = InboxMessage.objects.for_user(OWNER).select_for_update()
        row = rows.get()
        row.consumer = str(int(row.consumer if row.consumer.isdigit() else 0) + 1)
        row.save()

    def many():
        try:
            for _ in range(20):
                tx(OWNER, increment)
        finally:
            connections[alias].close()

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert InboxMessage.objects.for_user(OWNER).get().consumer == "80"


def test_global_tx_rolls_back():
    def work():
        connections["default"].cursor().execute("DELETE FROM table_shard_config")
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        global_tx(work)
    assert shard_for(OWNER)


def test_only_passing_faults_are_transient():
    assert is_transient(OperationalError(1213, "Deadlock found"))
    assert is_transient(OperationalError("database is locked"))
    assert not is_transient(OperationalError(2006, "Server has gone away"))
    assert not is_transient(ValueError(1213))
