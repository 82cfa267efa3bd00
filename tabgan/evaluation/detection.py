"""Detection: whether classifiers can tell synthetic rows from real ones, and by which columns.

Areas under ROC curves (AUC) with confidence intervals, cross-validated classifiers, and work on all
cores whose results are those of one, first.
"""

import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from threading import Semaphore, Thread
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from joblib import cpu_count
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn import config_context, set_config
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import ThreadpoolController, threadpool_limits

from tabgan.base.errors import DataError
from tabgan.base.random_streams import RandomStateLike, numpy_stream, resolve_seed
from tabgan.evaluation.compared_tables import (
    CodedColumn,
    Side,
    code_columns,
    matrix_of,
    split_lists,
)
from tabgan.evaluation.evaluation_parts import Detection, Detector, Figure, TellingFeature
from tabgan.evaluation.row_units import shuffled_rows
from tabgan.table.schema import Schema

__all__ = [
    "AUCEstimate",
    "Choice",
    "ClassifierTrial",
    "Detected",
    "aucs_alone",
    "cross_validate",
    "detect",
    "detection_score",
    "find_telling_features",
    "folds_of",
    "half_labels",
    "map_in_threads",
    "mean_auc",
    "permutation_drops",
    "roc_auc",
]

FOLDS = 3
NORMAL_95 = 1.96  # standard errors on either side
LEAST_LEAF = 20  # rows in a leaf of a tree that is shown one column or two …
MOST_LEAVES = 100  # … which has at most about so many leaves
MOST_PERMUTED = 4_000  # held-out rows of a fold
LEAST_DROP = 0.02  # of the detector's area, that a column alone accounts for
SURE = 2  # standard errors that a feature's area is above chance
UNKNOWN = 1 / 4  # variance of the area of a single unit
Choice = tuple[int, ...]
"""Places of the columns that are looked at."""
Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Fold = tuple[Labels, Labels]
ROUNDS = 100  # of boosting
MOST_LEVELS = 100  # of a column, in one-hot form
MOST_SOLVED = 300  # weights of a logistic regression that Newton's method finds faster


Job = TypeVar("Job")
Result = TypeVar("Result")
_FREE_CORES = Semaphore(max(cpu_count() - 1, 0))
"""Cores that no job is at work on: jobs that have jobs of their own share them."""
_SPURIOUS = "`sklearn.utils.parallel.delayed` should be used"
"""Begin of scikit-learn's warning where it finds no filters of warnings."""


def map_in_threads(work: Callable[[Job], Result], jobs: Iterable[Job]) -> list[Result]:
    """Call a function for each job, as many at a time as there are cores.

    Within a job scikit-learn and BLAS take one thread: sums are then made in one order, and the
    results do not depend on how many cores there are, nor on how busy they are.

    Parameters
    ----------
    work
        Has to release the interpreter's lock for the most part, as fits of trees do, and to draw
        nothing from a generator that other jobs draw from.
    jobs
        What it is called with.

    Returns
    -------
    The results, in the order of the jobs.

    Examples
    --------
    >>> map_in_threads(abs, [3, -4])
    [3, 4]
    """
    libraries = ThreadpoolController()  # to look for them takes longer than many a job
    waiting = deque(enumerate(jobs))
    results: dict[int, Result] = {}
    errors: dict[int, BaseException] = {}
    threads: list[Thread] = []

    def work_off() -> None:
        with suppress(IndexError):  # another thread has taken the last job
            while True:
                at, job = waiting.popleft()
                if waiting and _FREE_CORES.acquire(blocking=False):
                    threads.append(Thread(target=help_out))
                    threads[-1].start()
                try:
                    results[at] = work(job)
                except BaseException as error:
                    errors[at] = error
                    waiting.clear()
        _FREE_CORES.release()

    def help_out() -> None:
        libraries.limit(limits=1)  # OpenMP's own limit is one of each thread, …
        set_config(skip_parameter_validation=True)  # … and so are scikit-learn's options
        work_off()

    with (
        _filters_of_warnings(),
        config_context(skip_parameter_validation=True),
        libraries.limit(limits=1),  # undone at the end, as the threads' own can't be for BLAS
    ):
        work_off()
        try:
            for thread in threads:  # these may start further ones
                thread.join()
        finally:
            _FREE_CORES.acquire()
    if errors:
        raise errors[min(errors)]
    return [results[at] for at in range(len(results))]


