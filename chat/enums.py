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
    """What a ``chat`` frame tells; `message` replaces the shown text, `delta` appends to it."""

    DELTA = "delta"
    TOOL = "tool"
    MESSAGE = "message"
    STATUS = "status"


class ToolStatus(models.TextChoices):
    """How far one tool call is."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
