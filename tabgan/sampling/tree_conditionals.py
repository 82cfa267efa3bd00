"""Conditional distributions of single columns, learned by boosted trees, and Gibbs sampling.

For each column, trees learn from a pool of rows how its values depend on all other columns. To
redraw a column is to draw it from that distribution, given the other columns of each row. A Gibbs
sweep redraws the free cells of one column after the other; after some sweeps they fit the given
cells and each other (Gibbs sampling: Geman and Geman, 1984; chained equations: van Buuren and
Groothuis-Oudshoorn, 2011).
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.model_file import under
from tabgan.base.random_streams import numpy_stream
from tabgan.generators.trees.grow_trees import Growth, fit_vector_leaf_trees
from tabgan.generators.trees.vector_leaf_trees import Features, VectorLeafTrees
from tabgan.sampling.refinement import LEAST_LEAF, DrawnRows, Floats, RowFeatures

__all__ = [
    "GibbsSampler",
    "LevelConditional",
    "NumberConditional",
    "TreeConditional",
    "fit_conditional",
    "fit_level",
    "fit_number",
    "redraw_columns",
    "restore_conditional",
]

LEVEL_GROWTH = Growth(6, 0.2, 256, rounds=80, row_share=1.0, patience=5)
DIGIT_GROWTH = Growth(15, 0.3, 256, rounds=100, row_share=1.0, patience=5, leaves=63)
DIGITS = 5
PROBE_GROWTH = Growth(15, 0.3, 256, rounds=40, row_share=1.0, patience=5, leaves=31)
PROBE_DIGITS = 2
MOST_DIGITS = 32  # in a file
HELD_OUT = 0.1  # share of the pool by which the growth of the trees ends
LEAST_ROWS = 200  # of the pool for a column to be learned
_TINY = 1e-12

Mask = NDArray[np.bool_]
_NO_CODES: Mapping[int, Sequence[int]] = MappingProxyType({})


class TreeConditional(ABC):
    """Distribution of one column given all other columns, learned by boosted trees."""

    @property
    @abstractmethod
    def n_trees(self) -> int:
        """Number of trees that each row goes through."""

    @abstractmethod
    def place(self, features: RowFeatures) -> int:
        """Return the place of the column among the features."""

    @abstractmethod
    def redraw(self, rows: DrawnRows, features: RowFeatures, rng: np.random.Generator) -> DrawnRows:
        """Return the rows with the column drawn from its distribution.

        Parameters
        ----------
        rows
            Rows with their features.
        features
            Computes features of rows.
        rng
            Randomness of the draw.
        """

    @abstractmethod
    def excess_nll(self, rows: DrawnRows, features: RowFeatures) -> Floats:
        """Return the negative log-likelihood of each row's cell above that of a redrawn one.

        Parameters
        ----------
        rows
            Rows with their features.
        features
            Computes features of rows.

        Returns
        -------
        Excess in nats, shape (rows,); zero for absent numbers.
        """

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Describe all but the trees by JSON values."""

    @abstractmethod
    def to_tensors(self) -> dict[str, Tensor]:
        """Return the trees as tensors, by name."""


def _conditioned(rows: DrawnRows, place: int) -> Features:
    """Return a copy of the features in which one column is hidden from the trees."""
    others = rows.features.copy()
    others[:, place] = 0.0
    return others


def _excess_nll(chances: NDArray[np.floating], outcome: NDArray[np.integer]) -> Floats:
    """Return the negative log-likelihood of each outcome above its expected value."""
    logs = np.log(np.maximum(chances, _TINY))
    return (chances * logs).sum(axis=1) - logs[np.arange(len(logs)), outcome]  # type: ignore[no-any-return]


