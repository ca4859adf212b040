"""People, and no limits: the matrix asks more often than anybody may."""

from typing import Any

import pytest

from tests.authorisation.people import Person, belongings, market_make, person_make


@pytest.fixture(autouse=True)
def no_limits(settings: Any) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (10**9, 60))
    settings.API_KEYS_MAX = 1000
    settings.MARKET_QUOTE_STALE_S = 600.0


@pytest.fixture
def owner() -> Person:
    """Return somebody who has something of everything, in a market that is live."""
    market_make()
    person = person_make("Owner")
    belongings(person)
    return person


@pytest.fixture
def stranger(owner: Person) -> Person:
    """Return somebody else who has something of everything, too."""
    person = person_make("Stranger")
    belongings(person)
    return person
