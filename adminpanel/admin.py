"""The machine room, read-only: jobs, dead letters, leases, shards. Commands change them."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from accounts.admin import ReadOnlyAdmin
from tradingplatform.db.models import DeadLetter, JobRun, Lease, ShardConfig
from tradingplatform.services.models import ProviderToken, StoredMessage

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


@admin.register(ProviderToken)
class ProviderTokenAdmin(ReadOnlyAdmin):
    list_display = ("provider", "kind", "issued_at", "expires_at")
    exclude = ("sealed",)


@admin.register(StoredMessage)
class StoredMessageAdmin(ReadOnlyAdmin):
    list_display = ("channel", "recipient", "subject", "created_at")
    list_filter = ("channel",)
    ordering = ("-created_at",)

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # A mail may hold a link that opens its reader's account; with real users nobody may see it.
        return ("text", "html") if settings.IS_PROD else ("html",)
