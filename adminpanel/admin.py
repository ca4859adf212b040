"""The machine room, read-only: jobs, dead letters, leases, shards. Commands change them."""

from django.contrib import admin
from django.contrib.auth.models import Group

from accounts.admin import ReadOnlyAdmin
from tradingplatform.db.models import DeadLetter, JobRun, Lease, ShardConfig

# Operators are named one by one; nothing here asks for a group.
admin.site.unregister(Group)


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ("job", "slot", "started_at", "finished_at", "error")
    list_filter = ("job",)
    ordering = ("-started_at",)


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin):
    list_display = ("job", "failed_at", "attempts", "error", "redriven_at")
    list_filter = ("job",)
    ordering = ("-failed_at",)


@admin.register(Lease)
class LeaseAdmin(ReadOnlyAdmin):
    list_display = ("name", "holder", "epoch", "expires_at")


@admin.register(ShardConfig)
class ShardConfigAdmin(ReadOnlyAdmin):
    list_display = ("logical_shard", "database_alias", "state", "version")
    list_filter = ("database_alias", "state")