@contextmanager
def _filters_of_warnings() -> Iterator[None]:
    """Keep the filters of warnings, and show none that only threads or early ends bring about.

    A fit that is stopped by its limit of steps is still a fair detector. scikit-learn empties the
    filters for a moment, which all threads share; where another thread sees them empty it warns,
    and no filter that is set here need be there at that time.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=_SPURIOUS)
        warnings.simplefilter("ignore", ConvergenceWarning)
        shown = warnings.showwarning

        def show(message: Warning | str, *where: Any, **options: Any) -> None:
            if not (str(message).startswith(_SPURIOUS) or isinstance(message, ConvergenceWarning)):
                shown(message, *where, **options)

        warnings.showwarning = show
        yield


class AUCEstimate(NamedTuple):
    """An area under a ROC curve, and the variance of this estimate."""

    value: float
    variance: float

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval, within 0 and 1."""
        half = NORMAL_95 * np.sqrt(self.variance)
        return float(max(self.value - half, 0.0)), float(min(self.value + half, 1.0))


class ClassifierTrial(NamedTuple):
    """A classifier of one fold.

    Attributes
    ----------
    score
        Takes features of shape (rows, features) to the chance of label 1, shape (rows,).
    held_out
        The rows that it has not seen.
    area
        Its AUC on these.
    """

    score: Callable[[Any], Floats]
    held_out: Labels
    area: AUCEstimate


def roc_auc(labels: Labels, scores: Floats, units: Labels | None = None) -> AUCEstimate:
    """Return the area under the ROC curve with DeLong's variance.

    Parameters
    ----------
    labels, scores
        Shape (rows,): 0 or 1, both of which occur, and scores that are to be high for 1.
    units
        Shape (rows,): rows of one unit, from 0, tell as one; None where each row is one.

    Notes
    -----
    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988); by mid-ranks as in Sun and Xu,
    IEEE Signal Processing Letters 21 (2014); of units as in Obuchowski, Biometrics 53 (1997).

    Examples
    --------
    >>> roc_auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.3, 0.8])).value
    0.75
    """
    ones, zeros = np.sort(scores[labels == 1]), np.sort(scores[labels == 0])
    of_ones = _number_below(ones, zeros) / len(zeros)
    of_zeros = 1 - _number_below(zeros, ones) / len(ones)
    if units is not None:
        area = float(of_ones.mean())
        moved = np.empty(len(labels))  # how far each row moves the area
        for label, places in ((1, of_ones), (0, of_zeros)):
            rows = np.flatnonzero(labels == label)
            moved[rows[np.argsort(scores[rows], kind="stable")]] = (places - area) / len(rows)
        n_units = min(len(np.unique(units[labels == label])) for label in (0, 1))
        squares = float(np.square(np.bincount(units, moved)).sum())
        return AUCEstimate(area, squares * n_units / (n_units - 1) if n_units > 1 else UNKNOWN)
    variance = sum(
        float(part.var(ddof=1)) / len(part) for part in (of_ones, of_zeros) if len(part) > 1
    )
    return AUCEstimate(float(of_ones.mean()), variance)


def _number_below(values: Floats, others: Floats) -> Floats:
    """Return how many of the others, which are in order, are below each value; ties count half."""
    below, upto = (np.searchsorted(others, values, side) for side in ("left", "right"))
    return (below + upto) / 2


