"""Whether declared constraints hold in every row, and what they cost.

Each table is fitted twice, with constraints and without. Every rule is then counted by a check of
its own, written here: how many of the rows that are drawn break it in either case. The fidelity of
both says what the constraints cost. Run `python benchmarks/rules.py --help`.
"""

from __future__ import annotations

import argparse
import calendar
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from datasets import categorical_columns, load, split, table_path
from measure import in_own_process
from report import print_table, write_json

from tabgan.constraints import (
    Constraint,
    Custom,
    FixedCombinations,
    Formula,
    Increments,
    Inequality,
    OneHot,
    Positive,
    Range,
    Sum,
    Unique,
)

RESULTS = Path(__file__).parent / "results"
MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}
ARRIVAL = ["arrival_date_year", "arrival_date_month", "arrival_date_week_number"]
STATUS = ["is_canceled", "reservation_status"]
HANDS = ["bats", "throws"]
RULE_COLUMNS = ("table", "seed", "rule", "broken", "broken_without")
COST_COLUMNS = (
    *("table", "seed", "rows", "broken", "keys", "repeated_keys"),
    *("shape_error", "shape_error_without", "trend_error", "trend_error_without"),
    *("rows_per_second", "rows_per_second_without"),
)

Broken = Callable[[pd.DataFrame, pd.DataFrame], Any]


class Rule(NamedTuple):
    """A constraint, and which rows break it, told from them and the training rows."""

    constraint: Constraint
    broken: Broken


class Case(NamedTuple):
    """A table with its rules.

    `key` is a column of names of its rows, `nominal` what is compared as levels.
    """

    frame: pd.DataFrame
    key: str
    nominal: list[str]
    rules: list[Rule]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; results are written after each table."""
    parser = argparse.ArgumentParser(description="Count what breaks declared constraints.")
    parser.add_argument("--tables", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--steps", type=int, help="training steps (default: auto)")
    parser.add_argument("--rows", type=int, default=100_000, help="rows to count in")
    parser.add_argument("--keys", type=int, default=1_000_000, help="keys to draw of each table")
    parser.add_argument("--out", type=Path, default=RESULTS / "rules.json")
    options = parser.parse_args(arguments)
    for name in options.tables:
        table_path(name)
    results: list[dict[str, Any]] = []
    sizes = {"steps": options.steps, "rows": options.rows, "keys": options.keys}
    for name in options.tables:
        for seed in options.seeds:
            print(f"{name}, seed {seed} …", file=sys.stderr)
            results.append(in_own_process(run, name, seed, sizes))
            write_json(options.out, results, seeds=options.seeds, sizes=sizes)
    print_table([rule for result in results for rule in result["rules"]], RULE_COLUMNS)
    print()
    print_table(results, COST_COLUMNS)
    print(f"written to {options.out}", file=sys.stderr)


def baseball_players() -> Case:
    """Return the players: a key, dates in order, hands that go together."""
    name = "baseball_players"
    frame = load(name)
    nominal = categorical_columns(name, frame)
    frame.insert(0, "id", pd.read_csv(table_path(name), usecols=["id"])["id"])
    first, last = pd.Timestamp("1820-01-01"), pd.Timestamp("2001-01-01")
    rules = [
        Rule(Unique("id"), lambda rows, _: rows["id"].duplicated()),
        Rule(
            Inequality("birthDate", "deathDate", strict=True),
            lambda rows, _: rows["birthDate"] >= rows["deathDate"],
        ),
        Rule(
            Range("birthDate", first, last),
            lambda rows, _: (rows["birthDate"] < first) | (rows["birthDate"] > last),
        ),
        Rule(Positive("weight"), lambda rows, _: rows["weight"] <= 0),
        Rule(Increments("height", 1), lambda rows, _: rows["height"] % 1 > 0),
        Rule(FixedCombinations(HANDS), lambda rows, real: ~known(rows, real, HANDS)),
    ]
    return Case(frame, "id", nominal, rules)


def hotel_bookings() -> Case:
    """Return the bookings, with columns that are computed from the others."""
    name = "hotel_bookings"
    frame = load(name)
    nominal = categorical_columns(name, frame)
    parts = ["adults", "children", "babies"]
    nights = ["stays_in_weekend_nights", "stays_in_week_nights"]
    frame["guests"] = frame[parts].sum(axis=1, skipna=False)
    frame["nights"] = frame[nights].sum(axis=1)
    frame["price"] = (frame["adr"] * frame["nights"]).round(2)
    types = pd.get_dummies(frame["customer_type"], dtype="int64")
    frame = pd.concat([frame.drop(columns="customer_type"), types], axis=1)
    nominal = [*(set(nominal) & set(frame)), *types]
    frame.insert(0, "booking", [f"B-{number:06d}" for number in range(len(frame))])
    rules = [
        Rule(Unique("booking"), lambda rows, _: rows["booking"].duplicated()),
        Rule(
            Sum(parts, "guests"),
            lambda rows, _: (rows[parts].sum(axis=1, skipna=False) - rows["guests"]).abs() > 0,
        ),
        Rule(Sum(nights, "nights"), lambda rows, _: rows[nights].sum(axis=1) != rows["nights"]),
        Rule(
            Formula("price", "round(adr * nights, 2)"),
            lambda rows, _: (rows["adr"] * rows["nights"] - rows["price"]).abs() > 0.00501,
        ),
        Rule(
            Inequality("stays_in_week_nights", "nights"),
            lambda rows, _: rows["stays_in_week_nights"] > rows["nights"],
        ),
        Rule(OneHot([*types]), lambda rows, _: rows[[*types]].sum(axis=1) != 1),
        Rule(FixedCombinations(ARRIVAL), lambda rows, real: ~known(rows, real, ARRIVAL)),
        Rule(FixedCombinations(STATUS), lambda rows, real: ~known(rows, real, STATUS)),
        Rule(Range("lead_time", 0, 1_000), lambda rows, _: ~rows["lead_time"].between(0, 1_000)),
        Rule(
            Positive("days_in_waiting_list", strict=False),
            lambda rows, _: rows["days_in_waiting_list"] < 0,
        ),
        Rule(Custom("day of the month", is_day, to_day), lambda rows, _: ~is_day(rows)),
    ]
    return Case(frame, "booking", nominal, rules)


CASES: dict[str, Callable[[], Case]] = {
    "baseball_players": baseball_players,
    "hotel_bookings": hotel_bookings,
}


def known(rows: pd.DataFrame, real: pd.DataFrame, names: list[str]) -> pd.Series:
    """Say which rows have values in some columns that a real row has."""
    pairs = set(real[names].astype(str).itertuples(index=False, name=None))
    texts = rows[names].astype(str).itertuples(index=False, name=None)
    return pd.Series([pair in pairs for pair in texts], rows.index)


def last_day(rows: pd.DataFrame) -> pd.Series:
    """Return the days that the month of each row's arrival has."""
    months = rows["arrival_date_month"].map(MONTHS)
    first = pd.to_datetime({"year": rows["arrival_date_year"], "month": months, "day": 1})
    return first.dt.days_in_month.astype("int64")


