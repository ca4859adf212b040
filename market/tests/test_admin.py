import pytest
from django.contrib import admin
from django.test import RequestFactory

from market.models import BarGap, CorporateAction, ImportRun, Instrument


@pytest.mark.parametrize("model", [Instrument, ImportRun, CorporateAction, BarGap])
def test_operators_look_but_do_not_touch(model):
    page = admin.site._registry[model]
    request = RequestFactory().get("/")

    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)
