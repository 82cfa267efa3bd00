"""What it costs to keep no value of few rows: each table fitted with and without `min_group`.

Run `python benchmarks/hygiene.py --help`; `benchmarks/README.md` says what the columns mean.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
from datasets import TABLES, categorical_columns, load, split
from fidelity import means
from measure import in_own_process
from report import print_table, write_json

DEFAULT_TABLES = ("adult", "default", "shoppers")
RESULTS = Path(__file__).parent / "results"
QUICK = {"steps": 300, "refine": False, "polish": False}
SCORES = ("shape_error", "trend_error", "trend_error_all")
MORE_SCORES = (*SCORES, "xgb_c2st", "tstr")
COLUMNS = (
    *("table", "min_group", "seed", *MORE_SCORES, "levels", "levels_lost", "rows_of_lost_levels"),
    *("rows_beyond_range", "single_extremes_kept"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; results are written after each fit."""
    parser = argparse.ArgumentParser(description="Compare fits with and without min_group.")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=DEFAULT_TABLES)
    parser.add_argument("--groups", nargs="+", type=int, default=[1, 5])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--full", action="store_true", help="fit with all default options")
    parser.add_argument("--out", type=Path, default=RESULTS / "hygiene.json")
    options = parser.parse_args(arguments)
    model = {} if options.full else QUICK
    rows: list[dict[str, Any]] = []
    for name, group, seed in product(options.tables, options.groups, options.seeds):
        print(f"{name}, min_group {group}, seed {seed} …", file=sys.stderr)
        rows.append(in_own_process(run, name, group, seed, model))
        write_json(options.out, rows, seeds=options.seeds, model=model)
    labelled = [{**row, "table": f"{row['table']} {row['min_group']}"} for row in rows]
    print_table([*rows, *means(labelled)], [name for name in COLUMNS if name in rows[0]])
    print(f"written to {options.out}", file=sys.stderr)


def run(name: str, group: int, seed: int, model: dict[str, Any]) -> dict[str, Any]:
    """Fit one table, and score as many rows as it has."""
    from tabgan.estimator import TabGAN

    train, test = split(load(name))
    gan = TabGAN(min_group=group, random_state=seed, verbose=False, **model).fit(train)
    synthetic = gan.sample(len(train))
    nominal = categorical_columns(name, train)
    row = {"table": name, "min_group": group, "seed": seed, "rows": len(train)}
    return (
        row
        | _errors(name, train, test, synthetic, full=not model)
        | lost(train, synthetic, nominal)
    )


def _errors(
    name: str, train: pd.DataFrame, test: pd.DataFrame, synthetic: pd.DataFrame, *, full: bool
) -> dict[str, float]:
    from scoring import quality_errors, score

    table, nominal = TABLES[name], categorical_columns(name, train)
    if not full:
        return quality_errors(train, synthetic, nominal)
    found = score(train, test, synthetic, task=table.task, categorical=nominal, target=table.target)
    return {key: found[key] for key in MORE_SCORES}


def lost(
    train: pd.DataFrame, synthetic: pd.DataFrame, nominal: Collection[str]
) -> dict[str, float]:
    """Count levels and extremes of the table that the synthetic rows do not have.

    Shares of rows are of all cells of the nominal columns, or of the others, in percent.
    """
    levels = missing = cells = beyond = kept = 0
    numbers = [name for name in train if name not in nominal]
    for name in nominal:
        counts = train[name].value_counts()
        gone = counts[~counts.index.isin(synthetic[name])]
        levels, missing, cells = levels + len(counts), missing + len(gone), cells + int(gone.sum())
    for name in numbers:
        real, drawn = train[name].dropna(), synthetic[name].dropna()
        outside = (real < drawn.min()) | (real > drawn.max())
        beyond += int(outside.sum())
        for end, made in ((real.min(), drawn.min()), (real.max(), drawn.max())):
            kept += int(end == made and (real == end).sum() == 1)
    return {
        "levels": levels,
        "levels_lost": missing,
        "rows_of_lost_levels": 100 * cells / (len(train) * max(len(nominal), 1)),
        "rows_beyond_range": 100 * beyond / (len(train) * max(len(numbers), 1)),
        "single_extremes_kept": kept,
    }


if __name__ == "__main__":
    main()
