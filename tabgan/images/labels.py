"""The labels of images, and the codes of their classes."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray

from tabgan.errors import DataError, OptionError, did_you_mean

__all__ = ["check_codes", "check_labels", "code_of"]


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
    tabgan.errors.OptionError: label 'cta' is none of the 2 classes; did you mean 'cat'?
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
