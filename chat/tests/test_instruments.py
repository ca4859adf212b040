import pytest

from chat.instruments import instruments_in
from market.selectors import instruments_named
from market.tests.factories import instrument_make
from tests.query_budget import query_budget

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("What is the RSI of Apple?", ["AAPL"]),
        ("msft and 005930", ["MSFT", "005930"]),
        ("삼성전자는 어때?", ["005930"]),
        ("하이닉스 위험은?", ["000660"]),
        ("Tell me about the market", []),
    ],
)
def test_a_question_looks_at_few_of_many_instruments(text, symbols):
    for symbol in ("AAPL", "MSFT", "005930", "000660"):
        instrument_make(symbol)
    for number in range(60):
        instrument_make(f"X{number}", name_en=f"Zeta {number}", name_ko=f"제타 {number}")

    with query_budget("chat:instruments in a question"):
        found = instruments_in(text)

    assert [each.symbol for each in found] == symbols
    assert len(instruments_named(text)) < 10


def test_a_delisted_instrument_is_not_found_in_a_question():
    instrument_make("AAPL", is_active=False)

    assert instruments_in("Apple?") == []


def test_never_more_instruments_than_can_be_looked_at(monkeypatch):
    monkeypatch.setattr("market.selectors.NAMED_MAX", 5)
    for number in range(9):
        instrument_make(f"Z{number}", name_en=f"Zeta {number}")

    assert len(instruments_named("zeta")) == 5
