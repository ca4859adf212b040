"""Caret frames of the WebSocket: one record is a list of fields."""

from decimal import Decimal

from tests.emulators.kis.formats import fixed, hms, rate, sign, versus, whole
from tests.emulators.kis.market import Level, Line, Trade
from tests.emulators.timekeeping import KST, NEW_YORK
from tests.emulators.web import Json

TRADE_FIELDS = [
    "MKSC_SHRN_ISCD", "STCK_CNTG_HOUR", "STCK_PRPR", "PRDY_VRSS_SIGN", "PRDY_VRSS", "PRDY_CTRT",
    "WGHN_AVRG_STCK_PRC", "STCK_OPRC", "STCK_HGPR", "STCK_LWPR", "ASKP1", "BIDP1", "CNTG_VOL",
    "ACML_VOL", "ACML_TR_PBMN", "SELN_CNTG_CSNU", "SHNU_CNTG_CSNU", "NTBY_CNTG_CSNU", "CTTR",
    "SELN_CNTG_SMTN", "SHNU_CNTG_SMTN", "CCLD_DVSN", "SHNU_RATE", "PRDY_VOL_VRSS_ACML_VOL_RATE",
    "OPRC_HOUR", "OPRC_VRSS_PRPR_SIGN", "OPRC_VRSS_PRPR", "HGPR_HOUR", "HGPR_VRSS_PRPR_SIGN",
    "HGPR_VRSS_PRPR", "LWPR_HOUR", "LWPR_VRSS_PRPR_SIGN", "LWPR_VRSS_PRPR", "BSOP_DATE",
    "NEW_MKOP_CLS_CODE", "TRHT_YN", "ASKP_RSQN1", "BIDP_RSQN1", "TOTAL_ASKP_RSQN",
    "TOTAL_BIDP_RSQN", "VOL_TNRT", "PRDY_SMNS_HOUR_ACML_VOL", "PRDY_SMNS_HOUR_ACML_VOL_RATE",
    "HOUR_CLS_CODE", "MRKT_TRTM_CLS_CODE", "VI_STND_PRC", "MARKET_CLS_CODE",
]  # fmt: skip
Book = tuple[list[Level], list[Level]]
Record = list[str]


def frame(tr_id: str, records: list[Record], *, encrypted: bool = False) -> str:
    payload = "^".join("^".join(record) for record in records)
    return f"{int(encrypted)}|{tr_id}|{len(records):03}|{payload}"


def trade_record(line: Line, trade: Trade, book: Book, width: int) -> Record:
    """Write one domestic trade as the line stood right after it."""
    fields = {
        **_trade(line, trade),
        **_day(line),
        **_sides(line),
        **_quotes(book),
        "NEW_MKOP_CLS_CODE": "20",
        "TRHT_YN": "Y" if line.halted else "N",
        "HOUR_CLS_CODE": "0",
        "MRKT_TRTM_CLS_CODE": "",
        "VI_STND_PRC": whole(line.open),
        "MARKET_CLS_CODE": "2",
    }
    return [fields[name] for name in TRADE_FIELDS[:width]]


def _trade(line: Line, trade: Trade) -> Json:
    change = trade.price - line.base
    return {
        "MKSC_SHRN_ISCD": trade.symbol,
        "STCK_CNTG_HOUR": hms(trade.at, line),
        "STCK_PRPR": whole(trade.price),
        "PRDY_VRSS_SIGN": sign(line),
        "PRDY_VRSS": whole(change),
        "PRDY_CTRT": rate(change, line.base),
        "CNTG_VOL": str(trade.quantity),
        "CCLD_DVSN": "1" if trade.side == "buy" else "5",
        "BSOP_DATE": f"{trade.at.astimezone(KST):%Y%m%d}",
    }


def _day(line: Line) -> Json:
    return {
        "WGHN_AVRG_STCK_PRC": fixed(line.average, 2),
        "STCK_OPRC": whole(line.open),
        "STCK_HGPR": whole(line.high),
        "STCK_LWPR": whole(line.low),
        "ACML_VOL": str(line.volume),
        "ACML_TR_PBMN": whole(line.value),
        "OPRC_HOUR": hms(line.open_at, line),
        "OPRC_VRSS_PRPR_SIGN": versus(line.last, line.open),
        "OPRC_VRSS_PRPR": whole(line.last - line.open),
        "HGPR_HOUR": hms(line.high_at, line),
        "HGPR_VRSS_PRPR_SIGN": versus(line.last, line.high),
        "HGPR_VRSS_PRPR": whole(line.last - line.high),
        "LWPR_HOUR": hms(line.low_at, line),
        "LWPR_VRSS_PRPR_SIGN": versus(line.last, line.low),
        "LWPR_VRSS_PRPR": whole(line.last - line.low),
        "VOL_TNRT": rate(Decimal(line.volume), Decimal(line.instrument.shares or 1)),
        "PRDY_VOL_VRSS_ACML_VOL_RATE": "0.00",
        "PRDY_SMNS_HOUR_ACML_VOL": "0",
        "PRDY_SMNS_HOUR_ACML_VOL_RATE": "0.00",
    }


