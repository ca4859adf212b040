"""The query counter itself."""

from pathlib import Path

import pytest

from accounts.models import User
from portfolio.models import Portfolio
from tests import query_budget as subject
from tests.query_budget import query_budget, read_budget
from tradingplatform.db.transactions import global_tx

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "BUDGET_FILE", tmp_path / "budget.json")
    monkeypatch.delenv("RECORD_BUDGET", raising=False)


def ask() -> None:
    User.objects.count()
    global_tx(User.objects.count)
    for alias in ("shard_1", "shard_2"):
        Portfolio.objects.using(alias).count()


def test_it_counts_every_database_and_no_transaction_control(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RECORD_BUDGET", "1")
    with query_budget("probe"):
        ask()
    assert read_budget() == {"probe": 4}


def test_exactly_the_recorded_number_passes() -> None:
    subject.BUDGET_FILE.write_text('{"probe": 4}')
    with query_budget("probe"):
        ask()


@pytest.mark.parametrize("recorded", ['{"probe": 3}', '{"probe": 5}', "{}"])
def test_any_other_number_fails(recorded: str) -> None:
    subject.BUDGET_FILE.write_text(recorded)
    with pytest.raises(AssertionError, match="4 queries"), query_budget("probe"):
        ask()
