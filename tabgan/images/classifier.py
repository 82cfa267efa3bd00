"""A small convolutional classifier and its training."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from tabgan.errors import TrainingError
from tabgan.gan.precision import autocast
from tabgan.images.arrays import ImageShape
from tabgan.streams import torch_stream

__all__ = ["Classifier", "auto_epochs", "train_classifier"]

N_FEATURES = 128
CHANNELS = (32, 64, 64)  # of the convolutions
GRID = 3  # side of the last feature map
SMALLEST_POOLED = 8  # pixels; a smaller side is not halved
BATCH_SIZE = 128  # images
MIN_EPOCHS = 8
MIN_STEPS = 600  # small sets are passed over more often
PEAK_LEARNING_RATE = 4e-3
WARM_UP = 0.2  # share of the steps
WEIGHT_DECAY = 1e-2
SHIFT = 14  # an image is moved by up to a 14th of its side


class Classifier(nn.Module):
    """Three convolutions, a layer of features, and a logit for each class.

    The maps are halved after a convolution while they are 8 pixels wide at least, and brought to
    3 × 3 before the features, so that any size of image fits.

    **Shape**: (batch, channels, height, width) → (batch, n_classes)

    Examples
    --------
    >>> network = Classifier(ImageShape(8, 8, 1), n_classes=10)
    >>> network(torch.rand(4, 1, 8, 8)).shape, network.features(torch.rand(4, 1, 8, 8)).shape
    (torch.Size([4, 10]), torch.Size([4, 128]))
    """

    def __init__(self, shape: ImageShape, n_classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        side, n_in = min(shape.height, shape.width), shape.channels
        for n_out in CHANNELS:
            # no bias: the normalisation has one
            layers += [nn.Conv2d(n_in, n_out, 3, padding=1, bias=False)]
            if side >= SMALLEST_POOLED:
                layers.append(nn.MaxPool2d(2))
                side //= 2
            layers += [nn.BatchNorm2d(n_out), nn.ReLU()]
            n_in = n_out
        self.maps = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(GRID), nn.Flatten())
        self.hidden = nn.Sequential(nn.Linear(n_in * GRID**2, N_FEATURES), nn.ReLU())
        self.outlet = nn.Linear(N_FEATURES, n_classes)

    def features(self, images: Tensor) -> Tensor:
        """Return what the last layer sees, (batch, 128), not negative."""
        return self.hidden(self.maps(images))  # type: ignore[no-any-return]

    def forward(self, images: Tensor) -> Tensor:
        """Map images to logits."""
        return self.outlet(self.features(images))  # type: ignore[no-any-return]


def auto_epochs(n_images: int) -> int:
    """Choose the number of passes over n images.

    Examples
    --------
    >>> auto_epochs(60_000), auto_epochs(1_500)
    (8, 50)
    """
    return max(MIN_EPOCHS, math.ceil(MIN_STEPS / math.ceil(n_images / BATCH_SIZE)))


def train_classifier(
    network: Classifier,
    images: Tensor,
    codes: Tensor,
    *,
    epochs: int,
    seed: int,
    dtype: torch.dtype,
) -> None:
    """Train with AdamW, one cycle of the learning rate, and images moved about a little.

    One cycle: Smith & Topin, 2017, arXiv:1708.07120.

    Parameters
    ----------
    network
        Is trained in place, and left in evaluation mode.
    images, codes
        Of shape (n, channels, height, width), from 0 to 1, and (n,).
    epochs
        Passes over the images.
    seed
        Root of the streams of order and movement.
    dtype
        Number format of the products.

    Raises
    ------
    TrainingError
        If the loss is not finite.
    """
    n_steps = epochs * math.ceil(len(images) / BATCH_SIZE)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=PEAK_LEARNING_RATE, weight_decay=WEIGHT_DECAY
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step / n_steps))
    order, moves = torch_stream(seed, "order"), torch_stream(seed, "moves")
    network.train()
    for step, rows in enumerate(_batches(len(images), epochs, order)):
        with autocast(images.device, dtype):
            logits = network(_moved(images[rows], moves))
        loss = nn.functional.cross_entropy(logits.float(), codes[rows])
        if not torch.isfinite(loss):
            raise TrainingError(
                f"the classifier's loss is {loss.item()} at step {step} of {n_steps}"
            )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    network.eval()


def _rate(progress: float) -> float:
    """Return the learning rate as a share of its peak: linear up, linear down."""
    return min((progress + 0.01) / (WARM_UP + 0.01), (1 - progress) / (1 - WARM_UP))


def _batches(n: int, epochs: int, order: torch.Generator) -> Iterator[Tensor]:
    """Pass over the images in batches of nearly equal size.

    A small last batch would leave its own mean and variance with the normalisation.
    """
    for _ in range(epochs):
        shuffled = torch.randperm(n, generator=order)
        yield from torch.tensor_split(shuffled, math.ceil(n / BATCH_SIZE))


def _moved(images: Tensor, moves: torch.Generator) -> Tensor:
    """Move each image by some pixels; what comes in at the edge repeats it."""
    n, _, height, width = images.shape
    most = min(height, width) // SHIFT
    images = images.contiguous(memory_format=torch.channels_last)
    if not most:
        return images
    by = torch.randint(-most, most + 1, (2, n, 1), generator=moves)
    down = (torch.arange(height) + by[0]).clamp(0, height - 1)
    right = (torch.arange(width) + by[1]).clamp(0, width - 1)
    rows = torch.arange(n)[:, None, None]
    picked = images.permute(0, 2, 3, 1)[rows, down[:, :, None], right[:, None, :]]
    return picked.permute(0, 3, 1, 2)
