"""Words of the chat that clients and the database share."""

from django.db import models


class Role(models.TextChoices):
    """Who wrote a message."""

    USER = "USER"
    ASSISTANT = "ASSISTANT"


class MessageStatus(models.TextChoices):
    """How far a message is; a question carries the state of its answer.

    PENDING: committed, nobody works on it yet. STREAMING: the answer is being written.
    COMPLETE, FAILED and CANCELED are final.
    """

    PENDING = "PENDING"
    STREAMING = "STREAMING"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


OPEN_STATUSES = (MessageStatus.PENDING, MessageStatus.STREAMING)


class Persona(models.TextChoices):
    """In which voice the analyst writes; it never changes a figure."""

    ANALYST = "ANALYST"
    RISK_MANAGER = "RISK_MANAGER"
    TEACHER = "TEACHER"


class EventKind(models.TextChoices):
    """What a ``chat`` frame tells.

    `delta` appends to the shown text; `status` STREAMING empties it, for an answer begins, or
    begins anew; `message` is the whole question, or the whole answer once it is final.
    """

    DELTA = "delta"
    TOOL = "tool"
    MESSAGE = "message"
    STATUS = "status"


class ToolStatus(models.TextChoices):
    """How far one tool call is."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


class Caveat(models.TextChoices):
    """What limits a number; the writer says it in the reader's language."""

    SAMPLE_DATA = "SAMPLE_DATA"
    GENERATED_BARS = "GENERATED_BARS"
    QUOTE_OLD = "QUOTE_OLD"
    SESSION_OPEN = "SESSION_OPEN"
    SHORT_HISTORY = "SHORT_HISTORY"
    SHORTER_THAN_ASKED = "SHORTER_THAN_ASKED"
    SQUARE_ROOT_OF_TIME = "SQUARE_ROOT_OF_TIME"
    NORMAL_TAILS = "NORMAL_TAILS"
    PRICE_RETURNS_ONLY = "PRICE_RETURNS_ONLY"
    LOCAL_CURRENCY_RETURNS = "LOCAL_CURRENCY_RETURNS"
    EQUAL_WEIGHTS = "EQUAL_WEIGHTS"
    MISSING_PRICE = "MISSING_PRICE"
    NO_PORTFOLIO = "NO_PORTFOLIO"
    NO_POSITIONS = "NO_POSITIONS"
    PAPER_MONEY = "PAPER_MONEY"
