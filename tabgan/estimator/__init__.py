"""The estimators: learn a table, draw rows, fill holes, evaluate, save and load."""

from tabgan.estimator.tab_gan import TabGAN
from tabgan.estimator.tab_trees import TabTrees
from tabgan.estimator.table_estimator import TableEstimator

__all__ = ["TabGAN", "TabTrees", "TableEstimator"]
