"""What `make` tells a machine that lacks something, and what a stack hands to the application."""

import os
import shutil
from pathlib import Path

import pytest
from stack import DATABASES, DRIVER_PACKAGES, SERVER_PACKAGES, Packages, Stack, StackError, install

pytestmark = pytest.mark.embedded

NOWHERE: Packages = {"no-such-server": ("no-such-program",), "no-such-dev": ("/no/such/header.h",)}


def test_without_root_the_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(StackError, match=r"lacks no-such-server, no-such-dev and, .* root"):
        install(NOWHERE)


def test_without_apt_that_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda *_args, **_options: None)

    with pytest.raises(StackError, match=r"to install them, apt-get$"):
        install(NOWHERE)


def test_nothing_is_installed_where_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    install({"coreutils": ("ls", "/bin/sh")})


def test_every_package_has_a_sign_by_which_it_is_recognised() -> None:
    assert all(signs for signs in (SERVER_PACKAGES | DRIVER_PACKAGES).values())


def test_the_application_is_told_the_addresses_but_not_the_bookkeeping(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    ports = {"STACK_PORT_1": "4001", "STACK_PORT_2": "4002", "STACK_PORT_REDIS": "4003"}
    stack._write_environment({**ports, "STACK_PASSWORD": "pw"})

    told = stack.application_environment()

    assert not any(name.startswith("STACK_") for name in told)
    assert told["DATABASE_GLOBAL_URL"] == f"mysql://app:pw@127.0.0.1:4001/{DATABASES[0]}"
    assert told["DATABASE_SHARD_2_REPLICA_URL"] == f"mysql://app:pw@127.0.0.1:4002/{DATABASES[2]}"
    redis = [told[f"{name}_URL"] for name in ("CACHE", "LOCK", "WEBSOCKET", "QUEUE")]
    assert redis == [f"redis://127.0.0.1:4003/{number}" for number in range(4)]
    assert stack.env_path.stat().st_mode & 0o077 == 0


def test_stopping_a_stack_that_never_ran_does_nothing(tmp_path: Path) -> None:
    Stack(tmp_path).stop()

    assert list(tmp_path.iterdir()) == []
