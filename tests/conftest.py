"""A running server and a browser, for the tests of pages."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser import CHROMIUM, FLAGS, is_problem
from tests.live_server import LiveServer, live_server

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with live_server(MARKET_SPEED="60") as running:
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
    assert [one for one in problems if "net::ERR_" not in one] == []
