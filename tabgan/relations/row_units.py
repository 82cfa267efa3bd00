"""Whom the rows of a table are of: `min_group` counts persons, not their many rows.

A customer with nine orders has nine rows with one receiver. Such a level would be kept, were it
counted by rows. A row is of all rows above it that may stand for a person or company: the topmost
ones, but for those in short lists such as countries, which say nothing of anybody.

Where most rows hold such levels, they get pseudonyms before anything is learned, so that the rows
of a group, which are learned in two parts, agree on them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from tabgan.encoding.rare_levels import LONG_TAIL, Units, generate_levels, rare_rows
from tabgan.relations.drawing_plan import DatabasePlan, TablePlan
from tabgan.relations.implicit_parents import is_implicit
from tabgan.relations.relations import ForeignKey, Rows, Tables
from tabgan.relations.row_context import Context
from tabgan.table.columns import TypedSeries, level_key
from tabgan.table.dtypes import describe_dtype
from tabgan.table.level_codes import levels_to_series
from tabgan.table.scalars import Scalar
from tabgan.table.schema import LOCALISED, Column

__all__ = ["Pseudonyms", "find_units"]

LONGEST_LIST = 200  # rows of a table that may be one of countries, districts, kinds
LIST_ROWS = 10  # times the rows of such a list, of a table that refers to it
MOST_UNITS = 6  # keys by which rows are counted
FEWEST = 2  # times `min_group`: fewer units are too few for a level to be held by enough of them


def find_units(
    tables: Tables,
    plan: DatabasePlan,
    rows: Mapping[ForeignKey, Rows],
    columns: Mapping[str, Sequence[Column]],
    min_group: int,
) -> dict[str, Units]:
    """Find whom the rows of each table are of.

    Parameters
    ----------
    tables
        The tables, by name.
    plan
        The order in which they are drawn.
    rows
        For each foreign key the rows that it refers to.
    columns
        What the columns of each table are.
    min_group
        About how many units must hold a value.

    Returns
    -------
    For each table an array for each key by which rows belong together, shape (rows,). Tables whose
    rows are their own units have none.
    """
    every: dict[str, list[Rows]] = {}
    least = FEWEST * min_group
    for own in plan.tables:
        found = list[Rows]()
        for key in _keys_above(own, plan):
            parent = rows[key]
            if _is_list(tables, key, columns[key.parent]):
                continue
            above = every[key.parent] or [np.arange(len(tables[key.parent]))]
            found += [_taken(units, parent) for units in above]
        enough = [units for units in found if len(np.unique(units)) >= least]
        every[own.table] = enough[:MOST_UNITS]
    return dict(every)


def _keys_above(own: TablePlan, plan: DatabasePlan) -> list[ForeignKey]:
    """Return the keys of a table to those that are drawn before it."""
    steering = [own.steering] if own.steering is not None and not own.follows else []
    return [*steering, *(key for key in own.links if not plan.is_late(key))]


def _taken(units: Rows, parents: Rows) -> Rows:
    """Return the unit of each row's parent; a row without one is a unit by itself."""
    alone = -1 - np.arange(len(parents))
    return np.where(parents < 0, alone, units[parents.clip(0)]) if len(units) else alone


def _is_list(tables: Tables, key: ForeignKey, columns: Sequence[Column]) -> bool:
    """Return whether a key refers to a short list, which names nobody."""
    parent, child = tables[key.parent], tables[key.table]
    if is_implicit(key.parent):
        return False
    if len(parent) > LONGEST_LIST or len(child) < LIST_ROWS * len(parent):
        return False
    if any(column.kind in LOCALISED for column in columns):
        return False
    texts = {text for name in child.columns for text in _texts(child[name])}
    return not any(
        parent[name].is_unique and not texts.isdisjoint(_texts(parent[name]))
        for name in parent.columns
        if name not in key.parent_columns
    )


def _texts(values: pd.Series) -> set[str]:
    if values.dtype.kind not in "OSU" and not isinstance(values.dtype, pd.StringDtype):
        return set()
    return {value for value in values.unique() if isinstance(value, str)}


class Pseudonyms:
    """Levels in place of those that too few units hold, the same wherever a level stands.

    Parameters
    ----------
    units
        Whom each row is of.
    min_group
        About how many units must hold a level.
    rng
        Draws thresholds and levels.

    Attributes
    ----------
    columns : set of str
        The columns that have pseudonyms; no level of theirs needs to be hidden any more.
    """

    def __init__(self, units: Units, min_group: int, rng: np.random.Generator) -> None:
        self._units, self._min_group, self._rng = units, min_group, rng
        self._chance = float(rng.random())  # of all columns, for equal ones to stay equal
        self._new: dict[tuple[type, Scalar], Scalar] = {}
        self.columns: set[str] = set()

    def apply(
        self, context: Context, rows: pd.DataFrame, columns: Sequence[Column]
    ) -> tuple[Context, pd.DataFrame]:
        """Return rows, and what they are drawn by, with pseudonyms.

        Parameters
        ----------
        context
            What the rows are drawn by.
        rows, columns
            The rows, and what their columns are.
        """
        if not self._units:
            return context, rows
        parts = (part._replace(values=self._of(part.column, part.values)) for part in context.parts)
        context = replace(context, parts=tuple(parts))
        new = {str(column.name): self._of(column, rows[column.name]) for column in columns}
        return context, rows.assign(**new)

    def _of(self, column: Column, values: pd.Series) -> pd.Series:
        if column.kind != "categorical" or isinstance(values.dtype, pd.CategoricalDtype):
            return values
        dtype = describe_dtype(values.dtype)
        cells = TypedSeries(replace(column, dtype=dtype, min_group=self._min_group), values)
        rare, _ = rare_rows(cells, self._chance, self._units)
        if not rare.any() or rare.sum() < LONG_TAIL * values.notna().sum():
            return values
        levels, places = list(cells.levels), np.unique(cells.codes[rare]).tolist()
        old = [levels[place] for place in places if level_key(levels[place]) not in self._new]
        taken = {*cells.levels, *self._new.values()}
        new = generate_levels(old, cells, taken, self._rng) if old else []
        if new is None:
            return values
        self._new |= {level_key(level): other for level, other in zip(old, new, strict=True)}
        for place in places:
            levels[place] = self._new[level_key(levels[place])]
        self.columns.add(str(column.name))
        return levels_to_series(levels, cells.codes, cells.column).set_axis(values.index)
