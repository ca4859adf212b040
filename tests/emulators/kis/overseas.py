"""Overseas (US) quotations."""

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal

from tests.emulators.kis.codes import bad_field, quotation
from tests.emulators.kis.formats import fixed, rate, sign, versus, whole
from tests.emulators.kis.frames import realtime_symbol, signed_rate
from tests.emulators.kis.grid import US_TICK
from tests.emulators.kis.history import DailyBar, MinuteBar, grouped
from tests.emulators.kis.lists import chart_page, moment
from tests.emulators.kis.market import Line, UnknownSymbolError
from tests.emulators.kis.quotations import fundamentals
from tests.emulators.kis.trs import Call, Tr
from tests.emulators.timekeeping import KST, NEW_YORK
from tests.emulators.web import Answer, Json

BASE = "/uapi/overseas-price/v1/quotations/"
STOCK = ("AUTH", "EXCD", "SYMB")
DAYTIME = {"BAQ": "NAS", "BAY": "NYS", "BAA": "AMS"}
EXCHANGES = {"NAS", "NYS", "AMS", "HKS", "SHS", "SZS", "TSE", "HSX", "HNX", *DAYTIME}
ROWS, MINUTE_ROWS, AT_ONCE = 100, 120, 10
EXCHANGE_RATE = Decimal("1380.50")
DIGITS = "4"


def line_of(call: Call, exchange: str, symbol: str) -> Line | None:
    if exchange not in EXCHANGES:
        raise bad_field("EXCD")
    try:
        line = call.state.market.line(symbol)
    except UnknownSymbolError:
        return None
    return line if line.instrument.exchange == DAYTIME.get(exchange, exchange) else None


def price(call: Call) -> Answer:
    line = line_of(call, call["EXCD"], call["SYMB"])
    return quotation(output=_price(call, line) if line else _blank_price())


def _price(call: Call, line: Line) -> Json:
    previous = call.state.market.history(line.instrument.symbol)[-1]
    return {
        "rsym": realtime_symbol(line),
        "zdiv": DIGITS,
        "base": fixed(line.base, 4),
        "pvol": str(previous.volume),
        "last": fixed(line.last, 4),
        "sign": sign(line),
        "diff": fixed(abs(line.change), 4),
        "rate": signed_rate(line.change, line.base),
        "tvol": str(line.volume),
        "tamt": whole(line.value),
        "ordy": "매도불가",
    }


def _blank_price() -> Json:
    names = ("rsym", "zdiv", "base", "pvol", "last", "sign", "diff", "rate", "tvol", "tamt", "ordy")
    return dict.fromkeys(names, "")


def several(call: Call) -> Answer:
    """Answer up to ten EXCD_nn and SYMB_nn."""
    rows = []
    for n in range(1, AT_ONCE + 1):
        symbol = call[f"SYMB_{n:02}"]
        line = line_of(call, call[f"EXCD_{n:02}"], symbol) if symbol else None
        if line is not None:
            rows.append({**_price(call, line), "symb": symbol, "excd": call[f"EXCD_{n:02}"]})
    return quotation(output1={"nrec": str(len(rows))}, output2=rows)


def detail(call: Call) -> Answer:
    line = line_of(call, call["EXCD"], call["SYMB"])
    if line is None:
        return quotation(output={**_blank_price(), "open": "", "high": "", "low": ""})
    history = call.state.market.history(call["SYMB"])
    year = history[-250:]
    top, floor = max(year, key=lambda b: b.high), min(year, key=lambda b: b.low)
    share = fundamentals(line)
    known = _price(call, line)
    output = {
        **{name: known[name] for name in ("rsym", "pvol", "last", "base", "zdiv", "tvol", "tamt")},
        "open": fixed(line.open, 4),
        "high": fixed(line.high, 4),
        "low": fixed(line.low, 4),
        "tomv": whole(line.last * line.instrument.shares),
        "pamt": whole(history[-1].value),
        "uplp": "0.0000",
        "dnlp": "0.0000",
        "h52p": fixed(top.high, 4),
        "h52d": f"{top.day:%Y%m%d}",
        "l52p": fixed(floor.low, 4),
        "l52d": f"{floor.day:%Y%m%d}",
        **{f"{name}x": share[name] for name in ("per", "pbr", "eps", "bps")},
        "shar": str(line.instrument.shares),
        "mcap": whole(line.last * line.instrument.shares),
        "curr": "USD",
        "vnit": "1",
        "t_xprc": whole(line.last * EXCHANGE_RATE),
        "t_xdif": whole(line.change * EXCHANGE_RATE),
        "t_xrat": signed_rate(line.change, line.base),
        "p_xprc": whole(line.base * EXCHANGE_RATE),
        "p_xdif": "0",
        "p_xrat": " 0.00",
        "t_rate": fixed(EXCHANGE_RATE, 2),
        "p_rate": fixed(EXCHANGE_RATE, 2),
        "t_xsgn": sign(line),
        "p_xsng": "3",
        "e_ordyn": "매매 가능",
        "e_hogau": "0.0100",
        "e_icod": line.instrument.sector,
        "e_parp": "0.0000",
        "etyp_nm": "",
    }
    return quotation(output=output)


