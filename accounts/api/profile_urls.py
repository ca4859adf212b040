"""Addresses under /api/profile."""

from django.urls import path

from accounts.api import profile_views as views

app_name = "profile"
urlpatterns = [
    path("", views.ProfileView.as_view(), name="profile"),
    path("/questionnaire", views.QuestionnaireView.as_view(), name="questionnaire"),
    path("/investor", views.InvestorView.as_view(), name="investor"),
    path("/display", views.DisplayView.as_view(), name="display"),
    path("/notifications", views.NotificationsView.as_view(), name="notifications"),
]
