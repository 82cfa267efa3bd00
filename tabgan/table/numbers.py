"""Columns of numbers, of whatever dtype, as plain arrays of int64, uint64 or float64 and back."""

import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError, SchemaError
from tabgan.table.level_codes import Distinct, as_objects, assemble, dense, distinct_of
from tabgan.table.number_forms import NumberForm, parse_by_forms
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Column
from tabgan.table.text_formats import NUMBER

__all__ = [
    "Numbers",
    "from_pool",
    "in_rows",
    "is_plain",
    "plain_texts",
    "number_forms",
    "read_numbers",
    "whole_within",
    "write_by_forms",
    "write_numbers",
]

_INT64, _UINT64 = np.iinfo(np.int64), np.iinfo(np.uint64)
_LONGEST = 20  # characters of a whole number of 64 bits
_EXACT_POWERS = 22  # powers of ten up to this one are exact in float64
_FIXED = re.compile(r"%\.(\d{1,3})f", re.ASCII)


class Numbers(NamedTuple):
    """The numbers of a column beside its special values, row by row."""

    values: NDArray[Any]  # (n,) int64, uint64 or float64; 0 where not present
    present: NDArray[np.bool_]  # (n,)
    special: NDArray[np.object_]  # (n,) where not present, None if missing; None elsewhere
    forms: NDArray[np.int8] | None = None  # (n,) place in `Column.formats`; None where all are 0

    def take(self, rows: Any) -> "Numbers":
        """Return some rows, chosen by a mask or by number."""
        forms = None if self.forms is None else self.forms[rows]
        return Numbers(self.values[rows], self.present[rows], self.special[rows], forms)


def from_pool(
    codes: NDArray[np.int64],
    levels: Sequence[Scalar],
    pool: NDArray[Any],
    is_number: Any,
    forms: NDArray[np.int64] | None = None,
) -> Numbers:
    """Lay out distinct numbers and specials by the rows' codes (-1: missing).

    Parameters
    ----------
    codes
        The place of each row's value.
    levels, pool
        The distinct values as they are, and as numbers.
    is_number
        Whether each of them is a number.
    forms
        Which of the column's formats each of them has; None where there is but one.
    """
    known = np.array([*is_number, False], bool)
    values = np.append(np.where(known[:-1], pool, pool.dtype.type(0)), pool.dtype.type(0))
    specials = as_objects([*levels, None])
    specials[known] = None
    places = None if forms is None else np.maximum(np.append(forms, 0), 0).astype(np.int8)[codes]
    return Numbers(values[codes], known[codes], specials[codes], places)


def read_numbers(
    values: pd.Series, column: Column, distinct: Callable[[pd.Series], Distinct] = distinct_of
) -> Numbers:
    """Read a column of kind numeric or integer.

    Parameters
    ----------
    values
        The values of a column.
    column
        What the column is.
    distinct
        Tells the distinct values of a column that is none of numbers.
    """
    values = dense(values)
    kind = values.dtype.kind
    if isinstance(values.dtype, pd.CategoricalDtype):
        raise DataError(
            f"Column {column.name!r}: kind={column.kind!r} does not go with the dtype category; "
            "convert the column with .astype(), or give it the kind 'categorical'",
            on_command_line=f"Column {column.name!r} is one of categories in the file, so that it "
            f"can't have the kind {column.kind!r}; give --kind {column.name}=categorical",
        )
    if kind == "f":
        return _read_floats(values)
    if kind in "iub":
        return _read_integers(values)
    codes, levels = distinct(values)
    if column.format is not None and not is_plain(column.format):
        return _read_forms(codes, levels, column)
    whole = column.kind == "integer"
    numbers = [_number(level, column.format is not None) for level in levels]
    word = _word(column, numbers)
    low = word.min if whole else _INT64.min
    for position, number in enumerate(numbers):
        if (whole or isinstance(number, int)) and not low <= (number or 0) <= word.max:
            numbers[position] = None  # kept as it is: too long to count with
    plain = (0 if number is None else number for number in numbers)
    if whole:
        pool = np.array([round(number) for number in plain], word.dtype)
    else:
        pool = np.array([float(number) for number in plain], np.float64)
    return from_pool(codes, levels, pool, [number is not None for number in numbers])


