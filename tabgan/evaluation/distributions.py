"""Columns and pairs of columns in both tables: their distributions, distances and associations."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.evaluation.compared_tables import CodedColumn
from tabgan.evaluation.evaluation_parts import JointShares, LevelsChart, NumbersChart
from tabgan.table.columns import numbers_to_series
from tabgan.table.dates import unit_of
from tabgan.table.schema import Column

__all__ = [
    "MOST_LEVELS",
    "SHOWN_LEVELS",
    "Associations",
    "PairCodes",
    "associations",
    "carried_on",
    "column_distance",
    "distribution_of",
    "entropy",
    "joint_entropy",
    "joint_shares",
    "likeness_by_chance",
    "number_writer",
    "pair_association",
    "percent",
    "shorten",
    "succession",
    "transitions",
    "with_classes",
]

SHOWN_LEVELS = 12
BINS = 30
TAIL = 0.005  # of the real values, on either side, that does not widen the bins
LONGEST = 80  # characters of a level
QUANTILES = {"0": 0.0, "25": 0.25, "50": 0.5, "75": 0.75, "100": 1.0}

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def column_distance(column: CodedColumn) -> float:
    """Return how far the synthetic values are from the real ones, from 0 to 1.

    That is the Kolmogorov-Smirnov statistic of numbers, or the total variation distance of levels.
    What is missing does not count; of a column that is all missing in one table the distance is
    1, in both 0.

    Examples
    --------
    >>> none = np.array([])
    >>> real, synthetic = np.array([0.0, 0, 0, 1]), np.array([0.0, 1])
    >>> column_distance(CodedColumn(True, real, synthetic, none, levels=("a", "b")))
    0.25
    >>> column_distance(CodedColumn(False, np.array([0.0, 1, 2]), np.array([2.0, 3]), none))
    0.6666666666666666
    """
    there = [values[~np.isnan(values)] for values in (column.real, column.synthetic)]
    if not (len(there[0]) and len(there[1])):
        return float(len(there[0]) != len(there[1]))
    if not column.nominal:
        return _kolmogorov_smirnov(*there)
    shares = [level_shares(column, values) for values in there]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def level_shares(column: CodedColumn, values: Floats) -> Floats:
    """Return the share of each level among the values that are not missing.

    Parameters
    ----------
    column
        A column of levels.
    values
        Codes of its levels, NaN for missing.
    """
    codes = values[~np.isnan(values)].astype(np.int64)
    return np.bincount(codes, minlength=len(column.levels)) / max(len(codes), 1)


def _kolmogorov_smirnov(one: Floats, other: Floats) -> float:
    one, other = np.sort(one), np.sort(other)
    values = np.concatenate([one, other])
    below = (np.searchsorted(part, values, side="right") / len(part) for part in (one, other))
    return float(np.abs(np.subtract(*below)).max())


def distribution_of(coded: CodedColumn, column: Column) -> NumbersChart | LevelsChart:
    """Summarize a column: shares in bins and quantiles of numbers, shares of the common levels.

    Bins lie between the quantiles ½ % and 99½ % of the real values; where these are few whole
    numbers, each has its own bin, or as many as its neighbors.

    Parameters
    ----------
    coded
        The values of both tables.
    column
        What the schema says of the column.
    """
    return _levels_chart(coded) if coded.nominal else _numbers(coded, column)


def _levels_chart(coded: CodedColumn) -> LevelsChart:
    real, synthetic = (level_shares(coded, values) for values in (coded.real, coded.synthetic))
    occurring = np.flatnonzero(real + synthetic)
    order = occurring[np.lexsort((-synthetic[occurring], -real[occurring]))]
    shown, others = order[:SHOWN_LEVELS], order[SHOWN_LEVELS:]
    return LevelsChart(
        names=tuple(shorten(str(coded.levels[level])) for level in shown),
        real=real[shown],
        synthetic=synthetic[shown],
        n_others=len(others),
        others=(float(real[others].sum()), float(synthetic[others].sum())),
    )


def shorten(text: str) -> str:
    """Return a text of at most `LONGEST` characters."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _numbers(coded: CodedColumn, column: Column) -> NumbersChart:
    sides = {
        name: values[~np.isnan(values)]
        for name, values in (("real", coded.real), ("synthetic", coded.synthetic))
    }
    edges = _edges(sides["real"] if len(sides["real"]) else sides["synthetic"])
    shares = {name: _binned(values, edges) for name, values in sides.items()}
    write = number_writer(column)
    return NumbersChart(
        edges=_in_unit(edges, column),
        real=shares["real"],
        synthetic=shares["synthetic"],
        quantiles={
            name: {
                label: write(np.quantile(values, share, method="nearest"))
                for label, share in QUANTILES.items()
            }
            for name, values in sides.items()
            if len(values)
        },
        is_time={"datetime": "date", "timedelta": "duration"}.get(column.kind),  # type: ignore[arg-type]
    )


