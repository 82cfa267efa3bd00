"""Networks for images: the MLPs of the GAN lectures, the DCGAN, and the U-Net of diffusion models.

Images are flat, (batch, channels·height·width), channels first. A discriminator's input is the
pixels and, if the GAN is conditional, the one-hot labels.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple, Self, cast

import torch
from torch import Tensor, nn

from tabgan.base.row_layout import RowLayout
from tabgan.generators.diffusion import Denoiser, NoiseSchedule, Preconditioned
from tabgan.generators.gan.table_networks import Discriminator, LabelEmbedding
from tabgan.generators.generator_training import Generator
from tabgan.generators.latents import Prior

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "ConvDiscriminator",
    "ConvGenerator",
    "ConvPair",
    "Dropout",
    "ImageSize",
    "PixelMoments",
    "PlainDiscriminator",
    "PlainGenerator",
    "PlainPair",
    "UNet",
    "UNetDenoiser",
    "USUAL_PENALTY",
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
    """Dropout with its own random generator.

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
        Whether hidden layers are normalized.

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
        Whether all hidden maps but the first are normalized. Logits then depend on the whole batch.

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
            normalized = batch_norm and i > 0
            layers.append(nn.Conv2d(n_in, n_out, 4, 2, 1, bias=not normalized))
            if normalized:
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


# With the cross-entropy losses. On MNIST a weight that follows the discriminator's advantage rose
# too high: digits were read as asked in 96.5 %, with γ = 1 in 98.7 %.
USUAL_PENALTY = "r1:gamma=1"


@dataclass(frozen=True)
class PlainPair:
    """An MLP generator and an MLP discriminator.

    Parameters
    ----------
    widths
        Of the generator's hidden layers.
    latent_dim
        Size of the latent that the lectures take with it.
    batch_norm
        Whether the generator's hidden layers are normalized.
    embedding_dim
        Of the labels; None takes the number of classes.
    symmetric
        Whether pixels are a tanh, from −1 to 1, and no sigmoid.
    """

    widths: tuple[int, ...]
    latent_dim: int
    batch_norm: bool
    embedding_dim: int | None
    symmetric: bool
    critic_widths: tuple[int, ...] = (512, 256)

    def generator(self, latent_dim: int, size: ImageSize, width: float, prior: Prior) -> Generator:
        """Make a generator whose hidden layers are `width` times as wide."""
        return PlainGenerator(
            latent_dim,
            size,
            widths=_scaled(self.widths, width),
            embedding_dim=self._embedding_dim(size),
            batch_norm=self.batch_norm,
            prior=prior,
        )

    def discriminator(
        self, size: ImageSize, width: float, noise: torch.Generator, *, smooth: bool
    ) -> Discriminator:
        """Make a discriminator; one that a gradient penalty keeps smooth needs no dropout."""
        return PlainDiscriminator(
            size,
            widths=_scaled(self.critic_widths, width),
            embedding_dim=self._embedding_dim(size),
            dropout=0.0 if smooth else 0.3,
            noise=noise,
        )

    def _embedding_dim(self, size: ImageSize) -> int:
        return size.n_classes if self.embedding_dim is None else self.embedding_dim


@dataclass(frozen=True)
class ConvPair:
    """The DCGAN pair.

    Parameters
    ----------
    channels
        Of the map next to the image.
    latent_dim
        Size of the latent that the lectures take with it.
    """

    channels: int = 128
    latent_dim: int = 100
    embedding_dim: int = 16
    symmetric: bool = True

    def generator(self, latent_dim: int, size: ImageSize, width: float, prior: Prior) -> Generator:
        """Make a generator whose hidden maps have `width` times as many channels."""
        (channels,) = _scaled((self.channels,), width)
        return ConvGenerator(
            latent_dim, size, width=channels, embedding_dim=self.embedding_dim, prior=prior
        )

    def discriminator(
        self,
        size: ImageSize,
        width: float,
        noise: torch.Generator,  # noqa: ARG002
        *,
        smooth: bool,
    ) -> Discriminator:
        """Make a discriminator; a gradient penalty is on single images, so it has no BatchNorm."""
        (channels,) = _scaled((self.channels,), width)
        return ConvDiscriminator(size, width=channels, batch_norm=not smooth)


Architecture = PlainPair | ConvPair


ARCHITECTURES: Mapping[str, Architecture] = {
    "mlp": PlainPair((256, 512), 64, batch_norm=True, embedding_dim=16, symmetric=False),
    "mlp_tanh": PlainPair(
        (256, 512, 1024), 100, batch_norm=False, embedding_dim=None, symmetric=True
    ),
    "dcgan": ConvPair(),
}


def _scaled(widths: tuple[int, ...], factor: float) -> tuple[int, ...]:
    return tuple(max(1, round(width * factor)) for width in widths)


LEVELS = 2  # times that an image is halved
NORM_GROUPS = 8


