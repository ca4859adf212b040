"""The pages as a browser gets them."""

from decimal import Decimal
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.pages.settings_views import SECTIONS, Section
from accounts.selectors import display_of
from accounts.services.users import user_sign_up
from dashboard.pages.context import components_are_built
from dashboard.tests.browser import Page
from market.services import sample_market_load
from portfolio.selectors import portfolio_summary, portfolios_get
from portfolio.services.portfolios import portfolio_open
from tradingplatform.clock import now

pytestmark = pytest.mark.django_db(databases="__all__")

PERSON = {"email": "lee@example.com", "nickname": "Lee", "password": "correct horse 9"}
LOG_IN = {"email": PERSON["email"], "password": PERSON["password"]}


@pytest.fixture
def lee(client: Client) -> User:
    """A user whose browser is logged in."""
    client.post(reverse("account-pages:sign-up"), PERSON)
    return User.objects.get(email=PERSON["email"])


def _open_portfolio(user: User, name: str = "First") -> str:
    cash = {"KRW": Decimal(1_000_000)}
    opened = portfolio_open(
        account_db_key=user.pk, name=name, base_currency="KRW", initial_cash=cash
    )
    return str(opened.pk)


# Visitors


@pytest.mark.parametrize("shown", [True, False])
def test_visitors_see_quotes_where_the_operator_allows_it(
    client: Client, settings, shown: bool
) -> None:
    settings.MARKET_ANONYMOUS = shown

    response = client.get("/")

    assert response.status_code == 200
    tags = {tag for tag, _ in Page(response.text).tags}
    assert ({"quote-table", "sample-badge", "connection-badge"} <= tags) is shown
    assert "account-bar" not in tags


@pytest.mark.parametrize(
    "path",
    ["/trade", f"/trade/portfolios/{UUID(int=1)}/ledger", "/settings", "/settings/security"],
)
def test_pages_of_users_send_visitors_to_the_log_in(client: Client, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 302
    assert response["Location"] == f"/log-in?next={path}"


def test_head_answers_like_get(client: Client) -> None:
    assert client.head("/").status_code == 200


# Accounts


def test_signing_up_logs_in_and_offers_the_first_portfolio(client: Client) -> None:
    response = client.post(reverse("account-pages:sign-up"), PERSON, follow=True)

    assert response.redirect_chain == [("/trade", 302)]
    assert 'action="/trade/portfolios"' in response.text
    assert User.objects.get().nickname == "Lee"


@pytest.mark.parametrize(
    ("_case", "change", "message"),
    [
        ("short password", {"password": "123"}, "at least 8 characters"),
        ("common password", {"password": "password123"}, "too common"),
        ("bad address", {"email": "nobody"}, "valid email"),
        ("bad nickname", {"nickname": "<b>"}, "letters, digits"),
    ],
)
def test_a_bad_sign_up_says_why_and_creates_nothing(
    client: Client, _case: str, change: dict[str, str], message: str
) -> None:
    response = client.post(reverse("account-pages:sign-up"), {**PERSON, **change})

    assert response.status_code == 422
    assert message in response.text
    assert not User.objects.exists()


def test_an_address_signs_up_once(client: Client, lee: User) -> None:
    response = Client().post(reverse("account-pages:sign-up"), PERSON)

    assert response.status_code == 422
    assert "An account with this address exists." in response.text
    assert User.objects.count() == 1


def test_a_wrong_password_is_refused_without_saying_which_part_is_wrong(lee: User) -> None:
    for form in ({**LOG_IN, "password": "wrong horse"}, {**LOG_IN, "email": "no@example.com"}):
        browser = Client()
        response = browser.post(reverse("account-pages:log-in"), form)

        assert response.status_code == 422
        assert "The address or the password is wrong." in response.text
        assert browser.get("/trade").status_code == 302


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/trade?x=1", "/trade?x=1"),
        ("https://evil.example/", "/trade"),
        ("//evil.example/", "/trade"),
        ("javascript:alert(1)", "/trade"),
    ],
)
def test_logging_in_goes_on_to_our_own_pages_only(lee: User, wanted: str, reached: str) -> None:
    response = Client().post(reverse("account-pages:log-in"), {**LOG_IN, "next": wanted})

    assert response.status_code == 302
    assert response["Location"] == reached


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_logging_out_ends_the_session_everywhere(client: Client, lee: User) -> None:
    cookies = client.cookies.output()
    copy = Client()
    copy.cookies.load(cookies.replace("Set-Cookie: ", ""))
    assert copy.get("/trade").status_code == 200

    assert client.post(reverse("account-pages:log-out"))["Location"] == "/"

    assert client.get("/trade").status_code == 302
    assert copy.get("/trade").status_code == 302


