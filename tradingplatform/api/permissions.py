"""Deny by default: the policy table decides about every API call."""

from typing import TYPE_CHECKING, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tradingplatform.api.client_ip import client_ip
from tradingplatform.api.policy import access_for, enforce, scope_enforce, scope_for
from tradingplatform.api.refusals import refusal_note
from tradingplatform.errors import PermissionDeniedError

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which imports this module through its settings

    from tradingplatform.api.principal import Anonymous, Principal


class PolicyPermission(BasePermission):
    """Ask the policy table; an anonymous caller who might be let in gets 401, others 403."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        try:
            return self._decide(request, view)
        except PermissionDeniedError:
            http = request._request  # noqa: SLF001 - DRF offers no other way
            refusal_note(http, cast("Principal | Anonymous", request.user))
            raise

    def _decide(self, request: Request, view: "APIView") -> bool:
        method = request.method or ""
        if method not in view.allowed_methods:
            return True  # not implemented: the view answers 405
        who = cast("Principal | Anonymous", request.user)
        match = request.resolver_match
        name = match.view_name if match else ""
        scope_enforce(scope_for(name, method), who)
        address = client_ip(request._request)  # noqa: SLF001 - DRF offers no other way
        enforce(access_for(name, method), who, address=address)
        return True
