"""Who gets one of the 41 places of each connection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradingplatform.services.external.kis.registrations import RegistrationPlan, Seats, Topic

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded


def topic(name: object, tr_id: str = "H0STCNT0") -> Topic:
    return (tr_id, str(name))


def wanted(**counts: int) -> dict[Topic, int]:
    return {topic(name): count for name, count in counts.items()}


def plan_of(*capacities: int) -> RegistrationPlan:
    return RegistrationPlan(
        [Seats(f"key{number}", capacity) for number, capacity in enumerate(capacities)]
    )


def names(plan: RegistrationPlan, connection: str = "key0") -> set[str]:
    return {name for _, name in plan.of(connection)}


def test_many_who_want_the_same_need_one_place() -> None:
    plan = plan_of(1)
    plan.want(wanted(samsung=500))

    assert (names(plan), len(plan)) == ({"samsung"}, 1)


def test_several_keys_share_the_symbols() -> None:
    plan = plan_of(2, 2)
    plan.want(wanted(a=1, b=1, c=1, d=1, e=1))

    assert len(names(plan, "key0")) == len(names(plan, "key1")) == 2
    assert plan.place(topic("e")) is None


def test_what_more_people_want_goes_first() -> None:
    plan = plan_of(2)
    plan.want(wanted(a=1, b=5, c=9))

    assert names(plan) == {"b", "c"}


def test_what_nobody_wants_stays_until_its_place_is_needed() -> None:
    plan = plan_of(2)
    plan.want(wanted(a=1, b=1))
    plan.want(wanted(b=1))
    assert names(plan) == {"a", "b"}
    assert plan.evictions == 0

    plan.want(wanted(b=1, c=1))
    assert names(plan) == {"b", "c"}
    assert plan.evictions == 1


def test_the_least_recently_wanted_goes_first() -> None:
    plan = plan_of(3)
    plan.want(wanted(a=1, b=1, c=1))
    plan.want(wanted(a=1, c=1))
    plan.want(wanted(c=1))

    plan.want(wanted(c=1, d=1))
    assert names(plan) == {"a", "c", "d"}


def test_a_wanted_one_gives_way_only_to_twice_as_many() -> None:
    plan = plan_of(1)
    plan.want(wanted(a=2))
    plan.want(wanted(a=2, b=3))
    assert names(plan) == {"a"}

    plan.want(wanted(a=2, b=4))
    assert names(plan) == {"b"}
    for _ in range(5):
        plan.want(wanted(a=2, b=4))
    assert plan.evictions == 1


def test_kis_may_take_fewer_than_it_says() -> None:
    plan = plan_of(3)
    plan.want(wanted(a=1, b=1, c=1))
    plan.is_full("key0", topic("c"))

    plan.want(wanted(a=1, b=1, c=1))
    assert names(plan) == {"a", "b"}
    assert plan.connections["key0"].capacity == 2


def test_a_paper_key_follows_korean_trades_only() -> None:
    plan = RegistrationPlan([Seats("paper", 2, frozenset({"H0STCNT0"}))])
    plan.want({topic("DNASAAPL", "HDFSCNT0"): 9, topic("005930"): 1})

    assert plan.of("paper") == {topic("005930")}


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=3),
    st.lists(st.dictionaries(st.sampled_from("abcdefghij"), st.integers(1, 9)), max_size=8),
)
def test_no_connection_ever_holds_too_much_or_anything_twice(
    capacities: list[int], rounds: list[dict[str, int]]
) -> None:
    plan = plan_of(*capacities)
    for counts in rounds:
        plan.want(wanted(**counts))

        held = [sorted(plan.of(f"key{number}")) for number in range(len(capacities))]
        assert all(len(topics) <= most for topics, most in zip(held, capacities, strict=True))
        everything = [one for topics in held for one in topics]
        assert len(everything) == len(set(everything)) == len(plan)
        missing = [name for name in counts if plan.place(topic(name)) is None]
        assert not missing or len(plan) == sum(capacities)
