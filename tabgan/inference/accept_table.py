"""What a table may come as, and checks that it can be learned."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from tabgan.base.errors import DataError
from tabgan.inference.column_cells import shown, storage_of
from tabgan.table.frame_libraries import lists_as_text, pandas_of
from tabgan.table.level_codes import are_texts
from tabgan.table.scalars import is_scalar

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame
    from numpy.typing import ArrayLike

__all__ = ["TableLike", "as_frame", "check_labels", "check_table"]

# a DataFrame, a table of a library that narwhals knows, an array or rows
TableLike: TypeAlias = "pd.DataFrame | IntoDataFrame | ArrayLike | Sequence[Mapping[Any, Any]]"

_ROW_TYPES = (list, tuple, Mapping, np.ndarray)


def as_frame(data: Any, *, by_schema: bool = False) -> pd.DataFrame:
    """Return a table as a DataFrame; lists in cells become texts in JSON.

    Parameters
    ----------
    data
        A DataFrame, which is returned as it is; a table of Polars, Arrow or another library that
        narwhals knows; an array of two dimensions or a list of rows, whose columns are named 0,
        1, 2 …; a structured array or a list of mappings, whose columns have the names of the
        fields.
    by_schema
        Whether no row may influence the columns: lists among objects then stay.

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
        rows = _frame_of_rows(data)
        return rows if by_schema else lists_as_text(rows)
    if isinstance(data, pd.Series):
        raise DataError(
            f"The table is a Series (name {data.name!r}); give a DataFrame, for example to_frame()"
        )
    frame = pandas_of(data, by_schema=by_schema)
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


_LABEL_TYPES = (str, int, float, type(None), np.integer, np.bool_, pd.Timestamp)


def check_table(df: Any) -> None:
    """Check that a table can be learned from at all.

    Raises
    ------
    DataError
        If it is not a DataFrame, is empty or of one row, has names that are not unique or not
        plain, or has a cell of a type that is not supported. The message names the place, the
        value and the fix.

    Examples
    --------
    >>> check_table(pd.DataFrame({"age": [31, 52]}))
    """
    if not isinstance(df, pd.DataFrame):
        raise DataError(
            f"A table must be a pandas DataFrame, but this is a {type(df).__name__}; "
            "wrap it: pandas.DataFrame(data)"
        )
    rows, columns = df.shape
    if columns == 0:
        raise DataError(
            f"The table has 0 feature(s) (shape=({rows}, 0)) while a minimum of 1 is required."
        )
    if rows < 2:
        raise DataError(
            f"The table has {rows} sample{'' if rows == 1 else '(s)'} (shape=({rows}, {columns})) "
            "while a minimum of 2 rows is required to learn from.",
            on_command_line=f"The table has {rows or 'no'} row{'s' * (rows != 1)}; a table to "
            "learn from needs 2 at least",
        )
    check_labels(df.columns)
    for index, name in enumerate(df.columns):
        _check_cells(name, df.iloc[:, index])


def check_labels(labels: "pd.Index[Any]") -> None:
    """Check the names of columns.

    Raises
    ------
    DataError
        If they are not unique or not plain.
    """
    for name in labels:
        for part in name if isinstance(name, tuple) else (name,):
            if not isinstance(part, _LABEL_TYPES):
                raise DataError(
                    f"Column name {shown(name)} is of type {type(part).__name__}; names are "
                    "text, numbers, None, timestamps, or tuples of these: rename it, or use "
                    "df.columns = df.columns.astype(str)"
                )
    repeated = labels[labels.duplicated()].unique().tolist()
    if repeated:
        names = ", ".join(shown(name) for name in repeated[:10])
        raise DataError(
            f"Column names must be unique, but {names} occur{'' if repeated[1:] else 's'} more "
            "than once; rename the columns"
        )


def _check_cells(name: Hashable, values: pd.Series) -> None:
    dtype = values.dtype
    if isinstance(dtype, pd.SparseDtype):
        dtype = np.dtype(dtype.subtype)
    if isinstance(dtype, pd.CategoricalDtype):
        values = pd.Series(dtype.categories)
        dtype = values.dtype
    if storage_of(dtype) is not None or are_texts(values):
        return
    objects = values.to_numpy(object).tolist()
    for kind in set(map(type, objects)):
        cells = ((row, value) for row, value in enumerate(objects) if type(value) is kind)
        row, value = _first_unusable(cells) if kind is tuple else next(cells)
        if _is_usable(value):
            continue
        where = f"column {shown(name)}, row {row}"
        if issubclass(kind, complex | np.complexfloating):
            raise DataError(
                f"Complex data not supported: {where} holds {shown(value)}; split it into a real "
                "and an imaginary column"
            )
        raise DataError(
            f"Values of type {kind.__name__} are not supported: {where} holds {shown(value)}; "
            "convert the column to text, numbers or dates, or drop it"
        )


def _is_usable(value: Any) -> bool:
    return is_scalar(value) or value is pd.NA or value is pd.NaT


def _first_unusable(cells: Iterable[tuple[int, Any]]) -> tuple[int, Any]:
    """Find the first tuple with an unusable part."""
    return next(((row, value) for row, value in cells if not _is_usable(value)), (0, None))
