"""The environment of tests; imported before any other settings module reads a variable."""

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
