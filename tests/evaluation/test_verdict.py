"""What to do about weak points: remedies that can be followed."""

import inspect
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN, constraints, evaluate, infer_schema
from tabgan.cli.main import main
from tabgan.evaluation import keys_and_times, structure, verdict, weak_points
from tabgan.evaluation.results import Run, Use, WeakPoint
from tabgan.evaluation.validity_and_coverage import _oddly_written
from tabgan.evaluation.verdict import overall_score
from tabgan.table.schema import KINDS
from tabgan.table.text_formats import check_characters


def options_of(*commands: str) -> set[str]:
    found = set()
    for command in commands:
        found |= {
            name for p in main.commands[command].params for name in (*p.opts, *p.secondary_opts)
        }
    return found


@pytest.mark.parametrize("module", [weak_points, structure, keys_and_times])
def test_every_option_in_a_remedy_is_one(module):
    text = Path(module.__file__).read_text(encoding="utf-8")
    named = set(re.findall(r"--[a-z][a-z-]+", text))
    assert named <= options_of("synth", "fit", "sample", "inspect", "evaluate")


@pytest.mark.parametrize("module", [weak_points, structure, keys_and_times])
def test_every_command_and_parameter_in_a_remedy_is_one(module):
    text = re.sub(r'"\s+f?"', "", Path(module.__file__).read_text(encoding="utf-8"))
    called = set(re.findall(r"tabgan (\w+) (?:--|[A-Z]{2}|does|shows)", text))
    assert called <= main.commands.keys()
    kinds = set(re.findall(r"--kind (?:\{[^}]*\})=(\w+)", text))
    assert kinds <= set(KINDS)
    known = inspect.signature(TabGAN).parameters
    named = set(re.findall(r"\b(min_group|epsilon|refine|polish)\b", text))
    assert named <= known.keys()
    constraint = set(re.findall(r"the constraint (\w+)", text))
    assert constraint <= set(constraints.__all__)


def test_a_lost_level_is_told_beside_what_a_model_of_it_loses():
    rng = np.random.default_rng(0)
    kind = rng.choice(["a", "b", "c"], 1200, p=[0.5, 0.45, 0.05])
    x = np.select([kind == "a", kind == "b"], [0.0, 2.0], 6.0) + rng.normal(size=1200)
    real = pd.DataFrame({"x": x.round(2), "y": rng.normal(size=1200).round(2), "kind": kind})
    found = evaluate(real[:600], real[600:].query("kind != 'c'"), target="kind")
    assert any(
        point.part == "coverage" and point.columns == ("kind",)
        for point in found.verdict.weak_points[:2]
    )


def fewer_levels(size: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=size).round(2)
    y, z = ((x + rng.normal(size=size) / 9).round(2) for _ in "yz")
    return pd.DataFrame({"x": x, "y": y, "z": z})


def test_what_a_fit_has_not_tried_is_the_remedy():
    real, synthetic = fewer_levels(400, 0), fewer_levels(400, 1)
    synthetic["y"] = synthetic["y"].to_numpy()[::-1]
    synthetic["z"] = np.roll(synthetic["z"].to_numpy(), 100)
    found = evaluate(real, synthetic)
    told = found.with_run(Run(untried=("train for more steps than 20", "try --method trees")))
    learned = [p.by_learning for p in found.verdict.weak_points]
    assert any(learned)
    for before, after in zip(found.verdict.weak_points, told.verdict.weak_points, strict=True):
        if before.by_learning:
            assert after.remedy == "Train for more steps than 20, or try --method trees."
        else:
            assert after.remedy == before.remedy
    assert found.with_run(Run()).verdict == found.verdict


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        (lambda t: t.assign(n=t["n"] + 0.5), "in tabgan --kind n=integer"),
        (lambda t: t.assign(n=t["n"] + 500), "minimum and maximum of 'n' in the schema"),
        (lambda t: t.assign(kind="other"), "in tabgan --kind kind=categorical"),
        (lambda t: t.assign(n="x"), "with the real table's type of cells"),
    ],
)
def test_each_fault_has_its_remedy(change, remedy):
    rng = np.random.default_rng(0)
    real = pd.DataFrame({"n": rng.integers(0, 99, 200), "kind": rng.choice(["a", "b"], 200)})
    points = evaluate(real, change(real)).verdict.weak_points
    assert remedy in next(point.remedy for point in points if point.part == "validity")


