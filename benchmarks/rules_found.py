"""Whether the rules of made-up tables are found, and none in tables without rules.

Random tables of independent columns should show no rule. In others some rules of each kind are
planted: so many of them should be found, and hold in every row that a model of the table draws.
Run `python benchmarks/rules_found.py --help`.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from report import print_table, write_json

from tabgan import TabGAN
from tabgan.encoding.identifiers.identifier_encoders import find_attributes
from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.detect_dependencies import detect_dependencies
from tabgan.table.columns import by_position

RESULTS = Path(__file__).parent / "results"
COLUMNS = ("kind", "planted", "found", "fitted", "kept")
PLANTED = 5  # rules in a table
FITTING = {"steps": 5, "hidden_dim": 16, "refine": False, "polish": False, "verbose": False}
DAY = np.datetime64("2019-01-01")

Make = Callable[[np.random.Generator, int], dict[str, Any]]
Kept = Callable[[pd.DataFrame], Any]


class Plant(NamedTuple):
    """A rule: how its columns are made, and which rows keep it."""

    make: Make
    kept: Kept


def money(rng: np.random.Generator, rows: int) -> Any:
    """Draw amounts with two decimals."""
    return rng.gamma(2, rng.uniform(50, 900), rows).round(2)


def moments(rng: np.random.Generator, rows: int) -> pd.Series:
    """Draw moments of three years, to the minute."""
    return pd.Series(DAY + rng.integers(0, 3 * 365 * 1440, rows).astype("m8[m]")).astype("M8[ns]")


def days(rng: np.random.Generator, rows: int) -> pd.Series:
    """Draw days of three years."""
    return moments(rng, rows).dt.normalize()


def _derived(
    sources: dict[str, Callable[..., Any]], target: Callable[[pd.DataFrame], Any]
) -> Plant:
    """Plant a column that others determine."""

    def make(rng: np.random.Generator, rows: int) -> dict[str, Any]:
        frame = pd.DataFrame({name: draw(rng, rows) for name, draw in sources.items()})
        return {**{name: frame[name] for name in frame}, "t": np.asarray(target(frame))}

    def kept(frame: pd.DataFrame) -> Any:
        wanted, own = np.asarray(target(frame)), frame["t"].to_numpy()
        if own.dtype.kind == "f" or wanted.dtype.kind == "f":
            return np.abs(own.astype(float) - wanted.astype(float)) < 0.006
        return own == wanted

    return Plant(make, kept)


def _counts(low: int, high: int) -> Callable[[np.random.Generator, int], Any]:
    return lambda rng, rows: rng.integers(low, high, rows)


def _bands(values: Any, bounds: Sequence[float], names: str) -> Any:
    return np.array([*names])[np.searchsorted(bounds, values, side="right")]


def _later(rng: np.random.Generator, rows: int) -> dict[str, Any]:
    start = days(rng, rows)
    return {"a": start, "t": start + pd.to_timedelta(rng.integers(0, 40, rows), "D")}


def _skipped(rng: np.random.Generator, rows: int) -> dict[str, Any]:
    skipped = rng.random(rows) < rng.uniform(0.1, 0.5)
    hours, sector = rng.integers(1, 60, rows), rng.choice(["public", "private", "own"], rows)
    return {
        "a": np.where(skipped, -9, money(rng, rows)),
        "b": np.where(skipped, -9, hours),
        "t": np.where(skipped, "not asked", sector),
    }


def _marks_kept(frame: pd.DataFrame) -> Any:
    skipped = frame["t"] == "not asked"
    return ((frame["a"] == -9) == skipped) & ((frame["b"] == -9) == skipped)


def _cities(rng: np.random.Generator, rows: int) -> dict[str, Any]:
    n_cities = int(rng.integers(8, 30))
    city = rng.integers(0, n_cities, rows)
    region = rng.permutation(np.arange(n_cities) % 4)
    return {"a": [f"City {at}" for at in city], "t": [f"R{region[at]}" for at in city]}


def _regions_kept(frame: pd.DataFrame) -> Any:
    return frame.groupby("a")["t"].transform("nunique") == 1


TWO = {"a": money, "b": money}
PLANTS: dict[str, Plant] = {
    "sum": _derived(TWO, lambda f: (f["a"] + f["b"]).round(2)),
    "sum of three": _derived({**TWO, "c": money}, lambda f: (f["a"] + f["b"] + f["c"]).round(2)),
    "difference": _derived(TWO, lambda f: (f["a"] - f["b"]).round(2)),
    "product": _derived({"a": _counts(1, 30), "b": money}, lambda f: (f["a"] * f["b"]).round(2)),
    "discount": _derived(
        {
            "a": money,
            "b": _counts(1, 30),
            "c": lambda rng, rows: rng.choice([0, 0.05, 0.1, 0.2], rows),
        },
        lambda f: (f["a"] * f["b"] * (1 - f["c"])).round(2),
    ),
    "greatest": _derived({**TWO, "c": money}, lambda f: f[["a", "b", "c"]].max(axis=1)),
    "day of a moment": _derived({"a": moments}, lambda f: f["a"].dt.normalize()),
    "year": _derived({"a": days}, lambda f: f["a"].dt.year),
    "month": _derived({"a": days}, lambda f: f["a"].dt.month),
    "weekday": _derived({"a": days}, lambda f: f["a"].dt.day_name()),
    "quarter": _derived({"a": days}, lambda f: "Q" + f["a"].dt.quarter.astype(str)),
    "hour": _derived({"a": moments}, lambda f: f["a"].dt.hour),
    "digits": _derived({"a": _counts(1_000, 60_000)}, lambda f: f["a"] // 1000),
    "comparison": _derived(
        {"a": _counts(0, 7), "b": _counts(0, 7)},
        lambda f: _bands(f["a"] - f["b"], [0, 1], "ADH"),
    ),
    "sign": _derived(
        {"a": lambda rng, rows: rng.normal(0, 50, rows).round(2)},
        lambda f: np.where(f["a"] < 0, "debit", "credit"),
    ),
    "size": _derived({"a": money}, lambda f: _bands(f["a"], [100, 500], "SML")),
    "age band": _derived({"a": _counts(18, 95)}, lambda f: f["a"] // 10 * 10),
    "late": _derived({"a": days, "b": days}, lambda f: f["b"] > f["a"]),
    "hierarchy": Plant(_cities, _regions_kept),
    "later date": Plant(_later, lambda f: f["a"] <= f["t"]),
    "marks": Plant(
        _skipped,
        lambda f: ((f["a"] == -9) == (f["b"] == -9)) & ((f["b"] == -9) == (f["t"] == "not asked")),
    ),
}


def random_table(rng: np.random.Generator, rows: int, columns: int) -> pd.DataFrame:
    """Draw independent columns of all kinds; some numbers go with others, but with noise."""
    makers: list[Callable[..., Any]] = [
        money,
        days,
        moments,
        _counts(0, int(rng.integers(2, 200))),
        lambda rng, rows: rng.normal(0, 10, rows),
        lambda rng, rows: rng.choice([*"abcdefgh"][: int(rng.integers(2, 9))], rows),
        lambda rng, rows: rng.random(rows) < rng.uniform(0.05, 0.95),
        lambda rng, rows: np.where(rng.random(rows) < 0.6, 0, rng.gamma(1, 99, rows).round(1)),
    ]
    table = {f"n{at}": makers[int(rng.integers(len(makers)))](rng, rows) for at in range(columns)}
    numbers = [own for own in table.values() if np.asarray(own).dtype.kind == "f"]
    for at, own in enumerate(numbers[:2]):
        table[f"m{at}"] = (own + rng.normal(0, np.std(own), rows)).round(3)
    frame = pd.DataFrame(table)
    for name in frame.columns[rng.random(len(frame.columns)) < 0.2]:
        if frame[name].dtype != np.bool_:
            frame[name] = frame[name].where(rng.random(rows) < 0.9)
    return frame


def planted_table(rng: np.random.Generator, rows: int) -> tuple[pd.DataFrame, list[str]]:
    """Draw a random table with some rules; the columns of each begin with its name."""
    kinds = rng.choice([*PLANTS], PLANTED, replace=False).tolist()
    parts = [random_table(rng, rows, int(rng.integers(1, 6)))]
    parts += [pd.DataFrame(PLANTS[kind].make(rng, rows)).add_prefix(f"{kind}: ") for kind in kinds]
    frame = pd.concat(parts, axis=1)
    return frame[rng.permutation(frame.columns)], kinds


def found_rules(frame: pd.DataFrame) -> list[set[str]]:
    """Detect rules; return the columns of each."""
    table = by_position(frame, infer_schema(frame))
    rules = detect_dependencies(table, np.random.default_rng(0), (), find_attributes)
    names = [*frame.columns]
    # what equals another column in a share of the rows is no rule of every row
    rules = [rule for rule in rules if rule.name not in ("coincidence", "presence")]
    return [{names[at] for at in rule.positions if at < len(names)} for rule in rules]


def is_found(kind: str, rules: Sequence[set[str]]) -> bool:
    """Return whether some rule ties the target of a plant to another column of it."""
    own = f"{kind}: "
    return any(
        f"{own}t" in columns and any(name.startswith(own) and name != f"{own}t" for name in columns)
        for columns in rules
    )


def run(tables: int, fitted: int, seed: int) -> list[dict[str, Any]]:
    """Count rules that are found and kept, and tables that show one without having any."""
    sizes = np.random.default_rng(seed).integers(200, 2_000, 2 * tables).tolist()
    shown = 0
    for at in range(tables):
        rng = np.random.default_rng([seed, at])
        rules = found_rules(random_table(rng, sizes[at], int(rng.integers(3, 20))))
        shown += bool(rules)
    counts = {name: Counter[str]() for name in COLUMNS[1:]}
    for at in range(tables):
        frame, kinds = planted_table(np.random.default_rng([seed, tables + at]), sizes[tables + at])
        rules = found_rules(frame)
        counts["planted"].update(kinds)
        counts["found"].update(kind for kind in kinds if is_found(kind, rules))
        if at < fitted:
            made = TabGAN(**FITTING, random_state=seed).fit(frame).sample(300)
            counts["fitted"].update(kinds)
            counts["kept"].update(kind for kind in kinds if _is_kept(kind, made))
    rows: list[dict[str, Any]] = [
        {"kind": kind, **{name: counts[name][kind] for name in COLUMNS[1:]}} for kind in PLANTS
    ]
    total = {"kind": "all", **{name: counts[name].total() for name in COLUMNS[1:]}}
    return [*rows, total, {"kind": "tables without rules", "planted": 0, "found": shown}]


def _is_kept(kind: str, made: pd.DataFrame) -> bool:
    own = f"{kind}: "
    columns = [name for name in made.columns if name.startswith(own)]
    part = made[columns].rename(columns=lambda name: name.removeprefix(own))
    return bool(np.asarray(PLANTS[kind].kept(part)).all())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=200, help="tables without rules and with")
    parser.add_argument("--fitted", type=int, default=20, help="tables that are fitted")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=RESULTS / "rules_found.json")
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    rows = run(options.tables, options.fitted, options.seed)
    print_table(rows, COLUMNS)
    settings = {"tables": options.tables, "fitted": options.fitted, "planted": PLANTED}
    seconds = time.perf_counter() - start
    write_json(options.output, rows, seeds=[options.seed], seconds=seconds, **settings)
    *_, total, without = rows
    is_good = total["found"] >= 0.95 * total["planted"] and total["kept"] == total["fitted"]
    return 0 if is_good and without["found"] <= 0.01 * options.tables else 1


if __name__ == "__main__":
    raise SystemExit(main())
