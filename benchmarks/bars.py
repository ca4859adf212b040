"""Ten years of daily bars of 500 symbols as one panel, and a million trades cut into minutes.

usage: bars.py [--symbols 500] [--sessions 2520] [--ticks 1000000] [--rounds 3]

Panel: a private MariaDB is filled, then a process of its own calls
`market.panel_selectors.price_panel` twice in each round: cold (nothing kept in memory) and warm.
Beside cold stands the bare driver: the same rows and columns fetched by mysqlclient into numpy.
Beside warm stands pandas, which joins ready-made columns on their common dates. Cutting: trades
in the order of time go one by one into `market.cutting.MinuteBars`, whose bars are taken every
ten seconds as the feed does; beside it pandas resamples all of them at once. Ends with 1 when a
bar of issue "Market data" is missed: cold 3 s, warm 0.3 s, 200,000 trades a second.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bin")]

from stack import Stack, install_driver  # noqa: E402 - bin/ is no package

COLD_MAX_S, WARM_MAX_S, TICKS_PER_S_MIN = 3.0, 0.3, 200_000
FIRST_DAY = date(2016, 1, 4)
SEED = 20260101


def prepare_django() -> None:
    """Load the platform."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradingplatform.settings")
    import django

    django.setup()


def fill(n_symbols: int, n_sessions: int) -> None:
    """Make the tables, the instruments and their histories."""
    from django.core.management import call_command

    from market.bar_store import history_write
    from market.models import Instrument
    from tradingplatform.db.transactions import global_tx

    with Path(os.devnull).open("w") as nowhere:
        call_command("migrate_all", verbosity=0, stdout=nowhere)
    common = {"exchange": "NASDAQ", "currency": "USD", "source": "SAMPLE"}
    names = [f"B{number:04}" for number in range(n_symbols)]
    Instrument.objects.bulk_create(
        [Instrument(symbol=name, name_en=name, name_ko=name, **common) for name in names]
    )
    generator = np.random.default_rng(SEED)
    for pk in Instrument.objects.values_list("pk", flat=True):
        global_tx(history_write, history(pk, n_sessions, generator), instrument_ids=[pk])


def history(pk: int, n_sessions: int, generator: np.random.Generator) -> Iterator[Any]:
    """Return the rows of one random walk on weekdays."""
    walk = 100 * np.exp(np.cumsum(generator.normal(0, 0.01, n_sessions)))
    closes = (walk * 10**6).astype(np.int64).tolist()
    days = np.busday_offset(FIRST_DAY, np.arange(n_sessions)).astype("datetime64[s]")
    for opened_at, close in zip(days.astype(np.int64).tolist(), closes, strict=True):
        yield (pk, "1d", opened_at, close, close, close, close, 1000, "SAMPLE", 31)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that a call takes, and its result."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def read_panel() -> None:
    """Print what one fresh process measures, as JSON."""
    from django.db import connections

    from market.models import Instrument
    from market.panel_selectors import price_panel

    symbols = list(Instrument.objects.values_list("symbol", flat=True))
    price_panel(symbols=symbols[:1], end=FIRST_DAY - timedelta(days=1))  # connects and imports
    forget_copies()
    bare_s, n_rows = timed(lambda: bare_rows(connections["default"]))
    cold_s, panel = timed(lambda: price_panel(symbols=symbols))
    warm_s, again = timed(lambda: price_panel(symbols=symbols))
    pandas_s, joined = timed(lambda: joined_by_pandas(panel))
    if not (np.array_equal(panel.closes, again.closes) and joined.shape == panel.closes.shape):
        raise SystemExit("The panels differ.")
    result = {"bare": bare_s, "cold": cold_s, "warm": warm_s, "pandas": pandas_s}
    print(json.dumps(result | {"rows": n_rows, "values": panel.closes.size}))


def forget_copies() -> None:
    """Begin as a process that has just started."""
    from market import history

    history._copies = history.HistoryCopies()  # noqa: SLF001 - no user needs to forget them


def bare_rows(connection: Any) -> int:
    """Fetch the rows of the panel with nothing but the driver."""
    from itertools import chain

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT instrument_id, opened_at, close, generated_mask FROM table_bars"
            " WHERE `interval` = '1d' ORDER BY instrument_id, opened_at"
        )
        rows = np.fromiter(chain.from_iterable(cursor.fetchall()), dtype=np.int64)
    return rows.size // 4


def joined_by_pandas(panel: Any) -> Any:
    """Join the columns of a panel on their common dates."""
    import pandas as pd

    columns = [pd.Series(panel.closes[:, n], index=panel.dates) for n in range(len(panel.symbols))]
    return pd.concat(columns, axis=1, join="inner")


