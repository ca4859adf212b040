from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from tradingplatform.db.fields import FixedPointField, MoneyField, PriceField, QuantityField


@given(st.integers(min_value=-(2**63) + 1, max_value=2**63 - 1))
def test_every_storable_integer_survives_the_round_trip(scaled):
    field = QuantityField()
    number = field.from_db_value(scaled, None, None)
    assert field.get_prep_value(number) == scaled


@pytest.mark.parametrize(
    ("_case", "value"),
    [
        ("not a number", "ten"),
        ("NaN", "NaN"),
        ("infinite", Decimal("Infinity")),
        ("too many digits", "1.00001"),
        ("too large", Decimal(2**63)),
        ("absurd exponent", "1e999999"),
        ("tiny exponent", "1e-999999"),
        ("a float", 0.1),
        ("a list", []),
    ],
)
def test_money_refuses(_case, value):
    with pytest.raises(ValidationError):
        MoneyField().get_prep_value(value)


def test_scales_are_part_of_the_migration_only_when_chosen():
    assert FixedPointField(scale=3).deconstruct()[3] == {"scale": 3}
    assert "scale" not in PriceField().deconstruct()[3]


def test_a_scale_is_required():
    with pytest.raises(TypeError):
        FixedPointField()
