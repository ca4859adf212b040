"""A real browser before a real server: what the tests of pages share."""

import importlib.util
import re
from base64 import b32decode
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from accounts.totp import code_at, step_at
from tests.live_server import ROOT, LiveServer
from tradingplatform.clock import now

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page

PASSWORD = "correct horse 9"
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
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
LACKING = [
    text
    for is_there, text in (
        (CHROMIUM.exists(), "/usr/bin/chromium (apt-get install chromium)"),
        (importlib.util.find_spec("playwright") is not None, "playwright (requirements-dev.txt)"),
        (MANIFEST.exists(), "the built components (bin/frontend)"),
    )
    if not is_there
]

REFUSED = re.compile(r"status of (400|401|403|422|501|502)")
# What the browser, and htmx in its two events, say of a connection that broke.
LOST = re.compile(r".*net::ERR_|htmx:(afterRequest|sendError),", re.DOTALL)
NEEDS_BROWSER = [
    pytest.mark.flow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(bool(LACKING), reason=f"needs {', '.join(LACKING)}"),
]


def is_problem(message: "ConsoleMessage") -> bool:
    # The browser also reports what was refused, which the page tells in its own words.
    url = message.location["url"]
    is_refusal = ("/api/" in url or "/log-in" in url) and REFUSED.search(message.text)
    return message.type == "error" and not is_refusal


def server_run(server: LiveServer, statement: str) -> None:
    """Do something on the server that no page offers."""
    lines = (
        "from accounts.models import SessionFactor, User",
        "from tradingplatform.clock import now",
        statement,
    )
    done = server.manage("shell", "-c", "; ".join(lines))
    assert done.returncode == 0, done.stderr


def sign_up(page: "Page", email: str, site: str = "") -> None:
    page.goto(f"{site}/sign-up")
    page.fill("#id_email", email)
    page.fill("#id_nickname", "Browser")
    page.fill("#id_password", PASSWORD)
    page.click("form[data-once] button.primary")
    page.click(".open-portfolio button")
    page.wait_for_selector("connection-badge[data-health=live]")


def codes_turn_on(page: "Page") -> list[str]:
    """Turn the authenticator app on as its owner would; return the backup codes."""
    page.goto("/settings/security")
    page.fill("second-factor input", "wrong horse 9")
    page.click("second-factor button[type=submit]")
    page.get_by_text("This is not your password.").wait_for()
    page.fill("second-factor input", PASSWORD)
    page.click("second-factor button[type=submit]")
    seed = b32decode(page.locator("second-factor .secret").inner_text())
    page.fill("second-factor .otp-setup input", code_at(seed, step_at(now())))
    page.click("second-factor .otp-setup button[type=submit]")
    page.wait_for_selector(".backup-codes li")
    codes = page.locator(".backup-codes code").all_inner_texts()
    page.get_by_role("button", name="I have kept them").click()
    return codes


def log_out(page: "Page") -> None:
    page.click("details.popover summary")
    page.click('form[action="/log-out"] button')
