"""Every rule of the KIS real-time service that the emulator keeps."""

import json
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed

from tests.emulators.kis import KisEmulator, Layout, Mark, numbered, running_kis_emulator
from tests.emulators.kis.frames import TRADE_FIELDS
from tests.emulators.kis.raw import RawKis, RawSocket
from tests.emulators.kis.tape import play

pytestmark = pytest.mark.embedded


@pytest.fixture
def emulator() -> Iterator[KisEmulator]:
    with running_kis_emulator(instruments=numbered(45)) as emulator:
        yield emulator


@pytest.fixture
def client(emulator: KisEmulator) -> Iterator[RawKis]:
    with RawKis(emulator) as client:
        yield client


@pytest.fixture
def socket(client: RawKis) -> Iterator[RawSocket]:
    with client.socket() as socket:
        yield socket


def _records(frame: str, width: int = 47) -> list[dict[str, str]]:
    encrypted, _, count, payload = frame.split("|", 3)
    values = payload.split("^")
    assert (encrypted, len(values)) == ("0", width * int(count))
    return [dict(zip(TRADE_FIELDS, values[n * width :], strict=False)) for n in range(int(count))]


def test_a_registration_brings_trades(emulator: KisEmulator, socket: RawSocket) -> None:
    reply = socket.ask("H0STCNT0", "005930")
    emulator.trade("005930", 70500, 3)
    emulator.trades("005930", [(70600, 5), (70400, 7)], side="sell")

    output = reply["body"].pop("output")
    assert reply == {
        "header": {"tr_id": "H0STCNT0", "tr_key": "005930", "encrypt": "N"},
        "body": {"rt_cd": "0", "msg_cd": "OPSP0000", "msg1": "SUBSCRIBE SUCCESS"},
    }
    assert (len(output["key"]), len(output["iv"])) == (32, 16)
    (first,), both = _records(socket.receive()), _records(socket.receive())
    assert (first["STCK_PRPR"], first["CNTG_VOL"], first["ACML_VOL"]) == ("70500", "3", "3")
    assert [(r["STCK_PRPR"], r["ACML_VOL"]) for r in both] == [("70600", "8"), ("70400", "15")]
    assert both[-1]["STCK_LWPR"] == "70400"
    assert both[-1]["CCLD_DVSN"] == "5"


def test_a_tape_is_played_in_order_and_to_its_time(
    emulator: KisEmulator, socket: RawSocket
) -> None:
    socket.ask("H0STCNT0", "005930")
    pauses: list[float] = []
    marks = [
        Mark(0.5, "005930", 70_100), Mark(0.5, "005930", 70_200), Mark(2.5, "005930", 70_300, 4),
    ]  # fmt: skip

    play(marks, emulator.trades, speed=2, wait=pauses.append)

    frames = [_records(socket.receive()) for _ in range(2)]
    assert [[r["STCK_PRPR"] for r in records] for records in frames] == [
        ["70100", "70200"], ["70300"],
    ]  # fmt: skip
    assert pauses == [0.25, 1.0]


def test_older_frames_have_46_fields() -> None:
    with (
        running_kis_emulator(layout=Layout.classic()) as emulator,
        RawKis(emulator) as client,
        client.socket() as socket,
    ):
        socket.ask("H0STCNT0", "005930")
        emulator.trade("005930", 70500)

        assert len(_records(socket.receive(), width=46)) == 1


def test_nothing_comes_after_unsubscribing(emulator: KisEmulator, socket: RawSocket) -> None:
    socket.ask("H0STCNT0", "005930")
    socket.ask("H0STCNT0", "000660")
    assert socket.code("H0STCNT0", "005930", "2") == "OPSP0001"
    assert socket.code("H0STCNT0", "005930", "2") == "OPSP0003"

    emulator.trade("005930", 70500)
    emulator.trade("000660", 185500)

    assert _records(socket.receive())[0]["MKSC_SHRN_ISCD"] == "000660"


@pytest.mark.parametrize(
    ("tr_id", "tr_key", "header", "code"),
    [
        ("H0STCNT0", "005930", {"approval_key": "nonsense"}, "OPSP0011"),
        ("H0STCNT0", "005930", {"tr_type": "3"}, "OPSP8997"),
        ("H0STCNT0", "005930", {"custtype": "X"}, "OPSP8998"),
        ("H0XXXXX0", "005930", {}, "OPSP8991"),
        ("H0STCNT0", "000000", {}, "OPSP8992"),
        ("HDFSCNT0", "DNASNOPE", {}, "OPSP8992"),
        ("HDFSCNT0", "DNYSAAPL", {}, "OPSP8992"),
    ],
)
def test_bad_registrations_are_refused(
    socket: RawSocket, tr_id: str, tr_key: str, header: dict[str, str], code: str
) -> None:
    tr_type = header.pop("tr_type", "1")

    assert socket.code(tr_id, tr_key, tr_type, **header) == code


