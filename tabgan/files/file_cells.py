"""Cells as files hold them, those that a spreadsheet takes for formulas, and samples of rows.

A text that starts with ``=``, ``+``, ``-``, ``@``, a tabulator or a carriage return is computed
when a spreadsheet opens the file, whoever wrote it (CWE-1236). Numbers with a sign are none.
"""

import re
from collections.abc import Callable, Iterable, Sequence, Sized
from datetime import UTC
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.random_streams import numpy_stream

__all__ = [
    "TRAINING_ROWS",
    "count_formulas",
    "formula_like",
    "frame_of_rows",
    "objects",
    "sample_batches",
    "sample_frame",
    "typed",
]

TRAINING_ROWS = 500_000  # of a larger file, unless an option says another number
SLACK = 1.25
_SEED = 0  # the same rows at every run, whatever the seed of a training

Batch = TypeVar("Batch", bound=Sized)
Rows = NDArray[np.intp]

_STARTS = np.array([ord(mark) for mark in "=+-@\t\r"], dtype=np.uint32)
_HARMLESS = re.compile(
    r"""
    [-+=@]+ |                                               # signs alone: "-", "++"
    [-+]\s?[$€£¥]?\s?                                       # a sign, and a number as it is written
    (?: \d[\d.,'’\s]* (?:e[-+]?\d+)? | [.,]\d+ (?:e[-+]?\d+)? | inf | infinity | nan )
    \s?[%$€£¥]?
    """,
    re.VERBOSE | re.IGNORECASE,
)


def frame_of_rows(names: Sequence[str], blocks: Iterable[Sequence[Sequence[Any]]]) -> pd.DataFrame:
    """Make a table of blocks of rows; each column gets the dtype of its values.

    Parameters
    ----------
    names
        The names of the columns.
    blocks
        Blocks of rows of as many cells.
    """
    parts: list[list[NDArray[np.object_]]] = [[] for _ in names]
    for block in blocks:
        for part, cells in zip(parts, zip(*block, strict=True), strict=True):
            part.append(objects(cells))
    columns = {}
    for place, part in enumerate(parts):
        columns[place] = typed(part)
        part.clear()
    frame = pd.DataFrame(columns)
    frame.columns = pd.Index(names, dtype=object)
    return frame


def typed(parts: list[NDArray[np.object_]]) -> pd.Series:
    """Return values as a column of the narrowest dtype that holds them all, if they have one type.

    Dates without a time, decimals and texts stay objects.
    """
    values = np.concatenate(parts) if parts else np.empty(0, object)
    missing = bool(pd.isna(values).any())
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind == "datetime":
        return _dates(values)
    dtypes = {
        "integer": "Int64" if missing else "int64",
        "boolean": "boolean" if missing else "bool",
        "floating": "float64",
        "mixed-integer-float": "float64",
        "timedelta": "timedelta64[us]",
    }
    try:
        return pd.Series(values, dtype=dtypes.get(kind, "object"))
    except OverflowError:  # an integer beyond 64 bits
        return pd.Series(values, dtype=object)


def _dates(values: NDArray[np.object_]) -> pd.Series:
    """Make times of microseconds, which reach from the year 1 to 9999; zoned ones are of UTC."""
    zoned = {value.tzinfo is not None for value in values if not pd.isna(value)}
    if len(zoned) > 1:
        return pd.Series(values, dtype=object)
    if zoned == {True}:
        values = objects(
            [None if pd.isna(v) else v.astimezone(UTC).replace(tzinfo=None) for v in values]
        )
    times = pd.Series(np.array([None if pd.isna(v) else v for v in values], "datetime64[us]"))
    return times.dt.tz_localize("UTC") if zoned == {True} else times


