"""What users do in their settings, clicked through in a real browser."""

import re
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZipFile

from tests.browser import (
    AUTHENTICATOR,
    NEEDS_BROWSER,
    PASSWORD,
    codes_turn_on,
    log_out,
    server_run,
    sign_up,
)
from tests.live_server import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = NEEDS_BROWSER

FORGET_FACTORS = "SessionFactor.objects.all().delete()"
NEW_PASSWORD = "another horse 10"


def _give_password(page: "Page", password: str) -> None:
    page.fill("dialog input", password)
    page.click("dialog button[type=submit]")


def _log_in(page: "Page", email: str, password: str) -> None:
    page.goto("/log-in")
    page.fill("#id_email", email)
    page.fill("#id_password", password)
    page.click("form[data-once] button.primary")


def _verify(page: "Page", server: LiveServer, email: str) -> None:
    """Take the address as confirmed; a new log-in, because a session remembers for seconds."""
    server_run(server, "User.objects.update(email_verified_at=now())")
    log_out(page)
    _log_in(page, email, PASSWORD)
    page.wait_for_url("**/trade")
    page.goto("/settings/keys")


def test_a_broker_key_is_stored_tested_and_deleted(page: "Page", server: LiveServer) -> None:
    from playwright.sync_api import expect

    sign_up(page, "broker@example.com")
    page.goto("/settings/keys")
    expect(page.locator("email-notice")).to_contain_text("broker@example.com")
    _verify(page, server, "broker@example.com")
    form = page.locator("broker-keys form")
    page.click("broker-keys summary")
    expect(form.get_by_label("API key")).to_be_hidden()
    form.get_by_label("App key").fill("PSappKeyOfABroker0001")
    form.get_by_label("App secret").fill("appSecretOfABroker0001")
    form.get_by_label("Account number").fill("1234")
    form.get_by_role("button", name="Store").click()
    _give_password(page, PASSWORD)
    expect(form.locator(".field-error:visible")).to_have_text("Write the account as 12345678-01.")
    form.get_by_label("Account number").fill("12345678-01")
    form.get_by_role("button", name="Store").click()
    _give_password(page, "wrong horse 9")
    expect(page.locator("dialog .form-error, dialog .field-error:visible")).to_have_text(
        "This is not your password."
    )
    _give_password(page, PASSWORD)

    row = page.locator("broker-keys .items li")
    expect(row).to_contain_text("Korea Investment & Securities")
    expect(row).not_to_contain_text("appSecretOfABroker0001")
    expect(row).not_to_contain_text("PSappKeyOfABroker0001")
    row.get_by_role("button", name="Test").click()
    expect(page.locator(".toast").last).to_contain_text("KIS failed")
    row.get_by_role("button", name="Delete").click()
    page.click("dialog .danger")
    expect(page.locator("broker-keys .empty")).to_have_text("No keys are stored.")


def test_an_api_key_takes_the_password_where_there_is_no_factor(
    page: "Page", server: LiveServer
) -> None:
    from playwright.sync_api import expect

    sign_up(page, "robot@example.com")
    _verify(page, server, "robot@example.com")
    page.click("api-keys summary")
    page.locator("api-keys").get_by_label("Name").fill("Robot")
    page.locator("api-keys").get_by_label("Allowed addresses").fill("everywhere")
    make = page.get_by_role("button", name="Make a key")
    make.click()
    fault = page.locator("api-keys .field-error:visible")
    expect(fault).to_have_text("This is not an IP address or network.")
    page.locator("api-keys").get_by_label("Allowed addresses").fill("127.0.0.1")
    make.click()
    page.get_by_role("button", name="Close").click()
    expect(page.locator("api-keys .items li")).to_have_count(0)
    make.click()
    _give_password(page, PASSWORD)

    expect(page.locator("api-keys .once .secret")).to_have_text(re.compile("tp_.{40,}"))
    expect(page.locator("api-keys .items li")).to_contain_text("127.0.0.1/32")


def test_a_copy_of_the_data_is_made_and_downloaded(page: "Page") -> None:
    from playwright.sync_api import expect

    sign_up(page, "copy@example.com")
    page.goto("/settings/data")
    page.get_by_role("button", name="Make a copy").click()
    _give_password(page, PASSWORD)
    link = page.get_by_role("link", name="Download")
    expect(link).to_be_visible()
    with page.expect_download() as started:
        link.click()

    assert started.value.suggested_filename == "my-data.zip"
    with ZipFile(BytesIO(started.value.path().read_bytes())) as archive:
        assert archive.testzip() is None
        texts = [archive.read(name).decode() for name in archive.namelist()]
    assert any("copy@example.com" in text for text in texts)


