"""Fidelity: how near the distributions of columns, and of pairs of columns, are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.evaluation.compared_tables import (
    CodedColumn,
    ComparedTables,
    code_columns,
    split_lists,
    take_rows,
)
from tabgan.evaluation.distributions import (
    PairCodes,
    associations,
    column_distance,
    distribution_of,
    joint_shares,
    pair_association,
)
from tabgan.evaluation.evaluation_parts import ColumnResult, Fidelity, Figure, JointShares, Pairs
from tabgan.evaluation.row_units import halves_of_units, shuffled_rows
from tabgan.table.schema import Schema

__all__ = [
    "ASSOCIATION",
    "CORRELATION",
    "SURE_OF_LOSS",
    "PairTrend",
    "QualityErrors",
    "Relations",
    "TableScores",
    "Trends",
    "describe_fidelity",
    "in_tenths",
    "measure_relations",
    "pair_trend",
    "pair_trends",
    "quality_errors",
    "shape_error",
    "trend_error",
]

# From here on a pair of columns is taken for related in the real table.
CORRELATION = 0.5
ASSOCIATION = 0.3
BINS = 10
ROWS_OF_CELL = 5  # real rows, at least, in a cell of two columns of numbers that are cut in parts
Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
MOST_SUSPECTS = 12
MOST_JOINTS = 6  # pairs that are shown side by side
NOISE = 0.95  # of the pairs of two real samples are as near to each other
LEAST_EFFECT = 0.02  # of shuffling on the error of a pair, from which on it tells anything
SURE = 10  # times what chance does to the sum of all weak relations
TINY = 1e-9
SURE_OF_LOSS = 6.7  # the same that is no loss yet: 3 standard errors of what fresh rows lose
MOST_CHANCE = 0.9  # share of the weak relations that chance may seem to take
BY_CHANCE = 0.05  # share of the weak relations that fresh rows may lose
LEAST_SHARE = 0.02  # of the rows that have a level which weak relations are about
MOST_WEAK_COLUMNS = 200
MOST_WEAK_ROWS = 20_000
MOST_PRODUCTS = 2e10
Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]


class Trends(NamedTuple):
    """Pairs of columns, as symmetric matrices of shape (columns, columns).

    Attributes
    ----------
    real, synthetic
        |Pearson's correlation| of two numbers, or Cramér's V where levels take part; NaN where
        it isn't known, and on the diagonal.
    error
        Half the difference of the correlations, or the total variation distance of the
        contingency tables, from 0 to 1; NaN where it isn't known.
    related
        Whether the real table's correlation is above ½, or its V above 0.3.
    margins
        How far the two columns of a pair are off by themselves: the larger of their total
        variation distances, where levels take part; 0 of two numbers.
    """

    real: Floats
    synthetic: Floats
    error: Floats
    related: NDArray[np.bool_]
    margins: Floats

    @property
    def error_of_relation(self) -> Floats:
        """The error beyond what the columns by themselves are off."""
        return np.maximum(self.error - self.margins, 0)

    def scaled(self, factor: float) -> "Trends":
        """Return what is off as it would be by more or fewer rows."""
        return self._replace(error=self.error * factor, margins=self.margins * factor)

    def at_least(self, other: "Trends") -> "Trends":
        """Return of each pair the errors of those by which its relation is off more."""
        is_more = other.error_of_relation > self.error_of_relation
        return self._replace(
            error=np.where(is_more, other.error, self.error),
            margins=np.where(is_more, other.margins, self.margins),
        )

    @property
    def mean_error(self) -> float:
        """Mean over the related pairs; NaN where none is."""
        errors = self.error[self.related]
        return float(errors.mean()) if len(errors) else float("nan")


def pair_trends(columns: Sequence[CodedColumn]) -> Trends:
    """Compare all pairs of columns, as sdmetrics' quality report does.

    Where levels meet numbers, the numbers of each table are cut into ten bins of equal width
    between their extremes. Missing is a level of its own; among numbers it is left out of
    correlations and counted to the highest bin. A synthetic column that is constant correlates
    with nothing.

    Notes
    -----
    Source: SDMetrics' documentation, "Correlation Similarity" and "Contingency Similarity".
    """
    size = len(columns)
    real, synthetic, error = (np.full((size, size), np.nan) for _ in range(3))
    numbers = [place for place, column in enumerate(columns) if not column.nominal]
    if numbers:
        block = np.ix_(numbers, numbers)
        own, other = (
            _correlations(np.column_stack([getattr(columns[i], side) for i in numbers]))
            for side in ("real", "synthetic")
        )
        other = np.where(np.isnan(other), 0.0, other)
        real[block], synthetic[block] = np.abs(own), np.abs(other)
        error[block] = np.abs(own - other) / 2
    coded = [_pair_codes(column) for column in columns]
    nominal = np.array([column.nominal for column in columns])
    if nominal.any():
        levels = nominal[:, None] | nominal[None, :]
        for matrix, part in zip((real, synthetic, error), associations(coded), strict=True):
            matrix[levels] = part[levels]
    np.fill_diagonal(real, np.nan)
    np.fill_diagonal(synthetic, np.nan)
    np.fill_diagonal(error, np.nan)
    least = np.where(nominal[:, None] | nominal[None, :], ASSOCIATION, CORRELATION)
    own = np.array([_distance(*codes) for codes in coded])
    margins = np.maximum(own[:, None], own[None, :]) * (nominal[:, None] | nominal[None, :])
    return Trends(real, synthetic, error, np.nan_to_num(real) > least, margins)


class PairTrend(NamedTuple):
    """One pair of columns, one of which at least has levels; see `Trends`."""

    real: float
    synthetic: float
    error: float
    margin: float


def pair_trend(one: CodedColumn, other: CodedColumn) -> PairTrend:
    """Compare one pair of columns as `pair_trends` does.

    Parameters
    ----------
    one, other
        Columns of the same rows; one at least has levels.
    """
    coded = [_pair_codes(column) for column in (one, other)]
    margin = max(_distance(*codes) for codes in coded)
    return PairTrend(*pair_association(*coded), margin)


def _pair_codes(column: CodedColumn) -> PairCodes:
    return PairCodes(_cells(column, column.real), _cells(column, column.synthetic))


def _correlations(values: Floats) -> Floats:
    """Correlate columns over the rows where both are there; NaN where one is constant."""
    there = ~np.isnan(values)
    filled = np.where(there, values, 0.0)
    count = np.maximum(there.sum(axis=0), 1)
    middle = filled.sum(axis=0) / count
    centered = np.where(there, values - middle, 0.0)
    width = np.sqrt((centered**2).sum(axis=0) / count)
    centered /= np.where(width > 0, width, 1)
    known = there.astype(np.float64)
    both, sums, squares = known.T @ known, centered.T @ known, (centered**2).T @ known
    spread = both * squares - sums**2
    covariance = both * (centered.T @ centered) - sums * sums.T
    scale = np.sqrt(np.maximum(spread, 0) * np.maximum(spread.T, 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = covariance / np.where(scale > 1e-12 * np.maximum(both, 1) ** 2, scale, np.nan)
    bounded: Floats = np.clip(found, -1, 1)
    return bounded


def _cells(column: CodedColumn, values: Floats) -> Codes:
    """Return the level or bin of each value."""
    missing = np.isnan(values)
    if column.nominal:
        n_levels = len(column.levels)
        return np.where(missing, n_levels, values).astype(np.int64)
    if missing.all():
        return np.zeros(len(values), np.int64)
    edges = np.histogram_bin_edges(values[~missing], BINS)
    return np.digitize(values, edges).astype(np.int64)  # NaN goes where the highest value does


def _distance(one: Codes, other: Codes) -> float:
    """Return the total variation distance of two columns of codes."""
    size = 1 + max(int(one.max()), int(other.max()))
    shares = [np.bincount(codes, minlength=size) / len(codes) for codes in (one, other)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


class WeakRelations(NamedTuple):
    """Pairs of columns that are not related strongly: each is lost in chance, their sum is not.

    A relation is a table of Pearson residuals, and how much of it is kept is the product of two of
    them: that of real rows with that of others. What chance adds to either is not in the other, so
    that products of unrelated columns add up to 0, and those of fresh rows to Pearson's φ².

    Attributes
    ----------
    found, fresh, unrelated
        Shape (columns, columns): products with the synthetic table, of two halves of the real one,
        and with its columns shuffled, at least the standard error of such a product; 0 of related
        pairs and on the diagonal.
    of_related
        The sum of products of halves over the related pairs.
    """

    found: Floats
    fresh: Floats
    unrelated: Floats
    of_related: float

    @property
    def noise(self) -> float:
        """How far chance moves the sum over all pairs, each of which is there twice."""
        return float(np.sqrt(2 * np.square(self.unrelated).sum()))

    @property
    def is_known(self) -> bool:
        """Whether the columns are related at all."""
        return float(self.fresh.sum()) > SURE * self.noise + TINY

    @property
    def lost(self) -> float:
        """Share that is lost beyond chance, from 0 to 1."""
        whole = float(self.fresh.sum())
        chance = min(BY_CHANCE + SURE_OF_LOSS * self.noise / whole, MOST_CHANCE)
        return float(np.clip((1 - float(self.found.sum()) / whole - chance) / (1 - chance), 0, 1))


class Relations(NamedTuple):
    """How the columns are related, beside two baselines.

    Attributes
    ----------
    found, baseline, unrelated
        What the synthetic table, fresh rows, and the real table with each column shuffled get.
    in_tenths
        The same three, with numbers cut at the real deciles: tails and bent relations, which move
        or escape a correlation, count in it by their rows.
    rows
        Rows of each table that were looked at, at most.
    again
        What other fresh rows get, with numbers cut likewise: how far chance moves the baseline.
    weak
        The pairs that are not related strongly, taken together.
    """

    found: Trends
    baseline: Trends
    unrelated: Trends
    in_tenths: tuple[Trends, Trends, Trends]
    rows: int
    again: Trends
    weak: "WeakRelations"

    @property
    def effects(self) -> tuple[Floats, Floats]:
        """How far each related pair is from the real relation, and how far shuffled columns are.

        Both of shape (columns, columns), beyond what fresh rows get, 0 at least; what the columns'
        own distributions are off does not count. NaN where a pair is not related, or so weakly
        that shuffling moves it less than chance does.
        """
        found, baseline, unrelated = (trends.error_of_relation for trends in self.in_tenths)
        beyond, most = np.maximum(found - baseline, 0), np.maximum(unrelated - baseline, 0)
        noise = self.in_tenths[1].error
        known = self.found.related & (most > np.maximum(noise, LEAST_EFFECT))
        return np.where(known, np.minimum(beyond, most), np.nan), np.where(known, most, np.nan)

    @property
    def chance(self) -> Floats:
        """How far chance alone moves each related pair, as the first of the `effects`."""
        most = self.effects[1]
        beyond = self.again.error_of_relation - self.in_tenths[1].error_of_relation
        return np.where(np.isnan(most), np.nan, np.clip(beyond, 0, np.nan_to_num(most)))

    @property
    def kept_of_related(self) -> float:
        """Share of the related pairs' relations that is kept, up to chance; NaN where none is."""
        beyond, most = self.effects
        whole = float(np.nansum(most))
        lost = float(np.nansum(beyond) - np.nansum(self.chance))
        return 1 - max(lost, 0.0) / whole if whole else float("nan")

    @property
    def kept(self) -> float:
        """Share of all relations that is kept, up to chance; NaN where no columns are related.

        Related pairs, and all others together, are weighed by how strong their relations are.
        """
        shares = [(self.kept_of_related, self.weak.of_related)]
        if self.weak.is_known:
            shares.append((1 - self.weak.lost, float(np.nansum(self.weak.fresh)) / 2))
        known = [(share, weight) for share, weight in shares if not np.isnan(share)]
        whole = sum(weight for _, weight in known)
        if not whole > 0:
            return known[0][0] if known else float("nan")
        return sum(share * weight for share, weight in known) / whole

    def suspects(self, places: list[int]) -> list[tuple[int, int]]:
        """Return the pairs of columns that are farthest beyond their baseline."""
        found, baseline, _ = self.in_tenths
        excess = np.nan_to_num(np.triu(found.error_of_relation - baseline.error_of_relation, 1))
        order = np.argsort(-excess, axis=None, kind="stable")[:MOST_SUSPECTS]
        pairs = (np.unravel_index(i, excess.shape) for i in order if excess.flat[i] > 0)
        return [(places[one], places[other]) for one, other in pairs]


