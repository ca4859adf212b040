"""Which backend serves each service: one URL per service, the scheme decides."""

from typing import Any
from urllib.parse import urlsplit

from tradingplatform.settings.environment import Environment, load, split_url, stop
from tradingplatform.settings.providers import is_live

_PACKAGE = "tradingplatform.services"

# Variable -> scheme -> backend. The first scheme is the embedded default.
BACKENDS: dict[str, dict[str, str]] = {
    "CACHE_URL": {
        "locmem": "cache.MemoryCache",
        "redis": "cache.RedisCache",
        "rediss": "cache.RedisCache",
    },
    "LOCK_URL": {
        "database": "lock.DatabaseLock",
        "redis": "lock.RedisLock",
        "rediss": "lock.RedisLock",
    },
    "QUEUE_URL": {
        "memory": "queue.CeleryQueue",
        "redis": "queue.CeleryQueue",
        "rediss": "queue.CeleryQueue",
    },
    "WEBSOCKET_URL": {
        "memory": "websocket.memory.MemoryBus",
        "redis": "websocket.redis.RedisBus",
        "rediss": "websocket.redis.RedisBus",
    },
    "STORAGE_URL": {"file": "storage.LocalStorage", "s3": "storage.S3Storage"},
    "EMAIL_URL": {
        "stored": "email.StoredEmail",
        "smtp": "email.SmtpEmail",
        "smtps": "email.SmtpEmail",
        "ses": "email.SesEmail",
    },
    "SMS_URL": {"stored": "sms.StoredSms", "sns": "sms.SnsSms"},
    "SEARCH_URL": {
        "sqlite": "search.SqliteSearch",
        "opensearch+https": "search.OpenSearch",
    },
    "VECTOR_URL": {
        "local": "vector_db.HashedEmbeddings",
        "bedrock": "vector_db.BedrockEmbeddings",
    },
    "EXTERNAL_URL": {
        "sample": "external.sample.SampleExternal",
        "live": "external.live.LiveExternal",
    },
}
AWS_SCHEMES = {"s3", "ses", "sns", "bedrock", "opensearch+https"}
# A bare scheme says too little here.
NEEDS_HOST = {
    "redis": "host",
    "rediss": "host",
    "smtp": "host",
    "smtps": "host",
    "s3": "bucket",
    "ses": "region",
    "opensearch+https": "host",
}
# The variable that an operator has to look at when a service does not work.
VARIABLES = {
    "database": "DATABASE_*_URL",
    "cache": "CACHE_URL",
    "ai_chat": "OPENAI_BASE_URL",
    "external": "EXTERNAL_URL",
    "storage": "STORAGE_URL",
    "search": "SEARCH_URL",
    "vector_db": "VECTOR_URL",
    "email": "EMAIL_URL",
    "sms": "SMS_URL",
    "lock": "LOCK_URL",
    "queue": "QUEUE_URL",
    "websocket": "WEBSOCKET_URL",
}
# Without these nothing works; the others only take their own feature with them.
REQUIRED = {"database", "cache", "lock", "queue", "scheduler", "websocket"}


def services_from(env: Environment) -> dict[str, dict[str, Any]]:
    """Return SERVICES; an unknown scheme ends the start with one line."""
    chosen: dict[str, tuple[str, dict[str, Any]]] = {
        "cache": _choose("CACHE_URL", env.cache_url, {"url": env.cache_url}),
        "database": (f"{_PACKAGE}.database.DjangoDatabase", {}),
        "ai_chat": _ai_chat(env),
        "external": _choose("EXTERNAL_URL", _external_url(env)),
        "storage": _choose("STORAGE_URL", env.storage_url, _storage_options(env)),
        "search": _choose("SEARCH_URL", env.search_url, _search_options(env)),
        "vector_db": _choose("VECTOR_URL", env.vector_url),
        "email": _choose("EMAIL_URL", env.email_url, _email_options(env)),
        "sms": _choose("SMS_URL", env.sms_url),
        "lock": _choose("LOCK_URL", env.lock_url, {"url": env.lock_url}),
        "scheduler": (f"{_PACKAGE}.scheduler.JobRunScheduler", {}),
        "queue": _choose("QUEUE_URL", env.queue_url),
        "websocket": _choose("WEBSOCKET_URL", env.websocket_url, {"url": env.websocket_url}),
        "notification": (f"{_PACKAGE}.notification.FanOut", {}),
    }
    schemes = {
        "storage": env.storage_url,
        "search": env.search_url,
        "vector_db": env.vector_url,
        "email": env.email_url,
        "sms": env.sms_url,
    }
    return {
        name: {
            "BACKEND": backend,
            "OPTIONS": options,
            "REQUIRED": name in REQUIRED,
            "AWS": urlsplit(schemes.get(name, "")).scheme in AWS_SCHEMES,
            "VARIABLE": VARIABLES.get(name, ""),
        }
        for name, (backend, options) in chosen.items()
    }


