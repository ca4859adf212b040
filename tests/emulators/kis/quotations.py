"""Domestic quotations."""

from datetime import datetime, timedelta
from decimal import Decimal

from tests.emulators.kis.codes import bad_field, quotation
from tests.emulators.kis.formats import fixed, hms, rate, sign, versus, whole
from tests.emulators.kis.history import DailyBar, grouped
from tests.emulators.kis.lists import chart_page, moment
from tests.emulators.kis.market import Line, UnknownSymbolError
from tests.emulators.kis.trs import Call, Tr
from tests.emulators.web import Answer, Json

BASE = "/uapi/domestic-stock/v1/quotations/"
STOCK = ("FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD")
DAILY_ROWS, RECENT_ROWS = 100, 30
SHARE_FIELDS = ("per", "pbr", "eps", "bps")


def line_of(call: Call) -> Line | None:
    """Return the domestic line that is asked for, None when it is unknown."""
    if call["FID_COND_MRKT_DIV_CODE"] not in {"J", "NX", "UN"}:
        raise bad_field("FID_COND_MRKT_DIV_CODE")
    try:
        line = call.state.market.line(call["FID_INPUT_ISCD"])
    except UnknownSymbolError:
        return None
    return line if line.instrument.is_domestic else None


def inquire_price(call: Call) -> Answer:
    line = line_of(call)
    if line is None:
        return quotation(output={"stck_prpr": "0", "stck_shrn_iscd": "", "acml_vol": "0"})
    return quotation(output={**_status(line), **_price(line), **_more(call, line)})


def _status(line: Line) -> Json:
    return {
        "iscd_stat_cls_code": "58" if line.halted else "55",
        "marg_rate": "20.00",
        "rprs_mrkt_kor_name": "KOSPI200",
        "new_hgpr_lwpr_cls_code": "",
        "bstp_kor_isnm": line.instrument.sector,
        "temp_stop_yn": "Y" if line.halted else "N",
        "oprc_rang_cont_yn": "N",
        "clpr_rang_cont_yn": "N",
        "crdt_able_yn": "Y",
        "grmn_rate_cls_code": "40",
        "elw_pblc_yn": "Y",
        "stck_shrn_iscd": line.instrument.symbol,
        "vi_cls_code": "N",
        "ovtm_vi_cls_code": "N",
        "invt_caful_yn": "N",
        "mrkt_warn_cls_code": "00",
        "short_over_yn": "N",
        "sltr_yn": "N",
        "mang_issu_cls_code": "N",
    }


def _price(line: Line) -> Json:
    upper, lower = line.limits
    return {
        **change_of(line),
        "stck_prpr": whole(line.last),
        "acml_tr_pbmn": whole(line.value),
        "acml_vol": str(line.volume),
        "stck_oprc": whole(line.open),
        "stck_hgpr": whole(line.high),
        "stck_lwpr": whole(line.low),
        "stck_mxpr": whole(upper),
        "stck_llam": whole(lower),
        "stck_sdpr": whole(line.base),
        "wghn_avrg_stck_prc": fixed(line.average, 2),
        "rstc_wdth_prc": whole(upper - line.base),
        "aspr_unit": whole(line.tick),
        "hts_deal_qty_unit_val": "1",
    }


def change_of(line: Line) -> Json:
    return {
        "prdy_vrss": whole(line.change),
        "prdy_vrss_sign": sign(line),
        "prdy_ctrt": rate(line.change, line.base),
    }


def _more(call: Call, line: Line) -> Json:
    history = call.state.market.history(line.instrument.symbol)
    year = history[-250:]
    top = max(year, key=lambda bar: bar.high)
    floor = min(year, key=lambda bar: bar.low)
    volume_rate = rate(Decimal(line.volume - history[-1].volume), Decimal(history[-1].volume))
    return {
        "prdy_vrss_vol_rate": volume_rate,
        "lstn_stcn": str(line.instrument.shares),
        "hts_avls": whole(line.last * line.instrument.shares / 100_000_000),
        "stck_fcam": "100",
        "cpfn": "100",
        "stac_month": "12",
        "vol_tnrt": rate(Decimal(line.volume), Decimal(line.instrument.shares or 1)),
        **fundamentals(line),
        **_pivots(history[-1]),
        **_extreme("w52_hgpr", top.high, top, line),
        **_extreme("w52_lwpr", floor.low, floor, line),
        **_extreme("d250_hgpr", top.high, top, line),
        **_extreme("d250_lwpr", floor.low, floor, line),
    }


def fundamentals(line: Line) -> Json:
    """Emulated earnings: a twentieth of the base price per share, book value twice the base."""
    eps, bps = line.base / 20, line.base / 2
    return {
        "eps": fixed(eps, 2),
        "bps": fixed(bps, 2),
        "per": fixed(line.last / eps, 2),
        "pbr": fixed(line.last / bps, 2),
    }


