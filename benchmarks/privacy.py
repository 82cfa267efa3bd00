"""What attacks find: in tables with planted leaks, in fresh rows, and in what a `TabGAN` draws.

Run `python benchmarks/privacy.py --help`; `benchmarks/README.md` says what the columns mean.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
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
FEW, FEWEST = 0.05, 0.01  # the same, of jittered copies and of outliers
JITTER = 0.005  # relative noise of numbers in near copies
SPREAD = 0.02  # noise of numbers in jittered copies, in standard deviations
COLUMNS = ("table", "synthetic", "attack", "about", "value", "low", "high", "main", "control")

Generator = Callable[[pd.DataFrame, pd.DataFrame, np.random.Generator], pd.DataFrame]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; results are written after each audit."""
    parser = argparse.ArgumentParser(description="Attack synthetic tables.")
    parser.add_argument("--tables", nargs="*", choices=TABLES, default=DEFAULT_TABLES)
    parser.add_argument("--planted", nargs="*", choices=TABLES, default=["adult"])
    parser.add_argument("--steps", type=int, help="training steps of tabgan (default: auto)")
    parser.add_argument("--min-group", type=int, default=5)
    parser.add_argument("--fresh", nargs="*", choices=TABLES, default=[], help="for false alarms")
    parser.add_argument("--fresh-rows", type=int, default=600)
    parser.add_argument("--fresh-audits", type=int, default=40)
    parser.add_argument("--shadow", nargs="*", choices=TABLES, default=[], help="tables for LiRA")
    parser.add_argument("--shadow-rows", type=int, default=2000)
    parser.add_argument("--shadow-models", type=int, default=24)
    parser.add_argument("--shadows", nargs="+", choices=SHADOWS, default=list(SHADOWS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS / "privacy.json")
    options = parser.parse_args(arguments)
    model = {"steps": options.steps or "auto", "min_group": options.min_group}
    jobs = [(planted, table, name) for table in options.planted for name in PLANTED]
    jobs += [(fitted, table, "tabgan") for table in options.tables]
    size = {"n_models": options.shadow_models, "n_rows": options.shadow_rows}
    jobs += [
        (partial(shadowed, **size), table, name)
        for table in options.shadow
        for name in options.shadows
    ]
    rows: list[dict[str, Any]] = []
    for run, table, name in jobs:
        print(f"{table}, {name} …", file=sys.stderr)
        rows += in_own_process(run, table, name, model, options.seed)
        write_json(options.out, rows, seeds=[options.seed], model=model)
    for table in options.fresh:
        rows += false_alarms(table, options.fresh_audits, options.fresh_rows)
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


def shadowed(
    table: str, name: str, _: dict[str, Any], seed: int, *, n_models: int, n_rows: int
) -> list[dict[str, Any]]:
    """Fit many models on halves of some rows, and ask which rows each had (LiRA)."""
    import tabgan
    from tabgan.evaluation.attacks.audit_tables import prepare_tables
    from tabgan.evaluation.attacks.copies_and_membership import lira

    every = load(table).sample(frac=1, random_state=seed).reset_index(drop=True)
    whole, others = every[:n_rows], every[n_rows:]

    def drawn(part: pd.DataFrame, number: int) -> pd.DataFrame:
        if name in REPEATED:
            some = part.sample(frac=REPEATED[name], random_state=number)
            return _with(others.sample(len(part), random_state=number), some)
        made = getattr(tabgan, name)(random_state=number, verbose=False, **SHADOWS[name])
        return made.fit(part).sample(len(part))

    began = time.perf_counter()
    tables = prepare_tables(whole, whole, None, tabgan.infer_schema(whole), seed)
    risks = lira(tables, drawn, n_models=n_models)
    shared = {"table": table, "synthetic": name, "seconds": time.perf_counter() - began}
    return [{**shared, **asdict(risk)} for risk in risks]


def false_alarms(table: str, n_audits: int, n_rows: int) -> list[dict[str, Any]]:
    """Audit fresh rows of the same table in the place of synthetic ones, again and again."""
    from tabgan.privacy import audit

    whole, found = load(table), []
    for number in range(n_audits):
        rows = whole.sample(3 * n_rows, random_state=number).reset_index(drop=True)
        parts = [rows[at : at + n_rows] for at in (0, n_rows, 2 * n_rows)]
        leaks = audit(*parts, random_state=number).leaks
        found.append([f"{risk.attack}, {risk.about}" for risk in leaks])
        print(number, found[-1], file=sys.stderr)
    alarms = sum(map(bool, found))
    about = f"{n_audits} audits of {n_rows:,} rows"
    shared = {"table": table, "synthetic": "fresh rows", "attack": "any leak found", "about": about}
    return [{**shared, "value": alarms / n_audits, "leaks": found}]


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


def _jittered_copies(
    train: pd.DataFrame, fresh: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    some = train.iloc[rng.permutation(len(train))[: int(FEW * len(train))]]
    return _with(fresh, _moved(some, train, rng))


def _few_outliers(
    train: pd.DataFrame, fresh: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    rarest = np.argsort(-_surprise(train))[: int(FEWEST * len(train))]
    return _with(fresh, _moved(train.iloc[rarest], train, rng))


def _outliers(train: pd.DataFrame, fresh: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Repeat, with noise, the tenth of the rows whose values are the rarest together."""
    rarest = np.argsort(-_surprise(train))[: int(LEAKED * len(train))]
    return _with(fresh, _jittered(train.iloc[rarest], rng))


def _surprise(train: pd.DataFrame) -> np.ndarray:
    """Return how rare the values of each row are together."""
    surprise = np.zeros(len(train))
    for name in train:
        values = train[name]
        if values.nunique() > 50 and pd.api.types.is_numeric_dtype(values):
            values = pd.qcut(values, 50, duplicates="drop")
        values = values.astype(object).where(values.notna(), "missing")
        shares = values.value_counts(normalize=True)
        surprise -= np.log(values.map(shares).to_numpy(float))
    return surprise


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


def _moved(rows: pd.DataFrame, train: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Add noise of a part of their spread to all numbers."""
    changed = rows.copy()
    for name in rows.select_dtypes("number"):
        noisy = rows[name] + rng.normal(0, SPREAD * train[name].std(), len(rows))
        whole = pd.api.types.is_integer_dtype(rows[name])
        changed[name] = noisy.round().astype(rows[name].dtype) if whole else noisy
    return changed


REPEATED = {"fresh rows": 0.0, "a tenth of the rows": 0.1, "half of the rows": 0.5}
SHADOWS: dict[str, dict[str, Any]] = {  # generators that LiRA attacks, and their options
    **{name: {} for name in REPEATED},  # rows of the fit among fresh ones
    "TabTrees": {},
    "TabGAN": {"steps": 300, "refine": False, "polish": False},
}
PLANTED: dict[str, Generator] = {
    "fresh rows": _fresh,
    "copies 10 %": _copied,
    "near copies 10 %": _near,
    "outliers repeated": _outliers,
    "jittered copies 5 %": _jittered_copies,
    "jittered outliers 1 %": _few_outliers,
}


if __name__ == "__main__":
    main()
