"""The tables of an evaluation, brought to one form."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tabgan.base.errors import DataError
from tabgan.evaluation.numeric_tables import CodedColumn, code_columns
from tabgan.inference.accept_table import as_frame
from tabgan.inference.infer_schema import resolve_schema
from tabgan.table.kinds import Kind
from tabgan.table.schema import Schema

__all__ = ["LEAST_ROWS", "ComparedTables", "read_tables"]

LEAST_ROWS = 10  # of each table: a comparison of fewer says nothing
MOST_NAMED = 10  # columns in a message


@dataclass(frozen=True)
class ComparedTables:
    """The tables, with the columns of the schema in its order.

    Attributes
    ----------
    real, synthetic, holdout
        The tables, with the order of the columns and, where the values allow it, the dtypes of
        the real one; the holdout is None where there is none.
    schema
        What the real table's columns are.
    coded
        The columns that can be compared, as numbers, by their place.
    """

    real: pd.DataFrame
    synthetic: pd.DataFrame
    holdout: pd.DataFrame | None
    schema: Schema
    coded: Mapping[int, CodedColumn]

    @property
    def names(self) -> dict[int, str]:
        """The columns' labels as text, by their place."""
        return {place: str(column.name) for place, column in enumerate(self.schema)}


def read_tables(
    real: Any,
    synthetic: Any,
    holdout: Any = None,
    schema: Schema | Mapping[Hashable, Kind] | None = None,
) -> ComparedTables:
    """Bring the tables to the columns of the real one.

    Parameters
    ----------
    real, synthetic, holdout
        The tables, as `evaluate` takes them.
    schema
        What the columns are; None infers it from the real table.

    Raises
    ------
    DataError
        If a table has other columns than the real one, too few rows, or nothing to compare.
    SchemaError
        If the schema does not fit the real table.
    """
    frame = as_frame(real)
    known = resolve_schema(frame, schema)
    _check_rows("real", frame)
    drawn = _like(frame, as_frame(synthetic), "synthetic")
    unseen = None if holdout is None else _like(frame, as_frame(holdout), "holdout")
    return ComparedTables(frame, drawn, unseen, known, code_columns(frame, drawn, known, unseen))


def _check_rows(name: str, frame: pd.DataFrame) -> None:
    if len(frame) < LEAST_ROWS:
        raise DataError(
            f"The {name} table has {len(frame)} rows; an evaluation needs at least {LEAST_ROWS} "
            "of each table"
        )


def _like(real: pd.DataFrame, frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a table with the real one's columns, in its order and, where they can be, dtypes."""
    repeated = frame.columns[frame.columns.duplicated()].unique()
    if len(repeated):
        raise DataError(
            f"The {name} table has more than one column {_listed(repeated)}; rename or drop them"
        )
    missing = [label for label in real.columns if label not in frame.columns]
    further = [label for label in frame.columns if label not in real.columns]
    if missing or further:
        faults = [f"is missing the columns {_listed(missing)} of the real one"] * bool(missing)
        if further:
            faults.append(f"has the columns {_listed(further)}, which are not in the real one")
        raise DataError(
            f"The {name} table {' and '.join(faults)}; compare tables with the same columns"
        )
    _check_rows(name, frame)
    series = {label: _in_dtype(frame[label], real[label].dtype) for label in real.columns}
    return pd.DataFrame(series, columns=real.columns).reset_index(drop=True)


def _listed(labels: Any) -> str:
    shown = ", ".join(f"{str(label)!r:.60}" for label in list(labels)[:MOST_NAMED])
    return shown + (", …" if len(labels) > MOST_NAMED else "")


def _in_dtype(values: pd.Series, dtype: Any) -> pd.Series:
    """Return values in another dtype if that holds the same, and else as they are."""
    if values.dtype == dtype or dtype == np.dtype(object):
        return values
    try:
        cast = values.astype(dtype)
        missing = values.isna().to_numpy(bool)
        same = (cast.isna().to_numpy(bool) == missing).all()
        same = same and bool((cast[~missing] == values[~missing]).all())
    except (TypeError, ValueError, OverflowError):
        return values
    return cast if same else values
