"""Columns of numbers and of dates: as a dtype of their own, as objects, or as text."""

import datetime
import math
import re
from collections import Counter
from collections.abc import Hashable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError
from tabgan.inference.column_cells import (
    FEW_OTHERS,
    FEWEST,
    LEAST_SHARE,
    LEAST_WITH_FEW,
    NUMBER_TYPES,
    SAMPLE,
    ColumnCells,
    ColumnGuess,
    last_label,
    names_rows,
    numbers_rows,
    shown,
)
from tabgan.inference.date_recognition import recognize_dates
from tabgan.inference.key_columns import are_long_codes, measures, names_codes, names_things
from tabgan.inference.number_recognition import NumberFormReading, recognize_numbers
from tabgan.inference.people_columns import calls_phones
from tabgan.table.date_forms import TIME_OBJECTS
from tabgan.table.numbers import plain_texts
from tabgan.table.scalars import to_python_scalar
from tabgan.table.schema import Kind
from tabgan.table.text_formats import MISSING_MARKS, NUMBER, find_held_date, held_date, spread

__all__ = [
    "MOST_OTHERS",
    "NumberReading",
    "find_dates",
    "find_durations",
    "find_numbers",
    "find_times",
    "find_written_dates",
    "is_number",
    "is_whole",
    "read_numbers",
]

MOST_OTHERS = 10  # distinct values that a column of numbers may hold beside them
MOST_DECIMALS = 10  # of a number that is not of full precision
MOST_FIXED = 15  # decimal places of a text that a float can carry
LEAST_OWN = 0.95  # share of the rows that have a number of their own
LEAST_BEHIND_DATE = 2  # digits
DATED = 1000  # numbers in which a date is looked for
LEAST_UNIFORM = 200  # rows in which numbers without a name that says it may be seen as names
LEAST_DIGITS = 6  # of such numbers
KOLMOGOROV = 1.36  # over the root of the rows: a distance that chance exceeds 5 times in 100
POSTAL_DIGITS = (4, 5, 6)
EXACT = 2.0**53  # up to here every whole number is a float
LEAST_WITH_MARK = 10  # distinct numbers, from which one can stand apart
MARK_ROWS = 5  # that a mark of absence stands in at least
MARK_SHARE = 0.005  # the same as a share of the rows
BIGGEST = (
    2**63
)  # a whole number kept as text is below it, or, where none is negative, below twice it


_POSTAL = re.compile(r"(?i)\bzip|_zip|zip_?code|post_?code|postal|\bplz\b|_plz|pin_?code")


_MARK = re.compile(r"-1|-9+|999+")


class NumberReading(NamedTuple):
    """The finite numbers of a column, and what else it holds."""

    numbers: NDArray[Any]  # in row order; of texts only the distinct ones
    cells: int  # that hold them
    filled: int  # cells that hold anything but a missing value or a mark of absence
    others: list[Any]  # distinct values that are not numbers; where many, the first few
    whole: bool
    decimals: int | None
    format: str | None = None
    recognized: NumberFormReading | None = None  # of texts that programs don't write so

    @property
    def is_number(self) -> bool:
        """Whether what is no number is little enough for the column to be one."""
        if self.recognized is not None:
            return True
        return len(self.others) <= MOST_OTHERS and 2 * self.cells >= self.filled

    def finding(self, kind: Kind | None = None) -> ColumnGuess:
        """Describe the numbers."""
        kind = kind or ("integer" if self.whole else "numeric")
        if not self.numbers.size:
            return ColumnGuess(kind, "no finite number is present", None, None, self.decimals)
        low, high = to_python_scalar(self.numbers.min()), to_python_scalar(self.numbers.max())
        shown_low, shown_high = (f"{int(x)}" if self.whole else f"{x}" for x in (low, high))
        distinct = len(pd.unique(self.numbers))
        why = f"{distinct} distinct {'whole ' * self.whole}numbers from {shown_low} to {shown_high}"
        if distinct == 1:
            why = f"one number, {shown_low}"
        if self.recognized is None:
            return ColumnGuess(kind, why, low, high, self.decimals, self.format)
        forms = tuple(form.spec for form, _ in self.recognized.forms[1:])
        why, is_open = self.recognized.why, self.recognized.is_ambiguous
        return ColumnGuess(kind, why, low, high, self.decimals, self.format, forms, is_open)


