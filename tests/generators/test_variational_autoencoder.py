import copy
import math

import pytest
import torch
from torch.distributions import Bernoulli, Categorical, Normal
from torch.distributions import kl_divergence as torch_kl

from tabgan.base.errors import OptionError
from tabgan.base.row_layout import RowLayout
from tabgan.generators.optimizers import Adam, MovingAverage
from tabgan.generators.variational_autoencoder import (
    AutoencoderOptions,
    Posterior,
    VariationalAutoencoder,
    kl_divergence,
)

LAYOUT = RowLayout((None, 1), (3, 2))


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rows(n: int) -> torch.Tensor:
    levels = [torch.eye(w)[torch.randint(w, (n,), generator=stream(w))] for w in (3, 2)]
    return torch.cat([torch.randn(n, 2, generator=stream()), *levels], dim=1)


OPTIONS = {
    "free": AutoencoderOptions(),
    "labelled": AutoencoderOptions(),
    "denoising": AutoencoderOptions(input_noise=0.5),
    "three pairs": AutoencoderOptions(pairs=3),
    "VAE-GAN": AutoencoderOptions(reconstruction="discriminator"),
    "labelled VAE-GAN of two pairs": AutoencoderOptions(pairs=2, reconstruction="discriminator"),
}


@pytest.fixture(params=OPTIONS)
def vae(request) -> VariationalAutoencoder:
    torch.manual_seed(0)
    labels = (3,) if request.param.startswith("labelled") else ()
    return VariationalAutoencoder(
        LAYOUT, 4, hidden_dim=8, labels=labels, options=OPTIONS[request.param]
    )


def labels_of(vae: VariationalAutoencoder, n: int) -> torch.Tensor | None:
    return torch.eye(3)[torch.arange(n) % 3] if vae.embedding is not None else None


