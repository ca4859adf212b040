"""How amounts are rounded and written; the only rounding rules of the platform."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

CURRENCY_DIGITS = {"KRW": 0, "USD": 2}


def money_quantum(currency: str) -> Decimal:
    """Return the smallest amount of ``currency``; KeyError if it is not traded here."""
    return Decimal(1).scaleb(-CURRENCY_DIGITS[currency])


def round_money(amount: Decimal, currency: str, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Round to the smallest unit of ``currency``."""
    return amount.quantize(money_quantum(currency), rounding=rounding)


def truncate_money(amount: Decimal, currency: str) -> Decimal:
    """Cut to the smallest unit of ``currency`` towards zero, as KRX does with fees and taxes."""
    return round_money(amount, currency, rounding=ROUND_DOWN)


def decimal_text(value: Decimal) -> str:
    """Write a number plainly: no exponent, no needless zeros, never ``-0``."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
