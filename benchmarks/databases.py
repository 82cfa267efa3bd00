"""How good synthetic databases are: fit, sample as many rows, judge beside halves of the real one.

Run `python benchmarks/databases.py --help`. Real tables lie in ``$TABGAN_DATA/relational``.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import pandas as pd
from measure import in_own_process, peak_memory_mb
from report import print_table, write_json

NAMES = ("berka", "cdnow")
REFERENCES = {"berka": ("district",)}
RESULTS = Path(__file__).parent / "results"
COLUMNS = ("database", "seed", "measure", "where", "value", "halves")
COSTS = ("database", "seed", "fit_seconds", "fit_cpu_seconds", "rows_per_second", "peak_mb")


def load(name: str) -> dict[str, pd.DataFrame]:
    """Read the tables of a database."""
    folder = Path(os.environ["TABGAN_DATA"], "relational", name)
    return {file.name.split(".")[0]: pd.read_csv(file) for file in sorted(folder.glob("*.csv.gz"))}


def run(name: str, seed: int, references: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Fit, draw and judge one database with one seed."""
    from tabgan import DatabaseGAN

    tables = load(name)
    declared = REFERENCES.get(name, ()) if references else ()
    began, cpu = time.perf_counter(), time.process_time()
    gan = DatabaseGAN(references=declared, random_state=seed).fit(tables)
    cost: dict[str, Any] = {
        "database": name,
        "seed": seed,
        "fit_seconds": time.perf_counter() - began,
        "fit_cpu_seconds": time.process_time() - cpu,
    }
    began = time.perf_counter()
    drawn = gan.sample()
    rows = sum(map(len, drawn.values()))
    cost["rows_per_second"] = rows / (time.perf_counter() - began)
    cost["peak_mb"] = peak_memory_mb()
    figures = [
        {"database": name, "seed": seed, **figure}
        for figure in gan.evaluate(tables, drawn).to_json()["figures"]
    ]
    return figures, cost


def main() -> None:
    """Run the benchmark; results are written after each fit."""
    parser = argparse.ArgumentParser(description="Score synthetic databases against real ones.")
    parser.add_argument("--databases", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--out", type=Path, default=RESULTS / "databases.json")
    parser.add_argument(
        "--no-references",
        action="store_true",
        help="learn tables such as berka's districts too, in place of keeping them",
    )
    options = parser.parse_args()
    figures: list[dict[str, Any]] = []
    costs: list[dict[str, Any]] = []
    for name in options.databases:
        for seed in options.seeds:
            own, cost = in_own_process(run, name, seed, not options.no_references)
            figures += own
            costs.append(cost)
            write_json(options.out, figures, seeds=options.seeds, costs=costs)
    print_table(figures, COLUMNS)
    print_table(costs, COSTS)


if __name__ == "__main__":
    main()
