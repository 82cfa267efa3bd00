"""Columns that add up: `rooms + baths = total`, and one-hot groups."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError
from tabgan.rules.arithmetic_dependency import ArithmeticExpression, quoted
from tabgan.rules.base_rules import (
    ColumnConstraint,
    Construction,
    Dependency,
    Mask,
    labels,
    made_anew,
    register_constraint,
)
from tabgan.rules.numeric_axis import AllowedValues, propagate_sum
from tabgan.table.columns import (
    EXACT,
    NUMBERS,
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    count_rows,
    field_at,
    level_key,
    numbers_to_series,
    replaced,
    sample_of,
    with_cells,
    without,
    write_column,
)
from tabgan.table.level_codes import levels_to_series
from tabgan.table.numbers import Numbers
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column, Schema

__all__ = [
    "BITS",
    "OneHot",
    "OneHotDependency",
    "SumDependency",
    "add_up",
    "bits_of",
    "find_one_hots",
    "find_sums",
    "sum_triples",
]

LEAST_ROWS = 100


LEAST_NONZERO = 0.05  # share of rows in which an addend is not zero


HASHED_ROWS = 200


LEAST_HASHED = 20


PRECISION = 1e-9  # relative error of a sum of full-precision floats


Floats = NDArray[np.float64]


Triple = tuple[int, int, int]


@dataclass(frozen=True)
class SumDependency(Dependency):
    """The parts add up to the total in every row; the total is missing where a part is."""

    name: ClassVar[str] = "sum"
    parts: tuple[ColumnRef, ...]
    total: ColumnRef
    grids: tuple[AllowedValues, ...]  # the numbers that each may take, the total last
    special: Scalar = None  # what the total is where a part is missing

    def __post_init__(self) -> None:
        if len(self.grids) != len(self.parts) + 1 or len(self.parts) < 2:
            raise ValueError("sum: a grid is needed for each of two parts or more, and the total")

    @classmethod
    def of(cls, parts: Sequence[ColumnRef], total: ColumnRef, table: ColumnFrame) -> Self | None:
        """Describe the sum that a table's columns are; None where they don't add up exactly.

        Numbers too large to be added up, totals that are there without all their parts, and
        parts or totals that are never a number are no sum.
        """
        fields = (*parts, total)
        summands = [_summand(table[at], least_rows=1) for at, _ in fields]
        known = [summand for summand in summands if summand is not None]
        specials = _specials(table[total.position])
        if len(known) < len(fields) or len(specials) > 1 or not _adds_up(*known, least_rows=1):
            return None
        grids = tuple(summand.grid for summand in known)
        return cls(tuple(parts), total, grids, next(iter(specials), None))

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return (*(part.position for part in self.parts), self.total.position)

    @property
    def expression(self) -> ArithmeticExpression:
        """The sum of the parts as a formula."""
        names = (quoted(str(part.column.name)) for part in self.parts)
        return ArithmeticExpression(" + ".join(names))

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{' + '.join(map(str, self.parts))} = {self.total}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the total out."""
        return without(table, [self.total.position])

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Add up the parts; where the total can't take the sum, change the parts."""
        numbers = [table[at].numbers for at, _ in self.parts]
        present = np.logical_and.reduce([part.present for part in numbers])
        values = np.stack([np.array(part.values, np.float64) for part in numbers])
        wrong = np.flatnonzero(present & ~self._fits(values))
        values[:, wrong] = self._mended(values[:, wrong])
        values = self._lent(values, present)
        special = np.full(len(present), None, object)
        special[~present] = self.special
        column = self.total.column
        total = np.where(present, _nearest(self.grids[-1], values.sum(axis=0)), 0)
        whole = np.int64 if column.kind == "integer" else np.float64
        sums = numbers_to_series(total.astype(whole), special, column, present)
        changed = {
            at: _rewritten(table[at], old, new)
            for (at, _), old, new in zip(self.parts, numbers, values, strict=True)
        }
        return with_cells(table, {**changed, self.total.position: TypedSeries(column, sums)})

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:
        """Change free parts to add up to a fixed total; else add up to a new total."""
        fields = (*self.parts, self.total)
        numbers = [table[at].numbers for at, _ in fields]
        values = np.stack([np.array(part.values, np.float64) for part in numbers])
        present = np.logical_and.reduce([part.present for part in numbers])
        own, added = fixed[:, [*self.positions]].T, values[:-1].sum(axis=0)
        total = np.where(own[-1], values[-1], _nearest(self.grids[-1], added))
        wrong = np.abs(added - total) > PRECISION * np.abs(values).max(axis=0)
        free = ~own[:-1] & (present & wrong)
        parts = propagate_sum(values[:-1], total, self.grids[:-1], free)
        changed = {
            at: TypedSeries(
                column, replaced(table[at][1], rows, _rewritten(table[at], old, new)[1])
            )
            for (at, column), old, new, rows in zip(self.parts, numbers, parts, free, strict=False)
        }
        table = with_cells(table, changed)
        at, column = self.total
        restored = self.restore(table)[at][1]
        return with_cells(
            table, {at: TypedSeries(column, replaced(table[at][1], ~own[-1], restored))}
        )

    def _fits(self, values: Floats) -> NDArray[np.bool_]:
        """Return where the total can take the sum of the parts, shape (parts, rows)."""
        total = values.sum(axis=0)
        error = np.abs(_nearest(self.grids[-1], total) - total)
        fits: NDArray[np.bool_] = error <= PRECISION * np.abs(values).max(axis=0)
        return fits

    def _mended(self, values: Floats) -> Floats:
        """Move parts along their grids until they fit: one of them, or one after the other.

        Parts of few values give way last, else the last one does so first. Where steps and lists
        leave no way, the parts stay.
        """
        mended = values.copy()
        unrepaired = np.ones(values.shape[1], bool)
        for trial in self._trials(values):
            fits = unrepaired & self._fits(trial)
            mended[:, fits] = trial[:, fits]
            unrepaired &= ~fits
        return mended

    def _trials(self, values: Floats) -> Iterator[Floats]:
        few = [len(grid.listed) > 0 for grid in self.grids]
        order = sorted(range(len(self.parts)), key=lambda part: (few[part], -part))
        total = values.sum(axis=0)
        down, up = self.grids[-1].floor(total), self.grids[-1].ceil(total)

        def moved(trial: Floats, part: int, move: Any, wanted: Any) -> Floats:
            rest = np.delete(trial, part, axis=0).sum(axis=0)
            changed = trial.copy()
            changed[part] = move(wanted - rest)
            return changed

        for part in order:
            grid = self.grids[part]
            yield moved(values, part, partial(_nearest, grid), down)
            yield moved(values, part, grid.floor, down)
            yield moved(values, part, grid.ceil, up)
        lowered = raised = values
        for part in order:
            lowered = moved(lowered, part, self.grids[part].floor, down)
            yield lowered
        for part in order:
            raised = moved(raised, part, self.grids[part].ceil, up)
            yield raised

    def _lent(self, values: Floats, present: NDArray[np.bool_]) -> Floats:
        """Give rows that could not be mended the parts of other rows, that fit."""
        fits = self._fits(values)
        lenders, borrowers = np.flatnonzero(present & fits), np.flatnonzero(present & ~fits)
        if len(lenders):
            values[:, borrowers] = values[:, np.resize(lenders, len(borrowers))]
        return values

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "parts": [part.to_json() for part in self.parts],
            "total": self.total.to_json(),
            "grids": [grid.to_json() for grid in self.grids],
            "special": to_json_scalar(self.special),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            tuple(ColumnRef.from_json(part) for part in state["parts"]),
            ColumnRef.from_json(state["total"]),
            tuple(AllowedValues.from_json(grid) for grid in state["grids"]),
            from_json_scalar(state["special"]),
        )


