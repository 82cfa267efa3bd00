"""Numbers that are computed: from others by a formula, or from a count of steps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.rules.dependency import Dependency
from tabgan.rules.formula_language import ArithmeticExpression
from tabgan.table.columns import (
    EXACT,
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    level_key,
    numbers_to_series,
    replaced,
    with_cells,
    without,
    write_column,
)
from tabgan.table.number_scale import clip_to_range
from tabgan.table.numbers import Numbers
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column

__all__ = ["FormulaDependency", "MultiplesDependency", "compute"]

SECANTS = 12  # steps in solving for a source


@dataclass(frozen=True)
class FormulaDependency(Dependency):
    """The target is the value of an expression of the sources; missing where one of them is.

    Parameters
    ----------
    sources
        The columns of the expression, in the order of its names.
    target
        The column that is computed.
    expression
        How it is computed.
    special
        What the target is where a source is missing.
    complete
        Whether it has to be a number in every row.
    exact
        Whether the result stands as it is, even beyond the range of the training table.
    yielding
        Numbers of the sources that may change to bring the result into that range.
    """

    name: ClassVar[str] = "computed"
    sources: tuple[ColumnRef, ...]
    target: ColumnRef
    expression: ArithmeticExpression
    special: Scalar = None
    complete: bool = False
    exact: bool = False
    yielding: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if len(self.sources) != len(self.expression.names):
            raise ValueError("computed: a source is needed for each name of the expression")

    @classmethod
    def of(
        cls,
        sources: Sequence[ColumnRef],
        target: ColumnRef,
        expression: ArithmeticExpression,
        table: ColumnFrame,
        *,
        exact: bool = False,
        yielding: tuple[int, ...] = (),
    ) -> Self | None:
        """Describe a formula that holds; None where the target is there without all sources."""
        result = compute(expression, [table[at].numbers for at, _ in sources])
        own = table[target.position].numbers
        specials = list({level_key(value): value for value in own.special[~own.present]}.values())
        if not np.array_equal(result.present, own.present) or len(specials) > 1:
            return None
        complete = bool(own.present.all())
        special = next(iter(specials), None)
        return cls(tuple(sources), target, expression, special, complete, exact, yielding)

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return (*(source.position for source in self.sources), self.target.position)

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.target} = {self.expression.text}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the target out."""
        return without(table, [self.target.position])

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Compute the target, rounded to its decimals and kept in its range unless it is exact.

        Where all sources are present but the expression has no value, as in 1 / 0, the target
        is as if one were missing, or 0 if it has to be a number.
        """
        at, column = self.target
        for place in self.yielding:
            table = self._with_yielding(table, place)
        read = [table[source.position].numbers for source in self.sources]
        result = compute(self.expression, read)
        present = result.present | self.complete
        special = np.full(len(present), None, object)
        special[~present] = self.special
        written = replace(column, minimum=None, maximum=None) if self.exact else column
        values = numbers_to_series(result.values, special, written, present)
        return with_cells(table, {at: TypedSeries(column, values)})

    def _with_yielding(self, table: ColumnFrame, place: int) -> ColumnFrame:
        """Change one source in the rows whose result is out of range, where that helps."""
        source, column = self.sources[place], self.target.column
        read = [table[other.position].numbers for other in self.sources]
        result = compute(self.expression, read)
        low, high = _ends(column)
        wrong = result.present & ((result.values < low) | (result.values > high))
        if not wrong.any():
            return table
        rows = np.flatnonzero(wrong)
        part = [numbers.take(rows) for numbers in read]
        old, wanted = part[place], result.values[rows].clip(low, high)
        solved = self._solved(part, place, wanted)
        moved = _moved(old, np.nan_to_num(solved), source.column)
        part[place] = moved.numbers
        after = compute(self.expression, part)
        away = np.abs(after.values - after.values.clip(low, high))
        helped = after.present & (away < np.abs(result.values[rows] - wanted))
        values = read[place].values.copy()
        values[rows[helped]] = moved.numbers.values[helped]
        changed = np.zeros(len(wrong), np.bool_)
        changed[rows[helped]] = True
        written = write_column(read[place]._replace(values=values), source.column)
        cells = replaced(table[source.position][1], changed, written)
        return with_cells(table, {source.position: TypedSeries(source.column, cells)})

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:
        """Solve for a free source where the target is fixed; else compute the target."""
        at, column = self.target
        own = table[at].numbers
        wanted = own.values.astype(np.float64)
        for place in reversed(range(len(self.sources))):
            source = self.sources[place]
            cells = table[source.position][1]
            read = [table[other.position].numbers for other in self.sources]
            result = compute(self.expression, read)
            wrong = own.present & result.present & (result.values != wanted)
            rows = wrong & fixed[:, at] & ~fixed[:, source.position]
            if rows.any():
                solved = self._solved(read, place, wanted)
                old = read[place]
                moved = _moved(old, np.where(rows, solved, old.values), source.column)
                cells = replaced(cells, rows, moved.values)
                table = with_cells(table, {source.position: TypedSeries(source.column, cells)})
        computed = replaced(table[at][1], ~fixed[:, at], self.restore(table)[at][1])
        return with_cells(table, {at: TypedSeries(column, computed)})

    def solve(self, numbers: Sequence[Numbers], place: int) -> Numbers:
        """Return what one column must be, given the others.

        Parameters
        ----------
        numbers
            The columns' numbers, in the order of `positions`.
        place
            The column's place among them.
        """
        *sources, target = numbers
        if place == len(sources):
            return compute(self.expression, sources)
        present = np.logical_and.reduce([n.present for i, n in enumerate(numbers) if i != place])
        start = np.ones(len(present))
        sources[place] = Numbers(start, present, target.special)
        solved = self._solved(sources, place, target.values.astype(np.float64))
        return sources[place]._replace(values=np.where(present, solved, 0.0))

    def _solved(
        self, read: Sequence[Numbers], place: int, wanted: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return what a source would have to be, by the secant method: at once if it is linear."""
        x = read[place].values.astype(np.float64)
        best, least = x, np.full(len(x), np.inf)

        def error(values: NDArray[np.float64]) -> NDArray[np.float64]:
            changed = [*read]
            changed[place] = read[place]._replace(values=values)
            return compute(self.expression, changed).values - wanted

        before, step = error(x), np.maximum(np.abs(x), 1.0) * 1e-3
        for _ in range(SECANTS):
            after = error(x + step)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                move = -after * step / (after - before)
            x, before = x + step, after
            better = np.abs(after) < least
            best, least = np.where(better, x, best), np.where(better, np.abs(after), least)
            step = np.where(np.isfinite(move), move, 0.0)
        return best

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "sources": [source.to_json() for source in self.sources],
            "target": self.target.to_json(),
            "expression": self.expression.text,
            "special": to_json_scalar(self.special),
            "complete": self.complete,
            "exact": self.exact,
            "yielding": list(self.yielding),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            tuple(ColumnRef.from_json(source) for source in state["sources"]),
            ColumnRef.from_json(state["target"]),
            ArithmeticExpression(state["expression"]),
            from_json_scalar(state["special"]),
            bool(state["complete"]),
            bool(state.get("exact", False)),
            tuple(int(place) for place in state.get("yielding", ())),
        )


