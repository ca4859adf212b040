"""Where probes and operators look."""

from django.urls import path

from tradingplatform.health import views

urlpatterns = [
    path("health", views.health, name="health"),
    path("health/live", views.live, name="health-live"),
    path("health/ready", views.ready, name="health-ready"),
    path("debug/services", views.ServicesView.as_view(), name="debug-services"),
    path("test/quick", views.QuickTestView.as_view(), name="test-quick"),
    path("test/full", views.FullTestView.as_view(), name="test-full"),
    path("metrics", views.MetricsView.as_view(), name="metrics"),
]
