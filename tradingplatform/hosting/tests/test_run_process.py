"""Starting one role of a production installation."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.core.management import call_command

from tradingplatform.hosting import roles
from tradingplatform.settings.environment import Environment
from tradingplatform.settings.services import in_process

SHARED = {"cache_url": "redis://h", "queue_url": "rediss://h", "websocket_url": "redis://h"}


@pytest.mark.parametrize("role", [role.name for role in roles.ROLES])
def test_a_role_refuses_what_it_would_not_share(settings: Any, role: str) -> None:
    settings.IN_PROCESS_VARIABLES = ["QUEUE_URL", "WEBSOCKET_URL"]
    with pytest.raises(SystemExit) as stopped:
        call_command("run_process", role)
    line = str(stopped.value)
    assert line.startswith("Start stopped: QUEUE_URL, WEBSOCKET_URL: ")
    assert "\n" not in line


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, []),
        ({"cache_url": "locmem://"}, ["CACHE_URL"]),
        ({"queue_url": "memory://"}, ["QUEUE_URL"]),
        ({"websocket_url": "MEMORY://"}, ["WEBSOCKET_URL"]),
    ],
)
def test_what_lives_in_one_process_is_named(changes: dict[str, str], names: Sequence[str]) -> None:
    env = Environment.model_validate({**SHARED, **changes})
    assert in_process(env) == names