def test_fresh_rows_of_few_rows_have_no_weak_point():
    """A small table is moved far by chance; each part's noise is known."""
    rng = np.random.default_rng(0)
    n = 240
    table = pd.DataFrame({"a": rng.normal(size=n), "kind": rng.choice(list("abcde"), n)})
    table["b"] = table["a"] + rng.normal(size=n) / 3
    table["heavy"] = rng.pareto(1.5, n)
    halves = (table[rows].reset_index(drop=True) for rows in (slice(0, 120), slice(120, n)))
    assert evaluate(*halves).verdict.weak_points == ()


def test_levels_of_few_rows_are_not_to_be_asked_for():
    text = weak_points._remedy_of_level("city", 4, "categorical")
    assert "--min-group 1" in text
    assert "tabgan sample --balance" in weak_points._remedy_of_level("city", 40, "categorical")
    assert "--kind city=categorical" in weak_points._remedy_of_level("city", 40, "integer")


def shape_point(real: pd.DataFrame, synthetic: pd.DataFrame) -> WeakPoint:
    points = evaluate(real, synthetic).verdict.weak_points
    return next(point for point in points if point.what.startswith("The distribution"))


def test_another_kind_is_the_remedy_only_where_it_explains_the_column():
    rng = np.random.default_rng(0)
    codes = rng.choice([10.5, 250.5, 900.5, 4000.5], 600)
    between = rng.uniform(10.5, 4000.5, 600).round(1)
    real, synthetic = (
        pd.DataFrame({"code": own, "x": rng.random(600)}) for own in (codes, between)
    )
    point = shape_point(real, synthetic)
    assert point.remedy == "Read 'code' as another kind: in tabgan --kind code=categorical."
    assert not point.by_learning
    shifted = pd.DataFrame({"code": between, "x": rng.random(600)})
    point = shape_point(shifted, shifted.assign(code=(between + 800).clip(max=between.max())))
    assert point.by_learning
    assert "--kind" not in point.remedy


def test_numbers_read_as_levels_are_to_be_read_as_numbers():
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(60))
    real = pd.DataFrame({"n": rng.choice(60, 900, p=shares).astype(str), "x": rng.random(900)})
    synthetic = real.assign(n=rng.choice(["3", "4", "5"], 900))
    schema = infer_schema(real, {"n": "categorical"})
    points = evaluate(real, synthetic, schema=schema).verdict.weak_points
    point = next(point for point in points if point.what.startswith("The distribution"))
    assert point.remedy == "Read 'n' as another kind: in tabgan --kind n=numeric."


def test_shapes_and_what_is_said_of_them_are_one_number():
    table = pd.DataFrame({"x": np.random.default_rng(0).normal(size=300)})
    found = evaluate(table[:150], table[150:].reset_index(drop=True))
    error = found.fidelity.shape_error
    beyond = max(error.value - error.baseline, 0.0)
    assert found.verdict.parts["shapes"] == pytest.approx(1 - beyond / 50)
    said = next(use for use in found.verdict.uses if use.use == "analysis")
    assert said.evidence.startswith(f"Columns are off by {beyond:.1f} % more than those of a fresh")


@pytest.mark.parametrize(("rows", "is_lost"), [(5, False), (40, True)])
def test_a_level_of_few_rows_may_be_lost_by_chance(rows, is_lost):
    rng = np.random.default_rng(0)
    real, drawn = (
        pd.DataFrame({"x": rng.normal(size=1_000), "k": rng.choice(list("abc"), 1_000)})
        for _ in "ab"
    )
    real.loc[: rows - 1, "k"] = "rare"
    lost = [p for p in evaluate(real, drawn).verdict.weak_points if p.part == "coverage"]
    assert bool(lost) == is_lost


def test_an_option_is_named_with_its_command_and_no_key_is_to_be_declared_one():
    """Options of `tabgan sample` alone are not offered for other commands."""
    rng = np.random.default_rng(0)
    ids = np.repeat(np.arange(1_000, 1_080), 5)
    plan = np.where(np.arange(80) % 8 > 0, "basic", "pro")
    real = pd.DataFrame(
        {"id": ids, "plan": np.repeat(plan, 5), "x": np.repeat(rng.normal(size=80), 5)}
    )
    mixed = real.assign(id=rng.permutation(ids) + 1_000, plan="basic")
    points = evaluate(real, mixed, schema={"id": "key"}).verdict.weak_points
    remedies = {point.part: point.remedy for point in points}
    assert "tabgan sample --balance 'plan'" in remedies["coverage"]
    assert "--kind" not in remedies["structure"]


