"""What operators see of accounts; services own the fields, so nothing is edited here."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums import AuditAction
from accounts.models import (
    AccountExport,
    ApiKey,
    AuditEntry,
    FactorReset,
    InvestorProfile,
    MailToken,
    NotificationPreferences,
    OtpFactor,
    Passkey,
    SecurityAlert,
    Session,
    User,
    UserApiKey,
)
from accounts.rules import REASON_MAX
from accounts.services.audit import audit_append
from accounts.services.factors import factor_reset_ask
from accounts.services.locking import account_lock, account_unlock
from accounts.services.pages import device_of, page_principal
from accounts.types import Account
from tradingplatform.clock import KST
from tradingplatform.errors import ConflictError, TradingPlatformError


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


class ReasonForm(ActionForm):
    """The choice of an action, and why it is done; the owner of the account reads that too."""

    reason = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=REASON_MAX)


def _fault(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return str(error)


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("uid", "email", "nickname", "language", "is_active", "is_staff", "joined_at")
    list_filter = ("is_active", "is_staff", "language")
    search_fields = ("uid", "email", "nickname")
    exclude = ("password", "account_db_key", "groups", "user_permissions")
    ordering = ("-joined_at",)
    action_form = ReasonForm
    actions = ("lock", "unlock", "remove_second_factor")

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

    @admin.action(
        permissions=["view"],
        description=gettext_lazy("Remove a lost second factor after the waiting time"),
    )
    def remove_second_factor(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """Ask for the removal of one user's second factor; the owner is mailed and can stop it."""
        operator, users = page_principal(request), list(chosen[:2])
        if operator is None or len(users) != 1:
            self.message_user(request, _("Choose one account."), messages.ERROR)
            return
        try:
            reset = factor_reset_ask(
                operator=operator,
                account=users[0],
                reason=request.POST.get("reason", ""),
                device=device_of(request),
            )
        except (TradingPlatformError, ValidationError) as error:
            self.message_user(request, _fault(error), messages.ERROR)
        else:
            moment = reset.due_at.astimezone(KST)
            note = _("The second factor is removed on %(moment)s KST unless its owner stops it.")
            self.message_user(request, note % {"moment": f"{moment:%Y-%m-%d %H:%M}"})


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


@admin.register(Passkey)
class PasskeyAdmin(ReadOnlyAdmin):
    list_display = ("name", "user", "is_synced", "created_at", "last_used_at")
    search_fields = ("user__email",)
    exclude = ("credential_id", "credential_hash", "public_key")
    list_select_related = ("user",)
    ordering = ("-created_at",)

    def account_of(self, row: Passkey) -> Account:
        return row.user


@admin.register(FactorReset)
class FactorResetAdmin(ReadOnlyAdmin):
    list_display = (
        "user",
        "operator_uid",
        "reason",
        "asked_at",
        "due_at",
        "canceled_at",
        "done_at",
    )
    search_fields = ("user__email", "operator_uid")
    list_select_related = ("user",)
    ordering = ("-asked_at",)

    def account_of(self, row: FactorReset) -> Account:
        return row.user


@admin.register(SecurityAlert)
class SecurityAlertAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "action", "user", "sent_at")
    list_filter = ("action",)
    search_fields = ("user__email",)
    list_select_related = ("user",)
    ordering = ("-created_at",)

    def account_of(self, row: SecurityAlert) -> Account:
        return row.user
