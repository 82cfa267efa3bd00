"""What is known of a table without its rows: names, dtypes, and what the user declares."""

import warnings
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import pandas as pd

from tabgan.dtypes import describe_dtype
from tabgan.errors import DataError, PrivacyWarning, SchemaError, did_you_mean
from tabgan.inference.cells import storage_of
from tabgan.kinds import Kind, check_kind
from tabgan.schema import Column, Schema

__all__ = ["declared_schema"]

DECLARED = "declared"

_KINDS: dict[str | None, Kind] = {
    "boolean": "boolean",
    "number": "numeric",
    "date": "datetime",
    "duration": "timedelta",
    "category": "categorical",  # intervals: categories that are not declared are refused
    None: "categorical",  # objects and text, unless their rows vote for numbers or dates
}


def declared_schema(df: pd.DataFrame, schema: Schema | Mapping[Hashable, Kind] | None) -> Schema:
    """Describe a table by its dtypes and by a declaration; a column that has one says why.

    Of a declared `Schema` count kinds, ranges, decimals, formats and locales.

    Raises
    ------
    SchemaError
        If the declaration names a column that is not there, or no kind; or if a dtype has
        categories, which may have been read off the rows, and the column is not declared to be
        categorical, which makes them public.
    DataError
        If a dtype can't be kept.

    Examples
    --------
    >>> df = pd.DataFrame({"age": [31, 52], "name": ["Ann", "Bob"]})
    >>> [(column.name, column.kind) for column in declared_schema(df, {"name": "first_name"})]
    [('age', 'integer'), ('name', 'first_name')]
    """
    given = {c.name: c for c in schema} if isinstance(schema, Schema) else dict(schema or {})
    for name in given:
        if name not in set(df.columns):
            raise SchemaError(
                f"Column {name!r} is not in the table; {did_you_mean(name, df.columns)}"
            )
    _warn_of_measured(given.values())
    columns = [
        _column(name, df.dtypes.iloc[place], given.get(name))
        for place, name in enumerate(df.columns)
    ]
    return Schema(tuple(columns), tuple(df.columns.names))


def _warn_of_measured(declared: Iterable[Column | Kind]) -> None:
    """Warn of columns that say that they were inferred from a table."""
    measured = [
        f"{column.name!r} ({column.why})"
        for column in declared
        if isinstance(column, Column)
        and column.why not in ("", DECLARED)
        and any(value is not None for value in (column.minimum, column.maximum, column.decimals))
    ]
    if measured:
        warnings.warn(
            "The schema counts as public, but ranges in it were measured on a table: "
            f"{', '.join(measured[:5])}. If that is the private table, declare ranges that do not "
            "come from it, or none",
            PrivacyWarning,
            stacklevel=2,
        )


def _column(name: Hashable, dtype: Any, declared: Column | Kind | None) -> Column:
    kind = declared.kind if isinstance(declared, Column) else declared
    if kind is not None:
        check_kind(f"Column {name!r}", kind)
    if isinstance(dtype, pd.CategoricalDtype) and kind != "categorical":
        raise SchemaError(
            f"Column {name!r}: the categories of its dtype may have been read off the rows; say "
            f"that they are public with schema={{{name!r}: 'categorical'}}, or convert the column "
            "with .astype(object)"
        )
    try:
        described = describe_dtype(dtype)
    except DataError as error:
        raise DataError(f"Column {name!r}: {error}") from error
    if isinstance(declared, Column):
        return Column(
            name,
            declared.kind,
            described,
            minimum=declared.minimum,
            maximum=declared.maximum,
            decimals=declared.decimals,
            format=declared.format,
            locale=declared.locale,
            why=DECLARED,
        )
    if kind is not None:
        return Column(name, kind, described, why=DECLARED)
    plain = dtype.subtype if isinstance(dtype, pd.SparseDtype) else dtype
    storage = storage_of(plain)
    kind = _KINDS[storage]
    if storage == "number" and pd.api.types.is_integer_dtype(plain):
        kind = "integer"
    why = "" if storage is None else f"dtype {dtype}"
    return Column(name, kind, described, decimals=0 if kind == "integer" else None, why=why)
