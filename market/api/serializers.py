"""Shapes of the market endpoints."""

from datetime import UTC, date, datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from market.bar_selectors import BARS_DEFAULT, BARS_MAX
from market.enums import Adjustment, AssetType, BarInterval, Exchange, MarketSegment, Venue
from market.indicator_selectors import INDICATOR_BARS_DEFAULT, INDICATOR_BARS_MAX
from market.indicators import INDICATORS, Wanted, indicators_parse

QUOTES_MAX = 200
SYMBOL_LENGTH_MAX = 16


@extend_schema_field(OpenApiTypes.STR)
class EdgeField(serializers.Field[date | datetime, str, str, Any]):
    """A date (2020-01-31) or an instant (2020-01-31T09:00:00+09:00, without offset UTC)."""

    default_error_messages = {"invalid": "A date or an instant in ISO 8601."}

    def to_internal_value(self, data: str) -> date | datetime:
        try:
            if len(data) <= len("2020-01-31"):
                return date.fromisoformat(data)
            moment = datetime.fromisoformat(data)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
            return moment.astimezone(UTC)
        except (ValueError, OverflowError) as exc:
            raise serializers.ValidationError(self.error_messages["invalid"]) from exc

    def to_representation(self, value: date | datetime) -> str:
        return value.isoformat()


@extend_schema_field(OpenApiTypes.STR)
class SymbolsField(serializers.Field[list[str], str, str, Any]):
    """Symbols with commas between them, at most ``most``."""

    def __init__(self, *, most: int = QUOTES_MAX, **options: Any) -> None:
        super().__init__(**options)
        self._most = most

    def to_internal_value(self, data: str) -> list[str]:
        symbols = [word.strip().upper() for word in data.split(",") if word.strip()]
        if not symbols:
            raise serializers.ValidationError("Name at least one symbol.")
        if len(symbols) > self._most:
            raise serializers.ValidationError(f"At most {self._most} symbols.")
        if any(len(symbol) > SYMBOL_LENGTH_MAX or "\x00" in symbol for symbol in symbols):
            raise serializers.ValidationError("A symbol has at most 16 characters.")
        return symbols

    def to_representation(self, value: list[str]) -> str:
        return ",".join(value)


class InstrumentsInput(serializers.Serializer[Any]):
    search = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=64,
        help_text="Start of a symbol, part of a name, an ISIN, or Korean initial consonants.",
    )
    exchange = serializers.ChoiceField(
        choices=Venue.choices, required=False, help_text="NXT: what KRX lists and NXT trades too."
    )
    asset_type = serializers.ChoiceField(choices=AssetType.choices, required=False)
    delisted = serializers.BooleanField(
        default=False, help_text="Also those that are no longer listed."
    )


class QuotesInput(serializers.Serializer[Any]):
    symbols = SymbolsField(help_text="Up to 200, with commas between them.")


class BarsInput(serializers.Serializer[Any]):
    interval = serializers.CharField(
        default=BarInterval.DAY, help_text="1m 5m 15m 1h 1d 1w or 1mo."
    )
    start = EdgeField(required=False)
    end = EdgeField(required=False, help_text="A date includes its whole day.")
    limit = serializers.IntegerField(
        default=BARS_DEFAULT, help_text=f"Up to {BARS_MAX}; 2000 for rolled-up intervals."
    )
    adjusted = serializers.ChoiceField(
        choices=Adjustment.choices,
        default=Adjustment.SPLIT,
        source="adjustment",
        help_text="Which later corporate actions are worked in: RAW none, SPLIT those that change"
        " the number of shares, ALL also dividends, rights and spin-offs.",
    )


@extend_schema_field(OpenApiTypes.STR)
class IndicatorsField(serializers.Field[list[Wanted], str, str, Any]):
    """Indicators with commas between them, each with its numbers: rsi:14,macd:12-26-9."""

    def to_internal_value(self, data: str) -> list[Wanted]:
        return indicators_parse(data)

    def to_representation(self, value: list[Wanted]) -> str:
        return ",".join(one.indicator.name for one in value)


class IndicatorsInput(serializers.Serializer[Any]):
    indicators = IndicatorsField(
        help_text=f"Up to 10 of {', '.join(sorted(INDICATORS))}; rsi:14,macd:12-26-9,bbands:20-2."
    )
    interval = serializers.CharField(
        default=BarInterval.DAY, help_text="1m 5m 15m 1h 1d 1w or 1mo."
    )
    start = EdgeField(required=False)
    end = EdgeField(required=False, help_text="A date includes its whole day.")
    limit = serializers.IntegerField(
        default=INDICATOR_BARS_DEFAULT, min_value=1, max_value=INDICATOR_BARS_MAX
    )


