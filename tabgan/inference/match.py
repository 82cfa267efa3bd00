"""Hold a table against a schema that was given."""

from collections.abc import Hashable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from tabgan.errors import SchemaError, did_you_mean
from tabgan.inference.cells import shown
from tabgan.inference.infer import infer_schema
from tabgan.kinds import LOCALISED, RANGED, Kind
from tabgan.schema import Column, Schema
from tabgan.values import outside_range

__all__ = ["match_schema", "resolve_schema", "with_measured_ranges"]

MOST_TRIMMED = 4  # times a column's least rows: both ends, each with less than a group in excess


def resolve_schema(
    df: pd.DataFrame,
    schema: Schema | Mapping[Hashable, Kind] | None,
    locale: str | None = None,
) -> Schema:
    """Describe a table: as a schema declares it, or by inference with kinds overridden.

    Columns that are made in the words of a locale, and have none of their own, get the given one.

    Raises
    ------
    DataError, SchemaError
        As `match_schema` and `infer_schema` do.
    """
    found = _resolve(df, schema)
    columns = (
        replace(column, locale=column.locale or locale) if column.kind in LOCALISED else column
        for column in found
    )
    return replace(found, columns=tuple(columns))


def _resolve(df: pd.DataFrame, schema: Schema | Mapping[Hashable, Kind] | None) -> Schema:
    if isinstance(schema, Schema):
        return match_schema(df, schema)
    if schema is not None and not isinstance(schema, Mapping):
        raise SchemaError(
            f"schema={schema!r:.80} must be a Schema, a mapping from column names to kinds, or "
            "None; Schema.from_json reads one from JSON"
        )
    return infer_schema(df, schema)


def match_schema(df: pd.DataFrame, schema: Schema) -> Schema:
    """Describe a table as a given schema declares it.

    Kind, range and decimals are the schema's; storage, format and missing share are the table's.
    Columns are matched by name and come in the table's order.

    Raises
    ------
    DataError
        If the table can't be used.
    SchemaError
        If a column lacks on either side, or does not fit its declared kind or range.
    """
    declared = {column.name: column for column in schema}
    for name in df.columns:
        if name not in declared:
            raise SchemaError(
                f"Column {name!r} is in the table but not in the schema; "
                f"{did_you_mean(name, schema.names)}"
            )
    present = set(df.columns)
    for lacking in schema.names:
        if lacking not in present:
            raise SchemaError(
                f"Column {lacking!r} is in the schema but not in the table; "
                f"{did_you_mean(lacking, df.columns)}"
            )
    measured = infer_schema(df, {name: column.kind for name, column in declared.items()})
    columns = tuple(_declare(column, declared[column.name]) for column in measured)
    columns = tuple(
        column if column.kind not in RANGED else _checked_range(df.iloc[:, at], own, column)
        for at, (own, column) in enumerate(zip(measured, columns, strict=True))
    )
    return replace(measured, columns=columns)


def _checked_range(values: pd.Series, own: Column, column: Column) -> Column:
    """Check that a declared range holds, but for what was trimmed when the schema was learned."""
    if (own.minimum, own.maximum) == (column.minimum, column.maximum):
        return column
    outside = np.flatnonzero(outside_range(values, column))
    if column.least_rows > 1 and len(outside) <= MOST_TRIMMED * column.least_rows:
        return replace(column, minimum=own.minimum, maximum=own.maximum) if len(outside) else column
    if len(outside):
        first = int(outside[0])
        raise SchemaError(
            f"Column {column.name!r}: the declared range from {shown(column.minimum)} to "
            f"{shown(column.maximum)} leaves out {len(outside)} of {len(values)} rows, first "
            f"{shown(values.iloc[first])} in row {first}; widen the range, or change or drop these "
            "rows"
        )
    return column


def _declare(measured: Column, declared: Column) -> Column:
    given = {
        key: getattr(declared, key)
        for key in ("minimum", "maximum", "decimals", "locale", "min_group")
        if getattr(declared, key) is not None
    }
    return replace(measured, **given, why=declared.why or measured.why)


def with_measured_ranges(schema: Schema, before: pd.DataFrame, after: pd.DataFrame) -> Schema:
    """Bring the ranges that a schema has measured of a table to those of a changed table.

    Ranges that were declared are others than the table's, and stay.

    Parameters
    ----------
    schema
        Describes the columns of both tables.
    before, after
        The table of which it was made, and the changed one.
    """
    ranged = [at for at, column in enumerate(schema) if column.kind in RANGED]
    if not ranged:
        return schema
    kinds: dict[Hashable, Kind] = {at: schema.columns[at].kind for at in ranged}
    # labels may be odd ones: positions take their place
    tables = (frame.iloc[:, ranged].set_axis(ranged, axis=1) for frame in (before, after))
    columns = list(schema)
    for at, old, new in zip(ranged, *(infer_schema(table, kinds) for table in tables), strict=True):
        column = columns[at]
        was, now = (measured.why.removeprefix("as asked; ") for measured in (old, new))
        column = replace(column, why=column.why.replace(was, now))
        for end in ("minimum", "maximum"):
            if getattr(column, end) == getattr(old, end):
                column = replace(column, **{end: getattr(new, end)})
        columns[at] = column
    return replace(schema, columns=tuple(columns))
