"""How near a synthetic table is to the real one, and whether it is too near to single rows.

`score` gives every measure at once; each can be had alone. The functions know nothing of the
library under test: they compare three frames with the same columns, the rows that a generator
was fitted on (`train`), rows of the same table that it never saw (`test`), and its output.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection
from typing import Any, Literal

import numpy as np
import pandas as pd
from closeness import copy_shares, dcr_share
from coding import encode, sample_rows
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import OneHotEncoder
from support import support_scores
from threadpoolctl import threadpool_limits
from xgboost import XGBClassifier, XGBRegressor

Task = Literal["classification", "regression"]

FOLDS = 3
BINS = 10  # of a number, in the report's pairs

TREES: dict[str, Any] = {
    "tree_method": "hist",
    "n_estimators": 100,
    "max_depth": 6,
    "n_jobs": 1,
    "random_state": 0,
}


DETECTOR_RATE = 0.3
"""XGBoost's own default, which the published detection scores use."""
PREDICTOR_RATE = 0.1
"""A slower rate predicts better on real rows: a sharper yardstick for utility."""


def score(
    train: pd.DataFrame,
    test: pd.DataFrame,
    synthetic: pd.DataFrame,
    *,
    task: Task,
    categorical: Collection[str],
    target: str,
) -> dict[str, float]:
    """Score a synthetic table with every measure of this module.

    Parameters
    ----------
    train : DataFrame
        The real rows that the generator was fitted on.
    test : DataFrame
        Real rows that it did not see.
    synthetic : DataFrame
        Its output, with the same columns; usually as many rows as `train`.
    task : {"classification", "regression"}
        What a model trained on the table would predict.
    categorical : collection of str
        Names of the nominal columns; all others are numbers or dates.
    target : str
        The column that such a model predicts.

    Returns
    -------
    dict of str to float
        Errors, shares and copies in percent; C2ST, α-precision and β-recall at best 1; TSTR and
        TRTR as AUC or R².
    """
    with threadpool_limits(1):  # several threads gain little here, and stall on a busy machine
        results = quality_errors(train, synthetic, categorical)
        results["xgb_c2st"] = xgb_c2st(train, synthetic, categorical)
        results["logistic_c2st"] = logistic_c2st(train, synthetic, categorical)
        coded = encode([train, test, synthetic], categorical)
        results["tstr"] = train_and_test(coded[2], coded[1], task, target)
        results["trtr"] = train_and_test(coded[0], coded[1], task, target)
        results |= support_scores(train, synthetic, categorical)
        results["dcr_share"] = dcr_share(train, test, synthetic, categorical)
        return results | copy_shares(train, test, synthetic)


def quality_errors(
    real: pd.DataFrame, synthetic: pd.DataFrame, categorical: Collection[str]
) -> dict[str, float]:
    """Column-shape and pair-trend errors of sdmetrics' quality report, in percent.

    `trend_error` is the report's own average over the pairs that are related in the real table
    (|correlation| above 0.5, Cramér's V above 0.3). `trend_error_all` averages over all pairs, as
    sdmetrics did up to its version 0.24: the definition behind figures published with that.
    Both are noisy where a number has a heavy tail, as the report bins each table by its own
    extremes; `trend_error_bins` and `trend_error_all_bins` bin both by those of the real table.
    """
    columns = {
        name: {"sdtype": "categorical" if name in categorical else _sdtype(real[name])}
        for name in real.columns
    }
    related = _report_scores(real, synthetic, columns, correlation=0.5, association=0.3)
    every = _report_scores(real, synthetic, columns, correlation=0.0, association=0.0)
    return {
        "shape_error": 100 * (1 - related["Column Shapes"]),
        "trend_error": 100 * (1 - related["Column Pair Trends"]),
        "trend_error_all": 100 * (1 - every["Column Pair Trends"]),
        "trend_error_bins": 100 * (1 - related["same bins"]),
        "trend_error_all_bins": 100 * (1 - every["same bins"]),
    }


def _report_scores(
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    columns: dict[str, dict[str, str]],
    *,
    correlation: float,
    association: float,
) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constant columns; and the import itself is deprecated
        from sdmetrics.reports.single_table import QualityReport

        report = QualityReport()
        report.real_correlation_threshold = correlation
        report.real_association_threshold = association
        report.num_rows_subsample = None
        report.generate(real, synthetic, {"columns": columns}, verbose=False)
        pairs = report.get_details("Column Pair Trends")
    properties = report.get_properties()
    scores = dict(zip(properties["Property"], properties["Score"].astype(float), strict=True))
    return scores | {"same bins": _score_of_same_bins(pairs, real, synthetic, columns)}


