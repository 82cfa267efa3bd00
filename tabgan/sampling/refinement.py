"""Refinement: rows are weighted by a density ratio that tree critics estimate.

A critic, a classifier of boosted trees, is trained to tell real rows from drawn ones. Its log-odds
estimate the logarithm of the density ratio, by which the drawn rows are weighted. The next critic
is trained on the weighted rows, and so on, as long as a critic tells held-out rows apart. Sampling
draws several times as many rows as are wanted and chooses by the weights, raked to the margins of
the training table (Deming and Stephan, 1940), without replacement. The margins are those of single
columns, and those of pairs of columns that drawn rows miss.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.row_layout import RowLayout
from tabgan.encoding.quantiles import Quantiles
from tabgan.generators.trees.grow_trees import Growth, fit_vector_leaf_trees, never
from tabgan.generators.trees.vector_leaf_trees import Codes, Features, VectorLeafTrees

__all__ = [
    "DrawnRows",
    "Floats",
    "LEAST_LEAF",
    "MAX_CRITICS",
    "PairMargin",
    "RowFeatures",
    "choose",
    "effective_share",
    "find_pairs",
    "fit_critic",
    "fit_critics",
    "log_ratio",
    "rake",
    "weigh",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DrawnRows:
    """Encoded rows with their features.

    Parameters
    ----------
    numbers, codes
        Shapes (rows, numbers) and (rows, level spans).
    features
        Shape (rows, features); see `RowFeatures`.
    """

    numbers: Floats
    codes: Codes
    features: Features

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, rows: Any) -> "DrawnRows":
        """Return some of the rows."""
        return DrawnRows(self.numbers[rows], self.codes[rows], self.features[rows])

    @classmethod
    def joined(cls, parts: "Sequence[DrawnRows]") -> "DrawnRows":
        """Return the rows of all parts, one part after the other."""
        names = ("numbers", "codes", "features")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True)
class RowFeatures:
    """Turns encoded rows into features: one column per number, then one per level span.

    A number is given as its value, so that the spread of a repeated value over its band is not
    seen, and as NaN where its mark says that it is absent.

    Parameters
    ----------
    spans
        Layout of a row.
    quantiles
        Distribution of each number.
    """

    spans: RowLayout
    quantiles: tuple[Quantiles, ...]

    def __len__(self) -> int:
        return self.spans.n_numbers + len(self.spans.widths)

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of levels of each feature; 0 for numbers."""
        return (0,) * self.spans.n_numbers + tuple(self.spans.widths)

    def place_of(self, span: int) -> int:
        """Return the place of a level span among the features."""
        return self.spans.n_numbers + span

    def of(self, numbers: Floats, codes: Codes) -> DrawnRows:
        """Return rows with their features.

        Parameters
        ----------
        numbers
            Probabilities, shape (rows, numbers).
        codes
            Codes, shape (rows, level spans).
        """
        features = np.empty((len(numbers), len(self)), np.float32)
        for number in range(self.spans.n_numbers):
            features[:, number] = self.values(number, numbers[:, number], codes)
        features[:, self.spans.n_numbers :] = codes
        return DrawnRows(numbers, codes, features)

    def values(self, number: int, units: Floats, codes: Codes) -> Features:
        """Return one number's column of the features, shape (rows,).

        Parameters
        ----------
        number
            Which number of a row.
        units
            Its probabilities, shape (rows,).
        codes
            Codes of the rows, shape (rows, level spans).
        """
        values = self.quantiles[number].from_unit(units).astype(np.float32)
        values[~self.present(number, codes)] = np.nan
        return values

    def present(self, number: int, codes: Codes) -> NDArray[np.bool_]:
        """Say in which rows a number is present.

        Parameters
        ----------
        number
            Which number of a row.
        codes
            Codes of the rows, shape (rows, level spans).
        """
        mark = self.spans.marks[number]
        if mark is None:
            return np.ones(len(codes), np.bool_)
        return codes[:, mark] == 0  # type: ignore[no-any-return]


