"""`TabTrees`: the estimator that learns a table with boosted trees, column by column."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch

from tabgan.base.errors import OptionError
from tabgan.base.option_checks import names_unknown_options
from tabgan.estimator.table_estimator import TableEstimator
from tabgan.fitting.options import Method
from tabgan.fitting.train_table import Snapshot
from tabgan.sampling.table_model import TableModel
from tabgan.table.frame_libraries import FrameT

__all__ = ["TabTrees"]


@names_unknown_options
@dataclass(eq=False, repr=False, kw_only=True)
class TabTrees(TableEstimator[FrameT]):
    """Learn a table with boosted trees, and sample synthetic rows.

    Each column is sampled given those before it (`tabgan.generators.trees.tree_generator`). A fit
    takes less time than that of `TabGAN`, and suits tables of many categories. There is no
    differential privacy.

    Parameters
    ----------
    max_time : float, optional
        Limit for the wall time of the whole fit, in seconds. If the trees would take longer, each
        column gets fewer of them. The result then depends on the speed of the machine.
    condition_on : label or list of labels, optional
        Columns to sample first, so that ``sample(where=...)`` can directly sample rows with a given
        category: categorical and boolean columns, and numbers with few values.
    callbacks : list of Callback, optional
        Callbacks that are notified of the stages of the fit, and can end it.
    schema, constraints, locale, min_group, text, derive, refine, training_rows
        As in `TabGAN`.
    verbose, random_state
        As in `TabGAN`.

    Attributes
    ----------
    schema_, dependencies_, constraints_, conditions_, n_rows_, n_features_in_
        As in `TabGAN`.
    postprocessing_ : dict
        What refinement did: the number of ``critics``, the ``effective_share`` of the rows after
        weighting, all ``trees``, and the ``seconds`` taken, which are not in the model file. Empty
        if nothing was tried.
    n_trees_ : int
        Number of trees of all columns.
    history_ : list
        Empty, because there are no training steps.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"size": [1.5, 2.5, 3.5, 4.5] * 25, "kind": ["a", "b"] * 50})
    >>> trees = TabTrees(verbose=False, random_state=0).fit(table)
    >>> trees.sample(3).dtypes.astype(str).to_dict()
    {'size': 'float64', 'kind': 'object'}
    """

    method: ClassVar[Method] = "trees"

    def _with_defaults(self, options: dict[str, Any]) -> dict[str, Any]:
        return super()._with_defaults(options) | {"device": "cpu"}

    @classmethod
    def _device(cls, device: str) -> torch.device:
        if device not in ("auto", "cpu"):
            raise OptionError(
                f"device={device!r}: trees are evaluated on the CPU; leave device out",
                on_command_line=f"--device {device}: trees are evaluated on the CPU; leave "
                "--device out",
            )
        return torch.device("cpu")

    def _set_model(self, model: TableModel, snapshots: Sequence[Snapshot] = ()) -> Self:
        super()._set_model(model, snapshots)
        self.n_trees_ = model.facts.n_steps
        return self

    def size_of_fit(self) -> dict[str, Any]:
        """Return the number of trees, as JSON values."""
        return {"trees": self.n_trees_}

    def _facts_of_method(self) -> dict[str, str]:
        return {"trees": f"{self.n_trees_:,}"}
