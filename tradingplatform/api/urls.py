"""Addresses of the API itself: its OpenAPI document and the pages that show it."""

from django.urls import path, re_path

from tradingplatform.api import docs
from tradingplatform.api.views import UnknownRouteView

app_name = "api"
urlpatterns = [
    path("schema", docs.SchemaView.as_view(), name="schema"),
    path("docs", docs.swagger, name="docs"),
    path("docs/start.js", docs.swagger_start, name="docs-script"),
    path("redoc", docs.redoc, name="redoc"),
]
# The composition root puts this after every app, so that a typo is answered as JSON.
unknown_urlpatterns = [
    re_path(r"^api(?:/(?P<rest>[\s\S]*))?$", UnknownRouteView.as_view(), name="api-unknown"),
]
