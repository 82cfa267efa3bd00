"""Two columns in both tables: their joint distribution, as a chart shows it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tabgan.evaluation.column_distributions import number_writer, shorten
from tabgan.evaluation.compared_tables import CodedColumn
from tabgan.evaluation.part_results import JointShares
from tabgan.table.schema import Column

__all__ = ["MOST_LEVELS", "joint_shares"]

MOST_LEVELS = 10  # of a column; rarer ones are shown together
Codes = NDArray[np.int64]


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
    names, sides = _levels(coded) if coded.nominal else _tenths(column, coded)
    missing = [np.isnan(values) for values in (coded.real, coded.synthetic)]
    if missing[0].any() or missing[1].any():
        names = [*names, "missing"]
    codes = [
        np.where(gone, len(names) - 1, side).astype(np.int64)
        for gone, side in zip(missing, sides, strict=True)
    ]
    return _Cut(tuple(names), codes[0], codes[1])


def _levels(coded: CodedColumn) -> tuple[list[str], list[Codes]]:
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
