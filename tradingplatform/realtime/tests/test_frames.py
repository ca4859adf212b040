"""A frame's bytes on the wire are what any WebSocket library would send."""

import pytest
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode

from tradingplatform.errors import NotFoundError
from tradingplatform.realtime.frames import Frame, error_frame
from tradingplatform.realtime.sources import Position


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_the_wire_form_is_that_of_the_websockets_library(size):
    payload = b"a" * size
    expected = WebSocketFrame(Opcode.TEXT, payload).serialize(mask=False)
    assert Frame(payload).wire == expected


@pytest.mark.parametrize(
    ("payload", "position"),
    [
        (b'{"epoch":"e","seq":3}', Position("e", 3)),
        (b'{"epoch":"e"}', None),
        (b'{"seq":3}', None),
        (b'{"epoch":"e","seq":"3"}', None),
        (b"[1]", None),
        (b"nonsense", None),
    ],
)
def test_the_position_is_read_from_the_payload(payload, position):
    assert Frame(payload).position == position


def test_an_error_is_the_object_that_rest_shows():
    frame = error_frame(NotFoundError("Gone.", symbol="X"), 17)
    assert frame.text == (
        '{"type":"error","errorCode":"NOT_FOUND","message":"Gone.","sequence":17,'
        '"details":{"symbol":"X"}}'
    )
