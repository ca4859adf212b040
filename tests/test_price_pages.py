"""What the pages say about a price beside its figure: its age, and what is worked into bars."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser import NEEDS_BROWSER, sign_up
from tests.live_server import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = NEEDS_BROWSER

BARS = """date,open,high,low,close,volume
20240102,400,400,400,400,1000
20240103,404,404,404,404,1000
20240104,101,101,101,101,4000
"""
ACTIONS = "symbol,kind,ex_date,ratio\nOLDCO,SPLIT,2024-01-04,4\n"


def _import_old_bars(server: LiveServer, folder: Path) -> None:
    bars, actions = folder / "bars.csv", folder / "actions.csv"
    bars.write_text(BARS)
    actions.write_text(ACTIONS)
    for command in (
        ("import_bars", str(bars), "--symbol", "OLDCO", "--exchange", "NASDAQ"),
        ("import_actions", str(actions)),
    ):
        done = server.manage(*command)
        assert done.returncode == 0, done.stdout + done.stderr


def test_an_old_price_tells_its_age_and_bars_what_is_worked_in(
    page: "Page", server: LiveServer, tmp_path: Path
) -> None:
    from playwright.sync_api import expect

    _import_old_bars(server, tmp_path)
    sign_up(page, "age@example.com")
    expect(page.locator("symbol-head")).not_to_have_class(re.compile("is-stale"))
    choice = page.locator(".chart-adjustment")
    expect(choice).to_be_disabled()
    expect(choice.locator("option")).to_have_text(["Adjusted by the source"])

    page.goto("/trade?symbol=OLDCO")

    head = page.locator("symbol-head")
    expect(head).to_have_class(re.compile("is-stale"))
    expect(head.locator(".symbol-price")).to_have_text("101.00")
    expect(head.locator(".stale-note")).to_have_text(re.compile(r"^[\d,]+ days old$"))
    expect(page.locator('.quote-row[data-symbol="AAPL"]')).not_to_have_class(re.compile("is-stale"))

    expect(choice).to_be_enabled()
    expect(choice).to_have_value("SPLIT")
    with page.expect_response(re.compile("/bars/OLDCO.*adjusted=RAW")) as raw:
        choice.select_option(label="Raw prices")
    assert [bar["close"] for bar in raw.value.json()["results"]] == ["400", "404", "101"]
    with page.expect_response(re.compile("/bars/OLDCO.*adjusted=SPLIT")) as split:
        choice.select_option(label="Split-adjusted")
    assert [bar["close"] for bar in split.value.json()["results"]] == ["100", "101", "101"]
    page.reload()
    expect(choice).to_have_value("SPLIT")


def test_prices_grow_old_while_the_line_is_down(page: "Page", server: LiveServer) -> None:
    from playwright.sync_api import expect

    page.clock.install()
    page.goto("/market")
    page.wait_for_selector(".movers .quote-row")
    sign_up(page, "down@example.com")
    row = page.locator('.quote-row[data-symbol="AAPL"]')
    expect(row.locator(".quote-price")).to_have_text(re.compile(r"\d"))
    expect(page.locator(".stale-note:visible")).to_have_count(0)
    market = page.context.new_page()
    market.clock.install()
    market.goto("/market")
    market.wait_for_selector(".movers .quote-row")

    server.kill()
    page.clock.fast_forward(40_000)
    market.clock.fast_forward(40_000)

    expect(row).to_have_class(re.compile("is-stale"))
    note = row.locator(".stale-note")
    expect(note).to_have_text(re.compile(r"^\d+ (sec|min) old$"))
    expect(note).to_have_attribute("title", re.compile("Nobody has confirmed this price"))
    expect(market.locator(".movers .quote-row.is-stale").first).to_be_visible()
    for part in ("symbol-head", "order-book", "index-strip .index-item"):
        holder = page.locator(part).first
        expect(holder).to_have_class(re.compile("is-stale"))
        expect(holder.locator(".stale-note")).to_have_text(re.compile("old$"))
    server.start()
    expect(row).not_to_have_class(re.compile("is-stale"))
    expect(note).to_be_hidden()