def objects(values: Sequence[Any]) -> NDArray[np.object_]:
    """Return values as an array of objects."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def count_formulas(block: pd.DataFrame) -> dict[str, int]:
    """Count the texts that a spreadsheet would take for a formula, in the columns that have any.

    Examples
    --------
    >>> count_formulas(pd.DataFrame({"note": ["=1+1", "fine"], "share": ["-5", "+3"]}))
    {'note': 1}
    """
    counts = {str(name): int(formula_like(column).sum()) for name, column in block.items()}
    return {name: count for name, count in counts.items() if count}


def formula_like(values: pd.Series) -> NDArray[np.bool_]:
    """Return which values are texts that a spreadsheet would take for a formula.

    Parameters
    ----------
    values
        A column of n values of any kind; only texts can be formulas.

    Returns
    -------
    array of shape (n,)

    Examples
    --------
    >>> formula_like(pd.Series(["=1+1", "-5", "+3.2", "-", "@home", "a=b", None])).tolist()
    [True, False, False, False, True, False, False]
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        among = formula_like(values.cat.categories.to_series())
        return np.append(among, False)[values.cat.codes.to_numpy()]
    marked = np.zeros(len(values), dtype=bool)
    if not pd.api.types.is_string_dtype(values.dtype):
        return marked
    texts = values.to_numpy(object)
    firsts = texts.astype("U1").view(np.uint32)
    for place in np.flatnonzero(np.isin(firsts, _STARTS)):
        text = texts[place]
        marked[place] = isinstance(text, str) and not _HARMLESS.fullmatch(text)
    return marked


def sample_batches(
    batches: Iterable[Batch], most: int, take: Callable[[Batch, Rows], Batch]
) -> tuple[list[Batch], int]:
    """Choose rows uniformly and without repetition; they keep their order.

    Hardly more rows than are chosen are held at a time, besides one batch.

    Parameters
    ----------
    batches
        The rows.
    most
        Number of rows to choose; all if there are not more.
    take
        Returns some rows of a batch, by their positions, in memory of their own. A batch all of
        whose rows are chosen is kept itself.

    Returns
    -------
    The chosen rows, and the number of all rows.

    Examples
    --------
    >>> rows = [list(range(6)), list(range(6, 9))]
    >>> sample_batches(rows, 4, lambda batch, places: [batch[at] for at in places])
    ([[1, 2, 4], [7]], 9)
    """
    rng = numpy_stream(_SEED, "training rows")
    kept: list[tuple[NDArray[np.float64], Batch]] = []
    bound, held, total = np.inf, 0, 0  # a row is chosen if its random number is below the bound
    for batch in batches:
        numbers = rng.random(len(batch))
        total += len(batch)
        rows = np.flatnonzero(numbers < bound)
        if len(rows):
            is_whole = len(rows) == len(batch)
            kept.append((numbers[rows], batch if is_whole else take(batch, rows)))
            held += len(rows)
        if held > SLACK * most:
            kept, bound = _smallest(kept, most, take)
            held = most
    if held > most:
        kept, _ = _smallest(kept, most, take)
    return [batch for _, batch in kept], total


def _smallest(
    kept: list[tuple[NDArray[np.float64], Batch]], most: int, take: Callable[[Batch, Rows], Batch]
) -> tuple[list[tuple[NDArray[np.float64], Batch]], float]:
    """Return the rows of the smallest random numbers, and the next larger number."""
    bound = float(np.partition(np.concatenate([numbers for numbers, _ in kept]), most)[most])
    smaller = []
    for numbers, batch in kept:
        rows = np.flatnonzero(numbers < bound)
        if len(rows):
            smaller.append((numbers[rows], take(batch, rows)))
    return smaller, bound


def sample_frame(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    """Choose rows of a frame uniformly; they keep their order and their index.

    Parameters
    ----------
    frame
        The frame.
    most
        Number of rows to choose; the frame itself is returned if it has not more.
    """
    if len(frame) <= most:
        return frame
    chosen, _ = sample_batches([np.arange(len(frame))], most, lambda batch, rows: batch[rows])
    return frame.iloc[chosen[0]]