def test_text_that_is_no_request_is_refused(socket: RawSocket) -> None:
    socket.connection.send("{")

    assert json.loads(socket.receive())["body"]["msg_cd"] == "OPSP9990"


def test_the_42nd_registration_is_refused(socket: RawSocket) -> None:
    codes = [socket.code("H0STCNT0", f"{900000 + n}") for n in range(1, 43)]

    assert codes == [*["OPSP0000"] * 41, "OPSP0008"]
    assert socket.code("H0STCNT0", "900001") == "OPSP0002"
    socket.ask("H0STCNT0", "900001", "2")
    assert socket.code("H0STCNT0", "900042") == "OPSP0000"


def test_an_app_key_has_one_session(client: RawKis, socket: RawSocket) -> None:
    socket.ask("H0STCNT0", "005930")

    with client.socket() as second:
        reply = second.ask("H0STCNT0", "000660")
        with pytest.raises(ConnectionClosed):
            second.receive()

    assert reply["header"] == {"tr_id": "(null)", "tr_key": "", "encrypt": "N"}
    assert (reply["body"]["msg_cd"], reply["body"]["rt_cd"]) == ("OPSP8996", "9")
    socket.connection.close()
    client.emulator.truth.wait_for("socket_closed", count=2)
    with client.socket() as third:
        assert third.code("H0STCNT0", "000660") == "OPSP0000"


def test_paper_knows_fewer_streams(emulator: KisEmulator) -> None:
    with RawKis(emulator, "paper") as client, client.socket() as socket:
        assert socket.code("H0STCNT0", "005930") == "OPSP0000"
        assert socket.code("H0UNCNT0", "005930") == "OPSP8991"
        assert socket.code("H0STCNI0", client.key.hts_id) == "OPSP8991"


@pytest.mark.parametrize("answer", ["text", "pong", "none"])
def test_a_session_that_answers_no_pingpong_is_dropped(answer: str) -> None:
    with running_kis_emulator(ping_interval=0.02) as emulator, RawKis(emulator) as client:
        with client.socket() as socket:
            for _ in range(8 if answer != "none" else 3):
                message = socket.receive()
                assert json.loads(message)["header"]["tr_id"] == "PINGPONG"
                if answer == "text":
                    socket.connection.send(message)
                elif answer == "pong":
                    socket.connection.pong(message)
            if answer == "none":
                with pytest.raises(ConnectionClosed):
                    socket.receive()

        assert len(emulator.truth.find("socket_dropped")) == (1 if answer == "none" else 0)


def test_the_unified_stream_has_both_venues(emulator: KisEmulator, socket: RawSocket) -> None:
    socket.ask("H0UNCNT0", "005930")
    socket.ask("H0NXCNT0", "005930")

    emulator.trade("005930", 70500)
    emulator.trade("005930", 70600, venue="NXT")

    got = [socket.receive().split("|")[1] for _ in range(3)]
    assert sorted(got) == ["H0NXCNT0", "H0UNCNT0", "H0UNCNT0"]


@pytest.mark.parametrize(("tr_id", "width"), [("H0STASP0", 59), ("H0UNASP0", 65)])
def test_books_have_the_documented_width(
    emulator: KisEmulator, socket: RawSocket, tr_id: str, width: int
) -> None:
    socket.ask(tr_id, "005930")

    emulator.trade("005930", 70500)

    fields = socket.receive().split("|")[3].split("^")
    assert len(fields) == width
    assert (fields[3], fields[13]) == ("70600", "70500")


def test_overseas_frames(emulator: KisEmulator, socket: RawSocket) -> None:
    socket.ask("HDFSCNT0", "DNASAAPL")
    socket.ask("HDFSASP0", "DNASAAPL")

    emulator.trade("AAPL", "190.12", 3)

    trade = socket.receive().split("|")[3].split("^")
    book = socket.receive().split("|")[3].split("^")
    assert (len(trade), len(book)) == (26, 17)
    assert trade[:3] == ["DNASAAPL", "AAPL", "4"]
    assert (trade[11], trade[13], trade[14], trade[19]) == ("190.1200", "0.2800", "+0.15", "3")


def test_index_frames(emulator: KisEmulator, socket: RawSocket) -> None:
    socket.ask("H0UPCNT0", "0001")

    emulator.index("0001", "2655.10")

    fields = socket.receive().split("|")[3].split("^")
    assert (len(fields), fields[0], fields[2], fields[4]) == (30, "0001", "2655.10", "5.10")
