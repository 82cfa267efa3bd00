"""Polish: one Gibbs sweep of boosted trees over columns of the drawn rows.

For a column, trees learn from the real rows how its values hang on all other columns; in the drawn
rows the column is then drawn anew from what the trees say.

Held-out rows decide which columns are redrawn. A column is a candidate if the trees find the drawn
values more surprising than held-out real ones. Levels are then redrawn; of a number, digits keep
the coarse place alone, so it is redrawn only if a critic then finds it harder to tell drawn rows
from real ones.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabgan.sampling.refinement import never
from tabgan.sampling.tree_conditionals import NumberConditional, Redraw, fit_level, fit_number
from tabgan.sampling.trees import DrawnRows, Floats, Growth, RowFeatures, fit_trees

__all__ = ["HeldOutChoice", "fit_polish"]

CRITIC_GROWTH = Growth(rounds=60, rate=0.3)
MOST_COLUMNS = 60  # of each kind that are tried, at random where there are more
MOST_TREES = 1300  # evaluated for each row that is drawn, for levels
MOST_DIGIT_TREES = 2000  # and for numbers
LEAST_SURPRISE = 0.05  # of a number, in nats, for a critic to be asked
LEAST_GAIN = 0.002  # in the critic's area under the curve
ASKED_ROWS = 20_000  # drawn rows on which it is decided


@dataclass(frozen=True)
class HeldOutChoice:
    """A redraw, and by how many nats its column's values are more surprising than real ones."""

    redraw: Redraw
    surprise: float


def fit_polish(
    real: DrawnRows,
    drawn: DrawnRows,
    features: RowFeatures,
    rng: np.random.Generator,
    *,
    given: Collection[int] = (),
    stop: Callable[[], bool] = never,
) -> list[HeldOutChoice]:
    """Learn the columns from real rows, and choose those to be redrawn in drawn ones.

    Parameters
    ----------
    real, drawn
        Real rows, and rows as they are before the polish.
    features
        Makes features of rows.
    rng
        Randomness of what is held out and of trial draws.
    given
        Level spans that are not to be redrawn.
    stop
        Is asked before each column whether to try no further one.

    Returns
    -------
    The redraws in the order in which they are to be applied: levels by column, then numbers.
    """
    held_out = rng.random(len(real)) < 0.1
    asked = drawn[: min(ASKED_ROWS, len(real))]
    marks = {mark for mark in features.spans.marks if mark is not None}
    found = []
    spans = [i for i in range(len(features.spans.widths)) if i not in marks and i not in given]
    for span in _some(spans, rng):
        if stop():
            break
        level = fit_level(real, features, span, held_out, _seed(rng))
        found += _surprising(level, real[held_out], asked, features, 0.0)
    chosen = _affordable(found)
    for choice in chosen:
        asked = choice.redraw.apply(asked, features, rng)
    probed: list[HeldOutChoice] = []
    for number in _some(range(features.spans.n_numbers), rng):
        if not stop():
            probe = fit_number(real, features, number, held_out, _seed(rng), probe=True)
            probed += _surprising(probe, real[held_out], asked, features, LEAST_SURPRISE)
    left = MOST_DIGIT_TREES
    for number in _numbers(probed):
        if stop():
            break
        redraw = fit_number(real, features, number, held_out, _seed(rng))
        for choice in _surprising(redraw, real[held_out], asked, features, LEAST_SURPRISE):
            tried = choice.redraw.apply(asked, features, rng)
            if choice.redraw.n_trees <= left and _helps(real, asked, tried, _seed(rng)):
                chosen.append(choice)
                left -= choice.redraw.n_trees
                asked = tried
    return chosen


def _some(columns: Sequence[int], rng: np.random.Generator) -> list[int]:
    if len(columns) <= MOST_COLUMNS:
        return [*columns]
    return sorted(rng.choice(columns, MOST_COLUMNS, replace=False).tolist())


def _numbers(probed: list[HeldOutChoice]) -> list[int]:
    """Return the numbers that were probed, the most surprising one first."""
    ordered = sorted(probed, key=lambda choice: -choice.surprise)
    return [c.redraw.number for c in ordered if isinstance(c.redraw, NumberConditional)]


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _surprising(
    redraw: Redraw | None, real: DrawnRows, drawn: DrawnRows, features: RowFeatures, least: float
) -> list[HeldOutChoice]:
    """Return the redraw as a choice if drawn rows surprise it more than held-out ones do."""
    if redraw is None or not redraw.n_trees:
        return []
    ours, theirs = redraw.surprise(drawn, features), redraw.surprise(real, features)
    excess = float(ours.mean() - theirs.mean())
    return [HeldOutChoice(redraw, excess)] if excess > least else []


def _affordable(found: list[HeldOutChoice]) -> list[HeldOutChoice]:
    """Keep the most surprising columns for a tree, within the number of trees allowed."""
    by_worth = sorted(found, key=lambda c: -c.surprise / c.redraw.n_trees)
    total = np.cumsum([choice.redraw.n_trees for choice in by_worth])
    kept = {
        id(choice) for choice, trees in zip(by_worth, total, strict=True) if trees <= MOST_TREES
    }
    return [choice for choice in found if id(choice) in kept]


def _helps(real: DrawnRows, before: DrawnRows, after: DrawnRows, seed: int) -> bool:
    return _told_apart(real, after, seed) < _told_apart(real, before, seed) - LEAST_GAIN


def _told_apart(real: DrawnRows, drawn: DrawnRows, seed: int) -> float:
    """Return the area under the curve of a critic on rows that it was not trained on."""
    from sklearn.metrics import roc_auc_score

    size = min(len(real), len(drawn))
    rows = np.concatenate([real.features[:size], drawn.features[:size]])
    labels = np.repeat([1, 0], size)
    fitted: NDArray[np.bool_] = np.random.default_rng(seed).random(2 * size) < 0.5
    critic = fit_trees(rows[fitted], labels[fitted], CRITIC_GROWTH, seed=seed)
    scores: Floats = critic.scores(rows[~fitted])[:, 0]
    return float(roc_auc_score(labels[~fitted], scores))
