"""A market to ask about, and what a room told its sockets."""

from collections.abc import Callable
from typing import Any

import pytest

from chat.models import ChatMessage, ChatRoom
from chat.tests.factories import market_make
from market.models import Instrument
from tradingplatform.db.models import OutboxEvent
from tradingplatform.db.outbox import frame_of


@pytest.fixture
def market() -> dict[str, Instrument]:
    return market_make()


@pytest.fixture
def frames() -> Callable[[ChatRoom], list[dict[str, Any]]]:
    """Return every frame of a room's stream, in order."""

    def read(room: ChatRoom) -> list[dict[str, Any]]:
        events = OutboxEvent.objects.for_user(room.account_db_key).filter(stream=f"chat:{room.id}")
        return [frame_of(event) for event in events.order_by("stream_seq")]

    return read


@pytest.fixture
def answer_of() -> Callable[[ChatMessage], ChatMessage]:
    """Return the answer to a question as it is now."""

    def read(question: ChatMessage) -> ChatMessage:
        messages = ChatMessage.objects.for_user(question.account_db_key)
        return messages.get(in_reply_to=question.id)

    return read
