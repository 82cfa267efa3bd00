"""Post-processing of sampled rows before they are decoded: polish, then refinement.

More rows than needed are sampled. The polish samples their columns again, the critics of the
refinement choose among them, and a last choice restores the marginal distributions.

Polish: one Gibbs sweep of boosted trees over columns of the drawn rows.

For a column, trees learn from the real rows how its values depend on all other columns. In the
drawn rows, the column is then redrawn given the others.

Held-out rows decide which columns are redrawn. A column is a candidate if its drawn values have a
higher negative log-likelihood than held-out real ones. Candidates of levels are redrawn. A redrawn
number keeps only a coarse place, so a number is redrawn only if a critic then finds it harder to
tell drawn rows from real ones.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.model_file import under
from tabgan.generators.trees.grow_trees import Growth, never
from tabgan.generators.trees.vector_leaf_trees import VectorLeafTrees
from tabgan.sampling.refinement import (
    LEAST_LEAF,
    DrawnRows,
    Floats,
    PairMargin,
    RowFeatures,
    choose,
    fit_critic,
    log_ratio,
    rake,
    weigh,
)
from tabgan.sampling.row_samplers import Sampler
from tabgan.sampling.tree_conditionals import (
    TreeConditional,
    fit_level,
    fit_number,
    redraw_columns,
    restore_conditional,
)

__all__ = ["HeldOutChoice", "MOST_POOL", "PostProcessing", "SPARE", "fit_polish", "pool_for"]

MOST_POOL = 3.2  # rows that are drawn for each one that the critics leave
POOLS = (1.5, 2.0, 2.5, MOST_POOL)
MOST_LOST = 0.02  # of the weights, beyond a chance of one to be chosen
SPARE = 1.25  # rows that the critics leave for each one of the last choice


@dataclass(frozen=True, eq=False)
class PostProcessing:
    """Polish and refinement of drawn rows.

    Parameters
    ----------
    features
        Computes features of rows.
    shares
        Each level's share of the training rows, shape (levels,).
    critics
        Trees whose summed log-odds weigh the rows.
    conditionals
        Distributions of the columns that are redrawn, in this order.
    pool
        Rows that are drawn for each one that the critics leave; see `pool_for`.
    pairs
        Margins of pairs of columns.
    """

    features: RowFeatures
    shares: Floats
    critics: tuple[VectorLeafTrees, ...] = ()
    conditionals: tuple[TreeConditional, ...] = ()
    pool: float = MOST_POOL
    pairs: tuple[PairMargin, ...] = ()

    def draw(
        self,
        sampler: Sampler,
        n: int,
        stream: torch.Generator,
        rng: np.random.Generator,
        *,
        free: bool = True,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Draw n finished rows.

        Parameters
        ----------
        sampler
            Where the rows come from.
        n
            Number of rows; some thousands whatever the number that is wanted, as they are
            calibrated together.
        stream, rng
            Randomness of the sampler, and of what comes after it.
        free
            Whether the rows are to have the training table's margins; else, under a condition,
            they keep those that the sampler gives.
        """
        n_left = round(n * SPARE) if free else n
        is_weighed = bool(self.critics) or (free and bool(self.pairs))
        n_drawn = round(n_left * self.pool) if is_weighed else n_left
        rows = self.features.of(*sampler.draw(n_drawn, stream))
        rows = redraw_columns(rows, self.conditionals, self.features, rng)
        spans = self.features.spans
        if is_weighed:
            ratio = log_ratio(self.critics, rows.features)
            weights = weigh(ratio, rows, spans, self.shares if free else None, self.pairs)
            rows = rows[choose(weights, n_left, rng)]
        if not free:
            return rows.numbers, rows.codes
        weights = rake(np.ones(len(rows)), rows, spans, self.shares, self.pairs)
        rows = rows[choose(weights, n, rng)]
        return sampler.ranked(rows.numbers, rows.codes, rng), rows.codes

    def to_json(self) -> dict[str, Any]:
        """Describe all but the tensors by JSON values."""
        redraws = [conditional.to_json() for conditional in self.conditionals]
        state = {"critics": len(self.critics), "redraws": redraws, "pool": self.pool}
        return state | ({"pairs": [pair.columns for pair in self.pairs]} if self.pairs else {})

    def to_tensors(self) -> dict[str, Tensor]:
        """Return the tensors, by name."""
        parts = {f"critic.{i}": critic.to_tensors() for i, critic in enumerate(self.critics)}
        parts |= {f"redraw.{i}": one.to_tensors() for i, one in enumerate(self.conditionals)}
        tensors = {
            f"{name}.{key}": tensor for name, part in parts.items() for key, tensor in part.items()
        }
        for i, pair in enumerate(self.pairs):
            tensors[f"pair.{i}.cells"] = torch.from_numpy(pair.cells)
            tensors[f"pair.{i}.shares"] = torch.from_numpy(pair.shares)
        return tensors | {"shares": torch.from_numpy(self.shares.astype(np.float32))}

    @classmethod
    def restore(
        cls, description: Mapping[str, Any], tensors: Mapping[str, Tensor], features: RowFeatures
    ) -> Self:
        """Rebuild the post-processing from the values of `to_json` and `to_tensors`.

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
        shares = tensors["shares"]
        if shares.shape != (features.spans.n_levels,) or not ((shares >= 0) & (shares <= 1)).all():
            raise ValueError("finish: a share is needed for every level")

        pool = float(description.get("pool", MOST_POOL))
        if not 1 <= pool <= MOST_POOL:
            raise ValueError("finish: a pool has from 1 to 3.2 rows for each that is left")
        critics = tuple(
            VectorLeafTrees.from_tensors(under(f"critic.{i}.", tensors), features.widths, 2)
            for i in range(int(description["critics"]))
        )
        conditionals = tuple(
            restore_conditional(item, under(f"redraw.{i}.", tensors), features)
            for i, item in enumerate(description["redraws"])
        )
        pairs = tuple(
            PairMargin.restore(columns, under(f"pair.{i}.", tensors), features.spans)
            for i, columns in enumerate(description.get("pairs", ()))
        )
        return cls(features, shares.double().numpy(), critics, conditionals, pool, pairs)


def pool_for(weights: Floats) -> float:
    """Return how many rows are to be drawn for each one that is chosen by their weights.

    Of `pool` rows for each chosen one, a row with a weight above `pool` times the mean would have
    to be chosen more than once. The flatter the weights, the smaller the pool that suffices.

    Parameters
    ----------
    weights
        Weights of drawn rows, shape (rows,).

    Examples
    --------
    >>> pool_for(np.ones(100)), pool_for(np.repeat([1.0, 9.0], 50))
    (1.5, 2.0)
    """
    relative = weights / weights.mean()
    lost = (np.maximum(relative - pool, 0).mean() for pool in POOLS)
    return next(
        (pool for pool, own in zip(POOLS, lost, strict=True) if own <= MOST_LOST), MOST_POOL
    )


CRITIC_GROWTH = Growth(15, 0.3, 256, rounds=60, row_share=1.0, leaves=31)
HELD_OUT = 0.1  # share of the real rows by which columns are chosen
MOST_COLUMNS = 60  # of each kind that are tried, at random where there are more
MOST_TREES = 1300  # evaluated for each row that is drawn, for levels
MOST_DIGIT_TREES = 2000  # and for numbers
LEAST_EXCESS = 0.05  # of a number, in nats, for a critic to be trained
LEAST_GAIN = 0.002  # in the critic's area under the curve
TRIAL_ROWS = 20_000  # drawn rows on which it is decided


@dataclass(frozen=True)
class HeldOutChoice:
    """A column to be redrawn, chosen by held-out rows.

    Parameters
    ----------
    conditional
        The column's distribution given the others.
    excess_nll
        Mean negative log-likelihood of the drawn values above that of real ones, in nats.
    """

    conditional: TreeConditional
    excess_nll: float


def fit_polish(
    real: DrawnRows,
    drawn: DrawnRows,
    features: RowFeatures,
    rng: np.random.Generator,
    *,
    given: Collection[int] = (),
    least: int = LEAST_LEAF,
    workers: int = 1,
    stop: Callable[[], bool] = never,
) -> list[HeldOutChoice]:
    """Learn the columns from real rows, and choose those to be redrawn in drawn ones.

    Parameters
    ----------
    real, drawn
        Real rows, and rows as they are before the polish.
    features
        Computes features of rows.
    rng
        Randomness of what is held out and of trial draws.
    given
        Level spans that are not to be redrawn.
    least
        Rows on which each leaf of the trees rests at least.
    workers
        Level spans that are learned at a time; the choices are the same for any number.
    stop
        Called before each column: whether to try no further one.

    Returns
    -------
    The choices in the order in which they are to be redrawn: levels by column, then numbers.
    """
    held_out = rng.random(len(real)) < HELD_OUT
    trial = drawn[: min(TRIAL_ROWS, len(real))]
    fit = _PolishFit(real, features, held_out, rng, least, workers, stop)
    levels = fit.choose_levels(trial, given)
    trial = redraw_columns(trial, [choice.conditional for choice in levels], features, rng)
    return levels + fit.choose_numbers(trial)


@dataclass(frozen=True, eq=False)
class _PolishFit:
    """The inputs from which all columns are learned and chosen; see `fit_polish`."""

    real: DrawnRows
    features: RowFeatures
    held_out: NDArray[np.bool_]
    rng: np.random.Generator
    least: int
    workers: int
    stop: Callable[[], bool]

    def choose_levels(self, trial: DrawnRows, given: Collection[int]) -> list[HeldOutChoice]:
        """Choose among the level spans.

        Parameters
        ----------
        trial
            Drawn rows to decide on.
        given
            Level spans that are not to be redrawn.
        """
        layout = self.features.spans
        flags = {mark for mark in layout.marks if mark is not None}
        spans = [i for i in range(len(layout.widths)) if i not in flags and i not in given]
        jobs = [(span, _seed(self.rng)) for span in _some(spans, self.rng)]
        one_at_a_time = Lock()  # columns are fitted in threads, callbacks expect one

        def fit(job: tuple[int, int]) -> TreeConditional | None:
            with one_at_a_time:
                if self.stop():
                    return None
            span, seed = job
            return fit_level(self.real, self.features, span, self.held_out, seed, least=self.least)

        with ThreadPoolExecutor(self.workers) as pool:
            levels = [*pool.map(fit, jobs)]
        candidates = [choice for level in levels for choice in self._candidate(level, trial, 0.0)]
        return _affordable(candidates)

    def choose_numbers(self, trial: DrawnRows) -> list[HeldOutChoice]:
        """Choose among the numbers, the one with the largest excess first."""
        real, features, rng = self.real, self.features, self.rng
        chosen: list[HeldOutChoice] = []
        left = MOST_DIGIT_TREES
        for number in self._probed_numbers(trial):
            if self.stop():
                break
            conditional = fit_number(
                real, features, number, self.held_out, _seed(rng), least=self.least
            )
            for choice in self._candidate(conditional, trial, LEAST_EXCESS):
                redrawn = choice.conditional.redraw(trial, features, rng)
                n_trees = choice.conditional.n_trees
                if n_trees <= left and self._helps(trial, redrawn, _seed(rng)):
                    chosen.append(choice)
                    left -= n_trees
                    trial = redrawn
        return chosen

    def _probed_numbers(self, trial: DrawnRows) -> list[int]:
        """Return the numbers whose first digits are unlike the real ones', the worst first."""
        probed: list[tuple[float, int]] = []
        for number in _some(range(self.features.spans.n_numbers), self.rng):
            if not self.stop():
                seed = _seed(self.rng)
                probe = fit_number(
                    self.real,
                    self.features,
                    number,
                    self.held_out,
                    seed,
                    least=self.least,
                    probe=True,
                )
                for choice in self._candidate(probe, trial, LEAST_EXCESS):
                    probed.append((choice.excess_nll, number))
        return [number for _, number in sorted(probed, key=lambda item: -item[0])]

    def _candidate(
        self, conditional: TreeConditional | None, trial: DrawnRows, least: float
    ) -> list[HeldOutChoice]:
        """Return a choice if drawn values have a higher negative log-likelihood than real ones."""
        if conditional is None or not conditional.n_trees:
            return []
        drawn = conditional.excess_nll(trial, self.features)
        real = conditional.excess_nll(self.real[self.held_out], self.features)
        excess = float(drawn.mean() - real.mean())
        return [HeldOutChoice(conditional, excess)] if excess > least else []

    def _helps(self, before: DrawnRows, after: DrawnRows, seed: int) -> bool:
        told_before, told_after = self._told_apart(before, seed), self._told_apart(after, seed)
        return told_after < told_before - LEAST_GAIN

    def _told_apart(self, drawn: DrawnRows, seed: int) -> float:
        """Return the area under the curve of a critic on rows that it was not trained on."""
        from sklearn.metrics import roc_auc_score

        size = min(len(self.real), len(drawn))
        fitted = np.random.default_rng(seed).random((2, size)) < 0.5
        pair = (self.real.features[:size], drawn.features[:size])
        own, other = (part[mask] for part, mask in zip(pair, fitted, strict=True))
        held_out = [part[~mask] for part, mask in zip(pair, fitted, strict=True)]
        critic = fit_critic(own, other, CRITIC_GROWTH, least=self.least, seed=seed)
        labels = np.repeat([1, 0], [*map(len, held_out)])
        return float(roc_auc_score(labels, critic.scores(np.concatenate(held_out))[:, 0]))


def _some(columns: Sequence[int], rng: np.random.Generator) -> list[int]:
    if len(columns) <= MOST_COLUMNS:
        return [*columns]
    return sorted(rng.choice(columns, MOST_COLUMNS, replace=False).tolist())


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _affordable(candidates: list[HeldOutChoice]) -> list[HeldOutChoice]:
    """Keep the columns with the largest excess for a tree, within the number of trees allowed."""
    by_worth = sorted(candidates, key=lambda c: -c.excess_nll / c.conditional.n_trees)
    total = np.cumsum([choice.conditional.n_trees for choice in by_worth])
    affordable = {
        id(choice) for choice, trees in zip(by_worth, total, strict=True) if trees <= MOST_TREES
    }
    return [choice for choice in candidates if id(choice) in affordable]