def is_plain(form: str) -> bool:
    """Return whether a format is one of those in which programs write numbers."""
    return form in ("shortest", "repr") or _FIXED.fullmatch(form) is not None


def number_forms(column: Column) -> list[NumberForm]:
    """Return the forms in which the numbers of a column are written.

    Raises
    ------
    SchemaError
        If a format is none of numbers.
    """
    try:
        return [NumberForm.from_spec(spec) for spec in column.formats]
    except SchemaError as error:
        raise SchemaError(f"Column {column.name!r}: {error}") from error


def _read_forms(codes: NDArray[np.int64], levels: Sequence[Scalar], column: Column) -> Numbers:
    forms = number_forms(column)
    texts = [level if type(level) is str else "" for level in levels]
    pool, places = parse_by_forms(forms, texts)
    if column.kind == "integer" and pool.dtype.kind == "f":
        is_whole = (pool == np.rint(pool)) & (np.abs(pool) < 2.0**63)
        places, pool = np.where(is_whole, places, -1), np.where(is_whole, pool, 0).astype(np.int64)
    elif column.kind == "numeric":
        pool = pool.astype(np.float64)
    return from_pool(codes, levels, pool, places >= 0, places if len(forms) > 1 else None)


def _read_integers(values: pd.Series) -> Numbers:
    dtype: Any = values.dtype
    wide = np.uint64 if dtype.kind == "u" and dtype.itemsize == 8 else np.int64
    if isinstance(dtype, np.dtype):
        numbers, present = values.to_numpy(), np.ones(len(values), bool)
    else:
        present = values.notna().to_numpy(bool)
        blank: Any = False if dtype.kind == "b" else 0
        numbers = values.to_numpy(bool if dtype.kind == "b" else wide, na_value=blank)
    return Numbers(numbers.astype(wide), present, np.full(len(values), None, object))


def _read_floats(values: pd.Series) -> Numbers:
    if isinstance(values.dtype, np.dtype):
        numbers = values.to_numpy().astype(np.float64)
    else:
        numbers = values.to_numpy(np.float64, na_value=np.nan).copy()
    present = np.isfinite(numbers)
    special = np.full(len(values), None, object)
    infinite = np.isinf(numbers)
    special[infinite] = as_objects(numbers[infinite].tolist())
    numbers[~present] = 0.0
    return Numbers(numbers, present, special)


def _number(value: Scalar, is_text: bool) -> Any:
    """Return a cell's finite number as int, float or Decimal; None if it is something else."""
    if is_text:
        return _number_of_text(value) if isinstance(value, str) else None
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    return value if isinstance(value, float | Decimal) and math.isfinite(float(value)) else None


def _number_of_text(text: str) -> Any:
    if NUMBER.fullmatch(text) is None:
        return None
    if text.removeprefix("-").isdecimal():
        return int(text) if len(text) <= _LONGEST else None
    number = float(text)
    return number if math.isfinite(number) else None


def write_numbers(numbers: Numbers, column: Column) -> pd.Series:
    """Write numbers with the column's name, dtype, precision and range.

    Parameters
    ----------
    numbers
        Numbers and special values.
    column
        What the column is.
    """
    values, present, special, forms = numbers
    dtype = column.pandas_dtype
    cell_dtype = dtype.subtype if isinstance(dtype, pd.SparseDtype) else dtype
    if cell_dtype.kind in "iub" or column.kind == "integer":
        low, high = _whole_range(column, cell_dtype)
        within = whole_within(np.where(present, values, values.dtype.type(0)), low, high)
    else:
        within = _floats_within(np.where(present, values, 0).astype(np.float64), column)
    if cell_dtype.kind not in "iufb":
        if column.format is not None and not is_plain(column.format):
            writers = [form.write for form in number_forms(column)]
            pool, codes = write_by_forms(within[present], in_rows(forms, present), writers)
        else:
            distinct, codes = np.unique(within[present], return_inverse=True)
            pool = _cells(distinct, column, cell_dtype)
        return assemble(pool, codes, special, present, column)
    cells = _plain_cells(within, special, column, present, cell_dtype)
    series = pd.Series(cells, name=column.name, copy=False)
    return series.astype(dtype) if isinstance(dtype, pd.SparseDtype) else series


def in_rows(forms: NDArray[np.int8] | None, rows: NDArray[np.bool_]) -> NDArray[np.int8] | None:
    """Return the forms of some rows; None where all have the first."""
    return None if forms is None else forms[rows]


