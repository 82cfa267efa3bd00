"""How good synthetic tables are: fit on 90 % of each real table, sample as many rows, score.

Run `python benchmarks/fidelity.py --help`; `benchmarks/README.md` says what the columns mean.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
from datasets import TABLES, categorical_columns, load, split, table_path
from measure import in_own_process, peak_memory_mb
from report import print_table, write_json

DEFAULT_TABLES = ("adult", "default", "shoppers", "magic", "beijing")
RATE_ROWS = 100_000
RESULTS = Path(__file__).parent / "results"
COLUMNS = (
    *("table", "seed", "shape_error", "trend_error", "trend_error_all"),
    *("trend_error_bins", "trend_error_all_bins"),
    *("xgb_c2st", "logistic_c2st", "tstr", "trtr", "alpha_precision", "beta_recall"),
    *("dcr_share", "copies", "test_copies", "unique_copies", "test_unique_copies"),
    *("fit_seconds", "fit_cpu_seconds", "rows_per_second", "peak_mb", "steps", "latent_dim"),
    "grown_trees",
    *("critics", "effective_share", "redrawn", "trees", "finish_seconds"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; results are written after each fit."""
    options, model_options = parse(arguments)
    for name in options.tables:
        table_path(name)
    rows: list[dict[str, Any]] = []
    settings = {"model": model_options, "floor": options.floor, "jobs": options.jobs}
    if options.rows is not None:
        settings["rows_at_most"] = options.rows
    if options.method != "gan":
        settings["method"] = options.method

    fit = Setting(model_options, options.floor, options.method, options.rows)

    def one(job: tuple[str, int]) -> dict[str, Any]:
        print(f"{job[0]}, seed {job[1]} …", file=sys.stderr)
        return in_own_process(run, *job, fit)

    with ThreadPoolExecutor(options.jobs) as pool:
        for row in pool.map(one, product(options.tables, options.seeds)):
            rows.append(row)
            write_json(options.out, rows, seeds=options.seeds, **settings)
    print_table([*rows, *means(rows)], [name for name in COLUMNS if name in rows[0]])
    print(f"written to {options.out}", file=sys.stderr)


def parse(arguments: Sequence[str] | None) -> tuple[argparse.Namespace, dict[str, Any]]:
    """Return the benchmark's own options, and those that are passed through to `TabGAN`."""
    parser = argparse.ArgumentParser(
        description="Score synthetic tables against real ones.",
        epilog="Any other option is passed to the estimator: --steps 2000 --derive false",
        allow_abbrev=False,
    )
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=DEFAULT_TABLES)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--out", type=Path, default=RESULTS / "fidelity.json")
    parser.add_argument(
        "--jobs", type=int, default=1, help="fits at a time, each on one core (default: 1)"
    )
    parser.add_argument(
        "--method",
        choices=("gan", "trees", "diffusion", "vae"),
        default="gan",
        help="how the table is learned (default: gan)",
    )
    parser.add_argument(
        "--rows", type=int, help="fit on so many of the training rows, drawn by the seed"
    )
    parser.add_argument(
        "--floor",
        action="store_true",
        help="fit nothing: score a bootstrap of the training rows, the best that can be expected",
    )
    options, others = parser.parse_known_args(arguments)
    return options, _model_options(parser, others, options.method)


def _model_options(
    parser: argparse.ArgumentParser, others: list[str], method: str
) -> dict[str, Any]:
    words = [part for word in others for part in word.split("=", 1)]
    names, texts = words[::2], words[1::2]
    if not others:
        return {}
    estimator = _estimator(method)
    known = estimator().get_params()
    parsed = {}
    for name, text in zip(names, [*texts, ""], strict=False):
        key = name.removeprefix("--").replace("-", "_")
        if not name.startswith("--") or key not in known or not text:
            parser.error(
                f"{name} is no option of the benchmark, nor --name value of {estimator.__name__}"
            )
        parsed[key] = _value(text)
    return parsed


def _estimator(method: str) -> type[Any]:
    from tabgan.estimator import METHODS

    return METHODS[method]


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


@dataclass(frozen=True)
class Setting:
    """What is fitted: the method with its options, or nothing for the floor; rows to cut to."""

    model_options: dict[str, Any]
    floor: bool = False
    method: str = "gan"
    rows: int | None = None


def run(name: str, seed: int, fit: Setting) -> dict[str, Any]:
    """Fit, sample and score one table with one seed."""
    train, test = split(load(name))
    if fit.rows is not None and fit.rows < len(train):
        train = train.sample(fit.rows, random_state=seed, ignore_index=True)
    if fit.floor:
        synthetic = train.sample(len(train), replace=True, random_state=seed, ignore_index=True)
        cost: dict[str, Any] = {}
    else:
        synthetic, cost = fit_and_sample(train, seed, fit.model_options, fit.method)
    row = {"table": name, "seed": seed, "rows": len(train), "columns": train.shape[1]}
    return row | scores(name, train, test, synthetic) | cost


def fit_and_sample(
    train: pd.DataFrame, seed: int, model_options: dict[str, Any], method: str = "gan"
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return synthetic rows, as many as there are training rows, and what they cost."""
    model = _estimator(method)(random_state=seed, **model_options)
    wall, cpu = time.perf_counter(), time.process_time()
    model.fit(train)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    synthetic = model.sample(len(train))
    start = time.perf_counter()
    model.sample(RATE_ROWS)
    return synthetic, {
        "fit_seconds": wall,
        "fit_cpu_seconds": cpu,
        "rows_per_second": RATE_ROWS / (time.perf_counter() - start),
        "peak_mb": peak_memory_mb(),
        **size_of_fit(model),
        **finish_facts(model.postprocessing_),
    }


def size_of_fit(model: Any) -> dict[str, int]:
    """Return the steps and the latent size of networks, or the number of trees."""
    if model.method == "trees":
        return {"grown_trees": model.n_trees_}
    latent = {"latent_dim": model.latent_dim_} if hasattr(model, "latent_dim_") else {}
    return {"steps": model.n_steps_, **latent}


def finish_facts(facts: dict[str, Any]) -> dict[str, float]:
    """Return what refinement and polish did, as numbers."""
    if not facts:
        return {}
    return {
        "critics": facts["critics"],
        "effective_share": facts["effective_share"],
        "redrawn": len(facts["columns"]),
        "trees": facts["trees"],
        "finish_seconds": facts["seconds"],
    }


def scores(
    name: str, train: pd.DataFrame, test: pd.DataFrame, synthetic: pd.DataFrame
) -> dict[str, float]:
    """Score as `scoring.score` does; a table with a calendar also with its parts as categories."""
    from scoring import quality_errors, score, xgb_c2st  # late: its memory is not the model's

    table = TABLES[name]
    nominal = categorical_columns(name, train)
    results = score(
        train, test, synthetic, task=table.task, categorical=nominal, target=table.target
    )
    if table.calendar:
        nominal = [*nominal, *table.calendar]
        errors = quality_errors(train, synthetic, nominal)
        results |= {f"calendar_{key}": value for key, value in errors.items()}
        results["calendar_xgb_c2st"] = xgb_c2st(train, synthetic, nominal)
    return results


def means(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row per table with the mean over its seeds, where there are several."""
    frame = pd.DataFrame(rows).drop(columns="seed")
    counts = frame.groupby("table", sort=False).size()
    averages = frame.groupby("table", sort=False).mean()
    return [
        {"table": name, "seed": "mean", **averages.loc[name].to_dict()}
        for name in averages.index[counts > 1]
    ]


if __name__ == "__main__":
    main()
