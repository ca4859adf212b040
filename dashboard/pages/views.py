"""The start page, the trading page and the fragments that htmx asks for."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language

from accounts.authentication import page_principal
from accounts.enums import Language
from accounts.services.profiles import display_set
from dashboard.pages.context import base_config, market_config
from dashboard.pages.forms import PortfolioForm
from dashboard.pages.ledger import ledger_page
from portfolio.selectors import portfolios_get
from portfolio.services.portfolios import portfolio_open
from tradingplatform.api.errors import page_or_json
from tradingplatform.api.principal import Principal
from tradingplatform.errors import AuthenticationError, TradingPlatformError


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the trading page to users and the start page to visitors."""
    if page_principal(request):
        return trade(request)
    context = {
        "page_config": market_config(request),
        "shows_quotes": settings.MARKET_ANONYMOUS,
    }
    return render(request, "site/welcome.html", context)


@never_cache
@require_safe
def trade(request: HttpRequest) -> HttpResponse:
    """Show the trading page, or the form that opens the first portfolio."""
    return _trade_page(request, PortfolioForm())


@never_cache
@require_safe
def market(request: HttpRequest) -> HttpResponse:
    """Show movers, breadth and sectors of now."""
    return _component_page(request, _("Markets"), "market", "market-overview")


@never_cache
@require_safe
def screener(request: HttpRequest) -> HttpResponse:
    """Show filters and the instruments that pass them."""
    return _component_page(request, _("Screener"), "screener", "market-screener")


@never_cache
@require_POST
def portfolio_create(request: HttpRequest) -> HttpResponse:
    """Open a paper portfolio and show it."""
    form = PortfolioForm(request.POST)
    if not form.is_valid():
        return _trade_page(request, form)
    try:
        portfolio_open(
            account_db_key=owner(request).account_db_key,
            name=form.cleaned_data["name"],
            base_currency=next(iter(form.initial_cash)),
            initial_cash=form.initial_cash,
        )
    except TradingPlatformError as error:
        form.add_error(None, error.message)
        return _trade_page(request, form)
    return redirect("pages:trade")


@never_cache
@require_safe
def ledger(request: HttpRequest, portfolio_id: UUID) -> HttpResponse:
    """Show a page of a portfolio's journal as a fragment."""
    before = request.GET.get("before", "0")
    try:
        page = ledger_page(
            account_db_key=owner(request).account_db_key,
            portfolio_id=portfolio_id,
            before=int(before) if before.isascii() and before.isdigit() else 0,
        )
    except TradingPlatformError as error:
        return page_or_json(request, error)
    return render(request, "site/ledger.html", {"ledger": page, "portfolio_id": portfolio_id})


def language(request: HttpRequest) -> HttpResponseBase:
    """Speak another language from now on; an account remembers it on every device."""
    chosen, reader = request.POST.get("language"), page_principal(request)
    if reader is not None and request.method == "POST" and chosen in Language.values:
        display_set(owner=reader, changes={"language": chosen})
    return set_language(request)


@require_safe
def favicon(_request: HttpRequest) -> HttpResponse:
    """Send a browser to the logo."""
    return redirect(static("logo.svg"), permanent=True)


def owner(request: HttpRequest) -> Principal:
    """Return who is signed in; the policy table lets nobody else come here."""
    principal = page_principal(request)
    if principal is None:
        raise AuthenticationError("Log in first.")
    return principal


def _component_page(request: HttpRequest, title: str, entry: str, component: str) -> HttpResponse:
    """Show a page that one component fills; ``entry`` is its file in frontend/src."""
    context = {
        "page_config": base_config(request),
        "title": title,
        "entry": f"src/{entry}.ts",
        "component": component,
    }
    return render(request, "site/component.html", context)


def _trade_page(request: HttpRequest, form: PortfolioForm) -> HttpResponse:
    portfolio = portfolios_get(owner(request).account_db_key).first()
    context: dict[str, Any] = {
        "page_config": market_config(request),
        "portfolio": portfolio,
        "form": form,
        "suggested_name": _("My paper portfolio"),
    }
    status = 422 if form.errors else 200
    return render(request, "site/trade.html", context, status=status)
