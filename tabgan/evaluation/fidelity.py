"""How near the distributions of columns and of pairs of columns are."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.evaluation.charts import distribution_of
from tabgan.evaluation.coding import CodedColumn, take_rows
from tabgan.evaluation.results import ColumnResult, Fidelity, Figure, Pairs
from tabgan.evaluation.shapes import column_distance
from tabgan.evaluation.tables import ComparedTables
from tabgan.evaluation.trends import Trends, pair_trends

__all__ = ["Relations", "describe_fidelity", "measure_relations"]

MOST_SUSPECTS = 12
LEAST_EFFECT = 0.02  # of shuffling on the error of a pair, from which on it tells anything

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Relations(NamedTuple):
    """How the columns go together.

    Attributes
    ----------
    found, floor, unrelated
        What the synthetic table, fresh rows, and the real table with each column shuffled get.
    in_tenths
        The same three, with numbers cut at the real deciles: tails and bent relations, which move
        or escape a correlation, count in it by their rows.
    rows
        Rows of each table that were looked at, at most.
    """

    found: Trends
    floor: Trends
    unrelated: Trends
    in_tenths: tuple[Trends, Trends, Trends]
    rows: int

    @property
    def effects(self) -> tuple[Floats, Floats]:
        """How far each related pair is from the real relation, and how far shuffled columns are.

        Both of shape (columns, columns), beyond what fresh rows get, 0 at least; what the columns'
        own distributions are off does not count. NaN where a pair is not related, or so weakly
        that shuffling moves it less than chance does.
        """
        found, floor, unrelated = (trends.error_of_relation for trends in self.in_tenths)
        beyond, most = np.maximum(found - floor, 0), np.maximum(unrelated - floor, 0)
        noise = self.in_tenths[1].error
        known = self.found.related & (most > np.maximum(noise, LEAST_EFFECT))
        return np.where(known, np.minimum(beyond, most), np.nan), np.where(known, most, np.nan)

    @property
    def kept(self) -> float:
        """Share of all relations that is kept; NaN where no pair is related."""
        beyond, most = self.effects
        whole = float(np.nansum(most))
        return 1 - float(np.nansum(beyond)) / whole if whole else float("nan")

    def suspects(self, places: list[int]) -> list[tuple[int, int]]:
        """Return the pairs of columns that are farthest beyond their floor."""
        found, floor, _ = self.in_tenths
        excess = np.nan_to_num(np.triu(found.error_of_relation - floor.error_of_relation, 1))
        order = np.argsort(-excess, axis=None, kind="stable")[:MOST_SUSPECTS]
        pairs = (np.unravel_index(i, excess.shape) for i in order if excess.flat[i] > 0)
        return [(places[one], places[other]) for one, other in pairs]


def measure_relations(
    coded: Mapping[int, CodedColumn], rng: np.random.Generator, most_rows: int
) -> Relations:
    """Compare all pairs of columns.

    The floor compares two bootstraps of the real rows, of as many rows as the real and the
    synthetic table have: chance moves these as it moves the two tables.

    Parameters
    ----------
    coded
        The columns that are compared.
    rng
        Draws the rows.
    most_rows
        At most so many rows of each table are looked at.
    """
    n_real, n_synthetic = _sizes(coded)
    own, other = min(n_real, most_rows), min(n_synthetic, most_rows)
    rows = rng.permutation(n_real)[:own]
    found = take_rows(coded, rows, rng.permutation(n_synthetic)[:other])
    again = rng.integers(n_real, size=own), rng.integers(n_real, size=other)
    fresh = take_rows(coded, *again, of="real")
    alone = {
        place: column._replace(real=column.real[rows], synthetic=column.real[rng.permutation(rows)])
        for place, column in coded.items()
    }
    tables = [list(columns.values()) for columns in (found, fresh, alone)]
    trends = [pair_trends(columns) for columns in tables]
    cut = [pair_trends([_in_tenths(column) for column in columns]) for columns in tables]
    return Relations(
        trends[0], trends[1], trends[2], (cut[0], cut[1], cut[2]), rows=max(own, other)
    )


def _in_tenths(column: CodedColumn) -> CodedColumn:
    """Return a column of numbers with its real deciles as levels."""
    there = column.real[~np.isnan(column.real)]
    if column.nominal or not len(there):
        return column._replace(nominal=True, levels=column.levels or (None,))
    edges = np.unique(np.quantile(there, np.arange(1, 10) / 10))
    real, synthetic = (
        np.where(np.isnan(values), np.nan, np.searchsorted(edges, values, "right"))
        for values in (column.real, column.synthetic)
    )
    return CodedColumn(True, real, synthetic, column.holdout, tuple(range(len(edges) + 1)))


def describe_fidelity(
    given: ComparedTables,
    relations: Relations,
    detection: Mapping[int, Figure],
    rng: np.random.Generator,
) -> Fidelity:
    """Compare the columns by all their rows, and put together what is known of them.

    The floors of shape errors compare two bootstraps of the real rows, as in `measure_relations`.

    Parameters
    ----------
    given
        The tables.
    relations
        Their pairs of columns.
    detection
        Areas of each column alone, by its place.
    rng
        Draws the bootstraps.
    """
    n_real, n_synthetic = _sizes(given.coded)
    again = rng.integers(n_real, size=n_real), rng.integers(n_real, size=n_synthetic)
    columns = []
    for place, column in enumerate(given.schema):
        real, synthetic = given.real.iloc[:, place], given.synthetic.iloc[:, place]
        coded = given.coded.get(place)
        shape = None
        if coded is not None:
            fresh = coded._replace(real=coded.real[again[0]], synthetic=coded.real[again[1]])
            shape = Figure(100 * column_distance(coded), 100 * column_distance(fresh))
        columns.append(
            ColumnResult(
                name=given.names[place],
                kind=column.kind,
                shape_error=shape,
                missing=Figure(_missing(synthetic), _missing(real)),
                detection=detection.get(place),
                distribution=None if coded is None else distribution_of(coded, column),
            )
        )
    shapes = [column.shape_error for column in columns if column.shape_error is not None]
    return Fidelity(
        shape_error=Figure(*np.mean(shapes, axis=0).tolist()),
        trend_error=Figure(
            100 * relations.found.mean_error,
            100 * _mean_where(relations.floor.error, relations.found.related),
        ),
        unrelated_error=100 * _mean_where(relations.unrelated.error, relations.found.related),
        columns=tuple(columns),
        pairs=_pairs(given, relations) if len(given.coded) > 1 else None,
        relations_kept=relations.kept,
    )


def _missing(values: pd.Series) -> float:
    return 100 * float(values.isna().mean())


def _sizes(coded: Mapping[int, CodedColumn]) -> tuple[int, int]:
    first = next(iter(coded.values()))
    return len(first.real), len(first.synthetic)


def _mean_where(errors: Floats, chosen: NDArray[np.bool_]) -> float:
    known = errors[chosen & ~np.isnan(errors)]
    return float(known.mean()) if len(known) else float("nan")


def _pairs(given: ComparedTables, relations: Relations) -> Pairs:
    found = relations.found
    return Pairs(
        names=tuple(given.names[place] for place in given.coded),
        real=found.real,
        synthetic=found.synthetic,
        error=np.where(found.related, 100 * found.error, np.nan),
        related=found.related,
    )
