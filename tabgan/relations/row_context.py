"""The context of a row: its parents, its position in the group, previous rows, bounds of dates.

Bounds: some dates are never before, or never after, another date of the row or of one above.

The rules between columns (`tabgan.rules`) need evidence from the rows that are learned together; a
table whose first rows are learned apart, or a small one, may not give it. Here all rows count. A
date that stays near an earlier one is learned as its distance.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.relations.relations import Rows
from tabgan.rules.numeric_axis import have_distance, spread, ticks_in
from tabgan.rules.order_dependency import DifferenceDependency
from tabgan.table.columns import ColumnFrame, ColumnRef, TypedSeries, write_column
from tabgan.table.dates import unit_of
from tabgan.table.dtypes import describe_dtype
from tabgan.table.numbers import Numbers
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import RANGED, Column

__all__ = [
    "ADDED",
    "Context",
    "ContextFeatures",
    "ContextPart",
    "DateBound",
    "MEAN",
    "date_gaps",
    "distances",
    "feature_kinds",
    "find_bounds",
    "in_ticks_of",
    "is_added",
    "is_count",
    "is_mean",
    "replaced",
    "taken",
    "ticks_of",
]

# Before the names of columns and tables that are added to those of the database, such as the number
# of rows that refer to a row. The word joiner keeps them apart from a column "# of rows".
ADDED = "#\N{WORD JOINER}"
MEAN = f"{ADDED}mean "  # before the name of a column of means
MOST_BINS = 255
MOST_LEVELS = 1_000
LEVELS = ("categorical", "boolean")

feature_kinds = frozenset({*RANGED, *LEVELS})


def is_added(name: object) -> bool:
    """Return whether a column or table was added to those of the database, by its name."""
    return str(name).startswith(ADDED)


def is_count(name: object) -> bool:
    """Return whether a column holds numbers of rows, by its name.

    Examples
    --------
    >>> is_count(f"{ADDED}orders.customer"), is_count(f"{MEAN}orders.customer price")
    (True, False)
    >>> is_count("# of orders")
    False
    """
    return is_added(name) and not is_mean(name)


def is_mean(name: object) -> bool:
    """Return whether a column of a table holds means of the rows that refer to its rows."""
    return str(name).startswith(MEAN)


class ContextPart(NamedTuple):
    """A column of a context.

    Attributes
    ----------
    column
        What it is; its name is unique in the context.
    values
        A value for each row.
    is_value
        Whether it is a cell of another row, with which cells may be compared; others are numbers
        of rows, places and means.
    """

    column: Column
    values: pd.Series
    is_value: bool


@dataclass(frozen=True)
class Context:
    """The context of rows: columns of equal length.

    Parameters
    ----------
    n_rows
        Number of rows.
    parts
        The columns.
    """

    n_rows: int
    parts: tuple[ContextPart, ...] = ()

    def __add__(self, other: "Context") -> "Context":
        return Context(self.n_rows, (*self.parts, *other.parts))

    def take(self, rows: Rows) -> "Context":
        """Return the context of some rows; that of row -1 is missing."""
        parts = (part._replace(values=taken(part.values, rows)) for part in self.parts)
        return Context(len(rows), tuple(_as_stored(part) for part in parts))

    def replaced(self, rows: Rows, other: "Context") -> "Context":
        """Return the same with the values of another context in some rows."""
        parts = (
            part._replace(values=replaced(part.values, rows, new.values))
            for part, new in zip(self.parts, other.parts, strict=True)
        )
        return Context(self.n_rows, tuple(_as_stored(part) for part in parts))

    def named(self, prefix: str) -> "Context":
        """Return the same with a prefix before all names."""
        parts = (
            part._replace(column=replace(part.column, name=f"{prefix}{part.column.name}"))
            for part in self.parts
        )
        return Context(self.n_rows, tuple(parts))

    def nearest(self, most: int) -> "Context":
        """Return the first columns, so many at most."""
        return Context(self.n_rows, self.parts[:most])

    @classmethod
    def of_numbers(cls, numbers: Mapping[str, NDArray[Any]]) -> Self:
        """Make a context of numbers that are no cells, by name."""
        parts = []
        for name, values in numbers.items():
            kind = "numeric" if values.dtype.kind == "f" else "integer"
            series = pd.Series(values, name=name)
            column = Column(name, kind, describe_dtype(series.dtype))
            parts.append(ContextPart(column, series, is_value=False))
        return cls(len(next(iter(numbers.values()))), tuple(parts))


def taken(values: pd.Series, rows: Rows) -> pd.Series:
    """Return the values of some rows, numbered from 0; that of row -1 is missing."""
    if len(rows) and rows.min() < 0:
        absent = rows < 0
        if len(values):
            present = pd.Series(values.array.take(np.where(absent, 0, rows)), name=values.name)
            return present.mask(absent)
        return pd.Series([None] * len(rows), name=values.name, dtype=object)
    return pd.Series(values.array.take(rows), name=values.name)


def replaced(values: pd.Series, rows: Rows, new: pd.Series) -> pd.Series:
    """Return values, numbered from 0, with new ones in some rows.

    Parameters
    ----------
    values, new
        The values, and those of the rows.
    rows
        The rows that get new ones.
    """
    places = np.arange(len(values))
    places[rows] = len(values) + np.arange(len(rows))
    every = pd.concat([values, new], ignore_index=True)
    return pd.Series(every.array.take(places), name=values.name)


def _as_stored(part: ContextPart) -> ContextPart:
    """Let the description of a column follow its dtype, which a missing value may have changed."""
    dtype = describe_dtype(part.values.dtype)
    if dtype == part.column.dtype:
        return part
    return part._replace(column=replace(part.column, dtype=dtype))


@dataclass(frozen=True)
class _Feature:
    """A column of a context as a number: the bin of a number, or the code of a level."""

    column: Column
    edges: tuple[float, ...] = ()
    levels: tuple[Scalar, ...] = ()

    @classmethod
    def fit(cls, part: ContextPart, least: int) -> Self:
        cells = TypedSeries(part.column, part.values)
        if part.column.kind in RANGED:
            numbers = cells.numbers
            return cls(part.column, _edges(numbers.values[numbers.present].astype(float), least))
        counts = np.bincount(cells.codes, minlength=len(cells.levels))
        order = np.argsort(-counts, kind="stable")
        kept = [
            cells.levels[at]
            for at in order.tolist()
            if counts[at] >= least and cells.levels[at] is not None
        ]
        return cls(part.column, levels=tuple(kept[:MOST_LEVELS]))

    def of(self, values: pd.Series) -> NDArray[np.float32]:
        """Return the numbers of some values; NaN where one is missing."""
        cells = TypedSeries(replace(self.column, dtype=describe_dtype(values.dtype)), values)
        if self.column.kind in RANGED:
            numbers = cells.numbers
            bins = np.searchsorted(self.edges, numbers.values.astype(float), side="right")
            return np.where(numbers.present, bins, np.nan).astype(np.float32)
        code = {(type(level), level): at for at, level in enumerate(self.levels)}
        other = len(self.levels)
        own = [
            np.nan if level is None else code.get((type(level), level), other)
            for level in cells.levels
        ]
        return np.array(own, np.float32)[cells.codes] if own else np.zeros(0, np.float32)

    def to_json(self) -> dict[str, Any]:
        levels = [to_json_scalar(level) for level in self.levels]
        return {"column": self.column.to_json(), "edges": list(self.edges), "levels": levels}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        return cls(
            Column.from_json(state["column"]),
            tuple(map(float, state["edges"])),
            tuple(from_json_scalar(level) for level in state["levels"]),
        )


def _edges(values: NDArray[np.float64], least: int) -> tuple[float, ...]:
    """Cut numbers into bins of at least so many rows each, between values that occur."""
    distinct, counts = np.unique(values, return_counts=True)
    below, n = np.cumsum(counts)[:-1], len(values)
    step, last, edges = max(least, n / MOST_BINS), 0.0, list[float]()
    while True:
        cut = int(np.searchsorted(below, last + step))
        if cut >= len(below) or n - below[cut] < least:
            return tuple(edges)
        last = float(below[cut])
        edges.append(float(distinct[cut] + distinct[cut + 1]) / 2)


@dataclass(frozen=True)
class ContextFeatures:
    """A context as numbers that trees can split; none of them is a value of a table."""

    features: tuple[_Feature, ...]

    @classmethod
    def fit(cls, context: Context, least: int) -> Self:
        """Choose bins and levels that at least so many rows hold."""
        usable = (part for part in context.parts if part.column.kind in feature_kinds)
        return cls(tuple(_Feature.fit(part, least) for part in usable))

    def of(self, context: Context) -> NDArray[np.float32]:
        """Return the features of rows, shape (rows, features)."""
        values = {part.column.name: part.values for part in context.parts}
        columns = [feature.of(values[feature.column.name]) for feature in self.features]
        return np.column_stack(columns) if columns else np.empty((context.n_rows, 0), np.float32)

    def __len__(self) -> int:
        return len(self.features)

    def to_json(self) -> list[dict[str, Any]]:
        """Describe the features by JSON values."""
        return [feature.to_json() for feature in self.features]

    @classmethod
    def from_json(cls, state: Iterable[Mapping[str, Any]]) -> Self:
        """Rebuild the features from `to_json`'s value."""
        return cls(tuple(_Feature.from_json(own) for own in state))


