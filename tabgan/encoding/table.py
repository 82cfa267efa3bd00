"""A whole table to encoded rows and back."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.encoding.base import ColumnEncoder, Encoded
from tabgan.encoding.categorical import CategoricalEncoder
from tabgan.encoding.dependencies import (
    ColumnTable,
    Dependency,
    dependency_from_json,
    detect_dependencies,
)
from tabgan.encoding.grouped import GroupedEncoder
from tabgan.encoding.identifier import IdentifierEncoder
from tabgan.encoding.numeric import NumericEncoder
from tabgan.encoding.quantiles import Quantiles
from tabgan.encoding.text import TextEncoder
from tabgan.schema import Column, Schema
from tabgan.spans import Spans
from tabgan.values import codes_of

__all__ = ["TableEncoder"]

FEW_VALUES = 20  # numbers with at most so many distinct values are levels
MANY_LEVELS = 200  # more levels than this are grouped
CONTEXT_LEVELS = 20  # level columns up to this size describe the levels of grouped columns
CONTEXT_WIDTH = 64

_ENCODERS: dict[str, type[ColumnEncoder]] = {
    encoder.name: encoder
    for encoder in (
        NumericEncoder,
        CategoricalEncoder,
        GroupedEncoder,
        IdentifierEncoder,
        TextEncoder,
    )
}


def _choose_encoder(column: Column, values: pd.Series) -> type[ColumnEncoder]:
    if column.kind == "text":
        return TextEncoder
    if column.is_made_anew:
        return IdentifierEncoder
    distinct = values.nunique()
    if distinct <= MANY_LEVELS:  # pandas takes texts that differ after a NUL for equal
        distinct = sum(level is not None for level in codes_of(values)[1])
    if column.kind in ("categorical", "boolean"):
        return GroupedEncoder if distinct > MANY_LEVELS else CategoricalEncoder
    return NumericEncoder if distinct > FEW_VALUES else CategoricalEncoder


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
        """
        table = _by_position(frame, schema)
        dependencies = tuple(detect_dependencies(table, rng, kept)) if derive else ()
        for dependency in dependencies:
            table = dependency.reduce(table)
        return cls(
            schema,
            dependencies,
            {position: column for position, (column, _) in table.items()},
            _fit_encoders(table),
        )

    @property
    def spans(self) -> Spans:
        """The layout of an encoded row."""
        return Spans.concatenate(encoder.spans for encoder in self.encoders.values())

    @property
    def quantiles(self) -> tuple[Quantiles, ...]:
        """The distribution of each number of an encoded row."""
        return tuple(part for encoder in self.encoders.values() for part in encoder.quantiles)

    def level_span(self, position: int) -> int:
        """Return the number of the first level span of a column that is encoded."""
        before = takewhile(lambda at: at != position, self.encoders)
        return sum(len(self.encoders[at].spans.widths) for at in before)

    @property
    def n_learned(self) -> int:
        """Number of columns that take part in training."""
        return sum(encoder.spans.width > 0 for encoder in self.encoders.values())

    def encode(self, frame: pd.DataFrame) -> Encoded:
        """Encode rows of the fitted columns."""
        table = _by_position(frame, self.schema)
        for dependency in self.dependencies:
            table = dependency.reduce(table)
        parts = [encoder.encode(table[position][1]) for position, encoder in self.encoders.items()]
        return _side_by_side(parts, len(frame))

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
        table: ColumnTable = {}
        number = level = 0
        for position, encoder in self.encoders.items():
            spans = encoder.spans
            taken = slice(number, number + spans.n_numbers), slice(level, level + len(spans.widths))
            number, level = taken[0].stop, taken[1].stop
            values = encoder.decode(numbers[:, taken[0]], codes[:, taken[1]], start, rng, key)
            table[position] = (self.columns[position], values)
        for dependency in reversed(self.dependencies):
            table = dependency.restore(table)
        series = [table[position][1] for position in range(len(self.schema))]
        frame = pd.concat(series, axis=1)
        frame.columns = column_index(self.schema)
        return frame

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
            int(item["position"]): _ENCODERS[item["encoder"]].from_json(
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


def _by_position(frame: pd.DataFrame, schema: Schema) -> ColumnTable:
    return {i: (column, frame.iloc[:, i]) for i, column in enumerate(schema)}


def _fit_encoders(table: ColumnTable) -> dict[int, ColumnEncoder]:
    classes = {i: _choose_encoder(column, values) for i, (column, values) in table.items()}
    fitted: dict[int, ColumnEncoder] = {
        i: encoder.fit(*table[i]) for i, encoder in classes.items() if encoder is not GroupedEncoder
    }
    grouped = [i for i, encoder in classes.items() if encoder is GroupedEncoder]
    if grouped:
        rows = len(next(iter(table.values()))[1])
        context = _context([fitted[i].encode(table[i][1]) for i in fitted], rows)
        fitted |= {i: GroupedEncoder.fit(*table[i], context) for i in grouped}
    return {i: fitted[i] for i in table}


def _context(parts: list[Encoded], rows: int) -> NDArray[np.float32]:
    """Describe each row by its numbers and small level columns, shape (rows, ≤ CONTEXT_WIDTH)."""
    described = [np.empty((rows, 0), np.float32)]
    for part in parts:
        described.append(part.low + part.width / np.float32(2))
        for codes in part.codes.T:
            n_levels = int(codes.max()) + 1
            if n_levels <= CONTEXT_LEVELS:
                described.append((codes[:, None] == np.arange(n_levels)).astype(np.float32))
    return np.concatenate(described, axis=1)[:, :CONTEXT_WIDTH]


def _side_by_side(parts: list[Encoded], rows: int) -> Encoded:
    parts = [Encoded.empty(rows), *parts]
    return Encoded(*(np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True)))