def test_the_account_is_closed_for_good(page: "Page", server: LiveServer) -> None:
    from playwright.sync_api import expect

    sign_up(page, "leaving@example.com")
    page.goto("/settings/data")
    card = page.locator("close-account")
    close = card.get_by_role("button", name="Close my account")
    card.get_by_label("Type your e-mail address").fill("other@example.com")
    card.get_by_label("Your password").fill("wrong horse 9")
    close.click()
    fault = card.locator(".field-error:visible, .form-error:visible")
    expect(fault).to_have_text("This is not the address of the account.")
    card.get_by_label("Type your e-mail address").fill("leaving@example.com")
    close.click()
    page.click("dialog .danger")
    expect(fault).to_have_text("This is not your password.")
    card.get_by_label("Your password").fill(PASSWORD)
    close.click()
    page.click("dialog .danger")

    expect(page).to_have_url(f"{server.url}/")
    _log_in(page, "leaving@example.com", PASSWORD)
    expect(page.locator("form .form-error")).to_have_text("The address or the password is wrong.")


def test_the_password_is_changed_with_a_stale_factor(page: "Page", server: LiveServer) -> None:
    from playwright.sync_api import expect

    sign_up(page, "change@example.com")
    codes = codes_turn_on(page)
    server_run(server, FORGET_FACTORS)
    form = page.locator("password-form")
    form.get_by_label("Current password").fill(PASSWORD)
    form.get_by_label("New password", exact=True).fill("password1")
    form.get_by_label("New password again").fill(NEW_PASSWORD)
    change = form.get_by_role("button", name="Change the password")
    change.click()
    fault = form.locator(".field-error:visible")
    expect(fault).to_have_text("The two new passwords differ.")
    form.get_by_label("New password again").fill("password1")
    change.click()
    page.fill("dialog input", codes[0])
    page.click("dialog button[type=submit]")
    expect(fault).to_have_text("This password is too common.")
    form.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    form.get_by_label("New password again").fill(NEW_PASSWORD)
    change.click()
    expect(form.get_by_label("Current password")).to_have_value("")

    log_out(page)
    _log_in(page, "change@example.com", NEW_PASSWORD)
    page.fill("#id_code", codes[1])
    page.click("form[data-once] button.primary")
    expect(page).to_have_url(f"{server.url}/trade")


def test_a_passkey_is_added_renamed_and_removed(page: "Page", server: LiveServer) -> None:
    from playwright.sync_api import expect

    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    site = f"http://localhost:{server.port}"
    sign_up(page, "rename@example.com", site)
    page.goto(f"{site}/settings/security")
    codes = page.locator("backup-codes")
    expect(codes).to_contain_text("They come with the first authenticator app or passkey.")
    page.click("passkey-list summary")
    page.locator("passkey-list").get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add", exact=True).click()
    _give_password(page, PASSWORD)
    expect(page.locator("dialog .backup-codes li")).to_have_count(10)
    page.get_by_role("button", name="I have kept them").click()
    expect(codes).to_contain_text("10 backup codes left")

    row = page.locator("passkey-list .items li")
    row.get_by_role("button", name="Rename").click()
    page.locator("dialog").get_by_label("Name").fill("Old laptop")
    page.locator("dialog").get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Old laptop")

    server_run(server, FORGET_FACTORS)
    row.get_by_role("button", name="Remove").click()
    page.click("dialog .danger")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("passkey-list .empty")).to_have_text("No passkeys yet.")
    expect(codes).to_contain_text("They come with the first")


def test_backup_codes_print_alone_on_the_sheet(page: "Page") -> None:
    from playwright.sync_api import expect

    sign_up(page, "print@example.com")
    codes_turn_on(page)
    page.evaluate("() => { window.printed = 0; window.print = () => { window.printed += 1; }; }")
    page.locator("backup-codes").get_by_role("button", name="New backup codes").click()
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed") == 1

    page.emulate_media(media="print")
    expect(page.locator("dialog .backup-codes li").last).to_be_visible()
    expect(page.locator("main")).to_be_hidden()
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
