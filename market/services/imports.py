"""Load real bars from a file."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from market import rules
from market.bar_files import BadRow, BarFile, FileBar, bar_file_read
from market.bar_store import BarRow, history_write
from market.enums import ImportKind, Source, StoredInterval
from market.models import Bar, ImportRun, Instrument
from market.names import name_fields
from market.services.base_prices import base_prices_refresh
from market.symbol_changes import symbols_now
from market.types import PRICE_UNIT
from tradingplatform.clock import now
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import InvalidInputError

_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,15}")
LEVEL_BREAK = 0.3
"""A step larger than this between imported and neighbouring sample bars is worth a warning."""


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do when it was a dry run."""

    symbol: str
    rows_read: int
    rows_new: int
    rows_replaced: int
    rows_same: int
    samples_removed: int
    bad: tuple[BadRow, ...]
    warnings: tuple[str, ...]
    first: date | None
    last: date | None
    dry_run: bool


@dataclass(frozen=True)
class _Plan:
    """Rows to write and sample sessions to remove."""

    new: list[FileBar]
    replaced: list[FileBar]
    same: int
    removed: list[datetime]
    source: Source


def bars_import(
    *,
    lines: Iterable[str],
    symbol: str,
    exchange: str,
    file_name: str = "",
    is_adjusted: bool = False,
    dry_run: bool = False,
) -> ImportReport:
    """Load the daily bars of a CSV file as real ones (source CSV, or CSV_ADJ).

    ``is_adjusted`` says that splits and dividends are worked into the prices of the file.

    Within the date range of its good rows the file replaces sample bars, also on days it has
    no row for, because generated prices do not belong among real ones. Rows that are stored
    already are left alone, so a second run changes nothing. The instrument is created when
    it is new. Raises ImportFileError, or InvalidInputError for a symbol that trades elsewhere.
    """
    started_at = now()
    source = Source.CSV_ADJUSTED if is_adjusted else Source.CSV
    instrument = _instrument(symbol, exchange)
    today = started_at.astimezone(rules.exchange_timezone(exchange)).date()
    file = bar_file_read(lines, today=today)
    plan = _plan(instrument, file.bars, source)
    if not dry_run:
        global_tx(_carry_out, instrument, file, plan, started_at, file_name)
        base_prices_refresh(instruments=[instrument])
    return ImportReport(
        symbol=symbol,
        rows_read=file.rows_read,
        rows_new=len(plan.new),
        rows_replaced=len(plan.replaced),
        rows_same=plan.same,
        samples_removed=len(plan.removed),
        bad=tuple(file.bad),
        warnings=tuple(_level_breaks(instrument, file.bars)),
        first=file.bars[0].day if file.bars else None,
        last=file.bars[-1].day if file.bars else None,
        dry_run=dry_run,
    )


def _instrument(symbol: str, exchange: str) -> Instrument:
    if not _SYMBOL.fullmatch(symbol):
        raise InvalidInputError("A symbol has up to 16 letters A-Z and digits.", symbol=symbol)
    currency = rules.CURRENCIES.get(exchange)
    if currency is None:
        raise InvalidInputError("The exchange is unknown.", exchange=exchange)
    known = Instrument.objects.filter(symbol=symbol).first()
    if known is None:
        changed = symbols_now([symbol])
        if changed:
            raise InvalidInputError(f"{symbol} is now {changed[symbol]}.", new_symbols=changed)
        return Instrument(
            symbol=symbol,
            exchange=exchange,
            name_en=symbol,
            name_ko=symbol,
            **name_fields(symbol, symbol),
            currency=currency,
            lot_size=rules.LOT_SIZES[exchange],
            is_nxt_tradable=rules.nxt_tradable(exchange),
            source=Source.CSV,
        )
    if known.exchange != exchange:
        raise InvalidInputError(f"{symbol} trades on {known.exchange}.", exchange=exchange)
    return known


def _is_new(instrument: Instrument) -> bool:
    return instrument._state.adding


def _plan(instrument: Instrument, bars: Sequence[FileBar], source: Source) -> _Plan:
    stored: dict[datetime, tuple[tuple[object, ...], str]] = {}
    if bars and not _is_new(instrument):
        rows = Bar.objects.filter(
            instrument_id=instrument.pk,
            interval=StoredInterval.DAY,
            opened_at__gte=_midnight(bars[0].day),
            opened_at__lte=_midnight(bars[-1].day),
        )
        stored = {row.opened_at: (_figures_of(row), row.source) for row in rows}
    new: list[FileBar] = []
    replaced: list[FileBar] = []
    same = 0
    for bar in bars:
        before = stored.pop(_midnight(bar.day), None)
        if before is None:
            new.append(bar)
        elif before == (_figures(bar), source):
            same += 1
        else:
            replaced.append(bar)
    samples = [opened_at for opened_at, (_, told_by) in stored.items() if told_by == Source.SAMPLE]
    return _Plan(new, replaced, same, samples, source)


def _carry_out(
    instrument: Instrument,
    file: BarFile,
    plan: _Plan,
    started_at: datetime,
    file_name: str,
) -> None:
    if _is_new(instrument):
        instrument.save()
    if plan.removed:
        Bar.objects.filter(
            instrument_id=instrument.pk,
            interval=StoredInterval.DAY,
            source=Source.SAMPLE,
            opened_at__gte=min(plan.removed),
            opened_at__lte=max(plan.removed),
            opened_at__in=plan.removed,
        ).delete()
    rows = (_row(instrument.pk, bar, plan.source) for bar in (*plan.new, *plan.replaced))
    history_write(rows, instrument_ids=[instrument.pk])
    ImportRun.objects.create(
        kind=ImportKind.CSV,
        file_name=file_name[-200:],
        symbol=instrument.symbol,
        started_at=started_at,
        rows_read=file.rows_read,
        rows_new=len(plan.new),
        rows_replaced=len(plan.replaced),
        rows_same=plan.same,
        rows_bad=len(file.bad),
    )


def _level_breaks(instrument: Instrument, bars: Sequence[FileBar]) -> Iterable[str]:
    if not bars or _is_new(instrument):
        return
    rows = Bar.objects.filter(
        instrument_id=instrument.pk, interval=StoredInterval.DAY, source=Source.SAMPLE
    )
    before = rows.filter(opened_at__lt=_midnight(bars[0].day)).order_by("-opened_at").first()
    after = rows.filter(opened_at__gt=_midnight(bars[-1].day)).order_by("opened_at").first()
    for sample, edge in ((before, bars[0].open), (after, bars[-1].close)):
        if sample is None:
            continue
        step = abs(float(sample.close) * PRICE_UNIT / edge - 1)
        if step > LEVEL_BREAK:
            day = sample.opened_at.date()
            yield f"the sample bar of {day} lies {step:.0%} away from the file"


def _row(instrument_id: int, bar: FileBar, source: Source) -> BarRow:
    opened_at = int(_midnight(bar.day).timestamp())
    return (
        instrument_id,
        StoredInterval.DAY,
        opened_at,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.volume,
        source,
        0,
    )


def _figures(bar: FileBar) -> tuple[object, ...]:
    return (bar.open, bar.high, bar.low, bar.close, bar.volume)


def _figures_of(row: Bar) -> tuple[object, ...]:
    prices = (int(price * PRICE_UNIT) for price in (row.open, row.high, row.low, row.close))
    return (*prices, row.volume)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
