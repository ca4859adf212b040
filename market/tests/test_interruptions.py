from datetime import date, timedelta
from decimal import Decimal

import pytest

from market.enums import SessionName
from market.interruptions import ViGroup, breaker_stages, vi_threshold, vi_triggered

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

TODAY = date(2026, 11, 23)


def calm():
    found = vi_threshold("KRX", SessionName.REGULAR, TODAY, group=ViGroup.CALM)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("group", "session", "dynamic", "static"),
    [
        (ViGroup.CALM, SessionName.REGULAR, "0.03", "0.10"),
        (ViGroup.CALM, SessionName.CLOSING_AUCTION, "0.02", "0.10"),
        (ViGroup.LIVELY, SessionName.REGULAR, "0.06", "0.10"),
        (ViGroup.LIVELY, SessionName.CLOSING_AUCTION, "0.04", "0.10"),
        (ViGroup.LIVELY, SessionName.AFTER_SINGLE_PRICE, "0.06", None),
    ],
)
def test_thresholds_of_krx(group, session, dynamic, static):
    found = vi_threshold("KRX", session, TODAY, group=group)

    assert (found.dynamic, found.static) == (Decimal(dynamic), static and Decimal(static))
    assert found.lasts == timedelta(minutes=2)


def test_thresholds_came_one_after_the_other():
    regular = SessionName.REGULAR

    assert vi_threshold("KRX", regular, date(2014, 8, 29), group=ViGroup.CALM) is None
    assert vi_threshold("KRX", regular, date(2014, 9, 1), group=ViGroup.CALM).static is None
    assert vi_threshold("KRX", regular, date(2015, 6, 15), group=ViGroup.CALM).static == Decimal(
        "0.10"
    )


def test_special_days():
    closing = SessionName.CLOSING_AUCTION

    expiry = vi_threshold("KRX", closing, TODAY, group=ViGroup.LIVELY, is_expiry=True)
    assert expiry.dynamic == Decimal("0.01")
    free, bound = (
        vi_threshold("KRX", SessionName.REGULAR, on, group=ViGroup.LIVELY, is_listing_day=True)
        for on in (date(2021, 10, 18), date(2021, 10, 15))
    )
    assert free is None
    assert bound.dynamic == Decimal("0.06")


def test_no_thresholds_elsewhere():
    assert vi_threshold("NYSE", SessionName.REGULAR, TODAY, group=ViGroup.CALM) is None
    assert vi_threshold("KRX", SessionName.OPENING_AUCTION, TODAY, group=ViGroup.CALM) is None


@pytest.mark.parametrize(
    ("price", "which"),
    [
        ("102.99", None),
        ("103", "dynamic"),
        ("97", "dynamic"),
        ("97.01", None),
    ],
)
def test_dynamic_limit_is_reached_from_the_last_price(price, which):
    threshold = calm()

    reached = vi_triggered(
        threshold, Decimal(price), last_price=Decimal(100), auction_price=Decimal(100)
    )

    assert reached == which


def test_static_limit_is_reached_from_the_last_auction():
    threshold = calm()

    reached = vi_triggered(
        threshold, Decimal(110), last_price=Decimal(109), auction_price=Decimal(100)
    )

    assert reached == "static"


def test_circuit_breaker_has_three_stages():
    stages = breaker_stages("KRX", TODAY)

    assert [stage.fall for stage in stages] == [Decimal("0.08"), Decimal("0.15"), Decimal("0.20")]
    assert (stages[0].halt, stages[2].halt) == (timedelta(minutes=20), None)
    assert breaker_stages("KRX", date(2015, 6, 12)) == ()
    assert breaker_stages("NYSE", TODAY) == ()
