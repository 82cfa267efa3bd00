"""Names and levels found by what a user writes for them."""

from collections.abc import Hashable, Sequence
from typing import Any

import pandas as pd

from tabgan.scalars import Scalar, to_python_scalar

__all__ = ["find_level", "find_name"]


def find_name(name: Any, names: Sequence[Hashable]) -> int | None:
    """Return the place of a label; 1, 1.0, True and "1" are four, but a text may stand for one.

    Examples
    --------
    >>> find_name("age", ["sex", "age"]), find_name("1", ["sex", 1]), find_name(2, ["sex", 1])
    (1, 1, None)
    """
    label, others = to_python_scalar(name), [to_python_scalar(other) for other in names]
    for i, other in enumerate(others):
        if type(label) is type(other) and label == other:
            return i
    written = [i for i, other in enumerate(others) if str(other) == label]
    return written[0] if len(written) == 1 else None


def find_level(value: Any, levels: Sequence[Scalar]) -> int | None:
    """Return the place of the level that a value stands for.

    That is the level that equals it, for a missing one the level None, and for a text also the
    level that is written so.

    Examples
    --------
    >>> find_level("3", [1, 2, 3]), find_level(float("nan"), ["a", None]), find_level(3, ["3"])
    (2, 1, None)
    """
    if pd.api.types.is_scalar(value) and pd.isna(value):
        value = None
    value = to_python_scalar(value)
    same = (code for code, level in enumerate(levels) if type(level) is type(value))
    exact = next((code for code in same if levels[code] == value), None)
    if exact is not None:
        return exact
    alike = [code for code, level in enumerate(levels) if _is_like(level, value)]
    return alike[0] if len(alike) == 1 else None


def _is_like(level: Scalar, value: Any) -> bool:
    """Say whether a value of another type stands for a level: an equal one, or its text."""
    if isinstance(value, str):
        return value == ("" if level is None else str(level))
    try:
        return level is not None and bool(level == value)
    except (TypeError, ValueError):
        return False
