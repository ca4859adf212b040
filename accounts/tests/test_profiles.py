"""The investor profile, the display settings and what users are told about."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.enums import NotificationChannel, NotificationKind, RiskClass
from accounts.exporters import account_rows
from accounts.models import InvestorProfile, NotificationPreferences, User
from accounts.questionnaire import CLASS_BANDS, CLASS_TEXTS, QUESTIONS, SCORE_MAX, VERSION
from accounts.selectors import display_of
from accounts.services import LoggedIn
from accounts.services.notification_preferences import notification_wanted
from accounts.services.profiles import display_adopt
from accounts.suitability import assess
from tests.query_budget import query_budget

pytestmark = pytest.mark.django_db(databases="__all__")
JSON = "application/json"
PROFILE = "/api/profile"
INVESTOR = "/api/profile/investor"
DISPLAY = "/api/profile/display"
NOTIFICATIONS = "/api/profile/notifications"
CAUTIOUS = {question.code: question.answers[0].code for question in QUESTIONS}
BOLD = {question.code: question.answers[-1].code for question in QUESTIONS}
MIDDLE = {question.code: question.answers[2].code for question in QUESTIONS}
Enter = Callable[[User], Client]


@pytest.fixture
def enter(log_in: Callable[[User], LoggedIn]) -> Enter:
    def client(user: User) -> Client:
        access = log_in(user).tokens.access
        return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {access}"})

    return client


@pytest.fixture
def browser(mina: User, enter: Enter) -> Client:
    return enter(mina)


def body(answers: dict[str, str], /, **changes: Any) -> dict[str, Any]:
    return {
        "version": VERSION,
        "answers": answers,
        "monthly_budget": "500000",
        "currency": "KRW",
    } | changes


def put(client: Client, **values: Any) -> Any:
    return client.put(INVESTOR, values, content_type=JSON)


def patch(client: Client, url: str, **values: Any) -> Any:
    return client.patch(url, values, content_type=JSON)


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json().get("errorCode", "")


# The questionnaire


def test_the_best_answers_add_up_to_the_whole_score() -> None:
    assert sum(max(answer.points for answer in one.answers) for one in QUESTIONS) == SCORE_MAX
    assert all(min(answer.points for answer in one.answers) == 0 for one in QUESTIONS)
    assert [risk_class for _, risk_class in CLASS_BANDS] == list(RiskClass)
    assert set(CLASS_TEXTS) == set(RiskClass)


@pytest.mark.parametrize(
    ("changes", "score", "scored", "risk_class", "capped_by"),
    [
        ({}, 100, "AGGRESSIVE", "AGGRESSIVE", []),
        ({"risk_tolerance": "UP_TO_20"}, 93, "AGGRESSIVE", "AGGRESSIVE", []),
        ({"risk_tolerance": "UP_TO_10"}, 87, "AGGRESSIVE", "NEUTRAL", ["risk_tolerance"]),
        ({"risk_tolerance": "NONE"}, 80, "GROWTH_SEEKING", "STABLE", ["risk_tolerance"]),
        ({"horizon": "UNDER_1_YEAR"}, 86, "AGGRESSIVE", "NEUTRAL", ["horizon"]),
        ({"goal": "PRESERVATION"}, 86, "AGGRESSIVE", "STABILITY_SEEKING", ["goal"]),
        (
            {"horizon": "UNDER_1_YEAR", "risk_tolerance": "UP_TO_10"},
            73, "GROWTH_SEEKING", "NEUTRAL", ["horizon", "risk_tolerance"],
        ),
    ],
)  # fmt: skip
def test_single_answers_hold_the_class_down(
    changes: dict[str, str], score: int, scored: str, risk_class: str, capped_by: list[str]
) -> None:
    found = assess(BOLD | changes)

    assert (found.score, found.scored_class, found.risk_class) == (score, scored, risk_class)
    assert found.capped_by == capped_by


def test_the_bands_of_the_classes() -> None:
    bottom = CAUTIOUS | {"goal": "HIGH_GROWTH", "horizon": "OVER_5_YEARS"}
    tolerant = bottom | {"risk_tolerance": "OVER_20"}

    assert (assess(CAUTIOUS).score, assess(CAUTIOUS).risk_class) == (0, RiskClass.STABLE)
    assert assess(bottom).scored_class is RiskClass.STABILITY_SEEKING
    assert assess(tolerant).score == 48
    assert assess(tolerant).risk_class is RiskClass.NEUTRAL
    assert assess(tolerant | {"experience": "ADVANCED"}).score == 60
    assert assess(tolerant | {"experience": "ADVANCED"}).risk_class is RiskClass.NEUTRAL


@pytest.mark.parametrize(
    ("language", "text"), [("en", "What is this money for?"), ("ko", "이 돈의 목적은 무엇인가요?")]
)
def test_the_questions_come_in_the_language_of_the_request(
    browser: Client, language: str, text: str
) -> None:
    asked = browser.get(f"{PROFILE}/questionnaire", headers={"accept-language": language}).json()

    assert asked["version"] == VERSION
    assert [question["code"] for question in asked["questions"]] == list(CAUTIOUS)
    assert asked["questions"][2]["text"] == text
    assert "points" not in asked["questions"][0]["answers"][0]


# The investor profile


def test_answers_become_a_profile_and_the_newest_counts(browser: Client, mina: User) -> None:
    assert browser.get(PROFILE).json()["investor"] is None

    first = put(browser, **body(BOLD)).json()
    put(browser, **body(MIDDLE, monthly_budget="99.50", currency="USD"))

    newest = browser.get(PROFILE).json()["investor"]
    assert (first["score"], first["risk_class"], first["monthly_budget"]) == (
        100, "AGGRESSIVE", "500000",
    )  # fmt: skip
    assert (newest["monthly_budget"], newest["currency"]) == ("99.5", "USD")
    assert (newest["experience"], newest["goal"]) == ("INTERMEDIATE", "GROWTH")
    assert (newest["horizon"], newest["risk_tolerance"]) == ("YEARS_3_TO_5", "UP_TO_20")
    assert newest["answers"] == MIDDLE
    listed = browser.get(INVESTOR).json()["results"]
    assert [row["id"] for row in listed] == [newest["id"], first["id"]]
    assert InvestorProfile.objects.filter(user=mina).count() == 2


def test_the_same_answers_again_are_the_same_profile(browser: Client) -> None:
    first, again = put(browser, **body(MIDDLE)).json(), put(browser, **body(MIDDLE)).json()

    assert first == again
    assert InvestorProfile.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"answers": {}}, "answers"),
        ({"answers": {**MIDDLE, "goal": "YACHT"}}, "answers"),
        ({"answers": {**MIDDLE, "shoe_size": "NONE"}}, "answers"),
        ({"answers": {key: MIDDLE[key] for key in MIDDLE if key != "goal"}}, "answers"),
        ({"monthly_budget": "-1"}, "monthly_budget"),
        ({"monthly_budget": "1e5"}, "monthly_budget"),
        ({"monthly_budget": "0.5"}, "monthly_budget"),
        ({"currency": "EUR"}, "currency"),
        ({"version": "one"}, "version"),
    ],
)
def test_bad_answers_are_refused_by_field_and_change_nothing(
    browser: Client, changes: dict[str, Any], field: str
) -> None:
    refused = put(browser, **body(MIDDLE, **changes))

    assert code(refused) == (400, "INVALID_INPUT")
    assert list(refused.json()["details"]) == [field]
    assert not InvestorProfile.objects.exists()


def test_a_fault_names_its_question(browser: Client) -> None:
    answers = {key: MIDDLE[key] for key in MIDDLE if key != "goal"} | {"horizon": "SOON"}

    faults = put(browser, **body(answers)).json()["details"]["answers"]

    assert faults == {
        "goal": ["This question is not answered."],
        "horizon": ["This is not one of the answers."],
    }


def test_answers_to_another_version_are_refused(browser: Client) -> None:
    refused = put(browser, **body(MIDDLE, version=VERSION + 1))

    assert code(refused) == (409, "QUESTIONNAIRE_OUTDATED")
    assert refused.json()["details"] == {"version": VERSION}
    assert not InvestorProfile.objects.exists()


def test_profiles_are_limited_per_day(browser: Client, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "investor_profiles": (1, 86_400)}
    put(browser, **body(MIDDLE))

    assert code(put(browser, **body(BOLD))) == (429, "RATE_LIMITED")
    assert InvestorProfile.objects.count() == 1


def test_nobody_sees_the_profile_of_another(browser: Client, joon: User, enter: Enter) -> None:
    put(browser, **body(BOLD))

    other = enter(joon)
    assert other.get(PROFILE).json()["investor"] is None
    assert other.get(INVESTOR).json()["results"] == []
    assert code(Client().get(PROFILE)) == (401, "AUTHENTICATION_REQUIRED")


# Display


def test_what_was_not_chosen_is_usual_in_the_language(browser: Client, mina: User) -> None:
    usual = {"theme": "system", "blur_amounts": False}
    shown = browser.get(PROFILE).json()["display"]
    assert shown == {"language": "ko", "currency": "KRW", "colours": "red-up", **usual}

    english = patch(browser, DISPLAY, language="en").json()
    assert english == {"language": "en", "currency": "USD", "colours": "green-up", **usual}

    chosen = patch(browser, DISPLAY, colours="red-up", theme="dark", blur_amounts=True).json()
    assert (chosen["colours"], chosen["theme"], chosen["blur_amounts"]) == ("red-up", "dark", True)
    mina.refresh_from_db()
    assert (mina.language, mina.currency, mina.colours) == ("en", "", "red-up")


@pytest.mark.parametrize(
    "change", [{"theme": "pink"}, {"language": "fr"}, {"currency": "EUR"}, {"colours": None}]
)
def test_an_unknown_look_is_refused(browser: Client, mina: User, change: dict[str, Any]) -> None:
    assert code(patch(browser, DISPLAY, **{"blur_amounts": True, **change})) == (
        400, "INVALID_INPUT",
    )  # fmt: skip
    mina.refresh_from_db()
    assert mina.display_chosen_at is None
    assert mina.blur_amounts is False


def test_an_account_takes_over_a_look_once(mina: User) -> None:
    display_adopt(user=mina, seen={"theme": "dark"})
    display_adopt(user=mina, seen={"theme": "light"})

    mina.refresh_from_db()
    assert display_of(mina).theme == "dark"


# Notifications


def on(client: Client, kind: str) -> list[str]:
    choices = client.get(NOTIFICATIONS).json()["choices"]
    return [one["channel"] for one in choices if one["kind"] == kind and one["enabled"]]


def choose(client: Client, kind: str, channel: str, *, enabled: bool) -> Any:
    choice = {"kind": kind, "channel": channel, "enabled": enabled}
    return patch(client, NOTIFICATIONS, choices=[choice])


def test_choices_are_laid_over_the_defaults(browser: Client, mina: User) -> None:
    assert on(browser, "SECURITY") == ["IN_APP", "EMAIL"]
    assert on(browser, "PRODUCT") == []

    choose(browser, "ORDERS", "EMAIL", enabled=True)
    choose(browser, "NEWS", "IN_APP", enabled=False)
    choose(browser, "NEWS", "IN_APP", enabled=True)

    assert on(browser, "ORDERS") == ["IN_APP", "EMAIL"]
    assert NotificationPreferences.objects.get(user=mina).choices == {"ORDERS": {"EMAIL": True}}


@pytest.mark.parametrize("channel", ["IN_APP", "EMAIL"])
def test_security_alerts_stay_on(browser: Client, channel: str) -> None:
    choices = [
        {"kind": "NEWS", "channel": "EMAIL", "enabled": True},
        {"kind": "SECURITY", "channel": channel, "enabled": False},
    ]

    refused = patch(browser, NOTIFICATIONS, choices=choices)

    assert code(refused) == (422, "NOTIFICATION_REQUIRED")
    assert not NotificationPreferences.objects.exists()
    listed = browser.get(NOTIFICATIONS).json()["choices"]
    assert [one["channel"] for one in listed if one["locked"]] == ["IN_APP", "EMAIL"]


@pytest.mark.parametrize(
    "quiet",
    [
        {"since": "22:00"},
        {"since": "22:00", "until": "22:00"},
        {"since": "25:00", "until": "07:00"},
        {"since": "22:00", "until": "07:00", "time_zone": "Mars/Olympus"},
    ],
)
def test_odd_quiet_hours_are_refused(browser: Client, quiet: dict[str, str]) -> None:
    assert code(patch(browser, NOTIFICATIONS, quiet_hours=quiet)) == (400, "INVALID_INPUT")
    assert not NotificationPreferences.objects.exists()


def test_quiet_hours_hold_back_mail_but_no_alert(browser: Client, mina: User) -> None:
    choose(browser, "ORDERS", "EMAIL", enabled=True)
    quiet = {"since": "22:00", "until": "07:00", "time_zone": "Asia/Seoul"}
    stored = patch(browser, NOTIFICATIONS, quiet_hours=quiet).json()["quiet_hours"]
    night, day = datetime(2026, 11, 20, 15, 30, tzinfo=UTC), datetime(2026, 11, 20, 3, tzinfo=UTC)

    def is_wanted(kind: NotificationKind, channel: NotificationChannel, at: datetime) -> bool:
        return notification_wanted(account_db_key=mina.pk, kind=kind, channel=channel, at=at)

    kinds, channels = NotificationKind, NotificationChannel
    assert stored == quiet
    assert is_wanted(kinds.ORDERS, channels.EMAIL, day) is True
    assert is_wanted(kinds.ORDERS, channels.EMAIL, night) is False
    assert is_wanted(kinds.ORDERS, channels.IN_APP, night) is True
    assert is_wanted(kinds.SECURITY, channels.EMAIL, night) is True
    assert is_wanted(kinds.NEWS, channels.EMAIL, day) is False
    assert patch(browser, NOTIFICATIONS, quiet_hours=None).json()["quiet_hours"] is None
    assert is_wanted(kinds.ORDERS, channels.EMAIL, night) is True


# What it costs, and leaving


def test_each_call_asks_the_database_as_often_as_written_down(browser: Client) -> None:
    put(browser, **body(MIDDLE))
    browser.get(PROFILE)
    for name, url in (
        ("profile:profile", PROFILE),
        ("profile:investor", INVESTOR),
        ("profile:notifications", NOTIFICATIONS),
        ("profile:questionnaire", f"{PROFILE}/questionnaire"),
    ):
        with query_budget(name):
            assert browser.get(url).status_code == 200


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_the_copy_holds_it_and_closing_forgets_it(browser: Client, mina: User) -> None:
    put(browser, **body(MIDDLE))
    choose(browser, "NEWS", "EMAIL", enabled=True)
    patch(browser, DISPLAY, theme="dark")

    rows = account_rows(mina.pk)
    assert rows["investor_profiles"][0]["answers"] == MIDDLE
    assert rows["notification_preferences"][0]["choices"] == {"NEWS": {"EMAIL": True}}
    assert rows["account"][0]["theme"] == "dark"

    closed = browser.post(
        "/api/account/close", {"password": "correct horse battery"}, content_type=JSON
    )
    assert closed.status_code == 204
    assert not InvestorProfile.objects.exists()
    assert not NotificationPreferences.objects.exists()
