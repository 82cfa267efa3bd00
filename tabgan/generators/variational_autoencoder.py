"""`VariationalAutoencoder`: the networks P(z|x, y) and P(x|z, y), and the ELBO that trains them.

After Kingma & Welling (2014, arXiv:1312.6114). Labels are a further input of both networks
(conditional VAE, Sohn et al., 2015). Options add further pairs of networks, one above the other
(hierarchical VAE), or a discriminator whose features measure the reconstruction (VAE-GAN).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, NamedTuple, Self, get_args

import torch
from torch import Tensor, nn

from tabgan.base.errors import OptionError, did_you_mean
from tabgan.base.option_checks import check_number
from tabgan.base.row_layout import RowLayout
from tabgan.generators.gan.losses_and_penalties import R1, DiscriminatorBatch, NonSaturating
from tabgan.generators.gan.table_networks import (
    LabelEmbedding,
    MLPDiscriminator,
    MLPGenerator,
    ResidualBlock,
    linear,
)
from tabgan.generators.gan.trainer import frozen
from tabgan.generators.heads_and_batches import span_log_softmax
from tabgan.generators.network_training import LearnedGenerator

__all__ = ["AutoencoderOptions", "Posterior", "VariationalAutoencoder", "kl_divergence"]

Likelihood = Literal["normal", "bernoulli"]
"""What the decoder's numbers are: normal with a learned deviation each, or shares from 0 to 1."""

# Small at the start: beginning with 1, latents are given up before the decoder uses them (on a
# line with noise .1 the loss stayed at 4.1 nats after 400 steps, and reached 2.7 with this).
START_LOG_DEVIATION = -2.0
LEAST_LOG_DEVIATION = -5.0  # of a number that others determine, for the loss to have a bound
N_BLOCKS = 2
MOST_PAIRS = 32
SMOOTH = R1(gamma=1.0, interval=1)  # without it the discriminator of digits won outright

Reconstruction = Literal["likelihood", "discriminator"]


@dataclass(frozen=True)
class AutoencoderOptions:
    """The options of an autoencoder.

    Parameters
    ----------
    beta
        Weight of the KL divergence; 1 gives the ELBO, 0 an autoencoder.
    input_noise
        Deviation of Gaussian noise on what the encoder sees in training, while the decoder is to
        give the row without it: a denoising autoencoder.
    pairs
        Pairs K of networks: above the pair between rows and latents there are K − 1 between latents
        of one size.
    reconstruction
        "likelihood", or "discriminator": the squared distance in the last hidden layer of a
        discriminator, which is trained with it and which the decoder also has to deceive.
    """

    beta: float = 1.0
    input_noise: float = 0.0
    pairs: int = 1
    reconstruction: Reconstruction = "likelihood"

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Check an estimator's options; those that it does not have are the usual ones.

        Raises
        ------
        OptionError
            If one has a value that it can't have.
        """
        own = {field.name: options.get(field.name, field.default) for field in fields(cls)}
        check_number("beta", own["beta"], Real, 0)
        check_number("input_noise", own["input_noise"], Real, 0)
        check_number("pairs", own["pairs"], Integral, 1)
        if own["pairs"] > MOST_PAIRS:
            raise OptionError(f"pairs={own['pairs']} must be at most {MOST_PAIRS}")
        if own["reconstruction"] not in get_args(Reconstruction):
            hint = did_you_mean(str(own["reconstruction"]), get_args(Reconstruction))
            raise OptionError(f"reconstruction={own['reconstruction']!r:.80} is not known; {hint}")
        beta, noise = float(own["beta"]), float(own["input_noise"])
        return cls(beta, noise, int(own["pairs"]), own["reconstruction"])


class Posterior(NamedTuple):
    """A normal distribution of the latents of each row, shape (rows, latent_dim) each."""

    mean: Tensor
    log_variance: Tensor

    @classmethod
    def of(cls, output: Tensor) -> Self:
        """Split a network's output, shape (rows, 2·latent_dim)."""
        mean, log_variance = output.float().chunk(2, dim=1)
        return cls(mean, log_variance.clamp(-20, 20))

    def draw(self, stream: torch.Generator) -> Tensor:
        """Draw z = μ + σ·ε, through which the gradient flows."""
        noise = torch.randn(self.mean.shape, generator=stream, device=self.mean.device)
        return torch.addcmul(self.mean, (self.log_variance / 2).exp(), noise)