def related_weakly(size: int, seed: int, columns: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    common = rng.normal(size=size)[:, None]
    values = 0.6 * common + rng.normal(size=(size, columns))
    return pd.DataFrame(values.round(2), columns=[f"item {i}" for i in range(columns)])


def test_weak_relations_that_are_all_lost_are_no_ground_for_an_analysis():
    """Each of them is lost in chance; their sum is not."""
    real, drawn = related_weakly(700, 0), related_weakly(700, 1)
    rng = np.random.default_rng(0)
    shuffled = pd.DataFrame({name: rng.permutation(drawn[name]) for name in drawn})
    fresh, lost = (evaluate(real, table) for table in (drawn, shuffled))
    assert fresh.verdict.weak_points == ()
    assert fresh.verdict.parts["trends"] > 0.95
    assert lost.verdict.parts["trends"] < 0.1
    assert lost.verdict.weak_points[0].part == "fidelity"
    fit = {use.use: use.fit for use in lost.verdict.uses}
    assert fit["analysis"] == "no"


def test_damaged_numbers_are_named_beside_columns_whose_range_chance_exceeds():
    rng = np.random.default_rng(0)
    real, drawn = (
        pd.DataFrame(rng.normal(size=(300, 8)).round(3), columns=list("abcdefgh")) for _ in "ab"
    )
    drawn["e"] = drawn["e"].astype(object)
    drawn.loc[:8, "e"] = "1,5"
    found = evaluate(real, drawn).verdict
    assert found.weak_points[0].columns == ("e",)
    assert found.grade != "as good as real"


def test_a_rule_that_no_row_keeps_is_not_hidden_in_the_mean_of_all():
    rng = np.random.default_rng(0)
    n = 400
    real = pd.DataFrame({f"net {i}": rng.integers(1, 99, n) for i in range(3)})
    for i in range(3):
        real[f"gross {i}"] = real[f"net {i}"] * (i + 2)
    broken = real.sample(frac=1, random_state=0).reset_index(drop=True)
    broken["gross 0"] = broken["gross 0"] + rng.integers(1, 9, n)
    found = evaluate(real, broken, schema=dict.fromkeys(real, "numeric")).verdict
    fit = {use.use: (use.fit, use.evidence) for use in found.uses}
    assert fit["test data"] == ("no", found.weak_points[0].what)
    assert {"net 0", "gross 0"} <= {*found.weak_points[0].columns}


def test_what_one_key_has_lost_is_one_point():
    rng = np.random.default_rng(0)
    ids = np.repeat(np.arange(1_000, 1_100), 4)
    real = pd.DataFrame({"id": ids, "x": rng.normal(size=400)})
    for name in ("town", "plan", "since"):
        real[name] = np.repeat(rng.integers(0, 50, 100), 4)
    mixed = real.assign(id=rng.permutation(ids))
    points = evaluate(real, mixed, schema={"id": "key"}).verdict.weak_points
    of_key = [point for point in points if point.part == "structure"]
    assert len(of_key) == 1
    assert {"id", "town", "plan", "since"} <= {*of_key[0].columns}


def test_a_whole_number_of_few_values_has_levels_to_lose():
    rng = np.random.default_rng(0)
    real, drawn = (
        pd.DataFrame({"grade": rng.choice([0, 1, 2, 5], 600), "x": rng.normal(size=600)})
        for _ in "ab"
    )
    drawn["grade"] = drawn["grade"].replace(1, 2)
    schema = {"grade": "integer"}
    points = evaluate(real, drawn, schema=schema).verdict.weak_points
    lost = next(point for point in points if point.part == "coverage")
    assert "The level '1' of 'grade' never occurs" in lost.what
    assert "--kind grade=categorical" in lost.remedy


def test_keys_of_one_cause_are_one_point():
    def polls(seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        firm = rng.integers(0, 12, 150)
        poll = np.repeat(np.arange(150), 3)
        holes = (firm > 7) & (rng.random(150) < 0.8)
        grade = pd.Series(rng.choice(["A", "B"], 150)[poll]).mask(holes[poll])
        table = {"poll": poll + 10_000, "question": poll + 50_000, "firm": firm[poll].astype(str)}
        return pd.DataFrame({**table, "grade": grade, "share": rng.normal(size=450).round(2)})

    real, drawn = polls(0), polls(1)
    holes = np.random.default_rng(2).random(len(drawn)) < 1 / 3
    drawn["grade"] = drawn["grade"].fillna("B").mask(holes)
    kinds = {"poll": "key", "question": "key"}
    points = evaluate(real, drawn, schema=kinds).verdict.weak_points
    told = [point for point in points if point.what.startswith("A value of")]
    assert len(told) == 1
    assert {"poll", "question", "grade"} <= {*told[0].columns}


@pytest.mark.parametrize("what", ["a broken rule", "dates that can't be"])
def test_a_few_rows_of_what_no_real_row_has_stand_beside_the_best_grade(what):
    rng = np.random.default_rng(0)
    n = 1600
    table = pd.DataFrame({"qty": rng.integers(1, 20, n), "price": rng.integers(1, 90, n)})
    table["gross"] = table["qty"] * table["price"]
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 60, n), "D")
    table["day"] = days.strftime("%d.%m.%Y")
    real, synthetic = (table[half].reset_index(drop=True) for half in (slice(800), slice(800, n)))
    assert evaluate(real, synthetic).verdict.in_words == "as good as real"
    rows, column = (slice(12), "gross") if what == "a broken rule" else (slice(4), "day")
    broken = synthetic.astype({"gross": float})
    broken.loc[rows, column] = 7.0 if column == "gross" else "61.72.2020"
    verdict = evaluate(real, broken).verdict
    assert verdict.grade == "as good as real"
    assert verdict.in_words.startswith("as good as real, except for ")
    assert repr(column) in verdict.in_words
    assert ", except that " in verdict.headline
    assert verdict.uses[0].fit == "with care"


