"""The owners of rows: keys without a table of their own, and the people that `min_group` counts.

A key may repeat without a table of its own, such as the user in a table of ratings.

Its values become a table to which the rows refer. So the key repeats as in the real table, the rows
of one user follow each other, and what a user determines (the country) is the same in all of them.
In a sample, this table is joined to the rows and left out.

`min_group` counts people, not their many rows.

A customer with nine orders has nine rows with one receiver. Counted by rows, such a level would be
stored. A row belongs to all rows above it that may be a person or company: the topmost ones, except
those in short lists such as countries, which are not about anybody.

If most rows have such levels, the levels are replaced by pseudonyms before anything is learned, so
that the rows of a group, which are learned in two parts, agree on them.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from tabgan.encoding.rare_levels import LONG_TAIL, Units, generate_levels, rare_rows
from tabgan.inference.infer_schema import infer_schema
from tabgan.inference.key_columns import names_things
from tabgan.relations.drawing_plan import DatabasePlan, TablePlan
from tabgan.relations.infer_relations import infer_orders
from tabgan.relations.relations import ForeignKey, Relations, Rows, Tables, parent_rows
from tabgan.relations.row_context import ADDED, Context, is_added, taken
from tabgan.sampling.table_keys import learn_keys
from tabgan.table.columns import TypedSeries, by_position, level_key
from tabgan.table.dtypes import describe_dtype
from tabgan.table.level_codes import levels_to_series
from tabgan.table.scalars import Scalar
from tabgan.table.schema import LOCALISED, Column, Kind

__all__ = [
    "ImplicitParent",
    "Pseudonyms",
    "find_units",
    "is_implicit",
    "with_implicit_parents",
    "without_implicit_parents",
]

FEWEST_KEYS = 20  # values of a key


def is_implicit(table: str) -> bool:
    """Return whether a table was made of a key that repeats."""
    return is_added(table)


@dataclass(frozen=True)
class ImplicitParent:
    """A key that repeats and has no table of its own.

    Parameters
    ----------
    key
        The key, to the table of its values.
    moved
        The columns that it determines, which are in that table.
    columns
        All columns of the table that has the key, in order.
    """

    key: ForeignKey
    moved: tuple[str, ...]
    columns: tuple[str, ...]

    def joined(self, frames: dict[str, pd.DataFrame]) -> None:
        """Put the columns that the key determines back into the rows that have it."""
        table = self.key.table
        if self.moved:
            rows, parent = parent_rows(frames, self.key), frames[self.key.parent]
            new = {name: taken(parent[name], rows) for name in self.moved}
            frames[table] = frames[table].assign(**new).loc[:, [*self.columns]]

    def to_json(self) -> dict[str, Any]:
        """Describe the parent by JSON values."""
        columns = {"moved": list(self.moved), "columns": list(self.columns)}
        return {"key": self.key.to_json(), **columns}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a parent from `to_json`'s value."""
        moved, columns = (tuple(map(str, state[name])) for name in ("moved", "columns"))
        return cls(ForeignKey.from_json(state["key"]), moved, columns)


def with_implicit_parents(
    tables: Tables, relations: Relations, kinds: Mapping[str, Mapping[str, Kind]]
) -> tuple[dict[str, pd.DataFrame], Relations, tuple[ImplicitParent, ...]]:
    """Make tables of the keys that repeat and have none.

    Parameters
    ----------
    tables
        The tables, by name.
    relations
        How they belong together.
    kinds
        Declared kinds of columns, by table.

    Returns
    -------
    The tables with those of the keys, their relations, and the keys.
    """
    every, found = dict(tables), list[ImplicitParent]()
    for table, frame in tables.items():
        if table in relations.references:
            continue
        keys = (*relations.of(table), *relations.into(table))
        named = {name for key in keys for name in _columns_in(key, table)}
        for name, moved in _keys_of(frame, named, {*relations.key_of(table)}, kinds.get(table, {})):
            key = ForeignKey(table, (name,), f"{ADDED}{table}.{name}", (name,), "it repeats")
            own = every[table]
            values = own.loc[own[name].notna(), [name, *moved]].drop_duplicates([name])
            every[key.parent] = values.reset_index(drop=True)
            every[table] = own.drop(columns=[*moved])
            found.append(ImplicitParent(key, moved, tuple(map(str, own.columns))))
    if not found:
        return every, relations, ()
    relations = replace(
        relations,
        keys={**relations.keys, **{own.key.parent: own.key.columns for own in found}},
        foreign_keys=(*relations.foreign_keys, *(own.key for own in found)),
    )
    there = {own.key.table: every[own.key.table] for own in found}
    orders = {**infer_orders(there, every, relations), **relations.orders}
    return every, replace(relations, orders=orders), tuple(found)


def without_implicit_parents(relations: Relations) -> Relations:
    """Return the relations of the tables that are no values of keys."""
    return replace(
        relations,
        keys={table: key for table, key in relations.keys.items() if not is_implicit(table)},
        foreign_keys=tuple(key for key in relations.foreign_keys if not is_implicit(key.parent)),
    )


def _columns_in(key: ForeignKey, table: str) -> set[str]:
    """Return the columns of a table that are part of a key."""
    own = {*key.columns} if key.table == table else set()
    return own | ({*key.parent_columns} if key.parent == table else set())


def _keys_of(
    frame: pd.DataFrame, named: set[str], joint: set[str], kinds: Mapping[str, Kind]
) -> list[tuple[str, tuple[str, ...]]]:
    """Find the keys of a table that repeat, and what each determines.

    Parameters
    ----------
    frame
        The table.
    named
        Its columns that are part of a key to, or of, another table.
    joint
        Those of its own key.
    kinds
        Declared kinds.
    """
    columns = [name for name in frame.columns if name not in named]
    wanted: dict[Hashable, Kind] = {n: kind for n, kind in kinds.items() if n in columns}
    may = [name for name in columns if names_things(name) or wanted.get(name) == "key"]
    sizes = {name: frame[name].nunique() for name in may}
    declared = {name for name in may if wanted.get(name) == "key" and sizes[name] > 1}
    if not any(
        size < len(frame) and (size >= FEWEST_KEYS or n in declared) for n, size in sizes.items()
    ):
        return []
    schema = infer_schema(frame.loc[:, columns], wanted)
    found, used = list[tuple[str, tuple[str, ...]]](), set[str]()
    for groups in learn_keys(by_position(frame.loc[:, columns], schema)):
        name = str(groups.key.column.name)
        is_key = groups.key.column.kind == "key"
        if groups.within is not None or name in used or not is_key:
            continue
        moved = [str(schema.names[at]) for at in groups.determined]
        keys = {str(column.name) for column in schema if column.kind == "key"}
        moved = [one for one in moved if one not in keys | used | joint]
        values = frame.groupby(name)[moved].nunique(dropna=False)
        moved = [one for one in moved if values[one].max() == 1]  # without any odd row
        used |= {name, *moved}
        found.append((name, tuple(moved) if frame[name].notna().all() else ()))
    return found


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
    """Find the owners of the rows of each table.

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
    """Replacements for levels that too few units have, the same wherever a level occurs.

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