def measure_relations(
    tables: ComparedTables, rng: np.random.Generator, most_rows: int
) -> Relations:
    """Compare all pairs of columns.

    The baseline compares two bootstraps of the real rows, of as many rows as the real and the
    synthetic table have: chance moves these as it moves the two tables. Unrelated columns are
    those of the second one, each shuffled, units as a whole: what few units happen to have in
    common is no relation. Bootstraps of few units hold the same ones, so that two halves of them,
    too, show what chance does; of each pair the larger error counts.

    Parameters
    ----------
    tables
        The tables.
    rng
        Draws the rows.
    most_rows
        At most so many rows of each table are looked at.
    """
    coded = tables.coded
    n_real, n_synthetic = _sizes(coded)
    own, other = min(n_real, most_rows), min(n_synthetic, most_rows)
    rows = rng.permutation(n_real)[:own]
    found = take_rows(coded, rows, rng.permutation(n_synthetic)[:other])
    again = tables.bootstrap(own, rng), tables.bootstrap(other, rng)
    fresh = take_rows(coded, *again, of="real")
    units = tables.units.get("real")
    drawn = None if units is None else units[again[1]]
    alone = {  # fresh rows as well, so that both baselines have the same margins
        place: column._replace(synthetic=_shuffled(column.synthetic, drawn, rng))
        for place, column in fresh.items()
    }
    again = tables.bootstrap(own, rng), tables.bootstrap(other, rng)
    others = take_rows(coded, *again, of="real")
    trends = [_pair_trends(columns) for columns in (found, fresh, alone)]
    cut = [_pair_trends(columns, cut=True) for columns in (found, fresh, alone, others)]
    if units is not None:
        n_units = [int(tables.units[side].max()) + 1 for side in ("real", "synthetic")]
        scale = float(np.sqrt(1 + n_units[0] / n_units[1])) / 2  # errors of units, not of halves
        one, other_one = (
            take_rows(coded, *halves_of_units(n_real, units, rng), of="real") for _ in range(2)
        )
        trends[1] = trends[1].at_least(_pair_trends(one).scaled(scale))
        cut[1] = cut[1].at_least(_pair_trends(one, cut=True).scaled(scale))
        cut[3] = cut[3].at_least(_pair_trends(other_one, cut=True).scaled(scale))
    return Relations(
        trends[0],
        trends[1],
        trends[2],
        (cut[0], cut[1], cut[2]),
        rows=max(own, other),
        again=cut[3],
        weak=_weak_relations(tables, trends[0].related, rng),
    )


