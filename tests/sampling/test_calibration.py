import numpy as np
import pytest
import torch

from tabgan.gan.networks import MLPGenerator
from tabgan.sampling.calibration import Calibration, knot_probabilities, span_softmax
from tabgan.sampling.rows import RowSampler
from tabgan.spans import Spans

SPANS = Spans(marks=(None, 1), widths=(3, 2))
SHARES = torch.tensor([0.7, 0.29, 0.01, 0.8, 0.2])


@pytest.fixture
def logits() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(20_000, SPANS.width, generator=generator)
    logits[:, 1] += logits[:, 5]  # the second number depends on its own mark
    return logits


def test_mean_probabilities_equal_the_shares(logits):
    calibration = Calibration.fit(logits, SHARES, SPANS)
    mean = span_softmax(calibration.levels(logits[:, 2:]), SPANS).mean(0)
    assert torch.allclose(mean, SHARES, atol=2e-4)


def test_numbers_become_uniform(logits):
    calibration = Calibration.fit(logits, SHARES, SPANS)
    u = calibration.numbers(logits[:, :2])[:, 0].sort().values
    uniform = (torch.arange(len(u), dtype=torch.double) + 0.5) / len(u)
    assert (u - uniform).abs().max() < 0.002
    order = logits[:, 0].argsort()
    assert (calibration.numbers(logits[:, :2])[order, 0].diff() >= 0).all()


def test_a_marked_number_is_uniform_among_present_rows(logits):
    calibration = Calibration.fit(logits, SHARES, SPANS)
    present = span_softmax(calibration.levels(logits[:, 2:]), SPANS)[:, 3]
    u = calibration.numbers(logits[:, :2])[:, 1]
    for limit in (0.1, 0.5, 0.9):
        below = (present * (u <= limit)).sum() / present.sum()
        assert below.item() == pytest.approx(limit, abs=0.005)


def test_values_beyond_the_pool_stay_in_the_unit_interval(logits):
    calibration = Calibration.fit(logits, SHARES, SPANS)
    far = torch.tensor([[-1e6, 1e6]])
    assert calibration.numbers(far).tolist() == [[0.0, 1.0]]


def test_a_collapsed_number_does_not_break_the_map():
    logits = torch.zeros(2000, 1)
    calibration = Calibration.fit(logits, torch.empty(0), Spans((None,), ()))
    assert torch.isfinite(calibration.numbers(logits)).all()


def test_knots_are_bounded_and_finer_in_the_tails():
    knots = knot_probabilities()
    assert len(knots) < 1100
    assert knots[1] < 1e-4


def test_the_sampler_draws_calibrated_rows():
    torch.manual_seed(0)
    generator = MLPGenerator(8, SPANS.width, hidden_dim=16)
    stream = torch.Generator().manual_seed(1)
    with torch.no_grad():
        pool = generator(torch.randn(20_000, 8, generator=stream))
    sampler = RowSampler(generator, Calibration.fit(pool, SHARES, SPANS), SPANS)
    numbers, codes = sampler.draw(20_000, stream)
    assert numbers.dtype == np.float64
    assert codes.shape == (20_000, 2)
    shares = np.concatenate([np.bincount(codes[:, i], minlength=w) for i, w in enumerate((3, 2))])
    assert np.abs(shares / 20_000 - SHARES.numpy()).max() < 0.012
    assert abs(numbers[:, 0].mean() - 0.5) < 0.01
