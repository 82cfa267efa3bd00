"""The joint distribution of two columns, as a chart shows it."""

import numpy as np
import pytest

from tabgan import Column
from tabgan.evaluation.compared_tables import CodedColumn
from tabgan.evaluation.joint_shares import MOST_LEVELS, joint_shares

NONE = np.array([])
LEVELS = tuple("abcdefghijklmn")


def test_rare_levels_are_shown_together_and_missing_ones_apart():
    real = np.repeat(np.arange(14.0), np.arange(14, 0, -1) * 10)
    real[:10] = np.nan
    side = (Column("k", "categorical", "object"), CodedColumn(True, real, real[::-1], NONE, LEVELS))
    joint = joint_shares(side, side)
    assert len(joint.row_levels) == MOST_LEVELS + 1
    assert joint.row_levels[-2:] == ("others", "missing")
    assert joint.real.sum() == pytest.approx(1)
    assert joint.real == pytest.approx(joint.synthetic), "the order of rows does not count"
    assert np.count_nonzero(joint.real - np.diag(np.diag(joint.real))) == 0
    assert joint.real[-1, -1] == pytest.approx(10 / len(real))


def test_numbers_are_cut_at_the_tenths_of_the_real_ones():
    x = np.arange(1000.0)
    one = (Column("x", "integer", "int64"), CodedColumn(False, x, x + 5000, NONE))
    flag = (x >= 500).astype(float)
    other = (Column("f", "boolean", "bool"), CodedColumn(True, flag, flag, NONE, (False, True)))
    joint = joint_shares(one, other)
    assert joint.row_levels[:2] == ("< 100", "≥ 100")
    assert len(joint.row_levels) == 10
    assert joint.real[:, 0] == pytest.approx([0.1] * 5 + [0] * 5)
    assert joint.synthetic[-1] == pytest.approx([0.5, 0.5]), "what is beyond is in the last tenth"


def test_a_column_of_nothing():
    none = np.full(4, np.nan)
    empty = (Column("x", "numeric", "float64"), CodedColumn(False, none, none, NONE))
    joint = joint_shares(empty, empty)
    assert joint.row_levels == ("", "missing")
    assert joint.real.tolist() == [[0, 0], [0, 1]]
