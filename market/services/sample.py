"""Load the sample market, or bring it up to yesterday."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from django.conf import settings

from market import rules, trading_days
from market.bar_store import BarRow, bar_rows, bars_at, history_write, last_sessions
from market.enums import AssetType, ImportKind, Source, StoredInterval
from market.models import ImportRun, Instrument
from market.names import name_fields
from market.rollup import BarArrays
from market.sample import history
from market.sample.catalogue import RealCloses, SampleInstrument, real_closes, sample_instruments
from market.sample.indices import SampleIndex, sample_indices
from market.sample.intraday import minute_bars
from market.services.base_prices import base_prices_refresh
from market.services.sample_indices import sample_index_load
from market.symbol_changes import symbols_now
from market.types import PRICE_UNIT
from tradingplatform.clock import now
from tradingplatform.db.transactions import global_tx

MINUTE_SESSIONS = 3
"""So many of the newest finished sessions get minute bars."""

_REAL_ENDS_ON = date(2022, 12, 28)


@dataclass(frozen=True)
class SampleLoad:
    """What one run of sample_market_load added."""

    instruments_new: int
    bars_new: int


@dataclass(frozen=True)
class _Gap:
    """Symbols whose last stored session is the same, and how to go on from it."""

    listed: Sequence[SampleInstrument]
    after: date
    close_units: history.IntArray


def sample_market_load(*, since: date | None = None) -> SampleLoad:
    """Create the sample instruments and their bars up to the last finished session.

    Idempotent: a second run adds only the sessions that have passed meanwhile, from the last
    stored close on. The newest sessions get minute bars too. Seeded by ``MARKET_SEED``.
    ``since`` leaves older bars out, which makes small test data. Writes one ImportRun when it
    added anything.
    """
    started_at = now()
    created = global_tx(sample_instruments_store)
    known = _known()
    n_bars = _us_load(known, since) + _krx_load(known, since) + _indices_load(known)
    if n_bars or created:
        base_prices_refresh(instruments=list(known.values()))
        ImportRun.objects.create(
            kind=ImportKind.SAMPLE, started_at=started_at, rows_read=n_bars, rows_new=n_bars
        )
    return SampleLoad(instruments_new=created, bars_new=n_bars)


def sample_market_is_current() -> bool:
    """Say whether ``sample_market_load`` would find nothing to add; cheap, for every start."""
    symbols = _symbols()
    known = _known()
    if len(known) < len(symbols):
        return False
    newest = last_sessions(known.values())
    return all(
        row.pk in newest and newest[row.pk].date() >= _last_finished_day(row.exchange)
        for row in known.values()
        if row.is_active
    )


def _symbols() -> list[str]:
    stocks = [row.symbol for row in sample_instruments()]
    return stocks + [index.symbol for index in sample_indices()]


def _known() -> dict[str, Instrument]:
    """Return the stored sample instruments by the symbols of the catalogue.

    One that a corporate action has renamed goes on under its new symbol.
    """
    symbols = _symbols()
    names = {symbol: symbol for symbol in symbols} | symbols_now(symbols)
    stored = Instrument.objects.in_bulk(list(names.values()), field_name="symbol")
    return {symbol: stored[name] for symbol, name in names.items() if name in stored}


def sample_instruments_store() -> int:
    """Create the sample instruments that are missing, without bars; return how many."""
    known = set(Instrument.objects.values_list("symbol", flat=True))
    known |= symbols_now(_symbols()).keys()
    listed = [
        *(_instrument(row, AssetType.STOCK) for row in sample_instruments()),
        *(_instrument(row, AssetType.INDEX) for row in sample_indices()),
    ]
    missing = [row for row in listed if row.symbol not in known]
    Instrument.objects.bulk_create(missing)
    return len(missing)


def _instrument(row: SampleInstrument | SampleIndex, asset_type: AssetType) -> Instrument:
    made = Instrument(
        symbol=row.symbol,
        exchange=row.exchange,
        name_en=row.name_en,
        name_ko=row.name_ko,
        currency=rules.CURRENCIES[row.exchange],
        asset_type=asset_type,
        **name_fields(row.name_en, row.name_ko),
        reference_source=Source.SAMPLE,
        lot_size=rules.LOT_SIZES[row.exchange],
        source=Source.SAMPLE,
        is_nxt_tradable=rules.nxt_tradable(row.exchange),
    )
    if isinstance(row, SampleInstrument):
        made.market_segment, made.sector = row.market_segment, row.sector
        made.sector_source = Source.SAMPLE
    return made


def _indices_load(known: dict[str, Instrument]) -> int:
    return sum(
        sample_index_load(
            index=index,
            known=known,
            last_day=_last_finished_day(index.exchange),
            minute_sessions=MINUTE_SESSIONS,
        )
        for index in sample_indices()
    )


def _us_load(known: dict[str, Instrument], since: date | None) -> int:
    listed = [row for row in sample_instruments() if row.exchange != "KRX"]
    days = _finished_days("NYSE", _REAL_ENDS_ON + timedelta(days=1))
    fresh, gaps = _gaps(listed, known, last_day=days[-1])
    if not (fresh or gaps):
        return 0
    real = real_closes()
    returns = history.us_returns(real, settings.MARKET_SEED, len(days))
    loaded: dict[str, list[BarArrays]] = {}
    if fresh:
        volumes = np.array([row.daily_volume for row in _in_order(listed, real)])
        dressed = history.real_bars(real, settings.MARKET_SEED, volumes)
        loaded = {row.symbol: [dressed[row.symbol]] for row in fresh}
        last = np.array([dressed[row.symbol].closes[-1] for row in fresh])
        gaps.append(_Gap(fresh, _REAL_ENDS_ON, last))
    column_of = {symbol: index for index, symbol in enumerate(real.symbols)}
    for gap in gaps:
        columns = [column_of[row.symbol] for row in gap.listed]
        _extend(loaded, gap, "NYSE", days, returns[:, columns])
    return global_tx(_write, known, loaded, since)


def _krx_load(known: dict[str, Instrument], since: date | None) -> int:
    listed = [row for row in sample_instruments() if row.exchange == "KRX"]
    days = _finished_days("KRX", history.KRX_STARTS_ON)
    fresh, gaps = _gaps(listed, known, last_day=days[-1])
    if fresh:
        start = np.array([row.start_price * PRICE_UNIT for row in fresh])
        gaps.append(_Gap(fresh, history.KRX_STARTS_ON - timedelta(days=1), start))
    if not gaps:
        return 0
    returns = history.krx_returns(listed, settings.MARKET_SEED, len(days))
    column_of = {row.symbol: index for index, row in enumerate(listed)}
    loaded: dict[str, list[BarArrays]] = {}
    for gap in gaps:
        columns = [column_of[row.symbol] for row in gap.listed]
        _extend(loaded, gap, "KRX", days, returns[:, columns])
    return global_tx(_write, known, loaded, since)


def _finished_days(exchange: str, first: date) -> list[date]:
    return trading_days.trading_days(exchange, first, _last_finished_day(exchange))


def _last_finished_day(exchange: str) -> date:
    today = now().astimezone(rules.exchange_timezone(exchange)).date()
    return trading_days.last_trading_day(exchange, today - timedelta(days=1))


def _gaps(
    listed: Sequence[SampleInstrument], known: dict[str, Instrument], *, last_day: date
) -> tuple[list[SampleInstrument], list[_Gap]]:
    # What an action ended has its last price for good.
    listed = [row for row in listed if known[row.symbol].is_active]
    newest = last_sessions(known[row.symbol] for row in listed)
    fresh = [row for row in listed if known[row.symbol].pk not in newest]
    behind: dict[date, list[SampleInstrument]] = {}
    for row in listed:
        opened_at = newest.get(known[row.symbol].pk)
        if opened_at is not None and opened_at.date() < last_day:
            behind.setdefault(opened_at.date(), []).append(row)
    gaps = []
    for after, rows in behind.items():
        ids = [known[row.symbol].pk for row in rows]
        bars = bars_at({pk: newest[pk] for pk in ids})
        units = [int(bars[pk].close * PRICE_UNIT) for pk in ids]
        gaps.append(_Gap(rows, after, np.array(units)))
    return fresh, gaps


def _extend(
    loaded: dict[str, list[BarArrays]],
    gap: _Gap,
    exchange: str,
    days: list[date],
    returns: history.FloatArray,
) -> None:
    skipped = sum(1 for day in days if day <= gap.after)
    rest = days[skipped:]
    closes = history.closes_walked(exchange, rest, gap.close_units, returns[skipped:])
    volumes = np.array([row.daily_volume for row in gap.listed])
    symbols = [row.symbol for row in gap.listed]
    context = (gap.close_units, settings.MARKET_SEED, skipped, volumes)
    for symbol, bars in history.generated_bars(symbols, exchange, rest, closes, context).items():
        loaded.setdefault(symbol, []).append(bars)


def _in_order(listed: Sequence[SampleInstrument], real: RealCloses) -> list[SampleInstrument]:
    by_symbol = {row.symbol: row for row in listed}
    return [by_symbol[symbol] for symbol in real.symbols]


def _write(
    known: dict[str, Instrument], loaded: dict[str, list[BarArrays]], since: date | None
) -> int:
    ids = [known[symbol].pk for symbol in loaded]
    return history_write(_rows(known, loaded, since), instrument_ids=ids)


def _rows(
    known: dict[str, Instrument], loaded: dict[str, list[BarArrays]], since: date | None
) -> Iterator[BarRow]:
    for symbol, parts in loaded.items():
        instrument = known[symbol]
        for bars in parts:
            yield from _rows_since(instrument, StoredInterval.DAY, bars, since)
        for bars in _minutes(instrument, parts[-1]):
            yield from _rows_since(instrument, StoredInterval.MINUTE, bars, since)


def _minutes(instrument: Instrument, daily: BarArrays) -> Iterable[BarArrays]:
    """Split the newest of the loaded sessions into minutes, so that no chart begins empty."""
    for index in range(max(0, len(daily) - MINUTE_SESSIONS), len(daily)):
        day = datetime.fromtimestamp(int(daily.times[index]), UTC).date()
        one = daily.part(slice(index, index + 1))
        yield minute_bars(instrument.symbol, instrument.exchange, day, one, settings.MARKET_SEED)


def _rows_since(
    instrument: Instrument, interval: str, bars: BarArrays, since: date | None
) -> Iterable[BarRow]:
    if since is not None:
        midnight = datetime(since.year, since.month, since.day, tzinfo=UTC).timestamp()
        bars = bars.part(slice(int(np.searchsorted(bars.times, midnight)), None))
    return bar_rows(instrument.pk, interval, bars, Source.SAMPLE)
