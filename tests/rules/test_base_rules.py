"""Custom: functions of the user's own."""

import numpy as np
import pandas as pd
import pytest

from tabgan import OptionError, TabGAN
from tabgan.constraints import Custom, Positive
from tabgan.rules import (
    counted_dependency,
    find_identities,
    find_orders,
    identity_candidates,
    part_dependency,
)
from tabgan.rules.base_rules import Evidence, evidence_of
from tabgan.rules.detect_dependencies import detect_dependencies, untried

from .conftest import fit

TABLE = pd.DataFrame({"n": [2, 4, 6, 8, 14, 20] * 30, "x": np.linspace(0, 1, 180)})


def is_even(frame: pd.DataFrame) -> pd.Series:
    return frame["n"] % 2 == 0


def small(frame: pd.DataFrame) -> pd.Series:
    return frame["x"] < 0.5


def shrunk(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(x=frame["x"] / 2)


def test_rows_that_break_it_are_drawn_anew(drawn):
    table = TABLE[TABLE["x"] < 0.5].reset_index(drop=True)
    sample = drawn(table, Custom("even", is_even), Custom("small", lambda frame: frame["x"] < 0.6))
    assert (sample["n"] % 2 == 0).all()


def test_rows_are_mended_before_they_are_drawn_anew():
    halves = TABLE.assign(x=TABLE["x"] / 2.1)
    gan = fit(halves, Custom("small", lambda frame: frame["x"] < 0.2 + 0.3))
    free = gan.sample(100)
    strict = fit(halves[halves["x"] < 0.4].reset_index(drop=True), Custom("small", small, shrunk))
    assert (strict.sample(100)["x"] < 0.5).all()
    assert (free["x"] < 0.5).all()


def test_a_repair_is_used(rng):
    table = pd.DataFrame({"a": rng.integers(0, 9, 200), "b": 0})
    table["b"] = table["a"] % 3
    rule = Custom("rest", lambda f: f["a"] % 3 == f["b"], lambda f: f.assign(b=f["a"] % 3))
    sample = fit(table, rule, derive=False).sample(300)
    assert (sample["a"] % 3 == sample["b"]).all()


def test_it_has_to_be_given_when_a_model_is_loaded(tmp_path):
    path = tmp_path / "model.safetensors"
    rule = Custom("even", is_even)
    gan = fit(TABLE, rule, Positive("n"))
    gan.save(path)
    with pytest.raises(OptionError) as caught:
        TabGAN.load(path)
    assert str(caught.value) == (
        "custom: the model has a custom constraint called 'even', whose functions a file can't "
        "hold; load it with TabGAN.load(path, custom=[Custom('even', check)])"
    )
    loaded = TabGAN.load(path, custom=[rule])
    assert loaded.constraints_ == gan.constraints_
    pd.testing.assert_frame_equal(loaded.sample(50), gan.sample(50))
    with pytest.raises(OptionError, match="the model has no custom constraint called 'odd'"):
        TabGAN.load(path, custom=[rule, Custom("odd", is_even)])
    with pytest.raises(OptionError, match="must be a list of Custom constraints"):
        TabGAN.load(path, custom=[Positive("n")])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Custom("", is_even), "Custom: name='' must be text"),
        (lambda: Custom("x", "n > 0"), "Custom: check='n > 0' must be a function of a frame"),
        (
            lambda: Custom("x", is_even, 3),
            "Custom: repair=3 must be a function of a frame, or None",
        ),
    ],
)
def test_malformed(make, message):
    with pytest.raises(OptionError) as caught:
        make()
    assert str(caught.value) == message


def test_what_the_functions_return_is_checked(refusal):
    assert refusal(TABLE, Custom("x", lambda frame: frame["n"])) == (
        "constraints: Custom ('x'): its check returned an array of shape (180,) and dtype int64 "
        "for 180 rows; it must return a boolean for each row"
    )
    bad = Custom("x", is_even, lambda frame: frame[:1])
    with pytest.raises(OptionError, match="the same rows, columns and dtypes"):
        bad.repair(TABLE, None)


