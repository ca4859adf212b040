"""What the operator said about the outside providers, from the settings."""

from django.conf import settings

from tradingplatform.errors import NotConfiguredError
from tradingplatform.services.external.budget import Window
from tradingplatform.services.external.fmp import FmpSetup
from tradingplatform.services.external.kis.keys import (
    KisEnvironment,
    KisHosts,
    KisKey,
    KisSetup,
)

# KIS counts whole seconds by a clock of its own; a little more keeps us on the safe side.
_KIS_SECOND_S = 1.05


def kis_setup() -> KisSetup:
    """Return hosts, budgets and keys of KIS; there may be no key."""
    live, paper = (KisHosts(*settings.KIS_HOSTS[name]) for name in ("LIVE", "PAPER"))
    return KisSetup(
        keys=tuple(
            KisKey(
                entry["app_key"],
                entry["app_secret"],
                entry["account"],
                KisEnvironment(entry["environment"]),
            )
            for entry in settings.KIS_APP_KEYS
        ),
        live=live,
        paper=paper,
        live_windows=(Window(settings.KIS_CALLS_PER_S["LIVE"], _KIS_SECOND_S),),
        paper_windows=(Window(settings.KIS_CALLS_PER_S["PAPER"], _KIS_SECOND_S),),
    )


def fmp_setup() -> FmpSetup:
    """Return address, key and plan of FMP; NotConfiguredError without a key."""
    if not settings.FMP_API_KEY:
        msg = "FMP is not configured."
        raise NotConfiguredError(msg, provider="FMP")
    return FmpSetup(settings.FMP_URL, settings.FMP_API_KEY, settings.FMP_PLAN)
