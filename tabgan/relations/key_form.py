"""`TableForm`: the columns of a table of a database, and how new keys are written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd

from tabgan.base.errors import DataError
from tabgan.encoding.identifiers.identifier_encoders import IdentifierEncoder
from tabgan.inference.infer_schema import infer_schema
from tabgan.relations.relations import Relations
from tabgan.table.columns import TypedSeries
from tabgan.table.dtypes import describe_dtype, restore_dtype
from tabgan.table.schema import Column, Kind

__all__ = ["TableForm", "find_identifiers", "unique_values"]

TRIES = 5  # draws of further keys, where some repeat


@dataclass(frozen=True)
class TableForm:
    """The columns of a table, and what a sample needs beside the learned ones.

    Parameters
    ----------
    dtypes
        The columns and their dtypes, in order, as JSON values.
    n_rows
        Rows of the table.
    identifiers
        Encoders of the columns that name rows.
    loops
        The keys to the table itself by which rows without a parent refer to themselves.
    highest
        The highest number of the columns of a joint key, from which new ones count on.
    """

    dtypes: Mapping[str, Any]
    n_rows: int
    identifiers: Mapping[str, IdentifierEncoder]
    loops: tuple[str, ...] = ()
    highest: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Describe the form by JSON values."""
        encoders = {
            name: {"column": own.column.to_json(), "state": own.to_json()}
            for name, own in self.identifiers.items()
        }
        return {
            "dtypes": [list(item) for item in self.dtypes.items()],
            "n_rows": self.n_rows,
            "identifiers": encoders,
            "loops": list(self.loops),
            "highest": dict(self.highest),
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a form from `to_json`'s value."""
        encoders = {
            name: IdentifierEncoder.from_json(Column.from_json(own["column"]), own["state"])
            for name, own in state["identifiers"].items()
        }
        loops = tuple(map(str, state["loops"]))
        highest = {str(name): int(most) for name, most in state["highest"].items()}
        return cls(dict(state["dtypes"]), int(state["n_rows"]), encoders, loops, highest)

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        identifiers: Mapping[str, IdentifierEncoder],
        loops: tuple[str, ...],
        key: tuple[str, ...] = (),
    ) -> Self:
        """Return the form of a table.

        Parameters
        ----------
        frame
            The table.
        identifiers
            Encoders of the columns that name rows.
        loops
            The keys by which rows refer to themselves.
        key
            The primary key.
        """
        dtypes = {str(name): describe_dtype(frame[name].dtype) for name in frame.columns}
        highest = {
            name: int(frame[name].max())
            for name in key
            if len(key) > 1 and len(frame) and pd.api.types.is_integer_dtype(frame[name].dtype)
        }
        return cls(dtypes, len(frame), identifiers, loops, highest)

    def finished(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Give columns their dtypes."""
        columns = {}
        for name, dtype in self.dtypes.items():
            values = frame[name]
            if describe_dtype(values.dtype) != dtype:
                values = _as_dtype(values, restore_dtype(dtype))
            columns[name] = values
        return pd.DataFrame(columns, index=pd.RangeIndex(len(frame)))


def find_identifiers(
    frame: pd.DataFrame, relations: Relations, table: str, kinds: Mapping[str, Kind]
) -> dict[str, IdentifierEncoder]:
    """Find the columns that name rows, each by its own value, and learn how they are written.

    Parameters
    ----------
    frame, table
        The table, and its name.
    relations
        The keys of the database.
    kinds
        Declared kinds of its columns.
    """
    foreign = {name for key in relations.of(table) for name in key.columns}
    keys = relations.key_columns(table) - foreign
    unique = {own[0] for own in relations.unique.get(table, ()) if len(own) == 1}
    found = {}
    for name in frame.columns:
        values = frame[name]
        if name in foreign or len(frame) < 2 or not values.is_unique or values.isna().any():
            continue
        if name not in keys:
            (column,) = infer_schema(
                values.to_frame(), {n: k for n, k in kinds.items() if n == name}
            )
            names = ("identifier", "sequential", "uuid", "key")
            more = ("integer", "categorical", "text") if name in unique else ()
            if column.kind not in (*names, *more):
                continue
        column = Column(name, "identifier", describe_dtype(values.dtype))
        try:
            cells = TypedSeries(column, values)
            found[str(name)] = IdentifierEncoder.fit(cells).without_repetition()
        except DataError:  # dates, say, are learned as such
            continue
    return found


def unique_values(
    encoder: IdentifierEncoder, n: int, rng: np.random.Generator, seed: int
) -> pd.Series:
    """Make n values, none twice.

    Parameters
    ----------
    encoder
        How they are written.
    n
        How many.
    rng, seed
        Draws them.
    """
    nothing = np.empty((n, 0))
    values = encoder.decode(nothing, nothing.astype(np.int64), 0, rng, seed)
    for again in range(1, TRIES):
        twice = values.duplicated().to_numpy(bool)
        if not twice.any():
            break
        more = encoder.decode(nothing, nothing.astype(np.int64), again * n, rng, seed)
        new = more[~more.isin(values)].drop_duplicates()
        rows = np.flatnonzero(twice)[: len(new)]
        values.iloc[rows] = new.iloc[: len(rows)].to_numpy()
    return values


def _as_dtype(values: pd.Series, dtype: Any) -> pd.Series:
    try:
        if isinstance(dtype, np.dtype) and dtype.kind in "iub" and values.isna().any():
            return values
        return values.astype(dtype)
    except (TypeError, ValueError):
        return values
