"""Overseas (US) orders and account."""

from decimal import Decimal

from tests.emulators.kis.book import BUY, SELL, USD, Account, Book, Fill, Holding, Order
from tests.emulators.kis.codes import PAPER, account_answer, bad_field, refusal
from tests.emulators.kis.exchange import Ticket
from tests.emulators.kis.formats import fixed, order_number, rate, whole
from tests.emulators.kis.market import Line, UnknownSymbolError
from tests.emulators.kis.overseas import EXCHANGE_RATE
from tests.emulators.kis.paging import listed, page
from tests.emulators.kis.trading import SIDES, Desk, branch, count, price_field
from tests.emulators.kis.trs import Call, Tr
from tests.emulators.timekeeping import KST, NEW_YORK
from tests.emulators.web import Answer, Json

BASE = "/uapi/overseas-stock/v1/trading/"
ACCOUNT = ("CANO", "ACNT_PRDT_CD")
PAGED = (*ACCOUNT, "CTX_AREA_FK200", "CTX_AREA_NK200")
BUY_IDS, SELL_IDS = ("TTTT1002U", "VTTT1002U"), ("TTTT1006U", "VTTT1001U", "VTTT1006U")
KINDS = {BUY: {"00", "32", "34", "35", "36"}, SELL: {"00", "31", "32", "33", "34", "35", "36"}}
SIDE_NAMES = {BUY: "매수", SELL: "매도"}


