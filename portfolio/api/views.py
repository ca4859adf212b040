"""The portfolio endpoints."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portfolio import payloads, selectors, services
from portfolio.api.serializers import (
    CashInput,
    CashMoveOutput,
    OrderChange,
    OrderDetailOutput,
    OrderInput,
    OrderOutput,
    OrdersOutput,
    OrdersQuery,
    PortfolioChange,
    PortfolioInput,
    PortfolioOutput,
    PortfoliosOutput,
    PositionsOutput,
    TransactionsOutput,
)
from portfolio.models import Order, Transaction
from portfolio.types import OrderRequest, Quotes
from tradingplatform.api.idempotency import idempotent
from tradingplatform.api.pagination import CursorPages
from tradingplatform.api.views import ApiView, owner_key, parsed

_REPLAYED = "The first answer is replayed for 24 h; another body is refused with 422."
_KEY = OpenApiParameter("Idempotency-Key", location=OpenApiParameter.HEADER, description=_REPLAYED)
_KEY_REQUIRED = OpenApiParameter(
    "Idempotency-Key", location=OpenApiParameter.HEADER, required=True, description=_REPLAYED
)
_KEY_OF_ORDER = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    description=f"{_REPLAYED} Without it, a client_order_id is still good for one order only.",
)
_PAGE = [OpenApiParameter("limit", int), OpenApiParameter("cursor")]


class PortfoliosView(ApiView):
    rate_class = "money"

    @extend_schema(parameters=_PAGE, responses=PortfoliosOutput)
    def get(self, request: Request) -> Response:
        """List your portfolios with their figures at the newest prices."""
        owner = owner_key(request)
        page = CursorPages("id").page(selectors.portfolios_get(owner), request)
        summaries = selectors.portfolio_summaries(owner, page.rows)
        results = [payloads.portfolio_payload(summary) for summary in summaries]
        return Response({"results": results, "next": page.next_url})

    @extend_schema(
        parameters=[_KEY],
        request=PortfolioInput,
        responses={
            201: PortfolioOutput,
            501: OpenApiResponse(description="The operator has not set this broker up."),
        },
    )
    def post(self, request: Request) -> Response:
        """Open a paper portfolio; its first deposit is its initial cash."""

        def work(wanted: dict[str, Any]) -> Response:
            portfolio = services.portfolio_open(account_db_key=owner_key(request), **wanted)
            return Response(_portfolio(request, portfolio.pk), status=201)

        read = partial(parsed, PortfolioInput, request.data)
        return idempotent(request, route="portfolio.open", prepare=read, work=work)


class PortfolioView(ApiView):
    @extend_schema(responses=PortfolioOutput)
    def get(self, request: Request, portfolio_id: UUID) -> Response:
        """Return cash, market value, equity and P&L."""
        return Response(_portfolio(request, portfolio_id))

    @extend_schema(request=PortfolioChange, responses=PortfolioOutput)
    def patch(self, request: Request, portfolio_id: UUID) -> Response:
        """Rename a portfolio."""
        wanted = parsed(PortfolioChange, request.data)
        services.portfolio_rename(
            account_db_key=owner_key(request), portfolio_id=portfolio_id, **wanted
        )
        return Response(_portfolio(request, portfolio_id))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, portfolio_id: UUID) -> Response:
        """Close a portfolio that holds no shares and has no open orders; its books stay."""
        services.portfolio_close(account_db_key=owner_key(request), portfolio_id=portfolio_id)
        return Response(status=204)


class OrdersView(ApiView):
    rate_class = "money"

    @extend_schema(parameters=[OrdersQuery, *_PAGE], responses=OrdersOutput)
    def get(self, request: Request, portfolio_id: UUID) -> Response:
        """List orders, newest first."""
        wanted = parsed(OrdersQuery, request.query_params)
        rows = selectors.orders_get(
            account_db_key=owner_key(request),
            portfolio_id=portfolio_id,
            statuses=wanted.get("status", ()),
        )
        return CursorPages("-id").response(rows, request, render=_orders)

    @extend_schema(parameters=[_KEY_OF_ORDER], request=OrderInput, responses={201: OrderOutput})
    def post(self, request: Request, portfolio_id: UUID) -> Response:
        """Place an order: checked, paid for and stored before the answer; then sent."""
        wanted = OrderRequest(**parsed(OrderInput, request.data))
        owner = owner_key(request)

        def work(seen: services.Seen) -> Response:
            order = services.order_place(
                account_db_key=owner, portfolio_id=portfolio_id, request=wanted, seen=seen
            )
            return Response(payloads.order_payload(order), status=201)

        look = partial(services.order_look, request=wanted)
        return idempotent(request, route="portfolio.order_place", prepare=look, work=work)


class OrderView(ApiView):
    rate_class = "money"

    @extend_schema(responses=OrderDetailOutput)
    def get(self, request: Request, portfolio_id: UUID, order_id: UUID) -> Response:
        """Return one order with its fills."""
        order = selectors.order_get(
            account_db_key=owner_key(request), portfolio_id=portfolio_id, order_id=order_id
        )
        fills = selectors.fills_get(account_db_key=owner_key(request), order_id=order_id)
        return Response(payloads.order_payload(order, fills))

    @extend_schema(request=OrderChange, responses=OrderOutput)
    def patch(self, request: Request, portfolio_id: UUID, order_id: UUID) -> Response:
        """Replace the quantity or limit price of an open order."""
        wanted = parsed(OrderChange, request.data)
        order = services.order_replace(
            account_db_key=owner_key(request),
            portfolio_id=portfolio_id,
            order_id=order_id,
            **wanted,
        )
        return Response(payloads.order_payload(order))

    @extend_schema(responses={202: OrderOutput})
    def delete(self, request: Request, portfolio_id: UUID, order_id: UUID) -> Response:
        """Ask for an order to be canceled; it may still fill before it is."""
        order = services.order_cancel(
            account_db_key=owner_key(request), portfolio_id=portfolio_id, order_id=order_id
        )
        return Response(payloads.order_payload(order), status=202)


class PositionsView(ApiView):
    @extend_schema(responses=PositionsOutput)
    def get(self, request: Request, portfolio_id: UUID) -> Response:
        """List what the portfolio holds, at the newest prices; always one page."""
        rows = selectors.positions_get(account_db_key=owner_key(request), portfolio_id=portfolio_id)
        results = [payloads.position_payload(row) for row in rows]
        return Response({"results": results, "next": None})


class TransactionsView(ApiView):
    @extend_schema(parameters=_PAGE, responses=TransactionsOutput)
    def get(self, request: Request, portfolio_id: UUID) -> Response:
        """List journal entries with their postings, newest first."""
        rows = selectors.transactions_get(
            account_db_key=owner_key(request), portfolio_id=portfolio_id
        )
        return CursorPages("-seq").response(rows, request, render=_transactions)


class CashView(ApiView):
    rate_class = "money"

    @extend_schema(parameters=[_KEY_REQUIRED], request=CashInput, responses={201: CashMoveOutput})
    def post(self, request: Request, portfolio_id: UUID) -> Response:
        """Pay money into a paper portfolio, or take free cash out."""
        wanted = parsed(CashInput, request.data)
        ids: dict[str, Any] = {"account_db_key": owner_key(request), "portfolio_id": portfolio_id}

        def work(quotes: Quotes) -> Response:
            cash = services.cash_move(**ids, **wanted, quotes=quotes)
            return Response(payloads.cash_payload(cash), status=201)

        look = partial(selectors.quotes_of_held, **ids)
        return idempotent(request, route="portfolio.cash", prepare=look, work=work, required=True)


def _portfolio(request: Request, portfolio_id: UUID) -> dict[str, Any]:
    summary = selectors.portfolio_summary(
        account_db_key=owner_key(request), portfolio_id=portfolio_id
    )
    return payloads.portfolio_payload(summary)


def _orders(rows: Sequence[Order]) -> list[dict[str, Any]]:
    return [payloads.order_payload(order) for order in rows]


def _transactions(rows: Sequence[Transaction]) -> list[dict[str, Any]]:
    return [payloads.transaction_payload(entry) for entry in rows]
