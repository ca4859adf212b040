"""What operators see of accounts; services own the fields, so nothing is edited here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import ApiKey, Session, User


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("uid", "email", "nickname", "language", "is_active", "is_staff", "joined_at")
    list_filter = ("is_active", "is_staff", "language")
    search_fields = ("uid", "email", "nickname")
    exclude = ("password", "account_db_key", "groups", "user_permissions")
    ordering = ("-joined_at",)


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    list_display = ("sid", "user", "ip", "created_at", "last_seen_at", "expires_at", "revoked_at")
    search_fields = ("sid", "user__email", "ip")
    list_select_related = ("user",)
    ordering = ("-created_at",)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "name", "user", "scopes", "expires_at", "last_used_at", "revoked_at")
    search_fields = ("prefix", "name", "user__email")
    exclude = ("secret_hash",)
    list_select_related = ("user",)
    ordering = ("-created_at",)
