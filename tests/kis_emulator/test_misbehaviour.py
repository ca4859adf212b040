"""Each switch does what it says, and never changes the truth."""

import json
from collections.abc import Iterator

import httpx2
import pytest
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK

from tests.emulators.faults import BAD_TICKS, KINDS, Faults
from tests.emulators.kis import KisEmulator, running_kis_emulator
from tests.emulators.kis.raw import RawKis, RawSocket
from tests.emulators.timekeeping import EmulatorClock
from tests.emulators.truth import TruthLog

pytestmark = pytest.mark.embedded


@pytest.fixture
def emulator() -> Iterator[KisEmulator]:
    with running_kis_emulator() as emulator:
        yield emulator


@pytest.fixture
def socket(client: RawKis) -> Iterator[RawSocket]:
    with client.socket() as socket:
        socket.ask("H0STCNT0", "005930")
        yield socket


def _prices(socket: RawSocket, count: int) -> list[str]:
    return [socket.receive().split("^")[2] for _ in range(count)]


# Over HTTP


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, "EGW00201"), (200, "EGW00201"), (500, "IGW00007"), (429, ""), (503, "")],
)
def test_an_error_at_a_number_of_times(client: RawKis, status: int, code: str) -> None:
    client.emulator.misbehave("error", status=status, code=code, times=2, path="inquire-price")

    answers = [client.price("005930") for _ in range(3)]

    assert [a.status_code for a in answers] == [status, status, 200]
    assert [a.json().get("msg_cd", "") for a in answers] == [code, code, "MCA00000"]


def test_oauth_errors_keep_their_shape(client: RawKis) -> None:
    client.emulator.misbehave("error", code="EGW00133", path="tokenP")

    assert client.ask_token().json()["error_code"] == "EGW00133"


def test_a_rate_is_kept_and_repeats() -> None:
    def run() -> list[bool]:
        faults = Faults(TruthLog(EmulatorClock()), seed=3)
        faults.misbehave("slow", rate=0.3)
        return [faults.hit("slow") is not None for _ in range(1000)]

    hits = run()
    assert 250 < sum(hits) < 350
    assert hits == run()


def test_an_answer_can_be_cut_in_its_body(client: RawKis) -> None:
    client.emulator.misbehave("cut", times=1)

    with pytest.raises(httpx2.RemoteProtocolError):
        client.price("005930")

    assert client.price("005930").status_code == 200


def test_garbage_is_no_json(client: RawKis) -> None:
    client.emulator.misbehave("garbage", times=1)

    with pytest.raises(json.JSONDecodeError):
        client.price("005930").json()


@pytest.mark.parametrize("kind", ["slow", "hang"])
def test_answers_can_be_too_late(client: RawKis, kind: str) -> None:
    client.emulator.misbehave(kind, seconds=5)
    client.http.timeout = httpx2.Timeout(0.2)

    with pytest.raises(httpx2.ReadTimeout):
        client.price("005930")


@pytest.mark.parametrize("kind", ["lost_answer", "lost_answer_error"])
def test_an_order_can_be_taken_and_its_answer_lost(client: RawKis, kind: str) -> None:
    client.emulator.misbehave(kind, path="order-cash", code="IGW00007", times=1)
    client.http.timeout = httpx2.Timeout(0.5)

    if kind == "lost_answer":
        with pytest.raises(httpx2.ReadTimeout):
            client.order("buy", "005930", 3)
    else:
        assert client.order("buy", "005930", 3).json()["msg_cd"] == "IGW00007"

    assert client.emulator.account().holding("005930").quantity == 3
    (row,) = client.daily_orders().json()["output1"]
    assert row["tot_ccld_qty"] == "3"


def test_lists_can_be_stale(client: RawKis) -> None:
    client.emulator.clock.hold()
    client.order("buy", "005930", 3)
    client.emulator.clock.advance(seconds=10)
    client.order("sell", "005930", 2)
    client.emulator.misbehave("stale_lists", seconds=5)

    (stale,) = client.balance().json()["output1"]
    (order,) = client.daily_orders().json()["output1"]
    client.emulator.behave()
    (fresh,) = client.balance().json()["output1"]

    assert (stale["hldg_qty"], stale["thdt_sll_qty"], fresh["hldg_qty"]) == ("3", "0", "1")
    assert order["ord_qty"] == "3"
    assert client.emulator.account().holding("005930").quantity == 1


def test_a_page_can_repeat_the_row_before(client: RawKis) -> None:
    for _ in range(101):
        client.emulator.clock.advance(seconds=1)
        client.order("buy", "003550", 1, 70000)
    client.emulator.misbehave("duplicate_rows")
    client.emulator.clock.advance(seconds=1)

    first = client.daily_orders().json()
    second = client.daily_orders(more="N", CTX_AREA_NK100=first["ctx_area_nk100"]).json()

    numbers = [row["odno"] for row in (*first["output1"], *second["output1"])]
    assert len(numbers) == 102
    assert numbers[99] == numbers[100]
    assert len(set(numbers)) == 101


# Over WebSocket


def test_gaps_duplicates_and_reordering(emulator: KisEmulator, socket: RawSocket) -> None:
    for kind in ("ws_gap", "ws_duplicate", "ws_reorder"):
        emulator.misbehave(kind, times=1)
    for price in (70_100, 70_200, 70_300, 70_400):
        emulator.trade("005930", price)

    # The first is left out, the second held back, the third sent twice and then the held one.
    assert _prices(socket, 4) == ["70300", "70300", "70200", "70400"]
    assert [t.price for t in emulator.line("005930").trades] == [70100, 70200, 70300, 70400]


