"""The emulator's book: orders, fills, cash, holdings, notices, and how lists show them."""

import base64
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.emulators.kis import KisEmulator, Layout, running_kis_emulator
from tests.emulators.kis.notices import encrypt
from tests.emulators.kis.raw import TRADING, RawKis

pytestmark = pytest.mark.embedded


@pytest.fixture
def emulator(emulator: KisEmulator) -> KisEmulator:
    emulator.state.limits.update(real=1000, paper=1000)
    return emulator


def _number(answer) -> str:
    body = answer.json()
    assert body["rt_cd"] == "0", body
    return body["output"]["ODNO"]


def test_an_order_is_answered_as_documented(client: RawKis, paper: RawKis) -> None:
    real = client.order("buy", "005930", 1, 69000).json()
    mock = paper.order("buy", "005930", 1, 69000).json()

    assert real["output"] == {
        "KRX_FWDG_ORD_ORGNO": "06010", "ODNO": "0000000001", "ORD_TMD": "100000",
    }  # fmt: skip
    assert (real["msg_cd"], mock["msg_cd"]) == ("APBK0013", "40600000")
    assert mock["output"]["KRX_FWDG_ORD_ORGNO"] == "00950"
    assert len(real["msg1"]) == 80


def test_a_market_order_is_filled_from_the_book(client: RawKis) -> None:
    asks, _ = client.emulator.market.book("005930")
    assert asks[0].price == 70100

    client.order("buy", "005930", 10)

    line, account = client.emulator.line("005930"), client.emulator.account()
    assert (line.last, line.volume) == (70100, 10)
    assert account.holding("005930").quantity == 10
    assert account.cash["KRW"] == 10_000_000 - 701_000 - Decimal(105)
    fill = client.emulator.truth.last("fill")
    assert (fill.data["price"], fill.data["quantity"]) == ("70100", 10)


def test_a_resting_order_is_filled_by_prints_up_to_their_size(client: RawKis) -> None:
    first = int(_number(client.order("buy", "005930", 10, 69500)))
    second = int(_number(client.order("buy", "005930", 10, 69600)))

    client.emulator.trade("005930", 69700, 100)
    assert client.emulator.truth.find("fill") == []
    client.emulator.trade("005930", 69500, 14)

    filled = {number: client.emulator.book.orders[number].filled for number in (first, second)}
    assert filled == {second: 10, first: 4}


@pytest.mark.parametrize(("kind", "filled"), [("11", "levels"), ("12", 0)])
def test_what_cannot_be_filled_at_once_is_dropped(
    client: RawKis, kind: str, filled: int | str
) -> None:
    client.emulator.account().cash["KRW"] = Decimal(10_000_000_000)
    asks, _ = client.emulator.market.book("005930")
    at_best = asks[0].quantity

    number = int(_number(client.order("buy", "005930", at_best + 5, 70100, kind=kind)))

    order = client.emulator.book.orders[number]
    assert order.filled == (at_best if filled == "levels" else 0)
    assert (order.remaining, order.status) == (0, "cancelled")


@pytest.mark.parametrize(
    ("session", "real_code", "paper_code"),
    [
        ("before", "APBK0919", "40570000"),
        ("after", "APBK0918", "40580000"),
        ("holiday", "APBK0919", "40100000"),
    ],
)
def test_no_order_outside_the_session(
    client: RawKis, paper: RawKis, session: str, real_code: str, paper_code: str
) -> None:
    client.emulator.exchange.session = session

    codes = [c.order("buy", "005930", 1, 69000).json()["msg_cd"] for c in (client, paper)]

    assert codes == [real_code, paper_code]
    assert client.emulator.book.orders == {}


def test_the_session_can_follow_the_clock(client: RawKis) -> None:
    client.emulator.exchange.session = "hours"
    assert client.order("buy", "005930", 1, 69000).json()["rt_cd"] == "0"

    client.emulator.clock.advance(hours=6)
    assert client.order("buy", "005930", 1, 69000).json()["msg_cd"] == "APBK0918"


@pytest.mark.parametrize(
    ("order", "code", "rt_cd"),
    [
        (("buy", "005930", 200, 70000), "APBK0952", "7"),
        (("sell", "005930", 1, 70000), "APBK0400", "1"),
        (("buy", "999999", 1, 70000), "APBK0656", "1"),
        (("buy", "005930", 1, 70050), "APBK0919", "1"),
        (("buy", "005930", 1, 91100), "APBK0919", "1"),
        (("buy", "005930", 0, 70000), "OPSQ2001", "2"),
    ],
)
def test_orders_that_are_refused(
    client: RawKis, order: tuple[str, str, int, int], code: str, rt_cd: str
) -> None:
    answer = client.order(*order)

    assert (answer.status_code, answer.json()["msg_cd"], answer.json()["rt_cd"]) == (
        200, code, rt_cd,
    )  # fmt: skip
    assert client.emulator.book.orders == {}


