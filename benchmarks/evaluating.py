"""Does `evaluate` tell good tables from bad ones, in the right order, and at what cost.

Run `python benchmarks/evaluating.py --help`. Of each table the first 90 % of the shuffled rows are
the real table. What is evaluated against them: real rows kept aside ("fresh"), the same rows with
each column shuffled on its own ("shuffled"), what a `TabGAN` ("tabgan") or `TabTrees` ("trees")
draws, and files. Of "berka", the orders of accounts with what is known of these, whole accounts are
kept aside.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from datasets import TABLES, Table, load, split, table_path
from measure import in_own_process, peak_memory_mb
from report import print_table, write_json

KINDS = ("fresh", "shuffled", "tabgan", "trees")
BERKA = "berka"
KEY = "account_id"  # of berka
ALL = {**TABLES, BERKA: Table(target="k_symbol", dates=("date",))}
TRAINED = 0.9  # of its accounts
RESULTS = Path(__file__).parent / "results"
PARTS = ("validity", "structure", "shapes", "trends", "detection", "utility", "coverage")
COLUMNS = ("table", "synthetic", "rows", "grade", "score", *PARTS, "seconds", "peak_mb", "weakest")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; results are written after each evaluation."""
    parser = argparse.ArgumentParser(
        description="Evaluate good and bad synthetic tables.", allow_abbrev=False
    )
    parser.add_argument("--tables", nargs="+", choices=ALL, default=["adult"])
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=KINDS)
    parser.add_argument(
        "--synthetic",
        nargs="+",
        metavar="NAME=FILE",
        type=_named_file,
        default=[],
        help="further synthetic tables, as CSV, of the first of --tables",
    )
    parser.add_argument("--steps", type=int, help="training steps of tabgan (default: auto)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS / "evaluating.json")
    options = parser.parse_args(arguments)
    jobs = [(table, kind, None) for table in options.tables for kind in options.kinds]
    jobs += [(options.tables[0], name, path) for name, path in options.synthetic]
    for table in options.tables:
        if table != BERKA:
            table_path(table)
    rows: list[dict[str, Any]] = []
    for table, name, path in jobs:
        print(f"{table}, {name} …", file=sys.stderr)
        synthetic = in_own_process(make, table, name, path, options.steps, options.seed)
        rows.append(in_own_process(run, table, name, synthetic, options.seed))
        write_json(options.out, rows, seeds=[options.seed], steps=options.steps)
    print_table(rows, COLUMNS)
    print(f"written to {options.out}", file=sys.stderr)


def _named_file(text: str) -> tuple[str, Path]:
    name, mark, path = text.partition("=")
    if not mark or not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE with a file that exists")
    return name, Path(path)


def halves(table: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the real table and the rows kept aside."""
    if table != BERKA:
        return split(load(table))
    folder = Path(os.environ["TABGAN_DATA"], "relational", BERKA)
    orders, accounts = (pd.read_csv(folder / f"{name}.csv.gz") for name in ("order", "account"))
    frame = orders.drop(columns="order_id").merge(accounts, on=KEY)
    frame["date"] = pd.to_datetime(frame["date"])
    keys = np.random.default_rng(0).permutation(frame[KEY].unique())
    is_trained = frame[KEY].isin(keys[: int(TRAINED * len(keys))])
    train, test = (frame[rows].reset_index(drop=True) for rows in (is_trained, ~is_trained))
    return train, test


def make(table: str, kind: str, path: Path | None, steps: int | None, seed: int) -> pd.DataFrame:
    """Return a synthetic table: one that is made by a kind's rule, or read from a file."""
    if path is not None:
        dates = list(ALL[table].dates)
        missing = ["", *ALL[table].missing]
        return pd.read_csv(path, keep_default_na=False, na_values=missing, parse_dates=dates)
    train, test = halves(table)
    if kind == "fresh":
        return test
    if kind == "shuffled":
        rng = np.random.default_rng(seed)
        return pd.DataFrame({name: rng.permutation(train[name].to_numpy()) for name in train})
    from tabgan.estimator import TabGAN, TabTrees

    if kind == "trees":
        return TabTrees(verbose=False, random_state=seed).fit(train).sample(len(train))
    gan = TabGAN(steps=steps or "auto", verbose=False, random_state=seed).fit(train)
    return gan.sample(len(train))


def run(table: str, name: str, synthetic: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Evaluate one synthetic table; return its verdict and what it cost."""
    from tabgan import evaluate

    train, _ = halves(table)
    target = ALL[table].target
    start, cpu = time.perf_counter(), time.process_time()
    found = evaluate(train, synthetic[train.columns], target=target, random_state=seed)
    cost = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu}
    points = found.verdict.weak_points
    return {
        "table": table,
        "synthetic": name,
        "rows": len(synthetic),
        "columns": train.shape[1],
        "grade": found.verdict.grade,
        "score": found.verdict.score,
        **found.verdict.parts,
        **cost,
        "peak_mb": peak_memory_mb(),
        "weakest": points[0].what if points else "",
        "weak_points": [point._asdict() for point in points],
    }


if __name__ == "__main__":
    main()
