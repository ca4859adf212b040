"""Finding documents, and finding no one else's."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tradingplatform.errors import InvalidInputError, NotConfiguredError
from tradingplatform.services.search import (
    OpenSearch,
    SearchDocument,
    SqliteSearch,
    bigrams,
    match_expression,
)

SAMSUNG = SearchDocument(
    key="news:1",
    kind="news",
    title="삼성전자 3분기 실적 발표",
    body="삼성전자가 반도체 호조로 영업이익 10조원을 기록했다.",
    url="https://example.com/1",
)
APPLE = SearchDocument(
    key="news:2",
    kind="news",
    title="Apple earnings beat estimates",
    body="Apple Inc. reported record iPhone revenue; Samsung was mentioned once.",
)
NOTE = SearchDocument(
    key="note:1", kind="note", title="내 메모", body="삼성전자 실적 전에 팔기", owner=42
)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqliteSearch]:
    search = SqliteSearch(path=str(tmp_path / "search.sqlite3"))
    for document in (SAMSUNG, APPLE, NOTE):
        search.index(document)
    yield search
    search.close()


def _keys(index: SqliteSearch, query: str, **options: Any) -> list[str]:
    return [hit.key for hit in index.search(query, **options)]


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("실적", ["news:1"]),
        ("삼성전자", ["news:1"]),
        ("삼성", ["news:1"]),
        ("전자 실적", ["news:1"]),
        ("실적 삼성전자", ["news:1"]),
        ("영업이익", ["news:1"]),
        ("업이", ["news:1"]),
        ("삼", ["news:1"]),
        ("apple", ["news:2"]),
        ("APPLE", ["news:2"]),
        ("iphone revenue", ["news:2"]),
        ("apple 삼성전자", []),
        ("전삼", []),
        ("현대차", []),
        ("", []),
        ("!?*", []),
    ],
)
def test_all_words_must_occur(index: SqliteSearch, query: str, keys: list[str]) -> None:
    assert _keys(index, query) == keys


def test_full_width_and_composed_letters_are_found(index: SqliteSearch) -> None:
    assert _keys(index, "\uff21\uff30\uff30\uff2c\uff25") == ["news:2"]
    assert _keys(index, "\u1109\u1175\u11af\u110c\u1165\u11a8") == ["news:1"]


def test_private_document_is_found_by_its_owner_only(index: SqliteSearch) -> None:
    assert _keys(index, "팔기") == []
    assert _keys(index, "팔기", owner=7) == []
    assert _keys(index, "팔기", owner=42) == ["note:1"]
    assert sorted(_keys(index, "삼성전자", owner=42)) == ["news:1", "note:1"]


def test_kind_narrows_the_search(index: SqliteSearch) -> None:
    assert _keys(index, "삼성전자", owner=42, kind="note") == ["note:1"]


def test_title_weighs_more_than_body(index: SqliteSearch) -> None:
    index.index(SearchDocument(key="t", kind="news", title="foldable phones", body="nothing"))
    index.index(SearchDocument(key="b", kind="news", title="nothing", body="foldable phones"))

    assert _keys(index, "foldable") == ["t", "b"]


def test_new_version_replaces_the_old(index: SqliteSearch) -> None:
    index.index(SearchDocument(key="news:1", kind="news", title="정정 보도", body="내용 없음"))

    assert _keys(index, "영업이익") == []
    assert _keys(index, "정정") == ["news:1"]


def test_deleted_document_is_not_found(index: SqliteSearch) -> None:
    index.delete("news:1")
    index.delete("never:there")

    assert _keys(index, "삼성전자") == []


def test_excerpt_surrounds_the_first_hit(tmp_path: Path) -> None:
    search = SqliteSearch(path=str(tmp_path / "s.sqlite3"))
    body = "서론 " * 200 + "핵심은 배당이다." + " 결론" * 200
    search.index(SearchDocument(key="long", kind="news", title="긴 글", body=body))

    (hit,) = search.search("배당")

    assert "핵심은 배당이다." in hit.excerpt
    assert len(hit.excerpt) <= 242
    search.close()


@pytest.mark.parametrize(
    "query", ['"', '" OR 1=1 --', "title:삼성", "NEAR(a b)", "a*b", "(((", "-", "삼성 NOT 실적"]
)
def test_query_syntax_is_plain_text(index: SqliteSearch, query: str) -> None:
    assert index.search(query, owner=None) in ([], index.search(query))
    assert "note:1" not in _keys(index, query)


def test_limits(index: SqliteSearch) -> None:
    with pytest.raises(InvalidInputError):
        index.search("가" * 201)
    assert len(index.search("a", limit=0)) <= 1


def test_index_survives_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "s.sqlite3")
    first = SqliteSearch(path=path)
    first.index(SAMSUNG)
    first.close()

    second = SqliteSearch(path=path)
    assert _keys(second, "실적") == ["news:1"]
    second.close()


def test_threads_share_one_index(index: SqliteSearch) -> None:
    documents = [
        SearchDocument(key=f"d:{n}", kind="news", title=f"문서 {n}", body="동시성")
        for n in range(40)
    ]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(index.index, documents))

    assert len(_keys(index, "동시성", limit=100)) == 40


def test_pairs_of_characters() -> None:
    assert bigrams("삼성전자 A") == "삼성 성전 전자 자 a"
    assert match_expression("삼성전자 A") == '"삼성 성전 전자" AND "a"*'


def test_opensearch_says_it_is_not_configured() -> None:
    with pytest.raises(NotConfiguredError):
        OpenSearch().search("x")
