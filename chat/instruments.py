"""Which instruments does a sentence name? By symbol, by name, and by what people call them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from chat.locale.aliases import ALIASES
from chat.locale.patterns import HANGUL
from market.selectors import instruments_named
from tradingplatform.services.ai_chat import Instrument

_LEGAL_FORM = re.compile(
    r"[,.]|\b(incorporated|inc|corporation|corp|company|co|ltd|limited|plc|group|holdings?|the"
    r"|& co|class [a-c])\b",
    re.IGNORECASE,
)
_SHORT_WORD = 2


@dataclass(frozen=True)
class InstrumentFinder:
    """Finds the instruments of a fixed list in texts; longest names win."""

    instruments: tuple[Instrument, ...]

    def __call__(self, text: str) -> list[Instrument]:
        """Return the instruments named in ``text``, in their order, each once."""
        found: dict[str, int] = {}
        rest = text
        for pattern, symbol in self._patterns:
            match = pattern.search(rest)
            while match:
                found[symbol] = min(match.start(), found.get(symbol, match.start()))
                rest = f"{rest[: match.start()]}{'·' * len(match.group())}{rest[match.end() :]}"
                match = pattern.search(rest)
        by_place = sorted(found, key=lambda symbol: found[symbol])
        return [self._by_symbol[symbol] for symbol in by_place]

    @cached_property
    def _by_symbol(self) -> dict[str, Instrument]:
        return {instrument.symbol: instrument for instrument in self.instruments}

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        names = {alias: key for alias, key in ALIASES.items() if key in self._by_symbol}
        for instrument in self.instruments:
            names.update(dict.fromkeys(_names(instrument), instrument.symbol))
        ordered = sorted(names.items(), key=lambda item: (-len(item[0]), item[0]))
        tickers = [(_ticker(each.symbol), each.symbol) for each in self.instruments]
        return [*tickers, *((_name(name), symbol) for name, symbol in ordered)]


def instruments_in(text: str) -> list[Instrument]:
    """Return the instruments named in a text; however many there are, few are looked at."""
    lower = text.lower()
    aliased = {symbol for alias, symbol in ALIASES.items() if alias in lower}
    named = tuple(
        Instrument(symbol=row.symbol, name_en=row.name_en, name_ko=row.name_ko)
        for row in instruments_named(text, symbols=aliased)
    )
    return InstrumentFinder(named)(text)


def _names(instrument: Instrument) -> Iterable[str]:
    short = " ".join(_LEGAL_FORM.sub(" ", instrument.name_en).split()).strip(" &")
    wanted = {instrument.name_en, short, instrument.name_ko}
    return {name for name in wanted if len(name) > 1}


def _ticker(symbol: str) -> re.Pattern[str]:
    # Words of two letters, such as "ko" or "hd", count in capitals only.
    flags = 0 if len(symbol) <= _SHORT_WORD else re.IGNORECASE
    return re.compile(rf"(?<![A-Za-z0-9.]){re.escape(symbol)}(?![A-Za-z0-9])", flags)


def _name(name: str) -> re.Pattern[str]:
    if HANGUL.search(name):
        # Particles follow a Korean noun without a space, so only the front is bounded.
        return re.compile(rf"(?<![\uac00-\ud7a3A-Za-z0-9]){re.escape(name)}", re.IGNORECASE)
    flags = 0 if len(name) <= _SHORT_WORD else re.IGNORECASE
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", flags)