def visits(n_keys: int, first: int, rng: np.random.Generator) -> pd.DataFrame:
    """Make visits of a few customers, whose area, region and kind are theirs."""
    rows = np.repeat(np.arange(n_keys), rng.integers(5, 16, n_keys))
    area = rng.integers(12, size=n_keys)
    kind = rng.choice(["private", "trade", "public"], n_keys, p=[0.6, 0.3, 0.1])
    middle = rng.normal(4, 0.6, n_keys)
    return pd.DataFrame(
        {
            "customer": first + rows,
            "area": [f"area {at}" for at in area[rows]],
            "region": np.array(["north", "south", "east", "west"])[area[rows] % 4],
            "kind": kind[rows],
            "amount": rng.lognormal(middle[rows], 0.5).round(2),
        }
    )


@pytest.mark.parametrize(("n_keys", "seed"), [(25, 2), (40, 1)])
def test_other_customers_are_no_fault_of_a_table_of_few(n_keys, seed):
    rng = np.random.default_rng(seed)
    real, fresh = visits(n_keys, 1_000, rng), visits(n_keys, 5_000, rng)
    assert evaluate(real, fresh, random_state=seed).verdict.weak_points == ()


def test_areas_of_other_regions_are_named_first_in_a_table_of_few_customers():
    rng = np.random.default_rng(0)
    real, fresh = visits(40, 1_000, rng), visits(40, 5_000, rng)
    areas = fresh.groupby("customer")["area"].first()
    others = areas.sample(frac=1, random_state=0).set_axis(areas.index)
    mixed = fresh.assign(area=fresh["customer"].map(others))
    first = evaluate(real, mixed).verdict.weak_points[0]
    assert {*first.columns} <= {"area", "region"}
    assert first.severity > 0.3


def test_amounts_shuffled_over_few_customers_weigh_by_what_is_lost():
    rng = np.random.default_rng(0)
    real, fresh = visits(40, 1_000, rng), visits(40, 5_000, rng)
    mixed = fresh.assign(amount=rng.permutation(fresh["amount"].to_numpy()))
    point = evaluate(real, mixed).verdict.weak_points[0]
    assert {*point.columns} == {"customer", "amount"}
    assert point.severity > 0.2  # of a likeness of .5 nothing is left


