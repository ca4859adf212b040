"""Settings for tests: embedded default in a throw-away folder, or what the environment names."""

import atexit
import os
import shutil
import tempfile

if "DATA_DIR" not in os.environ:
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="tradingplatform-test-")
    atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
# Parallel workers share one Redis: the name of the worker keeps their keys apart.
os.environ["APP_ID"] = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
os.environ.setdefault("SQLITE_SYNCHRONOUS", "OFF")
os.environ.setdefault("LOG_FILES", "0")
os.environ.setdefault("LOG_LEVEL", "WARNING")

from tradingplatform.settings import *
from tradingplatform.settings import DATABASES

for _alias, _database in DATABASES.items():
    if "sqlite" in _database["ENGINE"]:
        # A file, because threads do not see each other's rows in a memory database.
        _database["TEST"] = {"NAME": str(DATA_DIR / "db" / f"test_{_alias}.sqlite3")}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
CELERY_BROKER_URL = "memory://"
TEST_TIER = os.environ.get("TEST_TIER", "sqlite")