@dataclass(frozen=True, eq=False)
class LevelConditional(TreeConditional):
    """Distribution of a level span: a classifier of its levels.

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
    trees: VectorLeafTrees
    levels: NDArray[np.int64]

    @property
    def n_trees(self) -> int:
        """Number of trees that each row goes through."""
        return len(self.trees)

    def place(self, features: RowFeatures) -> int:
        """Return the place of the level span among the features."""
        return features.place_of(self.span)

    def redraw(self, rows: DrawnRows, features: RowFeatures, rng: np.random.Generator) -> DrawnRows:
        """Return the rows with the level drawn from its distribution."""
        place = self.place(features)
        codes, drawn_features = rows.codes.copy(), _conditioned(rows, place)
        codes[:, self.span] = self.levels[self.trees.draw(drawn_features, rng)]
        drawn_features[:, place] = codes[:, self.span]
        return replace(rows, codes=codes, features=drawn_features)

    def excess_nll(self, rows: DrawnRows, features: RowFeatures) -> Floats:
        """Return the negative log-likelihood of each row's level above that of a redrawn one."""
        chances = self.trees.probabilities(_conditioned(rows, self.place(features)))
        outcome = np.searchsorted(self.levels, rows.codes[:, self.span])
        return _excess_nll(chances, np.minimum(outcome, len(self.levels) - 1))

    def to_json(self) -> dict[str, Any]:
        """Describe all but the trees by JSON values."""
        return {"level": self.span, "levels": self.levels.tolist()}

    def to_tensors(self) -> dict[str, Tensor]:
        """Return the trees as tensors, by name."""
        return self.trees.to_tensors()


@dataclass(frozen=True, eq=False)
class NumberConditional(TreeConditional):
    """Distribution of a number: classifiers of the binary digits of its probability.

    The first digit says in which half of its distribution the number lies, the second one in which
    half of that, and so on. Numbers that share all digits keep their order, so that the tails keep
    their relations to other columns.

    Parameters
    ----------
    number
        Which number of a row.
    digits
        Classifiers of the digits; each sees the digits before it in the number's own place.
    """

    number: int
    digits: tuple[VectorLeafTrees, ...]

    @property
    def n_trees(self) -> int:
        """Number of trees that each row goes through."""
        return sum(map(len, self.digits))

    def place(self, features: RowFeatures) -> int:  # noqa: ARG002
        """Return the place of the number among the features."""
        return self.number

    def redraw(self, rows: DrawnRows, features: RowFeatures, rng: np.random.Generator) -> DrawnRows:
        """Return the rows with the number drawn from its distribution."""
        drawn_features, units = _conditioned(rows, self.number), np.zeros(len(rows))
        for depth, trees in enumerate(self.digits, start=1):
            drawn_features[:, self.number] = units
            units += trees.draw(drawn_features, rng) / 2**depth
        units += _ranked_within(units, rows.numbers[:, self.number], rng) / 2 ** len(self.digits)
        numbers = rows.numbers.copy()
        numbers[:, self.number] = units
        drawn_features[:, self.number] = features.values(self.number, units, rows.codes)
        return DrawnRows(numbers, rows.codes, drawn_features)

    def excess_nll(self, rows: DrawnRows, features: RowFeatures) -> Floats:
        """Return the negative log-likelihood of each row's number above that of a redrawn one."""
        others, total = _conditioned(rows, self.number), np.zeros(len(rows))
        for depth, trees in enumerate(self.digits):
            others[:, self.number], digit = _digit(rows.numbers[:, self.number], depth)
            total += _excess_nll(trees.probabilities(others), digit)
        return total * features.present(self.number, rows.codes)

    def to_json(self) -> dict[str, Any]:
        """Describe all but the trees by JSON values."""
        return {"number": self.number, "digits": len(self.digits)}

    def to_tensors(self) -> dict[str, Tensor]:
        """Return the trees as tensors, by name."""
        return {
            f"{depth}.{name}": tensor
            for depth, trees in enumerate(self.digits)
            for name, tensor in trees.to_tensors().items()
        }


def _ranked_within(cells: Floats, before: Floats, rng: np.random.Generator) -> Floats:
    """Spread the rows of each cell evenly over the unit interval, in the order of a number."""
    _, cell, counts = np.unique(cells, return_inverse=True, return_counts=True)
    order = np.lexsort((before, cell))
    ranks = np.empty(len(cells))
    ranks[order] = np.arange(len(cells)) - np.repeat(np.cumsum(counts) - counts, counts)
    return (ranks + rng.random(len(cells))) / counts[cell]


