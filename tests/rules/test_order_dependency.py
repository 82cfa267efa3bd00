"""Columns of which one is never greater than another."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import TabTrees
from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.find_orders import DerivedColumns, find_orders
from tabgan.rules.numeric_axis import AllowedValues, NumericAxis
from tabgan.rules.order_dependency import (
    DifferenceDependency,
    OrderDependency,
    exchange_values,
    repair_order,
)
from tabgan.table.columns import TypedSeries, by_position, field_at

ROWS = 1000
DAY = pd.Timedelta(days=1)


def described(table, rng):
    return [rule.describe() for rule in find_orders(table, rng)]


def is_ordered(low, high):
    """Say whether one series is not above the other where both are present."""
    both = low.notna().to_numpy() & high.notna().to_numpy()
    return bool((low.to_numpy()[both] <= high.to_numpy()[both]).all())


@pytest.fixture
def sizes(rng):
    """Three lengths in ascending order."""
    return pd.DataFrame(
        np.sort(rng.gamma(3, 20, (ROWS, 3)), axis=1), columns=["low", "mid", "high"]
    )


@pytest.fixture
def days(rng):
    """Births and deaths: far apart, mostly missing."""
    birth = pd.Timestamp("1850-01-01") + pd.to_timedelta(rng.integers(0, 50_000, ROWS), "D")
    death = birth + pd.to_timedelta(rng.integers(5_000, 35_000, ROWS), "D")
    frame = pd.DataFrame({"birth": birth, "death": death})
    frame["death"] = frame["death"].where(rng.random(ROWS) < 0.5)
    return frame


@pytest.fixture
def orders(rng):
    """Orders and deliveries: a few days apart, some not delivered."""
    ordered = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 700, ROWS), "D")
    shipped = ordered + pd.to_timedelta(rng.integers(0, 4, ROWS), "D")
    came = shipped + pd.to_timedelta(rng.integers(1, 30, ROWS), "D")
    frame = pd.DataFrame({"came": came, "shipped": shipped, "ordered": ordered})
    frame["came"] = frame["came"].where(rng.random(ROWS) < 0.8)
    return frame


# ---------------------------------------------------------------- mending


values = st.lists(st.integers(0, 9), min_size=30, max_size=30)
masks = st.lists(st.booleans(), min_size=30, max_size=30)


@given(st.tuples(values, values, values), st.tuples(masks, masks, masks), st.booleans())
@settings(max_examples=50)
def test_all_orders_hold_after_mending(numbers, present, chain):
    edges = [(0, 1), (1, 2)] if chain else [(0, 1), (0, 2)]
    lines = [NumericAxis(np.array(v), np.array(p)) for v, p in zip(numbers, present, strict=True)]
    mended = repair_order(lines, [AllowedValues(0, 9, 0)] * 3, edges)
    for low, high in edges:
        both = lines[low].present & lines[high].present
        assert (mended[low] <= mended[high])[both].all()
    there = np.array(present)
    before, after = np.array([line.values for line in lines])[there], np.array(mended)[there]
    assert (np.sort(before) == np.sort(after)).all()  # only exchanged and swapped


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=60),
    st.integers(0, 2**31),
)
@settings(max_examples=100)
def test_exchange_keeps_both_columns_where_that_can_be(pairs, seed):
    """Shuffle columns that are in order, and bring them back into order."""
    low, high = np.sort(np.array(pairs), axis=1).T
    rows = np.random.default_rng(seed).permutation(len(low))
    given_low = low[rows]
    mended = exchange_values(given_low, high, np.ones(len(low), bool))
    assert (np.sort(mended) == np.sort(low)).all()
    wrong_before, wrong_after = (given_low > high).sum(), (mended > high).sum()
    assert wrong_after <= wrong_before


def test_exchange_leaves_absent_values_and_unlearned_rules_alone():
    low, high = np.array([9, 1, 2]), np.array([3, 9, 2])
    assert exchange_values(low, high, np.array([True, False, True])).tolist() == [9, 1, 2]
    many = np.arange(5_000)
    assert (exchange_values(many, many[::-1], np.ones(5_000, bool)) == many).all()


def test_the_greatest_values_stay_in_their_column():
    """The tail of the lower column would else wander to the other one, row by row."""
    rng = np.random.default_rng(0)
    high = rng.lognormal(size=4_000)
    low = rng.permutation(high) * 0.5
    lines = [NumericAxis(values, np.ones(4_000, bool)) for values in (low, high)]
    grid = AllowedValues(-1e9, 1e9, 0)
    one, other = repair_order(lines, [grid, grid], [(0, 1)])
    assert (one <= other).all()
    assert (np.sort(one)[-20:] == np.sort(low)[-20:]).all()
    assert (other == high).mean() > 0.99


@given(st.lists(st.tuples(*[st.integers(0, 100)] * 4), min_size=1, max_size=40))
@settings(max_examples=50)
def test_mending_keeps_to_grids_and_ranges_that_differ(rows):
    reals = [
        np.arange(0.0, 60.0, 10.0),  # tens
        np.arange(0.0, 100.5, 0.5),
        np.array([20.0, 21.0, 50.0]),  # a few numbers, below the greatest of the others
        np.arange(30.0, 101.0),
    ]
    edges = [(0, 1), (0, 2), (1, 3), (2, 3)]
    grids = [AllowedValues.of(real, 1) for real in reals]
    made = np.array(rows, float).T
    drawn = [real[column.astype(int) % len(real)] for real, column in zip(reals, made, strict=True)]
    everywhere = np.ones(len(rows), bool)
    mended = repair_order([NumericAxis(column, everywhere) for column in drawn], grids, edges)
    assert all((mended[low] <= mended[high]).all() for low, high in edges)
    assert all(np.isin(column, real).all() for column, real in zip(mended, reals, strict=True))


def test_fixed_lines_are_left_alone():
    lines = [NumericAxis(np.array(v), np.ones(3, bool)) for v in ([4, 4, 2], [3, 7, 1], [5, 5, 9])]
    limit, moved, other = repair_order(
        lines, [AllowedValues(0, 9, 0)] * 3, [(0, 1), (1, 2)], {0, 2}
    )
    assert (limit.tolist(), other.tolist()) == ([4, 4, 2], [5, 5, 9])
    assert moved.tolist() == [4, 5, 2]


def test_what_swapping_can_not_mend_is_lowered():
    reals = [
        [3, 8, 16, 21, 24],
        [4, 11, 15, 24, 26, 30, 33],
        [7, 16, 28, 29, 34, 36],
        [7, 10, 22, 24, 35],
        [8, 10, 24, 34],
    ]
    edges = [(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (1, 3), (2, 3), (2, 4), (3, 4)]
    drawn = [24, 30, 29, 35, 34]
    lines = [NumericAxis(np.array([value]), np.array([True])) for value in drawn]
    mended = repair_order(lines, [AllowedValues.of(np.array(real), None) for real in reals], edges)
    assert all(mended[low] <= mended[high] for low, high in edges)
    assert all(value in real for (value,), real in zip(mended, reals, strict=True))


def test_rows_in_order_are_left_alone():
    lines = [
        NumericAxis(np.array([1, 5]), np.ones(2, bool)),
        NumericAxis(np.array([2, 3]), np.ones(2, bool)),
    ]
    one, two = repair_order(lines, [AllowedValues(0, 9, 0)] * 2, [(0, 1)])
    assert (one.tolist(), two.tolist()) == ([1, 3], [2, 5])


# ---------------------------------------------------------------- numbers


def test_a_chain_of_numbers_is_one_rule_without_what_follows_from_it(sizes, table_of, rng):
    assert described(table_of(sizes), rng) == ["'low' ≤ 'mid', 'mid' ≤ 'high'"]


def test_what_follows_by_way_of_a_missing_value_is_kept(sizes, table_of, rng):
    sizes["mid"] = sizes["mid"].where(rng.random(ROWS) < 0.7)
    assert described(table_of(sizes), rng) == ["'low' ≤ 'mid', 'low' ≤ 'high', 'mid' ≤ 'high'"]


def test_two_groups_are_two_rules(sizes, table_of, rng):
    other = (sizes.sample(frac=1, random_state=0) * 1.5 + 3).reset_index(drop=True)
    frame = sizes[["low", "high"]].join(other[["low", "high"]].add_prefix("other "))
    assert described(table_of(frame), rng) == ["'low' ≤ 'high'", "'other low' ≤ 'other high'"]


@pytest.mark.parametrize(
    "form",
    [
        lambda frame: frame.round(2),
        lambda frame: frame.round().astype("int64"),
        lambda frame: frame.round().astype("Int64").where(frame.index.to_series() % 9 > 0, pd.NA),
        lambda frame: frame.round(1).map("{:.1f}".format),
        lambda frame: frame.assign(low=np.floor(frame["low"]).astype(int), high=frame["high"] + 1),
    ],
    ids=["prices", "integers", "nullable", "text", "integer and float"],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_drawn_numbers_are_put_in_order(form, seed, sizes, table_of, rng):
    frame = form(sizes)
    table = table_of(frame)
    (rule,) = find_orders(table, rng)
    shuffled = {
        at: TypedSeries(
            column, values.sample(frac=1, random_state=seed + at).reset_index(drop=True)
        )
        for at, (column, values) in table.items()
    }
    assert rule.reduce(table) is table
    restored = pd.concat([values for _, values in rule.restore(shuffled).values()], axis=1)
    pd.testing.assert_frame_equal(restored, restored.astype(frame.dtypes.to_dict()))
    numbers, real = restored.apply(pd.to_numeric), frame.apply(pd.to_numeric)
    assert is_ordered(numbers["low"], numbers["mid"])
    assert is_ordered(numbers["mid"], numbers["high"])
    assert (numbers.min() >= real.min()).all()
    assert (numbers.max() <= real.max()).all()
    assert (restored.isna().sum() == frame.isna().sum()).all()


NO_ORDERS = {
    "independent": lambda frame, rng: pd.DataFrame(rng.normal(size=(ROWS, 2))),
    "apart": lambda frame, rng: frame[["low", "high"]] + [0, 1000],
    "nearly apart": lambda frame, rng: frame[["low", "mid"]] + [0, 29],
    "few rows": lambda frame, rng: (frame[["low"]].assign(high=frame["low"] + 0.5))[:80],
    "many rows differ": lambda frame, rng: frame[["low", "high"]].where(
        frame.index.to_series() % 40 > 0, [99.0, 98.0]
    ),
    "levels of which a few differ": lambda frame, rng: (frame[["low", "high"]] // 20).where(
        frame.index.to_series() != 5, [2.0, 1.0]
    ),
    "rarely not zero": lambda frame, rng: pd.DataFrame(
        {"a": np.arange(ROWS) < 30, "b": np.arange(ROWS) < 600}
    ).astype(int),
    "categories": lambda frame, rng: frame.round().astype(str).astype("category"),
    "dates and numbers": lambda frame, rng: pd.DataFrame(
        {"low": frame["low"], "high": pd.to_datetime("2020-01-01") + frame["high"] * DAY}
    ),
}


@pytest.mark.parametrize("make", NO_ORDERS.values(), ids=NO_ORDERS)
def test_no_order(make, sizes, table_of, rng):
    assert described(table_of(make(sizes, rng)), rng) == []


def test_one_row_outside_of_the_sample_is_enough(sizes, table_of, rng):
    frame = pd.concat([sizes[["low", "high"]]] * 30, ignore_index=True)
    assert described(table_of(frame), rng) == ["'low' ≤ 'high'"]
    frame.loc[17] = [60.0, 59.0]
    assert described(table_of(frame), rng) == ["'low' ≤ 'high' in nearly all rows"]


def test_numbers_that_are_mostly_zero_are_in_order(table_of, rng):
    order = rng.gamma(2, 60, ROWS).round(2)
    refund = np.where(rng.random(ROWS) < 0.25, (order * rng.random(ROWS)).round(2), 0.0)
    frame = pd.DataFrame({"refund": refund, "order": order})
    assert described(table_of(frame), rng) == ["'refund' ≤ 'order'"]
    frame["order"] = rng.permutation(order) + 10
    assert described(table_of(frame), rng) == []


# ---------------------------------------------------------------- orders with exceptions


@pytest.fixture
def loose(sizes):
    """Numbers in order, in all rows but two."""
    frame = sizes[["low", "high"]].copy()
    frame.loc[[3, 500], ["low", "high"]] = [[60.0, 59.0], [80.0, 20.0]]
    return frame


def test_a_few_bad_rows_leave_the_order(loose, table_of, rng):
    (rule,) = find_orders(table_of(loose), rng)
    assert rule.describe() == "'low' ≤ 'high' in 99.8 % of rows"
    assert np.flatnonzero(~rule.holds([*table_of(loose).values()])).tolist() == [3, 500]
    assert OrderDependency.from_json(rule.to_json()) == rule


def test_as_many_drawn_rows_are_exceptions(loose, table_of, rng):
    table = table_of(loose)
    (rule,) = find_orders(table, rng)
    mixed = table[1].values.sample(frac=1, random_state=0).reset_index(drop=True)
    shuffled = table | {1: TypedSeries(table[1].column, mixed)}
    assert (~rule.holds([*shuffled.values()])).sum() > 20
    drawn = rule.restore(shuffled)
    assert (~rule.holds([*drawn.values()])).sum() == 2
    assert sorted(drawn[0].values) == sorted(loose["low"])


def test_pairs_that_no_row_may_break(sizes, table_of, rng):
    (rule,) = find_orders(table_of(sizes), rng)
    pairs = [pair.describe() for pair in rule.pairs()]
    assert pairs == ["'low' ≤ 'mid'", "'low' ≤ 'high'", "'mid' ≤ 'high'"]
    sizes.loc[3, ["low", "mid"]] = [60.0, 59.0]
    sizes.loc[3, "high"] = 70.0
    (rule,) = find_orders(table_of(sizes), rng)
    assert [pair.describe() for pair in rule.pairs()] == ["'low' ≤ 'high'", "'mid' ≤ 'high'"]


def test_the_least_of_all_may_be_an_exception(sizes, table_of, rng):
    frame = sizes[["low", "high"]].copy()
    frame.loc[3, "high"] = -5.0
    assert described(table_of(frame), rng) == ["'low' ≤ 'high' in 99.9 % of rows"]


def test_numbers_that_rise_together_have_no_exceptions(table_of, rng):
    level = rng.normal(0, 10, ROWS)
    frame = pd.DataFrame({"low": level, "high": level + rng.normal(2.4, 1, ROWS)}).round(3)
    assert 0 < (frame["low"] > frame["high"]).sum() < 20
    assert described(table_of(frame), rng) == []


@pytest.mark.parametrize(
    "exceptions", [(), (0.1, 0.1), (1.0,)], ids=["none", "too many", "no share"]
)
def test_shares_of_exceptions_are_checked(exceptions, loose, table_of, rng):
    (rule,) = find_orders(table_of(loose), rng)
    state = rule.to_json() | {"exceptions": [*exceptions]}
    if exceptions:
        with pytest.raises(ValueError, match="order: "):
            OrderDependency.from_json(state)
    else:
        assert OrderDependency.from_json(state).describe() == "'low' ≤ 'high'"


# ---------------------------------------------------------------- dates


FORMS = {
    "dates": lambda dates: dates,
    "seconds": lambda dates: dates.astype("datetime64[s]"),
    "text": lambda dates: dates.dt.strftime("%Y-%m-%d").fillna(""),
    "german text": lambda dates: dates.dt.strftime("%d.%m.%Y").fillna("offen"),
    "python dates": lambda dates: dates.dt.date.where(dates.notna(), None),
    "months": lambda dates: dates.dt.to_period("M"),
    "zone": lambda dates: dates.dt.tz_localize("America/New_York", nonexistent="shift_forward"),
}


def as_dates(values):
    """Read any of the forms above."""
    if isinstance(values.dtype, pd.PeriodDtype):
        return values.dt.to_timestamp()
    form = "%d.%m.%Y" if values.astype(str).str.contains(r"\d\.").any() else None
    return pd.to_datetime(values, format=form, errors="coerce")


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_far_dates_are_put_in_order(form, days, table_of, rng):
    frame = days.apply(form)
    table = table_of(frame)
    (rule,) = find_orders(table, rng)
    assert rule.describe() == "'birth' ≤ 'death'"
    shuffled = {
        at: TypedSeries(column, values.sample(frac=1, random_state=at).reset_index(drop=True))
        for at, (column, values) in table.items()
    }
    restored = rule.restore(shuffled)
    for at, (_, values) in restored.items():
        assert values.dtype == frame.dtypes.iloc[at]
        dates, real = as_dates(values), as_dates(frame.iloc[:, at])
        assert dates.isna().sum() == real.isna().sum()
        assert dates.dropna().between(real.min(), real.max()).all()
        assert (dates.dropna() == dates.dropna().dt.normalize()).all()
    assert is_ordered(*(as_dates(restored[at][1]) for at in (0, 1)))
    assert is_ordered(*(as_dates(values) for _, values in rule.restore(restored).values()))


@pytest.mark.parametrize("form", [FORMS[name] for name in FORMS if name != "months"])
def test_near_dates_are_learned_as_distances(form, orders, table_of, round_trip, rng):
    frame = orders.apply(form)
    table = table_of(frame)
    rules = find_orders(table, rng)
    assert [rule.describe() for rule in rules] == [
        "'ordered' ≤ 'shipped', 'shipped' ≤ 'came'",
        "'came' is learned as its distance from 'shipped'",
        "'shipped' is learned as its distance from 'ordered'",
    ]
    pd.testing.assert_frame_equal(round_trip(table, rules), frame)


def test_a_constant_distance_is_a_rule_that_no_month_changes(orders, table_of, rng):
    frame = orders[["ordered"]].assign(due=orders["ordered"] + 30 * DAY)
    gap = find_orders(table_of(frame), rng)[-1]
    assert gap.describe() == "'due' is always 30 days after 'ordered'"
    assert DifferenceDependency.from_json(gap.to_json()) == gap
    reduced = gap.reduce(table_of(frame))
    later = TypedSeries(reduced[0].column, frame["ordered"].sample(frac=1, random_state=1))
    values = gap.restore({**reduced, 0: later})
    assert (values[1].values.to_numpy() - later.values.to_numpy() == 30 * DAY).all()
    wrong = frame.assign(due=frame["due"].where(frame.index % 2 == 0, frame["due"] + 30 * DAY))
    assert gap.holds([*table_of(wrong).values()]).tolist() == (frame.index % 2 == 0).tolist()


def test_distances_are_counted_in_their_own_unit(orders, table_of, rng):
    table = table_of(orders)
    for rule in find_orders(table, rng):
        table = rule.reduce(table)
    (came, came_gaps), (shipped, shipped_gaps), _ = table.values()
    assert (came.name, came.kind, came.minimum, came.maximum) == (
        "came - shipped", "integer", 1, 29,
    )  # fmt: skip
    assert (shipped.minimum, shipped.maximum) == (0, 3)
    assert came_gaps.isna().sum() == orders["came"].isna().sum()
    assert sorted(shipped_gaps.unique()) == [0, 1, 2, 3]


def test_drawn_distances_keep_order_range_and_missing_values(orders, table_of, rng):
    table = table_of(orders)
    rules = find_orders(table, rng)
    for rule in rules:
        table = rule.reduce(table)
    table = {
        at: TypedSeries(column, values.sample(frac=1, random_state=at).reset_index(drop=True))
        for at, (column, values) in table.items()
    }
    for rule in reversed(rules):
        table = rule.restore(table)
    restored = pd.concat([values for _, values in table.values()], axis=1)
    assert restored.dtypes.tolist() == orders.dtypes.tolist()
    assert is_ordered(restored["ordered"], restored["shipped"])
    assert is_ordered(restored["shipped"], restored["came"])
    assert (restored.min() >= orders.min()).all()
    assert (restored.max() <= orders.max()).all()
    assert restored["came"].isna().sum() == orders["came"].isna().sum()


def test_a_later_date_may_end_before_the_earlier_one(orders, table_of, rng):
    frame = orders[["ordered", "came"]].copy()
    frame["came"] = frame["came"].where(frame["came"] < frame["ordered"].max() - 90 * DAY)
    rules = find_orders(table_of(frame), rng)
    assert [type(rule) for rule in rules] == [OrderDependency, DifferenceDependency]
    late = pd.DataFrame({"ordered": [frame["ordered"].max()], "came": [pd.Timestamp("2023-01-01")]})
    table = table_of(frame)
    restored = rules[0].restore(
        {at: TypedSeries(table[at].column, late.iloc[:, at]) for at in (0, 1)}
    )
    assert restored[0][1][0] <= restored[1][1][0] <= frame["came"].max()


def test_a_date_with_holes_is_learned_as_its_distance_from_a_full_one(
    orders, table_of, round_trip, rng
):
    orders["ordered"] = orders["ordered"].where(rng.random(ROWS) < 0.4)
    table = table_of(orders[["ordered", "shipped"]])
    rules = find_orders(table, rng)
    assert [rule.describe() for rule in rules] == [
        "'ordered' ≤ 'shipped'",
        "'ordered' is learned as its distance from 'shipped'",
    ]
    pd.testing.assert_frame_equal(round_trip(table, rules), orders[["ordered", "shipped"]])


def test_bad_rows_leave_the_distance(orders, table_of, round_trip, rng):
    frame = orders[["ordered", "shipped"]].copy()
    frame.loc[[3, 40], "shipped"] = frame["ordered"] - DAY
    table = table_of(frame)
    rules = find_orders(table, rng)
    assert [rule.describe() for rule in rules] == [
        "'ordered' ≤ 'shipped' in 99.8 % of rows",
        "'shipped' is learned as its distance from 'ordered'",
    ]
    pd.testing.assert_frame_equal(round_trip(table, rules), frame)


def test_dates_of_either_order_are_learned_as_distances(orders, table_of, round_trip, rng):
    frame = orders[["ordered"]].copy()
    frame["estimated"] = frame["ordered"] + pd.to_timedelta(rng.integers(20, 40, ROWS), "D")
    frame["came"] = frame["estimated"] + pd.to_timedelta(rng.integers(-8, 5, ROWS), "D")
    table = table_of(frame[["estimated", "came"]])
    rules = find_orders(table, rng)
    (rule,) = rules
    assert "is learned as its distance from" in rule.describe()
    pd.testing.assert_frame_equal(round_trip(table, rules), frame[["estimated", "came"]])
    frame["came"] = frame["came"].sample(frac=1, random_state=0).to_numpy()
    assert find_orders(table_of(frame[["estimated", "came"]]), rng) == []


def test_distances_of_dates_in_two_forms(orders, table_of, round_trip, rng):
    """A day in one form, a moment in another."""
    came = orders["shipped"] + pd.to_timedelta(rng.integers(0, 9 * 86_400, ROWS), "s")
    frame = pd.DataFrame(
        {
            "shipped": orders["shipped"].dt.strftime("%d.%m.%Y"),
            "came": came.dt.strftime("%Y-%m-%d %H:%M:%S"),
        }
    )
    for names in (["shipped", "came"], ["came", "shipped"]):
        table = table_of(frame[names])
        rules = find_orders(table, rng)
        assert rules[-1].describe() == "'came' is learned as its distance from 'shipped'"
        pd.testing.assert_frame_equal(round_trip(table, rules), frame[names])


def test_a_finer_source_is_cut_to_the_unit_of_the_target(orders, table_of, rng):
    moment = orders["ordered"] + pd.to_timedelta(rng.integers(0, 86_400, ROWS), "s")
    due = orders["ordered"] + pd.to_timedelta(rng.integers(1, 9, ROWS), "D")
    due = due.dt.strftime("%d/%m/%Y")
    frame = pd.DataFrame({"moment": moment, "due": due})
    table = table_of(frame)
    gap = find_orders(table, rng)[-1]
    assert gap.describe() == "'due' is learned as its distance from 'moment'"
    reduced = gap.reduce(table)
    assert reduced[1].values.between(1, 8).all()
    assert gap.restore(reduced)[1].values.tolist() == due.tolist()
    # a moment is moved by whole days below a date that is fixed
    early = table_of(frame.assign(moment=moment + 100 * DAY))
    moved = gap.propagate(early, np.tile([False, True], (ROWS, 1)))[0].values
    assert (moved.dt.time == moment.dt.time).mean() > 0.99  # but for the range of the moments
    again = gap.reduce(table | {0: TypedSeries(table[0].column, moved)})
    assert again[1].values.between(1, 8).all()


@pytest.mark.parametrize("cause", ["the day", "the other date", "nothing"])
def test_drawn_dates_are_written_in_the_forms_of_the_column(cause, orders, table_of, rng):
    """Dates of two forms: by the day, by the form of the other date, or at random."""
    ordered, came = orders["ordered"], orders["shipped"]

    def written(dates, slashes):
        return dates.dt.strftime("%d-%m-%Y").where(~slashes, dates.dt.strftime("%m/%d/%Y"))

    random = pd.Series(rng.random(ROWS) < 0.3)
    slashes = {
        "the day": [dates.dt.day > 12 for dates in (ordered, came)],
        "the other date": [random, random],
        "nothing": [random, pd.Series(rng.random(ROWS) < 0.3)],
    }[cause]
    texts = [written(d, own) for d, own in zip((ordered, came), slashes, strict=True)]
    frame = pd.DataFrame(dict(zip(("ordered", "came"), texts, strict=True)))
    if cause == "the day":  # else an order of day and month would be a guess
        frame.loc[ordered.dt.day > 28, "ordered"] = ordered.dt.strftime("%d-%m-%Y")
    table = table_of(frame)
    assert [len(cells.column.formats) for cells in table.values()] == [2, 2]
    gap = find_orders(table, rng)[-1]
    assert isinstance(gap, DifferenceDependency)
    assert DifferenceDependency.from_json(gap.to_json()) == gap
    again = gap.restore(gap.reduce(table))[1]
    assert (again.numbers.values == table[1].numbers.values).all()
    own, forms = table[1].numbers.forms, again.numbers.forms
    assert abs((own > 0).mean() - (forms > 0).mean()) < 0.01
    assert (own == forms).mean() > (0.5 if cause == "nothing" else 0.99)
    assert gap.holds([*table.values()]).all()


def test_dates_learned_as_distances_keep_their_own_times_of_day(table_of, rng):
    start = np.datetime64("2021-02-14T00:00") + rng.integers(0, 300 * 1440, 1500)
    clock = rng.integers(7 * 60, 20 * 60, 1500)
    clock = np.where(rng.random(1500) < 0.3, clock // 60 * 60, clock)
    clock = np.where(rng.random(1500) < 0.1, 23 * 60 + 59, clock)
    days = rng.integers(1, 4, 1500).astype("m8[D]")
    end = start.astype("M8[D]") + days + clock.astype("m8[m]")
    table = table_of(pd.DataFrame({"start": start, "end": end}))
    rule = next(own for own in find_orders(table, rng) if isinstance(own, DifferenceDependency))
    rule = DifferenceDependency.from_json(json.loads(json.dumps(rule.to_json())))
    reduced = rule.reduce(table)
    values = reduced[1].values.sample(frac=1, random_state=1).reset_index(drop=True)
    drawn = pd.DatetimeIndex(
        rule.restore({0: reduced[0], 1: TypedSeries(reduced[1].column, values)})[1].values
    )
    drawn = drawn.hour * 60 + drawn.minute
    assert np.mean(drawn == 1439) == pytest.approx(0.1, abs=0.03)
    assert np.mean(drawn % 60 == 0) == pytest.approx(0.27, abs=0.04)
    assert np.mean(drawn < 6 * 60) < 0.02


def test_zones_are_compared_as_instants(rng):
    start = pd.Timestamp("2021-10-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 1500, ROWS), "h")
    end = start + pd.to_timedelta(rng.integers(0, 3, ROWS), "h")
    frame = pd.DataFrame(
        {"start": start.tz_convert("Asia/Tokyo"), "end": end.tz_convert("Europe/Berlin")}
    )
    table = by_position(frame, infer_schema(frame))
    (rule,) = find_orders(table, rng)  # Berlin sets its clocks back in these weeks
    assert rule.describe() == "'start' ≤ 'end'"
    shuffled = {
        at: TypedSeries(column, values.sample(frac=1, random_state=at).reset_index(drop=True))
        for at, (column, values) in table.items()
    }
    one, two = (values for _, values in rule.restore(shuffled).values())
    assert (one.dtype, two.dtype) == (frame["start"].dtype, frame["end"].dtype)
    assert (one <= two).all()


def test_dates_of_different_precision_share_a_line(table_of, rng):
    day = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 3000, ROWS), "D")
    moment = day + pd.to_timedelta(rng.integers(0, 10**8, ROWS), "s")
    frame = pd.DataFrame(
        {"day": day.strftime("%Y-%m-%d"), "moment": moment.strftime("%Y-%m-%d %H:%M:%S")}
    )
    table = table_of(frame)
    (rule,) = find_orders(table, rng)
    shuffled = {
        at: TypedSeries(column, values.sample(frac=1, random_state=at).reset_index(drop=True))
        for at, (column, values) in table.items()
    }
    one, two = (values for _, values in rule.restore(shuffled).values())
    assert (one.str.len() == 10).all()
    assert (two.str.len() == 19).all()
    assert (one <= two).all()  # texts of this form are ordered as their dates are


def test_durations_are_put_in_order(sizes, table_of, rng):
    frame = sizes[["low", "high"]].apply(lambda hours: pd.to_timedelta(hours.round(), "h"))
    (rule,) = find_orders(table_of(frame), rng)
    assert rule.describe() == "'low' ≤ 'high'"


def test_a_few_dates_are_no_evidence(orders, table_of, rng):
    assert described(table_of(orders[["shipped", "ordered"]][:25]), rng) == []


@given(seed=st.integers(0, 10**6))
@settings(max_examples=15)
def test_a_date_beyond_its_range_does_not_go_below_the_earlier_one(seed):
    rng = np.random.default_rng(3)
    team = rng.integers(0, 30, ROWS)
    founded = pd.Timestamp("1950-01-01") + pd.Series(np.arange(0, 9000, 300)[team]) * DAY
    debut = founded + pd.Series(rng.integers(0, 40, ROWS)) * DAY
    frame = pd.DataFrame({"team": team.astype(str), "founded": founded})
    frame["debut"] = debut.where(debut < founded.max() - 999 * DAY)
    table = by_position(frame, infer_schema(frame))
    free = {at: table[at] for at in (1, 2)}
    (rule, gap) = find_orders(free, rng)
    assert gap.describe() == "'debut' is learned as its distance from 'founded'"
    reduced = gap.reduce(free)
    drawn = {
        at: TypedSeries(
            column, values.sample(frac=1, random_state=seed + at).reset_index(drop=True)
        )
        for at, (column, values) in reduced.items()
    }
    made = rule.restore(gap.restore(drawn))
    assert is_ordered(made[1][1], made[2][1])
    # A founding that is derived may come after every debut: this order can't be kept.
    derived = DerivedColumns({1: 0}, ())
    assert find_orders(table, rng, derived) == []
    frame["debut"] = debut
    full = TypedSeries(infer_schema(frame)["debut"], debut)
    kept = find_orders({**table, 2: full}, rng, derived)
    assert [found.describe() for found in kept] == [rule.describe(), gap.describe()]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=40))
@settings(max_examples=50)
@pytest.mark.parametrize("kind", [np.int64, np.float64])
def test_strict_orders(kind, rows):
    low, high = np.array(rows, kind).T
    grids = [AllowedValues(0, 29, 0), AllowedValues(1, 30, 0)]
    lines = [
        NumericAxis(values.clip(grid.least, grid.most), np.ones(len(rows), bool))
        for values, grid in zip((low, high), grids, strict=True)
    ]
    one, other = repair_order(lines, grids, [(0, 1)], strict=[(0, 1)])
    assert (one < other).all()
    for values, grid in ((one, grids[0]), (other, grids[1])):
        assert ((values >= grid.least) & (values <= grid.most) & (values == values.round())).all()


def test_a_strict_order_beside_a_fixed_line():
    lines = [NumericAxis(np.array(values), np.ones(3, bool)) for values in ([1, 5, 9], [5, 5, 5])]
    limit, moved = repair_order(
        lines, [AllowedValues(0, 9, 0), AllowedValues(0, 12, 0)], [(0, 1)], {0}, [(0, 1)]
    )
    assert (limit.tolist(), moved.tolist()) == ([1, 5, 9], [5, 6, 10])


def test_columns_that_merely_rise_together_are_not_ordered(table_of, rng):
    level = rng.normal(0, 10, 266)
    low, high = level + rng.normal(0, 1, 266), level + 5.2 + rng.normal(0, 1, 266)
    frame = pd.DataFrame({"low": low, "high": np.maximum(low, high)}).round(2)
    assert (frame["low"] <= frame["high"]).all()
    assert find_orders(table_of(frame), rng) == []
    frame["high"] = (frame["low"] + rng.exponential(5, 266)).round(2)
    assert [rule.describe() for rule in find_orders(table_of(frame), rng)] == ["'low' ≤ 'high'"]


def test_no_rows_are_preferred_in_exchanges(rng):
    """The first rows of a sample are like all others, though many values are equal."""
    high = rng.binomial(6, 0.3, 4_000).astype(float)
    low = rng.binomial(4, 0.2, 4_000).astype(float)
    mended = exchange_values(low, high, np.ones(len(low), bool))
    assert (mended <= high).all()
    assert abs(mended[:400].mean() - mended.mean()) < 0.15


@pytest.mark.parametrize("seed", range(3))
def test_a_value_that_stands_alone_hides_no_order(seed):
    rng = np.random.default_rng(seed)
    n = 600
    start = np.datetime64("2015-01-01") + rng.integers(0, 1500, n).astype("m8[D]")
    dates = {"a": start, "b": start + rng.integers(0, 40, n).astype("m8[D]")}
    table = pd.DataFrame(dates).astype("M8[us]").mask(rng.random((n, 2)) < 0.2)
    table.loc[0] = [pd.NaT, pd.Timestamp("1999-05-05")]
    trees = TabTrees(refine=False, verbose=False, random_state=seed).fit(table)
    assert "'a' ≤ 'b'" in [rule.describe() for rule in trees.dependencies_]
    drawn = trees.sample(2_000)
    assert not (drawn["a"] > drawn["b"]).any()


@pytest.mark.parametrize("seed", range(4))
def test_a_chain_with_holes_is_found_in_order_whichever_column_has_the_least_value(seed):
    rng = np.random.default_rng(seed)
    first = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 600, 400), unit="D")
    second = first + pd.to_timedelta(rng.integers(0, 20, 400), unit="D")
    third = second + pd.to_timedelta(rng.integers(0, 5, 400), unit="D")
    frame = pd.DataFrame({"first": first, "second": second, "third": third})
    for name in ("first", "second"):
        frame[name] = frame[name].where(rng.random(400) > 0.3)
    least = third.argmin()
    frame.loc[least, ["first", "second"]] = None
    frame.loc[(frame[["first", "second"]] <= third[least]).any(axis=1), ["first", "second"]] = None
    found = find_orders(by_position(frame, infer_schema(frame)), rng)
    (rule,) = (own for own in found if isinstance(own, OrderDependency))
    assert [member.column.name for member in rule.members] == ["first", "second", "third"]
    assert {(0, 1), (1, 2)} <= {*rule.edges}
    mixed = by_position(frame, infer_schema(frame))
    mixed[2] = mixed[2].take(rng.permutation(400))
    mended = rule.restore(mixed)
    assert rule.holds([mended[at] for at in rule.positions]).all()


@pytest.mark.parametrize("mark", [None, "2199-12-31"])
def test_a_date_that_stands_for_none_is_learned_as_it_is(mark):
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 600, 400), unit="D")
    end = pd.Series(start + pd.to_timedelta(rng.integers(0, 20, 400), unit="D"))
    if mark:
        end = end.where(rng.random(400) > 0.3, pd.Timestamp(mark))
    frame = pd.DataFrame({"start": start, "end": end})
    found = find_orders(by_position(frame, infer_schema(frame)), rng)
    assert [own.name for own in found] == (["order"] if mark else ["order", "gap"])


class TestCalendar:
    def frame(self, rows=1_500, seed=0):
        rng = np.random.default_rng(seed)
        start = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1_000, rows), "D")
        free = start + pd.to_timedelta(rng.integers(5, 300, rows), "D")
        year = start + pd.DateOffset(years=1)
        columns = {
            "start": start,
            "month": np.where(rng.random(rows) < 0.6, free + pd.offsets.MonthEnd(0), free),
            "first": free + pd.offsets.MonthBegin(1),
            "lease": np.where(rng.random(rows) < 0.7, year - pd.Timedelta(days=1), year),
            "free": free + pd.Timedelta(days=3),
        }
        frame = pd.DataFrame({name: pd.to_datetime(own) for name, own in columns.items()})
        return frame.apply(lambda days: days.dt.strftime("%Y-%m-%d"))

    def test_places_in_the_calendar_are_learned_with_their_shares(self, table_of, round_trip):
        frame = self.frame()
        table = table_of(frame)
        start = field_at(table, 0)
        rules = [
            DifferenceDependency.between(start, field_at(table, at), table) for at in range(1, 5)
        ]
        shares = [dict(rule.calendar.shares) if rule.calendar else {} for rule in rules]
        assert [{*own} for own in shares] == [
            {"the end of a month"},
            {"the beginning of a month"},
            {"years later", "a day less than years later"},
            set(),
        ]
        assert shares[0]["the end of a month"] == pytest.approx(0.61, abs=0.03)
        pd.testing.assert_frame_equal(round_trip(table, rules), frame)

    def test_dates_near_a_place_are_moved_to_it(self, table_of):
        frame = self.frame()
        table = table_of(frame)
        for at in (1, 2):
            rule = DifferenceDependency.between(field_at(table, 0), field_at(table, at), table)
            reduced = rule.reduce(table)
            near = reduced[at].values + np.random.default_rng(1).integers(-3, 4, len(frame))
            reduced[at] = TypedSeries(reduced[at].column, near.clip(lower=5))
            again = rule.restore(reduced)
            days = pd.to_datetime(again[at].values)
            own = days.dt.is_month_end if at == 1 else days.dt.day == 1
            ((_, share),) = rule.calendar.shares
            assert own.mean() == pytest.approx(share, abs=0.002)
            assert (days >= pd.to_datetime(frame["start"])).all()
            moved = (days - pd.to_datetime(frame.iloc[:, at])).dt.days.abs()
            assert moved.quantile(0.9) <= 6

    def test_other_columns_yield_to_those_with_distances(self):
        low, high = np.array([5, 1, 8, 2]), np.array([4, 9, 9, 6])
        grids = [AllowedValues(0, 9, 0)] * 2
        axes = [NumericAxis(own, np.ones(4, bool)) for own in (low, high)]
        kept, other = repair_order(axes, grids, [(0, 1)], measured=[0])
        assert kept.tolist() == low.tolist()
        assert sorted(other.tolist()) == sorted(high.tolist())
        assert (kept <= other).all()


def test_no_distance_is_beyond_those_of_some_rows(table_of, rng):
    opened = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 1500, ROWS), "D")
    lasting = rng.lognormal(2, 1.2, ROWS).astype(int)
    frame = pd.DataFrame({"opened": opened, "closed": opened + pd.to_timedelta(lasting, "D")})
    table = table_of(frame.apply(lambda days: days.dt.strftime("%Y-%m-%d")))
    table = {at: own.with_column(replace(own.column, min_group=5)) for at, own in table.items()}
    rule = DifferenceDependency.between(field_at(table, 0), field_at(table, 1), table)
    assert np.sort(lasting)[-20] <= rule.column.maximum <= np.sort(lasting)[-5]
