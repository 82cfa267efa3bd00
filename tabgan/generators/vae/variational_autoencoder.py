"""`VariationalAutoencoder`: the networks P(z|x, y) and P(x|z, y), and the ELBO that trains them.

After Kingma & Welling (2014, arXiv:1312.6114); with labels both networks get them beside their
input (conditional VAE, Sohn et al., 2015).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, Self, get_args

import torch
from torch import Tensor, nn

from tabgan.base.row_layout import RowLayout
from tabgan.generators.gan.networks import LabelEmbedding, MLPGenerator, ResidualBlock, linear
from tabgan.generators.heads import span_log_softmax
from tabgan.generators.network_training import LearnedGenerator

__all__ = ["Posterior", "VariationalAutoencoder", "kl_divergence"]

Likelihood = Literal["normal", "bernoulli"]
"""What the decoder's numbers are: normal with a learned deviation each, or shares from 0 to 1."""

# Small at the start: beginning with 1, latents are given up before the decoder uses them (on a
# line with noise .1 the loss stayed at 4.1 nats after 400 steps, and reached 2.7 with this).
START_LOG_DEVIATION = -2.0
LEAST_LOG_DEVIATION = -5.0  # of a number that others determine, for the loss to have a bound
N_BLOCKS = 2


class Posterior(NamedTuple):
    """The normal distribution P(z|x) of each row, shape (rows, latent_dim) each."""

    mean: Tensor
    log_variance: Tensor

    def draw(self, stream: torch.Generator) -> Tensor:
        """Draw z = μ + σ·ε, through which the gradient flows."""
        noise = torch.randn(self.mean.shape, generator=stream, device=self.mean.device)
        return torch.addcmul(self.mean, (self.log_variance / 2).exp(), noise)


def kl_divergence(posterior: Posterior) -> Tensor:
    """Return KL(N(μ, σ²) ‖ N(0, 1)) = ½·Σ(μ² + σ² − 1 − ln σ²) of each row, shape (rows,).

    Examples
    --------
    >>> kl_divergence(Posterior(torch.tensor([[0.0, 1.0]]), torch.zeros(1, 2)))
    tensor([0.5000])
    """
    mean, log_variance = posterior
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
    beta
        Weight of the KL divergence; 1 gives the ELBO.
    likelihood
        "normal" or "bernoulli".

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
        beta: float = 1.0,
        likelihood: Likelihood = "normal",
    ) -> None:
        super().__init__(latent_dim)
        self.layout, self.beta = layout, beta
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

    def encode(self, rows: Tensor, labels: Tensor | None = None) -> Posterior:
        """Return P(z|x) of rows of data."""
        if self.embedding is not None:
            rows = torch.cat([rows, self.embedding(labels)], dim=1)
        mean, log_variance = self.encoder(rows).float().chunk(2, dim=1)
        return Posterior(mean, log_variance.clamp(-20, 20))

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
        """Return −E ln P(x|z) with z ~ P(z|x), and β·KL(P(z|x) ‖ N(0, I)): means over a batch."""
        posterior = self.encode(rows, labels)
        decoded = self(posterior.draw(stream), labels)
        return {
            "reconstruction_loss": self.surprise(rows, decoded).mean(),
            "kl_loss": self.beta * kl_divergence(posterior).mean(),
        }

    @torch.no_grad()
    def reconstruction_error(self, rows: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return −ln P(x|z) of each row at the mean z of its own P(z|x), shape (batch,)."""
        return self.surprise(rows, self(self.encode(rows, labels).mean, labels))

    @torch.no_grad()
    def draw(self, z: Tensor, labels: Tensor | None, stream: torch.Generator) -> Tensor:
        """Decode latents, and add the numbers' own noise where they are normal."""
        decoded = self.decoder.draw(z, labels)
        if self.likelihood == "bernoulli":
            return decoded
        n = self.layout.n_numbers
        noise = torch.randn(len(z), n, generator=stream, device=z.device)
        deviation = self.log_deviation.clamp_min(LEAST_LOG_DEVIATION).exp()
        return torch.cat([decoded[:, :n] + deviation * noise, decoded[:, n:]], dim=1)

    def sizes(self) -> dict[str, Any]:
        """Return the sizes of latent and hidden layers, and the kind of the numbers."""
        return {
            "latent_dim": self.latent_dim,
            "hidden_dim": self.decoder.inlet.out_features,
            "likelihood": self.likelihood,
        }

    @classmethod
    def of_sizes(cls, sizes: Mapping[str, Any], layout: RowLayout, labels: Sequence[int]) -> Self:
        """Make a network that has not been trained; see `RowGenerator.of_sizes`."""
        latent_dim, hidden_dim = int(sizes["latent_dim"]), int(sizes["hidden_dim"])
        likelihood = sizes["likelihood"]
        if min(latent_dim, hidden_dim) < 1 or likelihood not in get_args(Likelihood):
            raise ValueError("sizes that no autoencoder has")
        return cls(layout, latent_dim, hidden_dim=hidden_dim, labels=labels, likelihood=likelihood)
