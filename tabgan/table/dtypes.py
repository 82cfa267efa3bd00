"""pandas dtypes to and from JSON.

A dtype is a string where that says everything (``"int64"``, ``"Int8"``, ``"string[python]"``,
``"datetime64[ns, Europe/Paris]"``, ``"period[M]"``), and else an object with its ``"type"``.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tabgan.base.errors import DataError, SchemaError, did_you_mean
from tabgan.table.scalars import describe_zone, from_json_scalar, restore_zone, to_json_scalar

__all__ = ["describe_dtype", "restore_dtype"]

_SIZES = (8, 16, 32, 64)
_MASKED = ("boolean", "Float32", "Float64", *(f"{u}nt{n}" for u in ("I", "UI") for n in _SIZES))
_NUMPY = re.compile(
    r"[<>]?(bool|object|u?int\d+|float\d+|[iuf]\d+|(datetime64|timedelta64|M8|m8)\[[a-z]+\])"
)
_ZONED = re.compile(r"datetime64\[(s|ms|us|ns), (.+)\]")
_PERIOD = re.compile(r"period\[(.+)\]")
_KNOWN = (
    *("object", "bool", "float16", "float32", "float64", "datetime64[ns]", "timedelta64[ns]"),
    *(f"{u}int{n}" for u in ("", "u") for n in _SIZES),
    *(*_MASKED, "string[python]", "string[pyarrow]"),
)

_ARROW_UNITS = ("timestamp", "time32", "time64", "duration")
_ARROW_DECIMALS = ("decimal32", "decimal64", "decimal128", "decimal256")
_ARROW_PLAIN = (
    *("null", "bool_", "float16", "float32", "float64", "date32", "date64"),
    *("string", "large_string", "string_view", "binary", "large_binary", "binary_view"),
    *(f"{u}int{n}" for u in ("", "u") for n in _SIZES),
)


def describe_dtype(dtype: Any) -> Any:
    """Describe a pandas dtype by a JSON value.

    Raises
    ------
    DataError
        If columns of the dtype can't be synthesised (complex numbers, nested Arrow types …).

    Examples
    --------
    >>> describe_dtype(pd.Series([1, 2]).dtype)
    'int64'
    >>> describe_dtype(pd.CategoricalDtype(["low", "high"], ordered=True))
    {'type': 'category', 'categories': ['low', 'high'], 'dtype': 'object', 'ordered': True}
    """
    for known, describe in _DESCRIBERS:
        if isinstance(dtype, known):
            description = describe(dtype)
            if description is not None:
                return description
    raise DataError(
        f"Dtype {dtype} is not supported; convert the column to numbers, text, dates or "
        "categories with .astype(), or leave it out",
        on_command_line=f"Columns of the type {dtype} can't be learned; leave the column out with "
        "--drop COLUMN, or convert it to numbers, text or dates",
    )


def restore_dtype(description: Any) -> Any:
    """Make the pandas dtype that `describe_dtype` described.

    Raises
    ------
    SchemaError
        If the JSON value does not describe a dtype, or needs pyarrow where that is not installed.
    """
    try:
        dtype = _restore(description)
    except SchemaError:
        raise
    except ImportError as error:
        raise SchemaError(
            f"Dtype {description!r:.200} needs pyarrow; install it with: pip install pyarrow"
        ) from error
    except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
        raise SchemaError(f"{description!r:.200} does not describe a dtype: {error}") from error
    except RecursionError as error:
        raise SchemaError("The description of a dtype is nested too deeply") from error
    return dtype


def _restore(description: Any) -> Any:
    if isinstance(description, str):
        return _restore_text(description)
    if not isinstance(description, dict):
        raise SchemaError(
            f"{description!r:.200} does not describe a dtype; it must be a string such as 'int64' "
            "or an object with a 'type'"
        )
    kind = description.get("type")
    if not isinstance(kind, str) or kind not in _RESTORERS:
        raise SchemaError(
            f"{kind!r:.200} is not a type of dtype; {did_you_mean(str(kind), _RESTORERS)}"
        )
    return _RESTORERS[kind](description)


def _restore_text(text: str) -> Any:
    dtype: Any = None
    if text in _MASKED:
        dtype = pd.api.types.pandas_dtype(text)
    elif text in ("string[python]", "string[pyarrow]"):
        dtype = pd.StringDtype(text[7:-1])
    elif match := _ZONED.fullmatch(text):
        dtype = pd.DatetimeTZDtype(match[1], restore_zone(match[2]))  # type: ignore[arg-type]
    elif match := _PERIOD.fullmatch(text):
        dtype = pd.PeriodDtype(match[1])
    elif _NUMPY.fullmatch(text):
        dtype = _restore_numpy(text)
    if dtype is None:
        raise SchemaError(f"{text!r:.200} is not a known dtype; {did_you_mean(text, _KNOWN)}")
    return dtype


def _restore_numpy(text: str) -> Any:
    try:
        dtype = np.dtype(text)
    except (TypeError, ValueError):
        return None
    return dtype if _describe_numpy(dtype) == text else None


def _describe_numpy(dtype: Any) -> Any:
    if dtype.kind in "mM" and np.datetime_data(dtype)[0] not in ("s", "ms", "us", "ns"):
        return None
    if dtype.kind not in "iufbOmM":
        return None
    return dtype.name if dtype.isnative else dtype.str


def _describe_string(dtype: Any) -> Any:
    missing = getattr(dtype, "na_value", pd.NA)
    if missing is pd.NA:
        return f"string[{dtype.storage}]"
    return {"type": "string", "storage": dtype.storage}


def _describe_category(dtype: Any) -> Any:
    if dtype.categories is None:
        return None
    return {
        "type": "category",
        "categories": [to_json_scalar(level) for level in dtype.categories],
        "dtype": describe_dtype(dtype.categories.dtype),
        "ordered": bool(dtype.ordered),
    }


def _restore_category(state: dict[str, Any]) -> Any:
    levels = [from_json_scalar(level) for level in state["categories"]]
    dtype = restore_dtype(state["dtype"])
    if dtype == np.dtype(object):  # an index would make numbers or dates out of objects
        items = np.empty(len(levels), object)
        items[:] = levels
        categories = pd.Index(items, dtype=object)
    else:
        categories = pd.Index(pd.array(levels, dtype=dtype))
    return pd.CategoricalDtype(categories, ordered=bool(state["ordered"]))


def _describe_interval(dtype: Any) -> Any:
    if dtype.subtype is None:
        return None
    return {"type": "interval", "subtype": describe_dtype(dtype.subtype), "closed": dtype.closed}


def _describe_sparse(dtype: Any) -> Any:
    state = {"type": "sparse", "subtype": describe_dtype(dtype.subtype)}
    if str(dtype) != str(pd.SparseDtype(dtype.subtype)):
        state["fill"] = to_json_scalar(dtype.fill_value)
    return state


def _restore_sparse(state: dict[str, Any]) -> Any:
    subtype = restore_dtype(state["subtype"])
    if "fill" not in state:
        return pd.SparseDtype(subtype)
    fill = from_json_scalar(state["fill"])
    if not pd.api.types.is_scalar(fill):
        raise ValueError("the fill value is not a single one")
    pd.array([fill], dtype=subtype)  # raises if it does not fit
    return pd.SparseDtype(subtype, fill)


def _describe_arrow(dtype: Any) -> Any:
    arrow = _describe_arrow_type(dtype.pyarrow_dtype)
    return None if arrow is None else {"type": "arrow", "arrow": arrow}


def _describe_arrow_type(arrow: Any) -> Any:
    import pyarrow as pa

    for name in _ARROW_PLAIN:
        if hasattr(pa, name) and arrow == getattr(pa, name)():
            return name
    name = str(arrow).partition("[")[0].partition("(")[0]
    if name in _ARROW_UNITS:
        zone = getattr(arrow, "tz", None)
        return [name, arrow.unit] if zone is None else [name, arrow.unit, zone]
    if name in _ARROW_DECIMALS:
        return [name, arrow.precision, arrow.scale]
    if pa.types.is_fixed_size_binary(arrow):
        return ["binary", arrow.byte_width]
    if pa.types.is_dictionary(arrow):
        index, value = (_describe_arrow_type(part) for part in (arrow.index_type, arrow.value_type))
        return None if value is None else ["dictionary", index, value, arrow.ordered]
    return None


def _restore_arrow_type(arrow: Any) -> Any:
    import pyarrow as pa

    if isinstance(arrow, str) and arrow in _ARROW_PLAIN:
        return getattr(pa, arrow)()
    name, *parts = arrow
    if name == "dictionary":
        index, value, ordered = parts
        return pa.dictionary(_restore_arrow_type(index), _restore_arrow_type(value), bool(ordered))
    if name not in (*_ARROW_UNITS, *_ARROW_DECIMALS, "binary"):
        raise SchemaError(f"{arrow!r:.200} is not a plain Arrow type")
    if name == "binary" and parts[0] < 1:
        raise ValueError("the width must be at least 1")
    if name == "timestamp" and len(parts) > 1:
        pd.DatetimeTZDtype("ns", parts[1])  # raises if the time zone is not known
    return getattr(pa, name)(*parts)


# In this order: a dtype of Arrow is none of the others, an Arrow-backed string is a StringDtype.
_DESCRIBERS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (np.dtype, _describe_numpy),
    (pd.StringDtype, _describe_string),
    (pd.DatetimeTZDtype, lambda dtype: f"datetime64[{dtype.unit}, {describe_zone(dtype.tz)}]"),
    (pd.CategoricalDtype, _describe_category),
    (pd.PeriodDtype, str),
    (pd.IntervalDtype, _describe_interval),
    (pd.SparseDtype, _describe_sparse),
    (pd.ArrowDtype, _describe_arrow),
    (object, lambda dtype: dtype.name if getattr(dtype, "name", None) in _MASKED else None),
)

_RESTORERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "string": lambda state: pd.StringDtype(state["storage"], na_value=np.nan),
    "category": _restore_category,
    "interval": lambda state: pd.IntervalDtype(restore_dtype(state["subtype"]), state["closed"]),
    "sparse": _restore_sparse,
    "arrow": lambda state: pd.ArrowDtype(_restore_arrow_type(state["arrow"])),
}