def people(seed: int, size: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    first = rng.choice(["Anna", "Boris", "Clara", "David", "Emma", "Felix", "Greta"], size)
    last = rng.choice(["Adler", "Becker", "Conrad", "Decker", "Fuchs", "Haas"], size)
    words = ["the", "parcel", "came", "late", "but", "it", "was", "fine", "and", "service"]
    number = 500_000_000_000 + rng.permutation(10**6)[:size]
    checks = check_characters([*map(str, number)], "gs1")
    return pd.DataFrame(
        {
            "first": first,
            "last": last,
            "email": [f"{first[n]}.{last[n]}{n}@mail.com".lower() for n in range(size)],
            "note": [" ".join(rng.choice(words, rng.integers(4, 12))) for _ in range(size)],
            "article": [f"{n}{check}" for n, check in zip(number, checks, strict=True)],
            "stars": rng.integers(1, 6, size),
            "age": rng.integers(18, 80, size),
        }
    )


@pytest.mark.parametrize(
    ("column", "change", "told"),
    [
        ("email", lambda email: email.str.replace("@", " at "), "is an e-mail address; one has"),
        ("email", lambda email: email.iloc[::-1].to_numpy(), "'email' holds the name in 'first'"),
        ("note", lambda note: note + " " + note + " " + note, "is a text of "),
        ("article", lambda code: code.str[:-1] + "7", "is a code with the right check digit"),
    ],
)
def test_texts_and_addresses_that_are_none_are_named(column, change, told):
    real, drawn = people(0), people(1)
    if told.endswith("one has"):
        assert not evaluate(real, drawn).verdict.weak_points
    broken = drawn.assign(**{column: change(drawn[column])})
    first = evaluate(real, broken).verdict.weak_points[0]
    assert told in first.what
    assert column in first.columns


def loans(seed: int, size: int = 1000) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "grade": rng.choice(["a", "b", "c"], size, p=[0.6, 0.37, 0.03]),
            "amount": rng.integers(10, 900, size) * 10,
            "drift": rng.standard_t(3, size).round(2),
            "rate": pd.Series(rng.normal(size=size).round(2)).mask(
                rng.permutation(size) < 0.7 * size
            ),
        }
    )