class OverseasTrading(Desk):
    """The handlers."""

    def order(self, call: Call) -> Answer:
        side = BUY if call.tr_id in BUY_IDS else SELL
        kind = call["ORD_DVSN"]
        if kind not in KINDS[side] or (call.side == PAPER and kind != "00"):
            raise bad_field("ORD_DVSN")
        ticket = Ticket(
            account=self.exchange.book.accounts[call.account],
            line=self._line(call),
            side=side,
            kind=kind,
            quantity=count(call, "ORD_QTY"),
            price=price_field(call, "OVRS_ORD_UNPR"),
            exchange=call["OVRS_EXCG_CD"],
        )
        return self.sent(call, self.exchange.place(ticket), side)

    def change(self, call: Call) -> Answer:
        order = self.open_order(call)
        if call["RVSE_CNCL_DVSN_CD"] == "02":
            return self.sent(call, self.exchange.cancel(order, quantity=None), "cancel")
        if call["RVSE_CNCL_DVSN_CD"] != "01":
            raise bad_field("RVSE_CNCL_DVSN_CD")
        if order.kind in {"35", "36"}:
            raise refusal("nothing_left", call.side)
        new = self.exchange.amend(
            order,
            quantity=count(call, "ORD_QTY"),
            price=price_field(call, "OVRS_ORD_UNPR"),
            kind=order.kind,
        )
        return self.sent(call, new, "amend")

    def _line(self, call: Call) -> Line:
        name = "PDNO" if "PDNO" in call.fields else "ITEM_CD"
        try:
            line = call.state.market.line(call[name])
        except UnknownSymbolError:
            line = None
        if line is None or line.instrument.order_exchange != call["OVRS_EXCG_CD"]:
            raise refusal("symbol", call.side)
        return line

    def open_orders(self, call: Call) -> Answer:
        orders = self.book_of(call).open_orders(account=call.account)
        rows = [
            _order_row(call, order)
            for order in sorted(orders, key=lambda o: -o.number)
            if order.currency == USD and _is_of(call, order.exchange)
        ]
        found = page(call, rows, 40, 200)
        return listed(call, found, output=found.rows)

    def orders(self, call: Call) -> Answer:
        """List by the local date; paper knows only the whole list."""
        first, last = call["ORD_STRT_DT"], call["ORD_END_DT"]
        if call.side == PAPER and call["PDNO"] not in {"", "%"}:
            raise bad_field("PDNO")
        rows = []
        for order in self.book_of(call).orders.values():
            if order.account != call.account or order.currency != USD:
                continue
            day = f"{order.at.astimezone(NEW_YORK):%Y%m%d}"
            if first <= day <= last and _is_wanted(call, order):
                rows.append(_order_row(call, order))
        if call["SORT_SQN"] != "AS":
            rows.reverse()
        found = page(call, rows, 20 if call.side != PAPER else 15, 200)
        return listed(call, found, output=found.rows)

    def balance(self, call: Call) -> Answer:
        book = self.book_of(call)
        account = book.accounts[call.account]
        held = [(h, line) for h, line in _held(call, account) if _is_of(call, _excg(line))]
        rows = [_holding_row(call, book, account, h, line) for h, line in held]
        # The service ends its list with a row of blanks.
        rows.append(dict.fromkeys(rows[0] if rows else ("ovrs_pdno",), ""))
        found = page(call, rows, 100, 200)
        return listed(call, found, output1=found.rows, output2=_totals(held))

    def present_balance(self, call: Call) -> Answer:
        book = self.book_of(call)
        account = book.accounts[call.account]
        held = _held(call, account)
        totals = _totals(held)
        value = sum((line.last * h.quantity for h, line in held), Decimal(0))
        cash = account.cash[USD]
        midnight = call.state.clock.new_york().replace(hour=0, minute=0, second=0, microsecond=0)
        fills = book.fills_since(midnight, account, USD)
        rows = [
            _present_row(line, h, [f for f in fills if f.symbol == h.symbol], free)
            for h, line in held
            for free in (book.free_quantity(account, h.symbol),)
        ]
        currency = {
            "crcy_cd": USD,
            "crcy_cd_name": "미국 달러",
            "frcr_buy_amt_smtl": totals["frcr_pchs_amt1"],
            "frcr_sll_amt_smtl": "0.00000",
            "frcr_dncl_amt_2": fixed(cash, 6),
            "frst_bltn_exrt": fixed(EXCHANGE_RATE, 8),
            "frcr_buy_mgn_amt": "0.000000",
            "frcr_etc_mgna": "0.000000",
            "frcr_drwg_psbl_amt_1": fixed(cash, 6),
            "frcr_evlu_amt2": fixed(value, 6),
            "acpl_cstd_crcy_yn": "Y",
            "nxdy_frcr_drwg_psbl_amt": fixed(cash, 6),
        }
        sums = {
            "pchs_amt_smtl": whole(Decimal(totals["frcr_pchs_amt1"]) * EXCHANGE_RATE),
            "evlu_amt_smtl": whole(value * EXCHANGE_RATE),
            "evlu_pfls_amt_smtl": whole(Decimal(totals["ovrs_tot_pfls"]) * EXCHANGE_RATE),
            "dncl_amt": "0",
            "tot_dncl_amt": whole(cash * EXCHANGE_RATE),
            "frcr_evlu_tota": whole(cash * EXCHANGE_RATE),
            "tot_asst_amt": whole((value + cash) * EXCHANGE_RATE),
            "evlu_erng_rt1": totals["tot_pftrt"],
        }
        body = {"output1": rows, "output2": [currency], "output3": sums}
        return account_answer(call.side, more=False, empty=False, body=body)

    def buying_power(self, call: Call) -> Answer:
        book = self.exchange.book
        self._line(call)
        cash = max(Decimal(0), book.free_cash(book.accounts[call.account], USD))
        price = price_field(call, "OVRS_ORD_UNPR")
        quantity = str(int(cash // price)) if price else "0"
        output = {
            "tr_crcy_cd": USD,
            "ord_psbl_frcr_amt": fixed(cash, 2),
            "sll_ruse_psbl_amt": "0.00",
            "ovrs_ord_psbl_amt": fixed(cash, 2),
            "max_ord_psbl_qty": quantity,
            "echm_af_ord_psbl_amt": "0",
            "echm_af_ord_psbl_qty": "0",
            "ord_psbl_qty": quantity,
            "exrt": fixed(EXCHANGE_RATE, 10),
            "frcr_ord_psbl_amt1": fixed(cash, 2),
            "ovrs_max_ord_psbl_qty": quantity,
        }
        return account_answer(call.side, more=False, empty=False, body={"output": output})

    def trs(self) -> list[Tr]:
        order = (*ACCOUNT, "OVRS_EXCG_CD", "PDNO", "ORD_QTY", "OVRS_ORD_UNPR", "ORD_DVSN")
        change = (*order[:-1], "ORGN_ODNO", "RVSE_CNCL_DVSN_CD")
        dates = ("PDNO", "ORD_STRT_DT", "ORD_END_DT", "SLL_BUY_DVSN", "CCLD_NCCS_DVSN")
        orders = (BUY_IDS[0], SELL_IDS[0]), (BUY_IDS[1], *SELL_IDS[1:])
        return [
            Tr(f"{BASE}order", *orders, self.order, order, "POST"),
            Tr(f"{BASE}order-rvsecncl", ("TTTT1004U",), ("VTTT1004U",), self.change, change,
               "POST"),
            Tr(f"{BASE}inquire-nccs", ("TTTS3018R",), (), self.open_orders, PAGED),
            Tr(f"{BASE}inquire-ccnl", ("TTTS3035R",), ("VTTS3035R",), self.orders,
               (*PAGED, *dates)),
            Tr(f"{BASE}inquire-balance", ("TTTS3012R",), ("VTTS3012R",), self.balance,
               (*PAGED, "OVRS_EXCG_CD", "TR_CRCY_CD")),
            Tr(f"{BASE}inquire-present-balance", ("CTRP6504R",), ("VTRP6504R",),
               self.present_balance,
               (*ACCOUNT, "WCRC_FRCR_DVSN_CD", "NATN_CD", "TR_MKET_CD", "INQR_DVSN_CD")),
            Tr(f"{BASE}inquire-psamount", ("TTTS3007R",), ("VTTS3007R",), self.buying_power,
               (*ACCOUNT, "OVRS_EXCG_CD", "OVRS_ORD_UNPR", "ITEM_CD")),
        ]  # fmt: skip


def _excg(line: Line) -> str:
    return line.instrument.order_exchange


def _is_of(call: Call, exchange: str) -> bool:
    """On the real side NASD means all of the US, NAS the one exchange."""
    asked = call["OVRS_EXCG_CD"]
    if asked in {"", "%"} or (asked == "NASD" and call.side != PAPER):
        return True
    return exchange == ("NASD" if asked == "NAS" else asked)


def _is_wanted(call: Call, order: Order) -> bool:
    return (
        call["PDNO"] in {"", "%", order.symbol}
        and call["SLL_BUY_DVSN"] in {"", "00", SIDES[order.side]}
        and _is_of(call, order.exchange)
        and {"01": order.filled > 0, "02": order.remaining > 0}.get(call["CCLD_NCCS_DVSN"], True)
    )


def _held(call: Call, account: Account) -> list[tuple[Holding, Line]]:
    pairs = ((h, call.state.market.line(h.symbol)) for h in account.holdings.values())
    return [(h, line) for h, line in pairs if h.quantity and not line.instrument.is_domestic]


def _order_row(call: Call, order: Order) -> Json:
    korea = order.at.astimezone(KST)
    deed = {"new": ("00", ""), "amend": ("01", "정정"), "cancel": ("02", "취소")}[order.deed]
    return {
        "ord_dt": f"{order.at.astimezone(NEW_YORK):%Y%m%d}",
        "dmst_ord_dt": f"{korea:%Y%m%d}",
        "ord_gno_brno": branch(call.side),
        "odno": order_number(order.number),
        "orgn_odno": order_number(order.original) if order.original else "",
        "pdno": order.symbol,
        "prdt_name": call.state.market.line(order.symbol).instrument.name,
        "sll_buy_dvsn_cd": SIDES[order.side],
        "sll_buy_dvsn_cd_name": SIDE_NAMES[order.side],
        "rvse_cncl_dvsn_cd": deed[0],
        "rvse_cncl_dvsn_cd_name": deed[1],
        "rvse_cncl_dvsn": deed[0],
        "rvse_cncl_dvsn_name": deed[1],
        "rjct_rson": "",
        "rjct_rson_name": "",
        "ord_tmd": f"{korea:%H%M%S}",
        "thco_ord_tmd": f"{korea:%H%M%S}",
        "tr_mket_name": order.exchange,
        "tr_crcy_cd": USD,
        "natn_cd": "840",
        "natn_kor_name": "미국",
        "tr_natn": "840",
        "tr_natn_name": "미국",
        "ft_ord_qty": str(order.quantity),
        "ft_ccld_qty": str(order.filled),
        "nccs_qty": str(order.remaining),
        "ft_ord_unpr3": fixed(order.price, 8),
        "ft_ccld_unpr3": fixed(order.average, 8),
        "ft_ccld_amt3": fixed(order.amount, 5),
        "ovrs_excg_cd": order.exchange,
        "prcs_stat_name": "전송" if order.remaining else "완료",
        "loan_type_cd": "10",
        "loan_dt": "",
        "mdia_dvsn_name": "OpenAPI",
        "usa_amk_exts_rqst_yn": "N",
        "splt_buy_attr_name": "",
    }


def _holding_row(call: Call, book: Book, account: Account, holding: Holding, line: Line) -> Json:
    number, product = account.number.split("-")
    value = line.last * holding.quantity
    return {
        "cano": number,
        "acnt_prdt_cd": product,
        "prdt_type_cd": line.instrument.product_type,
        "ovrs_pdno": holding.symbol,
        "ovrs_item_name": line.instrument.name,
        "frcr_evlu_pfls_amt": fixed(value - holding.cost, 6),
        "evlu_pfls_rt": rate(value - holding.cost, holding.cost),
        "pchs_avg_pric": fixed(holding.average, 4),
        "ovrs_cblc_qty": str(holding.quantity),
        "ord_psbl_qty": str(book.free_quantity(account, holding.symbol)),
        "frcr_pchs_amt1": fixed(holding.cost, 5),
        "ovrs_stck_evlu_amt": fixed(value, 8),
        "now_pric2": fixed(line.last, 6),
        "tr_crcy_cd": USD,
        "ovrs_excg_cd": line.instrument.order_exchange,
        "loan_type_cd": "10",
        "loan_dt": "",
        "expd_dt": "",
    }


def _totals(held: list[tuple[Holding, Line]]) -> Json:
    cost = sum((h.cost for h, _ in held), Decimal(0))
    profit = sum((line.last * h.quantity for h, line in held), Decimal(0)) - cost
    return {
        "frcr_pchs_amt1": fixed(cost, 5),
        "ovrs_rlzt_pfls_amt": "0.00000",
        "ovrs_tot_pfls": fixed(profit, 5),
        "rlzt_erng_rt": "0.00000000",
        "tot_evlu_pfls_amt": fixed(profit, 8),
        "tot_pftrt": fixed(profit / cost * 100 if cost else 0, 8),
        "frcr_buy_amt_smtl1": fixed(cost, 5),
        "ovrs_rlzt_pfls_amt2": "0.00000",
        "frcr_buy_amt_smtl2": fixed(cost, 5),
    }


def _present_row(line: Line, holding: Holding, fills: list[Fill], free: int) -> Json:
    value = line.last * holding.quantity
    return {
        "prdt_name": line.instrument.name,
        "cblc_qty13": fixed(holding.quantity, 8),
        "thdt_buy_ccld_qty1": fixed(sum(f.quantity for f in fills if f.side == BUY), 8),
        "thdt_sll_ccld_qty1": fixed(sum(f.quantity for f in fills if f.side == SELL), 8),
        "ccld_qty_smtl1": fixed(holding.quantity, 8),
        "ord_psbl_qty1": fixed(free, 8),
        "frcr_pchs_amt": fixed(holding.cost, 5),
        "frcr_evlu_amt2": fixed(value, 5),
        "evlu_pfls_amt2": fixed(value - holding.cost, 5),
        "evlu_pfls_rt1": rate(value - holding.cost, holding.cost),
        "pdno": holding.symbol,
        "bass_exrt": fixed(EXCHANGE_RATE, 8),
        "buy_crcy_cd": USD,
        "ovrs_now_pric1": fixed(line.last, 5),
        "avg_unpr3": fixed(holding.average, 5),
        "tr_mket_name": line.instrument.order_exchange,
        "natn_kor_name": "미국",
        "pchs_rmnd_wcrc_amt": whole(holding.cost * EXCHANGE_RATE),
        "unit_amt": "1",
        "std_pdno": f"EMU{holding.symbol:>09}",
        "prdt_type_cd": line.instrument.product_type,
        "ovrs_excg_cd": line.instrument.order_exchange,
        "item_lnkg_excg_cd": line.instrument.exchange,
        "scts_dvsn_name": "해외주식",
        "loan_rmnd": "0",
        "loan_dt": "",
    }
