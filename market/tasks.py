"""Periodic work of this app."""

from market.screen_selectors import features_known
from market.services import (
    alerts_tend,
    bars_prune,
    corporate_actions_apply,
    corporate_actions_follow,
    features_refresh,
    fundamentals_look,
    fundamentals_refresh,
    gaps_fill,
    gaps_find,
    news_update,
    profiles_refresh,
)
from tradingplatform.clock import now
from tradingplatform.jobs import enqueue, job


@job(name="market.alerts_tend", queue="bulk")
def tend(**_: object) -> None:
    """End alerts that ran out and delete what ended long ago."""
    alerts_tend()


@job(name="market.features_refresh", queue="bulk")
def refresh(**_: object) -> None:
    """Compute the figures that screens filter on anew."""
    features_refresh()


def features_ensure() -> None:
    """Have the figures computed at once where there are none yet: after the first start."""
    if not features_known():
        enqueue("market.features_refresh")


@job(name="market.gaps_find", queue="bulk")
def find_gaps(**_: object) -> None:
    """Note bars of real sources that are missing."""
    gaps_find()


@job(name="market.gaps_fill", queue="bulk")
def fill_gaps(**_: object) -> None:
    """Ask the sources for bars that are missing."""
    gaps_fill()


@job(name="market.bars_prune", queue="bulk")
def prune_bars(**_: object) -> None:
    """Delete bars that are older than their interval is kept."""
    bars_prune(at=now())


@job(name="market.profiles_refresh", queue="bulk")
def refresh_profiles(**_: object) -> None:
    """Ask the sources for sectors and industries."""
    profiles_refresh()


@job(name="market.actions_apply", queue="bulk")
def apply_actions(**_: object) -> None:
    """Do what corporate actions of today do, and let all that users have follow."""
    corporate_actions_apply()
    corporate_actions_follow()


@job(name="market.fundamentals_fetch", queue="bulk")
def fetch_fundamentals(*, symbols: list[str], **_: object) -> None:
    """Ask the sources for figures of companies that somebody looks at."""
    fundamentals_look(symbols=symbols)


@job(name="market.fundamentals_refresh", queue="bulk")
def refresh_fundamentals(**_: object) -> None:
    """Ask again for figures older than a day that somebody looked at lately."""
    fundamentals_refresh()


@job(name="market.news_fetch", queue="bulk")
def fetch_news(*, symbols: list[str], **_: object) -> None:
    """Ask the sources for news of instruments that somebody looks at."""
    news_update(symbols=symbols)
