"""Every rule of the KIS gateway that the emulator keeps: tokens, headers, limits, quotations."""

from decimal import Decimal
from typing import Any

import httpx2
import pytest

from tests.emulators.kis import KisEmulator
from tests.emulators.kis.grid import kr_limits
from tests.emulators.kis.raw import QUOTATIONS, TRADING, RawKis
from tests.kis_emulator.conftest import MORNING

pytestmark = pytest.mark.embedded


def _code(answer: httpx2.Response) -> tuple[int, str]:
    body = answer.json()
    return answer.status_code, body.get("msg_cd") or body.get("error_code")


# Tokens


def test_a_token_has_the_documented_shape(client: RawKis) -> None:
    client.emulator.clock.advance(minutes=1)

    body = client.ask_token().json()

    assert len(body["access_token"]) <= 350
    assert body["access_token_token_expired"] == "2026-11-26 10:00:00"
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 86340)


@pytest.mark.parametrize(
    ("later_s", "outcome"),
    [(0, "refused"), (59, "refused"), (60, "same"), (6 * 3600 - 1, "same"), (6 * 3600, "new")],
)
def test_when_a_token_is_asked_for_again(client: RawKis, later_s: int, outcome: str) -> None:
    client.emulator.clock.advance(seconds=later_s)

    answer = client.ask_token()

    if outcome == "refused":
        assert answer.json() == {
            "error_description": "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)",
            "error_code": "EGW00133",
        }
        assert answer.status_code == 403
    else:
        assert (answer.json()["access_token"] == client.token) is (outcome == "same")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"grant_type": ""}, "EGW00101"),
        ({"appkey": ""}, "EGW00101"),
        ({"grant_type": "password"}, "EGW00102"),
        ({"appkey": "x" * 36}, "EGW00103"),
        ({"appsecret": "x" * 180}, "EGW00105"),
    ],
)
def test_a_bad_key_gets_no_token(emulator: KisEmulator, change: dict[str, str], code: str) -> None:
    with RawKis(emulator) as client:
        assert _code(client.ask_token(**change)) == (403, code)

    assert emulator.truth.find("token") == []


def test_a_token_ends_after_a_day(client: RawKis) -> None:
    client.emulator.clock.advance(hours=24, seconds=-1)
    assert client.price("005930").status_code == 200

    client.emulator.clock.advance(seconds=1)
    assert _code(client.price("005930")) == (500, "EGW00123")


def test_a_revoked_token_is_invalid(client: RawKis) -> None:
    body = {"appkey": client.key.app_key, "appsecret": client.key.app_secret, "token": client.token}
    answer = client.http.post("/oauth2/revokeP", json=body)

    assert answer.json() == {"code": 200, "message": "접근토큰 폐기에 성공하였습니다"}
    assert _code(client.price("005930")) == (500, "EGW00121")


@pytest.mark.parametrize(
    ("deed", "code"), [("expire_tokens", "EGW00123"), ("revoke_tokens", "EGW00121")]
)
def test_tokens_can_be_ended_from_outside(client: RawKis, deed: str, code: str) -> None:
    assert client.http.post(f"/__{deed}", json={}).status_code == 200

    assert _code(client.price("005930")) == (500, code)
    client.log_in()
    assert client.price("005930").status_code == 200


# Headers, sides and limits


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("authorization", "", (500, "EGW00122")),
        ("authorization", "Bearer nonsense", (500, "EGW00121")),
        ("appkey", "x" * 36, (500, "EGW00103")),
        ("appsecret", "x" * 180, (500, "EGW00105")),
        ("tr_id", "", (500, "EGW00300")),
        ("tr_id", "FHKST99999999", (500, "OPSQ0002")),
        ("custtype", "X", (500, "EGW00208")),
    ],
)
def test_headers_are_checked(
    client: RawKis, header: str, value: str, expected: tuple[int, str]
) -> None:
    headers = client.headers("FHKST01010100") | {header: value}
    fields = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930"}

    answer = client.http.get(f"{QUOTATIONS}inquire-price", params=fields, headers=headers)

    assert _code(answer) == expected
    assert answer.json()["rt_cd"] == "1"