@pytest.mark.parametrize(
    ("kind", "exchange", "fits"),
    [
        ("00", "NXT", True), ("01", "NXT", False), ("27", "NXT", True), ("27", "KRX", False),
        ("41", "KRX", True), ("07", "KRX", False), ("01", "SOR", True), ("21", "SOR", False),
    ],
)  # fmt: skip
def test_order_types_by_exchange(client: RawKis, kind: str, exchange: str, fits: bool) -> None:
    price = 0 if kind == "01" else 69000

    answer = client.order("buy", "005930", 1, price, kind=kind, EXCG_ID_DVSN_CD=exchange)

    assert answer.json()["rt_cd"] == ("0" if fits else "2")


def test_a_market_buy_reserves_at_the_upper_limit(client: RawKis) -> None:
    client.emulator.exchange.matching = "prints"
    # 10,000,000 / 91,000 = 109.8, although 142 shares could be paid at the price of now.
    assert client.order("buy", "005930", 110).json()["msg_cd"] == "APBK0952"
    assert client.order("buy", "005930", 109).json()["rt_cd"] == "0"

    body = {"PDNO": "000660", "ORD_UNPR": "", "ORD_DVSN": "01"}
    power = client.get(f"{TRADING}inquire-psbl-order", "TTTC8908R", **client.account, **body)
    assert power.json()["output"]["nrcvb_buy_amt"] == str(10_000_000 - 109 * 91_000)


def test_amending_issues_a_new_number(client: RawKis) -> None:
    old = _number(client.order("buy", "005930", 10, 69000))

    new = _number(client.change(old, "01", ORD_UNPR="69100"))

    rows = client.daily_orders(CCLD_DVSN="02").json()["output1"]
    assert [(r["odno"], r["orgn_odno"], r["ord_unpr"], r["rmn_qty"]) for r in rows] == [
        (new, old, "69100", "10")
    ]
    assert client.change(old, "02").json()["rt_cd"] == "1"


def test_cancelling_a_part_leaves_the_rest(client: RawKis) -> None:
    old = _number(client.order("buy", "005930", 10, 69000))

    new = _number(client.change(old, "02", ORD_QTY="4", QTY_ALL_ORD_YN="N"))

    rows = {row["odno"]: row for row in client.daily_orders().json()["output1"]}
    assert (rows[old]["rmn_qty"], rows[old]["cncl_cfrm_qty"]) == ("6", "4")
    assert (rows[new]["cncl_yn"], rows[new]["orgn_odno"]) == ("Y", old)
    assert client.change(old, "02").json()["rt_cd"] == "0"
    assert client.emulator.book.open_orders() == []


def test_a_refused_amendment_changes_nothing(client: RawKis) -> None:
    old = _number(client.order("buy", "005930", 10, 69000))

    refused = client.change(old, "01", ORD_UNPR="99900")

    assert refused.json()["msg_cd"] == "APBK0919"
    order = client.emulator.book.orders[int(old)]
    assert (order.remaining, order.status) == (10, "open")


def test_amendable_orders_are_listed_on_the_real_side_only(client: RawKis, paper: RawKis) -> None:
    number = _number(client.order("buy", "005930", 10, 69000))
    paging = {"CTX_AREA_FK100": "", "CTX_AREA_NK100": "", "INQR_DVSN_1": "0", "INQR_DVSN_2": "0"}
    path = f"{TRADING}inquire-psbl-rvsecncl"

    rows = client.get(path, "TTTC0084R", **client.account, **paging).json()["output"]

    assert [(row["odno"], row["psbl_qty"]) for row in rows] == [(number, "10")]
    assert paper.get(path, "TTTC0084R", **paper.account, **paging).json()["msg_cd"] == "EGW02006"


@pytest.mark.parametrize(("side", "size"), [("real", 100), ("paper", 15)])
def test_lists_of_orders_come_in_pages(emulator: KisEmulator, side: str, size: int) -> None:
    with RawKis(emulator, side) as client:
        client.log_in()
        emulator.account(side).cash["KRW"] = Decimal(100_000_000)
        for _ in range(size * 2 + 1):
            client.order("buy", "003550", 1, 70000)
        numbers, conts, more, nk = [], [], "", ""
        while more != "stop":
            answer = client.daily_orders(more=more, CTX_AREA_NK100=nk)
            body = answer.json()
            nk, cont = body["ctx_area_nk100"], answer.headers["tr_cont"]
            numbers += [int(row["odno"]) for row in body["output1"]]
            conts.append(cont)
            more = "N" if cont in {"F", "M"} else "stop"

    assert conts == ["F", "M", "E"]
    assert numbers == list(range(size * 2 + 1, 0, -1))
    assert (len(nk), len(body["ctx_area_fk100"])) == (100, 100)


