import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.row_layout import RowLayout
from tabgan.sampling.calibration import ConditionCounts


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 2)), min_size=1))
@settings(max_examples=30, deadline=None)
def test_every_row_has_its_combination(rows):
    codes = np.array(rows)
    conditions, which = ConditionCounts.of(codes, given=(0, 2))
    assert np.array_equal(conditions.combinations.numpy()[which], codes[:, [0, 2]])
    assert conditions.counts.tolist() == np.bincount(which).tolist()


@pytest.fixture
def conditions() -> ConditionCounts:
    codes = np.repeat([[0, 1], [0, 0], [1, 1], [2, 0]], [500, 300, 150, 50], axis=0)
    return ConditionCounts.of(codes, given=(0, 1))[0]


def test_free_draws_have_the_training_shares(conditions):
    drawn = conditions.draw(1000, conditions.chances(), stream())
    assert torch.bincount(drawn).tolist() == conditions.counts.tolist()
    few = torch.bincount(conditions.draw(77, conditions.chances(), stream(1)), minlength=4)
    assert (few - 0.077 * conditions.counts).abs().max() <= 1
    assert drawn[:500].float().std() > 0.5, "the rows are shuffled"


def test_what_is_not_asked_for_goes_by_its_share_beside_it(conditions):
    drawn = conditions.draw(3000, conditions.chances({1: [1]}), stream())
    codes = conditions.combinations[drawn]
    assert (codes[:, 1] == 1).all()
    assert torch.bincount(codes[:, 0]).tolist() == pytest.approx(
        [3000 * 10 / 13, 3000 * 3 / 13], abs=1
    )
    assert (conditions.draw(10, conditions.chances({0: [2], 1: [0]}), stream()) == 3).all()
    assert not conditions.chances({0: [2], 1: [1]}).any()


@given(st.integers(1, 40), st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_combinations_without_a_chance_are_never_drawn(n, seed):
    chances = torch.tensor([0.0, 1.0, 0.0, 3.0, 0.0], dtype=torch.float64)
    conditions = ConditionCounts((0,), torch.arange(5)[:, None], torch.ones(5, dtype=torch.long))
    assert set(conditions.draw(n, chances, stream(seed)).tolist()) <= {1, 3}


def test_one_hot_labels(conditions):
    spans = RowLayout((None,), (3, 2, 4))
    labels = conditions.one_hot(torch.tensor([0, 3]), spans)
    found = [[*row] for row in conditions.combinations[[0, 3]].tolist()]
    assert labels.shape == (2, 5)
    assert [[row[:3].argmax().item(), row[3:].argmax().item()] for row in labels] == found
    assert labels.sum() == 4
