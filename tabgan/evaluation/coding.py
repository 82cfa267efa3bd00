"""Two tables as plain numbers: values, shared codes of levels, NaN for what is missing."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.errors import DataError
from tabgan.schema import Column, Schema
from tabgan.values import codes_of, numbers_of

__all__ = ["CodedColumn", "code_columns"]

Floats = NDArray[np.float64]

_NOMINAL = ("categorical", "boolean")


class CodedColumn(NamedTuple):
    """One column of both tables.

    Attributes
    ----------
    nominal
        Whether it has levels, and not numbers.
    real, synthetic
        Shapes (real rows,) and (synthetic rows,): numbers (dates and durations in ticks), or codes
        of levels, which are those of both tables together; NaN where there is none.
    """

    nominal: bool
    real: Floats
    synthetic: Floats


def code_columns(
    real: pd.DataFrame, synthetic: pd.DataFrame, schema: Schema
) -> dict[int, CodedColumn]:
    """Code the columns that can be compared, by their position in the schema.

    Parameters
    ----------
    real, synthetic
        Tables with the columns of the schema, in its order.
    schema
        What the columns are; identifiers and text are left out. Of a number's special values
        (missing, infinite, "?") all are NaN.

    Raises
    ------
    DataError
        If a table has other columns, or none has a column to compare.
    SchemaError
        If a column's values don't go with its kind.

    Examples
    --------
    >>> schema = Schema((Column("size", "categorical", "object"),))
    >>> real, synthetic = pd.DataFrame({"size": ["L", None]}), pd.DataFrame({"size": ["S"]})
    >>> code_columns(real, synthetic, schema)
    {0: CodedColumn(nominal=True, real=array([ 0., nan]), synthetic=array([1.]))}
    """
    for name, frame in (("real", real), ("synthetic", synthetic)):
        _check_columns(name, frame, schema)
    coded = {
        place: _coded(real.iloc[:, place], synthetic.iloc[:, place], column)
        for place, column in enumerate(schema)
        if not column.is_made_anew  # no synthetic value of these is to be like a real one
    }
    if not coded:
        raise DataError(
            f"All of the table's {len(schema)} columns are identifiers or text, which have no "
            "values to compare; declare another kind for one of them in the schema"
        )
    return coded


def _check_columns(name: str, frame: pd.DataFrame, schema: Schema) -> None:
    if list(frame.columns) != list(schema.names):
        raise DataError(
            f"The {name} table has the columns {list(frame.columns)!r:.200} and the schema has "
            f"{list(schema.names)!r:.200}; give tables with the schema's columns, in its order"
        )
    if not len(frame):
        raise DataError(f"The {name} table has no rows; a comparison needs some on both sides")


def _coded(real: pd.Series, synthetic: pd.Series, column: Column) -> CodedColumn:
    if column.kind not in _NOMINAL:
        return CodedColumn(False, _numbers(real, column), _numbers(synthetic, column))
    codes, levels = codes_of(pd.concat([real, synthetic], ignore_index=True))
    floats = codes.astype(np.float64)
    if levels and levels[-1] is None:
        floats[codes == len(levels) - 1] = np.nan
    return CodedColumn(True, floats[: len(real)], floats[len(real) :])


def _numbers(values: pd.Series, column: Column) -> Floats:
    numbers = numbers_of(values, column)
    return np.where(numbers.present, numbers.values.astype(np.float64), np.nan)
