"""Whether cells have a value: of generated columns, and of columns that share marks of absence.

A generated column (an identifier, a name, free text) tells nothing about its row, but whether it
has a value often does: an exit reference is there exactly where the status is "Left". So a column
with holes gets a column of presence, which is encoded, polished and determined by others like any
category; at the end it decides which of the generated values stay.

Marks in several columns of the same rows (-9, "not asked", no value) are learned once: a survey
that skips a question skips all that follow from it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc, xlogy

from tabgan.rules.base_rules import Dependency, Mask
from tabgan.table.columns import (
    NUMBERS,
    TICKS,
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    field_at,
    level_key,
    replaced,
    sample_of,
    with_cells,
    without,
)
from tabgan.table.level_codes import is_absent, levels_to_series
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column, Kind

__all__ = [
    "HoleShares",
    "JointMarksDependency",
    "PRESENT",
    "PresenceDependency",
    "find_hole_shares",
    "find_joint_holes",
    "find_joint_marks",
    "find_presences",
    "frequent_marks",
    "widened",
]

PRESENT = "present"  # the level of all values
FEWEST_MARKED = 5  # rows of a mark that stands in place of a value; values beside it
MOST_ROWS_EACH = 1.3  # rows of each value beside it
LONGEST_MARK = 30  # characters
_WITHOUT_MARKS = ("key", "text", "first_name", "last_name", "city", "company", "uuid")


@dataclass(frozen=True)
class PresenceDependency(Dependency):
    """The target has a value where its column of presence says so.

    Parameters
    ----------
    target
        The column, which is generated, or has its holes filled by rules.
    position
        Position of the column of presence, behind those of the schema.
    absent
        What stands where there is no value: None for a missing one, and marks, of absence or such
        as "vacant".
    """

    name: ClassVar[str] = "presence"
    target: ColumnRef
    position: int
    absent: tuple[str | None, ...]

    def __post_init__(self) -> None:
        marks = {mark for mark in self.absent if mark is not None}
        column = self.target.column
        is_known = (
            all(is_absent(mark) or _looks_like_mark(mark, column.kind) for mark in marks)
            or not column.is_generated
        )
        if not self.absent or not is_known or not all(isinstance(mark, str) for mark in marks):
            raise ValueError(f"{self.absent!r:.80} are no marks of absence")
        if self.position <= self.target.position:
            raise ValueError("a column of presence stands behind its target")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.target.position, self.position

    @property
    def column(self) -> Column:
        """The column of presence."""
        name = f"presence of {self.target.column.name}"
        return Column(name, "categorical", "object", why="whether there is a value")

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"where {self.target} has a value is learned"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Put the column of presence into the table."""
        levels: list[Scalar] = [*self.absent, PRESENT]
        values = levels_to_series(levels, self._places(table), self.column)
        values = values.set_axis(table[self.target.position].values.index)
        return with_cells(table, {self.position: TypedSeries(self.column, values)})

    def _places(self, table: ColumnFrame) -> NDArray[np.int32]:
        """Return which of `absent` stands in each row, or their number where there is a value.

        A mark that is not known, which too few rows hold for it to be kept, counts as the first.
        """
        cells, n_marks = table[self.target.position], len(self.absent)
        places = {level_key(mark): place for place, mark in enumerate(self.absent)}
        known = np.array([places.get(level_key(own), n_marks) for own in cells.levels], np.int32)
        found = known[cells.codes]
        return np.where((found == n_marks) & ~_have_value(cells), 0, found)

    def has_value(self, table: ColumnFrame) -> NDArray[np.bool_]:
        """Return where the target has a value, shape (rows,)."""
        has_value: Mask = self._places(table) == len(self.absent)
        return has_value

    def present_cells(self, table: ColumnFrame) -> TypedSeries:
        """Return the target's cells that hold a value."""
        return table[self.target.position].take(self.has_value(table))

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Take away values and the column of presence, once it and the target are there."""
        at = self.target.position
        if at not in table or self.position not in table:
            return table
        presence, (column, values) = table[self.position], table[at]
        places = {level_key(mark): place for place, mark in enumerate(self.absent)}
        codes = np.array([places.get(level_key(level), -1) for level in presence.levels], np.int32)
        codes = codes[presence.codes]
        marks = levels_to_series(list(self.absent), np.maximum(codes, 0), column)
        values = replaced(values, codes >= 0, marks)
        return with_cells(without(table, [self.position]), {at: TypedSeries(column, values)})

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "target": self.target.to_json(),
            "position": self.position,
            "absent": list(self.absent),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        target = ColumnRef.from_json(state["target"])
        return cls(target, int(state["position"]), tuple(state["absent"]))


def find_presences(table: ColumnFrame, n_columns: int) -> list[PresenceDependency]:
    """Find the generated columns that have a value in some rows and none in others.

    Parameters
    ----------
    table
        A table in work.
    n_columns
        Number of columns of its schema.
    """
    found = []
    for at, cells in table.items():
        if cells.column.is_generated:
            counts = np.bincount(cells.codes, minlength=len(cells.levels))
            marks = {level_key(mark) for mark in frequent_marks(cells)}
            absent = [
                level
                for level, count in zip(cells.levels, counts, strict=True)
                if count and (is_absent(level) or level_key(level) in marks)
            ]
            if absent and len(absent) < np.count_nonzero(counts):
                rule = PresenceDependency(field_at(table, at), n_columns + at, tuple(absent))
                found.append(rule)
    return found


def frequent_marks(cells: TypedSeries) -> list[str]:
    """Return what many rows of a generated column hold in place of a value: "vacant", "N/D".

    The values differ, or nearly so, and a mark looks like none: it has no digit and, where the
    column holds names, a single word. Parts of names are words themselves.

    Parameters
    ----------
    cells
        The cells of the column.
    """
    column = cells.column
    if not column.is_generated or column.kind in _WITHOUT_MARKS:
        return []
    counts = np.bincount(cells.codes, minlength=len(cells.levels))
    least = max(column.least_rows, FEWEST_MARKED)
    own = [code for code, level in enumerate(cells.levels) if not is_absent(level)]
    marks = [
        code
        for code in own
        if counts[code] >= least and _looks_like_mark(cells.levels[code], column.kind)
    ]
    rest = counts[np.setdiff1d(own, marks)] if marks else np.zeros(0, np.int64)
    if np.count_nonzero(rest) < FEWEST_MARKED or rest.sum() > MOST_ROWS_EACH * np.count_nonzero(
        rest
    ):
        return []
    return [str(cells.levels[code]) for code in marks]


def _looks_like_mark(level: Scalar, kind: Kind) -> bool:
    if not isinstance(level, str) or "@" in level or any(map(str.isdigit, level)):
        return False
    return len(level) <= LONGEST_MARK and (kind != "name" or len(level.split()) == 1)


def widened(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask of a schema's cells with those for the columns behind them.

    Parameters
    ----------
    cells
        Shape (rows, columns).

    Returns
    -------
    Shape (rows, 4 · columns): what is told of a cell, such as whether it has a value, which date it
    holds and whether it agrees with another one, is marked as the cell itself.
    """
    return np.tile(cells, 4)


