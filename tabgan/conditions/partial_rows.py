"""Partial rows: rows with some cells given, checked against the columns of a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import OptionError, did_you_mean
from tabgan.conditions.domains import Domain, ValueChoice, domain_of
from tabgan.conditions.grammar import Clause
from tabgan.table.columns import numbers_to_series
from tabgan.table.level_codes import codes_of, levels_to_series
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Column, Schema, find_name

__all__ = ["PartialRows", "read_partial_rows"]

ColumnLevels = Mapping[int, Sequence[Scalar]]


@dataclass(frozen=True, eq=False)
class PartialRows:
    """Rows with the schema's columns and dtypes, and which of their cells are given.

    Parameters
    ----------
    cells
        The columns by position; a column with no given cell is left out.
    given
        Shape (rows, columns).
    places
        Positions of the columns of the input, in its order.
    """

    cells: Mapping[int, pd.Series]
    given: NDArray[np.bool_]
    places: tuple[int, ...] = ()

    def __getitem__(self, rows: slice | NDArray[np.intp]) -> "PartialRows":
        """Return some of the rows."""
        cells = {at: own.iloc[rows].reset_index(drop=True) for at, own in self.cells.items()}
        return PartialRows(cells, self.given[rows], self.places)


def read_partial_rows(
    frame: pd.DataFrame,
    schema: Schema,
    levels: ColumnLevels,
    specials: ColumnLevels,
    *,
    strict: bool = True,
) -> PartialRows:
    """Read rows whose missing cells and columns are to be generated.

    Parameters
    ----------
    frame
        Some columns of the table, in any order; values are read as by `parse_condition`.
    schema, levels, specials
        As for `parse_condition`.
    strict
        Whether a value that the column never has is an error; else its cell counts as missing.

    Raises
    ------
    OptionError
        If a column is unknown or named twice, or a value can't be one of its column.
    """
    given = np.zeros((len(frame), len(schema)), np.bool_)
    cells: dict[int, pd.Series] = {}
    places: list[int] = []
    for place, name in enumerate(frame.columns):
        at = find_name(name, schema.names)
        if at is None or at in places:
            fix = did_you_mean(f"{name!s:.80}", schema.names)
            why = f"is not in the table; {fix}" if at is None else "appears twice; name it once"
            raise OptionError(f"where: column {name!r:.80} {why}")
        places.append(at)
        values, column = frame.iloc[:, place], schema.columns[at]
        domain = domain_of(column, levels.get(at), specials.get(at, ()))
        if domain.is_open:
            own, given[:, at] = _as_they_are(values, column)
            if given[:, at].any():
                cells[at] = own
        else:
            cells[at], given[:, at] = _read(values, domain, strict=strict)
    return PartialRows(cells, given, tuple(places))


def _as_they_are(values: pd.Series, column: Column) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Read a column of any texts as it is; cells that are not given hold another value of it."""
    given = values.notna().to_numpy(bool)
    first = values[given].iloc[:1]
    filled = values if given.all() else values.astype(object).where(given, [*first, None][0])
    try:
        cells = filled.astype(column.pandas_dtype) if given.any() else filled
    except (TypeError, ValueError) as error:
        raise OptionError(
            f"where: column {column.name!r} of dtype {column.pandas_dtype} can't hold these "
            f"values: {error}"
        ) from error
    return cells.reset_index(drop=True), given


def _read(
    values: pd.Series, domain: Domain, *, strict: bool
) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Read the distinct values, and lay them out as a series of the column."""
    codes, found = codes_of(values)
    choices = [_choice(value, domain, strict=strict) for value in found]
    given = np.array([choice is not None for choice in choices], np.bool_)
    levels = [
        domain.levels[min(choice.places)] if choice and choice.places else None
        for choice in choices
    ]
    if domain.ranges and not domain.is_open:
        ends = [choice.ranges[0].low if choice and choice.ranges else None for choice in choices]
        return _numbers(ends, levels, codes, domain.column), given[codes]
    filler = domain.levels[0] if domain.levels else None  # where nothing is given
    filled = [level if known else filler for level, known in zip(levels, given, strict=True)]
    return levels_to_series(filled, codes, domain.column), given[codes]


def _choice(value: Scalar, domain: Domain, *, strict: bool) -> ValueChoice | None:
    """Return what a value stands for; None if nothing is given."""
    if value is None:
        return None
    try:
        return domain.choose(Clause(domain.column.name, "in", (value,)))
    except OptionError:
        if strict:
            raise
        return None


def _numbers(
    ends: Sequence[float | None],
    marks: Sequence[Scalar],
    codes: NDArray[np.int32],
    column: Column,
) -> pd.Series:
    """Lay out numbers, and the marks that stand beside them; zero where nothing is given."""
    exact = all(end is None or isinstance(end, int) for end in ends)
    numbers = np.array([end or 0 for end in ends], np.int64 if exact else np.float64)
    special = np.empty(len(marks), object)
    special[:] = marks
    present = np.array([mark is None for mark in marks], np.bool_)
    return numbers_to_series(numbers[codes], special[codes], column, present[codes])