def write_by_forms(
    values: NDArray[Any],
    forms: NDArray[np.int8] | None,
    writers: Sequence[Callable[[NDArray[Any]], Sequence[str]]],
) -> tuple[Sequence[str], NDArray[np.intp]]:
    """Write each value in its form.

    Parameters
    ----------
    values
        Numbers or ticks, shape (rows,).
    forms
        The place of each one's writer; None where all have the first.
    writers
        Write distinct values.

    Returns
    -------
    Distinct texts, and the place of each row's text.
    """
    if forms is None or len(writers) == 1:
        distinct, codes = np.unique(values, return_inverse=True)
        return writers[0](distinct), codes
    texts: list[str] = []
    places = np.zeros(len(values), np.intp)
    for place, write in enumerate(writers):
        rows = forms == place
        distinct, codes = np.unique(values[rows], return_inverse=True)
        places[rows] = codes + len(texts)
        texts += write(distinct)
    return texts, places


def whole_within(values: NDArray[Any], low: int, high: int) -> NDArray[Any]:
    """Round to whole numbers of int64, or of uint64 where `high` needs it, within a range.

    Parameters
    ----------
    values
        Numbers to round.
    low
        Least number of the range.
    high
        Greatest number of the range.

    Examples
    --------
    >>> whole_within(np.array([1e30, 2.6]), 0, 2**63 - 1).tolist()
    [9223372036854775807, 3]
    """
    dtype: Any = np.uint64 if high > _INT64.max else np.int64
    if values.dtype.kind == "f":
        rounded, info = np.rint(values), np.iinfo(dtype)
        whole = np.where(rounded > 0, dtype(info.max), dtype(info.min))
        inside = (rounded >= info.min) & (rounded < float(info.max))  # the next power of two
        whole[inside] = rounded[inside].astype(dtype)
        values = whole
    elif dtype is np.uint64 and values.dtype.kind == "i":
        values = np.maximum(values, 0).astype(dtype)
    info = np.iinfo(values.dtype)
    least, most = (min(max(bound, int(info.min)), int(info.max)) for bound in (low, high))
    within: NDArray[Any] = np.clip(values, least, most).astype(dtype)
    return within


def _word(column: Column, numbers: Sequence[Any] = ()) -> Any:
    """Return the limits of int64, or of uint64 where whole numbers need it."""
    most = _bound(column, "maximum")
    if most is None:
        most = max((number for number in numbers if number is not None), default=0)
    return _UINT64 if most > _INT64.max else _INT64


def range_of_numbers(column: Column, word: np.dtype[Any] | None = None) -> tuple[float, float]:
    """Return the least and the greatest number that a column may hold.

    Parameters
    ----------
    column
        The column.
    word
        The dtype in which its whole numbers are counted, where neither its own dtype nor its range
        tells.
    """
    if column.kind == "integer":
        dtype = column.pandas_dtype
        is_open = dtype.kind not in "iufb" and column.maximum is None and word is not None
        return _whole_range(column, word if is_open else dtype)
    least, most = _bound(column, "minimum"), _bound(column, "maximum")
    low = -math.inf if least is None else float(least)
    return low, math.inf if most is None else float(most)


def _whole_range(column: Column, dtype: Any) -> tuple[int, int]:
    """Return the least and the greatest whole number that a column may hold."""
    least, most = _bound(column, "minimum"), _bound(column, "maximum")
    low, high = 0, 1
    if dtype.kind != "b":
        is_integer = dtype.kind in "iu"
        info = np.iinfo(getattr(dtype, "numpy_dtype", dtype)) if is_integer else _word(column)
        low, high = int(info.min), int(info.max)
    low = low if least is None else min(max(low, math.ceil(least)), high)
    return low, high if most is None else max(min(high, math.floor(most)), low)


def _floats_within(values: NDArray[np.float64], column: Column) -> NDArray[np.float64]:
    decimals = column.decimals
    if decimals is not None and decimals <= _EXACT_POWERS:
        # Beyond, neighbouring floats are farther apart than the decimal places.
        fine = np.abs(values) < 2.0**53 / 10.0**decimals
        values[fine] = np.round(values[fine], decimals)
    bounds = [_bound(column, end) for end in ("minimum", "maximum")]
    low, high = (None if bound is None else float(bound) for bound in bounds)
    return (values if low is high is None else np.clip(values, low, high)) + 0.0  # no -0.0


