"""The tables of an evaluation: brought to one schema, and coded as numbers.

Values of numbers, codes of levels that all tables share, NaN for what is missing.

Levels that few real rows hold, and the new values that stand in for them.

A name that three rows of a table hold is no level to be copied: a careful generator writes a new
one of the same form in its place. Such values are counted together with the rare levels of the
real table, as one level, so that they are no fault in themselves. Their form, and how many there
are, still tell.
"""

import re
from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError
from tabgan.evaluation.evaluation_parts import StandIns
from tabgan.evaluation.row_units import is_regular, rows_of_unit, stretches, units_of
from tabgan.inference.accept_table import TableLike, as_frame
from tabgan.inference.infer_schema import resolve_schema
from tabgan.table.columns import column_index, numbers_of
from tabgan.table.compound_numbers import with_parts
from tabgan.table.level_codes import codes_of
from tabgan.table.list_and_record_cells import ListForm, item_text
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Column, Kind, Schema

__all__ = [
    "CodedColumn",
    "ComparedTables",
    "JOINED",
    "LEAST_ROWS",
    "LESS_CERTAIN",
    "Side",
    "code_columns",
    "join_rare_levels",
    "matrix_of",
    "read_tables",
    "row_hashes",
    "split_lists",
    "take_rows",
]

LARGEST = 1e30  # number that models can hold, which compute with 32 bits
LEAST_ROWS = 10  # of each table: a comparison of fewer says nothing
MOST_NAMED = 10  # columns in a message
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Side = Literal["real", "synthetic", "holdout"]
_NOMINAL = ("categorical", "boolean", "multiselect")
MOST_ITEMS = 12  # of a column of lists, that are compared one by one


class CodedColumn(NamedTuple):
    """One column of the tables.

    Attributes
    ----------
    nominal
        Whether it has levels, and not numbers.
    real, synthetic, holdout
        Shape (rows of the table,): numbers (dates and durations in ticks), or codes of levels,
        which are those of all tables together; NaN where there is none.
    levels
        The levels that the codes stand for; none of numbers.
    """

    nominal: bool
    real: Floats
    synthetic: Floats
    holdout: Floats
    levels: tuple[Scalar, ...] = ()


