"""The columns, and pairs of columns, by which synthetic rows can be told."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from tabgan.evaluation.areas import (
    AreaEstimate,
    ClassifierTrial,
    area_of,
    cross_validate,
    half_labels,
    mean_area,
)

__all__ = ["Choice", "areas_alone", "find_telling_features", "permutation_drops"]

LEAST_LEAF = 20  # rows in a leaf of a tree that is shown one column or two …
MOST_LEAVES = 100  # … which has at most about so many leaves
MOST_PERMUTED = 4_000  # held-out rows of a fold
LEAST_DROP = 0.02  # of the detector's area, that a column alone accounts for
SURE = 2  # standard errors that a giveaway's area is above chance

Choice = tuple[int, ...]
"""Places of the columns that are looked at."""

Floats = NDArray[np.float64]


def areas_alone(
    features: Floats, choices: Iterable[Choice], seed: int
) -> dict[Choice, AreaEstimate]:
    """Return the area of a decision tree that is shown some columns alone."""
    labels = half_labels(features)
    leaf = max(LEAST_LEAF, len(features) // MOST_LEAVES)

    def make() -> Any:
        return DecisionTreeClassifier(min_samples_leaf=leaf, random_state=seed)

    def area(columns: Choice) -> AreaEstimate:
        trials = cross_validate(make, features[:, list(columns)], labels, seed)
        return mean_area([trial.area for trial in trials])

    return {columns: area(columns) for columns in choices}


def find_telling_features(
    whole: AreaEstimate,
    alone: Mapping[Choice, AreaEstimate],
    pairs: Mapping[Choice, AreaEstimate],
    drops: Mapping[Choice, float],
) -> dict[Choice, AreaEstimate]:
    """Find what tells synthetic rows, strongest first.

    That are columns which do so alone, pairs that tell more than each of their columns, and
    columns without which the detector loses half of what it knows.
    """
    areas = {**alone, **pairs}
    known = dict.fromkeys(alone, 0.5)
    known |= {pair: max(0.5, *(alone[(i,)].value for i in pair)) for pair in pairs}
    gains = {choice: areas[choice].value - known[choice] for choice in areas}
    needed = max((whole.value - 0.5) / 2, LEAST_DROP)
    telling = [
        choice
        for choice, gain in gains.items()
        if gain > SURE * np.sqrt(areas[choice].variance)
        or (len(choice) == 1 and drops[choice] > needed)
    ]
    telling.sort(key=lambda choice: -max(gains[choice], drops[choice] / 2))
    return {choice: areas[choice] for choice in telling}


def permutation_drops(
    features: Floats,
    trials: Sequence[ClassifierTrial],
    choices: Sequence[Choice],
    rng: np.random.Generator,
) -> dict[Choice, float]:
    """Return what the detector loses when the values of some columns are exchanged."""
    labels = half_labels(features)
    losses: dict[Choice, list[float]] = {columns: [] for columns in choices}
    for trial in trials:
        rows = rng.permutation(trial.held_out)[:MOST_PERMUTED]
        whole = area_of(labels[rows], trial.score(features[rows])).value
        for columns in choices:
            mixed = features[rows]
            mixed[:, columns] = mixed[rng.permutation(len(rows))][:, columns]
            losses[columns].append(whole - area_of(labels[rows], trial.score(mixed)).value)
    return {columns: float(np.mean(found)) for columns, found in losses.items()}