@pytest.mark.parametrize(("side", "limit"), [("real", 18), ("paper", 1)])
def test_calls_per_second_are_limited(emulator: KisEmulator, side: str, limit: int) -> None:
    with RawKis(emulator, side) as client, RawKis(emulator, side, 1) as other:
        client.log_in()
        other.log_in()
        codes = [_code(client.price("005930")) for _ in range(limit + 1)]

        assert codes == [*[(200, "MCA00000")] * limit, (500, "EGW00201")]
        assert _code(other.price("005930")) == (200, "MCA00000")
        emulator.clock.advance(seconds=1)
        assert _code(client.price("005930")) == (200, "MCA00000")


def test_the_status_of_a_spent_budget_can_be_200(emulator: KisEmulator) -> None:
    emulator.state.layout.rate_limit_status = 200
    with RawKis(emulator, "paper") as client:
        client.log_in().price("005930")

        assert _code(client.price("005930")) == (200, "EGW00201")


def test_a_paper_key_is_refused_by_the_real_host(paper: RawKis, client: RawKis) -> None:
    client.key = paper.key
    client.log_in()

    assert _code(client.price("005930")) == (500, "EGW02004")


def test_paper_lacks_what_only_real_has(paper: RawKis) -> None:
    answer = paper.get(f"{QUOTATIONS}chk-holiday", "CTCA0903R", BASS_DT="20261125")

    assert answer.status_code == 500
    assert answer.json() == {
        "rt_cd": "1",
        "msg_cd": "EGW02006",
        "msg1": "모의투자 TR 이 아닙니다.",
    }


def test_the_answer_carries_its_headers(client: RawKis) -> None:
    headers = client.price("005930").headers

    assert (headers["tr_id"], headers["tr_cont"]) == ("FHKST01010100", "")
    assert len(headers["gt_uid"]) == 32


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"FID_INPUT_ISCD": "005930"}, "OPSQ2001"),
        ({"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": ""}, "OPSQ2001"),
        ({"FID_COND_MRKT_DIV_CODE": "Q", "FID_INPUT_ISCD": "005930"}, "OPSQ2001"),
        ({"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "0" * 13}, "OPSQ2002"),
    ],
)
def test_fields_are_checked(client: RawKis, fields: dict[str, str], code: str) -> None:
    answer = client.get(f"{QUOTATIONS}inquire-price", "FHKST01010100", **fields)

    assert _code(answer) == (200, code)
    assert answer.json()["rt_cd"] == "2"


def test_an_unknown_path_is_no_service(client: RawKis) -> None:
    assert _code(client.get("/uapi/nothing", "FHKST01010100")) == (404, "OPSQ0002")


@pytest.mark.parametrize(
    ("change", "body", "expected"),
    [
        ({"content-type": "text/plain"}, "{}", (500, "EGW00132")),
        ({}, "{", (500, "OPSQ9997")),
        ({}, "[]", (500, "OPSQ9997")),
        ({"hashkey": "0" * 64}, "{}", (500, "EGW00131")),
        ({}, '{"CANO": 80000001}', (200, "OPSQ2001")),
    ],
)
def test_bodies_are_checked(
    client: RawKis, change: dict[str, str], body: str, expected: tuple[int, str]
) -> None:
    headers = client.headers("TTTC0012U") | {"content-type": "application/json"} | change

    answer = client.http.post(f"{TRADING}order-cash", content=body, headers=headers)

    assert _code(answer) == expected
    assert client.emulator.book.orders == {}


