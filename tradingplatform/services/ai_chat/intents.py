"""What a question asks for: topics, instruments and the figures that shape a calculation."""

import re
from dataclasses import dataclass, field
from itertools import combinations

from tradingplatform.services.ai_chat.base import Instrument, PlanRequest
from tradingplatform.services.ai_chat.locale import lexicon

LOOKBACK_DAYS_MAX, HORIZON_DAYS_MAX = 2520, 250
LOOKBACK_DAYS_MIN, RISK_LOOKBACK_DAYS_MIN = 5, 30


@dataclass(frozen=True)
class Reading:
    """A question, read; None where it does not say."""

    symbols: tuple[str, ...]
    unknown: tuple[str, ...]
    is_portfolio: bool
    is_risk: bool
    is_technical: bool
    is_market: bool
    is_advice: bool
    is_own: bool
    asks_several: bool
    weights: tuple[float, ...] = field(default=())
    confidence: float | None = None
    horizon_days: int | None = None
    lookback_days: int | None = None
    method: str | None = None

    @property
    def has_topic(self) -> bool:
        """Whether it names anything to compute."""
        return (
            self.is_portfolio
            or self.is_risk
            or self.is_technical
            or self.is_market
            or self.is_advice
        )

    @property
    def changes_figures(self) -> bool:
        """Whether it gives a figure that could change an earlier calculation."""
        return bool(self.confidence or self.horizon_days or self.lookback_days or self.method)


def read(request: PlanRequest) -> Reading:
    """Read a question by the patterns of the lexicon."""
    text = request.question
    found = request.find(text)
    is_risk = bool(lexicon.RISK.search(text))
    confidence, rest = _confidence(text)
    weights, rest = _weights(rest, len(found), may_leave_one=confidence is None)
    if confidence is None:
        confidence = _loose_confidence(rest)
    lookback_days, rest = _lookback(rest)
    span = _span(rest)
    horizon_days = span if is_risk else None
    if not is_risk and lookback_days is None:
        lookback_days = span
    return Reading(
        symbols=tuple(dict.fromkeys(instrument.symbol for instrument in found)),
        unknown=_unknown(text, found),
        is_portfolio=bool(lexicon.PORTFOLIO.search(text)),
        is_risk=is_risk,
        is_technical=bool(lexicon.TECHNICAL.search(text)),
        is_market=bool(lexicon.MARKET.search(text)),
        is_advice=bool(lexicon.ADVICE.search(text)),
        is_own=bool(lexicon.OWN.search(text)),
        asks_several=bool(lexicon.BOTH.search(text)),
        weights=weights,
        confidence=confidence,
        horizon_days=horizon_days and min(horizon_days, HORIZON_DAYS_MAX),
        lookback_days=lookback_days
        and min(max(lookback_days, LOOKBACK_DAYS_MIN), LOOKBACK_DAYS_MAX),
        method=next((name for name, words in lexicon.METHODS if words.search(text)), None),
    )


def _confidence(text: str) -> tuple[float | None, str]:
    for pattern in (lexicon.CONFIDENCE, lexicon.VAR_LEVEL):
        match = pattern.search(text)
        if match:
            level = float(next(group for group in match.groups() if group))
            if 50 <= level < 100:
                return level / 100, _without(text, match)
    return None, text


def _loose_confidence(text: str) -> float | None:
    levels = [float(number) for number in lexicon.PERCENT.findall(text)]
    return next((level / 100 for level in levels if 50 <= level < 100), None)


def _weights(text: str, n_symbols: int, *, may_leave_one: bool) -> tuple[tuple[float, ...], str]:
    """Return one weight per symbol, in their order, when the question gives them all.

    One more percentage than symbols may be a confidence level among the weights.
    """
    if n_symbols < 2:
        return (), text
    percents = list(lexicon.PERCENT.finditer(text))
    for size in (len(percents), len(percents) - 1) if may_leave_one else (len(percents),):
        for chosen in combinations(percents, size) if size == n_symbols else ():
            values = [float(match.group(1)) for match in chosen]
            if 99.0 <= sum(values) <= 101.0:
                rest = text
                for match in reversed(chosen):
                    rest = _without(rest, match)
                return tuple(value / 100 for value in values), rest
    ratio = lexicon.RATIO.search(text)
    if ratio:
        parts = [float(part) for part in lexicon.RATIO_SPLIT.split(ratio.group())]
        if len(parts) == n_symbols and sum(parts) > 0:
            return tuple(part / sum(parts) for part in parts), _without(text, ratio)
    return (), text


def _lookback(text: str) -> tuple[int | None, str]:
    match = lexicon.PAST_SPAN.search(text)
    if match is None:
        return None, text
    return lexicon.days_of(match["count"], match["unit"]), _without(text, match)


def _span(text: str) -> int | None:
    match = lexicon.SPAN.search(text)
    return lexicon.days_of(match["count"], match["unit"]) if match else None


def _unknown(text: str, found: list[Instrument]) -> tuple[str, ...]:
    known = {instrument.symbol for instrument in found}
    names = " ".join(f"{each.name_en} {each.name_ko}" for each in found).upper()
    words = [match.group(1) for match in lexicon.TICKER.finditer(text)]
    return tuple(
        word
        for word in dict.fromkeys(words)
        if word not in known
        and word not in lexicon.NOT_TICKERS
        and not re.search(rf"\b{re.escape(word)}\b", names)
    )


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} {text[match.end() :]}"
