"""Where lines go: the terminal always, files under DATA_DIR/logs unless LOG_FILES=0."""

from typing import Any

from tradingplatform.logs import configure_structlog, process_name
from tradingplatform.settings.environment import load

ENV = load()

LOG_LEVEL = ENV.log_level
METRICS_PORT = ENV.metrics_port
LOG_FOLDER = ENV.data_dir.resolve() / "logs"
_HANDLERS: dict[str, dict[str, Any]] = {
    "console": {
        "class": "logging.StreamHandler",
        "formatter": "console",
    },
}
if ENV.log_files:
    _HANDLERS["file"] = {
        "class": "tradingplatform.logs.ProcessFileHandler",
        "formatter": "json",
        "folder": str(LOG_FOLDER),
        "name": process_name(),
    }
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "console": {"()": "tradingplatform.logs.console_formatter"},
        "json": {"()": "tradingplatform.logs.json_formatter"},
    },
    "handlers": _HANDLERS,
    "root": {"handlers": list(_HANDLERS), "level": LOG_LEVEL},
    "loggers": {
        # Django brings its own handlers for these; ours are on the root.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        # One line a query would drown everything else, also at DEBUG.
        "django.db.backends": {"level": "INFO"},
        "asyncio": {"level": "WARNING"},
        "botocore": {"level": "WARNING"},
        "boto3": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "openai": {"level": "WARNING"},
        "celery": {"level": "INFO"},
        "kombu": {"level": "WARNING"},
        "amqp": {"level": "WARNING"},
        "websockets": {"level": "WARNING"},
        "uvicorn": {"handlers": [], "level": "INFO", "propagate": True},
        # Its lines of a handshake show one-time tickets. Celery sets Django up again, which would
        # undo a level that is set anywhere but here.
        "uvicorn.error": {"handlers": [], "level": "WARNING", "propagate": True},
        "uvicorn.access": {"handlers": [], "level": "WARNING", "propagate": True},
        "stamina": {"level": "WARNING"},
    },
}
configure_structlog()
