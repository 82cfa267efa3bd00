"""How near a synthetic table is to the real one, and whether it is too near to single rows.

`score` gives every measure at once; each can be had alone. The functions know nothing of the
library under test: they compare three frames with the same columns, the rows that a generator
was fitted on (`train`), rows of the same table that it never saw (`test`), and its output.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, hstack
from scipy.spatial.distance import cdist
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import OneHotEncoder
from xgboost import XGBClassifier, XGBRegressor

Task = Literal["classification", "regression"]

THREADS = 2
FOLDS = 3
DISTANCE_ROWS = 4_000
"""At most so many synthetic rows are compared with the real ones in `dcr_share`."""

TREES: dict[str, Any] = {
    "tree_method": "hist",
    "n_estimators": 100,
    "max_depth": 6,
    "learning_rate": 0.3,
    "n_jobs": THREADS,
    "random_state": 0,
}


def score(
    train: pd.DataFrame,
    test: pd.DataFrame,
    synthetic: pd.DataFrame,
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
        Errors, shares and copies in percent; C2ST between 0 and 1; TSTR and TRTR as AUC or R².
    """
    results = quality_errors(train, synthetic, categorical)
    results["xgb_c2st"] = xgb_c2st(train, synthetic, categorical)
    results["logistic_c2st"] = logistic_c2st(train, synthetic, categorical)
    frames = encode([train, test, synthetic], categorical)
    results["tstr"] = train_and_test(frames[2], frames[1], task, target)
    results["trtr"] = train_and_test(frames[0], frames[1], task, target)
    results["dcr_share"] = dcr_share(train, test, synthetic, categorical)
    return results | copy_shares(train, test, synthetic)


def encode(frames: Sequence[pd.DataFrame], categorical: Collection[str]) -> list[pd.DataFrame]:
    """Turn frames with the same columns into numbers: shared codes for levels, NaN for missing."""
    joint = pd.concat(frames, ignore_index=True)
    coded = pd.DataFrame(
        {
            name: _codes(column) if name in categorical else _numbers(column)
            for name, column in joint.items()
        }
    )
    ends = np.cumsum([len(frame) for frame in frames])[:-1]
    starts = [0, *ends]
    return [
        coded.iloc[start : start + len(frame)].reset_index(drop=True)
        for start, frame in zip(starts, frames, strict=True)
    ]


def _codes(column: pd.Series) -> np.ndarray:
    codes = pd.Categorical(column).codes.astype(float)
    return np.where(codes < 0, np.nan, codes)


