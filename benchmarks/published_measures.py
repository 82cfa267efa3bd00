"""The measures of a published comparison of table generators, by their definitions there.

They are those of `april-tools/tabpc` (Scassola et al., "A Sobering Look at Tabular Data Generation
via Probabilistic Circuits", 2026), which took most of them from TabSyn and TabDiff, including what
is odd about them. The notes of each function say so, as figures compare only where that is kept.

Frames have the same columns and no missing cells. Columns are nominal or numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any, Literal

import numpy as np
import pandas as pd
from closeness import nearest_distances
from scipy.stats import ks_2samp
from sklearn.metrics import mutual_info_score, roc_auc_score, root_mean_squared_error
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, RobustScaler
from support import support_of_points
from xgboost import XGBClassifier, XGBRegressor

BINS = 10  # of a number
FOLDS = 3
HELD_OUT = 9  # one of so many synthetic rows chooses among the predictors
TREES = (10, 50, 100)
GROWTHS = tuple(product((0.0, 1.0), (5, 10, 20), (1, 10)))
"""Of the predictors that are tried: gamma, depth, least weight of a leaf."""


@dataclass(frozen=True)
class Columns:
    """How the columns of a table are read.

    Attributes
    ----------
    numbers : tuple of str
        The numbers, without the target.
    nominal : tuple of str
        The levels, without the target.
    target : str
        What is predicted.
    task : {"classification", "regression"}
        Whether the target is a level of two, or a number.
    """

    numbers: tuple[str, ...]
    nominal: tuple[str, ...]
    target: str
    task: Literal["classification", "regression"]

    @property
    def all_numbers(self) -> list[str]:
        """The numbers, a target that is one last."""
        return [*self.numbers, *([self.target] if self.task == "regression" else [])]

    @property
    def all_nominal(self) -> list[str]:
        """The levels, a target that is one last."""
        return [*self.nominal, *([self.target] if self.task == "classification" else [])]


def shape_and_trend(
    real: pd.DataFrame, synthetic: pd.DataFrame, columns: Columns
) -> dict[str, float]:
    """Errors of sdmetrics' column shapes and column pair trends, in percent.

    Notes
    -----
    `trend_error` as of sdmetrics 0.24: all pairs count, also those that are not related; numbers
    beside levels are cut into ten bins between the extremes of *their own* table, whose greatest
    value has a bin to itself. So a single row decides where the bins are. `trend_error_bins` has
    the real table's bins for both tables.
    """
    shapes = [
        ks_2samp(real[one], synthetic[one], method="asymp").statistic for one in columns.all_numbers
    ]
    levels = {}
    for name in columns.all_nominal:
        both = pd.factorize(pd.concat([real[name], synthetic[name]]))[0]
        levels[name] = both[: len(real)], both[len(real) :]
        shapes.append(_total_variation(*levels[name]))
    common = [
        abs(np.subtract(*(np.corrcoef(one[a], one[b])[0, 1] for one in (real, synthetic)))) / 2
        for a, b in combinations(columns.all_numbers, 2)
    ]
    common += [_pair_variation(levels[a], levels[b]) for a, b in combinations(levels, 2)]
    own, same = [], []
    for name in columns.all_numbers:
        pair = [one[name].to_numpy(float) for one in (real, synthetic)]
        edges = [np.histogram_bin_edges(one, BINS) for one in pair]
        cut = [np.digitize(one, its) for one, its in zip(pair, edges, strict=True)]
        cut_alike = [np.digitize(one, edges[0][1:-1]) for one in pair]
        own += [_pair_variation(cut, one) for one in levels.values()]
        same += [_pair_variation(cut_alike, one) for one in levels.values()]
    return {
        "shape_error": 100 * float(np.mean(shapes)),
        # a constant number has no correlation
        "trend_error": 100 * float(np.nanmean([*common, *own])),
        "trend_error_bins": 100 * float(np.nanmean([*common, *same])),
    }


def _pair_variation(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> float:
    most = 1 + max(int(codes.max()) for codes in other)
    return _total_variation(*(a * most + b for a, b in zip(one, other, strict=True)))


def _total_variation(one: np.ndarray, other: np.ndarray) -> float:
    most = 1 + max(int(one.max()), int(other.max()))
    shares = [np.bincount(codes, minlength=most) / len(codes) for codes in (one, other)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def nmi_distance(real: pd.DataFrame, synthetic: pd.DataFrame, columns: Columns) -> float:
    """Difference of the normalized mutual information of pairs, each weighed by its strength.

    Notes
    -----
    2·MI/(H + H), with numbers in ten bins between the extremes of the real table; what lies beyond
    is one more. A number of eleven values or fewer is taken as levels. The weights are the sums of
    both tables' values.
    """
    edges = {name: np.histogram_bin_edges(real[name], BINS) for name in columns.all_numbers}
    strengths = [_strengths(one, edges, columns) for one in (real, synthetic)]
    weights = strengths[0] + strengths[1]
    return float((weights * np.abs(strengths[0] - strengths[1])).sum() / weights.sum())


def _strengths(table: pd.DataFrame, edges: dict[str, np.ndarray], columns: Columns) -> np.ndarray:
    codes = {name: pd.factorize(table[name])[0] for name in columns.all_nominal}
    for name in columns.all_numbers:
        cut = table[name].nunique() > len(edges[name])
        codes[name] = (
            pd.cut(table[name], edges[name], include_lowest=True, labels=False).fillna(-1)
            if cut
            else pd.factorize(table[name])[0]
        )
    own = {name: mutual_info_score(one, one) for name, one in codes.items()}
    return np.array(
        [
            2 * mutual_info_score(codes[a], codes[b]) / (own[a] + own[b]) if own[a] + own[b] else 0
            for a, b in combinations(codes, 2)
        ]
    )


def detection(real: pd.DataFrame, synthetic: pd.DataFrame, seed: int) -> float:
    """Classifier two-sample test with boosted trees: 1 is indistinguishable, 0 is told apart.

    Notes
    -----
    That of sdmetrics' detection metrics with XGBoost's defaults: columns of text as one-hot
    levels, all others as numbers; 1 − (2·max(AUC, ½) − 1) of each of three folds, then the mean.
    """
    both = pd.concat([real, synthetic], ignore_index=True)
    features = pd.get_dummies(both, dtype=float).to_numpy(float)
    labels = np.repeat([1, 0], [len(real), len(synthetic)])
    scores = []
    for fitted, held_out in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(
        features, labels
    ):
        model = make_pipeline(RobustScaler(), XGBClassifier(random_state=0, n_jobs=1))
        model.fit(features[fitted], labels[fitted])
        guess = model.predict_proba(features[held_out])[:, 1]
        scores.append(2 - 2 * max(roc_auc_score(labels[held_out], guess), 0.5))
    return float(np.mean(scores))


def support(real: pd.DataFrame, synthetic: pd.DataFrame, columns: Columns) -> dict[str, float]:
    """α-precision and β-recall among one-hot levels and numbers scaled to the real range.

    Notes
    -----
    That of synthcity, without an embedding. It takes the last feature for a target and leaves it
    out: the last level of the last nominal column. So do we. Both tables need as many rows.
    """
    numbers, nominal = columns.all_numbers, columns.all_nominal
    low, high = real[numbers].min(), real[numbers].max()
    levels = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    levels.fit(real[nominal].astype(str))
    points = [
        np.hstack([(one[numbers] - low) / (high - low), levels.transform(one[nominal].astype(str))])
        for one in (real, synthetic)
    ]
    return support_of_points(*(one[:, :-1] for one in points))


def nearer_to_train(
    train: pd.DataFrame, test: pd.DataFrame, synthetic: pd.DataFrame, columns: Columns
) -> float:
    """Share of synthetic rows, in percent, that are nearer to a training row than to a test row.

    Notes
    -----
    The distance adds up the differences of numbers, as shares of the training rows' range, and 2
    for each level that differs. A tie counts for neither, hence against the share. The published
    figure (DCR) is of a fit on one half of the rows, the other half being the test rows.
    """
    numbers, nominal = columns.all_numbers, columns.all_nominal
    width = 2 * (train[numbers].max() - train[numbers].min())  # 2: a level counts 1 below
    tables = [synthetic, train, test]
    joint = pd.concat([one[nominal] for one in tables]).apply(lambda one: pd.factorize(one)[0])
    parts = np.split(joint.to_numpy(float), np.cumsum([len(one) for one in tables])[:-1])
    placed = [
        ((one[numbers] / width).to_numpy(float), part)
        for one, part in zip(tables, parts, strict=True)
    ]
    to_train, to_test = (nearest_distances(*placed[0], *placed[at]) for at in (1, 2))
    return 100 * float(np.mean(to_train < to_test))


def utility(train: pd.DataFrame, test: pd.DataFrame, columns: Columns, seed: int) -> float:
    """AUC of a target of two levels, RMSE of a number's logarithm, learned from `train`.

    Notes
    -----
    The best of 36 boosted models on a ninth of the rows is the one that is tested. A number is
    learned as the logarithm of its value, cut to 1 … 20,000, but the rows that choose among the
    models have the value itself, so that chance has a large part in which is chosen. All features
    that are numbers have the scale of the first one: logarithms of at least .01 where that one is
    not negative and reaches 1,000.
    """
    features, tested = _predictors(train, test, columns)
    wanted, truth = _targets(train, test, columns)
    order = np.random.default_rng(seed).permutation(len(train))
    held_out, fitted = np.split(order, [len(train) // HELD_OUT])
    known = wanted[held_out]
    if columns.task == "regression":
        wanted, truth = (np.log(np.clip(one, 1, 20_000)) for one in (wanted, truth))
    best, chosen = -np.inf, float("nan")
    for model, trees in _models(features[fitted], wanted[fitted], columns.task):
        score = _score(known, _guess(model, features[held_out], trees))
        if score > best:
            best, chosen = score, _score(truth, _guess(model, tested, trees))
    return abs(chosen)


def _predictors(
    train: pd.DataFrame, test: pd.DataFrame, columns: Columns
) -> tuple[np.ndarray, np.ndarray]:
    """Return both tables as features, in the table's order: ties between splits go by it."""
    features: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    low = high = np.float32(0)
    for name in train.columns.drop(columns.target):
        pair = train[name], test[name]
        if name in columns.numbers:
            numbers = [one.to_numpy(np.float32) for one in pair]
            low, high = low or numbers[0].min(), high or numbers[0].max()
            coded = [_scaled(one, low, high) for one in numbers]
        else:
            levels = OneHotEncoder(sparse_output=False, handle_unknown="ignore", dtype=np.float32)
            levels.fit(pair[0].to_frame())
            coded = [levels.transform(one.to_frame()) for one in pair]
        for blocks, one in zip(features, coded, strict=True):
            blocks.append(one)
    return np.column_stack(features[0]), np.column_stack(features[1])


