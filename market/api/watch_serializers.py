"""Shapes of the watchlist endpoints."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from market.api.serializers import SYMBOL_LENGTH_MAX
from market.watch_models import NOTE_CHARACTERS, WATCHLIST_NAME_CHARACTERS


class SymbolField(serializers.CharField):
    """One symbol, in whatever case."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=SYMBOL_LENGTH_MAX, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).upper()


class WatchlistInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=WATCHLIST_NAME_CHARACTERS)


class WatchlistChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=WATCHLIST_NAME_CHARACTERS, required=False)
    place = serializers.IntegerField(
        min_value=0,
        max_value=settings.WATCHLISTS_PER_USER,
        required=False,
        help_text="Among the lists; 0 is the first.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Send name, place or both.")
        return attrs


class WatchlistItemInput(serializers.Serializer[Any]):
    symbol = SymbolField()
    note = serializers.CharField(max_length=NOTE_CHARACTERS, allow_blank=True, default="")


class WatchlistItemChange(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=NOTE_CHARACTERS, allow_blank=True)


class WatchlistOrder(serializers.Serializer[Any]):
    version = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, help_text="Of the list as you saw it."
    )
    symbols = serializers.ListField(
        child=SymbolField(),
        max_length=settings.WATCHLIST_SYMBOLS_MAX,
        help_text="Every symbol of the list, in the new order.",
    )


class WatchlistItemOutput(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    note = serializers.CharField()
    added_at = serializers.DateTimeField()


class WatchlistOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    place = serializers.IntegerField(help_text="Among the lists; may leave gaps.")
    version = serializers.IntegerField(help_text="Rises with every change.")
    updated_at = serializers.DateTimeField()
    items = WatchlistItemOutput(many=True, help_text="In order.")


class WatchlistsOutput(serializers.Serializer[Any]):
    results = WatchlistOutput(many=True)
    next = serializers.CharField(allow_null=True, help_text="Always null: at most 20 lists.")
