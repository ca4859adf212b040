"""The pages of the settings."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.pages.settings_views import SECTIONS, Section
from dashboard.tests.browser import Page

pytestmark = pytest.mark.django_db(databases="__all__")


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