def _pair_trends(columns: Mapping[int, CodedColumn], *, cut: bool = False) -> Trends:
    """Compare all pairs, with numbers cut in tenths or as they are."""
    return pair_trends([in_tenths(own) if cut else own for own in columns.values()])


def _shuffled(values: Floats, units: Rows | None, rng: np.random.Generator) -> Floats:
    """Return values in random order; each unit gets those of another one, one by one."""
    if units is None:
        return rng.permutation(values)
    order, codes = np.argsort(units, kind="stable"), np.unique(units, return_inverse=True)[1]
    sizes = np.bincount(codes)
    starts, others = np.cumsum(sizes) - sizes, rng.permutation(len(sizes))
    codes = codes[order]
    places = (np.arange(len(order)) - starts[codes]) % sizes[others[codes]]
    shuffled = np.empty_like(values)
    shuffled[order] = values[order[starts[others[codes]] + places]]
    return shuffled


def _weak_relations(
    tables: ComparedTables, related: Mask, rng: np.random.Generator
) -> WeakRelations:
    """Compare all pairs that are not related, by sums of products of their residuals."""
    coded = {place: in_tenths(column) for place, column in tables.coded.items()}
    chosen = np.sort(rng.permutation(len(coded))[:MOST_WEAK_COLUMNS])
    columns = [[*coded.values()][at] for at in chosen]
    levels = [_common_levels(column) for column in columns]
    starts = np.cumsum([0, *map(len, levels)])
    n_real, n_synthetic = _sizes(coded)
    most = int(min(MOST_WEAK_ROWS, 1 + MOST_PRODUCTS / max(starts[-1], 1) ** 2))
    rows = shuffled_rows(n_real, tables.units.get("real"), rng)[:most]
    halves = np.array_split(rows, 2)

    drawn = rng.permutation(n_synthetic)[:most]

    def residuals(values: Sequence[Floats]) -> Floats:
        return _residuals(values, levels)

    real = residuals([column.real[rows] for column in columns])
    one, other = (residuals([column.real[half] for column in columns]) for half in halves)
    shuffled = residuals([rng.permutation(column.real[rows])[: len(drawn)] for column in columns])
    synthetic = residuals([column.synthetic[drawn] for column in columns])
    apart = np.zeros((len(coded), len(coded)))
    grid = np.ix_(chosen, chosen)
    products = []
    for pair in ((real, synthetic), (one, other), (real, shuffled)):
        filled = apart.copy()
        filled[grid] = _summed(pair[0] * pair[1], starts)
        np.fill_diagonal(filled, 0.0)
        products.append(filled)
    free = np.array([len(codes) - 1 for codes in levels], np.float64).clip(0)
    error = np.zeros_like(apart)
    error[grid] = np.sqrt(np.outer(free, free) / (len(rows) * len(drawn)))
    np.fill_diagonal(error, 0.0)
    # As rows of one unit are alike, there are fewer to tell.
    products[2] = tables.rows_of_unit * np.maximum(np.abs(products[2]), error)
    weak = [np.where(related, 0.0, product) for product in products]
    return WeakRelations(weak[0], weak[1], weak[2], float(products[1][related].sum()) / 2)


