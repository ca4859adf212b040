"""The endpoints of the profile."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import selectors
from accounts.api.profile_serializers import (
    DisplayInput,
    DisplayOutput,
    InvestorInput,
    InvestorOutput,
    InvestorsPage,
    NotificationsInput,
    NotificationsOutput,
    ProfileOutput,
    QuestionnaireOutput,
)
from accounts.enums import Currency
from accounts.questionnaire import QUESTIONS, VERSION
from accounts.services.notification_preferences import Choice, QuietChange, notifications_choose
from accounts.services.profiles import Budget, display_set, investor_profile_set
from tradingplatform.api.pagination import CursorPages
from tradingplatform.api.views import ApiView, owner_key, parsed, principal

_PAGE = [OpenApiParameter("limit", int), OpenApiParameter("cursor")]


class ProfileView(ApiView):
    @extend_schema(responses=ProfileOutput)
    def get(self, request: Request) -> Response:
        """Return the investor profile that counts, and how the caller sees the pages."""
        key = owner_key(request)
        profile = {
            "investor": selectors.investor_profile_newest(key),
            "display": selectors.display_of(selectors.user_by_key(key)),
        }
        return Response(ProfileOutput(profile).data)


class QuestionnaireView(ApiView):
    @extend_schema(responses=QuestionnaireOutput)
    def get(self, request: Request) -> Response:
        """Return the questions of the investor profile, in the language of the request."""
        asked = {"version": VERSION, "questions": QUESTIONS}
        return Response(QuestionnaireOutput(asked).data)


class InvestorView(ApiView):
    pages = CursorPages("-created_at", "-id")

    @extend_schema(parameters=_PAGE, responses=InvestorsPage)
    def get(self, request: Request) -> Response:
        """List every investor profile of the caller, newest first; the first one counts."""
        return self.pages.response(
            selectors.investor_profiles(owner_key(request)),
            request,
            render=lambda rows: InvestorOutput(rows, many=True).data,
        )

    @extend_schema(request=InvestorInput, responses=InvestorOutput)
    def put(self, request: Request) -> Response:
        """Score the answers and keep them; earlier ones stay in the list."""
        values = parsed(InvestorInput, request.data)
        row = investor_profile_set(
            owner=principal(request),
            version=values["version"],
            answers=values["answers"],
            budget=Budget(values["monthly_budget"], Currency(values["currency"])),
        )
        return Response(InvestorOutput(row).data)


class DisplayView(ApiView):
    @extend_schema(request=DisplayInput, responses=DisplayOutput)
    def patch(self, request: Request) -> Response:
        """Choose how the pages look, on every device; what is not named stays."""
        changes = parsed(DisplayInput, request.data)
        return Response(DisplayOutput(display_set(owner=principal(request), changes=changes)).data)


class NotificationsView(ApiView):
    @extend_schema(responses=NotificationsOutput)
    def get(self, request: Request) -> Response:
        """Return what the caller wants to be told about, where, and when not."""
        wishes = selectors.notification_wishes(owner_key(request))
        return Response(NotificationsOutput(wishes).data)

    @extend_schema(request=NotificationsInput, responses=NotificationsOutput)
    def patch(self, request: Request) -> Response:
        """Change some choices, or the quiet hours (null ends them)."""
        values = parsed(NotificationsInput, request.data)
        quiet = None
        if "quiet_hours" in values:
            quiet = QuietChange((values["quiet_hours"] or {}).get("hours"))
        choices = [Choice(**choice) for choice in values.get("choices", [])]
        wishes = notifications_choose(owner=principal(request), choices=choices, quiet=quiet)
        return Response(NotificationsOutput(wishes).data)
