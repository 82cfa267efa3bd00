"""What holds in almost every real row, or in those with some level."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan import evaluate, infer_schema
from tabgan.evaluation.compared_tables import ComparedTables, read_tables
from tabgan.evaluation.evaluation_parts import NearRule, Structure
from tabgan.evaluation.keys_and_times import compare_row_rules
from tabgan.evaluation.near_rules import _by_chance, compare_near_rules
from tabgan.evaluation.structure import broken_rule, compare_rules, measure_structure
from tabgan.table.compound_numbers import with_parts

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


def measure(real: pd.DataFrame, synthetic: pd.DataFrame, holdout=None) -> Structure:
    tables: ComparedTables = read_tables(real, synthetic, holdout)
    return measure_structure(tables, np.random.default_rng(0))


def sales(rng: np.random.Generator, n: int = 600) -> pd.DataFrame:
    units, price = rng.integers(1, 60, n), rng.integers(100, 9_000, n) / 100
    return pd.DataFrame({"units": units, "price": price, "gross": (units * price).round(2)})


def orders(rng: np.random.Generator, n: int = 1_000) -> pd.DataFrame:
    """Return orders of which 5 % of the cells of each column are blank."""
    price, qty = rng.integers(1, 40, n) * 0.5, rng.integers(1, 11, n).astype(float)
    table = pd.DataFrame({"price": price, "qty": qty, "total": price * qty})
    return table.mask(rng.random(table.shape) < 0.05)


def staff(rng: np.random.Generator, n: int = 600) -> pd.DataFrame:
    left = rng.random(n) < 0.3
    days = pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 2_000, n), unit="D")
    return pd.DataFrame(
        {
            "status": np.where(left, "Left", "Active"),
            "exit": pd.Series(days).where(left),
            "age": rng.integers(18, 65, n),
        }
    )


class TestRules:
    def test_a_rule_that_is_kept(self):
        rng = np.random.default_rng(0)
        found = measure(sales(rng), sales(rng))
        (rule,) = found.rules
        assert rule.rows == (100.0, 100.0)
        assert rule.example == ""
        assert found.kept["rules"] == 1

    def test_a_rule_that_is_broken(self):
        rng = np.random.default_rng(0)
        drawn = sales(rng)
        drawn.loc[::4, "gross"] += 1
        found = measure(sales(rng), drawn)
        (rule,) = found.rules
        assert rule.columns == ("units", "price", "gross")
        assert rule.rows.value == pytest.approx(75, abs=1)
        assert rule.example.startswith("units=")
        assert found.kept["rules"] == pytest.approx(0.75, abs=0.01)

    def test_more_decimals_break_no_rule(self):
        rng = np.random.default_rng(0)
        drawn = sales(rng)
        found = measure(sales(rng), drawn.assign(gross=drawn["gross"] + 1e-7))
        assert found.rules[0].rows.value == 100

    def test_levels_that_the_real_table_lacks_break_no_hierarchy(self):
        rng = np.random.default_rng(0)
        towns = rng.integers(0, 30, 900)
        real = pd.DataFrame({"town": towns.astype(str), "region": (towns % 4).astype(str)})
        drawn = pd.concat([real, pd.DataFrame({"town": ["new"] * 90, "region": ["0"] * 90})])
        assert measure(real, drawn).rules[0].rows.value == 100
        swapped = real.assign(region=np.roll(real["region"], 1))
        assert measure(real, swapped).rules[0].rows.value < 50

    def test_the_holdout_is_the_baseline(self):
        rng = np.random.default_rng(0)
        held = sales(rng)
        held.loc[:59, "gross"] += 1
        assert measure(sales(rng), sales(rng), held).rules[0].rows == (
            100,
            pytest.approx(90, abs=1),
        )

    def test_one_hot_columns(self):
        rng = np.random.default_rng(0)
        real = pd.DataFrame(np.eye(4, dtype=int)[rng.integers(0, 4, 500)], columns=list("abcd"))
        drawn = pd.DataFrame(rng.integers(0, 2, (500, 4)), columns=list("abcd"))
        (rule,) = measure(real, drawn).rules
        assert rule.rows.value == pytest.approx(100 * (drawn.sum(axis=1) == 1).mean())

    def test_a_rule_of_columns_with_holes_that_is_kept(self):
        rng = np.random.default_rng(0)
        found = measure(orders(rng), orders(rng), orders(rng, 500))
        (rule,) = found.rules
        assert rule.columns == ("price", "qty", "total")
        assert rule.rows == (100, 100)
        assert found.kept["rules"] == 1

    def test_a_rule_of_columns_with_holes_that_is_broken(self):
        rng = np.random.default_rng(0)
        real = orders(rng)
        (rule,) = measure(real, real.assign(total=rng.permutation(real["total"]))).rules
        assert rule.columns == ("price", "qty", "total")
        assert rule.rows.value < 5
        assert rule.rows.baseline == 100
        assert "nan" not in rule.example

    def test_marks_of_absence_break_no_rule(self):
        rng = np.random.default_rng(0)
        numbers = orders(rng)
        real = numbers.astype(object).map("{:.1f}".format).mask(numbers.isna(), "ERROR")
        (kept,) = measure(real, real[::-1].reset_index(drop=True)).rules
        assert kept.rows.value == 100
        (broken,) = measure(real, real.assign(total=rng.permutation(real["total"]))).rules
        assert broken.rows.value < 5


class TestPresence:
    def test_fresh_rows_lose_nothing(self):
        rng = np.random.default_rng(0)
        found = measure(staff(rng), staff(rng))
        assert {(result.column, result.other) for result in found.presence} == {("exit", "status")}
        assert found.kept["presence"] == pytest.approx(1, abs=0.05)

    def test_presence_on_its_own_is_lost(self):
        rng = np.random.default_rng(0)
        drawn = staff(rng)
        drawn["exit"] = rng.permutation(drawn["exit"])
        (result,) = measure(staff(rng), drawn).presence
        assert result.lost > 0.7
        assert result.strength.baseline > 0.99
        assert result.strength.value < 0.2
        assert 20 < result.rows < 45  # 2 · .3 · .7 is 42 %, less what chance may move

    def test_presence_of_generated_values_counts(self):
        rng = np.random.default_rng(0)
        tables = [staff(rng), staff(rng)]
        for table in tables:
            codes = pd.Series(rng.integers(0, 10**9, len(table))).map("X{:09d}".format)
            table["exit"] = codes.where(table["status"] == "Left")
        tables[1]["exit"] = rng.permutation(tables[1]["exit"])
        assert measure(*tables).presence[0].lost > 0.9


def test_nothing_to_compare():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=200), "y": rng.normal(size=200)})
    assert measure(table, table) == Structure()


def visits(seed: int, size: int = 900) -> pd.DataFrame:
    """Draw times of which one is the middle of two others, or equal to one where an end lacks."""
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 5_000, size)
    stay = rng.integers(2, 90, size)
    end = np.where(rng.random(size) < 0.2, np.nan, start + stay)
    middle = np.where(np.isnan(end), start, np.round(start + stay / 2))
    middle = np.where(rng.random(size) < 0.03, start, middle)
    return pd.DataFrame({"start": start, "end": end, "middle": middle})


@pytest.mark.parametrize("is_middle", [True, False])
def test_formulas_and_equalities_that_some_rows_break(is_middle):
    real, synthetic = visits(0), visits(1)
    with_end = synthetic["end"].notna() == is_middle
    shifts = np.random.default_rng(2).integers(-9, 40, len(synthetic))
    broken = synthetic.assign(middle=synthetic["middle"] + np.where(with_end, shifts, 0))
    formula = "'middle' = the mean of 'start' and 'end'"
    equality = "where 'end' is missing, 'start' = 'middle'"
    told = [frozenset({"start", "middle", "end"})]  # an order of them is no reason to skip either
    for table, lost in ((synthetic, ()), (broken, (formula if is_middle else equality,))):
        tables = read_tables(real, table)
        found = compare_near_rules(tables, told, np.random.default_rng(0))
        assert {formula, equality} <= {rule.rule for rule in found}
        assert {rule.rule for rule in found if rule.lost > 0.5} == {*lost}


def jobs(seed: int, size: int = 700) -> pd.DataFrame:
    """Draw titles that go with one or two of eight departments, and leave limited by its type."""
    rng = np.random.default_rng(seed)
    title = rng.integers(0, 24, size)
    place = np.where(rng.random(size) < 0.8, title % 8, title * 5 % 8)
    is_short = rng.random(size) < 0.5
    return pd.DataFrame(
        {
            "title": [f"job {at}" for at in title],
            "unit": [f"unit {at}" for at in place],
            "leave": np.where(is_short, "annual", "sick"),
            "days": np.where(is_short, rng.integers(1, 6, size), rng.integers(1, 31, size)),
        }
    )


@pytest.mark.parametrize("column", ["unit", "days"])
def test_pairs_that_never_occur_and_numbers_beyond_a_limit(column):
    real, fresh = jobs(0), jobs(1)
    rows = np.random.default_rng(2).random(len(fresh)) < 0.12
    mixed = np.random.default_rng(3).permutation(fresh[column].to_numpy())
    broken = fresh.assign(**{column: fresh[column].mask(rows, pd.Series(mixed))})
    columns = {"unit": ("title", "unit"), "days": ("leave", "days")}
    own, found = rules_of(real, fresh), rules_of(real, broken)
    assert {*columns.values()} <= {*own}
    assert all(rule.broken == 0 for rule in own.values())
    assert {name for name, rule in found.items() if rule.broken} == {columns[column]}
    words = {"unit": "pair of levels", "days": "'days' keeps to what its 'leave' allows"}
    assert words[column] in found[columns[column]].rule


def test_pairs_are_halved_by_key():
    """Rows of a key are alike: others of the same key do not show what fresh keys have."""

    def visits_of(seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        town, trade = rng.integers(0, 30, (2, 120))
        row = np.repeat(np.arange(120), 8)
        cells = {"key": row + 1_000 * seed, "town": town[row] + 100, "trade": trade[row] + 200}
        return pd.DataFrame({name: [f"{name} {v}" for v in of] for name, of in cells.items()})

    tables = read_tables(visits_of(1), visits_of(2), schema={"key": "key"})
    found = compare_near_rules(tables, (), np.random.default_rng(0))
    assert not any(rule.broken for rule in found)


def test_a_broken_key_is_told_by_the_synthetic_share_and_parts_in_words():
    rng = np.random.default_rng(0)
    number = np.arange(1_000)
    real = pd.DataFrame({"room": number // 20, "seat": [f"{n % 20}/{n % 7}" for n in number]})
    real = real.sample(frac=1, random_state=0).reset_index(drop=True)
    frames, schema = with_parts([real, real.apply(rng.permutation)], infer_schema(real))
    (told, *_) = compare_row_rules(read_tables(*frames, schema=schema), rng)
    assert told.rule == "'room' and the first part of 'seat' are unique together"
    point = broken_rule(told, 1_000, 1_000)
    assert re.match(r"\d\d % of the rows break a rule of the real table: 'room' and", point.what)
    assert "tabgan finds" not in point.remedy


def patients(seed: int, start: int, n_keys: int = 60) -> pd.DataFrame:
    """Make visits of a few patients: most columns are those of a patient."""
    rng = np.random.default_rng(seed)
    rows = np.repeat(np.arange(n_keys), rng.integers(6, 16, n_keys))
    table = pd.DataFrame(
        {
            "patient": start + np.arange(n_keys),
            "height": rng.integers(60, 75, n_keys),
            "smoker": rng.choice(["yes", "no"], n_keys, p=[0.3, 0.7]),
            "drinks": rng.choice(["never", "once", "often"], n_keys),
            "heart": rng.choice(["well", "mild", "severe"], n_keys, p=[0.6, 0.2, 0.2]),
            "age": rng.integers(40, 90, n_keys),
        }
    ).iloc[rows]
    return table.assign(level=rng.normal(size=len(rows)).round(2)).reset_index(drop=True)


def test_few_keys_prove_no_rule_between_their_columns():
    real, fresh = patients(0, 1_000), patients(1, 5_000)
    tables = read_tables(real, fresh)
    assert not compare_rules(tables, np.random.default_rng(0))
    for table in (real, fresh):
        table["side"] = np.where(table["drinks"] == "often", "left", "right")
    fresh["side"] = np.where(fresh["patient"] % 3, fresh["side"], "left")
    found = compare_rules(read_tables(real, fresh), np.random.default_rng(0))
    assert ("drinks", "side") in [rule.columns for rule in found]


def test_near_rules_of_few_keys_count_keys():
    real, fresh = patients(0, 1_000), patients(1, 5_000)
    assert not [rule for rule in rules_of(real, fresh).values() if rule.lost]
