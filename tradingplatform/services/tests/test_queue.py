"""The broker, the schedule and the databases as services."""

import socket
import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from celery import Celery
from django.db import connections
from kombu.simple import SimpleQueue

from tradingplatform import clock
from tradingplatform.db.models import JobRun
from tradingplatform.errors import UnavailableError
from tradingplatform.services import services
from tradingplatform.services.database import mysql_warnings
from tradingplatform.services.queue import CeleryQueue
from tradingplatform.services.tests.conftest import PrivateRedis

pytestmark = pytest.mark.django_db(databases="__all__")
SAFE = {
    "innodb_rollback_on_timeout": "ON",
    "innodb_lock_wait_timeout": "3",
    "innodb_flush_log_at_trx_commit": "1",
    "sync_binlog": "1",
    "character_set_server": "utf8mb4",
    "sql_mode": "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION",
}


def _app(url: str) -> Celery:
    app = Celery("tested", broker=url, set_as_current=False)
    app.conf.broker_transport_options = {"socket_connect_timeout": 1}

    @app.task(name="tests.add", shared=False)
    def add(**_: object) -> None:
        """Do nothing; it is only queued."""

    return app


@pytest.mark.parametrize("kind", ["memory", pytest.param("redis", marks=pytest.mark.real)])
def test_sent_jobs_wait_in_their_queue(kind: str, request: pytest.FixtureRequest) -> None:
    url = "memory://" if kind == "memory" else request.getfixturevalue("private_redis").url
    app = _app(url)
    queue = CeleryQueue(app=app)

    for number in (1, 2):
        app.tasks["tests.add"].apply_async(kwargs={"number": number}, queue="orders")

    depths = queue.depths()
    assert depths["orders"] == 2
    assert set(depths) == {"orders", "user", "ai", "bulk"}
    with queue.connection() as connection:
        SimpleQueue(connection, "orders").clear()  # type: ignore[arg-type] # takes both
    queue.ping()


@pytest.mark.real
def test_broker_that_is_down_says_so(private_redis: PrivateRedis) -> None:
    queue = CeleryQueue(app=_app(private_redis.url))
    queue.ping()
    private_redis.stop()

    with pytest.raises(UnavailableError):
        queue.ping()


def test_broker_that_hangs_up_is_asked_twice_and_no_more() -> None:
    n_callers = 0

    def hang_up(listener: socket.socket) -> None:
        nonlocal n_callers
        with suppress(OSError):
            while True:
                listener.accept()[0].close()
                n_callers += 1

    with socket.create_server(("127.0.0.1", 0)) as listener:
        broker = threading.Thread(target=hang_up, args=(listener,))
        broker.start()
        with pytest.raises(UnavailableError):
            CeleryQueue(app=_app(f"redis://127.0.0.1:{listener.getsockname()[1]}/0")).ping()
        listener.shutdown(socket.SHUT_RDWR)
        broker.join()

    assert n_callers == 2


def test_description_has_no_password() -> None:
    queue = CeleryQueue(app=_app("redis://app:pa55word@127.0.0.1:6379/0"))

    assert queue.describe() == "Celery on redis://127.0.0.1:6379/0"


def test_schedule_knows_last_runs_and_late_jobs(settings: Any) -> None:
    settings.PERIODIC_JOBS = {"tests.often": 60, "tests.late": 60, "tests.new": 60}
    at = clock.now()
    rows = JobRun.objects.using("default")
    rows.create(job="tests.often", slot=at, started_at=at)
    rows.create(job="tests.late", slot=at, started_at=at - timedelta(seconds=600))
    rows.create(job="tests.late", slot=at - timedelta(1), started_at=at - timedelta(days=1))

    runs = services.scheduler.last_runs()

    assert runs == {
        "tests.often": at,
        "tests.late": at - timedelta(seconds=600),
        "tests.new": None,
    }
    assert services.scheduler.late_jobs() == ["tests.late"]


def test_databases_answer_and_are_up_to_date(settings: Any) -> None:
    services.database.ping()

    assert services.database.aliases() == list(settings.DATABASES)
    assert set(services.database.pending_migrations().values()) == {0}
    assert "default (" in services.database.describe()


def test_server_settings_are_read_from_real_servers_only() -> None:
    warnings = services.database.server_warnings()

    if connections["default"].vendor == "sqlite":
        assert warnings == []
    else:
        # The test stack gives up durability for speed, and is told off for it.
        assert any("innodb_flush_log_at_trx_commit" in warning for warning in warnings)


def test_the_sql_mode_judged_is_that_of_the_server_not_of_our_session() -> None:
    if connections["default"].vendor == "sqlite":
        pytest.skip("SQLite has no server")
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT @@GLOBAL.sql_mode, @@SESSION.sql_mode")
        of_server, of_session = cursor.fetchone()
        # As the server is told off for its own mode, the session has the other one here.
        is_strict = "STRICT_" in of_server
        cursor.execute("SET SESSION sql_mode = %s", ["" if is_strict else "STRICT_ALL_TABLES"])
        try:
            warnings = services.database.server_warnings()
        finally:
            cursor.execute("SET SESSION sql_mode = %s", [of_session])
    told_off = any(text.startswith("default: sql_mode is not strict") for text in warnings)
    assert told_off is not is_strict


def test_safe_server_has_no_warnings() -> None:
    assert mysql_warnings(SAFE) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("innodb_rollback_on_timeout", "OFF"),
        ("innodb_lock_wait_timeout", "50"),
        ("innodb_flush_log_at_trx_commit", "2"),
        ("sync_binlog", "0"),
        ("character_set_server", "latin1"),
        ("sql_mode", "NO_ENGINE_SUBSTITUTION"),
    ],
)
def test_each_unsafe_setting_gives_one_warning(name: str, value: str) -> None:
    (warning,) = mysql_warnings({**SAFE, name: value})
    assert warning.startswith(name)

    (unknown,) = mysql_warnings({key: text for key, text in SAFE.items() if key != name})
    assert unknown.startswith(name)