def test_a_connection_can_end_in_a_frame(emulator: KisEmulator, socket: RawSocket) -> None:
    emulator.misbehave("ws_cut", times=1)
    emulator.trade("005930", 70_100)

    with pytest.raises(ConnectionClosedError) as closed:
        socket.receive()
    assert closed.value.rcvd is None


def test_a_connection_can_be_closed_properly(emulator: KisEmulator, socket: RawSocket) -> None:
    emulator.misbehave("ws_close", times=1)
    emulator.trade("005930", 70_100)

    with pytest.raises(ConnectionClosedOK):
        socket.receive()


def test_all_connections_can_be_dropped(emulator: KisEmulator, socket: RawSocket) -> None:
    emulator.drop_sockets()

    with pytest.raises(ConnectionClosedError):
        socket.receive()


def test_new_connections_can_be_refused(emulator: KisEmulator, client: RawKis) -> None:
    emulator.misbehave("ws_refuse", times=1)

    with client.socket() as socket, pytest.raises(ConnectionClosedError):
        socket.receive()


def test_a_broken_frame_comes_before_the_good_one(emulator: KisEmulator, socket: RawSocket) -> None:
    emulator.misbehave("ws_malformed", times=1)
    emulator.trade("005930", 70_100)

    assert socket.receive() == "0|H0STCNT0|0x1|005930^^^"
    assert _prices(socket, 1) == ["70100"]


def test_a_field_more_than_documented(emulator: KisEmulator, socket: RawSocket) -> None:
    emulator.misbehave("ws_extra_field")
    emulator.trades("005930", [(70_100, 1), (70_200, 1)])

    fields = socket.receive().split("|")[3].split("^")
    assert len(fields) == 2 * 48
    assert (fields[47], fields[95]) == ("EMU", "EMU")


@pytest.mark.parametrize("variant", BAD_TICKS)
def test_impossible_trades_come_before_the_true_one(
    emulator: KisEmulator, socket: RawSocket, variant: str
) -> None:
    emulator.misbehave("ws_bad_tick", variant=variant, times=1)
    emulator.trade("005930", 70_100, 5)

    bad, good = (socket.receive().split("|")[3].split("^") for _ in range(2))
    expected = {"zero": "0", "negative": "-70100", "nan": "NaN", "out_of_band": "210300"}
    assert bad[2] == expected.get(variant, "70100")
    assert (bad[1] != good[1]) is (variant == "clock_skew")
    assert good[2] == "70100"
    assert len(emulator.truth.find("trade")) == 1


def test_overseas_trades_can_be_impossible_too(emulator: KisEmulator, socket: RawSocket) -> None:
    socket.ask("HDFSCNT0", "DNASAAPL")
    emulator.misbehave("ws_bad_tick", variant="zero", path="HDFSCNT0")
    emulator.trade("AAPL", "190.00")

    assert socket.receive().split("^")[11] == "0"


def test_an_encrypted_frame_can_come_before_its_key(
    emulator: KisEmulator, socket: RawSocket, client: RawKis
) -> None:
    emulator.misbehave("ws_early_notice")
    header = {"approval_key": socket.approval, "custtype": "P", "tr_type": "1"}
    body = {"input": {"tr_id": "H0STCNI0", "tr_key": client.key.hts_id}}
    socket.connection.send(json.dumps({"header": header, "body": body}))

    assert socket.receive().startswith("1|H0STCNI0|001|")
    assert json.loads(socket.receive())["body"]["msg_cd"] == "OPSP0000"


def test_pingpong_can_fall_silent() -> None:
    with running_kis_emulator(ping_interval=0.02) as emulator, RawKis(emulator) as client:
        emulator.misbehave("ping_silence")
        with client.socket() as socket:
            emulator.truth.wait_for("fault", count=3, misbehaviour="ping_silence")
            with pytest.raises(TimeoutError):
                socket.receive(timeout=0.05)


# Switching


def test_switches_are_thrown_over_the_control_plane(client: RawKis) -> None:
    thrown = client.http.post("/__misbehave", json={"kind": "error", "status": 503})
    refused = client.http.post("/__misbehave", json={"kind": "nonsense"})

    assert client.http.get("/__misbehave").json()["on"] == thrown.json()["on"]
    assert (refused.status_code, "unknown misbehaviour" in refused.text) == (400, True)
    assert client.price("005930").status_code == 503
    assert client.http.delete("/__misbehave").json() == {"on": []}
    assert client.price("005930").status_code == 200


def test_the_market_moves_over_the_control_plane(client: RawKis) -> None:
    body = {"symbol": "005930", "price": "70500", "quantity": 3}

    assert client.http.post("/__trade", json=body).json() == {"done": 1}
    assert client.http.post("/__walk", json={"count": 5}).json() == {"done": 5}
    assert client.http.post("/__nonsense", json={}).status_code == 400
    assert client.http.get("/__nonsense").status_code == 404
    entries = client.http.get("/__truth", params={"kind": "trade"}).json()["entries"]
    assert entries[0]["price"] == "70500"
    assert len(entries) == 6


def test_every_kind_is_explained_in_the_docs_of_the_switches() -> None:
    assert all(KINDS.values())
    with pytest.raises(ValueError, match="unknown misbehaviour"):
        Faults(TruthLog(EmulatorClock())).misbehave("nonsense")
    with pytest.raises(ValueError, match="unknown variant"):
        Faults(TruthLog(EmulatorClock())).misbehave("ws_bad_tick", variant="nonsense")
