"""What a user says about investing, and what they want to be told about."""

from django.conf import settings
from django.db import models

from accounts.enums import Currency, RiskClass
from tradingplatform.clock import now
from tradingplatform.ids import uuid7


class InvestorProfile(models.Model):
    """The answers to one questionnaire and what they came to; never changed, the newest counts."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="investor_profiles"
    )
    created_at = models.DateTimeField(default=now)
    version = models.PositiveSmallIntegerField()
    answers = models.JSONField()
    score = models.PositiveSmallIntegerField()
    scored_class = models.CharField(max_length=20, choices=RiskClass.choices)
    risk_class = models.CharField(max_length=20, choices=RiskClass.choices)
    capped_by = models.JSONField(default=list, blank=True)
    monthly_budget = models.DecimalField(max_digits=15, decimal_places=2)
    budget_currency = models.CharField(max_length=3, choices=Currency.choices)

    class Meta:
        db_table = "table_investor_profiles"
        indexes = [models.Index(fields=["user", "created_at"], name="investor_profile_newest")]

    def __str__(self) -> str:
        return f"{self.risk_class} of #{self.user_id}"


class NotificationPreferences(models.Model):
    """Where a user's wishes differ from the usual; no row means that they do not."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="notification_preferences",
    )
    # By kind and channel.
    choices = models.JSONField(default=dict, blank=True)
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    time_zone = models.CharField(max_length=64, blank=True)
    changed_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "table_notification_preferences"
        verbose_name_plural = "notification preferences"

    def __str__(self) -> str:
        return f"notifications of #{self.user_id}"
