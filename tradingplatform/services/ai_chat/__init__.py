"""Plan tool calls for a question and write its answer; a language model, or none."""

from tradingplatform.services.ai_chat.base import (
    AiChat,
    Instrument,
    Plan,
    PlanRequest,
    ToolCall,
    ToolOutcome,
    ToolSpec,
    Turn,
    Usage,
    WriteRequest,
)

__all__ = [
    "AiChat",
    "Instrument",
    "Plan",
    "PlanRequest",
    "ToolCall",
    "ToolOutcome",
    "ToolSpec",
    "Turn",
    "Usage",
    "WriteRequest",
]
