"""Private summaries of single columns: their encoders, made from noisy counts alone."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.encoding.base import ColumnEncoder
from tabgan.encoding.categorical import CategoricalEncoder
from tabgan.encoding.columns import FEW_VALUES
from tabgan.encoding.levels import Levels
from tabgan.encoding.numeric import NumericEncoder
from tabgan.encoding.quantiles import Quantiles
from tabgan.encoding.scales import EXACT, Lattice, Real, Scale
from tabgan.errors import OptionError, PrivacyWarning
from tabgan.privacy.differential.blocks import level_block, number_block
from tabgan.privacy.differential.curator import Curator
from tabgan.privacy.differential.forms import Form
from tabgan.privacy.differential.made import made_encoder
from tabgan.privacy.differential.tree import SURE, Cells, grow
from tabgan.privacy.differential.vocabulary import frequent
from tabgan.scalars import Scalar
from tabgan.schema import Column
from tabgan.values import codes_of, numbers_of, numbers_to_series, range_of_ticks

__all__ = ["OTHER", "Learned", "learn_column"]

OTHER = "other"  # stands for the texts that too few rows hold

LEFT = 2.0  # times the noise that the rows of all other values must have to be some

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Learned:
    """A column's encoder, and how its values are laid out to be counted.

    Parameters
    ----------
    encoder
        Made from noisy counts.
    block
        Lays values out as whole numbers, shape (rows, cells), of which a row's add up to at most
        `tabgan.privacy.differential.blocks.UNIT`, whatever its value is.
    """

    encoder: ColumnEncoder
    block: Callable[[pd.Series], Ints]


def learn_column(
    form: Form, values: pd.Series, curator: Curator, part: int, *, n_rows: int, delta: float
) -> tuple[Column, Learned]:
    """Make the encoder of a column out of noisy counts.

    Parameters
    ----------
    form
        What the column is.
    values
        Its values.
    curator
        Counts.
    part
        The column's place in the table.
    n_rows
        The noisy number of rows.
    delta
        Probability with which a value that only one row holds may be released.

    Raises
    ------
    OptionError
        If there are too few rows to find out in private where the column's numbers lie.
    """
    column = form.column
    if column.kind in ("categorical", "boolean"):
        known = _known_levels(column)
        if known is None:
            known = _found_levels(column, values, curator, part, n_rows=n_rows, delta=delta)
        if not known:
            return _unnamed(column)
        return column, _level_column(column, known)
    return _learn_numbers(form, values, curator, part)


def _level_column(column: Column, known: list[Scalar]) -> Learned:
    other = next((place for place, level in enumerate(known) if level == OTHER), None)
    return Learned(
        CategoricalEncoder(column, Levels(known)),
        lambda values: level_block(_codes(values, known, other), len(known)),
    )


def _known_levels(column: Column) -> list[Scalar] | None:
    """Return the levels that the dtype names, and None for missing where it can be."""
    dtype = column.pandas_dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return [*dtype.categories.tolist(), None]
    if pd.api.types.is_bool_dtype(dtype):
        return [False, True] if isinstance(dtype, np.dtype) else [False, True, None]
    return None


def _found_levels(
    column: Column, values: pd.Series, curator: Curator, part: int, *, n_rows: int, delta: float
) -> list[Scalar]:
    """Return the values that enough rows hold, and one for the others where there are others.

    There are none for texts of which no value is held by enough rows.
    """
    codes, occurring = codes_of(values)
    counts = np.bincount(codes, minlength=len(occurring))
    noisy = curator.measure("values", counts, part, at_once=True)
    sigma = curator.sigma("values", at_once=True)
    places = frequent(noisy, sigma, delta)
    known = _in_order([occurring[place] for place in places])
    dtype = column.pandas_dtype
    holds_text = dtype == np.dtype(object) or pd.api.types.is_string_dtype(dtype)
    if holds_text and not known:
        return []
    rest = n_rows - int(noisy[places].sum())
    if holds_text and OTHER not in known and rest > LEFT * sigma * (len(known) + 1) ** 0.5:
        return [level for level in known if level is not None] + [OTHER] + [None] * (None in known)
    return known or [None]


def _unnamed(column: Column) -> tuple[Column, Learned]:
    """Make texts anew of which none may be given away."""
    column = replace(column, kind="identifier", why="text, of which no value is in enough rows")
    warnings.warn(
        f"Column {column.name!r}: no value is held by enough rows to be given away; it is made "
        "anew, as numbers. If it holds names or the like, declare what is to be made: a kind such "
        "as 'name', 'text' or 'regex:[A-Z]{2}[0-9]{6}'",
        PrivacyWarning,
        stacklevel=2,
    )
    return column, Learned(
        made_encoder(column), lambda values: np.zeros((len(values), 0), np.int64)
    )


def _in_order(levels: Sequence[Scalar]) -> list[Scalar]:
    """Sort levels by themselves: the order among all that occur may hang on one that is secret."""
    laid_out = np.empty(len(levels), object)
    laid_out[:] = levels
    return codes_of(pd.Series(laid_out))[1]


def _codes(values: pd.Series, known: Sequence[Scalar], other: int | None) -> Ints:
    """Return the level of each value; -1 where there is none, and none stands for the rest."""
    places = {(type(level), level): place for place, level in enumerate(known)}
    codes, occurring = codes_of(values)
    rest = -1 if other is None else other
    found = [
        places.get((type(level), level), rest if level is not None else -1) for level in occurring
    ]
    return np.array(found, np.int64)[codes]


def _learn_numbers(
    form: Form, values: pd.Series, curator: Curator, part: int
) -> tuple[Column, Learned]:
    column = form.column
    line, present = _line(form, values)
    whole, (low, high) = _is_whole(form), _bounds(form)
    if whole and low is not None and high is not None and high - low < FEW_VALUES:
        return column, _few_numbers(form, np.arange(low, high + 1))  # all of them are declared
    cells = grow(
        line[present],
        whole=whole,
        bounds=(low, high),
        measure=lambda counts: curator.measure("values", counts, part),
        sigma=curator.sigma("values"),
        rounds=curator.ledger["values"].times,
    )
    if not len(cells):
        raise OptionError(
            f"epsilon: column {column.name!r} has too few numbers for their range to be found in "
            f"private (of a power of two, {SURE * curator.sigma('values'):,.0f} rows or more are "
            "seen); declare its minimum and maximum in a Schema, leave the column out, or raise "
            "epsilon"
        )
    column = _with_range(column, cells, whole)
    form = replace(form, column=column)
    if whole and (cells.high - cells.low).sum() <= FEW_VALUES:
        return column, _few_numbers(form, _single(cells))
    scale, quantiles = _distribution(form, cells, whole)
    encoder = NumericEncoder(column, scale, quantiles, Levels(form.specials))

    def block(part: pd.Series) -> Ints:
        line, present = _line(form, part)
        low, width = quantiles.to_band(_to_scale(line, scale, cells))
        return number_block(low, width, _marks(part, present, form), len(form.specials))

    return column, Learned(encoder, block)


def _single(cells: Cells) -> Floats:
    """Return the whole numbers in cells."""
    parts = [np.arange(low, high) for low, high in zip(cells.low, cells.high, strict=True)]
    return np.concatenate(parts)


def _few_numbers(form: Form, numbers: Floats) -> Learned:
    """Take the numbers of a column that has but few for levels."""
    column, n = form.column, len(numbers)
    special = np.full(n, None, object)
    written = numbers_to_series(_from_line(numbers, form), special, column, np.ones(n, bool))
    levels = [*codes_of(written)[1]]  # in the order of the numbers only if they are no texts
    places = codes_of(written)[0]
    levels += form.specials

    def block(part: pd.Series) -> Ints:
        line, present = _line(form, part)
        middle = (numbers[1:] + numbers[:-1]) / 2
        codes = places[np.searchsorted(middle, line)].astype(np.int64)
        marks = _marks(part, present, form)
        return level_block(
            np.where(present, codes, np.where(marks > 0, n - 1 + marks, -1)), len(levels)
        )

    return Learned(CategoricalEncoder(column, Levels(levels)), block)


def _line(form: Form, values: pd.Series) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the places of numbers on the line, and where there is a number."""
    read = numbers_of(values, _bounded(form.column))
    line = read.values.astype(np.float64)
    if _is_whole(form):
        scale = _per_unit(form)
        with np.errstate(over="ignore"):
            line = np.rint(line * scale) if scale >= 1 else np.floor(line * scale)
        line = np.clip(line, -float(EXACT), float(EXACT))
    return line, read.present