@dataclass(frozen=True)
class ComparedTables:
    """The compared tables, with the columns and order of the schema.

    Attributes
    ----------
    real, synthetic, holdout
        The tables, with the column order and, if the values allow it, the dtypes of the real one;
        the holdout is None if there is none. A column of lists is split into several (see
        `split_lists`).
    schema
        The schema of the real table.
    coded
        The comparable columns, as numbers, by their position.
    stand_ins
        Rare levels that are compared together with the new values that replace them
        (`tabgan.evaluation.compared_tables`).
    parts
        Positions of the columns that are parts of another column.
    """

    real: pd.DataFrame
    synthetic: pd.DataFrame
    holdout: pd.DataFrame | None
    schema: Schema
    coded: Mapping[int, CodedColumn]
    stand_ins: tuple[StandIns, ...] = ()
    parts: frozenset[int] = frozenset()

    @cached_property
    def names(self) -> Mapping[int, str]:
        """The columns' labels as text, by their place."""
        return {place: str(column.name) for place, column in enumerate(self.schema)}

    @cached_property
    def units(self) -> Mapping[Side, Rows]:
        """The unit of each row, from 0, by table: what is alike in it tells as one.

        That are the rows of one key, of several keys that with the fewest values; rows without a
        key are units. In a regular series without a key they are the rows of a stretch of time,
        for neighbors are alike. Otherwise there are none.
        """
        return {side: units_of(pd.Series(own)) for side, own in self.joint_units.items()}

    @cached_property
    def joint_units(self) -> Mapping[Side, Rows]:
        """The same with one number for rows of one key, or stretch, in several tables."""
        return self.keyed_units or self._stretches

    @cached_property
    def keyed_units(self) -> Mapping[Side, Rows]:
        """The units that are keys; none where no key repeats."""
        if self._key is None:
            return {}
        frames = self._frames
        keys = [frame.iloc[:, self._key].astype(object) for frame in frames.values()]
        ends = np.cumsum([len(own) for own in keys])
        parts = np.split(units_of(pd.concat(keys, ignore_index=True)), ends[:-1])
        return dict(zip(frames, parts, strict=True))

    @cached_property
    def _stretches(self) -> Mapping[Side, Rows]:
        """The units that are stretches of a regular series; none where there is none."""
        for place, column in enumerate(self.schema):
            if column.kind == "datetime" and place in self.coded:
                times = self.coded[place]
                if is_regular(times.real):
                    return {side: stretches(getattr(times, side)) for side in self._frames}
        return {}

    @property
    def _frames(self) -> Mapping[Side, pd.DataFrame]:
        frames: dict[Side, pd.DataFrame] = {"real": self.real, "synthetic": self.synthetic}
        return frames if self.holdout is None else {**frames, "holdout": self.holdout}

    @property
    def rows_of_unit(self) -> float:
        """How many rows the unit of a real row has, on average over the rows."""
        return rows_of_unit(self.units.get("real"))

    @cached_property
    def _key(self) -> int | None:
        """The place of the key whose rows are taken for one unit."""
        values = {
            place: self.real.iloc[:, place]
            for place, column in enumerate(self.schema)
            if column.kind == "key"
        }
        sizes = {place: cells.nunique() for place, cells in values.items()}
        key = min(sizes, key=lambda place: sizes[place], default=None)
        return None if key is None or sizes[key] == values[key].notna().sum() else key

    def bootstrap(self, n_rows: int, rng: np.random.Generator) -> Rows:
        """Draw real rows again and again, units as a whole."""
        units = self.units.get("real")
        if units is None:
            return rng.integers(len(self.real), size=n_rows)
        order = np.argsort(units, kind="stable")
        sizes = np.bincount(units)
        drawn = rng.integers(len(sizes), size=n_rows)  # of which the first ones are enough
        ends = np.cumsum(sizes[drawn])
        drawn = drawn[: int(np.searchsorted(ends, n_rows)) + 1]
        lengths = sizes[drawn]
        shifts = (np.cumsum(sizes) - sizes)[drawn] - (np.cumsum(lengths) - lengths)
        places: Rows = np.repeat(shifts, lengths) + np.arange(lengths.sum())
        rows: Rows = order[places[:n_rows]]
        return rows


def read_tables(
    real: TableLike,
    synthetic: TableLike,
    holdout: "TableLike | None" = None,
    schema: Schema | Mapping[Hashable, Kind] | None = None,
) -> ComparedTables:
    """Bring the tables to the columns of the real one.

    Parameters
    ----------
    real, synthetic, holdout
        The tables, as `evaluate` takes them.
    schema
        What the columns are; None infers it from the real table.

    Raises
    ------
    DataError
        If a table has other columns than the real one, too few rows, or nothing to compare.
    SchemaError
        If the schema does not fit the real table.
    """
    frame = as_frame(real)
    known = resolve_schema(frame, schema)
    _check_rows("real", frame)
    drawn = _like(frame, as_frame(synthetic), "synthetic")
    unseen = None if holdout is None else _like(frame, as_frame(holdout), "holdout")
    tables = [frame, drawn] if unseen is None else [frame, drawn, unseen]
    tables, split = with_parts(*split_lists(tables, known))
    frame, drawn, *others = tables
    unseen = others[0] if others else None
    whole = {column.name for column in known}
    parts = frozenset(place for place, column in enumerate(split) if column.name not in whole)
    coded = code_columns(frame, drawn, split, unseen)
    return ComparedTables(frame, drawn, unseen, split, coded, parts=parts)


def _check_rows(name: str, frame: pd.DataFrame) -> None:
    if len(frame) < LEAST_ROWS:
        raise DataError(
            f"The {name} table has {len(frame)} row{'s' * (len(frame) != 1)}; an evaluation "
            f"needs at least {LEAST_ROWS} of each table"
        )


