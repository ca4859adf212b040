from datetime import timedelta
from decimal import Decimal

import pytest

from market.ticks import Tick, plausible_range, tick_fault
from tradingplatform.clock import now

AT = now()


def tick(price="100", bid="100", ask="100.01", size=5, skew_s=0.0):
    at = AT + timedelta(seconds=skew_s)
    return Tick("AAPL", Decimal(price), Decimal(bid), Decimal(ask), size, at)


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (tick(price="0"), "not_positive"),
        (tick(price="-1"), "not_positive"),
        (tick(bid="0"), "not_positive"),
        (tick(price="NaN"), "not_a_number"),
        (tick(ask="NaN"), "not_a_number"),
        (tick(price="Infinity"), "not_a_number"),
        (tick(price="201"), "out_of_band"),
        (tick(price="49"), "out_of_band"),
        (tick(bid="101", ask="100"), "crossed"),
        (tick(size=-1), "negative_volume"),
        (tick(skew_s=61), "clock_skew"),
        (tick(skew_s=-61), "clock_skew"),
        (tick(), None),
        (tick(size=0), None),
    ],
)
def test_fault_of_a_tick(bad, fault):
    assert tick_fault(bad, plausible_range("NASDAQ", Decimal(100)), AT) == fault


def test_krx_ticks_outside_the_band_are_refused():
    allowed = plausible_range("KRX", Decimal(9980))

    assert tick_fault(tick("12970", "12960", "12970"), allowed, AT) is None
    assert tick_fault(tick("12980", "12970", "12980"), allowed, AT) == "out_of_band"
    assert tick_fault(tick("6980", "6980", "6990"), allowed, AT) == "out_of_band"