class ConvBlock(nn.Module):
    """Residual block of two convolutions, with a context that shifts the maps between them.

    **Shape**: (batch, channels, height, width), (batch, context_dim) → (batch, channels, height,
    width)
    """

    def __init__(self, channels: int, context_dim: int) -> None:
        super().__init__()
        groups = NORM_GROUPS if channels % NORM_GROUPS == 0 else 1
        self.first = nn.Sequential(
            nn.GroupNorm(groups, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1)
        )
        self.second = nn.Sequential(
            nn.GroupNorm(groups, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1)
        )
        self.context = nn.Linear(context_dim, channels) if context_dim else None

    def forward(self, maps: Tensor, context: Tensor | None) -> Tensor:
        """Add the block's output to its input."""
        inner = self.first(maps)
        if self.context is not None:
            inner = inner + self.context(context)[:, :, None, None]
        return maps + self.second(inner)  # type: ignore[no-any-return]


class UNet(nn.Module):
    """A network from images to images of the same size (Ronneberger et al., 2015).

    Images are padded at the edges, so that any size can be halved twice. Where `fold` is 2, squares
    of 2 × 2 pixels become channels first (space to depth), which takes a quarter of the work.

    **Shape**: (batch, n_in, height, width), (batch, context_dim) → (batch, n_out, height, width)

    Parameters
    ----------
    n_in, n_out
        Channels of the images.
    width
        Channels of the maps of full size; the smaller ones have two and three times as many.
    context_dim
        Width of a vector that all blocks get, such as one of noise and label; 0 for none.
    fold
        Side of the squares of pixels that are folded into channels.

    Examples
    --------
    >>> UNet(1, 3, width=4)(torch.zeros(2, 1, 9, 7)).shape
    torch.Size([2, 3, 9, 7])
    """

    def __init__(
        self, n_in: int, n_out: int, *, width: int = 32, context_dim: int = 0, fold: int = 1
    ) -> None:
        super().__init__()
        widths = [width * (level + 1) for level in range(LEVELS + 1)]
        pairs = list(pairwise(widths))
        self.width, self.fold = width, fold
        self.inlet = nn.Conv2d(n_in * fold**2, width, 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(n, m, 3, stride=2, padding=1) for n, m in pairs)
        self.up = nn.ModuleList(nn.Conv2d(m, n, 3, padding=1) for n, m in pairs)
        self.before = nn.ModuleList(ConvBlock(own, context_dim) for own in widths)
        self.after = nn.ModuleList(ConvBlock(own, context_dim) for own in widths)
        self.outlet = nn.Sequential(nn.SiLU(), nn.Conv2d(width, n_out * fold**2, 3, padding=1))
        last = cast("nn.Conv2d", self.outlet[1])
        nn.init.zeros_(last.weight)  # at first no image is changed
        nn.init.zeros_(cast("Tensor", last.bias))

    def forward(self, images: Tensor, context: Tensor | None = None) -> Tensor:
        """Map images to images."""
        height, width = images.shape[2:]
        side = self.fold * 2**LEVELS
        edges = (0, -width % side, 0, -height % side)
        maps = nn.functional.pad(images, edges, mode="replicate") if any(edges) else images
        maps = nn.functional.pixel_unshuffle(maps, self.fold)
        maps = self.inlet(maps.contiguous(memory_format=torch.channels_last))
        across: list[Tensor] = []
        for level, block in enumerate(self.before):
            maps = block(maps, context)
            if level < LEVELS:
                across.append(maps)
                maps = self.down[level](maps)
        maps = self.after[LEVELS](maps, context)
        for level in reversed(range(LEVELS)):
            larger = nn.functional.interpolate(maps, scale_factor=2.0, mode="nearest")
            maps = self.after[level](self.up[level](larger) + across[level], context)
        unfolded = nn.functional.pixel_shuffle(self.outlet(maps), self.fold)
        return unfolded[:, :, :height, :width]


CONTEXT_DIM = 128
SMALLEST_FOLDED = 16  # pixels of the shorter side
MOST_MAPS = 2**12  # channels, in a file that is not damaged
# Pixels are much alike, so that it takes more noise to hide an image than a row of a table, and the
# training has to see it.
MOST_PIXEL_NOISE, MEAN_PIXEL_NOISE, PIXEL_NOISE_DEVIATION = 20.0, -0.4, 1.4
UNLABELED = 0.1  # share of the images of a batch whose label is hidden


class PixelMoments(NamedTuple):
    """Mean and standard deviation of all pixels of the training images, from −1 to 1."""

    mean: float
    deviation: float


USUAL_MOMENTS = PixelMoments(0.0, 0.5)


