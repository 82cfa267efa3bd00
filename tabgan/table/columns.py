"""A table in work: its columns, each parsed once, as numbers or as levels.

`by_position` turns a frame and its schema into a `ColumnFrame`: one `TypedSeries` per column,
which parses its values when they are first needed. Numbers, dates and durations become `Numbers`;
any column becomes levels and codes. Nothing above this module depends on the dtype of a column.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import SchemaError
from tabgan.table.dates import date_forms, range_of_ticks, read_ticks, unit_of, write_ticks, zone_of
from tabgan.table.level_codes import Distinct, codes_of, distinct_of, is_absent
from tabgan.table.number_scale import clip_to_range
from tabgan.table.numbers import Numbers, range_of_numbers, read_numbers, write_numbers
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Column, Schema

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = [
    "ColumnFrame",
    "ColumnRef",
    "TypedSeries",
    "by_position",
    "numbers_of",
    "numbers_to_series",
    "outside_range",
    "typed_frame",
    "with_ranges_of",
    "write_column",
]

NUMBERS = frozenset({"numeric", "integer"})


TICKS = frozenset({"datetime", "timedelta"})


EXACT = 2.0**53  # up to here a float tells whole numbers apart


SAMPLE = 5_000  # rows on which a rule is tried first


Rows = NDArray[np.intp] | NDArray[np.int64] | NDArray[np.bool_]


class _ColumnValues(NamedTuple):
    column: Column
    values: pd.Series


class TypedSeries(_ColumnValues):
    """One column of a table: its description, and its values, which are parsed once.

    The values must not be changed in place.

    Parameters
    ----------
    column
        What the column is.
    values
        Its values, one for each row.

    Examples
    --------
    >>> cells = TypedSeries(Column("age", "integer", "object"), pd.Series([31, "?", 52]))
    >>> cells.numbers.values.tolist(), cells.numbers.special.tolist(), cells.levels
    ([31, 0, 52], [None, '?', None], [31, 52, '?'])
    >>> cells.take([0]).levels
    [31]
    """

    _origin: "tuple[TypedSeries, Rows] | None" = None  # the column that these rows are from

    @cached_property
    def numbers(self) -> Numbers:
        """The values as numbers, dates and durations as ticks (see `numbers_of`)."""
        if self._origin is None:
            return numbers_of(self.values, self.column, lambda _: self._distinct)
        whole, rows = self._origin
        return whole.numbers.take(rows)

    @property
    def codes(self) -> NDArray[np.int32]:
        """The index of each row's level in `levels`."""
        return self._factors[0]

    @property
    def levels(self) -> list[Scalar]:
        """The distinct values, in order (see `codes_of`)."""
        return self._factors[1]

    @cached_property
    def _factors(self) -> tuple[NDArray[np.int32], list[Scalar]]:
        if self._origin is not None and "_factors" in vars(self._origin[0]):
            whole, rows = self._origin
            codes = whole.codes[rows]
            occurs = np.bincount(codes, minlength=len(whole.levels)) > 0
            place = np.cumsum(occurs, dtype=np.int32) - 1
            occurring = np.flatnonzero(occurs).tolist()
            return place[codes], [whole.levels[code] for code in occurring]
        return codes_of(self.values, self._distinct)

    @cached_property
    def filled(self) -> NDArray[np.bool_]:
        """Which rows hold more than a missing value or a mark of absence (see `are_filled`)."""
        if isinstance(self.values.dtype, np.dtype) and self.values.dtype != np.dtype(object):
            return self.values.notna().to_numpy(bool)
        there = np.array([not is_absent(level) for level in self.levels], np.bool_)
        return there[self.codes]

    @cached_property
    def _distinct(self) -> Distinct:
        return distinct_of(self.values)

    def take(self, rows: Rows) -> "TypedSeries":
        """Return some rows, selected by a mask or by index, without parsing them again."""
        part = TypedSeries(self.column, self.values.iloc[rows])
        part._origin = self, rows
        return part

    def one_of_each(self) -> slice | NDArray[np.intp]:
        """Return a row of each level; of numbers that are stored as such all rows."""
        if isinstance(self.values.dtype, np.dtype) and self.values.dtype.kind in "iufb":
            return slice(None)
        rows = np.zeros(len(self.levels), np.intp)
        rows[self.codes] = np.arange(len(self.codes))
        return rows

    def with_column(self, column: Column) -> "TypedSeries":
        """Return the same values with another description, parsed again only if it needs that."""
        if column is self.column:
            return self
        other, parsed = TypedSeries(column, self.values), dict(vars(self))
        if not _are_read_alike(column, self.column):
            parsed.pop("numbers", None)
            parsed.pop("_origin", None)
        vars(other).update(parsed)
        return other


