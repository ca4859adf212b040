"""How figures are written in each language."""

from decimal import ROUND_HALF_UP, Decimal

from tradingplatform.services.ai_chat.base import Language
from tradingplatform.services.ai_chat.locale import en, ko

PHRASES = {"en": en.PHRASES, "ko": ko.PHRASES}
_DIGITS = {"KRW": 0, "USD": 2}


def phrase(language: Language, key: str, **values: object) -> str:
    """Return a sentence of the language with its values filled in."""
    return PHRASES[language][key].format(**values)


def money(amount: str | float, currency: str, language: Language) -> str:
    """Return an amount or price with its currency, grouped by thousands."""
    if not currency:
        return number(amount, digits=2)
    digits = _DIGITS.get(currency, 2)
    if digits == 0 and isinstance(amount, str) and "." in amount:
        digits = 2
    key = f"money.{currency}" if f"money.{currency}" in PHRASES[language] else "money.other"
    return phrase(language, key, amount=number(amount, digits=digits), currency=currency)


def signed_money(amount: str, currency: str, language: Language) -> str:
    """Return an amount with its sign written out."""
    sign = "+" if Decimal(amount) > 0 else "-" if Decimal(amount) < 0 else ""
    return sign + money(amount.removeprefix("-"), currency, language)


def number(value: str | float, *, digits: int) -> str:
    """Return a number grouped by thousands with a fixed number of decimals."""
    exact = Decimal(value) if isinstance(value, str) else Decimal(repr(value))
    rounded = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return f"{rounded + 0:,}"


def percent(fraction: float, *, signed: bool = False) -> str:
    """Return a fraction as a percentage with two decimals."""
    text = number(fraction * 100, digits=2)
    return f"+{text}%" if signed and fraction > 0 else f"{text}%"


def level(fraction: float) -> str:
    """Return a confidence level as a percentage without needless decimals."""
    return f"{fraction * 100:.10g}%"


def quantity(value: str) -> str:
    """Return a number of shares, grouped by thousands."""
    whole, _, part = value.partition(".")
    return f"{int(whole):,}" + (f".{part}" if part else "")


def name(figures: dict[str, object], language: Language) -> str:
    """Return an instrument as "Name (SYMBOL)" in the language of the reader."""
    wanted = figures["name_ko"] if language == "ko" else figures["name_en"]
    label, symbol = str(wanted or figures["name_en"]), str(figures["symbol"])
    return symbol if label in {"", symbol} else f"{label} ({symbol})"