def find_numbers(cells: ColumnCells) -> ColumnGuess | None:
    """Find out whether a column holds numbers, and whether they only name its rows."""
    reading = read_numbers(cells)
    if not _are_numbers(cells, reading) or _are_postal_codes(cells.name, reading):
        return None
    most_others = FEW_OTHERS if cells.storage == "string" else 0  # notes
    is_whole = reading.whole and len(reading.others) <= most_others
    if is_whole and len(reading.numbers) == reading.cells:
        finding = _find_identifiers(cells.name, reading.numbers, reading.cells < len(cells.missing))
        if finding:
            return finding
    if is_whole and (finding := _find_dated_codes(cells, reading.numbers)):
        return finding
    if reading.whole and calls_phones(cells.name) and _are_long(reading.numbers):
        return ColumnGuess(
            "identifier", f"whole numbers of 7 digits or more, named {shown(cells.name)}"
        )
    finding = reading.finding()
    mark = _mark_of_absence(cells, reading)
    return finding if mark is None else finding._replace(why=f"{finding.why}; {mark}")


def _mark_of_absence(cells: ColumnCells, reading: NumberReading) -> str | None:
    """Say which number stands apart from all others as a mark of absence does: -1, -9, 999."""
    numbers = pd.unique(reading.numbers)
    if len(numbers) < LEAST_WITH_MARK or reading.recognized is not None:
        return None
    second, least, most, last = (*np.partition(numbers, 1)[[1, 0]], *np.partition(numbers, -2)[-2:])
    for mark, is_apart in ((least, second >= 0), (last, most <= last / 2)):
        if not is_apart or not _MARK.fullmatch(f"{mark:.15g}"):
            continue
        rows = sum(
            n for value, n in Counter(cells.objects.tolist()).items() if _equals(value, mark)
        )
        if rows >= max(MARK_ROWS, MARK_SHARE * reading.cells):
            return f"{mark:.15g}, in {rows / reading.cells:.2g} of the rows, is kept as a mark"
    return None


def _equals(value: Any, number: float) -> bool:
    try:
        return bool(float(value) == number)
    except (TypeError, ValueError):
        return False


def _are_numbers(cells: ColumnCells, reading: NumberReading) -> bool:
    if cells.storage == "number":
        return not reading.others
    fewest = FEWEST + 1 if cells.storage == "mixed" else 1  # below, they may as well be codes
    return reading.is_number and len(pd.unique(reading.numbers)) >= fewest


def _are_postal_codes(name: Hashable, reading: NumberReading) -> bool:
    """Return whether whole numbers of equally many digits are called postal codes."""
    if not (reading.whole and reading.numbers.size and _POSTAL.search(last_label(name))):
        return False
    low, high = int(reading.numbers.min()), int(reading.numbers.max())
    return low >= 1000 and len(str(low)) == len(str(high)) in POSTAL_DIGITS


def _find_identifiers(name: Hashable, numbers: NDArray[Any], has_holes: bool) -> ColumnGuess | None:
    """Find out whether whole numbers, one for every row that has any, name the rows."""
    rows = len(numbers)
    if len(pd.unique(numbers)) < rows or not rows:
        return None
    low, high = int(numbers.min()), int(numbers.max())
    may_be_years = 1800 <= low <= high <= 2100 and not numbers_rows(name)
    if high - low + 1 == rows >= FEWEST and not may_be_years and not has_holes:
        return ColumnGuess("sequential", f"the whole numbers from {low} to {high}, each once")
    why = None
    if rows >= 50 and numbers_rows(name) and (numbers[1:] > numbers[:-1]).all():
        why = f"whole numbers that rise from row to row, named {shown(name)}"
    elif (names_rows(name) and not has_holes) or (rows >= FEWEST and _is_id(name, numbers)):
        why = f"whole numbers that all differ, named {shown(name)}"
    elif rows >= LEAST_UNIFORM and _are_uniform(numbers) and not measures(name):
        why = f"numbers of {len(str(low))} digits at random, which all differ"
    elif rows >= FEWEST and are_long_codes(name, low, high):
        why = f"numbers of {len(str(low))} digits, which all differ"
    if why is None:
        return None
    form = held_date([str(int(number)) for number in spread(numbers.tolist(), DATED)])
    return ColumnGuess("identifier", f"{why}; they hold a date written {form}" if form else why)


