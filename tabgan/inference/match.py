"""Hold a table against a schema that was given."""

from collections.abc import Hashable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from tabgan.errors import SchemaError, did_you_mean
from tabgan.inference.cells import shown
from tabgan.inference.infer import infer_schema
from tabgan.kinds import LOCALISED, Kind
from tabgan.schema import Column, Schema
from tabgan.values import outside_range

__all__ = ["match_schema", "resolve_schema"]

_RANGED: set[Kind] = {"integer", "numeric", "datetime", "timedelta"}


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
    for position, (own, column) in enumerate(zip(measured, columns, strict=True)):
        is_own = (own.minimum, own.maximum) == (column.minimum, column.maximum)
        if column.kind in _RANGED and not is_own:
            _check_range(df.iloc[:, position], column)
    return replace(measured, columns=columns)


def _check_range(values: pd.Series, column: Column) -> None:
    outside = np.flatnonzero(outside_range(values, column))
    if len(outside):
        first = int(outside[0])
        raise SchemaError(
            f"Column {column.name!r}: the declared range from {shown(column.minimum)} to "
            f"{shown(column.maximum)} leaves out {len(outside)} of {len(values)} rows, first "
            f"{shown(values.iloc[first])} in row {first}; widen the range, or change or drop these "
            "rows"
        )


def _declare(measured: Column, declared: Column) -> Column:
    given = {
        key: getattr(declared, key)
        for key in ("minimum", "maximum", "decimals", "locale")
        if getattr(declared, key) is not None
    }
    return replace(measured, **given, why=declared.why or measured.why)
