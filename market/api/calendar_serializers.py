"""Shapes of the calendar endpoint."""

from typing import Any

from rest_framework import serializers

from market.enums import DayKind, SessionName, Venue


class CalendarInput(serializers.Serializer[Any]):
    exchange = serializers.ChoiceField(choices=Venue.choices)
    start = serializers.DateField(required=False, help_text="Today on the exchange without it.")
    end = serializers.DateField(required=False, help_text="30 days after the start without it.")


class TradingSessionOutput(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=SessionName.choices)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(help_text="Exclusive.")
    is_regular = serializers.BooleanField()


class CalendarDayOutput(serializers.Serializer[Any]):
    date = serializers.DateField()
    kind = serializers.ChoiceField(choices=DayKind.choices)
    reason = serializers.CharField(help_text="Empty on usual days and where nobody said why.")
    opens_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(allow_null=True)
    sessions = TradingSessionOutput(many=True)


class CalendarOutput(serializers.Serializer[Any]):
    exchange = serializers.ChoiceField(choices=Venue.choices)
    timezone = serializers.CharField()
    as_of = serializers.DateTimeField()
    is_open = serializers.BooleanField(help_text="Whether the regular session runs now.")
    session = TradingSessionOutput(allow_null=True, help_text="Which session runs now, if any.")
    next_open = serializers.DateTimeField()
    next_close = serializers.DateTimeField()
    days = CalendarDayOutput(many=True)