def _nearest(grid: AllowedValues, values: Floats) -> Floats:
    """Return the nearest numbers of a grid: float sums miss their decimals by a little."""
    low, high = grid.floor(values), grid.ceil(values)
    nearest: Floats = np.where(np.abs(values - low) <= np.abs(high - values), low, high)
    return nearest


def _rewritten(cells: TypedSeries, old: Numbers, new: Floats) -> TypedSeries:
    column = cells[0]
    if np.array_equal(old.values, new):
        return cells
    changed = new.astype(old.values.dtype)
    return TypedSeries(column, write_column(old._replace(values=changed), column))


class _Summand(NamedTuple):
    """A column of numbers, nan where there is none."""

    column: Column
    values: Floats

    @property
    def present(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.values)

    @property
    def grid(self) -> AllowedValues:
        return AllowedValues.within(self.values[self.present], self.column)

    def varies(self) -> bool:
        return bool(np.nanmin(self.values) < np.nanmax(self.values))


def find_sums(table: ColumnFrame, rng: np.random.Generator) -> list[SumDependency]:
    """Find the columns that are the sum of two others; each column takes part in one sum at most.

    Several sums over the same column could not all be kept when one leaves its range.
    """
    sample = {
        at: summand
        for at, cells in sample_of(table, rng).items()
        if (summand := _summand(cells)) is not None and summand.varies()
    }
    full: dict[int, _Summand] = {}
    taken: set[int] = set()
    found: list[SumDependency] = []
    for triple in sum_triples({at: summand.values for at, summand in sample.items()}, rng):
        if taken & set(triple) or not _adds_up(*(sample[at] for at in triple)):
            continue
        for at in triple:
            full[at] = full.get(at) or _Summand(table[at][0], _floats(table[at]))
        specials = _specials(table[triple[2]])
        if _adds_up(*(full[at] for at in triple)) and len(specials) <= 1:
            found.append(_sum_of(table, triple, full, next(iter(specials), None)))
            taken |= set(triple)
    return found