def in_process(env: Environment) -> list[str]:
    """Name the variables whose backend another process would not share."""
    urls = {
        "CACHE_URL": env.cache_url,
        "QUEUE_URL": env.queue_url,
        "WEBSOCKET_URL": env.websocket_url,
    }
    return [name for name, url in urls.items() if urlsplit(url).scheme in {"locmem", "memory"}]


def django_caches(env: Environment) -> dict[str, dict[str, Any]]:
    """Return CACHES, so that what Django itself caches follows CACHE_URL and the key rule."""
    shared: dict[str, Any] = {"KEY_FUNCTION": f"{_PACKAGE}.base.django_cache_key"}
    if urlsplit(env.cache_url).scheme == "locmem":
        backend = "django.core.cache.backends.locmem.LocMemCache"
        return {"default": {"BACKEND": backend, "OPTIONS": {"MAX_ENTRIES": 20_000}, **shared}}
    backend = "django.core.cache.backends.redis.RedisCache"
    timeouts = {"socket_connect_timeout": 1.0, "socket_timeout": 2.0}
    return {
        "default": {
            "BACKEND": backend,
            "LOCATION": env.cache_url,
            "OPTIONS": timeouts,
            **shared,
        }
    }


def _choose(
    variable: str, url: str, options: dict[str, Any] | None = None
) -> tuple[str, dict[str, Any]]:
    """Pick the backend by scheme; the embedded one needs no URL."""
    backends = BACKENDS[variable]
    parts = split_url(variable, url)
    scheme = parts.scheme
    if scheme not in backends:
        known = ", ".join(f"{name}://" for name in backends)
        stop(variable, f"{scheme or url!r} is not a known scheme; use one of {known}.")
    if scheme in NEEDS_HOST and not parts.hostname:
        stop(variable, f"{scheme}:// needs a {NEEDS_HOST[scheme]} behind it.")
    is_embedded = scheme == next(iter(backends))
    wanted = {} if options is None else dict(options)
    if is_embedded:
        wanted.pop("url", None)
    return f"{_PACKAGE}.{backends[scheme]}", wanted


def _ai_chat(env: Environment) -> tuple[str, dict[str, Any]]:
    if not env.openai_api_key:
        return f"{_PACKAGE}.ai_chat.local.LocalAnalyst", {}
    options = {
        "api_key": env.openai_api_key,
        "base_url": env.openai_base_url or None,
        "model": env.openai_model,
    }
    return f"{_PACKAGE}.ai_chat.openai.OpenAIChat", options


def _external_url(env: Environment) -> str:
    return env.external_url or ("live://" if is_live(env) else "sample://")


def _storage_options(env: Environment) -> dict[str, Any]:
    if urlsplit(env.storage_url).scheme == "s3":
        return {"url": env.storage_url}
    return {"folder": str(env.data_dir.resolve() / "files")}


def _search_options(env: Environment) -> dict[str, Any]:
    if urlsplit(env.search_url).scheme != "sqlite":
        return {}
    return {"path": str(env.data_dir.resolve() / "search.sqlite3")}


def _email_options(env: Environment) -> dict[str, Any]:
    return {"url": env.email_url, "sender": env.email_sender}


_ENV = load()
SERVICES = services_from(_ENV)
CACHES = django_caches(_ENV)
IN_PROCESS_VARIABLES = in_process(_ENV)
SKIP_AWS = _ENV.skip_aws
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _ENV.email_sender
