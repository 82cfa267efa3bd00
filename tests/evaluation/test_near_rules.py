"""What holds in almost every real row, or in those with some level."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan import evaluate
from tabgan.evaluation.compared_tables import read_tables
from tabgan.evaluation.near_rules import _by_chance, compare_near_rules
from tabgan.evaluation.part_results import NearRule

STATES = {"Cleveland": "Ohio", "Akron": "Ohio", "Reno": "Nevada", "Miami": "Florida"}


def offices(seed: int, size: int = 1_500) -> pd.DataFrame:
    """Draw a table with rules that some rows break, and rules of some levels."""
    rng = np.random.default_rng(seed)
    city = rng.choice([*STATES], size)
    odd = rng.random(size) < 0.01
    state = np.where(odd, rng.choice(["Ohio", "Florida"], size), pd.Series(city).map(STATES))
    is_free = rng.random(size) < 0.5
    fee = np.where(is_free ^ (rng.random(size) < 0.004), np.nan, rng.integers(9, 99, size))
    opened = rng.integers(1, 500, size)
    years = np.where(rng.random(size) < 0.01, -200, rng.integers(0, 60, size))
    return pd.DataFrame(
        {
            "city": city,
            "state": state,
            "plan": np.where(is_free, "free", rng.choice(["pro", "team"], size)),
            "fee": fee,
            "opened": opened,
            "closed": opened + years,
            "staff": rng.choice(["few", "many"], size),
        }
    )


def rules_of(real, synthetic, told=()) -> dict[tuple[str, str], NearRule]:
    tables = read_tables(real, synthetic)
    found = compare_near_rules(tables, told, np.random.default_rng(0))
    return {rule.columns: rule for rule in found}


def test_fresh_rows_lose_nothing():
    found = rules_of(offices(0), offices(1))
    assert {("city", "state"), ("plan", "fee"), ("opened", "closed")} <= {*found}
    assert not any("staff" in columns for columns in found)
    assert all(rule.lost == 0 for rule in found.values())
    assert found["opened", "closed"].rule == "'opened' ≤ 'closed'"
    assert found["opened", "closed"].rows.baseline == pytest.approx(99, abs=1)


def moved(table: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    return table.assign(state=table["state"].mask(rows, "Nevada"))


def priced(table: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    return table.assign(fee=table["fee"].fillna(20).where(rows, table["fee"]))


def swap(table: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    drawn = table.copy()
    drawn.loc[rows, ["opened", "closed"]] = table.loc[rows, ["closed", "opened"]].to_numpy()
    return drawn


@pytest.mark.parametrize(
    ("columns", "change", "words"),
    [
        (
            ("city", "state"),
            lambda t, r: t.assign(state=t["state"].mask(r, "Nevada")),
            "'state' is",
        ),
        (
            ("plan", "fee"),
            lambda t, r: t.assign(fee=t["fee"].fillna(20).where(r, t["fee"])),
            "free",
        ),
        (("opened", "closed"), swap, "'opened' ≤ 'closed'"),
    ],
)
def test_what_is_broken_is_named(columns, change, words):
    drawn = offices(1)
    drawn = change(drawn, np.random.default_rng(2).random(len(drawn)) < 0.1)
    rule = rules_of(offices(0), drawn)[columns]
    assert rule.lost > 0.03
    assert rule.broken > 1
    assert rule.rows.value < rule.rows.baseline - 3
    assert words in rule.rule


def test_a_broken_order_of_nearly_all_rows_is_a_weak_point():
    drawn = offices(1)
    drawn = swap(drawn, np.random.default_rng(2).random(len(drawn)) < 0.1)
    columns = ["opened", "closed", "staff"]
    found = evaluate(offices(0)[columns], drawn[columns])
    points = found.verdict.weak_points[:2]
    assert any(p.part == "structure" and set(p.columns) == {*columns[:2]} for p in points)
    assert found.structure.kept["rules"] < 0.95  # an order with few exceptions is a rule
    assert "in 99." in next(p.what for p in points if p.part == "structure")


def test_rules_of_all_rows_are_not_told_again():
    real = offices(0)
    assert ("city", "state") not in rules_of(real, real, {frozenset(("city", "state"))})
    assert ("opened", "closed") not in rules_of(real, real, {frozenset(("opened", "closed", "x"))})


def test_levels_of_few_rows_and_unrelated_columns_imply_nothing():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({f"c{i}": rng.choice(list("abcdefgh"), 1_000) for i in range(6)})
    table["rare"] = np.where(np.arange(1_000) < 10, "r", "s")
    table.loc[:9, "c0"] = "a"
    assert rules_of(table, table[::-1].reset_index(drop=True)) == {}


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=20),
    st.lists(st.integers(0, 4), min_size=1, max_size=20),
)
def test_chance_is_the_share_of_all_pairs(one, other):
    a, b = np.array(one, float), np.array(other, float)
    for sign, holds in {"=": np.equal, "≤": np.less_equal, "≥": np.greater_equal}.items():
        assert _by_chance(sign, a, b) == pytest.approx(holds.outer(a, b).mean())
