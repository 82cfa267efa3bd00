"""Networks for images: what gradients see, what a penalty turns off, dropout."""

import pytest
import torch

from tabgan.generators.latents import draw_latents
from tabgan.images.image_networks import (
    ARCHITECTURES,
    ConvDiscriminator,
    ConvGenerator,
    Dropout,
    ImageSize,
    PlainDiscriminator,
    PlainGenerator,
)

SIZE = ImageSize(1, 8, 8, 10)


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    "discriminator",
    [
        PlainDiscriminator(SIZE, widths=(16,), embedding_dim=4, noise=stream(), dropout=0.0),
        ConvDiscriminator(SIZE, width=4, batch_norm=False),
    ],
)
def test_a_gradient_penalty_does_not_see_the_labels(discriminator):
    labels = torch.eye(10)[torch.arange(6) % 10]
    features = torch.cat([torch.rand(6, 64, generator=stream()), labels], dim=1).requires_grad_()
    logits = discriminator(features)
    (gradient,) = torch.autograd.grad(logits.sum(), features)
    assert gradient[:, :64].abs().sum() > 0
    assert (gradient[:, 64:] == 0).all()
    others = torch.cat([features[:, :64], labels.roll(1, dims=1)], dim=1)
    assert not torch.allclose(discriminator(others), logits), "but labels count"


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_a_penalty_keeps_smooth_has_neither_dropout_nor_batch_norm(name):
    for smooth in (True, False):
        network = ARCHITECTURES[name].discriminator(
            ImageSize(1, 28, 28, 10), 0.1, stream(), smooth=smooth
        )
        kinds = {type(module).__name__ for module in network.modules()}
        assert bool(kinds & {"Dropout", "BatchNorm2d"}) is not smooth
        assert network.judges_batches is (name == "dcgan" and not smooth)


def test_dropout_comes_from_its_stream_and_keeps_the_mean():
    dropout, x = Dropout(0.3, stream(1)), torch.ones(200, 100)
    before = torch.get_rng_state()
    dropped = dropout(x)
    assert torch.equal(torch.get_rng_state(), before)
    assert (dropped == 0).float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert dropped.mean().item() == pytest.approx(1, abs=0.02)
    assert torch.equal(Dropout(0.3, stream(1))(x), dropped)
    assert dropout.eval()(x) is x


@pytest.mark.parametrize(("height", "width", "side"), [(28, 28, 32), (32, 32, 32), (8, 5, 8)])
def test_convolutions_cover_any_size(height, width, side):
    size = ImageSize(3, height, width, 2)
    generator = ConvGenerator(6, size, width=2, embedding_dim=4)
    discriminator = ConvDiscriminator(size, width=2)
    labels = torch.eye(2).repeat(2, 1)
    pixels = generator(draw_latents(4, 6, stream()), labels)
    assert pixels.shape == (4, 3 * height * width)
    assert discriminator.side == side
    assert discriminator(torch.cat([pixels, labels], dim=1)).shape == (4,)


def test_rows_of_a_plain_generator_depend_on_the_batch_in_training_alone():
    generator = PlainGenerator(4, SIZE, widths=(8,), embedding_dim=2)
    z, labels = draw_latents(6, 4, stream()), torch.eye(10)[:6]
    assert not torch.allclose(generator(z, labels)[:3], generator(z[:3], labels[:3]))
    generator.eval()
    assert torch.allclose(generator(z, labels)[:3], generator(z[:3], labels[:3]), atol=1e-6)
