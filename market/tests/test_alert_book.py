"""The book of alerts against a slow model that looks at every alert at every value."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.alert_book import AlertBook, Gauge, Watch
from market.enums import AlertMeasure

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
GAUGE = Gauge("AAPL", AlertMeasure.PRICE)


def watch(number: int, direction: str = "ABOVE", level: float = 100.0, **changes: object) -> Watch:
    values: dict[str, object] = {
        "alert_id": UUID(int=number),
        "account_db_key": 7,
        "gauge": GAUGE,
        "direction": direction,
        "level": level,
        "is_armed": True,
        "generation": 1,
        "version": 1,
        **changes,
    }
    return Watch(**values)  # type: ignore[arg-type]


def book_of(*watches: Watch) -> AlertBook:
    book = AlertBook()
    for one in watches:
        book.put(one)
    return book


def fired(book: AlertBook, value: float, at: datetime = AT) -> list[int]:
    return sorted(one.alert_id.int for one in book.see(GAUGE, value, at).fired)


def refired(one: Watch, **changes: object) -> Watch:
    """Return a repeating alert as the tables have it after it fired."""
    values = {"is_armed": False, "generation": 2, "version": one.version + 1, **changes}
    return replace(one, **values)  # type: ignore[arg-type]


def test_a_level_fires_when_it_is_reached_and_once():
    book = book_of(watch(1, "ABOVE", 100.0), watch(2, "BELOW", 90.0))

    assert [fired(book, value) for value in (99.99, 100.0, 101.0, 90.01, 90.0, 80.0)] == [
        [],
        [1],
        [],
        [],
        [2],
        [],
    ]


def test_a_jump_fires_all_levels_in_between():
    book = book_of(*(watch(number, "ABOVE", 100.0 + number) for number in range(10)))

    assert fired(book, 104.5) == [0, 1, 2, 3, 4]
    assert fired(book, 200.0) == [5, 6, 7, 8, 9]


def test_what_dithers_around_a_level_fires_once_until_it_has_come_back():
    one = watch(1, "ABOVE", 100.0)
    book = book_of(one)
    assert fired(book, 100.1) == [1]
    book.put(refired(one))

    dithering = [fired(book, value) for value in (99.9, 100.1, 99.85, 100.2)]
    back = book.see(GAUGE, 99.8, AT)
    again = fired(book, 100.0)

    assert dithering == [[], [], [], []]
    assert [(two.alert_id.int, two.is_armed) for two in back.armed] == [(1, True)]
    assert again == [1]


def test_a_cool_down_lets_an_alert_rest_before_it_can_come_back():
    one = watch(1, "BELOW", 100.0)
    book = book_of(refired(one, rests_until=AT + timedelta(seconds=60)))

    early = book.see(GAUGE, 150.0, AT + timedelta(seconds=59))
    late = book.see(GAUGE, 150.0, AT + timedelta(seconds=60))

    assert (early.armed, [two.alert_id.int for two in late.armed]) == ([], [1])
    assert fired(book, 99.0) == [1]


def test_an_expired_alert_does_not_fire():
    book = book_of(watch(1, expires_at=AT), watch(2, expires_at=AT + timedelta(seconds=1)))

    assert fired(book, 100.0) == [2]


def test_an_older_state_does_not_undo_a_newer_one():
    one = watch(1)
    book = book_of(one)
    book.put(refired(one))
    book.put(one)

    assert fired(book, 100.0) == []


def test_a_removed_alert_is_forgotten():
    book = book_of(watch(1), watch(2), watch(3))
    book.remove(UUID(int=1))
    book.remove(UUID(int=1))
    book.keep_only([UUID(int=3)])

    assert (len(book), fired(book, 100.0)) == (1, [3])


def test_other_gauges_do_not_matter():
    book = book_of(watch(1), watch(2, gauge=Gauge("MSFT", AlertMeasure.PRICE)))

    assert book.see(Gauge("AAPL", AlertMeasure.CHANGE_RATE), 1e9, AT) == ([], [])
    assert fired(book, 100.0) == [1]


class SlowBook:
    """Every alert looked at by hand."""

    def __init__(self) -> None:
        self.watches: dict[UUID, Watch] = {}
        self.out: set[UUID] = set()

    def see(self, value: float) -> list[int]:
        hit = [
            one
            for one in self.watches.values()
            if one.is_armed
            and one.alert_id not in self.out
            and (value >= one.level if one.direction == "ABOVE" else value <= one.level)
        ]
        for one in list(self.watches.values()):
            margin = one.level * 0.002
            is_back = (
                value <= one.level - margin
                if one.direction == "ABOVE"
                else value >= one.level + margin
            )
            if not one.is_armed and one.alert_id not in self.out and is_back:
                self.watches[one.alert_id] = replace(one, is_armed=True)
        self.out |= {one.alert_id for one in hit}
        return sorted(one.alert_id.int for one in hit)


LEVELS = st.integers(90, 110).map(float)
STEPS = st.one_of(
    st.tuples(st.just("see"), st.floats(85, 115).map(lambda value: round(value, 2))),
    st.tuples(st.just("again"), st.integers(0, 7)),
    st.tuples(st.just("remove"), st.integers(0, 7)),
)


@given(
    st.lists(st.tuples(st.sampled_from(["ABOVE", "BELOW"]), LEVELS), min_size=1, max_size=8),
    st.lists(STEPS, max_size=40),
)
def test_the_book_fires_what_a_look_at_every_alert_would_fire(alerts, steps):
    book, slow = AlertBook(), SlowBook()
    for number, (direction, level) in enumerate(alerts):
        one = watch(number, direction, level)
        book.put(one)
        slow.watches[one.alert_id] = one

    for action, argument in steps:
        alert_id = UUID(int=argument) if action != "see" else UUID(int=0)
        if action == "see":
            assert fired(book, argument) == slow.see(argument)
        elif action == "remove":
            book.remove(alert_id)
            slow.watches.pop(alert_id, None)
        elif alert_id in slow.out and alert_id in slow.watches:
            slow.out.discard(alert_id)
            changed = refired(slow.watches[alert_id])
            slow.watches[alert_id] = changed
            book.put(changed)