def kl_divergence(posterior: Posterior, prior: Posterior | None = None) -> Tensor:
    """Return KL(N(μ, σ²) ‖ N(m, s²)) of each row, shape (rows,).

    It is ½·Σ(μ² + σ² − 1 − ln σ²) for N(0, 1), of unit s around the difference of the means else.

    Parameters
    ----------
    posterior
        N(μ, σ²).
    prior
        N(m, s²); None for N(0, 1).

    Examples
    --------
    >>> kl_divergence(Posterior(torch.tensor([[0.0, 1.0]]), torch.zeros(1, 2)))
    tensor([0.5000])
    """
    mean, log_variance = posterior
    if prior is not None:
        mean = (mean - prior.mean) * (-prior.log_variance / 2).exp()
        log_variance = log_variance - prior.log_variance
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2


class VariationalAutoencoder(LearnedGenerator):
    """An encoder, a decoder, and their loss: reconstruction and β·KL, the ELBO's negative.

    Numbers are normal around the decoder's output, with one learned deviation each (absent numbers
    do not count), or shares between 0 and 1 as those of pixels; levels are a softmax.

    **Shape**: z (batch, latent_dim), one-hot labels (batch, sum of their widths) → (batch, width)

    Parameters
    ----------
    layout
        Layout of a row.
    latent_dim
        Size of the latent z.
    hidden_dim
        Width of the hidden layers.
    labels
        Number of levels of each label; their embedding is concatenated to both networks' input.
    likelihood
        "normal" or "bernoulli".
    options
        The loss, and the pairs of networks.

    Examples
    --------
    >>> vae = VariationalAutoencoder(RowLayout((None,), (3,)), latent_dim=2, hidden_dim=8)
    >>> vae(torch.zeros(5, 2)).shape, vae.encode(torch.zeros(5, 4)).mean.shape
    (torch.Size([5, 4]), torch.Size([5, 2]))
    """

    kind: ClassVar[str] = "vae"

    def __init__(
        self,
        layout: RowLayout,
        latent_dim: int,
        *,
        hidden_dim: int = 256,
        labels: Sequence[int] = (),
        likelihood: Likelihood = "normal",
        options: AutoencoderOptions = AutoencoderOptions(),
    ) -> None:
        super().__init__(latent_dim)
        self.layout, self.options = layout, options
        self.likelihood: Likelihood = likelihood
        self.embedding = LabelEmbedding(labels) if labels else None
        label_dim = self.embedding.dim if self.embedding else 0
        self.encoder = nn.Sequential(
            linear(layout.width + label_dim, hidden_dim),
            *(ResidualBlock(hidden_dim) for _ in range(N_BLOCKS)),
            nn.SiLU(),
            nn.Linear(hidden_dim, 2 * latent_dim),
        )
        self.decoder = MLPGenerator(
            latent_dim, layout.width, hidden_dim=hidden_dim, n_blocks=N_BLOCKS, labels=labels
        )
        self.log_deviation = nn.Parameter(torch.full((layout.n_numbers,), START_LOG_DEVIATION))
        above = range(options.pairs - 1)
        self.upward = nn.ModuleList(_between_latents(latent_dim, hidden_dim) for _ in above)
        self.downward = nn.ModuleList(_between_latents(latent_dim, hidden_dim) for _ in above)
        self.discriminator = None
        if options.reconstruction == "discriminator":
            width = layout.width + sum(labels)
            self.discriminator = MLPDiscriminator(
                width,
                hidden_dim=hidden_dim,
                n_layers=2,
                labels=labels,
                label_places=range(layout.width, width) if labels else (),
            )

    def encode(self, rows: Tensor, labels: Tensor | None = None) -> Posterior:
        """Return P(z|x) of rows of data; z are the latents that the decoder takes."""
        if self.embedding is not None:
            rows = torch.cat([rows, self.embedding(labels)], dim=1)
        return Posterior.of(self.encoder(rows))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents to the means of numbers, or their logits, and to the logits of levels."""
        return self.decoder(z, labels).float()  # type: ignore[no-any-return]

    def surprise(self, rows: Tensor, decoded: Tensor) -> Tensor:
        """Return −ln P(x|z) of each row, shape (batch,).

        Parameters
        ----------
        rows
            The data.
        decoded
            What the decoder made of z.
        """
        n = self.layout.n_numbers
        numbers, levels = rows[:, :n], rows[:, n:]
        if self.likelihood == "bernoulli":
            cost = nn.functional.binary_cross_entropy_with_logits(
                decoded[:, :n], numbers, reduction="none"
            )
        else:
            scale = self.log_deviation.clamp_min(LEAST_LOG_DEVIATION)
            errors = (numbers - decoded[:, :n]) * (-scale).exp()
            cost = (errors.square() + math.log(2 * math.pi)) / 2 + scale
        marks = [(i, mark) for i, mark in enumerate(self.layout.marks) if mark is not None]
        if marks:
            shown = torch.ones_like(cost)
            present = [self.layout.offsets[mark] for _, mark in marks]
            shown[:, [i for i, _ in marks]] = levels[:, present]
            cost = cost * shown
        levels_cost = -(levels * span_log_softmax(decoded[:, n:], self.layout)).sum(dim=1)
        return cost.sum(dim=1) + levels_cost

    def losses(
        self, rows: Tensor, labels: Tensor | None, stream: torch.Generator
    ) -> dict[str, Tensor]:
        """Return −E ln P(x|z) with z ~ P(z|x), and β·KL(P(z|x) ‖ N(0, I)): means over a batch.

        With several pairs the divergence is that of each P(z_k|z_{k−1}) from P(z_k|z_{k+1}), and of
        the last from N(0, I). With a discriminator the reconstruction is measured in its features,
        and there are its own loss and the one that the decoder has by it.
        """
        shown = rows
        if self.options.input_noise:
            noise = torch.randn(rows.shape, generator=stream, device=rows.device)
            shown = torch.add(rows, noise, alpha=self.options.input_noise)
        posterior = self.encode(shown, labels)
        z = posterior.draw(stream)
        divergence = self.options.beta * self._divergence(posterior, z, stream).mean()
        decoded = self(z, labels)
        if self.discriminator is None:
            surprise = self.surprise(rows, decoded).mean()
            return {"reconstruction_loss": surprise, "kl_loss": divergence}
        parts = self._against(self.discriminator, rows, decoded, labels, stream)
        return {**parts, "kl_loss": divergence}

    def _divergence(self, posterior: Posterior, z: Tensor, stream: torch.Generator) -> Tensor:
        """Return the KL divergence of the latents of all pairs, shape (batch,)."""
        posteriors, latents = [posterior], [z]
        for network in self.upward:
            posteriors.append(Posterior.of(network(latents[-1])))
            latents.append(posteriors[-1].draw(stream))
        divergence = kl_divergence(posteriors[-1])
        for network, own, above in zip(self.downward, posteriors, latents[1:], strict=False):
            divergence = divergence + kl_divergence(own, Posterior.of(network(above)))
        return divergence

    def _against(
        self,
        discriminator: MLPDiscriminator,
        rows: Tensor,
        decoded: Tensor,
        labels: Tensor | None,
        stream: torch.Generator,
    ) -> dict[str, Tensor]:
        """Return the losses of a VAE-GAN (Larsen et al., 2016, arXiv:1512.09300, equation 10).

        One sum has all gradients in place: decoder and encoder learn through a discriminator whose
        weights are left out, which learns from rows that are cut from their graph.
        """

        def features(part: Tensor) -> Tensor:
            return part if labels is None else torch.cat([part, labels], dim=1)

        def hidden(part: Tensor) -> Tensor:
            # of deviation one, or the distance grows with the weights
            own = discriminator.hidden(part).float()
            return nn.functional.layer_norm(own, own.shape[1:])

        game, fresh = NonSaturating(), self(self.latents_of_rows(len(rows), stream), labels)
        again, drawn = features(self.shown(decoded)), features(self.shown(fresh))
        with frozen(discriminator):
            with torch.no_grad():
                wanted = hidden(features(rows))
            distance = (hidden(again) - wanted).square().sum(dim=1) / 2
            deceived = game.generator(None, discriminator(drawn).float())
        real = features(rows).detach().requires_grad_()
        fakes = torch.cat([again, drawn]).detach()
        logits, fake_logits = discriminator(real).float(), discriminator(fakes).float()
        told = game.discriminator(logits, fake_logits)
        judged = DiscriminatorBatch(discriminator, real, fakes, logits, fake_logits, stream)
        return {
            "reconstruction_loss": distance.mean(),
            "generator_loss": deceived,
            "discriminator_loss": told + SMOOTH(judged),
        }

    def shown(self, decoded: Tensor) -> Tensor:
        """Turn what the decoder gives into the best estimate of a row: means and chances."""
        n = self.layout.n_numbers
        numbers = decoded[:, :n]
        if self.likelihood == "bernoulli":
            numbers = torch.sigmoid(numbers)
        return torch.cat([numbers, span_log_softmax(decoded[:, n:], self.layout).exp()], dim=1)

    def latents_of_rows(self, n: int, stream: torch.Generator) -> Tensor:
        """Draw the decoder's latents of n rows: normal ones, taken down through all pairs."""
        return self._downwards(self.latents(n, stream), stream)

    def _downwards(self, z: Tensor, stream: torch.Generator) -> Tensor:
        for network in reversed(self.downward):
            z = Posterior.of(network(z)).draw(stream)
        return z

    @torch.no_grad()
    def reconstruction_error(self, rows: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return −ln P(x|z) of each row at the mean z of its own P(z|x), shape (batch,)."""
        return self.surprise(rows, self(self.encode(rows, labels).mean, labels))

    @torch.no_grad()
    def draw(self, z: Tensor, labels: Tensor | None, stream: torch.Generator) -> Tensor:
        """Decode latents, and add the numbers' own noise where they are normal."""
        decoded = self.decoder.draw(self._downwards(z, stream), labels)
        if self.likelihood == "bernoulli" or self.discriminator is not None:
            return decoded
        n = self.layout.n_numbers
        noise = torch.randn(len(z), n, generator=stream, device=z.device)
        deviation = self.log_deviation.clamp_min(LEAST_LOG_DEVIATION).exp()
        return torch.cat([decoded[:, :n] + deviation * noise, decoded[:, n:]], dim=1)

    def sizes(self) -> dict[str, Any]:
        """Return the sizes of latent and hidden layers, and the kind of the numbers."""
        sizes = {
            "latent_dim": self.latent_dim,
            "hidden_dim": self.decoder.inlet.out_features,
            "likelihood": self.likelihood,
        }
        usual = AutoencoderOptions()
        changed = {"pairs": self.options.pairs, "reconstruction": self.options.reconstruction}
        return sizes | {k: v for k, v in changed.items() if v != getattr(usual, k)}

    @classmethod
    def of_sizes(cls, sizes: Mapping[str, Any], layout: RowLayout, labels: Sequence[int]) -> Self:
        """Make a network that has not been trained; see `RowGenerator.of_sizes`."""
        latent_dim, hidden_dim = int(sizes["latent_dim"]), int(sizes["hidden_dim"])
        likelihood = sizes["likelihood"]
        if min(latent_dim, hidden_dim) < 1 or likelihood not in get_args(Likelihood):
            raise ValueError("sizes that no autoencoder has")
        return cls(
            layout,
            latent_dim,
            hidden_dim=hidden_dim,
            labels=labels,
            likelihood=likelihood,
            options=AutoencoderOptions.of(sizes),
        )


def _between_latents(latent_dim: int, hidden_dim: int) -> nn.Module:
    return nn.Sequential(
        nn.Linear(latent_dim, hidden_dim),
        ResidualBlock(hidden_dim),
        nn.SiLU(),
        nn.Linear(hidden_dim, 2 * latent_dim),
    )
