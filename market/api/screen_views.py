"""The overview and screener endpoints."""

from functools import partial
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from market import services
from market.api import screen_rendering as rendering
from market.api.screen_serializers import (
    FieldsOutput,
    OverviewInput,
    OverviewOutput,
    SavedScreenChange,
    SavedScreenInput,
    SavedScreenOutput,
    SavedScreensOutput,
    ScreenInput,
    ScreenOutput,
)
from market.api.watch_views import IDEMPOTENCY_KEY
from market.overview import overview_of
from market.panel import panel_get
from market.screen_selectors import screen_get, screens_get
from market.screens import screen_parse, screen_run
from tradingplatform.api.idempotency import idempotent
from tradingplatform.api.views import ApiView, owner_key, parsed


class OverviewView(ApiView):
    @extend_schema(parameters=[OverviewInput], responses=OverviewOutput)
    def get(self, request: Request) -> Response:
        """Return movers, breadth and sectors, computed from the quotes of now."""
        wanted = parsed(OverviewInput, request.query_params)
        panel = panel_get()
        overview = overview_of(panel, exchange=wanted.get("exchange"), limit=wanted["limit"])
        return Response(rendering.overview_payload(overview, panel))


class ScreenerView(ApiView):
    # A screen is a question, only too long for an address.
    rate_class = "read"

    @extend_schema(responses=FieldsOutput)
    def get(self, request: Request) -> Response:
        """List the fields to filter on and sort by."""
        return Response(rendering.fields_payload(panel_get().without_indices))

    @extend_schema(request=ScreenInput, responses=ScreenOutput)
    def post(self, request: Request) -> Response:
        """Return the instruments that pass every filter, in order, with their figures."""
        wanted = parsed(ScreenInput, request.data)
        panel = panel_get().without_indices
        found = screen_run(screen_parse(wanted.pop("definition")), panel)
        return Response(rendering.screened_payload(found, panel, **wanted))


class ScreensView(ApiView):
    @extend_schema(responses=SavedScreensOutput)
    def get(self, request: Request) -> Response:
        """List your saved screens."""
        rows = screens_get(owner_key(request))
        return Response({"results": [rendering.screen_payload(row) for row in rows], "next": None})

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=SavedScreenInput,
        responses={201: SavedScreenOutput},
    )
    def post(self, request: Request) -> Response:
        """Save a screen under a name."""

        def work(wanted: dict[str, Any]) -> Response:
            saved = services.screen_save(account_db_key=owner_key(request), **wanted)
            return Response(rendering.screen_payload(saved), status=201)

        read = partial(parsed, SavedScreenInput, request.data)
        return idempotent(request, route="market.screen_save", prepare=read, work=work)


class ScreenView(ApiView):
    @extend_schema(responses=SavedScreenOutput)
    def get(self, request: Request, screen_id: UUID) -> Response:
        """Return one saved screen."""
        found = screen_get(account_db_key=owner_key(request), screen_id=screen_id)
        return Response(rendering.screen_payload(found))

    @extend_schema(request=SavedScreenChange, responses=SavedScreenOutput)
    def patch(self, request: Request, screen_id: UUID) -> Response:
        """Rename a saved screen or replace its definition."""
        changed = services.screen_change(
            account_db_key=owner_key(request),
            screen_id=screen_id,
            **parsed(SavedScreenChange, request.data),
        )
        return Response(rendering.screen_payload(changed))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, screen_id: UUID) -> Response:
        """Delete a saved screen."""
        services.screen_delete(account_db_key=owner_key(request), screen_id=screen_id)
        return Response(status=204)
