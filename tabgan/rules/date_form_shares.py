"""The forms in which a derived column of dates is written, by those of the date it goes with."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tabgan.table.dates import is_beyond_month
from tabgan.table.numbers import Numbers
from tabgan.table.schema import Column

__all__ = ["GOLDEN", "DateFormShares"]

GOLDEN = (5**0.5 - 1) / 2  # whose multiples spread evenly over the unit interval


@dataclass(frozen=True)
class DateFormShares:
    """In which of its forms a column writes a date, by the form of another date of the row.

    An import that takes days for months writes one form up to the 12th of a month and another
    one after it, so that the day counts too.

    Parameters
    ----------
    shares
        For each form of the other date, up to the 12th and after it: the share of each form.
    """

    shares: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, source: Numbers, target: Numbers, column: Column) -> Self | None:
        """Count the forms of the target; None if it has one."""
        if not column.other_formats:
            return None
        n_forms = len(column.formats)
        forms = np.zeros(len(target.values), np.int8) if target.forms is None else target.forms
        n_cases = 2 * (1 if source.forms is None else int(source.forms.max(initial=0)) + 1)
        case = _case_of(source, target.values, column)[target.present]
        counts = np.bincount(case * n_forms + forms[target.present], minlength=n_cases * n_forms)
        counts = counts.reshape(n_cases, n_forms)
        overall = counts.sum(axis=0)
        kept = np.where(counts >= column.least_rows, counts, 0)
        kept[kept.sum(axis=1) == 0] = np.where(overall == overall.max(), 1, 0)
        shares = kept / kept.sum(axis=1, keepdims=True)
        return cls(tuple(tuple(row) for row in shares.tolist()))

    def draw(self, source: Numbers, ticks: NDArray[np.int64], column: Column) -> NDArray[np.int8]:
        """Spread the forms over the rows of each case, evenly.

        Parameters
        ----------
        source
            The other dates.
        ticks, column
            The dates that are written, and their column.
        """
        case = np.minimum(_case_of(source, ticks, column), len(self.shares) - 1)
        forms = np.zeros(len(ticks), np.int8)
        for number, own in enumerate(self.shares):
            rows = np.flatnonzero(case == number)
            place = (np.arange(len(rows)) + 0.5) * GOLDEN % 1
            forms[rows] = np.searchsorted(np.cumsum(own)[:-1], place, side="right")
        return forms

    def to_json(self) -> list[list[float]]:
        """Describe the shares by JSON values."""
        return [[*own] for own in self.shares]

    @classmethod
    def from_json(cls, state: list[list[float]]) -> Self:
        """Rebuild shares from `to_json`'s value."""
        return cls(tuple(tuple(float(share) for share in own) for own in state))


def _case_of(source: Numbers, ticks: NDArray[np.int64], column: Column) -> NDArray[np.int64]:
    """Return the number of each row's case: the other date's form, up to the 12th or after it."""
    late = is_beyond_month(ticks, column).astype(np.int64)
    return late if source.forms is None else 2 * source.forms.astype(np.int64) + late
