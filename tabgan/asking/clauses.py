"""What a user asks as clauses: a column's name, an operator, and values as they were given."""

import datetime
import re
from collections.abc import Hashable, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from tabgan.errors import OptionError

__all__ = ["KEYWORDS", "Clause", "Operator", "clauses_of", "is_missing"]

Operator = Literal["<", "<=", ">", ">=", "in", "not in"]

KEYWORDS = frozenset({"and", "or", "not", "in", "is", "between", "missing"})
_BARE = re.compile(r"[^\W\d][\w.-]*(?<![.-])")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_LISTS = (list, set, frozenset, range, np.ndarray, pd.Index, pd.Series)


class Clause(NamedTuple):
    """One question: of a list of values for ``in`` and ``not in``, else of a single one.

    Examples
    --------
    >>> str(Clause("age", ">=", (65,))), str(Clause("home town", "in", ("Ulm",)))
    ('age >= 65', "`home town` == 'Ulm'")
    >>> str(Clause("mail", "not in", (None,)))
    'mail is not missing'
    """

    name: Hashable
    operator: Operator
    values: tuple[Any, ...]

    def __str__(self) -> str:
        name = _written_name(self.name)
        if self.operator not in ("in", "not in"):
            return f"{name} {self.operator} {_written(self.values[0])}"
        negated = self.operator == "not in"
        if len(self.values) != 1:
            return f"{name} {self.operator} ({', '.join(map(_written, self.values))})"
        if is_missing(self.values[0]):
            return f"{name} is not missing" if negated else f"{name} is missing"
        return f"{name} {'!=' if negated else '=='} {_written(self.values[0])}"


def is_missing(value: Any) -> bool:
    """Say whether a value stands for a missing one: None, NaN, NaT or NA."""
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def clauses_of(where: Mapping[Any, Any]) -> list[Clause]:
    """Read a mapping from columns to a value, a list of values, or a pair of bounds.

    Raises
    ------
    OptionError
        If what is asked of a column is none of these.

    Examples
    --------
    >>> for clause in clauses_of({"age": (65, None), "state": ["NY", "NJ"], "mail": None}):
    ...     print(clause)
    age >= 65
    state in ('NY', 'NJ')
    mail is missing
    """
    return [clause for name, wanted in where.items() for clause in _clauses(name, wanted)]


def _clauses(name: Hashable, wanted: Any) -> list[Clause]:
    if isinstance(wanted, tuple):
        return _range(name, wanted)
    if isinstance(wanted, _LISTS):
        values = tuple(wanted)
        if not values:
            raise OptionError(
                f"where: column {name!r} is given an empty list, which no row can meet; name one "
                "value at least, or leave the column out"
            )
        return [Clause(name, "in", values)]
    if isinstance(wanted, Mapping | slice):
        raise OptionError(
            f"where: column {name!r} is given {wanted!r:.60}; give a value, a list of values, a "
            "range as a pair (from, to) with None for an open end, or None for missing"
        )
    return [Clause(name, "in", (wanted,))]


def _range(name: Hashable, ends: tuple[Any, ...]) -> list[Clause]:
    if len(ends) != 2:
        raise OptionError(
            f"where: column {name!r} is given a tuple of {len(ends)} values; a tuple is a range, "
            "as in (20, 30) or (65, None); write values to choose from as a list"
        )
    low, high = ends
    if is_missing(low) and is_missing(high):
        raise OptionError(
            f"where: column {name!r} is given a range that is open at both ends; give one end at "
            "least, or leave the column out"
        )
    clauses = [] if is_missing(low) else [Clause(name, ">=", (low,))]
    return clauses if is_missing(high) else [*clauses, Clause(name, "<=", (high,))]


def _written_name(name: Hashable) -> str:
    text = str(name)
    if _BARE.fullmatch(text) and text.casefold() not in KEYWORDS:
        return text
    return _quoted(text, "`")


def _written(value: Any) -> str:
    """Write a value so that it is read again as the same one."""
    if is_missing(value):
        return "missing"
    if isinstance(value, np.generic) and not isinstance(value, np.datetime64 | np.timedelta64):
        value = value.item()
    if isinstance(value, bool | int | float) or _NUMBER.fullmatch(str(value)):
        return str(value)
    if isinstance(value, datetime.timedelta):
        value = pd.Timedelta(value)  # which writes nanoseconds too
    return _quoted(str(value), "'")


def _quoted(text: str, mark: str) -> str:
    for character, escape in (("\\", "\\\\"), (mark, f"\\{mark}"), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(character, escape)
    return f"{mark}{text}{mark}"
