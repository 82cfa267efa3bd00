"""Images as plain arrays, checked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from tabgan.errors import DataError

__all__ = ["ImageShape", "Images", "as_array", "check_images"]

Images = ArrayLike | Sequence[ArrayLike]

MAX_CHANNELS = 4  # grey, grey with alpha, RGB, RGBA


@dataclass(frozen=True)
class ImageShape:
    """Size of an image, in pixels, and its number of channels.

    Raises
    ------
    DataError
        If a size is not a whole number from 1, or there are more than four channels.

    Examples
    --------
    >>> ImageShape.of(np.zeros((10, 28, 28, 1)))
    ImageShape(height=28, width=28, channels=1)
    """

    height: int
    width: int
    channels: int

    def __post_init__(self) -> None:
        sizes = (self.height, self.width, self.channels)
        whole = all(isinstance(size, int) and size >= 1 for size in sizes)
        if not whole or self.channels > MAX_CHANNELS:
            raise DataError(
                f"an image of height {self.height!r}, width {self.width!r} and "
                f"{self.channels!r} channels can't be; sizes are whole numbers from 1 and there "
                f"are 1 to {MAX_CHANNELS} channels"
            )

    @classmethod
    def of(cls, images: NDArray[Any]) -> "ImageShape":
        """Return the shape of each of a number of images, (n, height, width, channels)."""
        return cls(*images.shape[1:])

    def __str__(self) -> str:
        return f"{self.height}×{self.width}×{self.channels}"


def check_images(images: Images) -> NDArray[np.float32]:
    """Check images and scale them to [0, 1].

    Parameters
    ----------
    images
        Of shape (n, height, width) or (n, height, width, channels) with 1 to 4 channels, or a
        list of equally large images; bytes (0 to 255), booleans, or floats from 0 to 1.

    Returns
    -------
    ndarray
        Of shape (n, height, width, channels) and dtype float32; `images` itself, if it is so.

    Raises
    ------
    DataError
        If there are no images, they are of unlike or impossible sizes or of another dtype, or a
        float is not within [0, 1].

    Examples
    --------
    >>> check_images(np.array([[[0, 255]]], dtype=np.uint8)).tolist()
    [[[[0.0], [1.0]]]]
    >>> check_images(np.full((1, 2, 2), 7.0))
    Traceback (most recent call last):
    ...
    tabgan.errors.DataError: image 0 holds 7.0; floats must be from 0 to 1: divide bytes by 255
    """
    array = _with_channels(as_array(images))
    if array.dtype == np.bool_:
        return array.astype(np.float32)
    if array.dtype == np.uint8:
        pixels = array.astype(np.float32)
        pixels /= 255
        return pixels
    if not np.issubdtype(array.dtype, np.floating):
        raise DataError(
            f"images of dtype {array.dtype} have no known range; give uint8 (0 to 255), bool, or "
            "floats from 0 to 1"
        )
    # NaN makes both comparisons false
    if not (array.min() >= 0 and array.max() <= 1):
        wrong = ~((array >= 0) & (array <= 1))
        place = np.unravel_index(np.argmax(wrong), wrong.shape)
        raise DataError(
            f"image {place[0]} holds {float(array[place])!r}; floats must be from 0 to 1: "
            "divide bytes by 255"
        )
    return array.astype(np.float32, copy=False)


def as_array(images: Images) -> NDArray[Any]:
    """Make one array of images; of a list, the first that is unlike the first one is named.

    Raises
    ------
    DataError
        If the images are no array, or of unlike size or dtype.
    """
    if isinstance(images, torch.Tensor):
        return images.numpy(force=True)
    if isinstance(images, np.ndarray) and images.dtype != object:
        return images
    if not isinstance(images, Iterable) or getattr(images, "shape", None) == ():
        raise DataError(
            f"images are of type {type(images).__name__}; give an array of shape (n, height, "
            "width) or (n, height, width, channels), or a list of images"
        )
    parts = [_as_image(i, image) for i, image in enumerate(images)]
    for i, part in enumerate(parts):
        if part.shape != parts[0].shape:
            raise DataError(
                f"image {i} is of size {_size(part)} and image 0 of size {_size(parts[0])}; all "
                "images must be of one size: crop or resize them"
            )
        if part.dtype != parts[0].dtype:
            raise DataError(
                f"image {i} is of dtype {part.dtype} and image 0 of dtype {parts[0].dtype}; all "
                "images must be of one dtype: convert them"
            )
    return np.stack(parts) if parts else np.empty((0, 1, 1), np.uint8)


def _as_image(i: int, image: Any) -> NDArray[Any]:
    try:
        return np.asarray(image)
    except ValueError as error:  # rows of unlike length
        raise DataError(f"image {i} is no array: {error}; give an array of pixels") from error


def _size(image: NDArray[Any]) -> str:
    return "×".join(map(str, image.shape)) or "nothing"


def _with_channels(array: NDArray[Any]) -> NDArray[Any]:
    """Check the shape; images without a channel axis get one."""
    if array.ndim not in (3, 4):
        raise DataError(
            f"images of shape {array.shape}: give (n, height, width) or "
            "(n, height, width, channels); a single image needs an axis before its own"
        )
    if not array.size:
        raise DataError(
            f"images of shape {array.shape} are empty; give an image of a pixel at least"
        )
    array = array if array.ndim == 4 else array[..., None]
    if array.shape[3] > MAX_CHANNELS:
        first = array.shape[1] <= MAX_CHANNELS
        fix = "; channels come last: np.moveaxis(images, 1, 3)" if first else ""
        raise DataError(
            f"images of shape {array.shape} have {array.shape[3]} channels; 1 to {MAX_CHANNELS} "
            f"are possible{fix}"
        )
    return array