def _edges(values: Floats) -> Floats:
    """Return borders of equal width between the outer quantiles."""
    if not len(values):
        return np.array([0.0, 1.0])
    low, high = np.quantile(values, [TAIL, 1 - TAIL])
    if (values % 1 == 0).all():
        low, high = np.floor(low), np.ceil(high)
        width = max(np.ceil((high - low + 1) / BINS), 1.0)
        count = int(np.ceil((high - low + 1) / width))
        return low - 0.5 + width * np.arange(count + 1)  # type: ignore[no-any-return]
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, BINS + 1)


def _binned(values: Floats, edges: Floats) -> Floats:
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return counts / max(len(values), 1)


def _in_unit(edges: Floats, column: Column) -> Floats:
    """Return borders in the unit of the chart: ticks of dates and durations as nanoseconds."""
    if column.kind not in ("datetime", "timedelta"):
        return edges
    unit = unit_of(column)
    if unit == "period":
        dtype: Any = column.pandas_dtype
        ordinals = np.round(edges).astype(np.int64)
        periods: Any = pd.PeriodIndex
        moments = periods.from_ordinals(ordinals, freq=dtype.freq)
        return np.asarray(moments.to_timestamp().as_unit("ns").asi8, np.float64)
    if unit in "MY":  # of no fixed length
        whole = np.floor(edges)
        first, end = (
            np.asarray(places.astype(f"datetime64[{unit}]").astype("datetime64[ns]"), np.int64)
            for places in (whole, whole + 1)
        )
        return np.asarray(first + (edges - whole) * (end - first), np.float64)
    tick: Any = np.timedelta64(1, unit)  # type: ignore[call-overload]
    return edges * float(tick / np.timedelta64(1, "ns"))


def number_writer(column: Column) -> Callable[[float], str]:
    """Return what writes a number as the column's table does, within its range or not."""
    if column.dtype != "object" or column.format is not None:  # else the range tells the type
        column = replace(column, minimum=None, maximum=None)

    def write(value: float) -> str:
        special, present = np.full(1, None, object), np.ones(1, bool)
        try:
            cells: pd.Series = numbers_to_series(np.array([value]), special, column, present)
        except (ValueError, OverflowError):
            return f"{value:g}"
        return str(cells.iloc[0])

    return write


NARROW = 32  # levels of a column whose tables are counted together with all others'
MOST_CELLS = 1_000_000  # of a contingency table that is laid out in full
STRIPE_CELLS = 4_000_000  # of the tables that are counted at once
ROWS = 8_192  # whose levels are laid out at once
Codes = NDArray[np.int64]


class PairCodes(NamedTuple):
    """A column's levels in two tables, as codes from 0."""

    real: Codes
    synthetic: Codes

    @property
    def width(self) -> int:
        """Number of levels, by the greatest code."""
        return 1 + max(int(self.real.max()), int(self.synthetic.max()))


class Associations(NamedTuple):
    """All pairs of columns, as symmetric matrices of shape (columns, columns).

    Attributes
    ----------
    real, synthetic
        Cramér's V of each table; NaN where a column has one level.
    error
        Total variation distance of the two tables' joint shares, 0 to 1.
    """

    real: Floats
    synthetic: Floats
    error: Floats


