"""`NumericEncoder`: numbers, dates and durations as probabilities of their distribution."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.categorical import LevelTable
from tabgan.encoding.column_encoder import ColumnEncoder, Encoded
from tabgan.encoding.quantiles import Quantiles
from tabgan.table.columns import TypedSeries, clip_to_ends, write_column
from tabgan.table.dates import is_beyond_month, unit_of
from tabgan.table.number_scale import Scale, fit_scale, scale_from_json
from tabgan.table.numbers import Numbers
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Column

__all__ = ["NumericEncoder"]

MOST_EXCEPTIONS = 0.01  # share of the dates whose form does not follow the day
ROUND_DIGITS = (2, 5, 10, 25)
MOST_POWER = 12  # of ten
CLOCK = (1, 60, 300, 900, 3600, 86_400)  # seconds
TICKS_OF_UNIT = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
LEAST_DATES = 20  # on either side of the 12th

FormsByDay = tuple[int, int]  # place of the form up to the 12th of a month, and of that after it


class NumericEncoder(ColumnEncoder):
    """A number, date or duration, as its place in the column's distribution.

    Values that stand for no number (missing, infinite, a text such as ``"NA"``) are *specials*:
    levels of a mark beside the number, generated with their own share and kept as they are.
    """

    name = "numeric"

    def __init__(
        self,
        column: Column,
        scale: Scale,
        quantiles: Quantiles,
        specials: LevelTable,
        forms_by_day: FormsByDay | None = None,
    ) -> None:
        self.column = column
        self._scale = scale
        self._quantiles = quantiles
        self._specials = specials
        self._forms_by_day = forms_by_day

    @property
    def specials(self) -> Sequence[Scalar]:
        """What the column holds beside numbers; None where a value is missing."""
        return self._specials.values

    @property
    def spans(self) -> RowLayout:
        """One number, its mark and its form.

        The mark, of a column with specials, has the level 0 where a number is present. The form,
        of a column with several formats, is the place of the number's own.
        """
        marks = (1 + len(self._specials),) if len(self._specials) else ()
        forms = (len(self.column.formats),) if self.column.other_formats else ()
        return RowLayout((0 if marks else None,), marks + forms)

    @property
    def quantiles(self) -> tuple[Quantiles, ...]:
        """The distribution of the number."""
        return (self._quantiles,)

    @property
    def absent_codes(self) -> tuple[int, ...]:
        """The levels of the mark that stand for a missing value: None, and texts as ``"NA"``."""
        return tuple(1 + i for i, s in enumerate(self.specials) if s is None or isinstance(s, str))

    @classmethod
    def fit(cls, cells: TypedSeries) -> Self:
        """Learn the column's distribution, with ends as `ends_of` has them, and its specials.

        Raises
        ------
        DataError
            If a value is not supported, or none is a number.
        """
        column, numbers = cells.column, cells.numbers
        known = numbers.values[numbers.present]
        if not len(known):
            raise DataError(
                f"Column {column.name!r}: of {len(cells.values)} values none is of kind "
                f"{column.kind!r}; give the column the kind 'categorical', or drop it"
            )
        decimals = 0 if column.kind == "integer" else column.decimals
        kept = clip_to_ends(known, column)
        scale = fit_scale(kept, decimals)
        low, high = scale.to_line(np.array([kept.min(), kept.max()])).tolist()
        quantiles = Quantiles.fit(
            np.nan_to_num(scale.to_line(known)),
            whole=scale.whole,
            least=column.least_rows,
            ends=(low, high),
        ).with_heaping(
            np.nan_to_num(scale.to_line(known)),
            scale.steps_of(_round_steps(column)),
            least=column.least_rows,
            unit=scale.unit,
        )
        specials = LevelTable(_specials_of(column, numbers).levels)
        return cls(column, scale, quantiles, specials, _forms_by_day(numbers, column))

    def encode(self, cells: TypedSeries) -> Encoded:
        """Give each number its band; numbers outside the fitted range get that of its end.

        Raises
        ------
        DataError
            If a value is neither a number nor one of the fitted specials.
        """
        numbers = cells.with_column(self.column).numbers
        absent = ~numbers.present
        low, width = self._quantiles.to_band(self._scale.to_line(numbers.values))
        low[absent], width[absent] = 0.0, 1.0
        codes = np.zeros((len(absent), len(self.spans.widths)), np.int32)
        if absent.any():
            codes[absent, 0] = 1 + self._specials.codes_in(_specials_of(self.column, numbers))
        if numbers.forms is not None and self.column.other_formats:
            codes[:, -1] = numbers.forms
        return Encoded(low.astype(np.float32)[:, None], width.astype(np.float32)[:, None], codes)

    def decode(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],
        start: int,  # noqa: ARG002
        rng: np.random.Generator,  # noqa: ARG002
        key: int = 0,  # noqa: ARG002
    ) -> pd.Series:
        """Return the numbers at probabilities, and specials where their level is set.

        Parameters
        ----------
        numbers
            Probabilities in [0, 1], shape (rows, numbers of `spans`).
        codes
            Level codes, shape (rows, level spans of `spans`).
        start
            Position of the first row in the whole sample.
        rng
            The only source of randomness.
        key
            Chooses the order of generated values; one for all blocks of a sample.
        """
        values = self._scale.from_line(self._quantiles.from_unit(numbers[:, 0]))
        level = codes[:, 0] if len(self._specials) else np.zeros(len(numbers), np.intp)
        special = np.array([None, *self._specials.values], object)[level]
        forms = codes[:, -1].astype(np.int8) if self.column.other_formats else None
        if self._forms_by_day is not None:
            late = is_beyond_month(values, self.column)
            forms = np.array(self._forms_by_day, np.int8)[late.astype(np.intp)]
        return write_column(Numbers(values, level == 0, special, forms), self.column)

    def to_json(self) -> dict[str, Any]:
        """Describe the encoder by JSON values."""
        by_day = self._forms_by_day
        return {
            "scale": self._scale.to_json(),
            "quantiles": self._quantiles.to_json(),
            "specials": self._specials.to_json(),
            **({} if by_day is None else {"forms_by_day": [*by_day]}),
        }

    @classmethod
    def from_json(cls, column: Column, state: dict[str, Any]) -> Self:
        """Rebuild an encoder from `to_json`'s value.

        Parameters
        ----------
        column
            What the column is.
        state
            What `to_json` returned.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        scale = scale_from_json(state["scale"])
        quantiles = Quantiles.from_json(state["quantiles"])
        least, most = scale.limits
        if quantiles.whole is not scale.whole:
            raise ValueError("numeric: scale and quantiles do not match")
        if quantiles.minimum < least or quantiles.maximum > most:
            raise ValueError("numeric: the quantiles leave the scale")
        by_day = _forms_by_day_from_json(state.get("forms_by_day"), column)
        return cls(column, scale, quantiles, LevelTable.from_json(state["specials"]), by_day)


