"""A table of awkward values, and ways to write and read it."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from tabgan.files.formats import TableForm
from tabgan.files.read_write import TableWriter

AWKWARD: dict[str, list[Any]] = {
    "text": ["😀 é", "two\nlines", "", None, "=1+1", " blank "],
    "code": ["007", "012", None, "000", "1e5", "-5"],
    "whole": [1, None, 3, -(2**40), 5, 6],
    "count": [1, 2, 3, 4, 5, 6],
    "share": [0.5, None, -1e-7, 1e20, 3.0, 0.1],
    "flag": [True, None, False, True, True, False],
}
DATES: dict[str, list[Any]] = {
    "day": [datetime.date(2024, 2, 29), None, datetime.date(1999, 12, 31)] * 2,
    "when": [datetime.datetime(2024, 2, 29, 13, 14, 15), None, datetime.datetime(2300, 1, 1)] * 2,
    "old": [datetime.date(1850, 1, 1), datetime.date(2300, 6, 1), datetime.date(9999, 12, 31)] * 2,
    "price": [Decimal("1.50"), None, Decimal("12345.67")] * 2,
}


@pytest.fixture
def awkward() -> pd.DataFrame:
    """Give a table with the values that get lost on the way."""
    table = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in AWKWARD.items()})
    typed = {"whole": "Int64", "count": "int64", "share": "float64", "flag": "boolean"}
    return table.astype(typed)


@pytest.fixture
def dated(awkward: pd.DataFrame) -> pd.DataFrame:
    """Give the same with dates, times and decimals."""
    more = {name: pd.Series(cells, dtype=object) for name, cells in DATES.items()}
    more["when"] = more["when"].astype("datetime64[us]")
    return awkward.assign(**more)


@pytest.fixture
def write() -> Callable[..., None]:
    """Write blocks of rows."""

    def write(path: Any, *blocks: pd.DataFrame, force: bool = False, **form: Any) -> None:
        target = str(path)
        with TableWriter(target, TableForm().for_output(target, **form), force=force) as writer:
            for block in blocks:
                writer.write(block)

    return write


@pytest.fixture
def assert_same() -> Callable[[pd.DataFrame, pd.DataFrame], None]:
    """Compare tables; texts and labels may be objects, or pandas' own type of text."""

    def plain(frame: pd.DataFrame) -> pd.DataFrame:
        texts = [isinstance(dtype, pd.StringDtype) for dtype in frame.dtypes]
        frame = frame.astype(dict.fromkeys(frame.columns[texts], object))
        frame = frame.set_axis(frame.columns.astype(object), axis=1)
        texts = [name for name in frame if pd.api.types.is_object_dtype(frame[name])]
        return frame.assign(**{x: frame[x].where(frame[x].notna(), None) for x in texts})

    return lambda frame, expected: pd.testing.assert_frame_equal(plain(frame), plain(expected))
