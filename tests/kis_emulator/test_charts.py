"""Minute charts, indices, rankings, headlines and overseas quotations of the emulator."""

from decimal import Decimal
from typing import Any

import pytest

from tests.emulators.kis import KisEmulator
from tests.emulators.kis.raw import QUOTATIONS, RawKis

pytestmark = pytest.mark.embedded

US_QUOTATIONS = "/uapi/overseas-price/v1/quotations/"
US_TRADING = "/uapi/overseas-stock/v1/trading/"


def _minutes(client: RawKis, hour: str, **more: str) -> list[dict[str, str]]:
    fields = {
        "FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930", "FID_INPUT_HOUR_1": hour,
        "FID_PW_DATA_INCU_YN": "N", "FID_ETC_CLS_CODE": "",
    }  # fmt: skip
    past = "FID_INPUT_DATE_1" in more
    name = "inquire-time-dailychartprice" if past else "inquire-time-itemchartprice"
    tr_id = "FHKST03010230" if past else "FHKST03010200"
    rows: list[dict[str, str]] = client.get(f"{QUOTATIONS}{name}", tr_id, **fields | more).json()[
        "output2"
    ]
    return rows


def test_minutes_are_cut_from_the_trades(client: RawKis) -> None:
    for minute in range(40):
        client.emulator.trade("005930", 70_000 + 100 * minute, 5)
        client.emulator.trade("005930", 70_100 + 100 * minute, 3)
        client.emulator.clock.advance(minutes=1)

    rows = _minutes(client, "102000")

    assert [row["stck_cntg_hour"] for row in rows][:2] == ["102000", "101900"]
    # 10:00 to 10:20.
    assert len(rows) == 21
    assert len(_minutes(client, "153000")) == 30
    newest = rows[0]
    assert (newest["stck_oprc"], newest["stck_prpr"], newest["cntg_vol"]) == ("72000", "72100", "8")
    assert int(newest["acml_tr_pbmn"]) - int(rows[1]["acml_tr_pbmn"]) == 5 * 72000 + 3 * 72100


def test_past_minutes_add_up_to_their_day(client: RawKis) -> None:
    bar = client.emulator.market.history("005930")[-3]
    rows: list[dict[str, str]] = []
    hour = "160000"
    while page := _minutes(client, hour, FID_INPUT_DATE_1=f"{bar.day:%Y%m%d}"):
        rows += page
        last = page[-1]["stck_cntg_hour"]
        hour = f"{int(last[:2]) * 60 + int(last[2:4]) - 1:04}"
        hour = f"{int(hour) // 60:02}{int(hour) % 60:02}00"
        client.emulator.clock.advance(seconds=1)

    assert len(rows) == 390
    assert sum(int(row["cntg_vol"]) for row in rows) == bar.volume
    assert max(int(row["stck_hgpr"]) for row in rows) == bar.high
    assert min(int(row["stck_lwpr"]) for row in rows) == bar.low
    assert (rows[-1]["stck_oprc"], rows[0]["stck_prpr"]) == (str(bar.open), str(bar.close))


def test_an_index_stands_where_it_was_put(client: RawKis) -> None:
    client.emulator.index("0001", "2655.10")

    fields = {"FID_COND_MRKT_DIV_CODE": "U", "FID_INPUT_ISCD": "0001"}
    output = client.get(f"{QUOTATIONS}inquire-index-price", "FHPUP02100000", **fields).json()

    assert output["output"]["bstp_nmix_prpr"] == "2655.10"
    assert output["output"]["bstp_nmix_prdy_vrss"] == "5.10"


def test_ranking_and_headlines_follow_the_trades(client: RawKis) -> None:
    client.emulator.trade("035420", 198_600, 900)
    client.emulator.trade("005930", 70_000, 100)

    rank = client.get(f"{QUOTATIONS}volume-rank", "FHPST01710000", FID_COND_MRKT_DIV_CODE="J")
    news = client.get(f"{QUOTATIONS}news-title", "FHKST01011800", FID_INPUT_ISCD="035420")

    assert [row["mksc_shrn_iscd"] for row in rank.json()["output"]][:2] == ["035420", "005930"]
    (headline,) = news.json()["output"]
    assert headline["hts_pbnt_titl_cntt"].startswith("[EMU]")
    assert headline["dorg"] == "EMULATOR"


def test_products_are_described(client: RawKis) -> None:
    path, tr_id = f"{QUOTATIONS}search-info", "CTPF1604R"

    good = client.get(path, tr_id, PDNO="AAPL", PRDT_TYPE_CD="512").json()
    bad = client.get(path, tr_id, PDNO="AAPL", PRDT_TYPE_CD="300").json()

    assert good["output"]["prdt_abrv_name"] == "애플 EMU"
    assert bad["rt_cd"] == "7"


def _us(client: RawKis, name: str, tr_id: str, **fields: str) -> Any:
    base = {"AUTH": "", "EXCD": "NAS", "SYMB": "AAPL"}
    return client.get(f"{US_QUOTATIONS}{name}", tr_id, **base | fields).json()


