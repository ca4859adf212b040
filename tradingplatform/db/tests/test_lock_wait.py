"""A lock that does not come in time (MySQL error 1205) undoes the whole transaction."""

import threading

import pytest
from django.db import OperationalError, connections, transaction

from tradingplatform.db.models import InboxMessage
from tradingplatform.db.shards import shard_for
from tradingplatform.db.transactions import LOCK_WAIT_TIMEOUT, is_transient, tx

pytestmark = [
    pytest.mark.real,
    pytest.mark.django_db(databases="__all__", transaction=True),
]

OWNER = 1000
WAIT_S = 30


@pytest.fixture(autouse=True)
def alias():
    """Name the owner's shard, where a lock is waited for one second only."""
    name = shard_for(OWNER)
    if connections[name].vendor != "mysql":
        pytest.skip("needs MariaDB; `make test` starts one (TEST_TIER=real)")
    with connections[name].cursor() as cursor:
        cursor.execute("SET SESSION innodb_lock_wait_timeout = 1")
    yield name
    connections[name].close()


@pytest.fixture
def holder(alias):
    """Another connection that locks the contested row; `let_go` ends its transaction."""
    write("contested")
    is_locked, let_go = threading.Event(), threading.Event()

    def hold():
        try:
            with transaction.atomic(using=alias):
                lock("contested")
                is_locked.set()
                let_go.wait(WAIT_S)
        finally:
            connections[alias].close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert is_locked.wait(WAIT_S)
    yield let_go
    let_go.set()
    thread.join()


def write(message_id):
    InboxMessage(account_db_key=OWNER, consumer="test", message_id=message_id).save()


def lock(message_id):
    return InboxMessage.objects.for_user(OWNER).select_for_update().get(message_id=message_id)


def written():
    rows = InboxMessage.objects.for_user(OWNER).order_by("id")
    return set(rows.values_list("message_id", flat=True))


def test_nothing_of_a_transaction_that_waited_in_vain_is_there(alias, holder):
    def work():
        with transaction.atomic(using=alias):
            write("before the wait")
            lock("contested")

    with pytest.raises(OperationalError) as caught:
        work()

    assert caught.value.args[0] == LOCK_WAIT_TIMEOUT
    assert is_transient(caught.value)
    assert written() == {"contested"}


def test_the_server_itself_undoes_what_came_before_the_wait(alias, holder):
    """By innodb_rollback_on_timeout: even who goes on and commits has only what came after."""
    connection = connections[alias]
    with connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL VARIABLES LIKE 'innodb_rollback_on_timeout'")
        assert cursor.fetchone()[1] == "ON"
    transaction.set_autocommit(False, using=alias)
    try:
        write("before the wait")
        with pytest.raises(OperationalError):
            lock("contested")
        transaction.commit(using=alias)
    finally:
        transaction.set_autocommit(True, using=alias)

    assert written() == {"contested"}


def test_tx_begins_again_and_writes_once(holder):
    tries = []

    def work():
        tries.append(1)
        write("before the wait")
        if len(tries) == 2:
            holder.set()
        lock("contested")

    tx(OWNER, work)

    assert len(tries) == 2
    assert written() == {"contested", "before the wait"}
