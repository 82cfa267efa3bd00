"""Checks images and labels, and converts them to arrays."""

import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray

from tabgan.base.errors import DataError, OptionError, did_you_mean
from tabgan.images.image_sources import decode_pictures

__all__ = [
    "ImageShape",
    "Images",
    "PixelScale",
    "TOPS",
    "as_array",
    "check_codes",
    "check_images",
    "check_labels",
    "code_of",
    "with_channels",
]

Images = ArrayLike | Sequence[ArrayLike]


MAX_CHANNELS = 4  # grey, grey with alpha, RGB, RGBA
SMALLEST_SIDE = 8  # pixels; of what is taken for an image where its channels are in doubt


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


@dataclass(frozen=True)
class PixelScale:
    """The scale of pixel values: 0 is black, `top` is white.

    Parameters
    ----------
    top
        The value of white.
    whole
        Whether there are whole numbers only.
    """

    top: int
    whole: bool

    @classmethod
    def of(cls, images: NDArray[Any]) -> Self:
        """Find the scale of images.

        Whole numbers, of any dtype, are from 0 to the least of 1 (masks), 16 (the shades of
        scikit-learn's digits), 255, 511, 1023 and so on to 65535 that none is above. Other numbers
        are from 0 to 1.

        Raises
        ------
        DataError
            If a value is negative, missing or too high.

        Examples
        --------
        >>> PixelScale.of(np.array([[[0, 200]]])), PixelScale.of(np.array([[[0.5]]]))
        (PixelScale(top=255, whole=True), PixelScale(top=1, whole=False))
        """
        if images.dtype == np.bool_:
            return cls(1, whole=True)
        floats = np.issubdtype(images.dtype, np.floating)
        if not floats and not np.issubdtype(images.dtype, np.integer):
            raise DataError(f"images are of dtype {images.dtype}; give numbers or booleans")
        whole = not floats or all((part == np.rint(part)).all() for part in _parts(images))
        highest = TOPS[-1] if whole else 1
        # NaN makes both comparisons false
        if not (images.min() >= 0 and images.max() <= highest):
            raise _off_scale(images, highest, whole=whole)
        return cls(next(top for top in TOPS if images.max() <= top), whole)

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Return the scale of a model file; raises KeyError, TypeError or ValueError if damaged."""
        top, whole = state["top"], state["whole"]
        if type(top) is not int or top not in TOPS or type(whole) is not bool:
            raise ValueError("a scale that no images have")
        return cls(top, whole)

    def to_bytes(self, images: NDArray[Any]) -> NDArray[np.uint8]:
        """Return images as bytes, 255 for white; `images` itself, if they are so."""
        if images.dtype == np.uint8 and self.top == 255:
            return images
        pixels = np.empty(images.shape, np.uint8)
        for part, drawn in zip(_parts(images), _parts(pixels), strict=True):
            drawn[:] = np.rint(part.astype(np.float32) * 255 / self.top)
        return pixels

    def to_shares(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Return images as shares of white, from 0 to 1."""
        if self.top == 1:
            return images.astype(np.float32, copy=False)
        pixels = images.astype(np.float32)
        pixels /= self.top
        return pixels

    def from_shares(self, shares: NDArray[np.float32], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return shares of white as pixels on this scale.

        Parameters
        ----------
        shares
            From 0 to 1.
        dtype
            That of the pixels.
        """
        if not self.whole:
            return shares.astype(dtype, copy=False)
        pixels = np.rint(shares * self.top) if self.top > 1 else shares > 0.5
        if np.issubdtype(dtype, np.integer):  # 127 may be the highest of 255 shades
            pixels = np.minimum(pixels, np.iinfo(dtype).max)
        return pixels.astype(dtype, copy=False)


TOPS = (1, 16, *(2**bits - 1 for bits in range(8, 17)))


def _parts(array: NDArray[Any]) -> list[NDArray[Any]]:
    """Return views of some images each, so that no copy of all of them is needed."""
    return [array[i : i + PART_IMAGES] for i in range(0, len(array), PART_IMAGES)]


PART_IMAGES = 256


def _off_scale(images: NDArray[Any], highest: int, *, whole: bool) -> DataError:
    wrong = ~((images >= 0) & (images <= highest))
    place = np.unravel_index(np.argmax(wrong), wrong.shape)
    rule = f"whole numbers must be from 0 to {TOPS[-1]}"
    if not whole or not np.isfinite(images[place]):
        rule = "floats must be from 0 to 1: divide bytes by 255"
    return DataError(f"image {place[0]} holds {images[place].item()!r}; {rule}")


def check_images(images: Images) -> NDArray[np.float32]:
    """Check images and scale them to [0, 1].

    Parameters
    ----------
    images
        Of shape (n, height, width) or (n, height, width, channels) with 1 to 4 channels, or a
        list of equally large images; booleans, whole numbers as of `PixelScale.of`, or floats from
        0 to 1.

    Returns
    -------
    ndarray
        Of shape (n, height, width, channels) and dtype float32; `images` itself, if it is so.

    Raises
    ------
    DataError
        If there are no images, they are of unlike or impossible sizes or of another dtype, or a
        value is off the scale.

    Examples
    --------
    >>> check_images(np.array([[[0, 255]]], dtype=np.uint8)).tolist()
    [[[[0.0], [1.0]]]]
    >>> check_images(np.full((1, 2, 2), 1.5))
    Traceback (most recent call last):
    ...
    tabgan.base.errors.DataError: image 0 holds 1.5; floats must be from 0 to 1: divide bytes by 255
    """
    array = with_channels(as_array(images))
    return PixelScale.of(array).to_shares(array)


def as_array(images: Images) -> NDArray[Any]:
    """Convert images to one array, from an array or a list of arrays, paths or Pillow images.

    Of a list, the first that is unlike the first one is named.

    Raises
    ------
    DataError
        If the images are no array, or of unlike size or dtype.
    """
    if isinstance(images, torch.Tensor):
        return images.numpy(force=True)
    if isinstance(images, np.ndarray) and images.dtype.kind not in "OU":
        return images
    if isinstance(images, str | os.PathLike):
        raise DataError(
            f"images are the name {str(images)!r}; give an array, a list of pictures' paths, or "
            f"what tabgan.images.read_images({str(images)!r}) returns"
        )
    if not isinstance(images, Iterable) or getattr(images, "shape", None) == ():
        raise DataError(
            f"images are of type {type(images).__name__}; give an array of shape (n, height, "
            "width) or (n, height, width, channels), or a list of images"
        )
    listed = list(images)
    if listed and all(map(_is_picture, listed)):
        return decode_pictures(listed)
    parts = [_as_image(i, image) for i, image in enumerate(listed)]
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


def _is_picture(image: Any) -> bool:
    """Return whether an image is a path or one of Pillow's."""
    return isinstance(image, str | os.PathLike) or type(image).__module__.startswith("PIL.")


def _as_image(i: int, image: Any) -> NDArray[Any]:
    try:
        return np.asarray(image)
    except ValueError as error:  # rows of unlike length
        raise DataError(f"image {i} is no array: {error}; give an array of pixels") from error


def _size(image: NDArray[Any]) -> str:
    return "×".join(map(str, image.shape)) or "nothing"


def with_channels(array: NDArray[Any]) -> NDArray[Any]:
    """Check the shape of images; those without a channel axis get one.

    Raises
    ------
    DataError
        If it is none of images, or looks like that of a single one.
    """
    if array.ndim not in (3, 4):
        raise DataError(
            f"images of shape {array.shape}: give (n, height, width) or "
            "(n, height, width, channels); a single image needs an axis before its own"
        )
    if not array.size:
        raise DataError(
            f"images of shape {array.shape} are empty; give an image of a pixel at least"
        )
    if array.ndim == 3 and array.shape[2] in (3, 4) and min(array.shape[:2]) >= SMALLEST_SIDE:
        height, width, channels = array.shape
        raise DataError(
            f"images of shape {array.shape} look like one image of {height}×{width} pixels and "
            f"{channels} channels; give many: an image needs an axis before its own, as of "
            f"images[None]. For {height} images {channels} pixels wide give images[..., None]"
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
