import os
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

PEM = (
    Ed25519PrivateKey.generate()
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
PROD = {
    "APP_ENV": "PROD",
    "SECRET_KEY": "k" * 50,
    "ALLOWED_HOSTS": "trade.example",
    "JWT_SIGNING_KEYS": PEM,
    "ENCRYPTION_KEYS": f'["{"A" * 43}="]',
    "DATABASE_GLOBAL_URL": "mysql://u:p@127.0.0.1:1/finance_global",
    "DATABASE_SHARD_1_URL": "mysql://u:p@127.0.0.1:1/finance_shard_1",
    "DATABASE_SHARD_2_URL": "mysql://u:p@127.0.0.1:1/finance_shard_2",
}
READ = (
    "from tradingplatform.settings.environment import load;"
    "from tradingplatform.settings.databases import databases;"
    "databases(load())"
)
SETTINGS = "import tradingplatform.settings"


def start(tmp_path, read=READ, **variables):
    keep = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", read],
        env={**keep, "DATA_DIR": str(tmp_path), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_starts_when_everything_is_set(tmp_path):
    assert start(tmp_path, **PROD).stderr == ""


@pytest.mark.parametrize(
    ("_case", "changes", "names"),
    [
        ("debug", {"DEBUG": "1"}, "DEBUG"),
        ("no secret", {"SECRET_KEY": ""}, "SECRET_KEY"),
        ("short secret", {"SECRET_KEY": "short"}, "SECRET_KEY"),
        ("any host", {"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
        ("no keys", {"JWT_SIGNING_KEYS": ""}, "JWT_SIGNING_KEYS"),
        ("no encryption", {"ENCRYPTION_KEYS": ""}, "ENCRYPTION_KEYS"),
        ("SQLite", {"DATABASE_SHARD_2_URL": "sqlite:////tmp/x.sqlite3"}, "DATABASE_*_URL"),
        ("no global", {"DATABASE_GLOBAL_URL": ""}, "DATABASE_GLOBAL_URL"),
        ("no shard", {"DATABASE_SHARD_1_URL": ""}, "DATABASE_SHARD_1_URL"),
    ],
)
def test_production_refuses(_case, changes, names, tmp_path):
    result = start(tmp_path, **{**PROD, **changes})
    assert result.returncode == 1
    assert result.stderr.startswith("Configuration error: " + names)
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_ENV", "STAGING"),
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("SHARD_COUNT", "0"),
        ("LOG_LEVEL", "LOUD"),
        ("MARKET_SPEED", "-1"),
        ("DATABASE_GLOBAL_URL", "postgres://x/y"),
        ("DATABASE_GLOBAL_URL", "mysql://u:p@127.0.0.1:99999/y"),
        ("DATABASE_GLOBAL_URL", "mysql://u:p@127.0.0.1:0/y"),
        ("DATABASE_GLOBAL_URL", "mysql://u:p@[::1/y"),
        ("TRUSTED_PROXIES", "nonsense"),
        ("INTERNAL_NETWORKS", "10.0.0.0/8,10.0.0.0/99"),
        ("CORS_ALLOWED_ORIGINS", "foo"),
        ("CORS_ALLOWED_ORIGINS", "https://trade.example/"),
        ("WS_ALLOWED_ORIGINS", "//trade.example"),
        ("MARKET_BAR_DAYS", "5m=30"),
        ("MARKET_BAR_DAYS", "1m=30,1d=399"),
        ("MARKET_BAR_DAYS", "1m"),
        ("MARKET_BAR_DAYS", "1m=ever"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(name, value, tmp_path):
    result = start(tmp_path, **{name: value})
    assert result.returncode == 1
    assert result.stderr.startswith(f"Configuration error: {name}: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EMAIL_URL", "smtp://h:abc"),
        ("CACHE_URL", "redis://127.0.0.1:70000/0"),
        ("DATA_DIR", "/dev/null/var"),
    ],
)
def test_a_wrong_service_or_folder_is_named_in_one_line(name, value, tmp_path):
    result = start(tmp_path, read=SETTINGS, **{name: value})
    assert result.returncode == 1
    assert result.stderr.startswith(f"Configuration error: {name}: ")
    assert result.stderr.count("\n") == 1


def test_a_wrong_url_is_named_without_its_password(tmp_path):
    result = start(tmp_path, DATABASE_GLOBAL_URL="mysql://u:pa/ss@127.0.0.1:3306/y")
    assert result.returncode == 1
    assert "DATABASE_GLOBAL_URL" in result.stderr
    assert "pa" not in result.stderr.replace("DATABASE_GLOBAL_URL", "")


def test_each_installation_makes_and_keeps_its_own_secret(tmp_path):
    read = "from tradingplatform.settings import SECRET_KEY; print(SECRET_KEY)"
    here, there = tmp_path / "here", tmp_path / "there"
    made, again, elsewhere = (
        start(folder, read=read, APP_ENV="DEBUG").stdout for folder in (here, here, there)
    )
    assert len(made.strip()) >= 50
    assert made == again
    assert made != elsewhere
    assert (here / "keys" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert start(here, read=read, SECRET_KEY="mine").stdout == "mine\n"


def test_networks_may_be_written_with_host_bits(tmp_path):
    read = (
        "from tradingplatform.settings.environment import load;"
        "print(load().internal_networks, load().trusted_proxies)"
    )
    written = {"INTERNAL_NETWORKS": "10.0.0.1/8", "TRUSTED_PROXIES": "192.0.2.7, 2001:db8::1/64"}
    result = start(tmp_path, read=read, **written)
    assert result.stdout == "['10.0.0.0/8'] ['192.0.2.7/32', '2001:db8::/64']\n"


def test_a_laptop_needs_nothing(tmp_path):
    assert start(tmp_path).returncode == 0


def test_retention_of_bars_is_said_for_each_interval(tmp_path):
    read = "from tradingplatform.settings.market import MARKET_BAR_DAYS; print(MARKET_BAR_DAYS)"

    usual, chosen = start(tmp_path, read), start(tmp_path, read, MARKET_BAR_DAYS="1m=all, 1d=400")

    assert usual.stdout == "{'1m': 30, '1d': None}\n"
    assert chosen.stdout == "{'1m': None, '1d': 400}\n"
