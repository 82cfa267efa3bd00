"""What a fit does before its first training step: how long it takes, how often it parses a column.

Run `python benchmarks/preparing.py --help`; `--tables` chooses tables, `--out` names the JSON file,
and `--against FILE` prints the ratio to an earlier run.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import pkgutil
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pandas as pd
from datasets import load
from measure import in_own_process, peak_memory_mb
from report import print_table, write_json

import tabgan
from tabgan.callbacks import Callback

RESULTS = Path(__file__).parent / "results"
COUNTED = {
    ("read_numbers", "values"): "numbers",
    ("read_ticks", "values"): "dates",
    ("codes_of", "values"): "levels",
    ("infer_schema", "df"): "inferences",
    ("detect_dependencies", "table"): "detections",
}
"""The functions whose calls are counted: name, first parameter, and column of the output."""


def wide(rows: int = 5_000, columns: int = 300) -> pd.DataFrame:
    """Return a table of many columns: numbers, levels, whole numbers and dates kept as text."""
    rng = np.random.default_rng(11)
    start = np.datetime64("2020-01-01")
    made: list[Callable[[], Any]] = [
        lambda: rng.gamma(2.0, 50.0, rows).round(2),
        lambda: rng.choice(["red", "green", "blue", "grey"], rows, p=[0.4, 0.3, 0.2, 0.1]),
        lambda: rng.poisson(40, rows),
        lambda: np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
        lambda: (start + rng.integers(0, 900, rows).astype("timedelta64[D]")).astype(str),
    ]
    return pd.DataFrame({f"c{at:03d}": made[at % len(made)]() for at in range(columns)})


TABLES: dict[str, Callable[[], pd.DataFrame]] = {
    "hotel_bookings": lambda: load("hotel_bookings"),
    "intrusion": lambda: load("intrusion"),
    "wide": wide,
}


class _FirstStepError(Exception):
    """Ends a fit when its training begins."""


class _Stop(Callback):
    def on_train_begin(self, *_: Any) -> None:
        raise _FirstStepError


def count_calls() -> Counter[str]:
    """Count from now on the calls of `COUNTED` functions, wherever tabgan imports them."""
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(tabgan.__path__, "tabgan.")
        if not module.name.endswith("__main__")
    ]
    calls: Counter[str] = Counter(dict.fromkeys(COUNTED.values(), 0))
    for module in modules:
        for name, value in [*vars(module).items()]:
            if isinstance(value, FunctionType) and value.__code__.co_argcount:
                title = COUNTED.get((name, value.__code__.co_varnames[0]))
                if title:
                    setattr(module, name, _counting(value, title, calls))
    return calls


def _counting(function: FunctionType, title: str, calls: Counter[str]) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        calls[title] += 1
        return function(*arguments, **options)

    return call


def prepare(table: str) -> dict[str, Any]:
    """Fit a table up to its first training step."""
    warnings.simplefilter("ignore")
    frame, calls = TABLES[table](), count_calls()
    before, began = peak_memory_mb(), time.perf_counter()
    with contextlib.suppress(_FirstStepError):
        tabgan.TabGAN(callbacks=[_Stop()], random_state=0, verbose=False).fit(frame)
    return {
        "table": table,
        "rows": len(frame),
        "columns": frame.shape[1],
        "seconds": time.perf_counter() - began,
        "peak_mb": peak_memory_mb(),
        "added_mb": peak_memory_mb() - before,
        **calls,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Prepare each table in a process of its own; print and write the figures."""
    parser = argparse.ArgumentParser(description="What a fit does before its first step.")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--out", type=Path, default=RESULTS / "preparing.json")
    parser.add_argument("--against", type=Path, help="an earlier run, for the ratio of the times")
    options = parser.parse_args(arguments)
    rows = []
    for table in options.tables:
        print(f"{table} …", file=sys.stderr)
        rows.append(in_own_process(prepare, table))
    if options.against is not None:
        earlier = json.loads(options.against.read_text(encoding="utf-8"))["results"]
        seconds = {row["table"]: row["seconds"] for row in earlier}
        for row in rows:
            row["ratio"] = row["seconds"] / seconds[row["table"]]
    write_json(options.out, rows, seeds=[0])
    print_table(rows, list(rows[0]))
    print(f"written to {options.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
