"""Histograms under differential privacy: of a number, refined in rounds, and of unknown levels.

Adaptive histogram of a number under differential privacy, refined in rounds of noisy counts.

The line is first cut by the powers of two, or evenly between declared bounds; then every cell
that holds many rows is cut again, and so on, down to single values where these are frequent. Each
round counts every row in one cell, also in those that are not cut, and the mean of a cell's counts
says whether it holds rows. What is cut next depends on noisy counts only.

Private columns of levels: released by a stability-based histogram of noisy counts.

A stability-based histogram (Korolova et al., 2009; Wilkins et al., 2024): values that occur are
counted with noise, and those whose noisy count reaches a threshold are kept. The threshold is so
high that a value of one row alone reaches it with a probability of at most δ′.
"""

import json
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from tabgan.base.errors import OptionError, PrivacyWarning, warn_caller
from tabgan.encoding.column_encoders import CategoricalEncoder, ColumnEncoder, LevelTable
from tabgan.encoding.identifiers.identifier_encoders import IdentifierEncoder
from tabgan.encoding.identifiers.personal_names import locale_of
from tabgan.encoding.identifiers.placeholder_text import LOREM, TextEncoder
from tabgan.fitting.private.noisy_marginals import ColumnSummary, level_block
from tabgan.fitting.private.privacy_accounting import NoisyCounter
from tabgan.table.columns import TypedSeries
from tabgan.table.level_codes import as_objects, codes_of, dense, distinct_of
from tabgan.table.locale_words import vocabulary
from tabgan.table.regular_expressions import RegularExpression
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column, expression_of

__all__ = [
    "OTHER",
    "RangeCells",
    "frequent",
    "frequent_levels",
    "grow",
    "identifier_encoder",
    "learn_levels",
    "threshold",
]

PARTS = 8  # that a cell is cut into
FIRST_PARTS = 64  # between declared bounds
LEAST_EXPONENT, MOST_EXPONENT = -40, 64  # of numbers that lie on no grid
MOST_WHOLE = 53  # bits of whole numbers
SURE = 4.5  # times the noise that a cell must have to be believed
SPLIT = 5.0  # times the noise that a cell must have to be cut
SEEN = 3.0  # the same, of a part of a declared range, or of a cell that is believed
WEAK = 1.5  # the same, of a part beside one that is seen: tails thin out, they do not break off
TRACE = 0.02  # times the noise that the other parts of a declared range get
FINE = 200  # cells of as many rows would be as many as this, at the finest

Floats = NDArray[np.float64]
Count = Callable[[NDArray[np.int64]], NDArray[np.int64]]


@dataclass(frozen=True)
class RangeCells:
    """Half-open cells of the line, in order, and the rows in each; cells may leave gaps."""

    low: Floats
    high: Floats
    rows: Floats

    def __len__(self) -> int:
        return len(self.low)

    def count(self, line: Floats) -> NDArray[np.int64]:
        """Count the numbers in each cell; none is in two."""
        if not len(self):
            return np.zeros(0, np.int64)
        cell = np.clip(np.searchsorted(self.low, line, side="right") - 1, 0, None)
        inside = (line >= self.low[cell]) & (line < self.high[cell])
        return np.bincount(cell[inside], minlength=len(self)).astype(np.int64)

    def chosen(self, which: NDArray[np.bool_]) -> "RangeCells":
        """Return some of the cells."""
        return RangeCells(self.low[which], self.high[which], self.rows[which])


