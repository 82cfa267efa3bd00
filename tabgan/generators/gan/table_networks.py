"""The networks of a table's GAN: residual MLP generator, MLP discriminator, label embedding."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from itertools import pairwise, repeat
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from tabgan.base.row_layout import RowLayout
from tabgan.generators.generator_training import RowGenerator, autocast, choose_precision
from tabgan.generators.latents import Prior, check_prior

__all__ = [
    "Discriminator",
    "LabelEmbedding",
    "MLPDiscriminator",
    "MLPGenerator",
    "ResidualBlock",
    "linear",
]

CHUNK = 4096  # rows
LABEL_DIM = 16  # of the embedding, for each labelled column


class LabelEmbedding(nn.Module):
    """Embedding of labels: one vector for each level; the vectors of a row's labels are summed.

    **Shape**: one-hot labels side by side (batch, sum of widths) → (batch, dim)

    Parameters
    ----------
    widths
        Number of levels of each label.
    dim
        Width of the vector for each label.

    Examples
    --------
    >>> LabelEmbedding((2, 3))(torch.tensor([[0.0, 1.0, 1.0, 0.0, 0.0]])).shape
    torch.Size([1, 32])
    """

    def __init__(self, widths: Sequence[int], dim: int = LABEL_DIM) -> None:
        super().__init__()
        self.dim = dim * len(widths)
        self.weight = nn.Parameter(torch.randn(sum(widths), self.dim))

    def forward(self, labels: Tensor) -> Tensor:
        """Look the labels' vectors up."""
        return labels @ self.weight


class Discriminator(nn.Module, ABC):
    """Base class of discriminators, which map features of rows to logits: high for real rows."""

    judges_batches: bool = False
    """Whether a logit depends on the rest of the batch: real and fake rows are then kept apart."""

    @abstractmethod
    def hidden(self, features: Tensor) -> Tensor:
        """Map features to the last hidden layer, (batch, n_features) → (batch, hidden)."""

    @abstractmethod
    def forward(self, features: Tensor) -> Tensor:
        """Map features to logits, (batch, n_features) → (batch,)."""


class ResidualBlock(nn.Module):
    """Pre-norm residual block: x + W₂·SiLU(W₁·LayerNorm(x)).

    LayerNorm and no BatchNorm: statistics over the batch leak between rows and don't agree with
    averaged weights.

    **Shape**: (batch, dim) → (batch, dim)
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.inner = nn.Linear(dim, dim)
        self.outer = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Add the block's output to its input."""
        hidden = nn.functional.silu(self.inner(self.norm(x)))
        return x + self.outer(hidden)  # type: ignore[no-any-return]


