"""Range, Positive and Increments."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import Column, OptionError, Schema
from tabgan.constraints import Increments, Positive, Range, Sum

from .conftest import fit

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=4, deadline=None)


@FEW
@given(SEEDS, st.integers(-50, 50), st.integers(1, 200), st.sampled_from([None, 0, 2]))
def test_range(seed, low, width, decimals):
    rng = np.random.default_rng(seed)
    values = low + width * rng.random(60)
    table = pd.DataFrame({"x": values if decimals is None else np.round(values, decimals)})
    sample = fit(table, Range("x", low, low + width)).sample(200)
    assert sample["x"].between(low, low + width).all()


@FEW
@given(SEEDS, st.booleans(), st.sampled_from(["float64", "Int64", "text"]))
def test_positive(seed, strict, form):
    rng = np.random.default_rng(seed)
    values = rng.integers(int(strict), 40, 60)
    x = {
        "float64": pd.Series(values / 4).where(values % 5 > 0),
        "Int64": pd.Series(values).astype("Int64").where(values % 5 > 0),
        "text": pd.Series(values / 4).map("{:.2f}".format),
    }[form]
    sample = fit(pd.DataFrame({"x": x}), Positive("x", strict=strict)).sample(200)
    numbers = pd.to_numeric(sample["x"]).dropna()
    assert ((numbers > 0) if strict else (numbers >= 0)).all()


@FEW
@given(SEEDS, st.sampled_from([(0.25, 0), (5, 2), (0.3, 0.1), (1000, -7)]), st.booleans())
def test_increments(seed, grid, with_missing):
    step, offset = grid
    rng = np.random.default_rng(seed)
    counts = rng.integers(-20, 300, 80)
    x = pd.Series(offset + step * counts)
    if with_missing:
        x[::9] = None
    sample = fit(pd.DataFrame({"x": x}), Increments("x", step, offset)).sample(300)
    counted = (sample["x"].dropna() - offset) / step
    assert np.allclose(counted, counted.round(), atol=1e-6)
    assert counted.between(counts.min(), counts.max()).all()


def test_increments_within_a_sum(drawn, rng):
    parts = 5 * rng.integers(0, 200, (2, 200))
    table = pd.DataFrame({"a": parts[0], "b": parts[1], "c": parts.sum(axis=0)})
    increments = [Increments(name, 5) for name in "abc"]
    sample = drawn(table, *increments, Sum(["a", "b"], "c"))
    assert (sample % 5 == 0).all(axis=None)
    assert (sample["a"] + sample["b"] == sample["c"]).all()


def test_dates_and_durations(drawn):
    days = pd.date_range("2024-03-01", periods=60)
    table = pd.DataFrame(
        {
            "naive": days,
            "text": days.strftime("%d.%m.%Y"),
            "zoned": days.tz_localize("Europe/Vienna"),
            "objects": days.date,
            "took": pd.to_timedelta(np.arange(1, 61), "min"),
        }
    )
    drawn(
        table,
        Range("naive", "2024-03-01", datetime.date(2024, 5, 1)),
        Range("text", pd.Timestamp("2024-01-01")),
        Range("zoned", None, pd.Timestamp("2024-06-01", tz="UTC")),
        Range("objects", datetime.date(2024, 1, 1), "2024-12-31"),
        Range("took", "0 min", pd.Timedelta(hours=1)),
        Positive("took"),
    )


def test_a_declared_schema_that_is_wider_is_narrowed(drawn):
    table = pd.DataFrame({"age": [20, 30, 40, 50] * 10})
    schema = Schema((Column("age", "integer", "int64", minimum=0, maximum=150),))
    gan = fit(table, Range("age", 18, 65), schema=schema)
    assert (gan.schema_["age"].minimum, gan.schema_["age"].maximum) == (20, 50)


def test_decimals_and_infinities():
    prices = pd.DataFrame({"p": [decimal.Decimal("1.50"), decimal.Decimal("2.25")] * 3})
    assert Range("p", decimal.Decimal(1), 2).check(prices).tolist() == [True, False] * 3
    infinite = pd.DataFrame({"x": [np.inf, -np.inf, 1.0, np.nan]})
    assert Range("x", maximum=5).check(infinite).tolist() == [False, True, True, True]
    assert Range("x", minimum=0).check(infinite).tolist() == [True, False, True, True]
    assert Positive("x").check(infinite).tolist() == [True, False, True, True]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Range("x"),
            "Range: column 'x' has neither minimum nor maximum; give one of them",
        ),
        (lambda: Range("x", 5, 3), "Range: minimum=5 must not be above maximum=3"),
        (
            lambda: Range("x", float("nan")),
            "Range: minimum=nan must be a finite number, a date or a duration",
        ),
        (
            lambda: Range("x", 0, [1]),
            "Range: maximum=[1] must be a finite number, a date or a duration",
        ),
        (lambda: Range(["x"], 0), "Range: column=['x'] must be the label of a column"),
        (lambda: Positive("x", strict=1), "Positive: strict=1 must be True or False"),
        (lambda: Increments("x", 0), "Increments: step=0 must be a finite number above 0"),
        (lambda: Increments("x", 1, "a"), "Increments: offset='a' must be a finite number"),
    ],
)
def test_malformed(make, message):
    with pytest.raises(OptionError) as caught:
        make()
    assert str(caught.value) == message


TABLE = pd.DataFrame({"age": [31, 52, 17, 45] * 20, "ward": ["a", "b"] * 40})


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        (
            Range("aeg", 0),
            "constraints: Range (0 ≤ 'aeg'): column 'aeg' is not in the table; did you mean 'age'?",
        ),
        (
            Range("ward", 0, 9),
            "constraints: Range (0 ≤ 'ward' ≤ 9): column 'ward' must hold numbers, dates or "
            "durations, but is of kind 'categorical' (2 distinct values in 80 rows); declare its "
            "kind in schema, or name another column",
        ),
        (
            Range("age", "2024-01-01"),
            "constraints: Range (2024-01-01 ≤ 'age'): the bounds don't go with column 'age', which "
            "is of kind 'integer'; give bounds of that kind",
        ),
        (
            Range("age", 18),
            "constraints: Range (18 ≤ 'age'): 20 of 80 rows break it, first row 2 with 'age' "
            "'17'; change or drop these rows, or leave the constraint out",
        ),
        (
            Increments("age", 2, 1),
            "constraints: Increments ('age' is 1 plus a multiple of 2): 20 of 80 rows break it, "
            "first row 1 with 'age' '52'; change or drop these rows, or leave the constraint out",
        ),
        (
            Positive("ward"),
            "constraints: Positive ('ward' > 0): column 'ward' must hold numbers or durations, but "
            "is of kind 'categorical' (2 distinct values in 80 rows); declare its kind in schema, "
            "or name another column",
        ),
    ],
)
def test_refused(refusal, constraint, message):
    assert refusal(TABLE, constraint) == message