def _pivots(bar: DailyBar) -> Json:
    pivot = (bar.high + bar.low + bar.close) / 3
    return {
        "pvt_pont_val": whole(pivot),
        "pvt_frst_dmrs_prc": whole(2 * pivot - bar.low),
        "pvt_frst_dmsp_prc": whole(2 * pivot - bar.high),
        "pvt_scnd_dmrs_prc": whole(pivot + bar.high - bar.low),
        "pvt_scnd_dmsp_prc": whole(pivot - bar.high + bar.low),
    }


def _extreme(name: str, price: Decimal, bar: DailyBar, line: Line) -> Json:
    rate_name = f"{name}_vrss_prpr_{'ctrt' if name.startswith('w52') else 'rate'}"
    return {
        name: whole(price),
        f"{name}_date": f"{bar.day:%Y%m%d}",
        rate_name: rate(line.last - price, price),
    }


def inquire_daily_chart(call: Call) -> Answer:
    line = line_of(call)
    period = call["FID_PERIOD_DIV_CODE"]
    if period not in {"D", "W", "M", "Y"}:
        raise bad_field("FID_PERIOD_DIV_CODE")
    if line is None:
        return quotation(output1={"stck_prpr": "0"}, output2=[{}])
    first, last = _dates(call)
    market, symbol = call.state.market, line.instrument.symbol
    bars = market.bars(symbol, moment(call))
    # Of this chart 0 means adjusted.
    bars = market.adjusted(symbol, bars) if call["FID_ORG_ADJ_PRC"] == "0" else bars

    def is_asked(bar: DailyBar) -> bool:
        return first <= f"{bar.day:%Y%m%d}" <= last

    page = chart_page(call, grouped(bars, period), is_asked, DAILY_ROWS)
    rows = [_daily_row(bar) for bar in page]
    return quotation(output1=_chart_head(call, line), output2=rows)


def _dates(call: Call) -> tuple[str, str]:
    found = []
    for name in ("FID_INPUT_DATE_1", "FID_INPUT_DATE_2"):
        if len(call[name]) != 8 or not call[name].isdigit():
            raise bad_field(name)
        found.append(call[name])
    return found[0], found[1]


def _chart_head(call: Call, line: Line) -> Json:
    previous = call.state.market.history(line.instrument.symbol)[-1]
    asks, bids = call.state.market.book(line.instrument.symbol)
    price = _price(line)
    names = ("stck_prpr", "stck_oprc", "stck_hgpr", "stck_lwpr", "stck_mxpr", "stck_llam")
    return {
        **change_of(line),
        **{name: price[name] for name in (*names, "acml_vol", "acml_tr_pbmn")},
        "stck_prdy_clpr": whole(line.base),
        "hts_kor_isnm": line.instrument.name,
        "stck_shrn_iscd": line.instrument.symbol,
        "prdy_vol": str(previous.volume),
        "stck_prdy_oprc": whole(previous.open),
        "stck_prdy_hgpr": whole(previous.high),
        "stck_prdy_lwpr": whole(previous.low),
        "askp": whole(asks[0].price),
        "bidp": whole(bids[0].price),
        "prdy_vrss_vol": str(line.volume - previous.volume),
        "vol_tnrt": rate(Decimal(line.volume), Decimal(line.instrument.shares or 1)),
        "stck_fcam": "100",
        "lstn_stcn": str(line.instrument.shares),
        "cpfn": "100",
        "hts_avls": whole(line.last * line.instrument.shares / 100_000_000),
        **{name: fundamentals(line)[name] for name in ("per", "eps", "pbr")},
        "itewhol_loan_rmnd_ratem": "0.00",
    }


def _daily_row(bar: DailyBar) -> Json:
    return {
        "stck_bsop_date": f"{bar.day:%Y%m%d}",
        "stck_clpr": whole(bar.close),
        "stck_oprc": whole(bar.open),
        "stck_hgpr": whole(bar.high),
        "stck_lwpr": whole(bar.low),
        "acml_vol": str(bar.volume),
        "acml_tr_pbmn": whole(bar.value),
        "flng_cls_code": "00",
        "prtt_rate": "0.00",
        "mod_yn": "N",
        "prdy_vrss_sign": versus(bar.close, bar.previous_close),
        "prdy_vrss": whole(bar.close - bar.previous_close),
        "revl_issu_reas": "",
    }


def inquire_daily_price(call: Call) -> Answer:
    line = line_of(call)
    if line is None:
        return quotation(output=[])
    period = call["FID_PERIOD_DIV_CODE"]
    if period not in {"D", "W", "M"}:
        raise bad_field("FID_PERIOD_DIV_CODE")
    bars = grouped(call.state.market.bars(line.instrument.symbol), period)[-RECENT_ROWS:]
    rows = []
    for bar in reversed(bars):
        row = _daily_row(bar)
        for name in ("acml_tr_pbmn", "prtt_rate", "mod_yn", "revl_issu_reas"):
            del row[name]
        row |= {"prdy_ctrt": rate(bar.close - bar.previous_close, bar.previous_close)}
        rows.append(row | {"acml_prtt_rate": "0.00", "hts_frgn_ehrt": "0.00"})
    return quotation(output=rows)