ROWS = 400


def evidence(frame, table_of, rng):
    table, found = table_of(frame), {}
    for rule in detect_dependencies(table, rng):
        found[rule.describe()] = evidence_of(rule, table, rng)
        table = rule.reduce(table)
    return found


def test_a_rule_tells_in_how_many_rows_it_holds_and_would_by_chance(table_of, rng):
    price = rng.integers(1, 1_000, ROWS)
    at = pd.Series(pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 730, ROWS), "D"))
    at = at.where(rng.random(ROWS) < 0.75)
    frame = pd.DataFrame({"at": at, "year": at.dt.year, "net": price, "tax": price[::-1]})
    found = evidence(frame.assign(gross=frame["net"] + frame["tax"]), table_of, rng)
    year = found["'year' is the year of 'at'"]
    assert year.rows == at.notna().sum()
    assert year.by_chance == pytest.approx(0.25**2 + 2 * (0.75 / 2) ** 2, abs=0.08)
    assert year.log10_chance < -50
    assert found["'net' + 'tax' = 'gross'"].by_chance < 0.01


def test_rows_that_are_empty_are_no_evidence(table_of, rng):
    town = rng.choice([*"ABCDEFGH"], ROWS)
    frame = pd.DataFrame({"town": town, "area": [f"area {'ABCDEFGH'.index(t) // 2}" for t in town]})
    frame.loc[:39] = ""
    found = evidence(frame, table_of, rng)
    assert found["'town' determines 'area'"].rows == ROWS - 40


def test_what_no_row_can_break_has_no_evidence(table_of, rng):
    payment = rng.gamma(2, 100, ROWS).round(2)
    bill = np.where(rng.random(ROWS) < 0.4, payment, rng.gamma(2, 100, ROWS).round(2))
    found = evidence(pd.DataFrame({"payment": payment, "bill": bill}), table_of, rng)
    assert [*found.values()] == [None]


def test_evidence_in_words():
    assert str(Evidence(1_200, 0.254)) == "in 1,200 rows; 25% by chance"
    assert str(Evidence(90, 0.0004)) == "in 90 rows; under 1% by chance"


def test_what_is_left_out_is_said(table_of, rng):
    frame = pd.DataFrame(rng.normal(size=(30, 45)), columns=[f"n{at}" for at in range(45)])
    assert untried(table_of(frame)) == (
        "of 45 columns of numbers, rules were tried for products of three among 30, comparisons "
        "among 40 only"
    )
    assert untried(table_of(frame.iloc[:, :30])) is None
    days = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 730, (41, 30)).ravel(), "D")
    dates = pd.DataFrame({f"d{at}": days[at * 30 : at * 30 + 30] for at in range(41)})
    assert untried(table_of(dates)) == (
        "of 41 columns of dates, rules were tried for times between them among 40 only"
    )


SEARCHES = {
    find_identities: ("_kept",),
    identity_candidates: ("_simple",),
    find_orders: ("_may_be_ordered",),
    part_dependency: ("_offset",),
    counted_dependency: ("_marks_of",),
}
"""What the searches of pairs evaluate where the first rows do not refute a rule."""


def test_first_rows_refute_most_pairs_of_a_wide_table(table_of, rng, monkeypatch):
    calls = 0

    def counting(function):
        def call(*arguments, **options):
            nonlocal calls
            calls += 1
            return function(*arguments, **options)

        return call

    for module, names in SEARCHES.items():
        for name in names:
            monkeypatch.setattr(module, name, counting(getattr(module, name)))
    start = pd.Timestamp("2020-01-01")
    frame = pd.DataFrame(
        {f"n{at}": rng.gamma(2.0, 50.0, 300).round(2) for at in range(30)}
        | {f"w{at}": rng.poisson(40, 300) for at in range(30)}
        | {f"d{at}": start + pd.to_timedelta(rng.integers(0, 900, 300), "D") for at in range(20)}
    )
    assert not detect_dependencies(table_of(frame), rng)
    assert calls <= 80 * 79 // 10
