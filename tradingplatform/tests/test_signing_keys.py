"""Keys that sign tokens come from the environment, or are made once and kept private."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tradingplatform.settings.signing_keys import parse_keys, signing_keys

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded


def pem(private: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def new_pem() -> str:
    return pem(ed25519.Ed25519PrivateKey.generate())


def test_pem_blocks_keep_their_order() -> None:
    first, second = new_pem(), new_pem()
    keys = parse_keys(f"{first}\n{second}")
    assert [key["pem"].strip() for key in keys] == [first.strip(), second.strip()]
    assert len({key["kid"] for key in keys}) == 2


def test_new_lines_may_be_written_as_backslash_n() -> None:
    text = new_pem()
    assert parse_keys(text.replace("\n", "\\n")) == parse_keys(text)


def test_json_names_its_keys() -> None:
    text = json.dumps([{"kid": "2026-11", "pem": new_pem()}, {"pem": new_pem()}])
    keys = parse_keys(text)
    assert keys[0]["kid"] == "2026-11"
    assert len(keys[1]["kid"]) == 16


@pytest.mark.parametrize(
    ("_case", "text"),
    [
        ("words", "secret"),
        ("empty list", "[]"),
        ("broken json", "[{"),
        ("numbers", "[1]"),
        ("no pem", '[{"kid": "a"}]'),
        ("null", '[{"kid": "a", "pem": null}]'),
        ("another kind of key", pem(rsa.generate_private_key(65537, 2048))),
        ("cut short", new_pem()[:60]),
    ],
    # A new key in an id would give each worker other tests.
    ids=lambda value: value if len(value) < 30 else "key",
)
def test_a_wrong_value_ends_the_start_with_one_line(_case: str, text: str) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_keys(text)
    message = str(caught.value.code)
    assert message.startswith("Configuration error: JWT_SIGNING_KEYS:")
    assert "\n" not in message


def test_keys_are_made_once_and_kept_private(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    first = signing_keys("", folder=folder, may_generate=True)
    assert signing_keys("", folder=folder, may_generate=True) == first
    (kept,) = folder.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_several_processes_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(
            lambda _: signing_keys("", folder=tmp_path / "keys", may_generate=True), range(8)
        )
    assert len({keys[0]["kid"] for keys in found}) == 1
    assert len(list((tmp_path / "keys").iterdir())) == 1


def test_production_makes_no_keys(tmp_path: Path) -> None:
    assert signing_keys("", folder=tmp_path / "keys", may_generate=False) == []
    assert not (tmp_path / "keys").exists()
