"""Periodic work of this app."""

from market.services import alerts_tend
from tradingplatform.jobs import job


@job(name="market.alerts_tend", queue="bulk")
def tend(**_: object) -> None:
    """End alerts that ran out and delete what ended long ago."""
    alerts_tend()
