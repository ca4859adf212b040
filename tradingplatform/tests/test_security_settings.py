"""What production tells browsers, read from a process that starts as production does."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

NAMES = [
    "ALLOWED_HOSTS",
    "CONTENT_SECURITY_POLICY",
    "CSRF_COOKIE_HTTPONLY",
    "CSRF_COOKIE_NAME",
    "CSRF_COOKIE_SECURE",
    "DEBUG",
    "PASSWORD_HASHERS",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "SECURE_HSTS_SECONDS",
    "SECURE_PROXY_SSL_HEADER",
    "SECURE_SSL_REDIRECT",
    "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_NAME",
    "SESSION_COOKIE_SECURE",
]
READ = f"""
import json
from tradingplatform.settings import api, security
from tradingplatform.settings.environment import load
found = {{**vars(api), **vars(security), "DEBUG": load().debug,
         "ALLOWED_HOSTS": load().allowed_hosts}}
print(json.dumps({{name: found[name] for name in {NAMES!r}}}, default=str))
"""


def settings_of(folder: Path, **variables: str) -> dict[str, Any]:
    keep = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READ],
        env={**keep, "DATA_DIR": str(folder), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture
def production(tmp_path: Path) -> dict[str, Any]:
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return settings_of(
        tmp_path,
        APP_ENV="PROD",
        SECRET_KEY="k" * 50,
        ALLOWED_HOSTS="trade.example",
        JWT_SIGNING_KEYS=pem.decode(),
        ENCRYPTION_KEYS=f'["{"A" * 43}="]',
        DATABASE_GLOBAL_URL="mysql://u:p@127.0.0.1:1/finance_global",
        DATABASE_SHARD_1_URL="mysql://u:p@127.0.0.1:1/finance_shard_1",
        DATABASE_SHARD_2_URL="mysql://u:p@127.0.0.1:1/finance_shard_2",
        TRUSTED_PROXIES="10.0.0.0/8",
    )


def test_production_speaks_https_only(production: dict[str, Any]) -> None:
    assert production["SECURE_SSL_REDIRECT"] is True
    assert production["SECURE_HSTS_SECONDS"] == 2 * 365 * 24 * 3600
    assert production["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is True
    assert production["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]


def test_production_cookies_are_bound_to_the_host(production: dict[str, Any]) -> None:
    for cookie in ("SESSION", "CSRF"):
        assert production[f"{cookie}_COOKIE_NAME"].startswith("__Host-")
        assert production[f"{cookie}_COOKIE_SECURE"] is True
        assert production[f"{cookie}_COOKIE_HTTPONLY"] is True


def test_the_policy_allows_nothing_inline(production: dict[str, Any]) -> None:
    directives = production["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    words = {word for values in directives.values() for word in values}
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"} & words
    assert directives["frame-ancestors"] == directives["object-src"] == ["'none'"]


def test_passwords_are_hashed_by_argon2(production: dict[str, Any]) -> None:
    assert production["PASSWORD_HASHERS"][0].endswith("Argon2PasswordHasher")


def test_a_laptop_speaks_plain_http(tmp_path: Path) -> None:
    local = settings_of(tmp_path)
    assert local["SECURE_SSL_REDIRECT"] is False
    assert local["SECURE_HSTS_SECONDS"] == 0
    assert local["SESSION_COOKIE_NAME"] == "session"
    assert local["SECURE_PROXY_SSL_HEADER"] is None
