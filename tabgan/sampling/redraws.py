"""Columns drawn anew from boosted trees, given all other columns."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tabgan.sampling.features import DrawnRows, Floats, RowFeatures
from tabgan.sampling.trees import Growth, Trees, fit_trees

__all__ = ["LevelConditional", "NumberConditional", "Redraw", "fit_level", "fit_number"]

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