def _numbers(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_datetime64_any_dtype(column):
        return ((column - column.min()) / pd.Timedelta(days=1)).to_numpy(float)
    return pd.to_numeric(column).to_numpy(float, na_value=np.nan)


def quality_errors(
    real: pd.DataFrame, synthetic: pd.DataFrame, categorical: Collection[str]
) -> dict[str, float]:
    """Column-shape and pair-trend errors of sdmetrics' quality report, in percent.

    Every pair of columns counts. (Later versions of sdmetrics leave pairs out of the average that
    are weakly related in the real table, where published figures have them in.)
    """
    columns = {
        name: {"sdtype": "categorical" if name in categorical else _sdtype(real[name])}
        for name in real.columns
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sdmetrics.reports.single_table import QualityReport

        report = QualityReport()
        report.real_correlation_threshold = report.real_association_threshold = 0
        report.num_rows_subsample = None
        report.generate(real, synthetic, {"columns": columns}, verbose=False)
    scores = report.get_properties().set_index("Property")["Score"]
    return {
        "shape_error": 100 * (1 - float(scores["Column Shapes"])),
        "trend_error": 100 * (1 - float(scores["Column Pair Trends"])),
    }


def _sdtype(column: pd.Series) -> str:
    return "datetime" if pd.api.types.is_datetime64_any_dtype(column) else "numerical"


def xgb_c2st(real: pd.DataFrame, synthetic: pd.DataFrame, categorical: Collection[str]) -> float:
    """Classifier two-sample test with boosted trees: 1 is indistinguishable, 0 is told apart."""
    features, labels = _two_samples(real, synthetic, categorical)
    return _c2st(XGBClassifier(**TREES), features.to_numpy(), labels)


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
    chosen = [_sample_rows(frame, size, rng) for frame in (real, synthetic)]
    features = pd.concat(encode(chosen, categorical), ignore_index=True)
    return features, np.repeat([1, 0], size)


def _sample_rows(frame: pd.DataFrame, size: int, rng: np.random.Generator) -> pd.DataFrame:
    return frame.iloc[rng.permutation(len(frame))[:size]]


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
        model = XGBRegressor(**TREES).fit(features, wanted)
        return float(r2_score(truth, model.predict(tested)))
    levels, classes = np.unique(wanted, return_inverse=True)
    if len(levels) == 1:
        return 0.5
    guess = XGBClassifier(**TREES).fit(features, classes).predict_proba(tested)
    return _macro_auc(truth, guess, levels)


def _macro_auc(truth: np.ndarray, guess: np.ndarray, levels: np.ndarray) -> float:
    places = {level: place for place, level in enumerate(levels)}
    unseen = np.zeros(len(truth))
    areas = [
        roc_auc_score(truth == level, guess[:, places[level]] if level in places else unseen)
        for level in np.unique(truth)
    ]
    return float(np.mean(areas))


def dcr_share(
    train: pd.DataFrame,
    test: pd.DataFrame,
    synthetic: pd.DataFrame,
    categorical: Collection[str],
) -> float:
    """Share of synthetic rows, in percent, that are nearer to a training row than to a test row.

    Both sets are cut to the same size, so that 50 % is the figure of a generator that knows the
    training rows no better than the others; a tie counts half. The distance adds up, over the
    columns, the difference of quantile ranks (numbers) or 0 and 1 (levels; missing or not).
    At most `DISTANCE_ROWS` synthetic rows are looked at.
    """
    rng = np.random.default_rng(0)
    size = min(len(train), len(test))
    drawn = _sample_rows(synthetic, DISTANCE_ROWS, rng)
    references = [_sample_rows(frame, size, rng) for frame in (train, test)]
    coded = encode([drawn, *references], categorical)
    nominal = [name for name in train.columns if name in categorical]
    ranks = _quantile_ranks([frame.drop(columns=nominal) for frame in coded])
    levels = [
        np.hstack([frame[nominal].fillna(-1), frame.drop(columns=nominal).isna()])
        for frame in coded
    ]
    to_train, to_test = (
        _nearest(ranks[0], levels[0], ranks[place], levels[place]) for place in (1, 2)
    )
    tied = np.isclose(to_train, to_test, rtol=0, atol=1e-9)
    return float(100 * np.mean(np.where(tied, 0.5, to_train < to_test)))


def _quantile_ranks(frames: Sequence[pd.DataFrame]) -> list[np.ndarray]:
    """Mid-rank of each number among the real rows (all frames but the first); missing gives ½."""
    real = pd.concat(frames[1:])
    ranked = [np.full(frame.shape, 0.5) for frame in frames]
    for place, name in enumerate(real.columns):
        ordered = np.sort(real[name].dropna().to_numpy())
        for frame, ranks in zip(frames, ranked, strict=True):
            values = frame[name].to_numpy()
            below = np.searchsorted(ordered, values, "left")
            upto = np.searchsorted(ordered, values, "right")
            middle = (below + upto) / (2 * max(len(ordered), 1))
            ranks[:, place] = np.where(np.isnan(values), 0.5, middle)
    return ranked


def _nearest(
    ranks: np.ndarray, levels: np.ndarray, other_ranks: np.ndarray, other_levels: np.ndarray
) -> np.ndarray:
    """Distance of each row to its nearest among the others, in blocks of 500 rows."""
    blocks = []
    for start in range(0, len(ranks), 500):
        rows = slice(start, start + 500)
        distance = np.zeros((len(ranks[rows]), len(other_ranks)))
        if ranks.shape[1]:
            distance += cdist(ranks[rows], other_ranks, "cityblock")
        if levels.shape[1]:
            distance += cdist(levels[rows], other_levels, "hamming") * levels.shape[1]
        blocks.append(distance.min(axis=1))
    return np.concatenate(blocks)


def copy_shares(
    train: pd.DataFrame, test: pd.DataFrame, synthetic: pd.DataFrame
) -> dict[str, float]:
    """Shares, in percent, of rows that equal a training row in every column.

    `copies` counts synthetic rows, `unique_copies` those that equal a row which occurs only once
    in the training table; the same of the test rows is what chance alone gives.
    """
    rows = _row_hashes([train, test, synthetic])
    values, counts = np.unique(rows[0], return_counts=True)
    once = values[counts == 1]
    return {
        "copies": 100 * float(np.isin(rows[2], values).mean()),
        "unique_copies": 100 * float(np.isin(rows[2], once).mean()),
        "test_copies": 100 * float(np.isin(rows[1], values).mean()),
        "test_unique_copies": 100 * float(np.isin(rows[1], once).mean()),
    }


def _row_hashes(frames: Sequence[pd.DataFrame]) -> list[np.ndarray]:
    joint = pd.concat(frames, ignore_index=True)
    codes = joint.apply(lambda column: pd.factorize(column)[0])
    hashes = pd.util.hash_pandas_object(codes, index=False).to_numpy()
    ends = np.cumsum([len(frame) for frame in frames])
    return [hashes[end - len(frame) : end] for end, frame in zip(ends, frames, strict=True)]
