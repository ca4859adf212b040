"""The watchlist endpoints."""

from functools import partial
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from market import services
from market.api.watch_serializers import (
    WatchlistChange,
    WatchlistInput,
    WatchlistItemChange,
    WatchlistItemInput,
    WatchlistOrder,
    WatchlistOutput,
    WatchlistsOutput,
)
from market.watch_selectors import watchlist_get
from market.watchlists import watchlist_payload
from tradingplatform.api.idempotency import idempotent
from tradingplatform.api.views import ApiView, owner_key, parsed

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    description="The first answer is replayed for 24 h; another body is refused with 422.",
)


class WatchlistsView(ApiView):
    @extend_schema(responses=WatchlistsOutput)
    def get(self, request: Request) -> Response:
        """List your watchlists; the first look makes a first one."""
        lists = services.watchlists_open(account_db_key=owner_key(request))
        return Response({"results": [watchlist_payload(*one) for one in lists], "next": None})

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY], request=WatchlistInput, responses={201: WatchlistOutput}
    )
    def post(self, request: Request) -> Response:
        """Add an empty watchlist."""

        def work(wanted: dict[str, Any]) -> Response:
            made = services.watchlist_make(account_db_key=owner_key(request), **wanted)
            return Response(watchlist_payload(*made), status=201)

        read = partial(parsed, WatchlistInput, request.data)
        return idempotent(request, route="market.watchlist_make", prepare=read, work=work)


class WatchlistView(ApiView):
    @extend_schema(responses=WatchlistOutput)
    def get(self, request: Request, watchlist_id: UUID) -> Response:
        """Return one watchlist."""
        found = watchlist_get(account_db_key=owner_key(request), watchlist_id=watchlist_id)
        return Response(watchlist_payload(*found))

    @extend_schema(request=WatchlistChange, responses=WatchlistOutput)
    def patch(self, request: Request, watchlist_id: UUID) -> Response:
        """Rename a watchlist or move it among the others."""
        changed = services.watchlist_change(
            account_db_key=owner_key(request),
            watchlist_id=watchlist_id,
            **parsed(WatchlistChange, request.data),
        )
        return Response(watchlist_payload(*changed))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, watchlist_id: UUID) -> Response:
        """Delete a watchlist with its items."""
        services.watchlist_delete(account_db_key=owner_key(request), watchlist_id=watchlist_id)
        return Response(status=204)


class WatchlistItemsView(ApiView):
    @extend_schema(request=WatchlistItemInput, responses={201: WatchlistOutput})
    def post(self, request: Request, watchlist_id: UUID) -> Response:
        """Put a symbol at the end of a watchlist."""
        changed = services.watchlist_item_add(
            account_db_key=owner_key(request),
            watchlist_id=watchlist_id,
            **parsed(WatchlistItemInput, request.data),
        )
        return Response(watchlist_payload(*changed), status=201)

    @extend_schema(request=WatchlistOrder, responses=WatchlistOutput)
    def put(self, request: Request, watchlist_id: UUID) -> Response:
        """Put the items in another order; 409 when the list has changed since you saw it."""
        changed = services.watchlist_reorder(
            account_db_key=owner_key(request),
            watchlist_id=watchlist_id,
            **parsed(WatchlistOrder, request.data),
        )
        return Response(watchlist_payload(*changed))


class WatchlistItemView(ApiView):
    @extend_schema(request=WatchlistItemChange, responses=WatchlistOutput)
    def patch(self, request: Request, watchlist_id: UUID, symbol: str) -> Response:
        """Write a note beside a symbol."""
        changed = services.watchlist_item_note(
            account_db_key=owner_key(request),
            watchlist_id=watchlist_id,
            symbol=symbol.upper(),
            **parsed(WatchlistItemChange, request.data),
        )
        return Response(watchlist_payload(*changed))

    @extend_schema(responses={200: WatchlistOutput})
    def delete(self, request: Request, watchlist_id: UUID, symbol: str) -> Response:
        """Take a symbol off a watchlist; the answer is the list without it."""
        changed = services.watchlist_item_remove(
            account_db_key=owner_key(request), watchlist_id=watchlist_id, symbol=symbol.upper()
        )
        return Response(watchlist_payload(*changed))
