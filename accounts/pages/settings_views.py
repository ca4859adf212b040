"""The settings pages: what they show comes from the REST API, by the components in frontend/."""

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@dataclass(frozen=True)
class Section:
    """One page of the settings; its template is named like it."""

    name: str
    title: Promise
    icon: str


SECTIONS = (
    Section("profile", _("Investor profile"), "spark"),
    Section("display", _("Display"), "eye"),
    Section("notifications", _("Notifications"), "bell"),
    Section("security", _("Security"), "shield"),
    Section("keys", _("Keys"), "key"),
    Section("activity", _("Security activity"), "clock"),
    Section("data", _("My data"), "box"),
)


@never_cache
@require_safe
def settings_home(_request: HttpRequest) -> HttpResponse:
    """Lead to the first page of the settings."""
    return redirect("account-pages:settings-section", section=SECTIONS[0].name)


@never_cache
@require_safe
def settings_section(request: HttpRequest, section: str) -> HttpResponse:
    """Show one page of the settings."""
    shown = next((one for one in SECTIONS if one.name == section), None)
    if shown is None:
        message = "There is no such section."
        raise Http404(message)
    context = {
        "section": shown,
        "sections": SECTIONS,
        "passkey_domain": settings.PASSKEY_RP_ID,
        "passkey_address": settings.PASSKEY_ORIGINS[0],
    }
    return render(request, f"settings/{shown.name}.html", context)
