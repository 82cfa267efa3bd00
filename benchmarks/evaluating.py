"""Does `evaluate` tell good tables from bad ones, in the right order, and at what cost.

Run `python benchmarks/evaluating.py --help`. Of each table a random half of at most 20,000 rows is
the real table. What is evaluated against it: the other half ("fresh"), the real half with each
column shuffled on its own ("shuffled"), what a `TabGAN` ("tabgan"), `TabTrees` ("trees") or a
generator of `peers.py` draws after a fit to the real half, and files. Of "berka", the orders of
accounts with what is known of these, the halves are of accounts.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from datasets import TABLES, Table, load, table_path
from measure import in_own_process, peak_memory_mb
from peer_environments import prepared
from peers import CACHE, PEERS, generated
from report import print_table, write_json

KINDS = ("fresh", "trees", "tabgan", "tabular-argn", "ctgan", "shuffled")
BERKA = "berka"
KEY = "account_id"  # of berka
ALL = {**TABLES, BERKA: Table(target="k_symbol", dates=("date",))}
RESULTS = Path(__file__).parent / "results"
PARTS = ("validity", "structure", "shapes", "trends", "detection", "utility", "coverage")
ARM = ("table", "synthetic", "seed")
COLUMNS = (*ARM, "rows", "grade", "score", *PARTS, "seconds", "peak_mb", "weakest")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; results are written after each evaluation, beside those of others."""
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
    parser.add_argument(
        "--seeds", nargs="+", type=int, default=[0, 1, 2], help="of halves and fits"
    )
    parser.add_argument("--most-rows", type=int, default=20_000, help="of a table (sampled)")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the peers are installed")
    parser.add_argument("--keep", type=Path, help="a folder for synthetic tables; read if there")
    parser.add_argument("--out", type=Path, default=RESULTS / "evaluating.json")
    options = parser.parse_args(arguments)
    jobs = [*product(options.tables, options.kinds, options.seeds)]
    jobs += [(options.tables[0], name, options.seeds[0]) for name, _ in options.synthetic]
    for table in options.tables:
        if table != BERKA:
            table_path(table)
    rows = json.loads(options.out.read_text())["results"] if options.out.is_file() else []
    for arm in jobs:
        print(*arm, "…", file=sys.stderr)
        synthetic = in_own_process(synthetic_table, *arm, options)
        found = in_own_process(run, *arm, synthetic, options)
        rows = [*(row for row in rows if [row[key] for key in ARM] != [*arm]), found]
        seeds = sorted({row["seed"] for row in rows})
        settings = {"steps": options.steps, "most_rows": options.most_rows}
        write_json(options.out, rows, seeds=seeds, **settings)
    print_table(rows, COLUMNS)
    print(f"written to {options.out}", file=sys.stderr)


def _named_file(text: str) -> tuple[str, Path]:
    name, mark, path = text.partition("=")
    if not mark or not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE with a file that exists")
    return name, Path(path)


def halves(table: str, seed: int, most_rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the real table and the rows kept aside, a random half each."""
    rng = np.random.default_rng(seed)
    if table != BERKA:
        frame = load(table).sample(frac=1, random_state=seed)[:most_rows]
        is_real = rng.permutation(len(frame)) < len(frame) // 2
    else:
        folder = Path(os.environ["TABGAN_DATA"], "relational", BERKA)
        orders, accounts = (pd.read_csv(folder / f"{name}.csv.gz") for name in ("order", "account"))
        frame = orders.drop(columns="order_id").merge(accounts, on=KEY)
        frame["date"] = pd.to_datetime(frame["date"])
        keys = rng.permutation(frame[KEY].unique())
        is_real = frame[KEY].isin(keys[: len(keys) // 2]).to_numpy()
    real, fresh = (frame[rows].sample(frac=1, random_state=seed) for rows in (is_real, ~is_real))
    return real.reset_index(drop=True), fresh.reset_index(drop=True)


def synthetic_table(table: str, kind: str, seed: int, options: argparse.Namespace) -> pd.DataFrame:
    """Return a synthetic table: one that is made by a kind's rule, or read from a file."""
    path = dict(options.synthetic).get(kind)
    if path is not None:
        dates = list(ALL[table].dates)
        missing = ["", *ALL[table].missing]
        return pd.read_csv(path, keep_default_na=False, na_values=missing, parse_dates=dates)
    file = options.keep and options.keep / f"{table}_{kind}_{seed}.parquet"
    if file and file.is_file():
        return pd.read_parquet(file)
    synthetic = made(table, kind, seed, options)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        synthetic.to_parquet(file)
    return synthetic


def made(table: str, kind: str, seed: int, options: argparse.Namespace) -> pd.DataFrame:
    """Return rows of a kind: as many as the real table has, of "fresh" all that there are."""
    real, fresh = halves(table, seed, options.most_rows)
    if kind == "fresh":
        return fresh
    if kind == "shuffled":
        rng = np.random.default_rng(seed)
        return pd.DataFrame({name: rng.permutation(real[name].to_numpy()) for name in real})
    if kind in PEERS and (environment := PEERS[kind].environment):
        python, _ = prepared(environment, options.cache)
        nominal = {*real.select_dtypes([object, bool]), *ALL[table].categorical}
        job = {"generator": kind, "seed": seed, "options": {}, "categorical": sorted(nominal)}
        return generated(job, real, python, 7_200)[0]
    from tabgan.estimator import TabGAN, TabTrees

    if kind == "trees":
        return TabTrees(verbose=False, random_state=seed).fit(real).sample(len(real))
    gan = TabGAN(steps=options.steps or "auto", verbose=False, random_state=seed).fit(real)
    return gan.sample(len(real))


def run(
    table: str, name: str, seed: int, synthetic: pd.DataFrame, options: argparse.Namespace
) -> dict[str, Any]:
    """Evaluate one synthetic table; return its verdict and what it cost."""
    from tabgan import evaluate

    real, _ = halves(table, seed, options.most_rows)
    target = ALL[table].target
    start, cpu = time.perf_counter(), time.process_time()
    found = evaluate(real, synthetic[real.columns], target=target, random_state=seed)
    cost = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu}
    points = found.verdict.weak_points
    return {
        "table": table,
        "synthetic": name,
        "seed": seed,
        "rows": len(synthetic),
        "columns": real.shape[1],
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
