"""Store corporate actions, from files and from whoever else tells them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from market.action_files import Action, action_fault, action_file_read
from market.bar_files import BadRow
from market.enums import ActionKind, ImportKind
from market.models import CorporateAction, ImportRun, Instrument
from market.symbol_changes import symbols_now
from tradingplatform.clock import now
from tradingplatform.db.transactions import global_tx

_FIELDS = ("record_date", "pay_date", "ratio", "amount", "new_symbol", "source")


@dataclass(frozen=True)
class ActionReport:
    """What an import did, or would do when it was a dry run."""

    rows_read: int
    rows_new: int
    rows_changed: int
    rows_same: int
    bad: tuple[BadRow, ...]
    dry_run: bool


@dataclass(frozen=True)
class _Plan:
    new: list[CorporateAction]
    changed: list[CorporateAction]
    same: int
    bad: list[BadRow]


def corporate_actions_import(
    *, lines: Iterable[str], source: str = "CSV", file_name: str = "", dry_run: bool = False
) -> ActionReport:
    """Store the actions of a CSV file; a second run changes nothing.

    Bad rows are left out and reported. Raises ImportFileError when it is no such file.
    """
    file = action_file_read(lines)
    return _import(file.actions, file.bad, source, file_name=file_name, dry_run=dry_run)


def corporate_actions_store(*, actions: Sequence[Action], source: str) -> ActionReport:
    """Store what a provider tells; an action that makes no sense is left out and reported."""
    faults = [(action, action_fault(action)) for action in actions]
    good = [action for action, fault in faults if fault is None]
    bad = [BadRow(action.line, fault) for action, fault in faults if fault is not None]
    return _import(good, bad, source, file_name="", dry_run=False)


def _import(
    actions: Sequence[Action], bad: list[BadRow], source: str, *, file_name: str, dry_run: bool
) -> ActionReport:
    started_at = now()
    n_read = len(actions) + len(bad)

    def run() -> _Plan:
        plan = _plan(actions, bad, source)
        if not dry_run:
            _carry_out(plan, n_read, file_name, started_at)
        return plan

    plan = global_tx(run)
    return ActionReport(
        rows_read=n_read,
        rows_new=len(plan.new),
        rows_changed=len(plan.changed),
        rows_same=plan.same,
        bad=tuple(sorted(plan.bad, key=lambda row: row.line)),
        dry_run=dry_run,
    )


def _plan(actions: Sequence[Action], bad: list[BadRow], source: str) -> _Plan:
    symbols = {action.symbol for action in actions}
    # A file may go on to name an instrument by the symbol that an action of it has changed.
    names = {symbol: symbol for symbol in symbols}
    found = Instrument.objects.filter(symbol__in=symbols).values_list("symbol", flat=True)
    names |= symbols_now(symbols.difference(found))
    rows = {row.symbol: row for row in Instrument.objects.filter(symbol__in=names.values())}
    instruments = {symbol: rows[name] for symbol, name in names.items() if name in rows}
    stored = {
        (row.instrument_id, row.kind, row.ex_date): row
        for row in CorporateAction.objects.filter(instrument__in=list(instruments.values()))
    }
    taken = _taken(actions)
    new, changed, refused, same = [], [], list(bad), 0
    for action in actions:
        instrument = instruments.get(action.symbol)
        if instrument is None:
            refused.append(BadRow(action.line, f"unknown symbol {action.symbol}"))
            continue
        values = _values(action, source)
        row = stored.get((instrument.pk, action.kind, action.ex_date))
        is_done = row is not None and row.applied_at is not None
        carrier = taken.get(action.new_symbol) if action.kind == ActionKind.SYMBOL_CHANGE else None
        if not is_done and carrier not in {None, instrument.pk}:
            reason = f"the new symbol {action.new_symbol} is that of another instrument"
            refused.append(BadRow(action.line, reason))
            continue
        if row is None:
            key = {"instrument": instrument, "kind": action.kind, "ex_date": action.ex_date}
            new.append(CorporateAction(**key, **values))
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            changed.append(row)
        else:
            same += 1
    return _Plan(new, changed, same, refused)


def _taken(actions: Sequence[Action]) -> dict[str, int]:
    """Return by new symbol the instrument that carries it, where it does not give it up itself."""
    changes = [action for action in actions if action.kind == ActionKind.SYMBOL_CHANGE]
    leaving = CorporateAction.objects.filter(kind=ActionKind.SYMBOL_CHANGE, applied_at=None)
    carried = Instrument.objects.filter(symbol__in={action.new_symbol for action in changes})
    staying = carried.exclude(symbol__in={action.symbol for action in changes}).exclude(
        pk__in=leaving.values("instrument")
    )
    return dict(staying.values_list("symbol", "pk"))


def _values(action: Action, source: str) -> dict[str, Any]:
    return {
        "record_date": action.record_date,
        "pay_date": action.pay_date,
        "ratio": action.ratio,
        "amount": action.amount,
        "new_symbol": action.new_symbol,
        "source": source[:40],
    }


def _carry_out(plan: _Plan, n_read: int, file_name: str, started_at: datetime) -> None:
    CorporateAction.objects.bulk_create(plan.new, batch_size=500)
    if plan.changed:
        CorporateAction.objects.bulk_update(plan.changed, _FIELDS, batch_size=500)
    ImportRun.objects.create(
        kind=ImportKind.ACTIONS,
        file_name=file_name[-200:],
        started_at=started_at,
        rows_read=n_read,
        rows_new=len(plan.new),
        rows_replaced=len(plan.changed),
        rows_same=plan.same,
        rows_bad=len(plan.bad),
    )
