"""Levels that each have one generated identifier: a branch and the name of its manager."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from tabgan.encoding.identifiers.identifier import IdentifierEncoder
from tabgan.rules.dependency import Dependency
from tabgan.rules.functional_dependency import LevelList, level_list
from tabgan.table.columns import (
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    field_at,
    level_key,
    with_cells,
    without,
)
from tabgan.table.level_codes import is_absent, levels_to_series
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar

__all__ = ["IdentifierAttribute", "find_attributes"]

_LEVELS = ("categorical", "boolean")  # a number could take a value that no row had


@dataclass(frozen=True)
class IdentifierAttribute(Dependency):
    """Every level of the source determines one value of the target, which is generated.

    Parameters
    ----------
    source, target
        The columns; the source is learned by its levels.
    levels
        The source's levels.
    image
        For each of them the position of its value; -1 where it has none.
    encoder
        Generates the values.
    """

    name: ClassVar[str] = "attributed"
    of_equality: ClassVar[bool] = True
    source: ColumnRef
    target: ColumnRef
    levels: tuple[Scalar, ...]
    image: tuple[int, ...]
    encoder: IdentifierEncoder

    def __post_init__(self) -> None:
        n = len(self.levels)
        if len(self.image) != n or not all(-1 <= position < n for position in self.image):
            raise ValueError(f"{n} levels can't have the values {self.image!r:.60}")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.source} determines {self.target}, which is generated"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the target out."""
        return without(table, [self.target.position])

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Generate a value for each level, and look it up in each row."""
        codes, levels = table[self.source.position].codes, table[self.source.position].levels
        nothing = np.empty((max(self.image) + 1, 0))
        rng = np.random.default_rng(0)  # of the encoder's forms: a level's is always the same
        made = self.encoder.decode(nothing, nothing.astype(np.int64), 0, rng)
        number = {level_key(level): index for index, level in enumerate(self.levels)}
        known = np.array([self.image[number[level_key(level)]] for level in levels], np.int64)
        values = [*made.to_numpy(object), None]  # -1 is the last one
        column = self.target.column
        series = levels_to_series(values, known[codes] % len(values), column)
        return with_cells(table, {self.target.position: TypedSeries(column, series)})

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "source": self.source.to_json(),
            "target": self.target.to_json(),
            "levels": [to_json_scalar(level) for level in self.levels],
            "image": list(self.image),
            "encoder": self.encoder.to_json(),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        target = ColumnRef.from_json(state["target"])
        return cls(
            ColumnRef.from_json(state["source"]),
            target,
            tuple(from_json_scalar(level) for level in state["levels"]),
            tuple(int(position) for position in state["image"]),
            IdentifierEncoder.from_json(target.column, state["encoder"]),
        )


def find_attributes(table: ColumnFrame) -> list[IdentifierAttribute]:
    """Find the generated columns that the levels of another column determine."""
    targets = list(_repeated(table))
    if not targets:
        return []
    known = {at: level_list(cells) for at, cells in table.items() if cells[0].kind in _LEVELS}
    sources = {at: levels for at, levels in known.items() if levels and levels.are_frequent()}
    fewest_first = sorted(sources, key=lambda at: (len(sources[at].levels), at))
    found = []
    for target, values in targets:
        source = next((at for at in fewest_first if sources[at].determine(values)), None)
        if source is not None:
            found.append(_attribute(table, source, sources[source], target, values))
    return found


def _repeated(table: ColumnFrame) -> Iterator[tuple[int, LevelList]]:
    """Yield the generated columns whose values stand in several rows each."""
    for at, cells in table.items():
        if cells.column.is_generated and cells.column.kind not in ("text", "key"):
            levels = LevelList(cells.codes, cells.levels)
            if levels.are_frequent() and len(levels.levels) > 1:
                yield at, levels


def _attribute(
    table: ColumnFrame, source: int, levels: LevelList, target: int, values: LevelList
) -> IdentifierAttribute:
    absent = [*map(is_absent, values.levels)]
    position = np.where(absent, -1, np.cumsum(~np.array(absent)) - 1)
    given = table[target].take(~np.array(absent)[values.codes])
    encoder = IdentifierEncoder.fit(given).without_repetition()
    image = position[levels.image_in(values)]
    fields = field_at(table, source), field_at(table, target)
    return IdentifierAttribute(*fields, tuple(levels.levels), tuple(image.tolist()), encoder)
