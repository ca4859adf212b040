import pytest

from market.hangul import initials_of, is_initials


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("삼성전자", "ㅅㅅㅈㅈ"),
        ("SK하이닉스", "SKㅎㅇㄴㅅ"),
        ("쌍용 씨앤이", "ㅆㅇㅆㅇㅇ"),
        ("힣가", "ㅎㄱ"),
        ("kb금융", "KBㄱㅇ"),
        ("", ""),
    ],
)
def test_initials(name, initials):
    assert initials_of(name) == initials


@pytest.mark.parametrize(
    ("text", "answer"), [("ㅅㅅ", True), ("삼", False), ("ㅅS", False), ("ㅏ", False), ("", False)]
)
def test_only_consonants_are_initials(text, answer):
    assert is_initials(text) is answer
