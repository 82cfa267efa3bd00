"""The distinct values of a column: found with their Python types told apart, and laid out again."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError
from tabgan.table.scalars import Scalar, is_scalar, to_python_scalar
from tabgan.table.schema import Column
from tabgan.table.text_formats import MISSING_MARKS

__all__ = [
    "Distinct",
    "absent_of",
    "are_filled",
    "are_texts",
    "assemble",
    "codes_of",
    "dense",
    "determines",
    "distinct_of",
    "is_absent",
    "levels_to_series",
]

MOST_DIFFERENT = 0.3  # share of the rows that may differ from a level's last row
MOST_ODD = 0.03  # of the rows that repeat a level, which differ from most of its rows
MOST_OF_CHANCE = 0.1  # the same, of those that would differ by chance
_ABSENT = {None: None, "NaN": float("nan"), "NaT": pd.NaT, "NA": pd.NA}
_LONG = np.dtype(np.longdouble)
_COMMON = {str, int, float, bool}  # types whose values can always be kept

Distinct = tuple[NDArray[np.int64], list[Scalar]]  # the place of each row's value, and the values


def codes_of(
    values: pd.Series, distinct: Distinct | None = None
) -> tuple[NDArray[np.int32], list[Scalar]]:
    """Find the levels of a column and the level of each row.

    Levels are told apart by type too: in a column of objects ``1``, ``"1"``, ``1.0`` and ``True``
    are four. They are sorted within their type, those of a categorical dtype are in its order;
    a missing value is the level None, which comes last.

    Parameters
    ----------
    values
        The values of a column.
    distinct
        What `distinct_of` returns of them, if it is known.

    Returns
    -------
    Codes of shape (rows,), and the levels that occur.

    Raises
    ------
    DataError
        If a value can't be kept as a level, such as a list.

    Examples
    --------
    >>> codes_of(pd.Series(["b", None, "a", "b"]))
    (array([1, 2, 0, 1], dtype=int32), ['a', 'b', None])
    """
    found, levels = distinct_of(values) if distinct is None else distinct
    order = range(len(levels)) if _is_category(values) else _in_order(levels)
    rank = np.full(len(levels) + 1, len(levels), np.int32)  # its last entry is that of code -1
    rank[list(order)] = np.arange(len(levels), dtype=np.int32)
    levels = [levels[position] for position in order]
    return rank[found], [*levels, None] if (found < 0).any() else levels


def levels_to_series(
    levels: Sequence[Scalar], codes: NDArray[np.integer[Any]], column: Column
) -> pd.Series:
    """Lay out levels by their codes, with the column's name and dtype.

    Parameters
    ----------
    levels
        The levels.
    codes
        Code of each row: the place of its level.
    column
        What the column is.

    Raises
    ------
    DataError
        If a level does not fit the column's dtype.

    Examples
    --------
    >>> column = Column("size", "categorical", "Int64")
    >>> levels_to_series([1, None], np.array([0, 1, 0]), column).tolist()
    [1, <NA>, 1]
    """
    dtype = column.pandas_dtype
    try:
        if isinstance(dtype, pd.CategoricalDtype):
            position = {category: code for code, category in enumerate(dtype.categories)}
            pool = np.array([-1 if v is None else position[v] for v in levels], np.int64)
            cells: Any = pd.Categorical.from_codes(pool[codes], dtype=dtype)
        else:
            cells = _pool(levels, dtype, column)[codes]
    except (TypeError, ValueError, OverflowError, KeyError) as error:
        raise DataError(
            f"Column {column.name!r}: its levels do not fit its dtype {dtype}: {error}"
        ) from error
    series: pd.Series = pd.Series(cells, name=column.name, dtype=dtype)
    return series


def _pool(levels: Sequence[Scalar], dtype: Any, column: Column) -> Any:
    """Make an array of the levels, of the dtype or, for a sparse one, of its values."""
    if isinstance(dtype, pd.SparseDtype):
        dtype = dtype.subtype
    if dtype == np.dtype(object):
        return as_objects([absent_value(column) if level is None else level for level in levels])
    if isinstance(dtype, np.dtype) and dtype.kind in "iub" and None in levels:
        raise ValueError("it can't hold a missing value")
    if isinstance(dtype, np.dtype) and dtype.kind == "f":
        return np.array([np.nan if level is None else level for level in levels], dtype)
    return as_array(levels, dtype)


def distinct_of(values: pd.Series) -> Distinct:
    """Factorise a column, in order of appearance; a missing value has the code -1.

    Raises
    ------
    DataError
        If a value is not a single plain value.
    """
    values = dense(values)
    if _is_category(values):
        occurring, codes = np.unique(values.cat.codes.to_numpy(), return_inverse=True)
        shift = int(occurring.size > 0 and occurring[0] < 0)
        found = codes.astype(np.int64) - shift
        uniques: Any = values.cat.categories[occurring[shift:]]
    elif values.dtype == np.dtype(object) or isinstance(values.dtype, pd.StringDtype):
        found, uniques = _distinct_objects(values)
    elif values.isna().all():  # Arrow's type of nothing has a level that is missing itself
        return np.full(len(values), -1, np.int64), []
    else:
        found, uniques = pd.factorize(_plain_array(values))
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iufb" and values.dtype != _LONG:
        plain: list[Scalar] = uniques.tolist()
        return found, plain
    levels = [to_python_scalar(value) for value in uniques]
    _check_levels(levels, values)
    return found, levels


def _plain_array(values: pd.Series) -> Any:
    """Return NumPy's array where there is one, in the machine's byte order."""
    if not isinstance(values.dtype, np.dtype):
        return values.array
    return values.to_numpy().astype(values.dtype.newbyteorder("="), copy=False)


def _distinct_objects(values: pd.Series) -> tuple[NDArray[np.int64], list[Scalar]]:
    # pandas.factorize is fast, and takes 1, 1.0 and True for equal, texts that differ after a NUL,
    # and half of a character and its name.
    objects = values.to_numpy(object)
    if are_texts(values) and (joined := "".join(objects)).isascii() and "\0" not in joined:
        codes, uniques = pd.factorize(objects)
        if set(map(type, uniques)) == {str}:  # a text may be of a class of its own
            return codes.astype(np.int64, copy=False), uniques.tolist()
    missing = values.isna().to_numpy(bool)
    given = objects[~missing].tolist()
    types = set(map(type, given))
    if any(issubclass(kind, np.generic) for kind in types):
        given = [to_python_scalar(value) for value in given]
        types = set(map(type, given))
    keys = given if len(types) <= 1 else list(zip(map(type, given), given, strict=True))
    try:
        distinct = list(dict.fromkeys(keys))
    except TypeError:  # a value that can't be hashed
        _check_levels(given, values)
        raise
    position = dict(zip(distinct, range(len(distinct)), strict=True))
    codes = np.fromiter(map(position.__getitem__, keys), np.int64, len(keys))
    found = codes
    if missing.any():
        found = np.full(len(values), -1, np.int64)
        found[~missing] = codes
    return found, distinct if len(types) <= 1 else [value for _, value in distinct]


def _check_levels(levels: Sequence[Any], values: pd.Series) -> None:
    for value in levels:
        if type(value) not in _COMMON and not is_scalar(value):
            raise DataError(
                f"Column {values.name!r}: the value {value!r:.60} of type {type(value).__name__} "
                "is not supported; convert the column to text, numbers, dates or categories"
            )


def _in_order(levels: Sequence[Scalar]) -> list[int]:
    """Sort levels of one type by value, types by name."""
    if set(map(type, levels)) in ({float}, {bool}):
        return [int(at) for at in np.argsort(np.array(levels), kind="stable")]
    groups: dict[str, list[int]] = {}
    for position, level in enumerate(levels):
        groups.setdefault(type(level).__name__, []).append(position)
    order: list[int] = []
    for name in sorted(groups):
        try:
            order += sorted(groups[name], key=levels.__getitem__)
        # tuples of different types, dates with and without zone, periods of different lengths
        except (TypeError, ValueError):
            order += sorted(groups[name], key=lambda position: repr(levels[position]))
    return order


def _is_category(values: pd.Series) -> bool:
    return isinstance(values.dtype, pd.CategoricalDtype)


def dense(values: pd.Series) -> pd.Series:
    """Return a sparse column as an ordinary one, and NaN in a nullable column as missing.

    A nullable or Arrow column of floats tells NaN (as from 0 / 0) and missing apart; here, as in
    every other column, NaN is a missing value.

    Examples
    --------
    >>> zeros = pd.Series([0.0, 1.0], dtype="Float64")
    >>> dense(zeros / zeros).isna().tolist()
    [True, False]
    """
    if isinstance(values.dtype, pd.SparseDtype):
        return pd.Series(values.array.to_dense(), index=values.index, name=values.name)
    if isinstance(values.dtype, np.dtype) or values.dtype.kind != "f":
        return values
    nan = np.isnan(values.to_numpy(np.float64, na_value=0.0))
    return values.mask(nan) if nan.any() else values


def are_texts(values: pd.Series) -> bool:
    """Return whether a column of objects holds nothing but texts, as most columns of a file do.

    Examples
    --------
    >>> are_texts(pd.Series(["a", "1"], dtype=object)), are_texts(pd.Series(["a", 1]))
    (True, False)
    """
    return pd.api.types.infer_dtype(values.to_numpy(object), skipna=False) == "string"


def is_absent(level: Scalar) -> bool:
    """Return whether a level stands for no value: None, or a mark such as "NA".

    Examples
    --------
    >>> is_absent(None), is_absent("N/A"), is_absent(0)
    (True, True, False)
    """
    return level is None or (isinstance(level, str) and level in MISSING_MARKS)


def are_filled(values: pd.Series) -> NDArray[np.bool_]:
    """Return which rows hold more than a missing value or a mark of absence.

    Examples
    --------
    >>> are_filled(pd.Series(["a", "N/A", None], dtype=object)).tolist()
    [True, False, False]
    """
    may_be_text = values.dtype == np.dtype(object) or pd.api.types.is_string_dtype(values.dtype)
    if not may_be_text and not _is_category(values):  # Arrow compares no date with a text
        return values.notna().to_numpy(bool)
    return (values.notna() & ~values.isin([*MISSING_MARKS])).to_numpy(bool)


def determines(
    codes: NDArray[np.integer[Any]], others: NDArray[np.integer[Any]], chance: float
) -> bool:
    """Return whether each level has one level of another column, which chance would hardly do.

    By chance the rows of a level agree as two rows drawn at random do. A few odd rows are allowed,
    where by chance there would be many more.

    Parameters
    ----------
    codes
        The level of each row; there is at least one row.
    others
        The other column's level of each row.
    chance
        The greatest probability of an accident.

    Examples
    --------
    >>> twice = np.repeat(np.arange(20), 2)
    >>> determines(twice, twice % 4, 1e-3), determines(twice, np.arange(40) % 4, 1e-3)
    (True, False)
    """
    image = np.zeros(codes.max() + 1, np.int64)
    image[codes] = others
    differ = image[codes] != others
    shares = np.bincount(others) / len(others)
    equal = float((shares**2).sum())
    repeated = len(codes) - np.count_nonzero(np.bincount(codes))
    if not differ.any():
        return bool(equal**repeated < chance)
    if differ.mean() > MOST_DIFFERENT:
        return False
    most = np.zeros(len(image), np.int64)
    pairs, counts = np.unique(codes.astype(np.int64) * len(shares) + others, return_counts=True)
    np.maximum.at(most, pairs // len(shares), counts)
    odd = len(codes) - int(most.sum())
    return bool(odd <= MOST_ODD * repeated and odd <= MOST_OF_CHANCE * (1 - equal) * repeated)


def absent_of(values: pd.Series) -> str | None:
    """Return how a column of objects writes its missing values (`Column.absent`).

    Examples
    --------
    >>> absent_of(pd.Series(["a", float("nan")], dtype=object))
    'NaN'
    """
    if values.dtype != np.dtype(object):
        return None
    missing = values[values.isna().to_numpy(bool)]
    if not len(missing) or missing.iloc[0] is None:
        return None
    return {pd.NaT: "NaT", pd.NA: "NA"}.get(missing.iloc[0], "NaN")


def absent_value(column: Column) -> Any:
    """Return what stands for a missing value in a column of objects."""
    return _ABSENT[column.absent]


def as_objects(values: Sequence[Any]) -> NDArray[np.object_]:
    """Make an array of objects, whatever they are."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