def half_labels(features: Any) -> Labels:
    """Return 1 for the upper half of the rows, and 0 for the lower one, shape (rows,)."""
    return np.repeat([1, 0], features.shape[0] // 2)


def cross_validate(
    make: Callable[[], Any],
    features: Any,
    labels: Labels,
    folds: Iterable[Fold],
    units: Labels | None = None,
) -> Iterator[ClassifierTrial]:
    """Fit a classifier on two of three folds and try it on the third; for each fold.

    Parameters
    ----------
    make
        Makes a classifier of scikit-learn.
    features, labels
        Shapes (rows, features), dense or sparse, and (rows,).
    folds
        The rows to fit on and those to try on, of each fold (`folds_of`).
    units
        Shape (rows,): the unit of each row; None where each row is one.
    """
    for fitted, held_out in folds:
        score = _fit(make(), features[fitted], labels[fitted])
        own = None if units is None else units[held_out]
        area = roc_auc(labels[held_out], score(features[held_out]), own)
        yield ClassifierTrial(score, held_out, area)


def folds_of(labels: Labels, seed: int, units: Labels | None = None) -> list[Fold]:
    """Return the rows to fit on and those to try on, of each fold that has both labels.

    Parameters
    ----------
    labels
        Shape (rows,).
    seed
        Seed of the folds.
    units
        Shape (rows,): rows of one unit, from 0, stand in one fold; None where each row is one.
    """
    if units is None:
        splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        return [*splitter.split(labels, labels)]
    fold = np.random.default_rng(seed).permutation(int(units.max()) + 1)[units] % FOLDS
    folds = [(np.flatnonzero(fold != at), np.flatnonzero(fold == at)) for at in range(FOLDS)]
    return [rows for rows in folds if all(len(np.unique(labels[part])) == 2 for part in rows)]


def mean_auc(aucs: Sequence[AUCEstimate]) -> AUCEstimate:
    """Return the mean over folds.

    The held-out rows of the folds are not the same, so their variances add up; what the classifiers
    have in common by the rows they learned from is left out.
    """
    count = len(aucs)
    if not count:  # a few units, none of which can be held out
        return AUCEstimate(0.5, 0.0)
    variance = sum(auc.variance for auc in aucs) / count**2
    return AUCEstimate(sum(auc.value for auc in aucs) / count, variance)


def _fit(
    model: Any, features: Any, labels: Labels, weights: Labels | None = None
) -> Callable[[Any], Floats]:
    there = np.arange(features.shape[1])
    if isinstance(features, np.ndarray):  # trees refuse a feature that is always missing
        there = np.flatnonzero(~np.isnan(features).all(axis=0))
    if not len(there):
        return lambda others: np.zeros(others.shape[0])
    model.fit(features[:, there], labels, weights)
    return lambda others: model.predict_proba(others[:, there])[:, 1]


class Detected(NamedTuple):
    """The outcome of the two-sample tests.

    Attributes
    ----------
    detection
        The detectors, and what gives the table away.
    columns
        AUCEstimate of each column alone with that of real rows, by its place in the schema.
    rows
        Rows of each side that were told apart.
    """

    detection: Detection
    columns: dict[int, Figure]
    rows: int


def detection_score(
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    schema: Schema,
    *,
    random_state: RandomStateLike = 0,
) -> float:
    """Test two samples by a classifier: 1 if rows can't be told apart, 0 if all can.

    The score is 2·(1 − max(AUC, ½)), with the mean AUC of boosted trees on the held-out rows of
    three folds.

    Parameters
    ----------
    real, synthetic
        Tables with the columns of the schema, in its order. Of the longer one as many rows are
        drawn as the shorter one has. The real rows are best ones that the generator never saw.
    schema
        What the columns are; identifiers and text are left out.
    random_state
        Seed of the folds, of the rows drawn and of the trees; the same one gives the same score.

    Raises
    ------
    DataError, SchemaError
        If the tables don't have the schema's columns, none that can be compared, or too few rows.

    Notes
    -----
    Source: Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017, with the AUC
    in place of the accuracy.
    """
    (real, synthetic), schema = split_lists((real, synthetic), schema)
    coded = code_columns(real, synthetic, schema)
    size = min(len(real), len(synthetic))
    if size < FOLDS:
        raise DataError(
            f"The real table has {len(real)} rows and the synthetic one {len(synthetic)}; a "
            f"detector needs at least {FOLDS} of each, one for each fold"
        )
    rng = numpy_stream(resolve_seed(random_state), "detection")
    features = np.concatenate(
        [
            matrix_of(coded, "real", rng.permutation(len(real))[:size]),
            matrix_of(coded, "synthetic", rng.permutation(len(synthetic))[:size]),
        ]
    )
    seed = int(rng.integers(2**31))
    with threadpool_limits(1):  # sums in one order, and no waiting for a core that is busy
        area = mean_auc([trial.area for trial in _tree_trials(_Sample(features), seed)])
    return float(2 * (1 - max(area.value, 0.5)))


def detect(
    coded: Mapping[int, CodedColumn],
    names: Mapping[int, str],
    suspects: Iterable[tuple[int, int]],
    *,
    most_rows: int,
    seed: int,
    units: Mapping[Side, Labels] | None = None,
) -> Detected:
    """Tell synthetic rows from holdout rows, or where there are none from real ones.

    The baselines come from telling holdout rows from real ones, or else one half of the real rows
    from the other.

    Parameters
    ----------
    coded, names
        The columns that are compared, and their labels as text.
    suspects
        Pairs of columns that may be joined in another way than in the real table.
    most_rows
        At most so many rows of each side are looked at.
    seed
        Seed of the rows, the folds and the trees.
    units
        The unit of each row of the tables, where rows of one key belong together: these stand in
        one fold, as a classifier that has seen some of them knows the others. Units of two tables
        that have one number are of one key, whose rows would be taken for those of the other table.

    Notes
    -----
    Each detector is fitted on two of three folds and tried on the third. The confidence interval
    is DeLong's on the held-out rows (`roc_auc`). A feature's own area is that of a
    decision tree which is shown its columns alone; its drop is what the detector loses on held-out
    rows in which the values of these columns are exchanged at random.
    """
    rng = numpy_stream(seed, "detection")
    tested, baseline = _samples(coded, most_rows, rng, units or {})
    nominal = [column.nominal for column in coded.values()]
    fold_seed = int(rng.integers(2**31))
    sides = (tested, baseline)
    trials, trials_of_fresh = map_in_threads(lambda rows: _tree_trials(rows, fold_seed), sides)
    trees, fresh = (mean_auc([one.area for one in some]) for some in (trials, trials_of_fresh))
    weights = map_in_threads(lambda rows: _logistic_auc(rows, nominal, fold_seed), sides)
    features, own = tested
    alone = aucs_alone(features, [(i,) for i in range(len(nominal))], fold_seed, own)
    chance = aucs_alone(baseline.features, list(alone), fold_seed, baseline.units)
    pairs = aucs_alone(features, _by_order(coded, suspects), fold_seed, own)
    choices = [*alone, *pairs]
    if trees.value - 0.5 > LEAST_DROP:
        drops = permutation_drops(features, trials, choices, rng)
    else:  # a detector that knows nothing has nothing to lose
        drops = dict.fromkeys(choices, 0.0)
    telling_features = find_telling_features(trees, alone, pairs, drops)
    by_trees, by_weights = _detector(trees, fresh), _detector(*weights)
    labels = [names[place] for place in coded]
    found = [
        TellingFeature(tuple(labels[i] for i in choice), area.value, drops[choice])
        for choice, area in telling_features.items()
    ]
    columns = {
        place: Figure(alone[(i,)].value, chance[(i,)].value) for i, place in enumerate(coded)
    }
    return Detected(Detection(by_trees, by_weights, tuple(found)), columns, len(features) // 2)


class _Sample(NamedTuple):
    """Rows whose upper half is to be told from the lower half, and the unit of each, if any."""

    features: Floats
    units: Labels | None = None

    def rows(self, part: slice) -> "_Sample":
        """Return some of the rows."""
        return _Sample(self.features[part], None if self.units is None else self.units[part])


def _samples(
    coded: Mapping[int, CodedColumn],
    most_rows: int,
    rng: np.random.Generator,
    units: Mapping[Side, Labels],
) -> tuple[_Sample, _Sample]:
    """Draw real (or holdout) rows over as many synthetic ones, and rows for the baseline."""
    first = next(iter(coded.values()))

    def drawn(side: Side, most: int) -> _Sample:
        own = units.get(side)
        rows = shuffled_rows(len(getattr(first, side)), own, rng)[:most]
        return _Sample(matrix_of(coded, side, rows), None if own is None else own[rows])

    own, other = drawn("real", 2 * most_rows), drawn("synthetic", most_rows)
    if len(first.holdout):
        asked = drawn("holdout", most_rows)
        return _halves(asked, other), _halves(own, asked)
    middle = len(own.features) // 2
    return _halves(own, other), _halves(own.rows(slice(middle)), own.rows(slice(middle, None)))


def _halves(one: _Sample, other: _Sample) -> _Sample:
    size = min(len(one.features), len(other.features))
    features = np.concatenate([one.features[:size], other.features[:size]])
    if one.units is None or other.units is None:
        return _Sample(features, None)
    return _Sample(features, np.concatenate([one.units[:size], other.units[:size]]))


def _by_order(
    coded: Mapping[int, CodedColumn], pairs: Iterable[tuple[int, int]]
) -> list[tuple[int, int]]:
    order = {place: i for i, place in enumerate(coded)}
    return [(order[one], order[other]) for one, other in pairs]


def _detector(area: AUCEstimate, baseline: AUCEstimate) -> Detector:
    return Detector(area.value, *area.interval, baseline.value)


def _tree_trials(sample: _Sample, seed: int) -> list[ClassifierTrial]:
    def make() -> Any:
        return HistGradientBoostingClassifier(
            max_iter=ROUNDS, early_stopping=False, random_state=seed
        )

    features, units = sample
    labels = half_labels(features)
    return [*cross_validate(make, features, labels, folds_of(labels, seed, units), units)]


def _logistic_auc(sample: _Sample, nominal: Sequence[bool], seed: int) -> AUCEstimate:
    """Return the area of a logistic regression on one-hot levels and z-scores."""
    features, units = sample
    chosen = np.array(nominal)
    blocks = [csr_matrix(_standardized(features[:, ~chosen]))]
    if chosen.any():
        one_hot = OneHotEncoder(max_categories=MOST_LEVELS)
        blocks.append(one_hot.fit_transform(np.nan_to_num(features[:, chosen], nan=-1)))
    matrix = hstack(blocks, format="csr")
    labels = half_labels(matrix)
    folds = folds_of(labels, seed, units)
    # in few steps to the optimum, each of which solves for all weights at once
    solver = "newton-cholesky" if matrix.shape[1] <= MOST_SOLVED else "lbfgs"

    def make() -> Any:
        return LogisticRegression(max_iter=100, solver=solver)

    trials = cross_validate(make, matrix, labels, folds, units)
    return mean_auc([trial.area for trial in trials])


def _standardized(numbers: Floats) -> Floats:
    """Return z-scores with 0 for missing, and marks of what is missing."""
    missing = np.isnan(numbers)
    count = np.maximum((~missing).sum(axis=0), 1)
    centered = np.where(missing, 0, numbers - np.where(missing, 0, numbers).sum(axis=0) / count)
    width = np.sqrt((centered**2).sum(axis=0) / count)
    scores = centered / np.where(width > 0, width, 1)
    return np.hstack([np.clip(scores, -10, 10), missing[:, missing.any(axis=0)]])


def aucs_alone(
    features: Floats, choices: Iterable[Choice], seed: int, units: Labels | None = None
) -> dict[Choice, AUCEstimate]:
    """Return the AUC of a decision tree that sees only some columns.

    Parameters
    ----------
    features
        Shape (rows, columns): synthetic rows over real ones, as many of each.
    choices
        The sets of columns to try.
    seed
        Seed of the folds and the trees.
    units
        The unit of each row, from 0; None where each row is one.
    """
    labels = half_labels(features)
    folds = folds_of(labels, seed, units)
    leaf = max(LEAST_LEAF, len(features) // MOST_LEAVES)
    codes = map_in_threads(_value_codes, features.T)

    def area(columns: Choice) -> AUCEstimate:
        own = codes[columns[0]]
        for at in columns[1:]:
            own = own * (int(codes[at].max()) + 1) + codes[at]
        firsts, own = np.unique(own, return_index=True, return_inverse=True)[1:]
        values = _Values(features[firsts][:, list(columns)], own, units)
        return mean_auc([_auc_of_tree(values, labels, fold, leaf, seed) for fold in folds])

    choices = [*choices]
    return dict(zip(choices, map_in_threads(area, choices), strict=True))


class _Values(NamedTuple):
    """Rows of few distinct values.

    Attributes
    ----------
    distinct
        Shape (values, columns).
    codes
        The value of each row, shape (rows,).
    units
        The unit of each row, from 0; None where each row is one.
    """

    distinct: Floats
    codes: Labels
    units: Labels | None


def _value_codes(values: Floats) -> Labels:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _auc_of_tree(values: _Values, labels: Labels, fold: Fold, leaf: int, seed: int) -> AUCEstimate:
    """Return the AUC of a decision tree on rows that it has not seen.

    It learns from each value and label once, with the number of their rows as weight.
    """
    fitted, held_out = fold
    weights = np.bincount(2 * values.codes[fitted] + labels[fitted])
    there = np.flatnonzero(weights)
    least = (leaf - 0.5) / len(fitted)
    tree = DecisionTreeClassifier(min_weight_fraction_leaf=least, random_state=seed)
    score = _fit(tree, values.distinct[there // 2], there % 2, weights[there])
    units = None if values.units is None else values.units[held_out]
    return roc_auc(labels[held_out], score(values.distinct)[values.codes[held_out]], units)


def permutation_drops(
    features: Floats,
    trials: Sequence[ClassifierTrial],
    choices: Sequence[Choice],
    rng: np.random.Generator,
) -> dict[Choice, float]:
    """Return how much AUC the detector loses when the values of some columns are permuted.

    Parameters
    ----------
    features
        Shape (rows, columns): synthetic rows over real ones, as many of each.
    trials
        The fitted detectors of the folds.
    choices
        The sets of columns to permute, one at a time.
    rng
        Draws rows and permutations.
    """
    labels = half_labels(features)
    losses: dict[Choice, list[float]] = {columns: [] for columns in choices}
    for trial in trials:
        rows = rng.permutation(trial.held_out)[:MOST_PERMUTED]
        whole = roc_auc(labels[rows], trial.score(features[rows])).value
        orders = [rng.permutation(len(rows)) for _ in choices]
        permuted = partial(_permuted_auc, features[rows], labels[rows], trial)
        for columns, area in zip(
            choices, map_in_threads(permuted, zip(choices, orders, strict=True)), strict=True
        ):
            losses[columns].append(whole - area)
    return {columns: float(np.mean(found or [0.0])) for columns, found in losses.items()}


def _permuted_auc(
    features: Floats, labels: Any, trial: ClassifierTrial, job: tuple[Choice, NDArray[np.int64]]
) -> float:
    """Return a detector's area on rows in which some columns stand in another order."""
    columns, order = job
    mixed = features.copy()
    mixed[:, columns] = features[order][:, columns]
    return roc_auc(labels, trial.score(mixed)).value


def find_telling_features(
    whole: AUCEstimate,
    alone: Mapping[Choice, AUCEstimate],
    pairs: Mapping[Choice, AUCEstimate],
    drops: Mapping[Choice, float],
) -> dict[Choice, AUCEstimate]:
    """Find what tells synthetic rows, strongest first.

    That are columns which do so alone, pairs that tell more than each of their columns, and
    columns without which the detector loses half of what it knows.

    Parameters
    ----------
    whole
        AUC of the detector with all columns.
    alone, pairs
        AUCs of single columns, and of pairs.
    drops
        What the detector loses without each of them.
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
