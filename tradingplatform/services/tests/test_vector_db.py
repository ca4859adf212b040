"""Vectors whose nearness follows the wording."""

import numpy as np
import pytest

from tradingplatform.errors import NotConfiguredError
from tradingplatform.services.vector_db import BedrockEmbeddings, HashedEmbeddings

TEXTS = ["삼성전자 3분기 실적", "Apple earnings", "금리 인상"]


def test_vectors_have_length_one_and_the_promised_shape() -> None:
    vectors = HashedEmbeddings(dimensions=256).embed(TEXTS)

    assert vectors.shape == (3, 256)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_same_text_gives_the_same_vector_alone_or_in_company() -> None:
    embeddings = HashedEmbeddings()

    together = embeddings.embed(TEXTS)

    for row, text in zip(together, TEXTS, strict=True):
        np.testing.assert_array_equal(row, embeddings.embed([text])[0])


def test_vector_does_not_depend_on_the_process() -> None:
    (vector,) = HashedEmbeddings(dimensions=8).embed(["삼성전자"])

    expected = [-0.408248, 0.0, -0.408248, 0.57735, 0.0, 0.0, -0.408248, 0.408248]
    assert vector.shape == (8,)
    np.testing.assert_allclose(np.linalg.norm(vector), 1, atol=1e-6)
    np.testing.assert_allclose(vector, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("삼성전자 실적", "삼성전자의 실적 발표", "미국 금리 인상"),
        ("Apple earnings", "earnings of APPLE Inc.", "oil price falls"),
        ("value at risk", "value-at-risk of a portfolio", "chat rooms"),
    ],
)
def test_similar_wording_is_nearer(text: str, near: str, far: str) -> None:
    a, b, c = HashedEmbeddings().embed([text, near, far])

    assert float(a @ b) > float(a @ c) + 0.2


def test_case_and_width_do_not_matter() -> None:
    plain, wide = HashedEmbeddings().embed(
        ["apple 10", "\uff21\uff30\uff30\uff2c\uff25 \uff11\uff10"]
    )

    np.testing.assert_array_equal(plain, wide)


def test_text_without_words_is_the_zero_vector() -> None:
    assert not HashedEmbeddings().embed(["", "!?"]).any()
    assert HashedEmbeddings().embed([]).shape == (0, 512)


def test_bedrock_says_it_is_not_configured() -> None:
    with pytest.raises(NotConfiguredError):
        BedrockEmbeddings().embed(["x"])
