"""Six CSV files of real daily bars through `bars_import`, beside csv and executemany alone.

usage: imports.py [--rounds 5] [--folder FOLDER]

Both sides read the same files into a fresh SQLite file and end with the rows committed. The
peer splits lines with the csv module, turns prices into integers with float, and inserts in
one executemany without looking at what it reads: no rule is checked, no stored row compared, no
run noted. Without the folder, files of the same shape are made. Ends with 1 when the import of
5,874 lines takes 2 s or more in the quickest round. Beside the times on the wall stand those of
the process, which other work on the machine does not lengthen.
"""

import argparse
import csv
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

IMPORT_MAX_S = 2.0
LINES = 5_874
N_FILES = 6
SEED = 20260101
TABLE = """CREATE TABLE bars (instrument_id INTEGER, opened_at INTEGER, open INTEGER,
 high INTEGER, low INTEGER, close INTEGER, volume INTEGER,
 PRIMARY KEY (instrument_id, opened_at))"""


def made_files(folder: Path) -> list[Path]:
    """Write files of the shape of the real ones."""
    rng = random.Random(SEED)  # noqa: S311 - a benchmark's prices are no secret
    paths = []
    for number in range(N_FILES):
        path = folder / f"{number:06d}.csv"
        rows = ["date,open,high,low,close,volume\n"]
        for offset in range(LINES // N_FILES):
            price = 10_000 + rng.randrange(5_000)
            day = date(2016, 1, 4) + timedelta(days=offset)
            figures = (price, price + 50, price - 50, price, rng.randrange(10**7))
            rows.append(f"{day:%Y%m%d},{','.join(f'{figure}.0' for figure in figures)}\n")
        path.write_text("".join(rows))
        paths.append(path)
    return paths


def bare_import(paths: list[Path], database: Path) -> int:
    """Insert what the files hold, believing every word."""
    connection = sqlite3.connect(database)
    connection.execute(TABLE)
    n_rows = 0
    for number, path in enumerate(paths):
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = [
                (
                    number,
                    int(row["date"].replace("-", "")),
                    *(
                        int(float(row[name]) * 1_000_000)
                        for name in ("open", "high", "low", "close")
                    ),
                    int(float(row["volume"])),
                )
                for row in csv.DictReader(lines)
            ]
        connection.executemany("INSERT INTO bars VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        n_rows += len(rows)
    connection.commit()
    connection.close()
    return n_rows


def platform_import(paths: list[Path]) -> int:
    """Load the files as an operator does."""
    from market.services import bars_import

    n_rows = 0
    for path in paths:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            report = bars_import(lines=lines, symbol=path.stem, exchange="KRX", file_name=path.name)
        if report.bad:
            raise SystemExit(f"{path.name}: {len(report.bad)} bad rows")
        n_rows += report.rows_new
    return n_rows


def forget() -> None:
    """Empty the platform's tables for the next round."""
    from market.models import Bar, HistoryRevision, ImportRun, Instrument

    for model in (Bar, ImportRun, HistoryRevision, Instrument):
        model.objects.all().delete()


def timed(work: Callable[[], int]) -> tuple[float, float, int]:
    """Return how long the work took, on the wall and of the CPU, and what it returned."""
    started, cpu = time.perf_counter(), time.process_time()
    rows = work()
    return time.perf_counter() - started, time.process_time() - cpu, rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=ROOT.parent / "shared" / "data" / "krx")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["DATA_DIR"] = str(folder / "data")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradingplatform.settings")
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        real = sorted(options.folder.glob("*.csv"))
        paths = real or made_files(folder)
        print(f"{len(paths)} {'real' if real else 'made'} files, {options.rounds} rounds")
        rounds = [one_round(paths, folder / f"bare{n}.sqlite3") for n in range(options.rounds)]
    bare, bare_cpu, ours, ours_cpu = (median(column) for column in zip(*rounds, strict=True))
    fastest = min(row[2] for row in rounds)
    print(f"bare {bare:.3f} s ({bare_cpu:.3f} s of CPU), import {ours:.3f} s ({ours_cpu:.3f} s)")
    print(f"ratio of CPU {ours_cpu / bare_cpu:.1f}, fastest import {fastest:.3f} s")
    return int(fastest >= IMPORT_MAX_S)


def one_round(paths: list[Path], database: Path) -> tuple[float, float, float, float]:
    """Import once each way; return wall and CPU seconds of the bare one and of ours."""
    bare, bare_cpu, there = timed(lambda: bare_import(paths, database))
    ours, ours_cpu, here = timed(lambda: platform_import(paths))
    if here != there:
        raise SystemExit(f"{there} rows there, {here} here")
    forget()
    return bare, bare_cpu, ours, ours_cpu


if __name__ == "__main__":
    sys.exit(main())
