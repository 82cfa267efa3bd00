"""Networks for images: what gradients see, what a penalty turns off, dropout."""

import pytest
import torch

from tabgan.generators.diffusion import Preconditioned
from tabgan.generators.latents import draw_latents
from tabgan.images.image_networks import (
    ARCHITECTURES,
    ConvDiscriminator,
    ConvGenerator,
    Dropout,
    ImageSize,
    PixelMoments,
    PlainDiscriminator,
    PlainGenerator,
    UNetDenoiser,
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


def denoiser(guidance: float = 0.0) -> UNetDenoiser:
    torch.manual_seed(0)
    network = UNetDenoiser(
        ImageSize(1, 8, 8, n_classes=3),
        Preconditioned(4),
        width=4,
        pixels=PixelMoments(-0.7, 0.6),
        guidance=guidance,
    )
    last = network.unet.outlet[1]
    torch.nn.init.normal_(last.weight, generator=torch.Generator().manual_seed(1))
    return network


def test_guidance_goes_beyond_the_estimate_given_the_label():
    plain, guided = denoiser(), denoiser(guidance=2.0)
    x, labels, alpha = torch.randn(5, 64), torch.eye(3)[[0, 1, 2, 0, 1]], torch.full((5, 1), 0.7)
    own, any_class = plain(x, labels, alpha), plain(x, torch.zeros(5, 3), alpha)
    assert torch.equal(plain.estimate(x, labels, alpha), own)
    assert torch.allclose(guided.estimate(x, labels, alpha), own + 2 * (own - any_class), atol=1e-5)
    assert not torch.allclose(own, any_class, atol=1e-3)
    assert (plain.evaluations, guided.evaluations) == (4, 8)


def test_a_share_of_the_training_images_is_shown_without_a_label(monkeypatch):
    network, seen = denoiser(), []
    forward = UNetDenoiser.forward
    monkeypatch.setattr(
        UNetDenoiser, "forward", lambda self, x, y, a: seen.append(y) or forward(self, x, y, a)
    )
    labels = torch.eye(3)[torch.arange(600) % 3]
    network.losses(torch.zeros(600, 64), labels, torch.Generator().manual_seed(0))
    hidden = seen[0].sum(dim=1) == 0
    assert 0.05 < hidden.float().mean() < 0.15
    assert torch.equal(seen[0][~hidden], labels[~hidden])


def test_a_network_that_has_learned_nothing_draws_around_the_mean_of_the_pixels():
    network, labels = denoiser(), torch.eye(3)[torch.arange(150) % 3]
    torch.nn.init.zeros_(network.unet.outlet[1].weight)
    drawn = network.draw(network.latents(150, stream()), labels, stream())
    assert drawn.mean().item() == pytest.approx(-0.7, abs=0.05)
    assert drawn.std().item() == pytest.approx(0.6, rel=0.3)
    flat = torch.full((150, 64), -0.7)
    at_mean, off = (network.losses(x, labels, stream()) for x in (flat, flat + 0.7))
    assert at_mean["denoising_loss"] < off["denoising_loss"]