class UNetDenoiser(Denoiser):
    """A denoiser of images: a U-Net whose blocks get the noise level and the label.

    Without its mean, an image that is nothing but noise is one of the training: with it, the first
    steps of the sampling would add ink. A part of the training images is shown without a label, so
    that the network also estimates an image of any class. With guidance w, sampling goes from that
    estimate to the one given the label, and beyond, x̂ + w·(x̂ − x̂_any) (classifier-free guidance,
    Ho and Salimans, 2022, arXiv:2207.12598).

    **Shape**: as of `Denoiser`; rows are flat images, channels first, from −1 to 1

    Parameters
    ----------
    size
        Sizes of an image.
    schedule
        Noise in training and in sampling.
    width
        Channels of the maps of full size.
    pixels
        Mean and deviation of the pixels.
    guidance
        Weight w of the label in sampling, from 0.

    Examples
    --------
    >>> from tabgan.generators.diffusion import Preconditioned
    >>> denoiser = UNetDenoiser(ImageSize(1, 8, 8), Preconditioned(3), width=4)
    >>> stream = torch.Generator().manual_seed(0)
    >>> denoiser.draw(denoiser.latents(6, stream), None, stream).shape
    torch.Size([6, 64])
    """

    def __init__(
        self,
        size: ImageSize,
        schedule: NoiseSchedule,
        *,
        width: int = 32,
        pixels: PixelMoments = USUAL_MOMENTS,
        guidance: float = 0.0,
    ) -> None:
        if isinstance(schedule, Preconditioned):
            schedule = replace(
                schedule,
                most=MOST_PIXEL_NOISE,
                mean=MEAN_PIXEL_NOISE,
                deviation=PIXEL_NOISE_DEVIATION,
            )
        super().__init__(
            RowLayout((None,) * size.n_pixels),
            schedule,
            labels=(size.n_classes,) if size.n_classes else (),
            spread=pixels.deviation,
        )
        self.size, self.mean = size, pixels.mean
        self.guidance = guidance if size.n_classes else 0.0
        self.evaluations = schedule.n_steps * (2 if self.guidance else 1)
        self.context = nn.Sequential(
            *(nn.Linear(self.context_dim, CONTEXT_DIM), nn.SiLU()),
            *(nn.Linear(CONTEXT_DIM, CONTEXT_DIM), nn.SiLU()),
        )
        self.unet = UNet(
            *(size.channels, size.channels),
            width=width,
            context_dim=CONTEXT_DIM,
            fold=2 if min(size.height, size.width) >= SMALLEST_FOLDED else 1,
        )

    def losses(
        self, rows: Tensor, labels: Tensor | None, stream: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the loss of images, some of them without their label."""
        if labels is not None:
            chances = torch.rand(len(rows), 1, generator=stream, device=rows.device)
            labels = labels * (chances >= UNLABELED)
        return super().losses(rows - self.mean, labels, stream)

    def draw(self, z: Tensor, labels: Tensor | None, stream: torch.Generator) -> Tensor:
        """Remove the noise step by step; see `Denoiser.draw`."""
        return super().draw(z, labels, stream) + self.mean

    def estimate(self, x: Tensor, labels: Tensor | None, alpha: Tensor) -> Tensor:
        """Return the estimate given the labels, moved away from that of any class."""
        own = super().estimate(x, labels, alpha)
        if not self.guidance or labels is None:
            return own
        any_class = super().estimate(x, torch.zeros_like(labels), alpha)
        return torch.lerp(any_class, own, 1 + self.guidance)

    def output(self, x: Tensor, context: Tensor) -> Tensor:
        """Map flat images of deviation one to outputs of the same shape."""
        images = x.reshape(len(x), *self.size[:3])
        return cast("Tensor", self.unet(images, self.context(context))).flatten(1)

    def sizes(self) -> dict[str, Any]:
        """Return the sizes of an image, the channels, the mean, the guidance, and the schedule."""
        own = {"size": list(self.size), "width": self.unet.width}
        return own | {"mean": self.mean, "guidance": self.guidance} | super().sizes()

    @classmethod
    def of_sizes(cls, sizes: Mapping[str, Any], layout: RowLayout, labels: Sequence[int]) -> Self:
        """Make a network that has not been trained; see `RowGenerator.of_sizes`."""
        size, width = ImageSize(*map(int, sizes["size"])), int(sizes["width"])
        if size.n_pixels != layout.n_numbers or not 1 <= width < MOST_MAPS:
            raise ValueError("sizes that no network has")
        if tuple(labels) != ((size.n_classes,) if size.n_classes else ()):
            raise ValueError("labels that are not those of the images")
        pixels = PixelMoments(float(sizes["mean"]), float(sizes["spread"]))
        guidance = float(sizes["guidance"])
        if not math.isfinite(pixels.mean) or not 0 <= guidance < math.inf:
            raise ValueError("a mean and a guidance must be numbers")
        schedule, _ = cls.check_sizes(sizes)
        return cls(size, schedule, width=width, pixels=pixels, guidance=guidance)