def _score_of_same_bins(
    pairs: pd.DataFrame,
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    columns: dict[str, dict[str, str]],
) -> float:
    """Return the mean score of the report's pairs, with the real table's bins for both tables."""
    from sdmetrics.column_pairs import ContingencySimilarity

    cut = [real.copy(), synthetic.copy()]
    for name in [name for name, column in columns.items() if column["sdtype"] != "categorical"]:
        numbers = [pd.to_numeric(frame[name]).astype(float) for frame in (real, synthetic)]
        if pd.api.types.is_datetime64_any_dtype(real[name]):
            numbers = [
                one.where(frame[name].notna())
                for one, frame in zip(numbers, (real, synthetic), strict=True)
            ]
        edges = np.linspace(numbers[0].min(), numbers[0].max(), BINS + 1)[1:-1]
        for frame, one in zip(cut, numbers, strict=True):
            frame[name] = np.where(one.isna(), -1, np.searchsorted(edges, one))
    scores = []
    for _, pair in pairs[pairs["Score"].notna()].iterrows():
        both, score = [pair["Column 1"], pair["Column 2"]], float(pair["Score"])
        if pair["Metric"] == "ContingencySimilarity":
            score = ContingencySimilarity.compute(cut[0][both], cut[1][both])
        scores.append(score)
    return float(np.mean(scores)) if scores else float("nan")


def _sdtype(column: pd.Series) -> str:
    return "datetime" if pd.api.types.is_datetime64_any_dtype(column) else "numerical"


def xgb_c2st(real: pd.DataFrame, synthetic: pd.DataFrame, categorical: Collection[str]) -> float:
    """Classifier two-sample test with boosted trees: 1 is indistinguishable, 0 is told apart."""
    features, labels = _two_samples(real, synthetic, categorical)
    return _c2st(XGBClassifier(**TREES, learning_rate=DETECTOR_RATE), features.to_numpy(), labels)


def logistic_c2st(
    real: pd.DataFrame, synthetic: pd.DataFrame, categorical: Collection[str]
) -> float:
    """Classifier two-sample test with a logistic regression on one-hot levels and z-scores.

    Of a column with more than 200 levels the rarest ones share one indicator.
    """
    features, labels = _two_samples(real, synthetic, categorical)
    nominal = [name for name in features.columns if name in categorical]
    blocks = [csr_matrix(_standardised(features.drop(columns=nominal)))]
    if nominal:
        one_hot = OneHotEncoder(max_categories=200, handle_unknown="ignore")
        blocks.append(one_hot.fit_transform(features[nominal]))
    matrix = hstack(blocks, format="csr")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit stopped by max_iter is still a fair detector
        return _c2st(LogisticRegression(max_iter=300), matrix, labels)


def _standardised(numbers: pd.DataFrame) -> np.ndarray:
    """Z-scores with 0 for missing, and an indicator for each column with missing values."""
    scale = numbers.std().replace(0, 1).fillna(1)
    scores = ((numbers - numbers.mean()) / scale).fillna(0)
    missing = numbers.isna().loc[:, numbers.isna().any()]
    return np.hstack([scores.to_numpy(float), missing.to_numpy(float)])


def _two_samples(
    real: pd.DataFrame, synthetic: pd.DataFrame, categorical: Collection[str]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Equally many coded rows of both tables, and 1 for the real ones."""
    size = min(len(real), len(synthetic))
    rng = np.random.default_rng(0)
    chosen = [sample_rows(frame, size, rng) for frame in (real, synthetic)]
    features = pd.concat(encode(chosen, categorical), ignore_index=True)
    return features, np.repeat([1, 0], size)


def _c2st(model: Any, features: Any, labels: np.ndarray) -> float:
    """2·(1 − max(AUC, ½)), with the mean of the AUC over the folds' held-out rows."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(labels, labels)
    areas = []
    for fitted, held_out in folds:
        model.fit(features[fitted], labels[fitted])
        guess = model.predict_proba(features[held_out])[:, 1]
        areas.append(roc_auc_score(labels[held_out], guess))
    return float(2 * (1 - max(np.mean(areas), 0.5)))


def train_and_test(train: pd.DataFrame, test: pd.DataFrame, task: Task, target: str) -> float:
    """Boosted trees trained on one coded frame, tested on another: AUC or R² of the target.

    With more than two classes the AUC is the mean over the classes, each against the rest, that
    occur among the test rows. Rows whose target is missing are left out.
    """
    train, test = train.dropna(subset=[target]), test.dropna(subset=[target])
    features, wanted = train.drop(columns=target), train[target].to_numpy()
    tested, truth = test.drop(columns=target), test[target].to_numpy()
    if task == "regression":
        model = XGBRegressor(**TREES, learning_rate=PREDICTOR_RATE).fit(features, wanted)
        return float(r2_score(truth, model.predict(tested)))
    levels, classes = np.unique(wanted, return_inverse=True)
    if len(levels) == 1:
        return 0.5
    model = XGBClassifier(**TREES, learning_rate=PREDICTOR_RATE).fit(features, classes)
    guess = model.predict_proba(tested)
    return _macro_auc(truth, guess, levels)


def _macro_auc(truth: np.ndarray, guess: np.ndarray, levels: np.ndarray) -> float:
    places = {level: place for place, level in enumerate(levels)}
    unseen = np.zeros(len(truth))
    areas = [
        roc_auc_score(truth == level, guess[:, places[level]] if level in places else unseen)
        for level in np.unique(truth)
    ]
    return float(np.mean(areas))
