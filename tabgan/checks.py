"""Checks of options, made before any work begins."""

import os
import sys
from math import inf
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from tabgan.errors import OptionError

__all__ = ["check_memory", "check_number"]


def check_number(
    name: str,
    value: Any,
    kind: type[Integral] | type[Real],
    least: int,
    other: str = "",
    *,
    above: bool = False,
) -> None:
    """Check that an option is a finite number from `least` on.

    Parameters
    ----------
    name, value
        The option.
    kind
        `numbers.Integral` for whole numbers, `numbers.Real` for any.
    least
        The least value that is allowed.
    other
        What else the option may be, for the message.
    above
        Whether the number must be above `least`.

    Raises
    ------
    OptionError
        If it is not.
    """
    is_number = isinstance(value, kind) and not isinstance(value, bool | np.bool_)
    if not is_number or not least <= value < inf or (above and value == least):
        noun = "a whole number" if kind is Integral else "a number"
        bound = "above" if above else "from"
        raise OptionError(f"{name}={value!r} must be {noun} {bound} {least} {other}".rstrip())


def check_memory(first: pd.DataFrame, n: int) -> None:
    """Check that n rows like a first block of them fit into memory, before they are drawn.

    Raises
    ------
    OptionError
        If they don't.
    """
    if n <= len(first) or not hasattr(os, "sysconf"):
        return
    needed = 2 * _block_bytes(first) * n // len(first)  # the blocks, then the whole
    available = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > available:
        raise OptionError(
            f"n={n} rows would take about {needed >> 30:,} GiB of memory and the machine has "
            f"{available >> 30:,}; draw them in blocks with sample_blocks, or to a file with "
            "'tabgan sample'"
        )


def _block_bytes(block: pd.DataFrame) -> int:
    """Return a block's size; an object that stands in many cells is there only once."""
    objects = block.select_dtypes(object)
    shared = sum(
        sys.getsizeof(value)
        for i in range(objects.shape[1])
        for value in {id(value): value for value in objects.iloc[:, i]}.values()
    )
    return int(block.memory_usage(deep=False).sum()) + shared
