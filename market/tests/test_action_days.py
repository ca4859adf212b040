from datetime import date

import pytest
import time_machine

from market import selectors
from market.enums import ActionKind
from market.errors import InstrumentNotTradableError
from market.models import CorporateAction, Instrument
from market.services import corporate_actions_apply
from market.tasks import apply_actions
from market.tests.factories import instrument_make

pytestmark = pytest.mark.django_db(databases="__all__")

DAY = date(2026, 11, 24)


def action_make(symbol, kind=ActionKind.DELISTING, ex_date=DAY, **more):
    instrument = instrument_make(symbol)
    return CorporateAction.objects.create(
        instrument=instrument, kind=kind, ex_date=ex_date, source="CSV", **more
    )


def apply_at(instant):
    with time_machine.travel(instant, tick=False):
        return corporate_actions_apply()


@pytest.mark.parametrize("kind", [ActionKind.DELISTING, ActionKind.MERGER])
def test_trading_ends_on_the_day_of_the_exchange(kind):
    action_make("005930", kind)
    action_make("AAPL", kind)

    # The 24th begins at 15:00 UTC in Seoul and at 05:00 UTC in New York.
    assert apply_at("2026-11-23T14:59:59+00:00") == 0
    assert apply_at("2026-11-23T15:00:00+00:00") == 1
    assert Instrument.objects.get(symbol="AAPL").is_active
    assert apply_at("2026-11-24T05:00:00+00:00") == 1

    for symbol in ("005930", "AAPL"):
        row = Instrument.objects.get(symbol=symbol)
        assert (row.is_active, row.delisted_date) == (False, DAY)
        with pytest.raises(InstrumentNotTradableError):
            selectors.instrument_for_order(symbol)
    assert not selectors.instruments_found().exists()


def test_an_instrument_that_is_listed_again_stays_active():
    action = action_make("AAPL")
    assert apply_at("2026-11-25T12:00:00+00:00") == 1
    Instrument.objects.filter(symbol="AAPL").update(is_active=True, delisted_date=None)

    assert apply_at("2026-11-26T12:00:00+00:00") == 0

    assert Instrument.objects.get(symbol="AAPL").is_active
    action.refresh_from_db()
    assert action.applied_at is not None


@pytest.mark.parametrize(
    "kind",
    [kind for kind in ActionKind if kind not in {"DELISTING", "MERGER", "SYMBOL_CHANGE"}],
)
def test_other_actions_end_no_trading(kind):
    action = action_make("AAPL", kind, new_symbol="NEW")

    assert apply_at("2026-11-30T12:00:00+00:00") == 0

    assert Instrument.objects.get(symbol="AAPL").is_active
    action.refresh_from_db()
    assert action.applied_at is None


def test_the_job_applies_them():
    action_make("AAPL", ex_date=date(2020, 1, 2))

    apply_actions()

    assert Instrument.objects.get(symbol="AAPL").delisted_date == date(2020, 1, 2)