def test_logging_out_needs_the_token_of_the_page(lee: User) -> None:
    browser = Client(enforce_csrf_checks=True)

    assert browser.post(reverse("account-pages:log-out")).status_code == 403


# The trading page


def test_the_trading_page_holds_the_desk_and_the_rules_of_the_markets(
    client: Client, lee: User
) -> None:
    sample_market_load(since=now().date())
    _open_portfolio(lee)

    response = client.get("/trade")

    tags = {tag for tag, _ in Page(response.text).tags}
    assert {"stock-chart", "watch-list", "order-ticket", "positions-table", "analyst-chat"} <= tags
    config = response.context["page_config"]
    assert config["signed_in"] is True
    assert config["default_symbols"][:2] == ["005930", "AAPL"]
    assert config["ticks"]["KRX"][1] == {"from": "2000", "tick": "5"}
    assert config["ticks"]["KRX:ETF"][-1] == {"from": "2000", "tick": "5"}
    assert config["costs"]["KRX"]["commission"] == "0.00015"


def test_the_start_page_of_users_is_the_trading_page(client: Client, lee: User) -> None:
    _open_portfolio(lee)

    assert "order-ticket" in client.get("/").text


def test_opening_a_portfolio_gives_it_the_chosen_cash(client: Client, lee: User) -> None:
    form = {"name": "Mine", "cash": "both"}
    response = client.post(reverse("pages:portfolio-create"), form)

    assert (response.status_code, response["Location"]) == (302, "/trade")
    portfolio = portfolios_get(lee.pk).get()
    summary = portfolio_summary(account_db_key=lee.pk, portfolio_id=portfolio.pk)
    cash = {row.currency: row.available for row in summary.currencies}
    assert (portfolio.name, portfolio.base_currency) == ("Mine", "KRW")
    assert cash == {"KRW": Decimal(50_000_000), "USD": Decimal(50_000)}


def test_a_bad_portfolio_form_is_shown_again_with_the_text_escaped(
    client: Client, lee: User
) -> None:
    form = {"name": '"><script>alert(1)</script>', "cash": "a million"}
    response = client.post(reverse("pages:portfolio-create"), form)

    assert response.status_code == 422
    assert "<script>alert" not in response.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in response.text
    assert not portfolios_get(lee.pk).exists()


def test_the_ledger_shows_ones_own_entries_only(client: Client, lee: User) -> None:
    other = user_sign_up(email="kim@example.com", password="correct horse 9", nickname="Kim")
    own, foreign = _open_portfolio(lee), _open_portfolio(other)

    shown = client.get(reverse("pages:ledger", args=[own]))
    hidden = client.get(reverse("pages:ledger", args=[foreign]))

    assert shown.status_code == 200
    assert "Deposit" in shown.text
    assert "+1,000,000" in shown.text
    assert hidden.status_code == 404
    assert "1,000,000" not in hidden.text


# Every page


SETTINGS = [f"/settings/{section.name}" for section in SECTIONS]


@pytest.mark.parametrize(
    "path", ["/", "/log-in", "/sign-up", "/trade", "/no-such-page", "/settings", *SETTINGS]
)
def test_no_page_has_inline_code_or_leaves_this_site(client: Client, lee: User, path: str) -> None:
    _open_portfolio(lee)

    for browser in (client, Client()):
        response = browser.get(path, follow=True)
        policy = response["Content-Security-Policy"]
        assert "unsafe-inline" not in policy
        assert "unsafe-eval" not in policy
        assert "default-src 'self'" in policy
        page = Page(response.text)
        assert page.inline_code == []
        assert page.handlers == []
        assert [one for one in page.addresses if one.startswith(("http:", "https:", "//"))] == []


