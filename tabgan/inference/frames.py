"""What a table may come as."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tabgan.dataframes import pandas_of
from tabgan.errors import DataError
from tabgan.inference.cells import shown

__all__ = ["as_frame"]

_ROW_TYPES = (list, tuple, Mapping, np.ndarray)


def as_frame(data: Any) -> pd.DataFrame:
    """Return a table as a DataFrame.

    Parameters
    ----------
    data
        A DataFrame, which is returned as it is; a table of Polars, Arrow or another library that
        narwhals knows; an array of two dimensions or a list of rows, whose columns are named 0,
        1, 2 …; a structured array or a list of mappings, whose columns have the names of the
        fields.

    Raises
    ------
    DataError
        If it is none of these, or lazy; the message says how to make it one.
    OptionError
        If a table of another library needs pyarrow, and that is not there.

    Examples
    --------
    >>> as_frame([[31, "a"], [52, "b"]]).dtypes.astype(str).tolist()
    ['int64', 'object']
    """
    if isinstance(data, list | tuple):
        return _frame_of_rows(data)
    if isinstance(data, pd.Series):
        raise DataError(
            f"The table is a Series (name {data.name!r}); give a DataFrame, for example to_frame()"
        )
    frame = pandas_of(data)
    if frame is not None:
        return frame
    if hasattr(data, "toarray"):  # SciPy's
        raise DataError(
            f"The table is a sparse {type(data).__name__}; sparse matrices are not supported: "
            "give X.toarray(), or a DataFrame"
        )
    if hasattr(data, "to_pandas") or not hasattr(data, "__array__"):
        fix = "X.to_pandas()" if hasattr(data, "to_pandas") else "pandas.DataFrame(X)"
        raise DataError(
            "The table must be a pandas DataFrame, an array of two dimensions or a list of rows, "
            f"but this is a {type(data).__name__}; give {fix}"
        )
    return _frame_of_array(data if isinstance(data, np.ndarray) else np.asarray(data))


def _frame_of_array(array: "np.ndarray[Any, Any]") -> pd.DataFrame:
    # one of structured type is one-dimensional, and its fields are the columns
    expected = 2 if array.dtype.names is None else 1
    if array.ndim != expected:
        raise DataError(
            f"An array must have two dimensions, rows and columns, but this one has the shape "
            f"{array.shape}; reshape it, a single column with X.reshape(-1, 1)"
        )
    return pd.DataFrame(array)


def _frame_of_rows(rows: Sequence[Any]) -> pd.DataFrame:
    for position, row in enumerate(rows):
        if not isinstance(row, _ROW_TYPES):
            raise DataError(
                f"Row {position} of the list is {shown(row)}, of type {type(row).__name__}; a row "
                "is a list, tuple or mapping of its values"
            )
        if not isinstance(row, Mapping) and len(row) != len(rows[0]):
            raise DataError(
                f"Row {position} of the list has {len(row)} values and row 0 has {len(rows[0])}; "
                "all rows must have the same number"
            )
    return pd.DataFrame(list(rows))
