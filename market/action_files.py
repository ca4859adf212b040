"""Read a CSV file of corporate actions; every bad row is named by its line. Pure."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from market.bar_files import BadRow
from market.enums import ActionKind
from market.errors import ImportFileError

COLUMNS = ("symbol", "kind", "ex_date")
OPTIONAL = ("record_date", "pay_date", "ratio", "amount", "new_symbol")
SCALE = 9
"""Digits after the point of a ratio; an amount has as many as a price, 6."""

_WITH_RATIO = {
    ActionKind.SPLIT,
    ActionKind.REVERSE_SPLIT,
    ActionKind.STOCK_DIVIDEND,
    ActionKind.RIGHTS,
}
_WITH_AMOUNT = {ActionKind.CASH_DIVIDEND, ActionKind.RIGHTS, ActionKind.SPIN_OFF}
_GROWING = {ActionKind.SPLIT, ActionKind.STOCK_DIVIDEND, ActionKind.RIGHTS}


@dataclass(frozen=True)
class Action:
    """One corporate action as a file or a provider tells it.

    ``ratio`` is shares after for each share before, ``amount`` what one share receives, or
    for a rights issue what a new share costs.
    """

    symbol: str
    kind: ActionKind
    ex_date: date
    record_date: date | None = None
    pay_date: date | None = None
    ratio: Decimal | None = None
    amount: Decimal | None = None
    new_symbol: str = ""
    line: int = 0


@dataclass(frozen=True)
class ActionFile:
    """What a file of corporate actions holds."""

    actions: list[Action]
    bad: list[BadRow]

    @property
    def rows_read(self) -> int:
        """The number of rows below the header."""
        return len(self.actions) + len(self.bad)


class _RowError(Exception):
    """Why one row is refused."""


def action_file_read(lines: Iterable[str]) -> ActionFile:
    """Parse a header and rows; columns beyond the known ones are ignored.

    Raises ImportFileError when there is no header with the needed columns or the text is no
    CSV. Of two rows with the same symbol, kind and ex-date the later is refused.
    """
    reader = csv.DictReader(lines, strict=True)
    found: dict[tuple[str, ActionKind, date], Action] = {}
    bad: list[BadRow] = []
    try:
        _check_header(reader.fieldnames)
        for row in reader:
            try:
                action = _action(reader.line_num, row)
            except _RowError as fault:
                bad.append(BadRow(reader.line_num, str(fault)))
                continue
            first = found.setdefault((action.symbol, action.kind, action.ex_date), action)
            if first is not action:
                bad.append(BadRow(action.line, f"duplicate of line {first.line}"))
    except csv.Error as error:
        raise ImportFileError(f"Line {reader.line_num} is no CSV: {error}.") from error
    return ActionFile(list(found.values()), bad)


def action_fault(action: Action) -> str | None:
    """Return what is wrong with an action, None when it makes sense."""
    needs = ((_WITH_RATIO, "ratio", action.ratio), (_WITH_AMOUNT, "amount", action.amount))
    for kinds, name, value in needs:
        if (action.kind in kinds) != (value is not None):
            return f"{action.kind} {'needs' if action.kind in kinds else 'has no'} {name}"
    if action.ratio is not None and (action.ratio > 1) != (action.kind in _GROWING):
        return f"{action.kind} has a ratio {'above' if action.kind in _GROWING else 'below'} 1"
    if bool(action.new_symbol) and action.kind not in {
        ActionKind.SYMBOL_CHANGE,
        ActionKind.MERGER,
        ActionKind.SPIN_OFF,
    }:
        return f"{action.kind} has no new symbol"
    if action.kind == ActionKind.SYMBOL_CHANGE and not action.new_symbol:
        return "SYMBOL_CHANGE needs new_symbol"
    if not date(1900, 1, 1) <= action.ex_date <= date(2199, 12, 31):
        return f"ex_date {action.ex_date} lies outside 1900 to 2199"
    return None


def _check_header(names: Iterable[str] | None) -> None:
    missing = [name for name in COLUMNS if name not in (names or ())]
    if missing:
        raise ImportFileError(
            f"The first line must name the columns {', '.join(COLUMNS)}.", missing=missing
        )


def _action(line: int, row: dict[str, str | None]) -> Action:
    told = {name: (row.get(name) or "").strip() for name in (*COLUMNS, *OPTIONAL)}
    if not told["symbol"] or len(told["symbol"]) > 16:
        raise _RowError(f"bad symbol {told['symbol'][:20]!r}")
    if told["kind"].upper() not in ActionKind.values:
        raise _RowError(f"unknown kind {told['kind'][:20]!r}")
    if not told["ex_date"]:
        raise _RowError("no ex_date")
    action = Action(
        symbol=told["symbol"].upper(),
        kind=ActionKind(told["kind"].upper()),
        ex_date=_day("ex_date", told["ex_date"]),
        record_date=_day("record_date", told["record_date"]) if told["record_date"] else None,
        pay_date=_day("pay_date", told["pay_date"]) if told["pay_date"] else None,
        ratio=_number("ratio", told["ratio"], SCALE),
        amount=_number("amount", told["amount"], 6),
        new_symbol=told["new_symbol"].upper()[:16],
        line=line,
    )
    fault = action_fault(action)
    if fault:
        raise _RowError(fault)
    return action


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _RowError(f"bad {name} {text[:20]!r}") from None


def _number(name: str, text: str, digits: int) -> Decimal | None:
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise _RowError(f"{name} {text[:20]!r} is not a number") from None
    if not (number.is_finite() and number > 0):
        raise _RowError(f"{name} {text[:20]!r} is not a positive number")
    # adjusted() first: scaling an absurd exponent would build a huge integer.
    if not -digits <= number.adjusted() <= 8 or number != round(number, digits):
        raise _RowError(f"{name} {text[:20]} is out of range or has more than {digits} digits")
    return number
