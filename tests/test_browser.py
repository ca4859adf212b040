"""The main path in a real browser: sign up, watch, trade on paper, ask."""

import importlib.util
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.live_server import ROOT, LiveServer, live_server

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = Path("/usr/bin/chromium")
MANIFEST = ROOT / "static" / "dist" / "manifest.json"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LACKING = [
    text
    for is_there, text in (
        (CHROMIUM.exists(), "/usr/bin/chromium (apt-get install chromium)"),
        (importlib.util.find_spec("playwright") is not None, "playwright (requirements-dev.txt)"),
        (MANIFEST.exists(), "the built components (bin/frontend)"),
    )
    if not is_there
]

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> AAPL?"

pytestmark = [
    pytest.mark.flow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(bool(LACKING), reason=f"needs {', '.join(LACKING)}"),
]


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
            lambda message: problems.append(message.text) if message.type == "error" else None,
        )
        yield page
        browser.close()
    # A server that was killed on purpose shows as failed connections; nothing else may.
    assert [one for one in problems if "net::ERR_" not in one] == []


def _sign_up(page: "Page", email: str) -> None:
    page.goto("/sign-up")
    page.fill("#id_email", email)
    page.fill("#id_nickname", "Browser")
    page.fill("#id_password", "correct horse 9")
    page.click("form[data-once] button.primary")
    page.click(".open-portfolio button")
    page.wait_for_selector("connection-badge[data-health=live]")


def test_a_visitor_sees_quotes_that_move(page: "Page") -> None:
    from playwright.sync_api import expect

    page.goto("/")

    expect(page.locator("connection-badge[data-health=live]")).to_be_visible()
    expect(page.locator("sample-badge").first).to_contain_text("Sample")
    row = page.locator(".welcome .quote-row", has_text="AAPL")
    price = row.locator(".quote-price")
    expect(price).to_have_text(re.compile(r"\d"))
    expect(price).not_to_have_text(price.inner_text())


def test_from_sign_up_to_an_answer(page: "Page") -> None:
    from playwright.sync_api import expect

    _sign_up(page, "path@example.com")

    price = page.locator('.quote-row[data-symbol="AAPL"] .quote-price')
    expect(price).to_have_text(re.compile(r"\d"))
    expect(price).not_to_have_text(price.inner_text())

    page.click('.quote-row[data-symbol="AAPL"]')
    expect(page.locator("symbol-head h1")).to_have_text("Apple")
    expect(page.locator("stock-chart canvas").first).to_be_visible()
    page.get_by_role("button", name="Market", exact=True).click()
    page.fill("#ticket-quantity", "3")
    page.click("order-ticket button[type=submit]")
    position = page.locator('positions-table tr[data-symbol="AAPL"]')
    expect(position).to_be_visible()
    expect(position.locator("td").first).to_have_text("3")

    page.click("#tab-ledger")
    expect(page.locator("#ledger tbody tr").first).to_contain_text("AAPL")

    page.click("[data-side-button=chat]")
    page.fill("#chat-input", "What is the 95% value at risk of AAPL?")
    page.press("#chat-input", "Enter")
    answer = page.locator(".bubble-assistant:not(.writing)")
    expect(answer.locator(".tool-card summary")).to_contain_text("Value at risk")
    expect(answer.locator(".tool-card footer")).to_contain_text("Sample data")
    expect(answer.locator(".bubble-text")).to_contain_text("%")
    expect(page.get_by_role("button", name="Send")).to_be_visible()

    page.fill("#chat-input", HOSTILE)
    page.press("#chat-input", "Enter")
    expect(page.locator(".bubble-user").nth(1)).to_have_text(HOSTILE)
    expect(page.locator(".bubble-assistant:not(.writing)")).to_have_count(2)
    expect(page.locator("analyst-chat img, analyst-chat script")).to_have_count(0)


def test_a_level_of_the_order_book_becomes_the_limit_price(page: "Page") -> None:
    from playwright.sync_api import expect

    _sign_up(page, "book@example.com")
    page.get_by_role("button", name="Market", exact=True).click()
    level = page.locator("order-book .bids .book-row").nth(1)
    expect(level).to_be_visible()
    expect(page.locator("order-book .badge-sample")).to_be_visible()

    price = level.get_attribute("value") or ""
    level.dispatch_event("click")

    expect(page.locator("#ticket-price")).to_be_visible()
    taken = page.input_value("#ticket-price").replace(",", "")
    # The book may have moved between the look and the press.
    assert abs(float(taken) / float(price) - 1) < 0.02


def test_an_order_rests_and_is_canceled(page: "Page") -> None:
    from playwright.sync_api import expect

    _sign_up(page, "cancel@example.com")
    page.click('.quote-row[data-symbol="MSFT"]')
    expect(page.locator("#ticket-price")).to_have_value(re.compile(r"\d"))
    page.fill("#ticket-price", "10.005")
    page.fill("#ticket-quantity", "1")
    page.click("order-ticket button[type=submit]")
    problem = page.locator("order-ticket .form-error")
    expect(problem).to_have_text("The price must be a multiple of 0.01.")

    price = page.locator(".symbol-price").inner_text().replace(",", "")
    page.fill("#ticket-price", f"{float(price) * 0.9:.2f}")
    page.click("order-ticket button[type=submit]")

    page.click("#tab-open")
    page.get_by_role("button", name="Cancel the order for MSFT").click()
    page.click("#tab-history")
    expect(page.locator('#order-history tr[data-status="CANCELED"]')).to_be_visible()


def _is_fed(server: LiveServer) -> bool:
    """Whether the feed speaks: it waits until the lease of the killed one has run out."""
    answer = httpx2.get(f"{server.url}/api/market/quotes?symbols=005930")
    return answer.status_code == 200 and answer.json()["results"][0]["bid"] is not None


def test_the_page_comes_back_after_a_restart_of_the_server(
    page: "Page", server: LiveServer, wait_until: Callable[..., None]
) -> None:
    from playwright.sync_api import expect

    _sign_up(page, "restart@example.com")
    badge = page.locator("connection-badge")

    server.kill()
    expect(badge).to_have_attribute("data-health", "offline")
    server.start()

    wait_until(lambda: _is_fed(server), timeout_s=60)
    expect(badge).to_have_attribute("data-health", "live")
    page.get_by_role("button", name="Market", exact=True).click()
    page.fill("#ticket-quantity", "1")
    page.click("order-ticket button[type=submit]")
    expect(page.locator("positions-table tbody tr")).to_have_count(1)


def test_the_end_of_the_session_shows_the_log_in(page: "Page", server: LiveServer) -> None:
    from playwright.sync_api import expect

    _sign_up(page, "ended@example.com")
    other_tab = page.context.new_page()
    other_tab.goto("/trade")
    other_tab.click("details.popover summary")
    other_tab.click('form[action="/log-out"] button')

    expect(page).to_have_url(f"{server.url}/log-in?next=%2Ftrade&ended=1")
    expect(page.locator(".form-note")).to_have_text("Your session has ended. Please log in again.")


def test_korean_in_the_dark_on_a_phone(page: "Page") -> None:
    from playwright.sync_api import expect

    page.set_viewport_size({"width": 390, "height": 844})
    _sign_up(page, "phone@example.com")
    page.click("details.popover summary")
    page.click('[data-look="theme:dark"]')
    page.click('button[name="language"][value="ko"]')
    page.wait_for_selector("connection-badge[data-health=live]")

    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-colours", "red-up")
    page.click("[data-panel-button=trade]")
    expect(page.locator("order-ticket button[type=submit]")).to_have_text("매수")
    expect(page.locator("stock-chart")).not_to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