MAX_CRITICS = 4
MANY_ROWS = 10_000  # real ones, from which critics are steady
STEADY_GROWTH = Growth(depth=5, rate=0.15, bins=64, rounds=80, row_share=1.0, l2=5.0)
PATIENT_GROWTH = Growth(
    depth=15, rate=0.15, bins=256, rounds=80, row_share=1.0, feature_share=0.7, l2=5.0, leaves=31
)
LEAST_LEAF = 20  # rows on which each leaf rests at least
CLIP = (-6.0, 3.0)  # of one critic's log-odds
MOST_WEIGHT = 20.0  # of a row, in multiples of the mean
LEAST_SHARE = 0.4  # of the rows that the weights leave, by effective sample size
BINS = 20  # of a number, to which weights are raked
SWEEPS = 5
PAIR_BINS = 10  # of a number, beside another column
MOST_CODES = 60  # levels of a column that is one of a pair
MOST_PAIRED = 80  # columns of which pairs are looked at
MOST_PAIRS = 40  # whose margins are kept
SURE = 3.0  # standard errors
PRIOR = 1.0  # rows of each cell that are taken to be as drawn ones are
_TINY = 1e-12
_EVEN = np.array([0.5, 0.5])


def fit_critics(
    real: Features,
    drawn: DrawnRows,
    spans: RowLayout,
    shares: Floats,
    rng: np.random.Generator,
    *,
    least: int = LEAST_LEAF,
    stop: Callable[[], bool] = never,
) -> tuple[tuple[VectorLeafTrees, ...], Floats]:
    """Train critics one after the other, each on the rows as the ones before weigh them.

    Of many rows, steady critics are all grown, of many trees that are not deep. Of few, they would
    learn single rows: patient ones grow only as long as held-out rows show that it helps.

    Parameters
    ----------
    real
        Features of real rows, shape (rows, features).
    drawn
        Freely drawn rows, some times as many.
    spans, shares
        Layout of a row, and each level's share of the training rows, to rake the weights to.
    rng
        Randomness of what is held out and of what a critic sees.
    least
        Rows on which each leaf of a critic rests at least.
    stop
        Called before each critic: whether to train no further one.

    Returns
    -------
    The critics, and the weights of the drawn rows after the last of them.
    """
    held_real, held_drawn = (rng.random(len(rows)) < 0.2 for rows in (real, drawn.features))
    fitted = np.flatnonzero(~held_drawn)
    size = min(2 * int((~held_real).sum()), len(fitted))
    steady = len(real) >= MANY_ROWS
    critics: list[VectorLeafTrees] = []
    ratio, weights = np.zeros(len(drawn)), np.ones(len(drawn))
    while len(critics) < MAX_CRITICS and not stop():
        chance = weights[fitted] / weights[fitted].sum()
        seen = drawn.features[rng.choice(fitted, size, p=chance)]
        seed = int(rng.integers(2**31))
        if steady:
            critic = fit_critic(real[~held_real], seen, STEADY_GROWTH, least=least, seed=seed)
        else:
            unseen = drawn.features[held_drawn]
            critic = _fit_patient_critic((real, held_real), (seen, unseen), least, seed)
        scores = _scores(critic, drawn.features)
        if not steady:  # what single steady critics don't show, several do
            real_scores = _scores(critic, real[held_real])
            if not _finds_something(real_scores, scores[held_drawn], weights[held_drawn]):
                break
        critics.append(critic)
        ratio += scores
        weights = weigh(ratio, drawn, spans, shares)
    return tuple(critics), weights


def fit_critic(
    real: Features, drawn: Features, growth: Growth, *, least: int, seed: int
) -> VectorLeafTrees:
    """Fit one classifier of real rows (class 1) and drawn ones, which weigh the same in all.

    Parameters
    ----------
    real, drawn
        Features of the rows, shape (rows, features) each.
    growth
        How the trees are grown.
    least
        Rows on which each leaf rests at least.
    seed
        Randomness of the choice of features.
    """
    labels = np.repeat([1, 0], [len(real), len(drawn)])
    weights = np.where(labels == 1, len(drawn) / max(len(real), 1), 1.0)
    features = np.concatenate([real, drawn])
    return fit_vector_leaf_trees(
        features, labels, _EVEN, growth, least=least, seed=seed, weights=weights
    )


