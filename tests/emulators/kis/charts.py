"""Domestic minute charts, indices, rankings and product information."""

from datetime import date, datetime
from decimal import Decimal

from tests.emulators.kis.codes import bad_field, no_data, quotation
from tests.emulators.kis.formats import fixed, rate, sign, versus, whole
from tests.emulators.kis.history import MinuteBar
from tests.emulators.kis.lists import chart_page, moment
from tests.emulators.kis.market import Line, UnknownSymbolError
from tests.emulators.kis.quotations import BASE, STOCK, change_of, line_of
from tests.emulators.kis.trs import Call, Tr
from tests.emulators.timekeeping import KST
from tests.emulators.web import Answer, Json

MINUTE_ROWS, PAST_MINUTE_ROWS, RANKED = 30, 120, 30
SESSIONS_KEPT = 250
TITLES = 40


def inquire_time_chart(call: Call) -> Answer:
    """Today's minutes up to the asked one, newest first; with Y also those of the day before."""
    line = line_of(call)
    if line is None:
        return quotation(output1={"stck_prpr": "0"}, output2=[])
    until, at, market = _hour(call), moment(call), call.state.market
    symbol, today = line.instrument.symbol, market.today(line)
    days = [market.history(symbol)[-1].day] if call["FID_PW_DATA_INCU_YN"] == "Y" else []
    bars = [bar for day in (*days, today) for bar in market.minutes(symbol, day, at)]

    def is_asked(bar: MinuteBar) -> bool:
        return bar.at.date() < today or f"{bar.at:%H%M%S}" <= until

    rows = [_minute_row(bar) for bar in chart_page(call, bars, is_asked, MINUTE_ROWS)]
    return quotation(output1=_head(line), output2=rows)


def inquire_past_time_chart(call: Call) -> Answer:
    """Minutes of a day of the past year, 120 at most, newest first."""
    line = line_of(call)
    if line is None:
        return quotation(output1={"stck_prpr": "0"}, output2=[])
    until, day = _hour(call), _date(call)
    market, symbol = call.state.market, line.instrument.symbol
    is_kept = day >= market.history(symbol)[-SESSIONS_KEPT].day
    bars = market.minutes(symbol, day, moment(call)) if is_kept else []

    def is_asked(bar: MinuteBar) -> bool:
        return f"{bar.at:%H%M%S}" <= until

    rows = [_minute_row(bar) for bar in chart_page(call, bars, is_asked, PAST_MINUTE_ROWS)]
    return quotation(output1=_head(line), output2=rows)


def _hour(call: Call) -> str:
    text = call["FID_INPUT_HOUR_1"]
    if len(text) != 6 or not text.isdigit():
        raise bad_field("FID_INPUT_HOUR_1")
    # python-kis asks for the newest minutes with midnight.
    return text if int(text) else "235959"


def _date(call: Call) -> date:
    try:
        return datetime.strptime(call["FID_INPUT_DATE_1"], "%Y%m%d").replace(tzinfo=KST).date()
    except ValueError:
        raise bad_field("FID_INPUT_DATE_1") from None


def _head(line: Line) -> Json:
    return {
        **change_of(line),
        "stck_prdy_clpr": whole(line.base),
        "acml_vol": str(line.volume),
        "acml_tr_pbmn": whole(line.value),
        "hts_kor_isnm": line.instrument.name,
        "stck_prpr": whole(line.last),
    }


def _minute_row(bar: MinuteBar) -> Json:
    return {
        "stck_bsop_date": f"{bar.at:%Y%m%d}",
        "stck_cntg_hour": f"{bar.at:%H%M%S}",
        "stck_prpr": whole(bar.close),
        "stck_oprc": whole(bar.open),
        "stck_hgpr": whole(bar.high),
        "stck_lwpr": whole(bar.low),
        "cntg_vol": str(bar.volume),
        "acml_tr_pbmn": whole(bar.total),
    }