def as_array(values: Sequence[Any] | NDArray[np.object_], dtype: Any) -> Any:
    """Make an array of a dtype out of single values, None being missing.

    Parameters
    ----------
    values
        Values, None where one is missing.
    dtype
        The pandas dtype.
    """
    if isinstance(dtype, pd.ArrowDtype) and hasattr(dtype.pyarrow_dtype, "value_type"):
        import pyarrow as pa  # pandas loses the width of a dictionary's indices

        return pd.arrays.ArrowExtensionArray(
            pa.array(values, type=dtype.pyarrow_dtype, from_pandas=True)
        )
    objects = values if isinstance(values, np.ndarray) else as_objects(values)
    return pd.array(objects, dtype=dtype)  # of a list of large uint64, pandas 3.1 makes zeros


def assemble(
    pool: Sequence[Any],
    codes: NDArray[np.integer[Any]],
    special: NDArray[np.object_],
    present: NDArray[np.bool_],
    column: Column,
) -> pd.Series:
    """Build a column of objects or text from distinct values and specials.

    Parameters
    ----------
    pool, codes
        Distinct values, and which of them each present row has.
    special, present
        Special values of the other rows, both of shape (rows,).
    """
    cells = np.empty(len(present), object)
    cells[present] = as_objects(pool)[codes]
    absent = absent_value(column)
    cells[~present] = as_objects([absent if v is None else v for v in special[~present].tolist()])
    dtype = column.pandas_dtype
    array = cells if dtype == np.dtype(object) else as_array(cells, dtype)
    series: pd.Series = pd.Series(array, name=column.name, dtype=dtype, copy=False)
    return series
