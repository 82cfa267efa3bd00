"""A column that is the sum of two others."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.encoding.dependencies.base import (
    EXACT,
    NUMBERS,
    Cells,
    ColumnTable,
    Dependency,
    Field,
    decimals_of,
    field_at,
    level_key,
    sample_of,
    with_cells,
    without,
)
from tabgan.encoding.dependencies.grids import Grid
from tabgan.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.schema import Column
from tabgan.values import Numbers, numbers_of, numbers_to_series

__all__ = ["Sum", "find_sums"]

LEAST_ROWS = 100
LEAST_NONZERO = 0.05  # share of rows in which an addend is not zero
HASHED_ROWS = 200
LEAST_HASHED = 20
PRECISION = 1e-9  # relative error of a sum of full-precision floats

Floats = NDArray[np.float64]
Triple = tuple[int, int, int]


@dataclass(frozen=True)
class Sum(Dependency):
    """``a + b = total`` in every row; the total is missing where an addend is."""

    name: ClassVar[str] = "sum"
    a: Field
    b: Field
    total: Field
    special: Scalar = None  # what the total is where an addend is missing

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.a.position, self.b.position, self.total.position

    def describe(self) -> str:
        """Say the rule in words."""
        return f"{self.a} + {self.b} = {self.total}"

    def reduce(self, table: ColumnTable) -> ColumnTable:
        """Leave the total out."""
        return without(table, [self.total.position])

    def restore(self, table: ColumnTable) -> ColumnTable:
        """Add up; where the total leaves its range, the addends give way, the second one first."""
        one, two = (numbers_of(table[at][1], column) for at, column in (self.a, self.b))
        column, present = self.total.column, one.present & two.present
        a, b = one.values.astype(float), two.values.astype(float)
        b = np.where(present, _give_way(b, _excess(a + b, column), self.b.column), b)
        a = np.where(present, _give_way(a, _excess(a + b, column), self.a.column), a)
        special = np.full(len(a), None, object)
        special[~present] = self.special
        total = np.where(present, _rounded(a + b, column), 0)
        whole = np.int64 if column.kind == "integer" else np.float64
        sums = numbers_to_series(total.astype(whole), special, column, present)
        return with_cells(
            table,
            {
                self.a.position: _rewritten(table[self.a.position], one, a),
                self.b.position: _rewritten(table[self.b.position], two, b),
                self.total.position: (column, sums),
            },
        )

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "a": self.a.to_json(),
            "b": self.b.to_json(),
            "total": self.total.to_json(),
            "special": to_json_scalar(self.special),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        a, b, total = (Field.from_json(state[key]) for key in ("a", "b", "total"))
        return cls(a, b, total, from_json_scalar(state["special"]))


def _range(column: Column) -> tuple[float, float]:
    low, high = column.minimum, column.maximum
    return -np.inf if low is None else float(low), np.inf if high is None else float(high)


def _rounded(values: Floats, column: Column) -> Floats:
    decimals = decimals_of(column)
    return values if decimals is None else np.round(values, decimals)


def _excess(total: Floats, column: Column) -> Floats:
    """Return by how much sums leave the range of their column."""
    total = _rounded(total, column)
    excess: Floats = total - total.clip(*_range(column))
    return excess


def _give_way(values: Floats, excess: Floats, column: Column) -> Floats:
    """Take the excess off values, as far as their range and decimal places allow."""
    if not excess.any():
        return values
    grid = Grid(*_range(column), decimals=decimals_of(column))
    moved = values - excess
    # A rest below the last decimal place is taken off, too: towards the range of the sum.
    return np.where(excess > 0, grid.floor(moved), np.where(excess < 0, grid.ceil(moved), values))


def _rewritten(cells: Cells, old: Numbers, new: Floats) -> Cells:
    column = cells[0]
    if np.array_equal(old.values, new):
        return cells
    changed = new.astype(old.values.dtype)
    return column, numbers_to_series(changed, old.special, column, old.present)


class _Summand(NamedTuple):
    """A column of numbers, nan where there is none."""

    column: Column
    values: Floats

    @property
    def present(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.values)

    def is_often_nonzero(self) -> bool:
        return bool((np.nan_to_num(self.values) != 0).mean() >= LEAST_NONZERO)

    def varies(self) -> bool:
        return bool(np.nanmin(self.values) < np.nanmax(self.values))


def find_sums(table: ColumnTable, rng: np.random.Generator) -> list[Sum]:
    """Find the columns that are the sum of two others; each column takes part in one sum at most.

    Several sums over the same column could not all be kept when one leaves its range.
    """
    sample = {
        at: summand
        for at, cells in sample_of(table, rng).items()
        if (summand := _summand(cells)) is not None
    }
    full: dict[int, _Summand] = {}
    taken: set[int] = set()
    found: list[Sum] = []
    for triple in _candidates(sample, rng):
        if taken & set(triple) or not _adds_up(*(sample[at] for at in triple)):
            continue
        for at in triple:
            full[at] = full.get(at) or _Summand(table[at][0], _floats(table[at]))
        specials = _specials(table[triple[2]])
        if _adds_up(*(full[at] for at in triple)) and len(specials) <= 1:
            a, b, total = (field_at(table, at) for at in triple)
            found.append(Sum(a, b, total, next(iter(specials), None)))
            taken |= set(triple)
    return found


def _summand(cells: Cells) -> _Summand | None:
    if cells[0].kind not in NUMBERS:
        return None
    summand = _Summand(cells[0], _floats(cells))
    exact = np.nan_to_num(np.abs(summand.values)).max(initial=0) <= EXACT / 4
    enough = summand.present.sum() >= LEAST_ROWS
    return summand if exact and enough and summand.varies() else None


def _floats(cells: Cells) -> Floats:
    numbers = numbers_of(cells[1], cells[0])
    return np.where(numbers.present, numbers.values.astype(float), np.nan)


def _specials(cells: Cells) -> list[Scalar]:
    numbers = numbers_of(cells[1], cells[0])
    special = numbers.special[~numbers.present]
    return list({level_key(value): value for value in special}.values())


def _adds_up(a: _Summand, b: _Summand, total: _Summand) -> bool:
    present = total.present
    if not np.array_equal(present, a.present & b.present) or present.sum() < LEAST_ROWS:
        return False
    parts = [summand.values[present] for summand in (a, b, total)]
    size = np.abs(parts).max(axis=0)
    return bool((np.abs(parts[0] + parts[1] - parts[2]) <= PRECISION * size).all())


def _candidates(summands: dict[int, _Summand], rng: np.random.Generator) -> Iterator[Triple]:
    """Find the triples that add up in a random projection of some rows.

    Projections h have h(a) + h(b) = h(total) where the columns add up, so that for every a and
    total the b is found by bisection.
    """
    if len(summands) < 3:
        return
    positions = list(summands)
    matrix = np.stack([summand.values for summand in summands.values()])
    matrix = matrix[:, rng.permutation(matrix.shape[1])[:HASHED_ROWS]]
    weights = rng.uniform(0.5, 1.5, matrix.shape[1]) * rng.choice([-1, 1], matrix.shape[1])
    addends = np.array([summand.is_often_nonzero() for summand in summands.values()])
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
