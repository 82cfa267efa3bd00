"""What attacks find: in tables with planted leaks, in fresh rows, and in what a `TabGAN` draws.

Run `python benchmarks/privacy.py --help`; `benchmarks/README.md` says what the columns mean.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from datasets import TABLES, load, split
from measure import in_own_process
from report import print_table, write_json

RESULTS = Path(__file__).parent / "results"
DEFAULT_TABLES = ("adult", "default", "shoppers")
LEAKED = 0.1  # share of the training rows that a leaking "generator" repeats
JITTER = 0.005  # relative noise of numbers in near copies
COLUMNS = ("table", "synthetic", "attack", "about", "value", "low", "high", "main", "control")

Generator = Callable[[pd.DataFrame, pd.DataFrame, np.random.Generator], pd.DataFrame]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; results are written after each audit."""
    parser = argparse.ArgumentParser(description="Attack synthetic tables.")
    parser.add_argument("--tables", nargs="*", choices=TABLES, default=DEFAULT_TABLES)
    parser.add_argument("--planted", nargs="*", choices=TABLES, default=["adult"])
    parser.add_argument("--steps", type=int, help="training steps of tabgan (default: auto)")
    parser.add_argument("--min-group", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS / "privacy.json")
    options = parser.parse_args(arguments)
    model = {"steps": options.steps or "auto", "min_group": options.min_group}
    jobs = [(planted, table, name) for table in options.planted for name in PLANTED]
    jobs += [(fitted, table, "tabgan") for table in options.tables]
    rows: list[dict[str, Any]] = []
    for run, table, name in jobs:
        print(f"{table}, {name} …", file=sys.stderr)
        rows += in_own_process(run, table, name, model, options.seed)
        write_json(options.out, rows, seeds=[options.seed], model=model)
    print_table(rows, COLUMNS)
    print(f"written to {options.out}", file=sys.stderr)


def planted(table: str, name: str, _: dict[str, Any], seed: int) -> list[dict[str, Any]]:
    """Attack a third of the real rows, put out as they are or with a leak from another third."""
    rng = np.random.default_rng(seed)
    whole = load(table)
    thirds = np.array_split(rng.permutation(len(whole)), 3)
    train, fresh, holdout = (whole.iloc[part].reset_index(drop=True) for part in thirds)
    return attacked(table, name, (train, PLANTED[name](train, fresh, rng), holdout), seed)


def fitted(table: str, name: str, model: dict[str, Any], seed: int) -> list[dict[str, Any]]:
    """Fit 90 % of the rows, and attack as many drawn ones."""
    from tabgan.estimator import TabGAN

    train, test = split(load(table))
    gan = TabGAN(random_state=seed, verbose=False, **model).fit(train)
    return attacked(table, name, (train, gan.sample(len(train)), test), seed)


def attacked(
    table: str, name: str, frames: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame], seed: int
) -> list[dict[str, Any]]:
    """Return a row for each question of the audit of real, synthetic and unseen rows."""
    from tabgan.privacy import audit

    began = time.perf_counter()
    found = audit(*frames, random_state=seed)
    shared = {"table": table, "synthetic": name, "seconds": time.perf_counter() - began}
    return [{**shared, **risk} for risk in found.to_json()["risks"]]


def _fresh(_train: pd.DataFrame, fresh: pd.DataFrame, _rng: np.random.Generator) -> pd.DataFrame:
    return fresh


def _copied(train: pd.DataFrame, fresh: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return _with(fresh, train.iloc[rng.permutation(len(train))[: int(LEAKED * len(train))]])


def _near(train: pd.DataFrame, fresh: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    some = train.iloc[rng.permutation(len(train))[: int(LEAKED * len(train))]]
    return _with(fresh, _jittered(some, rng))


def _outliers(train: pd.DataFrame, fresh: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Repeat, with noise, the tenth of the rows whose values are the rarest together."""
    surprise = np.zeros(len(train))
    for name in train:
        values = train[name]
        if values.nunique() > 50 and pd.api.types.is_numeric_dtype(values):
            values = pd.qcut(values, 50, duplicates="drop")
        values = values.astype(object).where(values.notna(), "missing")
        shares = values.value_counts(normalize=True)
        surprise -= np.log(values.map(shares).to_numpy(float))
    return _with(
        fresh, _jittered(train.iloc[np.argsort(-surprise)[: int(LEAKED * len(train))]], rng)
    )


def _with(fresh: pd.DataFrame, leaked: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([leaked, fresh.iloc[len(leaked) :]], ignore_index=True)


def _jittered(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Multiply numbers of many values by noise, in their own precision."""
    changed = rows.copy()
    for name in rows.select_dtypes("number"):
        if rows[name].nunique() > 50:
            noisy = rows[name] * rng.normal(1, JITTER, len(rows))
            whole = pd.api.types.is_integer_dtype(rows[name])
            changed[name] = noisy.round().astype(rows[name].dtype) if whole else noisy
    return changed


PLANTED: dict[str, Generator] = {
    "fresh rows": _fresh,
    "copies 10 %": _copied,
    "near copies 10 %": _near,
    "outliers repeated": _outliers,
}


if __name__ == "__main__":
    main()
