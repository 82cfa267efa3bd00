import math

import pytest
import torch

from tabgan.base.row_layout import RowLayout
from tabgan.generators.heads_and_batches import N_BINS, TableHead

SPANS = RowLayout(marks=(None, 1), widths=(3, 2))


@pytest.fixture
def head() -> TableHead:
    return TableHead(SPANS)


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_rows_are_probabilities_and_one_hot(head):
    logits = 3 * torch.randn(200, SPANS.width, generator=stream(1))
    rows = head(logits, stream())
    numbers, levels = rows[:, :2], rows[:, 2:]
    assert ((numbers > 0) & (numbers < 1)).all()
    assert set(levels.unique().tolist()) == {0.0, 1.0}
    assert (levels[:, :3].sum(1) == 1).all()
    assert (levels[:, 3:].sum(1) == 1).all()


def test_levels_are_drawn_with_the_softmax_probabilities(head):
    logits = torch.zeros(40_000, SPANS.width)
    logits[:, 2:5] = torch.tensor([0.6, 0.3, 0.1]).log()
    share = head(logits, stream())[:, 2:5].mean(0)
    assert torch.allclose(share, torch.tensor([0.6, 0.3, 0.1]), atol=0.01)


def test_gradient_is_that_of_the_softmax_within_each_span(head):
    logits = torch.randn(5, SPANS.width, requires_grad=True, generator=stream(2))
    head(logits, stream())[:, 2].sum().backward()
    # A softmax's gradient sums to zero over its own span and is zero elsewhere.
    assert torch.allclose(logits.grad[:, 2:5].sum(1), torch.zeros(5), atol=1e-6)
    assert logits.grad[:, 2:5].abs().sum() > 0
    assert logits.grad[:, [0, 1, 5, 6]].abs().sum() == 0


def test_extreme_logits_stay_finite(head):
    logits = torch.full((4, SPANS.width), 80.0)
    logits[:, 3] = -80.0
    logits.requires_grad_(True)
    rows = head(logits, stream())
    head.features(rows).sum().backward()
    assert torch.isfinite(rows).all()
    assert torch.isfinite(logits.grad).all()


def test_features_of_a_number(head):
    rows = torch.tensor([[0.5, 0.25, 1, 0, 0, 1, 0]])
    features = head.features(rows)
    assert features.shape == (1, 2 * (1 + N_BINS) + 5)
    normal = torch.special.ndtri(rows[0, :2])  # erfinv(2u − 1) = Φ⁻¹(u)/√2
    assert torch.allclose(features[0, :2], 0.9 * normal / math.sqrt(2), atol=1e-6)
    first, second = features[0, 2 : 2 + N_BINS], features[0, 2 + N_BINS : 2 + 2 * N_BINS]
    assert first.tolist() == [1.0] * 8 + [-1.0] * 8
    assert second.tolist() == [1.0] * 4 + [-1.0] * 12


def test_an_absent_number_has_no_features(head):
    present = torch.tensor([[0.5, 0.9, 1, 0, 0, 1, 0]])
    absent = torch.tensor([[0.5, 0.9, 1, 0, 0, 0, 1]])
    second = [1, *range(2 + N_BINS, 2 + 2 * N_BINS)]
    assert head.features(present)[0, second].abs().min() > 0
    assert head.features(absent)[0, second].tolist() == [0.0] * len(second)
    assert torch.equal(head.features(absent)[0, 0], head.features(present)[0, 0])


def test_one_hot(head):
    dense = head.one_hot(torch.tensor([[2, 0], [0, 1]]))
    assert dense.tolist() == [[0, 0, 1, 1, 0], [1, 0, 0, 0, 1]]


@pytest.mark.parametrize("spans", [RowLayout((None,), ()), RowLayout((), (4,))])
def test_one_kind_of_column_alone(spans):
    head = TableHead(spans)
    rows = head(torch.zeros(3, spans.width), stream())
    assert rows.shape == (3, spans.width)
    assert head.features(rows).shape == (3, head.n_features)
