"""Keys that repeat and have no table of their own, as the user of a table of ratings.

Their values become a table, which the rows refer to. So they repeat as they do in the source, the
rows of one user follow each other, and what a user determines (the country) is one for all rows.
When a sample is drawn, the table is joined to the rows, and left out.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import pandas as pd

from tabgan.inference.infer_schema import infer_schema
from tabgan.inference.key_columns import names_things
from tabgan.relations.infer_relations import infer_orders
from tabgan.relations.relations import ForeignKey, Relations, Tables, parent_rows
from tabgan.relations.row_context import taken
from tabgan.sampling.key_groups import learn_keys
from tabgan.table.columns import by_position
from tabgan.table.schema import Kind

__all__ = ["ImplicitParent", "is_implicit", "with_implicit_parents", "without_implicit_parents"]

IMPLICIT = "#"  # before the name of such a table
FEWEST_KEYS = 20  # values of a key


def is_implicit(table: str) -> bool:
    """Return whether a table was made of a key that repeats."""
    return table.startswith(IMPLICIT)


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
            key = ForeignKey(table, (name,), f"{IMPLICIT}{table}.{name}", (name,), "it repeats")
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
        if groups.within is not None or name in used:
            continue
        moved = [str(schema.names[at]) for at in groups.determined]
        keys = {str(column.name) for column in schema if column.kind == "key"}
        moved = [one for one in moved if one not in keys | used | joint]
        used |= {name, *moved}
        found.append((name, tuple(moved) if frame[name].notna().all() else ()))
    return found
