"""What operators see of accounts; services own the fields, so nothing is edited here."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.enums import AuditAction
from accounts.models import (
    AccountExport,
    ApiKey,
    AuditEntry,
    InvestorProfile,
    MailToken,
    NotificationPreferences,
    OtpFactor,
    Session,
    User,
    UserApiKey,
)
from accounts.services.audit import audit_append
from accounts.services.locking import account_lock, account_unlock
from accounts.services.pages import device_of, page_principal
from accounts.types import Account
from tradingplatform.errors import ConflictError


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Shows rows, and notes in the audit log which operator looked at them."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._note(request, None)
        return super().changelist_view(request, extra_context)

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        found = super().get_object(request, *args, **kwargs)
        if found is not None:
            self._note(request, self.account_of(found))
        return found

    def account_of(self, row: Any) -> Account | None:
        """Return the account that a row belongs to."""
        return None

    def _note(self, request: HttpRequest, account: Account | None) -> None:
        operator = page_principal(request)
        audit_append(
            action=AuditAction.STAFF_VIEWED,
            account=account,
            device=device_of(request),
            session_id=operator.session_id if operator and not account else None,
            actor=str(operator.uid) if operator else "",
            model=str(self.model._meta.model_name),
        )

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
    actions = ("lock", "unlock")

    def account_of(self, row: User) -> Account:
        return row

    @admin.action(description="Lock: nobody gets in, sessions, sockets and keys end at once")
    def lock(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        self._each(request, chosen, account_lock)

    @admin.action(description="Unlock")
    def unlock(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        self._each(request, chosen, account_unlock)

    def _each(
        self, request: HttpRequest, chosen: QuerySet[User], work: Callable[..., None]
    ) -> None:
        operator = cast("User", request.user)
        for user in chosen:
            try:
                work(account=user, operator=operator, device=device_of(request))
            except ConflictError as refusal:
                self.message_user(request, f"{user}: {refusal.message}", messages.WARNING)
            else:
                self.message_user(request, f"{user}: done.")


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    list_display = ("sid", "user", "ip", "created_at", "last_seen_at", "expires_at", "revoked_at")
    search_fields = ("sid", "user__email", "ip")
    list_select_related = ("user",)
    ordering = ("-created_at",)

    def account_of(self, row: Session) -> Account:
        return row.user


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "name", "user", "scopes", "expires_at", "last_used_at", "revoked_at")
    search_fields = ("prefix", "name", "user__email")
    exclude = ("secret_hash",)
    list_select_related = ("user",)
    ordering = ("-created_at",)

    def account_of(self, row: ApiKey) -> Account:
        return row.user


@admin.register(MailToken)
class MailTokenAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "purpose", "user", "expires_at", "sent_at", "used_at")
    list_filter = ("purpose",)
    search_fields = ("user__email",)
    list_select_related = ("user",)
    ordering = ("-created_at",)

    def account_of(self, row: MailToken) -> Account | None:
        return row.user


@admin.register(AccountExport)
class AccountExportAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "user", "status", "size_bytes", "expires_at")
    list_filter = ("status",)
    search_fields = ("user__email",)
    list_select_related = ("user",)
    ordering = ("-created_at",)

    def account_of(self, row: AccountExport) -> Account:
        return row.user


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("occurred_at", "action", "account_uid", "actor", "ip", "chain", "seq")
    list_filter = ("action",)
    search_fields = ("account_uid", "actor", "action", "ip", "request_id", "session_id", "details")
    exclude = ("account_db_key",)
    ordering = ("-occurred_at", "-id")
    show_full_result_count = False


@admin.register(UserApiKey)
class UserApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "provider", "environment", "created_at")
    list_filter = ("provider", "environment")
    exclude = ("sealed", "masked")
    list_select_related = ("user",)
    ordering = ("-created_at",)

    def account_of(self, row: UserApiKey) -> Account:
        return row.user


@admin.register(OtpFactor)
class OtpFactorAdmin(ReadOnlyAdmin):
    list_display = ("user", "created_at", "confirmed_at")
    exclude = ("sealed", "last_used_step")
    list_select_related = ("user",)
    ordering = ("-created_at",)

    def account_of(self, row: OtpFactor) -> Account:
        return row.user


@admin.register(InvestorProfile)
class InvestorProfileAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "user", "risk_class", "score", "version")
    list_filter = ("risk_class", "version")
    search_fields = ("user__email",)
    list_select_related = ("user",)
    ordering = ("-created_at",)

    def account_of(self, row: InvestorProfile) -> Account:
        return row.user


@admin.register(NotificationPreferences)
class NotificationPreferencesAdmin(ReadOnlyAdmin):
    list_display = ("user", "changed_at", "quiet_from", "quiet_until", "time_zone")
    search_fields = ("user__email",)
    list_select_related = ("user",)
    ordering = ("-changed_at",)

    def account_of(self, row: NotificationPreferences) -> Account:
        return row.user
