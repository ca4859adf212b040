"""Take the pictures of the README anew: a demo installation on the sample market, in a browser.

usage: screenshots.py [FOLDER]    where the pictures go; default: docs/images

The server is a throw-away one on 127.0.0.1. Nothing in a picture is retouched: the sample market
says itself that its prices are sample data. Needs chromium and a Korean font.
"""

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright  # noqa: E402 - the path comes first

from tests.browser import CHROMIUM, FLAGS, LACKING  # noqa: E402 - as above
from tests.live_server import LiveServer, prepared_folder  # noqa: E402 - as above

DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
LIVE_MS = 6_000
"""So long the market trades before a picture, that order books and sparklines are drawn."""


def main() -> int:
    """Take all pictures; return 0."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    if LACKING:
        print("screenshots: needs", ", ".join(LACKING))
        return 1
    with running_demo() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with page_of(browser, server, DESKTOP, theme="light", language="en") as page:
            select(page, "AAPL")
            take(page, folder / "trade-light-en.png")
        with page_of(browser, server, DESKTOP, theme="dark", language="ko") as page:
            select(page, "005930")
            ask(page)
            take(page, folder / "trade-dark-ko.png")
        with page_of(browser, server, PHONE, theme="dark", language="ko", scale=1.5) as page:
            page.goto("/trade?symbol=005930")
            take(page, folder / "phone-ko.png")
        browser.close()
    return 0


@contextlib.contextmanager
def running_demo() -> Iterator[LiveServer]:
    """Run the product as the first `make run` leaves it, at a lively pace."""
    with tempfile.TemporaryDirectory(prefix="tradingplatform-pictures-") as made:
        server = LiveServer(prepared_folder(Path(made)), MARKET_SPEED="60")
        try:
            server.start()
            yield server
        finally:
            server.kill()


@contextlib.contextmanager
def page_of(
    browser: Browser,
    server: LiveServer,
    size: ViewportSize,
    *,
    theme: str,
    language: str,
    scale: float = 1,
) -> Iterator[Page]:
    """Log in as the demo investor, and choose a look and a language as he would."""
    logins = json.loads((server.folder / "demo-logins.json").read_text())
    context = browser.new_context(
        base_url=server.url,
        viewport=size,
        device_scale_factor=scale,
        locale="ko-KR" if language == "ko" else "en-US",
        timezone_id="Asia/Seoul" if language == "ko" else "America/New_York",
    )
    page = context.new_page()
    page.goto("/log-in")
    page.fill("input[name=email]", logins["investor"]["email"])
    page.fill("input[name=password]", logins["investor"]["password"])
    page.click("form[data-once] button.primary")
    page.wait_for_selector("connection-badge[data-health=live]")
    look = page.locator("details.popover:has([data-look]) > summary")
    look.click()
    page.click(f'[data-look="theme:{theme}"]')
    if page.get_attribute("html", "lang") != language:
        page.click(f'button[name="language"][value="{language}"]')
        page.wait_for_selector(f"html[lang={language}]")
    page.goto("/trade")
    page.wait_for_selector("connection-badge[data-health=live]")
    yield page
    context.close()


def select(page: Page, symbol: str) -> None:
    """Show a symbol in the chart, the order book and the ticket."""
    page.click(f'.quote-row[data-symbol="{symbol}"]')
    page.wait_for_selector(".book-row:visible")


def ask(page: Page) -> None:
    """Ask the analyst the second question that it proposes, and wait for the whole answer."""
    page.click("[data-side-button=chat]")
    page.locator("analyst-chat .chip").nth(1).click()
    page.wait_for_selector(".bubble-assistant:not(.writing)", timeout=60_000)


def take(page: Page, path: Path) -> None:
    """Let the market live for a while, then take the picture."""
    page.wait_for_timeout(LIVE_MS)
    page.mouse.move(0, 0)
    page.screenshot(path=path)
    print(f"screenshots: {path.name}")


if __name__ == "__main__":
    sys.exit(main())
