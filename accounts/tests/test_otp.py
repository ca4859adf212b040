"""The second factor: how it gets on, what it opens, and that no code works twice."""

from base64 import b32decode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import time_machine
from django.core.management import call_command
from django.db import connections
from django.test import Client

from accounts.models import ApiKey, AuditEntry, BackupCode, LogInTicket, OtpFactor, Session, User
from accounts.services import LoggedIn
from accounts.services.otp import otp_confirm, otp_start
from accounts.services.pages import page_principal
from accounts.tests.conftest import HOME, PASSWORD
from accounts.tests.factories import address_confirm
from accounts.totp import code_at, matching_step, otpauth_uri, qr_svg, step_at
from tests.query_budget import query_budget
from tradingplatform.api.principal import Principal
from tradingplatform.clock import now
from tradingplatform.settings.encryption_keys import parse_keys

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.usefixtures("clock")]
JSON = "application/json"
RFC_SEED = b"12345678901234567890"
LogIn = Callable[[User], LoggedIn]
Bearer = Callable[[str], Client]


class Phone:
    """An authenticator app, and the backup codes that its owner wrote down."""

    def __init__(self, user: User, session: Session) -> None:
        owner = Principal(account_db_key=user.pk, uid=user.uid, session_id=session.sid)
        self.seed = b32decode(otp_start(owner=owner, password=PASSWORD, device=HOME).secret)
        self.backup_codes = otp_confirm(owner=owner, code=self.code(-1), device=HOME)

    def code(self, steps: int = 0) -> str:
        return code_at(self.seed, step_at(now()) + steps)


@pytest.fixture
def session(mina: User, log_in: LogIn) -> LoggedIn:
    address_confirm(mina)
    return log_in(mina)


@pytest.fixture
def phone(mina: User, session: LoggedIn) -> Phone:
    return Phone(mina, session.session)


def post(client: Client, name: str, body: Any = None, **more: Any) -> Any:
    return client.post(f"/api/account/{name}", body or {}, content_type=JSON, **more)


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json().get("errorCode", "")