def _scaled(values: np.ndarray, low: np.float32, high: np.float32) -> np.ndarray:
    if low >= 0 and high >= 1000:
        return np.log(np.maximum(values, np.float32(0.01)))
    return (values - low) / (high - low) * 5


def _targets(
    train: pd.DataFrame, test: pd.DataFrame, columns: Columns
) -> tuple[np.ndarray, np.ndarray]:
    if columns.task == "regression":
        return train[columns.target].to_numpy(float), test[columns.target].to_numpy(float)
    greatest = train[columns.target].max()
    return tuple((one[columns.target] == greatest).to_numpy(int) for one in (train, test))


def _models(features: np.ndarray, wanted: np.ndarray, task: str) -> Iterator[tuple[Any, int]]:
    """Yield each model with each number of its first trees."""
    kind = XGBRegressor if task == "regression" else XGBClassifier
    for gamma, depth, weight in GROWTHS:
        model = kind(
            n_estimators=max(TREES),
            max_depth=depth,
            min_child_weight=weight,
            gamma=gamma,
            tree_method="hist",
            n_jobs=1,
        ).fit(features, wanted)
        yield from ((model, trees) for trees in TREES)


def _guess(model: Any, features: np.ndarray, trees: int) -> np.ndarray:
    first = (0, trees)
    if isinstance(model, XGBRegressor):
        return model.predict(features, iteration_range=first)
    return model.predict_proba(features, iteration_range=first)[:, 1]


def _score(truth: np.ndarray, guess: np.ndarray) -> float:
    """Return the AUC of classes, and of numbers the negative error: more is better."""
    if truth.dtype.kind == "i":
        return float(roc_auc_score(truth, guess))
    return -float(root_mean_squared_error(truth, guess))
