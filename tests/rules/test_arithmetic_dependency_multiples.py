"""A number that comes in equal steps."""

import pandas as pd
import pytest

from tabgan.rules.arithmetic_dependency import MultiplesDependency
from tabgan.table.columns import field_at

FORMS = {
    "integers": lambda counts: 5 * counts - 2,
    "prices": lambda counts: (0.25 * counts + 0.1).round(2),
    "text": lambda counts: (0.25 * counts).map("{:.2f}".format),
    "missing": lambda counts: (5.0 * counts).where(counts % 7 > 0),
    "nullable": lambda counts: (5 * counts).astype("Int64").where(counts % 7 > 0),
}
GRIDS = {"integers": (5, -2), "prices": (0.25, 0.1), "text": (0.25, 0)}


@pytest.mark.parametrize("form", FORMS)
def test_steps_are_counted_and_come_back(form, table_of, round_trip, rng):
    counts = pd.Series(rng.integers(-10, 100, 80))
    frame = pd.DataFrame({"x": FORMS[form](counts)})
    table = table_of(frame)
    step, offset = GRIDS.get(form, (5, 0))
    rule = MultiplesDependency.of(field_at(table, 0), step, offset, table)
    ((column, values),) = rule.reduce(table).values()
    assert column.kind == "integer"
    there = frame["x"].notna()
    assert values[there].tolist() == counts[there].tolist()
    pd.testing.assert_frame_equal(round_trip(table, [rule]), frame)


def test_a_column_that_another_rule_has_derived_is_left_alone(table_of):
    table = table_of(pd.DataFrame({"x": [0, 5, 10] * 9, "y": [1, 2, 3] * 9}))
    rule = MultiplesDependency.of(field_at(table, 0), 5, 0, table)
    reduced = {1: table[1]}
    assert rule.reduce(reduced) is reduced
    assert rule.restore(reduced) is reduced


def test_what_can_not_be_counted(table_of):
    table = table_of(pd.DataFrame({"x": [0, 1e300] * 20, "y": [None] * 40}))
    assert MultiplesDependency.of(field_at(table, 0), 1e-9, 0, table) is None
    with pytest.raises(ValueError, match="steps: step and offset must be finite numbers"):
        MultiplesDependency(field_at(table, 0), table[0][0], 0, 0)
