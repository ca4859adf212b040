"""How KIS writes values: always strings."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from tests.emulators.kis.market import Line


def fixed(value: Decimal | float, digits: int) -> str:
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{exact or abs(exact):f}"


def whole(value: Decimal | int) -> str:
    return fixed(Decimal(value), 0)


def rate(part: Decimal, base: Decimal, digits: int = 2) -> str:
    return fixed(part / base * 100 if base else Decimal(0), digits)


def sign(line: Line) -> str:
    """1 upper limit, 2 up, 3 flat, 4 lower limit, 5 down."""
    upper, lower = line.limits
    if line.change == 0:
        return "3"
    if line.change > 0:
        return "1" if line.last == upper else "2"
    return "4" if line.last == lower else "5"


def versus(value: Decimal, other: Decimal) -> str:
    return "3" if value == other else ("2" if value > other else "5")


def hms(at: datetime | None, line: Line) -> str:
    return "000000" if at is None else f"{at.astimezone(line.zone):%H%M%S}"


def order_number(number: int) -> str:
    return f"{number:010}"