def associations(columns: Sequence[PairCodes]) -> Associations:
    """Compare the contingency tables of all pairs of columns.

    The tables of columns with few levels are the blocks of one product of indicator matrices.

    Parameters
    ----------
    columns
        The columns, each with at least one row in both tables.

    Examples
    --------
    >>> column = PairCodes(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]))
    >>> associations([column, column]).error.round(2).tolist()
    [[0.25, 0.25], [0.25, 0.25]]
    """
    size = len(columns)
    found = Associations(*(np.full((size, size), np.nan) for _ in range(3)))
    widths = np.array([column.width for column in columns], np.int64)
    narrow = np.flatnonzero(widths <= NARROW).tolist()
    if narrow:
        block = np.ix_(narrow, narrow)
        for matrix, part in zip(found, _narrow([columns[at] for at in narrow]), strict=True):
            matrix[block] = part
    for one in np.flatnonzero(widths > NARROW).tolist():
        for other in range(size):
            if widths[other] <= NARROW or one <= other:
                pair = pair_association(columns[one], columns[other])
                for matrix, value in zip(found, pair, strict=True):
                    matrix[one, other] = matrix[other, one] = value
    return found


def _narrow(columns: Sequence[PairCodes]) -> Associations:
    size = len(columns)
    starts = np.cumsum([0, *(column.width for column in columns)])
    levels = [
        starts[:-1] + np.stack([getattr(column, side) for column in columns], axis=1)
        for side in ("real", "synthetic")
    ]
    found = Associations(*(np.empty((size, size)) for _ in range(3)))
    for first, end in _stripes(starts):
        tables = [_counts(side, int(starts[-1]), starts[first], starts[end]) for side in levels]
        own, every = starts[first:end] - starts[first], starts[:-1]
        for matrix, counts, side in zip(found, tables, levels, strict=False):
            margins = np.bincount(side.ravel(), minlength=int(starts[-1])).astype(np.float64)
            matrix[first:end] = _strengths(counts, margins, starts, first, end)
        shares = tables[0] / len(levels[0])
        shares -= tables[1] / len(levels[1])
        distance = np.add.reduceat(np.abs(shares, out=shares), own, axis=0)
        found.error[first:end] = np.add.reduceat(distance, every, axis=1) / 2
    return found


def _stripes(starts: Codes) -> Iterator[tuple[int, int]]:
    """Yield ranges of columns whose tables with all columns are counted at once."""
    most, first, size = max(STRIPE_CELLS // int(starts[-1]), 1), 0, len(starts) - 1
    while first < size:
        end = int(np.searchsorted(starts, starts[first] + most, side="right")) - 1
        end = min(max(end, first + 1), size)
        yield first, end
        first = end


def _counts(levels: Codes, n_levels: int, first: int, end: int) -> Floats:
    """Count how often the levels of a stripe meet each level; shape (end - first, levels)."""
    counts = np.zeros((end - first, n_levels))
    for start in range(0, len(levels), ROWS):
        own = levels[start : start + ROWS]
        indicators = np.zeros((len(own), n_levels), np.float32)
        np.put_along_axis(indicators, own, 1, axis=1)
        counts += indicators[:, first:end].T @ indicators
    return counts


def _strengths(counts: Floats, margins: Floats, starts: Codes, first: int, end: int) -> Floats:
    """Return Cramér's V of a stripe's tables."""
    inverse = np.divide(1.0, margins, out=np.zeros_like(margins), where=margins > 0)
    weighed = counts**2 * inverse[starts[first] : starts[end], None] * inverse
    own = starts[first:end] - starts[first]
    surplus = np.add.reduceat(np.add.reduceat(weighed, own, axis=0), starts[:-1], axis=1) - 1
    occurring = np.add.reduceat((margins > 0).astype(np.int64), starts[:-1])
    smaller = np.minimum(occurring[first:end, None], occurring) - 1
    strengths = np.sqrt(np.maximum(surplus, 0.0) / np.maximum(smaller, 1))
    return np.where(smaller < 1, np.nan, strengths)


def pair_association(one: PairCodes, other: PairCodes) -> tuple[float, float, float]:
    """Return Cramér's V of both tables of a pair, and their distance, as `associations` does.

    Parameters
    ----------
    one, other
        The two columns.
    """
    height, width = one.width, other.width
    keys = [a * width + b for a, b in zip(one, other, strict=True)]
    if height * width > MOST_CELLS:
        occurring, joint = np.unique(np.concatenate(keys), return_inverse=True)
        counts = [
            np.bincount(part, minlength=len(occurring)).astype(np.float64)
            for part in np.split(joint, [len(keys[0])])
        ]
    else:
        occurring = np.arange(height * width)
        counts = [np.bincount(key, minlength=height * width).astype(np.float64) for key in keys]
    rows, columns = np.divmod(occurring, width)
    strengths = [_cramers_v(count, rows, columns) for count in counts]
    shares = [count / count.sum() for count in counts]
    return strengths[0], strengths[1], float(np.abs(shares[0] - shares[1]).sum() / 2)


def _cramers_v(counts: Floats, rows: Codes, columns: Codes) -> float:
    """Return Cramér's V of the cells' counts; NaN where a side has but one level."""
    by_row, by_column = np.bincount(rows, counts), np.bincount(columns, counts)
    smaller = min(np.count_nonzero(by_row), np.count_nonzero(by_column)) - 1
    if smaller < 1:
        return float("nan")
    at = counts > 0
    expected = by_row[rows[at]] * by_column[columns[at]]
    surplus = float((counts[at] ** 2 / expected).sum()) - 1
    return float(np.sqrt(max(surplus, 0.0) / smaller))


def entropy(codes: Codes) -> float:
    """Return the entropy of a column of codes, in nats."""
    shares = np.bincount(codes) / len(codes)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())


