"""A number that is computed from others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.encoding.dependencies.base import (
    ColumnFrame,
    ColumnRef,
    Dependency,
    level_key,
    replaced,
    with_cells,
    without,
)
from tabgan.formulas import ArithmeticExpression
from tabgan.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.values import Numbers, numbers_of, numbers_to_series

__all__ = ["FormulaDependency", "compute"]


SECANTS = 12  # steps in solving for a source


@dataclass(frozen=True)
class FormulaDependency(Dependency):
    """The target is the value of an expression of the sources; missing where one of them is."""

    name: ClassVar[str] = "computed"
    sources: tuple[ColumnRef, ...]  # in the order of the expression's names
    target: ColumnRef
    expression: ArithmeticExpression
    special: Scalar = None  # what the target is where a source is missing
    complete: bool = False  # whether it has to be a number in every row

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
    ) -> Self | None:
        """Describe a formula that holds; None where the target is there without all sources."""
        result = compute(expression, [numbers_of(table[at][1], column) for at, column in sources])
        own = numbers_of(table[target.position][1], target.column)
        specials = list({level_key(value): value for value in own.special[~own.present]}.values())
        if not np.array_equal(result.present, own.present) or len(specials) > 1:
            return None
        complete = bool(own.present.all())
        return cls(tuple(sources), target, expression, next(iter(specials), None), complete)

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return (*(source.position for source in self.sources), self.target.position)

    def describe(self) -> str:
        """Say the rule in words."""
        return f"{self.target} = {self.expression.text}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the target out."""
        return without(table, [self.target.position])

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Compute the target, rounded to its decimals and kept in its range.

        Where all sources are present but the expression has no value, as in 1 / 0, the target
        is as if one were missing, or 0 if it has to be a number.
        """
        at, column = self.target
        read = [numbers_of(table[source.position][1], source.column) for source in self.sources]
        result = compute(self.expression, read)
        present = result.present | self.complete
        special = np.full(len(present), None, object)
        special[~present] = self.special
        return with_cells(
            table, {at: (column, numbers_to_series(result.values, special, column, present))}
        )

    def settle(self, table: ColumnFrame, pinned: NDArray[np.bool_]) -> ColumnFrame:
        """Solve for a free source where the target is pinned; else compute the target."""
        at, column = self.target
        own = numbers_of(table[at][1], column)
        wanted = own.values.astype(np.float64)
        for place in reversed(range(len(self.sources))):
            source = self.sources[place]
            cells = table[source.position][1]
            read = [numbers_of(table[other.position][1], other.column) for other in self.sources]
            result = compute(self.expression, read)
            wrong = own.present & result.present & (result.values != wanted)
            rows = wrong & pinned[:, at] & ~pinned[:, source.position]
            if rows.any():
                solved = self._solved(read, place, wanted)
                old = read[place]
                kind = np.int64 if old.values.dtype.kind == "i" else np.float64
                new = np.where(rows, np.rint(solved) if kind is np.int64 else solved, old.values)
                series = numbers_to_series(
                    new.astype(kind), old.special, source.column, old.present
                )
                cells = replaced(cells, rows, series)
                table = with_cells(table, {source.position: (source.column, cells)})
        computed = replaced(table[at][1], ~pinned[:, at], self.restore(table)[at][1])
        return with_cells(table, {at: (column, computed)})

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
        )


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
