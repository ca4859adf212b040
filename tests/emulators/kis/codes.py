"""Envelopes and codes of KIS answers."""

from dataclasses import dataclass
from typing import Any

from tests.emulators.web import Answer, Json

REAL, PAPER = "real", "paper"
MESSAGE_WIDTH = 80


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 - a business answer, not a fault of the program
    """The request is refused; carries what the answer says."""

    code: str
    text: str
    rt_cd: str = "1"
    status: int = 200

    def answer(self) -> Answer:
        body = {"rt_cd": self.rt_cd, "msg_cd": self.code, "msg1": self.text}
        return Answer(body, self.status)


@dataclass(eq=False)
class OAuthRefusal(Refusal):
    """OAuth answers have a shape of their own."""

    status: int = 403

    def answer(self) -> Answer:
        return Answer({"error_description": self.text, "error_code": self.code}, self.status)


GATEWAY_TEXTS = {
    "EGW00001": "일시적 오류가 발생했습니다.",
    "EGW00101": "유효하지 않은 요청입니다.",
    "EGW00102": "유효하지 않은 grant_type입니다.",
    "EGW00103": "유효하지 않은 AppKey입니다.",
    "EGW00105": "유효하지 않은 AppSecret입니다.",
    "EGW00121": "유효하지 않은 token 입니다.",
    "EGW00122": "token을 찾을 수 없습니다.",
    "EGW00123": "기간이 만료된 token 입니다.",
    "EGW00131": "유효하지 않은 hashkey 입니다.",
    "EGW00132": "Content-Type이 유효하지 않습니다.",
    "EGW00133": "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)",
    "EGW00201": "초당 거래건수를 초과하였습니다.",
    "EGW00202": "GW라우팅 중 오류가 발생했습니다.",
    "EGW00208": "고객유형(custtype)이 유효하지 않습니다.",
    "EGW00215": "원장 초당 거래건수를 초과하였습니다.",
    "EGW00300": "필수 헤더(tr_id)가 없습니다.",
    "EGW02004": "실전투자 도메인이 아닙니다.",
    "EGW02006": "모의투자 TR 이 아닙니다.",
    "IGW00007": "원장 조회 중 오류가 발생했습니다.",
    "IGW00009": "원장 조회 중 오류가 발생했습니다.",
    "OPSQ0002": "없는 서비스 코드 입니다.",
    "OPSQ9997": "JSON PARSING ERROR",
}


def gateway(code: str, status: int = 500) -> Refusal:
    return Refusal(code, GATEWAY_TEXTS.get(code, "emulated"), "1", status)


def oauth(code: str) -> OAuthRefusal:
    return OAuthRefusal(code, GATEWAY_TEXTS[code])


def missing_field(name: str) -> Refusal:
    return Refusal(
        "OPSQ2001", f"ERROR : INPUT FIELD NOT FOUND [{name}] INVALID_CHECK_{name}", rt_cd="2"
    )


def bad_field(name: str) -> Refusal:
    return Refusal("OPSQ2001", f"ERROR : INPUT FIELD VALUE INVALID_CHECK_{name}", rt_cd="2")


def long_field(name: str) -> Refusal:
    return Refusal("OPSQ2002", f"ERROR : INPUT FIELD SIZE [{name}]", rt_cd="2")


def bad_account() -> Refusal:
    return Refusal("OPSQ2000", "ERROR : INPUT INVALID_CHECK_ACNO", rt_cd="2")


def no_data() -> Refusal:
    return Refusal("OPSQ0007", "조회할 자료가 없습니다.", rt_cd="7")


# Business refusals by (what, side). Codes that no source gives are the emulator's choice and
# marked so in docs/emulators.md: read the text.
REFUSALS: dict[tuple[str, str], tuple[str, str, str]] = {
    ("cash", REAL): ("APBK0952", "주문가능금액을 초과 했습니다", "7"),
    ("cash", PAPER): ("40250000", "모의투자 주문가능금액이 부족합니다.", "1"),
    ("holdings", REAL): ("APBK0400", "주문 가능한 수량을 초과했습니다.", "1"),
    ("holdings", PAPER): ("40240000", "모의투자 잔고내역이 없습니다.", "1"),
    ("symbol", REAL): ("APBK0656", "해당종목정보가 없습니다.", "1"),
    ("symbol", PAPER): ("40070000", "모의투자 매매불가 종목입니다.", "1"),
    ("price", REAL): (
        "APBK0919",
        "주문단가가 호가단위에 맞지 않거나 상하한가를 벗어났습니다.",
        "1",
    ),
    ("price", PAPER): ("40270000", "모의투자 주문단가가 유효하지 않습니다.", "1"),
    ("nothing_left", REAL): ("APBK0344", "정정취소 가능수량이 없습니다.", "1"),
    ("nothing_left", PAPER): ("40330000", "모의투자 정정/취소할 수량이 없습니다.", "1"),
    ("before", REAL): ("APBK0919", "장운영시간이 아닙니다.(주문불가)", "1"),
    ("before", PAPER): ("40570000", "모의투자 장시작전 입니다.", "1"),
    ("after", REAL): ("APBK0918", "장종료 되었습니다.", "1"),
    ("after", PAPER): ("40580000", "모의투자 장종료 입니다.", "1"),
    ("holiday", REAL): ("APBK0919", "영업일이 아닙니다.", "1"),
    ("holiday", PAPER): ("40100000", "모의투자 영업일이 아닙니다.", "1"),
    ("overseas_closed", REAL): ("APBK1664", "해외시장 장운영시간이 아닙니다.", "1"),
    ("overseas_closed", PAPER): ("40570000", "모의투자 장시작전 입니다.", "1"),
}


def refusal(what: str, side: str) -> Refusal:
    code, text, rt_cd = REFUSALS[what, side]
    return Refusal(code, _padded(text), rt_cd)


ACCEPTED: dict[tuple[str, str], tuple[str, str]] = {
    ("buy", PAPER): ("40600000", "모의투자 매수주문이 완료 되었습니다."),
    ("sell", PAPER): ("40590000", "모의투자 매도주문이 완료 되었습니다."),
    ("amend", PAPER): ("40620000", "모의투자 정정주문이 완료 되었습니다."),
    ("cancel", PAPER): ("40630000", "모의투자 취소주문이 완료 되었습니다."),
}


def quotation(**outputs: Any) -> Answer:
    return Answer({"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "정상처리 되었습니다.", **outputs})


def accepted(what: str, side: str, output: Json) -> Answer:
    code, text = ACCEPTED.get((what, side), ("APBK0013", "주문 전송 완료 되었습니다."))
    return Answer({"rt_cd": "0", "msg_cd": code, "msg1": _padded(text), "output": output})


def account_answer(side: str, *, more: bool, empty: bool, body: Json) -> Answer:
    if side == PAPER:
        code, text = "20310000", "모의투자 조회가 완료되었습니다."
    elif more:
        code, text = "KIOK0500", "조회가 계속됩니다..다음버튼을 Click 하십시오."
    elif empty:
        code, text = "KIOK0560", "조회할 내용이 없습니다"
    else:
        code, text = "KIOK0510", "조회가 완료되었습니다"
    return Answer({"rt_cd": "0", "msg_cd": code, "msg1": _padded(text), **body})


def _padded(text: str) -> str:
    return text.ljust(MESSAGE_WIDTH)