def joint_entropy(one: Codes, other: Codes) -> float:
    """Return the entropy of two columns of codes together, in nats.

    Parameters
    ----------
    one, other
        The columns, of the same rows.
    """
    width = 1 + int(other.max())
    keys = one * width + other
    if width * (1 + int(one.max())) > MOST_CELLS:
        keys = np.unique(keys, return_inverse=True)[1]
    return entropy(keys)


MOST_LEVELS = 10  # of a column; rarer ones are shown together


class _Cut(NamedTuple):
    """A column as few levels: their names, and codes of the real and of the synthetic rows."""

    names: tuple[str, ...]
    real: Codes
    synthetic: Codes


def joint_shares(one: tuple[Column, CodedColumn], other: tuple[Column, CodedColumn]) -> JointShares:
    """Return how two columns are distributed together.

    Parameters
    ----------
    one, other
        What the schema says of each column, and its values.

    Examples
    --------
    >>> values = np.array([0.0, 0, 1, 1])
    >>> column = CodedColumn(True, values, values, np.empty(0), ("a", "b"))
    >>> x = Column("x", "categorical", "object")
    >>> joint = joint_shares((x, column), (x, column))
    >>> joint.real.tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """
    rows, columns = _cut(*one), _cut(*other)
    shares = []
    for side in ("real", "synthetic"):
        place = getattr(rows, side) * len(columns.names) + getattr(columns, side)
        counts = np.bincount(place, minlength=len(rows.names) * len(columns.names))
        shares.append((counts / len(place)).reshape(len(rows.names), len(columns.names)))
    names = str(one[0].name), str(other[0].name)
    return JointShares(*names, rows.names, columns.names, shares[0], shares[1])


def _cut(column: Column, coded: CodedColumn) -> _Cut:
    names, sides = _level_codes(coded) if coded.nominal else _tenths(column, coded)
    missing = [np.isnan(values) for values in (coded.real, coded.synthetic)]
    if missing[0].any() or missing[1].any():
        names = [*names, "missing"]
    codes = [
        np.where(gone, len(names) - 1, side).astype(np.int64)
        for gone, side in zip(missing, sides, strict=True)
    ]
    return _Cut(tuple(names), codes[0], codes[1])


def _level_codes(coded: CodedColumn) -> tuple[list[str], list[Codes]]:
    """Return the commonest levels' names, and codes with one for all others."""
    size = max(len(coded.levels), 1)
    codes = [np.nan_to_num(values).astype(np.int64) for values in (coded.real, coded.synthetic)]
    known = coded.real[~np.isnan(coded.real)].astype(np.int64)
    order = np.argsort(-np.bincount(known, minlength=size), kind="stable")
    shown = order if size <= MOST_LEVELS else order[: MOST_LEVELS - 1]
    place = np.full(size, len(shown), np.int64)
    place[shown] = np.arange(len(shown))
    names = [shorten(str(coded.levels[level])) for level in shown] if coded.levels else [""]
    names += ["others"] if len(shown) < size else []
    return names, [place[side] for side in codes]


