"""Groups of columns, exactly one of which is 1."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tabgan.base.errors import DataError
from tabgan.inference.infer_schema import infer_schema
from tabgan.rules.sum_dependency import SumDependency, find_one_hots, find_sums
from tabgan.table.columns import TypedSeries, by_position, field_at
from tabgan.table.schema import Column


def spread(hot, names, dtype="int64"):
    """Spread positions over 0/1 columns."""
    return pd.DataFrame({name: (np.array(hot) == i) for i, name in enumerate(names)}).astype(dtype)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float64", "bool", "boolean", "Int64", str])
def test_a_group_becomes_one_column_and_comes_back(dtype, table_of, round_trip, rng):
    frame = spread([0, 1, 2, 1] * 10, "abc", "int64" if dtype is str else dtype)
    frame = frame.astype(str) if dtype is str else frame
    table = table_of(frame)
    (group,) = find_one_hots(table, rng)
    assert group.describe() == "exactly one of the 3 columns 'a' … 'c' is 1"
    ((column, values),) = group.reduce(table).values()
    assert (column.kind, values.tolist()) == ("categorical", [0, 1, 2, 1] * 10)
    pd.testing.assert_frame_equal(round_trip(table, [group]), frame)


def test_groups_stand_side_by_side(table_of, round_trip, rng):
    one, two = rng.integers(0, 4, 200), rng.integers(0, 7, 200)
    frame = pd.concat(
        [
            pd.DataFrame({"x": rng.normal(size=200)}),
            spread(one, "abcd"),
            spread(two, "ghijklm"),
            pd.DataFrame({"y": rng.integers(0, 2, 200)}),
        ],
        axis=1,
    )
    table = table_of(frame)
    groups = find_one_hots(table, rng)
    assert [group.describe() for group in groups] == [
        "exactly one of the 4 columns 'a' … 'd' is 1",
        "exactly one of the 7 columns 'g' … 'm' is 1",
    ]
    assert list(groups[1].reduce(groups[0].reduce(table))) == [0, 1, 5, 12]
    pd.testing.assert_frame_equal(round_trip(table, groups), frame)


def test_constants_neither_belong_to_a_group_nor_break_it(table_of, rng):
    frame = spread([0, 1, 3, 4] * 10, "abcde")  # c is always 0
    frame.insert(0, "one", 1)
    (group,) = find_one_hots(table_of(frame), rng)
    assert [member.column.name for member in group.members] == ["a", "b", "d", "e"]


@given(st.lists(st.booleans(), min_size=60, max_size=60))
@example([False, True, False] * 10 + [False] * 30)
@example([False, False, True] * 10 + [False] * 30)
@settings(max_examples=20)
def test_an_unrelated_column_before_a_group_does_not_hide_it(before):

    frame = spread([0, 1, 2] * 20, "abc")
    frame.insert(0, "before", np.array(before, int))
    table = {i: TypedSeries(Column(n, "integer", "int64"), frame[n]) for i, n in enumerate(frame)}
    (group,) = find_one_hots(table, np.random.default_rng(0))
    assert [member.column.name for member in group.members] == ["a", "b", "c"]


NO_GROUPS = {
    "two columns": spread([0, 1] * 20, "ab"),
    "a row without a one": spread([0, 1, 2, 3] * 10, "abc"),
    "a row with two ones": spread([0, 1, 2] * 10, "abc").assign(b=[1, 1, 0] * 10),
    "other values": spread([0, 1, 2] * 10, "abc") * 2,
    "a missing value": spread([0, 1, 2] * 10, "abc").assign(c=[0, None, 1] * 10),
    "a column between": pd.concat(
        [spread([0, 1, 2] * 10, "ab"), pd.DataFrame({"x": range(30), "c": [0, 0, 1] * 10})], axis=1
    ),
}


@pytest.mark.parametrize("frame", NO_GROUPS.values(), ids=NO_GROUPS)
def test_no_group(frame, table_of, rng):
    assert find_one_hots(table_of(frame), rng) == []


def test_one_row_outside_of_the_sample_is_enough(table_of, rng):
    frame = spread([0, 1, 2] * 7000, "abc")
    frame.loc[11, "c"] = 0
    assert find_one_hots(table_of(frame), rng) == []


def test_a_row_that_breaks_the_rule_is_named(table_of, rng):
    frame = spread([0, 1, 2] * 10, "abc")
    (group,) = find_one_hots(table_of(frame), rng)
    frame.loc[4, ["a", "c"]] = 1
    message = "Row 4: 3 of the 3 columns 'a' … 'c' are 1; exactly one must be"
    with pytest.raises(DataError, match=f"^{message}$"):
        group.reduce(table_of(frame))


ROWS = 400


@pytest.fixture
def goods(rng):
    """Net prices and taxes in cents."""
    net = rng.integers(100, 9000, ROWS)
    return pd.DataFrame({"net": net, "tax": net * rng.choice([7, 19], ROWS) // 100})


FORMS = {
    "integers": lambda cents: cents,
    "small integers": lambda cents: cents.astype("uint16"),
    "prices": lambda cents: cents / 100,
    "text": lambda cents: (cents / 100).map("{:.2f}".format),
    "missing": lambda cents: (cents / 100).where(cents % 13 > 0),
    "nullable": lambda cents: cents.astype("Int64").where(cents % 13 > 0),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_sum_is_left_out_and_comes_back(form, goods, table_of, round_trip, rng):
    total = form(goods["net"] + goods["tax"])
    frame = pd.DataFrame({"gross": total, "net": form(goods["net"]), "tax": form(goods["tax"])})
    frame.loc[frame["net"].isna() | frame["tax"].isna(), "gross"] = None
    frame.loc[frame["gross"].isna(), "net"] = None
    table = table_of(frame)
    (rule,) = find_sums(table, rng)
    assert rule.describe() == "'net' + 'tax' = 'gross'"
    assert list(rule.reduce(table)) == [1, 2]
    pd.testing.assert_frame_equal(round_trip(table, [rule]), frame)


def test_floats_of_full_precision_and_other_marks_of_absence(table_of, round_trip, rng):
    a, b = rng.normal(size=(2, ROWS))
    frame = pd.DataFrame({"a": a, "b": b, "c": a + b}).astype(object)
    frame.loc[:20, ["a", "c"]] = "n/a"
    table = table_of(frame)
    (rule,) = find_sums(table, rng)
    assert rule.special == "n/a"
    pd.testing.assert_frame_equal(round_trip(table, [rule]), frame)


def test_a_column_takes_part_in_one_sum_only(goods, table_of, rng):
    frame = goods.assign(gross=goods["net"] + goods["tax"], post=rng.integers(1, 99, ROWS))
    frame["all"] = frame["gross"] + frame["post"]
    described = [rule.describe() for rule in find_sums(table_of(frame), rng)]
    assert described == ["'net' + 'tax' = 'gross'"]


NO_SUMS = {
    "one row differs": lambda frame: frame.assign(gross=frame["gross"] + (frame.index == 7)),
    "mostly nothing to add": lambda frame: frame.assign(
        tax=np.where(frame.index < 15, 5, 0),
        gross=frame["net"] + np.where(frame.index < 15, 5, 0),
    ),
    "constant addend": lambda frame: frame.assign(tax=5, gross=frame["net"] + 5),
    "present without an addend": lambda frame: frame.assign(
        tax=frame["tax"].where(frame.index > 9)
    ),
    "addends without a total": lambda frame: frame.assign(
        gross=frame["gross"].where(frame.index > 9)
    ),
    "two marks of absence": lambda frame: frame.astype(object).assign(
        net=lambda f: f["net"].where(f.index > 9, "?"),
        gross=lambda f: f["gross"].where(f.index > 9, np.where(f.index > 4, "?", "n/a")),
    ),
    "too few rows": lambda frame: frame[:90],
    "beyond the exact floats": lambda frame: frame * 2**41,
}


@pytest.mark.parametrize("change", NO_SUMS.values(), ids=NO_SUMS)
def test_no_sum(change, goods, table_of, rng):
    frame = goods.assign(gross=goods["net"] + goods["tax"])
    assert len(find_sums(table_of(frame), rng)) == 1
    assert find_sums(table_of(change(frame)), rng) == []


def test_many_columns_are_searched(table_of, rng):
    frame = pd.DataFrame(rng.integers(0, 1000, (ROWS, 60)), columns=[f"x{i}" for i in range(60)])
    frame["x50"] = frame["x3"] + frame["x44"]
    described = [rule.describe() for rule in find_sums(table_of(frame), rng)]
    assert described == ["'x3' + 'x44' = 'x50'"]


def _priced():
    """A table whose sums stay far below the sum of the addends' maxima."""
    rng = np.random.default_rng(1)
    tenths, cents = rng.integers(0, 500, (2, ROWS))
    tenths[:4], cents[:4] = (0, 499, 300, 0), (499, 0, 200, 0)
    kept = tenths * 10 + cents < 5300
    frame = pd.DataFrame({"a": tenths[kept] / 10, "b": cents[kept] / 100})
    frame["c"] = (frame["a"] + frame["b"]).round(2)
    table = by_position(frame, infer_schema(frame))
    (rule,) = find_sums(table, rng)
    return frame, table, rule


