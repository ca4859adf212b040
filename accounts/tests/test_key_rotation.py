"""A signing key is replaced while processes with the keys of before and after run beside."""

import os
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from accounts.errors import InvalidTokenError
from accounts.tokens import access_token_issue, access_token_read
from tradingplatform.clock import now
from tradingplatform.ids import uuid7
from tradingplatform.settings.signing_keys import SigningKey, parse_keys, signing_keys

UID, SID = uuid7(), uuid7()
Keys = list[SigningKey]


@pytest.fixture
def file(tmp_path: Path, settings: Any) -> Path:
    settings.JWT_KEYS = signing_keys("", folder=tmp_path, may_generate=True)
    settings.JWT_KEYS_FILE = tmp_path / "jwt_signing_keys.pem"
    return tmp_path / "jwt_signing_keys.pem"


def rotate(step: str) -> str:
    out = StringIO()
    call_command("rotate_signing_keys", step, stdout=out)
    return out.getvalue()


def age(file: Path, seconds: int) -> None:
    past = now().timestamp() - seconds
    os.utime(file, (past, past))


def issued_by(settings: Any, keys: Keys) -> str:
    settings.JWT_KEYS = keys
    return access_token_issue(uid=UID, sid=SID)


def is_good(settings: Any, keys: Keys, token: str) -> bool:
    settings.JWT_KEYS = keys
    try:
        return access_token_read(token).sid == SID
    except InvalidTokenError:
        return False


def test_no_good_token_is_refused_between_two_steps(file: Path, settings: Any) -> None:
    stages = [parse_keys(file.read_text())]
    for step in ("prepare", "switch", "drop"):
        age(file, 301)
        rotate(step)
        stages.append(parse_keys(file.read_text()))

    assert [len(keys) for keys in stages] == [1, 2, 2, 1]
    # While every process restarts, some have the keys of before and some those of after.
    for before, after in list(pairwise(stages))[:2]:
        for signer in (before, after):
            token = issued_by(settings, signer)
            assert is_good(settings, before, token)
            assert is_good(settings, after, token)


def test_the_old_key_verifies_until_its_tokens_are_out(file: Path, settings: Any) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        first = parse_keys(file.read_text())
        rotate("prepare")
        old = issued_by(settings, parse_keys(file.read_text()))
        rotate("switch")
        switched = parse_keys(file.read_text())
        age(file, 0)
        assert is_good(settings, switched, old)
        with pytest.raises(CommandError, match="wait 300 s"):
            rotate("drop")
        assert parse_keys(file.read_text()) == switched

        clock.shift(300)
        rotate("drop")

    dropped = parse_keys(file.read_text())
    assert dropped == switched[:1] != first
    new = issued_by(settings, dropped)
    assert is_good(settings, dropped, new)
    assert not is_good(settings, dropped, old)
    assert not is_good(settings, dropped, issued_by(settings, first))


@pytest.mark.parametrize("step", ["switch", "drop"])
def test_a_step_out_of_turn_changes_nothing(file: Path, step: str) -> None:
    before = file.read_text()
    with pytest.raises(CommandError, match="one key only"):
        rotate(step)
    assert file.read_text() == before


def test_there_are_never_three_keys(file: Path) -> None:
    rotate("prepare")
    before = file.read_text()
    with pytest.raises(CommandError, match="several keys"):
        rotate("prepare")
    assert file.read_text() == before


def test_the_file_stays_private(file: Path) -> None:
    rotate("prepare")
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_keys_of_the_environment_are_printed_for_it(file: Path, settings: Any) -> None:
    settings.JWT_KEYS_FILE = None
    before = file.read_text()
    printed = rotate("prepare").split("JWT_SIGNING_KEYS=")[1].strip().strip("'")

    keys = parse_keys(printed)
    assert keys[0] == settings.JWT_KEYS[0]
    assert len(keys) == 2
    assert file.read_text() == before
    # As in a file of variables, where each stands on a line.
    assert "\n" not in printed.replace("\\n", "")
