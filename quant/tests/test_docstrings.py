import doctest
import importlib

import pytest

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

MODULES = [
    "quant.checks",
    "quant.drawdown",
    "quant.indicators",
    "quant.oscillators",
    "quant.performance",
    "quant.returns",
    "quant.risk",
    "quant.trend",
    "quant.volume",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name):
    result = doctest.testmod(importlib.import_module(name))

    assert result.failed == 0


@pytest.mark.parametrize("name", [name for name in MODULES if name != "quant.checks"])
def test_every_public_function_has_an_example(name):
    module = importlib.import_module(name)
    public = [
        value
        for key, value in vars(module).items()
        if callable(value)
        and not isinstance(value, type)
        and not key.startswith("_")
        and value.__module__ == name
    ]

    assert public
    assert [value.__name__ for value in public if ">>>" not in (value.__doc__ or "")] == []
