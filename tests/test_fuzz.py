"""Any request the document allows, and many that it forbids: no 5xx, only documented answers.

``make fuzz`` runs the same with more cases.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.authorisation.callers import KINDS
from tests.authorisation.people import Person, belongings, market_make, person_make
from tests.fuzz import faults_of, operations, tags
from tradingplatform.services.external import breaker

pytestmark = pytest.mark.django_db(databases="__all__")
ROLES = {"anonymous": "anonymous", "investor": "owner", "operator": "administrator"}
SYMBOLS = {"symbol": "AAPL"}


@pytest.fixture
def investor(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Person:
    # No provider answers in a test; every case is to get as far as asking one.
    monkeypatch.setattr(breaker, "FAILURES_MAX", 10**9)
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (10**9, 60))
    settings.MARKET_QUOTE_STALE_S = 600.0
    market_make()
    person = person_make("Investor")
    belongings(person)
    return person


def own_path(path: str, person: Person, names: list[str]) -> dict[str, str]:
    views = {"api-keys": "accounts:api-key", "broker-keys": "accounts:broker-key"}
    view = next((name for part, name in views.items() if f"/{part}/" in path), path)
    return {name: SYMBOLS.get(name) or person.thing(view, name) for name in names}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("tag", tags())
def test_every_answer_is_documented(
    role: str, tag: str, investor: Person, count: Callable[[str, int], None]
) -> None:
    headers = KINDS[ROLES[role]].show(investor)
    found: dict[str, list[str]] = {}
    total = 0
    for operation in operations(tag):
        names = [parameter.name for parameter in operation.path_parameters]
        path = own_path(operation.path, investor, names)
        sent, faults = faults_of(operation, headers=headers, path=path)
        total += sent
        if faults:
            found[operation.label] = sorted(set(faults))[:3]
    count(f"fuzz cases as {role}", total)
    assert found == {}, "\n\n".join(fault for faults in found.values() for fault in faults)
