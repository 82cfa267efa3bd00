"""A whole table to encoded rows and back."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.encoding.base import ColumnEncoder, Encoded
from tabgan.encoding.columns import ENCODERS, fit_encoders
from tabgan.encoding.dependencies import (
    ColumnFrame,
    Dependency,
    dependency_from_json,
    detect_dependencies,
)
from tabgan.encoding.quantiles import Quantiles
from tabgan.schema import Column, Schema
from tabgan.spans import RowLayout

__all__ = ["TableEncoder", "by_position"]


@dataclass(frozen=True)
class TableEncoder:
    """Encoders of all columns that are learned, and the rules that give back the others.

    Parameters
    ----------
    schema
        Columns of the table.
    dependencies
        Rules applied in order before encoding, and undone in reverse after decoding.
    columns, encoders
        The columns left after reduction and their encoders, by position in the schema.
    """

    schema: Schema
    dependencies: tuple[Dependency, ...]
    columns: Mapping[int, Column]
    encoders: Mapping[int, ColumnEncoder]

    @classmethod
    def fit(
        cls,
        frame: pd.DataFrame,
        schema: Schema,
        rng: np.random.Generator,
        *,
        derive: bool = True,
        kept: Collection[int] = (),
        declared: Sequence[Dependency] = (),
    ) -> "TableEncoder":
        """Detect dependencies and fit an encoder to each column that is left.

        Parameters
        ----------
        frame
            The training table, with the schema's columns in order.
        schema
            Its columns.
        rng
            Randomness of the detection, which looks at samples of rows first.
        derive
            Whether columns that others determine are left out and derived.
        kept
            Positions of columns that are learned in any case, even if others determine them.
        declared
            Rules that hold in any case. They are restored first, and what is detected leaves
            their columns alone; `kept` has to name these.
        """
        table = by_position(frame, schema)
        detected = detect_dependencies(table, rng, kept) if derive else ()
        dependencies = (*detected, *declared)
        for dependency in dependencies:
            table = dependency.reduce(table)
        return cls(
            schema,
            dependencies,
            {position: column for position, (column, _) in table.items()},
            fit_encoders(table),
        )

    @property
    def spans(self) -> RowLayout:
        """The layout of an encoded row."""
        return RowLayout.concatenate(encoder.spans for encoder in self.encoders.values())

    @property
    def quantiles(self) -> tuple[Quantiles, ...]:
        """The distribution of each number of an encoded row."""
        return tuple(part for encoder in self.encoders.values() for part in encoder.quantiles)

    @cached_property
    def places(self) -> Mapping[int, tuple[slice, slice]]:
        """Where each column that is encoded lies: among the numbers, and the level spans."""
        found, number, level = {}, 0, 0
        for position, encoder in self.encoders.items():
            ends = number + encoder.spans.n_numbers, level + len(encoder.spans.widths)
            found[position] = slice(number, ends[0]), slice(level, ends[1])
            number, level = ends
        return found

    def related(self, positions: Collection[int]) -> set[int]:
        """Return columns with all those that rules tie them to, directly or by way of others."""
        tied = set(positions)
        ties = [set(dependency.positions) for dependency in self.dependencies]
        while more := [tie for tie in ties if tie & tied and not tie <= tied]:
            tied = tied.union(*more)
        return tied

    @property
    def n_learned(self) -> int:
        """Number of columns that take part in training."""
        return sum(encoder.spans.width > 0 for encoder in self.encoders.values())

    def encode(self, frame: pd.DataFrame) -> Encoded:
        """Encode rows of the fitted columns."""
        return self.encode_columns(self.reduce(frame), len(frame))

    def reduce(self, frame: pd.DataFrame) -> ColumnFrame:
        """Take out of a frame what the rules derive: the columns that are encoded are left."""
        table = by_position(frame, self.schema)
        for dependency in self.dependencies:
            table = dependency.reduce(table)
        return table

    def encode_columns(self, table: ColumnFrame, rows: int) -> Encoded:
        """Encode the columns that `reduce` has left, of so many rows."""
        parts = [encoder.encode(table[position][1]) for position, encoder in self.encoders.items()]
        return _side_by_side(parts, rows)

    def decode(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],
        start: int,
        rng: np.random.Generator,
        key: int = 0,
    ) -> pd.DataFrame:
        """Turn encoded rows into a frame of the schema's columns.

        Parameters
        ----------
        numbers, codes
            Encoded rows, shapes (rows, numbers) and (rows, level spans) of `spans`.
        start
            Position of the first row in the whole sample.
        rng
            Randomness of what is drawn anew: marks of absence, levels within a group.
        key
            Chooses the order of identifiers; one for all blocks of a sample.
        """
        return self.frame_of(self.restore(self.decode_columns(numbers, codes, start, rng, key=key)))

    def decode_columns(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],
        start: int,
        rng: np.random.Generator,
        positions: Collection[int] | None = None,
        *,
        key: int = 0,
    ) -> ColumnFrame:
        """Decode the columns that are encoded, or those of them at some positions."""
        wanted = [at for at in self.encoders if positions is None or at in positions]
        table: ColumnFrame = {}
        for position in wanted:
            number, level = self.places[position]
            decode = self.encoders[position].decode
            values = decode(numbers[:, number], codes[:, level], start, rng, key)
            table[position] = (self.columns[position], values)
        return table

    def restore(self, table: ColumnFrame, touching: Collection[int] | None = None) -> ColumnFrame:
        """Give back what the rules derive from the columns that are there, all or `related` ones.

        With `touching`, only rules between these columns and others are followed.
        """
        for dependency in reversed(self.dependencies):
            if set(dependency.positions) & set(table if touching is None else touching):
                table = dependency.restore(table)
        return table

    def frame_of(self, table: ColumnFrame) -> pd.DataFrame:
        """Put the columns of a restored table into a frame."""
        frame = pd.concat([table[position][1] for position in range(len(self.schema))], axis=1)
        frame.columns = column_index(self.schema)
        return frame

    @property
    def derived(self) -> set[int]:
        """Positions of the columns that are left out of training, and given back by rules."""
        return set(range(len(self.schema))) - self.columns.keys()

    @property
    def made(self) -> list[int]:
        """Positions of the columns that are not learned, but made anew for every row."""
        return [position for position, column in self.columns.items() if column.is_made_anew]

    @property
    def unmade(self) -> set[int]:
        """Positions of the other columns that are encoded."""
        return self.columns.keys() - set(self.made)

    def try_out(self) -> None:
        """Decode every level and the ends of every number once.

        Faults of a declared schema or of a model file come out here, and not in a sample.

        Raises
        ------
        TabGANError, TypeError, ValueError, IndexError, KeyError, ArithmeticError
            If a part does not fit the others.
        """
        spans = self.spans
        rows = np.arange(max(2, *spans.widths, 2))
        numbers = np.repeat((rows / (len(rows) - 1))[:, None], spans.n_numbers, axis=1)
        codes = rows[:, None] % np.array(spans.widths, np.int64)[None, :]
        self.decode(numbers, codes, 0, np.random.default_rng(0))

    def to_json(self) -> dict[str, Any]:
        """Describe the encoder by JSON values."""
        return {
            "schema": self.schema.to_json(),
            "dependencies": [
                {"rule": dependency.name, **dependency.to_json()}
                for dependency in self.dependencies
            ],
            "columns": [
                {
                    "position": position,
                    "column": self.columns[position].to_json(),
                    "encoder": encoder.name,
                    "state": encoder.to_json(),
                }
                for position, encoder in self.encoders.items()
            ],
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> "TableEncoder":
        """Rebuild an encoder from `to_json`'s value.

        Raises
        ------
        SchemaError, KeyError, TypeError, ValueError, IndexError
            If the value is malformed.
        """
        columns = {
            int(item["position"]): Column.from_json(item["column"]) for item in state["columns"]
        }
        encoders = {
            int(item["position"]): ENCODERS[item["encoder"]].from_json(
                columns[int(item["position"])], item["state"]
            )
            for item in state["columns"]
        }
        dependencies = tuple(dependency_from_json(item) for item in state["dependencies"])
        return cls(Schema.from_json(state["schema"]), dependencies, columns, encoders)


def column_index(schema: Schema) -> pd.Index:
    """Build the column index of a schema: flat, or a MultiIndex where it has several levels."""
    if len(schema.labels) > 1:
        return pd.MultiIndex.from_tuples(
            cast("list[tuple[Hashable, ...]]", [*schema.names]), names=[*schema.labels]
        )
    # left to itself, an index of None and 1 is one of floats
    dtype: Any = object if len({type(name) for name in schema.names}) > 1 else None
    names = [*schema.names]
    index: pd.Index = pd.Index(names, dtype=dtype, name=schema.labels[0], tupleize_cols=False)
    return index


def by_position(frame: pd.DataFrame, schema: Schema) -> ColumnFrame:
    """Return a frame as a table in work."""
    return {i: (column, frame.iloc[:, i]) for i, column in enumerate(schema)}


def _side_by_side(parts: list[Encoded], rows: int) -> Encoded:
    parts = [Encoded.empty(rows), *parts]
    return Encoded(*(np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True)))