def daily(call: Call) -> Answer:
    line = line_of(call, call["EXCD"], call["SYMB"])
    period = {"0": "D", "1": "W", "2": "M"}.get(call["GUBN"])
    if period is None:
        raise bad_field("GUBN")
    if line is None:
        return quotation(output1={"rsym": "", "zdiv": "", "nrec": ""}, output2=[])
    last = call["BYMD"] or "99991231"
    market = call.state.market
    bars = market.bars(call["SYMB"], moment(call))
    bars = market.adjusted(call["SYMB"], bars) if call["MODP"] == "1" else bars

    def is_asked(bar: DailyBar) -> bool:
        return f"{bar.day:%Y%m%d}" <= last

    page = chart_page(call, grouped(bars, period), is_asked, ROWS)
    rows = [_daily_row(bar) for bar in page]
    head = {"rsym": realtime_symbol(line), "zdiv": DIGITS, "nrec": str(len(rows))}
    return quotation(output1=head, output2=rows)


def _daily_row(bar: DailyBar) -> Json:
    change = bar.close - bar.previous_close
    return {
        "xymd": f"{bar.day:%Y%m%d}",
        "clos": fixed(bar.close, 4),
        "sign": versus(bar.close, bar.previous_close),
        "diff": fixed(abs(change), 4),
        "rate": signed_rate(change, bar.previous_close),
        "open": fixed(bar.open, 4),
        "high": fixed(bar.high, 4),
        "low": fixed(bar.low, 4),
        "tvol": str(bar.volume),
        "tamt": whole(bar.value),
        "pbid": fixed(bar.close - US_TICK, 4),
        "vbid": "0",
        "pask": fixed(bar.close, 4),
        "vask": "0",
    }


def minutes(call: Call) -> Answer:
    """Return at most 120 bars of NMIN minutes, newest first; KEYB goes on before that time."""
    line = line_of(call, call["EXCD"], call["SYMB"])
    if not call["NMIN"].isdigit() or int(call["NMIN"]) < 1:
        raise bad_field("NMIN")
    if line is None:
        return quotation(output1={"rsym": "", "nrec": ""}, output2=[])
    market, symbol, at = call.state.market, call["SYMB"], moment(call)
    days = [market.history(symbol)[-1].day] if call["PINC"] == "1" else []
    bars = [bar for day in (*days, market.today(line)) for bar in market.minutes(symbol, day, at)]
    joined = list(_joined(bars, int(call["NMIN"])))
    last = call["KEYB"] if call["NEXT"] == "1" and call["KEYB"] else "9" * 14

    def is_asked(bar: MinuteBar) -> bool:
        return f"{bar.at:%Y%m%d%H%M%S}" <= last

    limit = min(MINUTE_ROWS, int(call["NREC"] or MINUTE_ROWS))
    shown = chart_page(call, joined, is_asked, limit)
    more = "1" if sum(map(is_asked, joined)) > limit else "0"
    head = {
        "rsym": realtime_symbol(line), "zdiv": DIGITS, "stim": "093000", "etim": "160000",
        "sktm": "233000", "ektm": "060000", "next": more, "more": more, "nrec": str(len(shown)),
    }  # fmt: skip
    return quotation(output1=head, output2=[_minute_row(bar) for bar in shown])


