"""Columns of dates: as a dtype of their own, as objects, or as text."""

import datetime

import numpy as np

from tabgan.base.errors import DataError
from tabgan.inference.column_cells import ColumnCells, ColumnGuess, shown
from tabgan.inference.date_recognition import recognize_dates
from tabgan.inference.form_reading import LEAST_SHARE, LEAST_WITH_FEW
from tabgan.table.date_forms import TIME_OBJECTS

__all__ = ["find_dates", "find_durations", "find_times", "find_written_dates"]

LARGEST = 10.0**15  # up to here a float tells microseconds apart


def find_dates(cells: ColumnCells) -> ColumnGuess:
    """Describe a column of dates.

    Raises
    ------
    DataError
        If it holds dates that can't be compared with each other.
    """
    if not len(cells.given):
        return ColumnGuess("datetime", "dates, all missing")
    if cells.given.dtype == object:
        _check_comparable(cells)
    low, high = cells.given.min(), cells.given.max()
    return ColumnGuess("datetime", f"dates from {low} to {high}", low, high)


def find_durations(cells: ColumnCells) -> ColumnGuess:
    """Describe a column of durations."""
    if not len(cells.given):
        return ColumnGuess("timedelta", "durations, all missing")
    low, high = cells.given.min(), cells.given.max()
    return ColumnGuess("timedelta", f"durations from {low} to {high}", low, high)


def find_times(cells: ColumnCells) -> ColumnGuess | None:
    """Describe a column of times of day kept as objects; None where they have a time zone."""
    times = [*cells.texts]
    if any(time.tzinfo is not None for time in times):
        return None
    first = datetime.date(1900, 1, 1)
    low, high = (datetime.datetime.combine(first, end) for end in (min(times), max(times)))
    why = f"times of day from {low.time()} to {high.time()}"
    return ColumnGuess("datetime", why, low, high, format=TIME_OBJECTS)


def find_written_dates(cells: ColumnCells, least_share: float = LEAST_SHARE) -> ColumnGuess | None:
    """Find out whether texts, or whole numbers, are dates, times of day or durations.

    Parameters
    ----------
    cells
        The cells of the column.
    least_share
        Share of the cells that must be dates.
    """
    texts = cells.texts if cells.storage == "string" else _digits_of(cells)
    reading = recognize_dates(texts, cells.name, min(least_share, LEAST_WITH_FEW))
    if reading is None or reading.has_too_many_others(least_share):
        return None
    finest = "us" if reading.has_time else "D"
    dtype = f"M8[{finest}]" if reading.kind == "datetime" else "m8[us]"
    low, high = np.array([reading.minimum, reading.maximum]).astype(dtype).tolist()
    first, *others = (form.spec for form, _ in reading.forms)
    return ColumnGuess(
        reading.kind, reading.why, low, high, format=first, other_formats=tuple(others)
    )


def _digits_of(cells: ColumnCells) -> dict[str, int]:
    """Count whole numbers as texts; empty where there are others."""
    if cells.storage != "number" or cells.given.dtype.kind not in "iuf":
        return {}
    values = cells.given.to_numpy(np.float64)
    if not len(values) or not 0 <= values.min() <= values.max() < LARGEST or (values % 1).any():
        return {}
    numbers, counts = np.unique(values, return_counts=True)
    texts = map(str, numbers.astype(np.int64).tolist())
    return dict(zip(texts, counts.tolist(), strict=True))


def _check_comparable(cells: ColumnCells) -> None:
    first: dict[str, int] = {}
    for position, value in enumerate(cells.objects):
        first.setdefault(_sort_of_date(value), position)
    if len(first) > 1:
        one, other = (
            f"a {sort} in row {cells.row_of(position)} ({cells.objects[position]})"
            for sort, position in list(first.items())[:2]
        )
        raise DataError(
            f"Column {shown(cells.name)} mixes dates that don't compare: {one} and {other}; bring "
            "them to one type and time zone with pandas.to_datetime(column, utc=True), or declare "
            "the column's kind 'categorical'",
            on_command_line=f"Column {shown(cells.name)} mixes dates that don't compare: {one} and "
            f"{other}; bring them to one type and time zone, or give --kind "
            f"{cells.name}=categorical",
        )


def _sort_of_date(value: datetime.date) -> str:
    if not isinstance(value, datetime.datetime):
        return "date"
    return f"time in the zone {value.tzinfo}" if value.tzinfo is not None else "time without zone"