def _bounded(column: Column) -> Column:
    """Let what counts as a number hang on no other row, as the width of whole numbers may."""
    if column.kind not in ("integer", "numeric") or column.maximum is not None:
        return column
    return replace(column, maximum=max(EXACT, column.minimum or 0))


def _per_unit(form: Form) -> float:
    """Return the whole steps of the line in a unit of the column's numbers."""
    return 10.0 ** (form.column.decimals or 0) if form.step == 1 else 1 / form.step


def _from_line(line: Floats, form: Form) -> Any:
    numbers = line / 10.0 ** (form.column.decimals or 0) * form.step
    return numbers if form.column.kind == "numeric" else numbers.astype(np.int64)


def _is_whole(form: Form) -> bool:
    return form.column.kind != "numeric" or form.column.decimals is not None


def _bounds(form: Form) -> tuple[float | None, float | None]:
    """Return the declared range on the line."""
    column = form.column
    ends = column.minimum, column.maximum
    if column.kind in ("datetime", "timedelta"):
        first, last = range_of_ticks(column)
        ends = (None if ends[0] is None else first, None if ends[1] is None else last)
    low, high = (None if end is None else float(end) for end in ends)
    if _is_whole(form):
        low = None if low is None else float(np.ceil(low * _per_unit(form)))
        high = None if high is None else float(np.floor(high * _per_unit(form)))
    return low, high


