"""Columns that are computed from others: all of them are found, and hold in every row drawn."""

import numpy as np
import pandas as pd
import pytest

from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.detect_dependencies import detect_dependencies
from tabgan.rules.find_identities import find_identities, is_beyond_chance
from tabgan.table.columns import TypedSeries, by_position

ROWS = 600


def _numbers(seed: int, columns: int, rows: int = ROWS) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({f"c{i}": rng.gamma(2, 50, rows).round(2) for i in range(columns)})


def _found(frame: pd.DataFrame) -> list[str]:
    rules = find_identities(by_position(frame, infer_schema(frame)), np.random.default_rng(0))
    return [rule.describe() for rule in rules]


PLANTED = {
    "product": (lambda t: (t.c0 * t.c1).round(2), "'y' = c0 * c1"),
    "discounted": (lambda t: (t.c0 * t.c1 * (1 - t.share)).round(2), "'y' = c0 * c1 * (1 - share)"),
    "rate": (lambda t: (t.c0 / t.c1).round(6), "'y' = c0 / c1"),
    "multiple": (lambda t: (t.c0 * 0.19).round(2), "'y' = 0.19 * c0"),
    "multiple of whole numbers": (lambda t: (t.n * 0.05).round(2), "'y' = 0.05 * n"),
    "multiple of a product": (
        lambda t: (t.c0 * t.n * 1.5 / 160).round(2),
        "'y' = 0.009375 * c0 * n",
    ),
    "multiple of a product, full precision": (
        lambda t: t.c0 * t.n * 1.5 / 160,
        "'y' = 0.009375 * c0 * n",
    ),
    "multiple of a quotient": (lambda t: (t.c0 / t.c1 * 12).round(6), "'y' = 12 * c0 / c1"),
    "multiple of five digits": (lambda t: (t.c0 * 1.0825).round(2), "'y' = 1.0825 * c0"),
    "difference from 0 on": (
        lambda t: (t.c0 - t.c1).clip(lower=0).round(2),
        "'y' = max(0, c0 - c1)",
    ),
    "up to a limit": (lambda t: t.c0.clip(upper=95.5), "'y' = min(95.5, c0)"),
    "affine": (lambda t: (t.c0 * 1.8 + 32).round(3), "'y' = 1.8 * c0 + 32"),
    "sum of three": (lambda t: (t.c0 + t.c1 + t.c2).round(2), "'c0' + 'c1' + 'c2' = 'y'"),
    "signs": (lambda t: (t.c0 - t.c1 - t.c2).round(2), "'c1' + 'c2' + 'y' = 'c0'"),
    "mean": (
        lambda t: t[["c0", "c1", "c2"]].mean(axis=1).round(4),
        "'y' = 1 / 3 * c0 + 1 / 3 * c1 + 1 / 3 * c2",
    ),
    "greatest": (lambda t: t[["c0", "c1", "c2"]].max(axis=1), "'y' = max(c0, c1, c2)"),
    "least": (lambda t: t[["c0", "c1"]].min(axis=1), "'y' = min(c0, c1)"),
}


@pytest.mark.parametrize(("make", "rule"), PLANTED.values(), ids=PLANTED)
def test_a_computed_column_is_found(make, rule):
    frame = _numbers(3, 3)
    frame["share"] = np.random.default_rng(4).choice([0.0, 0.05, 0.1, 0.2], ROWS)
    frame["n"] = np.random.default_rng(5).integers(20, 4_000, ROWS)
    frame["y"] = make(frame)
    assert _found(frame) == [rule]


@pytest.mark.parametrize("seed", range(5))
def test_independent_columns_have_no_identities(seed):
    frame = _numbers(seed, 12, 266)
    rng = np.random.default_rng(seed)
    for i in range(8):
        frame[f"small {i}"] = rng.integers(0, 4, len(frame))
    assert _found(frame) == []


@pytest.fixture(scope="module")
def accounts() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"qty": rng.integers(1, 40, ROWS), "price": rng.integers(7, 350, ROWS)})
    frame["gross"] = frame["qty"] * frame["price"]
    frame["discount"] = (frame["gross"] * rng.choice([0, 0.01, 0.1], ROWS)).round(2)
    frame["sales"] = (frame["gross"] - frame["discount"]).round(2)
    frame["cogs"] = (frame["gross"] * rng.uniform(0.3, 0.8, ROWS)).round(2)
    frame["profit"] = (frame["sales"] - frame["cogs"]).round(2)
    return frame


