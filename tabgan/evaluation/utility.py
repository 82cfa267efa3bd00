"""Utility: how well models that learned from synthetic rows predict real ones."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import r2_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from tabgan.base.errors import OptionError, did_you_mean
from tabgan.evaluation.auc import macro_auc
from tabgan.evaluation.compared_tables import CodedColumn, Side, matrix_of
from tabgan.evaluation.results import Figure, Utility
from tabgan.table.schema import Schema, find_name

__all__ = ["Target", "choose_target", "measure_utility", "named_target"]

MOST_LEVELS = 20  # of a target that is chosen
MOST_CANDIDATES = 12
MOST_ROWS = 5_000
ALIKE = 0.1  # difference of scores at which the last column is taken
DETERMINED = 0.999  # from here on a column is another one in other words
LEAST = {True: 0.55, False: 0.05}  # score of levels (AUC) and of numbers (R²) worth predicting
Floats = NDArray[np.float64]
HELD_OUT = 0.2  # of the real rows, where there is no holdout
MOST_TESTED = 5_000
ROUNDS = 100  # boosting rounds of a number or of two levels
FEW_ROUNDS = 30  # of more levels, which have trees of their own each
LEAST_SHARE = 0.005  # of the rows that have a level which is told apart
SHOWN = 10  # columns whose importance is told
Rows = NDArray[np.int64]


class Target(NamedTuple):
    """The column to predict, by its place in the schema, and why it is this one."""

    place: int
    why: str


def named_target(name: object, schema: Schema, coded: Mapping[int, CodedColumn]) -> Target:
    """Return the target that a user names.

    Parameters
    ----------
    name
        A column's label.
    schema
        What the columns are.
    coded
        The columns that can be compared.

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
    """Choose the column that the others predict best; None where they predict none.

    A column of two to twenty levels is preferred to a number, one that others do not give away
    outright to one that they do, and of those that are about as predictable the last: tables
    tend to end with their target. A decision tree on half of up to 5,000 rows, tried on the
    other half, says how predictable a column is.

    Parameters
    ----------
    coded
        The columns that are compared.
    rng
        Draws the rows to try it on.
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
    return macro_auc(truth[half:], tree.predict_proba(features[half:]), tree.classes_)


class _Task(NamedTuple):
    """Features and target of some rows."""

    features: Floats
    wanted: Floats


def measure_utility(
    coded: Mapping[int, CodedColumn],
    names: Mapping[int, str],
    target: Target,
    *,
    most_rows: int,
    rng: np.random.Generator,
) -> tuple[Utility, int] | None:
    """Train boosted trees on synthetic and on real rows, and test both on held-out real rows.

    The test rows are the holdout, or else a fifth of the real rows, which the model of real rows
    does then not see; a generator was fitted on them all the same. Both models learn from equally
    many rows. Of a target with many levels the commonest twenty are told apart; all of them
    but two have at least ½ % of the rows.

    Parameters
    ----------
    coded, names
        The columns that are compared, and their labels as text.
    target
        The column to predict.
    most_rows
        The most rows that a model learns from.
    rng
        Draws the rows and permutations.

    Returns
    -------
    The result and the number of rows that each model learned from; None if too few of them have
    the target.
    """
    train, rows, test, tested = _split(coded, rng)
    nominal = coded[target.place].nominal
    merge = _merged(coded[target.place]) if nominal else None
    real = _task(coded, target.place, "real", train, merge)
    synthetic = _task(coded, target.place, "synthetic", rows, merge)
    asked = _task(coded, target.place, test, tested, merge)
    size = min(len(real.wanted), len(synthetic.wanted), most_rows)
    asked = _Task(asked.features[:MOST_TESTED], asked.wanted[:MOST_TESTED])
    if size < 2 or len(np.unique(asked.wanted)) < 2:
        return None
    seed = int(rng.integers(2**31))
    with threadpool_limits(1):
        baseline, own = (
            _learned(_Task(task.features[:size], task.wanted[:size]), asked, nominal, seed, rng)
            for task in (real, synthetic)
        )
    others = [names[place] for place in coded if place != target.place]
    shown = np.argsort(-np.maximum(baseline[1], own[1]), kind="stable")[:SHOWN]
    order = sorted(shown.tolist(), key=lambda i: -float(baseline[1][i]))
    metric: Literal["AUC", "macro AUC", "R²"] = "R²"
    if nominal:
        metric = "AUC" if len(np.unique(real.wanted)) <= 2 else "macro AUC"
    utility = Utility(
        target=names[target.place],
        chosen=target.why,
        metric=metric,
        score=Figure(own[0], baseline[0]),
        chance=0.5 if nominal else 0.0,
        importances=tuple((others[i], float(baseline[1][i]), float(own[1][i])) for i in order),
    )
    return utility, size


def _split(
    coded: Mapping[int, CodedColumn], rng: np.random.Generator
) -> tuple[Rows, Rows, Side, Rows]:
    """Return real and synthetic rows to learn from, and the table and the rows of the test."""
    first = next(iter(coded.values()))
    real, synthetic = rng.permutation(len(first.real)), rng.permutation(len(first.synthetic))
    if len(first.holdout):
        return real, synthetic, "holdout", rng.permutation(len(first.holdout))
    n_test = max(int(HELD_OUT * len(real)), 1)
    return real[n_test:], synthetic, "real", real[:n_test]


def _merged(column: CodedColumn) -> Floats:
    """Return the class of each level: its own, or that of all rare ones."""
    counts = np.bincount(
        column.real[~np.isnan(column.real)].astype(np.int64), minlength=len(column.levels)
    )
    classes = np.full(len(column.levels), -1.0)
    common = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
    common = common[(counts[common] >= LEAST_SHARE * counts.sum()) | (np.arange(len(common)) < 2)]
    classes[common] = common
    return classes


def _task(
    coded: Mapping[int, CodedColumn], place: int, side: Side, rows: Rows, merge: Floats | None
) -> _Task:
    values = getattr(coded[place], side)
    rows = rows[~np.isnan(values[rows])]
    others = {other: column for other, column in coded.items() if other != place}
    wanted = values[rows]
    if merge is not None:
        wanted = merge[wanted.astype(np.int64)]
    return _Task(matrix_of(others, side, rows), wanted)


def _learned(
    train: _Task, test: _Task, nominal: bool, seed: int, rng: np.random.Generator
) -> tuple[float, Floats]:
    """Return a model's score on the test rows, and what it loses without each feature."""
    there = np.flatnonzero(~np.isnan(train.features).all(axis=0))
    losses = np.zeros(train.features.shape[1])
    if len(np.unique(train.wanted)) < 2 or not len(there):
        return (0.5 if nominal else 0.0), losses
    model = _model(train.wanted, nominal, seed).fit(train.features[:, there], train.wanted)

    def score(features: Floats) -> float:
        if not nominal:
            return float(r2_score(test.wanted, model.predict(features[:, there])))
        return macro_auc(test.wanted, model.predict_proba(features[:, there]), model.classes_)

    whole = score(test.features)
    for i in there:
        mixed = test.features.copy()
        mixed[:, i] = mixed[rng.permutation(len(mixed)), i]
        losses[i] = whole - score(mixed)
    return whole, losses


def _model(wanted: Floats, nominal: bool, seed: int) -> Any:
    if not nominal:
        return HistGradientBoostingRegressor(
            max_iter=ROUNDS, early_stopping=False, random_state=seed
        )
    rounds = ROUNDS if len(np.unique(wanted)) <= 2 else FEW_ROUNDS
    return HistGradientBoostingClassifier(max_iter=rounds, early_stopping=False, random_state=seed)
