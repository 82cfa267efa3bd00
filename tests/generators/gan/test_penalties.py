"""Penalties against finite differences; limits on weights and gradients by their definition."""

import pytest
import torch
from torch import Tensor, nn

from tabgan.generators.gan.networks import MLPDiscriminator
from tabgan.generators.gan.penalties import (
    R1,
    R1R2,
    R2,
    DiscriminatorBatch,
    GradientClipping,
    GradientPenalty,
    NoPenalty,
    SpectralNormalization,
    WeightClipping,
)


class Smooth(nn.Module):
    """A small network with curvature everywhere, in float64."""

    def __init__(self) -> None:
        super().__init__()
        stream = torch.Generator().manual_seed(0)
        self.first = nn.Parameter(torch.randn(3, 8, generator=stream, dtype=torch.double))
        self.second = nn.Parameter(torch.randn(8, generator=stream, dtype=torch.double))

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x @ self.first) @ self.second


def judged(network: nn.Module, rows: int = 4) -> DiscriminatorBatch:
    stream = torch.Generator().manual_seed(1)
    real = torch.randn(rows, 3, generator=stream, dtype=torch.double).requires_grad_()
    fake = torch.randn(rows, 3, generator=stream, dtype=torch.double).requires_grad_()
    noise = torch.Generator().manual_seed(2)
    return DiscriminatorBatch(network, real, fake, network(real), network(fake), noise)


def slopes(network: nn.Module, x: Tensor) -> Tensor:
    """Return ∇ₓD by finite differences, shape of x."""
    step = 1e-6
    with torch.no_grad():
        bumps = step * torch.eye(x.shape[1], dtype=x.dtype)
        sides = [(network(x + bump) - network(x - bump)) / (2 * step) for bump in bumps]
    return torch.stack(sides, dim=1)


def by_differences(penalty: nn.Module, batch: DiscriminatorBatch) -> float:
    network = batch.discriminator
    squares = {
        side: slopes(network, rows.detach()).square().sum(dim=1).mean().item()
        for side, rows in (("real", batch.real), ("fake", batch.fake))
    }
    if isinstance(penalty, GradientPenalty):
        share = torch.rand(len(batch.real), 1, generator=torch.Generator().manual_seed(2))
        between = torch.lerp(batch.real, batch.fake, share.double()).detach()
        norms = slopes(network, between).square().sum(dim=1).sqrt()
        return penalty.weight * (norms - 1).square().mean().item()
    used = {R1: ["real"], R2: ["fake"], R1R2: ["real", "fake"]}[type(penalty)]
    return penalty.interval * penalty.gamma / 2 * sum(squares[side] for side in used)


PENALTIES = [
    R1(gamma=3.0, interval=1),
    R1(gamma=3.0),
    R2(gamma=0.5, interval=2),
    R1R2(gamma=2.0, interval=1),
    GradientPenalty(weight=10.0),
]


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_values_equal_finite_differences(penalty):
    batch = judged(Smooth())
    assert penalty(batch).item() == pytest.approx(by_differences(penalty, batch), rel=1e-4)


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_gradients_equal_finite_differences(penalty):
    network = Smooth()
    gradients = torch.autograd.grad(penalty(judged(network)), [*network.parameters()])
    step = 1e-5
    for parameter, gradient in zip(network.parameters(), gradients, strict=True):
        flat, slope = parameter.data.view(-1), gradient.view(-1)
        for place in range(0, len(flat), 5):
            sides = []
            for sign in (1, -1):
                flat[place] += sign * step
                sides.append(penalty(judged(network)).item())
                flat[place] -= sign * step
            wanted = (sides[0] - sides[1]) / (2 * step)
            assert slope[place].item() == pytest.approx(wanted, rel=1e-3, abs=1e-5)


def test_zero_centred_penalties_are_lazy():
    penalty = R1(gamma=1.0, interval=4)
    assert [penalty.due(step) for step in range(5)] == [True, False, False, False, True]
    assert not R1(gamma=0.0).due(0)
    assert GradientPenalty().due(3)
    assert not NoPenalty().due(0)


def test_a_weight_that_training_adapts_has_to_be_set_first():
    with pytest.raises(ValueError, match="gamma=None is a weight that the trainer has to"):
        R1()(judged(Smooth()))


def test_no_penalty_is_nothing():
    assert NoPenalty()(judged(Smooth())).item() == 0.0


def test_weights_are_clipped():
    network = MLPDiscriminator(5, hidden_dim=16)
    WeightClipping(limit=0.02).after_descent(network)
    largest = max(parameter.abs().max().item() for parameter in network.parameters())
    assert largest == pytest.approx(0.02)


def test_gradients_are_clipped():
    network = MLPDiscriminator(5, hidden_dim=16)
    (1e4 * network(torch.ones(2, 5)).sum()).backward()
    before = network.outlet.bias.grad.clone()
    GradientClipping(limit=0.5).before_descent(network)
    gradients = [parameter.grad for parameter in network.parameters()]
    assert before.abs().max() > 0.5
    assert max(gradient.abs().max().item() for gradient in gradients) == 0.5


def test_spectral_normalisation_makes_every_layer_lipschitz():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = MLPDiscriminator(5, hidden_dim=16)
        with torch.no_grad():
            network.outlet.weight.mul_(100)
        SpectralNormalization().prepare(network)
        for _ in range(50):  # a power iteration each
            network(torch.ones(2, 5))
    for layer in (*network.layers[::2], network.outlet):
        norm = torch.linalg.matrix_norm(layer.weight.detach(), ord=2).item()
        assert norm == pytest.approx(1, abs=1e-2)
