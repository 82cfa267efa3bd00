"""Polish: one Gibbs sweep of boosted trees over columns of the drawn rows.

For a column, trees learn from the real rows how its values depend on all other columns. In the
drawn rows, the column is then redrawn given the others.

Held-out rows decide which columns are redrawn. A column is a candidate if its drawn values have a
higher negative log-likelihood than held-out real ones. Candidates of levels are redrawn. A redrawn
number keeps only a coarse place, so a number is redrawn only if a critic then finds it harder to
tell drawn rows from real ones.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from tabgan.generators.trees.grow_trees import Growth, never
from tabgan.sampling.refinement import LEAST_LEAF, fit_critic
from tabgan.sampling.row_features import DrawnRows, RowFeatures
from tabgan.sampling.tree_conditionals import (
    TreeConditional,
    fit_level,
    fit_number,
    redraw_columns,
)

__all__ = ["HeldOutChoice", "fit_polish"]

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
    """What all columns are learned from and chosen by; see `fit_polish`."""

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
