"""Addresses of the API itself: its OpenAPI document and the pages that show it."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularJSONAPIView

from tradingplatform.api import docs
from tradingplatform.api.views import UnknownRouteView

app_name = "api"
urlpatterns = [
    path("schema", SpectacularJSONAPIView.as_view(), name="schema"),
    path("docs", docs.swagger, name="docs"),
    path("docs/start.js", docs.swagger_start, name="docs-script"),
    path("redoc", docs.redoc, name="redoc"),
]
# The composition root puts this after every app, so that a typo is answered as JSON.
unknown_urlpatterns = [
    re_path(r"(?s)^api(?:/(?P<rest>.*))?$", UnknownRouteView.as_view(), name="api-unknown"),
]
