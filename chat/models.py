"""Rooms and messages; both live on their owner's shard."""

from typing import Self

from django.db import models

from chat.enums import OPEN_STATUSES, MessageStatus, Persona, Role
from tradingplatform.clock import now
from tradingplatform.db.models import ShardedQuerySet, UserRow

TITLE_CHARACTERS = 120
CONTENT_CHARACTERS = 4000
CLIENT_ID_CHARACTERS = 64


class ChatRoomQuerySet(ShardedQuerySet["ChatRoom"]):
    def newest_first(self) -> Self:
        """Put the room that was written in last before the others."""
        return self.order_by("-last_message_at", "-id")


class ChatRoom(UserRow):
    """A conversation of one user with the analyst."""

    # An answer is written by another process than the one that reads it a moment later.
    reads_primary = True

    title = models.CharField(max_length=TITLE_CHARACTERS, blank=True)
    persona = models.CharField(max_length=16, choices=Persona.choices, default=Persona.ANALYST)
    created_at = models.DateTimeField(default=now)
    last_message_at = models.DateTimeField(default=now)

    objects = models.Manager.from_queryset(ChatRoomQuerySet)()

    class Meta:
        db_table = "table_chat_rooms"
        indexes = [
            models.Index(fields=["account_db_key", "-last_message_at"], name="chat_room_recent")
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ChatMessageQuerySet(ShardedQuerySet["ChatMessage"]):
    def answers(self) -> Self:
        """Limit to what the analyst wrote."""
        return self.filter(role=Role.ASSISTANT)

    def open(self) -> Self:
        """Limit to messages that are not final yet."""
        return self.filter(status__in=OPEN_STATUSES)

    def in_order(self) -> Self:
        """Put the oldest message first; ids rise with time, and an answer follows its question."""
        return self.order_by("id")


class ChatMessage(UserRow):
    """A question, or the answer to one; both are written together when a question is posted.

    ``attempt`` counts how often an answer was begun and fences off a worker that was taken
    for dead: whoever holds an older number may not write any more.
    """

    reads_primary = True

    room = models.ForeignKey(ChatRoom, models.CASCADE, related_name="messages")
    role = models.CharField(max_length=10, choices=Role.choices)
    content = models.TextField(blank=True)
    status = models.CharField(
        max_length=10, choices=MessageStatus.choices, default=MessageStatus.PENDING
    )
    client_message_id = models.CharField(max_length=CLIENT_ID_CHARACTERS, null=True)
    # No foreign key: MySQL would have to null it before it deletes the room's messages.
    in_reply_to = models.UUIDField(null=True, unique=True)
    tool_calls = models.JSONField(default=list)
    error_code = models.CharField(max_length=40, blank=True)
    usage = models.JSONField(default=dict)
    attempt = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)
    completed_at = models.DateTimeField(null=True)

    objects = models.Manager.from_queryset(ChatMessageQuerySet)()

    class Meta:
        db_table = "table_chat_messages"
        constraints = [
            models.UniqueConstraint(
                fields=["room", "client_message_id"], name="chat_message_posted_once"
            ),
            models.CheckConstraint(
                condition=models.Q(role=Role.USER, in_reply_to__isnull=True)
                | models.Q(role=Role.ASSISTANT, in_reply_to__isnull=False),
                name="chat_message_answers_a_question",
            ),
        ]
        indexes = [
            models.Index(fields=["room", "id"], name="chat_message_in_order"),
            models.Index(fields=["status", "updated_at"], name="chat_message_open"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.role} {self.status}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES
