"""Tables with holes: filled by TabGAN and by the usual imputers, then used to train a predictor.

Run `python benchmarks/imputing.py --help`; `benchmarks/README.md` says what the columns mean.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from coding import encode
from datasets import TABLES, categorical_columns, load, split, table_path
from fitted import kept_or_fitted
from holes import filled_shape_error, holes_at_random, holes_by_value
from imputers import fill_iteratively, fill_with_usual
from report import kept_results, print_table, write_json
from scoring import train_and_test
from threadpoolctl import threadpool_limits

RESULTS = Path(__file__).parent / "results"
PATTERNS = ("at random", "by value")
REMOVED = 0.2
COLUMNS = (
    *("table", "pattern", "method", "score", "score_drawn_targets"),
    *("rmse", "shape_error", "fit_seconds", "fill_seconds"),
)
Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run each table and pattern; results are written after each."""
    options = parse(arguments)
    for name in options.tables:
        table_path(name)
    rows = kept_results(
        options.out,
        lambda row: row["table"] in options.tables and row["pattern"] in options.patterns,
    )
    for name in options.tables:
        for pattern in options.patterns:
            rows += results(name, pattern, options)
            settings = {"steps": options.steps, "removed": REMOVED, "max_rows": options.rows}
            write_json(options.out, rows, seeds=[options.seed], **settings)
    print_table(rows, COLUMNS)
    print(f"written to {options.out}", file=sys.stderr)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description="Fill holes of real tables.")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=("adult", "beijing"))
    parser.add_argument("--patterns", nargs="+", choices=PATTERNS, default=PATTERNS)
    parser.add_argument("--steps", type=int, help="training steps (default: auto)")
    parser.add_argument("--rows", type=int, help="try it out on so many training rows")
    parser.add_argument(
        "--completions", type=int, default=3, help="for the stacked table of TabGAN"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS / "imputing.json")
    return parser.parse_args(arguments)


def results(name: str, pattern: str, options: argparse.Namespace) -> list[Row]:
    """Take cells out of the training rows of one table, fill them in every way, and score."""
    train, test = split(load(name))
    train = train[: options.rows]
    nominal = categorical_columns(name, train)
    rng = np.random.default_rng(options.seed)
    if pattern == "at random":
        holes = holes_at_random(train, REMOVED, rng)
    else:
        holes = holes_by_value(train, REMOVED, nominal, rng)
    trial = Trial(name, train, test, holes, nominal)
    start = {"table": name, "pattern": pattern, "seed": options.seed, "rows": len(train)}
    rows = [start | {"method": "true cells", **trial.scores([train])}]
    for method, fill in ways(nominal, options).items():
        print(f"{name}, {pattern}, {method} …", file=sys.stderr)
        filled, cost = fill(trial.given)
        rows.append(start | {"method": method, **trial.scores(filled[:1]), **cost})
        if len(filled) > 1:
            stacked = f"{method}, {len(filled)} stacked"
            rows.append(start | {"method": stacked, **trial.scores(filled)})
    return rows


Fill = Callable[[pd.DataFrame], tuple[list[pd.DataFrame], Row]]


def ways(nominal: Collection[str], options: argparse.Namespace) -> dict[str, Fill]:
    """Return what fills a table with holes: completions, and what they cost."""

    def usual(fill: Callable[..., pd.DataFrame]) -> Fill:
        def filled(given: pd.DataFrame) -> tuple[list[pd.DataFrame], Row]:
            start = time.perf_counter()
            done = fill(given, nominal)
            return [done], {"fill_seconds": time.perf_counter() - start}

        return filled

    def tabgan(given: pd.DataFrame) -> tuple[list[pd.DataFrame], Row]:
        start = time.perf_counter()
        model = kept_or_fitted(None, given, options.steps, options.seed)
        fitted = time.perf_counter()
        done = model.impute(given, n_imputations=options.completions)
        cost = {"fit_seconds": fitted - start, "fill_seconds": time.perf_counter() - fitted}
        return done, cost

    return {
        "mode or median": usual(fill_with_usual),
        "iterative": usual(fill_iteratively),
        "tabgan": tabgan,
    }


class Trial:
    """A table with holes, and what is behind them.

    Parameters
    ----------
    name : str
        The table's.
    train : DataFrame
        Its training rows.
    test : DataFrame
        Real rows to test a predictor on; nothing is missing there that is not missing in the table.
    holes : DataFrame
        Which cells of the training rows are taken out.
    nominal : list of str
        The nominal columns.
    """

    def __init__(
        self,
        name: str,
        train: pd.DataFrame,
        test: pd.DataFrame,
        holes: pd.DataFrame,
        nominal: list[str],
    ) -> None:
        self.table = TABLES[name]
        self.train, self.test, self.holes, self.nominal = train, test, holes, nominal
        self.given = train.mask(holes)

    def scores(self, filled: Sequence[pd.DataFrame]) -> Row:
        """Score completions: the predictor learns from all of them, the shape is the first's.

        The ``score`` is that of a predictor trained on the rows whose target was not taken out.
        """
        target = self.table.target
        row: Row = {}
        if filled[0] is not self.train:
            row["shape_error"] = filled_shape_error(self.train, filled[0], self.holes, self.nominal)
        row["score"] = self._downstream([part[~self.holes[target]] for part in filled])
        row["score_drawn_targets"] = self._downstream(filled)
        if self.table.task == "regression":
            spread = float(self.test[target].std(ddof=0))
            row["rmse"] = spread * float(np.sqrt(1 - row["score"]))
        return row

    def _downstream(self, parts: Sequence[pd.DataFrame]) -> float:
        whole = pd.concat(parts, ignore_index=True)
        with threadpool_limits(1):
            coded = encode([whole, self.test], self.nominal)
            return train_and_test(coded[0], coded[1], self.table.task, self.table.target)


if __name__ == "__main__":
    main()