PRICED = _priced()


def _added(a, b):
    _, table, rule = PRICED
    restored = rule.restore(
        {0: TypedSeries(table[0].column, a), 1: TypedSeries(table[1].column, b)}
    )
    return tuple(restored[at][1] for at in range(3))


def test_the_second_addend_gives_way_first():
    frame, _, _ = PRICED
    most = frame["c"].max()
    a, b, c = _added(pd.Series([49.9, 48.3]), pd.Series([4.99, most - 48.3 + 0.01]))
    assert a.tolist() == [49.9, 48.3]
    assert b.tolist() == [round(most - 49.9, 2), round(most - 48.3, 2)]
    assert c.tolist() == [most, most]


@given(st.lists(st.tuples(st.integers(0, 499), st.integers(0, 499)), min_size=1, max_size=50))
@settings(max_examples=50)
def test_addends_give_way_where_the_sum_leaves_its_range(pairs):
    frame, _, _ = PRICED
    addends = pd.DataFrame(pairs, columns=["a", "b"]) / [10, 100]
    a, b, c = _added(addends["a"], addends["b"])
    assert np.allclose(a + b, c, rtol=0, atol=1e-9)
    for made, real, decimals in ((a, frame["a"], 1), (b, frame["b"], 2), (c, frame["c"], 2)):
        assert made.between(real.min(), real.max()).all()
        assert (made.round(decimals) == made).all()
    fine = (addends["a"] + addends["b"]).round(2) <= frame["c"].max()
    assert (a[fine] == addends["a"][fine]).all()
    assert (b[fine] == addends["b"][fine]).all()


