"""Cells that a spreadsheet would take for a formula when it opens a text file.

A text that starts with ``=``, ``+``, ``-``, ``@``, a tabulator or a carriage return is computed
when a spreadsheet opens the file, whoever wrote it (CWE-1236). Numbers with a sign are none.
"""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["count_formulas", "formula_like"]

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


def formula_like(values: pd.Series) -> NDArray[np.bool_]:
    """Say which values are texts that a spreadsheet would take for a formula.

    Parameters
    ----------
    values
        A column of n values of any kind; what is no text is no formula.

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


def count_formulas(block: pd.DataFrame) -> dict[str, int]:
    """Count the texts that a spreadsheet would take for a formula, in the columns that have any.

    Examples
    --------
    >>> count_formulas(pd.DataFrame({"note": ["=1+1", "fine"], "share": ["-5", "+3"]}))
    {'note': 1}
    """
    counts = {str(name): int(formula_like(column).sum()) for name, column in block.items()}
    return {name: count for name, count in counts.items() if count}