def _find_dated_codes(cells: ColumnCells, numbers: NDArray[Any]) -> ColumnGuess | None:
    """Find out whether whole numbers are a date and a number behind it: 20190315001.

    Nearly all rows have one of their own.
    """
    if len(numbers) < FEWEST or numbers.min() <= 0:
        return None
    digits, filled = len(str(int(numbers.max()))), int((~cells.missing).sum())
    distinct = pd.unique(numbers)
    if len(str(int(numbers.min()))) != digits or len(distinct) < LEAST_OWN * filled:
        return None
    held = find_held_date([str(int(number)) for number in spread(distinct.tolist(), DATED)])
    if held is None or held.form.start or "%Y" not in held.form.date:
        return None
    form = held.form.date + held.form.clock
    if digits < held.form.ends[-1] + LEAST_BEHIND_DATE:
        return None
    which = "all" if len(distinct) == filled else "nearly all"
    return ColumnGuess(
        "identifier", f"numbers that begin with a date written {form}, {which} differ"
    )


def _is_id(name: Hashable, numbers: NDArray[Any]) -> bool:
    """Return whether a name says that numbers which all differ are those of things."""
    if names_rows(name):
        return True
    least = numbers.min()
    if least >= 0 and names_codes(name):
        return True
    return bool(least >= 1000 and names_things(name)) or bool(least >= 10**4 and numbers_rows(name))


def _are_uniform(numbers: NDArray[Any]) -> bool:
    """Return whether numbers fill the range of one number of digits, as those drawn at random."""
    digits = len(str(int(numbers.max())))
    low, high = 10 ** (digits - 1), 10**digits
    if digits < LEAST_DIGITS or numbers.min() < low:
        return False
    units = np.sort((numbers.astype(float) - low) / (high - low))
    steps = np.arange(len(units) + 1) / len(units)
    distance = max((steps[1:] - units).max(), (units - steps[:-1]).max())
    return bool(distance < KOLMOGOROV / np.sqrt(len(units)))


def _are_long(numbers: NDArray[Any]) -> bool:
    """Return whether whole numbers may be telephone numbers."""
    return len(pd.unique(numbers)) >= FEWEST and bool((numbers >= 10**6).all())


def read_numbers(cells: ColumnCells, least_share: float = LEAST_SHARE) -> NumberReading:
    """Read the numbers of a column, as far as it holds any.

    Parameters
    ----------
    cells
        The cells of the column.
    least_share
        The share of the cells that must be numbers, where they are written as people write them.
    """
    if cells.storage == "string":
        plain = _read_texts(cells.texts)
        if plain.is_number and not plain.others and _goes_back([*cells.texts], plain):
            return plain
        least = min(least_share, LEAST_WITH_FEW)
        recognized = recognize_numbers(cells.texts, cells.decimal, least)
        if recognized is not None and recognized.has_too_many_others(least_share):
            recognized = None
        return plain if recognized is None else _read_recognized(cells, plain, recognized)
    if cells.storage == "number":
        dtype: Any = getattr(cells.given.dtype, "numpy_dtype", cells.given.dtype)
        if dtype.kind != "O":  # Decimals in Arrow are objects to NumPy
            numbers = cells.given.to_numpy(dtype)
            return _reading(numbers[np.isfinite(numbers)], len(numbers), [])
    return _read_objects(cells.objects)


def _read_recognized(
    cells: ColumnCells, plain: NumberReading, recognized: NumberFormReading
) -> NumberReading:
    """Prefer the reading that explains more: of equals, that of programs."""
    fewer = len(recognized.others) < len(plain.others)
    if plain.is_number and not fewer and _goes_back([*cells.texts], plain):
        return plain
    values, index = recognized.parse([*cells.texts])
    filled = sum(cells.texts.values())
    return NumberReading(
        numbers=values[index >= 0],
        cells=sum(count for count, at in zip(cells.texts.values(), index, strict=True) if at >= 0),
        filled=filled,
        others=[*recognized.others],
        whole=recognized.is_whole,
        decimals=recognized.decimals,
        format=recognized.form.spec,
        recognized=recognized,
    )


def _goes_back(texts: Sequence[str], plain: NumberReading) -> bool:
    """Return whether the numbers among texts are written again as they are."""
    numbers = [text for text in spread(texts, SAMPLE) if is_number(text)]
    values = np.array([*map(int if plain.whole else float, numbers)])
    return plain_texts(values, str(plain.format), plain.decimals) == numbers


