"""Which column a model is to predict from the others."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import r2_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tabgan.errors import OptionError, did_you_mean
from tabgan.evaluation.areas import macro_area
from tabgan.evaluation.coding import CodedColumn, matrix_of
from tabgan.lookup import find_name
from tabgan.schema import Schema

__all__ = ["Target", "choose_target", "named_target"]

MOST_LEVELS = 20  # of a target that is chosen
MOST_CANDIDATES = 12
MOST_ROWS = 5_000
ALIKE = 0.1  # difference of scores at which the last column is taken
DETERMINED = 0.999  # from here on a column is another one in other words
LEAST = {True: 0.55, False: 0.05}  # score of levels (AUC) and of numbers (R²) worth predicting

Floats = NDArray[np.float64]


class Target(NamedTuple):
    """The column to predict, by its place in the schema, and why it is this one."""

    place: int
    why: str


def named_target(name: object, schema: Schema, coded: Mapping[int, CodedColumn]) -> Target:
    """Return the target that a user names.

    Raises
    ------
    OptionError
        If it is no column of the table, or one that can't be predicted.
    """
    place = find_name(name, schema.names)
    if place is None:
        raise OptionError(
            f"target={name!r} is not a column of the table; {did_you_mean(str(name), schema.names)}"
        )
    column = coded.get(place)
    if column is None:
        raise OptionError(
            f"target={name!r} is a column of kind {schema.columns[place].kind}, which can't be "
            "predicted; name a column of numbers, dates or levels"
        )
    values = column.real[~np.isnan(column.real)]
    if len(np.unique(values)) < 2 or len(coded) < 2:
        raise OptionError(
            f"target={name!r} can't be predicted: it needs two distinct values, and other columns "
            "to be predicted from"
        )
    return Target(place, "named")


def choose_target(coded: Mapping[int, CodedColumn], rng: np.random.Generator) -> Target | None:
    """Choose what the other columns predict best; None where they predict nothing.

    A column of two to twenty levels is preferred to a number, one that others do not give away
    outright to one that they do, and of those that are about as predictable the last: tables
    tend to end with their target. A decision tree on half of up to 5,000 rows, tried on the
    other half, says how predictable a column is.
    """
    for nominal, noun in ((True, "column of 2 to 20 levels"), (False, "number")):
        places = [place for place in coded if coded[place].nominal == nominal]
        candidates = [place for place in places if _is_candidate(coded[place])]
        rows = rng.permutation(len(next(iter(coded.values())).real))[:MOST_ROWS]
        scores = {place: _score(coded, place, rows) for place in candidates[-MOST_CANDIDATES:]}
        scores = {place: score for place, score in scores.items() if score >= LEAST[nominal]}
        free = {place: score for place, score in scores.items() if score < DETERMINED} or scores
        if free:
            best = max(free.values())
            place = max(place for place, score in free.items() if score >= best - ALIKE)
            return Target(place, f"the last {noun} that the others predict about best")
    return None


def _is_candidate(column: CodedColumn) -> bool:
    values = column.real[~np.isnan(column.real)]
    n_distinct = len(np.unique(values))
    return n_distinct >= 2 and (not column.nominal or n_distinct <= MOST_LEVELS)


def _score(coded: Mapping[int, CodedColumn], place: int, rows: NDArray[np.int64]) -> float:
    rows = rows[~np.isnan(coded[place].real[rows])]
    others = {other: column for other, column in coded.items() if other != place}
    if not others or len(rows) < 4:
        return 0.0
    features, truth = matrix_of(others, "real", rows), coded[place].real[rows]
    half = len(rows) // 2
    features = features[:, ~np.isnan(features[:half]).all(axis=0)]
    if not features.shape[1]:
        return 0.0
    options = {"min_samples_leaf": 5, "max_depth": 8, "random_state": 0}
    if not coded[place].nominal:
        tree = DecisionTreeRegressor(**options).fit(features[:half], truth[:half])
        return float(r2_score(truth[half:], tree.predict(features[half:])))
    tree = DecisionTreeClassifier(**options).fit(features[:half], truth[:half])
    return macro_area(truth[half:], tree.predict_proba(features[half:]), tree.classes_)
