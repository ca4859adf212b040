"""Snapshot first, then news, each number once; a gap is noticed at the next frame."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradingplatform.realtime.errors import CloseCode
from tradingplatform.realtime.outlet import BACKLOG_FRAMES, Outlet
from tradingplatform.realtime.sources import Position
from tradingplatform.realtime.subscriptions import NewestSubscription, OrderedSubscription
from tradingplatform.realtime.tests.support import EPOCH, Diary, Quotes, frame
from tradingplatform.realtime.tests.test_outlet import Pipe, seqs


def ordered(pipe: Pipe) -> tuple[OrderedSubscription, list[OrderedSubscription]]:
    gaps: list[OrderedSubscription] = []
    subscription = OrderedSubscription(
        stream="user", channel="c", source=Diary(), outlet=Outlet(pipe), on_gap=gaps.append
    )
    return subscription, gaps


def newest(pipe: Pipe) -> NewestSubscription:
    return NewestSubscription(stream="market:A", channel="c", source=Quotes(), outlet=Outlet(pipe))


def test_news_during_the_snapshot_comes_after_it_and_old_news_not_at_all():
    pipe = Pipe(room=99)
    subscription, _ = ordered(pipe)
    for seq in (4, 5, 6, 7):
        subscription.offer(frame("user", seq))
    assert pipe.written == []
    subscription.open([frame("user", 5)], Position(EPOCH, 5))
    assert seqs(pipe) == [5, 6, 7]


def test_a_quote_held_during_the_snapshot_is_sent_only_if_newer():
    for held, expected in ((4, [5]), (5, [5]), (6, [5, 6])):
        pipe = Pipe(room=99)
        subscription = newest(pipe)
        subscription.offer(frame("market:A", 1))
        subscription.offer(frame("market:A", held))
        subscription.open([frame("market:A", 5)], Position(EPOCH, 5))
        assert seqs(pipe) == expected


def test_a_repeated_frame_is_dropped_and_a_gap_is_reported_once():
    pipe = Pipe(room=99)
    subscription, gaps = ordered(pipe)
    subscription.open([], Position(EPOCH, 2))
    for seq in (2, 3, 3, 5, 6):
        subscription.offer(frame("user", seq))
    assert seqs(pipe) == [3]
    assert gaps == [subscription]
    subscription.open([frame("user", 4), frame("user", 5)], Position(EPOCH, 3))
    assert seqs(pipe) == [3, 4, 5, 6]


def test_held_news_from_beyond_a_gap_stays_held_until_the_gap_is_filled():
    pipe = Pipe(room=99)
    subscription, gaps = ordered(pipe)
    for seq in (11, 13, 14):
        subscription.offer(frame("user", seq))
    subscription.open([], Position(EPOCH, 10))
    assert seqs(pipe) == [11]
    assert gaps == [subscription]
    assert subscription.place == Position(EPOCH, 11)
    subscription.open([frame("user", 12)], Position(EPOCH, 11))
    assert seqs(pipe) == [11, 12, 13, 14]
    assert gaps == [subscription]


def test_the_first_event_ever_must_be_number_one():
    pipe = Pipe(room=99)
    subscription, gaps = ordered(pipe)
    subscription.open([], Position("", 0))
    subscription.offer(frame("user", 2))
    assert gaps == [subscription]
    assert pipe.written == []


def test_a_new_epoch_passes():
    pipe = Pipe(room=99)
    subscription, gaps = ordered(pipe)
    subscription.open([], Position("before", 70))
    subscription.offer(frame("user", 1))
    subscription.offer(frame("user", 2))
    assert seqs(pipe) == [1, 2]
    assert gaps == []


def test_holding_too_much_closes_the_socket():
    pipe = Pipe(room=99)
    subscription, _ = ordered(pipe)
    for seq in range(BACKLOG_FRAMES + 1):
        subscription.offer(frame("user", seq))
    assert pipe.code == CloseCode.TOO_SLOW


@pytest.mark.parametrize("lost_in_1000", [0, 10, 300])
@given(data=st.data())
def test_whatever_the_bus_loses_or_repeats_the_client_sees_each_number_once(lost_in_1000, data):
    pipe = Pipe(room=10_000)
    subscription, gaps = ordered(pipe)
    subscription.open([], Position(EPOCH, 0))
    for seq in range(1, 41):
        fate = data.draw(st.integers(0, 999))
        if fate >= lost_in_1000:
            subscription.offer(frame("user", seq))
            if fate % 7 == 0:
                subscription.offer(frame("user", max(1, seq - 3)))
        while gaps:
            place = gaps.pop().place
            assert place is not None
            missed = [frame("user", n) for n in range(place.seq + 1, seq + 1)]
            subscription.open(missed, place)
    place = subscription.place
    assert place is not None
    assert seqs(pipe) == list(range(1, place.seq + 1))
