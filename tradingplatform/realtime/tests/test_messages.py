"""Whatever a client sends, it is a frame or a named error."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradingplatform.realtime.errors import FrameInvalidError, FrameTooLargeError
from tradingplatform.realtime.messages import MAX_FRAME_BYTES, SubscribeFrame, parse

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4)
    ),
    max_leaves=12,
)
types = st.sampled_from(["auth", "subscribe", "unsubscribe", "chat", "cancel", "resume", "ping"])


def test_names_become_streams_each_once():
    frame = parse('{"type":"subscribe","symbols":["A","B","A"],"indices":["KOSPI"]}')
    assert isinstance(frame, SubscribeFrame)
    assert frame.names() == ["market:A", "market:B", "market:KOSPI"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "17",
        "{",
        '{"type":1}',
        '{"type":"nonsense"}',
        '{"type":"auth"}',
        '{"type":"auth","token":"a","api_key":"b"}',
        '{"type":"auth","api_key":""}',
        '{"type":"auth","api_key":5}',
        '{"type":"auth","token":5}',
        '{"type":"subscribe","symbols":"AAPL"}',
        '{"type":"subscribe","symbols":[1]}',
        '{"type":"subscribe","symbols":["A B"]}',
        '{"type":"resume","stream":"user","epoch":"e","seq":-1}',
        '{"type":"resume","stream":"user","epoch":"e","seq":1.5}',
        '{"type":"resume","stream":"user","epoch":"e","seq":true}',
        '{"type":"resume","stream":"user","epoch":"e","seq":' + "9" * 400 + "}",
        '{"type":"ping","sequence":"1"}',
        '{"type":"ping","sequence":1e999}',
        '{"type":"ping","sequence":NaN}',
        "[" * 60_000,
        '{"a":' * 10_000,
        None,
    ],
)
def test_malformed_frames_are_named_errors(text):
    with pytest.raises(FrameInvalidError):
        parse(text)


def test_the_sequence_of_a_malformed_frame_is_kept():
    with pytest.raises(FrameInvalidError) as caught:
        parse('{"type":"resume","sequence":17}')
    assert caught.value.details["sequence"] == 17


@pytest.mark.parametrize("filler", ["x", "한"])
def test_a_frame_longer_than_allowed_is_refused(filler):
    text = orjson.dumps({"type": "ping", "filler": filler * MAX_FRAME_BYTES}).decode()
    with pytest.raises(FrameTooLargeError):
        parse(text)


@given(kind=types, fields=st.dictionaries(st.text(max_size=10), json_values, max_size=4))
def test_no_json_crashes_the_parser(kind, fields):
    known = {"token", "symbols", "stream", "epoch", "seq", "sequence", "content"}
    values = list(fields.values())
    body = {**fields, **dict(zip(sorted(known), values, strict=False)), "type": kind}
    try:
        text = orjson.dumps(body).decode()
    except TypeError:
        return  # an integer too large for the encoder; the text form is tested above
    try:
        frame = parse(text)
    except FrameInvalidError:
        return
    assert frame.type == kind


@given(text=st.text(max_size=200))
def test_no_text_crashes_the_parser(text):
    with pytest.raises(FrameInvalidError):
        parse(text)
