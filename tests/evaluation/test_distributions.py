"""All pairs of columns at once are compared as each pair by itself."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats.contingency import association, crosstab
from sklearn.metrics import mutual_info_score

from tabgan import Column
from tabgan.evaluation import distributions as contingency
from tabgan.evaluation.compared_tables import CodedColumn
from tabgan.evaluation.distributions import (
    MOST_LEVELS,
    PairCodes,
    associations,
    entropy,
    joint_entropy,
    joint_shares,
)

WIDTHS = (1, 2, 3, 40, 7, 300, 5)


@pytest.fixture
def columns():
    rng = np.random.default_rng(0)
    latent = [rng.random(500), rng.random(700)]
    return [
        PairCodes(*((part * width * rng.random()).astype(np.int64) for part in latent))
        if at % 2
        else PairCodes(*(rng.integers(0, width, len(part)) for part in latent))
        for at, width in enumerate(WIDTHS)
    ]


@pytest.mark.parametrize("cells", [1, 500, contingency.STRIPE_CELLS])
def test_every_pair_is_measured_as_by_itself(columns, cells, monkeypatch):
    monkeypatch.setattr(contingency, "STRIPE_CELLS", cells)
    monkeypatch.setattr(contingency, "ROWS", 64)
    found = associations(columns)
    for i, one in enumerate(columns):
        for j, other in enumerate(columns):
            joint = [
                pd.Series(a * 1000 + b).value_counts(normalize=True)
                for a, b in zip(one, other, strict=True)
            ]
            distance = joint[0].sub(joint[1], fill_value=0).abs().sum() / 2
            assert found.error[i, j] == pytest.approx(distance)
            for matrix, a, b in zip(found, one, other, strict=False):
                counts = crosstab(a, b).count
                if min(counts.shape) < 2:
                    assert np.isnan(matrix[i, j])
                else:
                    assert matrix[i, j] == pytest.approx(association(counts, "cramer"))


def test_levels_that_only_one_table_has_count():
    column = PairCodes(np.zeros(10, np.int64), np.repeat([0, 3], 5))
    found = associations([column])
    assert found.error[0, 0] == pytest.approx(0.5)
    assert np.isnan(found.real[0, 0])
    assert found.synthetic[0, 0] == pytest.approx(1)


@pytest.mark.parametrize("width", [4, 3000])
def test_joint_entropy_gives_the_mutual_information(width):
    rng = np.random.default_rng(1)
    one, other = rng.integers(0, width, 400), rng.integers(0, width, 400)
    mutual = entropy(one) + entropy(other) - joint_entropy(one, other)
    assert mutual == pytest.approx(mutual_info_score(one, other))


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
