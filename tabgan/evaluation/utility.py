"""Utility: how well models that learned from synthetic rows predict real ones."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.metrics import r2_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tabgan.base.errors import OptionError, did_you_mean
from tabgan.evaluation.compared_tables import (
    CodedColumn,
    Side,
    matrix_of,
)
from tabgan.evaluation.detection import map_in_threads, roc_auc
from tabgan.evaluation.distributions import with_classes
from tabgan.evaluation.evaluation_parts import Figure, Metric, Predicted, Utility
from tabgan.evaluation.row_units import rows_of_unit, shuffled_rows
from tabgan.sampling.alike_rows import likeness
from tabgan.table.schema import Schema, find_name

__all__ = [
    "Target",
    "choose_target",
    "macro_auc",
    "measure_utility",
    "named_target",
]

MOST_LEVELS = 20  # of a target that is chosen
MOST_CANDIDATES = 12
MOST_ROWS = 5_000
ALIKE = 0.1  # difference of scores at which the last column is taken
DETERMINED = {True: 0.98, False: 0.95}  # from here on a column is another one in other words
LEAST = {True: 0.55, False: 0.05}  # score of levels (AUC) and of numbers (R²) worth predicting
Floats = NDArray[np.float64]
HELD_OUT = 0.2  # of the real rows, where there is no holdout
MOST_TESTED = 5_000
MOST_PERMUTED = 2_000  # rows on which a feature's importance is measured
ROUNDS = 100  # boosting rounds of a number or of two levels
FEW_ROUNDS = 30  # of more levels, which have trees of their own each
LEAST_SHARE = 0.01  # of the rows that have a level which is told apart …
LEAST_LEVEL_ROWS = 100  # … and so many of them
LEAST_THERE = 0.5  # share of the rows that have a target
FEWEST_UNITS = 10  # to test on, that show how alike their rows are
FEWEST_OF_LEVEL = 5  # rows of the second commonest level, without which an area is left to chance
SHOWN = 10  # columns whose importance is told
MOST_COLUMNS = 40  # that are predicted one by one
SURE = 3  # standard errors of an AUC
TINY = 1e-12
R2_VARIES = 2  # times its standard error: few rows far from the others decide
FOREST_TREES = 12
FOREST_LEAF = 5  # rows in a leaf, at least
FOREST_SEEN = 40  # columns that a split of numbers is chosen among, at most
FOREST_ROWS = 4_000  # to learn from
FOREST_TESTED = 2_000
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


def choose_target(
    coded: Mapping[int, CodedColumn],
    rng: np.random.Generator,
    units: Rows | None = None,
    parts: Collection[int] = (),
) -> Target | None:
    """Choose the column that the others predict best; None where they predict none.

    A column of two to twenty levels is preferred to a number, and of those that are about as
    predictable the last: tables tend to end with their target. A column that one other column
    gives away is not chosen as long as there is another: it would be predicted from any table. Nor
    is one that most rows lack, or a part of a list: who asks for it asks for the whole column. A
    decision tree on half of up to 5,000 rows, tried on the other half, says how predictable a
    column is.

    Parameters
    ----------
    coded
        The columns that are compared.
    rng
        Draws the rows to try it on.
    units
        The unit of each real row, as `ComparedTables.units` has them.
    parts
        Places of the columns that are parts of others.
    """
    coded, instead = with_classes(coded), None
    for nominal, noun in ((True, "column of 2 to 20 levels"), (False, "number")):
        places = [at for at in coded if coded[at].nominal == nominal and at not in parts]
        candidates = [place for place in places if _is_candidate(coded[place])]
        rows = shuffled_rows(len(next(iter(coded.values())).real), units, rng)[:MOST_ROWS]
        scores = {place: _score(coded, place, rows) for place in candidates[-MOST_CANDIDATES:]}
        scores = {place: score for place, score in scores.items() if score >= LEAST[nominal]}
        free = {
            place: score
            for place, score in scores.items()
            if score < DETERMINED[nominal] or not _is_given_away(coded, place, rows)
        }
        if scores:
            best = max((free or scores).values())
            place = max(place for place, score in (free or scores).items() if score >= best - ALIKE)
            target = Target(place, f"the last {noun} that the others predict about best")
            if free:
                return target
            instead = instead or target
    return instead


def macro_auc(truth: Floats, chances: Floats, classes: Floats) -> float:
    """Return the mean AUC over the classes that occur, each against all others.

    Parameters
    ----------
    truth
        The class of each row, shape (rows,).
    chances, classes
        Shape (rows, classes): chances of the classes that a model knows, shape (classes,). One
        that it does not know has the AUC ½.
    """
    column = {value: place for place, value in enumerate(classes.tolist())}
    unknown = np.zeros(len(truth))
    aucs = []
    for value in np.unique(truth).tolist():
        scores = chances[:, column[value]] if value in column else unknown
        is_class = (truth == value).astype(np.int64)
        aucs.append(roc_auc(is_class, scores).value if 0 < is_class.sum() < len(truth) else 0.5)
    return float(np.mean(aucs))


def _is_given_away(coded: Mapping[int, CodedColumn], place: int, rows: Rows) -> bool:
    """Say whether one other column alone predicts a column nearly without an error."""
    column = coded[place]
    return any(
        _score({other: coded[other], place: column}, place, rows) >= DETERMINED[column.nominal]
        for other in coded
        if other != place
    )


def _is_candidate(column: CodedColumn) -> bool:
    values = column.real[~np.isnan(column.real)]
    if len(values) < LEAST_THERE * len(column.real):
        return False
    if not column.nominal:
        return len(np.unique(values)) >= 2
    counts = np.bincount(values.astype(np.int64))
    counts = np.sort(counts[counts > 0])
    least = max(FEWEST_OF_LEVEL, LEAST_SHARE * len(values))
    return 2 <= len(counts) <= MOST_LEVELS and bool(counts[-2] >= least)


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

    def head(self, size: int) -> "_Task":
        """Return the first rows."""
        return _Task(self.features[:size], self.wanted[:size])


def measure_utility(
    coded: Mapping[int, CodedColumn],
    names: Mapping[int, str],
    target: Target,
    *,
    most_rows: int,
    rng: np.random.Generator,
    units: Mapping[Side, Rows] | None = None,
) -> tuple[Utility, int] | None:
    """Train boosted trees on synthetic and on real rows, and test both on held-out real rows.

    The test rows are the holdout, or else a fifth of the real rows, which the model of real rows
    does then not see, nor any row of their keys; a generator was fitted on them all the same. Both
    models learn from equally many rows. Of a target with many levels the commonest twenty are told
    apart; all of them but two have at least 1 % of the rows, and 100.

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
    units
        The unit of each row by table, as `ComparedTables.units` has them: models learn from whole
        units, which tell less than as many rows from anywhere.

    Returns
    -------
    The result and the number of rows that each model learned from; None if too few of them have
    the target.
    """
    coded = with_classes(coded)
    split = Split.of(coded, units or {}, rng)
    sizes = Sizes(most_rows, MOST_TESTED)
    rng_seed = int(rng.integers(2**31))
    task = prepare_tasks(coded, target.place, split, sizes)
    if task is None:
        return None

    def fit(side: _Task) -> _Fitted:
        return _Fitted.of(side, _model(side.wanted, task.nominal, rng_seed))

    models = map_in_threads(fit, (task.real, task.synthetic))
    baseline, own = (_learned(model, task.test, rng) for model in models)
    others = [names[place] for place in coded if place != target.place]
    shown = np.argsort(-np.maximum(baseline[1], own[1]), kind="stable")[:SHOWN]
    order = sorted(shown.tolist(), key=lambda i: -float(baseline[1][i]))
    utility = Utility(
        target=names[target.place],
        chosen=target.why,
        metric=task.metric,
        score=Figure(own[0], baseline[0]),
        chance=0.5 if task.nominal else 0.0,
        importances=tuple((others[i], float(baseline[1][i]), float(own[1][i])) for i in order),
        columns=_predict_columns(coded, names, split, rng),
        error=_error_of(task, baseline[0], models[0]),
    )
    return utility, len(task.real.wanted)


class Split(NamedTuple):
    """Rows to learn from, and rows to test on, which no model has seen.

    Attributes
    ----------
    real, synthetic
        Rows of these tables to learn from.
    side
        The table of the rows to test on: the holdout, or else the real table.
    test
        Rows of it.
    units
        The unit of each row of that table: rows of one tell less than as many from anywhere.
    """

    real: Rows
    synthetic: Rows
    side: Side
    test: Rows
    units: Rows | None = None

    @classmethod
    def of(
        cls,
        coded: Mapping[int, CodedColumn],
        units: Mapping[Side, Rows],
        rng: np.random.Generator,
    ) -> "Split":
        """Draw the rows; without a holdout, a fifth of the real ones, or units, are tested on."""
        first = next(iter(coded.values()))
        own = units.get("real")
        real = shuffled_rows(len(first.real), own, rng)
        synthetic = shuffled_rows(len(first.synthetic), units.get("synthetic"), rng)
        if len(first.holdout):
            test = rng.permutation(len(first.holdout))
            return cls(real, synthetic, "holdout", test, units.get("holdout"))
        n_test = max(int(HELD_OUT * len(real)), 1)
        apart = np.arange(len(real)) < n_test
        if own is not None:
            apart = np.isin(own[real], own[real[:n_test]])
        test = rng.permutation(real[apart])
        return cls(real[~apart], synthetic, "real", test, own)


class Sizes(NamedTuple):
    """The most rows that a model learns from, and is tested on."""

    learned: int
    tested: int


class Tasks(NamedTuple):
    """Equally many real and synthetic rows to learn a column from, and rows of both to test on.

    The unit of each row to test on is there where rows have units, and how alike the values of such
    units are in all real rows.
    """

    nominal: bool
    real: _Task
    synthetic: _Task
    test: _Task
    drawn: _Task
    units: Rows | None = None
    alike: float = 0.0

    @property
    def metric(self) -> Metric:
        """How a prediction is measured."""
        if not self.nominal:
            return "R²"
        return "AUC" if len(np.unique(self.real.wanted)) <= 2 else "macro AUC"

    @property
    def n_of_second_level(self) -> float:
        """How many rows to test on have the second commonest level; of numbers no limit."""
        counts = np.unique(self.test.wanted, return_counts=True)[1]
        return float(np.sort(counts)[-2]) if self.nominal else np.inf


def prepare_tasks(
    coded: Mapping[int, CodedColumn], place: int, split: Split, sizes: Sizes
) -> Tasks | None:
    """Return what is to be learned of a column; None if too few rows have it.

    Parameters
    ----------
    coded
        The columns that are compared.
    place
        The column to predict.
    split
        The rows of each table.
    sizes
        How many of them are used at most.
    """
    nominal = coded[place].nominal
    merge = _merged(coded[place]) if nominal else None

    def task(side: Side, rows: Rows, most: int) -> _Task:
        rows = rows[~np.isnan(getattr(coded[place], side)[rows])]
        return _task(coded, place, side, rows[:most], merge)

    real = task("real", split.real, sizes.learned)
    synthetic = task("synthetic", split.synthetic, sizes.learned)
    test = task(split.side, split.test, sizes.tested)
    drawn = synthetic.head(sizes.tested)  # which no model of real rows has seen
    if nominal:  # one row of a further level is no level to be told apart
        known = np.isin(drawn.wanted, test.wanted)
        drawn = _Task(drawn.features[known], drawn.wanted[known])
    size = min(len(real.wanted), len(synthetic.wanted))
    if size < 2 or not len(drawn.wanted) or len(np.unique(test.wanted)) < 2:
        return None
    found = Tasks(nominal, real.head(size), synthetic.head(size), test, drawn)
    if split.units is None:
        return found
    values = getattr(coded[place], split.side)
    rows = split.test[~np.isnan(values[split.test])][: sizes.tested]
    alike = likeness(split.units, values, nominal=nominal)
    return found._replace(units=split.units[rows], alike=alike)


def _predict_columns(
    coded: Mapping[int, CodedColumn],
    names: Mapping[int, str],
    split: Split,
    rng: np.random.Generator,
) -> tuple[Predicted, ...]:
    """Predict each column from the others, by a small forest; what loses most comes first.

    Of numbers the ranks are predicted: of heavy tails a few rows would decide on all else.
    """
    places = np.sort(rng.permutation(list(coded))[:MOST_COLUMNS]).tolist()
    seed = int(rng.integers(2**31))

    def predict(place: int) -> Predicted | None:
        wanted = {**coded, place: _in_ranks(coded[place])}
        tasks = prepare_tasks(wanted, place, split, Sizes(FOREST_ROWS, FOREST_TESTED))
        if tasks is None or tasks.n_of_second_level < FEWEST_OF_LEVEL:
            return None
        models = [_Fitted.of(task, _forest(tasks, seed)) for task in (tasks.synthetic, tasks.real)]
        value, baseline = (model.score(tasks.test.wanted, tasks.test.features) for model in models)
        error = _error_of(tasks, baseline, models[1])
        if baseline < _least_score(tasks, error):
            return None
        metric = tasks.metric if tasks.nominal else "R² of ranks"
        drawn = models[1].score(tasks.drawn.wanted, tasks.drawn.features)
        apart = error * float(np.sqrt(1 + _times_as_sure(tasks)))
        if not tasks.nominal:  # of a spike and few other numbers, these decide
            errors = [models[1].error(task) for task in (tasks.test, tasks.drawn)]
            apart = R2_VARIES * max(apart, float(np.hypot(errors[0], errors[1])))
        found = Predicted(names[place], metric, Figure(value, baseline), error, drawn, apart)
        others = [names[other] for other in coded if other != place]
        return _with_cause(found, others, models[1], tasks.test, seed)

    results = (one for one in map_in_threads(predict, places) if one is not None)
    return tuple(sorted(results, key=lambda one: one.gain * (one.kept - 1)))


def _with_cause(
    found: Predicted, others: Sequence[str], model: "_Fitted", test: _Task, seed: int
) -> Predicted:
    """Add the column whose values, in any order, let a real model lose what synthetic rows do.

    Where one column is drawn on its own, the columns that it predicts lose as much.
    """
    lost = found.score.baseline - found.score_of_rows
    if not lost > SURE * found.error_of_rows:
        return found
    order = np.random.default_rng(seed).permutation(len(test.wanted))
    explained = {}
    for at in model.there.tolist():
        mixed = test.features.copy()
        mixed[:, at] = mixed[order, at]
        rest = model.score(test.wanted, mixed) - found.score_of_rows
        explained[others[at]] = max(1 - abs(rest) / lost, 0.0)
    cause = max(explained, key=lambda name: explained[name], default="")
    return found._replace(cause=cause, explained=explained.get(cause, 0.0))


def _times_as_sure(tasks: Tasks) -> float:
    """Return the variance of a score on synthetic rows, in units of that on the test rows.

    The mean of the areas of levels is unsure if one has few rows; unknown if one has none.
    """
    if not tasks.nominal:
        return len(tasks.test.wanted) / len(tasks.drawn.wanted)
    levels, rows = np.unique(tasks.test.wanted, return_counts=True)
    own = np.array([np.count_nonzero(tasks.drawn.wanted == level) for level in levels])
    return float((1 / np.maximum(own, TINY)).mean() / (1 / rows).mean())


def _in_ranks(column: CodedColumn) -> CodedColumn:
    """Return numbers as their ranks among the real ones, from 0 to 1; levels as they are."""
    if column.nominal:
        return column
    ordered = np.sort(column.real[~np.isnan(column.real)])

    def ranks(values: Floats) -> Floats:
        middle = sum(np.searchsorted(ordered, values, side) for side in ("left", "right"))
        return np.where(np.isnan(values), np.nan, middle / (2 * max(len(ordered), 1)))

    return column._replace(
        real=ranks(column.real), synthetic=ranks(column.synthetic), holdout=ranks(column.holdout)
    )


def _least_score(tasks: Tasks, error: float) -> float:
    """Return the score from which on a column is worth predicting, and not just by chance."""
    return max(LEAST[True], 0.5 + SURE * error) if tasks.nominal else LEAST[False]


def _error_of(tasks: Tasks, score: float, model: "_Fitted") -> float:
    """Return the standard error of a real model's score, by the rows that it is tested on.

    The AUC of a random order has a variance of 1 / (12 · rows of the class), and a little more; an
    R² has 4·R²·(1 − R²)² / rows. Rows of one unit tell less the more alike they are in what the
    model gets wrong; of a few units, which don't show that, in what it is to predict.

    Notes
    -----
    Source of the design effect: Kish, "Survey Sampling" (1965).
    """
    effect = 1.0
    if tasks.units is not None:
        alike = tasks.alike
        if len(np.unique(tasks.units)) >= FEWEST_UNITS:
            alike = likeness(tasks.units, model.faults(*tasks.test), nominal=False)
        effect += (rows_of_unit(tasks.units) - 1) * max(float(np.nan_to_num(alike)), 0.0)
    if not tasks.nominal:
        variance = 4 * max(score, 0.0) * (1 - score) ** 2 / len(tasks.test.wanted)
        return float(np.sqrt(effect * variance))
    rows = np.unique(tasks.test.wanted, return_counts=True)[1]
    return float(np.sqrt(effect * (1 / rows).mean() / (12 * max(len(rows) - 1, 1))))


def _forest(tasks: Tasks, seed: int) -> Any:
    options = {"min_samples_leaf": FOREST_LEAF, "random_state": seed}
    if tasks.nominal:
        return ExtraTreesClassifier(FOREST_TREES, **options)
    seen = min(FOREST_SEEN / max(tasks.test.features.shape[1], 1), 1.0)
    return ExtraTreesRegressor(FOREST_TREES, max_features=seen, **options)


def _merged(column: CodedColumn) -> Floats:
    """Return the class of each level: its own, or that of all rare ones."""
    counts = np.bincount(
        column.real[~np.isnan(column.real)].astype(np.int64), minlength=len(column.levels)
    )
    classes = np.full(len(column.levels), -1.0)
    common = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
    least = max(LEAST_SHARE * counts.sum(), LEAST_LEVEL_ROWS)
    common = common[(counts[common] >= least) | (np.arange(len(common)) < 2)]
    classes[common] = common
    return classes


def _task(
    coded: Mapping[int, CodedColumn], place: int, side: Side, rows: Rows, merge: Floats | None
) -> _Task:
    others = {other: column for other, column in coded.items() if other != place}
    wanted = getattr(coded[place], side)[rows]
    if merge is not None:
        wanted = merge[wanted.astype(np.int64)]
    return _Task(matrix_of(others, side, rows), wanted)


class _Fitted(NamedTuple):
    """A model, and the features that it learned from; none where there was nothing to learn."""

    model: Any
    there: Rows

    @classmethod
    def of(cls, train: _Task, model: Any) -> "_Fitted":
        there = np.flatnonzero(~np.isnan(train.features).all(axis=0))
        if len(np.unique(train.wanted)) < 2:
            there = there[:0]
        if len(there):
            model.fit(train.features[:, there], train.wanted)
        return cls(model, there)

    def score(self, wanted: Floats, features: Floats) -> float:
        """Return the AUC of levels or the R² of numbers; that of chance if nothing was learned."""
        nominal = hasattr(self.model, "predict_proba")
        if not len(self.there):
            return 0.5 if nominal else 0.0
        features = features[:, self.there]
        if nominal:
            return macro_auc(wanted, self.model.predict_proba(features), self.model.classes_)
        return float(r2_score(wanted, self.model.predict(features)))

    def error(self, test: _Task) -> float:
        """Return the standard error of the R² of numbers: the delta method's, of two means."""
        spread = np.square(test.wanted - test.wanted.mean())
        missed = np.square(self.faults(*test))
        rest = missed - spread * missed.mean() / max(spread.mean(), TINY)
        return float(rest.std() / (np.sqrt(len(rest)) * max(spread.mean(), TINY)))

    def faults(self, features: Floats, wanted: Floats) -> Floats:
        """Return the error of each number, or 1 minus the probability of each true level."""
        if not len(self.there):
            return wanted
        features = features[:, self.there]
        if not hasattr(self.model, "predict_proba"):
            errors: Floats = wanted - self.model.predict(features)
            return errors
        is_true = self.model.classes_ == wanted[:, None]
        missed: Floats = 1 - (self.model.predict_proba(features) * is_true).sum(axis=1)
        return missed


def _learned(fitted: _Fitted, test: _Task, rng: np.random.Generator) -> tuple[float, Floats]:
    """Return a model's score on the test rows, and what it loses without each feature."""
    whole = fitted.score(test.wanted, test.features)
    some = test.head(MOST_PERMUTED)
    intact = fitted.score(some.wanted, some.features)
    orders = [rng.permutation(len(some.wanted)) for _ in fitted.there]

    def loss(job: tuple[int, Rows]) -> float:
        feature, order = job
        mixed = some.features.copy()
        mixed[:, feature] = mixed[order, feature]
        return intact - fitted.score(some.wanted, mixed)

    losses = np.zeros(test.features.shape[1])
    losses[fitted.there] = map_in_threads(loss, zip(fitted.there, orders, strict=True))
    return whole, losses


def _model(wanted: Floats, nominal: bool, seed: int) -> Any:
    if not nominal:
        return HistGradientBoostingRegressor(
            max_iter=ROUNDS, early_stopping=False, random_state=seed
        )
    rounds = ROUNDS if len(np.unique(wanted)) <= 2 else FEW_ROUNDS
    return HistGradientBoostingClassifier(max_iter=rounds, early_stopping=False, random_state=seed)
