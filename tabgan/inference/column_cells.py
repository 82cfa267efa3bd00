"""What the cells of a column are, and what the column turns out to be."""

import datetime
import re
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, NamedTuple
from uuid import UUID

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.table.level_codes import dense, distinct_of
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Kind
from tabgan.table.text_formats import MISSING_MARKS

__all__ = [
    "ColumnCells",
    "ColumnGuess",
    "FEWEST",
    "NUMBER_TYPES",
    "Storage",
    "last_label",
    "names_rows",
    "numbers_rows",
    "read_cells",
    "shown",
    "storage_of",
]

Storage = Literal[
    "nothing",  # objects, all missing
    "boolean",
    "number",
    "date",
    "time",
    "duration",
    "category",
    "string",
    "bytes",
    "uuid",
    "mixed",
]


NUMBER_TYPES = (int, float, np.integer, np.floating, Decimal)


_STORAGES: tuple[tuple[Storage, tuple[type, ...]], ...] = (
    ("string", (str,)),
    ("boolean", (bool, np.bool_)),
    ("number", NUMBER_TYPES),
    ("date", (datetime.date,)),  # datetime and Timestamp are subclasses
    ("time", (datetime.time,)),
    ("duration", (datetime.timedelta,)),  # Timedelta is a subclass
    ("bytes", (bytes,)),
    ("uuid", (UUID,)),
)


@dataclass(frozen=True)
class ColumnCells:
    """The cells of one column.

    Parameters
    ----------
    name
        The column's label.
    storage
        What the present cells are.
    missing
        Which cells are missing, shape (rows,).
    given
        The cells that are not, in row order.
    decimal
        The decimal mark of the table's other columns, which decides where texts leave it open.
    """

    name: Hashable
    storage: Storage
    missing: NDArray[np.bool_]
    given: pd.Series
    decimal: str | None = None

    @cached_property
    def objects(self) -> NDArray[np.object_]:
        """The present cells as Python objects."""
        return self.given.to_numpy(object)

    @cached_property
    def texts(self) -> dict[Any, int]:
        """How often each value occurs, by first appearance, without the marks of absence."""
        counts = Counter[Any]()
        if self.storage == "string":
            codes, texts = distinct_of(self.given)
            for text, count in zip(texts, np.bincount(codes).tolist(), strict=True):
                counts[text] += count  # equal texts may be of different classes
        else:
            counts.update(self.objects.tolist())
        return {text: count for text, count in counts.items() if text not in MISSING_MARKS}

    def row_of(self, position: int) -> int:
        """Row of the present cell at `position`."""
        return int(np.flatnonzero(~self.missing)[position])


def read_cells(name: Hashable, values: pd.Series, decimal: str | None = None) -> ColumnCells:
    """Find out what the cells of a column are.

    Parameters
    ----------
    name
        The column's label.
    values
        The column's values.
    decimal
        The decimal mark of the table's other columns.
    """
    values = dense(values)
    if storage_of(values.dtype) is None and set(map(type, values.to_numpy(object))) == {str}:
        # told sooner than that no cell is missing
        return ColumnCells(name, "string", np.zeros(len(values), np.bool_), values, decimal)
    missing = values.isna().to_numpy(bool)
    given = values[~missing] if missing.any() else values
    storage = storage_of(values.dtype) or _storage_of_objects(given.to_numpy(object))
    return ColumnCells(name, storage, missing, given, decimal)


def storage_of(dtype: Any) -> Storage | None:
    """Return what cells of a dtype are; None where each object speaks for itself."""
    types = pd.api.types
    if isinstance(dtype, pd.CategoricalDtype | pd.IntervalDtype):
        return "category"
    if isinstance(dtype, pd.PeriodDtype) or dtype.kind == "M":
        return "date"
    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_integer_dtype(dtype) or types.is_float_dtype(dtype):
        return "number"
    return "duration" if dtype.kind == "m" else None


def _storage_of_objects(objects: NDArray[np.object_]) -> Storage:
    types = set(map(type, objects))
    if not types:
        return "nothing"
    for storage, members in _STORAGES:
        # True is an int to Python, but not a number here
        if all(issubclass(t, members) and (t is not bool or bool in members) for t in types):
            return storage
    return "mixed"


def shown(value: Any) -> str:
    """Show a value in a message, on one line and not too long."""
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= 60 else f"{text[:59]}…"


FEWEST = 20  # values from which "nearly all differ" means something


_ID = re.compile(
    r"(?i:(?:^|[\W_])(?:id|uuid|guid|key))$|[a-z0-9](?:I[Dd]|UUID|Uuid|GUID|Guid|Key)$"
)


_POSITION = re.compile(
    r"(?i:(?:^|[\W_])(?:no|nr|num|number|idx|index|row))$|[a-z0-9](?:No|Nr|Num|Number|Index|Row)$"
)


class ColumnGuess(NamedTuple):
    """The kind of a column, why, its range and its format (see `tabgan.table.schema.Column`)."""

    kind: Kind
    why: str
    minimum: Scalar = None
    maximum: Scalar = None
    decimals: int | None = None
    format: str | None = None
    other_formats: tuple[str, ...] = ()
    is_ambiguous: bool = False  # another form fits as well, with other values


def names_rows(name: Hashable) -> bool:
    """Return whether a column's name is that of an identifier.

    Examples
    --------
    >>> [names_rows(name) for name in ("id", "user_id", "userId", "KEY", "paid", 7)]
    [True, True, True, True, False, False]
    """
    return bool(_ID.search(last_label(name)))


def numbers_rows(name: Hashable) -> bool:
    """Return whether a column's name is that of an identifier or of a row number."""
    return names_rows(name) or bool(_POSITION.search(last_label(name)))


def last_label(name: Any) -> str:
    """Return a column's name as text; of a name of several levels the last one."""
    return str(name[-1]) if isinstance(name, tuple) and name else str(name)
