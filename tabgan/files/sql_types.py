"""Types of SQL for the columns of a table."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pandas as pd

from tabgan.files.extras import load_extra

__all__ = ["types_to_write"]


def types_to_write(block: pd.DataFrame, known: Mapping[str, Any]) -> dict[str, Any]:
    """Choose the SQL type of each column: the one that was read, or one for its values.

    Texts have no greatest length, as those that are made may be longer than the real ones.
    """
    sql = load_extra("sqlalchemy", "A database", "sql")
    chosen = {}
    for place, name in enumerate(block.columns):
        kind = known.get(name)
        chosen[name] = _type_of(sql, block.iloc[:, place]) if kind is None else _general(sql, kind)
    return chosen


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
        return sql.DateTime(timezone=getattr(dtype, "tz", None) is not None)
    if dtype.kind == "m":
        return sql.Interval()
    return _type_of_objects(sql, values.dropna())


def _type_of_objects(sql: Any, given: pd.Series) -> Any:
    found = set(map(type, given.astype(object)))
    choices: list[tuple[type, Any]] = [
        (datetime, sql.DateTime()),
        (date, sql.Date()),
        (time, sql.Time()),
        (Decimal, sql.Numeric(38, _decimals(given) if found == {Decimal} else 0)),
    ]
    for kind, choice in choices:
        if found and all(issubclass(own, kind) for own in found):
            return choice
    return sql.Text()


def _decimals(given: pd.Series) -> int:
    exponents = [value.as_tuple().exponent for value in given]
    return max((-e for e in exponents if isinstance(e, int)), default=0)
