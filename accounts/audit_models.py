"""The audit log: entries that are only ever added, in chains; see services.audit."""

from typing import Any, NoReturn

from django.db import models

from tradingplatform.errors import InvariantError, invariant
from tradingplatform.ids import uuid7


class AuditHead(models.Model):
    """The end of one chain of the audit log; its row is the lock for adding to the chain."""

    chain = models.PositiveSmallIntegerField(primary_key=True)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "table_audit_heads"

    def __str__(self) -> str:
        return f"{self.chain} at {self.seq}"


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    """Entries are written once."""

    def update(self, **kwargs: Any) -> NoReturn:
        message = "the audit log is append-only"
        raise InvariantError(message)

    def delete(self) -> NoReturn:
        message = "the audit log is append-only"
        raise InvariantError(message)


class AuditEntry(models.Model):
    """One thing that happened to the security of an account; see services.audit."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    chain = models.PositiveSmallIntegerField()
    seq = models.BigIntegerField()
    occurred_at = models.DateTimeField(db_index=True)
    action = models.CharField(max_length=64, db_index=True)
    # No foreign keys: an entry outlives what it names.
    account_db_key = models.BigIntegerField(null=True)
    account_uid = models.UUIDField(null=True, db_index=True)
    actor = models.CharField(max_length=80, blank=True)
    session_id = models.UUIDField(null=True)
    ip = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=255, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    # Text rather than JSON: what is hashed must come back to the byte.
    details = models.TextField(default="{}")
    prev_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    objects = models.Manager.from_queryset(AuditEntryQuerySet)()

    class Meta:
        db_table = "table_audit_entries"
        verbose_name_plural = "audit entries"
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="audit_one_line_a_chain")
        ]
        indexes = [
            models.Index(fields=["account_db_key", "-occurred_at"], name="audit_of_an_account")
        ]

    def __str__(self) -> str:
        return f"{self.chain}/{self.seq} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        invariant(self._state.adding, "the audit log is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        message = "the audit log is append-only"
        raise InvariantError(message)
