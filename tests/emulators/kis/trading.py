"""Domestic orders and account."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from tests.emulators.kis.book import BUY, KRW, SELL, Account, Book, Fill, Holding, Order
from tests.emulators.kis.codes import (
    PAPER,
    accepted,
    account_answer,
    bad_field,
    refusal,
)
from tests.emulators.kis.exchange import MARKET_KINDS, Exchange, Ticket
from tests.emulators.kis.formats import fixed, order_number, rate, whole
from tests.emulators.kis.lists import stale_moment
from tests.emulators.kis.market import Line, UnknownSymbolError
from tests.emulators.kis.paging import listed, page
from tests.emulators.kis.trs import Call, Tr
from tests.emulators.timekeeping import KST
from tests.emulators.web import Answer, Json

BASE = "/uapi/domestic-stock/v1/trading/"
ACCOUNT = ("CANO", "ACNT_PRDT_CD")
PAGED = (*ACCOUNT, "CTX_AREA_FK100", "CTX_AREA_NK100")
BUY_IDS = ({"TTTC0012U", "TTTC0802U"}, {"VTTC0012U", "VTTC0802U"})
KIND_NAMES = {"00": "지정가", "01": "시장가", "02": "조건부지정가", "03": "최유리", "04": "최우선"}
SIDES = {BUY: "02", SELL: "01"}
SIDE_NAMES = {BUY: "현금매수", SELL: "현금매도"}

# Order types by exchange.
_EVERYWHERE = {"00", "03", "04", "11", "12", "13", "14", "15", "16"}
KINDS = {
    "KRX": _EVERYWHERE | {"01", "02", "05", "06", "21", "22", "23", "24"}
    | {str(n) for n in range(41, 48)},
    "NXT": _EVERYWHERE | {"21", "22", "23", "24", "27", "28", "29"},
    "SOR": _EVERYWHERE | {"01"},
}  # fmt: skip


class Desk:
    """What domestic and overseas handlers share."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    def sent(self, call: Call, order: Order, what: str) -> Answer:
        output = {
            "KRX_FWDG_ORD_ORGNO": branch(call.side),
            "ODNO": order_number(order.number),
            "ORD_TMD": f"{order.at.astimezone(KST):%H%M%S}",
        }
        return accepted(what, call.side, output)

    def open_order(self, call: Call) -> Order:
        number = call["ORGN_ODNO"]
        order = self.exchange.book.orders.get(int(number) if number.isdigit() else 0)
        if order is None or order.account != call.account or not order.remaining:
            raise refusal("nothing_left", call.side)
        return order

    def book_of(self, call: Call) -> Book:
        """Return the book of now, or that of some seconds ago when lists are stale."""
        at = stale_moment(call)
        return self.exchange.book if at is None else self.exchange.book.as_of(at)


