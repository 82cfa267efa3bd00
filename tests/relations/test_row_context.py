from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.inference.infer_schema import infer_schema
from tabgan.relations.row_context import (
    ADDED,
    Context,
    ContextFeatures,
    ContextPart,
    date_gaps,
    distances,
    find_bounds,
    taken,
)
from tabgan.table.columns import by_position
from tabgan.table.schema import Column


def bounds_and_parts(above, own):
    columns = infer_schema(own.to_frame("own")).columns
    (column,) = infer_schema(above.to_frame("above"))
    context = Context(len(own), (ContextPart(column, above, True),))
    return find_bounds(context, own.to_frame("own"), columns), context, columns


def dates(days, unit="D"):
    return pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(days, unit=unit))


@pytest.mark.parametrize("sign", [1, -1])
def test_bounds_are_found_and_kept(sign):
    rng = np.random.default_rng(0)
    days = rng.integers(0, 500, 100)
    above, own = dates(days), dates(days + sign * rng.integers(0, 50, 100))
    (bound,), context, columns = bounds_and_parts(above, own)
    assert bound.is_least == (sign == 1)
    shuffled = own.sample(frac=1, random_state=0).to_frame("own").reset_index(drop=True)
    assert bound.broken(context, shuffled, columns).sum() > 10
    assert not bound.broken(context, bound.clipped(context, shuffled, columns), columns).any()


def test_no_bound_by_chance():
    days = np.arange(100)
    assert not bounds_and_parts(dates(days), dates(days[::-1]))[0]
    assert not bounds_and_parts(dates(days // 100), dates(days + 1000))[0]


def test_dates_stay_dates():
    rng = np.random.default_rng(0)
    days = rng.integers(0, 500, 100)
    as_dates = [d.date() for d in dates(days)]
    above, own = pd.Series(as_dates, dtype=object), pd.Series(as_dates, dtype=object)
    (bound,), context, columns = bounds_and_parts(above, own)
    early = pd.DataFrame({"own": pd.Series([date(2019, 1, 1)] * 100, dtype=object)})
    clipped = bound.clipped(context, early, columns)
    assert clipped["own"].tolist() == as_dates
    assert {type(value) for value in clipped["own"]} == {date}


def test_a_time_of_day_is_compared_with_a_day_by_its_day():
    days = np.random.default_rng(0).integers(0, 500, 100)
    above, own = dates(days).dt.strftime("%Y-%m-%d"), dates(days) + pd.Timedelta(hours=5)
    (bound,), context, columns = bounds_and_parts(above, own)
    early = (own - pd.Timedelta(days=3)).to_frame("own")
    assert bound.is_least
    assert bound.broken(context, early, columns).all()
    assert (bound.clipped(context, early, columns)["own"] >= dates(days)).all()


def orders():
    """Orders, the last of which are not sent yet."""
    rng = np.random.default_rng(0)
    opened = np.sort(rng.integers(0, 600, 300))
    frame = pd.DataFrame({"opened": dates(opened), "due": dates(opened + 30)})
    frame["sent"] = dates(opened + 1 + rng.integers(0, 9, 300)).where(np.arange(300) < 290)
    return frame


def test_dates_of_a_row_bound_each_other():
    frame = orders()
    columns = infer_schema(frame).columns
    bounds = find_bounds(Context(300), frame, columns)
    assert ("sent", "opened", True) in bounds
    mixed = frame.assign(sent=frame["sent"].iloc[::-1].to_numpy())
    for bound in bounds:
        mixed = bound.clipped(Context(300), mixed, columns)
    there = mixed.dropna()
    assert len(there) == 290
    assert (there["sent"] >= there["opened"]).all()


def test_dates_near_an_earlier_one_are_learned_as_distances():
    frame = orders().assign(born=dates(-np.random.default_rng(1).integers(9_000, 20_000, 300)))
    table = by_position(frame, infer_schema(frame))
    rules = date_gaps(table, 0, None)
    pairs = {(str(r.target.column.name), str(r.source.column.name)) for r in rules}
    assert pairs == {("sent", "opened"), ("due", "opened")}
    (sent,) = (rule for rule in rules if rule.target.column.name == "sent")
    assert (sent.column.minimum, sent.column.maximum) == (1, 9)
    assert ("opened", "born") in {
        (r.target.column.name, r.source.column.name) for r in date_gaps(table, 0, (0, 3))
    }


def test_a_date_is_replaced_before_the_one_that_its_distance_is_measured_from():
    frame = orders().loc[:, ["opened", "sent"]]
    first = frame["opened"] - pd.to_timedelta(np.arange(300) % 3, unit="D")
    frame.insert(0, "first", first)
    table = by_position(frame, infer_schema(frame))
    rules = date_gaps(table, 1, (1, 0))
    assert [rule.target.column.name for rule in rules] == ["sent", "opened"]
    reduced = table
    for rule in rules:
        reduced = rule.reduce(reduced)
    for rule in reversed(rules):
        reduced = rule.restore(reduced)
    assert reduced[2].values.equals(table[2].values)


def test_distances_from_dates_above():
    days = np.arange(4)
    above, own = dates(days), dates(10 * days)
    columns = [infer_schema(s.to_frame(n)).columns[0] for n, s in (("a", above), ("b", own))]
    base, before = (
        Context(4, (ContextPart(column, values, True),))
        for column, values in zip(columns, (above, own), strict=True)
    )
    (part,) = distances(before, base, "b").parts
    assert part.column.name == f"{ADDED}since a"
    assert (np.diff(part.values) == (own - above).diff()[1] / pd.Timedelta(1, own.dt.unit)).all()


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y"])
def test_a_time_of_day_is_learned_as_its_distance_from_a_day(form):
    rng = np.random.default_rng(0)
    days = rng.integers(0, 900, 300)
    seconds = rng.integers(1, 200_000, 300)
    frame = pd.DataFrame({"day": dates(days).dt.strftime(form)})
    frame["time"] = dates(days * 86_400 + seconds, "s").dt.strftime("%Y-%m-%d %H:%M:%S")
    table = by_position(frame, infer_schema(frame))
    (rule,) = date_gaps(table, 1, None)
    assert rule.column.maximum <= 200_000
    assert rule.restore(rule.reduce(table))[1].values.equals(table[1].values)
    day, time = (ContextPart(cells.column, cells.values, True) for cells in table.values())
    (since,) = distances(Context(300, (time,)), Context(300, (day,)), "time").parts
    assert (since.values == seconds).all()


def context_of(values, kind, dtype):
    column = Column("x", kind, dtype)
    return Context(len(values), (ContextPart(column, pd.Series(values, name="x"), True),))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=200), st.integers(1, 10))
