"""Shapes of the overview and screener endpoints."""

from typing import Any

from rest_framework import serializers

from market.api.serializers import QuoteOutput
from market.enums import Exchange
from market.feature_models import SCREEN_NAME_CHARACTERS
from market.screens import FIELDS, SORT_DEFAULT, screen_parse

SCREEN_ROWS_MAX = 200
OFFSET_MAX = 100_000


class OverviewInput(serializers.Serializer[Any]):
    exchange = serializers.ChoiceField(choices=Exchange.choices, required=False)
    limit = serializers.IntegerField(default=5, min_value=1, max_value=50)


class MoverOutput(QuoteOutput):
    name = serializers.CharField()
    exchange = serializers.CharField()


class BreadthOutput(serializers.Serializer[Any]):
    advancing = serializers.IntegerField()
    declining = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    new_highs = serializers.IntegerField(help_text="At or above the highest of 52 weeks.")
    new_lows = serializers.IntegerField(help_text="At or below the lowest of 52 weeks.")
    ranged = serializers.IntegerField(help_text="Whose range of 52 weeks is known.")


class ExchangeBreadthOutput(serializers.Serializer[Any]):
    exchange = serializers.CharField()
    breadth = BreadthOutput()


class SectorOutput(serializers.Serializer[Any]):
    exchange = serializers.CharField()
    name = serializers.CharField()
    instruments = serializers.IntegerField()
    advancing = serializers.IntegerField()
    declining = serializers.IntegerField()
    change_rate = serializers.FloatField(help_text="The mean of its instruments, a fraction.")
    weighted_change_rate = serializers.FloatField(
        allow_null=True, help_text="Weighted by value traded; null while nothing has traded."
    )
    value = serializers.FloatField(help_text="Traded today, in the currency of the exchange.")


class OverviewOutput(serializers.Serializer[Any]):
    as_of = serializers.DateTimeField()
    sources = serializers.ListField(child=serializers.CharField())
    indices = MoverOutput(many=True)
    breadth = BreadthOutput()
    exchanges = ExchangeBreadthOutput(many=True)
    sectors = SectorOutput(many=True)
    gainers = MoverOutput(many=True)
    losers = MoverOutput(many=True)
    most_active = MoverOutput(many=True, help_text="By value traded, within each currency.")
    most_volume = MoverOutput(many=True, help_text="By shares traded.")


class FieldOutput(serializers.Serializer[Any]):
    field = serializers.CharField()
    label = serializers.CharField(help_text="In the language of the request.")  # type: ignore[assignment] # a name DRF also uses
    unit = serializers.CharField(help_text="word, price, rate, count, money or number.")
    group = serializers.CharField()
    status = serializers.CharField(help_text="UNAVAILABLE: no source tells it.")
    values = serializers.ListField(child=serializers.CharField(), help_text="Of words.")


class FieldsOutput(serializers.Serializer[Any]):
    results = FieldOutput(many=True)


class ScreenFilter(serializers.Serializer[Any]):
    field = serializers.CharField()
    op = serializers.CharField(help_text="gt gte lt lte between of numbers, eq in of words.")
    value = serializers.JSONField(help_text="A number, two for between; a word, words for in.")


class ScreenDefinition(serializers.Serializer[Any]):
    """Checked as a whole by market.screens, so that saved and sent ones obey one rule."""

    filters = ScreenFilter(many=True, required=False)
    sort = serializers.CharField(
        default=SORT_DEFAULT, help_text="A field; with - in front the highest first."
    )

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        given = data if isinstance(data, dict) else {"filters": data}
        screen_parse(given)
        return given


class ScreenInput(serializers.Serializer[Any]):
    definition = ScreenDefinition()
    limit = serializers.IntegerField(default=50, min_value=1, max_value=SCREEN_ROWS_MAX)
    offset = serializers.IntegerField(default=0, min_value=0, max_value=OFFSET_MAX)


class SavedScreenInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=SCREEN_NAME_CHARACTERS)
    definition = ScreenDefinition()


class SavedScreenChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=SCREEN_NAME_CHARACTERS, required=False)
    definition = ScreenDefinition(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Send name, definition or both.")
        return attrs


class SavedScreenOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    definition = ScreenDefinition()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class SavedScreensOutput(serializers.Serializer[Any]):
    results = SavedScreenOutput(many=True)
    next = serializers.CharField(allow_null=True, help_text="Always null: at most 50.")


class LeftOutOutput(serializers.Serializer[Any]):
    field = serializers.CharField()
    instruments = serializers.IntegerField()
    status = serializers.CharField(help_text="UNAVAILABLE.")


_WORDS_UNTOLD = {"sector", "industry", "macd_cross"}


def _figure(name: str) -> serializers.Field[Any, Any, Any, Any]:
    if name == "price":
        return serializers.CharField()
    if FIELDS[name].is_word:
        return serializers.CharField(allow_null=name in _WORDS_UNTOLD)
    return serializers.FloatField(allow_null=True)


class ScreenedRowOutput(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    name = serializers.CharField()
    source = serializers.CharField(help_text="SAMPLE is not a real quotation.")  # type: ignore[assignment] # a name DRF also uses
    age_ms = serializers.IntegerField()
    fundamentals_source = serializers.CharField(allow_null=True)
    fundamentals_as_of = serializers.DateTimeField(
        allow_null=True, help_text="When the source told them."
    )

    def get_fields(self) -> Any:
        return super().get_fields() | {name: _figure(name) for name in FIELDS}


class ScreenOutput(serializers.Serializer[Any]):
    as_of = serializers.DateTimeField(help_text="Of the quotes.")
    features_as_of = serializers.DateTimeField(
        allow_null=True, help_text="When the figures from bars were computed; null: not yet."
    )
    sources = serializers.ListField(child=serializers.CharField())
    screened = serializers.IntegerField(help_text="Instruments with a live quote.")
    total = serializers.IntegerField(help_text="How many passed.")
    left_out = LeftOutOutput(
        many=True, help_text="By filter, how many have no value of its field and so did not pass."
    )
    results = ScreenedRowOutput(many=True)
    next_offset = serializers.IntegerField(allow_null=True)
