"""The language model that plans tool calls and writes answers."""

from typing import Protocol


class AiChat(Protocol):
    """What the container needs of every backend; the chat app adds planning and writing."""

    def ping(self) -> None: ...
    def close(self) -> None: ...
    def describe(self) -> str: ...