def test_the_first_addend_gives_way_where_the_second_can_not(table_of, rng):
    frame = pd.DataFrame(rng.integers(0, 100, (ROWS, 2)), columns=["a", "b"]).astype("Int64")
    frame.loc[0] = [500, pd.NA]  # more than any sum
    frame["c"] = frame["a"] + frame["b"]
    table = table_of(frame)
    (rule,) = find_sums(table, rng)
    drawn = pd.DataFrame({"a": [500, 500], "b": [3, pd.NA]}, dtype="Int64")
    made = rule.restore({at: TypedSeries(table[at].column, drawn.iloc[:, at]) for at in (0, 1)})
    most = int(frame["c"].max())
    assert made[0][1].tolist() == [most - 3, 500]
    assert made[1][1].tolist() == [3, pd.NA]
    assert made[2][1].tolist() == [most, pd.NA]


def _sum_in(frame):
    table = by_position(frame, infer_schema(frame))
    (rule,) = find_sums(table, np.random.default_rng(0))
    return frame, table, rule


def _listed():
    """Sums of which some addends can take a few numbers only, and combinations are missing."""
    rng = np.random.default_rng(2)
    fine = rng.integers(0, 100, ROWS)
    coarse = np.where(fine < 50, rng.choice([0, 50, 100], ROWS), rng.choice([0, 50], ROWS))
    few, many = rng.choice([0, 30, 60, 90], ROWS), rng.choice([0, 20, 50], ROWS)
    steps = rng.integers(0, 40, ROWS) * 30
    price, fee = rng.integers(0, 5000, ROWS), rng.choice([199, 499, 1990], ROWS)
    pairs = {
        "second": (fine, coarse, fine >= 0),
        "first": (coarse, fine, fine >= 0),
        "both": (few, many, (few + many) % 30 < 21),
        "steps": (steps, many, (steps + many > 100) & (steps + many < 700)),
        "prices": (price / 100, fee / 100, price + fee < 5500),
    }
    for one, two, kept in pairs.values():
        frame = pd.DataFrame({"a": one, "b": two, "t": np.round(one + two, 2)})[kept]
        yield _sum_in(pd.concat([frame] * 4, ignore_index=True))


