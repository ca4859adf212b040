"""How lines are written: KST times, a request id in each, secrets in none.

On a terminal they are meant for people; in files they are JSON, one file per process of at
most 10 MB with five older ones beside it.
"""

import fcntl
import logging
import os
import sys
from collections.abc import Callable
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO, Any

import orjson
import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

from tradingplatform.clock import KST
from tradingplatform.redaction import redact

FILE_BYTES_MAX = 10_000_000
OLDER_FILES = 5
SLOTS_MAX = 256
_TRACES = {"exception", "stack"}


def bind_request(request_id: str, **ids: object) -> None:
    """Put the request's id (and other ids) on every line until ``clear_request``."""
    clear_contextvars()
    bind_contextvars(request_id=request_id, **ids)


def clear_request() -> None:
    """Forget the ids; the next work on this thread or task is somebody else's."""
    clear_contextvars()


def current_request_id() -> str:
    """Return the id of the request this work belongs to, or ""."""
    return str(get_contextvars().get("request_id", ""))


def process_name(arguments: list[str] | None = None) -> str:
    """Name this process for its log file: PROCESS_NAME, or what the command line says."""
    named = os.environ.get("PROCESS_NAME", "")
    if named:
        return _plain(named)
    program, *rest = arguments if arguments is not None else sys.argv
    words = [word for word in rest if not word.startswith("-")]
    if Path(program).name == "manage.py" and words:
        return _plain(words[1] if words[0] == "run_process" and len(words) > 1 else words[0])
    return _plain(Path(program).stem or "python")


class ProcessFileHandler(RotatingFileHandler):
    """A rotating file that belongs to one process.

    Rotation is not safe between processes, so each one claims a name of its own with a
    file lock: web.log, web.2.log, … The lock ends with the process, and the next one takes
    the name over. Nothing is opened before the first line, hence after a fork.
    """

    def __init__(self, folder: str, name: str) -> None:
        self._folder = Path(folder)
        self._stem = name
        self._claim: IO[bytes] | None = None
        self._claimed_by = 0
        super().__init__(
            self._folder / f"{name}.log",
            maxBytes=FILE_BYTES_MAX,
            backupCount=OLDER_FILES,
            encoding="utf-8",
            delay=True,
        )

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._claim_file()
        except OSError:
            self.handleError(record)
            return
        super().emit(record)

    def close(self) -> None:
        super().close()
        if self._claim is not None and self._claimed_by == os.getpid():
            self._claim.close()
            self._claim, self._claimed_by = None, 0

    def _claim_file(self) -> None:
        """Choose the first free name; again after a fork, whose child owns nothing yet."""
        if self._claimed_by == os.getpid():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self.stream = None  # the parent's, if there is one
        for slot in range(1, SLOTS_MAX + 1):
            name = self._stem if slot == 1 else f"{self._stem}.{slot}"
            claim = (self._folder / f".{name}.lock").open("ab")
            try:
                fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                claim.close()
                continue
            self._claim, self._claimed_by = claim, os.getpid()
            self.baseFilename = str((self._folder / f"{name}.log").resolve())
            return
        msg = f"all {SLOTS_MAX} log files named {self._stem} are in use"
        raise OSError(msg)


def console_formatter() -> structlog.stdlib.ProcessorFormatter:
    """Return the format for people; coloured on a terminal only."""
    colors = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    renderer = structlog.dev.ConsoleRenderer(colors=colors, event_key="event", pad_event_to=0)
    return _formatter([*_final_steps(), _printable, _short_time, renderer])


def json_formatter() -> structlog.stdlib.ProcessorFormatter:
    """Return the format for machines: one JSON object a line, Korean unescaped."""
    return _formatter([*_final_steps(), structlog.processors.JSONRenderer(serializer=_json)])


def configure_structlog() -> None:
    """Send structlog's own loggers through the standard library's handlers."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_common_steps(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _formatter(processors: list[Processor]) -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        processors=processors, foreign_pre_chain=[*_common_steps(), structlog.stdlib.ExtraAdder()]
    )


def _common_steps() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
    ]


def _final_steps() -> list[Processor]:
    """Return what happens to every line last; redaction sees the finished text."""
    return [
        _add_time,
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact,
    ]


def _add_time(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Stamp the line in KST, at the moment it was logged rather than written."""
    at = datetime.fromtimestamp(event["_record"].created, KST)
    return {"time": at.isoformat(timespec="milliseconds"), **event}


def _printable(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Keep each event on its line, so that a text from outside cannot forge another one."""
    return {
        name: _escaped(value) if isinstance(value, str) and name not in _TRACES else value
        for name, value in event.items()
    }


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _short_time(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["timestamp"] = event.pop("time")[:23].replace("T", " ")
    return event


def _json(value: Any, default: Callable[[Any], Any] | None = None, **_: Any) -> str:
    return orjson.dumps(value, default=default or repr, option=orjson.OPT_NON_STR_KEYS).decode()


def _plain(name: str) -> str:
    return "".join(char if char.isalnum() or char in "-_" else "-" for char in name)[:40]
