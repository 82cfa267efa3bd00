"""A column that is the sum of two others."""

from collections.abc import Iterator, Mapping
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
    grids: tuple[Grid, Grid, Grid]  # the numbers that each may take
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
        """Add up; where the total can't be what they add up to, the addends give way."""
        one, two = (numbers_of(table[at][1], column) for at, column in (self.a, self.b))
        column, present = self.total.column, one.present & two.present
        a, b = np.array(one.values, np.float64), np.array(two.values, np.float64)
        wrong = np.flatnonzero(present & ~self._fits(a, b))
        a[wrong], b[wrong] = self._mended(a[wrong], b[wrong])
        a, b = self._lent(a, b, present)
        special = np.full(len(a), None, object)
        special[~present] = self.special
        total = np.where(present, _nearest(self.grids[2], a + b), 0)
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

    def _fits(self, a: Floats, b: Floats) -> NDArray[np.bool_]:
        """Say where the sum is a number that the total can take."""
        error = np.abs(_nearest(self.grids[2], a + b) - (a + b))
        return error <= PRECISION * np.maximum(np.abs(a), np.abs(b))

    def _mended(self, a: Floats, b: Floats) -> tuple[Floats, Floats]:
        """Move addends along their grids until they fit: one, the other, both.

        An addend of few values gives way last, else the first one does. Where steps and lists
        leave no way, the addends stay.
        """
        swapped = len(self.grids[1].listed) > 0 and not self.grids[0].listed
        kept, moved = (b, a) if swapped else (a, b)
        kept_grid, moved_grid = self.grids[1::-1] if swapped else self.grids[:2]
        total = self.grids[2]
        down, up = total.floor(kept + moved), total.ceil(kept + moved)
        lower, upper = moved_grid.floor(down - kept), moved_grid.ceil(up - kept)
        tried: list[tuple[Any, Any]] = [
            (kept, _nearest(moved_grid, down - kept)),
            (kept, lower),
            (kept, upper),
            (_nearest(kept_grid, down - moved), moved),
            (kept_grid.floor(down - moved), moved),
            (kept_grid.ceil(up - moved), moved),
            (kept_grid.floor(down - lower), lower),
            (kept_grid.ceil(up - upper), upper),
        ]
        first, second = a.copy(), b.copy()
        unsettled = np.ones(len(a), bool)
        for pair in tried:
            x, y = pair[::-1] if swapped else pair
            fits = unsettled & self._fits(x, y)
            first[fits], second[fits] = x[fits], y[fits]
            unsettled &= ~fits
        return first, second

    def _lent(self, a: Floats, b: Floats, present: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Give rows that could not be mended the addends of other rows, that fit."""
        fits = self._fits(a, b)
        lenders, borrowers = np.flatnonzero(present & fits), np.flatnonzero(present & ~fits)
        if len(lenders):
            lent = np.resize(lenders, len(borrowers))
            a[borrowers], b[borrowers] = a[lent], b[lent]
        return a, b

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "a": self.a.to_json(),
            "b": self.b.to_json(),
            "total": self.total.to_json(),
            "grids": [grid.to_json() for grid in self.grids],
            "special": to_json_scalar(self.special),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        a, b, total = (Field.from_json(state[key]) for key in ("a", "b", "total"))
        one, two, three = (Grid.from_json(grid) for grid in state["grids"])
        special = from_json_scalar(state["special"])
        return cls(a, b, total, (one, two, three), special)


def _nearest(grid: Grid, values: Floats) -> Floats:
    """Return the nearest numbers of a grid: float sums miss their decimals by a little."""
    low, high = grid.floor(values), grid.ceil(values)
    nearest: Floats = np.where(np.abs(values - low) <= np.abs(high - values), low, high)
    return nearest


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

    @property
    def grid(self) -> Grid:
        return Grid.of(self.values[self.present], decimals_of(self.column))

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
            found.append(_sum_of(table, triple, full, next(iter(specials), None)))
            taken |= set(triple)
    return found


def _sum_of(
    table: ColumnTable, triple: Triple, summands: Mapping[int, _Summand], special: Scalar
) -> Sum:
    a, b, total = (field_at(table, at) for at in triple)
    one, two, three = (summands[at] for at in triple)
    return Sum(a, b, total, (one.grid, two.grid, three.grid), special)


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