def _fit_patient_critic(
    real: tuple[Features, NDArray[np.bool_]],
    drawn: tuple[Features, Features],
    least: int,
    seed: int,
) -> VectorLeafTrees:
    """Fit a critic whose growth ends by held-out rows.

    Parameters
    ----------
    real
        Real rows, and which of them are held out.
    drawn
        Drawn rows to fit, and those held out.
    least
        Rows on which each leaf rests at least.
    seed
        Randomness of the choice of features.
    """
    rows, held_real = real
    held_out = np.concatenate(
        [held_real, *(np.full(len(part), at > 0) for at, part in enumerate(drawn))]
    )
    labels = np.repeat([1, 0], [len(rows), len(held_out) - len(rows)])
    weights = np.ones(len(labels))
    for part in (held_out, ~held_out):  # in both parts, real and drawn rows weigh the same
        is_real = part & (labels == 1)
        weights[is_real] = (part & (labels == 0)).sum() / max(is_real.sum(), 1)
    features = np.concatenate([rows, *drawn])
    return fit_vector_leaf_trees(
        features,
        labels,
        _EVEN,
        PATIENT_GROWTH,
        least=least,
        seed=seed,
        held_out=held_out,
        weights=weights,
    )


def _scores(critic: VectorLeafTrees, features: Features) -> Floats:
    return np.clip(critic.scores(features)[:, 0], *CLIP).astype(np.float64)


def _finds_something(real: Floats, drawn: Floats, weights: Floats) -> bool:
    """Say if log-odds tell held-out rows apart better than a coin does."""
    loss = np.logaddexp(0, -real).mean() + np.logaddexp(0, drawn) @ weights / weights.sum()
    return bool(loss < 2 * np.log(2))


def log_ratio(critics: tuple[VectorLeafTrees, ...], features: Features) -> Floats:
    """Return the logarithm of each row's weight, up to a constant, shape (rows,).

    Parameters
    ----------
    critics
        Critics of `fit_critics`.
    features
        Features of drawn rows, shape (rows, features).
    """
    ratio = np.zeros(len(features))
    for critic in critics:
        ratio += _scores(critic, features)
    return ratio


def weigh(
    ratio: Floats,
    rows: DrawnRows,
    spans: RowLayout,
    shares: Floats | None,
    pairs: Sequence["PairMargin"] = (),
) -> Floats:
    """Turn log-ratios into weights of mean 1, raked to the margins where shares are given.

    Parameters
    ----------
    ratio
        Log-ratios of `log_ratio`, shape (rows,).
    rows
        The drawn rows.
    spans
        Layout of a row.
    shares
        Each level's share of the training rows; None where margins stay free.
    pairs
        Margins of pairs of columns; they count where shares are given.
    """
    weights = _tempered(ratio)
    if shares is not None:
        weights = rake(weights, rows, spans, shares, pairs)
    return weights / weights.mean()  # type: ignore[no-any-return]


def _tempered(ratio: Floats) -> Floats:
    """Return weights of mean 1 that leave enough rows to choose among.

    Of a poor generator few rows are like real ones, and weights that leave but these would draw
    them all, whatever their margins: the ratio then counts for less.
    """
    for power in (1.0, 0.8, 0.6, 0.4, 0.2):
        weights = np.exp(power * (ratio - ratio.max()))
        weights = np.minimum(weights / weights.mean(), MOST_WEIGHT)
        if effective_share(weights) >= LEAST_SHARE:
            break
    return weights  # type: ignore[no-any-return]


class PairMargin(NamedTuple):
    """Shares of the cells of two columns.

    Attributes
    ----------
    columns
        Which columns: numbers by their place, then level spans.
    cells
        Number of the cell of each bin or level of the one and the other column, shape (codes,
        codes). Those of few training rows are one cell, so that no share tells of single rows.
    shares
        Share of each cell, shape (cells,).
    """

    columns: tuple[int, int]
    cells: Codes
    shares: Floats

    def codes(self, rows: DrawnRows, spans: RowLayout) -> Codes:
        """Return the cell of each row, shape (rows,)."""
        one, other = (_coarse_codes(rows, spans, column) for column in self.columns)
        found: Codes = self.cells[one, other]
        return found

    @classmethod
    def restore(cls, columns: Any, tensors: Mapping[str, Tensor], spans: RowLayout) -> Self:
        """Rebuild a margin from a model file.

        Parameters
        ----------
        columns, tensors
            The columns, and ``cells`` and ``shares``.
        spans
            Layout of a row.

        Raises
        ------
        KeyError, TypeError, ValueError
            If a part is missing or does not fit.
        """
        one, other = map(int, columns)
        cells, shares = (tensors[name].numpy() for name in ("cells", "shares"))
        if not 0 <= one < other < spans.n_numbers + len(spans.widths):
            raise ValueError("finish: a pair of unknown columns")
        if cells.shape != (_n_codes(spans, one), _n_codes(spans, other)):
            raise ValueError("finish: a pair needs a cell for all of its codes")
        if cells.dtype != np.int64 or shares.dtype != np.float64 or shares.ndim != 1:
            raise ValueError("finish: a tensor of a pair has the wrong type")
        if (cells < 0).any() or (cells >= len(shares)).any() or not (shares >= 0).all():
            raise ValueError("finish: a pair's cells need a share each")
        return cls((one, other), cells, shares)


