"""Does `evaluate` find fault with fresh rows: halves of real tables, judged by each other.

Run `python benchmarks/false_alarms.py --help`. Of each table some rows are drawn and split in two;
one half stands in for the synthetic table. No weak point is to be there, but for chance: the share
of runs with none is printed for each table, and what was found in the others. Tables are those of
`datasets.py`, and those that come with scikit-learn. Where a table's rows are in groups (keys, or
hours that follow each other) its halves are not fresh rows, and it is left out.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from datasets import TABLES, load
from report import print_table, write_json
from sklearn import datasets as sklearn_datasets

from tabgan import evaluate

RESULTS = Path(__file__).parent / "results"
BUNDLED = ("iris", "wine", "breast_cancer", "diabetes", "linnerud", "digits")
MOST_COLUMNS = 20
IN_ORDER = ("beijing",)  # hour by hour
PARTS = {  # columns of wide tables, each a table of its own
    "covtype_20k": ("numbers", "soils"),
    "default": ("bills", "persons"),
    "hotel_bookings": ("guests", "stays"),
    "intrusion": ("counts", "rates"),
}
COLUMNS = ("table", "rows", "columns", "runs", "without", "seconds", "found")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; results are written after each table."""
    parser = argparse.ArgumentParser(
        description="Judge halves of real tables by each other.", allow_abbrev=False
    )
    names = table_names()
    parser.add_argument("--tables", nargs="+", choices=names, default=names)
    parser.add_argument("--rows", type=int, default=2_000, help="rows of each half, at most")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=RESULTS / "false_alarms.json")
    options = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []
    for name in options.tables:
        print(f"{name} …", file=sys.stderr)
        rows.append(run(name, options.rows, options.seeds))
        write_json(options.out, rows, seeds=options.seeds, most_rows=options.rows)
    print_table(rows, COLUMNS)
    runs, clean = (sum(row[key] for row in rows) for key in ("runs", "without"))
    print(f"{clean} of {runs} runs without a weak point", file=sys.stderr)


def table_names() -> list[str]:
    """Return the names of the tables, parts of wide ones as "table/part"."""
    names = []
    for name in TABLES:
        if name not in IN_ORDER:
            names += [f"{name}/{part}" for part in PARTS.get(name, ())] or [name]
    return [*names, *BUNDLED]


def table_of(name: str) -> pd.DataFrame:
    """Return a table; of a wide one the first or the last columns."""
    if name in BUNDLED:
        frame = getattr(sklearn_datasets, f"load_{name}")(as_frame=True).frame
        return frame.iloc[:, -MOST_COLUMNS:]
    table, _, part = name.partition("/")
    frame = load(table)
    if not part:
        return frame
    first = part == PARTS[table][0]
    return frame.iloc[:, :MOST_COLUMNS] if first else frame.iloc[:, -MOST_COLUMNS:]


def run(name: str, most_rows: int, seeds: Sequence[int]) -> dict[str, Any]:
    """Judge halves of a table, once for each seed.

    Parameters
    ----------
    name
        The table.
    most_rows
        Rows of each half, at most.
    seeds
        Of the split and the evaluation.
    """
    frame = table_of(name)
    found, began, size = list[str](), time.perf_counter(), 0
    without = 0
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(len(frame))[: 2 * most_rows]
        size = len(order) // 2
        one, other = (
            frame.iloc[rows].reset_index(drop=True) for rows in (order[:size], order[size:])
        )
        points = evaluate(one, other, random_state=seed).verdict.weak_points
        without += not points
        found += [f"{point.part} {point.severity:.2f}: {point.what}" for point in points]
    return {
        "table": name,
        "rows": size,
        "columns": frame.shape[1],
        "runs": len(seeds),
        "without": without,
        "seconds": round(time.perf_counter() - began, 1),
        "found": " | ".join(found),
    }


if __name__ == "__main__":
    main()
