import pytest
from django.db import connections

from tradingplatform.db.models import InboxMessage, Lease, ShardConfig
from tradingplatform.db.replicas import lag_watch, pin, replica_reads
from tradingplatform.db.routers import ShardRouter
from tradingplatform.db.shards import (
    logical_shard,
    shard_aliases,
    shard_config_fill,
    shard_for,
    shard_map,
)
from tradingplatform.errors import InvariantError, ShardNotSelectedError

pytestmark = pytest.mark.django_db(databases="__all__")


def message(account_db_key, message_id="m"):
    return InboxMessage(account_db_key=account_db_key, consumer="test", message_id=message_id)


@pytest.mark.parametrize("account_db_key", [1000, 1001])
def test_a_row_lives_on_its_owners_shard_only(account_db_key):
    row = message(account_db_key)
    row.save()

    home = shard_for(account_db_key)
    counts = {alias: InboxMessage.objects.using(alias).count() for alias in shard_aliases()}
    assert row._state.db == home
    assert counts == {alias: int(alias == home) for alias in shard_aliases()}


def test_neighbours_live_on_different_shards():
    assert {shard_for(1000), shard_for(1001)} == set(shard_aliases())


def test_a_query_that_names_no_user_fails():
    for query in (
        lambda: list(InboxMessage.objects.all()),
        InboxMessage.objects.count,
        lambda: InboxMessage.objects.create(account_db_key=1, consumer="c", message_id="m"),
        lambda: InboxMessage.objects.filter(consumer="c").delete(),
        lambda: InboxMessage.objects.bulk_create([message(1)]),
    ):
        with pytest.raises(ShardNotSelectedError):
            query()


def test_for_user_reads_writes_and_hides_the_rest():
    InboxMessage.objects.for_user(7).create(account_db_key=7, consumer="c", message_id="mine")
    message(7 + 64, "same shard, other user").save()

    rows = InboxMessage.objects.for_user(7)

    assert [row.message_id for row in rows] == ["mine"]
    assert rows.filter(consumer="c").update(consumer="d") == 1
    assert rows.exclude(consumer="c").get().consumer == "d"


def test_tables_exist_where_they_belong():
    tables = {alias: connections[alias].introspection.table_names() for alias in connections}
    assert "inbox" not in tables["default"]
    assert "lease" in tables["default"]
    for alias in shard_aliases():
        assert "inbox" in tables[alias]
        assert "lease" not in tables[alias]
        assert "replica_heartbeat" in tables[alias]


def test_global_models_go_to_the_global_database():
    assert Lease.objects.create(name="x")._state.db == "default"


def test_an_incomplete_shard_map_stops_everything():
    ShardConfig.objects.filter(logical_shard=3).delete()
    shard_map.reload()
    with pytest.raises(InvariantError, match="has 63 rows, SHARD_COUNT is 64"):
        shard_for(1)

    assert shard_config_fill() == 1
    assert shard_for(1)


def test_moving_a_logical_shard_moves_new_reads():
    before = shard_for(5)
    other = next(alias for alias in shard_aliases() if alias != before)
    ShardConfig.objects.filter(logical_shard=logical_shard(5)).update(database_alias=other)
    shard_map.reload()
    assert shard_for(5) == other


class TestReplicas:
    @pytest.fixture(autouse=True)
    def _with_replicas(self, settings, monkeypatch):
        settings.REPLICA_ALIASES = {"default": "default_replica"}
        self.healthy = True
        monkeypatch.setattr(lag_watch, "is_healthy", lambda _replica: self.healthy)

    @pytest.fixture
    def read(self):
        router = ShardRouter()
        return lambda model=ShardConfig: router.db_for_read(model)

    @pytest.mark.django_db(transaction=True, databases="__all__")
    def test_reads_use_the_replica_only_inside_the_block(self, read):
        assert read() == "default"
        with replica_reads(1):
            assert read() == "default_replica"
        assert read() == "default"

    @pytest.mark.django_db(transaction=True, databases="__all__")
    def test_who_wrote_reads_the_primary(self, read):
        with replica_reads(2):
            pin(2)
            assert read() == "default"
        with replica_reads(2):
            assert read() == "default"
        with replica_reads(3):
            assert read() == "default_replica"

    @pytest.mark.django_db(transaction=True, databases="__all__")
    def test_a_lagging_replica_leaves_rotation(self, read):
        self.healthy = False
        with replica_reads(1):
            assert read() == "default"

    @pytest.mark.django_db(transaction=True, databases="__all__")
    def test_writes_and_money_never_use_a_replica(self, settings):
        settings.REPLICA_ALIASES = {alias: f"{alias}_replica" for alias in connections}
        router = ShardRouter()
        with replica_reads(1):
            assert router.db_for_write(ShardConfig) == "default"
            assert router.db_for_read(InboxMessage, account_db_key=1) == shard_for(1)

    def test_inside_a_transaction_reads_see_their_own_writes(self, read):
        with replica_reads(1):
            assert read() == "default"
