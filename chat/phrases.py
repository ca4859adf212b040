"""What the chat itself says: refusals, notes, and where the figures of an answer come from."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from chat.enums import Caveat
from chat.locale import en, ko
from tradingplatform.clock import KST
from tradingplatform.services.ai_chat import ToolOutcome
from tradingplatform.services.ai_chat.base import Language

PHRASES = {"en": en.PHRASES, "ko": ko.PHRASES}
# The writer says these itself, or they concern nothing that was shown.
_SAID_BY_WRITER = {Caveat.NO_PORTFOLIO, Caveat.NO_POSITIONS}


def phrase(language: Language, key: str, **values: str) -> str:
    """Return a sentence of the language with its values filled in."""
    return PHRASES[language][key].format(**values)


def footer(outcomes: Sequence[ToolOutcome], *, language: Language, is_advice: bool) -> list[str]:
    """Return the closing sentences of an answer: origin, instant, caveats and advice."""
    results = [outcome.result for outcome in outcomes if outcome.result is not None]
    lines = []
    sources = sorted({word for result in results for word in result["source"].split("+") if word})
    if sources:
        newest = max(datetime.fromisoformat(result["as_of"]) for result in results)
        as_of = newest.astimezone(KST).strftime("%Y-%m-%d %H:%M KST")
        lines.append(phrase(language, "source", source=", ".join(sources), as_of=as_of))
    caveats = [caveat for result in results for caveat in result["caveats"]]
    lines += _caveat_lines(caveats, language)
    if is_advice and results:
        lines.append(phrase(language, "advice"))
    return lines


def _caveat_lines(caveats: Iterable[str], language: Language) -> list[str]:
    return [
        phrase(language, f"caveat.{caveat}")
        for caveat in dict.fromkeys(caveats)
        if caveat not in _SAID_BY_WRITER
    ]
