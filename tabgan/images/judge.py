"""The judge of images: a classifier of real ones, which scores look through."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Self, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from tabgan.checks import check_number
from tabgan.errors import DataError, ModelFileError
from tabgan.gan.precision import Precision, choose_precision
from tabgan.gan.threads import one_thread
from tabgan.images.arrays import Images, ImageShape, check_images
from tabgan.images.classifier import Classifier, auto_epochs, train_classifier
from tabgan.images.labels import check_codes
from tabgan.persistence import putting_together, read_model, write_model
from tabgan.streams import torch_stream

__all__ = ["Judge"]

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
        """Write the judge to a file; see `tabgan.persistence`.

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
        with putting_together(path, "judge"):
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