def _joined(bars: list[MinuteBar], length: int) -> Iterator[MinuteBar]:
    groups: dict[tuple[date, int], list[MinuteBar]] = {}
    for bar in bars:
        minute = bar.at.hour * 60 + bar.at.minute
        groups.setdefault((bar.at.date(), minute // length), []).append(bar)
    for (day, number), group in groups.items():
        start = divmod(number * length, 60)
        yield MinuteBar(
            datetime.combine(day, time(*start), NEW_YORK),
            group[0].open,
            max(bar.high for bar in group),
            min(bar.low for bar in group),
            group[-1].close,
            sum(bar.volume for bar in group),
            sum((bar.value for bar in group), Decimal(0)),
            group[-1].total,
        )


def _minute_row(bar: MinuteBar) -> Json:
    korea = bar.at.astimezone(KST)
    return {
        "tymd": f"{bar.at:%Y%m%d}",
        "xymd": f"{bar.at:%Y%m%d}",
        "xhms": f"{bar.at:%H%M%S}",
        "kymd": f"{korea:%Y%m%d}",
        "khms": f"{korea:%H%M%S}",
        "open": fixed(bar.open, 4),
        "high": fixed(bar.high, 4),
        "low": fixed(bar.low, 4),
        "last": fixed(bar.close, 4),
        "evol": str(bar.volume),
        "eamt": whole(bar.value),
    }


def asking_price(call: Call) -> Answer:
    line = line_of(call, call["EXCD"], call["SYMB"])
    if line is None:
        return quotation(output1={"rsym": ""}, output2={}, output3={})
    asks, bids = call.state.market.book(call["SYMB"])
    now = call.state.clock.new_york()
    head = {
        **{k: v for k, v in _price(call, line).items() if k in {"rsym", "zdiv", "base", "last"}},
        "curr": "USD",
        "open": fixed(line.open, 4),
        "high": fixed(line.high, 4),
        "low": fixed(line.low, 4),
        "dymd": f"{now:%Y%m%d}",
        "dhms": f"{now:%H%M%S}",
        "bvol": str(sum(level.quantity for level in bids)),
        "avol": str(sum(level.quantity for level in asks)),
    }
    book: Json = {}
    for n, (ask, bid) in enumerate(zip(asks, bids, strict=True), 1):
        book |= {f"pbid{n}": fixed(bid.price, 4), f"vbid{n}": str(bid.quantity)}
        book |= {f"pask{n}": fixed(ask.price, 4), f"vask{n}": str(ask.quantity)}
        book |= {f"dbid{n}": "0", f"dask{n}": "0"}
    return quotation(output1=head, output2=book, output3={})


def last_trades(call: Call) -> Answer:
    line = line_of(call, call["EXCD"], call["SYMB"])
    rows = []
    for trade in reversed(line.trades[-30:] if line and call["TDAY"] != "0" else []):
        change = trade.price - line.base
        rows.append({
            "khms": f"{trade.at.astimezone(KST):%H%M%S}",
            "last": fixed(trade.price, 4),
            "sign": versus(trade.price, line.base),
            "diff": fixed(abs(change), 4),
            "rate": signed_rate(change, line.base),
            "evol": str(trade.quantity),
            "tvol": str(line.volume),
            "mtyp": "1",
            "vpow": rate(Decimal(line.volumes["buy"]), Decimal(line.volumes["sell"])),
        })  # fmt: skip
    return quotation(output1=rows)


TRS = [
    Tr(f"{BASE}price", ("HHDFS00000300",), ("HHDFS00000300",), price, STOCK),
    Tr(f"{BASE}price-detail", ("HHDFS76200200",), (), detail, STOCK),
    Tr(f"{BASE}multprice", ("HHDFS76220000",), (), several, ("AUTH",)),
    Tr(f"{BASE}dailyprice", ("HHDFS76240000",), ("HHDFS76240000",), daily,
       (*STOCK, "GUBN", "BYMD", "MODP")),
    Tr(f"{BASE}inquire-time-itemchartprice", ("HHDFS76950200",), (), minutes,
       (*STOCK, "NMIN", "PINC", "NEXT", "NREC", "FILL", "KEYB")),
    Tr(f"{BASE}inquire-asking-price", ("HHDFS76200100",), (), asking_price, STOCK),
    Tr(f"{BASE}inquire-ccnl", ("HHDFS76200300",), (), last_trades, (*STOCK, "TDAY")),
]  # fmt: skip