def test_an_overseas_price_has_its_direction_in_the_sign(client: RawKis) -> None:
    client.emulator.trade("AAPL", "188.00", 10)

    output = _us(client, "price", "HHDFS00000300")["output"]

    assert (output["last"], output["diff"], output["sign"]) == ("188.0000", "1.8400", "5")
    assert (output["rate"], output["rsym"]) == ("-0.97", "DNASAAPL")
    assert _us(client, "price", "HHDFS00000300", SYMB="KO")["output"]["last"] == ""
    assert _us(client, "price", "HHDFS00000300", EXCD="NYS", SYMB="KO")["output"]["rate"] == " 0.00"


def test_several_overseas_prices_at_once(client: RawKis) -> None:
    fields = {"EXCD_01": "NAS", "SYMB_01": "AAPL", "EXCD_02": "NYS", "SYMB_02": "KO"}

    body = _us(client, "multprice", "HHDFS76220000", **fields)

    assert [row["symb"] for row in body["output2"]] == ["AAPL", "KO"]


def test_the_overseas_daily_chart_pages_by_date(client: RawKis) -> None:
    first = _us(client, "dailyprice", "HHDFS76240000", GUBN="0", BYMD="", MODP="0")
    last = first["output2"][-1]["xymd"]
    client.emulator.clock.advance(seconds=1)
    second = _us(client, "dailyprice", "HHDFS76240000", GUBN="0", BYMD=last, MODP="0")

    assert (first["output1"]["nrec"], len(first["output2"])) == ("100", 100)
    assert second["output2"][0] == first["output2"][-1]
    assert first["output2"][0]["clos"] == "189.8400"


def test_overseas_minutes_go_on_by_key(client: RawKis) -> None:
    fields = {"NMIN": "1", "PINC": "1", "NEXT": "", "NREC": "120", "FILL": "", "KEYB": ""}
    first = _us(client, "inquire-time-itemchartprice", "HHDFS76950200", **fields)
    last = first["output2"][-1]
    fields |= {"NEXT": "1", "KEYB": last["xymd"] + last["xhms"]}
    second = _us(client, "inquire-time-itemchartprice", "HHDFS76950200", **fields)
    hours = _us(client, "inquire-time-itemchartprice", "HHDFS76950200", **fields | {"NMIN": "60"})

    assert (first["output1"]["more"], len(first["output2"])) == ("1", 120)
    assert second["output2"][0] == last
    assert {row["xhms"][2:] for row in hours["output2"]} == {"0000"}


def _us_account(client: RawKis, name: str, tr_id: str, **fields: str) -> Any:
    body = {**client.account, "CTX_AREA_FK200": "", "CTX_AREA_NK200": "", **fields}
    return client.get(f"{US_TRADING}{name}", client.tr(tr_id), **body).json()


def _us_order(client: RawKis, tr_id: str, quantity: int, price: str, **more: str) -> Any:
    body = {
        "OVRS_EXCG_CD": "NASD", "PDNO": "AAPL", "ORD_QTY": str(quantity),
        "OVRS_ORD_UNPR": price, "ORD_SVR_DVSN_CD": "0", "ORD_DVSN": "00", **more,
    }  # fmt: skip
    return client.post(f"{US_TRADING}order", tr_id, **client.account | body).json()


@pytest.mark.parametrize("sell", ["VTTT1001U", "VTTT1006U"])
def test_paper_sells_overseas_under_either_id(emulator: KisEmulator, sell: str) -> None:
    emulator.state.limits["paper"] = 100
    with RawKis(emulator, "paper") as client:
        client.log_in()
        bought = _us_order(client, "VTTT1002U", 3, "190.00")
        sold = _us_order(client, sell, 1, "180.00")

    assert (bought["rt_cd"], sold["rt_cd"]) == ("0", "0")
    assert emulator.account("paper").holding("AAPL").quantity == 2


def test_overseas_orders_lists_and_balance(client: RawKis) -> None:
    assert _us_order(client, "TTTT1002U", 3, "190.00")["rt_cd"] == "0"
    rests = _us_order(client, "TTTT1002U", 5, "150.00")["output"]["ODNO"]

    opened = _us_account(client, "inquire-nccs", "TTTS3018R", OVRS_EXCG_CD="NASD", SORT_SQN="DS")
    listed = _us_account(
        client, "inquire-ccnl", "TTTS3035R", PDNO="%", ORD_STRT_DT="20260101",
        ORD_END_DT="20261231", SLL_BUY_DVSN="00", CCLD_NCCS_DVSN="00", OVRS_EXCG_CD="%",
    )  # fmt: skip
    balance = _us_account(
        client, "inquire-balance", "TTTS3012R", OVRS_EXCG_CD="NASD", TR_CRCY_CD="USD"
    )

    assert [(row["odno"], row["nccs_qty"]) for row in opened["output"]] == [(rests, "5")]
    assert [row["nccs_qty"] for row in listed["output"]] == ["5", "0"]
    held, blank = balance["output1"]
    fill = client.emulator.truth.last("fill").data
    assert held["frcr_pchs_amt1"] == f"{Decimal(fill['price']) * 3:.5f}"
    assert blank["ovrs_pdno"] == ""