def test_the_balance_adds_up(client: RawKis) -> None:
    account = client.emulator.account()
    client.emulator.give(account, "000660", 5, 180000)
    client.order("buy", "005930", 10)
    client.emulator.trade("005930", 72000, 1)

    body = client.balance().json()

    rows = {row["pdno"]: row for row in body["output1"]}
    (totals,) = body["output2"]
    assert rows["005930"]["pchs_avg_pric"] == "70100.0000"
    assert rows["005930"]["evlu_pfls_amt"] == "19000"
    assert (rows["005930"]["thdt_buyqty"], rows["000660"]["thdt_buyqty"]) == ("10", "0")
    assert totals["dnca_tot_amt"] == "10000000"
    assert totals["prvs_rcdl_excc_amt"] == str(10_000_000 - 701_000 - 105)
    assert totals["tot_evlu_amt"] == str(10_000_000 - 701_000 - 105 + 720_000 + 5 * 185_000)
    assert rows["000660"]["prdt_name"].endswith("EMU")


def test_another_account_is_refused(client: RawKis, paper: RawKis) -> None:
    answer = client.balance(**paper.account)

    assert (answer.status_code, answer.json()["msg_cd"]) == (200, "OPSQ2000")


def _opened(frame: str, output: dict[str, str], start: str = "H0STCN") -> list[str]:
    encrypted, tr_id, count, payload = frame.split("|", 3)
    assert (encrypted, tr_id[:6], count) == ("1", start, "001")
    cipher = Cipher(algorithms.AES(output["key"].encode()), modes.CBC(output["iv"].encode()))
    decryptor = cipher.decryptor()
    padded = decryptor.update(base64.b64decode(payload)) + decryptor.finalize()
    return padded[: -padded[-1]].decode().split("^")


@pytest.mark.parametrize(("side", "tr_id"), [("real", "H0STCNI0"), ("paper", "H0STCNI9")])
def test_notices_tell_of_every_step(emulator: KisEmulator, side: str, tr_id: str) -> None:
    with RawKis(emulator, side) as client, client.log_in().socket() as socket:
        output = socket.ask(tr_id, client.key.hts_id)["body"]["output"]
        number = _number(client.order("buy", "005930", 10, 69000))
        emulator.trade("005930", 69000, 4)

        notices = [_opened(socket.receive(), output) for _ in range(3)]

    assert [len(notice) for notice in notices] == [26] * 3
    assert {notice[2] for notice in notices} == {number}
    steps = [(notice[13], notice[14], notice[9], notice[10]) for notice in notices]
    assert steps == [
        ("1", "1", "10", "69000"), ("1", "2", "10", "69000"), ("2", "2", "4", "69000"),
    ]  # fmt: skip


def test_encryption_agrees_with_another_program() -> None:
    # openssl enc -aes-256-cbc made this.
    key, iv = "abcdefghijklmnopqrstuvwxyz012345", "0123456789abcdef"

    assert encrypt("a^b^한글", key, iv) == "hln3LAOdcIyM3C9+I0/BzA=="


def test_overseas_notices_have_four_implied_decimals(client: RawKis) -> None:
    body = {
        **client.account, "OVRS_EXCG_CD": "NASD", "PDNO": "AAPL", "ORD_QTY": "2",
        "OVRS_ORD_UNPR": "150.25", "ORD_SVR_DVSN_CD": "0", "ORD_DVSN": "00",
    }  # fmt: skip
    with client.socket() as socket:
        output = socket.ask("H0GSCNI0", client.key.hts_id)["body"]["output"]
        answer = client.post("/uapi/overseas-stock/v1/trading/order", "TTTT1002U", **body)
        client.emulator.trade("AAPL", "150.25", 2)
        notices = [_opened(socket.receive(), output, "H0GSCN") for _ in range(3)]

    assert answer.json()["rt_cd"] == "0"
    assert [len(notice) for notice in notices] == [25] * 3
    assert notices[-1][7:10] == ["AAPL", "2", "001502500"]
    assert [notice[12] for notice in notices] == ["1", "1", "2"]
    assert notices[-1][18] == "6"


def test_a_sold_out_stock_stays_for_the_day(client: RawKis) -> None:
    client.order("buy", "005930", 3)
    client.order("sell", "005930", 3)

    (row,) = client.balance().json()["output1"]
    assert (row["hldg_qty"], row["thdt_buyqty"], row["thdt_sll_qty"]) == ("0", "3", "3")
    client.emulator.clock.advance(hours=15)
    assert client.balance().json()["output1"] == []


def test_older_notices_have_23_fields() -> None:
    with (
        running_kis_emulator(layout=Layout.classic()) as emulator,
        RawKis(emulator) as client,
        client.log_in().socket() as socket,
    ):
        output = socket.ask("H0STCNI0", client.key.hts_id)["body"]["output"]
        client.order("buy", "005930", 10, 69000)

        assert len(_opened(socket.receive(), output)) == 23


def test_the_book_outlives_the_emulator(tmp_path: Path) -> None:
    with running_kis_emulator(folder=tmp_path) as emulator, RawKis(emulator) as client:
        client.log_in()
        client.order("buy", "005930", 10)
        client.order("buy", "005930", 10, 69000)
        before = (emulator.book.accounts, emulator.book.orders, emulator.book.fills)

    again = KisEmulator(folder=tmp_path)

    assert (again.book.accounts, again.book.orders, again.book.fills) == before
    assert again.book.next_number() == 3
    assert (tmp_path / "truth.jsonl").read_text().count('"kind": "fill"') == 1