def _common_levels(column: CodedColumn) -> Floats:
    """Return the codes of the levels that are not rare."""
    levels, rows = np.unique(column.real[~np.isnan(column.real)], return_counts=True)
    common: Floats = levels[rows >= LEAST_SHARE * len(column.real)]
    return common


def _summed(values: Floats, starts: Codes) -> Floats:
    """Return the sums over the levels of each pair of columns."""
    sums = np.vstack([np.zeros(values.shape[1]), np.cumsum(values, axis=0)])
    rows = np.diff(sums[starts], axis=0)
    sums = np.hstack([np.zeros((len(rows), 1)), np.cumsum(rows, axis=1)])
    summed: Floats = np.diff(sums[:, starts], axis=1)
    return summed


def _residuals(values: Sequence[Floats], levels: Sequence[Floats]) -> Floats:
    """Return Pearson's residuals of all pairs of levels, each over √rows."""
    blocks = [np.zeros((len(values[0]), 0), np.float32)]
    for column, codes in zip(values, levels, strict=True):
        there = ~np.isnan(column)[:, None]  # where one is missing is compared elsewhere
        is_level = column[:, None] == codes
        shares = is_level.sum(axis=0) / max(int(there.sum()), 1)
        scale = np.sqrt(np.where(shares > 0, shares, 1))
        blocks.append((there * (is_level - shares) / scale).astype(np.float32))
    matrix = np.hstack(blocks)
    product: Floats = (matrix.T @ matrix).astype(np.float64) / len(matrix)
    return product