def _round_steps(column: Column) -> list[int]:
    """Return how many ticks round numbers are apart: powers of ten, or units of time."""
    if column.kind in ("datetime", "timedelta"):
        ticks = TICKS_OF_UNIT.get(unit_of(column), 0)
        return [seconds * ticks for seconds in CLOCK] if ticks else []
    return [digit * 10**power for power in range(MOST_POWER) for digit in ROUND_DIGITS]


def _forms_by_day(numbers: Numbers, column: Column) -> FormsByDay | None:
    """Return the forms of dates up to the 12th and after it, if two forms differ by nothing else.

    An import that takes days for months writes `06-04-91`, but `6/29/1984`.
    """
    if column.kind != "datetime" or not column.other_formats or numbers.forms is None:
        return None
    late = is_beyond_month(numbers.values[numbers.present], column)
    forms = numbers.forms[numbers.present]
    n = len(column.formats)
    counts = [np.bincount(forms[late == side], minlength=n) for side in (False, True)]
    early, after = (int(own.argmax()) for own in counts)
    exceptions = len(forms) - counts[0][early] - counts[1][after]
    least = max(LEAST_DATES, column.least_rows)
    if early == after or min(own.sum() for own in counts) < least:
        return None
    return (early, after) if exceptions <= MOST_EXCEPTIONS * len(forms) else None


def _forms_by_day_from_json(state: Any, column: Column) -> FormsByDay | None:
    if state is None:
        return None
    early, after = map(int, state)
    if column.kind != "datetime" or not {early, after} <= set(range(len(column.formats))):
        raise ValueError("numeric: forms_by_day does not go with the column's formats")
    return early, after


def _specials_of(column: Column, numbers: Numbers) -> TypedSeries:
    return TypedSeries(column, pd.Series(numbers.special[~numbers.present], dtype=object))