class Trading(Desk):
    """Domestic orders and account."""

    # Orders

    def order_cash(self, call: Call) -> Answer:
        side = BUY if any(call.tr_id in ids for ids in BUY_IDS) else SELL
        ticket = Ticket(
            account=self.exchange.book.accounts[call.account],
            line=self._line(call),
            side=side,
            kind=self._kind(call),
            quantity=count(call, "ORD_QTY"),
            price=price_field(call, "ORD_UNPR"),
            exchange=call["EXCG_ID_DVSN_CD"] or "KRX",
        )
        if ticket.price == 0 and ticket.kind in {"00", "02", "11", "12"}:
            raise refusal("price", call.side)
        return self.sent(call, self.exchange.place(ticket), side)

    def order_change(self, call: Call) -> Answer:
        order = self.open_order(call)
        is_all = call["QTY_ALL_ORD_YN"] == "Y"
        quantity = None if is_all else count(call, "ORD_QTY")
        if call["RVSE_CNCL_DVSN_CD"] == "02":
            return self.sent(call, self.exchange.cancel(order, quantity=quantity), "cancel")
        if call["RVSE_CNCL_DVSN_CD"] != "01":
            raise bad_field("RVSE_CNCL_DVSN_CD")
        new = self.exchange.amend(
            order, quantity=quantity, price=price_field(call, "ORD_UNPR"), kind=self._kind(call)
        )
        return self.sent(call, new, "amend")

    def _line(self, call: Call) -> Line:
        try:
            line = call.state.market.line(call["PDNO"])
        except UnknownSymbolError:
            line = None
        if line is None or not line.instrument.is_domestic:
            raise refusal("symbol", call.side)
        return line

    def _kind(self, call: Call) -> str:
        exchange = call["EXCG_ID_DVSN_CD"] or "KRX"
        if exchange not in KINDS or (call.side == PAPER and exchange != "KRX"):
            raise bad_field("EXCG_ID_DVSN_CD")
        if call["ORD_DVSN"] not in KINDS[exchange]:
            raise bad_field("ORD_DVSN")
        return call["ORD_DVSN"]

    # Lists

    def amendable(self, call: Call) -> Answer:
        orders = [o for o in self.book_of(call).open_orders(account=call.account) if _is_krw(o)]
        wanted = {"1": SELL, "2": BUY}.get(call["INQR_DVSN_2"])
        rows = [
            self._amendable_row(call, order)
            for order in sorted(orders, key=lambda o: -o.number)
            if wanted in {None, order.side}
        ]
        found = page(call, rows, 50)
        return listed(call, found, output=found.rows)

    def _amendable_row(self, call: Call, order: Order) -> Json:
        return {
            **_order_head(call, order),
            "rvse_cncl_dvsn_name": "BUY AMEND*" if order.deed == "amend" else "",
            "psbl_qty": str(order.remaining),
            "mgco_aptm_odno": "",
            "excg_id_dvsn_cd": order.exchange,
            "excg_id_dvsn_name": order.exchange,
            "stpm_cndt_pric": "0",
            "stpm_efct_occr_yn": "N",
        }

    def daily_orders(self, call: Call) -> Answer:
        first, last = call["INQR_STRT_DT"], call["INQR_END_DT"]
        if not (len(first) == len(last) == 8 and (first + last).isdigit()):
            raise bad_field("INQR_STRT_DT")
        orders = [
            order
            for order in self.book_of(call).orders.values()
            if order.account == call.account
            and _is_krw(order)
            and first <= day_of(order.at) <= last
            and _is_wanted(call, order)
        ]
        orders.sort(key=lambda o: o.number, reverse=call["INQR_DVSN"] != "01")
        found = page(call, [self._daily_row(call, o) for o in orders], _rows(call, 100, 15))
        return listed(call, found, output1=found.rows, output2=_order_sums(orders))

    def _daily_row(self, call: Call, order: Order) -> Json:
        cancelled = order.cancelled if order.status != "replaced" else 0
        return {
            **_order_head(call, order),
            "ord_dt": day_of(order.at),
            "sll_buy_dvsn_cd_name": SIDE_NAMES[order.side],
            "avg_prvs": whole(order.average),
            "cncl_yn": "Y" if order.deed == "cancel" else "",
            "rmn_qty": str(order.remaining),
            "rjct_qty": "0",
            "cncl_cfrm_qty": str(cancelled),
            "cnc_cfrm_qty": str(cancelled),
            "ccld_cndt_name": "없음",
            "ordr_empno": "OpenAPI",
            "loan_dt": "",
            "inqr_ip_addr": "",
            "infm_tmd": "",
            "ctac_tlno": "",
            "prdt_type_cd": "300",
            "ord_orgno": branch(call.side),
            "rsvn_ord_end_dt": "",
            "excg_id_dvsn_Cd": order.exchange,
            "stpm_cndt_pric": "0",
            "stpm_efct_occr_dtmd": "",
            "cpbc_ordp_infm_yn": "N",
        }

    def balance(self, call: Call) -> Answer:
        book = self.book_of(call)
        account = book.accounts[call.account]
        # A stock that was sold out stays for the rest of the day.
        traded = {fill.symbol for fill in _todays_fills(call, book, account)}
        held = [h for h in account.holdings.values() if h.quantity or h.symbol in traded]
        held = [h for h in held if call.state.market.line(h.symbol).instrument.is_domestic]
        rows = [_holding_row(call, book, account, h) for h in held]
        found = page(call, rows, _rows(call, 50, 20))
        totals = _balance_totals(call, book, account, held)
        return listed(call, found, output1=found.rows, output2=[totals])

    def buying_power(self, call: Call) -> Answer:
        book = self.exchange.book
        cash = max(Decimal(0), book.free_cash(book.accounts[call.account], KRW))
        price = Decimal(0)
        if call["PDNO"]:
            line = self._line(call)
            is_market = call["ORD_DVSN"] in MARKET_KINDS
            price = line.limits[0] if is_market else price_field(call, "ORD_UNPR") or line.last
        quantity = str(int(cash // price)) if price else "0"
        output = {
            "ord_psbl_cash": whole(cash),
            "ord_psbl_sbst": "0",
            "ruse_psbl_amt": "0",
            "fund_rpch_chgs": "0",
            "psbl_qty_calc_unpr": whole(price),
            "nrcvb_buy_amt": whole(cash),
            "nrcvb_buy_qty": quantity,
            "max_buy_amt": whole(cash),
            "max_buy_qty": quantity,
            "cma_evlu_amt": "0",
            "ovrs_re_use_amt_wcrc": "0",
            "ord_psbl_frcr_amt_wcrc": "0",
        }
        return account_answer(call.side, more=False, empty=False, body={"output": output})

    def selling_power(self, call: Call) -> Answer:
        book, line = self.exchange.book, self._line(call)
        account = book.accounts[call.account]
        holding = account.holding(line.instrument.symbol)
        row = _holding_row(call, book, account, holding)
        names = ("pdno", "prdt_name", "ord_psbl_qty", "pchs_avg_pric", "pchs_amt", "evlu_amt")
        output = {
            **{name: row[name] for name in (*names, "evlu_pfls_amt", "evlu_pfls_rt")},
            "buy_qty": row["thdt_buyqty"],
            "sll_qty": row["thdt_sll_qty"],
            "cblc_qty": str(holding.quantity),
            "nsvg_qty": "0",
            "now_pric": row["prpr"],
        }
        return account_answer(call.side, more=False, empty=False, body={"output": output})

    def trs(self) -> list[Tr]:
        order = (*ACCOUNT, "PDNO", "ORD_DVSN", "ORD_QTY", "ORD_UNPR")
        change = (
            *ACCOUNT, "KRX_FWDG_ORD_ORGNO", "ORGN_ODNO", "ORD_DVSN", "RVSE_CNCL_DVSN_CD",
            "ORD_QTY", "ORD_UNPR", "QTY_ALL_ORD_YN",
        )  # fmt: skip
        dates = ("INQR_STRT_DT", "INQR_END_DT", "SLL_BUY_DVSN_CD", "CCLD_DVSN")
        changes = ("TTTC0013U", "TTTC0803U")
        lists = ("TTTC0081R", "CTSC9215R", "TTTC8001R", "CTSC9115R")
        orders = ("TTTC0011U", "TTTC0012U", "TTTC0801U", "TTTC0802U")
        return [
            _tr("order-cash", (orders, on_paper(orders)), self.order_cash, order, method="POST"),
            _tr("order-rvsecncl", (changes, on_paper(changes)), self.order_change, change,
                method="POST"),
            _tr("inquire-psbl-rvsecncl", (("TTTC0084R", "TTTC8036R"), ()), self.amendable, PAGED),
            _tr("inquire-daily-ccld", (lists, on_paper(lists)), self.daily_orders,
                (*PAGED, *dates)),
            _tr("inquire-balance", (("TTTC8434R",), ("VTTC8434R",)), self.balance,
                (*PAGED, "INQR_DVSN", "UNPR_DVSN", "PRCS_DVSN")),
            _tr("inquire-psbl-order", (("TTTC8908R",), ("VTTC8908R",)), self.buying_power,
                (*ACCOUNT, "PDNO", "ORD_UNPR", "ORD_DVSN")),
            _tr("inquire-psbl-sell", (("TTTC8408R",), ()), self.selling_power,
                (*ACCOUNT, "PDNO")),
        ]  # fmt: skip


def on_paper(ids: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"V{tr_id[1:]}" for tr_id in ids)


def _tr(
    name: str,
    ids: tuple[tuple[str, ...], tuple[str, ...]],
    handler: Callable[[Call], Answer],
    required: tuple[str, ...],
    *,
    method: str = "GET",
) -> Tr:
    return Tr(f"{BASE}{name}", *ids, handler, required, method)


def count(call: Call, name: str) -> int:
    if not call[name].isdigit() or int(call[name]) == 0:
        raise bad_field(name)
    return int(call[name])


def price_field(call: Call, name: str) -> Decimal:
    text = call[name] or "0"
    if not text.replace(".", "", 1).isdigit():
        raise bad_field(name)
    return Decimal(text)


def _is_krw(order: Order) -> bool:
    return order.currency == KRW


def day_of(at: datetime) -> str:
    return f"{at.astimezone(KST):%Y%m%d}"


def _rows(call: Call, real: int, paper: int) -> int:
    return paper if call.side == PAPER else real


def _is_wanted(call: Call, order: Order) -> bool:
    number = order_number(order.number)
    return (
        call["SLL_BUY_DVSN_CD"] in {"", "00", SIDES[order.side]}
        and call["PDNO"] in {"", order.symbol}
        and call["ODNO"].zfill(10) in {"0" * 10, number}
        and {"01": order.filled > 0, "02": order.remaining > 0}.get(call["CCLD_DVSN"], True)
    )


def branch(side: str) -> str:
    return "00950" if side == PAPER else "06010"


def _order_head(call: Call, order: Order) -> Json:
    return {
        "ord_gno_brno": branch(call.side),
        "odno": order_number(order.number),
        "orgn_odno": order_number(order.original) if order.original else "",
        "ord_dvsn_name": KIND_NAMES.get(order.kind, order.kind),
        "ord_dvsn_cd": order.kind,
        "pdno": order.symbol,
        "prdt_name": call.state.market.line(order.symbol).instrument.name,
        "ord_qty": str(order.quantity),
        "ord_unpr": whole(order.price),
        "ord_tmd": f"{order.at.astimezone(KST):%H%M%S}",
        "tot_ccld_qty": str(order.filled),
        "tot_ccld_amt": whole(order.amount),
        "sll_buy_dvsn_cd": SIDES[order.side],
        "excg_dvsn_cd": "02",
    }


def _order_sums(orders: list[Order]) -> Json:
    filled = sum(order.filled for order in orders)
    amount = sum((order.amount for order in orders), Decimal(0))
    return {
        "tot_ord_qty": str(sum(order.quantity for order in orders)),
        "tot_ccld_qty": str(filled),
        "tot_ccld_amt": whole(amount),
        "prsm_tlex_smtl": whole(amount * Decimal("0.00015")),
        "pchs_avg_pric": fixed(amount / filled if filled else 0, 4),
    }


def _holding_row(call: Call, book: Book, account: Account, holding: Holding) -> Json:
    line = call.state.market.line(holding.symbol)
    value = line.last * holding.quantity
    fills = [f for f in _todays_fills(call, book, account) if f.symbol == holding.symbol]
    return {
        "pdno": holding.symbol,
        "prdt_name": line.instrument.name,
        "trad_dvsn_name": "현금",
        "bfdy_buy_qty": "0",
        "bfdy_sll_qty": "0",
        "thdt_buyqty": str(sum(f.quantity for f in fills if f.side == BUY)),
        "thdt_sll_qty": str(sum(f.quantity for f in fills if f.side == SELL)),
        "hldg_qty": str(holding.quantity),
        "ord_psbl_qty": str(book.free_quantity(account, holding.symbol)),
        "pchs_avg_pric": fixed(holding.average, 4),
        "pchs_amt": whole(holding.cost),
        "prpr": whole(line.last),
        "evlu_amt": whole(value),
        "evlu_pfls_amt": whole(value - holding.cost),
        "evlu_pfls_rt": rate(value - holding.cost, holding.cost),
        "evlu_erng_rt": "0.00000000",
        "loan_dt": "",
        "loan_amt": "0",
        "stln_slng_chgs": "0",
        "expd_dt": "",
        "fltt_rt": rate(line.change, line.base, 8),
        "bfdy_cprs_icdc": whole(line.change),
        "item_mgna_rt_name": "20%",
        "grta_rt_name": "",
        "sbst_pric": "0",
        "stck_loan_unpr": "0.0000",
    }


def _todays_fills(call: Call, book: Book, account: Account) -> list[Fill]:
    midnight = call.state.clock.kst().replace(hour=0, minute=0, second=0, microsecond=0)
    return book.fills_since(midnight, account, KRW)


def _balance_totals(call: Call, book: Book, account: Account, held: list[Holding]) -> Json:
    market = call.state.market
    value = sum((market.line(h.symbol).last * h.quantity for h in held), Decimal(0))
    cost = sum((h.cost for h in held), Decimal(0))
    fills = _todays_fills(call, book, account)
    traded = {
        side: sum((f.price * f.quantity for f in fills if f.side == side), Decimal(0))
        for side in (BUY, SELL)
    }
    settled = account.cash[KRW]
    # Today's trades move the deposit on the second day after; until then it stands as it was.
    costs = sum((f.costs for f in fills), Decimal(0))
    deposit = settled + traded[BUY] - traded[SELL] + costs
    zero = (
        "cma_evlu_amt bfdy_buy_amt nxdy_auto_rdpt_amt bfdy_sll_amt d2_auto_rdpt_amt "
        "bfdy_tlex_amt tot_loan_amt tot_stln_slng_chgs"
    )
    return {
        **dict.fromkeys(zero.split(), "0"),
        "dnca_tot_amt": whole(deposit),
        "nxdy_excc_amt": whole(deposit),
        "prvs_rcdl_excc_amt": whole(settled),
        "thdt_buy_amt": whole(traded[BUY]),
        "thdt_sll_amt": whole(traded[SELL]),
        "thdt_tlex_amt": whole(costs),
        "scts_evlu_amt": whole(value),
        "tot_evlu_amt": whole(value + settled),
        "nass_amt": whole(value + settled),
        "fncg_gld_auto_rdpt_yn": "",
        "pchs_amt_smtl_amt": whole(cost),
        "evlu_amt_smtl_amt": whole(value),
        "evlu_pfls_smtl_amt": whole(value - cost),
        "bfdy_tot_asst_evlu_amt": whole(value + settled),
        "asst_icdc_amt": "0",
        "asst_icdc_erng_rt": "0.00000000",
    }
