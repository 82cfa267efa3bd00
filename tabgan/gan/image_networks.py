"""MLPs for images, in the forms of the GAN lectures.

Images are flat, (batch, channels·height·width), channels first. What a discriminator sees are the
pixels and then, where the GAN is conditional, the labels as one-hot.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tabgan.gan.latent import Prior
from tabgan.gan.networks import Discriminator, Generator, LabelEmbedding

__all__ = [
    "Dropout",
    "ImageSize",
    "PlainDiscriminator",
    "PlainGenerator",
    "beside",
    "dim_of",
    "parts",
]


class ImageSize(NamedTuple):
    """Sizes of an image, and the number of classes, 0 without labels."""

    channels: int
    height: int
    width: int
    n_classes: int = 0

    @property
    def n_pixels(self) -> int:
        """Length of a flat image."""
        return self.channels * self.height * self.width


class Dropout(nn.Module):
    """Dropout from a stream of its own, in training only.

    Parameters
    ----------
    share
        Share of the entries that become zero.
    noise
        The stream; on the device of the network.
    """

    def __init__(self, share: float, noise: torch.Generator) -> None:
        super().__init__()
        self.share = share
        self.noise = noise

    def forward(self, x: Tensor) -> Tensor:
        """Drop entries, and scale up the others."""
        if not self.training:
            return x
        kept = torch.empty_like(x).bernoulli_(1 - self.share, generator=self.noise)
        return x * kept / (1 - self.share)


class PlainGenerator(Generator):
    """MLP from latent and label to pixel logits.

    The lectures' forms: z of 64 → 256 → 512 → 784 with BatchNorm, and z of 100 → 256 → 512 → 1024
    → 784 without; LeakyReLU 0.2. The activation of the pixels is the head's.

    **Shape**: (batch, latent_dim), one-hot labels (batch, n_classes) → (batch, n_pixels)

    Parameters
    ----------
    latent_dim, prior
        Size of the latent z, and what it is drawn from.
    size
        Sizes of an image.
    widths
        Of the hidden layers.
    embedding_dim
        Of the label's embedding.
    batch_norm
        Whether hidden layers are normalised.

    Examples
    --------
    >>> size = ImageSize(channels=1, height=8, width=8, n_classes=10)
    >>> generator = PlainGenerator(64, size, widths=(256, 512), embedding_dim=16)
    >>> generator(torch.randn(4, 64), torch.eye(10)[:4]).shape
    torch.Size([4, 64])
    """

    def __init__(
        self,
        latent_dim: int,
        size: ImageSize,
        *,
        widths: Sequence[int],
        embedding_dim: int,
        batch_norm: bool = True,
        prior: Prior = "gaussian",
    ) -> None:
        super().__init__(latent_dim, prior)
        self.embedding = (
            LabelEmbedding((size.n_classes,), embedding_dim) if size.n_classes else None
        )
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise((latent_dim + dim_of(self.embedding), *widths)):
            layers.append(nn.Linear(n_in, n_out))
            if batch_norm:
                layers.append(nn.BatchNorm1d(n_out))
            layers.append(nn.LeakyReLU(0.2))
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], size.n_pixels))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents to pixel logits."""
        return self.layers(beside(z, self.embedding, labels))  # type: ignore[no-any-return]


class PlainDiscriminator(Discriminator):
    """MLP from pixels and label to one logit: 784 → 512 → 256 → 1, LeakyReLU 0.2, dropout 0.3.

    **Shape**: (batch, n_pixels + n_classes) → (batch,)

    Parameters
    ----------
    size
        Sizes of an image.
    widths
        Of the hidden layers.
    embedding_dim
        Of the label's embedding.
    dropout
        Share of the hidden entries that are dropped in training.
    noise
        Stream of the dropout.
    """

    def __init__(
        self,
        size: ImageSize,
        *,
        widths: Sequence[int],
        embedding_dim: int,
        noise: torch.Generator,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.n_pixels = size.n_pixels
        self.embedding = (
            LabelEmbedding((size.n_classes,), embedding_dim) if size.n_classes else None
        )
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise((size.n_pixels + dim_of(self.embedding), *widths)):
            layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(0.2)]
            if dropout:
                layers.append(Dropout(dropout, noise))
        self.layers = nn.Sequential(*layers)
        self.outlet = nn.Linear(widths[-1], 1)

    def hidden(self, features: Tensor) -> Tensor:
        """Map features to the last hidden layer."""
        pixels, labels = parts(features, self.n_pixels)
        return self.layers(beside(pixels, self.embedding, labels))  # type: ignore[no-any-return]

    def forward(self, features: Tensor) -> Tensor:
        """Map features to logits."""
        return self.outlet(self.hidden(features)).squeeze(-1)  # type: ignore[no-any-return]


def parts(features: Tensor, n_pixels: int) -> tuple[Tensor, Tensor]:
    """Return pixels and labels; a gradient penalty does not see the way of the labels."""
    return features[:, :n_pixels], features[:, n_pixels:].detach()


def dim_of(embedding: LabelEmbedding | None) -> int:
    """Return the width of the embedded labels, 0 without labels."""
    return embedding.dim if embedding else 0


def beside(x: Tensor, embedding: LabelEmbedding | None, labels: Tensor | None) -> Tensor:
    """Concatenate the embedded labels."""
    return x if embedding is None else torch.cat([x, embedding(labels)], dim=1)