def _sum_of(
    table: ColumnFrame, triple: Triple, summands: Mapping[int, _Summand], special: Scalar
) -> SumDependency:
    a, b, total = (field_at(table, at) for at in triple)
    return SumDependency((a, b), total, tuple(summands[at].grid for at in triple), special)


def _summand(cells: TypedSeries, least_rows: int = LEAST_ROWS) -> _Summand | None:
    if cells[0].kind not in NUMBERS:
        return None
    summand = _Summand(cells[0], _floats(cells))
    exact = np.nan_to_num(np.abs(summand.values)).max(initial=0) <= EXACT / 4
    return summand if exact and summand.present.sum() >= least_rows else None


def _floats(cells: TypedSeries) -> Floats:
    numbers = cells.numbers
    return np.where(numbers.present, numbers.values.astype(float), np.nan)


def _specials(cells: TypedSeries) -> list[Scalar]:
    numbers = cells.numbers
    special = numbers.special[~numbers.present]
    return list({level_key(value): value for value in special}.values())


def _adds_up(*summands: _Summand, least_rows: int = LEAST_ROWS) -> bool:
    """Return whether all summands but the last add up to it, and are present where it is."""
    *parts, total = summands
    present = total.present
    complete = np.logical_and.reduce([part.present for part in parts])
    if not np.array_equal(present, complete) or present.sum() < least_rows:
        return False
    return bool(add_up(np.stack([summand.values[present] for summand in summands])).all())


def add_up(values: Floats) -> Mask:
    """Return where all numbers but the last add up to it, from values of shape (numbers, rows)."""
    error = np.abs(values[:-1].sum(axis=0) - values[-1])
    added: Mask = error <= PRECISION * np.abs(values).max(axis=0)
    return added


def sum_triples(summands: Mapping[int, Floats], rng: np.random.Generator) -> Iterator[Triple]:
    """Find the triples that add up in a random projection of some rows.

    Parameters
    ----------
    summands
        Numbers by the position of their column; nan where there is none.
    rng
        Draws the rows and the projection.

    Projections h have h(a) + h(b) = h(total) where the columns add up, so that for every a and
    total the b is found by bisection.
    """
    if len(summands) < 3:
        return
    positions = list(summands)
    values = np.stack([*summands.values()])
    addends = (np.nan_to_num(values) != 0).mean(axis=1) >= LEAST_NONZERO
    matrix = values[:, rng.permutation(values.shape[1])[:HASHED_ROWS]]
    weights = rng.uniform(0.5, 1.5, matrix.shape[1]) * rng.choice([-1, 1], matrix.shape[1])
    for total, values in enumerate(matrix):
        there = ~np.isnan(values)
        if there.sum() < min(LEAST_HASHED, len(there)):
            continue
        usable = addends & ~np.isnan(matrix[:, there]).any(axis=1)
        usable[total] = False
        hashes = matrix[np.ix_(usable, there)] @ weights[there]
        sizes = np.abs(matrix[np.ix_(usable, there)]) @ np.abs(weights[there])
        slack = PRECISION * (sizes + np.abs(values[there]) @ np.abs(weights[there]))
        wanted = values[there] @ weights[there] - hashes
        order = np.argsort(hashes)
        first = np.searchsorted(hashes[order], wanted - slack)
        last = np.searchsorted(hashes[order], wanted + slack, "right")
        at = np.flatnonzero(usable)
        for a in np.flatnonzero(last > first):
            for b in order[first[a] : last[a]]:
                if a < b:
                    yield positions[at[a]], positions[at[b]], positions[total]