def test_a_hashkey_fits_its_body(client: RawKis) -> None:
    body = {
        **client.account, "PDNO": "005930", "ORD_DVSN": "00", "ORD_QTY": "1", "ORD_UNPR": "69000",
    }  # fmt: skip
    made = client.http.post("/uapi/hashkey", json=body, headers=client.headers("")).json()
    headers = client.headers("TTTC0012U", hashkey=made["HASH"])

    answer = client.http.post(f"{TRADING}order-cash", json=body, headers=headers)

    assert (made["BODY"], len(made["HASH"])) == (body, 64)
    assert answer.json()["rt_cd"] == "0"


# Quotations


def _strings_only(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_strings_only, value.values()))
    if isinstance(value, list):
        return all(map(_strings_only, value))
    return isinstance(value, str)


def test_a_price_is_that_of_the_last_trade(client: RawKis) -> None:
    client.emulator.trade("005930", 70500, 10)
    client.emulator.trade("005930", 69000, 5, side="sell")

    body = client.price("005930", FID_COND_MRKT_DIV_CODE="UN").json()

    assert _strings_only(body)
    expected = {
        "stck_prpr": "69000", "prdy_vrss": "-1000", "prdy_vrss_sign": "5", "prdy_ctrt": "-1.43",
        "stck_oprc": "70500", "stck_hgpr": "70500", "stck_lwpr": "69000", "acml_vol": "15",
        "acml_tr_pbmn": "1050000", "stck_mxpr": "91000", "stck_llam": "49000", "aspr_unit": "100",
    }  # fmt: skip
    assert {name: body["output"][name] for name in expected} == expected


def test_fields_may_come_in_either_case(client: RawKis) -> None:
    answer = client.get(
        f"{QUOTATIONS}inquire-price",
        "FHKST01010100",
        fid_cond_mrkt_div_code="J",
        fid_input_iscd="005930",
    )

    assert answer.json()["output"]["stck_prpr"] == "70000"


def test_an_unknown_stock_has_price_zero(client: RawKis) -> None:
    assert client.price("999999").json()["output"]["stck_prpr"] == "0"


def _chart(client: RawKis, first: str, last: str, period: str = "D") -> list[dict[str, str]]:
    answer = client.get(
        f"{QUOTATIONS}inquire-daily-itemchartprice",
        "FHKST03010100",
        FID_COND_MRKT_DIV_CODE="J",
        FID_INPUT_ISCD="005930",
        FID_INPUT_DATE_1=first,
        FID_INPUT_DATE_2=last,
        FID_PERIOD_DIV_CODE=period,
        FID_ORG_ADJ_PRC="0",
    )
    rows: list[dict[str, str]] = answer.json()["output2"]
    return rows


def test_the_daily_chart_is_newest_first_and_at_most_100_rows(client: RawKis) -> None:
    client.emulator.trade("005930", 70500, 10)

    rows = _chart(client, "20200101", "20261231")

    days = [row["stck_bsop_date"] for row in rows]
    assert (len(rows), days[0]) == (100, "20261125")
    assert days == sorted(days, reverse=True)
    assert (rows[0]["stck_clpr"], rows[0]["acml_vol"]) == ("70500", "10")
    assert rows[1]["stck_clpr"] == "70000"


def test_pages_of_the_chart_join_up(client: RawKis) -> None:
    first = _chart(client, "20260101", "20261124")
    second = _chart(client, "20260101", str(int(first[-1]["stck_bsop_date"]) - 1))

    # The close of the newest row of the page before is what the next day compares itself with.
    change = int(first[-1]["stck_clpr"]) - int(second[0]["stck_clpr"])
    assert change == int(first[-1]["prdy_vrss"])


@pytest.mark.parametrize("period", ["W", "M", "Y"])
def test_longer_bars_are_made_of_days(client: RawKis, period: str) -> None:
    bars = client.emulator.market.history("005930")

    rows = _chart(client, "20260101", "20261124", period)

    assert rows[0]["stck_clpr"] == "70000"
    year = [bar for bar in bars if bar.day.year == 2026]
    if period == "Y":
        assert Decimal(rows[0]["stck_hgpr"]) == max(bar.high for bar in year)
        assert int(rows[0]["acml_vol"]) == sum(bar.volume for bar in year)


