import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.row_layout import RowLayout
from tabgan.generators.gan.table_networks import MLPGenerator
from tabgan.sampling.calibration import draw_pool, level_offsets, uniform_ranks
from tabgan.sampling.row_samplers import RowSampler

SPANS = RowLayout(marks=(None, 1), widths=(3, 2))
SHARES = torch.tensor([0.7, 0.29, 0.01, 0.8, 0.2])


def test_mean_probabilities_equal_the_shares():
    levels = 2 * torch.randn(20_000, 5, generator=torch.Generator().manual_seed(0))
    offsets = level_offsets(levels, SHARES, SPANS)
    parts = torch.split(levels + offsets, [*SPANS.widths], dim=1)
    mean = torch.cat([part.softmax(dim=1).mean(dim=0) for part in parts])
    assert torch.allclose(mean, SHARES, atol=2e-4)


def test_without_levels_there_are_no_offsets():
    assert level_offsets(torch.empty(9, 0), torch.empty(0), RowLayout((None,), ())).shape == (0,)


@given(st.integers(1, 60), st.integers(0, 2**31), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_ranks_are_uniform_among_the_present(rows, seed, share):
    stream = torch.Generator().manual_seed(seed)
    numbers = torch.randn(rows, 2, generator=stream).round(decimals=1)  # with ties
    present = torch.rand(rows, 2, generator=stream) < share
    ranks = uniform_ranks(numbers, present, torch.rand(rows, 2, generator=stream))
    assert ((ranks >= 0) & (ranks <= 1)).all()
    for i in range(2):
        kept = ranks[present[:, i], i]
        cells = (kept * len(kept)).floor().long()
        assert sorted(cells.tolist()) == list(range(len(kept)))
        order = kept.argsort()
        assert (numbers[present[:, i], i][order].diff() >= 0).all()


def test_the_pool_is_bounded_for_wide_rows():
    generator = MLPGenerator(2, 4096, hidden_dim=2)
    assert draw_pool(generator, 4096, torch.Generator()).numel() <= 2**26


@pytest.fixture
def sampler() -> RowSampler:
    torch.manual_seed(0)
    generator = MLPGenerator(8, SPANS.width, hidden_dim=16)
    pool = draw_pool(generator, SPANS.width, torch.Generator().manual_seed(1))
    return RowSampler(generator, level_offsets(pool[:, 2:], SHARES, SPANS), SPANS)


def test_the_sampler_draws_calibrated_rows(sampler):
    numbers, codes = sampler.draw(20_000, torch.Generator().manual_seed(2))
    assert numbers.dtype == np.float64
    assert codes.shape == (20_000, 2)
    shares = np.concatenate([np.bincount(codes[:, i], minlength=w) for i, w in enumerate((3, 2))])
    assert np.abs(shares / 20_000 - SHARES.numpy()).max() < 0.012
    uniform = (np.arange(20_000) + 0.5) / 20_000
    assert np.abs(np.sort(numbers[:, 0]) - uniform).max() <= 0.5 / 20_000
    shown = np.sort(numbers[codes[:, 1] == 0, 1])
    assert np.abs(shown - (np.arange(len(shown)) + 0.5) / len(shown)).max() <= 0.5 / len(shown)


def test_the_same_stream_gives_the_same_rows(sampler):
    first, second = (sampler.draw(100, torch.Generator().manual_seed(3)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
