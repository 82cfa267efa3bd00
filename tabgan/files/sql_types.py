"""Types of SQL for the columns of a table."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from tabgan.files.extras import load_extra

__all__ = ["cells_to_write", "types_to_write"]


_WITH_ZONES = ("postgresql", "oracle", "mssql")
_WITH_INTERVALS = ("postgresql", "oracle")


def types_to_write(block: pd.DataFrame, known: Mapping[str, Any], dialect: str) -> dict[str, Any]:
    """Choose the SQL type of each column: the one that was read, or one for its values.

    Texts have no greatest length, as those that are made may be longer than the real ones. Times
    with a zone and durations are texts where the database has no type for them.
    """
    sql = load_extra("sqlalchemy", "A database", "sql")
    chosen = {}
    for place, name in enumerate(block.columns):
        kind = known.get(name)
        kind = _type_of(sql, block.iloc[:, place]) if kind is None else _general(sql, kind)
        zoned = isinstance(kind, sql.DateTime) and kind.timezone and dialect not in _WITH_ZONES
        lasting = isinstance(kind, sql.Interval) and dialect not in _WITH_INTERVALS
        chosen[name] = sql.Text() if zoned or lasting else kind
    return chosen


def cells_to_write(values: pd.Series, kind: Any) -> list[Any]:
    """Return the cells of a column for its SQL type; in one of texts all others are written out."""
    sql = load_extra("sqlalchemy", "A database", "sql")
    objects = values.astype(object)
    cells: list[Any] = objects.where(values.notna(), None).tolist()
    if not isinstance(kind, sql.Text):
        return cells
    return [cell if cell is None or isinstance(cell, str) else _written(cell) for cell in cells]


def _written(cell: Any) -> str:
    """Write a cell as text: dates, times and durations in ISO form."""
    return str(cell.isoformat() if hasattr(cell, "isoformat") else cell)


def _general(sql: Any, kind: Any) -> Any:
    """Return a type that every database has, near to one of a single database."""
    try:
        kind = kind.as_generic()
    except NotImplementedError:
        return sql.Text()
    if isinstance(kind, sql.String | sql.types.NullType) and not isinstance(kind, sql.Enum):
        return sql.Text()
    return sql.BigInteger() if isinstance(kind, sql.Integer) else kind


def _type_of(sql: Any, values: pd.Series) -> Any:
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        dtype = dtype.categories.dtype
    kinds = pd.api.types
    if kinds.is_bool_dtype(dtype):
        return sql.Boolean()
    if kinds.is_integer_dtype(dtype):
        return sql.BigInteger()
    if kinds.is_float_dtype(dtype):
        return sql.Double()
    if dtype.kind == "M":
        return sql.DateTime(timezone=_is_zoned(values))
    if dtype.kind == "m":
        return sql.Interval()
    return _type_of_objects(sql, values.dropna())


def _type_of_objects(sql: Any, given: pd.Series) -> Any:
    found = set(map(type, given.astype(object)))
    choices: list[tuple[type, Any]] = [
        (datetime, sql.DateTime(timezone=_is_zoned(given))),
        (timedelta, sql.Interval()),
        (date, sql.Date()),
        (time, sql.Time()),
        (Decimal, sql.Numeric(38, _decimals(given) if found == {Decimal} else 0)),
    ]
    for kind, choice in choices:
        if found and all(issubclass(own, kind) for own in found):
            return choice
    return sql.Text()


def _is_zoned(values: pd.Series) -> bool:
    return any(getattr(value, "tzinfo", None) is not None for value in values.dropna().head(1))


def _decimals(given: pd.Series) -> int:
    exponents = [value.as_tuple().exponent for value in given]
    return max((-e for e in exponents if isinstance(e, int)), default=0)