SMALLEST = 3  # two complementary columns determine each other: another rule
BITS: tuple[tuple[Scalar, Scalar], ...] = (
    (0, 1),
    (0.0, 1.0),
    (False, True),
    ("0", "1"),
    ("0.0", "1.0"),
)

Bit = tuple[Scalar, Scalar]  # a column's 0 and its 1


@dataclass(frozen=True)
class OneHotDependency(Dependency):
    """Exactly one of the members is 1 in every row: replaced by the position of that 1."""

    name: ClassVar[str] = "onehot"
    members: tuple[ColumnRef, ...]
    bits: tuple[Bit, ...]

    @property
    def column(self) -> Column:
        """The column that stands for the members in a reduced table."""
        first, last = self.members[0].column, self.members[-1].column
        return Column(f"{first.name} … {last.name}", "categorical", "int64", why="one-hot group")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return tuple(member.position for member in self.members)

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"exactly one of {self._span} is 1"

    @property
    def _span(self) -> str:
        return f"the {len(self.members)} columns {self.members[0]} … {self.members[-1]}"

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return the rows in which exactly one member is 1."""
        ones = [_is(one, own) for own, (_, one) in zip(cells, self.bits, strict=True)]
        kept: Mask = np.column_stack(ones).sum(axis=1) == 1
        return kept

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Replace the members by the position of the 1 among them."""
        ones = [
            _is(one, table[at]) for (at, _), (_, one) in zip(self.members, self.bits, strict=True)
        ]
        hot = np.column_stack(ones)
        wrong = np.flatnonzero(hot.sum(axis=1) != 1)
        if len(wrong):
            raise DataError(
                f"Row {wrong[0]}: {hot[wrong[0]].sum()} of {self._span} are 1; exactly one must be"
            )
        values = pd.Series(hot.argmax(axis=1), name=self.column.name, dtype="int64")
        rest = without(table, self.positions)
        return with_cells(rest, {self.members[0].position: TypedSeries(self.column, values)})

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Spread the position of the 1 over the members."""
        hot = table[self.members[0].position][1].to_numpy()
        spread: ColumnFrame = {}
        for index, ((at, column), bit) in enumerate(zip(self.members, self.bits, strict=True)):
            codes = (hot == index).astype(np.int32)
            spread[at] = TypedSeries(column, levels_to_series(list(bit), codes, column))
        return with_cells(table, spread)

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:
        """Keep a fixed 1, else a 1 that no fixed 0 forbids, else set the first free one.

        Of two fixed ones the second is dropped, so that the row could be one of the table.
        """
        places = [*self.positions]
        hot = np.column_stack(
            [_is(one, table[at]) for at, (_, one) in zip(places, self.bits, strict=True)]
        )
        given = fixed[:, places]
        # fixed ones come first, then free ones that are set, then any that is free
        chosen = (4 * (hot & given) + 2 * (hot & ~given) + ~given).argmax(axis=1)
        cells: ColumnFrame = {}
        for index, ((at, column), bit) in enumerate(zip(self.members, self.bits, strict=True)):
            values = levels_to_series(list(bit), (chosen == index).astype(np.int32), column)
            cells[at] = TypedSeries(column, values.set_axis(table[at][1].index))
        fixed[:, places] |= given.any(axis=1, keepdims=True)
        return with_cells(table, cells)

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "members": [member.to_json() for member in self.members],
            "bits": [[to_json_scalar(level) for level in bit] for bit in self.bits],
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        members = tuple(ColumnRef.from_json(member) for member in state["members"])
        return cls(
            members,
            tuple((from_json_scalar(zero), from_json_scalar(one)) for zero, one in state["bits"]),
        )


@dataclass
class _Window:
    """Adjacent columns of which at most one is 1 in every row."""

    rows: int
    columns: list[tuple[int, Bit, NDArray[np.bool_]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.total = np.zeros(self.rows, np.int32)

    def add(self, at: int, bit: Bit, hot: NDArray[np.bool_]) -> None:
        """Add a column at the right; drop columns at the left until no row has two ones."""
        self.columns.append((at, bit, hot))
        self.total += hot
        while self.total.max() > 1:
            self.total -= self.columns.pop(0)[2]


def find_one_hots(table: ColumnFrame, rng: np.random.Generator) -> list[OneHotDependency]:
    """Find runs of adjacent columns, exactly one of which is 1 in every row.

    Constant columns neither belong to a run nor break it.
    """
    found: list[OneHotDependency] = []
    window = _Window(count_rows(table))
    for at, sample in sample_of(table, rng).items():
        hot = None if len(sample.levels) > 2 else bits_of(table[at])
        if hot is None:
            window = _Window(window.rows)
            continue
        if hot[1].all() or not hot[1].any():
            continue
        window.add(at, *hot)
        if window.total.min() == 1:
            if len(window.columns) >= SMALLEST:
                members = tuple(field_at(table, member) for member, *_ in window.columns)
                found.append(OneHotDependency(members, tuple(bit for _, bit, _ in window.columns)))
            window = _Window(window.rows)
    return found


def _is(level: Scalar, cells: TypedSeries) -> NDArray[np.bool_]:
    same = [level_key(other) == level_key(level) for other in cells.levels]
    return np.array(same, bool)[cells.codes]


def bits_of(cells: TypedSeries) -> tuple[Bit, NDArray[np.bool_]] | None:
    """Return a column's 0 and 1 and where it is 1; None where it has other values."""
    keys = {level_key(level) for level in cells.levels}
    for bit in BITS:
        if keys <= {level_key(level) for level in bit}:
            is_one = [level_key(level) == level_key(bit[1]) for level in cells.levels]
            return bit, np.array(is_one)[cells.codes]
    return None


