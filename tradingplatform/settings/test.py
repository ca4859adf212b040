"""Settings for tests: embedded default in a throw-away folder, or what the environment names."""

import os
import tempfile

_FOLDER = tempfile.mkdtemp(prefix="tradingplatform-test-")
os.environ.setdefault("DATA_DIR", _FOLDER)
os.environ.setdefault("SQLITE_SYNCHRONOUS", "OFF")
os.environ.setdefault("LOG_FILES", "0")
os.environ.setdefault("LOG_LEVEL", "WARNING")

from tradingplatform.settings import *  # noqa: E402
from tradingplatform.settings import DATABASES  # noqa: E402

for _alias, _database in DATABASES.items():
    if "sqlite" in _database["ENGINE"]:
        # A file, because threads do not see each other's rows in a memory database.
        _database["TEST"] = {"NAME": str(DATA_DIR / "db" / f"test_{_alias}.sqlite3")}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
CELERY_BROKER_URL = "memory://"
TEST_TIER = os.environ.get("TEST_TIER", "sqlite")
