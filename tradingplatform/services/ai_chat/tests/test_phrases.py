import string

import pytest

from tradingplatform.services.ai_chat.formats import (
    level,
    money,
    number,
    percent,
    quantity,
    signed_money,
)
from tradingplatform.services.ai_chat.locale import en, ko

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize(("english", "korean"), [(en, ko)])
def test_both_languages_say_the_same_things(english, korean):
    assert set(english.PHRASES) == set(korean.PHRASES)
    money_keys = {"money.KRW", "money.USD", "money.other"}
    for key in set(english.PHRASES) - money_keys:
        assert placeholders(english.PHRASES[key]) == placeholders(korean.PHRASES[key]), key


@pytest.mark.parametrize(
    ("amount", "currency", "english", "korean"),
    [
        ("71500", "KRW", "71,500 KRW", "71,500원"),
        ("1234567.5", "USD", "$1,234,567.50", "1,234,567.50달러"),
        ("-12.3", "USD", "$-12.30", "-12.30달러"),
        (71499.6, "KRW", "71,500 KRW", "71,500원"),
        ("5", "EUR", "5.00 EUR", "5.00 EUR"),
        ("5", "", "5.00", "5.00"),
    ],
)
def test_money(amount, currency, english, korean):
    assert money(amount, currency, "en") == english
    assert money(amount, currency, "ko") == korean


@pytest.mark.parametrize(
    ("amount", "text"),
    [("715", "+715 KRW"), ("-715", "-715 KRW"), ("0", "0 KRW")],
)
def test_signed_money(amount, text):
    assert signed_money(amount, "KRW", "en") == text


def test_numbers():
    assert percent(0.01234) == "1.23%"
    assert percent(0.01234, signed=True) == "+1.23%"
    assert percent(-0.00001) == "0.00%"
    assert (level(0.95), level(0.975), level(0.999)) == ("95%", "97.5%", "99.9%")
    assert number(1234.565, digits=2) == "1,234.57"
    assert (quantity("1234"), quantity("0.5"), quantity("12")) == ("1,234", "0.5", "12")