def _n_codes(spans: RowLayout, column: int) -> int:
    """Return how many coarse codes a column has."""
    if column >= spans.n_numbers:
        return spans.widths[column - spans.n_numbers]
    return PAIR_BINS + (spans.marks[column] is not None)


def _coarse_codes(rows: DrawnRows, spans: RowLayout, column: int) -> Codes:
    """Return a column's levels, or bins of its numbers; an absent number is in the last one."""
    if column >= spans.n_numbers:
        return rows.codes[:, column - spans.n_numbers]
    bins = np.minimum((rows.numbers[:, column] * PAIR_BINS).astype(np.int64), PAIR_BINS - 1)
    mark = spans.marks[column]
    return bins if mark is None else np.where(rows.codes[:, mark] == 0, bins, PAIR_BINS)


def find_pairs(
    real: DrawnRows,
    drawn: DrawnRows,
    weights: Floats,
    spans: RowLayout,
    *,
    least: int,
    rng: np.random.Generator,
) -> tuple[PairMargin, ...]:
    """Find the pairs of columns whose cells drawn rows miss by more than chance.

    What few rows can teach to trees leaves strong relations weaker than they are. The difference of
    a pair's cells is a chi-square against the sampling errors of both tables. A cell's share is
    that of the real rows, shrunk to that of the drawn ones by `PRIOR` rows for each cell.

    Parameters
    ----------
    real, drawn
        Training rows, and rows of the generator.
    weights
        Weights of the drawn rows, raked to the margins of single columns.
    spans
        Layout of a row.
    least
        Real rows of a cell that counts by itself.
    rng
        Chooses the columns that are looked at, where there are very many.

    Returns
    -------
    At most `MOST_PAIRS` pairs, those that are missed most first.
    """
    columns = _paired_columns(spans)
    if len(columns) > MOST_PAIRED:
        columns = np.sort(rng.choice(columns, MOST_PAIRED, replace=False))
    sides = [{c: _coarse_codes(rows, spans, c) for c in columns.tolist()} for rows in (real, drawn)]
    found: list[tuple[float, PairMargin]] = []
    for pair in combinations(columns.tolist(), 2):
        (one, other), drawn_codes = ((side[pair[0]], side[pair[1]]) for side in sides)
        shape = (_n_codes(spans, pair[0]), _n_codes(spans, pair[1]))
        counts = np.bincount(one * shape[1] + other, minlength=shape[0] * shape[1])
        cells, own = _cells_of(counts, least)
        there = np.bincount(cells[drawn_codes[0] * shape[1] + drawn_codes[1]], weights, len(own))
        there = there / there.sum()
        surprise = _surprise(own, there, effective_share(weights) * len(drawn))
        if surprise > SURE:
            prior = PRIOR * len(own)
            shares = (own + prior * there) / (own.sum() + prior)
            found.append((surprise, PairMargin(pair, cells.reshape(shape), shares)))
    found.sort(key=lambda item: -item[0])
    return tuple(margin for _, margin in found[:MOST_PAIRS])


def _paired_columns(spans: RowLayout) -> Codes:
    """Return the columns that may be one of a pair: numbers, and levels that are not many."""
    marks = {mark for mark in spans.marks if mark is not None}
    few = [at for at, width in enumerate(spans.widths) if at not in marks and width <= MOST_CODES]
    return np.array([*range(spans.n_numbers), *(spans.n_numbers + at for at in few)], np.int64)


def _cells_of(counts: Codes, least: int) -> tuple[Codes, Floats]:
    """Return the cell of each pair of codes, and the rows of each.

    Those of few rows are the first one. If all of these together are few, they count as none.
    """
    rare = counts < least
    cells = np.where(rare, 0, np.cumsum(~rare)).astype(np.int64)
    rows = np.bincount(cells, counts).astype(np.float64)
    rows[0] = rows[0] if rows[0] >= least else 0.0
    return cells, rows


