"""Choose the kind of every column, or hold the data against the kind that was asked for."""

from collections.abc import Callable, Hashable, Mapping

import pandas as pd

from tabgan.dtypes import describe_dtype
from tabgan.errors import DataError, SchemaError, did_you_mean
from tabgan.inference.asked import fit_kind
from tabgan.inference.cells import ColumnCells, Storage, read_cells, shown
from tabgan.inference.checks import check_table
from tabgan.inference.dates import find_dates, find_durations, find_text_dates
from tabgan.inference.finding import ColumnGuess
from tabgan.inference.numbers import find_numbers
from tabgan.inference.words import (
    find_categories,
    find_levels,
    find_mixed,
    find_names,
    find_words,
)
from tabgan.kinds import Kind, check_kind
from tabgan.schema import Column, Schema
from tabgan.values import absent_of

__all__ = ["infer_schema"]


def infer_schema(df: pd.DataFrame, overrides: Mapping[Hashable, Kind] | None = None) -> Schema:
    """Describe the columns of a table: kind, dtype, precision, range, missing share, and why.

    Parameters
    ----------
    df
        The table; at least two rows.
    overrides
        Kinds of columns that are known better, by column name.

    Raises
    ------
    DataError
        If the table can't be used (see `check_table`), or a column's dtype would keep values that
        name its rows.
    SchemaError
        If an override names no column or no kind, or does not fit the column's values.

    Examples
    --------
    >>> df = pd.DataFrame({"age": [31, 52, 47], "born": ["1994-01-31", "1973-06-02", "NA"]})
    >>> for column in infer_schema(df):
    ...     print(f"{column.name}: {column.kind}, {column.why}")
    age: integer, 3 distinct whole numbers from 31 to 52
    born: datetime, dates written %Y-%m-%d, from 1973-06-02 to 1994-01-31
    """
    check_table(df)
    asked = dict(overrides or {})
    names = set(df.columns)
    for name, kind in asked.items():
        if name not in names:
            raise SchemaError(
                f"Column {shown(name)} is not in the table; {did_you_mean(name, df.columns)}"
            )
        check_kind(f"Column {shown(name)}", kind)
    columns = (
        _infer_column(name, df.iloc[:, index], asked.get(name))
        for index, name in enumerate(df.columns)
    )
    return Schema(tuple(columns), tuple(df.columns.names))


def _infer_column(name: Hashable, values: pd.Series, asked: Kind | None) -> Column:
    cells = read_cells(name, values)
    finding = find_kind(cells) if asked is None else fit_kind(cells, asked)
    try:
        dtype = describe_dtype(values.dtype)
    except DataError as error:
        raise DataError(f"Column {shown(name)}: {error}") from error
    return Column(
        name=name,
        dtype=dtype,
        missing=float(cells.missing.mean()),
        absent=absent_of(values),
        **finding._asdict(),
    )


def find_kind(cells: ColumnCells) -> ColumnGuess:
    """Decide what a column is."""
    return _FINDERS[cells.storage](cells)


_FINDERS: dict[Storage, Callable[[ColumnCells], ColumnGuess]] = {
    "nothing": find_levels,
    "boolean": lambda _: ColumnGuess("boolean", "true or false"),
    "number": lambda cells: find_numbers(cells) or find_names(cells),
    "date": find_dates,
    "duration": find_durations,
    "category": find_categories,
    "string": lambda cells: (
        find_text_dates(cells.texts) or find_numbers(cells) or find_words(cells)
    ),
    "bytes": find_names,
    "uuid": find_names,
    "mixed": lambda cells: find_numbers(cells) or find_mixed(cells),
}
