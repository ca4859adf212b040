"""No secret that anybody has is written down or told in clear: not in logs, databases, caches."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.live_server import LiveServer, live_server
from tests.roles import Platform
from tests.secrets.dumps import files, mysql_columns, redis_values, sqlite_columns
from tests.secrets.flow import Flow
from tests.secrets.installation import Surroundings, surroundings
from tests.secrets.vault import Vault, forms

pytestmark = pytest.mark.timeout(600)
KINDS_MIN = 25
# Calls the providers with the operator's keys, which makes KIS give out its two tokens.
CALL_PROVIDERS = """
from tradingplatform.services import services
price = "FHKST01010100 /uapi/domestic-stock/v1/quotations/inquire-price"
asked = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930"}
services.external.fetch("KIS", price, asked)
services.external.kis().sessions[0].approval_key()
services.external.fetch("FMP", "quote", {"symbol": "AAPL"})
"""
# Opens what is sealed, with the keys of the installation, and tells hashes of what was in it.
UNSEAL = """
import hashlib
from accounts.models import OtpFactor, UserApiKey
from accounts.services.broker_keys import broker_secrets
from accounts.services.otp_codes import seed_context
from tradingplatform.crypto import unseal
for row in UserApiKey.objects.select_related("user"):
    for secret in broker_secrets(row).values():
        print(hashlib.sha256(secret.encode()).hexdigest())
for row in OtpFactor.objects.select_related("user"):
    print(hashlib.sha256(unseal(row.sealed, seed_context(row.user.uid))).hexdigest())
"""


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest.fixture
def around(vault: Vault) -> Iterator[Surroundings]:
    with surroundings(vault) as here:
        yield here


def walked(flow: Flow, manage: Callable[..., object]) -> None:
    """Go through everything, and note what the providers gave out meanwhile."""
    flow.run()
    manage("shell", "--verbosity=0", "--command", CALL_PROVIDERS)
    tokens, approvals = flow.around.provider_tokens()
    flow.vault.keep("KIS access token", *tokens)
    flow.vault.keep("KIS approval key", *approvals)
    assert all(flow.vault.secrets.values()), flow.vault.secrets.keys()
    assert len(flow.vault.secrets) >= KINDS_MIN, sorted(flow.vault.secrets)


def sealed_hashes(flow: Flow) -> set[str]:
    users = [texts for kind, texts in flow.vault.secrets.items() if "of the user" in kind]
    plain = [text.encode() for texts in users for text in texts]
    return {hashlib.sha256(secret).hexdigest() for secret in (*plain, flow.seed)}


@pytest.mark.flow
def test_one_process_writes_down_no_secret(
    vault: Vault, around: Surroundings, count: Callable[[str, int], None]
) -> None:
    with (
        live_server(None, **around.environment) as server,
        closing(Flow(vault, server.url, server.socket_url, around, server.port)) as flow,
    ):
        walked(flow, server.manage)
        opened = server.manage("shell", "--verbosity=0", "--command", UNSEAL)

        size, found = vault.searched(files(server.folder))
        _, in_columns = vault.searched(sqlite_columns(server.folder))
        assert (found, in_columns, flow.told()) == ([], [], [])
        assert codes_in_logs(vault, server.folder) == []
        assert sealed_hashes(flow) <= set(opened.stdout.split())
        logs = (server.folder / "server.out", server.folder / "logs" / "serve.log")
        assert all(b"info" in path.read_bytes() for path in logs)
        count("secrets canary, secrets planted", sum(map(len, vault.secrets.values())))
        count("secrets canary, bytes searched", size)

        leak_is_seen(flow, server)


def codes_in_logs(vault: Vault, folder: Path) -> list[str]:
    logs = [*folder.glob("*.out"), *(folder / "logs").glob("*.log*")]
    return [hit for path in logs for hit in vault.codes_in(path.name, path.read_bytes())]


def leak_is_seen(flow: Flow, server: LiveServer) -> None:
    """Write a secret down on purpose: the search must see it."""
    assert flow.post("/api/chat/rooms", {"title": flow.password}).status_code == 201
    _, found = flow.vault.searched(files(server.folder))
    assert any(".sqlite3" in line for line in found)
    assert not any(".log" in line for line in found)


@pytest.mark.real
def test_the_roles_write_down_no_secret(
    vault: Vault, around: Surroundings, tmp_path: Path, count: Callable[[str, int], None]
) -> None:
    if not os.environ.get("DATABASE_GLOBAL_URL", "").startswith("mysql"):
        pytest.skip("needs MariaDB and Redis; `make test` starts them (TEST_TIER=real)")
    with ExitStack() as stack:
        platform = stack.enter_context(Platform(tmp_path, **around.environment))
        platform.manage("migrate_all", "--verbosity=0")
        platform.start_all()
        flow = stack.enter_context(
            closing(Flow(vault, platform.url, platform.socket_url, around, 8000))
        )
        walked(flow, platform.manage)
        opened = platform.manage("shell", "--verbosity=0", "--command", UNSEAL)

        size, found = vault.searched(files(tmp_path))
        columns, in_columns = vault.searched(mysql_columns(platform))
        cached, in_cache = vault.searched(redis_values(dict(os.environ), platform.tag))
        assert (found, in_columns, in_cache, flow.told()) == ([], [], [], [])
        assert codes_in_logs(vault, tmp_path) == []
        assert sealed_hashes(flow) <= set(opened.split())
        assert cached
        count("secrets canary, bytes searched", size + columns + cached)

        assert flow.post("/api/chat/rooms", {"title": flow.password}).status_code == 201
        assert vault.searched(mysql_columns(platform))[1] != []


@pytest.mark.parametrize("secret", ["a password of 7 words", "sk-8f3+/=x&y 한글", "eyJ.eyJ.c2ln"])
def test_the_search_sees_a_secret_in_every_form(secret: str) -> None:
    vault = Vault()
    vault.keep("secret", secret)
    for form in forms(secret):
        assert len(vault.found_in("here", b"before " + form + b" behind")) >= 1
    assert vault.found_in("here", secret[:-1].encode()) == []


def test_the_search_sees_a_code_as_a_number_of_its_own() -> None:
    vault = Vault()
    vault.keep_code("012345")
    assert len(vault.codes_in("here", b'{"code": "012345"} code=012345')) == 2
    assert vault.codes_in("here", b"0.012345 90123456 t=1.012345") == []