def _tenths(column: Column, coded: CodedColumn) -> tuple[list[str], list[Codes]]:
    """Return the first value of each tenth of the real numbers, and the tenth of each number."""
    there = coded.real[~np.isnan(coded.real)]
    if not len(there):
        return [""], [np.zeros(len(side), np.int64) for side in (coded.real, coded.synthetic)]
    edges = np.unique(np.quantile(there, np.arange(1, 10) / 10, method="nearest"))
    write = number_writer(column)
    names = [f"< {write(edges[0])}", *(f"≥ {write(edge)}" for edge in edges)]
    return names, [
        np.searchsorted(edges, np.nan_to_num(side), "right")
        for side in (coded.real, coded.synthetic)
    ]


def percent(share: float) -> str:
    """Write a share in percent, small ones with a digit more.

    Examples
    --------
    >>> percent(0.123), percent(0.0123)
    ('12 %', '1.2 %')
    """
    value = 100 * float(share)
    return f"{value:.0f} %" if value >= 10 or value == 0 else f"{value:.2g} %"


def likeness_by_chance(groups: Codes, values: Floats, found: float, *, nominal: bool) -> float:
    """Return the standard error of a likeness, as few groups may hold all that tells of it.

    Groups weigh by how far their rows are from the commonest value, or from the middle rank.

    Parameters
    ----------
    groups, values, nominal
        As `likeness` takes them.
    found
        The likeness.
    """
    there = (groups >= 0) & ~np.isnan(values)
    groups, values = groups[there], values[there]
    if not len(values):
        return 1.0
    if nominal:
        apart = (values != np.bincount(values.astype(np.int64)).argmax()).astype(np.float64)
    else:
        ranks = pd.Series(values).rank().to_numpy(np.float64)
        apart = np.square(ranks - np.median(ranks))
    weights = (np.bincount(groups) - 1) * np.bincount(groups, apart)
    count = float(weights.sum() ** 2 / max(float(np.square(weights).sum()), 1e-12))
    share = min(max(found, 0.0), 1.0)
    return float(np.sqrt(share * (1 - share) / count) + 1 / count) if count else 1.0


def succession(keys: Codes, order: Floats, values: Floats, *, nominal: bool) -> tuple[float, int]:
    """Return how alike two rows are that follow each other within their key.

    It is 1 less the mean squared difference of the ranks of such rows, of that of any two rows of
    the key: 0 where the order tells nothing, near to 1 where values move little from row to row.
    Levels differ or not.

    Parameters
    ----------
    keys
        The key of each row, shape (rows,); −1 for none.
    order
        What orders the rows of a key, likewise; NaN for nothing.
    values
        Numbers or codes of levels, likewise; NaN for none.
    nominal
        Whether they are codes.

    Returns
    -------
    The strength, NaN where rows of a key do not differ, and how many pairs of rows follow each
    other.

    Examples
    --------
    >>> keys, time = np.zeros(5, np.int64), np.array([3.0, 1.0, 2.0, 5.0, 4.0])
    >>> succession(keys, time, 10 * time, nominal=False)
    (0.8, 4)
    """
    keys, places, follows = _in_order(keys, order, values)
    sizes = np.bincount(keys) if len(keys) else np.zeros(0, np.int64)
    sorted_values = values[places]
    if nominal:
        steps = sorted_values[1:] != sorted_values[:-1]
        cells = np.unique(np.column_stack([keys, sorted_values]), axis=0, return_counts=True)
        equal = np.bincount(cells[0][:, 0].astype(np.int64), np.square(cells[1]), len(sizes))
        apart = np.square(sizes) - equal
    else:
        ranks = pd.Series(sorted_values).rank().to_numpy(np.float64)
        steps = np.square(np.diff(ranks))
        sums = np.bincount(keys, ranks, len(sizes))
        apart = 2 * (sizes * np.bincount(keys, np.square(ranks), len(sizes)) - np.square(sums))
    expected = float((apart / np.maximum(sizes, 1)).sum())  # as many steps of random pairs
    count = int(follows.sum())
    return (1 - float(steps[follows].sum()) / expected if expected else float("nan")), count


