"""Columns drawn from boosted trees, given all others: once, or in Gibbs sweeps.

For each column, trees learn from a pool of rows how its values hang on all other columns. A sweep
draws the free cells of one column after the other from what the trees say; after some sweeps they
go with the cells that are given, and with each other (Gibbs sampling: Geman and Geman, 1984;
chained equations: van Buuren and Groothuis-Oudshoorn, 2011).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tabgan.base.random_streams import numpy_stream
from tabgan.sampling.trees import DrawnRows, Floats, Growth, RowFeatures, Trees, fit_trees

__all__ = [
    "GibbsSampler",
    "LevelConditional",
    "NumberConditional",
    "Redraw",
    "fit_level",
    "fit_number",
]

LEVEL_GROWTH = Growth(rounds=60, rate=0.2)


DIGIT_GROWTH = Growth(rounds=100, rate=0.3, leaves=63)


DIGITS = 5


PROBE_GROWTH = Growth(rounds=40, rate=0.3)


PROBE_DIGITS = 2


@dataclass(frozen=True, eq=False)
class LevelConditional:
    """Draws a level span anew.

    Parameters
    ----------
    span
        Number of the level span.
    trees
        Classifier of the levels that occur, given the features of all other columns.
    levels
        Codes of those levels, shape (classes,).
    """

    span: int
    trees: Trees
    levels: NDArray[np.int64]

    @property
    def n_trees(self) -> int:
        """Number of trees that each row goes through."""
        return len(self.trees)

    def apply(self, rows: DrawnRows, features: RowFeatures, rng: np.random.Generator) -> DrawnRows:
        """Return the rows with the column drawn anew."""
        place = features.place_of(self.span)
        codes, seen = rows.codes.copy(), _blanked(rows, place)
        bounds = np.cumsum(self.trees.probabilities(seen), axis=1)
        drawn = (rng.random((len(rows), 1)) * bounds[:, -1:] >= bounds).sum(axis=1)
        codes[:, self.span] = seen[:, place] = self.levels[np.minimum(drawn, len(self.levels) - 1)]
        return replace(rows, codes=codes, features=seen)

    def surprise(self, rows: DrawnRows, features: RowFeatures) -> Floats:
        """Say how much more surprising each row's level is than a redrawn one, in nats."""
        chances = self.trees.probabilities(_blanked(rows, features.place_of(self.span)))
        place = np.searchsorted(self.levels, rows.codes[:, self.span])
        place = np.minimum(place, len(self.levels) - 1)
        return _surprise(chances, place)


@dataclass(frozen=True, eq=False)
class NumberConditional:
    """Draws a number anew, one binary digit of its probability after the other.

    The first digit says in which half of its distribution the number lies, the second one in which
    half of that, and so on. Numbers that share all digits keep the order that they had, so that the
    tails keep what goes with them.

    Parameters
    ----------
    number
        Which number of a row.
    digits
        Classifiers of the digits; each sees the digits before it in the number's own place.
    """

    number: int
    digits: tuple[Trees, ...]

    @property
    def n_trees(self) -> int:
        """Number of trees that each row goes through."""
        return sum(map(len, self.digits))

    def apply(self, rows: DrawnRows, features: RowFeatures, rng: np.random.Generator) -> DrawnRows:
        """Return the rows with the column drawn anew."""
        seen, units = rows.features.copy(), np.zeros(len(rows))
        for depth, trees in enumerate(self.digits, start=1):
            seen[:, self.number] = units
            units += (rng.random(len(rows)) < trees.probabilities(seen)[:, 1]) / 2**depth
        units += _ranked_within(units, rows.numbers[:, self.number], rng) / 2 ** len(self.digits)
        numbers = rows.numbers.copy()
        numbers[:, self.number] = units
        seen[:, self.number] = features.values(self.number, units, rows.codes)
        return DrawnRows(numbers, rows.codes, seen)

    def surprise(self, rows: DrawnRows, features: RowFeatures) -> Floats:
        """Say how much more surprising each row's number is than a redrawn one, in nats.

        Of absent numbers it is zero.
        """
        seen, total = rows.features.copy(), np.zeros(len(rows))
        for depth, trees in enumerate(self.digits):
            seen[:, self.number], digit = _digit(rows.numbers[:, self.number], depth)
            total += _surprise(trees.probabilities(seen), digit)
        return total * features.present(self.number, rows.codes)


Redraw = LevelConditional | NumberConditional


def _ranked_within(cells: Floats, before: Floats, rng: np.random.Generator) -> Floats:
    """Spread the rows of each cell evenly over the unit interval, in the order of a number."""
    _, cell, counts = np.unique(cells, return_inverse=True, return_counts=True)
    order = np.lexsort((before, cell))
    ranks = np.empty(len(cells))
    ranks[order] = np.arange(len(cells)) - np.repeat(np.cumsum(counts) - counts, counts)
    return (ranks + rng.random(len(cells))) / counts[cell]


def _blanked(rows: DrawnRows, place: int) -> Floats:
    """Return a copy of the features without what is in one place."""
    seen = rows.features.copy()
    seen[:, place] = 0.0
    return seen