def grow(
    line: Floats,
    *,
    whole: bool,
    bounds: tuple[float | None, float | None],
    measure: Count,
    sigma: float,
    rounds: int,
    marks: Collection[float] = (),
) -> RangeCells:
    """Find cells that hold about the same number of rows each, or a frequent value.

    Parameters
    ----------
    line
        The numbers, finite.
    whole
        Whether they are whole numbers.
    bounds
        The least and the greatest number, where they are declared.
    measure
        Adds the noise to the counts of a round.
    sigma
        Its standard deviation.
    rounds
        How often it may be called.
    marks
        Whole numbers that get a cell of their own at once, where a bound is not declared.

    Returns
    -------
    The cells that are believed to hold numbers, which a declared range is all over; without one
    there may be none.
    """
    cells = _first_cells(whole, bounds)
    if marks and None in bounds:
        cells = _with_marks(cells, marks)
    line = np.clip(line, cells.low[0], np.nextafter(cells.high[-1], -np.inf))
    found = _Partition.of(cells, is_open=None in bounds)
    for left in range(rounds, 0, -1):
        found = found.counted(measure(found.cells.count(line)).astype(np.float64))
        which = found.to_cut(sigma, left - 1) & _divisible(found.cells, whole)
        if which.any():
            found = found.cut(which, whole)
    return found.believed(sigma)


@dataclass(frozen=True)
class _Partition:
    """Cells all over the line, each with the mean of its noisy counts.

    All cells are counted in each round, also those that are not cut: it costs nothing, since a row
    is in one of them, and the mean shows rows that one count can't tell from noise.
    """

    cells: RangeCells
    times: Floats  # counts of each cell
    family: NDArray[np.intp]  # cells that were cut from one; -1 for the first ones
    totals: Floats  # of each family: the rows that its cells add up to
    is_whole: NDArray[np.bool_]  # of each family: whether none of its cells was cut
    is_open: bool  # whether an end of the line is not declared

    @classmethod
    def of(cls, cells: RangeCells, *, is_open: bool) -> Self:
        """Start with cells that were not counted yet."""
        n = len(cells)
        none = np.zeros(0)
        return cls(cells, np.zeros(n), np.full(n, -1), none, none.astype(bool), is_open)

    def counted(self, noisy: Floats) -> Self:
        """Return the same with another noisy count of each cell."""
        mean = (self.cells.rows * self.times + noisy) / (self.times + 1)
        later = self.family >= 0
        family = self.family[later]
        size = np.bincount(family, minlength=len(self.totals))
        short = self.totals - np.bincount(family, mean[later], minlength=len(self.totals))
        mean[later] += short[family] / size[family]
        return replace(self, cells=replace(self.cells, rows=mean), times=self.times + 1)

    def seen(self, sigma: float) -> NDArray[np.bool_]:
        """Tell cells that hold rows from noise.

        A cell needs many rows, or some and an unbroken row of such cells between it and one that
        has many (hysteresis, as for edges in pictures; Canny, 1986).
        """
        is_far = (self.family < 0) & self.is_open
        # A first cell beside those that are sure doubles the range, or brings negative numbers in,
        # unless it is a single value.
        extends = is_far & ((self.cells.high - self.cells.low != 1) | (self.cells.low < 0))
        noise = sigma / np.sqrt(self.times)
        sure = self.cells.rows > np.where(is_far, SURE, SEEN) * noise
        may_be = self.cells.rows > np.where(extends, SEEN, WEAK) * noise
        goes_on = may_be[1:] & may_be[:-1] & (self.cells.low[1:] == self.cells.high[:-1])
        run = np.concatenate([[0], np.cumsum(~goes_on)])
        found: NDArray[np.bool_] = may_be & (np.bincount(run, sure) > 0)[run]
        return found

    def to_cut(self, sigma: float, left: int) -> NDArray[np.bool_]:
        """Choose the cells with many rows.

        The first and the last one decide the range: they are cut as soon as the mean of the counts
        that are left can tell their parts from noise.
        """
        seen = self.seen(sigma)
        if not left or not seen.any():
            return np.zeros(len(seen), bool)
        rows = np.where(seen, self.cells.rows, 0.0)
        least = np.full(len(seen), max(SPLIT * sigma, rows.sum() / FINE))
        least[np.flatnonzero(seen)[[0, -1]]] = SPLIT * sigma / left**0.5
        chosen: NDArray[np.bool_] = rows > least
        return chosen

    def cut(self, which: NDArray[np.bool_], whole: bool) -> Self:
        """Cut some of the cells; their parts have not been counted yet."""
        parts, owner = _cut(self.cells.chosen(which), whole)
        totals, is_whole = self.totals.copy(), self.is_whole.copy()
        later = which & (self.family >= 0)
        np.subtract.at(totals, self.family[later], self.cells.rows[later])
        is_whole[self.family[later]] = False
        low = np.concatenate([self.cells.low[~which], parts.low])
        order = np.argsort(low, kind="stable")
        high = np.concatenate([self.cells.high[~which], parts.high])
        rows = np.concatenate([self.cells.rows[~which], parts.rows])
        times = np.concatenate([self.times[~which], np.zeros(len(parts))])
        family = np.concatenate([self.family[~which], owner + len(totals)])
        return replace(
            self,
            cells=RangeCells(low[order], high[order], rows[order]),
            times=times[order],
            family=family[order],
            totals=np.concatenate([totals, self.cells.rows[which]]),
            is_whole=np.concatenate([is_whole, np.ones(int(which.sum()), bool)]),
        )

    def believed(self, sigma: float) -> RangeCells:
        """Return the cells that hold rows; of a declared range all, with a trace in the others."""
        seen = self.seen(sigma)
        rows = np.where(seen, self.cells.rows, 0.0)
        later = self.family >= 0
        family = self.family[later]
        rows[later] = _scaled(rows[later], family, np.maximum(self.totals, 0), self.is_whole)
        if not self.is_open:
            rows[~later & ~seen] = TRACE * sigma
        return replace(self.cells, rows=rows).chosen(rows > 0)