def _like(real: pd.DataFrame, frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a table with the real one's columns, in its order and, where they can be, dtypes."""
    repeated = frame.columns[frame.columns.duplicated()].unique()
    if len(repeated):
        raise DataError(
            f"The {name} table has more than one column {_listed(repeated)}; rename or drop them"
        )
    missing = [label for label in real.columns if label not in frame.columns]
    further = [label for label in frame.columns if label not in real.columns]
    if missing or further:
        faults = [f"is missing the columns {_listed(missing)} of the real one"] * bool(missing)
        if further:
            faults.append(f"has the columns {_listed(further)}, which are not in the real one")
        raise DataError(
            f"The {name} table {' and '.join(faults)}; compare tables with the same columns"
        )
    _check_rows(name, frame)
    series = {label: _in_dtype(frame[label], real[label].dtype) for label in real.columns}
    return pd.DataFrame(series, columns=real.columns).reset_index(drop=True)


def _listed(labels: Any) -> str:
    shown = ", ".join(f"{str(label)!r:.60}" for label in list(labels)[:MOST_NAMED])
    return shown + (", …" if len(labels) > MOST_NAMED else "")


def _in_dtype(values: pd.Series, dtype: Any) -> pd.Series:
    """Return values in another dtype if that holds the same, and else as they are."""
    if values.dtype == dtype or dtype == np.dtype(object):
        return values
    try:
        cast = values.astype(dtype)
        missing = values.isna().to_numpy(bool)
        same = (cast.isna().to_numpy(bool) == missing).all()
        same = same and bool((cast[~missing] == values[~missing]).all())
    except (TypeError, ValueError, OverflowError):
        return values
    return cast if same else values


def split_lists(
    frames: Sequence[pd.DataFrame], schema: Schema
) -> tuple[list[pd.DataFrame], Schema]:
    """Split columns of lists: into their number of items, the first, and each frequent item.

    Parameters
    ----------
    frames
        Tables with the columns of the schema, the real one first: its frequent items are taken.
    schema
        What the columns are.

    Examples
    --------
    >>> schema = Schema((Column("eats", "multiselect", "object", format="x; y"),))
    >>> (frame,), split = split_lists([pd.DataFrame({"eats": ["figs; nuts", "figs"]})], schema)
    >>> frame.iloc[0].to_dict()
    {'eats: number': 2, 'eats: first': 'figs', 'eats: figs': True, 'eats: nuts': True}
    """
    if not any(column.kind == "multiselect" for column in schema):
        return [*frames], schema
    parts: list[list[pd.Series]] = [[] for _ in frames]
    columns: list[Column] = []
    for place, column in enumerate(schema):
        values = [frame.iloc[:, place] for frame in frames]
        if column.kind == "multiselect":
            described, split = _split(values, column)
            columns += described
        else:
            columns.append(column)
            split = [[one] for one in values]
        for table, more in enumerate(split):
            parts[table] += more
    schema = Schema(tuple(columns), schema.labels)
    labels = column_index(schema)
    return [pd.concat(part, axis=1).set_axis(labels, axis=1) for part in parts], schema


def _split(
    values: Sequence[pd.Series], column: Column
) -> tuple[list[Column], list[list[pd.Series]]]:
    """Split a column of lists; return what the parts are, and the parts of each table."""
    form = ListForm.of_spec(column.format)
    lists = [
        [None if text is None else form.read(str(text)) for text in _texts(one)] for one in values
    ]
    rows = Counter(item for items in lists[0] for item in set(items or ()))
    shown = [item for item, _ in rows.most_common(MOST_ITEMS)]
    most = max((len(items) for items in lists[0] if items), default=0)

    columns = [
        Column(_label(column, "number"), "integer", "Int64", minimum=0, maximum=most, decimals=0),
        Column(_label(column, "first"), "categorical", "object"),
        *(Column(_label(column, item_text(item)), "boolean", "boolean") for item in shown),
    ]
    known = {*shown}
    split = []
    for own, one in zip(lists, values, strict=True):
        absent = one.isna().to_numpy(bool)
        read = [items or () for items in own]
        firsts = [_first(items, known) for items in own]
        cells: list[Any] = [
            pd.array([len(items) for items in read], dtype="Int64"),
            np.array(firsts, object),
            *(pd.array([item in items for items in read], dtype="boolean") for item in shown),
        ]
        split.append([pd.Series(part, index=one.index).mask(absent) for part in cells])
    return columns, split


def _label(column: Column, part: str) -> Hashable:
    """Name a part of a column; of a name of several levels the last one."""
    if isinstance(column.name, tuple):
        return (*column.name[:-1], f"{column.name[-1]}: {part}")
    return f"{column.name}: {part}"


def _texts(values: pd.Series) -> list[Any]:
    return [None if missing else text for text, missing in zip(values, values.isna(), strict=True)]


def _first(items: tuple[str, ...] | None, known: Collection[str]) -> str:
    if items is None:
        return "(no list)"
    if not items:
        return "(no item)"
    return item_text(items[0]) if items[0] in known else "(other)"


def code_columns(
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    schema: Schema,
    holdout: pd.DataFrame | None = None,
) -> dict[int, CodedColumn]:
    """Code the columns that can be compared, by their position in the schema.

    Parameters
    ----------
    real, synthetic, holdout
        Tables with the columns of the schema, in its order.
    schema
        What the columns are; identifiers and text are left out. Of a number's special values
        (missing, infinite, "?") all are NaN.

    Raises
    ------
    DataError
        If a table has other columns, or none has a column to compare.
    SchemaError
        If a column's values don't fit its kind.

    Examples
    --------
    >>> schema = Schema((Column("size", "categorical", "object"),))
    >>> real, synthetic = pd.DataFrame({"size": ["L", None]}), pd.DataFrame({"size": ["S"]})
    >>> column = code_columns(real, synthetic, schema)[0]
    >>> column.levels, column.real, column.synthetic
    (('L', 'S'), array([ 0., nan]), array([1.]))
    """
    tables = {"real": real, "synthetic": synthetic}
    for name, frame in tables.items():
        _check_columns(name, frame, schema)
    tables["holdout"] = real.iloc[:0] if holdout is None else holdout
    coded = {
        place: _coded({name: frame.iloc[:, place] for name, frame in tables.items()}, column)
        for place, column in enumerate(schema)
        if not column.is_generated  # no synthetic value of these is to be like a real one
    }
    if not coded:
        are = "The table's only column is" if len(schema) == 1 else "All columns are"
        raise DataError(
            f"{are} of identifiers or text, which have no values to compare; declare another kind "
            "for one of them in the schema"
        )
    return coded


def _check_columns(name: str, frame: pd.DataFrame, schema: Schema) -> None:
    if list(frame.columns) != list(schema.names):
        raise DataError(
            f"The {name} table has the columns {list(frame.columns)!r:.200} and the schema has "
            f"{list(schema.names)!r:.200}; give tables with the schema's columns, in its order"
        )
    if not len(frame):
        raise DataError(f"The {name} table has no rows; a comparison needs some on both sides")


def _coded(tables: Mapping[str, pd.Series], column: Column) -> CodedColumn:
    if column.kind not in _NOMINAL:
        real, synthetic, holdout = (_numbers(values, column) for values in tables.values())
        return CodedColumn(False, real, synthetic, holdout)
    codes, levels = codes_of(pd.concat(tables.values(), ignore_index=True))
    floats = codes.astype(np.float64)
    if levels and levels[-1] is None:
        levels = levels[:-1]
        floats[codes == len(levels)] = np.nan
    ends = np.cumsum([len(values) for values in tables.values()])
    real, synthetic, holdout = np.split(floats, ends[:-1])
    return CodedColumn(True, real, synthetic, holdout, tuple(levels))


def _numbers(values: pd.Series, column: Column) -> Floats:
    numbers = numbers_of(values, column)
    bounded = np.clip(numbers.values.astype(np.float64), -LARGEST, LARGEST)
    return np.where(numbers.present, bounded, np.nan)


def take_rows(
    coded: Mapping[int, CodedColumn],
    real: Rows,
    synthetic: Rows,
    *,
    of: Side = "synthetic",
) -> dict[int, CodedColumn]:
    """Take rows of the tables, any number of times each.

    With ``of="real"`` the second ones too are rows of the real table: what is found about such
    columns is what chance alone gives.

    Parameters
    ----------
    coded
        The columns.
    real, synthetic
        Positions of the rows to take, in the real table and in the second one.
    of
        The table that the second rows come from.
    """
    return {
        place: column._replace(real=column.real[real], synthetic=getattr(column, of)[synthetic])
        for place, column in coded.items()
    }


def matrix_of(coded: Mapping[int, CodedColumn], side: Side, rows: Rows | None = None) -> Floats:
    """Return rows of a table side by side, shape (rows, columns).

    Parameters
    ----------
    coded
        The columns.
    side
        The table.
    rows
        Positions of the rows; None takes all.
    """
    columns = [getattr(column, side) for column in coded.values()]
    return np.column_stack([values if rows is None else values[rows] for values in columns])


def row_hashes(columns: Sequence[Floats]) -> NDArray[np.uint64]:
    """Hash each row: equal rows have equal hashes, and others, with rare exceptions, don't.

    Examples
    --------
    >>> hashes = row_hashes([np.array([1.0, 1.0, 2.0]), np.array([np.nan, np.nan, 3.0])])
    >>> bool(hashes[0] == hashes[1]), bool(hashes[0] == hashes[2])
    (True, False)
    """
    frame = pd.DataFrame({i: values + 0.0 for i, values in enumerate(columns)})  # no -0.0
    return np.asarray(pd.util.hash_pandas_object(frame, index=False), np.uint64)


JOINED = "(levels of few rows)"
LEAST_GROUP = 5  # rows that a level needs to be copied, of tabgan's default `min_group` …
LESS_CERTAIN = 7  # … whose threshold a fit draws at random, up to one and a half times as high
FREE_FORMS = 0.03  # share of levels whose form no other has, from which on new forms are expected
TIMES_RARE = 1.5  # as many rows of new values as the rare levels have may be there
SURE = 3  # standard errors of a share
LONGER = 1.5  # times the longest level
Mask = NDArray[np.bool_]
Counts = NDArray[np.int64]


def join_rare_levels(tables: ComparedTables) -> ComparedTables:
    """Count rare levels and new values of their form as one level.

    A column is left as it is where no synthetic value is new, or no real level is rare. New values
    that are written in another way, or are more than the rare levels explain, stay as they are.
    """
    coded, told = dict(tables.coded), list[StandIns]()
    for place, column in tables.coded.items():
        is_declared = isinstance(tables.real.iloc[:, place].dtype, pd.CategoricalDtype)
        if column.nominal and not is_declared:
            coded[place], rare = _join(column)
            if rare is not None:
                told.append(rare._replace(column=tables.names[place]))
    ordered = sorted(told, key=lambda one: -one.new_rows)
    return replace(tables, coded=coded, stand_ins=tuple(ordered))


def _join(column: CodedColumn) -> tuple[CodedColumn, StandIns | None]:
    """Return a column with its rare levels joined, and what was joined."""
    rows, drawn, fresh = (
        _rows_of(values, len(column.levels))
        for values in (column.real, column.synthetic, column.holdout)
    )
    rare = (rows > 0) & ((rows < LEAST_GROUP) | ((rows < LESS_CERTAIN) & (drawn == 0)))
    new = (rows == 0) & (drawn + fresh > 0)
    if not rare.any() or not (new & (drawn > 0)).any():
        return column, None
    form = _Form.of([column.levels[at] for at in np.flatnonzero(rows)])
    for at in np.flatnonzero(new):
        new[at] = form.fits(column.levels[at])
    share = float(rows[rare].sum() / rows.sum())
    last = len(column.levels)
    synthetic = _with_one_level(column.synthetic, rare, new, share)
    is_new = (synthetic == last) & new[_codes(column.synthetic)]
    there = max(int((~np.isnan(synthetic)).sum()), 1)
    joined = CodedColumn(
        True,
        _with_one_level(column.real, rare, new, share),
        synthetic,
        _with_one_level(column.holdout, rare, new, share),
        (*column.levels, JOINED),
    )
    odd = 100 * _oddly_written(column, rows)
    return joined, StandIns(
        "", int(rare.sum()), 100 * share, 100 * float(is_new.sum()) / there, odd
    )


def _oddly_written(column: CodedColumn, rows: Counts) -> float:
    """Return the share of real rows whose level one half has, and none in the other half fits."""
    levels = np.flatnonzero(rows)
    if len(levels) < 2:
        return 0.0
    n_odd = 0
    for half in (0, 1):
        form = _Form.of([column.levels[at] for at in levels[half::2]])
        unseen = levels[1 - half :: 2]
        few = unseen[rows[unseen] < LEAST_GROUP]
        n_odd += sum(int(rows[at]) for at in few if not form.fits(column.levels[at]))
    return n_odd / int(rows.sum())


def _with_one_level(values: Floats, rare: Mask, new: Mask, share: float) -> Floats:
    """Return codes with one for rare levels and as many rows of new ones as these explain."""
    present = ~np.isnan(values)
    codes = _codes(values)
    n_rows = max(int(present.sum()), 1)
    most = n_rows * (TIMES_RARE * share + SURE * np.sqrt(share * (1 - share) / n_rows))
    added = np.flatnonzero(present & new[codes])
    if len(added) > most:  # spread over the table
        numbers = np.arange(len(added) + 1) * int(most) // len(added)
        added = added[np.diff(numbers) > 0]
    joined = np.where(present & rare[codes], float(len(rare)), values)
    joined[added] = len(rare)
    return joined


def _codes(values: Floats) -> Counts:
    return np.where(np.isnan(values), 0, values).astype(np.int64)


def _rows_of(values: Floats, n_levels: int) -> Counts:
    return np.bincount(values[~np.isnan(values)].astype(np.int64), minlength=n_levels)


_RUN = re.compile(r"(.)\1+", re.DOTALL)


def signs_of(text: str) -> str:
    """Return a text with 0, a and A for its digits and letters.

    Examples
    --------
    >>> signs_of("Cue Health 7")
    'Aaa Aaaaaa 0'
    """
    return "".join(
        "0" if sign.isdecimal() else "A" if sign.isupper() else "a" if sign.isalpha() else sign
        for sign in text
    )


class _Form(NamedTuple):
    """How the levels of a column are written.

    Attributes
    ----------
    forms
        Runs of equal signs as one (`Aa Aa 0`).
    signs
        All signs that occur.
    lengths
        The least and the most signs of a level.
    is_free
        Whether so many forms occur once that new ones are expected.
    """

    forms: frozenset[str]
    signs: frozenset[str]
    lengths: tuple[int, int]
    is_free: bool

    @classmethod
    def of(cls, levels: Sequence[Scalar]) -> "_Form":
        written = [signs_of(str(level)) for level in levels]
        forms = Counter(_RUN.sub(r"\1", text) for text in written)
        once = sum(count == 1 for count in forms.values())
        lengths = [*map(len, written)]
        return cls(
            frozenset(forms),
            frozenset("".join(written)),
            (min(lengths), max(lengths)),
            once >= FREE_FORMS * len(levels),
        )

    def fits(self, level: Scalar) -> bool:
        """Return whether a new level is written as these are."""
        signs = signs_of(str(level))
        least, most = self.lengths
        if self.is_free:
            return least <= len(signs) <= LONGER * most and self.signs.issuperset(signs)
        return least <= len(signs) <= most and _RUN.sub(r"\1", signs) in self.forms
