"""What a guarantee of privacy costs: each table fitted without one, and with several budgets.

Run `python benchmarks/private.py --help`; `benchmarks/README.md` says what the columns mean.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from datasets import TABLES, categorical_columns, load, split
from fidelity import means
from measure import in_own_process
from report import print_table, write_json

if TYPE_CHECKING:
    from tabgan import Schema

RESULTS = Path(__file__).parent / "results"
DEFAULT_TABLES = ("adult", "intrusion")
COLUMNS = (
    *("table", "epsilon", "declared", "seed", "rows", "shape_error", "trend_error"),
    *(
        "trend_error_all",
        "trend_error_bins",
        "trend_error_all_bins",
        "tstr",
        "trtr",
        "fit_seconds",
        "fit_cpu_seconds",
        "measuring_seconds",
        "steps",
        "spent",
    ),
)

RANGES = {  # as the tables' own documentation has them
    "adult": {
        "age": (17, 90),
        "fnlwgt": (0, 1_500_000),
        "education-num": (1, 16),
        "capital-gain": (0, 99_999),
        "capital-loss": (0, 5_000),
        "hours-per-week": (1, 99),
    },
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; results are written after each fit."""
    parser = argparse.ArgumentParser(description="Compare fits with and without a budget.")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=DEFAULT_TABLES)
    parser.add_argument(
        *("--epsilons", "-e"), nargs="+", type=float, default=[0.0, 1.0, 10.0], help="0 for none"
    )
    parser.add_argument("--delta", type=float, default=1e-6)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--most-rows", type=int, default=100_000, help="of a table (sampled)")
    parser.add_argument("--steps", type=int, help="of the private fits")
    parser.add_argument(
        "--declared", action="store_true", help="declare the documented ranges and levels, too"
    )
    parser.add_argument("--out", type=Path, default=RESULTS / "private.json")
    options = parser.parse_args(arguments)
    model = {"delta": options.delta} | ({"steps": options.steps} if options.steps else {})
    rows: list[dict[str, Any]] = []
    arms = [
        (name, epsilon, declared, seed)
        for name, epsilon, declared in product(options.tables, options.epsilons, (False, True))
        for seed in options.seeds
        if not declared or (options.declared and epsilon and name in RANGES)
    ]
    for arm in arms:
        print(arm, file=sys.stderr)
        rows.append(in_own_process(partial(run, most_rows=options.most_rows, model=model), *arm))
        write_json(options.out, rows, seeds=options.seeds, model=model, most_rows=options.most_rows)
    labelled = [
        {**row, "table": f"{row['table']} {row['epsilon']:g}{' declared' * row['declared']}"}
        for row in rows
    ]
    print_table([*rows, *means(labelled)], COLUMNS)
    print(f"written to {options.out}", file=sys.stderr)


def run(
    name: str, epsilon: float, declared: bool, seed: int, *, most_rows: int, model: dict[str, Any]
) -> dict[str, Any]:
    """Fit one table, and score as many rows as it has."""
    from tabgan.estimator import TabGAN

    frame = load(name)
    if len(frame) > most_rows / 0.9:
        frame = frame.sample(round(most_rows / 0.9), random_state=0)
    train, test = split(frame)
    if declared:
        model, train = {**model, "schema": _schema(name, frame)}, _with_levels(train, frame)
    budget = {"epsilon": epsilon, **model} if epsilon else {}
    gan = TabGAN(random_state=seed, verbose=False, **budget)
    wall, cpu = time.perf_counter(), time.process_time()
    gan.fit(train)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    row = {"table": name, "epsilon": epsilon, "declared": declared, "seed": seed}
    row["rows"] = len(train)
    synthetic = gan.sample(len(train))
    if declared:
        texts = train.columns[train.dtypes == "category"]
        train, synthetic = (
            part.astype(dict.fromkeys(texts, object)) for part in (train, synthetic)
        )
    row |= _scores(name, train, test, synthetic)
    row |= {"fit_seconds": wall, "fit_cpu_seconds": cpu, "steps": gan.n_steps_}
    if gan.privacy_ is None:
        return row
    training = gan.history_[-1]["seconds"]
    return row | {"measuring_seconds": wall - training, "spent": gan.privacy_.spent()}


def _schema(name: str, frame: pd.DataFrame) -> Schema:
    """Return the documented ranges, and that the levels of texts are public."""
    from tabgan import Column, Schema

    numbers = [
        Column(column, "integer", "int64", minimum=low, maximum=high, decimals=0)
        for column, (low, high) in RANGES[name].items()
    ]
    texts = frame.select_dtypes(object)
    return Schema((*numbers, *(Column(column, "categorical", "object") for column in texts)))


def _with_levels(train: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Give texts the levels of the whole table, which are those of its documentation."""
    texts = frame.select_dtypes(object)
    levels = {text: pd.CategoricalDtype(sorted(frame[text].dropna().unique())) for text in texts}
    return train.astype(levels)


def _scores(
    name: str, train: pd.DataFrame, test: pd.DataFrame, synthetic: pd.DataFrame
) -> dict[str, float]:
    from coding import encode
    from scoring import quality_errors, train_and_test

    table, nominal = TABLES[name], categorical_columns(name, train)
    coded = encode([train, test, synthetic], nominal)
    # numbers are cut into bins between each table's own extremes, which a private one can't have:
    # two rows with the real extremes give both the same bins
    ends = train.agg(["min", "max"])[[column for column in train if column not in nominal]]
    pinned = pd.concat([synthetic, synthetic[:2].assign(**ends.to_dict("list"))])
    same_bins = quality_errors(train, pinned.astype(synthetic.dtypes), nominal)
    return quality_errors(train, synthetic, nominal) | {
        "trend_error_bins": same_bins["trend_error"],
        "trend_error_all_bins": same_bins["trend_error_all"],
        "tstr": train_and_test(coded[2], coded[1], table.task, table.target),
        "trtr": train_and_test(coded[0], coded[1], table.task, table.target),
    }


if __name__ == "__main__":
    main()