def _first_cells(whole: bool, bounds: tuple[float | None, float | None]) -> RangeCells:
    low, high = bounds
    if low is not None and high is not None:
        end = high + 1 if whole else np.nextafter(high, np.inf)
        edges = np.linspace(low, end, FIRST_PARTS + 1)
        edges = np.unique(np.rint(edges) if whole else edges)
        return RangeCells(edges[:-1], edges[1:], np.zeros(len(edges) - 1))
    if whole:
        powers = 2.0 ** np.arange(MOST_WHOLE + 1)
        edges = np.concatenate([1 - powers[::-1], powers])
    else:
        powers = 2.0 ** np.arange(LEAST_EXPONENT, MOST_EXPONENT + 1)
        least = np.nextafter(0.0, 1.0)
        edges = np.concatenate([-powers[::-1], [0.0, least], powers])
    if low is not None:
        edges = np.concatenate([[low], edges[edges > low]])
    if high is not None:
        end = high + 1 if whole else np.nextafter(high, np.inf)
        edges = np.concatenate([edges[edges < end], [end]])
    return RangeCells(edges[:-1], edges[1:], np.zeros(len(edges) - 1))


def _with_marks(cells: RangeCells, marks: Collection[float]) -> RangeCells:
    """Cut whole numbers out of the cells around them."""
    own = np.array([*marks])
    own = own[(own >= cells.low[0]) & (own < cells.high[-1])]
    edges = np.unique(np.concatenate([cells.low, cells.high[-1:], own, own + 1]))
    return RangeCells(edges[:-1], edges[1:], np.zeros(len(edges) - 1))


def _divisible(cells: RangeCells, whole: bool) -> NDArray[np.bool_]:
    width = cells.high - cells.low
    if whole:
        return width > 1
    return width > 1e-9 * np.maximum(np.abs(cells.low), np.abs(cells.high))


def _cut(cells: RangeCells, whole: bool) -> tuple[RangeCells, NDArray[np.intp]]:
    """Cut cells into parts; say whose each part is."""
    share = np.arange(PARTS + 1) / PARTS
    edges = cells.low[:, None] + (cells.high - cells.low)[:, None] * share
    if whole:
        edges = np.rint(edges)
    edges[:, -1] = cells.high
    owner = np.repeat(np.arange(len(cells)), PARTS)
    low, high = edges[:, :-1].ravel(), edges[:, 1:].ravel()
    real = high > low
    return RangeCells(low[real], high[real], np.zeros(int(real.sum()))), owner[real]


def _scaled(
    rows: Floats, family: NDArray[np.intp], totals: Floats, is_whole: NDArray[np.bool_]
) -> Floats:
    """Scale the rows of parts to those of their cell; evenly spread where no part has any."""
    n = len(totals)
    even = (totals / np.maximum(np.bincount(family, minlength=n), 1) * is_whole)[family]
    total = np.bincount(family, rows, minlength=n)[family]
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = rows * totals[family] / total
    return np.where(total > 0, scaled, even)


