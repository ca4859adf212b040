"""What operators see of messages that were stored, not sent."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import RequestFactory

from tradingplatform.services.models import StoredMessage


@pytest.mark.parametrize(("is_prod", "shows_text"), [(False, True), (True, False)])
def test_stored_messages_are_shown_and_not_changed(
    settings: Any, is_prod: bool, shows_text: bool
) -> None:
    settings.IS_PROD = is_prod
    page = admin.site._registry[StoredMessage]
    request = RequestFactory().get("/")

    shown = page.get_fields(request, StoredMessage())
    assert {"recipient", "subject"} <= set(shown)
    assert ("text" in shown) is shows_text
    assert "html" not in shown
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)