def ticket_for(user: User) -> str:
    answer = post(Client(), "login", {"email": user.email, "password": PASSWORD})
    assert answer.status_code == 200
    assert set(answer.json()) == {"otp_required", "ticket", "methods"}
    return str(answer.json()["ticket"])


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_rfc(moment: int, wanted: str) -> None:
    assert code_at(RFC_SEED, moment // 30) == wanted


@pytest.mark.parametrize(("steps", "found"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(steps: int, found: bool) -> None:
    middle = step_at(now())
    shown = code_at(RFC_SEED, middle + steps)
    step = matching_step(RFC_SEED, shown, moment=now(), after=0)
    assert step == (middle + steps if found else None)
    assert matching_step(RFC_SEED, shown, moment=now(), after=middle + steps) is None


def test_the_qr_code_is_a_plain_picture() -> None:
    svg = qr_svg(otpauth_uri(RFC_SEED, account="mina@example.com"))
    root = ET.fromstring(svg)  # noqa: S314 - our own text
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags == {"svg", "path"}
    assert not any("href" in name for element in root.iter() for name in element.attrib)


def test_the_way_to_a_second_factor_and_back(mina: User, browser: Client) -> None:
    assert browser.get("/api/account/otp").json()["enabled"] is False
    started = post(browser, "otp", {"password": PASSWORD})
    assert started.status_code == 201
    assert started.json()["secret"] in started.json()["otpauth_uri"]
    assert started.json()["qr_svg"].startswith("<svg")
    assert post(Client(), "login", {"email": mina.email, "password": PASSWORD}).json()["access"]

    seed = started.json()["secret"]
    confirmed = post(browser, "otp/confirm", {"code": code_at(b32decode(seed), step_at(now()))})
    assert confirmed.status_code == 200
    codes = confirmed.json()["backup_codes"]
    assert len(set(codes)) == 10
    state = browser.get("/api/account/otp").json()
    assert (state["enabled"], state["backup_codes_left"]) == (True, 10)
    assert seed not in repr(OtpFactor.objects.values().get())
    assert not any(word in repr(list(BackupCode.objects.values())) for word in codes)

    assert browser.delete("/api/account/otp").status_code == 204
    assert (OtpFactor.objects.count(), BackupCode.objects.count()) == (0, 0)
    assert post(Client(), "login", {"email": mina.email, "password": PASSWORD}).json()["access"]
    actions = AuditEntry.objects.filter(action__startswith="OTP").order_by("seq")
    assert list(actions.values_list("action", flat=True)) == ["OTP_ON", "OTP_OFF"]


def test_starting_takes_the_password(browser: Client) -> None:
    assert code(post(browser, "otp", {"password": "wrong one"})) == (422, "PASSWORD_WRONG")
    assert OtpFactor.objects.count() == 0


def test_a_wrong_first_code_turns_nothing_on(browser: Client) -> None:
    assert code(post(browser, "otp/confirm", {"code": "000000"})) == (409, "OTP_NOT_ON")
    post(browser, "otp", {"password": PASSWORD})
    for wrong in ("000000", "", "abc", "aaaaa-aaaaa", "\u0660" * 6):
        response = post(browser, "otp/confirm", {"code": wrong})
        assert code(response) in {(403, "OTP_CODE_INVALID"), (400, "INVALID_INPUT")}
    assert OtpFactor.objects.filter(confirmed_at__isnull=False).count() == 0


def test_a_second_factor_is_not_replaced_while_it_is_on(phone: Phone, browser: Client) -> None:
    before = OtpFactor.objects.values().get()
    assert code(post(browser, "otp", {"password": PASSWORD})) == (409, "OTP_ALREADY_ON")
    assert code(post(browser, "otp/confirm", {"code": phone.code()})) == (409, "OTP_ALREADY_ON")
    assert OtpFactor.objects.values().get() == before


def test_a_password_alone_opens_nothing(mina: User, phone: Phone, bearer: Bearer) -> None:
    sessions = Session.objects.count()
    ticket = ticket_for(mina)
    assert Session.objects.count() == sessions
    assert bearer(ticket).get("/api/account/me").status_code == 401

    answer = post(Client(), "login/otp", {"ticket": ticket, "code": phone.code()})
    assert answer.status_code == 200
    assert bearer(answer.json()["access"]).get("/api/account/me").status_code == 200


def test_a_ticket_and_a_code_work_once(mina: User, phone: Phone, api: Client) -> None:
    ticket, shown = ticket_for(mina), phone.code()
    assert post(api, "login/otp", {"ticket": ticket, "code": shown}).status_code == 200
    sessions = Session.objects.count()
    again = post(api, "login/otp", {"ticket": ticket, "code": phone.code(1)})
    assert code(again) == (401, "INVALID_TOKEN")
    replayed = post(api, "login/otp", {"ticket": ticket_for(mina), "code": shown})
    assert code(replayed) == (403, "OTP_CODE_INVALID")
    older = post(api, "login/otp", {"ticket": ticket_for(mina), "code": phone.code(-1)})
    assert code(older) == (403, "OTP_CODE_INVALID")
    assert Session.objects.count() == sessions


def test_a_backup_code_works_once_however_it_is_written(
    mina: User, phone: Phone, api: Client
) -> None:
    word = phone.backup_codes[3]
    written = f" {word.upper().replace('-', ' ')} "
    assert post(api, "login/otp", {"ticket": ticket_for(mina), "code": written}).status_code == 200
    again = post(api, "login/otp", {"ticket": ticket_for(mina), "code": word})
    assert code(again) == (403, "OTP_CODE_INVALID")
    assert BackupCode.objects.filter(used_at__isnull=True).count() == 9


def test_the_sixth_try_of_a_ticket_is_refused_even_with_the_right_code(
    mina: User, phone: Phone, api: Client
) -> None:
    ticket = ticket_for(mina)
    for _ in range(5):
        wrong = post(api, "login/otp", {"ticket": ticket, "code": "zzzzz-zzzzz"})
        assert code(wrong) == (403, "OTP_CODE_INVALID")
    right = post(api, "login/otp", {"ticket": ticket, "code": phone.code()})
    assert code(right) == (401, "INVALID_TOKEN")
    assert AuditEntry.objects.filter(action="OTP_REFUSED").count() == 5


def test_many_tickets_do_not_give_many_tries(mina: User, phone: Phone, api: Client) -> None:
    for _ in range(10):
        post(api, "login/otp", {"ticket": ticket_for(mina), "code": "000000"})
    refused = post(api, "login/otp", {"ticket": ticket_for(mina), "code": phone.code()})
    assert code(refused) == (429, "RATE_LIMITED")


def test_a_stranger_with_the_password_does_not_lock_the_owner_out(
    mina: User, phone: Phone, api: Client
) -> None:
    statuses = [
        post(
            api,
            "login/otp",
            {"ticket": ticket_for(mina), "code": "000000"},
            REMOTE_ADDR=f"203.0.113.{number}",
        ).status_code
        for number in range(21)
    ]
    assert statuses == [403] * 20 + [429]
    mine = post(api, "login/otp", {"ticket": ticket_for(mina), "code": phone.code()})
    assert mine.status_code == 200


@pytest.mark.parametrize("after_s", [299, 300])
def test_a_ticket_lives_five_minutes(
    mina: User, phone: Phone, api: Client, clock: time_machine.Traveller, after_s: int
) -> None:
    ticket = ticket_for(mina)
    clock.shift(after_s)
    response = post(api, "login/otp", {"ticket": ticket, "code": phone.code()})
    assert response.status_code == (200 if after_s < 300 else 401)


def test_another_password_ends_a_ticket(mina: User, phone: Phone, api: Client) -> None:
    ticket = ticket_for(mina)
    mina.set_password("another battery staple")
    mina.save()
    response = post(api, "login/otp", {"ticket": ticket, "code": phone.code()})
    assert code(response) == (401, "INVALID_TOKEN")


@pytest.mark.parametrize("ticket", ["x", "x" * 128, "\ud800"])
def test_what_is_no_ticket_is_refused(phone: Phone, api: Client, ticket: str) -> None:
    response = post(api, "login/otp", {"ticket": ticket, "code": phone.code()})
    assert response.status_code in {400, 401}


def test_nobodys_ticket_opens_with_the_code_of_another(
    mina: User, joon: User, phone: Phone, log_in: LogIn, api: Client
) -> None:
    theirs = Phone(joon, log_in(joon).session)
    for shown in (theirs.code(), theirs.backup_codes[0]):
        response = post(api, "login/otp", {"ticket": ticket_for(mina), "code": shown})
        assert code(response) == (403, "OTP_CODE_INVALID")
    assert BackupCode.objects.filter(used_at__isnull=False).count() == 0


def refreshed(logged_in: LoggedIn) -> Client:
    """Return a client with the next access token of a session."""
    answer = post(Client(), "token/refresh", {"refresh": logged_in.tokens.refresh})
    return Client(headers={"Authorization": f"Bearer {answer.json()['access']}"})


def test_key_changes_need_a_fresh_factor(
    phone: Phone, session: LoggedIn, browser: Client, clock: time_machine.Traveller
) -> None:
    wish = {"name": "bot", "scopes": ["chat"]}
    broker = {"provider": "FMP", "api_key": "x" * 20}
    made = post(browser, "api-keys", wish)
    stored = post(browser, "broker-keys", broker)
    assert (made.status_code, stored.status_code) == (201, 201)

    clock.shift(601)
    browser = refreshed(session)
    for response in (
        post(browser, "api-keys", wish),
        post(browser, "broker-keys", {"provider": "OPENAI", "api_key": "y"}),
        browser.delete(f"/api/account/broker-keys/{stored.json()['id']}"),
        browser.delete("/api/account/otp"),
        post(browser, "otp/backup-codes"),
    ):
        assert code(response) == (403, "FRESH_FACTOR_REQUIRED")
    assert OtpFactor.objects.filter(confirmed_at__isnull=False).count() == 1
    # To shut a door takes no second factor.
    assert browser.delete(f"/api/account/api-keys/{made.json()['id']}").status_code == 204
    assert ApiKey.objects.filter(revoked_at__isnull=True).count() == 0

    assert code(post(browser, "otp/verify", {"code": "000000"})) == (403, "OTP_CODE_INVALID")
    assert post(browser, "otp/verify", {"code": phone.code()}).status_code == 204
    assert post(browser, "api-keys", wish).status_code == 201
    renewed = post(browser, "otp/backup-codes").json()["backup_codes"]
    assert not set(renewed) & set(phone.backup_codes)
    used = post(browser, "otp/verify", {"code": phone.backup_codes[0]})
    assert code(used) == (403, "OTP_CODE_INVALID")


def test_a_factor_is_fresh_in_its_own_session_only(
    mina: User, phone: Phone, session: LoggedIn, bearer: Bearer, clock: time_machine.Traveller
) -> None:
    clock.shift(600)
    tokens = post(Client(), "login/otp", {"ticket": ticket_for(mina), "code": phone.code()})
    wish = {"name": "bot", "scopes": ["chat"]}
    stale = post(refreshed(session), "api-keys", wish)
    assert code(stale) == (403, "FRESH_FACTOR_REQUIRED")
    assert post(bearer(tokens.json()["access"]), "api-keys", wish).status_code == 201


def test_without_a_second_factor_nothing_asks_for_it(browser: Client) -> None:
    wish = {"name": "bot", "scopes": ["chat"], "password": PASSWORD}
    assert post(browser, "api-keys", wish).status_code == 201
    assert code(post(browser, "otp/verify", {"code": "000000"})) == (409, "OTP_NOT_ON")
    assert code(browser.delete("/api/account/otp")) == (409, "OTP_NOT_ON")


def test_rotation_wraps_seeds_too(
    mina: User, phone: Phone, api: Client, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    newest = parse_keys(f'["{"B" * 43}="]')
    settings.ENCRYPTION_KEYS = [*newest, *settings.ENCRYPTION_KEYS]
    call_command("rotate_keys")
    assert capsys.readouterr().out == "2 wrapped anew, 0 were already.\n"
    settings.ENCRYPTION_KEYS = newest
    answer = post(api, "login/otp", {"ticket": ticket_for(mina), "code": phone.code()})
    assert answer.status_code == 200


def race(work: Callable[[int], Any]) -> list[int]:
    """Let eight do the same at once; return their statuses, the winners first."""
    start = Barrier(8)

    def one(number: int) -> int:
        try:
            start.wait(timeout=20)
            return int(work(number).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        return sorted(pool.map(one, range(8)))


@pytest.mark.django_db(databases="__all__", transaction=True)
@pytest.mark.parametrize("kind", ["totp", "backup"])
def test_of_eight_who_use_one_code_one_gets_in(mina: User, phone: Phone, kind: str) -> None:
    sessions = Session.objects.count()
    shown = phone.code() if kind == "totp" else phone.backup_codes[0]
    tickets = [ticket_for(mina) for _ in range(8)]
    statuses = race(
        lambda number: post(Client(), "login/otp", {"ticket": tickets[number], "code": shown})
    )
    assert statuses == [200] + [403] * 7
    assert Session.objects.count() == sessions + 1


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_of_eight_who_use_one_ticket_one_gets_in(mina: User, phone: Phone) -> None:
    sessions = Session.objects.count()
    ticket = ticket_for(mina)
    statuses = race(
        lambda number: post(
            Client(), "login/otp", {"ticket": ticket, "code": phone.backup_codes[number]}
        )
    )
    assert statuses == [200] + [401] * 7
    assert Session.objects.count() == sessions + 1
    assert BackupCode.objects.filter(used_at__isnull=False).count() == 1
    assert LogInTicket.objects.get().tries <= 5


class TestPages:
    @pytest.fixture(autouse=True)
    def account_routes(self, settings: Any) -> None:
        settings.ROOT_URLCONF = "tradingplatform.urls"

    def log_in(self, client: Client, user: User) -> Any:
        return client.post("/log-in?next=/ledger", {"email": user.email, "password": PASSWORD})

    def test_the_form_asks_for_the_code(self, mina: User, phone: Phone) -> None:
        client = Client()
        asked = self.log_in(client, mina)
        assert asked.status_code == 200
        assert b'name="password"' not in asked.content
        assert b'autocomplete="one-time-code"' in asked.content
        ticket = asked.context["form"]["ticket"].value()
        assert page_principal(asked.wsgi_request) is None

        wrong = client.post("/log-in", {"ticket": ticket, "code": "000000", "next": "/trade"})
        assert wrong.status_code == 422
        assert wrong.context["form"].errors.keys() == {"code"}

        done = client.post("/log-in", {"ticket": ticket, "code": phone.code(), "next": "/trade"})
        assert (done.status_code, done["Location"]) == (302, "/trade")
        assert page_principal(done.wsgi_request) is not None

    def test_a_spent_ticket_leads_back_to_the_password(self, mina: User, phone: Phone) -> None:
        answer = Client().post("/log-in", {"ticket": "unknown", "code": phone.code()})
        assert answer.status_code == 422
        assert b'name="password"' in answer.content
        assert answer.context["form"].non_field_errors()
        assert answer.context["form"].errors.keys() == {"__all__"}

    def test_without_a_second_factor_nothing_changes(self, mina: User) -> None:
        client = Client()
        assert self.log_in(client, mina).status_code == 302


def test_what_it_costs(mina: User, phone: Phone, api: Client, browser: Client) -> None:
    browser.get("/api/account/otp")
    with query_budget("accounts:otp"):
        browser.get("/api/account/otp")
    with query_budget("accounts:login (second factor)"):
        ticket = ticket_for(mina)
    with query_budget("accounts:login-otp"):
        assert post(api, "login/otp", {"ticket": ticket, "code": phone.code()}).status_code == 200
