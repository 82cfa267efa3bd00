"""Missing cells of a table, filled with what goes with the others of their row."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.asking import read_partial_rows
from tabgan.drawing.partial import RowCompleter

__all__ = ["impute"]


def impute(partial: RowCompleter, frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the table with its missing cells drawn; all others are as they were.

    Values that the training table never had are kept, but nothing is drawn by them.

    Raises
    ------
    OptionError
        If a column is not one of the training table.
    """
    schema = partial.model.encoder.schema
    rows = read_partial_rows(frame, schema, partial.levels, partial.specials, strict=False)
    holes = frame.isna().to_numpy(bool)
    some = np.flatnonzero(holes.any(axis=1))
    if not len(some):
        return frame.copy()
    drawn = pd.concat([*partial.blocks(rows[some], seed, present=True)])
    spread = np.zeros(len(frame), np.intp)  # each row's place among those that were drawn
    spread[some] = np.arange(len(some))
    new = drawn.iloc[spread].set_axis(frame.index)
    filled = [
        _filled(frame.iloc[:, place], new.iloc[:, at], holes[:, place])
        for place, at in enumerate(rows.places)
    ]
    return pd.concat(filled, axis=1).set_axis(frame.columns, axis=1)


def _filled(values: pd.Series, drawn: pd.Series, holes: NDArray[np.bool_]) -> pd.Series:
    """Fill one column, which keeps its dtype; of objects it takes the training table's.

    A column of whole numbers, say, can't hold missing values, and comes as one of floats or
    objects where it has some.
    """
    if not holes.any():
        return values
    if isinstance(values.dtype, pd.CategoricalDtype):
        new = [v for v in drawn[holes].dropna().unique() if v not in values.dtype.categories]
        values = values.cat.add_categories(new)
    if isinstance(drawn.dtype, pd.DatetimeTZDtype) and values.dtype.kind == "M":
        zone = None if not isinstance(values.dtype, pd.DatetimeTZDtype) else values.dtype.tz
        drawn = drawn.dt.tz_convert(zone) if zone else drawn.dt.tz_localize(None)
    try:
        return values.where(~holes, drawn.astype(values.dtype))
    except (TypeError, ValueError):
        return values.astype(object).where(~holes, drawn.astype(object)).astype(drawn.dtype)
