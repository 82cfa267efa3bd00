"""What a guarantee of privacy costs: each table fitted without one, and with several budgets.

Run `python benchmarks/private.py --help`; `benchmarks/README.md` says what the columns mean.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
from datasets import TABLES, categorical_columns, load, split
from fidelity import means
from measure import in_own_process
from peer_environments import Environment, InstallError, prepared
from peers import CACHE, GeneratorError, generated
from report import print_table, write_json

RESULTS = Path(__file__).parent / "results"
DEFAULT_TABLES = ("adult", "intrusion")
ARM = ("generator", "table", "epsilon", "declared", "seed")
COLUMNS = (
    *(*ARM, "rows", "shape_error", "trend_error"),
    *("trend_error_all", "trend_error_bins", "trend_error_all_bins", "tstr", "trtr"),
    *("fit_seconds", "fit_cpu_seconds", "measuring_seconds", "steps", "spent", "note"),
)

SMARTNOISE = Environment(
    "smartnoise",
    ("smartnoise-synth==1.0.8", "packaging"),
    torch=True,
    reported=("smartnoise-synth", "smartnoise-sql", "opacus", "mbi", "torch", "numpy", "pandas"),
)
DPMM = Environment(
    "dpmm", ("dpmm==0.1.9", "numpy<2", "pyarrow<15"), reported=("dpmm", "numpy", "pandas")
)
PEERS = {
    **dict.fromkeys(("mst", "aim", "dp-ctgan", "pate-ctgan"), SMARTNOISE),
    **dict.fromkeys(("dpmm-mst", "dpmm-aim"), DPMM),
}
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
    """Run the benchmark; results are written after each fit, beside those of other arms."""
    parser = argparse.ArgumentParser(description="Compare fits with and without a budget.")
    parser.add_argument("--generators", nargs="+", choices=["tabgan", *PEERS], default=["tabgan"])
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=DEFAULT_TABLES)
    parser.add_argument(
        *("--epsilons", "-e"), nargs="+", type=float, default=[0.0, 1.0, 10.0], help="0 for none"
    )
    parser.add_argument("--delta", type=float, default=1e-6)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--most-rows", type=int, default=100_000, help="of a table (sampled)")
    parser.add_argument("--steps", type=int, help="of the fits by tabgan")
    parser.add_argument("--max-seconds", type=float, default=7_200, help="of a peer's fit")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the peers are installed")
    parser.add_argument("--out", type=Path, default=RESULTS / "private.json")
    options = parser.parse_args(arguments)
    rows = json.loads(options.out.read_text())["results"] if options.out.is_file() else []
    for arm in arms_of(options):
        print(*arm, file=sys.stderr)
        run = tabgan_row if arm[0] == "tabgan" else peer_row
        found = dict(zip(ARM, arm, strict=True)) | run(*arm, options)
        rows = [*(row for row in rows if [row[key] for key in ARM] != [*arm]), found]
        write_json(options.out, rows, seeds=sorted({row["seed"] for row in rows}))
    scored = [
        {key: value for key, value in row.items() if key not in ("generator", "versions")}
        | {"table": " ".join(str(row[key]) for key in ARM[:3]) + " declared" * row["declared"]}
        for row in rows
        if "note" not in row
    ]
    print_table([*rows, *(means(scored) if scored else [])], COLUMNS)
    print(f"written to {options.out}", file=sys.stderr)


def arms_of(options: argparse.Namespace) -> list[tuple[Any, ...]]:
    """Return what is fitted: generator, table, epsilon, whether ranges are declared, seed."""
    found = []
    for table, epsilon, seed in product(options.tables, options.epsilons, options.seeds):
        can_declare = bool(epsilon) and table in RANGES
        if "tabgan" in options.generators:
            found += [("tabgan", table, epsilon, False, seed)]
            found += [("tabgan", table, epsilon, True, seed)] * can_declare
        for peer in PEERS if can_declare else ():
            if peer in options.generators:
                found.append((peer, table, epsilon, True, seed))
    return found


def split_of(name: str, options: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return training and test rows; of a great table a sample."""
    frame = load(name)
    if len(frame) > options.most_rows / 0.9:
        frame = frame.sample(round(options.most_rows / 0.9), random_state=0)
    return split(frame)


def tabgan_row(
    _: str, name: str, epsilon: float, declared: bool, seed: int, options: argparse.Namespace
) -> dict[str, Any]:
    """Fit one table by a `TabGAN` in a process of its own, and score as many rows as it has."""
    model = {"steps": options.steps} if options.steps else {}
    model |= {"epsilon": epsilon, "delta": options.delta} if epsilon else {}
    train, test = split_of(name, options)
    return in_own_process(_fitted, name, train, test, declared, {**model, "random_state": seed})


def levels_of(train: pd.DataFrame, test: pd.DataFrame) -> dict[str, list[str]]:
    """Return the levels of the columns of words, which are given as public."""
    words = train.select_dtypes(object)
    return {word: sorted({*train[word].dropna(), *test[word].dropna()}) for word in words}


def _fitted(
    name: str, train: pd.DataFrame, test: pd.DataFrame, declared: bool, model: dict[str, Any]
) -> dict[str, Any]:
    from tabgan.constraints import Range
    from tabgan.estimator import TabGAN

    given = train
    if declared:
        levels = {
            word: pd.CategoricalDtype(names) for word, names in levels_of(train, test).items()
        }
        given = train.astype(levels)
        model = model | {
            "constraints": [Range(column, *ends) for column, ends in RANGES[name].items()],
            "schema": dict.fromkeys(levels, "categorical"),
        }
    gan = TabGAN(verbose=False, **model)
    wall, cpu = time.perf_counter(), time.process_time()
    gan.fit(given)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    synthetic = gan.sample(len(train)).astype(train.dtypes)
    row = {"rows": len(train), **_scores(name, train, test, synthetic)}
    row |= {"fit_seconds": wall, "fit_cpu_seconds": cpu, "steps": gan.n_steps_}
    if gan.privacy_ is None:
        return row
    training = gan.history_[-1]["seconds"]
    return row | {"measuring_seconds": wall - training, "spent": gan.privacy_.spent()}


def peer_row(
    peer: str, name: str, epsilon: float, _: bool, seed: int, options: argparse.Namespace
) -> dict[str, Any]:
    """Fit one table by a peer in an environment of its own, and score its rows."""
    train, test = split_of(name, options)
    job = {
        "generator": peer,
        "seed": seed,
        "options": {
            "epsilon": epsilon,
            "delta": options.delta,
            "bounds": RANGES[name],
            "levels": levels_of(train, test),
        },
        "categorical": [column for column in train if column not in RANGES[name]],
    }
    try:
        python, found = prepared(PEERS[peer], options.cache)
        synthetic, cost = generated(job, train, python, options.max_seconds)
    except (InstallError, GeneratorError) as reason:
        return {"rows": len(train), "note": str(reason)}
    return {"rows": len(train), **_scores(name, train, test, synthetic), **cost, "versions": found}


def _scores(
    name: str, train: pd.DataFrame, test: pd.DataFrame, synthetic: pd.DataFrame
) -> dict[str, float]:
    from coding import encode
    from scoring import quality_errors, train_and_test

    table, nominal = TABLES[name], categorical_columns(name, train)
    coded = encode([train, test, synthetic], nominal)
    return quality_errors(train, synthetic, nominal) | {
        "tstr": train_and_test(coded[2], coded[1], table.task, table.target),
        "trtr": train_and_test(coded[0], coded[1], table.task, table.target),
    }


if __name__ == "__main__":
    main()
