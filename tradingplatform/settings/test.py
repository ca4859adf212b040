"""Settings for tests: embedded default in a throw-away folder, or what the environment names."""

import os

from tradingplatform.settings import *
from tradingplatform.settings import APP_ID, DATABASES, LOGGING, MIDDLEWARE

for _alias, _database in DATABASES.items():
    if "sqlite" in _database["ENGINE"]:
        # A file, because threads do not see each other's rows in a memory database.
        _database["TEST"] = {"NAME": str(DATA_DIR / "db" / f"test_{_alias}.sqlite3")}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
CELERY_BROKER_URL = "memory://"
MARKET_CALENDAR_REFRESH_S = 0.0
MARKET_PANEL_S = 0.0
# A look from the background would meet a database that the test has taken away.
REALTIME_SESSIONS_EVERY_S = 3600.0
# Nobody listens there: a test that means a provider starts its emulator and says where.
_NOBODY = "127.0.0.1:1"
KIS_HOSTS = dict.fromkeys(("LIVE", "PAPER"), (f"http://{_NOBODY}", f"ws://{_NOBODY}"))
FMP_URL = OPENAI_URL = f"http://{_NOBODY}"
TEST_TIER = os.environ.get("TEST_TIER", "sqlite")
# It reads every static file anew for each test client.
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("whitenoise.")]
if "TEST_LOGS" in os.environ:
    # `make test` searches what was logged, at every level, for the secrets of the tests.
    LOGGING["handlers"]["console"]["level"] = LOGGING["root"]["level"]
    LOGGING["handlers"]["run"] = {
        "class": "tests.run_log.RunLog",
        "formatter": "json",
        "filename": f"{os.environ['TEST_LOGS']}/{APP_ID}.log",
        "delay": True,
    }
    LOGGING["root"] = {"handlers": [*LOGGING["handlers"]], "level": "DEBUG"}
