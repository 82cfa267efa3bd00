"""Images and their labels as plain arrays, checked."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray

from tabgan.base.errors import DataError, OptionError, did_you_mean

__all__ = [
    "ImageShape",
    "Images",
    "as_array",
    "check_codes",
    "check_images",
    "check_labels",
    "code_of",
]

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
    tabgan.base.errors.DataError: image 0 holds 7.0; floats must be from 0 to 1: divide bytes by 255
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


def check_labels(labels: Iterable[Hashable], n: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Turn the labels of n images into classes and codes.

    Labels that are equal, as 1 and 1.0 are, are one class.

    Parameters
    ----------
    labels
        One hashable label for each image, such as numbers or strings.
    n
        Number of images.

    Returns
    -------
    tuple
        The distinct labels, sorted, int64 if all are such numbers and otherwise objects; and the
        place of each image's label among them, of shape (n,).

    Raises
    ------
    DataError
        If a label is missing or not hashable, or there are not n of them.

    Examples
    --------
    >>> check_labels(["cat", "ant", "cat"], 3)
    (array(['ant', 'cat'], dtype=object), array([1, 0, 1]))
    """
    values = _as_values(labels)
    if len(values) != n:
        raise DataError(f"{len(values)} labels for {n} images; give one label for each image")
    for i, value in enumerate(values):
        if pd.api.types.is_scalar(value) and pd.isna(value):
            raise DataError(
                f"label {i} is missing ({value!r}); leave the image out or give it a label"
            )
        if not isinstance(value, Hashable):
            raise DataError(
                f"label {i} is {value!r}, of type {type(value).__name__}; a label must be one "
                "hashable value, such as a number or a string"
            )
    ordered = _in_order(set(values))
    place = {value: code for code, value in enumerate(ordered)}
    return as_classes(ordered), np.array([place[value] for value in values], dtype=np.int64)


def _as_values(labels: Iterable[Hashable]) -> list[Any]:
    if isinstance(labels, str) or not isinstance(labels, Iterable) or _is_single(labels):
        raise DataError(
            f"labels are of type {type(labels).__name__}; give a list or an array with one label "
            "for each image"
        )
    if isinstance(labels, torch.Tensor):  # the elements of a tensor are tensors
        labels = labels.numpy(force=True)
    # numpy's numbers as Python's; its dates would turn into numbers
    return [
        value.item() if isinstance(value, np.number | np.bool_ | np.str_) else value
        for value in labels
    ]


def _is_single(labels: Iterable[Any]) -> bool:
    return getattr(labels, "shape", None) == ()


def _in_order(values: set[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:  # unlike types have no order among them
        return sorted(values, key=lambda value: (type(value).__name__, repr(value)))


def as_classes(ordered: Sequence[Any]) -> NDArray[Any]:
    """Return classes as an array: of int64 if all are such numbers, else of objects."""
    if all(type(value) is int and abs(value) < 2**63 for value in ordered):
        return np.array(ordered, dtype=np.int64)
    classes = np.empty(len(ordered), dtype=object)
    classes[:] = ordered
    return classes


def code_of(label: Hashable, classes: Iterable[Hashable]) -> int:
    """Return the place of a label among the classes.

    Raises
    ------
    OptionError
        If it is none of them; the message names near or known ones.

    Examples
    --------
    >>> code_of("cat", ["ant", "cat"])
    1
    >>> code_of("cta", ["ant", "cat"])
    Traceback (most recent call last):
    ...
    tabgan.base.errors.OptionError: label 'cta' is none of the 2 classes; did you mean 'cat'?
    """
    known = _as_values(classes)
    if label in known:
        return known.index(label)
    raise OptionError(f"label {label!r} is none of the {len(known)} classes; {_hint(label, known)}")


def _hint(label: Hashable, known: list[Any]) -> str:
    twin = next((value for value in known if str(value) == str(label)), None)
    if twin is not None:
        return f"did you mean {twin!r}, of type {type(twin).__name__}?"
    if isinstance(label, str):
        return did_you_mean(label, known)
    # among numbers, likeness of spelling says nothing
    shown = ", ".join(repr(value) for value in known[:20])
    return f"known labels: {shown}" + (", …" if len(known) > 20 else "")


def check_codes(codes: ArrayLike, n: int, n_classes: int) -> NDArray[np.int64]:
    """Check the codes of the classes of n images: whole numbers from 0 to n_classes - 1.

    Raises
    ------
    DataError
        If they are not.

    Examples
    --------
    >>> check_codes([0, 2, 1], 3, n_classes=3)
    array([0, 2, 1])
    """
    array = np.asarray(codes)
    if array.shape != (n,):
        raise DataError(f"codes of shape {array.shape} for {n} images; give one code for each")
    if not np.issubdtype(array.dtype, np.integer):
        raise DataError(
            f"codes of dtype {array.dtype} are not whole numbers; make codes of labels with "
            "check_labels"
        )
    wrong = (array < 0) | (array >= n_classes)
    if wrong.any():
        place = int(np.argmax(wrong))
        raise DataError(
            f"code {place} is {array[place]}; with {n_classes} classes codes are from 0 to "
            f"{n_classes - 1}"
        )
    return np.array(array, dtype=np.int64, order="C")
