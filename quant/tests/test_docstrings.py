import doctest
import importlib
import inspect
import re

import pytest

import quant

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

MODULES = [
    "quant.adjustments",
    "quant.checks",
    "quant.drawdown",
    "quant.equal_weight",
    "quant.indicators",
    "quant.oscillators",
    "quant.performance",
    "quant.returns",
    "quant.risk",
    "quant.tail_risk",
    "quant.trend",
    "quant.volume",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name):
    result = doctest.testmod(importlib.import_module(name))

    assert result.failed == 0


def public_functions(module_name):
    return [
        value
        for key, value in vars(importlib.import_module(module_name)).items()
        if inspect.isfunction(value) and not key.startswith("_") and value.__module__ == module_name
    ]


def described(docstring):
    """Return what a docstring says of each parameter, by name."""
    found = re.search(r"Parameters\n-+\n(.*?)\n(?:\n|\Z)", docstring, re.DOTALL)
    entries = re.split(r"^(?=\S)", found.group(1), flags=re.MULTILINE) if found else []
    return {
        name: " ".join(told.split("\n", 1)[1].split())
        for told in entries
        if told
        for name in told.split(" : ")[0].split(", ")
    }


@pytest.mark.parametrize("name", [name for name in MODULES if name != "quant.checks"])
def test_every_public_function_has_an_example(name):
    public = public_functions(name)

    assert public
    assert [value.__name__ for value in public if ">>>" not in (value.__doc__ or "")] == []


@pytest.mark.parametrize("name", MODULES)
def test_every_argument_is_described_by_its_function_or_by_the_package(name):
    shared = described(quant.__doc__)
    for function in public_functions(name):
        own = described(inspect.getdoc(function))
        arguments = set(inspect.signature(function).parameters)

        assert own.keys() <= arguments, function
        assert arguments - own.keys() <= shared.keys(), function
        assert [key for key in own.keys() & shared if own[key] == shared[key]] == [], function
