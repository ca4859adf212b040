"""The log file of a test run, which `bin/log_scan.py` searches for secrets."""

import logging


class RunLog(logging.FileHandler):
    """A file that stays closed.

    The plain handler opens its file again for a thread that still logs after logging was set
    up anew, and nobody closes it then.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write unless the handler was closed."""
        if not self._closed:  # type: ignore[attr-defined] # of logging.Handler, not in its stubs
            super().emit(record)