def _are_read_alike(one: Column, other: Column) -> bool:
    """Return whether two columns read the same values as the same numbers."""
    same = ("kind", "dtype", "formats")
    if any(getattr(one, name) != getattr(other, name) for name in same):
        return False
    if one.kind in TICKS:
        return unit_of(one) == unit_of(other) and str(zone_of(one)) == str(zone_of(other))
    # texts and objects are read within the range of int64, or of uint64 (see `read_numbers`)
    return one.maximum == other.maximum or one.pandas_dtype.kind in "iubf"


ColumnFrame = dict[int, TypedSeries]
"""A table in work: columns by ascending position in the original schema, with gaps."""


class ColumnRef(NamedTuple):
    """A column and its position in the table."""

    position: int
    column: Column

    def __str__(self) -> str:
        return repr(self.column.name)

    def to_json(self) -> dict[str, Any]:
        """Describe the field by JSON values."""
        return {"position": self.position, "column": self.column.to_json()}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a field from `to_json`'s value."""
        return cls(int(state["position"]), Column.from_json(state["column"]))


T = TypeVar("T", bound="DataclassInstance")


def with_ranges_of(value: T, schema: Schema) -> T:
    """Give the columns that a dataclass refers to the ranges of a schema.

    Those of a table as it came are the values of single rows.

    Parameters
    ----------
    value
        A dataclass; columns stand in its fields, or in tuples of them.
    schema
        The table's columns, with the ranges that may be kept.
    """

    def ranged(part: Any) -> Any:
        if isinstance(part, ColumnRef):
            own = schema.columns[part.position]
            ends = {"minimum": own.minimum, "maximum": own.maximum, "why": own.why}
            return part._replace(column=replace(part.column, **ends))
        return tuple(map(ranged, part)) if type(part) is tuple else part

    return replace(value, **{own.name: ranged(getattr(value, own.name)) for own in fields(value)})


def decimals_of(column: Column) -> int | None:
    """Return the decimal places of a number; None for a full-precision float."""
    return 0 if column.kind == "integer" else column.decimals


def clip_to_ends(values: NDArray[Any], column: Column) -> NDArray[Any]:
    """Bring present numbers of a column within ends that tell of no single row.

    Parameters
    ----------
    values
        The numbers, or ticks of time.
    column
        The column, with the range that no end lies beyond.
    """
    if column.kind not in ("integer", "numeric"):
        return clip_to_range(values, column.decimals, column.least_rows)
    limits = range_of_numbers(column, values.dtype)
    return clip_to_range(values, decimals_of(column), column.least_rows, tails=True, limits=limits)


def level_key(level: Scalar) -> tuple[type, Scalar]:
    """Return what tells a level from all others: 1, 1.0, True and "1" are four."""
    return type(level), level


def count_rows(table: ColumnFrame) -> int:
    """Count a table's rows."""
    return next((len(cells.values) for cells in table.values()), 0)


def sample_of(
    table: ColumnFrame, rng: np.random.Generator, among: NDArray[np.intp] | None = None
) -> ColumnFrame:
    """Draw rows without replacement, kept in their order.

    Parameters
    ----------
    table
        A table in work.
    rng
        Draws the rows.
    among
        The rows to choose from; None for all.
    """
    n_rows = count_rows(table) if among is None else len(among)
    if n_rows <= SAMPLE:
        rows = among
    else:
        rows = np.sort(rng.choice(n_rows, SAMPLE, replace=False))
        rows = rows if among is None else among[rows]
    return table if rows is None else {at: cells.take(rows) for at, cells in table.items()}


