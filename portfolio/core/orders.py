"""Which events may happen to an order, and where each leads: the one table."""

from decimal import Decimal

from portfolio.enums import OrderEvent as Event
from portfolio.enums import OrderStatus as Status
from portfolio.errors import OrderStateError

_FILLS = {Event.FILL_PART: Status.PARTIALLY_FILLED, Event.FILL_REST: Status.FILLED}
_ENDS = {Event.CANCEL: Status.CANCELED, Event.EXPIRE: Status.EXPIRED}
_LATE_FILL_AFTER_CANCEL = {Event.FILL_PART: Status.CANCELED, Event.FILL_REST: Status.FILLED}
_LATE_FILL_AFTER_EXPIRY = {Event.FILL_PART: Status.EXPIRED, Event.FILL_REST: Status.FILLED}

TRANSITIONS: dict[Status, dict[Event, Status]] = {
    Status.NEW: {
        **_ENDS,
        Event.SUBMIT: Status.PENDING_SUBMIT,
        Event.REJECT: Status.REJECTED,
        Event.REPLACE: Status.NEW,
    },
    Status.PENDING_SUBMIT: {
        **_FILLS,
        **_ENDS,
        Event.ACCEPT: Status.ACCEPTED,
        Event.REJECT: Status.REJECTED,
        Event.CANCEL_REQUEST: Status.PENDING_CANCEL,
        Event.LOSE_ANSWER: Status.UNKNOWN,
    },
    Status.ACCEPTED: {
        **_FILLS,
        **_ENDS,
        Event.ACCEPT: Status.ACCEPTED,
        Event.REJECT: Status.REJECTED,
        Event.CANCEL_REQUEST: Status.PENDING_CANCEL,
        Event.REPLACE: Status.ACCEPTED,
    },
    Status.PARTIALLY_FILLED: {
        **_FILLS,
        **_ENDS,
        Event.ACCEPT: Status.PARTIALLY_FILLED,
        Event.CANCEL_REQUEST: Status.PENDING_CANCEL,
        Event.REPLACE: Status.PARTIALLY_FILLED,
    },
    Status.PENDING_CANCEL: {
        **_ENDS,
        Event.FILL_PART: Status.PENDING_CANCEL,
        Event.FILL_REST: Status.FILLED,
        Event.ACCEPT: Status.PENDING_CANCEL,
        Event.REJECT: Status.REJECTED,
        Event.CANCEL_REQUEST: Status.PENDING_CANCEL,
        Event.LOSE_ANSWER: Status.UNKNOWN,
        Event.NOT_RECEIVED: Status.CANCELED,
    },
    # Only what the broker's book shows leads out of UNKNOWN; nothing is ever sent again.
    Status.UNKNOWN: {
        **_FILLS,
        **_ENDS,
        Event.ACCEPT: Status.ACCEPTED,
        Event.REJECT: Status.REJECTED,
        Event.NOT_RECEIVED: Status.REJECTED,
    },
    Status.FILLED: {},
    Status.REJECTED: {},
    Status.CANCELED: _LATE_FILL_AFTER_CANCEL,
    Status.EXPIRED: _LATE_FILL_AFTER_EXPIRY,
}

TERMINAL = frozenset({Status.FILLED, Status.CANCELED, Status.REJECTED, Status.EXPIRED})
OPEN = frozenset(set(Status) - TERMINAL)
MATCHABLE = frozenset({Status.PENDING_SUBMIT, Status.ACCEPTED, Status.PARTIALLY_FILLED})
# Sent, but without an answer: only the broker can tell what became of it.
UNANSWERED = frozenset({Status.PENDING_SUBMIT, Status.UNKNOWN})
WATCHED = MATCHABLE | UNANSWERED


def next_status(status: Status, event: Event) -> Status:
    """Return where ``event`` leads from ``status``; OrderStateError if it may not happen."""
    following = TRANSITIONS[status].get(event)
    if following is None:
        message = f"An order that is {status.value} cannot {_VERBS[event]}."
        raise OrderStateError(message, status=status.value, event=event.value)
    return following


def fill_event(*, quantity: Decimal, filled_quantity: Decimal, fill: Decimal) -> Event:
    """Tell whether ``fill`` completes an order; OrderStateError if it overfills it."""
    total = filled_quantity + fill
    if fill <= 0 or total > quantity:
        message = f"A fill of {fill} does not fit: {filled_quantity} of {quantity} is filled."
        raise OrderStateError(message)
    return Event.FILL_REST if total == quantity else Event.FILL_PART


_VERBS = {
    Event.SUBMIT: "be submitted",
    Event.ACCEPT: "be accepted",
    Event.REJECT: "be rejected",
    Event.FILL_PART: "be filled",
    Event.FILL_REST: "be filled",
    Event.CANCEL_REQUEST: "be canceled",
    Event.CANCEL: "be canceled",
    Event.EXPIRE: "expire",
    Event.REPLACE: "be replaced",
    Event.LOSE_ANSWER: "become unknown",
    Event.NOT_RECEIVED: "turn out never received",
}