_PATTERNS = {  # how values are written that no value is looked at for
    "email": ["someone@example.com"],
    "iban": ["DE89370400440532013000"],
    "text": ["lorem ipsum dolor sit amet", "lorem ipsum dolor sit amet consectetur adipiscing"],
    "uuid": ["6ba7b810-9dad-41d1-80b4-00c04fd430c8"],
}
_WORDS = {"phone": "phone_number"}  # kinds whose vocabulary has another name
EXAMPLES = 50
OTHER = "other"  # stands for the texts that too few rows hold
LEFT = 2.0  # times the noise that the rows of all other values must have to be some
_EXACT = {str, int, bool, bytes, type(None), type(pd.NaT), type(pd.NA)}  # equal: written alike
Ints = NDArray[np.int64]


def threshold(sigma: float, delta: float) -> int:
    """Return the noisy count that a value of one row reaches with at most a probability of delta.

    Parameters
    ----------
    sigma
        Standard deviation of the noise.
    delta
        The probability.

    Examples
    --------
    >>> threshold(10.0, 1e-6)
    50
    """
    # the discrete Gaussian reaches T - 1 no oftener than the continuous one T - 2
    return math.ceil(2 + sigma * float(norm.isf(delta)))


def frequent(noisy: NDArray[np.int64], sigma: float, delta: float) -> list[int]:
    """Return the places of the counts that reach the threshold.

    Parameters
    ----------
    noisy
        Noisy counts.
    sigma
        Standard deviation of their noise.
    delta
        Probability with which a count of one row reaches the threshold.
    """
    return [int(place) for place in np.flatnonzero(noisy >= threshold(sigma, delta))]


def identifier_encoder(column: Column) -> ColumnEncoder:
    """Make the encoder of a column from its kind, dtype and locale; no value is missing then."""
    if column.kind == "text":
        column = replace(column, format=LOREM)  # the shape of a language is one of the texts
    examples = pd.Series(_examples(column), dtype=object)
    encoder = TextEncoder if column.kind == "text" else IdentifierEncoder
    return encoder.fit(TypedSeries(column, examples))


def _examples(column: Column) -> list[str]:
    expression = expression_of(column.kind)
    if expression is not None:
        return [str(text) for text in RegularExpression(expression).write(np.array([0]))]
    if column.kind in ("identifier", "key", "sequential"):
        return []
    if column.kind in _PATTERNS:
        return _PATTERNS[column.kind]
    words = vocabulary(locale_of(column), _WORDS.get(column.kind, column.kind))
    return list(words[:EXAMPLES])


def learn_levels(
    column: Column,
    values: pd.Series,
    counter: NoisyCounter,
    part: int,
    *,
    n_rows: int,
    delta: float,
) -> tuple[Column, ColumnSummary]:
    """Make the encoder of a column of levels; arguments are those of `learn_column`.

    The levels are those that the dtype names, or else those that enough rows hold. A column of
    texts without such levels becomes an identifier, whose values are generated.
    """
    levels = _declared_levels(column)
    if levels is None:
        levels = frequent_levels(column, values, counter, part, n_rows=n_rows, delta=delta)
    if not levels:
        return _unnamed(column)
    other = next((place for place, level in enumerate(levels) if level == OTHER), None)
    return column, ColumnSummary(
        CategoricalEncoder(column, LevelTable(levels)),
        lambda values: level_block(_codes(values, levels, other), len(levels)),
    )


def _declared_levels(column: Column) -> list[Scalar] | None:
    """Return the levels that the dtype names, and None for missing where it can be."""
    dtype = column.pandas_dtype
    dtype = dtype.subtype if isinstance(dtype, pd.SparseDtype) else dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return [*dtype.categories.tolist(), None]
    if pd.api.types.is_bool_dtype(dtype):
        return [False, True] if isinstance(dtype, np.dtype) else [False, True, None]
    return None