@pytest.mark.parametrize(
    "case", list(_listed()), ids=["second", "first", "both", "steps", "prices"]
)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=15)
def test_addends_that_give_way_take_numbers_of_their_column_only(case, seed):
    frame, table, rule = case
    drawn = {
        at: TypedSeries(
            table[at].column,
            frame.iloc[:, at].sample(200, random_state=seed + at, ignore_index=True),
        )
        for at in (0, 1)
    }
    made = pd.concat([values for _, values in rule.restore(drawn).values()], axis=1)
    assert ((made["a"] + made["b"]).round(2) == made["t"]).all()
    for name in frame:
        assert made[name].between(frame[name].min(), frame[name].max()).all()
        if frame[name].nunique() <= 20:
            assert made[name].isin(frame[name]).all()
    steps = frame["a"].nunique() > 20 and np.gcd.reduce((frame["a"] * 100).astype(int)) == 3000
    assert not steps or (made["a"] % 30 == 0).all()


def test_the_addend_of_many_numbers_gives_way():
    _, table, rule = next(_listed())
    drawn = {
        0: TypedSeries(table[0].column, pd.Series([99, 20])),
        1: TypedSeries(table[1].column, pd.Series([100, 100])),
    }
    a, b, total = (values for _, values in rule.restore(drawn).values())
    most = int(table[2][1].max())
    assert (a.tolist(), b.tolist(), total.tolist()) == (
        [most - 100, 20],
        [100, 100],
        [most, 120],
    )


def test_a_sum_of_more_parts_is_known_to_hold(table_of, round_trip, rng):
    frame = pd.DataFrame(rng.integers(0, 900, (50, 4)), columns=[*"abcd"]) / 100
    frame["e"] = frame.sum(axis=1).round(2)
    table = table_of(frame)
    fields = [field_at(table, at) for at in range(5)]
    rule = SumDependency.of(fields[:4], fields[4], table)
    assert rule.describe() == "'a' + 'b' + 'c' + 'd' = 'e'"
    pd.testing.assert_frame_equal(round_trip(table, [rule]), frame)
    assert SumDependency.of(fields[:3], fields[4], table) is None


@given(st.lists(st.tuples(*[st.integers(0, 40)] * 3), min_size=1, max_size=40))
@settings(max_examples=50)
def test_several_parts_give_way(rows):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.integers(0, 41, (ROWS, 3)), columns=[*"abc"])
    frame = frame[frame.sum(axis=1) < 60].reset_index(drop=True)
    frame["d"] = frame.sum(axis=1)
    table = by_position(frame, infer_schema(frame))
    rule = SumDependency.of([field_at(table, at) for at in range(3)], field_at(table, 3), table)
    least, most = (frame.iloc[:, :3].agg(end).to_numpy() for end in ("min", "max"))
    drawn = pd.DataFrame(np.clip(rows, least, most))
    made = rule.restore({at: TypedSeries(table[at].column, drawn[at]) for at in range(3)})
    a, b, c, d = (made[at][1] for at in range(4))
    assert (a + b + c == d).all()
    assert d.between(frame["d"].min(), frame["d"].max()).all()
    fine = drawn.sum(axis=1).between(frame["d"].min(), frame["d"].max())
    assert (pd.concat([a, b, c], axis=1).to_numpy()[fine] == drawn.to_numpy()[fine]).all()
