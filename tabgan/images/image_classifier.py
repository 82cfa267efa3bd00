"""A small convolutional classifier and its training."""

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Self, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from tabgan.base.errors import DataError, ModelFileError, TrainingError
from tabgan.base.model_file import assembling, read_model, write_model
from tabgan.base.option_checks import check_number
from tabgan.base.random_streams import torch_stream
from tabgan.generators.generator_training import (
    Precision,
    autocast,
    choose_precision,
    one_thread,
)
from tabgan.generators.optimizers import without_compiler
from tabgan.images.image_arrays import Images, ImageShape, check_codes, check_images

__all__ = ["Classifier", "Judge", "auto_epochs", "train_classifier"]

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
            # no bias: the normalization has one
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
    optimizer = without_compiler(torch.optim.AdamW)(
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

    A small last batch would leave its own mean and variance with the normalization.
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


CHUNK = 512  # images


@dataclass(frozen=True)
class Judge:
    """A classifier of images, trained on real ones.

    Attributes
    ----------
    network
        The trained network.
    shape
        Size and channels of the images that it was trained on and can judge.
    n_classes
        Number of classes.

    Examples
    --------
    >>> from tabgan.images.idx import embedded_digits
    >>> images, labels = embedded_digits()
    >>> judge = Judge.train(images[:1000], labels[:1000], n_classes=10, seed=0, epochs=10)
    >>> judge.accuracy(images[1000:], labels[1000:]) > 0.9
    True
    >>> judge.probabilities(images[:3]).shape, judge.features(images[:3]).shape
    ((3, 10), (3, 128))
    """

    network: Classifier
    shape: ImageShape
    n_classes: int

    @classmethod
    def train(
        cls,
        images: Images,
        codes: ArrayLike,
        n_classes: int,
        seed: int,
        *,
        epochs: int | None = None,
        precision: Precision = "auto",
    ) -> Self:
        """Train a judge, on one thread of the processor.

        One seed gives one judge on one kind of processor.

        Parameters
        ----------
        images
            As `check_images` takes them.
        codes
            The class of each image, whole numbers from 0 to n_classes - 1, of shape (n,).
        n_classes
            Number of classes, of which not all need to be there.
        seed
            Root of all streams of randomness.
        epochs
            Passes over the images; None chooses them by the number of images.
        precision
            Number format of the products in training: ``"float32"``, ``"bfloat16"``, or
            ``"auto"`` for the latter where the processor multiplies it.

        Raises
        ------
        DataError
            If the images or codes can't be used.
        OptionError
            If another value is impossible.
        TrainingError
            If training diverges.
        """
        check_number("n_classes", n_classes, Integral, 1)
        if epochs is not None:
            check_number("epochs", epochs, Integral, 1, "or None")
        dtype = choose_precision(precision, torch.device("cpu"))
        pixels = check_images(images)
        shape, n = ImageShape.of(pixels), len(pixels)
        if n < 2:
            raise DataError(f"{n} image is too few to train a judge; give two at least")
        targets = torch.from_numpy(check_codes(codes, n, n_classes))
        with one_thread(), torch.random.fork_rng(devices=[]):
            # torch's initialisers draw from the global generator and from no other
            torch.manual_seed(torch_stream(seed, "judge").initial_seed())
            network = Classifier(shape, n_classes)
            train_classifier(
                network,
                _channels_first(pixels),
                targets,
                epochs=epochs or auto_epochs(n),
                seed=seed,
                dtype=dtype,
            )
        return cls(network.requires_grad_(False), shape, n_classes)

    def probabilities(self, images: Images) -> NDArray[np.float64]:
        """Return the probability of each class for each image, (n, n_classes).

        Raises
        ------
        DataError
            If the images can't be used or are not of the judge's shape.
        """
        return self._map(images, lambda batch: self.network(batch).double().softmax(1))

    def features(self, images: Images) -> NDArray[np.float64]:
        """Return what the network's last layer sees of each image, (n, 128).

        Raises
        ------
        DataError
            If the images can't be used or are not of the judge's shape.
        """
        return self._map(images, lambda batch: self.network.features(batch).double())

    def accuracy(self, images: Images, codes: ArrayLike) -> float:
        """Return the share of images whose likeliest class is the given one.

        Raises
        ------
        DataError
            If the images can't be used or are not of the judge's shape, or codes don't fit.
        """
        judged = self.probabilities(images).argmax(axis=1)
        return float(np.mean(judged == check_codes(codes, len(judged), self.n_classes)))

    def _map(self, images: Images, function: Callable[[Tensor], Tensor]) -> NDArray[np.float64]:
        pixels = check_images(images)
        shape = ImageShape.of(pixels)
        if shape != self.shape:
            raise DataError(
                f"images of {shape} pixels and channels: the judge was trained on {self.shape}; "
                "resize them, or train a judge on images of their size"
            )
        with torch.no_grad():
            parts = [function(part) for part in torch.split(_channels_first(pixels), CHUNK)]
        return cast("NDArray[np.float64]", torch.cat(parts).numpy())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the judge to a file; see `tabgan.base.model_file`.

        Raises
        ------
        OSError
            If the file can't be written; an older file of that name is then untouched.
        """
        shape = [self.shape.height, self.shape.width, self.shape.channels]
        description = {"judge": {"shape": shape, "n_classes": self.n_classes}}
        write_model(path, description, self.network.state_dict())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a judge from a file.

        Raises
        ------
        ModelFileError
            If the file is not a judge, or is damaged or newer than this library.
        OSError
            If it can't be opened.
        """
        description, tensors = read_model(path)
        if "judge" not in description:
            raise ModelFileError(
                f"{path}: a model, but not a judge; judges are written by Judge.save"
            )
        with assembling(path, "judge"):
            return cls(*_rebuild(description["judge"], tensors))


def _channels_first(pixels: NDArray[np.float32]) -> Tensor:
    # torch takes neither arrays that run backwards nor, without a warning, read-only ones
    return torch.from_numpy(np.require(pixels, requirements=["C", "W"])).permute(0, 3, 1, 2)


def _rebuild(
    sizes: dict[str, Any], tensors: dict[str, Tensor]
) -> tuple[Classifier, ImageShape, int]:
    shape, n_classes = ImageShape(*sizes["shape"]), sizes["n_classes"]
    check_number("n_classes", n_classes, Integral, 1)
    # On the meta device a network takes no memory, whatever size a damaged file claims.
    with torch.device("meta"):
        network = Classifier(shape, n_classes)
    for name, tensor in network.state_dict().items():
        if name in tensors and tensors[name].dtype != tensor.dtype:
            raise ValueError(f"{name} must be {tensor.dtype}, not {tensors[name].dtype}")
    network.load_state_dict(tensors, assign=True)
    return network.requires_grad_(False).eval(), shape, n_classes
