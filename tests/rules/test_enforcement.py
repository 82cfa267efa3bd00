"""Rows that break a constraint are mended, replaced, or refused with an honest error."""

import numpy as np
import pandas as pd
import pytest

from tabgan import ConstraintError, infer_schema
from tabgan.constraints import Custom, Formula, Inequality, Positive, Unique
from tabgan.rules.enforcement import ATTEMPTS, keep_rules, keep_unique


def frame(start: int, a: list[int], b: list[float]) -> pd.DataFrame:
    keys = [f"K{start + i}" for i in range(len(a))]
    return pd.DataFrame({"key": keys, "a": a, "b": b}).astype({"key": object})


@pytest.fixture
def schema():
    table = frame(0, [*range(40)], [float(i) for i in range(40)])
    return infer_schema(table, {"a": "integer", "b": "numeric"})


def never(attempt: int) -> pd.DataFrame:
    raise AssertionError("nothing needs to be drawn")


def test_good_rows_are_left_alone(schema):
    rows = frame(0, [1, 2], [3.0, 2.0])
    assert keep_rules(rows, [Inequality("a", "b")], schema, never) is rows
    assert keep_rules(rows, [], schema, never) is rows


def test_broken_rows_are_replaced_and_keep_their_identifiers(schema):
    rows = frame(0, [1, 9, 2, 8], [3.0, 2.0, 2.0, 1.0])
    rows.index = pd.RangeIndex(100, 104)
    drawn = [frame(0, [5, 5, 5, 6], [1.0, 1.0, 7.0, 1.0]), frame(0, [0, 1, 2, 3], [9.0] * 4)]
    kept = keep_rules(rows, [Inequality("a", "b")], schema, drawn.__getitem__)
    expected = frame(0, [1, 5, 2, 0], [3.0, 7.0, 2.0, 9.0]).set_index(rows.index)
    pd.testing.assert_frame_equal(kept, expected)


def test_rows_are_mended_where_there_is_a_way(schema):
    rows = frame(0, [1, 9], [2.0, 2.0])
    kept = keep_rules(rows, [Formula("b", "2 * a")], schema, never)
    pd.testing.assert_frame_equal(kept, frame(0, [1, 9], [2.0, 18.0]))


def test_what_one_repair_breaks_is_mended_too(schema):
    tripled = Custom("three", lambda f: f["a"] % 3 == 0, lambda f: f.assign(a=f["a"] // 3 * 3))
    kept = keep_rules(frame(0, [4, 5], [8.0, 0.0]), [Formula("b", "2 * a"), tripled], schema, never)
    pd.testing.assert_frame_equal(kept, frame(0, [3, 3], [6.0, 6.0]))


def test_an_honest_error(schema):
    def draw(attempt: int) -> pd.DataFrame:
        return frame(0, [9, 8, 1, 8], [2.0, 2.0, 3.0 if attempt == 0 else 0.0, 4.0])

    with pytest.raises(ConstraintError) as caught:
        keep_rules(draw(1), [Inequality("a", "b"), Positive("a")], schema, draw)
    assert str(caught.value) == (
        f"constraints: 1 of {4 * ATTEMPTS} rows that were drawn keep all of them (1.00%), which is "
        "too few to go on; the least kept is Inequality ('a' ≤ 'b'), in 0.00%: train for more "
        "steps, ask for fewer rows if they are to be unique, or loosen or leave out the constraint"
    )


def test_rows_are_unique_over_frames(schema):
    frames = [frame(0, [1, 2, 2], [0.5] * 3), frame(3, [2, 3, 1], [0.5] * 3)]

    def draw(number: int, attempt: int) -> pd.DataFrame:
        values = [[2, 3, 3], [4, 4, 5], [6, 1, 1]][attempt]
        return frame(3 * number, values, [1.5] * 3)

    first, second = keep_unique(frames, [Unique("a")], schema, draw)
    assert first["a"].tolist() == [1, 2, 4]
    assert second["a"].tolist() == [3, 5, 6]
    assert [*first["key"], *second["key"]] == [f"K{i}" for i in range(6)]


def test_many_frames(schema):
    rng = np.random.default_rng(0)

    def draw(number: int, attempt: int) -> pd.DataFrame:
        return frame(0, rng.integers(0, 30_000, 100).tolist(), [0.0] * 100)

    frames = [draw(number, 0) for number in range(30)]
    kept = pd.concat(keep_unique(frames, [Unique("a"), Unique(["b", "a"])], schema, draw))
    assert kept["a"].is_unique
    assert len(kept) == 3_000


def test_a_repair_that_leaves_rows_broken_changes_nothing(schema):
    halved = Custom("small", lambda f: f["a"] < 3, lambda f: f.assign(a=f["a"] // 2))
    drawn = frame(0, [1, 2], [0.5, 0.5])
    kept = keep_rules(frame(0, [4, 9], [0.0, 0.0]), [halved], schema, lambda attempt: drawn)
    pd.testing.assert_frame_equal(kept, frame(0, [2, 1], [0.0, 0.5]))
