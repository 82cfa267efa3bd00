"""`DatabaseModel`: the trained model of a database, sampled table by table."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import ModelFileError, OptionError
from tabgan.base.model_file import assembling, read_model, under, write_model
from tabgan.base.random_streams import numpy_stream
from tabgan.conditions.grammar import Where
from tabgan.encoding.identifiers.identifier_encoders import IdentifierEncoder
from tabgan.fitting.prepare import TableOptions
from tabgan.relations.drawing_plan import (
    DatabasePlan,
    TableForm,
    TablePlan,
    find_identifiers,
    plan_database,
    unique_values,
)
from tabgan.relations.drawn_table import (
    DEPTH,
    ChildTotal,
    DrawnTable,
    count_name,
    find_totals,
    table_rows,
    with_means,
)
from tabgan.relations.grouped_table import RowGroups
from tabgan.relations.infer_relations import find_borrowed_keys, find_lists
from tabgan.relations.relations import (
    ForeignKey,
    Relations,
    Rows,
    Tables,
    parent_rows,
    repeated_rows,
    without_orphans,
)
from tabgan.relations.row_context import Context, taken
from tabgan.relations.row_owners import (
    ImplicitParent,
    find_units,
    is_implicit,
    with_implicit_parents,
)
from tabgan.relations.table_drawer import TableDrawer
from tabgan.table.dtypes import describe_dtype, restore_dtype
from tabgan.table.scalars import from_json_scalar, to_json_scalar
from tabgan.table.schema import Kind

__all__ = ["DatabaseModel"]

ROUNDS = 10  # draws of rows that repeat what is unique
ROUNDS_WHERE = 50  # and of those that don't meet a condition
MOST_DROPPED = 0.05  # share of a table's rows left out, as they still repeat what is unique
LEAST_OF_LIST = 10  # rows of a short table, to which many refer, in a small sample
MOST_TOLD = 50  # rows of a reference table, each of which is told from the others by its key
FEWEST_TRIED, MOST_TRIED = 200, 1_000_000  # rows of which some should meet a condition


@dataclass(frozen=True)
class DatabaseModel:
    """The trained models of the tables of a database.

    Parameters
    ----------
    relations
        How the tables belong together.
    plan
        The order in which they are drawn.
    forms
        The columns of each table.
    drawers
        What draws each table that is learned.
    references
        The tables that stay as they are.
    parameters
        The options of the estimator, as JSON values.
    implicit
        The keys that repeat and have no table of their own, which have one in the model.
    totals
        The columns that are sums or numbers of children.
    lists
        The short tables to which many rows refer, which no small sample empties.
    delimiters
        Between fields of text files, by table, where that is no comma.
    """

    relations: Relations
    plan: DatabasePlan
    forms: Mapping[str, TableForm]
    drawers: Mapping[str, TableDrawer]
    references: Tables
    parameters: Mapping[str, Any]
    implicit: tuple[ImplicitParent, ...] = ()
    totals: tuple[ChildTotal, ...] = ()
    lists: tuple[str, ...] = ()
    delimiters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        tables: Tables,
        relations: Relations,
        options: TableOptions,
        seed: int,
        *,
        kinds: Mapping[str, Mapping[str, Kind]],
        parameters: Mapping[str, Any],
        workers: int = 1,
        say: Callable[[str], None] = lambda _line: None,
    ) -> Self:
        """Learn the tables of a database.

        Parameters
        ----------
        tables
            The tables, by name.
        relations
            How they belong together.
        options
            How each table is understood.
        seed
            Root of all streams of randomness.
        kinds
            Declared kinds of columns, by table.
        parameters
            The options of the estimator, as JSON values.
        workers
            Columns that are fitted at a time.
        say
            Called with a line before each table is learned.
        """
        relations.check(tables)
        lists = find_lists(tables, relations)
        tables, notes = without_orphans(tables, relations)
        kinds, borrowed = _with_borrowed_keys(tables, relations, kinds)
        tables, relations, implicit = with_implicit_parents(tables, relations, kinds)
        rows = {key: parent_rows(tables, key) for key in relations.foreign_keys}
        loops = {key: _without_loops(rows, key) for key in rows if key.parent == key.table}
        plan = plan_database(tables, relations, rows)
        plan = replace(plan, notes=(*notes, *borrowed, *plan.notes))
        forms, every = _read_tables(tables, relations, plan, rows, loops=loops, kinds=kinds)
        others = {table: every[table] for table in relations.references}
        columns = {table: own.columns for table, own in every.items()}
        units = find_units(tables, plan, rows, columns, options.min_group)
        drawers: dict[str, TableDrawer] = {}
        for own in plan.tables:
            if not is_implicit(own.table):
                n = len(tables[own.table])
                say(f"{own.table}: {n:,} row{'s' * (n != 1)}")
            late = [key for key in own.links if plan.is_late(key)]
            drawers[own.table], others[own.table] = TableDrawer.fit(
                own,
                every[own.table],
                others,
                late,
                every=every,
                options=options,
                seed=seed,
                order=relations.orders.get(own.table),
                units=units[own.table],
                workers=workers,
            )
        keys = [key for own in reversed(plan.tables) for key in (own.steering, *own.links) if key]
        totals = find_totals([key for key in keys if key.parent != key.table], rows, every)
        kept = {table: tables[table].reset_index(drop=True) for table in relations.references}
        forms = {table: forms[table] for table in tables}
        found = (implicit, tuple(totals), lists)
        return cls(relations, plan, forms, drawers, kept, parameters, *found)

    def sample(
        self,
        scales: Mapping[str, float],
        seed: int,
        where: Mapping[str, Where] | None = None,
        *,
        counted: Collection[str] = (),
    ) -> dict[str, pd.DataFrame]:
        """Draw a database.

        Parameters
        ----------
        scales
            How many times as many rows as there were, by table: of those rows that no parent has.
        seed
            Root of all streams of randomness.
        where
            Conditions on the rows of tables, by table.
        counted
            The tables whose numbers of rows are wanted, however few.

        Raises
        ------
        OptionError
            If a condition can't be read, or too few rows meet it.
        """
        drawn: dict[str, DrawnTable] = {}
        frames: dict[str, pd.DataFrame] = {}
        wished: dict[str, Context] = {}
        for table, frame in self.references.items():
            drawn[table] = self._of_reference(table)
            frames[table] = frame.copy()
        for own in self.plan.tables:
            scale = scales.get(own.table, 1.0)
            n_wanted = round(scale * self.drawers[own.table].n_free)
            n_free = n_wanted if own.table in counted else self.n_free(own.table, scale)
            asked = (where or {}).get(own.table)
            rows, wish, frame = self._drawn(own, n_free, drawn, frames, seed=seed, where=asked)
            if n_free > n_wanted:
                share = scale * self.drawers[own.table].n_free / n_free
                rows = rows.with_fewer_children(share, numpy_stream(seed, "fewer", own.table))
            if asked is None and not counted:
                counts = self.drawers[own.table].counts
                rows = rows.with_a_child([name for name, own in counts.items() if any(own.counts)])
            drawn[own.table], wished[own.table], frames[own.table] = rows, wish, frame
            if own.follows and own.steering is not None:
                source = own.steering.table
                drawn[source].parents[own.steering] = np.arange(len(frame), dtype=np.int64)
                frames[source] = self._with_key(frames, own.steering, np.arange(len(frame)))
        for own in self.plan.tables:
            for key in own.links:
                if self.plan.is_late(key):
                    chosen = self._choose_late(own, key, drawn, wished[own.table], seed)
                    frames[own.table] = self._with_key(frames, key, chosen)
        for total in self.totals:
            frames[total.key.parent] = total.written(frames)
        finished = {table: self._finished(table, frames[table]) for table in self.forms}
        for parent in self.implicit:
            parent.joined(finished)
        return {table: frame for table, frame in finished.items() if not is_implicit(table)}

    def n_free(self, table: str, scale: float) -> int:
        """Return how many rows without a steering parent a table gets.

        Parameters
        ----------
        table
            The table. A list keeps some rows, another table without a parent one.
        scale
            How many times as many rows as there were.
        """
        n = self.drawers[table].n_free
        is_root = n == self.forms[table].n_rows
        floor = LEAST_OF_LIST if table in self.lists else int(is_root)
        return max(round(scale * n), min(n, floor) if scale > 0 else 0)

    def _drawn(
        self,
        own: TablePlan,
        n_free: int,
        drawn: Mapping[str, DrawnTable],
        frames: Tables,
        *,
        seed: int,
        where: Where | None,
    ) -> tuple[DrawnTable, Context, pd.DataFrame]:
        """Draw a table; rows that repeat what is unique, or miss a condition, are drawn again.

        Rows come in groups, those of a parent. Of a group that is drawn again for a condition, the
        rows that meet it take the place of those that don't. What is left of these is left out.

        Parameters
        ----------
        own
            What its rows are drawn by.
        n_free
            Rows without a steering parent.
        drawn, frames
            The tables before it.
        seed
            Root of all streams of randomness.
        where
            The condition on its rows.

        Returns
        -------
        The rows, what their linked parents should be like, and the rows with keys.
        """
        table, drawer = own.table, self.drawers[own.table]
        late = [key for key in own.links if self.plan.is_late(key)]
        draw = partial(drawer.draw, drawn, late=late)
        is_root = own.steering is None
        if where is not None and is_root:
            rows, wished = _rows_where(table, partial(draw, seed=seed), n_free, where)
        else:
            rows, wished = draw(n_free, seed=seed)
        frame = self._frame(table, rows, frames, seed)
        for again in range(ROUNDS if where is None else ROUNDS_WHERE):
            bad = self._repeated(table, frame) | ~rows.meets(where)
            if not bad.any():
                return rows, wished, frame
            other = int(numpy_stream(seed, "again", table, again).integers(2**31))
            if where is not None and is_root:
                places = np.flatnonzero(bad)
                new, wish = _rows_where(table, partial(draw, seed=other), len(places), where)
            else:
                group = RowGroups(drawer.sizes(drawn, n_free)).group
                only = np.unique(group[bad])
                places = np.flatnonzero(np.isin(group, only))
                stay = np.setdiff1d(np.arange(len(frame)), places)
                chosen = {key: parents[stay] for key, parents in rows.parents.items()}
                new, wish = draw(n_free, seed=other, only=only, chosen=chosen)
                if where is not None:  # rows that meet the condition stay
                    better = np.flatnonzero(bad[places] & new.meets(where))
                    new, wish, places = new.take(better), wish.take(better), places[better]
            rows, wished = rows.replaced(places, new), wished.replaced(places, wish)
            frame = self._frame(table, rows, frames, seed)
        bad = ~rows.meets(where)
        if (bad.all() and len(bad)) or (own.follows and bad.any()):
            raise OptionError(
                f"where[{table!r}]: {(~bad).sum()} of {len(bad)} rows meet the condition, after "
                f"{ROUNDS_WHERE} draws of the others; ask for less, or put a condition on the "
                "table of their parents as well"
            )
        bad |= self._repeated(table, frame, MOST_DROPPED)
        keep = np.flatnonzero(~bad | own.follows)
        rows, frame = rows.take(keep), frame.iloc[keep].reset_index(drop=True)
        return rows, wished.take(keep), frame

    def _of_reference(self, table: str) -> DrawnTable:
        own = _own_table(
            self.references[table],
            self.relations,
            table,
            plan=self.plan,
            rows={},
            kinds={},
            identifiers={},
        )
        return own._replace(context=own.own_context(table))

    def _choose_late(
        self,
        own: TablePlan,
        key: ForeignKey,
        drawn: Mapping[str, DrawnTable],
        wished: Context,
        seed: int,
    ) -> Rows:
        drawer = self.drawers[own.table]
        wish = next(wish for wish in drawer.wishes if wish.key == key)
        frame = pd.DataFrame({part.column.name: part.values for part in wished.parts})
        rows = drawn[own.table]
        steering = rows.parents.get(own.steering) if own.steering and not own.follows else None
        if steering is None:
            steering = np.full(len(rows.cells), -1, np.int64)
        chosen = drawer.choose(wish, frame, steering, drawn, seed)
        if key.name in self.forms[own.table].loops:
            chosen = np.where(chosen < 0, np.arange(len(chosen)), chosen)
        return chosen

    def _frame(self, table: str, rows: DrawnTable, frames: Tables, seed: int) -> pd.DataFrame:
        """Put the columns of a table together, with the keys to tables that are there."""
        form, n = self.forms[table], len(rows.cells)
        columns: dict[str, pd.Series] = {}
        for name, encoder in form.identifiers.items():
            columns[name] = unique_values(encoder, n, numpy_stream(seed, "keys", table, name), seed)
        for key, parents in rows.parents.items():
            for name, other in zip(key.columns, key.parent_columns, strict=True):
                if name not in columns:
                    columns[name] = taken(frames[key.parent][other], parents)
        for name in form.dtypes:
            if name not in columns:
                has_cells = name in rows.cells.columns
                empty = pd.Series([None] * n, dtype=object)
                columns[name] = rows.cells[name] if has_cells else empty
        frame = pd.DataFrame(
            {name: columns[name].reset_index(drop=True) for name in form.dtypes},
            index=pd.RangeIndex(n),
        )
        return self._with_new_numbers(table, frame)

    def _with_key(self, frames: Tables, key: ForeignKey, parents: Rows) -> pd.DataFrame:
        """Write a key into a table."""
        frame, parent = frames[key.table].copy(), frames[key.parent]
        for name, other in zip(key.columns, key.parent_columns, strict=True):
            frame[name] = taken(parent[other], np.asarray(parents, np.int64))
        return frame

    def _with_new_numbers(self, table: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Count on in a column of a joint key, where rows repeat one or no part of it is new."""
        key = self.relations.key_of(table)
        foreign = {name for own in self.relations.of(table) for name in own.columns}
        numbers = [
            name
            for name in key
            if name not in foreign and pd.api.types.is_integer_dtype(frame[name].dtype)
        ]
        if len(key) < 2 or not numbers or set(key) & self.forms[table].identifiers.keys():
            return frame
        name = max(numbers, key=lambda own: frame[own].nunique())
        others = frame.groupby([own for own in key if own != name], dropna=False)
        twice = frame.duplicated([*key]).to_numpy(bool)
        if set(key) & foreign and not twice.any():
            return frame
        new = np.ones(len(frame), bool) if not set(key) & foreign else twice
        first = max(self.forms[table].highest.get(name, 0), int(frame[name].max()))
        places = pd.Series(new).groupby(others.ngroup().to_numpy()).cumsum().to_numpy(np.int64)
        return frame.assign(**{name: np.where(new, first + places, frame[name].to_numpy())})

    def _repeated(self, table: str, frame: pd.DataFrame, most: float = 1.0) -> NDArray[np.bool_]:
        """Return which rows repeat what is unique, as far as its columns are there.

        Parameters
        ----------
        table, frame
            The table.
        most
            Share of the rows beyond which columns that are no key may repeat: there are too few
            values for so many rows.
        """
        keys = [self.relations.key_of(table)]
        keys += [own.parent_columns for own in self.relations.into(table)]
        late = {
            name
            for own in self.plan.tables
            for link in own.links
            if own.table == table and self.plan.is_late(link)
            for name in link.columns
        }
        repeated = np.zeros(len(frame), np.bool_)
        for columns in self.relations.unique_of(table) if len(frame) else ():
            if not {*columns} & late:
                own = repeated_rows(frame, columns)
                repeated |= own & (columns in keys or own.mean() <= most)
        return repeated

    def _finished(self, table: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Give the columns their dtypes."""
        return frame if table in self.references else self.forms[table].finished(frame)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file; see `tabgan.base.model_file`."""
        description: dict[str, Any] = {
            "versions": {name: version(name) for name in ("tabgan", "torch", "pandas", "numpy")},
            "database": {
                "relations": self.relations.to_json(),
                "plan": [_plan_to_json(own) for own in self.plan.tables],
                "notes": list(self.plan.notes),
                "forms": {table: form.to_json() for table, form in self.forms.items()},
                "drawers": {table: own.to_json() for table, own in self.drawers.items()},
                "references": {t: _frame_to_json(frame) for t, frame in self.references.items()},
                "parameters": dict(self.parameters),
                "implicit": [own.to_json() for own in self.implicit],
                "totals": [own.to_json() for own in self.totals],
                "lists": list(self.lists),
                "delimiters": dict(self.delimiters),
            },
        }
        tensors = {
            f"{place}.{name}": tensor
            for place, own in enumerate(self.drawers.values())
            for name, tensor in own.to_tensors().items()
        }
        write_model(path, description, tensors)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a model file.

        Raises
        ------
        ModelFileError
            If the file is not a model of a database, is damaged, or newer than this library.
        OSError
            If it can't be opened.
        """
        description, tensors = read_model(path)
        if "database" not in description:
            raise ModelFileError(
                f"{path}: a model of one table, not of a database; open it with the class that "
                "learned the table, or with commands such as 'tabgan sample'"
            )
        with assembling(path):
            state = description["database"]
            plan = DatabasePlan(
                tuple(map(_plan_from_json, state["plan"])), tuple(map(str, state["notes"]))
            )
            drawers = {
                table: TableDrawer.restore(plan[table], own, under(f"{place}.", tensors))
                for place, (table, own) in enumerate(state["drawers"].items())
            }
            return cls(
                Relations.from_json(state["relations"]),
                plan,
                {table: TableForm.from_json(own) for table, own in state["forms"].items()},
                drawers,
                {table: _frame_from_json(own) for table, own in state["references"].items()},
                dict(state["parameters"]),
                tuple(map(ImplicitParent.from_json, state.get("implicit", ()))),
                tuple(map(ChildTotal.from_json, state.get("totals", ()))),
                tuple(map(str, state.get("lists", ()))),
                {str(table): str(own) for table, own in state.get("delimiters", {}).items()},
            )


def _rows_where(
    table: str, draw: Callable[[int], tuple[DrawnTable, Context]], n: int, where: Where
) -> tuple[DrawnTable, Context]:
    """Draw rows until enough of them meet a condition.

    Parameters
    ----------
    table
        The table.
    draw
        Draws so many rows.
    n
        How many are wanted.
    where
        The condition.
    """
    total, found = max(n, FEWEST_TRIED), 0
    while total <= MOST_TRIED:
        rows, wished = draw(total)
        keep = np.flatnonzero(rows.meets(where))
        if len(keep) >= n:
            return rows.take(keep[:n]), wished.take(keep[:n])
        found, total = len(keep), total * int(np.clip(2 * n / max(len(keep), 1), 2, 50))
    raise OptionError(
        f"where[{table!r}]: {found} of some {MOST_TRIED:,} rows meet the condition, and {n} are "
        "wanted; ask for fewer rows or less"
    )


def _with_borrowed_keys(
    tables: Tables, relations: Relations, kinds: Mapping[str, Mapping[str, Kind]]
) -> tuple[dict[str, dict[str, Kind]], list[str]]:
    """Let columns that hold keys of other tables be keys of their own; say which, too."""
    every: dict[str, dict[str, Kind]] = {table: dict(own) for table, own in kinds.items()}
    notes = []
    for table, columns in find_borrowed_keys(tables, relations).items():
        for name, key in columns.items():
            if name not in every.get(table, {}):
                every.setdefault(table, {})[name] = "key"
                notes.append(
                    f"{table}.{name} holds values of {key.parent}.{key.parent_columns[0]}, and no "
                    "foreign key says so; it gets new values of its own, unless the relations name "
                    "such a key"
                )
    return every, notes


def _read_tables(
    tables: Tables,
    relations: Relations,
    plan: DatabasePlan,
    rows: Mapping[ForeignKey, Rows],
    *,
    loops: Mapping[ForeignKey, bool],
    kinds: Mapping[str, Mapping[str, Kind]],
) -> tuple[dict[str, TableForm], dict[str, DrawnTable]]:
    """Return the form of each table, and what of it is learned."""
    forms: dict[str, TableForm] = {}
    every: dict[str, DrawnTable] = {}
    for table, frame in tables.items():
        is_drawn = table not in relations.references
        declared = kinds.get(table, {})
        identifiers = find_identifiers(frame, relations, table, declared) if is_drawn else {}
        looping = tuple(key.name for key, has in loops.items() if has and key.table == table)
        forms[table] = TableForm.of(frame, identifiers, looping, relations.key_of(table))
        own = _own_table(
            frame, relations, table, plan=plan, rows=rows, kinds=kinds, identifiers=identifiers
        )
        every[table] = own if is_drawn else own._replace(context=own.own_context(table))
    for planned in plan.tables:
        if planned.steering is not None and not planned.follows:
            parent, child = planned.steering.parent, every[planned.table]
            every[parent] = with_means(every[parent], planned.steering, child)
    return forms, every


def _without_loops(rows: dict[ForeignKey, Rows], key: ForeignKey) -> bool:
    """Let rows that refer to themselves refer to none; return whether there was one."""
    loops = rows[key] == np.arange(len(rows[key]))
    rows[key] = np.where(loops, -1, rows[key])
    return bool(loops.any())


def _depth(parents: Rows) -> Rows | None:
    """Return how many rows are above each row; None if some are above themselves."""
    depth, above = np.zeros(len(parents), np.int64), parents.copy()
    for _ in range(len(parents) + 1):
        has = above >= 0
        if not has.any():
            return depth
        depth[has] += 1
        above[has] = parents[above[has]]
    return None


def _own_table(
    frame: pd.DataFrame,
    relations: Relations,
    table: str,
    *,
    plan: DatabasePlan,
    rows: Mapping[ForeignKey, Rows],
    kinds: Mapping[str, Mapping[str, Kind]],
    identifiers: Mapping[str, IdentifierEncoder],
) -> DrawnTable:
    """Return the columns of a table that are learned, with the numbers of rows that refer to it."""
    own_keys = {name for key in relations.of(table) for name in key.columns}
    learned = [name for name in frame.columns if name not in own_keys and name not in identifiers]
    if table in relations.references:
        named = {name for key in relations.into(table) for name in key.parent_columns}
        telling = _telling_key(frame, [name for name in learned if name not in named])
        learned = [name for name in learned if name not in named or name in telling]
        kinds = {**kinds, table: {**kinds.get(table, {}), **telling}}
    counts: dict[str, Rows] = {}
    for key in plan.counted(table) if table not in relations.references else ():
        there = rows[key][rows[key] >= 0]
        counts[count_name(key)] = np.bincount(there, minlength=len(frame)).astype(np.int64)
    parents = {}
    if table not in relations.references:
        own = plan[table]
        steering = [own.steering] if own.steering and not own.follows else []
        parents = {key: rows[key] for key in (*steering, *own.references, *own.links)}
        parents |= {key: rows[key] for key in relations.of(table) if key not in parents}
        for key in own.links:
            depth = _depth(rows[key]) if key.parent == table else None
            if depth is not None:
                counts[DEPTH] = depth
    cells, columns = table_rows(frame.loc[:, learned], counts, kinds.get(table, {}))
    return DrawnTable(cells, columns, parents, Context(len(frame)))


def _telling_key(frame: pd.DataFrame, others: Sequence[str]) -> dict[str, Kind]:
    """Return the column of keys of a short reference table, where no others tell its rows apart.

    France and the United Kingdom have the same tax, but not the same currency.
    """
    if not 1 < len(frame) <= MOST_TOLD or (others and not frame.duplicated(others).any()):
        return {}
    keys = [name for name in frame.columns if name not in others and frame[name].is_unique]
    return dict.fromkeys(keys[:1], "categorical")


def _plan_to_json(plan: TablePlan) -> dict[str, Any]:
    return {
        "table": plan.table,
        "steering": None if plan.steering is None else plan.steering.to_json(),
        "links": [key.to_json() for key in plan.links],
        "references": [key.to_json() for key in plan.references],
        "follows": plan.follows,
    }


def _plan_from_json(state: Mapping[str, Any]) -> TablePlan:
    steering = state["steering"]
    return TablePlan(
        str(state["table"]),
        None if steering is None else ForeignKey.from_json(steering),
        tuple(map(ForeignKey.from_json, state["links"])),
        tuple(map(ForeignKey.from_json, state["references"])),
        bool(state["follows"]),
    )


def _frame_to_json(frame: pd.DataFrame) -> list[Any]:
    return [
        [
            str(name),
            describe_dtype(frame[name].dtype),
            [None if pd.isna(v) else to_json_scalar(v) for v in frame[name].astype(object)],
        ]
        for name in frame.columns
    ]


def _frame_from_json(state: list[Any]) -> pd.DataFrame:
    columns = {
        name: pd.Series([from_json_scalar(v) for v in values], dtype=object).astype(
            restore_dtype(dtype)
        )
        for name, dtype, values in state
    }
    return pd.DataFrame(columns)
