import pytest

from market.names import name_fields, name_key, text_keys, text_symbols

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Apple Inc.", "apple"),
        ("The Coca-Cola Company", "coca"),
        ("AT&T Inc.", "at"),
        ("Group 1 Automotive", "1"),
        ("삼성전자", "삼성"),
        ("SK하이닉스", "sk"),
        ("KODEX 200", "kodex"),
        ("The Group", ""),
        ("", ""),
    ],
)
def test_a_name_is_kept_under_its_first_word(name, key):
    assert name_key(name) == key


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("How is Apple's RSI?", "Apple Inc."),
        ("Buy some COCA-COLA?", "The Coca-Cola Company"),
        ("삼성전자는 어때?", "삼성전자"),
        ("SK하이닉스의 위험은", "SK하이닉스"),
        ("주가Apple은", "Apple"),
        ("kodex 200이랑", "KODEX 200"),
    ],
)
def test_a_text_has_the_key_of_a_name_in_it(text, name):
    assert name_key(name) in text_keys(text)


def test_symbols_of_a_text():
    assert {"BRK.B", "005930", "AAPL", "BAC-B"} <= text_symbols("brk.b, 005930이랑 aapl; BAC-B")


def test_a_long_text_is_cut():
    assert len(text_keys(" ".join(f"w{n}" for n in range(10_000)))) <= 600


def test_fields_of_names():
    assert name_fields("Samsung Electronics", "삼성전자") == {
        "initials_ko": "ㅅㅅㅈㅈ",
        "key_en": "samsung",
        "key_ko": "삼성",
    }
