"""Convolutional networks for images: the DCGAN pair, for any height and width."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from tabgan.gan.image_networks import ImageSize, beside, dim_of, parts
from tabgan.gan.latent import Prior
from tabgan.gan.networks import Discriminator, Generator, LabelEmbedding

__all__ = ["ConvDiscriminator", "ConvGenerator"]

SMALLEST_MAP = 4  # side of the first map of the generator


class ConvGenerator(Generator):
    """DCGAN generator (Radford et al., 2016, arXiv:1511.06434).

    A 4×4 map that transposed convolutions (kernel 4, stride 2) double until it covers the image;
    what is more than the image is cut off around it. For 28×28 and 32×32 with `width` 128: maps
    of 512, 256 and 128 channels. BatchNorm, ReLU.

    **Shape**: (batch, latent_dim), one-hot labels (batch, n_classes) → (batch, n_pixels)

    Parameters
    ----------
    latent_dim, prior
        Size of the latent z, and what it is drawn from.
    size
        Sizes of an image.
    width
        Channels of the last hidden map; each one before has twice as many.
    embedding_dim
        Of the label's embedding, which is concatenated to z.

    Examples
    --------
    >>> size = ImageSize(channels=3, height=20, width=16)
    >>> generator = ConvGenerator(8, size, width=4, embedding_dim=16)
    >>> generator(torch.randn(2, 8)).shape
    torch.Size([2, 960])
    """

    def __init__(
        self,
        latent_dim: int,
        size: ImageSize,
        *,
        width: int,
        embedding_dim: int,
        prior: Prior = "gaussian",
    ) -> None:
        super().__init__(latent_dim, prior)
        self.size = size
        self.embedding = (
            LabelEmbedding((size.n_classes,), embedding_dim) if size.n_classes else None
        )
        channels = [width * 2**i for i in reversed(range(_doublings(size)))]
        inlet = latent_dim + dim_of(self.embedding)
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(inlet, channels[0], SMALLEST_MAP, bias=False),
            nn.BatchNorm2d(channels[0]),
            nn.ReLU(),
        ]
        for n_in, n_out in pairwise(channels):
            layers += [
                nn.ConvTranspose2d(n_in, n_out, 4, 2, 1, bias=False),
                nn.BatchNorm2d(n_out),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(
            *layers, nn.ConvTranspose2d(channels[-1], size.channels, 4, 2, 1)
        )
        self.layers.apply(_start_small)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents to pixel logits."""
        maps = self.layers(beside(z, self.embedding, labels)[:, :, None, None])
        top = (maps.shape[2] - self.size.height) // 2
        left = (maps.shape[3] - self.size.width) // 2
        cut = maps[:, :, top : top + self.size.height, left : left + self.size.width]
        return cut.flatten(1)  # type: ignore[no-any-return]


class ConvDiscriminator(Discriminator):
    """DCGAN discriminator, the generator's mirror, with LeakyReLU 0.2.

    The label is embedded as one more map, concatenated to the image. The image is padded with
    zeros, to a side that can be halved down to 4×4.

    **Shape**: (batch, n_pixels + n_classes) → (batch,)

    Parameters
    ----------
    size
        Sizes of an image.
    width
        Channels of the first hidden map; each further one has twice as many.
    batch_norm
        Whether all hidden maps but the first are normalised. Logits then hang on the whole batch.

    Examples
    --------
    >>> discriminator = ConvDiscriminator(ImageSize(1, 8, 8, n_classes=10), width=4)
    >>> discriminator(torch.rand(5, 64 + 10)).shape
    torch.Size([5])
    """

    def __init__(self, size: ImageSize, *, width: int, batch_norm: bool = True) -> None:
        super().__init__()
        self.size = size
        self.judges_batches = batch_norm
        n_doublings = _doublings(size)
        self.side = SMALLEST_MAP * 2**n_doublings
        self.embedding = LabelEmbedding((size.n_classes,), self.side**2) if size.n_classes else None
        inlet = size.channels + bool(size.n_classes)
        layers: list[nn.Module] = []
        for i, (n_in, n_out) in enumerate(
            pairwise([inlet, *(width * 2**i for i in range(n_doublings))])
        ):
            normalised = batch_norm and i > 0
            layers.append(nn.Conv2d(n_in, n_out, 4, 2, 1, bias=not normalised))
            if normalised:
                layers.append(nn.BatchNorm2d(n_out))
            layers.append(nn.LeakyReLU(0.2))
        self.layers = nn.Sequential(*layers, nn.Flatten())
        self.outlet = nn.Linear(width * 2 ** (n_doublings - 1) * SMALLEST_MAP**2, 1)
        self.layers.apply(_start_small)

    def hidden(self, features: Tensor) -> Tensor:
        """Map features to the last hidden map, flat."""
        pixels, labels = parts(features, self.size.n_pixels)
        maps = pixels.reshape(-1, self.size.channels, self.size.height, self.size.width)
        right, down = self.side - self.size.width, self.side - self.size.height
        edges = (right // 2, right - right // 2, down // 2, down - down // 2)
        maps = nn.functional.pad(maps, edges)
        if self.embedding is not None:
            plane = self.embedding(labels).reshape(-1, 1, self.side, self.side)
            maps = torch.cat([maps, plane.to(maps.dtype)], dim=1)
        return self.layers(maps)  # type: ignore[no-any-return]

    def forward(self, features: Tensor) -> Tensor:
        """Map features to logits."""
        return self.outlet(self.hidden(features)).squeeze(-1)  # type: ignore[no-any-return]


def _doublings(size: ImageSize) -> int:
    """Return how often a 4×4 map is doubled until it covers an image, at least once."""
    side = max(size.height, size.width)
    return max(1, (-(-side // SMALLEST_MAP) - 1).bit_length())


def _start_small(module: nn.Module) -> None:
    """Start from normal weights of deviation 0.02, as DCGAN does."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