def _surprise(rows: Floats, shares: Floats, n_drawn: float) -> float:
    """Return by how many standard errors a chi-square of two tables is above its mean."""
    if len(rows) < 2:
        return 0.0
    n = rows.sum()
    expected = shares * n
    chi2 = ((rows - expected) ** 2 / (expected * (1 + n / n_drawn) + 1)).sum()
    return float((chi2 - (len(rows) - 1)) / np.sqrt(2 * (len(rows) - 1)))


def rake(
    weights: Floats,
    rows: DrawnRows,
    spans: RowLayout,
    shares: Floats,
    pairs: Sequence[PairMargin] = (),
) -> Floats:
    """Adjust weights so that levels, numbers and pairs of columns keep their margins.

    Each level gets its share, and each of `BINS` bins of a number's present values the same.

    Parameters
    ----------
    weights
        Weights before, shape (rows,).
    rows
        The drawn rows.
    spans
        Layout of a row.
    shares
        Each level's share of the training rows.
    pairs
        Margins of pairs of columns, which come before those of single ones.
    """
    margins: list[tuple[Codes, Floats | None]] = []
    margins += [(pair.codes(rows, spans), pair.shares) for pair in pairs]
    for codes, start, width in zip(rows.codes.T, spans.offsets, spans.widths, strict=True):
        margins.append((codes, shares[start : start + width]))
    for number, mark in enumerate(spans.marks):
        bins = np.minimum((rows.numbers[:, number] * BINS).astype(np.int64), BINS - 1)
        if mark is not None:
            bins = np.where(rows.codes[:, mark] == 0, bins, BINS)
        margins.append((bins, None))
    for _ in range(SWEEPS * (2 if pairs else 1)):
        for codes, wanted in margins:
            weights = weights * _factors(codes, weights, wanted)[codes]
        weights = np.minimum(weights / weights.mean(), MOST_WEIGHT)
    return weights


def _factors(codes: Codes, weights: Floats, wanted: Floats | None) -> Floats:
    total = np.bincount(codes, weights, minlength=BINS + 1 if wanted is None else len(wanted))
    if wanted is not None:
        goal = wanted * total.sum()
    else:  # of a number: equal bins, and as many absent ones as there are
        goal = np.append(np.full(BINS, total[:BINS].sum() / BINS), total[BINS])
    return np.clip(goal / np.maximum(total, _TINY), 0.1, 10.0)  # type: ignore[no-any-return]


def choose(weights: Floats, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Choose n rows without replacement, by their weights (systematic sampling, Madow, 1949).

    A row is chosen with a probability in proportion to its weight, or surely where that would be
    above one.

    Parameters
    ----------
    weights
        Weight of each row, not negative.
    n
        Number of rows to choose, at most all.
    rng
        Randomness of the choice.

    Examples
    --------
    >>> weights = np.array([6.0, 1.0, 1.0, 1.0, 1.0])
    >>> chosen = choose(weights, 3, np.random.default_rng(0))
    >>> len(set(chosen.tolist())), 0 in chosen
    (3, True)
    """
    order = rng.permutation(len(weights))
    bounds = np.cumsum(_chances(weights[order], n))
    # The sum is n but for rounding: steps of one from a random start hit n rows.
    steps = np.floor(bounds * (n / bounds[-1]) + rng.random())
    steps[-1] = n if steps[-1] < n else steps[-1]
    hit = np.diff(steps, prepend=0.0) > 0
    return order[np.flatnonzero(hit)[:n]]


def _chances(weights: Floats, n: int) -> Floats:
    """Return each row's chance to be among n, proportional to its weight but at most one."""
    if n >= len(weights):
        return np.ones(len(weights))
    weights = np.maximum(weights, _TINY * weights.max())
    sure = np.zeros(len(weights), np.bool_)
    while True:
        chances = np.where(sure, 1.0, weights * (n - sure.sum()) / weights[~sure].sum())
        above = chances > 1
        if not above.any():
            return chances
        sure |= above


def effective_share(weights: Floats) -> float:
    """Return the effective sample size (Kish, 1965) as a share of the rows."""
    return float(weights.sum() ** 2 / (weights**2).sum() / len(weights))
