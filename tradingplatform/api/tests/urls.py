"""Addresses that exist for the tests of the API kernel only."""

from threading import Event, Semaphore
from typing import Any

from django.db import OperationalError, connections
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tradingplatform.api.idempotency import idempotent
from tradingplatform.api.pagination import CursorPages
from tradingplatform.api.principal import Anonymous, Principal
from tradingplatform.api.urls import unknown_urlpatterns
from tradingplatform.api.views import ApiView, owner_key, parsed
from tradingplatform.db.models import InboxMessage
from tradingplatform.db.shards import shard_for
from tradingplatform.errors import (
    InvalidInputError,
    LimitExceededError,
    UnavailableError,
    UnprocessableError,
)

FAILURES: dict[str, Exception] = {
    "bug": KeyError("secret detail"),
    "database": OperationalError(2006, "server has gone away"),
    "deadlock": OperationalError(1213, "Deadlock found when trying to get lock"),
    "full": LimitExceededError("Slow down.", retry_after_s=7),
    "rule": UnprocessableError("A rule forbids it.", figure="12.5"),
    "away": UnavailableError("Away.", retry_after_s=3),
}


class EchoInput(serializers.Serializer[Any]):
    amount = serializers.DecimalField(max_digits=10, decimal_places=2)
    words = serializers.ListField(child=serializers.CharField(max_length=3), required=False)


class EchoView(ApiView):
    authentication_classes = ()

    def get(self, request: Request) -> Response:
        return Response({"ok": True})

    def post(self, request: Request) -> Response:
        return Response(parsed(EchoInput, request.data))


class HoldView(ApiView):
    """Answers once it may, so that a test can have many requests under way."""

    authentication_classes = ()
    arrived = Semaphore(0)
    may_go = Event()

    def get(self, request: Request) -> Response:
        self.arrived.release()
        self.may_go.wait(timeout=20)
        return Response({"ok": True})

    delete = get


class FailView(ApiView):
    authentication_classes = ()

    def get(self, request: Request, kind: str) -> Response:
        raise FAILURES[kind]


class WhoView(ApiView):
    def get(self, request: Request) -> Response:
        who = request.user
        assert isinstance(who, Principal | Anonymous)
        return Response({"key": who.pk})

    post = get


class MoneyView(ApiView):
    """Writes one row per call, so that a test can count the effects."""

    rate_class = "money"

    def get(self, request: Request) -> Response:
        rows = InboxMessage.objects.for_user(owner_key(request))
        return CursorPages("-received_at", "-id").response(
            rows, request, render=lambda page: [row.message_id for row in page]
        )

    def post(self, request: Request) -> Response:
        def prepare() -> bool:
            if request.headers.get("X-Probe-Look") == "away":
                raise UnavailableError("The quotes are away.")
            return connections[shard_for(owner_key(request))].in_atomic_block

        return idempotent(
            request,
            route="probe:money",
            prepare=prepare,
            work=lambda is_late: self._write(request, is_late=is_late),
        )

    def _write(self, request: Request, *, is_late: bool) -> Response:
        owner = owner_key(request)
        body = dict(request.data)
        row = InboxMessage.objects.for_user(owner).create(
            account_db_key=owner, consumer="probe", message_id=str(body["name"])
        )
        if body.get("fail"):
            raise InvalidInputError("Refused after the write.")
        answer = {"id": row.pk, "name": row.message_id, "prepared_in_transaction": is_late}
        return Response(answer, status=201)


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("page")


probe_urlpatterns = [
    path("echo", EchoView.as_view(), name="echo"),
    path("hold", HoldView.as_view(), name="hold"),
    path("fail/<str:kind>", FailView.as_view(), name="fail"),
    path("who", WhoView.as_view(), name="who"),
    path("money", MoneyView.as_view(), name="money"),
    path("nobody", WhoView.as_view(), name="nobody"),
]
urlpatterns = [
    path("api/", include("tradingplatform.api.urls")),
    path("api/account/", include("accounts.api.urls")),
    path("api/probe/", include((probe_urlpatterns, "probe"))),
    path("page", page, name="probe-page"),
    path("page/operator", page, name="probe-operator-page"),
    path("page/internal", page, name="probe-internal-page"),
    path("page/nobody", page, name="probe-nobody-page"),
    *unknown_urlpatterns,
]
handler400 = "tradingplatform.api.errors.handler400"
handler403 = "tradingplatform.api.errors.handler403"
handler404 = "tradingplatform.api.errors.handler404"
handler500 = "tradingplatform.api.errors.handler500"