def _ends(column: Column) -> tuple[float, float]:
    """Return the range of a column of numbers."""
    low: Any = -np.inf if column.minimum is None else column.minimum
    high: Any = np.inf if column.maximum is None else column.maximum
    return float(low), float(high)


def _moved(old: Numbers, values: NDArray[np.float64], column: Column) -> TypedSeries:
    """Write other values in place of a column's numbers, whole where these are."""
    is_whole = old.values.dtype.kind == "i"
    new = np.rint(values).astype(np.int64) if is_whole else values
    return TypedSeries(column, write_column(old._replace(values=new), column))


def compute(expression: ArithmeticExpression, sources: Sequence[Numbers]) -> Numbers:
    """Compute an expression; nothing is present where a source is missing or it has no value.

    Parameters
    ----------
    sources
        The numbers of the columns that it names, in the order of its names.
    """
    columns = {
        name: source.values.astype(np.float64)
        for name, source in zip(expression.names, sources, strict=True)
    }
    values = expression.evaluate(columns)
    present = np.logical_and.reduce([np.isfinite(values), *(source.present for source in sources)])
    return Numbers(np.where(present, values, 0.0), present, np.full(len(values), None, object))


@dataclass(frozen=True)
class MultiplesDependency(Dependency):
    """The source is ``offset + k · step``, and is replaced by the whole number k.

    Parameters
    ----------
    source
        A column of numbers.
    column
        The column of whole numbers that stands for it in a reduced table.
    step, offset
        Distance of neighbours, and one of the numbers.
    """

    name: ClassVar[str] = "steps"
    source: ColumnRef
    column: Column
    step: float
    offset: float

    def __post_init__(self) -> None:
        if not (0 < self.step < np.inf and -np.inf < self.offset < np.inf):
            raise ValueError("steps: step and offset must be finite numbers, the step above 0")

    @classmethod
    def of(cls, source: ColumnRef, step: float, offset: float, table: ColumnFrame) -> Self | None:
        """Describe the steps of a column that keeps them; None where they can't be counted."""
        numbers = table[source.position].numbers
        with np.errstate(over="ignore"):
            counts = (numbers.values[numbers.present] - offset) / step
        if not len(counts) or np.abs(counts).max() > EXACT:
            return None
        whole = np.rint(counts).astype(np.int64)
        kept = clip_to_range(whole, None, source.column.least_rows, tails=True)
        column = Column(
            f"{source.column.name} in steps",
            "integer",
            "int64" if numbers.present.all() else "object",
            missing=source.column.missing,
            minimum=int(kept.min()),
            maximum=int(kept.max()),
            decimals=0,
            min_group=source.column.min_group,
            why="number of equal steps",
        )
        return cls(source, column, step, offset)

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return (self.source.position,)

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.source} is {self.offset:g} plus a multiple of {self.step:g}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Count the steps; where another rule has derived the column, nothing is done."""
        at, column = self.source
        if at not in table or table[at][0] != column:
            return table
        numbers = table[at].numbers
        counts = np.rint((numbers.values - self.offset) / self.step).astype(np.int64)
        values = numbers_to_series(counts, numbers.special, self.column, numbers.present)
        return with_cells(table, {at: TypedSeries(self.column, values)})

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Turn counted steps into numbers."""
        at, column = self.source
        if at not in table or table[at][0] != self.column:
            return table
        counts = table[at].numbers
        values = self.offset + counts.values * self.step
        made = numbers_to_series(values, counts.special, column, counts.present)
        return with_cells(table, {at: TypedSeries(column, made)})

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "source": self.source.to_json(),
            "column": self.column.to_json(),
            "step": self.step,
            "offset": self.offset,
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        source, column = ColumnRef.from_json(state["source"]), Column.from_json(state["column"])
        return cls(source, column, float(state["step"]), float(state["offset"]))