def test_the_same_seed_gives_the_same_market() -> None:
    one, two, other = KisEmulator(seed=1), KisEmulator(seed=1), KisEmulator(seed=2)
    for emulator in (one, two, other):
        emulator.clock.hold(MORNING)
        emulator.walk(60)

    prices = [[(t.symbol, t.price) for t in one.line("005930").trades]]
    assert prices == [[(t.symbol, t.price) for t in two.line("005930").trades]]
    assert one.market.history("000660") == two.market.history("000660")
    assert one.market.history("000660") != other.market.history("000660")


def test_a_day_that_was_traded_becomes_a_bar_of_the_past(client: RawKis) -> None:
    emulator = client.emulator
    emulator.trade("005930", 70500, 10)
    emulator.trade("005930", 71000, 5)
    before = emulator.market.history("005930")

    emulator.clock.advance(hours=15)
    emulator.trade("005930", 70800, 2)

    rows = _chart(client.log_in(), "20261101", "20261231")
    assert [(row["stck_bsop_date"], row["stck_clpr"], row["acml_vol"]) for row in rows[:2]] == [
        ("20261126", "70800", "2"), ("20261125", "71000", "15"),
    ]  # fmt: skip
    assert emulator.line("005930").base == 71000
    assert emulator.market.history("005930")[:-1] == before


def test_the_book_stands_on_the_grid_and_inside_the_limits(client: RawKis) -> None:
    line = client.emulator.line("005930")
    client.emulator.trade("005930", line.limits[0])

    asks, bids = client.emulator.market.book("005930")

    assert all(level.quantity == 0 for level in asks)
    assert [level.price for level in bids] == [Decimal(91_000 - 100 * n) for n in range(10)]
    assert all(level.quantity > 0 for level in bids)
    output = client.price("005930").json()["output"]
    assert (output["prdy_vrss_sign"], output["stck_mxpr"]) == ("1", "91000")


@pytest.mark.parametrize(
    ("base", "upper", "lower"),
    [("128500", 167000, 90000), ("70000", 91000, 49000), ("1990", 2585, 1393)],
)
def test_limits_are_those_of_the_exchange(base: str, upper: int, lower: int) -> None:
    # The first is the official example under the ticks of before 2023 as well as today's.
    assert kr_limits(Decimal(base)) == (upper, lower)


def test_the_log_holds_every_call_and_no_secret(client: RawKis) -> None:
    client.price("005930")

    entry = client.emulator.truth.last("call").as_json()
    shown = client.http.get("/__truth").text

    assert (entry["path"], entry["status"]) == (f"{QUOTATIONS}inquire-price", 200)
    assert client.token not in shown
    assert client.key.app_secret not in shown
    assert client.key.app_key not in shown


def test_the_holiday_list_pages_by_24_days(client: RawKis) -> None:
    path, tr_id = f"{QUOTATIONS}chk-holiday", "CTCA0903R"
    first = client.get(path, tr_id, BASS_DT="20261220", CTX_AREA_NK="", CTX_AREA_FK="")
    nk = first.json()["ctx_area_nk"]
    second = client.get(path, tr_id, more="N", BASS_DT="20261220", CTX_AREA_NK=nk)

    rows = {row["bass_dt"]: row for row in first.json()["output"]}
    assert (len(rows), first.headers["tr_cont"], len(nk)) == (24, "F", 20)
    assert (rows["20261225"]["opnd_yn"], rows["20261225"]["wday_dvsn_cd"]) == ("N", "06")
    assert rows["20261228"]["opnd_yn"] == "Y"
    assert second.json()["output"][0]["bass_dt"] == nk.strip() == "20270113"
