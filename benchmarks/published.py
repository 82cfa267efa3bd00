"""TabGAN and TabTrees by the protocol of a published comparison, beside its figures.

Run `python benchmarks/published.py --help`; `benchmarks/README.md` says what the columns mean.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from datasets import TABLES, categorical_columns, load, table_path
from measure import in_own_process
from report import kept_results, print_table, write_json
from threadpoolctl import threadpool_limits

NAMES = ("adult", "default", "shoppers", "magic", "beijing")
METHODS = ("real", "bootstrap", "trees", "gan")
RESULTS = Path(__file__).parent / "results"
PUBLISHED = Path(__file__).with_name("published_figures.csv")
ADULT_TRAIN = 32_561  # rows of UCI's adult.data, before those of adult.test
SEED = 1234  # of the published splits
COLUMNS = (
    *("table", "method", "seed", "shape_error", "trend_error", "trend_error_bins", "xgb_c2st"),
    *("utility", "alpha_precision", "beta_recall", "nmi_distance", "dcr_share"),
    *("fit_cpu_seconds", "sample_cpu_seconds", "score_cpu_seconds"),
)
NOTE = (
    "TabSyn, TabDiff and TabPC: means of five seeds as published in the repository "
    "april-tools/tabpc; real: the test rows in place of synthetic ones; bootstrap: the training "
    "rows drawn again, with replacement"
)
Row = dict[str, Any]
Split = tuple[pd.DataFrame, pd.DataFrame]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; results are written after each fit, beside those of other methods."""
    options = parse(arguments)
    for name in options.tables:
        table_path(name)
    rows = kept_results(options.out, lambda row: "seed" not in row)
    for name, seed, method in product(options.tables, options.seeds, options.methods):
        print(f"{name}, {method}, seed {seed} …", file=sys.stderr)
        row = in_own_process(run, name, method, seed, options.halves)
        rows = [one for one in rows if not same_run(one, row)]
        rows.append(row)
        seeds = sorted({one["seed"] for one in rows})
        write_json(options.out, in_order([*published(), *rows]), seeds=seeds, note=NOTE)
    wanted = [row for row in in_order([*published(), *rows]) if row["table"] in options.tables]
    print_table(wanted, COLUMNS)
    print(f"written to {options.out}", file=sys.stderr)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description="Score by the protocol of published figures.")
    parser.add_argument("--tables", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--out", type=Path, default=RESULTS / "published.json")
    parser.add_argument(
        "--no-halves",
        dest="halves",
        action="store_false",
        help="leave out the second fit, of half of the rows, which dcr_share needs",
    )
    return parser.parse_args(arguments)


def published() -> list[Row]:
    """Return the published figures, errors and shares in percent."""
    return pd.read_csv(PUBLISHED).to_dict("records")


def same_run(one: Row, other: Row) -> bool:
    return all(one[key] == other[key] for key in ("table", "method", "seed"))


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Return rows by table, those that are published first."""
    return sorted(
        rows,
        key=lambda row: (
            NAMES.index(row["table"]),
            METHODS.index(row["method"]) if row["method"] in METHODS else -1,
            row.get("seed", 0),
        ),
    )


def run(name: str, method: str, seed: int, halves: bool) -> Row:
    """Fit, sample and score one table with one method and seed."""
    table = prepared(name)
    train, test = split(name, table)
    row: Row = {"table": name, "method": method, "seed": seed, "rows": len(train)}
    row["columns"] = train.shape[1]
    with threadpool_limits(1):
        if method == "real":
            return row | real_scores(name, train, test, seed)
        if method == "bootstrap":
            again = train.sample(frac=1, replace=True, random_state=seed, ignore_index=True)
            return row | distances(train, again, columns_of(name, train))
        synthetic, cost = fit_and_sample(train, seed, method)
        row |= cost | scores(name, train, test, synthetic, seed)
        if halves:
            row |= half_scores(name, shuffled_split(name, table, 0.5), seed, method)
    return row


def prepared(name: str) -> pd.DataFrame:
    """Return a table as the published code has it.

    Rows with a missing cell are left out; of magic the first one too, which it takes for a header.
    Decimals have single precision.
    """
    table = load(name).dropna(ignore_index=True)
    if name == "magic":
        table = table[1:].reset_index(drop=True)
    decimals = table.select_dtypes(float).columns
    return table.assign(**table[decimals].astype(np.float32).astype(str).astype(float))


def columns_of(name: str, table: pd.DataFrame) -> Any:
    """Return which columns are numbers and which are nominal."""
    from published_measures import Columns  # late: its memory and time are not the fit's

    target = TABLES[name].target
    nominal = {*categorical_columns(name, table), *TABLES[name].calendar} - {target}
    features = [column for column in table.columns if column != target]
    return Columns(
        numbers=tuple(column for column in features if column not in nominal),
        nominal=tuple(column for column in features if column in nominal),
        target=target,
        task=TABLES[name].task,
    )


def split(name: str, table: pd.DataFrame) -> Split:
    """Return the published training and test rows: adult's own, else 90 % drawn at random."""
    if name == "adult":
        return table[:ADULT_TRAIN], table[ADULT_TRAIN:].reset_index(drop=True)
    return shuffled_split(name, table, 0.9)


def shuffled_split(name: str, table: pd.DataFrame, share: float) -> Split:
    """Shuffle, again until each level of each nominal feature is among the training rows."""
    size, order, seed = int(share * len(table)), np.arange(len(table)), SEED
    nominal = list(columns_of(name, table).nominal)
    levels = table[nominal].nunique()
    while True:
        np.random.RandomState(seed).shuffle(order)  # as the splits were drawn
        train = table.iloc[order[:size]].reset_index(drop=True)
        if (train[nominal].nunique() == levels).all():
            return train, table.iloc[order[size:]].reset_index(drop=True)
        seed += 1


def fit_and_sample(train: pd.DataFrame, seed: int, method: str) -> tuple[pd.DataFrame, Row]:
    """Return as many synthetic rows as there are training rows, and the processor time taken."""
    from tabgan.estimator import METHODS as ESTIMATORS

    start = time.process_time()
    model = ESTIMATORS[method](random_state=seed).fit(train)
    fitted = time.process_time()
    synthetic = model.sample(len(train))
    drawn = time.process_time()
    return synthetic, {"fit_cpu_seconds": fitted - start, "sample_cpu_seconds": drawn - fitted}


def scores(
    name: str, train: pd.DataFrame, test: pd.DataFrame, synthetic: pd.DataFrame, seed: int
) -> Row:
    """Return every measure but that of the halves."""
    import published_measures as measures

    start, columns = time.process_time(), columns_of(name, train)
    found = nearness(train, synthetic, columns, seed)
    found["utility"] = measures.utility(synthetic, test, columns, seed)
    return found | {"score_cpu_seconds": time.process_time() - start}


def nearness(train: pd.DataFrame, synthetic: pd.DataFrame, columns: Any, seed: int) -> Row:
    """Return the measures that compare two tables of as many rows."""
    import published_measures as measures

    return {
        **distances(train, synthetic, columns),
        "xgb_c2st": measures.detection(train, synthetic, seed),
        **measures.support(train, synthetic, columns),
    }


def distances(train: pd.DataFrame, synthetic: pd.DataFrame, columns: Any) -> Row:
    """Return the errors of columns and of pairs."""
    import published_measures as measures

    return {
        **measures.shape_and_trend(train, synthetic, columns),
        "nmi_distance": measures.nmi_distance(train, synthetic, columns),
    }


def half_scores(name: str, halves: Split, seed: int, method: str) -> Row:
    """Return the share of rows nearer to the half that was fitted than to the other one."""
    import published_measures as measures

    train, test = halves
    synthetic, cost = fit_and_sample(train, seed, method)
    share = measures.nearer_to_train(train, test, synthetic, columns_of(name, train))
    return {"dcr_share": share, "half_fit_cpu_seconds": cost["fit_cpu_seconds"]}


def real_scores(name: str, train: pd.DataFrame, test: pd.DataFrame, seed: int) -> Row:
    """Score the test rows beside as many training rows; predictors learn from the latter all."""
    import published_measures as measures

    columns = columns_of(name, train)
    mixed = train.sample(frac=1, random_state=seed, ignore_index=True)
    half = len(mixed) // 2
    return {
        **nearness(mixed[: len(test)], test, columns, seed),
        "utility": measures.utility(train, test, columns, seed),
        "dcr_share": measures.nearer_to_train(mixed[:half], mixed[half : 2 * half], test, columns),
    }


if __name__ == "__main__":
    main()
