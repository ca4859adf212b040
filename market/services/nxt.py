"""Note what NXT trades, as its lists say."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from market.bar_files import BadRow
from market.enums import Exchange, ImportKind
from market.errors import ImportFileError
from market.masters import NXT_FORMATS
from market.masters.kis_lists import SymbolFile, nxt_symbols_read
from market.models import ImportRun, Instrument
from market.services.masters import MasterReport
from tradingplatform.clock import now
from tradingplatform.db.transactions import global_tx

LEAVING_SHARE_MAX = 0.25
LEAVING_ALWAYS_FINE = 10
"""NXT rests a tenth of its list at a time when its share of volume nears the legal cap."""


@dataclass(frozen=True)
class _Run:
    file_format: str
    file_name: str
    started_at: datetime
    dry_run: bool


def nxt_import(
    *, content: bytes, file_format: str, file_name: str = "", dry_run: bool = False
) -> MasterReport:
    """Mark what NXT trades of one market of KRX, and what it does not; creates no instrument.

    A list that is cut short or has bad lines only adds. Raises ImportFileError for a list
    without symbols, or one that lacks too many of those that NXT traded before.
    """
    run = _Run(file_format, file_name, now(), dry_run)
    file = nxt_symbols_read(content)
    if not file.symbols:
        raise ImportFileError("The file holds no symbol.", bad_rows=len(file.bad))
    return global_tx(_import, file, run)


def _import(file: SymbolFile, run: _Run) -> MasterReport:
    segment = NXT_FORMATS[run.file_format]
    rows = Instrument.objects.filter(exchange=Exchange.KRX, market_segment=segment)
    known = dict(rows.values_list("symbol", "is_nxt_tradable"))
    listed = set(file.symbols)
    joins = {symbol for symbol in listed & known.keys() if not known[symbol]}
    is_complete = file.is_whole and not file.bad
    leaves = {symbol for symbol in known.keys() - listed if known[symbol] is not False}
    leaves = leaves if is_complete else set()
    _check_leaving([symbol for symbol in leaves if known[symbol]], list(known.values()))
    strangers = [symbol for symbol in file.symbols if symbol not in known]
    bad = [*file.bad, *(BadRow(0, f"unknown symbol {symbol}") for symbol in strangers)]
    if not run.dry_run:
        rows.filter(symbol__in=joins).update(is_nxt_tradable=True)
        rows.filter(symbol__in=leaves).update(is_nxt_tradable=False)
        _note(file, run, n_changed=len(joins | leaves), n_bad=len(bad))
    return MasterReport(
        rows_read=len(file.symbols) + len(file.bad),
        new=(),
        changed=tuple(sorted(joins | leaves)),
        same=len(listed & known.keys()) - len(joins),
        delisted=(),
        skipped=0,
        bad=tuple(bad),
        is_whole=file.is_whole,
        dry_run=run.dry_run,
    )


def _check_leaving(leaving: Collection[str], known: Collection[bool | None]) -> None:
    traded = sum(1 for flag in known if flag)
    if len(leaving) > max(LEAVING_ALWAYS_FINE, LEAVING_SHARE_MAX * traded):
        raise ImportFileError(
            f"{len(leaving)} of {traded} instruments would leave NXT, which is too many for one"
            " list; is it the right file?",
            symbols=sorted(leaving)[:20],
        )


def _note(file: SymbolFile, run: _Run, *, n_changed: int, n_bad: int) -> None:
    ImportRun.objects.create(
        kind=ImportKind.MASTER,
        file_format=run.file_format,
        file_name=run.file_name[-200:],
        started_at=run.started_at,
        rows_read=len(file.symbols) + len(file.bad),
        rows_replaced=n_changed,
        rows_bad=n_bad,
    )