def test_the_divergence_is_that_of_normal_distributions():
    mean = torch.randn(50, 3, generator=stream())
    log_variance = torch.randn(50, 3, generator=stream(1))
    expected = torch_kl(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(dim=1)
    assert torch.allclose(kl_divergence(Posterior(mean, log_variance)), expected, atol=1e-5)
    assert kl_divergence(Posterior(torch.zeros(1, 3), torch.zeros(1, 3))).item() == 0


def test_the_divergence_is_the_mean_of_log_ratios():
    posterior = Posterior(torch.tensor([[0.5]]), torch.tensor([[-1.0]]))
    many = Posterior(posterior.mean.expand(200_000, 1), posterior.log_variance.expand(200_000, 1))
    z = many.draw(stream())
    own = Normal(0.5, math.exp(-0.5)).log_prob(z) - Normal(0.0, 1.0).log_prob(z)
    assert own.mean().item() == pytest.approx(kl_divergence(posterior).item(), abs=0.01)


def test_the_surprise_is_the_distributions_own(vae):
    x, decoded = rows(20), torch.randn(20, LAYOUT.width, generator=stream(3))
    normal = -Normal(decoded[:, :2], vae.log_deviation.exp()).log_prob(x[:, :2])
    normal[:, 1] *= x[:, 5]  # its mark says that it is absent
    three = -Categorical(logits=decoded[:, 2:5]).log_prob(x[:, 2:5].argmax(dim=1))
    two = -Categorical(logits=decoded[:, 5:]).log_prob(x[:, 5:].argmax(dim=1))
    assert torch.allclose(vae.surprise(x, decoded), normal.sum(dim=1) + three + two, atol=1e-4)


def test_pixels_are_shares():
    layout = RowLayout((None, None))
    vae = VariationalAutoencoder(layout, 2, hidden_dim=4, likelihood="bernoulli")
    x, decoded = torch.tensor([[0.0, 1.0]]), torch.tensor([[0.3, -1.0]])
    expected = -Bernoulli(logits=decoded).log_prob(x).sum()
    assert vae.surprise(x, decoded).item() == pytest.approx(expected.item())
    z = vae.latents(5, stream())
    assert torch.equal(vae.draw(z, None, stream(1)), vae.draw(z, None, stream(2)))


def test_every_weight_gets_a_finite_gradient(vae):
    parts = vae.losses(rows(64), labels_of(vae, 64), stream())
    assert parts.keys() >= {"reconstruction_loss", "kl_loss"}
    assert ("discriminator_loss" in parts) == (vae.discriminator is not None)
    sum(parts.values()).backward()
    for name, weight in vae.named_parameters():
        if name == "log_deviation" and vae.discriminator is not None:
            continue
        assert weight.grad is not None, name
        assert torch.isfinite(weight.grad).all()
        assert weight.grad.abs().sum() > 0, name


def test_beta_weighs_the_divergence():
    torch.manual_seed(0)
    vae = VariationalAutoencoder(LAYOUT, 4, hidden_dim=8, options=AutoencoderOptions(beta=3.0))
    x = rows(30)
    parts = vae.losses(x, None, stream())
    expected = 3 * kl_divergence(vae.encode(x)).mean()
    assert parts["kl_loss"].item() == pytest.approx(expected.item())


def test_rows_depend_on_latents_labels_and_the_stream_alone(vae):
    z, labels = vae.latents(9, stream()), labels_of(vae, 9)
    one, other = (vae.draw(z, labels, stream(1)) for _ in range(2))
    assert one.shape == (9, LAYOUT.width)
    assert torch.equal(one, other)
    noisy = vae.draw(z, labels, stream(2))
    pairs, gan = vae.options.pairs, vae.discriminator is not None
    assert torch.equal(one[:, :2], noisy[:, :2]) == (gan and pairs == 1)  # the numbers' own noise
    assert torch.equal(one[:, 2:], noisy[:, 2:]) == (pairs == 1)
    if labels is not None:
        assert not torch.equal(one, vae.draw(z, labels.roll(1, dims=0), stream(1)))


def test_the_network_is_rebuilt_from_its_sizes(vae):
    widths = [] if vae.embedding is None else [3]
    with torch.device("meta"):
        again = VariationalAutoencoder.of_sizes(vae.sizes(), LAYOUT, widths)
    again.load_state_dict(copy.deepcopy(vae.state_dict()), assign=True)
    z, labels = vae.latents(4, stream()), labels_of(vae, 4)
    assert torch.equal(again.draw(z, labels, stream()), vae.draw(z, labels, stream()))
    x = rows(4)
    error = vae.reconstruction_error(x, labels)
    assert torch.equal(again.reconstruction_error(x, labels), error)


@pytest.mark.parametrize("wrong", [{"latent_dim": 0}, {"hidden_dim": -1}, {"likelihood": "no"}])
def test_sizes_that_no_autoencoder_has(wrong):
    sizes = {"hidden_dim": 4, "latent_dim": 2, "likelihood": "normal"}
    with pytest.raises(ValueError, match="sizes that no autoencoder has"):
        VariationalAutoencoder.of_sizes(sizes | wrong, LAYOUT, [])


def test_a_mixture_is_recovered_and_what_lies_between_is_unusual():
    torch.manual_seed(0)
    layout = RowLayout((None, None), (2,))
    vae = VariationalAutoencoder(layout, 2, hidden_dim=32)
    optimizer = Adam(0.9, 0.999).make(vae.parameters(), 4e-3)
    averaged, draws = MovingAverage(vae), stream()
    for _ in range(300):
        first = torch.rand(128, generator=draws) < 0.3
        center = torch.where(first, 1.0, -1.0)[:, None] * torch.tensor([1.0, -1.0])
        x = center + 0.2 * torch.randn(128, 2, generator=draws)
        x = torch.cat([x, first[:, None].float(), ~first[:, None]], dim=1)
        optimizer.zero_grad()
        torch.stack([*vae.losses(x, None, draws).values()]).sum().backward()
        optimizer.step()
        averaged.update()
    network = averaged.network
    drawn = network.draw(network.latents(2000, draws), None, draws)
    first = drawn[:, 0] > 0
    assert first.float().mean() == pytest.approx(0.3, abs=0.1)
    assert ((drawn[:, 1] < 0) == first).float().mean() > 0.95
    assert ((drawn[:, 2] > drawn[:, 3]) == first).float().mean() > 0.95
    usual = network.reconstruction_error(x)
    odd = torch.tensor([[1.0, 1.0, 1.0, 0.0], [-1.0, 1.0, 1.0, 0.0]])
    assert network.reconstruction_error(odd).min() > usual.quantile(0.95)


def test_the_divergence_from_another_normal_distribution():
    parts = [torch.randn(50, 3, generator=stream(i)) for i in range(4)]
    posterior, prior = Posterior(*parts[:2]), Posterior(*parts[2:])
    own, other = (Normal(mean, (log / 2).exp()) for mean, log in (posterior, prior))
    expected = torch_kl(own, other).sum(dim=1)
    assert torch.allclose(kl_divergence(posterior, prior), expected, rtol=1e-4)


def test_the_discriminator_learns_from_its_own_loss_alone():
    torch.manual_seed(0)
    options = AutoencoderOptions(reconstruction="discriminator")
    vae = VariationalAutoencoder(LAYOUT, 4, hidden_dim=8, options=options)
    weights = [*vae.discriminator.parameters()]
    for name, part in vae.losses(rows(20), None, stream()).items():
        grads = torch.autograd.grad(part, weights, retain_graph=True, allow_unused=True)
        assert all(grad is None for grad in grads) == (name != "discriminator_loss"), name
        others = [*vae.decoder.parameters()]
        grads = torch.autograd.grad(part, others, retain_graph=True, allow_unused=True)
        assert all(grad is None for grad in grads) == (name in ("discriminator_loss", "kl_loss"))


def test_a_denoising_autoencoder_takes_noise_away():
    """The rows lie on a line; the reconstruction of noisy ones is nearer to it than they are."""
    options = AutoencoderOptions(beta=0.0, input_noise=0.5)
    torch.manual_seed(0)
    vae = VariationalAutoencoder(RowLayout((None,) * 8), 1, hidden_dim=16, options=options)
    optimizer, noise = Adam(0.9, 0.999).make(vae.parameters(), 5e-3), stream()
    for _ in range(200):
        x = torch.randn(64, 1, generator=noise).expand(64, 8)
        optimizer.zero_grad()
        sum(vae.losses(x, None, noise).values()).backward()
        optimizer.step()
    x = torch.randn(500, 1, generator=noise).expand(500, 8)
    noisy = x + 0.5 * torch.randn(500, 8, generator=noise)
    again = vae(vae.encode(noisy).mean)
    assert (again - x).square().mean() < 0.5 * (noisy - x).square().mean()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beta": -1}, "beta=-1 must be a number from 0"),
        ({"input_noise": -1}, "input_noise=-1 must be a number from 0"),
        ({"pairs": 0}, "pairs=0 must be a whole number from 1"),
        ({"pairs": 99}, "pairs=99 must be at most 32"),
        ({"reconstruction": "discriminater"}, "did you mean 'discriminator'?"),
    ],
)
def test_options_that_no_autoencoder_has(options, message):
    with pytest.raises(OptionError, match=message):
        AutoencoderOptions.of(options)
