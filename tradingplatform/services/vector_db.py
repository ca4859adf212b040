"""Turn texts into vectors whose nearness follows their wording."""

import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tradingplatform.errors import NotConfiguredError

Vectors = NDArray[np.float32]


class VectorDb(Protocol):
    """Embeddings of short texts."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return vectors of shape (n_texts, n_dimensions), each of length 1.

        A text without any letter or digit gives the zero vector.
        """
        ...

    def ping(self) -> None: ...
    def close(self) -> None: ...
    def describe(self) -> str: ...


class HashedEmbeddings:
    """Count hashed character n-grams: any language, deterministic, no model to download.

    Each n-gram (2 to 4 characters, word borders marked) falls on one dimension with a
    sign, both from its CRC, so that collisions cancel out on average; counts are damped
    by a square root and the vector is scaled to length 1.
    """

    def __init__(self, *, dimensions: int = 512) -> None:
        self._dimensions = dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self._dimensions), dtype=np.float64)
        for row, text in zip(rows, texts, strict=True):
            for gram in _ngrams(text):
                digest = zlib.crc32(gram.encode())
                row[(digest >> 1) % self._dimensions] += 1.0 if digest & 1 else -1.0
        rows = np.sign(rows) * np.sqrt(np.abs(rows))
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return (rows / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)

    def ping(self) -> None:
        self.embed(["ping"])

    def close(self) -> None:
        return

    def describe(self) -> str:
        return f"hashed character n-grams, {self._dimensions} dimensions"


class BedrockEmbeddings:
    """Amazon Bedrock, not configured in this version: it says so instead of guessing."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        raise _not_configured()

    def ping(self) -> None:
        raise _not_configured()

    def close(self) -> None:
        return

    def describe(self) -> str:
        return "Amazon Bedrock (not configured)"


def _ngrams(text: str) -> Iterator[str]:
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = "".join(char if char.isalnum() else " " for char in plain).split()
    for word in words:
        marked = f"<{word}>"
        for size in (2, 3, 4):
            for start in range(len(marked) - size + 1):
                yield marked[start : start + size]


def _not_configured() -> NotConfiguredError:
    return NotConfiguredError("Embeddings from Amazon Bedrock are not configured.")