def _digit(units: Floats, depth: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return the digits before a place as one number, and the digit there."""
    whole = np.minimum((units * 2 ** (depth + 1)).astype(np.int64), 2 ** (depth + 1) - 1)
    return (whole // 2) / 2**depth, whole % 2


def redraw_columns(
    rows: DrawnRows,
    conditionals: Iterable[TreeConditional],
    features: RowFeatures,
    rng: np.random.Generator,
) -> DrawnRows:
    """Redraw one column after the other, each given the others as they then are.

    Parameters
    ----------
    rows
        Rows with their features.
    conditionals
        The columns' distributions, in the order of the draws.
    features
        Computes features of rows.
    rng
        Randomness of the draws.
    """
    for conditional in conditionals:
        rows = conditional.redraw(rows, features, rng)
    return rows


def restore_conditional(
    description: Mapping[str, Any], tensors: Mapping[str, Tensor], features: RowFeatures
) -> TreeConditional:
    """Rebuild a conditional from the values of its `to_json` and `to_tensors`.

    Parameters
    ----------
    description, tensors
        What `to_json` and `to_tensors` returned.
    features
        Computes features of rows.

    Raises
    ------
    KeyError, TypeError, ValueError
        If a part is missing or does not fit.
    """
    if "level" in description:
        span, levels = int(description["level"]), np.array(description["levels"], np.int64)
        _check_levels(span, levels, features)
        trees = VectorLeafTrees.from_tensors(tensors, features.widths, len(levels))
        return LevelConditional(span, trees, levels)
    number, n_digits = int(description["number"]), int(description["digits"])
    if not (0 <= number < features.spans.n_numbers and 1 <= n_digits <= MOST_DIGITS):
        raise ValueError("finish: a redraw of no number")
    digits = (under(f"{depth}.", tensors) for depth in range(n_digits))
    return NumberConditional(
        number, tuple(VectorLeafTrees.from_tensors(part, features.widths, 2) for part in digits)
    )


def _check_levels(span: int, levels: NDArray[np.int64], features: RowFeatures) -> None:
    widths = features.spans.widths
    if not 0 <= span < len(widths) or levels.ndim != 1 or len(levels) < 2:
        raise ValueError("finish: a redraw of no level span")
    if levels[0] < 0 or levels[-1] >= widths[span] or (np.diff(levels) < 1).any():
        raise ValueError("finish: levels that the column does not have")


def fit_conditional(
    real: DrawnRows, features: RowFeatures, place: int, held_out: Mask, seed: int
) -> TreeConditional | None:
    """Learn the column at a place among the features; see `fit_number` and `fit_level`.

    Parameters
    ----------
    real
        Rows to learn from.
    features
        Computes features of rows.
    place
        Place of the column among the features.
    held_out
        Rows that are not fitted, and that end the growth of the trees, shape (rows,).
    seed
        Seed of the trees.
    """
    n_numbers = features.spans.n_numbers
    if place < n_numbers:
        return fit_number(real, features, place, held_out, seed)
    return fit_level(real, features, place - n_numbers, held_out, seed)


def fit_level(
    real: DrawnRows,
    features: RowFeatures,
    span: int,
    held_out: Mask,
    seed: int,
    *,
    least: int = LEAST_LEAF,
) -> LevelConditional | None:
    """Learn a level span from real rows.

    Parameters
    ----------
    real
        Rows to learn from.
    features
        Computes features of rows.
    span
        Number of the level span.
    held_out
        Rows that are not fitted, and that end the growth of the trees, shape (rows,).
    seed
        Seed of the trees.
    least
        Rows on which each leaf rests at least.

    Returns
    -------
    None if fewer than two levels occur in the rows to be fitted.
    """
    codes = real.codes[:, span]
    levels = np.unique(codes[~held_out])
    if len(levels) < 2:
        return None
    usable = np.isin(codes, levels)  # a held-out row may have a level of its own
    others = _conditioned(real[usable], features.place_of(span))
    classes = np.searchsorted(levels, codes[usable])
    trees = _fit(
        others,
        classes,
        held_out[usable],
        LEVEL_GROWTH,
        widths=features.widths,
        least=least,
        seed=seed,
    )
    return LevelConditional(span, trees, levels.astype(np.int64))


def fit_number(
    real: DrawnRows,
    features: RowFeatures,
    number: int,
    held_out: Mask,
    seed: int,
    *,
    least: int = LEAST_LEAF,
    probe: bool = False,
) -> NumberConditional | None:
    """Learn a number's digits from the real rows in which it is present.

    Parameters
    ----------
    real
        Rows to learn from.
    features
        Computes features of rows.
    number
        Which number of a row.
    held_out
        Rows that are not fitted, and that end the growth of the trees, shape (rows,).
    seed
        Seed of the trees.
    least
        Rows on which each leaf rests at least.
    probe
        Whether to learn the first digits only, with few trees.

    Returns
    -------
    None if there are too few rows for every digit to take both values.
    """
    growth, n_digits = (PROBE_GROWTH, PROBE_DIGITS) if probe else (DIGIT_GROWTH, DIGITS)
    present = features.present(number, real.codes)
    others, units = _conditioned(real[present], number), real.numbers[present, number]
    held_out = held_out[present]
    digits = []
    for depth in range(n_digits):
        others[:, number], digit = _digit(units, depth)
        if len(np.unique(digit[~held_out])) < 2:
            return None
        trees = _fit(
            others, digit, held_out, growth, widths=features.widths, least=least, seed=seed
        )
        digits.append(trees)
    return NumberConditional(number, tuple(digits))


def _fit(
    features: Features,
    classes: NDArray[np.int64],
    held_out: Mask,
    growth: Growth,
    *,
    widths: Sequence[int],
    least: int,
    seed: int,
) -> VectorLeafTrees:
    """Fit a classifier of classes, each of which occurs among the rows that are fitted."""
    counts = np.bincount(classes[~held_out])
    shares = counts / counts.sum()
    return fit_vector_leaf_trees(
        features,
        classes,
        shares,
        growth,
        widths=widths,
        least=least,
        seed=seed,
        held_out=held_out,
    )


@dataclass(eq=False)
class GibbsSampler:
    """Draws free cells given the others, from trees that learn each column at its first use.

    Parameters
    ----------
    features
        Computes features of rows.
    pool
        Rows that the trees learn from.
    """

    features: RowFeatures
    pool: DrawnRows
    _learned: dict[Hashable, TreeConditional | None] = field(default_factory=dict)

    def sweep(
        self,
        rows: DrawnRows,
        free: Mask,
        rng: np.random.Generator,
        barred: Mapping[int, Sequence[int]] = _NO_CODES,
    ) -> DrawnRows:
        """Redraw the free cells once, column by column in a random order.

        Parameters
        ----------
        rows
            Rows whose free cells hold a first guess.
        free
            Which cells are free, shape (rows, features).
        rng
            Randomness of the order and of the draws.
        barred
            Codes that are not drawn, by level span.
        """
        for place in rng.permutation(np.flatnonzero(free.any(axis=0))).tolist():
            span = place - self.features.spans.n_numbers
            conditional = self._conditional(place, tuple(barred.get(span, ())))
            if conditional is not None:
                chosen = np.flatnonzero(free[:, place])
                rows = self._with(
                    rows, chosen, conditional.redraw(rows[chosen], self.features, rng)
                )
        return rows

    def _with(self, rows: DrawnRows, chosen: NDArray[np.intp], drawn: DrawnRows) -> DrawnRows:
        """Replace some rows; their features are computed again, as a mark may have changed."""
        numbers, codes, features = rows.numbers.copy(), rows.codes.copy(), rows.features.copy()
        numbers[chosen], codes[chosen] = drawn.numbers, drawn.codes
        features[chosen] = self.features.of(drawn.numbers, drawn.codes).features
        return DrawnRows(numbers, codes, features)

    def _conditional(self, place: int, barred: tuple[int, ...]) -> TreeConditional | None:
        key = place, barred
        if key not in self._learned:
            self._learned[key] = self._learn(place, barred)
        return self._learned[key]

    def _learn(self, place: int, barred: tuple[int, ...]) -> TreeConditional | None:
        pool = self.pool
        if barred:
            pool = pool[~np.isin(pool.codes[:, place - self.features.spans.n_numbers], barred)]
        if len(pool) < LEAST_ROWS:
            return None
        held_out = numpy_stream(place, "completion").random(len(pool)) < HELD_OUT
        return fit_conditional(pool, self.features, place, held_out, seed=place)
