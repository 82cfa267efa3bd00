"""One column in both tables: how far its values are apart, and what a chart of them shows."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.evaluation.compared_tables import CodedColumn
from tabgan.evaluation.part_results import LevelsChart, NumbersChart
from tabgan.table.columns import numbers_to_series
from tabgan.table.dates import unit_of
from tabgan.table.schema import Column

__all__ = ["SHOWN_LEVELS", "column_distance", "distribution_of", "number_writer", "shorten"]

SHOWN_LEVELS = 12
BINS = 30
TAIL = 0.005  # of the real values, on either side, that does not widen the bins
LONGEST = 80  # characters of a level
QUANTILES = {"0": 0.0, "25": 0.25, "50": 0.5, "75": 0.75, "100": 1.0}

Floats = NDArray[np.float64]


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
    return _levels(coded) if coded.nominal else _numbers(coded, column)


def _levels(coded: CodedColumn) -> LevelsChart:
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
