"""Levels that few real rows hold, and the new values that stand in for them.

A name that three rows of a table hold is no level to be copied: a careful generator writes a new
one of the same form in its place. Such values are counted together with the rare levels of the
real table, as one level, so that they are no fault in themselves. Their form, and how many there
are, still tell.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.evaluation.compared_tables import CodedColumn, ComparedTables
from tabgan.evaluation.part_results import StandIns
from tabgan.table.scalars import Scalar

__all__ = ["LESS_CERTAIN", "join_rare_levels"]

JOINED = "(levels of few rows)"
LEAST_GROUP = 5  # rows that a level needs to be copied, of tabgan's default `min_group` …
LESS_CERTAIN = 7  # … whose threshold a fit draws at random, up to one and a half times as high
FREE_FORMS = 0.03  # share of levels whose form no other has, from which on new forms are expected
TIMES_RARE = 1.5  # as many rows of new values as the rare levels have may be there
SURE = 3  # standard errors of a share
LONGER = 1.5  # times the longest level
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Counts = NDArray[np.int64]


def join_rare_levels(tables: ComparedTables) -> ComparedTables:
    """Count rare levels and new values of their form as one level.

    A column is left as it is where no synthetic value is new, or no real level is rare. New values
    that are written in another way, or are more than the rare levels explain, stay as they are.
    """
    coded, told = dict(tables.coded), list[StandIns]()
    for place, column in tables.coded.items():
        is_declared = isinstance(tables.real.iloc[:, place].dtype, pd.CategoricalDtype)
        if column.nominal and not is_declared:
            coded[place], rare = _join(column)
            if rare is not None:
                told.append(rare._replace(column=tables.names[place]))
    ordered = sorted(told, key=lambda one: -one.new_rows)
    return replace(tables, coded=coded, stand_ins=tuple(ordered))


def _join(column: CodedColumn) -> tuple[CodedColumn, StandIns | None]:
    """Return a column with its rare levels joined, and what was joined."""
    rows, drawn, fresh = (
        _rows_of(values, len(column.levels))
        for values in (column.real, column.synthetic, column.holdout)
    )
    rare = (rows > 0) & ((rows < LEAST_GROUP) | ((rows < LESS_CERTAIN) & (drawn == 0)))
    new = (rows == 0) & (drawn + fresh > 0)
    if not rare.any() or not (new & (drawn > 0)).any():
        return column, None
    form = _Form.of([column.levels[at] for at in np.flatnonzero(rows)])
    for at in np.flatnonzero(new):
        new[at] = form.fits(column.levels[at])
    share = float(rows[rare].sum() / rows.sum())
    last = len(column.levels)
    synthetic = _with_one_level(column.synthetic, rare, new, share)
    is_new = (synthetic == last) & new[_codes(column.synthetic)]
    there = max(int((~np.isnan(synthetic)).sum()), 1)
    joined = CodedColumn(
        True,
        _with_one_level(column.real, rare, new, share),
        synthetic,
        _with_one_level(column.holdout, rare, new, share),
        (*column.levels, JOINED),
    )
    return joined, StandIns("", int(rare.sum()), 100 * share, 100 * float(is_new.sum()) / there)


def _with_one_level(values: Floats, rare: Mask, new: Mask, share: float) -> Floats:
    """Return codes with one for rare levels and as many rows of new ones as these explain."""
    present = ~np.isnan(values)
    codes = _codes(values)
    n_rows = max(int(present.sum()), 1)
    most = n_rows * (TIMES_RARE * share + SURE * np.sqrt(share * (1 - share) / n_rows))
    added = np.flatnonzero(present & new[codes])
    if len(added) > most:  # spread over the table
        numbers = np.arange(len(added) + 1) * int(most) // len(added)
        added = added[np.diff(numbers) > 0]
    joined = np.where(present & rare[codes], float(len(rare)), values)
    joined[added] = len(rare)
    return joined


def _codes(values: Floats) -> Counts:
    return np.where(np.isnan(values), 0, values).astype(np.int64)


def _rows_of(values: Floats, n_levels: int) -> Counts:
    return np.bincount(values[~np.isnan(values)].astype(np.int64), minlength=n_levels)


_RUN = re.compile(r"(.)\1+", re.DOTALL)


def signs_of(text: str) -> str:
    """Return a text with 0, a and A for its digits and letters.

    Examples
    --------
    >>> signs_of("Cue Health 7")
    'Aaa Aaaaaa 0'
    """
    return "".join(
        "0" if sign.isdecimal() else "A" if sign.isupper() else "a" if sign.isalpha() else sign
        for sign in text
    )


class _Form(NamedTuple):
    """How the levels of a column are written.

    Attributes
    ----------
    forms
        Runs of equal signs as one (`Aa Aa 0`).
    signs
        All signs that occur.
    lengths
        The least and the most signs of a level.
    is_free
        Whether so many forms occur once that new ones are expected.
    """

    forms: frozenset[str]
    signs: frozenset[str]
    lengths: tuple[int, int]
    is_free: bool

    @classmethod
    def of(cls, levels: Sequence[Scalar]) -> "_Form":
        written = [signs_of(str(level)) for level in levels]
        forms = Counter(_RUN.sub(r"\1", text) for text in written)
        once = sum(count == 1 for count in forms.values())
        lengths = [*map(len, written)]
        return cls(
            frozenset(forms),
            frozenset("".join(written)),
            (min(lengths), max(lengths)),
            once >= FREE_FORMS * len(levels),
        )

    def fits(self, level: Scalar) -> bool:
        """Return whether a new level is written as these are."""
        signs = signs_of(str(level))
        least, most = self.lengths
        if self.is_free:
            return least <= len(signs) <= LONGER * most and self.signs.issuperset(signs)
        return least <= len(signs) <= most and _RUN.sub(r"\1", signs) in self.forms