def in_tenths(column: CodedColumn) -> CodedColumn:
    """Return a column of numbers with its real deciles as levels; a column of levels as it is.

    Few rows are cut into fewer parts: cells of a row or two differ between any two tables.
    """
    there = column.real[~np.isnan(column.real)]
    if column.nominal:
        return column._replace(levels=column.levels or (None,))
    if not len(there):  # all that there is counts as one level
        filled = np.where(np.isnan(column.synthetic), np.nan, 0.0)
        return CodedColumn(True, column.real, filled, column.holdout, (None,))
    parts = int(np.clip(np.sqrt(len(there) / ROWS_OF_CELL), 2, BINS))
    edges = np.unique(np.quantile(there, np.arange(1, parts) / parts))
    real, synthetic = (
        np.where(np.isnan(values), np.nan, np.searchsorted(edges, values, "right"))
        for values in (column.real, column.synthetic)
    )
    return CodedColumn(True, real, synthetic, column.holdout, tuple(range(len(edges) + 1)))


def describe_fidelity(
    tables: ComparedTables,
    relations: Relations,
    detection: Mapping[int, Figure],
    rng: np.random.Generator,
) -> Fidelity:
    """Compare the columns by all their rows, and join it with what the other parts measured.

    The baselines of shape errors compare two bootstraps of the real rows, as those of
    `measure_relations` do.

    Parameters
    ----------
    tables
        The tables.
    relations
        Their pairs of columns.
    detection
        Areas of each column alone, by its place.
    rng
        Draws the bootstraps.
    """
    n_real, n_synthetic = _sizes(tables.coded)
    again = tables.bootstrap(n_real, rng), tables.bootstrap(n_synthetic, rng)
    columns = []
    for place, column in enumerate(tables.schema):
        real, synthetic = tables.real.iloc[:, place], tables.synthetic.iloc[:, place]
        coded = tables.coded.get(place)
        shape = None
        if coded is not None:
            fresh = coded._replace(real=coded.real[again[0]], synthetic=coded.real[again[1]])
            shape = Figure(100 * column_distance(coded), 100 * column_distance(fresh))
        columns.append(
            ColumnResult(
                name=tables.names[place],
                kind=column.kind,
                shape_error=shape,
                missing=Figure(_missing(synthetic), _missing(real)),
                detection=detection.get(place),
                distribution=None if coded is None else distribution_of(coded, column),
            )
        )
    shapes = [column.shape_error for column in columns if column.shape_error is not None]
    cut = relations.in_tenths
    return Fidelity(
        shape_error=Figure(*np.mean(shapes, axis=0).tolist()),
        trend_error=Figure(
            *(100 * _mean_where(trends.error, relations.found.related) for trends in cut[:2])
        ),
        unrelated_error=100 * _mean_where(cut[2].error, relations.found.related),
        columns=tuple(columns),
        pairs=_pairs(tables, relations) if len(tables.coded) > 1 else None,
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


def _pairs(tables: ComparedTables, relations: Relations) -> Pairs:
    found, baseline = relations.found, relations.baseline
    apart = np.abs(baseline.synthetic - baseline.real)
    known = apart[~np.isnan(apart)]
    return Pairs(
        names=tuple(tables.names[place] for place in tables.coded),
        real=found.real,
        synthetic=found.synthetic,
        error=np.where(found.related, 100 * relations.in_tenths[0].error, np.nan),
        related=found.related,
        noise=float(np.quantile(known, NOISE)) if len(known) else 0.0,
        joints=_joints(tables, relations),
    )


def _joints(tables: ComparedTables, relations: Relations) -> tuple[JointShares, ...]:
    """Return the joint distributions of the related pairs that are kept least."""
    beyond = np.triu(np.nan_to_num(relations.effects[0]), 1)
    order = np.argsort(-beyond, axis=None, kind="stable")[:MOST_JOINTS]
    places = [*tables.coded]
    chosen = [np.unravel_index(i, beyond.shape) for i in order if beyond.flat[i] > 0]
    return tuple(
        joint_shares(
            *((tables.schema.columns[places[int(i)]], tables.coded[places[int(i)]]) for i in pair)
        )
        for pair in chosen
    )


class QualityErrors(NamedTuple):
    """Errors in percent, 0 at best.

    Attributes
    ----------
    shape_error
        Mean over the columns of the Kolmogorov-Smirnov statistic (numbers, dates) or the total
        variation distance (levels).
    trend_error
        Mean over the pairs of columns that are related in the real table (|correlation| above 0.5,
        Cramér's V above 0.3) of half the difference in correlation, or of the total variation
        distance of their contingency tables; NaN where no pair is related.
    """

    shape_error: float
    trend_error: float


def quality_errors(real: pd.DataFrame, synthetic: pd.DataFrame, schema: Schema) -> QualityErrors:
    """Measure shape and trend errors: 100·(1 − score) of sdmetrics' ``QualityReport``.

    Parameters
    ----------
    real, synthetic
        Tables with the columns of the schema, in its order. All rows count.
    schema
        What the columns are; identifiers and text are left out.

    Raises
    ------
    DataError, SchemaError
        If the tables don't have the schema's columns, or none that can be compared.

    Notes
    -----
    Source: SDMetrics' documentation, "Quality Report": KSComplement, TVComplement,
    CorrelationSimilarity and ContingencySimilarity.
    """
    (real, synthetic), schema = split_lists((real, synthetic), schema)
    coded = code_columns(real, synthetic, schema)
    return QualityErrors(
        shape_error=100 * float(np.mean([column_distance(column) for column in coded.values()])),
        trend_error=100 * pair_trends(list(coded.values())).mean_error,
    )


def shape_error(real: pd.DataFrame, synthetic: pd.DataFrame, schema: Schema) -> float:
    """Return the mean error of the columns' distributions in percent; see `quality_errors`.

    Parameters
    ----------
    real, synthetic, schema
        As `quality_errors` takes them.
    """
    return quality_errors(real, synthetic, schema).shape_error


def trend_error(real: pd.DataFrame, synthetic: pd.DataFrame, schema: Schema) -> float:
    """Return the mean error of the related pairs of columns in percent; see `quality_errors`.

    Parameters
    ----------
    real, synthetic, schema
        As `quality_errors` takes them.
    """
    return quality_errors(real, synthetic, schema).trend_error


@dataclass(frozen=True)
class TableScores:
    """How near a synthetic table is to the real one.

    Attributes
    ----------
    shape_error, trend_error
        Mean error of the columns, and of the related pairs of columns, in percent; 0 at best. The
        trend error is NaN where no pair is related (`tabgan.evaluation.fidelity`).
    detection
        1 if boosted trees can't tell real rows from synthetic ones, 0 if they always can
        (`tabgan.evaluation.detection`).
    """

    shape_error: float
    trend_error: float
    detection: float
