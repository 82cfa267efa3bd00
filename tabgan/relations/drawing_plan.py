"""The plan for sampling a database: the order of its tables, and the parents of each row.

Every table has at most one parent that *steers* it: its rows are sampled in groups, one for each
row of that parent. Its other parents are *linked*: their properties are sampled, and a row with
such properties is chosen. A key that closes a circle is linked last, when all tables exist. Of two
tables whose rows correspond one to one, the one with the key is sampled first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pandas as pd

from tabgan.base.errors import DataError
from tabgan.encoding.identifiers.identifier_encoders import IdentifierEncoder
from tabgan.inference.infer_schema import infer_schema
from tabgan.relations.relations import ForeignKey, Relations, Rows, Tables
from tabgan.table.columns import TypedSeries
from tabgan.table.dtypes import describe_dtype, restore_dtype
from tabgan.table.schema import Column, Kind

__all__ = [
    "DatabasePlan",
    "TableForm",
    "TablePlan",
    "find_identifiers",
    "plan_database",
    "unique_values",
]


@dataclass(frozen=True)
class TablePlan:
    """The parents by which the rows of a table are sampled.

    Parameters
    ----------
    table
        The table.
    steering
        The key to the parent in whose groups the rows come; None where each row is by itself. If
        `follows`, it is a key of another table that refers to this one, each row once.
    links
        The keys to other parents.
    references
        The keys to tables that stay as they are.
    follows
        Whether the rows follow one to one those of the table that refers to them.
    """

    table: str
    steering: ForeignKey | None = None
    links: tuple[ForeignKey, ...] = ()
    references: tuple[ForeignKey, ...] = ()
    follows: bool = False

    @property
    def source(self) -> str | None:
        """The table whose rows steer those of this one."""
        if self.steering is None:
            return None
        return self.steering.table if self.follows else self.steering.parent

    @property
    def counted(self) -> tuple[ForeignKey, ...]:
        """The keys by which the rows of other tables have a number of rows of this one."""
        own = () if self.steering is None or self.follows else (self.steering,)
        return (*own, *self.links)


@dataclass(frozen=True)
class DatabasePlan:
    """The tables in the order of sampling, and notes for people."""

    tables: tuple[TablePlan, ...]
    notes: tuple[str, ...] = ()

    def __getitem__(self, table: str) -> TablePlan:
        return next(plan for plan in self.tables if plan.table == table)

    def is_late(self, key: ForeignKey) -> bool:
        """Return whether a link is made when all tables are drawn."""
        order = [plan.table for plan in self.tables]
        return key.parent not in order[: order.index(key.table)]

    def counted(self, table: str) -> tuple[ForeignKey, ...]:
        """Return the keys that refer to a table, whose numbers of rows are drawn with its rows."""
        return tuple(key for plan in self.tables for key in plan.counted if key.parent == table)


def plan_database(
    tables: Tables, relations: Relations, rows: Mapping[ForeignKey, Rows]
) -> DatabasePlan:
    """Plan the order in which tables are sampled.

    Parameters
    ----------
    tables
        The tables.
    relations
        Their keys.
    rows
        For each foreign key the rows that it refers to (`parent_rows`).

    Raises
    ------
    DataError
        If tables refer to each other in a circle in which no key may be missing.
    """
    drawn = [name for name in tables if name not in relations.references]
    keys = [key for key in relations.foreign_keys if key.table in drawn]
    among = [key for key in keys if key.parent in drawn]
    late, notes = _open_circles([key for key in among if key.parent != key.table], rows)
    late += [key for key in among if key.parent == key.table]
    ahead = [key for key in among if key not in late]
    followed = _followed(ahead, rows, tables)
    order = _order(drawn, ahead, followed)
    if order is None:
        followed, order = {}, _order(drawn, ahead, {}) or drawn
    steering: dict[str, ForeignKey] = {}
    for table in drawn:
        own = [key for key in ahead if key.table == table and key not in followed.values()]
        if table not in followed and own:
            steering[table] = min(own, key=lambda key: _rank(rows[key]))
    plans = [
        TablePlan(
            table,
            followed.get(table) or steering.get(table),
            tuple(
                key
                for key in among
                if key.table == table
                and key != steering.get(table)
                and key not in followed.values()
            ),
            tuple(key for key in keys if key.table == table and key.parent not in drawn),
            table in followed,
        )
        for table in order
    ]
    return DatabasePlan(tuple(plans), tuple(notes))


def _rank(rows: Rows) -> tuple[bool, float]:
    """Rank a key as one that steers: rows that have it, and small groups, come first."""
    present = rows[rows >= 0]
    return len(present) < len(rows), len(present) / max(len(np.unique(present)), 1)


def _followed(
    keys: list[ForeignKey], rows: Mapping[ForeignKey, Rows], tables: Tables
) -> dict[str, ForeignKey]:
    """Find tables whose rows another table refers to once each, beside a parent of its own.

    They follow it: `disposition` refers to one account and, each row to another, to clients.
    """
    found: dict[str, ForeignKey] = {}
    for key in keys:
        others = [other for other in keys if other.table == key.table and other is not key]
        is_one_to_one = len(rows[key]) == len(tables[key.parent]) == len(np.unique(rows[key]))
        steered = any(other.parent == key.table for other in keys if other.table == key.parent)
        if is_one_to_one and others and rows[key].min(initial=0) >= 0 and not steered:
            taken = set(found) | {other.table for other in found.values()}
            if not {key.table, key.parent} & taken:
                found[key.parent] = key
    return found


def _order(
    drawn: list[str], ahead: list[ForeignKey], followed: Mapping[str, ForeignKey]
) -> list[str] | None:
    """Order the tables; None if what follows closes a circle."""
    graph: dict[str, set[str]] = {table: set() for table in drawn}
    for key in ahead:
        if followed.get(key.parent) == key:
            graph[key.parent].add(key.table)
        else:
            graph[key.table].add(key.parent)
    try:
        return [*TopologicalSorter(graph).static_order()]
    except CycleError:
        return None


def _open_circles(
    keys: list[ForeignKey], rows: Mapping[ForeignKey, Rows]
) -> tuple[list[ForeignKey], list[str]]:
    """Choose keys that are linked last, so that no tables refer to each other in a circle."""
    late: list[ForeignKey] = []
    notes: list[str] = []
    while True:
        graph: dict[str, set[str]] = {}
        for key in keys:
            if key not in late:
                graph.setdefault(key.table, set()).add(key.parent)
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = list(error.args[1])
        else:
            return late, notes
        pairs = {*pairwise(circle), *pairwise(circle[::-1])}
        on = [key for key in keys if (key.table, key.parent) in pairs and key not in late]
        nullable = [key for key in on if (rows[key] < 0).any()]
        if not nullable:
            raise DataError(
                f"The tables {', '.join(dict.fromkeys(circle))} refer to each other in a circle, "
                f"and none of the keys {', '.join(map(str, on))} is ever missing, so that no table "
                "can be first; leave one of these keys out of the relations"
            )
        late.append(max(nullable, key=lambda key: float((rows[key] < 0).mean())))
        notes.append(
            f"the tables {', '.join(dict.fromkeys(circle))} refer to each other in a "
            f"circle; it is opened at {late[-1]}, which may be missing"
        )


TRIES = 5  # draws of further keys, where some repeat


@dataclass(frozen=True)
class TableForm:
    """The columns of a table, and what a sample needs besides the learned ones.

    Parameters
    ----------
    dtypes
        The columns and their dtypes, in order, as JSON values.
    n_rows
        Rows of the table.
    identifiers
        Encoders of the columns that name rows.
    loops
        The keys to the table itself by which rows without a parent refer to themselves.
    highest
        The highest number of the columns of a joint key, from which new ones count on.
    """

    dtypes: Mapping[str, Any]
    n_rows: int
    identifiers: Mapping[str, IdentifierEncoder]
    loops: tuple[str, ...] = ()
    highest: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Describe the form by JSON values."""
        encoders = {
            name: {"column": own.column.to_json(), "state": own.to_json()}
            for name, own in self.identifiers.items()
        }
        return {
            "dtypes": [list(item) for item in self.dtypes.items()],
            "n_rows": self.n_rows,
            "identifiers": encoders,
            "loops": list(self.loops),
            "highest": dict(self.highest),
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a form from `to_json`'s value."""
        encoders = {
            name: IdentifierEncoder.from_json(Column.from_json(own["column"]), own["state"])
            for name, own in state["identifiers"].items()
        }
        loops = tuple(map(str, state["loops"]))
        highest = {str(name): int(most) for name, most in state["highest"].items()}
        return cls(dict(state["dtypes"]), int(state["n_rows"]), encoders, loops, highest)

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        identifiers: Mapping[str, IdentifierEncoder],
        loops: tuple[str, ...],
        key: tuple[str, ...] = (),
    ) -> Self:
        """Return the form of a table.

        Parameters
        ----------
        frame
            The table.
        identifiers
            Encoders of the columns that name rows.
        loops
            The keys by which rows refer to themselves.
        key
            The primary key.
        """
        dtypes = {str(name): describe_dtype(frame[name].dtype) for name in frame.columns}
        highest = {
            name: int(frame[name].max())
            for name in key
            if len(key) > 1 and len(frame) and pd.api.types.is_integer_dtype(frame[name].dtype)
        }
        return cls(dtypes, len(frame), identifiers, loops, highest)

    def finished(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Give columns their dtypes."""
        columns = {}
        for name, dtype in self.dtypes.items():
            values = frame[name]
            if describe_dtype(values.dtype) != dtype:
                values = _as_dtype(values, restore_dtype(dtype))
            columns[name] = values
        return pd.DataFrame(columns, index=pd.RangeIndex(len(frame)))


def find_identifiers(
    frame: pd.DataFrame, relations: Relations, table: str, kinds: Mapping[str, Kind]
) -> dict[str, IdentifierEncoder]:
    """Find the columns that identify rows, and learn their format.

    Parameters
    ----------
    frame, table
        The table, and its name.
    relations
        The keys of the database.
    kinds
        Declared kinds of its columns.
    """
    foreign = {name for key in relations.of(table) for name in key.columns}
    keys = relations.key_columns(table) - foreign
    unique = {own[0] for own in relations.unique.get(table, ()) if len(own) == 1}
    found = {}
    for name in frame.columns:
        values = frame[name]
        if name in foreign or len(frame) < 2 or not values.is_unique or values.isna().any():
            continue
        if name not in keys:
            (column,) = infer_schema(
                values.to_frame(), {n: k for n, k in kinds.items() if n == name}
            )
            names = ("identifier", "sequential", "uuid", "key")
            more = ("integer", "categorical", "text") if name in unique else ()
            if column.kind not in (*names, *more):
                continue
        column = Column(name, "identifier", describe_dtype(values.dtype))
        try:
            cells = TypedSeries(column, values)
            found[str(name)] = IdentifierEncoder.fit(cells).without_repetition()
        except DataError:  # dates, say, are learned as such
            continue
    return found


def unique_values(
    encoder: IdentifierEncoder, n: int, rng: np.random.Generator, seed: int
) -> pd.Series:
    """Generate n unique values.

    Parameters
    ----------
    encoder
        How they are written.
    n
        How many.
    rng, seed
        Draws them.
    """
    nothing = np.empty((n, 0))
    values = encoder.decode(nothing, nothing.astype(np.int64), 0, rng, seed)
    for again in range(1, TRIES):
        twice = values.duplicated().to_numpy(bool)
        if not twice.any():
            break
        more = encoder.decode(nothing, nothing.astype(np.int64), again * n, rng, seed)
        new = more[~more.isin(values)].drop_duplicates()
        rows = np.flatnonzero(twice)[: len(new)]
        values.iloc[rows] = new.iloc[: len(rows)].to_numpy()
    return values


def _as_dtype(values: pd.Series, dtype: Any) -> pd.Series:
    try:
        if isinstance(dtype, np.dtype) and dtype.kind in "iub" and values.isna().any():
            return values
        return values.astype(dtype)
    except (TypeError, ValueError):
        return values
