"""The OpenAPI document, and Swagger and ReDoc from local files without inline scripts."""

from functools import cache
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request
from rest_framework.response import Response

from tradingplatform.api.views import ApiView

_SIDECAR = "drf_spectacular_sidecar"
_SWAGGER = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="{icon}"><link rel="stylesheet" href="{css}"></head>
<body><div id="swagger-ui"></div>
<script src="{bundle}"></script><script src="{preset}"></script><script src="{start}"></script>
</body></html>"""
_START = """"use strict";
window.ui = SwaggerUIBundle({
  url: "%s",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "BaseLayout",
});
"""
_REDOC = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><redoc spec-url="{schema}"></redoc><script src="{bundle}"></script></body></html>"""


class SchemaView(ApiView):
    """The OpenAPI document of the whole API."""

    authentication_classes = ()
    schema = None

    def get(self, request: Request) -> Response:
        return Response(_document(settings.ROOT_URLCONF))


@cache
def _document(urlconf: str) -> dict[str, Any]:
    # Made once per process: it takes longer than a request should.
    document: dict[str, Any] = SchemaGenerator(urlconf=urlconf).get_schema(  # type: ignore[no-untyped-call] # not typed upstream
        request=None, public=True
    )
    return document


def swagger(request: HttpRequest) -> HttpResponse:
    """Show the API with a form for each operation."""
    folder = f"{_SIDECAR}/swagger-ui-dist"
    return HttpResponse(
        format_html(
            _SWAGGER,
            icon=static(f"{folder}/favicon-32x32.png"),
            css=static(f"{folder}/swagger-ui.css"),
            bundle=static(f"{folder}/swagger-ui-bundle.js"),
            preset=static(f"{folder}/swagger-ui-standalone-preset.js"),
            start=reverse("api:docs-script"),
        )
    )


def swagger_start(request: HttpRequest) -> HttpResponse:
    """Serve the script that starts Swagger, which the CSP forbids inside the page."""
    return HttpResponse(_START % reverse("api:schema"), content_type="text/javascript")


# ReDoc writes <style> elements while it runs: this one page allows them.
@csp_replace({"style-src": [SELF, UNSAFE_INLINE]})
def redoc(request: HttpRequest) -> HttpResponse:
    """Show the API as a document."""
    return HttpResponse(
        format_html(
            _REDOC,
            schema=reverse("api:schema"),
            bundle=static(f"{_SIDECAR}/redoc/bundles/redoc.standalone.js"),
        )
    )
