"""Stabilisers against their formulas."""

import pytest
import torch
from torch import nn

from tabgan.generators.gan.losses_and_penalties import Minimax, Wasserstein
from tabgan.generators.gan.stabilizers import (
    ExperienceReplay,
    FeatureMatching,
    GeneratorBatch,
    HistoricalAveraging,
    InstanceNoise,
    LabelSmoothing,
    OneSidedSmoothing,
    Stabilizer,
)
from tabgan.generators.gan.table_networks import MLPDiscriminator


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_two_sided_smoothing_moves_both_targets():
    loss = LabelSmoothing(real=0.8, fake=0.2).on_discriminator_loss(Minimax(), 5, stream())
    assert loss == Minimax(real_label=0.8, fake_label=0.2)
    # At logits of log 4 and −log 4 the probabilities are the targets: the least loss there is.
    best = torch.tensor([4.0]).log()
    assert loss.discriminator(best, -best) < loss.discriminator(best + 1, -best - 1)


def test_one_sided_smoothing_draws_the_real_targets():
    loss = OneSidedSmoothing().on_discriminator_loss(Minimax(), 1000, stream())
    assert loss.fake_label == 0.0
    assert loss.real_label.shape == (1000,)
    assert 0.9 <= loss.real_label.min() < 0.91
    assert 0.99 < loss.real_label.max() <= 1.0


def test_a_critic_has_no_labels_to_smooth():
    with pytest.raises(TypeError, match="Wasserstein has no labels that could be smoothed"):
        LabelSmoothing().on_discriminator_loss(Wasserstein(), 5, stream())


def test_instance_noise_decays_with_the_epochs():
    noise, rows = InstanceNoise(std=0.5, decay=0.5), torch.zeros(2000, 4)
    spreads = [
        noise.on_discriminator_input(rows, epoch, stream()).std().item() for epoch in (0, 1, 3)
    ]
    assert spreads == pytest.approx([0.5, 0.25, 0.0625], rel=0.05)
    shown = noise.on_discriminator_input(rows.requires_grad_(), 0, stream())
    assert shown.requires_grad, "the generator learns through the noise"


def test_half_of_the_replayed_rows_are_past_ones():
    replay = ExperienceReplay(capacity=25)
    batches = [torch.full((10, 2), float(i)) for i in range(6)]
    assert torch.equal(replay.on_fake_batch(batches[0], stream()), batches[0])
    for i, batch in enumerate(batches[1:], start=1):
        mixed = replay.on_fake_batch(batch, stream(i))
        assert (mixed[:5] == i).all()
        assert (mixed[5:] < i).all()
        assert len(replay.state_dict()["past"]) == min(10 * (i + 1), 25)
    assert 5.0 in replay.state_dict()["past"], "new rows take the places of old ones"


def test_feature_matching_compares_the_means_of_the_hidden_layer():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        discriminator = MLPDiscriminator(3, hidden_dim=8)
    real, fake = torch.randn(20, 3, generator=stream()), torch.randn(30, 3, generator=stream(1))
    played = GeneratorBatch(nn.Identity(), discriminator, real, fake)
    value = FeatureMatching(weight=2.0, adversarial=0.5).on_generator_loss(
        torch.tensor(3.0), played
    )
    gap = discriminator.layers(real).mean(0) - discriminator.layers(fake).mean(0)
    assert value.item() == pytest.approx(2.0 * gap.square().mean().item() + 1.5, rel=1e-4)
    assert (
        FeatureMatching().on_generator_loss(torch.tensor(3.0), played._replace(fake=real)).item()
        < 1e-10
    )


def test_historical_averaging_pulls_towards_the_mean_of_all_weights():
    layer = nn.Linear(1, 1, bias=False)
    averaging = HistoricalAveraging(weight=0.1)
    played = GeneratorBatch(layer, MLPDiscriminator(1), torch.zeros(1, 1), torch.zeros(1, 1))
    assert averaging.on_generator_penalty(torch.tensor(2.0), played).item() == 2.0, (
        "nothing is past yet"
    )
    for value in (1.0, 2.0, 6.0):
        nn.init.constant_(layer.weight, value)
        averaging.after_descent(layer)
    loss = averaging.on_generator_penalty(torch.tensor(2.0), played)
    assert loss.item() == pytest.approx(2.0 + 0.1 * (6 - 3) ** 2)
    loss.backward()
    assert layer.weight.grad.item() == pytest.approx(2 * 0.1 * (6 - 3))


def test_the_base_does_nothing():
    base, rows = Stabilizer(), torch.zeros(2, 2)
    assert base.on_discriminator_input(rows, 1.0, stream()) is rows
    assert base.on_fake_batch(rows, stream()) is rows
    assert base.on_discriminator_loss(Wasserstein(), 2, stream()) == Wasserstein()
    assert base.state_dict() == {}
