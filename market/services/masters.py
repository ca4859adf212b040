"""Bring the instruments up to date with a list that a broker or an exchange publishes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from market import rules
from market.bar_files import BadRow
from market.enums import ActionKind, ImportKind
from market.errors import ImportFileError
from market.masters import MASTER_FORMATS, Listing, MasterFile
from market.masters.kis_lists import Industries, industries_read, sector_of
from market.models import CorporateAction, ImportRun, Instrument
from market.names import name_fields
from market.services.master_names import changes_ahead, other_names
from tradingplatform.clock import now
from tradingplatform.db.transactions import global_tx

DELISTED_SHARE_MAX = 0.05
DELISTED_ALWAYS_FINE = 10
"""More than this share of a list, and more than these few, do not vanish in one day."""
_BATCH_ROWS = 500


@dataclass(frozen=True)
class MasterReport:
    """What an import did, or would do when it was a dry run."""

    rows_read: int
    new: tuple[str, ...]
    changed: tuple[str, ...]
    same: int
    delisted: tuple[str, ...]
    skipped: int
    bad: tuple[BadRow, ...]
    is_whole: bool
    dry_run: bool


@dataclass(frozen=True)
class _Plan:
    new: list[Instrument]
    changed: list[tuple[Instrument, dict[str, Any]]]
    same: int
    delisted: list[Instrument]
    bad: list[BadRow]


def instruments_import(
    *,
    content: bytes,
    file_format: str,
    file_name: str = "",
    delist: bool = False,
    dry_run: bool = False,
    industries: bytes | None = None,
) -> MasterReport:
    """Create the instruments of a list and bring known ones up to date; a second run is idle.

    What the list does not tell stays, and so do prices and their source. With ``delist``,
    instruments that this kind of list told of before and that are gone from it are marked
    delisted, unless they are about to be renamed; refused when the file is cut, has bad lines,
    or too many would go. ``industries`` is the list that names what the file has codes of.
    Raises ImportFileError. One ImportRun tells of a run that was no dry run.
    """
    started_at = now()
    file = MASTER_FORMATS[file_format](content)
    if not file.listings:
        raise ImportFileError("The file holds no instrument.", bad_rows=len(file.bad))
    if delist:
        _check_whole(file)
    names = {} if industries is None else industries_read(industries)
    run = _Run(file_format, file_name, started_at, delist, dry_run, names)
    return global_tx(_run, file, run)


@dataclass(frozen=True)
class _Run:
    file_format: str
    file_name: str
    started_at: datetime
    delist: bool
    dry_run: bool
    industries: Industries


def _run(file: MasterFile, run: _Run) -> MasterReport:
    plan = _plan(file, run)
    if not run.dry_run:
        _carry_out(plan, file, run)
    return MasterReport(
        rows_read=file.rows_read,
        new=tuple(row.symbol for row in plan.new),
        changed=tuple(row.symbol for row, _ in plan.changed),
        same=plan.same,
        delisted=tuple(row.symbol for row in plan.delisted),
        skipped=file.n_skipped,
        bad=tuple(plan.bad),
        is_whole=file.is_whole,
        dry_run=run.dry_run,
    )


def _check_whole(file: MasterFile) -> None:
    if not file.is_whole:
        raise ImportFileError("The file is cut short; nothing is delisted by it.")
    if file.bad:
        raise ImportFileError(
            "The file has bad lines; nothing is delisted by it.",
            lines=[row.line for row in file.bad[:20]],
        )


def _plan(file: MasterFile, run: _Run) -> _Plan:
    symbols = [listing.symbol for listing in file.listings]
    # A list may know a new symbol before us, or an old one after us.
    names = other_names(file.listings, run.started_at)
    named = {symbol: names.known.get(symbol, symbol) for symbol in symbols}
    stored = {row.symbol: row for row in Instrument.objects.filter(symbol__in=set(named.values()))}
    known = {symbol: stored[name] for symbol, name in named.items() if name in stored}
    plan = _Plan([], [], 0, [], list(file.bad))
    same = 0
    for listing in file.listings:
        values = _values(listing, file.source, run.industries)
        row = known.get(listing.symbol)
        if listing.symbol in names.unclear:
            new = names.unclear[listing.symbol]
            reason = f"{listing.symbol} was the symbol of {new} until lately; is the list late?"
            plan.bad.append(BadRow(listing.line, reason))
        elif row is None:
            plan.new.append(_instrument(listing, values, file.source))
        elif row.currency != values["currency"]:
            reason = f"{row.symbol} is another instrument, of {row.exchange}"
            plan.bad.append(BadRow(listing.line, reason))
        else:
            changes = {key: value for key, value in values.items() if getattr(row, key) != value}
            if changes:
                plan.changed.append((row, changes))
            else:
                same += 1
    listed = {*named.values(), *names.unclear.values()}
    gone = _gone(file, listed | changes_ahead(run.started_at)) if run.delist else []
    return replace(plan, same=same, delisted=gone)


def _values(listing: Listing, source: str, industries: Industries) -> dict[str, Any]:
    """Return the fields that the list tells; empty ones are left as they are."""
    sector, industry = sector_of(listing, industries)
    # Both come from one source: an industry of another one does not stay beside the sector.
    placed = {"sector": sector, "industry": industry, "sector_source": source} if sector else {}
    told: dict[str, Any] = {
        "name_en": listing.name_en,
        "name_ko": listing.name_ko,
        **name_fields(listing.name_en, listing.name_ko),
        "market_segment": listing.market_segment,
        "isin": listing.isin,
        "listed_date": listing.listed_date,
    }
    return {key: value for key, value in told.items() if value} | {
        "exchange": listing.exchange,
        "currency": rules.CURRENCIES[listing.exchange],
        "asset_type": listing.asset_type,
        "lot_size": listing.lot_size,
        "band_multiple": listing.band_multiple,
        "is_active": True,
        "delisted_date": None,
        "reference_source": source,
        **placed,
    }


def _instrument(listing: Listing, values: dict[str, Any], source: str) -> Instrument:
    name_ko = listing.name_ko or listing.name_en
    name_en = listing.name_en or listing.name_ko
    names = {"name_en": name_en, "name_ko": name_ko, **name_fields(name_en, name_ko)}
    is_nxt_tradable = rules.nxt_tradable(listing.exchange)
    return Instrument(
        symbol=listing.symbol,
        source=source,
        is_nxt_tradable=is_nxt_tradable,
        **(values | names),
    )


def _gone(file: MasterFile, listed: Collection[str]) -> list[Instrument]:
    covered = Q()
    for exchange, segment in file.scopes:
        one = Q(exchange=exchange, market_segment=segment) if segment else Q(exchange=exchange)
        covered |= one
    told_before = Instrument.objects.active().filter(covered, reference_source=file.source)
    rows = list(told_before.order_by("symbol"))
    gone = [row for row in rows if row.symbol not in listed]
    if len(gone) > max(DELISTED_ALWAYS_FINE, DELISTED_SHARE_MAX * len(rows)):
        raise ImportFileError(
            f"{len(gone)} of {len(rows)} instruments would be delisted, which is too many for"
            " one list; is it the right file?",
            symbols=[row.symbol for row in gone[:20]],
        )
    return gone


def _carry_out(plan: _Plan, file: MasterFile, run: _Run) -> None:
    Instrument.objects.bulk_create(plan.new, batch_size=_BATCH_ROWS)
    _update(plan.changed)
    today = _today(plan.delisted, run.started_at)
    _update((row, {"is_active": False, "delisted_date": today}) for row in plan.delisted)
    # What users have of them follows as it does after a delisting that was announced.
    CorporateAction.objects.bulk_create(
        [
            CorporateAction(
                instrument=row,
                kind=ActionKind.DELISTING,
                ex_date=today,
                source=file.source,
                applied_at=run.started_at,
            )
            for row in plan.delisted
            if today is not None
        ],
        batch_size=_BATCH_ROWS,
        ignore_conflicts=True,
    )
    ImportRun.objects.create(
        kind=ImportKind.MASTER,
        file_format=run.file_format,
        file_name=run.file_name[-200:],
        started_at=run.started_at,
        rows_read=file.rows_read,
        rows_new=len(plan.new),
        rows_replaced=len(plan.changed),
        rows_same=plan.same,
        rows_bad=len(plan.bad),
        rows_delisted=len(plan.delisted),
    )


def _update(changes: Iterable[tuple[Instrument, dict[str, Any]]]) -> None:
    rows: list[Instrument] = []
    fields: set[str] = set()
    for row, values in changes:
        for key, value in values.items():
            setattr(row, key, value)
        fields |= values.keys()
        rows.append(row)
    if rows:
        Instrument.objects.bulk_update(rows, sorted(fields), batch_size=_BATCH_ROWS)


def _today(rows: list[Instrument], at: datetime) -> date | None:
    if not rows:
        return None
    return at.astimezone(rules.exchange_timezone(rows[0].exchange)).date()
