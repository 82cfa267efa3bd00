"""`SyntheticOverSampler`: oversampling of rare classes with synthetic rows."""

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from tabgan.base.errors import DataError, OptionError
from tabgan.base.random_streams import RandomStateLike, resolve_seed
from tabgan.estimator import TabGAN
from tabgan.inference.accept_table import as_frame
from tabgan.table.frame_libraries import form_of, pandas_of, table_of_series
from tabgan.table.level_codes import codes_of
from tabgan.table.schema import find_level

if TYPE_CHECKING:
    from tabgan.inference.accept_table import TableLike

__all__ = ["SyntheticOverSampler"]


class SyntheticOverSampler(BaseEstimator):
    """Oversample rare classes of a training set with synthetic rows.

    It has the `fit_resample` of imbalanced-learn's samplers, so it can replace SMOTE in the
    pipelines of that library. The real rows come first, unchanged.

    Parameters
    ----------
    gan
        The `TabGAN` that learns features and class together; by default one with default options.
        It is conditioned on the class unless it has its own `condition_on`.
    sampling_strategy
        "auto" raises every class to the size of the largest, "minority" only the smallest class;
        or a dict from classes to their numbers of rows.
    random_state
        Seed of the sampled rows; `gan` has its own seed for the fit.

    Attributes
    ----------
    gan_ : TabGAN
        The fitted estimator.
    sampling_strategy_ : dict
        Number of added rows of each class.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"a": rng.normal(size=100), "b": rng.choice(["x", "y"], 100)})
    >>> y = pd.Series([0] * 90 + [1] * 10, name="rare")
    >>> sampler = SyntheticOverSampler(TabGAN(steps=5, verbose=False), random_state=0)
    >>> more, labels = sampler.fit_resample(X, y)
    >>> len(more), labels.value_counts().tolist()
    (180, [90, 90])
    """

    def __init__(
        self,
        gan: TabGAN | None = None,
        *,
        sampling_strategy: str | Mapping[Any, int] = "auto",
        random_state: RandomStateLike = None,
    ) -> None:
        self.gan = gan
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state

    def fit_resample(self, X: "TableLike", y: "TableLike") -> tuple[Any, Any]:  # noqa: N803
        """Learn a training set, and return it with synthetic rows appended.

        Parameters
        ----------
        X
            The features: a table of any type that `TabGAN.fit` takes.
        y
            The class of each row.

        Returns
        -------
        X, y
            A table and a series of the types of the arguments; of pandas for arrays.

        Raises
        ------
        DataError
            If y has another length than X, or a class is missing.
        OptionError
            If `sampling_strategy` has an invalid value.
        """
        features, labels = as_frame(X), table_of_series(y)
        classes = _classes(labels)
        form, label_form = form_of(X), form_of(labels)
        _check_classes(classes, len(features))
        codes, levels = codes_of(classes)
        missing_rows = self._missing_rows(np.bincount(codes, minlength=len(levels)), levels)
        target = _free_name(features)
        table = features.copy()
        # as categories: those are declared, and kept however rare they are
        table[target] = pd.Categorical.from_codes(codes, categories=pd.Index(levels, dtype=object))
        self.gan_ = self._conditioned(target).fit(table)
        self.sampling_strategy_ = added = {levels[i]: n for i, n in missing_rows.items()}
        if not added:
            rows, classes = features.reset_index(drop=True), classes.reset_index(drop=True)
            return form.restore(rows), label_form.restore_series(classes)
        seed = resolve_seed(self.random_state)
        drawn = self.gan_.sample(sum(added.values()), balance={target: added}, random_state=seed)
        rows = pd.concat([table, drawn], ignore_index=True)
        labels = rows[target].astype(object).astype(classes.dtype)
        series = pd.Series(labels, name=classes.name)
        return form.restore(rows.drop(columns=target)), label_form.restore_series(series)

    def _conditioned(self, target: Hashable) -> TabGAN:
        """Return an estimator that is conditioned on the class, unless it has conditions."""
        estimator = TabGAN() if self.gan is None else clone(self.gan)
        if estimator.schema is None:
            estimator.set_params(schema={target: "categorical"})
        if estimator.condition_on is None:  # rare classes are then trained more often
            estimator.set_params(condition_on=[target])
        return estimator

    def _missing_rows(self, counts: NDArray[np.int64], levels: list[Any]) -> dict[int, int]:
        """Return how many rows to add to each class, by its number."""
        most = int(counts.max())
        strategy = self.sampling_strategy
        if isinstance(strategy, Mapping):
            return self._mapped(strategy, counts, levels)
        if strategy not in ("auto", "minority"):
            raise OptionError(
                f"sampling_strategy={strategy!r} must be 'auto', 'minority' or a mapping from "
                "classes to numbers of rows"
            )
        chosen = [int(counts.argmin())] if strategy == "minority" else range(len(counts))
        return {i: most - int(counts[i]) for i in chosen if counts[i] < most}

    def _mapped(
        self, strategy: Mapping[Any, Any], counts: NDArray[np.int64], levels: list[Any]
    ) -> dict[int, int]:
        """Return how many rows a mapping asks to add to each class, by the class's number."""
        added = {}
        for level, rows in strategy.items():
            place = find_level(level, levels)
            if not isinstance(rows, int | np.integer) or isinstance(rows, bool):
                raise OptionError(
                    f"sampling_strategy: {rows!r} rows are asked for of class {level!r}; give a "
                    "whole number"
                )
            if place is None or rows < counts[place]:
                has = "does not have" if place is None else f"has {counts[place]} rows of"
                raise OptionError(
                    f"sampling_strategy: {rows} rows are asked for of class {level!r}, which y "
                    f"{has}; rows can only be added to classes that are there"
                )
            if rows > counts[place]:
                added[place] = int(rows) - int(counts[place])
        return added


def _check_classes(classes: pd.Series, n_rows: int) -> None:
    if len(classes) != n_rows or not len(classes) or classes.isna().any():
        raise DataError(
            f"y has {len(classes)} classes, {int(classes.isna().sum())} of them missing, for "
            f"{n_rows} rows of X; give one class for each row"
        )


def _classes(y: Any) -> pd.Series:
    """Return classes as a series, also those of a frame or array of one column."""
    if isinstance(y, pd.Series):
        return y
    frame = pandas_of(y)
    if frame is not None and frame.shape[1] == 1:
        return frame.iloc[:, 0]
    array = np.asarray(y)
    return pd.Series(array.reshape(-1) if array.ndim == 2 and array.shape[1] == 1 else array)


def _free_name(features: pd.DataFrame) -> Any:
    name = "target"
    while name in features.columns.get_level_values(0):
        name += "_"
    levels = features.columns.nlevels
    return name if levels == 1 else (name, *[""] * (levels - 1))
