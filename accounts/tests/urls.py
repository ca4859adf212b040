"""The account endpoints alone, with pages that stand in for the real ones."""

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from accounts.services import page_log_in, page_log_out


def log_in(request: HttpRequest) -> HttpResponse:
    page_log_in(request, email=request.POST["email"], password=request.POST["password"])
    return HttpResponse("in")


def log_out(request: HttpRequest) -> HttpResponse:
    page_log_out(request)
    return HttpResponse("out")


def django_log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponse("out")


def home(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user))


urlpatterns = [
    path("api/account/", include("accounts.api.urls")),
    path("api/profile", include("accounts.api.profile_urls")),
    path("page/log-in", log_in, name="test-page-log-in"),
    path("page/log-out", log_out, name="test-page-log-out"),
    path("page/django-log-out", django_log_out, name="test-page-django-log-out"),
    path("page/home", home, name="test-page-home"),
]