def without(table: ColumnFrame, positions: Iterable[int]) -> ColumnFrame:
    """Return the table without some columns.

    Parameters
    ----------
    table
        A table in work.
    positions
        Positions of the columns to leave out.
    """
    dropped = set(positions)
    return {at: cells for at, cells in table.items() if at not in dropped}


def with_cells(table: ColumnFrame, changed: ColumnFrame) -> ColumnFrame:
    """Return the table with columns added or replaced, in order of position.

    Parameters
    ----------
    table
        A table in work.
    changed
        The new columns, by position.
    """
    return dict(sorted({**table, **changed}.items()))


def replaced(values: pd.Series, rows: NDArray[np.bool_], others: pd.Series) -> pd.Series:
    """Return the values with those of some rows replaced, row by row.

    Parameters
    ----------
    values
        The values of a column.
    rows
        Which rows get a new value.
    others
        The new values, of all rows.
    """
    return values.where(~rows, others.set_axis(values.index))


def field_at(table: ColumnFrame, position: int) -> ColumnRef:
    """Return the field at a position.

    Parameters
    ----------
    table
        A table in work.
    position
        Position of the column.
    """
    return ColumnRef(position, table[position].column)


def column_index(schema: Schema) -> pd.Index:
    """Build the column index of a schema: flat, or a MultiIndex where it has several levels."""
    if len(schema.labels) > 1:
        return pd.MultiIndex.from_tuples(
            cast("list[tuple[Hashable, ...]]", [*schema.names]), names=[*schema.labels]
        )
    # left to itself, an index of None and 1 is one of floats
    dtype: Any = object if len({type(name) for name in schema.names}) > 1 else None
    names = [*schema.names]
    index: pd.Index = pd.Index(names, dtype=dtype, name=schema.labels[0], tupleize_cols=False)
    return index


def by_position(table: pd.DataFrame | ColumnFrame, schema: Schema) -> ColumnFrame:
    """Return a table in work, whose columns are described by a schema.

    Parameters
    ----------
    table
        A frame of the schema's columns in order, or these in work: what is parsed stays so.
    schema
        What the columns are.
    """
    if isinstance(table, dict):
        return {at: cells.with_column(schema.columns[at]) for at, cells in table.items()}
    return {i: TypedSeries(column, table.iloc[:, i]) for i, column in enumerate(schema)}


def frame_of(table: ColumnFrame, schema: Schema) -> pd.DataFrame:
    """Return a table in work, with all columns of a schema, as a frame.

    Parameters
    ----------
    table
        A table in work.
    schema
        What the columns are.
    """
    frame = pd.concat([table[at].values for at in range(len(schema))], axis=1)
    frame.columns = column_index(schema)
    return frame


def forget_parsed(table: ColumnFrame) -> None:
    """Drop what was parsed of a table, to free its memory."""
    for cells in table.values():
        vars(cells).clear()


_UTC = ("Z", "+00:00")


