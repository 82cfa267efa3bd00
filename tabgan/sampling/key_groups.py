"""Repeated keys: assigns the rows of a sample to new customers, accounts or orders.

The values of a key column (`customer_id`) group rows, and determine columns (the customer's
country). Rows are first sampled independently, each with its own key. Then, block by block, rows
that agree in what the key determines are grouped, with as many rows per key as real keys have.
Where the numbers of rows follow a column that the key determines (permanent staff have more days of
leave than seasonal one), each of its levels has numbers of its own.
In what they may differ they resemble each other as much as the rows of real keys.
They take the key and what it determines from one of them, so that a key has one value of each, and
a value keeps its share of the rows. A row in which this would break a rule keeps a key of its own.
What the rows of a real key never share (the line number of an order's items) they don't share here.
A column that the key determines may have holes: a row without a value stays without one, and tells
nothing of the value that its key has.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.random_streams import numpy_stream
from tabgan.encoding.identifiers.identifier_encoders import IdentifierEncoder
from tabgan.encoding.table_encoder import TableEncoder, keeps_rules, make_consistent
from tabgan.rules.presence_dependency import PresenceDependency
from tabgan.sampling.alike_rows import combined_codes, order_alike, rank_alike
from tabgan.table.columns import (
    ColumnRef,
    TypedSeries,
    frame_of,
    write_column,
)
from tabgan.table.level_codes import are_filled
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import RANGED, Schema

__all__ = [
    "Check",
    "MOST_LEVELS",
    "GroupSizes",
    "KeyGroups",
    "count_units",
    "group_rows",
    "sortable",
    "with_cells_of",
]

MOST_LEVELS = 50  # of a determined column whose levels keep their shares of the rows
MOST_TRIES = 50  # rows with which one that a key can't hold may change places
MOST_SIZE = 2**31  # rows of a key, in a file that is not damaged

Check = Callable[[pd.DataFrame], NDArray[np.bool_]]
Rows = NDArray[np.intp]


class GroupSizes(NamedTuple):
    """How many units keys have, and the share of the keys that have as many."""

    sizes: tuple[int, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, counts: NDArray[np.int64], least: int) -> Self:
        """Return the sizes of some keys and their shares, each the mean of at least so many keys.

        Parameters
        ----------
        counts
            Units of each key; a key without any does not count.
        least
            Keys that each size stands for.

        Examples
        --------
        >>> GroupSizes.of(np.array([1, 1, 1, 2, 2, 2, 9, 90, 0]), 3)
        GroupSizes(sizes=(1, 21), shares=(0.375, 0.625))
        >>> GroupSizes.of(np.array([1, 1, 2, 2, 5]), 3)
        GroupSizes(sizes=(2,), shares=(1.0,))
        """
        values, frequency = np.unique(counts[counts > 0], return_counts=True)
        sizes: list[int] = []
        shares: list[float] = []
        total, left = float(frequency.sum()), int(frequency.sum())
        rows = keys = 0
        for size, count in zip(values.tolist(), frequency.tolist(), strict=True):
            rows, keys, left = rows + size * count, keys + count, left - count
            if keys >= least and (left >= least or not left):
                sizes.append(max(round(rows / keys), 1))
                shares.append(keys / total)
                rows = keys = 0
        if keys:  # fewer keys than a group has at least
            sizes.append(max(round(rows / keys), 1))
            shares.append(keys / total)
        return cls(tuple(sizes), tuple(shares))

    def check(self, key: ColumnRef) -> None:
        """Raise ValueError if these are no sizes of a key's groups."""
        if not self.sizes or len(self.sizes) != len(self.shares):
            raise ValueError(f"{key}: sizes of keys and their shares are needed")
        if not all(1 <= size <= MOST_SIZE for size in self.sizes):
            raise ValueError(f"{key}: a key has from 1 to {MOST_SIZE} rows")
        if min(self.shares) < 0 or not 0.99 < sum(self.shares) < 1.01:
            raise ValueError(f"{key}: the shares of sizes must add up to 1")

    @property
    def mean(self) -> float:
        """The mean number of units."""
        return float(np.dot(self.sizes, self.shares))

    @property
    def range_in_words(self) -> str:
        """The least and the greatest size, which is no single key's, for people."""
        low, high = min(self.sizes), max(self.sizes)
        return f"{low:,}" if low == high else f"{low:,} to about {high:,}"

    def ends(self, length: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw the sizes of keys that fill so many units, and return where each ends.

        Parameters
        ----------
        length
            How many units there are.
        rng
            Randomness of the sizes.
        """
        ends = np.zeros(1, np.int64)
        while ends[-1] < length:
            wanted = int((length - ends[-1]) / max(self.mean, 1.0)) + 1
            shares = np.array(self.shares) / sum(self.shares)
            sizes = rng.choice(self.sizes, size=wanted, p=shares)
            ends = np.concatenate([ends, ends[-1] + np.cumsum(sizes)])
        return ends[1:]

    def to_json(self) -> dict[str, Any]:
        """Describe the sizes by JSON values."""
        return {"sizes": list(self.sizes), "shares": list(self.shares)}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild the sizes from `to_json`'s value."""
        sizes = tuple(int(size) for size in state["sizes"])
        return cls(sizes, tuple(float(share) for share in state["shares"]))


def count_units(codes: NDArray[np.int32], finer: NDArray[np.int32] | None) -> NDArray[np.int64]:
    """Count the rows of each key, or the keys of a finer column.

    Parameters
    ----------
    codes
        The key of each row.
    finer
        The finer key of each row; None if there is none.
    """
    if finer is not None:
        codes = np.unique(np.column_stack([codes, finer]), axis=0)[:, 0]
    return np.bincount(codes)


@dataclass(frozen=True)
class KeyGroups:
    """How many rows the keys of a column have, and which columns they determine.

    Parameters
    ----------
    key
        The key column.
    sizes
        How many units keys have. A unit is a row, or what a key of the column `within` has.
    determined
        Positions of the columns with one value for each key.
    shared
        Positions of such columns that another key determines, which knows nothing of this one.
    within
        Position of the key that determines this one, as an order does its customer; None if
        there is none.
    apart
        Positions of the columns that have no value twice in a key's rows.
    counting
        Positions of those that count a key's rows from 1.
    paired
        Positions of determined columns that are generated, with a value of its own for each key.
    sized_by
        Position of a determined column whose levels have sizes of their own; None if there is none.
    sizes_of_levels
        These levels, and their sizes.
    alike
        Positions of other columns in which the rows of a key resemble each other, and their
        likeness among keys of the same levels: an intraclass correlation of ranks, or Cohen's κ.
    holed
        Positions of determined columns that have no value in some rows of a key.
    """

    key: ColumnRef
    sizes: GroupSizes
    determined: tuple[int, ...] = ()
    shared: tuple[int, ...] = ()
    within: int | None = None
    apart: tuple[int, ...] = ()
    counting: tuple[int, ...] = ()
    paired: tuple[int, ...] = ()
    sized_by: int | None = None
    sizes_of_levels: tuple[tuple[Scalar, GroupSizes], ...] = ()
    alike: tuple[tuple[int, float], ...] = ()
    holed: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for sizes in (self.sizes, *(own for _, own in self.sizes_of_levels)):
            sizes.check(self.key)
        if self.sized_by is not None and self.sized_by not in self.determined:
            raise ValueError(f"{self.key}: a column that decides on its rows must be determined")
        if not all(0 <= share <= 1 for _, share in self.alike):
            raise ValueError(f"{self.key}: the likeness of its rows must be from 0 to 1")

    def describe(self, schema: Schema) -> str:
        """Describe the keys in words.

        Parameters
        ----------
        schema
            Columns of the table.
        """
        names = ", ".join(repr(schema.names[at]) for at in (*self.determined, *self.shared))
        has = f"; one {names} per value" if names else ""
        differ = ", ".join(repr(schema.names[at]) for at in self.apart)
        has += f"; no repeated {differ}" if differ else ""
        alike = ", ".join(repr(schema.names[at]) for at, _ in self.alike)
        has += f"; alike in {alike}" if alike else ""
        ends = self.sizes.range_in_words
        units = "rows" if self.within is None else f"values of {schema.names[self.within]!r}"
        by = "" if self.sized_by is None else f", depending on {schema.names[self.sized_by]!r}"
        mean = f"{self.sizes.mean:.1f} on average"
        return f"{self.key} has {ends} {units} per value, {mean}{by}{has}"

    def to_json(self) -> dict[str, Any]:
        """Describe the groups by JSON values."""
        return {
            "key": self.key.to_json(),
            **self.sizes.to_json(),
            "determined": list(self.determined),
            "shared": list(self.shared),
            "within": self.within,
            "apart": list(self.apart),
            "counting": list(self.counting),
            "paired": list(self.paired),
            "sized_by": self.sized_by,
            "sizes_of_levels": [
                {"level": to_json_scalar(level), **own.to_json()}
                for level, own in self.sizes_of_levels
            ],
            "alike": [list(pair) for pair in self.alike],
            "holed": list(self.holed),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild the groups from `to_json`'s value."""
        return cls(
            ColumnRef.from_json(state["key"]),
            GroupSizes.from_json(state),
            tuple(int(at) for at in state["determined"]),
            tuple(int(at) for at in state["shared"]),
            None if state["within"] is None else int(state["within"]),
            tuple(int(at) for at in state.get("apart", ())),
            tuple(int(at) for at in state.get("counting", ())),
            tuple(int(at) for at in state.get("paired", ())),
            None if state.get("sized_by") is None else int(state["sized_by"]),
            tuple(
                (from_json_scalar(own["level"]), GroupSizes.from_json(own))
                for own in state.get("sizes_of_levels", ())
            ),
            tuple((int(at), float(share)) for at, share in state.get("alike", ())),
            tuple(int(at) for at in state.get("holed", ())),
        )


def group_rows(
    frame: pd.DataFrame,
    keys: Sequence[KeyGroups],
    encoder: TableEncoder,
    place: tuple[int, int],
    check: Check,
) -> pd.DataFrame:
    """Give the rows of a block of a sample keys that repeat.

    Parameters
    ----------
    frame
        The rows.
    keys
        The groups to make.
    encoder
        Encoder of the table.
    place
        Root of all streams of randomness, and position of the first row in the whole sample.
    check
        Says which rows of a frame meet the conditions.
    """
    seed, start = place
    rng = numpy_stream(seed, "keys", start)
    sources: dict[int, Rows] = {}
    for own in keys:
        at = own.key.position
        units = np.arange(len(frame)) if own.within is None else sources[own.within]
        rows = np.flatnonzero(are_filled(frame.iloc[:, at]))
        donors = _donors(own, frame, encoder.schema, rng)
        full = _with_cells(frame, donors)
        source = _put_together(own, full, np.intersect1d(rows, units), encoder.schema, rng)[units]
        counting = _free_counters(own, encoder)
        apart = [frame.iloc[:, at] for at in own.apart if at not in counting]
        if apart:
            source = _moved_apart(source, rows, apart)
        new = with_cells_of(frame, _sources(own, source, donors), encoder)
        fits = check(new)
        fits &= keeps_rules(encoder, new, [at, *own.determined])[0]
        if not fits.all():  # such rows stay as they were drawn, with a key of their own
            stays = np.isin(units, units[~fits])
            source = np.where(stays, units, source)
            picked = np.arange(len(frame)) + len(frame) * stays
            both = pd.concat([new, frame], ignore_index=True)
            new = both.iloc[picked].set_axis(frame.index)
        if counting:
            counted = _counted(new, source, rows, counting, encoder.schema)
            new = counted if check(counted).all() else new
        for place_of_value in (at, *own.paired):
            new = _renumbered(new, source, place_of_value, encoder, place)
        frame, sources[at] = new, source
    return frame


def _donors(
    keys: KeyGroups, frame: pd.DataFrame, schema: Schema, rng: np.random.Generator
) -> dict[int, Rows]:
    """Return, for each column with holes, the row whose value each row would have: its own if any.

    A row without a value takes one from a row that is like it in the other determined columns.
    """
    others = (at for at in keys.determined if at not in (*keys.holed, *keys.paired))
    columns = [sortable(frame, at, schema) for at in others]
    donors: dict[int, Rows] = {}
    for at in keys.holed:
        order = np.lexsort([rng.random(len(frame)), *columns])
        filled = are_filled(frame.iloc[:, at])[order]
        if not filled.any():
            continue
        last = np.maximum.accumulate(np.where(filled, np.arange(len(order)), -1))
        donors[at] = np.empty_like(order)
        donors[at][order] = order[np.where(last < 0, np.argmax(filled), last)]
        columns.append(sortable(frame, at, schema)[donors[at]])
    return donors


def _sources(keys: KeyGroups, source: Rows, donors: Mapping[int, Rows]) -> dict[int, Rows]:
    """Return the row whose cell each row takes, for the key and each column that it determines."""
    sources = dict.fromkeys((keys.key.position, *keys.determined), source)
    own = np.arange(len(source))
    for at, donor in donors.items():
        sources[at] = np.where(donor == own, donor[source], own)  # a hole stays
    return sources


def _free_counters(keys: KeyGroups, encoder: TableEncoder) -> list[int]:
    """Return the columns that count a key's rows, but for those that rules tie to others."""
    tied = {at for rule in encoder.dependencies for at in rule.positions}
    return [at for at in keys.counting if at not in tied]


def _counted(
    frame: pd.DataFrame, source: Rows, rows: Rows, counting: Sequence[int], schema: Schema
) -> pd.DataFrame:
    """Count the rows of each key, in the order of the numbers that were drawn.

    Parameters
    ----------
    frame
        Drawn rows.
    source
        The group of each row.
    rows
        The rows that have a key.
    counting
        Positions of the columns that count.
    schema
        Columns of the table.
    """
    columns = [frame.iloc[:, at] for at in range(frame.shape[1])]
    for at in counting:
        # the schema's range may be trimmed, and a count has its own
        column = replace(schema.columns[at], minimum=None, maximum=None)
        numbers = TypedSeries(column, columns[at]).numbers
        order = rows[np.lexsort([rows, numbers.values[rows], source[rows]])]
        begins = np.flatnonzero(np.diff(source[order], prepend=-1))
        lengths = np.diff([*begins, len(order)])
        values = numbers.values.copy()
        values[order] = np.arange(len(order)) - np.repeat(begins, lengths) + 1
        written = write_column(numbers._replace(values=values), column)
        columns[at] = written.set_axis(frame.index)
    return pd.concat(columns, axis=1).set_axis(frame.columns, axis=1)


def _moved_apart(source: Rows, rows: Rows, columns: Sequence[pd.Series]) -> Rows:
    """Let rows change places between groups, so that none has a value of a column twice.

    A row that finds no other one near it in the order of groups gets a key of its own.

    Parameters
    ----------
    source
        The group of each row.
    rows
        The rows that have a key.
    columns
        The columns.
    """
    codes = [pd.factorize(column, use_na_sentinel=False)[0].tolist() for column in columns]
    values = [*zip(*codes, strict=True)]
    groups = source.tolist()
    held = Counter(
        (groups[row], which, value)
        for row in rows.tolist()
        for which, value in enumerate(values[row])
    )

    def move(row: int, new: int) -> None:
        for which, value in enumerate(values[row]):
            held[groups[row], which, value] -= 1
            held[new, which, value] += 1
        groups[row] = new

    def clashes(row: int) -> bool:
        return any(held[groups[row], which, value] > 1 for which, value in enumerate(values[row]))

    order = rows[np.argsort(source[rows], kind="stable")].tolist()
    place = {row: at for at, row in enumerate(order)}
    for row in order:
        if groups[row] == row or not clashes(row):  # others follow the row of its own group
            continue
        home = groups[row]
        for other in (order[at % len(order)] for at in range(place[row], place[row] + MOST_TRIES)):
            if groups[other] in (home, other):
                continue
            there = groups[other]
            move(row, there)
            move(other, home)
            if not clashes(row) and not clashes(other):
                break
            move(row, home)
            move(other, there)
        else:
            move(row, row)
    return np.array(groups, np.intp)


def _put_together(
    keys: KeyGroups, frame: pd.DataFrame, rows: Rows, schema: Schema, rng: np.random.Generator
) -> Rows:
    """Put rows that are alike together, as many as keys have.

    Returns
    -------
    The row from which each row takes its key and what this determines, shape (rows of the frame,).
    """
    source = np.arange(len(frame))
    if not len(rows):
        return source
    columns = {at: sortable(frame, at, schema) for at in (*keys.shared, *keys.determined)}
    order = rows[np.lexsort([own[rows] for own in _sort_by(keys, frame, columns, schema, rng)])]
    begins = np.zeros(len(order), np.bool_)
    begins[0] = True
    for at in keys.shared if keys.sized_by is None else (*keys.shared, keys.sized_by):
        begins[1:] |= columns[at][order][1:] != columns[at][order][:-1]
    parts = np.flatnonzero(begins)
    first = _cut(parts, len(order), _sizes_of(keys, frame, order[parts]), rng)
    lengths = np.diff([*first, len(order)])
    levels = [columns[at][order] for at in keys.determined]
    chosen = _choose(first, lengths, levels, rng)
    source[order] = np.repeat(order[chosen], lengths)
    return source


def _sort_by(
    keys: KeyGroups,
    frame: pd.DataFrame,
    columns: Mapping[int, NDArray[Any]],
    schema: Schema,
    rng: np.random.Generator,
) -> list[NDArray[Any]]:
    """Return the numbers by which rows that are alike stand together, the first ones last."""
    counts = {at: (at != keys.sized_by, len(np.unique(columns[at]))) for at in keys.determined}
    fewest = sorted(counts, key=counts.__getitem__)
    ties: NDArray[Any] = rng.random(len(frame))
    if keys.alike:
        kinds = {at: schema.columns[at].kind in RANGED for at in fewest if at not in keys.paired}
        fewest = [at for at, is_number in kinds.items() if not is_number]
        numbers = [(at, 1.0) for at, is_number in kinds.items() if is_number][-1:]
        ranks = [
            rank_alike(TypedSeries(schema.columns[at], frame.iloc[:, at]), share, rng)
            for at, share in (*numbers, *keys.alike)
        ]
        cells = combined_codes([columns[at] for at in fewest], len(frame))
        ties = order_alike(cells, ranks, keys.sizes.mean)
    return [ties, *(columns[at] for at in reversed((*keys.shared, *fewest)))]


def _choose(
    first: Rows,
    lengths: NDArray[np.intp],
    columns: Sequence[NDArray[Any]],
    rng: np.random.Generator,
) -> Rows:
    """Choose the row of each group that the others follow, so that levels keep their shares.

    Each row of a group adds one to what its levels are owed. The row is chosen that is owed most,
    and its levels are paid by the rows of the group.

    Parameters
    ----------
    first, lengths
        Where the groups begin, and how many rows they have.
    columns
        The levels of determined columns, a row each.
    rng
        Decides between rows that are owed the same.
    """
    chosen = first + np.floor(rng.random(len(first)) * lengths).astype(np.intp)
    coded = [np.unique(column, return_inverse=True) for column in columns]
    few = [(levels, codes) for levels, codes in coded if 1 < len(levels) <= MOST_LEVELS]
    if not few:
        return chosen
    offsets = np.cumsum([0, *(len(levels) for levels, _ in few)])
    places = np.column_stack([codes + at for (_, codes), at in zip(few, offsets, strict=False)])
    owed, ties = np.zeros(offsets[-1]), 0.5 * rng.random(len(places))
    for group in np.flatnonzero(lengths > 1).tolist():
        begin, length = int(first[group]), int(lengths[group])
        own = places[begin : begin + length]
        np.add.at(owed, own, 1)
        best = int(np.argmax(owed[own].sum(axis=1) + ties[begin : begin + length]))
        owed[own[best]] -= length
        chosen[group] = begin + best
    return chosen


def sortable(frame: pd.DataFrame, at: int, schema: Schema) -> NDArray[Any]:
    """Return numbers by which the rows of a column can be sorted; equal values have equal ones.

    Parameters
    ----------
    frame
        Rows of the table.
    at
        Position of the column.
    schema
        Columns of the table.
    """
    column = schema.columns[at]
    cells = TypedSeries(column, frame.iloc[:, at])
    if column.kind not in RANGED:
        return cells.codes
    numbers = cells.numbers
    return np.where(numbers.present, numbers.values.astype(np.float64), -np.inf)


def _sizes_of(keys: KeyGroups, frame: pd.DataFrame, rows: Rows) -> list[GroupSizes]:
    """Return the sizes of the groups that keys make of some rows' levels."""
    if keys.sized_by is None:
        return [keys.sizes] * len(rows)
    sizes = dict(keys.sizes_of_levels)
    return [sizes.get(level, keys.sizes) for level in frame.iloc[rows, keys.sized_by]]


def _cut(begins: Rows, n_rows: int, sizes: Sequence[GroupSizes], rng: np.random.Generator) -> Rows:
    """Cut parts of rows, which begin at some places, into groups of keys' sizes, and say where."""
    places: list[Rows] = []
    for begin, end, own in zip(begins, [*begins[1:], n_rows], sizes, strict=True):
        ends = own.ends(int(end - begin), rng)
        places.append(begin + np.append(0, ends[ends < end - begin]))
    return np.concatenate(places).astype(np.intp)


def _with_cells(frame: pd.DataFrame, sources: Mapping[int, Rows]) -> pd.DataFrame:
    """Take the cells of some columns, by their positions, from other rows."""
    columns = [
        frame.iloc[sources[at], at].set_axis(frame.index) if at in sources else frame.iloc[:, at]
        for at in range(frame.shape[1])
    ]
    return pd.concat(columns, axis=1).set_axis(frame.columns, axis=1)


def with_cells_of(
    frame: pd.DataFrame, sources: Mapping[int, Rows], encoder: TableEncoder
) -> pd.DataFrame:
    """Take cells of some columns from other rows, and make those that rules tie to them agree.

    Parameters
    ----------
    frame
        Drawn rows.
    sources
        The row whose cell each row takes, for each of some columns.
    encoder
        Encoder of the table.
    """
    new, positions = _with_cells(frame, sources), set(sources)
    if not any(
        set(rule.positions) & positions and not set(rule.positions) <= positions
        for rule in encoder.dependencies
        if not isinstance(rule, PresenceDependency)
    ):
        return new
    given = np.zeros(frame.shape, np.bool_)
    given[:, list(positions)] = True
    plain = new.reset_index(drop=True)
    return make_consistent(encoder, plain, given).set_axis(frame.index)


def _renumbered(
    frame: pd.DataFrame,
    source: Rows,
    at: int,
    encoder: TableEncoder,
    place: tuple[int, int],
) -> pd.DataFrame:
    """Write the keys one after the other; a column that another copies stays as it is.

    Likewise what has a value of its own for each key.
    """
    tied = [rule for rule in encoder.dependencies if at in rule.positions]
    if at not in encoder.encoders or any(not isinstance(r, PresenceDependency) for r in tied):
        return frame
    rows = np.flatnonzero(are_filled(frame.iloc[:, at]))
    sources, first, codes = np.unique(source[rows], return_index=True, return_inverse=True)
    rank = np.empty(len(sources), np.intp)
    rank[np.argsort(first)] = np.arange(len(sources))  # in the order in which they come
    maker = encoder.encoders[at]
    maker = maker.without_repetition() if isinstance(maker, IdentifierEncoder) else maker
    nothing = np.empty((len(sources), 0))
    seed, start = place
    rng = numpy_stream(seed, "keys", start, "values", at)
    made = maker.decode(nothing, nothing.astype(np.int64), start, rng, seed)
    table = {place: TypedSeries(c, frame.iloc[:, place]) for place, c in enumerate(encoder.schema)}
    values = frame.iloc[:, at].copy()
    values.iloc[rows] = made.iloc[rank[codes]].array
    table[at] = TypedSeries(encoder.schema.columns[at], values)
    return frame_of(table, encoder.schema)