def inquire_index_price(call: Call) -> Answer:
    if call["FID_COND_MRKT_DIV_CODE"] != "U":
        raise bad_field("FID_COND_MRKT_DIV_CODE")
    line = call.state.market.indices.get(call["FID_INPUT_ISCD"])
    if line is None:
        return quotation(output={"bstp_nmix_prpr": "0"})
    stocks = call.state.market.lines()
    counts = [sign(stock) for stock in stocks]
    output = {
        "bstp_nmix_prpr": fixed(line.last, 2),
        "bstp_nmix_prdy_vrss": fixed(line.change, 2),
        "prdy_vrss_sign": versus(line.last, line.base),
        "bstp_nmix_prdy_ctrt": rate(line.change, line.base),
        "acml_vol": str(sum(stock.volume for stock in stocks)),
        "acml_tr_pbmn": whole(sum((stock.value for stock in stocks), Decimal(0)) / 1_000_000),
        "prdy_vol": "0",
        "prdy_tr_pbmn": "0",
        "uplm_issu_cnt": str(counts.count("1")),
        "ascn_issu_cnt": str(counts.count("2")),
        "stnr_issu_cnt": str(counts.count("3")),
        "lslm_issu_cnt": str(counts.count("4")),
        "down_issu_cnt": str(counts.count("5")),
    }
    for name, value in (("oprc", line.open), ("hgpr", line.high), ("lwpr", line.low)):
        output[f"bstp_nmix_{name}"] = fixed(value or line.last, 2)
    return quotation(output=output)


def volume_rank(call: Call) -> Answer:
    """Rank the emulator's stocks by today's volume."""
    lines = sorted(call.state.market.lines(), key=lambda line: -line.volume)[:RANKED]
    rows = [
        {
            **change_of(line),
            "hts_kor_isnm": line.instrument.name,
            "mksc_shrn_iscd": line.instrument.symbol,
            "data_rank": str(rank),
            "stck_prpr": whole(line.last),
            "acml_vol": str(line.volume),
            "acml_tr_pbmn": whole(line.value),
            "lstn_stcn": str(line.instrument.shares),
            "vol_tnrt": rate(Decimal(line.volume), Decimal(line.instrument.shares or 1)),
        }
        for rank, line in enumerate(lines, 1)
    ]
    return quotation(output=rows)


def search_info(call: Call) -> Answer:
    """Describe a product; rt_cd 7 when the type does not fit."""
    try:
        instrument = call.state.market.line(call["PDNO"]).instrument
    except UnknownSymbolError:
        raise no_data() from None
    if instrument.product_type != call["PRDT_TYPE_CD"]:
        raise no_data()
    output = {
        "pdno": instrument.symbol.rjust(12, "0"),
        "prdt_type_cd": instrument.product_type,
        "prdt_name": instrument.name,
        "prdt_name120": instrument.name,
        "prdt_abrv_name": instrument.name,
        "prdt_eng_name": instrument.english,
        "prdt_eng_name120": instrument.english,
        "prdt_eng_abrv_name": instrument.english,
        "std_pdno": f"EMU{instrument.symbol:>09}",
        "shtn_pdno": instrument.symbol,
    }
    return quotation(output=output)


def news_title(call: Call) -> Answer:
    """Headlines of the emulator: one for each of a stock's newest prints."""
    symbols = [call["FID_INPUT_ISCD"]] if call["FID_INPUT_ISCD"] else call.state.market.symbols()
    rows = []
    for symbol in symbols:
        line = call.state.market.line(symbol)
        for trade in line.trades[-3:]:
            at = trade.at.astimezone(KST)
            row = {
                "cntt_usiq_srno": f"EMU{symbol}{trade.number:08}",
                "data_dt": f"{at:%Y%m%d}",
                "data_tm": f"{at:%H%M%S}",
                "hts_pbnt_titl_cntt": f"[EMU] {line.instrument.name} {trade.price}",
                "dorg": "EMULATOR",
            }
            for n in range(1, 11):
                row[f"iscd{n}"] = symbol if n == 1 else ""
                row[f"kor_isnm{n}"] = line.instrument.name if n == 1 else ""
            rows.append(row)
    rows.sort(key=lambda row: (row["data_dt"], row["data_tm"]), reverse=True)
    return quotation(output=rows[:TITLES])


def _both(tr_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (tr_id,), (tr_id,)


TRS = [
    Tr(f"{BASE}inquire-time-itemchartprice", *_both("FHKST03010200"), inquire_time_chart,
       (*STOCK, "FID_INPUT_HOUR_1", "FID_PW_DATA_INCU_YN", "FID_ETC_CLS_CODE")),
    Tr(f"{BASE}inquire-time-dailychartprice", ("FHKST03010230",), (), inquire_past_time_chart,
       (*STOCK, "FID_INPUT_DATE_1", "FID_INPUT_HOUR_1", "FID_PW_DATA_INCU_YN")),
    Tr(f"{BASE}inquire-index-price", *_both("FHPUP02100000"), inquire_index_price, STOCK),
    Tr(f"{BASE}volume-rank", ("FHPST01710000",), (), volume_rank, STOCK[:1]),
    Tr(f"{BASE}search-info", ("CTPF1604R",), (), search_info, ("PDNO", "PRDT_TYPE_CD")),
    Tr(f"{BASE}news-title", ("FHKST01011800",), (), news_title),
]  # fmt: skip