def _with_range(column: Column, cells: Cells, whole: bool) -> Column:
    """Give a column of numbers the range that was found, where none is declared."""
    if column.kind not in ("integer", "numeric"):
        return column
    ends = (cells.low[0], cells.high[-1] - 1 if whole else cells.high[-1])
    found = [float(end) / 10.0 ** (column.decimals or 0) for end in ends]
    low, high = (round(end) if column.kind == "integer" else end for end in found)
    return replace(
        column,
        minimum=low if column.minimum is None else column.minimum,
        maximum=high if column.maximum is None else column.maximum,
    )


def _distribution(form: Form, cells: Cells, whole: bool) -> tuple[Scale, Quantiles]:
    """Turn cells and their rows into a scale and a quantile function on it."""
    share = np.cumsum(cells.rows) / cells.rows.sum()
    share[-1] = 1.0
    u = np.stack([np.concatenate([[0.0], share[:-1]]), share], axis=1).ravel()
    scale = _scale(form, cells)
    half = 0.5 if whole else 0.0
    low, high = _to_scale(cells.low, scale, cells), _to_scale(cells.high - 2 * half, scale, cells)
    x = np.stack([low - half, np.maximum(high, low) + half], axis=1).ravel()
    new = np.concatenate([[True], (np.diff(u) > 0) | (np.diff(x) > 0)])
    return scale, Quantiles(u[new], np.maximum.accumulate(x[new]), whole)


def _scale(form: Form, cells: Cells) -> Scale:
    if not _is_whole(form):
        return Real(int(np.frexp(max(abs(cells.low[0]), abs(cells.high[-1])))[1]))
    base, last = int(cells.low[0]), int(cells.high[-1] - 1 - cells.low[0])
    if form.column.kind == "numeric":
        return Lattice("float64", base, 1, last, form.column.decimals or 0)
    return Lattice("int64", base * form.step, form.step, last)


def _to_scale(line: Floats, scale: Scale, cells: Cells) -> Floats:
    """Turn places on the line into positions of a scale."""
    inside = np.clip(line, cells.low[0], cells.high[-1])
    return np.ldexp(inside, -scale.exponent) if isinstance(scale, Real) else inside - cells.low[0]


def _marks(values: pd.Series, present: NDArray[np.bool_], form: Form) -> Ints:
    """Say which special stands in each row, from 1 on; 0 where there is a number, -1 for none."""
    marks = np.where(present, 0, -1)
    if form.specials and not present.all():
        special = numbers_of(values, _bounded(form.column)).special[~present]
        places = {value: 1 + place for place, value in enumerate(form.specials)}
        marks[~present] = [places.get(value, -1) if _is_mark(value) else -1 for value in special]
    return marks


def _is_mark(value: Any) -> bool:
    return value is None or isinstance(value, str)