def transitions(
    keys: Codes, order: Floats, values: Floats, width: int
) -> tuple[Floats, Floats, int]:
    """Count which level follows which one within a key.

    Parameters
    ----------
    keys
        The key of each row, shape (rows,); −1 for none.
    order
        What orders the rows of a key, likewise; NaN for nothing.
    values
        Codes of levels, likewise; NaN for none.
    width
        How many levels there are.

    Returns
    -------
    Shares of the pairs of levels, shape (width, width), of rows that follow each other and of any
    two rows of a key, and how many pairs follow each other.

    Examples
    --------
    >>> keys, time = np.zeros(3, np.int64), np.arange(3.0)
    >>> found, by_chance, count = transitions(keys, time, np.array([0.0, 0.0, 1.0]), 2)
    >>> found.tolist(), by_chance.round(2).tolist(), count
    ([[0.5, 0.5], [0.0, 0.0]], [[0.33, 0.33], [0.33, 0.0]], 2)
    """
    keys, places, follows = _in_order(keys, order, values)
    codes = values[places].astype(np.int64)
    pairs = (codes[:-1] * width + codes[1:])[follows]
    count = max(len(pairs), 1)
    n_keys = int(keys.max(initial=-1)) + 1
    cells = np.bincount(keys * width + codes, minlength=n_keys * width).reshape(n_keys, width)
    shares = cells / cells.sum(axis=1, keepdims=True)
    any_two = shares.T @ cells - np.diag(shares.sum(axis=0))
    found = np.bincount(pairs, minlength=width * width).reshape(width, width)
    return found / count, any_two / count, len(pairs)


def carried_on(keys: Codes, order: Floats, before: Floats, after: Floats) -> tuple[float, int]:
    """Return how often a value of a row is that of another column in the row before.

    Parameters
    ----------
    keys, order
        As `transitions` takes them.
    before, after
        Values of two columns, shape (rows,); NaN for none.

    Returns
    -------
    The share, from 0 as in any two rows of the key to 1, and how many rows follow each other.

    Examples
    --------
    >>> keys, time = np.zeros(3, np.int64), np.arange(3.0)
    >>> carried_on(keys, time, np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0]))
    (1.0, 2)
    """
    keys, places, follows = _in_order(keys, order, before, after)
    known, codes = np.unique(np.append(before[places], after[places]), return_inverse=True)
    one, other = np.split(codes.astype(np.int64), 2)
    count = int(follows.sum())
    if not count:
        return float("nan"), 0
    cells = [np.unique(keys * len(known) + own, return_counts=True) for own in (one, other)]
    common, *at = np.intersect1d(cells[0][0], cells[1][0], assume_unique=True, return_indices=True)
    sizes = np.bincount(keys)
    equal = np.bincount(common // len(known), cells[0][1][at[0]] * cells[1][1][at[1]], len(sizes))
    equal = equal - np.bincount(keys, one == other, len(sizes))  # of two rows, and not of one
    chance = float((equal / sizes).sum()) / count
    share = float((one[:-1] == other[1:])[follows].mean())
    return ((share - chance) / (1 - chance) if chance < 1 else float("nan")), count


def _in_order(keys: Codes, order: Floats, *values: Floats) -> tuple[Codes, Codes, Mask]:
    """Put the rows that have a key, an order and values in order, key by key.

    Returns
    -------
    The key of each such row, numbered from 0; its place; and, of all but the first row, whether the
    row before is of the same key.
    """
    there = (keys >= 0) & ~np.isnan([order, *values]).any(axis=0)
    places = np.flatnonzero(there)[np.lexsort((order[there], keys[there]))]
    keys = np.unique(keys[places], return_inverse=True)[1]
    return keys, places, keys[1:] == keys[:-1]


def with_classes(coded: Mapping[int, CodedColumn]) -> dict[int, CodedColumn]:
    """Return the columns, with numbers of two values such as 0 and 1 as levels.

    Parameters
    ----------
    coded
        The columns that are compared.
    """
    return {place: _as_classes(column) for place, column in coded.items()}


def _as_classes(column: CodedColumn) -> CodedColumn:
    values = np.unique(column.real[~np.isnan(column.real)])
    if column.nominal or len(values) != 2:
        return column
    sides = [
        np.where(np.isin(side, values), np.searchsorted(values, side), np.nan)
        for side in (column.real, column.synthetic, column.holdout)
    ]
    return CodedColumn(True, sides[0], sides[1], sides[2], tuple(values.tolist()))
