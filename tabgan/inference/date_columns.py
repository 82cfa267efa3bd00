"""Columns of dates: as a dtype of their own, as objects, or as text."""

import datetime
from collections.abc import Sequence

import numpy as np

from tabgan.base.errors import DataError
from tabgan.inference.column_cells import ColumnCells, ColumnGuess, shown
from tabgan.table.text_formats import DATE_FORMATS, date_format

__all__ = ["find_dates", "find_durations", "find_text_dates"]

MOST_OTHERS = 5  # distinct values that a column of text dates may hold beside them


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


def find_text_dates(
    texts: dict[str, int], least_share: float = 0.5, forms: Sequence[str] = DATE_FORMATS
) -> ColumnGuess | None:
    """Find out whether texts are dates of one format.

    Parameters
    ----------
    texts
        How often each text occurs.
    least_share
        Share of the cells that must be dates.
    forms
        The formats that are tried.
    """
    found = date_format(list(texts), MOST_OTHERS, forms)
    if found is None:
        return None
    form, moments = found
    are_dates = ~np.isnat(moments)
    cells = np.array([*texts.values()])
    if cells[are_dates].sum() < least_share * cells.sum():
        return None
    low, high = moments[are_dates].min(), moments[are_dates].max()
    low, high = (end.item() if "%H" in form else end.item().date() for end in (low, high))
    why = f"dates written {form}, from {low.strftime(form)} to {high.strftime(form)}"
    return ColumnGuess("datetime", why, low, high, format=form)


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
