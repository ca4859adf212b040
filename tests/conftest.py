"""A prepared data folder, and a running server and a browser for the tests of pages."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import CHROMIUM, FLAGS, LOST, is_problem
from tests.live_server import LiveServer, live_server, prepared_folder

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return a data folder that servers may start on a copy of, made once for all workers."""
    base = tmp_path_factory.getbasetemp()
    return prepared_folder(base if worker_id == "master" else base.parent)


@pytest.fixture(scope="module")
def server(prepared: Path) -> Iterator[LiveServer]:
    with live_server(prepared, MARKET_SPEED="60") as running:
        yield running


@pytest.fixture
def page(server: LiveServer) -> Iterator["Page"]:
    """A fresh browser profile; the test fails on any script error or breach of the CSP."""
    from playwright.sync_api import expect, sync_playwright

    # The first answer waits for a cold process to import what the analyst computes with.
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(base_url=server.url, locale="en-US")
        page = context.new_page()
        page.set_default_timeout(30_000)
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda message: problems.append(message.text) if is_problem(message) else None,
        )
        yield page
        browser.close()
    # A server that was killed on purpose shows as failed connections; nothing else may.
    assert [one for one in problems if not LOST.match(one)] == []