_ZEROS, _ONES = ({level_key(pair[bit]) for pair in BITS} for bit in (0, 1))


@register_constraint
@dataclass(frozen=True)
class OneHot(ColumnConstraint):
    """Exactly one of some columns is 1 (or True), and the others are 0.

    Parameters
    ----------
    columns
        Two columns or more.

    Examples
    --------
    >>> OneHot(["a", "b"]).check(pd.DataFrame({"a": [1, 0, 1], "b": [0, 0, 1]})).tolist()
    [True, False, False]
    """

    kind: ClassVar[str] = "one_hot"
    construction: ClassVar[Construction] = "group"
    columns: tuple[Hashable, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", labels("OneHot", "columns", self.columns, 2))

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The labels of its columns."""
        return self.columns

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"exactly one of {', '.join(map(repr, self.columns))} is 1"

    def fits(self, columns: Sequence[Column]) -> str | None:
        """Return what is wrong with the kinds of its columns; None if they are fine."""
        return next((made_anew(c) for c in columns if c.is_generated), None)

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows satisfy the rule."""
        ones = np.zeros(len(cells[0][1]), np.int64)
        known = np.ones(len(ones), bool)
        for own in cells:
            codes, levels = own.codes, own.levels
            keys = [level_key(level) for level in levels]
            ones += np.array([key in _ONES for key in keys], bool)[codes]
            known &= np.array([key in _ONES or key in _ZEROS for key in keys], bool)[codes]
        kept: Mask = known & (ones == 1)
        return kept

    def dependency(self, table: ColumnFrame, schema: Schema) -> Dependency | None:
        """Return the dependency that makes one column of the columns."""
        members = tuple(field_at(table, at) for at in self.positions(schema))
        bits = [bits_of(table[at]) for at, _ in members]
        known = tuple(pair[0] for pair in bits if pair is not None)
        return OneHotDependency(members, known) if len(known) == len(members) else None