def typed_frame(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Turn texts that are written numbers or dates into values of these types.

    What is not such a value becomes missing: in a column of texts whose kind is a number or a
    date, these are marks such as "?". Columns of other dtypes and kinds stay as they are.

    Parameters
    ----------
    frame
        A table with the columns of the schema, in its order.
    schema
        What the columns are.

    Examples
    --------
    >>> schema = Schema((Column("age", "integer", "object", decimals=0, format="%.0f"),))
    >>> typed_frame(pd.DataFrame({"age": ["31", "?"]}), schema)["age"].tolist()
    [31, <NA>]
    """
    columns = [_typed(frame.iloc[:, at], column) for at, column in enumerate(schema)]
    return pd.concat(columns, axis=1) if columns else frame


def _typed(values: pd.Series, column: Column) -> pd.Series:
    if not (pd.api.types.is_object_dtype(values.dtype) or pd.api.types.is_string_dtype(values)):
        return values
    if column.kind == "datetime" and column.format is not None:
        has_day = date_forms(column)[0].fields & {"d", "j", "u", "s"}
        return _dates(values, column) if has_day else values
    if column.kind in ("integer", "numeric") and column.format is not None:
        return _numbers(values, column)
    return values


def _dates(values: pd.Series, column: Column) -> pd.Series:
    """Return dates of whole days or finer; a month alone, or a time of day, stays a text."""
    read, unit = read_ticks(values, column), unit_of(column)
    ticks = np.where(read.present, read.values, np.iinfo(np.int64).min)
    moments = ticks.astype(f"datetime64[{unit}]")
    if unit == "D":
        return pd.Series(moments.astype(object), index=values.index, name=values.name)
    finest = unit if unit in ("ms", "us", "ns") else "s"  # minutes and hours are none of pandas's
    dates = pd.Series(moments.astype(f"datetime64[{finest}]"), index=values.index, name=values.name)
    return dates.dt.tz_localize("UTC") if str(column.format).endswith(_UTC) else dates


def _numbers(values: pd.Series, column: Column) -> pd.Series:
    read = read_numbers(values, column)
    dtype: Any = {"i": "Int64", "u": "UInt64", "f": "Float64"}[read.values.dtype.kind]
    numbers = pd.array(read.values, dtype=dtype)
    numbers[~read.present] = pd.NA
    return pd.Series(numbers, index=values.index, name=values.name)


_TICKS = ("datetime", "timedelta")


def numbers_of(
    values: pd.Series, column: Column, distinct: Callable[[pd.Series], Distinct] = distinct_of
) -> Numbers:
    """Read the numbers of a column of kind numeric, integer, datetime or timedelta.

    Dates and durations are counted in whole ticks of the column's own unit, dates in wall-clock
    time. What is not a number (missing, infinite, another value among objects or texts) is a
    special value.

    Parameters
    ----------
    values
        The values of a column.
    column
        What the column is.
    distinct
        Tells the distinct values of a column of texts or objects.

    Raises
    ------
    DataError
        If a value can't be kept, or the column mixes time zones.
    SchemaError
        If the column's kind, dtype, format and range can't be combined.

    Examples
    --------
    >>> column = Column("price", "numeric", "object", decimals=2, format="%.2f")
    >>> numbers_of(pd.Series(["1.50", "?", None], dtype=object), column)
    Numbers(values=array([1.5, 0. , 0. ]), present=array([ True, False, False]), \
special=array([None, '?', None], dtype=object), forms=None)
    """
    return (read_ticks if column.kind in _TICKS else read_numbers)(values, column, distinct)


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
    column
        What the column is.
    present
        Which rows hold a number.

    Raises
    ------
    DataError
        If the column's dtype can't hold a missing value that is asked for.
    SchemaError
        If the column's kind, dtype, format and range can't be combined.

    Examples
    --------
    >>> column = Column("price", "numeric", "object", decimals=2, format="%.2f")
    >>> special = np.array([None, "?", None], dtype=object)
    >>> numbers_to_series(np.array([1.499, 0, 0]), special, column, special == None).tolist()
    ['1.50', '?', '0.00']
    """
    return write_column(Numbers(values, present, special), column)


def write_column(numbers: Numbers, column: Column) -> pd.Series:
    """Write what `numbers_of` reads, each number in its own form (see `numbers_to_series`).

    Parameters
    ----------
    numbers
        Numbers or ticks, and special values.
    column
        What the column is.
    """
    return (write_ticks if column.kind in _TICKS else write_numbers)(numbers, column)


def outside_range(values: pd.Series, column: Column) -> NDArray[np.bool_]:
    """Return which rows of a column hold a number beyond its minimum or maximum.

    Parameters
    ----------
    values
        The values of a column.
    column
        What the column is.

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
