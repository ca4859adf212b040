"""Which address is answered by whom."""

from django.contrib import admin
from django.urls import include, path

from tradingplatform.api.urls import unknown_urlpatterns

urlpatterns = [
    path("", include("tradingplatform.health.urls")),
    path("api/", include("tradingplatform.api.urls")),
    path("api/account/", include("accounts.api.urls")),
    path("api/profile", include("accounts.api.profile_urls")),
    path("api/market/", include("market.api.urls")),
    path("api/portfolio/", include("portfolio.api.urls")),
    path("api/chat/", include("chat.api.urls")),
    path("admin/", admin.site.urls),
    path("", include("accounts.pages.urls")),
    path("", include("dashboard.pages.urls")),
    *unknown_urlpatterns,
]

handler400 = "tradingplatform.api.errors.handler400"
handler403 = "tradingplatform.api.errors.handler403"
handler404 = "tradingplatform.api.errors.handler404"
handler500 = "tradingplatform.api.errors.handler500"
