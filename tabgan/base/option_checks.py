"""Checks of options, made before any work begins."""

import functools
import inspect
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from math import inf
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from tabgan.base.errors import OptionError, did_you_mean

__all__ = ["check_memory", "check_number", "check_training", "names_unknown_options"]

Class = TypeVar("Class", bound=type[Any])

# Where Linux tells a container's limit: control groups of version 2 and of version 1.
_CGROUP_LIMITS = (
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)


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


def check_training(options: Mapping[str, Any]) -> None:
    """Check what all estimators' options say of a training's budget, latent and observers.

    Raises
    ------
    OptionError
        If one can't be, or if both steps and epochs are given.
    """
    check_number("snapshots", options["snapshots"], Integral, 0)
    for name in ("steps", "latent_dim"):
        if options[name] != "auto":
            check_number(name, options[name], Integral, 1, "or 'auto'")
    if options["epochs"] is not None:
        check_number("epochs", options["epochs"], Real, 0, "or None", above=True)
        if options["steps"] != "auto":
            raise OptionError(
                f"steps={options['steps']!r} and epochs={options['epochs']!r} are both given; "
                "give one"
            )
    if options["max_time"] is not None:
        check_number("max_time", options["max_time"], Real, 0, "or None", above=True)


def check_memory(first: pd.DataFrame, n: int) -> None:
    """Check that n rows like a first block of them fit into memory, before they are drawn.

    Parameters
    ----------
    first
        The first block of the sample.
    n
        How many rows are to be drawn.

    Raises
    ------
    OptionError
        If they don't.
    """
    if n <= len(first) or not hasattr(os, "sysconf"):
        return
    needed = 2 * _block_bytes(first) * n // len(first)  # the blocks, then the whole
    available = _memory_limit()
    if needed > available:
        raise OptionError(
            f"n={n} rows would take about {needed >> 30:,} GiB of memory and the machine has "
            f"{available >> 30:,}; draw them in blocks with sample_blocks, or to a file with "
            "'tabgan sample'"
        )


def _memory_limit() -> int:
    """Return the bytes of memory that there are: the machine's, or the container's if fewer."""
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in _CGROUP_LIMITS:
        with suppress(OSError, ValueError):  # there is no such file, or it says "max"
            limits.append(int(Path(path).read_text()))
    return min(limits)


def _block_bytes(block: pd.DataFrame) -> int:
    """Return a block's size; an object that stands in many cells is there only once."""
    objects = block.loc[:, [dtype == np.dtype(object) for dtype in block.dtypes]]
    shared = sum(
        sys.getsizeof(value)
        for i in range(objects.shape[1])
        for value in {id(value): value for value in objects.iloc[:, i]}.values()
    )
    return int(block.memory_usage(deep=False).sum()) + shared


def names_unknown_options(cls: Class) -> Class:
    """Let a class say which option was meant, where it is made with a name that it does not have.

    Examples
    --------
    >>> @names_unknown_options
    ... class Model:
    ...     def __init__(self, steps=1):
    ...         self.steps = steps
    >>> Model(step=2)
    Traceback (most recent call last):
        ...
    TypeError: Model has no option 'step'; did you mean 'steps'?
    """
    init = cls.__init__
    known = [*inspect.signature(init).parameters][1:]

    @functools.wraps(init)
    def checked(self: object, *args: object, **options: object) -> None:
        for name in options:
            if name not in known:
                raise TypeError(
                    f"{cls.__name__} has no option {name!r}; {did_you_mean(name, known)}"
                )
        init(self, *args, **options)

    cls.__init__ = checked
    return cls
