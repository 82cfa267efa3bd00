"""`Relations`: the primary and foreign keys of the tables of a database."""

import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray

from tabgan.base.errors import DataError, OptionError, SchemaError, did_you_mean
from tabgan.evaluation.report.report_texts import short
from tabgan.evaluation.report.svg_charts import element, point
from tabgan.inference.infer_schema import infer_schema
from tabgan.inference.key_columns import comparable
from tabgan.table.columns import typed_frame
from tabgan.table.level_codes import are_filled

__all__ = [
    "ForeignKey",
    "Relations",
    "Rows",
    "Tables",
    "are_few_orphans",
    "draw_relations",
    "parent_rows",
    "repeated_rows",
    "typed_tables",
    "without_orphans",
]

Tables = Mapping[str, pd.DataFrame]
Rows = NDArray[np.int64]
SHOWN = 3  # values of a key that an error names
MOST_ORPHANS = 0.01  # share of the rows whose key names no row, from which the key does not hold
FEWEST_ROWS = 20  # of which one may be such a row
FEWEST_TOLD = 2  # rows that tell what a column is

BOX_WIDTH, LINE = 230.0, 18.0  # of a table in a picture, and of a line of text in it
GAP, MARGIN, LOOP = 110.0, 24.0, 40.0  # between columns of tables, around them, and of a line back
STYLE = """
svg { font: 13px system-ui, sans-serif; background: #fff; fill: #1c2430 }
.box { fill: #f4f6fa; fill-opacity: .85; stroke: #8a94a6 } .table { font-weight: 600 }
.mark { text-anchor: end; font-size: 11px; fill: #5a6577 } .more { fill: #5a6577 }
.line { fill: none; stroke: #3566c4; stroke-width: 1.5 }
.end { font-size: 11px; text-anchor: end; fill: #3566c4; stroke: #fff; stroke-width: 3px;
  paint-order: stroke } .left { text-anchor: start }
"""


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key: columns whose values refer to a row of another table, or of the same one.

    Parameters
    ----------
    table, columns
        The child table and its key columns. A row with a missing value in one of them refers to no
        row.
    parent, parent_columns
        The parent table, and its columns with the same values.
    why
        The evidence, as text for people.
    """

    table: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    why: str = field(default="declared", compare=False)

    def __post_init__(self) -> None:
        if not self.columns or len(self.columns) != len(self.parent_columns):
            raise SchemaError(
                f"{self.name}: a foreign key and the key that it refers to need as many columns, "
                f"from 1; {len(self.columns)} and {len(self.parent_columns)} are declared"
            )

    @property
    def name(self) -> str:
        """The key's name in messages: table and columns."""
        return f"{self.table}.{'+'.join(self.columns)}"

    def __str__(self) -> str:
        return f"{self.name} -> {self.parent}.{'+'.join(self.parent_columns)}"

    def to_json(self) -> dict[str, Any]:
        """Describe the key by JSON values."""
        return {
            "table": self.table,
            "columns": list(self.columns),
            "parent": self.parent,
            "parent_columns": list(self.parent_columns),
            "why": self.why,
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a key from `to_json`'s value."""
        return cls(
            str(state["table"]),
            _texts(state["columns"]),
            str(state["parent"]),
            _texts(state["parent_columns"]),
            str(state.get("why", "declared")),
        )


def _texts(state: Any) -> tuple[str, ...]:
    return (state,) if isinstance(state, str) else tuple(map(str, state))


@dataclass(frozen=True)
class Relations:
    """The keys between the tables of a database.

    Parameters
    ----------
    keys
        The columns of each table's primary key; tables without one can be left out.
    foreign_keys
        The foreign keys of the tables, to others or to themselves.
    references
        Reference tables, such as lists of countries, which are copied unchanged into every sample.
    orders
        By table, the column that orders the rows of a key, such as a date.
    why
        By table, the evidence of primary keys and orders, as text for people.
    unique
        By table, further columns that are unique, alone or together. A row with a missing value in
        one of them repeats no row.

    Examples
    --------
    >>> relations = Relations(
    ...     {"users": ("id",)}, (ForeignKey("visits", ("user",), "users", ("id",)),)
    ... )
    >>> print(relations.foreign_keys[0])
    visits.user -> users.id
    >>> Relations.from_json(relations.to_json()) == relations
    True
    """

    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    foreign_keys: tuple[ForeignKey, ...] = ()
    references: tuple[str, ...] = ()
    orders: Mapping[str, str] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict, compare=False)
    unique: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)

    def key_of(self, table: str) -> tuple[str, ...]:
        """Return the columns of a table's primary key; empty if it has none."""
        return tuple(self.keys.get(table, ()))

    def of(self, table: str) -> tuple[ForeignKey, ...]:
        """Return the foreign keys of a table."""
        return tuple(key for key in self.foreign_keys if key.table == table)

    def into(self, table: str) -> tuple[ForeignKey, ...]:
        """Return the foreign keys that refer to a table."""
        return tuple(key for key in self.foreign_keys if key.parent == table)

    def unique_of(self, table: str) -> list[tuple[str, ...]]:
        """Return the unique columns of a table, such as its key and those that others refer to."""
        referred = (key.parent_columns for key in self.into(table))
        every = (self.key_of(table), *referred, *self.unique.get(table, ()))
        return [own for own in dict.fromkeys(every) if own]

    def key_columns(self, table: str) -> set[str]:
        """Return all columns of a table that are part of its primary key or a foreign key."""
        own = {name for key in self.of(table) for name in key.columns}
        named = {name for key in self.into(table) for name in key.parent_columns}
        return {*self.key_of(table), *own, *named}

    def with_references(self, tables: Iterable[str]) -> "Relations":
        """Return the same relations with further reference tables."""
        return replace(self, references=tuple(dict.fromkeys([*self.references, *tables])))

    def without_implied(self) -> "Relations":
        """Return the relations without keys that others imply.

        The line of a return names the order of that line, too.

        Raises
        ------
        OptionError
            If two keys share a column and neither implies the other: no row can be sampled for
            both.
        """
        left = list(self.foreign_keys)
        for key in self.foreign_keys:
            for other in self.of(key.table):
                if other == key or other not in left or not {*key.columns} & {*other.columns}:
                    continue
                if self._implies(other, key):
                    left.remove(key)
                    break
                if not self._implies(key, other):
                    raise OptionError(
                        f"the keys {key} and {other} share a column, so that no row could be drawn "
                        "that keeps both; leave one of them out of the relations"
                    )
        return replace(self, foreign_keys=tuple(left))

    def _implies(self, key: ForeignKey, other: ForeignKey) -> bool:
        """Return whether another key holds by way of the row that one refers to."""
        if not {*other.columns} < {*key.columns}:
            return False
        named = dict(zip(key.columns, key.parent_columns, strict=True))
        columns = tuple(named[name] for name in other.columns)
        return any(
            above.columns == columns
            and (above.parent, above.parent_columns) == (other.parent, other.parent_columns)
            for above in self.of(key.parent)
        )

    def check(self, tables: Tables) -> None:
        """Check that the relations hold in the tables of a database.

        Raises
        ------
        SchemaError
            If a table or column does not exist.
        DataError
            If a key is missing or repeats, or refers to a row that does not exist.
        """
        for table, columns in self.keys.items():
            _check_names(tables, table, columns, f"the primary key of {table!r}")
            _check_unique(tables[table], table, columns)
        for key in self.foreign_keys:
            _check_names(tables, key.table, key.columns, f"the foreign key {key}")
            _check_names(tables, key.parent, key.parent_columns, f"the foreign key {key}")
            _check_unique(tables[key.parent], key.parent, key.parent_columns)
            _check_included(tables, key)
        for table, sets in self.unique.items():
            for columns in sets:
                _check_names(tables, table, columns, f"what is unique in {table!r}")
                _check_not_repeated(tables[table], table, columns)
        for table in self.references:
            _check_names(tables, table, (), "references")
        for table, column in self.orders.items():
            _check_names(tables, table, (column,), f"the order of {table!r}")
        for key in self.foreign_keys:
            if key.table in self.references and key.parent not in self.references:
                raise OptionError(
                    f"{key.table!r} stays as it is, but refers to {key.parent!r}, which does not; "
                    f"make {key.parent!r} a reference table too, or {key.table!r} none"
                )

    def describe(self) -> list[str]:
        """Describe the relations, one line each."""
        lines = []
        for table, columns in self.keys.items():
            if columns:
                why = self.why.get(table, "declared")
                lines.append(f"{table}: primary key {'+'.join(columns)} ({why})")
        lines += [f"{key} ({key.why})" for key in self.foreign_keys]
        lines += [
            f"{table}: {'+'.join(columns)} is unique"
            for table, sets in self.unique.items()
            for columns in sets
        ]
        lines += [
            f"{table}: the rows of a key are in order of {column}"
            for table, column in self.orders.items()
        ]
        lines += [f"{table}: a reference table, stays as it is" for table in self.references]
        return lines

    def to_json(self) -> dict[str, Any]:
        """Describe the relations by JSON values."""
        return {
            "version": 1,
            "keys": {table: list(columns) for table, columns in self.keys.items()},
            "foreign_keys": [key.to_json() for key in self.foreign_keys],
            "references": list(self.references),
            "orders": dict(self.orders),
            "why": dict(self.why),
            "unique": {t: [list(columns) for columns in own] for t, own in self.unique.items()},
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild relations from `to_json`'s value; what is left out is empty.

        Raises
        ------
        SchemaError
            If the value does not describe relations.
        """
        try:
            return cls(
                {str(name): _texts(own) for name, own in dict(state.get("keys", {})).items()},
                tuple(ForeignKey.from_json(key) for key in state.get("foreign_keys", ())),
                _texts(state.get("references", ())),
                {str(name): str(own) for name, own in dict(state.get("orders", {})).items()},
                {str(name): str(own) for name, own in dict(state.get("why", {})).items()},
                {
                    str(name): tuple(map(_texts, own))
                    for name, own in dict(state.get("unique", {})).items()
                },
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, SchemaError):
                raise
            raise SchemaError(
                f"relations are a JSON object with 'keys', 'foreign_keys', 'references' and "
                f"'orders', as 'tabgan inspect' writes them ({error})"
            ) from error

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Read relations from a JSON file.

        Raises
        ------
        SchemaError
            If the file does not describe relations.
        OSError
            If it can't be opened.
        """
        try:
            state = json.loads(Path(path).read_text(encoding="utf-8"))
        except ValueError as error:
            raise SchemaError(f"{path}: not JSON ({error})") from error
        if not isinstance(state, dict):
            raise SchemaError(f"{path}: relations are a JSON object")
        return cls.from_json(state)


def parent_rows(tables: Tables, key: ForeignKey) -> Rows:
    """Return for each row of a table the number of the row that it refers to.

    Parameters
    ----------
    tables
        The tables.
    key
        The foreign key.

    Returns
    -------
    Shape (rows,); -1 where a column of the key is missing, or a mark such as "null" stands in it;
    -2 where there is no such row.
    """
    child = tables[key.table].loc[:, [*key.columns]]
    parent = tables[key.parent].loc[:, [*key.parent_columns]]
    cells = [child.iloc[:, at] for at in range(child.shape[1])]
    present = np.logical_and.reduce([are_filled(own) for own in cells])
    rows = np.full(len(child), -1, np.int64)
    index = _index_of(parent)
    first = np.flatnonzero(~index.duplicated())
    found = index[first].get_indexer(_index_of(child[present]))
    rows[present] = np.where(found < 0, -2, first[found] if len(first) else -2)
    return rows


def are_few_orphans(rows: Rows) -> bool:
    """Return whether so few rows refer to rows that are not there, that the key still holds.

    Parameters
    ----------
    rows
        The rows that each row refers to (`parent_rows`).
    """
    present = int((rows != -1).sum())
    most = max(1.0, MOST_ORPHANS * present) if present >= FEWEST_ROWS else 0.0
    return bool((rows == -2).sum() <= most)


def repeated_rows(frame: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.bool_]:
    """Return which rows repeat a row before in some columns; not those in which one is missing.

    Parameters
    ----------
    frame, columns
        The table, and some of its columns.
    """
    own = frame.loc[:, [*columns]]
    present = own.notna().all(axis=1).to_numpy(bool)
    return own.duplicated().to_numpy(bool) & present


def without_orphans(
    tables: Tables, relations: Relations
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Return tables without the few rows whose keys name no row, and a note on each such key.

    Where a key is missing in other rows, it becomes missing in these. Else they are left out, and
    what refers to them as well.

    Parameters
    ----------
    tables, relations
        The tables, and how they belong together.
    """
    frames, notes, at_work = dict(tables), dict[ForeignKey, str](), True
    while at_work:
        at_work = False
        for key in relations.foreign_keys:
            frame, rows = frames[key.table], parent_rows(frames, key)
            lost = rows == -2
            if not lost.any():
                continue
            at_work = True
            own, what = [*key.columns], "are left out"
            is_primary = {*own} & {*relations.key_of(key.table)}
            if frame.loc[~lost, own].isna().any().all() and not is_primary:
                frames[key.table] = frame.assign(**{name: frame[name].mask(lost) for name in own})
                what = "refer to none"
            else:
                frames[key.table] = frame[~lost].reset_index(drop=True)
            values = frame.loc[lost, own[0]].tolist()
            shown = ", ".join(map(repr, values[:SHOWN])) + ", …" * (len(values) > SHOWN)
            notes.setdefault(
                key,
                f"{key}: {len(values)} of {len(rows):,} rows refer to rows that are not there "
                f"({shown}); they {what}",
            )
    return frames, [*notes.values()]


_WHOLE = r"-?(?:0|[1-9]\d{0,17})"


def typed_tables(
    tables: Tables, relations: Relations, names: Collection[str]
) -> dict[str, pd.DataFrame]:
    """Return tables with written numbers and dates as such, and keys of whole numbers as these.

    A key stays a text unless those that refer to it are whole numbers as well.

    Parameters
    ----------
    tables, relations
        The tables, and their keys.
    names
        The tables whose cells are all texts, as in a CSV file; the others stay as they are.
    """
    pairs = [
        ((key.table, own), (key.parent, other))
        for key in relations.foreign_keys
        for own, other in zip(key.columns, key.parent_columns, strict=True)
    ]
    keys = {place for pair in pairs for place in pair}
    keys |= {(table, column) for table in tables for column in relations.key_of(table)}
    texts = {place for place in keys if place[0] in names}
    whole = {place for place in texts if _are_whole(tables[place[0]][place[1]])}
    while spoiled := {place for pair in pairs if not {*pair} <= whole for place in pair} & whole:
        whole -= spoiled
    typed = dict(tables)
    for name in names:
        frame = tables[name]
        own = {column: frame[column] for table, column in texts if table == name}
        for column in {column for table, column in whole if table == name}:
            there = own[column].where(are_filled(own[column]))  # a mark is no number
            own[column] = pd.to_numeric(there).astype("Int64")
        if len(frame) >= FEWEST_TOLD:
            frame = typed_frame(frame, infer_schema(frame))
        typed[name] = frame.assign(**own)
    return typed


def _are_whole(values: pd.Series) -> bool:
    """Return whether a column has whole numbers that are written in one way only, or is empty."""
    return bool(values[are_filled(values)].astype(str).str.fullmatch(_WHOLE).all())


def _index_of(frame: pd.DataFrame) -> pd.Index:
    """Return rows as an index whose entries are equal where the values are."""
    columns = [comparable(frame.iloc[:, at]) for at in range(frame.shape[1])]
    return pd.Index(columns[0]) if len(columns) == 1 else pd.MultiIndex.from_arrays(columns)


def _check_names(tables: Tables, table: str, columns: Collection[str], what: str) -> None:
    if table not in tables:
        raise SchemaError(f"{what}: there is no table {table!r}; {did_you_mean(table, tables)}")
    for name in columns:
        if name not in tables[table].columns:
            raise SchemaError(
                f"{what}: table {table!r} has no column {name!r}; "
                f"{did_you_mean(name, tables[table].columns)}"
            )


def _check_unique(frame: pd.DataFrame, table: str, columns: Sequence[str]) -> None:
    own = frame.loc[:, [*columns]]
    if own.isna().any(axis=None):
        raise DataError(
            f"{table}.{'+'.join(columns)} is a key, but {int(own.isna().any(axis=1).sum())} rows "
            "have none; drop these rows, or declare another key"
        )
    _check_not_repeated(frame, table, columns)


def _check_not_repeated(frame: pd.DataFrame, table: str, columns: Sequence[str]) -> None:
    twice = repeated_rows(frame, columns)
    if twice.any():
        value = tuple(frame.loc[:, [*columns]].iloc[int(np.flatnonzero(twice)[0])])
        raise DataError(
            f"{table}.{'+'.join(columns)} is a key, but {int(twice.sum())} rows repeat one, such "
            f"as {value[0] if len(value) == 1 else value!r}; drop these rows, or declare another "
            "key"
        )


def _check_included(tables: Tables, key: ForeignKey) -> None:
    rows = parent_rows(tables, key)
    lost = np.flatnonzero(rows == -2)
    if not are_few_orphans(rows):
        values = tables[key.table].loc[:, [*key.columns]].iloc[lost[:SHOWN]].to_numpy(object)
        shown = ", ".join(repr(row[0] if len(row) == 1 else tuple(row)) for row in values.tolist())
        raise DataError(
            f"{key}: {len(lost)} rows refer to rows that are not there ({shown}); drop them or "
            "make the key missing in them, or leave the key out of the relations"
        )


def draw_relations(tables: Tables, relations: Relations) -> str:
    """Draw the tables with their keys as an SVG picture, parents left of their children.

    A line goes from the key of a parent to the foreign key; its ends tell how many rows belong
    together: 1, 0–1, 1–n or 0–n.

    Parameters
    ----------
    tables, relations
        The tables, and how they belong together.
    """
    boxes = _placed_boxes(tables, relations)
    height = max(box.y + box.height for box in boxes.values()) + MARGIN
    width = max(box.x for box in boxes.values()) + BOX_WIDTH + MARGIN + LOOP
    lines = [part for key in relations.foreign_keys for part in _line_of(key, boxes, tables)]
    shown = [part for box in boxes.values() for part in box.elements()]
    return element(
        "svg",
        element("style", Markup(STYLE)),
        element("title", f"{len(tables)} tables and {len(relations.foreign_keys)} keys"),
        *lines,
        *shown,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
    )


class _Box(NamedTuple):
    """A table in a picture: its name, its rows, and its key columns with their marks."""

    table: str
    n_rows: int
    columns: tuple[tuple[str, str], ...]
    more: int  # columns that are not shown
    x: float = 0.0
    y: float = 0.0

    @property
    def height(self) -> float:
        return LINE * (1 + len(self.columns) + (self.more > 0)) + 12

    def side(self, column: str, right: bool) -> tuple[float, float]:
        """Return where a line begins or ends at a column."""
        place = next((at for at, (name, _) in enumerate(self.columns) if name == column), 0)
        return self.x + BOX_WIDTH * right, self.y + LINE * (place + 1.5) + 8

    def elements(self) -> list[Markup]:
        """Return the box as SVG elements."""
        size = {"width": BOX_WIDTH, "rx": 6, "x": self.x, "y": self.y}
        rows = f"{self.n_rows:,} row{'s' * (self.n_rows != 1)}"
        left, right, first = self.x + 10, self.x + BOX_WIDTH - 10, self.y + LINE
        shown = [
            element("rect", class_="box", height=self.height, **size),
            element("text", short(self.table, 22), x=left, y=first, class_="table"),
            element("text", rows, x=right, y=first, class_="mark"),
        ]
        for place, (name, mark) in enumerate(self.columns, start=1):
            y = first + LINE * place + 4
            shown.append(element("text", short(name, 24), x=left, y=y))
            shown.append(element("text", mark, x=right, y=y, class_="mark"))
        if self.more:
            y = first + LINE * (len(self.columns) + 1) + 4
            shown.append(element("text", f"and {self.more} more", x=left, y=y, class_="more"))
        return shown


def _placed_boxes(tables: Tables, relations: Relations) -> dict[str, _Box]:
    """Put tables into columns, each right of its parents, and near them."""
    depths: dict[str, int] = {}
    for table in tables:
        _set_depth(table, relations, depths, above=set())
    boxes: dict[str, _Box] = {}
    for column in range(max(depths.values()) + 1):
        y = MARGIN
        here = [table for table in tables if depths[table] == column]
        middles = {table: _middle_of_parents(table, relations, boxes) for table in here}
        for table in sorted(here, key=lambda name: middles[name]):
            keyed = relations.key_columns(table)
            columns = [name for name in map(str, tables[table].columns) if name in keyed]
            marks = ((name, _mark_of(name, table, relations)) for name in columns)
            more = tables[table].shape[1] - len(columns)
            box = _Box(table, len(tables[table]), tuple(marks), more)
            y = max(y, middles[table] - box.height / 2)
            boxes[table] = box._replace(x=MARGIN + LOOP + column * (BOX_WIDTH + GAP), y=y)
            y += box.height + MARGIN
    return boxes


def _set_depth(
    table: str, relations: Relations, depths: dict[str, int], *, above: set[str]
) -> None:
    """Set the longest way down to a table; a key that closes a circle does not count."""
    own = 0
    for key in relations.of(table):
        if key.parent not in {*above, table}:
            if key.parent not in depths:
                _set_depth(key.parent, relations, depths, above={*above, table})
            own = max(own, depths[key.parent] + 1)
    depths[table] = own


def _middle_of_parents(table: str, relations: Relations, boxes: Mapping[str, _Box]) -> float:
    """Return the mean height of the parents that have a place."""
    there = [boxes[key.parent] for key in relations.of(table) if key.parent in boxes]
    return sum(box.y + box.height / 2 for box in there) / len(there) if there else 0.0


def _mark_of(column: str, table: str, relations: Relations) -> str:
    """Return what a column is: part of the primary key, of a foreign key, or of both."""
    is_foreign = any(column in key.columns for key in relations.of(table))
    marks = ["PK"] * (column in relations.key_of(table)) + ["FK"] * is_foreign
    return " ".join(marks)


def _line_of(key: ForeignKey, boxes: Mapping[str, _Box], tables: Tables) -> list[Markup]:
    """Return the line of a foreign key, and how many rows belong together at its ends."""
    parent, child = boxes[key.parent], boxes[key.table]
    right, to_right = parent.x < child.x, child.x < parent.x
    x, y = parent.side(key.parent_columns[0], right=right)
    to_x, to_y = child.side(key.columns[0], right=to_right)
    bend = max(abs(to_x - x) / 2, LOOP)
    path = f"M {point(x, y)} C {point(x + (bend if right else -bend), y)} "
    path += f"{point(to_x + (bend if to_right else -bend), to_y)} {point(to_x, to_y)}"
    rows = parent_rows(tables, key)
    counts = np.bincount(rows[rows >= 0], minlength=max(len(tables[key.parent]), 1))
    least, most = "01"[bool(counts.min())], "1n"[bool(counts.max() > 1)]
    ends = {
        (x, y, right): "0–1" if (rows < 0).any() else "1",
        (to_x, to_y, to_right): least if least == most else f"{least}–{most}",
    }
    texts = (
        element(
            "text", text, x=x + (6 if is_right else -6), y=y - 4, class_="end" + " left" * is_right
        )
        for (x, y, is_right), text in ends.items()
    )
    label = element("title", f"{key} ({key.why})")
    return [element("path", label, d=path, class_="line"), *texts]
