"""Which columns other rules give, and from what."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from tabgan.rules.arithmetic_dependency import SumDependency
from tabgan.rules.functional_dependency import FunctionalDependency

__all__ = ["NOTHING_DERIVED", "Derived"]


@dataclass(frozen=True)
class Derived:
    """Columns that others determine, and sums.

    Parameters
    ----------
    sources
        The source of each determined column.
    sums
        Sums, none of whose columns is determined.
    kept
        Columns that are neither, and that must not be changed.
    """

    sources: Mapping[int, int]
    sums: Sequence[SumDependency]
    kept: Collection[int] = ()

    @classmethod
    def by(
        cls,
        determined: Iterable[FunctionalDependency],
        sums: Sequence[SumDependency],
        kept: Collection[int] = (),
    ) -> Self:
        """Collect what some rules derive."""
        sources = {rule.target.position: rule.source.position for rule in determined}
        return cls(sources, sums, kept)

    @property
    def positions(self) -> set[int]:
        """Columns that are determined, take part in a sum, or must not be changed."""
        return {*self.sources, *self.kept, *(at for rule in self.sums for at in rule.positions)}

    def root(self, at: int) -> int:
        """Return the column that is not determined from which a column follows."""
        while at in self.sources:
            at = self.sources[at]
        return at

    def go_together(self, one: int, other: int) -> bool:
        """Say whether two columns always have values that a row of the table had in both.

        They do where both are determined from the same column. That column itself may take a
        number that the table had not.
        """
        return {one, other} <= set(self.sources) and self.root(one) == self.root(other)

    def on_the_way_to(self, columns: Iterable[int]) -> set[int]:
        """Return the determined ones among columns, and among the columns they follow from."""
        passed: set[int] = set()
        for column in columns:
            at = column
            while at in self.sources:
                passed.add(at)
                at = self.sources[at]
        return passed


NOTHING_DERIVED = Derived({}, ())