class MLPGenerator(RowGenerator):
    """Residual MLP from a latent, and labels if there are any, to the logits of a row.

    Labels are embedded and concatenated to the latent (Mirza & Osindero, 2014, arXiv:1411.1784).

    **Shape**: (batch, latent_dim), one-hot labels (batch, sum of their widths) → (batch, width)

    Parameters
    ----------
    latent_dim, prior
        Size of the latent z, and what it is drawn from.
    width
        Width of the row to generate.
    hidden_dim
        Width of the hidden layers.
    n_blocks
        Number of residual blocks.
    labels
        Number of levels of each label.

    Examples
    --------
    >>> generator = MLPGenerator(latent_dim=8, width=5, hidden_dim=32)
    >>> generator(torch.randn(4, 8)).shape
    torch.Size([4, 5])
    """

    kind: ClassVar[str] = "gan"

    def __init__(
        self,
        latent_dim: int,
        width: int,
        *,
        hidden_dim: int = 256,
        n_blocks: int = 2,
        labels: Sequence[int] = (),
        prior: Prior = "gaussian",
    ) -> None:
        super().__init__(latent_dim, prior)
        self.embedding = LabelEmbedding(labels) if labels else None
        label_dim = self.embedding.dim if self.embedding else 0
        self.inlet = nn.Linear(latent_dim + label_dim, hidden_dim)
        self.blocks = nn.Sequential(*(ResidualBlock(hidden_dim) for _ in range(n_blocks)))
        self.outlet = linear(hidden_dim, width)

    @torch.no_grad()
    def start_from(self, bias: Tensor) -> None:
        """Start the output near fixed logits of shape (width,), with a weak dependence on z."""
        self.outlet.weight.mul_(0.5)
        self.outlet.bias.copy_(bias)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents to logits."""
        return self.outlet(self._hidden(z, labels))  # type: ignore[no-any-return]

    @torch.no_grad()
    def draw(
        self,
        z: Tensor,
        labels: Tensor | None = None,
        stream: torch.Generator | None = None,  # noqa: ARG002
    ) -> Tensor:
        """Map any number of latents to logits, without gradients; nothing more is drawn.

        Faster than a call: in chunks that stay in the processor's cache, and with hidden layers in
        bfloat16 where the hardware multiplies it. The logits are float32, so that no two numbers
        fall together.
        """
        dtype = choose_precision("auto", z.device)
        given = torch.split(labels, CHUNK) if labels is not None else repeat(None)
        logits = []
        for part, label in zip(torch.split(z, CHUNK), given, strict=False):
            with autocast(z.device, dtype):
                hidden = self._hidden(part, label)
            logits.append(self.outlet(hidden.float()))
        return torch.cat(logits)

    def sizes(self) -> dict[str, Any]:
        """Return the sizes of the latent and of the hidden layers, and the prior."""
        return {
            "latent_dim": self.latent_dim,
            "hidden_dim": self.inlet.out_features,
            "prior": self.prior,
        }

    @classmethod
    def of_sizes(cls, sizes: Mapping[str, Any], layout: RowLayout, labels: Sequence[int]) -> Self:
        """Make a network that has not been trained; see `RowGenerator.of_sizes`."""
        latent_dim, hidden_dim = int(sizes["latent_dim"]), int(sizes["hidden_dim"])
        if min(latent_dim, hidden_dim) < 1:
            raise ValueError("a network's size must be at least 1")
        prior = check_prior(sizes["prior"])
        return cls(latent_dim, layout.width, hidden_dim=hidden_dim, labels=labels, prior=prior)

    def _hidden(self, z: Tensor, labels: Tensor | None) -> Tensor:
        if self.embedding is not None:
            z = torch.cat([z, self.embedding(labels)], dim=1)
        return nn.functional.silu(self.blocks(self.inlet(z)))


class MLPDiscriminator(Discriminator):
    """MLP from discriminator features to one logit: high for real, low for fake.

    No normalization and no dropout, so that a row's logit depends on that row alone. Labels are
    embedded and concatenated to the features, among which they stand as one-hot.

    **Shape**: (batch, in_features) → (batch,)

    Parameters
    ----------
    in_features, hidden_dim, n_layers
        Sizes.
    labels
        Number of levels of each label.
    label_places
        Where the labels' one-hot stands among the features, as many as all levels.

    Examples
    --------
    >>> discriminator = MLPDiscriminator(in_features=5, hidden_dim=32)
    >>> discriminator(torch.randn(4, 5)).shape
    torch.Size([4])
    """

    def __init__(
        self,
        in_features: int,
        *,
        hidden_dim: int = 256,
        n_layers: int = 3,
        labels: Sequence[int] = (),
        label_places: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.embedding = LabelEmbedding(labels) if labels else None
        self.register_buffer("label_places", torch.tensor(label_places, dtype=torch.long))
        self.label_places: Tensor
        label_dim = self.embedding.dim if self.embedding else 0
        sizes = [in_features + label_dim] + [hidden_dim] * n_layers
        layers: list[nn.Module] = []
        for size, following in pairwise(sizes):
            layers += [linear(size, following), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers)
        self.outlet = nn.Linear(hidden_dim, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Map features to logits."""
        return self.outlet(self.hidden(features)).squeeze(-1)  # type: ignore[no-any-return]

    def hidden(self, features: Tensor) -> Tensor:
        """Map features to the last hidden layer."""
        if self.embedding is not None:
            # What is given is not the row's to change: a gradient penalty does not see this way.
            labels = features.detach().index_select(1, self.label_places)
            features = torch.cat([features, self.embedding(labels)], dim=1)
        return self.layers(features)  # type: ignore[no-any-return]


def linear(n_in: int, n_out: int) -> nn.Linear:
    """Return a linear layer, without a warning if it has no entries.

    Parameters
    ----------
    n_in, n_out
        Widths of its input and output.
    """
    with warnings.catch_warnings():
        # where a table leaves nothing to learn, its rows have no width
        warnings.filterwarnings("ignore", "Initializing zero-element tensors")
        return nn.Linear(n_in, n_out)