def trades(n_ticks: int, n_symbols: int) -> tuple[Any, Any, Any, Any]:
    """Return symbol numbers, prices in stored units, sizes and ascending times."""
    generator = np.random.default_rng(SEED)
    symbols = generator.integers(0, n_symbols, n_ticks)
    units = 100_000_000 + np.cumsum(generator.integers(-5, 6, n_ticks)) * 10_000
    sizes = generator.integers(1, 500, n_ticks)
    times = np.sort(generator.uniform(0, 6.5 * 3600, n_ticks)) + 1_763_994_600
    return symbols, units, sizes, times


def cut_by_platform(symbols: Any, units: Any, sizes: Any, times: Any) -> int:
    """Cut trades one by one and count the bars."""
    from market.cutting import MinuteBars

    lines = [MinuteBars() for _ in range(int(symbols.max()) + 1)]
    made: set[tuple[int, int]] = set()
    due = float(times[0]) + 10

    def take() -> None:
        for number, line in enumerate(lines):
            made.update((number, bar.opened_at) for bar in line.take())

    rows = zip(symbols.tolist(), units.tolist(), sizes.tolist(), times.tolist(), strict=True)
    for symbol, price, size, at in rows:
        if at >= due:
            take()
            due += 10
        lines[symbol].trade(price, size, at)
    take()
    return len(made)


def cut_by_pandas(symbols: Any, units: Any, sizes: Any, times: Any) -> int:
    """Resample all trades at once and count the bars."""
    import pandas as pd

    table = pd.DataFrame({"minute": times // 60, "symbol": symbols, "price": units, "size": sizes})
    groups = table.groupby(["symbol", "minute"])
    return len(groups.agg({"price": ["first", "max", "min", "last"], "size": "sum"}))


def measure_panel(options: argparse.Namespace) -> bool:
    """Fill a database, read it in fresh processes, and compare."""
    folder = Path(tempfile.mkdtemp(prefix="bars-"))
    stack = Stack(folder, for_tests=True)
    install_driver()
    try:
        stack.start()
        environment = {**os.environ, **stack.application_environment(), "LOG_FILES": "0"}
        command = [sys.executable, __file__, "--symbols", str(options.symbols)]
        command += ["--sessions", str(options.sessions), "--part"]
        fill_s, _ = timed(lambda: subprocess.run([*command, "fill"], env=environment, check=True))
        print(f"filled {options.symbols} x {options.sessions} bars in {fill_s:.0f} s")
        rounds = [read_in_a_process([*command, "read"], environment) for _ in range(options.rounds)]
    finally:
        stack.stop()
    middle = {name: median(result[name] for result in rounds) for name in rounds[0]}
    print(f"panel of {middle['values']:.0f} closes from {middle['rows']:.0f} rows:")
    beside("cold", middle["cold"], "the bare driver", middle["bare"])
    beside("warm", middle["warm"], "pandas joining ready columns", middle["pandas"])
    return bool(middle["cold"] <= COLD_MAX_S and middle["warm"] <= WARM_MAX_S)


def read_in_a_process(command: list[str], environment: dict[str, str]) -> dict[str, float]:
    """Return what a fresh process measured."""
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def beside(name: str, seconds: float, peer: str, peer_s: float) -> None:
    """Print one figure and its peer."""
    print(f"  {name}: {seconds:.3f} s, {seconds / peer_s:.2f} x {peer} ({peer_s:.3f} s)")


def measure_cutting(options: argparse.Namespace) -> bool:
    """Cut the same trades both ways and compare."""
    ticks = trades(options.ticks, options.symbols)
    ours_s, n_bars = timed(lambda: cut_by_platform(*ticks))
    pandas_s, n_expected = timed(lambda: cut_by_pandas(*ticks))
    if n_bars != n_expected:
        raise SystemExit(f"{n_bars} bars, pandas says {n_expected}.")
    per_s = options.ticks / ours_s
    print(f"cutting {options.ticks} trades of {options.symbols} symbols into {n_bars} bars:")
    print(f"  {per_s:.0f} trades/s")
    beside("one by one", ours_s, "pandas, all at once", pandas_s)
    return per_s >= TICKS_PER_S_MIN


def main() -> int:
    """Serve as one of the processes, or measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--symbols", type=int, default=500)
    parser.add_argument("--sessions", type=int, default=2520)
    parser.add_argument("--ticks", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--part", choices=("fill", "read"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        prepare_django()
        fill(options.symbols, options.sessions) if options.part == "fill" else read_panel()
        return 0
    prepare_django()
    reached = [measure_cutting(options), measure_panel(options)]
    print("targets reached" if all(reached) else "a target was MISSED")
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