LEAST_ROWS = 20  # that have a mark, and that have none
LEAST_SHARE = 0.01
MOST_MARKS = 3  # of a column of numbers: its commonest values
MOST_LEVELS = 50  # of a column of levels

States = NDArray[np.int64]


@dataclass(frozen=True)
class JointMarksDependency(Dependency):
    """Where one of the members has its mark, all have theirs.

    No column is left out of training. In a generated row the state of most members counts: one of
    the marks, or a value. A member without its mark gets it. Where marks go, all members get the
    values of the next row that has some, so that these still go together.

    Parameters
    ----------
    members
        The columns.
    marks
        Marks that stand together, each with a value for every member; None is a missing value.
    """

    name: ClassVar[str] = "together"
    of_equality: ClassVar[bool] = True  # marks are frequent
    members: tuple[ColumnRef, ...]
    marks: tuple[tuple[Scalar, ...], ...]

    def __post_init__(self) -> None:
        if len(self.members) < 2 or not self.marks:
            raise ValueError("together: there must be two members and a mark")
        if any(len(mark) != len(self.members) for mark in self.marks):
            raise ValueError("together: a mark needs a value for each member")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return tuple(at for at, _ in self.members)

    def describe(self) -> str:
        """Describe the rule in words."""
        columns = ", ".join(map(str, self.members))
        marks = " or ".join(_words(mark) for mark in self.marks)
        return f"{columns} are {marks} in the same rows"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the table as it is."""
        return table

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Bring all members into the state of most of them."""
        states = self._states(table)
        return self._with_states(table, states, self._votes(states), np.zeros(states.shape, bool))

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return the rows whose members are all in one state."""
        states = self._states(dict(zip(self.positions, cells, strict=True)))
        holds: Mask = (states == states[:1]).all(axis=0)
        return holds

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:
        """Bring free members into the state of the first fixed one."""
        states, own = self._states(table), fixed[:, [*self.positions]].T
        first = states[own.argmax(axis=0), np.arange(states.shape[1])]
        wanted = np.where(own.any(axis=0), first, self._votes(states))
        marked = own.any(axis=0) & (wanted > 0)
        table = self._with_states(table, states, wanted, own)
        for at in self.positions:
            fixed[marked, at] = True
        return table

    def _states(self, table: ColumnFrame) -> States:
        """Return which mark each member has, from 1 on, or 0; shape (members, rows)."""
        return np.array([self._state(table, place) for place in range(len(self.members))])

    def _state(self, table: ColumnFrame, place: int) -> States:
        cells = table[self.members[place].position]
        number = {level_key(mark[place]): state + 1 for state, mark in enumerate(self.marks)}
        states = [number.get(level_key(level), 0) for level in cells.levels]
        return np.array(states, np.int64)[cells.codes]

    def _votes(self, states: States) -> States:
        """Return the state of most members, of as many the one of the first member."""
        votes = np.array([(states == own).sum(axis=0) for own in states])
        chosen: States = states[votes.argmax(axis=0), np.arange(states.shape[1])]
        return chosen

    def _with_states(
        self, table: ColumnFrame, states: States, wanted: States, fixed: NDArray[np.bool_]
    ) -> ColumnFrame:
        givers = np.flatnonzero((states == 0).all(axis=0))
        unmarked = np.flatnonzero((wanted == 0) & (states > 0).any(axis=0))
        if not len(givers):  # the marks stay, as no row has values to lend
            wanted = np.where(wanted == 0, states.max(axis=0), wanted)
        source = np.arange(states.shape[1])
        if len(givers):
            source[unmarked] = givers[np.searchsorted(givers, unmarked) % len(givers)]
        changed: ColumnFrame = {}
        for place, (at, column) in enumerate(self.members):
            rows = ((states[place] != wanted) | (source != np.arange(len(source)))) & ~fixed[place]
            if rows.any():
                values = table[at].values
                levels = [mark[place] for mark in self.marks]
                marks = levels_to_series(levels, np.maximum(wanted - 1, 0), column)
                lent = values.iloc[source].set_axis(values.index)
                new: pd.Series = lent.where(wanted == 0, marks.set_axis(values.index))
                changed[at] = TypedSeries(column, values.where(~rows, new).astype(values.dtype))
        return with_cells(table, changed)

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "members": [member.to_json() for member in self.members],
            "marks": [[*map(to_json_scalar, mark)] for mark in self.marks],
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            tuple(ColumnRef.from_json(member) for member in state["members"]),
            tuple(tuple(map(from_json_scalar, mark)) for mark in state["marks"]),
        )


def _words(mark: Sequence[Scalar]) -> str:
    blank = {None: "missing", "": "empty"}
    shown = [blank.get(value, repr(value)) for value in mark]
    return shown[0] if len(set(shown)) == 1 else f"({', '.join(shown)})"


def find_joint_marks(table: ColumnFrame, rng: np.random.Generator) -> list[JointMarksDependency]:
    """Find values that stand in several columns in exactly the same rows.

    By chance columns hardly agree so in twenty rows. A column takes part in one rule at most.

    Parameters
    ----------
    table
        The training table.
    rng
        Draws the rows on which marks are compared first.
    """
    usable = {
        at: cells
        for at, cells in table.items()
        if not cells.column.is_generated and cells.column.kind not in ("multiselect", "compound")
    }
    hoped = _groups(sample_of(usable, rng), dict.fromkeys(usable))
    wanted: dict[int, list[Scalar] | None] = defaultdict(list)
    for group in hoped:
        for at, level in group:
            own = wanted[at]
            if own is not None:
                own.append(level)
    sets: dict[tuple[int, ...], list[tuple[Scalar, ...]]] = defaultdict(list)
    for group in _groups(usable, wanted):
        sets[tuple(at for at, _ in group)].append(tuple(level for _, level in group))
    taken: set[int] = set()
    found = []
    for columns in sorted(sets, key=lambda own: (-len(own), own)):
        if not taken & {*columns}:
            taken |= {*columns}
            members = tuple(field_at(table, at) for at in columns)
            found.append(JointMarksDependency(members, tuple(sets[columns])))
    return found


def find_joint_holes(
    table: ColumnFrame, rules: Sequence[Dependency], n_columns: int
) -> list[JointMarksDependency]:
    """Find columns that have no value in exactly the same rows, whatever rules derive them by.

    A rule may be restored from columns whose holes are learned apart. So these are restored last.

    Parameters
    ----------
    table
        The training table, as it is before any rule reduces it.
    rules
        The rules of its columns. A column that one ties to others stays out.
    n_columns
        Number of columns of the table's schema.
    """
    usable = {
        at: cells
        for at, cells in table.items()
        if not cells.column.is_generated and cells.column.kind not in ("multiselect", "compound")
    }
    absent: dict[int, list[Scalar] | None] = {
        at: [level for level in cells.levels if is_absent(level)] for at, cells in usable.items()
    }
    found = []
    for group in _groups(usable, absent):
        marks = _untied(dict(group), rules, n_columns)
        is_known = any(
            isinstance(rule, JointMarksDependency) and marks.keys() <= {*rule.positions}
            for rule in rules
        )
        if len(marks) > 1 and not is_known:
            members = tuple(field_at(table, at) for at in marks)
            found.append(JointMarksDependency(members, (tuple(marks.values()),)))
    return found


def _untied(
    marks: dict[int, Scalar], rules: Sequence[Dependency], n_columns: int
) -> dict[int, Scalar]:
    """Return the columns that no rule ties to any but these, or to columns of its own."""
    while True:
        mixed = set[int]()
        for rule in rules:
            own = {at for at in rule.positions if at < n_columns}
            if own & marks.keys() and not own <= marks.keys():
                mixed |= own
        if not mixed & marks.keys():
            return marks
        marks = {at: mark for at, mark in marks.items() if at not in mixed}


def _groups(
    table: ColumnFrame, wanted: dict[int, list[Scalar] | None]
) -> Iterator[list[tuple[int, Scalar]]]:
    """Yield columns with the marks that they have in the same rows."""
    groups: dict[bytes, list[tuple[int, Scalar]]] = defaultdict(list)
    for at, only in wanted.items():
        cells = table[at]
        for code in _candidates(cells):
            level = cells.levels[code]
            if only is None or level_key(level) in [level_key(own) for own in only]:
                rows = np.packbits(cells.codes == code).tobytes()
                groups[rows].append((at, level))
    for group in groups.values():
        columns = [at for at, _ in group]
        if 2 <= len(set(columns)) == len(columns):
            yield group


def _candidates(cells: TypedSeries) -> list[int]:
    """Return the codes of levels that may be marks: common, but not in all rows."""
    counts = np.bincount(cells.codes, minlength=len(cells.levels))
    n_rows = len(cells.codes)
    least = max(LEAST_ROWS, cells.column.least_rows, LEAST_SHARE * n_rows)
    common = np.flatnonzero((counts >= least) & (n_rows - counts >= LEAST_ROWS))
    few = MOST_MARKS if cells.column.kind in NUMBERS | TICKS else MOST_LEVELS
    return [int(code) for code in common[np.argsort(-counts[common], kind="stable")][:few]]


MOST_SOURCE_LEVELS = 30  # of a column that the holes of others go with
LEAST_DIFFERENCE = 0.02  # between the shares of holes of two levels
MOST_SAID = 3  # levels that are named
CHANCE = 0.01  # that a table whose holes go with nothing shows any that do


@dataclass(frozen=True)
class HoleShares(Dependency):
    """The target has a value in a share of the rows that each level of the source decides.

    A cell with a value changes place with an empty one of another level, so that the margins stay.

    Parameters
    ----------
    source, target
        The column of levels, and the one with holes.
    levels
        The levels that enough rows have.
    shares
        Share of the rows of each in which the target has a value.
    """

    name: ClassVar[str] = "hole shares"
    may_be_broken: ClassVar[bool] = True
    source: ColumnRef
    target: ColumnRef
    levels: tuple[Scalar, ...]
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.levels or len(self.levels) != len(self.shares):
            raise ValueError("hole shares: a share is needed for each level")
        if not all(0 <= share <= 1 for share in self.shares):
            raise ValueError("hole shares: shares must be from 0 to 1")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    def describe(self) -> str:
        """Describe the rule in words."""
        said = []
        for word, own in (("always", 1.0), ("never", 0.0)):
            held = [_words([level]) for level, share in self._pairs() if share == own]
            if held:
                more = "" if len(held) <= MOST_SAID else f" and {len(held) - MOST_SAID} others"
                said.append(f"{word} for {', '.join(held[:MOST_SAID])}{more}")
        words = f" ({'; '.join(said)})" if said else ""
        return f"how often {self.target} has a value goes with {self.source}{words}"

    def _pairs(self) -> list[tuple[Scalar, float]]:
        return [*zip(self.levels, self.shares, strict=True)]

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the table as it is: the holes are learned."""
        return table

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Let values change places with holes where a level has too many of one of them."""
        if not {*self.positions} <= table.keys():
            return table
        cells = table[self.target.position]
        present, codes, shares = self._states(table)
        has_all = np.isin(shares, (0.0, 1.0))
        gives: list[NDArray[np.intp]] = []
        takes: list[NDArray[np.intp]] = []
        for code in np.flatnonzero(~np.isnan(shares)).tolist():
            rows, share = np.flatnonzero(codes == code), float(shares[code])
            more = int(present[rows].sum()) - round(len(rows) * share)
            if abs(more) <= np.sqrt(len(rows) * share * (1 - share)):
                continue
            own = _spread(rows[present[rows] == (more > 0)], abs(more))
            (gives if more > 0 else takes).append(own)
        giving, taking = (
            own[np.argsort(~has_all[codes[own]], kind="stable")]
            for own in (np.concatenate([np.zeros(0, np.intp), *rows]) for rows in (gives, takes))
        )
        taken = np.arange(len(codes))
        n = min(len(giving), len(taking))
        taken[giving[:n]], taken[taking[:n]] = taking[:n], giving[:n]
        self._take_from_others(taken, present, (giving[n:], taking[n:]), has_all[codes])
        column, values = cells
        if (taken == np.arange(len(taken))).all():
            return table
        moved = values.iloc[taken].set_axis(values.index)
        return with_cells(table, {self.target.position: TypedSeries(column, moved)})

    def _states(self, table: ColumnFrame) -> tuple[Mask, NDArray[np.int32], NDArray[np.float64]]:
        """Return where the target has a value, and the rows' levels with the share of each."""
        source, target = (table[at] for at in self.positions)
        known = {level_key(level): share for level, share in self._pairs()}
        shares = [known.get(level_key(level), np.nan) for level in source.levels]
        return _have_value(target), source.codes, np.array(shares)

    @staticmethod
    def _take_from_others(
        taken: NDArray[np.intp],
        present: Mask,
        left: tuple[NDArray[np.intp], NDArray[np.intp]],
        has_all: Mask,
    ) -> None:
        """Copy holes, or values, to rows of levels that have no others, if any are left."""
        for rows, donors in zip(left, (~present, present), strict=True):
            own, givers = rows[has_all[rows]], np.flatnonzero(donors)
            if len(own) and len(givers):
                taken[own] = givers[np.searchsorted(givers, own) % len(givers)]

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows have a value, or none, where all rows of their level do."""
        present, codes, shares = self._states(dict(zip(self.positions, cells, strict=True)))
        own = shares[codes]
        holds: Mask = ~((own == 0) & present) & ~((own == 1) & ~present)
        return holds

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "source": self.source.to_json(),
            "target": self.target.to_json(),
            "levels": [*map(to_json_scalar, self.levels)],
            "shares": [*self.shares],
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            ColumnRef.from_json(state["source"]),
            ColumnRef.from_json(state["target"]),
            tuple(map(from_json_scalar, state["levels"])),
            tuple(float(share) for share in state["shares"]),
        )


def _spread(rows: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """Choose rows that lie evenly among some."""
    return rows[np.linspace(0, len(rows) - 1, min(n, len(rows))).astype(np.intp)]


def find_hole_shares(table: ColumnFrame, kept: Collection[int] = ()) -> list[HoleShares]:
    """Find the columns whose holes go with the levels of another one, each with the closest.

    Parameters
    ----------
    table
        The columns that are learned.
    kept
        Positions of columns that no rule may change.
    """
    holes = {}
    for at, cells in table.items():
        if not cells.column.is_generated and at not in kept:
            present = _have_value(cells)
            if _in_some(present):
                holes[at] = present
    sources = {
        at: cells
        for at, cells in table.items()
        if cells.column.kind in ("categorical", "boolean", "integer")
        and not cells.column.is_generated
        and 1 < len(cells.levels) <= MOST_SOURCE_LEVELS
        and at not in holes
    }
    found = []
    for target, present in holes.items():
        closest: tuple[float, HoleShares] | None = None
        for at, cells in sources.items():
            likely, freedom = _likelihood_ratio(present, cells.codes)
            if chdtrc(freedom, likely) * len(holes) * len(sources) > CHANCE:
                continue
            rule = _shares_rule(table, at, target, present)
            likely -= freedom * np.log(len(present))  # Schwarz's criterion
            if rule is not None and (closest is None or likely > closest[0]):
                closest = likely, rule
        found += [] if closest is None else [closest[1]]
    return found


def _have_value(cells: TypedSeries) -> Mask:
    return cells.numbers.present if cells.column.kind in NUMBERS | TICKS else cells.filled


def _in_some(present: Mask) -> bool:
    return LEAST_ROWS <= int(present.sum()) <= len(present) - LEAST_ROWS


def _likelihood_ratio(present: Mask, codes: NDArray[np.int32]) -> tuple[float, int]:
    """Return the statistic of a G-test of whether holes go with levels, and its freedom."""
    rows = np.bincount(codes).astype(float)
    held = np.bincount(codes, present, len(rows))
    overall = present.mean()
    likely = xlogy(held, held / np.maximum(rows, 1) / overall)
    likely += xlogy(rows - held, (rows - held) / np.maximum(rows, 1) / (1 - overall))
    return float(2 * likely.sum()), max(int(np.count_nonzero(rows)) - 1, 1)


def _shares_rule(table: ColumnFrame, source: int, target: int, present: Mask) -> HoleShares | None:
    """Record the shares of the levels of many rows; None if they are much alike."""
    cells = table[source]
    rows = np.bincount(cells.codes, minlength=len(cells.levels))
    held = np.bincount(cells.codes, present, len(rows))
    least = max(LEAST_ROWS, cells.column.least_rows)
    often = np.flatnonzero(rows >= least)
    shares = held[often] / rows[often]
    if len(often) < 2 or np.ptp(shares) < LEAST_DIFFERENCE:
        return None
    levels = tuple(cells.levels[code] for code in often)
    return HoleShares(
        field_at(table, source), field_at(table, target), levels, tuple(shares.tolist())
    )
