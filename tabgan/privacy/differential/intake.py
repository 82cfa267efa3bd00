"""How a private fit takes its table: nothing that a single row holds may change its columns.

Labels and dtypes are public, and are checked. A cell that can't be kept is missing from here on,
without a word: an error would tell of its row.
"""

import datetime
import uuid
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from tabgan.dataframes import FrameForm
from tabgan.errors import DataError
from tabgan.inference.checks import check_labels
from tabgan.kinds import Kind
from tabgan.privacy.differential.declared import declared_schema
from tabgan.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.schema import Column, Schema
from tabgan.values import dense

__all__ = ["sanitize"]

_MISSING = (type(None), type(pd.NaT), type(pd.NA))
_PLAIN = {str, int, float, bool, bytes, datetime.date, uuid.UUID, *_MISSING}  # can all be kept


def sanitize(
    frame: pd.DataFrame, form: FrameForm, declared: Schema | Mapping[Hashable, Kind] | None
) -> tuple[pd.DataFrame, Schema]:
    """Return a table as a private fit may see it, and its columns.

    Objects that can't be kept are missing, dates of objects have no time zones, and categories
    that a library has read off the rows are texts.

    Parameters
    ----------
    frame
        The table, which is left as it is.
    form
        What kind of table it came as.
    declared
        What the user says of its columns.

    Raises
    ------
    DataError
        If there is no column, or a label or a dtype can't be kept.
    SchemaError
        If the declaration does not go with the columns, or categories are not said to be public.

    Examples
    --------
    >>> table = pd.DataFrame({"word": ["a", {"secret": 1}]})
    >>> sanitize(table, FrameForm(), None)[0]["word"].tolist()
    ['a', None]
    """
    if not len(frame.columns):
        raise DataError("The table has 0 feature(s) while a minimum of 1 is required.")
    check_labels(frame.columns)
    taken: Any = frame.copy(deep=False)
    for place in form.places_of_found_categories():
        taken.isetitem(place, frame.iloc[:, place].astype(object))
    schema = declared_schema(taken, declared)
    for place, column in enumerate(schema):
        values = dense(taken.iloc[:, place])
        if values.dtype == np.dtype(object):
            taken.isetitem(place, _kept(values, column))
    return taken, schema


def _kept(values: pd.Series, column: Column) -> pd.Series:
    """Return a column of objects with those that can be kept."""
    cells = values.to_numpy(object)
    if set(map(type, cells)) <= _PLAIN:
        return values
    is_date = column.kind == "datetime"
    kept = np.empty(len(cells), object)
    for row, cell in enumerate(cells):
        kept[row] = cell if type(cell) in _PLAIN else _restored(cell)
        if is_date and isinstance(kept[row], datetime.datetime):
            kept[row] = kept[row].replace(tzinfo=None)  # each is read by its own wall clock
    return pd.Series(kept, values.index, dtype=object)


def _restored(cell: Any) -> Scalar:
    """Return a cell as a model file would give it back; None where it would not."""
    try:
        return from_json_scalar(to_json_scalar(cell))
    except Exception:  # whatever a single cell does must not stop the fit
        return None