def test_bins_hold_enough_rows_and_no_value_is_kept(values, least):
    context = context_of(values, "integer", "int64")
    features = ContextFeatures.fit(context, least)
    bins = features.of(context)[:, 0]
    _, counts = np.unique(bins, return_counts=True)
    assert counts.min() >= min(least, len(values))
    edges = features.to_json()[0]["edges"]
    assert not {float(edge) for edge in edges if least > 1} & {float(v) for v in values} or all(
        edge % 1 for edge in edges if edge not in values
    )


def test_rare_levels_are_one():
    context = context_of(["a"] * 6 + ["b"] * 5 + ["c", "d", None], "categorical", "object")
    features = ContextFeatures.fit(context, 5)
    assert features.to_json()[0]["levels"] == ["a", "b"]
    codes = features.of(context)[:, 0]
    assert codes[-3] == codes[-2] == 2
    assert np.isnan(codes[-1])
    again = ContextFeatures.from_json(features.to_json())
    assert np.array_equal(again.of(context), features.of(context), equal_nan=True)


def test_a_row_that_is_not_there_is_missing():
    assert taken(pd.Series([1, 2]), np.array([1, -1])).isna().tolist() == [False, True]
    context = context_of([1, 2], "integer", "int64").take(np.array([0, -1]))
    features = ContextFeatures.fit(context_of([1, 2, 3], "integer", "int64"), 1)
    assert np.isnan(features.of(context)[1, 0])


def test_names_and_parts():
    context = Context.of_numbers({"#a": np.arange(3), "#b": np.ones(3)})
    both = context.named("p.") + context
    assert [part.column.name for part in both.parts] == ["p.#a", "p.#b", "#a", "#b"]
    assert len(both.nearest(3).parts) == 3


def test_a_month_and_a_day_are_not_compared():
    days = dates(np.arange(0, 400, 2))
    found, _, columns = bounds_and_parts(days.dt.strftime("%Y-%m"), days.dt.strftime("%Y-%m-%d"))
    assert columns[0].kind == "datetime"
    assert found == ()
