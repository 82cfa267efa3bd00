"""All pairs of columns at once are compared as each pair by itself."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats.contingency import association, crosstab
from sklearn.metrics import mutual_info_score

from tabgan.evaluation import contingency
from tabgan.evaluation.contingency import PairCodes, associations, entropy, joint_entropy

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
