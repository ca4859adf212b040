from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.grounding import Evidence, Gate, unconfirmed

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded

RESULT = {
    "symbol": "005930",
    "price": "71500",
    "change_rate": -0.0321,
    "rsi": 62.34,
    "market_value": "1234567890.12",
    "as_of": "2026-11-23T14:05:00+00:00",
    "start": "2022-12-28",
    "portfolio_id": str(uuid4()),
    "name": "Fund 2030",
    "windows": [12, 26, 9],
    "flag": True,
}


def evidence(question=""):
    known = Evidence()
    known.add(RESULT)
    known.add_text(question)
    return known


@pytest.mark.parametrize(
    "text",
    [
        "삼성전자(005930)는 71,500원입니다.",
        "7만 1,500원",
        "7만1500원에 거래됩니다",
        "약 7만원",
        "7.2만 원",
        "12억 3,457만 원",
        "1.23 billion",
        "1,234.6 million KRW",
        "It fell 3.2%, or 3.21 percent.",
        "3.21퍼센트 하락",
        "0.0321",
        "321bp",
        "RSI is 62, exactly 62.3 or 62.34.",
        "On 2022-12-28, Dec 28, 2022, 28 December 2022 and December 28th",
        "2022년 12월 28일, 12월 28일, 12월",
        "as of 14:05 UTC or 23:05 KST",
        "In 2022 and 2026",
        "1. first\n2) second",
        "MACD(12, 26, 9) of Fund 2030",
        "No figures at all.",
    ],
)
def test_figures_of_a_result_hold_however_they_are_written(text):
    assert unconfirmed(text, evidence()) == []


@pytest.mark.parametrize(
    "text",
    [
        "71,501원",
        "7만 1,600원",
        "8만원",
        "71,500,000",
        "12억 4,000만 원",
        "1.24 billion",
        "3.3%",
        "32.1%",
        "RSI is 63.",
        "62.35",
        "2022-12-29",
        "2023년 12월 28일",
        "Dec 29",
        "at 14:06",
        "In 2023",
        "A target of 90",
        "Fund 2031",
        "10. is here 10",
    ],
)
def test_other_figures_do_not(text):
    assert unconfirmed(text, evidence()) != []


@pytest.mark.parametrize(
    "text",
    [
        "I bought the shares.",
        "I have just placed a market order for you.",
        "We've sold them.",
        "Your order has been executed.",
        "주문을 넣었습니다.",
        "삼성전자를 매수했습니다.",
        "출금 완료",
    ],
)
def test_a_deed_that_no_tool_can_do_is_never_confirmed(text):
    assert unconfirmed(text, evidence()) != []


@pytest.mark.parametrize(
    "text",
    [
        "I cannot place orders.",
        "You bought them at 71,500.",
        "주문은 거래 화면에서 직접 하실 수 있습니다.",
        "Overbought and oversold are words.",
        "과매수 구간입니다.",
        "매수 신호는 없습니다.",
    ],
)
def test_talk_of_trading_is_no_deed(text):
    assert unconfirmed(text, evidence()) == []


def test_figures_of_the_question_may_be_repeated():
    assert unconfirmed("at 99% over 10 days with 3억", evidence()) != []
    assert unconfirmed("at 99% over 10 days with 3억", evidence("99% VaR, 10일, 3억원")) == []


def test_a_short_number_does_not_hide_part_of_a_longer_one():
    known = Evidence()
    known.add({"quantity": "30", "value": "30428.94", "name": "Fund 30"})

    assert unconfirmed("30 shares of Fund 30 are worth $30,428.94, or 30,429.", known) == []
    assert unconfirmed("$30,400.94", known) != []


def test_what_is_left_out_leaves_no_hole():
    gate = Gate(evidence())

    shown = "".join([*gate.feed("One.\nIt is 99.\nIt is 98.\nTwo."), *gate.finish()])

    assert shown == "One.\nTwo."


def test_a_truth_value_is_no_number():
    assert unconfirmed("1", evidence("")) != []


def test_the_gate_lets_whole_sentences_through():
    gate = Gate(evidence())

    shown = [
        piece for chunk in "RSI is 62.3. It is 99. \nPrice 71,500" for piece in gate.feed(chunk)
    ]
    shown += gate.finish()

    assert "".join(shown) == "RSI is 62.3.\nPrice 71,500"
    assert gate.rejected == ["It is 99."]


@given(st.lists(st.integers(1, 6)))
def test_the_gate_does_not_depend_on_how_text_is_cut(sizes):
    text = "One is 62.3. Two is 99. Three.\nFour 7만 1,500원. 다섯은 3.2%입니다. 여섯은 50%입니다."
    whole, cut = Gate(evidence()), Gate(evidence())
    expected = "".join([*whole.feed(text), *whole.finish()])
    shown: list[str] = []
    rest = text
    for size in sizes:
        shown += cut.feed(rest[:size])
        rest = rest[size:]
    shown += [*cut.feed(rest), *cut.finish()]

    assert "".join(shown) == expected
    assert cut.rejected == whole.rejected == ["Two is 99.", "여섯은 50%입니다."]


@given(st.decimals(1, 10**9, places=2, allow_nan=False))
def test_every_rounding_of_a_number_holds(number):
    known = Evidence()
    known.add(str(number))

    for digits in (0, 1, 2):
        assert unconfirmed(f"{number:,.{digits}f}", known) == []


@given(st.integers(10, 10**9), st.integers(1, 10**9))
def test_a_number_that_is_off_does_not_hold(number, distance):
    known = Evidence()
    known.add(str(number))

    assert unconfirmed(f"It is {number + distance:,}", known) != []