def _surprise(chances: Floats, place: NDArray[np.integer]) -> Floats:
    logs = np.log(np.maximum(chances, 1e-12))
    return (chances * logs).sum(axis=1) - logs[np.arange(len(logs)), place]  # type: ignore[no-any-return]


def _digit(units: Floats, depth: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return the digits before a place as one number, and the digit there."""
    whole = np.minimum((units * 2 ** (depth + 1)).astype(np.int64), 2 ** (depth + 1) - 1)
    return (whole // 2) / 2**depth, whole % 2


def fit_level(
    real: DrawnRows, features: RowFeatures, span: int, held_out: NDArray[np.bool_], seed: int
) -> LevelConditional | None:
    """Learn a level span from real rows; None if but one level is left to learn.

    The growth of the trees ends by the held-out rows.
    """
    codes = real.codes[:, span]
    levels = np.unique(codes[~held_out])
    if len(levels) < 2:
        return None
    known = np.isin(codes, levels)  # of the held-out rows
    seen = _blanked(real[known], features.place_of(span))
    classes = np.searchsorted(levels, codes[known])
    trees = fit_trees(seen, classes, LEVEL_GROWTH, seed=seed, held_out=held_out[known])
    return LevelConditional(span, trees, levels.astype(np.int64))


def fit_number(
    real: DrawnRows,
    features: RowFeatures,
    number: int,
    held_out: NDArray[np.bool_],
    seed: int,
    *,
    probe: bool = False,
) -> NumberConditional | None:
    """Learn a number's digits from the real rows in which it is present.

    None if they are too few for every digit to take both values. A probe learns the first digits
    alone, with few trees.
    """
    growth, depth_wanted = (PROBE_GROWTH, PROBE_DIGITS) if probe else (DIGIT_GROWTH, DIGITS)
    present = features.present(number, real.codes)
    seen, units = real.features[present], real.numbers[present, number]
    held_out = held_out[present]
    digits = []
    for depth in range(depth_wanted):
        seen[:, number], digit = _digit(units, depth)
        if len(np.unique(digit[~held_out])) < 2:
            return None
        digits.append(fit_trees(seen, digit, growth, seed=seed, held_out=held_out))
    return NumberConditional(number, tuple(digits))


HELD_OUT = 0.1


LEAST_ROWS = 200  # of the pool for a column to be learned


Mask = NDArray[np.bool_]


_NOTHING: Mapping[int, Sequence[int]] = MappingProxyType({})


@dataclass(eq=False)
class GibbsSampler:
    """Draws free cells from trees that learn each column when it is first asked for.

    Parameters
    ----------
    features
        Makes features of rows.
    pool
        Rows that the trees learn from.
    """

    features: RowFeatures
    pool: DrawnRows
    _learned: dict[Hashable, Redraw | None] = field(default_factory=dict)

    def sweep(
        self,
        rows: DrawnRows,
        free: Mask,
        rng: np.random.Generator,
        barred: Mapping[int, Sequence[int]] = _NOTHING,
    ) -> DrawnRows:
        """Draw the free cells once, column by column in a random order.

        Parameters
        ----------
        rows
            Rows whose free cells hold a first guess.
        free
            Which cells are free, shape (rows, features).
        rng
            Randomness of the order and of what is drawn.
        barred
            Codes that are not drawn, by level span.
        """
        for place in rng.permutation(np.flatnonzero(free.any(axis=0))).tolist():
            span = place - self.features.spans.n_numbers
            redraw = self._redraw(place, tuple(barred.get(span, ())))
            if redraw is not None:
                chosen = np.flatnonzero(free[:, place])
                rows = self._with(rows, chosen, redraw.apply(rows[chosen], self.features, rng))
        return rows

    def _with(self, rows: DrawnRows, chosen: NDArray[np.intp], drawn: DrawnRows) -> DrawnRows:
        """Replace some rows; a number is seen or not as its mark now says."""
        numbers, codes, features = rows.numbers.copy(), rows.codes.copy(), rows.features.copy()
        numbers[chosen], codes[chosen] = drawn.numbers, drawn.codes
        features[chosen] = self.features.of(drawn.numbers, drawn.codes).features
        return DrawnRows(numbers, codes, features)

    def _redraw(self, place: int, barred: tuple[int, ...]) -> Redraw | None:
        key = place, barred
        if key not in self._learned:
            self._learned[key] = self._learn(place, barred)
        return self._learned[key]

    def _learn(self, place: int, barred: tuple[int, ...]) -> Redraw | None:
        pool, n_numbers = self.pool, self.features.spans.n_numbers
        if barred:
            pool = pool[~np.isin(pool.codes[:, place - n_numbers], barred)]
        if len(pool) < LEAST_ROWS:
            return None
        held_out = numpy_stream(place, "completion").random(len(pool)) < HELD_OUT
        if place < n_numbers:
            return fit_number(pool, self.features, place, held_out, seed=place)
        return fit_level(pool, self.features, place - n_numbers, held_out, seed=place)
