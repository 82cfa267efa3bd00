"""Losses against values computed by hand: a table of logits, and formulas in plain Python."""

import math

import pytest
import torch

from tabgan.generators.gan.losses import LOSSES, NonSaturating, Relativistic

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