def inquire_ccnl(call: Call) -> Answer:
    line = line_of(call)
    if line is None:
        return quotation(output=[])
    rows = [
        {
            "stck_cntg_hour": hms(trade.at, line),
            "stck_prpr": whole(trade.price),
            "prdy_vrss": whole(trade.price - line.base),
            "prdy_vrss_sign": versus(trade.price, line.base),
            "cntg_vol": str(trade.quantity),
            "tday_rltv": strength(line),
            "prdy_ctrt": rate(trade.price - line.base, line.base),
        }
        for trade in reversed(line.trades[-RECENT_ROWS:])
    ]
    return quotation(output=rows)


def strength(line: Line) -> str:
    sold = line.volumes["sell"]
    return fixed(Decimal(line.volumes["buy"]) / sold * 100 if sold else Decimal(0), 2)


def inquire_asking_price(call: Call) -> Answer:
    line = line_of(call)
    if line is None:
        return quotation(output1={}, output2={})
    asks, bids = call.state.market.book(line.instrument.symbol)
    book: Json = {"aspr_acpt_hour": hms(call.state.clock.now(), line)}
    for name, levels in (("ask", asks), ("bid", bids)):
        for n, level in enumerate(levels, 1):
            book[f"{name}p{n}"] = whole(level.price)
            book[f"{name}p_rsqn{n}"] = str(level.quantity)
            book[f"{name}p_rsqn_icdc{n}"] = "0"
        book[f"total_{name}p_rsqn"] = str(sum(level.quantity for level in levels))
        book[f"total_{name}p_rsqn_icdc"] = "0"
        book[f"ovtm_total_{name}p_icdc"] = book[f"ovtm_total_{name}p_rsqn"] = "0"
    net = int(book["total_bidp_rsqn"]) - int(book["total_askp_rsqn"])
    book |= {"ntby_aspr_rsqn": str(net), "new_mkop_cls_code": "20"}
    return quotation(output1=book, output2=_expected(line))


def _expected(line: Line) -> Json:
    price = _price(line)
    names = ("stck_prpr", "stck_oprc", "stck_hgpr", "stck_lwpr", "stck_sdpr")
    return {
        "antc_mkop_cls_code": "112",
        **{name: price[name] for name in names},
        "antc_cnpr": whole(line.last),
        "antc_cntg_vrss_sign": sign(line),
        "antc_cntg_vrss": whole(line.change),
        "antc_cntg_prdy_ctrt": rate(line.change, line.base),
        "antc_vol": "0",
        "stck_shrn_iscd": line.instrument.symbol,
        "vi_cls_code": "N",
    }


def chk_holiday(call: Call) -> Answer:
    """One row per calendar day, 24 days a page."""
    if len(call["BASS_DT"]) != 8 or not call["BASS_DT"].isdigit():
        raise bad_field("BASS_DT")
    start = datetime.strptime(call["CTX_AREA_NK"] or call["BASS_DT"], "%Y%m%d").date()  # noqa: DTZ007
    days = [start + timedelta(days=n) for n in range(24)]
    rows = []
    for day in days:
        is_open = "Y" if call.state.market.is_open_day(day) else "N"
        weekday = day.isoweekday() % 7 + 1
        rows.append({
            "bass_dt": f"{day:%Y%m%d}", "wday_dvsn_cd": f"{weekday:02}", "bzdy_yn": is_open,
            "tr_day_yn": "Y", "opnd_yn": is_open, "sttl_day_yn": is_open,
        })  # fmt: skip
    following = f"{days[-1] + timedelta(days=1):%Y%m%d}"
    answer = quotation(
        ctx_area_nk=following.ljust(20), ctx_area_fk=call["BASS_DT"].ljust(20), output=rows
    )
    answer.body |= {"msg_cd": "KIOK0500", "msg1": "조회가 계속됩니다..다음버튼을 Click 하십시오."}
    answer.headers["tr_cont"] = "M" if call.continued else "F"
    return answer


TRS = [
    Tr(f"{BASE}inquire-price", ("FHKST01010100",), ("FHKST01010100",), inquire_price, STOCK),
    Tr(f"{BASE}inquire-asking-price-exp-ccn", ("FHKST01010200",), ("FHKST01010200",),
       inquire_asking_price, STOCK),
    Tr(f"{BASE}inquire-ccnl", ("FHKST01010300",), ("FHKST01010300",), inquire_ccnl, STOCK),
    Tr(f"{BASE}inquire-daily-price", ("FHKST01010400",), ("FHKST01010400",), inquire_daily_price,
       (*STOCK, "FID_PERIOD_DIV_CODE", "FID_ORG_ADJ_PRC")),
    Tr(f"{BASE}inquire-daily-itemchartprice", ("FHKST03010100",), ("FHKST03010100",),
       inquire_daily_chart,
       (*STOCK, "FID_INPUT_DATE_1", "FID_INPUT_DATE_2", "FID_PERIOD_DIV_CODE", "FID_ORG_ADJ_PRC")),
    Tr(f"{BASE}chk-holiday", ("CTCA0903R",), (), chk_holiday, ("BASS_DT",)),
]  # fmt: skip
