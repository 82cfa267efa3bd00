"""Losses against values computed by hand: a table of logits, and formulas in plain Python."""

import math

import pytest
import torch
from torch import Tensor, nn

from tabgan.generators.gan.losses_and_penalties import (
    LOSSES,
    R1,
    R1R2,
    R2,
    DiscriminatorBatch,
    GradientClipping,
    GradientPenalty,
    NonSaturating,
    NoPenalty,
    Relativistic,
    SpectralNormalization,
    WeightClipping,
)
from tabgan.generators.gan.table_networks import MLPDiscriminator

REAL, FAKE = [2.0, -1.0], [0.5, -3.0]


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def log_of(values: list[float]) -> float:
    """Return the mean of −log of probabilities."""
    return sum(-math.log(value) for value in values) / len(values)


def plain(name: str) -> tuple[float, float]:
    """Compute both losses from the formulas in the papers, on probabilities."""
    pairs = [real - fake for real, fake in zip(REAL, FAKE, strict=True)]
    cross_entropy = log_of([sigmoid(x) for x in REAL]) + log_of([1 - sigmoid(x) for x in FAKE])
    return {
        "minimax": (cross_entropy, -log_of([1 - sigmoid(x) for x in FAKE])),
        "non_saturating": (cross_entropy, log_of([sigmoid(x) for x in FAKE])),
        "wasserstein": (sum(FAKE) / 2 - sum(REAL) / 2, -sum(FAKE) / 2),
        "hinge": (
            sum(max(0, 1 - x) for x in REAL) / 2 + sum(max(0, 1 + x) for x in FAKE) / 2,
            -sum(FAKE) / 2,
        ),
        "relativistic": (
            log_of([sigmoid(x) for x in pairs]),
            log_of([sigmoid(-x) for x in pairs]),
        ),
    }[name]


# The discriminator's and the generator's loss on the logits above, worked out on paper.
TABLE = {
    "minimax": (1.2314, -0.5113),
    "non_saturating": (1.2314, 1.7613),
    "wasserstein": (-1.75, 1.25),
    "hinge": (1.75, 1.25),
    "relativistic": (0.1642, 1.9142),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_equal_the_table_and_their_formulas(name):
    loss = LOSSES[name]()
    real, fake = torch.tensor(REAL), torch.tensor(FAKE)
    values = loss.discriminator(real, fake).item(), loss.generator(real, fake).item()
    assert values == pytest.approx(TABLE[name], abs=1e-4)
    assert values == pytest.approx(plain(name), rel=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_stay_finite_at_great_logits(name):
    loss = LOSSES[name]()
    far = torch.tensor([-1e4, 1e4], requires_grad=True)
    for value in (loss.discriminator(far, far.flip(0)), loss.generator(far, far.flip(0))):
        (gradient,) = torch.autograd.grad(value, far)
        assert math.isfinite(value.item())
        assert torch.isfinite(gradient).all()


def test_labels_are_the_targets_of_the_cross_entropy():
    loss = NonSaturating(real_label=0.9, fake_label=torch.tensor([0.1, 0.3]))
    value = loss.discriminator(torch.tensor(REAL), torch.tensor(FAKE)).item()
    wanted = sum(
        -label * math.log(sigmoid(x)) - (1 - label) * math.log(1 - sigmoid(x))
        for x, label in [*zip(REAL, [0.9, 0.9], strict=True), *zip(FAKE, [0.1, 0.3], strict=True)]
    )
    assert value == pytest.approx(wanted / 2, rel=1e-5)


def test_the_relativistic_loss_wants_real_rows():
    with pytest.raises(ValueError, match="compares fake rows with real ones; give both"):
        Relativistic().generator(None, torch.zeros(2))


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