def _bound(column: Column, end: str) -> Any:
    bound = getattr(column, end)
    if bound is None:
        return None
    is_number = isinstance(bound, int | float | Decimal)
    if not is_number or not float("-inf") < bound < float("inf"):
        raise SchemaError(
            f"Column {column.name!r}: {end}={bound!r} does not go with kind={column.kind!r}; "
            "it must be a finite number"
        )
    return bound


def _plain_cells(
    numbers: NDArray[Any],
    special: NDArray[np.object_],
    column: Column,
    present: NDArray[np.bool_],
    dtype: Any,
) -> Any:
    """Return an array of a dtype that holds numbers as such."""
    absent = ~present
    if dtype.kind == "f":
        numbers = numbers.astype(np.float64)
        numbers[absent] = [np.nan if v is None else float(v) for v in special[absent].tolist()]
    if isinstance(dtype, np.dtype):
        if absent.any() and dtype.kind != "f":
            raise DataError(
                f"Column {column.name!r}: its dtype {dtype} can't hold a missing value; "
                "convert the column to a nullable dtype such as 'Int64'",
                on_command_line=f"Column {column.name!r}: its type {dtype} can't hold a missing "
                "value; write the table as CSV, which can",
            )
        return numbers.astype(dtype)
    cells = pd.array(numbers.astype(dtype.numpy_dtype), dtype=dtype)
    cells[absent & pd.isna(special)] = pd.NA
    return cells


def _cells(numbers: NDArray[Any], column: Column, dtype: Any) -> Sequence[Any]:
    """Write distinct numbers as objects or text."""
    if column.format is not None:
        return plain_texts(numbers, column.format, column.decimals)
    scale = getattr(getattr(dtype, "pyarrow_dtype", None), "scale", None)
    if scale is not None:  # Arrow's decimals
        texts = [f"{round(v, scale):.{max(scale, 0)}f}" for v in numbers.tolist()]
        return _decimals_within(texts, column)
    if isinstance(column.minimum, Decimal):
        form = "shortest" if column.decimals is None else f"%.{column.decimals}f"
        return _decimals_within(plain_texts(numbers, form, column.decimals), column)
    if isinstance(column.minimum, float):
        numbers = numbers.astype(np.float64)
    cells: list[Any] = numbers.tolist()
    return cells


def _decimals_within(texts: Sequence[str], column: Column) -> list[Decimal]:
    """Turn texts into Decimals; those of more digits than a float has are put into the range."""
    cells = [Decimal(text) for text in texts]
    if isinstance(column.minimum, Decimal):
        cells = [max(cell, column.minimum) for cell in cells]
    if isinstance(column.maximum, Decimal):
        cells = [min(cell, column.maximum) for cell in cells]
    return cells


def plain_texts(numbers: NDArray[Any], form: str, decimals: int | None) -> list[str]:
    """Write numbers as programs do.

    Parameters
    ----------
    numbers
        Numbers.
    form
        A format for which `is_plain` is true.
    decimals
        The most decimal places; None for full precision.

    Examples
    --------
    >>> plain_texts(np.array([1.0, 2.5]), "shortest", 2), plain_texts(np.array([1]), "%.1f", 1)
    (['1', '2.5'], ['1.0'])
    """
    fixed = _FIXED.fullmatch(form)
    if fixed is not None:
        places = int(fixed[1])
        if numbers.dtype.kind in "iu":  # which may have more digits than a float
            zeros = "." + "0" * places if places else ""
            return [f"{number}{zeros}" for number in numbers.tolist()]
        return [f"{number:.{places}f}" for number in numbers.tolist()]
    texts = _shortest(numbers, decimals)
    if form == "repr":
        return [text if "." in text or "e" in text else f"{text}.0" for text in texts]
    return texts


def _shortest(numbers: NDArray[Any], decimals: int | None) -> list[str]:
    if numbers.dtype.kind in "iu":
        return [str(number) for number in numbers.tolist()]
    if decimals is None:
        return [repr(number).removesuffix(".0") for number in numbers.tolist()]
    fixed_texts = [f"{number:.{decimals}f}" for number in numbers.tolist()]
    return [t.rstrip("0").rstrip(".") if "." in t else t for t in fixed_texts]