def with_many(table: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    return table.assign(grade=table["grade"].mask(rows < 0.07, "c"))


def without_tails(table: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    return table.assign(drift=table["drift"].clip(*table["drift"].quantile([0.025, 0.975])))


def with_holes(table: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    there = np.flatnonzero(table["rate"].notna())
    return table.assign(rate=table["rate"].mask(table.index.isin(there[: len(rows) // 14])))


def unrounded(table: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    return table.assign(amount=table["amount"] + np.where(rows < 0.2, 3, 0))


@pytest.mark.parametrize(
    ("change", "column", "told"),
    [
        (with_many, "grade", "'c' has "),
        (without_tails, "drift", "No value of 'drift' lies "),
        (with_holes, "rate", "of 'rate' is missing in place of "),
        (unrounded, "amount", "'amount' is a multiple of 10"),
    ],
)
def test_what_few_rows_or_their_last_digits_lose_is_named(change, column, told):
    real, drawn = loans(10), loans(11)
    changed = change(drawn, np.random.default_rng(2).random(len(drawn)))
    first = evaluate(real, changed).verdict.weak_points[0]
    assert first.columns == (column,)
    assert told in first.what


def test_fresh_rows_with_rare_levels_tails_and_holes_have_no_weak_point():
    assert not evaluate(loans(10), loans(11)).verdict.weak_points


def test_missing_times_of_a_regular_series_are_named():
    def series(seed: int) -> pd.DataFrame:
        times = pd.date_range("2024-01-01", periods=600, freq="h").astype(str)
        return pd.DataFrame({"time": times, "x": np.random.default_rng(seed).normal(size=600)})

    kept = np.random.default_rng(2).random(600) < 0.8
    first = evaluate(series(0), series(1)[kept].reset_index(drop=True)).verdict.weak_points[0]
    assert "times between the rows" in first.what


def towns(seed: int, size: int = 1500) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    share = np.repeat([700.0, 4.5, 0.2], [2, 60, 30])
    drawn = rng.choice(len(share), size, p=share / share.sum())
    names = [
        f"{'BDFGK'[n % 5]}{'aeiou'[n // 5 % 5]}{'lmnrst'[n // 25 % 6]}{n // 150}" for n in drawn
    ]
    return pd.DataFrame({"town": names, "size": rng.normal(size=size).round(3)})


def test_levels_that_are_rare_in_the_real_table_may_be_less_rare_in_a_fresh_one():
    """They were chosen by their few real rows."""
    assert evaluate(towns(0), towns(10)).verdict.weak_points == ()


def test_each_violation_of_a_column_has_its_own_severity():
    """One odd code is not as bad as the half of the codes that is repeated."""
    rng = np.random.default_rng(0)
    real, drawn = (
        pd.DataFrame(
            {"code": [f"AB-{n}" for n in range(start, start + 400)], "x": rng.normal(size=400)}
        )
        for start in (1000, 1500)
    )
    drawn.loc[:199, "code"] = "AB-5555"
    drawn.loc[399, "code"] = "ab-1899x"
    first = evaluate(real, drawn).verdict.weak_points[0]
    assert "50 % of the rows break the rule that 'code' is unique" in first.what


def test_a_shorter_number_of_a_range_is_no_odd_code():
    """Of numbers from a range few are short; of numbers of two lengths, half each, none is."""
    rng = np.random.default_rng(0)
    long, short = rng.integers(10**8, 10**9, 900), rng.integers(10**7, 10**8, 90)
    drawn = pd.Series(["1234567", "123456789"])
    real = pd.Series([*long, *short]).astype(str)
    assert not _oddly_written(real, drawn, goes_on=True)[1].any()
    even = pd.Series([*long, *short.repeat(10)]).astype(str)
    assert _oddly_written(even, drawn, goes_on=True)[1].tolist() == [True, False]


def orders(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    price, noise = rng.normal(size=(2, 800))
    return pd.DataFrame(
        {
            "country": np.abs(price).round(2),  # known by the price alone
            "price": price.round(2),
            "tax": np.where(price > 0, 3, -2) + (noise / 3).round(2),
            "side": np.where(rng.random(800) < 0.5, "left", "right"),
            "hand": np.where(price + noise > 0, "yes", "no"),
        }
    )


def test_the_column_that_was_shuffled_is_told_before_those_that_it_explains():
    rng = np.random.default_rng(0)
    drawn = orders(1)
    drawn["price"] = rng.permutation(drawn["price"])
    found = evaluate(orders(0), drawn)
    utility = found.utility
    assert utility is not None
    country = next(one for one in utility.columns if one.column == "country")
    assert country.cause == "price"
    assert country.explained > 0.8
    lost = [p for p in verdict._lost_utility(utility, found.tables) if "another way" in p.what]
    assert lost[0].columns == ("price",)
    uses = {use.use: use for use in found.verdict.uses}
    assert uses["model training"].fit != "yes"
    assert "least of" in uses["analysis"].evidence or uses["analysis"].fit == "no"


def others(seed: int) -> dict[str, np.ndarray]:
    """Return columns that go with each other, of which nothing is lost."""
    rng = np.random.default_rng(seed + 7)
    base = rng.normal(size=800)
    return {name: (base + rng.normal(size=800) / 9).round(3) for name in "abcdefghijkl"}


def test_what_one_column_loses_speaks_against_models_of_it():
    rng = np.random.default_rng(0)
    real, drawn = (
        orders(seed).assign(flag=lambda t: (t["tax"] > 0) + 0, **others(seed)) for seed in (0, 1)
    )
    drawn["country"] = rng.permutation(drawn["country"])
    found = evaluate(real, drawn, target="flag")
    use = next(use for use in found.verdict.uses if use.use == "model training")
    assert found.utility is not None
    assert found.utility.kept > 0.95
    assert use.fit == "with care"


def test_what_models_keep_counts_twice_where_no_pair_of_columns_is_related():
    parts = {"shapes": 1.0, "detection": 0.9, "utility": 0.1}
    assert overall_score(parts) == pytest.approx(overall_score({**parts, "trends": 0.1}))
    assert overall_score(parts) < overall_score({**parts, "trends": 0.2})
    assert 0 < overall_score(dict.fromkeys(parts, 0.0)) < 0.05


def test_perfect_columns_do_not_outweigh_lost_relations():
    rng = np.random.default_rng(0)
    group = rng.choice(list("abc"), 1500, p=[0.5, 0.3, 0.2])
    size = np.where(group == "a", 2.0, 5.0) + rng.normal(size=1500)
    real = pd.DataFrame({"group": group, "size": size.round(2), "cost": (3 * size).round(1)})
    real["cost"] += rng.normal(size=1500).round(1)
    shuffled = pd.DataFrame({name: rng.permutation(real[name]) for name in real})
    bent = real.sample(1500, replace=True, weights=1 + 2 * (group == "b"), random_state=0)
    bent["size"] += rng.normal(scale=0.8, size=1500).round(2)
    assert evaluate(real, bent).verdict.score > evaluate(real, shuffled).verdict.score + 0.2


@pytest.mark.parametrize(("fit", "grade"), [("no", "poor"), ("with care", "usable with care")])
def test_a_table_that_is_fit_for_no_use_is_poor(fit, grade):
    uses = [Use("analysis", "unknown", ""), Use("test data", "no", ""), Use("sharing", fit, "")]
    assert verdict._step_reached(0.7, 0.5, 0.3, uses).grade == grade
