"""Settings and an application for socket tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from tradingplatform.realtime.bridge import close_pool
from tradingplatform.realtime.consumer import StreamConsumer
from tradingplatform.realtime.tests import support


@pytest.fixture(autouse=True)
def test_users(settings: Any) -> Iterator[None]:
    settings.REALTIME_AUTHENTICATOR = support.AUTHENTICATOR
    settings.REALTIME_SESSION_CHECK = support.SESSION_CHECK
    settings.REALTIME_SESSIONS_ENDED = support.SESSIONS_ENDED
    settings.REALTIME_THREAD_SENSITIVE = False
    support.ended_sessions.clear()
    yield
    # A thread that served a test with a database must not serve one without.
    close_pool()


@pytest.fixture
def quotes() -> support.Quotes:
    return support.Quotes()


@pytest.fixture
def diary() -> support.Diary:
    return support.Diary()


@pytest.fixture
def private(quotes: support.Quotes, diary: support.Diary) -> StreamConsumer:
    """Return an application like ``/ws``."""
    return StreamConsumer(diary, quotes, joined=("user",))


@pytest.fixture
def public(quotes: support.Quotes) -> StreamConsumer:
    """Return an application like ``/ws/market`` with anonymous clients."""
    return StreamConsumer(quotes, anonymous=lambda: True)