def is_day(rows: pd.DataFrame) -> pd.Series:
    """Say which rows have a day of arrival that its month has."""
    return rows["arrival_date_day_of_month"] <= last_day(rows)


def to_day(rows: pd.DataFrame) -> pd.DataFrame:
    """Bring the day of arrival to the last one of its month."""
    days = np.minimum(rows["arrival_date_day_of_month"], last_day(rows))
    return rows.assign(arrival_date_day_of_month=days)


def run(name: str, seed: int, sizes: dict[str, Any]) -> dict[str, Any]:
    """Fit a table with its rules and without; count what breaks them, and score both."""
    rows, keys = sizes["rows"], sizes["keys"]
    case = CASES[name]()
    train, _ = split(case.frame)
    broken, costs = {}, {}
    for suffix in ("", "_without"):
        constraints = None if suffix else [rule.constraint for rule in case.rules]
        gan = fit(train, constraints, seed, sizes["steps"])
        began = time.perf_counter()
        drawn = gan.sample(rows)
        costs[f"rows_per_second{suffix}"] = rows / (time.perf_counter() - began)
        broken[suffix] = [int(np.sum(rule.broken(drawn, train))) for rule in case.rules]
        errors = fidelity(case, train, gan.sample(len(train)))
        costs |= {f"{measure}{suffix}": value for measure, value in errors.items()}
        if not suffix:
            drawn_keys = pd.concat(block[case.key] for block in gan.sample_blocks(keys))
            costs |= {"keys": keys, "repeated_keys": int(drawn_keys.duplicated().sum())}
    counted = [
        {
            "table": name,
            "seed": seed,
            "rule": f"{type(rule.constraint).__name__}: {rule.constraint.describe()}",
            "broken": with_rule,
            "broken_without": without,
        }
        for rule, with_rule, without in zip(case.rules, broken[""], broken["_without"], strict=True)
    ]
    total = {"rows": rows, "broken": sum(broken[""]), "broken_without": sum(broken["_without"])}
    return {"table": name, "seed": seed, **total, **costs, "rules": counted}


def fit(
    train: pd.DataFrame, constraints: list[Constraint] | None, seed: int, steps: int | None
) -> Any:
    """Fit an estimator with its default options."""
    from tabgan.estimator import TabGAN

    gan = TabGAN(steps=steps or "auto", constraints=constraints, random_state=seed)
    return gan.fit(train)


def fidelity(case: Case, train: pd.DataFrame, synthetic: pd.DataFrame) -> dict[str, float]:
    """Return the errors of shapes and trends, keys left out."""
    from scoring import quality_errors  # late: its memory is not the model's

    compared = train.columns.drop(case.key)
    return quality_errors(train[compared], synthetic[compared], case.nominal)


if __name__ == "__main__":
    main()
