"""The second signal does not wait for anybody, and no handshake is logged."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.live_server import ROOT

SCRIPT = """
import asyncio, threading, django
django.setup()
from tradingplatform.hosting.server import bind, run_server

async def never_done(scope, receive, send):
    print("busy", flush=True)
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass

sock = bind("127.0.0.1", 0)
print(sock.getsockname()[1], flush=True)
run_server(never_done, sock, on_stop=lambda: print("stopping", flush=True))
"""

SET_UP_AGAIN = """
import logging
import django
django.setup()
from tradingplatform.hosting.server import server_config
server_config(None)
django.setup()
print(logging.getLogger("uvicorn.error").getEffectiveLevel())
"""


@pytest.mark.flow
def test_setting_django_up_again_keeps_handshakes_out_of_the_log():
    done = subprocess.run(
        [sys.executable, "-c", SET_UP_AGAIN],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tradingplatform.settings.test"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "30\n"  # WARNING


@pytest.mark.flow
def test_the_second_signal_forces():
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tradingplatform.settings.test"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert process.stdout.readline() == "busy\n"
            process.send_signal(signal.SIGTERM)
            assert process.stdout.readline() == "stopping\n"
            process.send_signal(signal.SIGTERM)
            assert process.wait(5) == 1