def test_every_field_has_a_label_and_every_button_a_name(client: Client) -> None:
    for path in ("/log-in", "/sign-up"):
        page = Page(client.get(path).text)
        labelled = {tag.get("for") for name, tag in page.tags if name == "label"}
        fields = [
            tag.get("id")
            for name, tag in page.tags
            if name == "input" and tag.get("type") != "hidden"
        ]
        assert set(fields) <= labelled


def test_a_missing_build_is_said_in_one_line(client: Client, settings, tmp_path) -> None:
    settings.COMPONENTS_MANIFEST = tmp_path / "manifest.json"
    components_are_built.cache_clear()
    try:
        response = client.get("/")
    finally:
        components_are_built.cache_clear()

    assert response.status_code == 200
    assert "components of this page are not built" in response.text


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [("/no-such-page", 404, "There is nothing at this address.")],
)
def test_errors_wear_the_design_of_the_pages(
    client: Client, path: str, status: int, text: str
) -> None:
    response = client.get(path)

    assert response.status_code == status
    assert text in response.text
    assert "site-header" in response.text


def test_a_form_without_its_token_gets_a_page_that_says_so() -> None:
    response = Client(enforce_csrf_checks=True).post(reverse("account-pages:log-in"), LOG_IN)

    assert response.status_code == 403
    assert "The form has expired." in response.text


# Languages


@pytest.mark.parametrize(
    ("header", "cookie", "language"),
    [
        ("en-US,en;q=0.9", "", "en"),
        ("ko-KR,ko;q=0.9,en;q=0.5", "", "ko"),
        ("fr-FR", "", "en"),
        ("en-US", "ko", "ko"),
        ("ko-KR", "en", "en"),
    ],
)
def test_the_language_is_that_of_the_cookie_else_of_the_browser(
    client: Client, header: str, cookie: str, language: str
) -> None:
    if cookie:
        client.cookies["language"] = cookie

    response = client.get("/log-in", headers={"accept-language": header})

    assert f'<html lang="{language}"' in response.text
    assert ("로그인" in response.text) == (language == "ko")


def test_switching_the_language_is_remembered(client: Client) -> None:
    response = client.post(reverse("pages:language"), {"language": "ko", "next": "/log-in"})

    assert response["Location"] == "/log-in"
    assert "로그인" in client.get("/log-in").text


@pytest.mark.parametrize(("language", "colours"), [("ko", "red-up"), ("en", "green-up")])
def test_rising_prices_wear_the_colour_usual_in_the_language(
    client: Client, language: str, colours: str
) -> None:
    client.cookies["language"] = language
    assert f'data-colours="{colours}"' in client.get("/").text

    client.cookies["colours"] = "green-up"
    client.cookies["theme"] = '"><script>'
    response = client.get("/")
    assert 'data-colours="green-up"' in response.text
    assert 'data-theme="system"' in response.text


# Display of the account


def _patch_display(client: Client, **changes: object) -> None:
    response = client.patch("/api/profile/display", changes, content_type="application/json")
    assert response.status_code == 200


def _signed_up_elsewhere() -> User:
    return user_sign_up(
        email=PERSON["email"], nickname=PERSON["nickname"], password=PERSON["password"]
    )


def _html(client: Client, path: str = "/settings/display") -> dict[str, str | None]:
    return next(tag for name, tag in Page(client.get(path).text).tags if name == "html")


def test_pages_follow_the_account_on_every_device(client: Client, lee: User) -> None:
    other = Client(headers={"accept-language": "en-US"})
    other.post(reverse("account-pages:log-in"), LOG_IN)
    other.cookies["theme"] = "light"

    _patch_display(client, language="ko", theme="dark", blur_amounts=True)

    for browser in (client, other):
        shown = _html(browser)
        assert (shown["lang"], shown["data-theme"]) == ("ko", "dark")
        assert (shown["data-colours"], shown["data-blur"]) == ("red-up", "on")
        assert "투자성향" in browser.get("/settings/profile").text
    assert _html(Client(), "/log-in")["data-theme"] == "system"


