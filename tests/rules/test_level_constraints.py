"""FixedCombinations, OneHot and Unique; the limits that numbers have within levels."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import ConstraintError, OptionError, TabGAN
from tabgan.constraints import FixedCombinations, OneHot, Positive, Unique
from tabgan.fitting.prepare import with_min_group
from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.base_rules import evidence_of
from tabgan.rules.detect_dependencies import dependency_from_json
from tabgan.rules.level_constraints import find_limits
from tabgan.table.columns import by_position

from .conftest import fit

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=4, deadline=None)


def rows_of(table: pd.DataFrame) -> set[tuple[str, ...]]:
    return set(map(tuple, table.astype(str).to_numpy().tolist()))


@FEW
@given(SEEDS, st.integers(2, 4), st.integers(2, 40))
def test_fixed_combinations(seed, width, n_combinations):
    rng = np.random.default_rng(seed)
    pool = pd.DataFrame(
        {
            "city": rng.choice([*"abcdefgh", None], n_combinations),
            "code": rng.integers(0, 9, n_combinations),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 5, n_combinations)),
            "rate": rng.choice([0.5, np.nan, 2.25], n_combinations),
        }
    ).iloc[:, :width]
    table = pool.iloc[rng.integers(0, n_combinations, 200)].reset_index(drop=True)
    table["free"] = rng.normal(size=200)
    names = [*pool.columns]
    sample = fit(table, FixedCombinations(names)).sample(300)
    assert rows_of(sample[names]) <= rows_of(table[names])


def test_many_combinations_are_learned_in_groups(drawn, rng):
    pool = pd.DataFrame(rng.integers(0, 40, (400, 2)), columns=[*"ab"]).drop_duplicates()
    table = pool.iloc[rng.integers(0, len(pool), 3_000)].reset_index(drop=True)
    sample = drawn(table, FixedCombinations(["a", "b"]))
    assert rows_of(sample) <= rows_of(table)


def test_given_combinations(refusal, drawn):
    table = pd.DataFrame({"city": ["Bern", "Wien"] * 30, "land": ["CH", "AT"] * 30})
    known = [("Bern", "CH"), ("Wien", "AT"), ("Genf", "CH")]
    drawn(table, FixedCombinations(["city", "land"], known))
    assert refusal(table, FixedCombinations(["city", "land"], known[:1])) == (
        "constraints: FixedCombinations (known combinations of 'city', 'land'): 30 of 60 rows "
        "break it, first row 1 with 'city' 'Wien', 'land' 'AT'; change or drop these rows, or "
        "leave the constraint out"
    )


def test_combinations_that_would_tell_rows(refusal, rng):
    table = pd.DataFrame(rng.integers(0, 100, (50, 2)), columns=[*"ab"]).drop_duplicates()
    assert refusal(table, FixedCombinations(["a", "b"])) == (
        "constraints: FixedCombinations (known combinations of 'a', 'b'): there are "
        f"{len(table)} combinations in {len(table)} rows; each must stand for 2 rows on average: "
        "name fewer columns"
    )


BITS = {"int": [0, 1], "bool": [False, True], "float": [0.0, 1.0], "text": ["0", "1"]}


@FEW
@given(SEEDS, st.integers(2, 6), st.sampled_from(sorted(BITS)))
def test_one_hot(seed, width, form):
    rng = np.random.default_rng(seed)
    zero, one = BITS[form]
    hot = rng.integers(0, width, 100)
    table = pd.DataFrame({f"c{i}": np.where(hot == i, one, zero) for i in range(width)})
    table.insert(1, "between", rng.normal(size=100))
    table = table.astype({name: object for name in table if form == "text" and name != "between"})
    names = [name for name in table if name != "between"]
    sample = fit(table, OneHot(names)).sample(300)
    assert (sample[names].astype(str).isin(["1", "1.0", "True"]).sum(axis=1) == 1).all()


def test_one_hot_columns_that_share_one_are_drawn_anew(drawn):
    a = np.array([1, 0] * 60)
    table = pd.DataFrame({"a": a, "b": 1 - a, "c": 1 - a})
    sample = drawn(table, OneHot(["a", "b"]), OneHot(["a", "c"]), derive=False)
    assert (sample["a"] + sample["b"] == 1).all()
    assert (sample["a"] + sample["c"] == 1).all()


class TestUnique:
    @FEW
    @given(SEEDS, st.sampled_from(["number", "text", "mixed"]))
    def test_a_key_is_made_anew(self, seed, form):
        rng = np.random.default_rng(seed)
        keys = pd.Series(rng.choice(10**6, 150, replace=False))
        keys = {"number": keys, "text": "K-" + keys.astype(str), "mixed": keys}[form]
        if form == "mixed":
            keys = keys.astype("Int64").where(rng.random(150) < 0.9)
        gan = fit(pd.DataFrame({"key": keys, "x": rng.normal(size=150)}), Unique("key"))
        assert gan.schema_["key"].kind == "identifier"
        sample = gan.sample(20_000)
        assert not sample["key"].dropna().duplicated().any()

    @pytest.mark.slow
    @FEW
    @given(SEEDS)
    def test_several_columns_over_several_blocks(self, seed):
        rng = np.random.default_rng(seed)
        table = pd.DataFrame({"a": rng.integers(0, 300, 400), "b": rng.integers(0, 300, 400)})
        table = table.drop_duplicates().assign(
            c=rng.choice(["x", None], len(table.drop_duplicates()))
        )
        gan = fit(table, Unique(["a", "b"]))
        sample = gan.sample(10_000)
        assert not sample.duplicated(["a", "b"]).any()
        pd.testing.assert_frame_equal(gan.sample(8_500), sample[:8_500])
        pd.testing.assert_frame_equal(pd.concat(gan.sample_blocks(10_000)), sample)

    def test_a_learned_column(self, drawn, rng):
        table = pd.DataFrame({"x": rng.normal(size=200), "n": rng.permutation(10**5)[:200]})
        sample = drawn(table, Unique("x"), Unique("n"), schema={"n": "integer"}, n=9_000)
        assert sample["n"].is_unique
        assert sample["x"].is_unique

    def test_a_column_of_which_others_speak_is_learned(self, rng):
        table = pd.DataFrame({"n": 1 + rng.permutation(10**5)[:200], "x": rng.normal(size=200)})
        gan = fit(table, Unique("n"), Positive("n"))
        assert gan.schema_["n"].kind == "integer"
        assert gan.sample(500)["n"].is_unique

    def test_too_few_values(self, rng):
        table = pd.DataFrame({"a": [*range(30)], "b": rng.normal(size=30)})
        gan = fit(table, Unique("a"), schema={"a": "integer"}, min_group=1)
        assert gan.sample(20)["a"].is_unique
        with pytest.raises(ConstraintError) as caught:
            gan.sample(40)
        assert "rows that were drawn keep all of them (" in str(caught.value)
        assert "the least kept is Unique ('a' is unique), in 0.37%" in str(caught.value)

    def test_repeated_rows_are_refused(self, refusal):
        table = pd.DataFrame({"a": [1, 2, 3, 1] * 10, "b": [1.5, 2.5, 3.5, 4.5] * 10})
        assert refusal(table, Unique("a")) == (
            "constraints: Unique ('a' is unique): 37 of 40 rows break it, first row 3 with 'a' "
            "'1'; change or drop these rows, or leave the constraint out"
        )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: FixedCombinations("ab"),
            "FixedCombinations: columns='ab' must be a list of at least 2 columns",
        ),
        (
            lambda: FixedCombinations(["a", "b"], [("x",)]),
            "FixedCombinations: combinations=[('x',)] must be a list with 2 plain values in each "
            "of its rows, or None",
        ),
        (lambda: OneHot(["a"]), "OneHot: columns=['a'] must be a list of at least 2 columns"),
        (lambda: OneHot(["a", "b", "a"]), "OneHot: columns names column 'a' twice; name it once"),
        (lambda: Unique([]), "Unique: columns=[] must be a list of at least 1 columns"),
        (lambda: Unique(None), "Unique: columns=None must be the label of a column"),
    ],
)
def test_malformed(make, message):
    with pytest.raises(OptionError) as caught:
        make()
    assert str(caught.value) == message


def test_columns_that_are_made_anew_have_no_combinations(refusal, rng):
    table = pd.DataFrame({"key": [f"K{i}" for i in range(60)], "a": [0, 1] * 30})
    assert refusal(table, OneHot(["key", "a"])).startswith(
        "constraints: OneHot (exactly one of 'key', 'a' is 1): column 'key' is of kind "
        "'identifier': its values are generated and not learned; declare its kind in schema as "
        "'categorical', or leave it out"
    )


def leaves(rows=1_500, seed=0):
    rng = np.random.default_rng(seed)
    kind = rng.choice(["annual", "sick", "unpaid"], rows, p=[0.5, 0.3, 0.2])
    most = pd.Series(kind).map({"annual": 5, "sick": 30, "unpaid": 90}).to_numpy()
    days = np.minimum(rng.geometric(0.05, rows), most)
    cost = np.where(kind == "unpaid", 0.0, rng.gamma(3, 40, rows).round(2))
    day = np.datetime64("2020-01-01") + rng.integers(0, 300, rows) + 400 * (kind == "sick")
    fees = rng.choice([10, 25, 40], rows) + 5 * (kind == "sick")
    columns = {"kind": kind, "days": days, "cost": cost, "day": day.astype(str), "fee": fees}
    return pd.DataFrame(columns | {"free": rng.normal(size=rows).round(2)})


def limits_of(frame):
    table = by_position(frame, with_min_group(infer_schema(frame), 5))
    return find_limits(table, np.random.default_rng(0)), table


def test_limits_of_levels_are_found_and_kept():
    frame = leaves()
    rules, table = limits_of(frame)
    assert [rule.describe() for rule in rules] == [
        f"{name!r} keeps to what its 'kind' allows" for name in ("days", "cost", "day", "fee")
    ]
    shuffled = {
        at: cells.take(np.random.default_rng(1).permutation(len(frame))) if at else cells
        for at, cells in table.items()
    }
    for rule in rules:
        state = json.loads(json.dumps({"rule": rule.name, **rule.to_json()}))
        assert dependency_from_json(state) == rule
        own = [table[at] for at in rule.positions]
        assert rule.holds(own).mean() > 0.97  # the outermost rows are not kept
        assert rule.holds([shuffled[at] for at in rule.positions]).mean() < 0.9
        kept = rule.restore(shuffled)
        assert rule.holds([kept[at] for at in rule.positions]).all()
    # That of unpaid leave is no limit: no other has more days, and few rows have the most.
    assert {limit.level: limit.numbers[-1] for limit in rules[0].limits[0]} == {
        "annual": 5, "sick": 30
    }  # fmt: skip


def test_limits_that_say_nothing_are_none():
    rng = np.random.default_rng(0)
    votes = rng.integers(0, 70, 2_000)
    result = np.where(rng.random(2_000) < 0.15, "tie", np.where(votes > 35, "yes", "no"))
    kind = rng.choice(["a", "b"], 2_000)
    few = np.where(kind == "a", 0, rng.permutation(np.arange(2_000) < 30).astype(int))
    frame = pd.DataFrame({"result": result, "votes": votes, "kind": kind, "few": few})
    rules, table = limits_of(frame)
    assert [rule.describe() for rule in rules] == ["'votes' keeps to what its 'result' allows"]
    evidence = evidence_of(rules[0], table, np.random.default_rng(0))
    assert evidence.rows == (result != "tie").sum()  # not those that no limit is about
    assert 0.45 < evidence.by_chance < 0.6


def test_numbers_beyond_limits_change_places_with_near_ones():
    rules, table = limits_of(leaves())
    days, codes = table[1].numbers.values, table[0].codes
    annual = np.flatnonzero(codes == 0)[:40]
    beyond = np.flatnonzero((codes == 1) & (days > 5))[:40]
    rows = np.arange(len(days))
    rows[annual], rows[beyond] = beyond, annual
    kept = rules[0].restore(table | {1: table[1].take(rows)})[1]
    assert rules[0].holds([table[0], kept]).all()
    assert np.array_equal(np.sort(kept.numbers.values), np.sort(days))  # the margin is the same
    assert (kept.numbers.values[annual] == 5).all()  # the nearest that they may have


def test_a_level_of_one_row_is_brought_within_its_limits():
    rules, table = limits_of(leaves())
    alone = {at: cells.take(np.flatnonzero(table[0].codes == 2)[:1]) for at, cells in table.items()}
    for rule in rules:
        other = alone | {0: table[0].take(np.flatnonzero(table[0].codes == 0)[:1])}
        kept = rule.restore(other)
        assert rule.holds([kept[at] for at in rule.positions]).all()
    assert rules[0].restore({1: table[1]}) == {1: table[1]}


@pytest.mark.parametrize("seed", range(5))
def test_no_limits_where_levels_mean_nothing(seed):
    frame = leaves(seed=seed)
    rng = np.random.default_rng(seed)
    frame = frame.apply(rng.permutation)
    assert limits_of(frame)[0] == []


def test_drawn_rows_keep_limits():
    frame = leaves()
    options = {"steps": 2, "hidden_dim": 8, "refine": False, "polish": False, "verbose": False}
    drawn = TabGAN(**options, random_state=0).fit(frame).sample(600)
    most = drawn["kind"].map({"annual": 5, "sick": 30, "unpaid": 90})
    assert (drawn["days"] <= most).all()
    assert (drawn["cost"][drawn["kind"] == "unpaid"] == 0).all()
    assert set(drawn["fee"][drawn["kind"] == "sick"]) <= {15, 30, 45}
