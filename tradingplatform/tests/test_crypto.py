"""Sealed texts open for their owner, purpose and installation, and for nothing else."""

import json
import stat
from base64 import b64encode
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tradingplatform.crypto import (
    Context,
    SealBrokenError,
    is_wrapped_anew,
    rewrap,
    seal,
    unseal,
)
from tradingplatform.settings.encryption_keys import encryption_keys, parse_keys

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

SECRET = b"correct horse battery staple"
MINA = Context(owner=UUID(int=1), purpose="broker-key/KIS/LIVE")
OLD, NEW, OTHER = parse_keys(json.dumps([b64encode(bytes([n]) * 32).decode() for n in range(3)]))


@pytest.fixture(autouse=True)
def one_key(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [OLD]


def test_what_is_sealed_opens_again() -> None:
    sealed = seal(SECRET, MINA)
    assert unseal(sealed, MINA) == SECRET
    assert unseal(seal(b"", MINA), MINA) == b""
    assert SECRET not in sealed.encode()


def test_the_same_secret_never_looks_the_same() -> None:
    assert len({seal(SECRET, MINA) for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "other",
    [
        Context(owner=UUID(int=2), purpose=MINA.purpose),
        Context(owner=MINA.owner, purpose="broker-key/KIS/PAPER"),
    ],
)
def test_another_owner_or_purpose_stays_out(other: Context) -> None:
    with pytest.raises(SealBrokenError):
        unseal(seal(SECRET, MINA), other)


@pytest.mark.parametrize(("name", "value"), [("APP_ENV", "PROD"), ("APP_ID", "another")])
def test_another_installation_stays_out(settings: Any, name: str, value: str) -> None:
    sealed = seal(SECRET, MINA)
    setattr(settings, name, value)
    with pytest.raises(SealBrokenError):
        unseal(sealed, MINA)


def test_no_changed_text_opens() -> None:
    sealed = seal(SECRET, MINA)
    for place, letter in enumerate(sealed):
        # Four letters on: base64 leaves the last bits of a group unused.
        other = "A" if letter not in "ABCD" else "z"
        with pytest.raises(SealBrokenError):
            unseal(sealed[:place] + other + sealed[place + 1 :], MINA)


@pytest.mark.parametrize("text", ["", "v1", "v1.a.b", "v1.a.b.c.d", "v1...", "v2.a.b.c", "…"])
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    with pytest.raises(SealBrokenError):
        unseal(text, MINA)


def test_parts_of_two_texts_do_not_fit_together() -> None:
    first, second = seal(SECRET, MINA).split("."), seal(b"another", MINA).split(".")
    with pytest.raises(SealBrokenError):
        unseal(".".join([*first[:3], second[3]]), MINA)
    with pytest.raises(SealBrokenError):
        unseal(".".join([*first[:2], first[3], first[2]]), MINA)


def test_rotation_changes_the_wrapping_only(settings: Any) -> None:
    sealed = seal(SECRET, MINA)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert not is_wrapped_anew(sealed)
    anew = rewrap(sealed, MINA)
    assert is_wrapped_anew(anew)
    assert anew.split(".")[3] == sealed.split(".")[3]
    assert unseal(sealed, MINA) == SECRET

    settings.ENCRYPTION_KEYS = [NEW]
    assert unseal(anew, MINA) == SECRET
    with pytest.raises(SealBrokenError):
        unseal(sealed, MINA)


def test_a_text_cannot_claim_another_key(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [OLD, OTHER]
    version, _, *rest = seal(SECRET, MINA).split(".")
    with pytest.raises(SealBrokenError):
        unseal(".".join([version, OTHER["id"], *rest]), MINA)


@pytest.mark.parametrize(
    "text", ["words", "[]", "[", "{}", "[1]", "[null]", '["AAAA"]', '["not base64!"]', "5"]
)
def test_a_wrong_value_ends_the_start_with_one_line(text: str) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_keys(text)
    message = str(caught.value.code)
    assert message.startswith("Configuration error: ENCRYPTION_KEYS:")
    assert "\n" not in message


def test_keys_are_made_once_and_kept_private(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    first = encryption_keys("", folder=folder, may_generate=True)
    assert encryption_keys("", folder=folder, may_generate=True) == first
    (kept,) = folder.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_production_makes_no_keys(tmp_path: Path) -> None:
    assert encryption_keys("", folder=tmp_path / "keys", may_generate=False) == []
    assert not (tmp_path / "keys").exists()
