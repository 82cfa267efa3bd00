"""Which method learns a table best: GAN, VAE, diffusion and trees, with and without what follows.

Run `python benchmarks/methods.py --help`; `benchmarks/README.md` says what the columns mean.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import sys
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
from datasets import TABLES, categorical_columns, load, split, table_path
from fidelity import DEFAULT_TABLES, RESULTS, size_of_fit
from measure import in_own_process, peak_memory_mb
from report import kept_results, print_table, write_json

METHODS = ("gan", "vae", "diffusion", "trees")
COLUMNS = (
    *("table", "method", "seed", "postprocessing", "xgb_c2st", "trend_error_bins", "tstr", "trtr"),
    *("shape_error", "fit_cpu_seconds", "fit_seconds", "finish_seconds", "sample_cpu_seconds"),
    *("peak_mb", "steps"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; results are written after each fit."""
    parser = argparse.ArgumentParser(
        description="Score what each method makes of the same rows.", allow_abbrev=False
    )
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=DEFAULT_TABLES)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--out", type=Path, default=RESULTS / "methods.json")
    options = parser.parse_args(arguments)
    for name in options.tables:
        table_path(name)
    jobs = [*product(options.tables, options.methods, options.seeds)]
    rows = kept_results(options.out, lambda row: (row["table"], row["method"], row["seed"]) in jobs)
    for job in jobs:
        print("{}, {}, seed {} …".format(*job), file=sys.stderr)
        rows += in_own_process(run, *job)
        write_json(options.out, rows, seeds=sorted({row["seed"] for row in rows}))
    print_table(rows, COLUMNS)
    print(f"written to {options.out}", file=sys.stderr)


def run(name: str, method: str, seed: int) -> list[dict[str, Any]]:
    """Fit one table with one method; score its rows before and after refinement and polish."""
    from tabgan.estimator import METHODS as ESTIMATORS

    train, test = split(load(name))
    model = ESTIMATORS[method](random_state=seed, verbose=False)
    wall, cpu = time.perf_counter(), time.process_time()
    model.fit(train)
    cost = {
        "fit_seconds": time.perf_counter() - wall,
        "fit_cpu_seconds": time.process_time() - cpu,
        "finish_seconds": model.postprocessing_.get("seconds"),
        "peak_mb": peak_memory_mb(),
        **size_of_fit(model),
    }
    job = {"table": name, "method": method, "seed": seed, "rows": len(train)}
    return [
        job | {"postprocessing": finished} | scored(name, train, test, sampled) | cost
        for finished, sampled in ((False, unfinished(model)), (True, model))
    ]


def unfinished(model: Any) -> Any:
    """Return the same fit without refinement and polish."""
    bare = copy.copy(model)
    bare._set_model(dataclasses.replace(model._model, finish=None))
    return bare


def scored(name: str, train: pd.DataFrame, test: pd.DataFrame, model: Any) -> dict[str, float]:
    """Sample as many rows as were fitted, and score them."""
    from coding import encode  # late: not the model's memory
    from scoring import quality_errors, train_and_test, xgb_c2st

    cpu = time.process_time()
    synthetic = model.sample(len(train))
    cpu = time.process_time() - cpu
    table, nominal = TABLES[name], categorical_columns(name, train)
    coded = encode([train, test, synthetic], nominal)
    return {
        **quality_errors(train, synthetic, nominal),
        "xgb_c2st": xgb_c2st(train, synthetic, nominal),
        "tstr": train_and_test(coded[2], coded[1], table.task, table.target),
        "trtr": train_and_test(coded[0], coded[1], table.task, table.target),
        "sample_cpu_seconds": cpu,
    }


if __name__ == "__main__":
    main()
