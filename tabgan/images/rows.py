"""Images as the rows that the GAN core is trained on: flat pixels, then the label as one-hot."""

from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn

from tabgan.gan.batches import Shuffled
from tabgan.gan.image_networks import ImageSize
from tabgan.images.architectures import Architecture

__all__ = ["ImageBatches", "ImageHead"]


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
        Flat images, uint8 of shape (n, n_pixels), from 0 to 255.
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
        pixels = self.pixels[index].float() / 255
        if not self.n_classes:
            return pixels
        labels = nn.functional.one_hot(self.codes[index], self.n_classes)
        return torch.cat([pixels, labels.float()], dim=1)

    def state_dict(self) -> dict[str, Any]:
        """Return what is left of the present pass over the images."""
        return self.shuffled.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a pass."""
        self.shuffled.load_state_dict(state)
