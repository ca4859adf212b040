"""Where probes and operators look."""

from django.urls import path

from tradingplatform.health import views

urlpatterns = [
    path("health/live", views.live, name="health-live"),
]
