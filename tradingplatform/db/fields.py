"""Decimals that every database adds up to the same last digit.

Stored as BIGINT scaled by a power of ten, because SQLite keeps DECIMAL as a float.
"""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import Combinable, register_combinable_fields

_LARGEST = 2**63 - 1
_ST_contra = TypeVar("_ST_contra", contravariant=True)
_GT_co = TypeVar("_GT_co", covariant=True)


class FixedPointField(models.Field[_ST_contra, _GT_co]):
    """An exact decimal with ``scale`` digits after the point.

    Refuses (ValidationError) what is not a finite number, has more digits after the
    point than ``scale``, or does not fit in 63 bits once scaled. Never rounds.
    """

    description = "Exact decimal stored as a scaled integer"
    empty_strings_allowed = False
    fixed_scale: ClassVar[int | None] = None
    _pyi_private_set_type: Decimal | int | str
    _pyi_private_get_type: Decimal
    _pyi_lookup_exact_type: Decimal | int | str

    def __init__(self, *args: Any, scale: int | None = None, **kwargs: Any) -> None:
        chosen = self.fixed_scale if scale is None else scale
        if chosen is None:
            message = "FixedPointField needs a scale."
            raise TypeError(message)
        self.scale = chosen
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        if self.fixed_scale is None:
            kwargs["scale"] = self.scale
        return name, path, args, kwargs

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def to_python(self, value: Any) -> Decimal | None:
        if value is None:
            return None
        if isinstance(value, float):
            raise ValidationError("A float is not an exact number.", code="invalid")
        try:
            number = Decimal(value)
        except (InvalidOperation, TypeError, ValueError) as error:
            raise ValidationError("Enter a number.", code="invalid") from error
        self._scaled(number)
        return number

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        if value is None or hasattr(value, "resolve_expression"):
            return value
        number = self.to_python(value)
        return None if number is None else self._scaled(number)

    def from_db_value(self, value: Any, expression: object, connection: object) -> Decimal | None:
        # Sum() comes back as Decimal from MySQL, int from SQLite; an average may be fractional.
        return None if value is None else Decimal(value).scaleb(-self.scale)

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else format(value, "f")

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(
            **{"form_class": forms.DecimalField, "decimal_places": self.scale, **kwargs}
        )

    def _scaled(self, number: Decimal) -> int:
        if not number.is_finite():
            raise ValidationError("Enter a finite number.", code="invalid")
        if number and number.adjusted() > 18:
            raise ValidationError("The number is too large.", code="max_value")
        scaled = number.scaleb(self.scale)
        whole = int(scaled)
        if whole != scaled:
            message = f"At most {self.scale} digits may follow the decimal point."
            raise ValidationError(message, code="max_decimal_places")
        if abs(whole) > _LARGEST:
            raise ValidationError("The number is too large.", code="max_value")
        return whole


class MoneyField(FixedPointField[_ST_contra, _GT_co]):
    """An amount of one currency; four digits, up to 922 trillion."""

    fixed_scale = 4


class PriceField(FixedPointField[_ST_contra, _GT_co]):
    """A price or cost per unit; six digits, up to 9.2 trillion."""

    fixed_scale = 6


class QuantityField(FixedPointField[_ST_contra, _GT_co]):
    """A number of shares; eight digits, up to 92 billion."""

    fixed_scale = 8


for _field in (MoneyField, PriceField, QuantityField):
    for _connector in (Combinable.ADD, Combinable.SUB):
        register_combinable_fields(_field, _connector, _field, _field)
