"""What Django itself needs: apps, middleware, databases, urls."""

import os

import django_stubs_ext

from tradingplatform.settings.databases import databases, replica_aliases, shard_aliases
from tradingplatform.settings.environment import ROOT, load, stop
from tradingplatform.settings.key_files import kept_or_made

# Lets Field[...], ModelAdmin[...] and the like be written at run time as type checkers want them.
django_stubs_ext.monkeypatch()

ENV = load()
APP_ENV = ENV.app_env.value
APP_ID = ENV.app_id
IS_PROD = ENV.is_prod
DEBUG = ENV.debug
ALLOWED_HOSTS = ENV.allowed_hosts
BASE_DIR = ROOT
DATA_DIR = ENV.data_dir.resolve()
HOST, PORT = ENV.host, ENV.port
PUBLIC_URL = ENV.links_to
try:
    (DATA_DIR / "db").mkdir(parents=True, exist_ok=True)
    (DATA_DIR / "static").mkdir(exist_ok=True)
except OSError as _error:
    stop("DATA_DIR", f"{_error.filename} cannot be made: {_error.strerror}.")
# Nobody else's installation has the same; with APP_ENV=PROD the environment must name one.
SECRET_KEY = ENV.secret_key or kept_or_made(
    DATA_DIR / "keys" / "secret_key", lambda: os.urandom(64).hex().encode()
)

PROJECT_APPS = [
    "accounts",
    "market",
    "crawler",
    "portfolio",
    "autotrade",
    "chat",
    "notifications",
    "tutorial",
    "dashboard",
    "adminpanel",
]
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "django_vite",
    "tradingplatform.db",
    "tradingplatform.services",
    "tradingplatform.hosting",
    *PROJECT_APPS,
]
ROOT_URLCONF = "tradingplatform.urls"
WSGI_APPLICATION = "tradingplatform.wsgi.application"
ASGI_APPLICATION = "tradingplatform.asgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
USE_TZ = True
TIME_ZONE = "UTC"
APPEND_SLASH = False

DATABASES = databases(ENV)
DATABASE_ROUTERS = ["tradingplatform.db.routers.ShardRouter"]
SHARD_ALIASES = shard_aliases(DATABASES)
SHARD_COUNT = ENV.shard_count
REPLICA_ALIASES = replica_aliases(DATABASES)
REPLICA_LAG_LIMIT_S = ENV.replica_lag_limit_s
REPLICA_PIN_S = ENV.replica_pin_s
REPLICA_CHECK_EVERY_S = 1.0
REPLICA_RETRY_AFTER_S = 5.0
DB_CONNECT_ATTEMPTS = ENV.db_connect_attempts
TX_ATTEMPTS = 3
TX_DEADLINE_S = 15.0
