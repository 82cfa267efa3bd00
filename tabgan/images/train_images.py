"""`ImageTraining`: from images and labels to the averaged generator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from tabgan.generators.gan.batches import Shuffled
from tabgan.generators.gan.networks import Discriminator
from tabgan.generators.gan.penalties import GradientClipping, NoPenalty, WeightClipping
from tabgan.generators.gan.trainer import GANTraining
from tabgan.generators.gan.training_snapshots import SnapshotRows, SnapshotTaker
from tabgan.generators.generator_training import Generator
from tabgan.generators.training_callbacks import Callback
from tabgan.images.image_networks import ARCHITECTURES, Architecture, ConvPair, ImageSize

__all__ = ["ImageBatches", "ImageHead", "ImageTraining"]


class ImageHead(nn.Module):
    """Output activation of the pixels, and what the discriminator sees.

    Pixels of rows are from 0 to 1: the sigmoid of the logits. For the tanh form the generator's
    tanh is the sigmoid of twice the logit, brought to −1 … 1 for the discriminator.

    **Shape**: rows and features (batch, n_pixels + n_classes), logits (batch, n_pixels)

    Parameters
    ----------
    n_pixels, n_classes
        Lengths of the two parts of a row; 0 classes where there are no labels.
    symmetric
        Whether the networks see pixels from −1 to 1.

    Examples
    --------
    >>> head = ImageHead(n_pixels=2, n_classes=0, symmetric=True)
    >>> rows = head(torch.tensor([[0.0, 9.0]]), torch.Generator())
    >>> rows.round(decimals=2), head.features(rows).round(decimals=2)
    (tensor([[0.5000, 1.0000]]), tensor([[0., 1.]]))
    """

    def __init__(self, n_pixels: int, n_classes: int, *, symmetric: bool) -> None:
        super().__init__()
        self.n_pixels = n_pixels
        self.n_classes = n_classes
        self.symmetric = symmetric
        places = torch.arange(n_pixels, n_pixels + n_classes)
        self.register_buffer("label_features", places, persistent=False)
        self.label_features: Tensor

    @classmethod
    def of(cls, size: ImageSize, architecture: Architecture) -> Self:
        """Return the head of a pair of networks."""
        return cls(size.n_pixels, size.n_classes, symmetric=architecture.symmetric)

    def labels(self, rows: Tensor) -> Tensor | None:
        """Return the labels of rows as one-hot; None where there are none."""
        return rows[:, self.n_pixels :] if self.n_classes else None

    def forward(
        self,
        logits: Tensor,
        generator: torch.Generator,  # noqa: ARG002
        labels: Tensor | None = None,
    ) -> Tensor:
        """Turn pixel logits into rows; nothing is drawn."""
        pixels = torch.sigmoid(2 * logits.float() if self.symmetric else logits.float())
        return pixels if labels is None else torch.cat([pixels, labels], dim=1)

    def features(self, rows: Tensor) -> Tensor:
        """Turn rows into what the discriminator sees."""
        if not self.symmetric:
            return rows
        pixels, labels = rows[:, : self.n_pixels], rows[:, self.n_pixels :]
        return torch.cat([2 * pixels - 1, labels], dim=1)


class ImageBatches:
    """Batches of images that stay on the device, one byte a pixel.

    Parameters
    ----------
    pixels
        Images, uint8 of shape (n, height, width, channels), from 0 to 255; they may stay in a file
        that is mapped to memory, for only batches are copied.
    codes
        Class of each image, int64 of shape (n,).
    n_classes
        Number of classes, 0 without labels.
    batch_size
        Images a batch, at most the number of images.
    """

    def __init__(self, pixels: Tensor, codes: Tensor, n_classes: int, batch_size: int) -> None:
        self.pixels, self.codes, self.n_classes = pixels, codes, n_classes
        self.n_rows = len(pixels)
        self.batch_size = min(batch_size, self.n_rows)
        self.shuffled = Shuffled(self.n_rows, pixels.device)

    def draw(self, generator: torch.Generator) -> Tensor:
        """Return the next batch of rows, shape (batch_size, n_pixels + n_classes)."""
        return self._rows(self.shuffled.draw(self.batch_size, generator))

    def pick(self, n: int, generator: torch.Generator) -> Tensor:
        """Return at most n rows at random, each once, without a change to the present pass."""
        device = self.pixels.device
        return self._rows(torch.randperm(self.n_rows, generator=generator, device=device)[:n])

    def _rows(self, index: Tensor) -> Tensor:
        # flat, channels first
        pixels = self.pixels[index].permute(0, 3, 1, 2).flatten(1).float() / 255
        if not self.n_classes:
            return pixels
        labels = nn.functional.one_hot(self.codes[index], self.n_classes)
        return torch.cat([pixels, labels.float()], dim=1)

    def state_dict(self) -> dict[str, Any]:
        """Return what is left of the present pass over the images."""
        return self.shuffled.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a pass."""
        self.shuffled.load_state_dict(state)


FEW = 20  # images of a snapshot, without labels


@dataclass(frozen=True, kw_only=True)
class ImageTraining(GANTraining):
    """The training of the GAN of images, from bytes and labels to the averaged generator.

    Parameters
    ----------
    size
        Sizes of an image.
    architecture, width
        Name of the pair of networks, and their width relative to the usual one.
    """

    size: ImageSize
    architecture: str
    width: float

    def run(
        self, pixels: Tensor, codes: Tensor, callback: Callback, seconds: float | None = None
    ) -> tuple[Generator, list[SnapshotRows]]:
        """Train on images.

        Parameters
        ----------
        pixels
            Images, uint8 of shape (n, height, width, channels).
        codes
            Class of each image, int64 of shape (n,).
        callback
            Hears of the training; its records have what `tabgan.generators.gan.diagnosis` measures.
        seconds
            Wall time after which training ends; None for no limit.

        Returns
        -------
        The averaged generator, and rows from moments of its training: two of each label.
        """
        pixels, codes = pixels.to(self.device), codes.to(self.device)
        pair = ARCHITECTURES[self.architecture]
        head = ImageHead.of(self.size, pair).to(self.device)
        batches = ImageBatches(pixels, codes, self.size.n_classes, self.batch_size)
        snapshots = self._snapshots(head, batches)

        def networks(noise: torch.Generator) -> tuple[Generator, Discriminator]:
            return self.make_networks(lambda: self._networks(noise), width=self.width)

        # Convolutions are large enough for several threads.
        with self.isolated(threads=isinstance(pair, ConvPair)):
            averaged = self.train(
                head, batches, networks, snapshots, callback=callback, seconds=seconds
            )
        return averaged, snapshots.taken

    def _snapshots(self, head: ImageHead, batches: ImageBatches) -> SnapshotTaker:
        n_classes = self.size.n_classes
        labels = torch.eye(n_classes, device=self.device).repeat(2, 1) if n_classes else None
        return SnapshotTaker(
            self.n_snapshots,
            head,
            self.stream("snapshots"),
            labels=labels,
            n_rows=FEW,
            epochs_a_step=self.config.epochs_a_step(batches.n_rows, batches.batch_size),
        )

    def _networks(self, noise: torch.Generator) -> tuple[Generator, Discriminator]:
        pair = ARCHITECTURES[self.architecture]
        rough = isinstance(self.config.penalty, WeightClipping | GradientClipping)
        smooth = not rough and type(self.config.penalty) is not NoPenalty
        generator = pair.generator(self.latent_dim, self.size, self.width, self.prior)
        discriminator = pair.discriminator(self.size, self.width, noise, smooth=smooth)
        return generator.to(self.device), discriminator.to(self.device)
