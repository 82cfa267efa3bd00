"""Between pandas columns and plain NumPy arrays: as numbers or as levels, exactly and both ways.

Numbers, dates and durations become `Numbers`, any column can become levels and codes. Nothing
above this module needs to know in which of pandas's dtypes a column is kept.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.errors import SchemaError
from tabgan.schema import Column
from tabgan.values.dates import range_of_ticks, read_ticks, unit_of, write_ticks, zone_of
from tabgan.values.levels import absent_of, codes_of, dense, levels_to_series
from tabgan.values.numbers import Numbers, read_numbers, write_numbers
from tabgan.values.typed import typed_frame

__all__ = [
    "Numbers",
    "absent_of",
    "codes_of",
    "dense",
    "levels_to_series",
    "numbers_of",
    "numbers_to_series",
    "outside_range",
    "range_of_ticks",
    "typed_frame",
    "unit_of",
    "zone_of",
]

_TICKS = ("datetime", "timedelta")


def numbers_of(values: pd.Series, column: Column) -> Numbers:
    """Read the numbers of a column of kind numeric, integer, datetime or timedelta.

    Dates and durations are counted in whole ticks of the column's own unit, dates in wall-clock
    time. What is not a number (missing, infinite, another value among objects or texts) is a
    special value.

    Raises
    ------
    DataError
        If a value can't be kept, or the column mixes time zones.
    SchemaError
        If the column's kind, dtype, format and range don't go together.

    Examples
    --------
    >>> column = Column("price", "numeric", "object", decimals=2, format="%.2f")
    >>> numbers_of(pd.Series(["1.50", "?", None], dtype=object), column)
    Numbers(values=array([1.5, 0. , 0. ]), present=array([ True, False, False]), \
special=array([None, '?', None], dtype=object))
    """
    return (read_ticks if column.kind in _TICKS else read_numbers)(values, column)


def numbers_to_series(
    values: NDArray[Any],
    special: NDArray[np.object_],
    column: Column,
    present: NDArray[np.bool_],
) -> pd.Series:
    """Write numbers and specials with the column's name, dtype, precision and range.

    Values are rounded to the column's precision and kept in its range. Of a wall-clock time that
    a time zone has twice the first is taken, one that it leaves out is shifted forward.

    Parameters
    ----------
    values
        Numbers or ticks, integers or floats; do not count where not present.
    special
        What stands where no number is present: None for a missing value.
    present
        Which rows hold a number.

    Raises
    ------
    DataError
        If the column's dtype can't hold a missing value that is asked for.
    SchemaError
        If the column's kind, dtype, format and range don't go together.

    Examples
    --------
    >>> column = Column("price", "numeric", "object", decimals=2, format="%.2f")
    >>> special = np.array([None, "?", None], dtype=object)
    >>> numbers_to_series(np.array([1.499, 0, 0]), special, column, special == None).tolist()
    ['1.50', '?', '0.00']
    """
    write = write_ticks if column.kind in _TICKS else write_numbers
    return write(values, special, column, present)


def outside_range(values: pd.Series, column: Column) -> NDArray[np.bool_]:
    """Say which rows of a column hold a number beyond its minimum or maximum.

    Raises
    ------
    DataError, SchemaError
        As `numbers_of` does, and if the range is not one of the column's kind.

    Examples
    --------
    >>> column = Column("age", "integer", "Int64", maximum=90)
    >>> outside_range(pd.Series([17, 91, None], dtype="Int64"), column).tolist()
    [False, True, False]
    """
    numbers = numbers_of(values, column)
    if column.kind in _TICKS:
        low, high = range_of_ticks(column)
    else:
        low, high = column.minimum, column.maximum
    outside = np.zeros(len(values), bool)
    # a Decimal is read as the nearest float, so its bound is too
    nearest = float if numbers.values.dtype.kind == "f" else lambda bound: bound
    try:
        if low is not None:
            outside |= numbers.values < nearest(low)
        if high is not None:
            outside |= numbers.values > nearest(high)
    except (TypeError, ValueError) as error:
        raise SchemaError(
            f"Column {column.name!r}: minimum={low!r} and maximum={high!r} do not go with "
            f"kind={column.kind!r}; they must be numbers"
        ) from error
    return outside & numbers.present