def _read_objects(objects: NDArray[np.object_]) -> NumberReading:
    numbers: list[Any] = []
    others: dict[Any, Any] = {}
    marks = 0
    for value in objects:
        if isinstance(value, NUMBER_TYPES) and not isinstance(value, bool):
            numbers.append(value)
        elif isinstance(value, str) and value in MISSING_MARKS:
            marks += 1
        else:
            others[type(value), value] = value
    filled, rest = len(objects) - marks, list(others.values())
    finite = [value for value in numbers if _is_finite(value)]
    if not all(map(_fits_float, finite)):
        return _reading(np.empty(0, np.int64), filled, finite)  # too big to count: names
    if any(isinstance(value, Decimal) for value in finite):
        places = max(_places(value) for value in set(finite))
        return NumberReading(np.array(finite, object), len(finite), filled, rest, False, places)
    if not all(isinstance(value, int | np.integer) for value in finite):
        return _reading(np.array(finite, np.float64), filled, rest)
    for dtype in (np.int64, np.uint64):
        bounds = np.iinfo(dtype)
        if all(bounds.min <= value <= bounds.max for value in finite):
            return _reading(np.array(finite, dtype), filled, rest)
    return _reading(np.empty(0, np.int64), filled, finite)  # too big to count: names of something


def _is_finite(value: Any) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, int) or math.isfinite(value)


def _fits_float(value: Any) -> bool:
    """Return whether a number that is finite stays so as a float, and does not become zero."""
    try:
        nearest = float(value)
    except OverflowError:
        return False
    return math.isfinite(nearest) and (nearest != 0 or value == 0)


def _places(value: Any) -> int:
    """Count decimal places."""
    exponent = Decimal(str(value)).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _read_texts(texts: dict[str, int]) -> NumberReading:
    numbers: list[str] = []
    others: list[str] = []
    for text in texts:
        (numbers if is_number(text) else others).append(text)
        if len(others) > MOST_OTHERS:
            return _reading(np.empty(0, np.int64), len(texts), others)
    filled, cells = sum(texts.values()), sum(texts[text] for text in numbers)
    if all(map(is_whole, numbers)):
        counts = [*map(int, numbers)]
        unsigned = max(counts, default=0) >= BIGGEST
        if unsigned and min(counts) < 0:  # no word holds them all
            return _reading(np.empty(0, np.int64), len(texts), [*texts])
        whole = np.array(counts, np.uint64 if unsigned else np.int64)
        return NumberReading(whole, cells, filled, others, True, 0, "shortest")
    plain = _reading(np.array(list(map(float, numbers))), filled, others)
    places = {len(text.partition(".")[2]) for text in numbers}
    loose = "repr" if all(set(text) & set(".eE") for text in numbers) else "shortest"
    if any("e" in text or "E" in text for text in numbers):
        return plain._replace(cells=cells, whole=False, decimals=None, format=loose)
    most = max(places)
    form = f"%.{most}f" if len(places) == 1 and most <= MOST_FIXED else loose
    # 1.0, 2.0, … stay whole though they are written with a decimal place
    decimals = 0 if plain.decimals == 0 else most
    return plain._replace(cells=cells, whole=False, decimals=decimals, format=form)


def is_number(text: str) -> bool:
    """Return whether a text is a number that can be computed with and written back."""
    if not NUMBER.fullmatch(text):
        return False
    if is_whole(text):
        return len(text) <= 18 or (len(text) <= 20 and -BIGGEST <= int(text) < 2 * BIGGEST)
    return math.isfinite(float(text))


def is_whole(text: str) -> bool:
    """Return whether a text that is a number is written without point and exponent."""
    return text.removeprefix("-").isdecimal()


def _reading(numbers: NDArray[Any], filled: int, others: list[Any]) -> NumberReading:
    if numbers.dtype.kind != "f":
        return NumberReading(numbers, len(numbers), filled, others, True, 0)
    decimals = next((d for d in range(MOST_DECIMALS + 1) if _has_places(numbers, d)), None)
    whole = decimals == 0 and numbers.size > 0 and bool((np.abs(numbers) <= EXACT).all())
    return NumberReading(numbers, len(numbers), filled, others, whole, decimals)


def _has_places(numbers: NDArray[Any], places: int) -> bool:
    """Return whether rounding to so many places keeps every number, in its own precision."""
    for part in (numbers[:100], numbers[100:]):  # a few are mostly enough to refute
        with np.errstate(over="ignore", invalid="ignore"):
            rounded = np.round(part.astype(np.float64), places).astype(numbers.dtype)
        if (rounded != part).any():
            return False
    return True


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
