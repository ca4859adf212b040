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
class Card:
    """One matter on a page of the settings, with the component that shows it."""

    element: str
    title: Promise
    about: Promise
    is_danger: bool = False


@dataclass(frozen=True)
class Section:
    """One page of the settings."""

    name: str
    title: Promise
    icon: str
    cards: tuple[Card, ...]
    wants_email: bool = False


SECTIONS = (
    Section(
        "profile",
        _("Investor profile"),
        "spark",
        (
            Card(
                "investor-profile",
                _("Investor profile"),
                _(
                    "Eight questions about your experience, your goal and how much loss you can"
                    " bear. They describe you; they are no advice and close no product to you."
                ),
            ),
        ),
    ),
    Section(
        "display",
        _("Display"),
        "eye",
        (
            Card(
                "display-settings",
                _("Display"),
                _("Your choice follows you to every device."),
            ),
        ),
    ),
    Section(
        "notifications",
        _("Notifications"),
        "bell",
        (
            Card(
                "notification-settings",
                _("Notifications"),
                _("Choose what you hear about and where. Security alerts always come."),
            ),
        ),
    ),
    Section(
        "security",
        _("Security"),
        "shield",
        (
            Card(
                "password-form",
                _("Password"),
                _("Changing it logs you out on every other device."),
            ),
            Card(
                "second-factor",
                _("Authenticator app"),
                _(
                    "A code from your phone beside your password: whoever learns the one still"
                    " lacks the other."
                ),
            ),
            Card(
                "passkey-list",
                _("Passkeys"),
                _("Log in with your fingerprint, your face or a security key."),
            ),
            Card(
                "backup-codes",
                _("Backup codes"),
                _("For the day your phone or your passkey is not at hand; each works once."),
            ),
            Card(
                "session-list",
                _("Devices and sessions"),
                _("Where you are logged in. Ending a session closes it within seconds."),
            ),
        ),
    ),
    Section(
        "keys",
        _("Keys"),
        "key",
        (
            Card(
                "api-keys",
                _("API keys"),
                _("For your own programs. A key is shown once and can do only what you allow."),
            ),
            Card(
                "broker-keys",
                _("Broker and provider keys"),
                _("Stored encrypted for you alone. Nobody sees them again, not even you."),
            ),
        ),
        wants_email=True,
    ),
    Section(
        "activity",
        _("Security activity"),
        "clock",
        (
            Card(
                "activity-list",
                _("Security activity"),
                _(
                    "What happened to the security of your account, newest first. Entries cannot"
                    " be changed or deleted."
                ),
            ),
        ),
    ),
    Section(
        "data",
        _("My data"),
        "box",
        (
            Card(
                "data-export",
                _("Export my data"),
                _("A ZIP with everything the platform holds about you, as JSON and CSV."),
            ),
            Card(
                "close-account",
                _("Close my account"),
                _(
                    "Nobody gets in any more, open orders are cancelled, and your name and address"
                    " are forgotten. This cannot be undone."
                ),
                is_danger=True,
            ),
        ),
    ),
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
    return render(request, "settings/section.html", context)