def test_several_identities_of_one_column_hold_together(accounts, table_of, round_trip):
    table = table_of(accounts)
    rules = detect_dependencies(table, np.random.default_rng(0))
    assert [rule.describe() for rule in rules] == [
        "'profit' = sales - cogs",
        "'sales' = gross - discount",
        "'gross' = qty * price",
    ]
    pd.testing.assert_frame_equal(round_trip(table, rules), accounts)
    for rule in rules:
        table = rule.reduce(table)
    drawn = {
        at: TypedSeries(
            cells.column, cells.values.sample(frac=1, random_state=at, ignore_index=True)
        )
        for at, cells in table.items()
    }
    for rule in reversed(rules):
        drawn = rule.restore(drawn)
    made = pd.concat([values for _, values in drawn.values()], axis=1)
    assert (made["qty"] * made["price"] == made["gross"]).all()
    assert ((made["gross"] - made["discount"]).round(2) == made["sales"]).all()
    assert ((made["sales"] - made["cogs"]).round(2) == made["profit"]).all()
    assert (made["sales"] > 0).all()  # the discount gives way


def test_chance_is_corrected_for_what_was_tried():
    assert is_beyond_chance(0.1, 100, 1)
    assert not is_beyond_chance(0.1, 100, 10_000)
    assert not is_beyond_chance(0.0, 10_000, 1)


def test_a_column_that_is_seldom_the_greatest_is_one_of_them():
    rng = np.random.default_rng(0)
    a, b = rng.gamma(2, 500, (2, 400)).round(2)
    seldom = rng.gamma(2, 130, 400).round(2)
    frame = pd.DataFrame({"a": a, "b": b, "c": seldom, "t": np.max([a, b, seldom], axis=0)})
    assert 3 <= (frame["t"] == frame["c"]).sum() < 0.05 * 400
    table = by_position(frame, infer_schema(frame))
    (rule,) = find_identities(table, np.random.default_rng(0))
    assert rule.describe() == "'t' = max(a, b, c)"


def test_few_numbers_do_not_give_way_to_a_result_out_of_range(rng):
    """Of 12 prices none is invented, so that the greatest totals stay within their range."""
    price = 5 + 1.5 * rng.integers(0, 12, ROWS)
    frame = pd.DataFrame({"price": price, "count": rng.integers(1, 11, ROWS)})
    frame["weight"] = rng.gamma(2, 50, ROWS).round(2)
    frame["total"], frame["load"] = price * frame["count"], rng.integers(3, 60, ROWS)
    frame["sum"] = (frame["weight"] * frame["load"]).round(2)
    rules = find_identities(by_position(frame, infer_schema(frame)), np.random.default_rng(0))
    yielding = {rule.describe(): rule.yielding for rule in rules}
    assert yielding == {"'total' = price * count": (1,), "'sum' = weight * load": (0, 1)}


WITH_EXCEPTIONS = {
    "sum": (lambda t: (t.c0 + t.c1).round(2), "'y' = c0 + c1"),
    "sum of three": (lambda t: (t.c0 + t.c1 + t.c2).round(2), "'y' = c0 + c1 + c2"),
    "signs": (lambda t: (t.c0 - t.c1 - 2 * t.c2).round(2), "'c0' = c1 + 2 * c2 + y"),
    "product": (lambda t: (t.c0 * t.n).round(2), "'y' = c0 * n"),
    "rate": (lambda t: (t.c0 / t.c1).round(6), "'y' = c0 / c1"),
    "multiple of a product": (lambda t: (t.c0 * t.n * 0.45).round(2), "'y' = 0.45 * c0 * n"),
}


@pytest.mark.parametrize("exceptions", [1, 5])
@pytest.mark.parametrize(("make", "rule"), WITH_EXCEPTIONS.values(), ids=WITH_EXCEPTIONS)
def test_a_few_rows_may_break_an_identity(make, rule, exceptions):
    frame = _numbers(3, 3)
    frame["n"] = np.random.default_rng(4).integers(1, 40, ROWS)
    frame["y"] = make(frame)
    frame.loc[50 : 49 + exceptions, "y"] = 7.25
    assert _found(frame) == [f"{rule} in {100 * (1 - exceptions / ROWS):.4g} % of rows"]