class InstrumentOutput(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    name = serializers.CharField(help_text="In the language of the request.")
    name_en = serializers.CharField()
    name_ko = serializers.CharField()
    exchange = serializers.ChoiceField(choices=Exchange.choices)
    currency = serializers.CharField()
    asset_type = serializers.ChoiceField(choices=AssetType.choices)
    sector = serializers.CharField(
        allow_null=True, help_text="In the words of sector_source; null while nobody told it."
    )
    market_segment = serializers.ChoiceField(choices=MarketSegment.choices, allow_blank=True)
    industry = serializers.CharField(allow_null=True)
    sector_source = serializers.CharField(allow_null=True)
    isin = serializers.CharField(allow_blank=True)
    is_nxt_tradable = serializers.BooleanField(
        allow_null=True, help_text="Null while no list of NXT told it."
    )
    is_tradable = serializers.BooleanField(help_text="False for an index or a delisted one.")
    listed_date = serializers.DateField(allow_null=True)
    delisted_date = serializers.DateField(allow_null=True)
    tick_size = serializers.CharField(
        allow_null=True, help_text="At the base price; null without one."
    )
    lot_size = serializers.IntegerField()
    base_price = serializers.CharField(allow_null=True)
    price_band = serializers.DictField(child=serializers.CharField(), allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment] # a name DRF also uses


class InstrumentsOutput(serializers.Serializer[Any]):
    results = InstrumentOutput(many=True)
    next = serializers.CharField(allow_null=True)


class QuoteOutput(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    exchange = serializers.CharField()
    price = serializers.CharField()
    bid = serializers.CharField(allow_null=True)
    ask = serializers.CharField(allow_null=True)
    change = serializers.CharField(help_text="Against the base price.")
    change_rate = serializers.FloatField(help_text="A fraction: 0.01 is one percent.")
    volume = serializers.IntegerField()
    exchange_time = serializers.DateTimeField(help_text="When it last traded.")
    age_ms = serializers.IntegerField(help_text="Since the feed last confirmed it.")
    source = serializers.CharField(help_text="SAMPLE is not a real quotation.")  # type: ignore[assignment] # a name DRF also uses
    currency = serializers.CharField()
    base_price = serializers.CharField()
    received_at = serializers.DateTimeField()
    stale_at = serializers.DateTimeField(
        help_text="Until when it is not stale, unless it is confirmed again: by session."
    )
    epoch = serializers.CharField()
    seq = serializers.IntegerField()


class QuotesOutput(serializers.Serializer[Any]):
    results = QuoteOutput(many=True)


class BarOutput(serializers.Serializer[Any]):
    time = serializers.CharField(help_text="A date from 1d on, else an instant.")
    open = serializers.CharField()
    high = serializers.CharField()
    low = serializers.CharField()
    close = serializers.CharField()
    volume = serializers.IntegerField()


class GeneratedOutput(serializers.Serializer[Any]):
    start = serializers.CharField()
    end = serializers.CharField()
    generated_fields = serializers.ListField(child=serializers.CharField())


class BarsOutput(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    interval = serializers.ChoiceField(choices=BarInterval.choices)
    currency = serializers.CharField()
    source = serializers.CharField(help_text="All origins, joined by +.")  # type: ignore[assignment] # a name DRF also uses
    adjustment = serializers.ChoiceField(choices=Adjustment.choices)
    adjusted_sources = serializers.ListField(
        child=serializers.CharField(),
        help_text="Origins whose prices come adjusted and are left as they are.",
    )
    actions_left_out = serializers.ListField(
        child=serializers.DateField(),
        help_text="Ex-dates of actions not worked in, as no close before them is stored.",
    )
    generated_fields = serializers.ListField(
        child=serializers.CharField(),
        help_text="Figures that a generator made in at least one of the bars.",
    )
    generated = GeneratedOutput(many=True, help_text="Which figures, from when to when.")
    results = BarOutput(many=True)
    next = serializers.CharField(allow_null=True)


class IndicatorOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    parameters = serializers.DictField(child=serializers.FloatField())
    settled_from = serializers.CharField(
        allow_null=True,
        help_text="The first time with all earlier bars it needs; null without any.",
    )
    values = serializers.DictField(
        child=serializers.ListField(child=serializers.FloatField(allow_null=True)),
        help_text="By line, one number beside each time; null where not defined.",
    )


class IndicatorsOutput(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    interval = serializers.ChoiceField(choices=BarInterval.choices)
    currency = serializers.CharField()
    source = serializers.CharField(help_text="All origins, joined by +.")  # type: ignore[assignment] # a name DRF also uses
    generated_fields = serializers.ListField(child=serializers.CharField())
    times = serializers.ListField(child=serializers.CharField())
    indicators = IndicatorOutput(many=True)
    next = serializers.CharField(allow_null=True)