def _sides(line: Line) -> Json:
    bought, sold = line.volumes["buy"], line.volumes["sell"]
    return {
        "SELN_CNTG_CSNU": str(line.counts["sell"]),
        "SHNU_CNTG_CSNU": str(line.counts["buy"]),
        "NTBY_CNTG_CSNU": str(line.counts["buy"] - line.counts["sell"]),
        "CTTR": rate(Decimal(bought), Decimal(sold)),
        "SELN_CNTG_SMTN": str(sold),
        "SHNU_CNTG_SMTN": str(bought),
        "SHNU_RATE": fixed(Decimal(bought) / (bought + sold), 2),
    }


def _quotes(book: Book) -> Json:
    asks, bids = book
    return {
        "ASKP1": whole(asks[0].price),
        "BIDP1": whole(bids[0].price),
        "ASKP_RSQN1": str(asks[0].quantity),
        "BIDP_RSQN1": str(bids[0].quantity),
        "TOTAL_ASKP_RSQN": str(sum(level.quantity for level in asks)),
        "TOTAL_BIDP_RSQN": str(sum(level.quantity for level in bids)),
    }


def book_record(line: Line, book: Book, now_hms: str, *, middle: bool) -> Record:
    """Write the ten levels: 59 fields for KRX, 65 with the mid prices of NXT and unified."""
    asks, bids = book
    record = [line.instrument.symbol, now_hms, "0"]
    record += [whole(level.price) for level in (*asks, *bids)]
    record += [str(level.quantity) for level in (*asks, *bids)]
    totals = [str(sum(level.quantity for level in levels)) for levels in (asks, bids)]
    record += [*totals, "0", "0"]
    # The expected price has no meaning in a continuous session.
    record += ["0", "0", "0", "0", "3", "0.00"]
    record += [str(line.volume), "0", "0", "0", "0", "0"]
    if middle:
        mid = whole((asks[0].price + bids[0].price) / 2)
        record += [mid, "0", "0", mid, "0", "0"]
    return record


def overseas_trade_record(line: Line, trade: Trade, book: Book) -> Record:
    asks, bids = book
    local, korea = trade.at.astimezone(NEW_YORK), trade.at.astimezone(KST)
    change = trade.price - line.base
    return [
        realtime_symbol(line), trade.symbol, "4", f"{local:%Y%m%d}",
        f"{local:%Y%m%d}", f"{local:%H%M%S}", f"{korea:%Y%m%d}", f"{korea:%H%M%S}",
        fixed(line.open, 4), fixed(line.high, 4), fixed(line.low, 4), fixed(trade.price, 4),
        sign(line), fixed(abs(change), 4), signed_rate(change, line.base),
        fixed(bids[0].price, 4), fixed(asks[0].price, 4),
        str(bids[0].quantity), str(asks[0].quantity),
        str(trade.quantity), str(line.volume), whole(line.value),
        str(line.volumes["sell"]), str(line.volumes["buy"]),
        rate(Decimal(line.volumes["buy"]), Decimal(line.volumes["sell"])), "1",
    ]  # fmt: skip


def overseas_book_record(line: Line, trade: Trade, book: Book) -> Record:
    asks, bids = book
    local, korea = trade.at.astimezone(NEW_YORK), trade.at.astimezone(KST)
    return [
        realtime_symbol(line), line.instrument.symbol, "4",
        f"{local:%Y%m%d}", f"{local:%H%M%S}", f"{korea:%Y%m%d}", f"{korea:%H%M%S}",
        str(sum(level.quantity for level in bids)), str(sum(level.quantity for level in asks)),
        "0", "0", fixed(bids[0].price, 4), fixed(asks[0].price, 4),
        str(bids[0].quantity), str(asks[0].quantity), "0", "0",
    ]  # fmt: skip


def index_record(line: Line, at_hms: str, volume: int) -> Record:
    """Write the 30 fields of an index; counts of issues are those of the emulator: none."""
    head = [
        line.instrument.symbol, at_hms, fixed(line.last, 2), sign(line), fixed(line.change, 2),
        str(volume), whole(line.value / 1_000_000), "0", "0", rate(line.change, line.base),
        fixed(line.open, 2), fixed(line.high, 2), fixed(line.low, 2),
    ]  # fmt: skip
    return [*head, *["0"] * (30 - len(head))]


def realtime_symbol(line: Line) -> str:
    return f"D{line.instrument.exchange}{line.instrument.symbol}"


def signed_rate(change: Decimal, base: Decimal) -> str:
    """Write a rate as overseas answers do: a sign, or a space for nothing."""
    text = rate(change, base)
    if Decimal(text) == 0:
        return f" {text.lstrip('-')}"
    return text if change < 0 else f"+{text}"
