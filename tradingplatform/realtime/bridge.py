"""The one way from a socket's loop to synchronous code and the databases."""

import asyncio
import contextvars
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections

P = ParamSpec("P")
T = TypeVar("T")

_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None


async def run_db(fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``fn`` in a thread of a small pool of our own and return what it returns.

    Threads and therefore database connections are bounded by REALTIME_DB_THREADS, and a
    network connection ends with the call: sockets live for hours and must not hold one.
    With REALTIME_THREAD_SENSITIVE (tests inside a transaction) the caller's thread is used.
    """
    if settings.REALTIME_THREAD_SENSITIVE:
        return await sync_to_async(fn, thread_sensitive=True)(*args, **kwargs)
    context = contextvars.copy_context()
    call = functools.partial(context.run, _call, functools.partial(fn, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_threads(), call)


def close_pool() -> None:
    """Let the threads end with the calls under way; the next call starts new ones."""
    global _pool
    with _lock:
        pool, _pool = _pool, None
    if pool is not None:
        pool.shutdown(wait=False, cancel_futures=True)


def _call(fn: Callable[[], T]) -> T:
    try:
        return fn()
    finally:
        for connection in connections.all(initialized_only=True):
            if connection.vendor == "sqlite":
                connection.close_if_unusable_or_obsolete()
            else:
                connection.close()


def _threads() -> ThreadPoolExecutor:
    global _pool  # noqa: PLW0603 - one pool per process
    with _lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(settings.REALTIME_DB_THREADS, thread_name_prefix="run_db")
        return _pool
