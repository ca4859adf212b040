"""Shapes of the profile endpoints."""

from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.enums import (
    Colours,
    Currency,
    Language,
    NotificationChannel,
    NotificationKind,
    RiskClass,
    Theme,
)
from accounts.models import InvestorProfile
from accounts.notification_rules import TIME_ZONE, QuietHours
from accounts.questionnaire import CLASS_TEXTS
from tradingplatform.money import decimal_text

_MONEY = r"\A[0-9]{1,13}(\.[0-9]{1,2})?\Z"


class AnswerOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField()


class QuestionOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField()
    answers = AnswerOutput(many=True)


class QuestionnaireOutput(serializers.Serializer[Any]):
    version = serializers.IntegerField(help_text="Send it back with the answers.")
    questions = QuestionOutput(many=True)


class InvestorInput(serializers.Serializer[Any]):
    version = serializers.IntegerField(min_value=1, max_value=32_767)
    answers = serializers.DictField(
        child=serializers.CharField(max_length=40), help_text="The code of an answer by question."
    )
    monthly_budget = serializers.RegexField(_MONEY, help_text='Such as "500000"; "0" for none.')
    currency = serializers.ChoiceField(choices=Currency.choices)

    def validate_monthly_budget(self, value: str) -> Decimal:
        return Decimal(value)


class InvestorOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    version = serializers.IntegerField()
    answers = serializers.DictField(child=serializers.CharField())
    score = serializers.IntegerField(help_text="0 to 100.")
    scored_class = serializers.ChoiceField(
        choices=RiskClass.choices, help_text="What the score alone says."
    )
    risk_class = serializers.ChoiceField(choices=RiskClass.choices)
    risk_class_name = serializers.CharField(source="get_risk_class_display")
    explanation = serializers.SerializerMethodField()
    capped_by = serializers.ListField(
        child=serializers.CharField(), help_text="Questions whose answers hold the class down."
    )
    experience = serializers.CharField(source="answers.experience")
    risk_tolerance = serializers.CharField(source="answers.risk_tolerance")
    goal = serializers.CharField(source="answers.goal")
    horizon = serializers.CharField(source="answers.horizon")
    monthly_budget = serializers.SerializerMethodField()
    currency = serializers.ChoiceField(choices=Currency.choices, source="budget_currency")

    def get_explanation(self, row: InvestorProfile) -> str:
        return str(CLASS_TEXTS[RiskClass(row.risk_class)])

    def get_monthly_budget(self, row: InvestorProfile) -> str:
        return decimal_text(row.monthly_budget)


class InvestorsPage(serializers.Serializer[Any]):
    results = InvestorOutput(many=True)
    next = serializers.CharField(allow_null=True)


class DisplayOutput(serializers.Serializer[Any]):
    language = serializers.ChoiceField(choices=Language.choices)
    currency = serializers.ChoiceField(choices=Currency.choices)
    theme = serializers.ChoiceField(choices=Theme.choices)
    colours = serializers.ChoiceField(choices=Colours.choices)
    blur_amounts = serializers.BooleanField()


class DisplayInput(serializers.Serializer[Any]):
    language = serializers.ChoiceField(choices=Language.choices, required=False)
    currency = serializers.ChoiceField(choices=Currency.choices, required=False)
    theme = serializers.ChoiceField(choices=Theme.choices, required=False)
    colours = serializers.ChoiceField(choices=Colours.choices, required=False)
    blur_amounts = serializers.BooleanField(required=False)


class ProfileOutput(serializers.Serializer[Any]):
    investor = InvestorOutput(allow_null=True, help_text="Null until the questions are answered.")
    display = DisplayOutput()


class ChoiceInput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=NotificationKind.choices)
    channel = serializers.ChoiceField(choices=NotificationChannel.choices)
    enabled = serializers.BooleanField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        kind, channel = NotificationKind(attrs["kind"]), NotificationChannel(attrs["channel"])
        return {"kind": kind, "channel": channel, "enabled": attrs["enabled"]}


class ChoiceOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=NotificationKind.choices)
    channel = serializers.ChoiceField(choices=NotificationChannel.choices)
    enabled = serializers.BooleanField()
    locked = serializers.BooleanField(help_text="Always on.")


class QuietHoursField(serializers.Serializer[Any]):
    since = serializers.TimeField(format="%H:%M", input_formats=["%H:%M"])
    until = serializers.TimeField(format="%H:%M", input_formats=["%H:%M"])
    time_zone = serializers.CharField(max_length=64, default=TIME_ZONE)

    def validate_time_zone(self, value: str) -> str:
        if value not in available_timezones():
            raise serializers.ValidationError(_("There is no such time zone."))
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["since"] == attrs["until"]:
            raise serializers.ValidationError({"until": _("The quiet hours have no length.")})
        return {"hours": QuietHours(**attrs)}


class NotificationsInput(serializers.Serializer[Any]):
    choices = serializers.ListField(child=ChoiceInput(), required=False, max_length=100)
    quiet_hours = QuietHoursField(required=False, allow_null=True)


class NotificationsOutput(serializers.Serializer[Any]):
    choices = ChoiceOutput(many=True)
    quiet_hours = QuietHoursField(allow_null=True)
