"""A slow client costs a bounded amount of memory and loses only what may be lost."""

from tradingplatform.realtime.errors import CloseCode
from tradingplatform.realtime.frames import Frame
from tradingplatform.realtime.outlet import BACKLOG_BYTES, BACKLOG_FRAMES, Outlet
from tradingplatform.realtime.sinks import nothing
from tradingplatform.realtime.tests.support import frame


class Pipe:
    """A sink that takes ``room`` frames and is then no longer clear."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.clear = room > 0
        self.on_clear = nothing
        self.written: list[Frame] = []
        self.code = 0

    def write(self, frame: Frame) -> None:
        self.written.append(frame)
        self.room -= 1
        self.clear = self.room > 0

    def close(self, code: int, reason: str) -> None:
        self.code = code

    def read(self, room: int) -> None:
        self.room = room
        self.clear = True
        self.on_clear()


def seqs(pipe: Pipe) -> list[int]:
    return [place.seq for one in pipe.written if (place := one.position)]


def test_a_fast_client_gets_every_frame_at_once():
    pipe = Pipe(room=100)
    outlet = Outlet(pipe)
    for seq in range(1, 6):
        outlet.send_newest("market:A", frame("market:A", seq))
    assert seqs(pipe) == [1, 2, 3, 4, 5]
    assert outlet.backlog == 0


def test_a_slow_client_gets_the_newest_frame_of_each_slot():
    pipe = Pipe(room=1)
    outlet = Outlet(pipe)
    for seq in range(1, 1001):
        outlet.send_newest(f"market:{seq % 2}", frame("market", seq))
    assert outlet.backlog == 2
    pipe.read(room=10)
    assert seqs(pipe) == [1, 1000, 999] or seqs(pipe) == [1, 999, 1000]
    assert outlet.backlog == 0


def test_ordered_frames_wait_in_order_and_go_before_slots():
    pipe = Pipe(room=0)
    outlet = Outlet(pipe)
    outlet.send_newest("market:A", frame("market:A", 99))
    for seq in (1, 2, 3):
        outlet.send(frame("user", seq))
    pipe.read(room=2)
    assert seqs(pipe) == [1, 2]
    outlet.send(frame("user", 4))
    pipe.read(room=9)
    assert seqs(pipe) == [1, 2, 3, 4, 99]


def test_too_many_ordered_frames_close_the_socket():
    pipe = Pipe(room=0)
    outlet = Outlet(pipe)
    for seq in range(BACKLOG_FRAMES):
        outlet.send(frame("user", seq))
    assert pipe.code == 0
    outlet.send(frame("user", BACKLOG_FRAMES))
    assert pipe.code == CloseCode.TOO_SLOW
    assert outlet.backlog == 0


def test_too_many_waiting_bytes_close_the_socket():
    pipe = Pipe(room=0)
    outlet = Outlet(pipe)
    big = Frame(b"x" * (BACKLOG_BYTES // 4))
    for _ in range(4):
        outlet.send(big)
    assert pipe.code == 0
    outlet.send(big)
    assert pipe.code == CloseCode.TOO_SLOW


def test_a_closed_outlet_keeps_nothing_and_closes_once():
    pipe = Pipe(room=0)
    outlet = Outlet(pipe)
    outlet.close(CloseCode.UNAUTHENTICATED, "")
    outlet.close(CloseCode.TOO_SLOW, "")
    outlet.send(frame("user", 1))
    outlet.send_newest("market:A", frame("market:A", 1))
    assert pipe.code == CloseCode.UNAUTHENTICATED
    assert outlet.backlog == 0


def test_a_left_stream_no_longer_waits():
    pipe = Pipe(room=0)
    outlet = Outlet(pipe)
    outlet.send_newest("market:A", frame("market:A", 1))
    outlet.forget("market:A")
    pipe.read(room=5)
    assert pipe.written == []
