"""One URL per service chooses its backend."""

from pathlib import Path
from typing import Any

import pytest

from tradingplatform.settings.environment import Environment
from tradingplatform.settings.services import BACKENDS, VARIABLES, django_caches, services_from


def _environment(**values: Any) -> Environment:
    return Environment(_env_file=None, **values)


@pytest.mark.parametrize(
    ("variable", "url", "service", "backend", "options"),
    [
        ("cache_url", "redis://h:6379/1", "cache", "RedisCache", {"url": "redis://h:6379/1"}),
        ("cache_url", "locmem://", "cache", "MemoryCache", {}),
        ("lock_url", "database://", "lock", "DatabaseLock", {}),
        ("lock_url", "rediss://h", "lock", "RedisLock", {"url": "rediss://h"}),
        ("websocket_url", "redis://h", "websocket", "RedisBus", {"url": "redis://h"}),
        ("websocket_url", "memory://", "websocket", "MemoryBus", {}),
        ("storage_url", "s3://files/a/b", "storage", "S3Storage", {"url": "s3://files/a/b"}),
        ("sms_url", "sns://", "sms", "SnsSms", {}),
        ("search_url", "opensearch+https://h", "search", "OpenSearch", {}),
        ("vector_url", "bedrock://", "vector_db", "BedrockEmbeddings", {}),
        ("external_url", "live://", "external", "LiveExternal", {}),
    ],
)
def test_scheme_chooses_the_backend(
    variable: str, url: str, service: str, backend: str, options: dict[str, str]
) -> None:
    config = services_from(_environment(**{variable: url}))[service]

    assert config["BACKEND"].rpartition(".")[2] == backend
    assert config["OPTIONS"] == options


def test_email_knows_its_sender_in_every_backend() -> None:
    for url, backend in (("stored://", "StoredEmail"), ("ses://eu-west-1", "SesEmail")):
        config = services_from(_environment(email_url=url, email_sender="a@example.com"))["email"]
        assert config["BACKEND"].rpartition(".")[2] == backend
        assert config["OPTIONS"]["sender"] == "a@example.com"


def test_local_files_stay_under_the_data_folder(tmp_path: Path) -> None:
    chosen = services_from(_environment(data_dir=tmp_path))

    assert chosen["storage"]["OPTIONS"] == {"folder": str(tmp_path / "files")}
    assert chosen["search"]["OPTIONS"] == {"path": str(tmp_path / "search.sqlite3")}


def test_key_chooses_openai() -> None:
    local = services_from(_environment(openai_api_key=""))["ai_chat"]
    openai = services_from(_environment(openai_api_key="k", openai_model="m"))["ai_chat"]

    assert local["BACKEND"].endswith(".LocalAnalyst")
    assert openai["BACKEND"].endswith(".OpenAIChat")
    assert openai["OPTIONS"] == {"api_key": "k", "base_url": None, "model": "m"}


@pytest.mark.parametrize("variable", sorted(BACKENDS))
def test_unknown_scheme_ends_the_start_with_one_line(variable: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        services_from(_environment(**{variable.lower(): "carrier-pigeon://x"}))

    line = str(stopped.value)
    assert variable in line
    assert "carrier-pigeon" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("variable", "url", "missing"),
    [
        ("cache_url", "redis://", "host"),
        ("storage_url", "s3://", "bucket"),
        ("email_url", "ses://", "region"),
        ("email_url", "smtp://:25", "host"),
    ],
)
def test_bare_scheme_ends_the_start(variable: str, url: str, missing: str) -> None:
    with pytest.raises(SystemExit, match=f"{variable.upper()}.* needs a {missing}"):
        services_from(_environment(**{variable: url}))


def test_every_variable_exists() -> None:
    names = {name.upper() for name in Environment.model_fields} | {"DATABASE_*_URL"}

    assert set(VARIABLES.values()) <= names
    assert set(BACKENDS) <= set(VARIABLES.values())


def test_aws_backends_are_marked_and_the_needed_services_too() -> None:
    chosen = services_from(_environment(storage_url="s3://files", email_url="stored://"))

    assert chosen["storage"]["AWS"] is True
    assert chosen["email"]["AWS"] is False
    needed = {name for name, config in chosen.items() if config["REQUIRED"]}
    assert needed == {"database", "cache", "lock", "queue", "scheduler", "websocket"}


def test_djangos_own_cache_follows_the_url() -> None:
    local = django_caches(_environment(cache_url="locmem://"))["default"]
    shared = django_caches(_environment(cache_url="redis://h:6379/0"))["default"]

    assert local["BACKEND"].endswith("LocMemCache")
    assert (shared["BACKEND"].rpartition(".")[2], shared["LOCATION"]) == (
        "RedisCache",
        "redis://h:6379/0",
    )


@pytest.mark.embedded
def test_djangos_own_keys_follow_the_rule(settings: Any) -> None:
    from django.core.cache import cache

    settings.APP_ID, settings.APP_ENV = "finance_app", "LOCAL"

    assert cache.make_key("x") == "finance_app:LOCAL:django:1:x"
