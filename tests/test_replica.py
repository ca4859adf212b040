"""Reads and writes on a real primary and its real replica, which falls behind and dies."""

import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec

import pytest
from stack import SERVER_PACKAGES, Stack, missing_packages

from tests.live_server import ROOT

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

PRIMARY, REPLICA = 1, 2
WRITER, READER = 7, 8
# Answers one JSON line for each line it is told; each line is a request of its own.
PROGRAM = """
import json, sys
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, close_old_connections, connections
from tradingplatform.db.models import Lease
from tradingplatform.db.replicas import heartbeat_write, replica_reads
from tradingplatform.db.shards import shard_config_fill
from tradingplatform.db.transactions import tx

settings.REPLICA_RETRY_AFTER_S = 0.5

def migrate():
    call_command("migrate", "platform_db", database="default", verbosity=0)
    shard_config_fill()

def beat():
    heartbeat_write("default")

def lag_limit(seconds):
    settings.REPLICA_LAG_LIMIT_S = seconds

def write(key):
    tx(key, Lease.objects.create, name="probe")

def seen(key):
    with replica_reads(key):
        rows = Lease.objects.filter(name="probe")
        alias = rows.db
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT @@server_id")
            return [cursor.fetchone()[0], rows.using(alias).count()]

for line in sys.stdin:
    verb, *arguments = line.split()
    close_old_connections()
    try:
        answer = locals()[verb](*map(int, arguments))
    except DatabaseError as error:
        answer = str(error)
    print(json.dumps(answer), flush=True)
"""


class Application:
    """A process of the platform that does what it is told."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def tell(self, *words: object):
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the application ended at {words}"
        return json.loads(answer)

    def seen(self, key: int):
        """Return which server answers this user, and how many rows it shows."""
        return self.tell("seen", key)


@pytest.fixture
def stack(tmp_path):
    missing = missing_packages(SERVER_PACKAGES)
    if missing or find_spec("MySQLdb") is None:
        lack = ", ".join(missing) or "mysqlclient"
        pytest.skip(f"needs {lack}; `make test` installs it (TEST_TIER=real)")
    folder = tmp_path / "stack"
    command = [sys.executable, "bin/stack.py"]
    options = [f"--dir={folder}", "--for-tests", "--replica"]
    try:
        started = subprocess.run(
            [*command, "start", *options], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert started.returncode == 0, started.stderr
        yield Stack(folder, for_tests=True, replica=True)
    finally:
        subprocess.run([*command, "stop", *options], cwd=ROOT, check=True)


@pytest.fixture
def application(stack, tmp_path):
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", str(tmp_path)),
        "DATA_DIR": str(tmp_path / "data"),
        "DJANGO_SETTINGS_MODULE": "tradingplatform.settings",
        "REPLICA_LAG_LIMIT_S": "60",
        "REPLICA_PIN_S": "60",
        **stack.application_environment(),
    }
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Application(process)
        process.stdin.close()
        assert process.wait(30) == 0


@pytest.fixture
def replica(stack):
    """Return the second server, to which root may talk."""
    return stack._server(REPLICA, int(stack.environment()["STACK_PORT_2"]))


def test_reads_follow_a_real_replica_in_and_out_of_rotation(
    stack, application, replica, wait_until
):
    def wait_for(key, server, rows):
        wait_until(lambda: application.seen(key) == [server, rows], timeout_s=60)

    assert application.tell("migrate") is None
    assert application.tell("beat") is None
    wait_for(READER, REPLICA, 0)

    # While nothing is passed on, only the one who wrote is led to where it is.
    replica.sql("STOP SLAVE SQL_THREAD")
    assert application.tell("write", WRITER) is None
    assert application.seen(WRITER) == [PRIMARY, 1]
    assert application.seen(READER) == [REPLICA, 0]
    replica.sql("START SLAVE SQL_THREAD")
    wait_for(READER, REPLICA, 1)
    assert application.seen(WRITER) == [PRIMARY, 1]

    # No heart has beaten for a second: behind. It beats again: back.
    application.tell("lag_limit", 1)
    wait_for(READER, PRIMARY, 1)
    application.tell("lag_limit", 60)
    application.tell("beat")
    wait_for(READER, REPLICA, 1)

    os.kill(int(replica.pid_path.read_text()), signal.SIGTERM)
    wait_for(READER, PRIMARY, 1)
