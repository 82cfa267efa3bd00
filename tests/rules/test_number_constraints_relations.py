"""Inequality, Sum and Formula."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import OptionError
from tabgan.constraints import Formula, Inequality, Sum

from .conftest import fit

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=4, deadline=None)

FORMS = {
    "integers": pd.Series,
    "prices": lambda cents: pd.Series(cents / 100),
    "text": lambda cents: pd.Series(cents / 100).map("{:.2f}".format),
    "missing": lambda cents: pd.Series(cents / 100).where(cents % 13 > 0),
    "nullable": lambda cents: pd.Series(cents).astype("Int64").where(cents % 13 > 0),
}
SOME_FORM = st.sampled_from(sorted(FORMS))


def cents_of(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values).astype(float).round(9)


@FEW
@given(SEEDS, SOME_FORM, st.booleans())
def test_inequality_of_numbers(seed, form, strict):
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 500, 120)
    high = low + rng.integers(int(strict), 300, 120)
    table = pd.DataFrame({"high": FORMS[form](high), "low": FORMS[form](low)})
    sample = fit(table, Inequality("low", "high", strict)).sample(300)
    gap = (cents_of(sample["high"]) - cents_of(sample["low"])).dropna()
    assert ((gap > 0) if strict else (gap >= 0)).all()


@FEW
@given(SEEDS, st.sampled_from(["day", "text", "zoned", "second"]), st.booleans())
def test_inequality_of_dates(seed, form, strict):
    rng = np.random.default_rng(seed)
    first = pd.Timestamp("1999-12-31") + pd.to_timedelta(rng.integers(0, 4_000, 120), "D")
    last = first + pd.to_timedelta(rng.integers(int(strict), 900, 120), "D")
    forms = {
        "day": lambda days: days,
        "text": lambda days: days.strftime("%d/%m/%Y"),
        "zoned": lambda days: days.tz_localize("Asia/Tokyo"),
        "second": lambda days: days + pd.to_timedelta(1, "s"),
    }
    table = pd.DataFrame({"first": forms[form](first), "last": forms[form](last)})
    table.loc[::6, "last"] = None
    sample = fit(table, Inequality("first", "last", strict)).sample(300)
    dates = sample.apply(pd.to_datetime, format="%d/%m/%Y" if form == "text" else None)
    gap = (dates["last"] - dates["first"]).dropna()
    assert ((gap > pd.Timedelta(0)) if strict else (gap >= pd.Timedelta(0))).all()
    assert sample["last"].isna().any()


def test_a_chain_of_inequalities(drawn, rng):
    table = pd.DataFrame(np.sort(rng.integers(0, 300, (200, 4)), axis=1), columns=[*"abcd"])
    chain = [Inequality(low, high) for low, high in ("ab", "bc", "cd")]
    sample = drawn(table, *chain, derive=False)
    assert (np.diff(sample, axis=1) >= 0).all()


def test_a_circle_of_inequalities_is_an_equality(drawn):
    table = pd.DataFrame({"a": [1, 2, 3, 4] * 30, "b": [1, 2, 3, 4] * 30})
    sample = drawn(table, Inequality("a", "b"), Inequality("b", "a"))
    assert (sample["a"] == sample["b"]).all()


@FEW
@given(SEEDS, SOME_FORM, st.integers(2, 4))
def test_sum(seed, form, n_parts):
    rng = np.random.default_rng(seed)
    parts = rng.integers(0, 900, (n_parts, 150))
    names = [f"part {i}" for i in range(n_parts)]
    total = parts.sum(axis=0)
    table = pd.DataFrame({name: FORMS[form](part) for name, part in zip(names, parts, strict=True)})
    table["total"] = FORMS[form](total)
    table.loc[table.isna().any(axis=1), "total"] = None
    sample = fit(table, Sum(names, "total")).sample(300)
    added = sum(cents_of(sample[name]) for name in names)
    there = sample.notna().all(axis=1)
    assert np.allclose(added[there], cents_of(sample["total"])[there], atol=1e-9)
    assert cents_of(sample["total"]).max() <= 1.2 * cents_of(table["total"]).max()  # tails


def test_a_sum_with_missing_values_of_its_own(drawn, rng):
    parts = rng.integers(0, 90, (2, 200)).astype(float)
    table = pd.DataFrame({"a": parts[0], "b": parts[1], "c": parts.sum(axis=0)})
    table.loc[::7, "a"] = None  # where the total is there all the same
    table.loc[::5, "c"] = None
    sample = drawn(table, Sum(["a", "b"], "c"))
    there = sample.dropna()
    assert (there["a"] + there["b"] == there["c"]).all()
    assert sample["a"].isna().any()
    assert sample["c"].isna().any()


def test_sums_of_sums(drawn, rng):
    table = pd.DataFrame(rng.integers(0, 90, (200, 3)), columns=[*"abd"])
    table["c"] = table["a"] + table["b"]
    table["e"] = table["c"] + table["d"]
    sample = drawn(table, Sum(["a", "b"], "c"), Sum(["c", "d"], "e"))
    assert (sample["a"] + sample["b"] == sample["c"]).all()
    assert (sample["c"] + sample["d"] == sample["e"]).all()


@FEW
@given(SEEDS, st.sampled_from(["integer", "float", "rounded", "text"]), st.booleans())
def test_formula(seed, form, with_missing):
    rng = np.random.default_rng(seed)
    n, price = rng.integers(1, 30, 150), np.round(rng.gamma(2, 20, 150), 2) + 0.5
    table = pd.DataFrame({"n": n.astype(float), "unit price": price})
    if with_missing:
        table.loc[::8, "n"] = None
    expression, results = {
        "integer": ("round(n * 3)", table["n"] * 3),
        "float": ("`unit price` / n - 1", table["unit price"] / table["n"] - 1),
        "rounded": ("n * `unit price`", (table["n"] * table["unit price"]).round(2)),
        "text": ("-n", (-table["n"]).map("{:.1f}".format, na_action="ignore")),
    }[form]
    table["result"] = results
    sample = fit(table, Formula("result", expression)).sample(300)
    n, price, result = (cents_of(sample[name]) for name in table)
    made = {"integer": n * 3, "float": price / n - 1, "rounded": n * price, "text": -n}[form]
    slack = {"float": 1e-8, "rounded": 0.005 + 1e-8}.get(form, 0)
    assert ((made - result).abs().dropna() <= slack + 1e-9).all()
    assert sample["result"].isna().eq(sample["n"].isna()).all()


def test_formulas_that_need_each_other_in_any_order(drawn, rng, rules):
    table = pd.DataFrame(rng.integers(1, 50, (200, 2)), columns=["w", "h"])
    table["area"] = table["w"] * table["h"]
    table["price"] = 3 * table["area"] + table["w"]
    constraints = [Formula("price", "3*area + w"), Formula("area", "w*h")]
    sample = drawn(table, *constraints)
    assert (sample["w"] * sample["h"] == sample["area"]).all()
    assert (3 * sample["area"] + sample["w"] == sample["price"]).all()
    assert rules(table, *constraints) == ["'price' = 3*area + w", "'area' = w*h"]


def test_formulas_in_a_circle(drawn, rng):
    table = pd.DataFrame({"a": rng.integers(1, 50, 200)})
    table["b"] = table["a"] + 1
    sample = drawn(table, Formula("b", "a + 1"), Formula("a", "b - 1"))
    assert (sample["a"] + 1 == sample["b"]).all()


def test_a_formula_over_a_sum_and_an_inequality_with_it(drawn, rng, rules):
    table = pd.DataFrame(rng.integers(10, 900, (300, 2)), columns=["net", "tax"])
    table["gross"] = table["net"] + table["tax"]
    table["double"] = 2 * table["gross"]
    table["limit"] = table["double"] + rng.integers(1, 500, 300)
    constraints = [
        Inequality("double", "limit", strict=True),
        Sum(["net", "tax"], "gross"),
        Formula("double", "2*gross"),
    ]
    sample = drawn(table, *constraints)
    assert (sample["net"] + sample["tax"] == sample["gross"]).all()
    assert (2 * sample["gross"] == sample["double"]).all()
    assert (sample["double"] < sample["limit"]).all()
    assert rules(table, *constraints) == [
        "'double' < 'limit'",
        "'double' = 2*gross",
        "'net' + 'tax' = 'gross'",
    ]


def test_a_result_that_is_no_number_is_drawn_anew(drawn):
    table = pd.DataFrame({"a": [*range(-30, 0), *range(1, 31)] * 4})
    table["b"] = 60.0 / table["a"]
    sample = drawn(table.astype({"a": float}), Formula("b", "60 / a"))
    assert (60 / sample["a"] - sample["b"]).abs().max() < 1e-6


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Inequality("a", "a"),
            "Inequality: low and high names column 'a' twice; name it once",
        ),
        (lambda: Inequality("a", "b", None), "Inequality: strict=None must be True or False"),
        (lambda: Sum("ab", "c"), "Sum: parts='ab' must be a list of at least 2 columns"),
        (lambda: Sum(["a"], "c"), "Sum: parts=['a'] must be a list of at least 2 columns"),
        (
            lambda: Sum(["a", "b"], "b"),
            "Sum: parts and total names column 'b' twice; name it once",
        ),
        (lambda: Formula("a", "b - a"), "Formula: column 'a' is in its own expression 'b - a'"),
    ],
)
def test_malformed(make, message):
    with pytest.raises(OptionError) as caught:
        make()
    assert str(caught.value) == message


TABLE = pd.DataFrame(
    {
        "net": [1.5, 2.5, 3.5] * 30,
        "tax": [0.5, 0.5, 1.0] * 30,
        "gross": [2.0, 3.0, 4.5] * 30,
        "day": pd.date_range("2024-01-01", periods=90),
        "ward": ["a", "b", "c"] * 30,
    }
)


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        (
            Inequality("day", "net"),
            "constraints: Inequality ('day' ≤ 'net'): 'day' is of kind 'datetime' and 'net' is of "
            "kind 'numeric', and they can't be compared; both must be numbers, or both dates or "
            "durations with or without a time zone",
        ),
        (
            Inequality("net", "tax"),
            "constraints: Inequality ('net' ≤ 'tax'): 90 of 90 rows break it, first row 0 with "
            "'net' '1.5', 'tax' '0.5'; change or drop these rows, or leave the constraint out",
        ),
        (
            Sum(["net", "ward"], "gross"),
            "constraints: Sum ('net' + 'ward' = 'gross'): column 'ward' must hold numbers, but is "
            "of kind 'categorical' (3 distinct values in 90 rows); declare its kind in schema, or "
            "name another column",
        ),
        (
            Formula("gross", "net + taxes"),
            "constraints: Formula (gross = net + taxes): column 'taxes' is not in the table; did "
            "you mean 'tax'?",
        ),
        (
            Formula("gross", "2 * net"),
            "constraints: Formula (gross = 2 * net): 90 of 90 rows break it, first row 0 with "
            "'net' '1.5', 'gross' '2.0'; change or drop these rows, or leave the constraint out",
        ),
    ],
)
def test_refused(refusal, constraint, message):
    assert refusal(TABLE, constraint) == message
