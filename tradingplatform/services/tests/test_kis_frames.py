"""The wire of the KIS WebSocket: whatever comes, a frame or the one typed error."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st

from tradingplatform.services.external.kis.frames import (
    FIELDS,
    ControlFrame,
    DataFrame,
    FrameError,
    FrameKey,
    frame_of,
    registration,
)

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

# As KIS printed it: one trade of 46 fields.
TRADE = (
    "005930^094751^71950^2^1350^1.91^71690.50^71000^72300^70600^72000^71900^1^8305216"
    "^595403999350^21115^28170^7055^136.06^3060313^4163762^5^0.51^29.46^090014^2^950^090708^5"
    "^-350^090030^2^1350^20250730^20^N^93994^113056^1668973^822214^0.14^10584139^78.47^0^^71000"
)
SECRETS = FrameKey(b"k" * 32, b"i" * 16)


def data(text: str) -> DataFrame:
    frame = frame_of(text)
    assert isinstance(frame, DataFrame)
    return frame


def control(text: str) -> ControlFrame:
    frame = frame_of(text)
    assert isinstance(frame, ControlFrame)
    return frame


def sealed(text: str) -> str:
    size = 16 - len(text.encode()) % 16
    encryptor = Cipher(AES(SECRETS.key), CBC(SECRETS.iv)).encryptor()
    padded = text.encode() + bytes([size]) * size
    return b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def test_a_trade_of_kis_is_read_by_name() -> None:
    (record,) = data(f"0|H0STCNT0|001|{TRADE}").records()

    names = ("MKSC_SHRN_ISCD", "STCK_PRPR", "ASKP1", "BIDP1", "CNTG_VOL", "ACML_VOL", "BSOP_DATE")
    assert [record[name] for name in names] == [
        "005930", "71950", "72000", "71900", "1", "8305216", "20250730",
    ]  # fmt: skip


@pytest.mark.parametrize("extra", ["", "^2", "^2^whatever"])
def test_fields_that_nobody_knows_yet_break_nothing(extra: str) -> None:
    records = data(f"0|H0STCNT0|002|{TRADE}{extra}^{TRADE}{extra}").records()

    assert [record["STCK_PRPR"] for record in records] == ["71950", "71950"]
    assert set(records[0]) == set(FIELDS["H0STCNT0"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0|H0STCNT0|001",
        "2|H0STCNT0|001|a",
        "0|H0STCNT0|0x1|a",
        "0|H0STCNT0|000|a",
        "0|H0STCNT0|-01|a",
        "0|H0STCNT0|\u0661|a",
        "{not json",
    ],
)
def test_what_is_no_frame_is_refused(text: str) -> None:
    with pytest.raises(FrameError):
        frame_of(text)


@pytest.mark.parametrize(
    "text",
    [
        f"0|H0STCNT0|002|{TRADE}",
        "0|H0STCNT0|001|005930^1^2",
        f"0|H0STCNT0|002|{TRADE}^{TRADE}^",
        f"0|UNKNOWN|001|{TRADE}",
    ],
)
def test_records_that_do_not_fit_are_refused(text: str) -> None:
    with pytest.raises(FrameError):
        data(text).records()


def test_an_answer_brings_the_key_of_its_notices() -> None:
    said = control(
        '{"header":{"tr_id":"H0STCNI0","tr_key":"mina01","encrypt":"N"},"body":{"rt_cd":"0",'
        '"msg_cd":"OPSP0000","msg1":"SUBSCRIBE SUCCESS","output":{"iv":"' + "i" * 16 + '","key":"'
        + "k" * 32 + '"}}}'
    )  # fmt: skip

    assert (said.tr_id, said.tr_key, said.code) == ("H0STCNI0", "mina01", "OPSP0000")
    assert said.secrets == SECRETS
    assert "kkkk" not in repr(said)


def test_pingpong_is_known() -> None:
    assert control('{"header":{"tr_id":"PINGPONG","datetime":"20260101"}}').is_ping
    assert not control("{}").is_ping


def test_notices_open_with_the_key_of_their_registration() -> None:
    text = "^".join(["MINA", "1234567801", "0000000117", *["x"] * 23])
    frame = data(f"1|H0STCNI0|001|{sealed(text)}")

    (record,) = frame.opened(SECRETS).records()
    assert (record["ACNT_NO"], record["ODER_NO"]) == ("1234567801", "0000000117")
    for wrong in (FrameKey(b"w" * 32, SECRETS.iv), FrameKey(b"k" * 5, b"")):
        with pytest.raises(FrameError):
            frame.opened(wrong)


def test_a_registration_is_asked_for_as_kis_wants_it() -> None:
    asked = control(registration("approval", ("H0STCNT0", "005930"), is_on=True))

    assert (asked.tr_id, asked.code) == ("", "")
    assert '"tr_type":"2"' in registration("a", ("H0STCNT0", "005930"), is_on=False)


def fragments() -> Iterator[str]:
    yield from ("0|", "1|", "|", "^", "{", "}", "H0STCNT0", "001", "002", TRADE, '"header":', "\0")


@given(st.lists(st.sampled_from(list(fragments())) | st.text(max_size=6), max_size=12))
def test_no_text_breaks_the_reader(parts: list[str]) -> None:
    with suppress(FrameError):
        frame = frame_of("".join(parts))
        if isinstance(frame, DataFrame):
            frame.opened(SECRETS) if frame.is_encrypted else frame.records()


@given(st.binary(max_size=64))
def test_no_ciphertext_breaks_the_reader(content: bytes) -> None:
    with suppress(FrameError):
        DataFrame("H0STCNI0", 1, b64encode(content).decode(), is_encrypted=True).opened(SECRETS)