def test_the_language_button_is_remembered_by_the_account(client: Client, lee: User) -> None:
    client.post(reverse("pages:language"), {"language": "ko", "next": "/settings"})
    client.post(reverse("pages:language"), {"language": "xx", "next": "/settings"})

    lee.refresh_from_db()
    assert lee.language == "ko"
    assert _html(client)["lang"] == "ko"


def test_the_first_log_in_takes_over_the_look_of_the_visitor(client: Client) -> None:
    user = _signed_up_elsewhere()
    client.cookies.load({"theme": "dark", "colours": "red-up", "language": "en"})
    client.post(reverse("account-pages:log-in"), LOG_IN)
    other = Client()
    other.cookies.load({"theme": "light", "language": "ko"})
    other.post(reverse("account-pages:log-in"), LOG_IN)

    user.refresh_from_db()
    shown = display_of(user)
    assert (shown.language, shown.theme, shown.colours) == ("en", "dark", "red-up")
    assert _html(other)["data-theme"] == "dark"


def test_a_look_that_nobody_offers_is_not_taken_over(client: Client) -> None:
    user = _signed_up_elsewhere()
    client.cookies.load({"theme": "pink", "colours": '"><script>'})
    client.post(reverse("account-pages:log-in"), LOG_IN)

    user.refresh_from_db()
    assert (user.theme, user.colours, user.language) == ("system", "", "ko")


# Settings


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_each_section_of_the_settings_is_a_page(
    client: Client, lee: User, section: Section
) -> None:
    response = client.get(f"/settings/{section.name}")

    tags = Page(response.text).tags
    current = [tag["href"] for name, tag in tags if name == "a" and tag.get("aria-current")]
    assert response.status_code == 200
    assert current == [f"/settings/{section.name}"]
    shown = [name for name, _ in tags if name in {card.element for card in section.cards}]
    assert shown == [card.element for card in section.cards]


def test_the_settings_begin_with_the_profile(client: Client, lee: User) -> None:
    assert client.get("/settings")["Location"] == "/settings/profile"
    assert client.get("/settings/nothing").status_code == 404
    assert 'href="/settings"' in client.get("/trade").text


def test_the_list_of_passkeys_knows_the_domain_that_they_are_for(
    client: Client, lee: User, settings
) -> None:
    settings.PASSKEY_RP_ID, settings.PASSKEY_ORIGINS = "a.example", ["https://a.example"]

    tags = Page(client.get("/settings/security").text).tags

    shown = next(tag for name, tag in tags if name == "passkey-list")
    assert (shown["data-domain"], shown["data-address"]) == ("a.example", "https://a.example")


# Operators


def test_only_operators_enter_the_console(client: Client, lee: User) -> None:
    assert client.get("/admin/").status_code == 403
    assert "/admin/" not in client.get("/trade").text

    user_sign_up(email="op@example.com", password="correct horse 9", nickname="Op", is_staff=True)
    operator = Client()
    form = {"email": "op@example.com", "password": "correct horse 9"}
    operator.post(reverse("account-pages:log-in"), form)

    assert operator.get("/admin/").status_code == 200
    assert 'href="/admin/"' in operator.get("/trade").text
    assert 'href="/api/docs"' in operator.get("/trade").text


# The market


@pytest.mark.parametrize(
    ("path", "tag"), [("/market", "market-overview"), ("/screener", "market-screener")]
)
def test_pages_of_the_market_are_open_where_the_operator_allows_it(
    client: Client, settings, path: str, tag: str
) -> None:
    shown = client.get(path)
    settings.MARKET_ANONYMOUS = False
    hidden = client.get(path)

    assert shown.status_code == 200
    tags = [name for name, _ in Page(shown.text).tags]
    assert tags.count(tag) == 1
    assert f'href="{path}"' in shown.text
    assert hidden.status_code == 302
    assert hidden["Location"].split("?")[0] == reverse("account-pages:log-in")


def test_sections_show_to_whom_the_market_is_open(client: Client, lee: User, settings) -> None:
    settings.MARKET_ANONYMOUS = False

    signed_in = client.get("/market").text
    client.logout()
    visitor = client.get("/").text

    assert signed_in.count('aria-current="page"') == 2
    assert 'href="/screener"' in signed_in
    assert 'href="/screener"' not in visitor
