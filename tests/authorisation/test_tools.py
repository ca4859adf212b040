"""Tools of the analyst: run as the asker, see nothing of others, and only what is declared."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chat.graph import run_tool
from chat.tools.base import ToolContext
from chat.tools.registry import TOOLS
from tests.authorisation.databases import changed, fingerprints
from tests.authorisation.people import Person
from tradingplatform.api import policy
from tradingplatform.clock import now
from tradingplatform.ids import uuid7
from tradingplatform.services.ai_chat import ToolCall

pytestmark = pytest.mark.django_db(databases="__all__")
# Arguments with which a tool that knows symbols answers; ids are tried by their names.
GOOD: dict[str, Any] = {"symbols": ["AAPL"], "lookback_days": 63}


def arguments(name: str) -> dict[str, Any]:
    fields = TOOLS[name].args.model_fields
    return {
        field: GOOD[field] for field in fields if field in GOOD and "portfolio_id" not in fields
    }


def ids_of(name: str) -> Iterator[str]:
    for field in TOOLS[name].args.model_fields:
        if field.endswith(("_id", "_ids")):
            yield field


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_sees_its_askers_things_only(
    name: str, owner: Person, stranger: Person, count: Callable[[str, int], None]
) -> None:
    context = ToolContext(account_db_key=owner.user.pk, now=now())
    before = fingerprints()
    outcome = run_tool(ToolCall("1", name, arguments(name)), context)
    assert outcome.result is not None, outcome.error
    assert stranger.mark not in repr(outcome)
    cells = 1
    for field in ids_of(name):
        codes = []
        for value in (stranger.thing(name, field), str(uuid7())):
            refused = run_tool(ToolCall("1", name, {field: value}), context)
            assert refused.result is None
            assert stranger.mark not in repr(refused)
            codes.append(refused.error_code)
            cells += 1
        assert codes[0] == codes[1]
    assert changed(before) == []
    count("authorisation matrix, cells of tools", cells)


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_that_the_table_does_not_name_does_not_run(
    name: str, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(policy.TOOLS, name)
    context = ToolContext(account_db_key=owner.user.pk, now=now())
    outcome = run_tool(ToolCall("1", name, arguments(name)), context)
    assert (outcome.result, outcome.error_code) == (None, "PERMISSION_DENIED")


@pytest.mark.parametrize("name", TOOLS)
def test_no_tool_takes_the_user_from_the_model(name: str) -> None:
    told = {"user", "user_id", "uid", "account_db_key", "owner", "account_id"}
    assert not told & set(TOOLS[name].args.model_fields)
    assert TOOLS[name].args.model_config["extra"] == "forbid"
