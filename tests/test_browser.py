"""The main path in a real browser: sign up, watch, trade on paper, ask."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx2

from tests.browser import (
    AUTHENTICATOR,
    NEEDS_BROWSER,
    codes_turn_on,
    log_out,
    server_run,
    sign_up,
)
from tests.live_server import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> AAPL?"

pytestmark = NEEDS_BROWSER


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

    sign_up(page, "path@example.com")

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


def test_a_watchlist_is_ordered_and_an_alert_fires(page: "Page") -> None:
    from playwright.sync_api import expect

    sign_up(page, "watch@example.com")
    rows = page.locator("watch-list [data-symbol]")
    # Until the user's lists have come the rows are those of the page, and stay where they are.
    expect(page.locator('watch-list select[aria-label="Watchlist"] option')).to_have_count(1)
    expect(rows.nth(1)).to_be_visible()
    first, second = (rows.nth(at).get_attribute("data-symbol") or "" for at in (0, 1))

    rows.nth(0).focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(rows.nth(0)).to_have_attribute("data-symbol", second)
    expect(rows.nth(1)).to_have_attribute("data-symbol", first)
    page.click(f'watch-list [data-symbol="{second}"]')
    page.click("watch-star button")
    expect(rows.nth(0)).to_have_attribute("data-symbol", first)
    page.reload()
    expect(rows.nth(0)).to_have_attribute("data-symbol", first)

    page.click("price-alerts .bell")
    page.fill("price-alerts input[name=level]", "1")
    page.click("price-alerts button[type=submit]")
    expect(page.locator(".toast", has_text="now")).to_be_visible()
    expect(page.locator("price-alerts .alert-list").nth(1)).to_contain_text("Price ≥ 1")


def test_the_market_and_the_screener_show_live_figures(page: "Page") -> None:
    from playwright.sync_api import expect

    page.goto("/market")
    expect(page.locator("market-overview .badge-sample")).to_be_visible()
    expect(page.locator(".breadth li")).to_have_count(3)
    expect(page.locator(".movers a").first).to_have_attribute("href", re.compile("symbol="))

    page.goto("/screener")
    expect(page.locator(".screen-table tbody tr").first).to_contain_text(re.compile(r"\d"))
    page.locator(".filter select").nth(0).select_option("price_to_earnings")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".screen-note")).to_contain_text("Price to earnings: 50 left out")
    expect(page.locator(".screen-table tbody tr")).to_have_count(0)


def test_a_level_of_the_order_book_becomes_the_limit_price(page: "Page") -> None:
    from playwright.sync_api import expect

    sign_up(page, "book@example.com")
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

    sign_up(page, "cancel@example.com")
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

    sign_up(page, "restart@example.com")
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

    sign_up(page, "ended@example.com")
    other_tab = page.context.new_page()
    other_tab.goto("/trade")
    other_tab.click("details.popover summary")
    other_tab.click('form[action="/log-out"] button')

    expect(page).to_have_url(f"{server.url}/log-in?next=%2Ftrade&ended=1")
    note = page.locator('.form-note[role="status"]')
    expect(note).to_have_text("Your session has ended. Please log in again.")


def _choose(page: "Page", kind: str, value: str) -> None:
    row = page.locator(f'[data-choice="{kind}"]')
    with page.expect_response("**/api/profile/display"):
        row.locator(f'[data-value="{value}"]').click()


def test_a_chosen_look_is_there_on_another_device(page: "Page", server: LiveServer) -> None:
    from playwright.sync_api import expect

    sign_up(page, "look@example.com")
    page.goto("/settings/display")
    _choose(page, "theme", "dark")
    _choose(page, "blur", "on")
    _choose(page, "language", "ko")
    expect(page.locator("html")).to_have_attribute("lang", "ko")

    other = page.context.browser.new_context(base_url=server.url, locale="en-US").new_page()
    other.goto("/log-in")
    other.fill("#id_email", "look@example.com")
    other.fill("#id_password", "correct horse 9")
    other.click("form[data-once] button.primary")
    other.wait_for_url("**/trade")
    html = other.locator("html")
    expect(html).to_have_attribute("lang", "ko")
    expect(html).to_have_attribute("data-theme", "dark")
    hidden = other.locator(".account-figures dd").first
    expect(hidden).to_have_css("filter", "blur(7px)")

    page.goto("/settings/security")
    page.locator("session-list li[data-session]").nth(1).locator("button").click()
    expect(page.locator("session-list li[data-session]")).to_have_count(1)
    expect(other).to_have_url(re.compile("/log-in"))


def test_the_questions_lead_to_a_class(page: "Page") -> None:
    from playwright.sync_api import expect

    sign_up(page, "answers@example.com")
    page.goto("/settings/profile")
    page.locator("investor-profile button").click()
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".stepper-form .form-error")).to_have_text("Please choose an answer.")
    for _ in range(8):
        page.locator(".stepper-form .choice").last.click()
        page.get_by_role("button", name="Next").click()
    page.fill("#budget", "a lot")
    page.get_by_role("button", name="See the result").click()
    expect(page.locator(".stepper-form .form-error")).to_be_visible()
    page.fill("#budget", "1,000")
    page.get_by_role("button", name="See the result").click()

    expect(page.locator(".investor-class")).to_have_text("Aggressive")
    expect(page.locator("investor-profile .facts")).to_contain_text("$1,000.00")


def test_a_key_is_made_with_the_second_factor(page: "Page", server: LiveServer) -> None:
    from playwright.sync_api import expect

    sign_up(page, "keys@example.com")
    server_run(server, "User.objects.update(email_verified_at=now())")
    codes = codes_turn_on(page)
    expect(page.locator("second-factor .state-on")).to_be_visible()
    assert len(codes) == 10
    server_run(server, "SessionFactor.objects.all().delete()")

    page.goto("/settings/keys")
    page.click("api-keys summary")
    page.get_by_label("Name").first.fill("Robot")
    page.get_by_role("button", name="Make a key").click()
    with page.expect_response("**/api/account/otp/verify"):
        page.fill("dialog input", codes[0])
        page.click("dialog button[type=submit]")

    key = page.locator("api-keys .once .secret").inner_text()
    quotes = f"{server.url}/api/market/quotes?symbols=AAPL"
    asked = {"Authorization": f"Api-Key {key}"}
    assert httpx2.get(quotes, headers=asked).status_code == 200
    page.get_by_role("button", name="Revoke the key Robot").click()
    page.click("dialog .danger")
    expect(page.locator("api-keys .items li")).to_have_count(0)
    assert httpx2.get(quotes, headers=asked).status_code == 401

    page.goto("/settings/activity")
    expect(page.locator("activity-list")).to_contain_text("An API key was revoked")


REGISTER = """
async () => {
  const send = async (path, body) => {
    const token = document.querySelector('meta[name="csrf-token"]').content;
    const headers = {'Content-Type': 'application/json', 'X-CSRFToken': token};
    const request = {method: 'POST', headers, body: JSON.stringify(body)};
    return (await fetch('/api/account/passkeys' + path, request)).json();
  };
  const asked = await send('/options', {password: 'correct horse 9'});
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked.public_key);
  const made = await navigator.credentials.create({publicKey});
  const body = {challenge_id: asked.challenge_id, name: 'Browser', credential: made.toJSON()};
  return send('', body);
}
"""


def test_a_passkey_logs_in_alone_and_after_the_password(page: "Page", server: LiveServer) -> None:
    from playwright.sync_api import expect

    site = f"http://localhost:{server.port}"
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    added = device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    sign_up(page, "passkey@example.com", site)
    registered = page.evaluate(REGISTER)
    assert (registered["name"], len(registered["backup_codes"])) == ("Browser", 10)
    log_out(page)

    page.goto(f"{site}/log-in")
    button = page.get_by_role("button", name="Log in with a passkey")
    button.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site}/trade")
    log_out(page)

    page.goto(f"{site}/log-in")
    page.fill("#id_email", "passkey@example.com")
    page.fill("#id_password", "correct horse 9")
    page.click("form[data-once] button.primary")
    expect(page.locator("#id_code")).to_be_focused()
    button.click()
    expect(page).to_have_url(f"{site}/trade")
    log_out(page)

    who = {"authenticatorId": added["authenticatorId"], "isUserVerified": False}
    device.send("WebAuthn.setUserVerified", who)
    page.goto(f"{site}/log-in")
    button.click()
    problem = page.locator("form[data-passkey] [data-problem]")
    expect(problem).to_have_text("No passkey was chosen, or it took too long.")
    expect(button).to_be_enabled()

    page.goto("/log-in")
    expect(problem).to_have_text(f"Passkeys work at {site} only. Open the platform there.")
    expect(button).to_be_disabled()


def test_korean_in_the_dark_on_a_phone(page: "Page") -> None:
    from playwright.sync_api import expect

    page.set_viewport_size({"width": 390, "height": 844})
    sign_up(page, "phone@example.com")
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