def test_more_than_a_few_exceptions_leave_no_identity():
    frame = _numbers(3, 2)
    frame["y"] = (frame["c0"] + frame["c1"]).round(2)
    frame.loc[:14, "y"] = 7.25
    assert _found(frame) == []


@pytest.mark.parametrize(("n_parts", "total"), [(2, 72), (3, 100), (5, 1440)])
def test_columns_that_add_up_to_one_number_do_so_with_exceptions(n_parts, total):
    rng = np.random.default_rng(n_parts)
    shares = rng.dirichlet(np.full(n_parts, 2.0), ROWS)
    frame = pd.DataFrame(np.floor(total * shares).astype(int)).add_prefix("part ")
    frame["part 0"] += total - frame.sum(axis=1)
    frame["yes"] = np.floor(frame["part 1"] * rng.random(ROWS)).astype(int)
    frame["no"] = frame["part 1"] - frame["yes"]  # a column may be in another identity too
    frame.loc[:9, "part 0"] += 3
    frame.loc[10:12, "no"] += 1
    found = _found(frame)
    assert any(f"+ {total} in 98.33 % of rows" in rule for rule in found)
    assert any("yes" in rule and "in 99.5 % of rows" in rule for rule in found)


def test_exceptions_come_back_in_no_row(table_of, round_trip):
    frame = _numbers(3, 2)
    frame["y"] = (frame["c0"] + frame["c1"]).round(2)
    broken = frame.assign(y=frame["y"].where(frame.index != 5, 0.0))
    table = table_of(broken)
    rules = detect_dependencies(table, np.random.default_rng(0))
    assert [rule.describe() for rule in rules] == ["'y' = c0 + c1 in 99.83 % of rows"]
    assert rules[0].holds([table[at] for at in rules[0].positions]).sum() == ROWS - 1
    pd.testing.assert_frame_equal(round_trip(table, rules), frame)


def test_of_numbers_that_are_nearly_always_equal_none_is_computed():
    frame = _numbers(3, 2)
    frame["y"] = frame["c0"].where(frame.index != 5, 0.0)
    assert _found(frame) == []


@pytest.mark.parametrize("seed", range(5))
def test_numbers_that_nearly_add_up_have_no_identity_with_exceptions(seed):
    frame = _numbers(seed, 6, 400)
    rng = np.random.default_rng(seed)
    frame["near"] = (frame["c0"] + frame["c1"] + rng.normal(0, 2, 400)).round(2)
    for i in range(6):
        frame[f"small {i}"] = np.where(rng.random(400) < 0.9, 0, rng.integers(0, 4, 400))
    assert _found(frame) == []


@pytest.mark.parametrize("seed", range(5))
def test_independent_columns_that_are_nearly_always_zero_have_no_identities(seed):
    frame = _numbers(seed, 3, 500)
    rng = np.random.default_rng(seed)
    for i in range(10):
        frame[f"rare {i}"] = np.where(rng.random(500) < 0.03, rng.integers(1, 3, 500), 0)
    assert _found(frame) == []


SELDOM = {
    "of two": (lambda t: t.c0 + t.fee, "'c0' + 'fee' = 'y'"),
    "of three": (lambda t: t.c0 + t.c1 + t.fee, "'c0' + 'c1' + 'fee' = 'y'"),
    "difference": (lambda t: t.c0 - t.c1 - t.fee, "'c1' + 'fee' + 'y' = 'c0'"),
}


@pytest.mark.parametrize(("make", "rule"), SELDOM.values(), ids=SELDOM)
def test_a_part_may_be_zero_in_nearly_all_rows(make, rule):
    frame = _numbers(3, 3)
    frame["fee"] = frame["c2"].where(np.arange(ROWS) % 75 == 0, 0.0)
    frame["y"] = make(frame).round(2)
    assert _found(frame.drop(columns="c2")) == [rule]


def test_a_part_of_fewer_rows_than_a_group_has_none_in_the_rule():
    frame = _numbers(3, 3, 2_000)
    frame["fee"] = frame["c2"].where(frame.index < 4, 0.0)
    frame["y"] = (frame["c0"] + frame["c1"] + frame["fee"]).round(2)
    assert _found(frame.drop(columns="c2")) == ["'y' = c0 + c1 in 99.8 % of rows"]
