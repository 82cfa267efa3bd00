"""A number that is computed from others."""

import numpy as np
import pandas as pd
import pytest

from tabgan.rules.arithmetic_dependency import ArithmeticExpression, FormulaDependency
from tabgan.table.columns import TypedSeries, field_at


def rule_of(table, expression="2 * a / b"):
    sources = [field_at(table, at) for at in (0, 1)]
    return FormulaDependency.of(
        sources, field_at(table, 2), ArithmeticExpression(expression), table
    )


@pytest.fixture
def numbers(rng):
    frame = pd.DataFrame({"a": rng.integers(0, 90, 60), "b": rng.integers(1, 9, 60)})
    return frame.assign(c=2 * frame["a"] / frame["b"])


def test_the_target_is_left_out_and_comes_back(numbers, table_of, round_trip):
    table = table_of(numbers)
    rule = rule_of(table)
    assert rule.describe() == "'c' = 2 * a / b"
    assert list(rule.reduce(table)) == [0, 1]
    pd.testing.assert_frame_equal(round_trip(table, [rule]), numbers)


def test_it_is_missing_where_a_source_is_or_where_it_has_no_value(numbers, table_of, round_trip):
    frame = numbers.astype(object)
    frame.loc[:5, ["a", "c"]] = "n/a"
    frame.loc[9, ["b", "c"]] = [0, "n/a"]
    table = table_of(frame)
    rule = rule_of(table)
    assert rule.special == "n/a"
    pd.testing.assert_frame_equal(round_trip(table, [rule]), frame)


def test_no_value_where_the_target_can_not_be_missing(numbers, table_of):
    table = table_of(numbers)
    zeros = {0: table[0], 1: TypedSeries(table[1].column, pd.Series([0, 1]))}
    zeros[0] = TypedSeries(table[0].column, pd.Series([4, 4]))
    assert rule_of(table).restore(zeros)[2][1].tolist() == [0, 8]


def test_a_target_that_is_there_without_its_sources(numbers, table_of):
    frame = numbers.astype({"a": float})
    frame.loc[3, "a"] = np.nan
    assert rule_of(table_of(frame)) is None
