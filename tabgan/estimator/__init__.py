"""The estimators of tables: fit, sample, impute, evaluate, save and load."""

from collections.abc import Mapping

from tabgan.estimator.network_estimators import TabDiffusion, TabGAN, TabVAE
from tabgan.estimator.tab_trees import TabTrees
from tabgan.estimator.table_estimator import TableEstimator

__all__ = ["METHODS", "TabDiffusion", "TabGAN", "TabTrees", "TabVAE", "TableEstimator"]

METHODS: Mapping[str, type[TableEstimator]] = {
    estimator.method: estimator for estimator in (TabGAN, TabTrees, TabDiffusion, TabVAE)
}
"""The estimator of each ``--method``."""
