"""What a fit of ever more rows costs, and what it costs to draw ever more rows to files.

Run `python benchmarks/scale.py --help`. The tables are made up: numbers, counts, categories, dates
and a row number, that depend on each other. They are written as a folder of Parquet files.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from measure import TABGAN, Finished, in_own_process, peak_memory_mb, run_measured
from report import print_table, write_json

RESULTS = Path(__file__).parent / "results"
LIMIT_SECONDS = 7_200
ROWS_AT_ONCE = 500_000
KINDS = ("normal", "count", "level", "date")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run both halves of the benchmark."""
    parser = argparse.ArgumentParser(description="Measure fits of large tables, and large samples.")
    parser.add_argument("--rows", nargs="+", type=float, default=[1e4, 1e5, 1e6, 1e7])
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--training-rows", type=float, default=5e5)
    parser.add_argument("--steps", type=int, help="training steps (default: auto)")
    parser.add_argument("--sample-rows", nargs="*", type=float, default=[1e5, 1e6, 1e7])
    parser.add_argument("--rows-per-file", type=float, default=1e6)
    parser.add_argument("--out", type=Path, default=RESULTS / "scale.json")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results = [measure_fit(folder, int(rows), options) for rows in options.rows]
        results += [measure_sample(folder, int(rows), options) for rows in options.sample_rows]
    print_table(results, ["what", "rows", "seconds", "rows_per_second", "peak_mb"])
    settings = {"columns": options.columns, "training_rows": int(options.training_rows)}
    write_json(options.out, results, seeds=[0], **settings, steps=options.steps)
    print(f"written to {options.out}", file=sys.stderr)


def make_parquet(folder: Path, rows: int, columns: int) -> None:
    """Write a made-up table of some rows and columns to Parquet files of a folder."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number, start in enumerate(range(0, rows, ROWS_AT_ONCE)):
        n = min(ROWS_AT_ONCE, rows - start)
        group = rng.integers(0, 5, n)
        made: dict[str, Any] = {"row": np.arange(start, start + n)}
        for place in range(1, columns):
            kind = KINDS[place % len(KINDS)]
            made[f"{kind}_{place}"] = make_column(kind, group, rng)
        pd.DataFrame(made).to_parquet(folder / f"{number:05d}.parquet", index=False)


def make_column(kind: str, group: np.ndarray, rng: np.random.Generator) -> Any:
    """Draw a column that depends on the rows' groups."""
    n = len(group)
    if kind == "normal":
        return rng.normal(group, 1.0).round(3)
    if kind == "count":
        return rng.poisson(3 + group)
    if kind == "level":
        levels = np.array(["alpha", "beta", "gamma", "delta", "epsilon", "zeta"])
        return levels[(group + rng.integers(0, 3, n)) % len(levels)]
    return pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, n), unit="D")


def read_pass(folder: str, most_rows: int) -> tuple[float, float]:
    """Read a table once, and return the seconds and the peak memory in MB."""
    from tabgan.files.read_write import read_table

    start = time.perf_counter()
    read_table(folder, most_rows=most_rows)
    return time.perf_counter() - start, peak_memory_mb()


def measure_fit(folder: Path, rows: int, options: argparse.Namespace) -> dict[str, Any]:
    """Fit a table from its files; the last model stays for the samples."""
    place, training_rows = folder / "table", int(options.training_rows)
    in_own_process(make_parquet, place, rows, options.columns)
    seconds, peak = in_own_process(read_pass, str(place), training_rows)
    steps = [] if options.steps is None else ["--steps", str(options.steps)]
    model = ["-m", str(folder / "model.safetensors"), "--seed", "0", "--force"]
    rest = ["--training-rows", str(training_rows), *steps, *model]
    finished = run_tabgan("fit", str(place), *rest)
    shutil.rmtree(place)
    own = {"read_seconds": seconds, "read_peak_mb": peak}
    return result("fit", rows, finished) | own


def measure_sample(folder: Path, rows: int, options: argparse.Namespace) -> dict[str, Any]:
    """Draw rows to Parquet files by the last model."""
    place = folder / "sample"
    parts = ["--rows-per-file", str(int(options.rows_per_file)), "--seed", "0"]
    model = str(folder / "model.safetensors")
    finished = run_tabgan("sample", model, "-n", str(rows), "-o", f"{place}/", *parts)
    shutil.rmtree(place)
    return result("sample", rows, finished)


def run_tabgan(*arguments: str) -> Finished:
    """Run a command of tabgan in a process of its own, start included."""
    finished = run_measured([*TABGAN, *arguments], LIMIT_SECONDS)
    if finished.code:
        raise SystemExit(f"tabgan {arguments[0]} ended with {finished.code}:\n{finished.errors}")
    return finished


def result(what: str, rows: int, finished: Finished) -> dict[str, Any]:
    """Describe a run."""
    speed = rows / finished.seconds
    numbers = {"seconds": finished.seconds, "rows_per_second": speed, "peak_mb": finished.peak_mb}
    return {"what": what, "rows": rows, **numbers}


if __name__ == "__main__":
    main()
