"""What a row is drawn by: the rows of its parents, its place in the group, the rows before it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.relations.relations import Rows
from tabgan.table.columns import TypedSeries
from tabgan.table.dtypes import describe_dtype
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import RANGED, Column

__all__ = [
    "Context",
    "ContextFeatures",
    "ContextPart",
    "feature_kinds",
    "MEAN",
    "is_count",
    "is_mean",
    "replaced",
    "taken",
]

MEAN = "#mean "  # before the name of a column of means
MOST_BINS = 255
MOST_LEVELS = 1_000
LEVELS = ("categorical", "boolean")

feature_kinds = frozenset({*RANGED, *LEVELS})


def is_count(name: str) -> bool:
    """Return whether a column holds numbers of rows, by its name.

    Examples
    --------
    >>> is_count("#orders.customer"), is_count("#mean orders.customer price"), is_count("age")
    (True, False, False)
    """
    return name.startswith("#") and not is_mean(name)


def is_mean(name: str) -> bool:
    """Return whether a column of a table holds means of the rows that refer to its rows."""
    return name.startswith(MEAN)


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
    """What rows are drawn by, a column each; all have one length.

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
