"""The secrets of a run, and the search for them in whatever was written."""

import re
from base64 import b64encode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

CHARACTERS_MIN = 8
SHOWN_BEFORE = 60


@dataclass
class Vault:
    """What was planted, by kind. Codes are short numbers, which may also stand there by chance."""

    secrets: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    codes: set[str] = field(default_factory=set)

    def keep(self, kind: str, *texts: str) -> str:
        """Note secrets of a kind; return the first."""
        assert all(len(text) >= CHARACTERS_MIN for text in texts), kind
        self.secrets[kind] |= set(texts)
        return texts[0]

    def keep_code(self, code: str) -> str:
        """Note a code of an authenticator app."""
        self.codes.add(code)
        return code

    def found_in(self, where: str, content: bytes, *, asked: bytes = b"") -> list[str]:
        """Return where secrets stand in a text, in clear or merely encoded.

        Those in ``asked``, the address that somebody typed, may stand in the answer to them.
        """
        return [
            f"{where}: {kind} behind {_before(content, content.index(form))!r}"
            for kind, texts in self.secrets.items()
            for text in texts
            if not any(form in asked for form in forms(text))
            for form in forms(text)
            if form in content
        ]

    def codes_in(self, where: str, content: bytes) -> list[str]:
        """Return where codes stand as numbers of their own."""
        return [
            f"{where}: OTP code behind {_before(content, hit.start())!r}"
            for code in self.codes
            for hit in re.finditer(rb"(?<![\d.])%b(?![\d.])" % code.encode(), content)
        ]

    def searched(self, pieces: Iterable[tuple[str, bytes]]) -> tuple[int, list[str]]:
        """Search named texts; return how many bytes that was, and what was found."""
        size, found = 0, []
        for where, content in pieces:
            size += len(content)
            found += self.found_in(where, content)
        return size, found


def forms(secret: str) -> set[bytes]:
    """Return a secret as it is and in the encodings that hide nothing."""
    raw = secret.encode()
    encoded = {b64encode(raw), urlsafe_b64encode(raw)}
    return {
        raw,
        raw.hex().encode(),
        quote(secret).encode(),
        quote(secret, safe="").encode(),
        secret.replace("\n", "\\n").encode(),
        *(text.rstrip(b"=")[:-1] for text in encoded),
    }


def _before(content: bytes, at: int) -> bytes:
    return content[max(0, at - SHOWN_BEFORE) : at]
