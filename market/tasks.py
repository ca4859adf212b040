"""Periodic work of this app."""

from market.services import alerts_tend, features_refresh
from tradingplatform.jobs import job


@job(name="market.alerts_tend", queue="bulk")
def tend(**_: object) -> None:
    """End alerts that ran out and delete what ended long ago."""
    alerts_tend()


@job(name="market.features_refresh", queue="bulk")
def refresh(**_: object) -> None:
    """Compute the figures that screens filter on anew."""
    features_refresh()
