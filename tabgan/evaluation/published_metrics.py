"""Measures that papers and other tools report, each beside what fresh real rows get."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tabgan.evaluation.compared_tables import CodedColumn, Side, take_rows
from tabgan.evaluation.copying import Points, nearest, place_rows
from tabgan.evaluation.distributions import entropy, joint_entropy
from tabgan.evaluation.evaluation_parts import Figure
from tabgan.evaluation.fidelity import Relations
from tabgan.evaluation.results import FieldMeasures

__all__ = ["measure_field"]

BINS = 10  # of a number
MOST_PAIRS = 2_000
SHARES = np.linspace(0, 1, 30)  # at which the curves of support are taken
QUANTILES = np.array([0.9, 0.95, 0.99, 0.995, 0.999])
HEAVY = 5.0  # excess kurtosis from which on a column has heavy tails
TIE = 1e-6
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


def measure_field(
    coded: Mapping[int, CodedColumn],
    relations: Relations,
    rng: np.random.Generator,
    most_rows: int,
) -> FieldMeasures:
    """Measure what reviewers look at.

    The baselines compare one half of the real rows with the other, or with the holdout.

    Parameters
    ----------
    coded
        The columns that are compared.
    relations
        The pairs of columns.
    rng
        Draws the rows.
    most_rows
        At most so many rows of each table are compared.

    Notes
    -----
    *Trend error of all pairs*: SDMetrics' ``QualityReport`` without thresholds, numbers in bins
    between each table's own extremes. *NMI distance*: absolute difference of the normalized mutual
    information of each pair, MI/√(H·H), with numbers in ten bins between the real extremes; pairs
    are weighed by the sum of the two. *Tail error*: root mean squared difference of the logarithms
    of the outermost quantiles' distances from the median, over the heavy-tailed columns.
    *α-precision, β-recall*: Alaa et al., "How Faithful is your Synthetic Data?", ICML 2022, without
    an embedding; ½ is what fresh rows reach in β-recall.
    """
    first = next(iter(coded.values()))
    size = min(len(first.real), len(first.synthetic), most_rows)
    figures = {"trend error of all pairs, %": _trend_of_all(relations)}
    samples = [_sampled(table, size, rng) for table in (coded, _fresh(coded, rng))]
    pairs = _chosen_pairs([*coded], rng)
    figures["weighted NMI distance"] = Figure(*(nmi_distance(one, pairs) for one in samples))
    figures["tail error (RMSE of logs)"] = Figure(*(tail_error(one) for one in samples))
    with threadpool_limits(1):
        support = [support_scores(*place_rows(one)) for one in samples]
    for at, name in enumerate(("α-precision", "β-recall")):
        figures[name] = Figure(support[0][at], support[1][at])
    return FieldMeasures({name: one for name, one in figures.items() if not np.isnan(one.value)})


def _trend_of_all(relations: Relations) -> Figure:
    errors = (relations.found.error, relations.baseline.error)
    with np.errstate(invalid="ignore"):
        known = [one[np.triu(~np.isnan(one), 1)] for one in errors]
    return Figure(*(100 * float(one.mean()) if len(one) else float("nan") for one in known))


def _fresh(coded: Mapping[int, CodedColumn], rng: np.random.Generator) -> dict[int, CodedColumn]:
    """Return the columns with fresh real rows in place of synthetic ones."""
    first = next(iter(coded.values()))
    if len(first.holdout):
        return {place: column._replace(synthetic=column.holdout) for place, column in coded.items()}
    one, other = np.array_split(rng.permutation(len(first.real)), 2)
    return take_rows(coded, one, other, of="real")


def _sampled(
    coded: Mapping[int, CodedColumn], size: int, rng: np.random.Generator
) -> dict[int, CodedColumn]:
    first = next(iter(coded.values()))
    real, synthetic = (rng.permutation(len(side))[:size] for side in (first.real, first.synthetic))
    return take_rows(coded, real, synthetic)


def _chosen_pairs(places: list[int], rng: np.random.Generator) -> list[tuple[int, int]]:
    pairs = [*combinations(places, 2)]
    chosen = np.sort(rng.permutation(len(pairs))[:MOST_PAIRS])
    return [pairs[at] for at in chosen]


def nmi_distance(coded: Mapping[int, CodedColumn], pairs: list[tuple[int, int]]) -> float:
    """Return the weighted mean difference of normalized mutual information, 0 to 1.

    Parameters
    ----------
    coded
        The columns of both tables.
    pairs
        The pairs that are compared, by their columns' places.
    """
    strengths = np.array([_strengths(coded, pairs, side) for side in ("real", "synthetic")])
    weights = strengths.sum(axis=0) if len(pairs) else np.zeros(0)
    if not weights.sum():
        return float("nan")
    return float((weights * np.abs(strengths[0] - strengths[1])).sum() / weights.sum())


def _strengths(
    coded: Mapping[int, CodedColumn], pairs: list[tuple[int, int]], side: Side
) -> list[float]:
    """Return the normalized mutual information of each pair."""
    codes = {place: _codes(column, getattr(column, side)) for place, column in coded.items()}
    own = {place: entropy(column) for place, column in codes.items()}
    return [
        max(own[a] + own[b] - joint_entropy(codes[a], codes[b]), 0.0) / (own[a] * own[b]) ** 0.5
        if own[a] * own[b] > 0
        else 0.0
        for a, b in pairs
    ]


def _codes(column: CodedColumn, values: Floats) -> Rows:
    """Return levels, or bins between the real extremes; missing is one more."""
    missing = np.isnan(values)
    if column.nominal:
        return np.where(missing, len(column.levels), values).astype(np.int64)
    there = column.real[~np.isnan(column.real)]
    if not len(there):
        return missing.astype(np.int64)
    edges = np.linspace(there.min(), there.max(), BINS + 1)[1:-1]
    return np.where(missing, BINS, np.searchsorted(edges, values)).astype(np.int64)


def tail_error(coded: Mapping[int, CodedColumn]) -> float:
    """Return how far the outermost quantiles are off; NaN where no column has heavy tails."""
    errors = list[Floats]()
    for column in coded.values():
        real, synthetic = (values[~np.isnan(values)] for values in (column.real, column.synthetic))
        if column.nominal or len(real) < 2 or not len(synthetic) or _kurtosis(real) < HEAVY:
            continue
        middle = float(np.median(real))
        for sign in (1.0, -1.0):
            far = [
                sign * (np.quantile(sign * one, QUANTILES) * sign - middle)
                for one in (real, synthetic)
            ]
            known = (far[0] > 0) & (far[1] > 0)
            errors.append(np.log(far[1][known] / far[0][known]))
    joined = np.concatenate(errors) if errors else np.empty(0)
    return float(np.sqrt((joined**2).mean())) if len(joined) else float("nan")


def _kurtosis(values: Floats) -> float:
    spread = float(values.std())
    return float((((values - values.mean()) / spread) ** 4).mean()) - 3 if spread else 0.0


def support_scores(real: Points, synthetic: Points) -> tuple[float, float]:
    """Return α-precision and β-recall, each 1 − 2·mean|curve − share|.

    Precision's curve at α is the share of synthetic rows within the ball around the real mean that
    holds the share α of the real rows. Recall's curve at β is the share of real rows whose nearest
    synthetic row is no farther than the nearest other real row, and is among the share β of such
    nearest rows that are closest to the synthetic mean.

    Parameters
    ----------
    real, synthetic
        Equally many rows of both tables in one space.
    """
    center = real.values.mean(axis=0)
    radii = np.quantile(np.linalg.norm(real.values - center, axis=1), SHARES)
    precision = _within(np.linalg.norm(synthetic.values - center, axis=1), radii)
    distance, place = (part[:, 0] for part in nearest(real, synthetic))
    own = nearest(real, real, 2)[0][:, 1]
    far = np.linalg.norm(synthetic.values[place] - synthetic.values.mean(axis=0), axis=1)
    covered = distance <= own + TIE
    recall = covered.mean() * _within(far[covered], np.quantile(far, SHARES))
    scores = [float(1 - 2 * np.abs(curve - SHARES).mean()) for curve in (precision, recall)]
    return scores[0], scores[1]


def _within(lengths: Floats, radii: Floats) -> Floats:
    """Return the share of lengths that are at most each radius."""
    return np.searchsorted(np.sort(lengths), radii + TIE, side="right") / max(len(lengths), 1)