def frequent_levels(
    column: Column,
    values: pd.Series,
    counter: NoisyCounter,
    part: int,
    *,
    n_rows: int,
    delta: float,
) -> list[Scalar]:
    """Return the values that enough rows hold, and `OTHER` where texts have further values.

    Parameters are those of `learn_column`.

    Returns
    -------
    An empty list for texts of which no value is held by enough rows.

    Raises
    ------
    OptionError
        If a column of other values has none that enough rows hold.
    """
    codes, occurring = _written(values)
    counts = np.bincount(codes, minlength=len(occurring))
    noisy = counter.measure("values", counts, part, at_once=True)
    sigma = counter.sigma("values", at_once=True)
    places = frequent(noisy, sigma, delta)
    levels = _in_order([from_json_scalar(json.loads(occurring[place])) for place in places])
    dtype = column.pandas_dtype
    holds_text = dtype == np.dtype(object) or pd.api.types.is_string_dtype(dtype)
    if holds_text and not levels:
        return []
    if not levels:
        raise OptionError(
            f"epsilon: column {column.name!r} has no value with enough rows to be released "
            f"(at least {threshold(sigma, delta):,} are needed); leave the column out, declare "
            "another kind, or raise epsilon"
        )
    rest = n_rows - int(noisy[places].sum())
    if holds_text and OTHER not in levels and rest > LEFT * sigma * (len(levels) + 1) ** 0.5:
        missing = [None] * (None in levels)
        return [level for level in levels if level is not None] + [OTHER] + missing
    return levels


def _written(values: pd.Series) -> tuple[Ints, list[str]]:
    """Return the values that occur as JSON, in order, and which of them each row has.

    Equal values may differ in how they are written: 1.0 and 1.00, 0.0 and -0.0, one moment in two
    time zones. Each counts for itself; or which of them is given away would be the first row's
    to say.
    """
    values = dense(values)
    if _is_exact(values):
        found, levels = distinct_of(values)
        texts = as_objects([*map(_text, levels), _text(None)])[found]  # the last one is that of -1
    else:
        missing = values.isna().to_numpy(bool)
        cells = zip(values.to_numpy(object), missing, strict=True)
        texts = as_objects([_text(None if is_missing else cell) for cell, is_missing in cells])
    codes, occurring = pd.factorize(texts, sort=True)
    return codes.astype(np.int64), occurring.tolist()


def _is_exact(values: pd.Series) -> bool:
    """Say whether values of a column that are equal and of one type are written alike."""
    if values.dtype == np.dtype(object):
        return set(map(type, values.to_numpy(object))) <= _EXACT
    return values.dtype.kind != "f" and not isinstance(values.dtype, pd.IntervalDtype)


def _text(level: Scalar) -> str:
    return json.dumps(to_json_scalar(level))


def _in_order(levels: Sequence[Scalar]) -> list[Scalar]:
    """Sort levels by themselves: their order among all values could depend on a secret one.

    Of equal levels the first stays.
    """
    return codes_of(pd.Series(as_objects(levels), dtype=object))[1]


def _codes(values: pd.Series, known: Sequence[Scalar], other: int | None) -> Ints:
    """Return the level of each value; -1 where there is none, and none stands for the rest."""
    places = {(type(level), level): place for place, level in enumerate(known)}
    found, occurring = distinct_of(values)
    rest = -1 if other is None else other
    codes = [places.get((type(level), level), rest) for level in occurring]
    missing = places.get((type(None), None), -1)
    return np.array([*codes, missing], np.int64)[found]


def _unnamed(column: Column) -> tuple[Column, ColumnSummary]:
    """Turn a column of texts of which none may be released into an identifier."""
    column = replace(column, kind="identifier", why="text without a value that enough rows have")
    warn_caller(
        f"Column {column.name!r}: no value has enough rows to be released; the column is "
        "generated as numbers. If it has names or the like, declare what to generate: a kind "
        "such as 'name', 'text' or 'regex:[A-Z]{2}[0-9]{6}'",
        PrivacyWarning,
    )
    return column, ColumnSummary(
        identifier_encoder(column), lambda values: np.zeros((len(values), 0), np.int64)
    )
