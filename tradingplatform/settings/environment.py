"""Every environment variable the platform reads, typed; see .env.example.

A wrong value stops the start with one line that names the variable.
"""

import os
import re
import sys
from enum import StrEnum
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[2]
_ORIGIN = re.compile(r"^https?://[^/?#\s]+$")
_DATABASE_VARIABLE = re.compile(r"^DATABASE_(GLOBAL|SHARD_[1-9]\d*)(_REPLICA)?_URL$")

# Late trades mend minutes of the running day; figures of 52 weeks need their daily bars.
_BAR_DAYS_MIN = {"1m": 2, "1d": 400}

Words = Annotated[list[str], NoDecode]


class AppEnv(StrEnum):
    """LOCAL: a laptop. DEBUG: a shared test system. PROD: real users."""

    LOCAL = "LOCAL"
    DEBUG = "DEBUG"
    PROD = "PROD"


class Environment(BaseSettings):
    """The values of the environment variables, which carry the same names in upper case."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore", frozen=True)

    app_env: AppEnv = AppEnv.LOCAL
    app_id: str = Field("finance_app", pattern=r"^[a-z][a-z0-9_]*$")
    debug: bool = False
    secret_key: str = ""
    host: str = "127.0.0.1"
    public_url: str = Field("", pattern=r"^(https?://[^/?#\s]+)?$")
    port: int = Field(8000, ge=1, le=65535)
    data_dir: Path = ROOT / "var"
    allowed_hosts: Words = ["127.0.0.1", "localhost", "[::1]"]
    cors_allowed_origins: Words = []
    ws_allowed_origins: Words = []
    trusted_proxies: Words = []
    internal_networks: Words = ["127.0.0.0/8", "::1/128"]
    jwt_signing_keys: str = ""
    encryption_keys: str = ""
    https_only: bool | None = None
    passkey_rp_id: str = Field("", pattern=r"^([a-z0-9-]+(\.[a-z0-9-]+)*)?$")
    passkey_origins: Words = []
    factor_reset_wait_s: int = Field(24 * 3600, ge=3600, le=30 * 24 * 3600)
    rate_limit_factor: float = Field(1.0, gt=0)

    shard_count: int = Field(64, ge=1, le=65536)
    replica_lag_limit_s: float = Field(2.0, gt=0)
    replica_pin_s: int = Field(5, ge=1)
    db_connect_attempts: int = Field(3, ge=1, le=10)
    sqlite_synchronous: str = Field("FULL", pattern="^(FULL|NORMAL|OFF)$")

    cache_url: str = "locmem://"
    queue_url: str = "memory://"
    lock_url: str = "database://"
    websocket_url: str = "memory://"
    storage_url: str = "file://"
    email_url: str = "stored://"
    email_sender: str = "Trading Platform <no-reply@localhost>"
    sms_url: str = "stored://"
    search_url: str = "sqlite://"
    vector_url: str = "local://"
    external_url: str = ""
    skip_aws: bool = True

    openai_api_key: str = ""
    openai_base_url: str = ""
    openai_model: str = "gpt-4o-mini"

    kis_app_keys: str = ""
    kis_rest_url: str = "https://openapi.koreainvestment.com:9443"
    kis_ws_url: str = "ws://ops.koreainvestment.com:21000/tryitout"
    kis_paper_rest_url: str = "https://openapivts.koreainvestment.com:29443"
    kis_paper_ws_url: str = "ws://ops.koreainvestment.com:31000/tryitout"
    kis_calls_per_s: int = Field(15, ge=1, le=18)
    kis_paper_calls_per_s: int = Field(1, ge=1, le=5)
    fmp_url: str = "https://financialmodelingprep.com"
    fmp_api_key: str = ""
    fmp_plan: str = Field("FREE", pattern="^(FREE|STARTER|PREMIUM|ULTIMATE)$")
    market_providers: Words = ["KIS", "FMP", "CSV", "SAMPLE"]
    market_feed: str = Field("sample", pattern="^(sample|kis)$")

    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR|CRITICAL)$")
    log_files: bool = True
    metrics_port: int = Field(0, ge=0, le=65535)

    market_anonymous: bool = True
    market_speed: float = Field(1.0, gt=0, le=1000)
    market_seed: int = Field(20260101, ge=0)
    market_bar_days: Words = []
    demo_data: bool = True

    @field_validator(
        "allowed_hosts",
        "cors_allowed_origins",
        "ws_allowed_origins",
        "trusted_proxies",
        "internal_networks",
        "market_providers",
        "market_bar_days",
        "passkey_origins",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return [word.strip() for word in value.split(",") if word.strip()]
        return value

    @field_validator("trusted_proxies", "internal_networks")
    @classmethod
    def _are_networks(cls, value: list[str]) -> list[str]:
        # Written with or without host bits; everybody who compares gets the plain network.
        return [str(ip_network(word, strict=False)) for word in value]

    @field_validator("cors_allowed_origins", "ws_allowed_origins", "passkey_origins")
    @classmethod
    def _are_origins(cls, value: list[str]) -> list[str]:
        for word in value:
            if not _ORIGIN.match(word):
                message = f"{word!r} is no origin; write it like https://trade.example.com."
                raise ValueError(message)
        return value

    @field_validator("market_bar_days")
    @classmethod
    def _are_bar_days(cls, value: list[str]) -> list[str]:
        for word in value:
            interval, _, days = word.partition("=")
            least = _BAR_DAYS_MIN.get(interval)
            if least is None or not (days == "all" or _is_count(days, least)):
                limits = " and ".join(f"{name}={days}" for name, days in _BAR_DAYS_MIN.items())
                message = f"{word!r} is none of the form 1m=30 or 1d=all; the least is {limits}."
                raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _production_is_strict(self) -> "Environment":
        if self.app_env is AppEnv.PROD:
            for broken, complaint in _production_faults(self):
                if broken:
                    raise ValueError(complaint)
        return self

    @property
    def is_prod(self) -> bool:
        return self.app_env is AppEnv.PROD

    @property
    def bar_days(self) -> dict[str, int | None]:
        """Return by interval how many days its bars are kept; None is for good."""
        words = (word.partition("=") for word in self.market_bar_days)
        return {name: None if days == "all" else int(days) for name, _, days in words}

    @property
    def links_to(self) -> str:
        """Return where links in mails lead; never what a request claims to be addressed to."""
        here = (
            f"https://{self.allowed_hosts[0]}"
            if self.is_prod
            else f"http://{self.host}:{self.port}"
        )
        return self.public_url or here

    @property
    def passkeys_at(self) -> list[str]:
        """Return the origins of the pages that may ask for passkeys, the main one first."""
        return self.passkey_origins or [_with_a_name(self.links_to)]

    @property
    def passkeys_for(self) -> str:
        """Return the domain that passkeys are made for; each holds for this one only."""
        return self.passkey_rp_id or urlsplit(self.passkeys_at[0]).hostname or ""


def _is_count(text: str, least: int) -> bool:
    is_number = text.isascii() and text.isdigit() and len(text) <= 5
    return is_number and int(text) >= least


def _with_a_name(origin: str) -> str:
    """Return a local address by its name: browsers make no passkeys for numbers."""
    return re.sub(r"^(https?://)(127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?=:|$)", r"\1localhost", origin)


def _production_faults(env: Environment) -> list[tuple[bool, str]]:
    urls = database_urls()
    return [
        (env.debug, "DEBUG must be off when APP_ENV=PROD."),
        (
            len(env.secret_key) < 50,
            "SECRET_KEY must be set to at least 50 random characters when APP_ENV=PROD.",
        ),
        ("*" in env.allowed_hosts, "ALLOWED_HOSTS must not hold '*' when APP_ENV=PROD."),
        (
            "allowed_hosts" not in env.model_fields_set,
            "ALLOWED_HOSTS must be set when APP_ENV=PROD.",
        ),
        (not env.jwt_signing_keys, "JWT_SIGNING_KEYS must be set when APP_ENV=PROD."),
        (not env.encryption_keys, "ENCRYPTION_KEYS must be set when APP_ENV=PROD."),
        (
            "DATABASE_GLOBAL_URL" not in urls,
            "DATABASE_GLOBAL_URL must be set when APP_ENV=PROD.",
        ),
        (
            "DATABASE_SHARD_1_URL" not in urls,
            "DATABASE_SHARD_1_URL must be set when APP_ENV=PROD.",
        ),
        (
            any(split_url(name, url).scheme == "sqlite" for name, url in urls.items()),
            "DATABASE_*_URL must not be SQLite when APP_ENV=PROD.",
        ),
    ]


def database_urls() -> dict[str, str]:
    """Return the DATABASE_*_URL variables, from the process and the .env file."""
    found = {**_env_file(), **os.environ}
    return {name: url for name, url in found.items() if _DATABASE_VARIABLE.match(name) and url}


def _env_file() -> dict[str, str]:
    from dotenv import dotenv_values

    path = ROOT / ".env"
    if not path.exists():
        return {}
    return {name: value for name, value in dotenv_values(path).items() if value is not None}


@cache
def load() -> Environment:
    """Read the environment; on a wrong value print one line and end the process."""
    try:
        return Environment()
    except ValidationError as error:
        sys.exit(f"Configuration error: {_first_fault(error)}")


def stop(variable: str, complaint: str) -> NoReturn:
    """End the process because of one wrong variable."""
    sys.exit(f"Configuration error: {variable}: {complaint}")


def split_url(variable: str, url: str) -> SplitResult:
    """Take a URL apart; one that cannot be, or whose port is none, ends the process."""
    try:
        parts = urlsplit(url)
        is_port = parts.port != 0
    except ValueError:
        is_port = False
    if not is_port:
        # The value stays out of the line: it may hold a password.
        stop(variable, "is not a URL whose port is a number from 1 to 65535.")
    return parts


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    message = fault["msg"].removeprefix("Value error, ")
    if not fault["loc"]:
        return message
    return f"{str(fault['loc'][0]).upper()}: {message} (got {fault['input']!r})"
