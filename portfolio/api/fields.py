"""Exact numbers in, exact numbers kept."""

import re
from decimal import Decimal
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

_PLAIN = re.compile(r"-?[0-9]{1,18}(\.[0-9]+)?", re.ASCII)


@extend_schema_field(OpenApiTypes.STR)
class AmountField(serializers.Field[Decimal, Any, str, Any]):
    """A positive decimal number as text: no exponent, no sign, no float, so many digits."""

    default_error_messages = {
        "type": "A decimal number as text, for example '12.50'.",
        "form": "A plain decimal number: digits, and at most one point.",
        "digits": "At most {digits} digits after the point.",
        "positive": "More than zero.",
    }

    def __init__(self, *, digits: int, may_be_zero: bool = False, **kwargs: Any) -> None:
        self._digits = digits
        self._may_be_zero = may_be_zero
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, str | int):
            self.fail("type")
        text = str(data)
        if len(text) > 40 or not _PLAIN.fullmatch(text):
            self.fail("form")
        if len(text.partition(".")[2]) > self._digits:
            self.fail("digits", digits=self._digits)
        amount = Decimal(text)
        if amount < 0 or (not amount and not self._may_be_zero):
            self.fail("positive")
        return amount

    def to_representation(self, value: Decimal) -> str:
        return str(value)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string"},
            {"type": "object", "additionalProperties": {"type": "string"}},
        ]
    }
)
class InitialCashField(serializers.Field[Any, Any, Any, Any]):
    """An amount in the base currency, or an object of amounts by currency."""

    currencies_max = 8

    def to_internal_value(self, data: Any) -> Decimal | dict[str, Decimal]:
        amount = AmountField(digits=4, may_be_zero=True)
        if not isinstance(data, dict):
            return amount.to_internal_value(data)
        if len(data) > self.currencies_max or not all(isinstance(key, str) for key in data):
            raise serializers.ValidationError("At most 8 currencies.")
        return {key: amount.to_internal_value(value) for key, value in data.items()}

    def to_representation(self, value: Any) -> Any:
        return value
