"""The order table is exactly this, and terminal states stay terminal."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.core.orders import (
    MATCHABLE,
    OPEN,
    TERMINAL,
    TRANSITIONS,
    fill_event,
    next_status,
)
from portfolio.enums import OrderEvent, OrderStatus
from portfolio.errors import OrderStateError

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

# Written out by hand, one line a state: event -> next state. Everything else is refused.
EXPECTED = """
NEW SUBMIT>PENDING_SUBMIT CANCEL>CANCELED EXPIRE>EXPIRED REJECT>REJECTED REPLACE>NEW
PENDING_SUBMIT ACCEPT>ACCEPTED REJECT>REJECTED FILL_PART>PARTIALLY_FILLED FILL_REST>FILLED \
LOSE_ANSWER>UNKNOWN CANCEL_REQUEST>PENDING_CANCEL CANCEL>CANCELED EXPIRE>EXPIRED
ACCEPTED ACCEPT>ACCEPTED REJECT>REJECTED FILL_PART>PARTIALLY_FILLED FILL_REST>FILLED \
CANCEL_REQUEST>PENDING_CANCEL CANCEL>CANCELED EXPIRE>EXPIRED REPLACE>ACCEPTED
PARTIALLY_FILLED ACCEPT>PARTIALLY_FILLED FILL_PART>PARTIALLY_FILLED FILL_REST>FILLED \
CANCEL_REQUEST>PENDING_CANCEL CANCEL>CANCELED EXPIRE>EXPIRED REPLACE>PARTIALLY_FILLED
PENDING_CANCEL ACCEPT>PENDING_CANCEL REJECT>REJECTED FILL_PART>PENDING_CANCEL FILL_REST>FILLED \
CANCEL_REQUEST>PENDING_CANCEL CANCEL>CANCELED EXPIRE>EXPIRED LOSE_ANSWER>UNKNOWN \
NOT_RECEIVED>CANCELED
UNKNOWN ACCEPT>ACCEPTED REJECT>REJECTED FILL_PART>PARTIALLY_FILLED FILL_REST>FILLED \
CANCEL>CANCELED EXPIRE>EXPIRED NOT_RECEIVED>REJECTED
CANCELED FILL_PART>CANCELED FILL_REST>FILLED
EXPIRED FILL_PART>EXPIRED FILL_REST>FILLED
FILLED
REJECTED
"""


def _expected() -> dict[tuple[OrderStatus, OrderEvent], OrderStatus]:
    table = {}
    for line in EXPECTED.strip().replace("\\\n", "").splitlines():
        status, *moves = line.split()
        for move in moves:
            event, following = move.split(">")
            table[OrderStatus(status), OrderEvent(event)] = OrderStatus(following)
    return table


@pytest.mark.parametrize("status", OrderStatus)
@pytest.mark.parametrize("event", OrderEvent)
def test_every_state_meets_every_event(status, event):
    expected = _expected().get((status, event))

    if expected is None:
        with pytest.raises(OrderStateError) as caught:
            next_status(status, event)
        assert caught.value.details == {"status": status.value, "event": event.value}
    else:
        assert next_status(status, event) is expected


def test_every_state_has_a_row_and_can_end():
    assert set(TRANSITIONS) == set(OrderStatus)
    assert set(OrderStatus) == OPEN | TERMINAL
    assert not OPEN & TERMINAL
    assert MATCHABLE <= OPEN
    for status in OPEN:
        assert set(TRANSITIONS[status].values()) & TERMINAL


def test_only_a_late_fill_moves_an_ended_order():
    for status in TERMINAL:
        assert set(TRANSITIONS[status]) <= {OrderEvent.FILL_PART, OrderEvent.FILL_REST}


@given(st.lists(st.sampled_from(OrderEvent), max_size=30))
def test_nothing_but_the_brokers_book_leads_out_of_unknown(events):
    status = OrderStatus.NEW
    for event in events:
        try:
            following = next_status(status, event)
        except OrderStateError:
            continue
        if status == OrderStatus.UNKNOWN:
            assert event not in {OrderEvent.SUBMIT, OrderEvent.REPLACE, OrderEvent.CANCEL_REQUEST}
            assert following not in {OrderStatus.NEW, OrderStatus.PENDING_SUBMIT}
        status = following


@given(st.integers(1, 1000), st.lists(st.integers(1, 1000), min_size=1, max_size=8), st.randoms())
def test_fills_complete_an_order_exactly_once(quantity, parts, random):
    random.shuffle(parts)
    filled = Decimal(0)
    events = []
    for part in parts:
        try:
            events.append(
                fill_event(quantity=Decimal(quantity), filled_quantity=filled, fill=Decimal(part))
            )
        except OrderStateError:
            assert filled + part > quantity
        else:
            filled += part
    assert filled <= quantity
    assert events.count(OrderEvent.FILL_REST) == (filled == quantity)


@pytest.mark.parametrize("fill", ["0", "-1", "11"])
def test_a_fill_that_does_not_fit_is_refused(fill):
    with pytest.raises(OrderStateError):
        fill_event(quantity=Decimal(10), filled_quantity=Decimal(0), fill=Decimal(fill))
