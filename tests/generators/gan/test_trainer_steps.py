"""Losses, penalties, steps, averaging and batches against values computed by hand."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from tabgan.base.row_layout import RowLayout
from tabgan.generators.gan.losses_and_penalties import R1, NonSaturating
from tabgan.generators.gan.table_networks import MLPDiscriminator, MLPGenerator
from tabgan.generators.gan.trainer import discriminator_step, frozen, generator_step
from tabgan.generators.generator_training import learning_rate_factor
from tabgan.generators.heads_and_batches import TableBatches, TableHead
from tabgan.generators.latents import choose_latent_dim
from tabgan.generators.optimizers import MovingAverage


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def networks():
    torch.manual_seed(0)
    return MLPGenerator(4, 6, hidden_dim=16), MLPDiscriminator(6, hidden_dim=16)


@pytest.mark.parametrize("penalty", [None, R1(gamma=1.0)])
def test_discriminator_step_leaves_the_generator_alone(networks, penalty):
    generator, discriminator = networks
    real, fake = torch.randn(8, 6), generator(torch.randn(8, 4))
    discriminator_step(discriminator, real, fake, NonSaturating(), penalty=penalty)[0].backward()
    assert all(p.grad is None for p in generator.parameters())
    assert all(p.grad.abs().sum() > 0 for p in list(discriminator.parameters())[:-1])


def test_generator_step_leaves_the_discriminator_alone(networks):
    generator, discriminator = networks
    real, fake = torch.randn(8, 6), generator(torch.randn(8, 4))
    with frozen(discriminator):
        loss = generator_step(discriminator, real, fake, NonSaturating())
    loss.backward()
    assert all(p.grad is None for p in discriminator.parameters())
    assert all(p.requires_grad for p in discriminator.parameters())
    assert all(p.grad.abs().sum() > 0 for p in generator.parameters())


def test_the_generator_starts_near_the_given_logits(networks):
    generator, _ = networks
    bias = torch.tensor([3.0, -2.0, 0.0, 1.0, 5.0, -4.0])
    generator.start_from(bias)
    assert (generator(torch.randn(500, 4)).mean(0) - bias).abs().max() < 0.5


def test_moving_average_equals_its_recursion():
    layer = nn.Linear(1, 1, bias=False)
    average = MovingAverage(layer, decay=0.3)
    expected = layer.weight.item()
    for t, value in enumerate([1.0, -2.0, 5.0], start=1):
        nn.init.constant_(layer.weight, value)
        average.update()
        decay = min(0.3, (1 + t) / (10 + t))
        expected = decay * expected + (1 - decay) * value
        assert average.network.weight.item() == pytest.approx(expected, rel=1e-6)


def test_batches_pass_over_every_row_once_an_epoch():
    spans = RowLayout((None,), (5,))
    codes = torch.arange(5).repeat(4)[:, None]
    low = torch.arange(20.0)[:, None] / 20
    batches = TableBatches(low, torch.full((20, 1), 0.05), codes, TableHead(spans), batch_size=8)
    generator = stream()
    rows = torch.cat([batches.draw(generator) for _ in range(5)])  # 40 rows: two epochs
    assert torch.equal(torch.floor(rows[:20, 0] * 20).sort().values, torch.arange(20.0))
    assert rows[:, 1:].sum(0).tolist() == [8.0] * 5
    assert torch.equal(torch.floor(rows[:, 0] * 20) % 5, rows[:, 1:].argmax(1).float())


def test_numbers_are_drawn_anew_from_their_bands():
    batches = TableBatches(
        torch.full((2, 1), 0.25),
        torch.full((2, 1), 0.5),
        torch.empty(2, 0),
        TableHead(RowLayout((None,))),
        2,
    )
    generator = stream()
    drawn = torch.cat([batches.draw(generator) for _ in range(2000)])
    assert 0.25 <= drawn.min() < 0.26
    assert 0.74 < drawn.max() <= 0.75
    assert drawn.mean().item() == pytest.approx(0.5, abs=0.01)


def test_learning_rate_falls_in_the_second_half_only():
    factors = [learning_rate_factor(step / 1000) for step in range(1001)]
    assert factors[:500] == [1.0] * 500
    assert all(a > b for a, b in pairwise(factors[501:]))
    assert factors[-1] == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("width", "rows", "columns", "dim", "words"),
    [
        (100, 50_000, 14, 200, "complex table"),
        (100, 1_999, 14, 100, "simple table"),
        (100, 50_000, 5, 100, "simple table"),
        (
            4,
            100,
            2,
            32,
            "z = d, with encoded width d = 4, raised to the minimum of 32",
        ),
        (12, 17_000, 11, 128, "z = 2·d, with encoded width d = 12, raised to the minimum of 128"),
        (900, 50_000, 60, 512, "limited to the maximum of 512"),
    ],
)
def test_latent_heuristics(width, rows, columns, dim, words):
    choice = choose_latent_dim(width, rows, columns)
    assert choice.dim == dim
    assert words in choice.reason
