"""Rare classes: rows added by TabGAN, by SMOTE-NC, or none, before a classifier is trained.

Run `python benchmarks/balancing.py --help`; `benchmarks/README.md` says what the columns mean.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from coding import encode
from datasets import TABLES, categorical_columns, load, split, table_path
from fitted import kept_or_fitted
from imblearn.over_sampling import SMOTENC
from report import kept_results, print_table, write_json
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import f1_score

if TYPE_CHECKING:
    from tabgan import TabGAN

RESULTS = Path(__file__).parent / "results"
NEIGHBOURS = 5
COLUMNS = (
    *("table", "method", "seed", "balanced_accuracy", "macro_f1", "rare_recall"),
    *("train_rows", "added_rows", "seconds"),
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """What is balanced.

    Attributes
    ----------
    train_rows : int or None
        How many rows are trained on; the others are tested on. None for the usual split.
    brought_to : int or None
        How many rows each class is to have at least; None for as many as the largest.
    """

    train_rows: int | None = None
    brought_to: int | None = None


TASKS = {"adult": Task(), "intrusion": Task(train_rows=50_000, brought_to=1_000)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run each table; results are written after each."""
    options = parse(arguments)
    for name in options.tables:
        table_path(name)
    rows = kept_results(options.out, lambda row: row["table"] in options.tables)
    for name in options.tables:
        rows += results(name, options)
        write_json(options.out, rows, seeds=options.seeds, steps=options.steps)
    print_table([*rows, *means(rows)], COLUMNS)
    print(f"written to {options.out}", file=sys.stderr)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description="Balance the classes of real tables.")
    parser.add_argument("--tables", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="of the added rows")
    parser.add_argument("--steps", type=int, help="training steps (default: auto)")
    parser.add_argument("--model", type=Path, help="a model of the one table, in place of a fit")
    parser.add_argument("--out", type=Path, default=RESULTS / "balancing.json")
    options = parser.parse_args(arguments)
    if options.model is not None and len(options.tables) > 1:
        parser.error("--model is of one table; name it with --tables")
    return options


def results(name: str, options: argparse.Namespace) -> list[Row]:
    """Return the scores of one table: each way of adding rows, with each seed."""
    case = Case.of(name)
    asked = {"condition_on": [case.target]}
    model = kept_or_fitted(options.model, case.train, options.steps, seed=0, **asked)
    ways: dict[str, Callable[[int], pd.DataFrame]] = {
        "none": lambda _: case.train.iloc[:0],
        "smote-nc": lambda seed: added_by_smote(case, seed),
        "tabgan": lambda seed: added_by_tabgan(case, model, seed),
    }
    rows = []
    for method, add in ways.items():
        for seed in options.seeds:
            print(f"{name}, {method}, seed {seed} …", file=sys.stderr)
            start = time.perf_counter()
            added = add(seed)
            seconds = time.perf_counter() - start
            scores = classifier_scores(case, added, seed)
            row = {"table": name, "method": method, "seed": seed, "seconds": seconds}
            rows.append(row | scores | {"train_rows": len(case.train), "added_rows": len(added)})
    return rows


@dataclass(frozen=True)
class Case:
    """A table with rare classes.

    Attributes
    ----------
    train, test : DataFrame
        Its rows.
    target : str
        The column of the class.
    nominal : list of str
        The nominal columns.
    lacking : dict
        How many rows each class is to get.
    """

    train: pd.DataFrame
    test: pd.DataFrame
    target: str
    nominal: list[str]
    lacking: dict[Any, int]

    @classmethod
    def of(cls, name: str) -> Case:
        """Read a table, without the classes that are too rare for SMOTE-NC."""
        target = TABLES[name].target
        train, test = of_frequent_classes(*divided(name), target)
        lacking = lacking_rows(train[target], TASKS[name].brought_to)
        return cls(train, test, target, categorical_columns(name, train), lacking)


def divided(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return training and test rows."""
    train, test = split(load(name))
    size = TASKS[name].train_rows
    if size is None:
        return train, test
    return train[:size], pd.concat([train[size:], test], ignore_index=True)


def of_frequent_classes(
    train: pd.DataFrame, test: pd.DataFrame, target: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out the classes of fewer rows than SMOTE-NC needs: one more than its neighbours."""
    counts = train[target].value_counts()
    kept = counts.index[counts > NEIGHBOURS]
    return train[train[target].isin(kept)], test[test[target].isin(kept)]


def lacking_rows(classes: pd.Series, brought_to: int | None) -> dict[Any, int]:
    """Return how many rows each class is to get."""
    counts = classes.value_counts()
    wanted = counts.max() if brought_to is None else brought_to
    return {level: int(wanted - count) for level, count in counts.items() if count < wanted}


def added_by_tabgan(case: Case, model: TabGAN, seed: int) -> pd.DataFrame:
    """Draw so many rows of each class."""
    parts = [
        model.sample(size, where={case.target: level}, random_state=seed)
        for level, size in case.lacking.items()
    ]
    return pd.concat(parts, ignore_index=True)


def added_by_smote(case: Case, seed: int) -> pd.DataFrame:
    """Return so many rows of each class between neighbours, by SMOTE-NC."""
    features, classes = case.train.drop(columns=case.target), case.train[case.target]
    counts = classes.value_counts()
    smote = SMOTENC(
        categorical_features=[name for name in case.nominal if name != case.target],
        sampling_strategy={
            level: int(counts[level]) + size for level, size in case.lacking.items()
        },
        k_neighbors=NEIGHBOURS,
        random_state=seed,
    )
    more, its_classes = smote.fit_resample(features, classes)
    return more.assign(**{case.target: its_classes})[case.train.columns][len(features) :]


def classifier_scores(case: Case, added: pd.DataFrame, seed: int) -> Row:
    """Train a `HistGradientBoostingClassifier` with the added rows, and test it on real ones."""
    train = pd.concat([case.train, added], ignore_index=True)
    features = [name for name in train if name != case.target]
    coded = encode([train[features], case.test[features]], case.nominal)
    model = HistGradientBoostingClassifier(
        categorical_features=[name for name in features if name in case.nominal],
        random_state=seed,
    )
    guess = model.fit(coded[0], train[case.target]).predict(coded[1])
    truth = case.test[case.target].to_numpy()
    hit = pd.Series(guess == truth).groupby(truth).mean()
    return {
        "balanced_accuracy": float(hit.mean()),
        "macro_f1": f1_score(truth, guess, average="macro", labels=hit.index, zero_division=0),
        "rare_recall": float(hit.reindex([*case.lacking]).mean()),
    }


def means(rows: Sequence[Row]) -> list[Row]:
    """Return a row per table and method with the mean over the seeds."""
    frame = pd.DataFrame(rows).drop(columns="seed")
    averages = frame.groupby(["table", "method"], sort=False).mean().reset_index()
    return [{**row, "seed": "mean"} for row in averages.to_dict("records")]


if __name__ == "__main__":
    main()