EVIDENCE = 20.0  # rows that would be out of order, were the two dates independent
LEAST_DATES = 20  # rows with a date, for it to be learned as a distance
MOST_DISTANCES = 3  # from dates above a row
MOST_DATES = 12  # of the rows above that are looked at

Mask = NDArray[np.bool_]


class DateBound(NamedTuple):
    """Another date, of the row or of one above, that one of a row is never before, or never after.

    Attributes
    ----------
    column
        The column of the row.
    above
        The column of the context, or of the row itself.
    is_least
        Whether the date above is the earliest one that the row may have.
    """

    column: str
    above: str
    is_least: bool

    def broken(self, context: Context, rows: pd.DataFrame, columns: Sequence[Column]) -> Mask:
        """Return which rows break the bound.

        Parameters
        ----------
        context
            What the rows are drawn by.
        rows, columns
            The rows, and what their columns are.
        """
        (own, a), (other, b) = self._both(context, rows, columns)
        one, two = own.values // a, other.values // b
        wrong = one < two if self.is_least else one > two
        return own.present & other.present & wrong

    def clipped(
        self, context: Context, rows: pd.DataFrame, columns: Sequence[Column]
    ) -> pd.DataFrame:
        """Give rows that break the bound the date above.

        Parameters
        ----------
        context
            What the rows are drawn by.
        rows, columns
            The rows, and what their columns are.
        """
        wrong = self.broken(context, rows, columns)
        if not wrong.any():
            return rows
        (own, a), (other, b) = self._both(context, rows, columns)
        column = next(c for c in columns if c.name == self.column)
        ticks = np.where(wrong, other.values // b * a, own.values)
        values = write_column(own._replace(values=ticks), _free(column))
        if type(rows[self.column].iloc[0]) is date:  # which only the range of a column tells
            values = values.map(lambda value: value.date(), na_action="ignore")
        return rows.assign(**{self.column: values.set_axis(rows.index)})

    def _both(
        self, context: Context, rows: pd.DataFrame, columns: Sequence[Column]
    ) -> tuple[tuple[Numbers, int], tuple[Numbers, int]]:
        """Return both dates, and how many ticks of each are one of the coarser."""
        column = next(c for c in columns if c.name == self.column)
        parts = {part.column.name: part for part in context.parts}
        part = parts.get(self.above) or _part_of(self.above, rows, columns)
        own, other = _coarsened(column, part.column) or (1, 1)
        return (ticks_of(column, rows[self.column]), own), (
            ticks_of(part.column, part.values),
            other,
        )


def _coarsened(a: Column, b: Column) -> tuple[int, int] | None:
    """Return how many ticks of each of two dates are one of the coarser; None if that varies.

    A day is compared with a time of day by its day. Periods, and days beside months, have no ratio.
    """
    one, two = unit_of(_free(a)), unit_of(_free(b))
    if one == two:
        return 1, 1
    if "period" in (one, two) or (one in "YM") != (two in "YM"):
        return None
    ratio = float(np.array(1, f"m8[{one}]") / np.array(1, f"m8[{two}]"))
    return (1, round(ratio)) if ratio > 1 else (round(1 / ratio), 1)


def _have_distance(one: Column, other: Column) -> bool:
    """Return whether the distance of two dates is a number of ticks of either."""
    return unit_of(_free(one)) == unit_of(_free(other)) or have_distance(_free(one), _free(other))


def in_ticks_of(column: Column, other: Column, dates: Numbers) -> NDArray[np.int64]:
    """Return the dates of another column in ticks of a column; a finer unit is cut.

    Parameters
    ----------
    column, other
        The column whose ticks count, and the other one.
    dates
        The dates of the other column.
    """
    return ticks_in(dates.values, unit_of(_free(other)), unit_of(_free(column)))


def _part_of(name: str, rows: pd.DataFrame, columns: Sequence[Column]) -> ContextPart:
    column = next(c for c in columns if c.name == name)
    return ContextPart(column, rows[name], is_value=True)


def _free(column: Column) -> Column:
    """Return a column without a range."""
    return Column(
        column.name,
        column.kind,
        column.dtype,
        format=column.format,
        other_formats=column.other_formats,
        absent=column.absent,
    )


def ticks_of(column: Column, values: pd.Series) -> Numbers:
    """Return dates as ticks, whatever the range of their column.

    Parameters
    ----------
    column, values
        What the dates are, and the dates.
    """
    column = _free(column)
    dtype = describe_dtype(values.dtype)
    if dtype != column.dtype:
        column = Column(column.name, column.kind, dtype, format=column.format)
    return TypedSeries(column, values.reset_index(drop=True)).numbers


def find_bounds(
    context: Context, rows: pd.DataFrame, columns: Sequence[Column]
) -> tuple[DateBound, ...]:
    """Find the dates of rows, and above them, that bound their dates in every row.

    Parameters
    ----------
    context
        What the rows are drawn by.
    rows, columns
        The rows, and what their columns are.
    """
    dated = [part for part in context.parts if part.is_value and part.column.kind == "datetime"]
    found = []
    for column in columns:
        if column.kind == "datetime":
            for part in dated[:MOST_DATES]:
                found += _bounds_of(column, rows[column.name], part)
            others = [c for c in columns if c.kind == "datetime" and c.name != column.name]
            for other in others[:MOST_DATES]:
                part = _part_of(str(other.name), rows, columns)
                found += [b for b in _bounds_of(column, rows[column.name], part) if b.is_least]
    return tuple(found)


def distances(before: Context, base: Context, column: str) -> Context:
    """Return how far the date of the row before is from dates above it, in its own ticks.

    Parameters
    ----------
    before
        The row before.
    base
        What the rows are drawn by, whatever their place.
    column
        The date of the row before.
    """
    own = next(part for part in before.parts if part.column.name == column)
    dated = [part for part in base.parts if part.is_value and part.column.kind == "datetime"]
    alike = [part for part in dated if _have_distance(own.column, part.column)]
    ticks, found = ticks_of(own.column, own.values), dict[str, NDArray[np.float64]]()
    for part in alike[:MOST_DISTANCES]:
        other = ticks_of(part.column, part.values)
        there = ticks.present & other.present
        away = ticks.values - in_ticks_of(own.column, part.column, other)
        found[f"{ADDED}since {part.column.name}"] = np.where(there, away, np.nan)
    return Context.of_numbers(found) if found else Context(base.n_rows)


def date_gaps(
    table: ColumnFrame, first: int, fixed: tuple[int, int] | None
) -> list[DifferenceDependency]:
    """Return the rules by which dates are learned as their distances from earlier ones.

    Parameters
    ----------
    table
        A context and rows beside it.
    first
        Position of the first column of the rows.
    fixed
        A date that is learned as its distance in any case, and from which other one.

    Returns
    -------
    The rules in the order in which the table is reduced by them.
    """
    dated = [at for at, cells in table.items() if cells.column.kind == "datetime"]
    before = [] if fixed is None else [fixed[1]]
    sources = [at for at in dated if at not in before]
    found = {} if fixed is None else {fixed[0]: fixed[1]}
    for target in dated:
        if target >= first and target not in found:
            source = _nearest(target, sources, table)
            if source is not None:
                found[target] = source
    # a date is replaced before the one from which its distance is measured
    return [
        DifferenceDependency.between(
            ColumnRef(b, table[b].column), ColumnRef(a, table[a].column), table
        )
        for a, b in sorted(found.items(), key=lambda pair: -_steps(pair[0], found))
    ]


def _steps(at: int, found: Mapping[int, int]) -> int:
    """Return how many distances lead from a date to one that is learned by itself, or above."""
    steps = 0
    while at in found:
        at, steps = found[at], steps + 1
    return steps


def _nearest(target: int, sources: Sequence[int], table: ColumnFrame) -> int | None:
    """Choose the earlier date from which the distance tells most; None if a date itself does."""
    own, spreads = table[target].numbers, dict[int, float]()
    if own.present.sum() < LEAST_DATES:
        return None
    for at in sources:
        column = table[at].column
        if at == target or not _have_distance(table[target].column, column):
            continue
        other = table[at].numbers
        a = own.values[own.present]
        b = in_ticks_of(table[target].column, column, other)[own.present]
        if not other.present[own.present].all() or (a < b).any() or not (a > b).any():
            continue
        if (apart := spread(a - b)) < min(spread(a), spread(b)):
            spreads[at] = apart
    return min(spreads, key=spreads.__getitem__, default=None)


def _bounds_of(column: Column, values: pd.Series, part: ContextPart) -> list[DateBound]:
    coarser = _coarsened(column, part.column)
    if coarser is None:
        return []
    own, other = ticks_of(column, values), ticks_of(part.column, part.values)
    there = own.present & other.present
    a, b = own.values[there] // coarser[0], other.values[there] // coarser[1]
    if not len(a):
        return []
    by_chance = np.searchsorted(np.sort(b), a, side="right") / len(b)  # share of dates not after
    found = []
    if (a >= b).all() and (1 - by_chance).sum() >= EVIDENCE:
        found.append(DateBound(str(column.name), str(part.column.name), True))
    if (a <= b).all() and by_chance.sum() >= EVIDENCE and not found:
        found.append(DateBound(str(column.name), str(part.column.name), False))
    return found
