"""In which database does a model live? And the tables the kernel itself needs.

A subclass of ShardedModel lives on its owner's shard, anything else in the global database.
"""

from typing import ClassVar, Self, TypeVar

from django.db import models

from tradingplatform.clock import now
from tradingplatform.ids import uuid7

M_co = TypeVar("M_co", bound=models.Model, covariant=True)


class ShardedQuerySet(models.QuerySet[M_co]):
    """The one entry point to user rows, which names the user."""

    def for_user(self, account_db_key: int) -> Self:
        """Limit to the rows of one user, on that user's shard (primary or replica)."""
        rows = self.filter(account_db_key=account_db_key)
        # A hint, not using(): the router can still send reads and writes different ways.
        rows._hints = {**self._hints, "account_db_key": account_db_key}  # type: ignore[attr-defined] # noqa: SLF001
        return rows


class ShardedManager(models.Manager[M_co]):
    """The manager of models that need no query set of their own."""

    def get_queryset(self) -> ShardedQuerySet[M_co]:
        return ShardedQuerySet(self.model, using=self._db)

    def for_user(self, account_db_key: int) -> ShardedQuerySet[M_co]:
        """Limit to the rows of one user, on that user's shard."""
        return self.get_queryset().for_user(account_db_key)


class ShardedModel(models.Model):
    """A row owned by one user and stored on that user's shard.

    ``reads_primary`` marks rows about money, which are never read from a replica.
    """

    reads_primary: ClassVar[bool] = False

    account_db_key = models.BigIntegerField(db_index=True, editable=False)

    class Meta:
        abstract = True


class UserRow(ShardedModel):
    """A sharded row addressed by a time-ordered UUID."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True


class ShardConfig(models.Model):
    """Which database holds one logical shard."""

    class State(models.TextChoices):
        ACTIVE = "ACTIVE"
        MOVING = "MOVING"

    logical_shard = models.PositiveIntegerField(primary_key=True)
    database_alias = models.CharField(max_length=64)
    version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)

    class Meta:
        db_table = "table_shard_config"

    def __str__(self) -> str:
        return f"{self.logical_shard} on {self.database_alias}"


class StreamHead(ShardedModel):
    """The last sequence number given out on one of a user's streams."""

    reads_primary = True

    id = models.BigAutoField(primary_key=True)
    stream = models.CharField(max_length=64)
    epoch = models.CharField(max_length=36)
    last_seq = models.BigIntegerField(default=0)

    objects: ClassVar[ShardedManager["StreamHead"]] = ShardedManager()

    class Meta:
        db_table = "stream_head"
        constraints = [
            models.UniqueConstraint(
                fields=["account_db_key", "stream"], name="stream_head_owner_stream"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_db_key}:{self.stream}@{self.last_seq}"


class OutboxEvent(ShardedModel):
    """Something that happened, written in the transaction that made it happen."""

    reads_primary = True

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=64)
    aggregate_id = models.CharField(max_length=64, blank=True)
    schema_version = models.PositiveSmallIntegerField(default=1)
    payload = models.JSONField()
    stream = models.CharField(max_length=64, blank=True)
    stream_epoch = models.CharField(max_length=36, blank=True)
    stream_seq = models.BigIntegerField(null=True)
    message_type = models.CharField(max_length=32, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=now)
    published_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    objects: ClassVar[ShardedManager["OutboxEvent"]] = ShardedManager()

    class Meta:
        db_table = "outbox"
        constraints = [
            models.UniqueConstraint(
                fields=["account_db_key", "stream", "stream_seq"], name="outbox_owner_stream_seq"
            )
        ]
        indexes = [models.Index(fields=["published_at", "id"], name="outbox_unpublished")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.topic}"


class InboxMessage(ShardedModel):
    """A message that one consumer has already acted on."""

    reads_primary = True

    id = models.BigAutoField(primary_key=True)
    consumer = models.CharField(max_length=64)
    message_id = models.CharField(max_length=128)
    received_at = models.DateTimeField(default=now, db_index=True)

    objects: ClassVar[ShardedManager["InboxMessage"]] = ShardedManager()

    class Meta:
        db_table = "inbox"
        constraints = [
            models.UniqueConstraint(
                fields=["account_db_key", "consumer", "message_id"], name="inbox_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.consumer}:{self.message_id}"


class IdempotencyRecord(ShardedModel):
    """The stored answer to a request, kept with the effect it had."""

    reads_primary = True

    id = models.BigAutoField(primary_key=True)
    route = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(default=now, db_index=True)

    objects: ClassVar[ShardedManager["IdempotencyRecord"]] = ShardedManager()

    class Meta:
        db_table = "idempotency_record"
        constraints = [
            models.UniqueConstraint(
                fields=["account_db_key", "route", "key"], name="idempotency_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"


class JobRun(models.Model):
    """One run of a periodic job; the unique slot is what makes it one."""

    job = models.CharField(max_length=100)
    slot = models.DateTimeField()
    started_at = models.DateTimeField(default=now, db_index=True)
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "job_run"
        constraints = [models.UniqueConstraint(fields=["job", "slot"], name="job_run_once")]

    def __str__(self) -> str:
        return f"{self.job} at {self.slot:%Y-%m-%d %H:%M:%S}"


class DeadLetter(models.Model):
    """Work that failed for good and waits for a person; see ``manage.py redrive``."""

    job = models.CharField(max_length=100)
    arguments = models.JSONField()
    error = models.CharField(max_length=1000)
    attempts = models.PositiveSmallIntegerField()
    failed_at = models.DateTimeField(default=now, db_index=True)
    redriven_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "dead_letter"

    def __str__(self) -> str:
        return f"#{self.pk} {self.job}"


class Lease(models.Model):
    """Who may do a thing that only one may do; ``epoch`` rises with every new holder."""

    name = models.CharField(max_length=100, primary_key=True)
    holder = models.CharField(max_length=64, blank=True)
    epoch = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "lease"

    def __str__(self) -> str:
        return f"{self.name}@{self.epoch}"


class ReplicaHeartbeat(models.Model):
    """A row written once a second; its age on a replica is how far that replica lags.

    The table exists in the global database and on every shard.
    """

    id = models.PositiveSmallIntegerField(primary_key=True)
    beat_at = models.DateTimeField()

    class Meta:
        db_table = "replica_heartbeat"

    def __str__(self) -> str:
        return f"{self.beat_at:%H:%M:%S}"
