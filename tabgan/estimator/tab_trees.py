"""`TabTrees`: learns a table by boosted trees, column after column."""

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
    """Learn a table with boosted trees and draw synthetic rows like its own.

    Each column is drawn given those before it (`tabgan.generators.trees.tree_generator`). A fit
    takes less time than one of `TabGAN`, and suits tables of many categories. There is no
    differential privacy.

    Parameters
    ----------
    max_time
        Seconds of wall time for the whole fit, or None for no limit. If the trees would take
        longer, each column gets fewer of them. The result then depends on the speed of the
        machine.
    schema
        A `Schema` for the table, or a mapping from column names to kinds that overrides what is
        inferred; None infers everything. Of the kinds (`tabgan.table.schema`), "identifier",
        "key", "sequential", "uuid", "iban", "email", "name", "first_name", "last_name", "phone",
        "address", "city", "company" and ``"regex:[A-Z]{2}-[0-9]{4}"`` are generated without
        any value of the table, and "text" is filled with placeholders.
    condition_on
        A column, or a list of columns, to be drawn first, so that ``sample(where=...)`` can draw
        rows with a level directly. Such a column has to be learned
        by its levels: categories, booleans, numbers of few values.
    constraints
        Rules that all rows of the table keep and all drawn rows have to keep: a list of
        constraints (`tabgan.constraints`), or None.
    locale
        Faker's locale of generated names, addresses and telephone numbers, such as "de_DE". None
        takes "en_US", and writes telephone numbers as the table does.
    min_group
        About how many rows must hold a value for the model to keep it. Rarer levels become
        frequent ones or, where they are many, generated ones; ranges and quantiles are trimmed by
        as many rows. 1 keeps all values. A `Column` of the schema can have its own. Categorical
        dtypes and booleans declare their values and keep all of them.
    text
        What stands for free text, which is not learned. "keep-shape" writes placeholders with the
        lengths, marks and frequent words of the texts, and phrases that `min_group` rows hold
        (`tabgan.encoding.identifiers.placeholder_text`); "lorem" writes filler words; "drop" leaves
        such columns out.
    derive
        Whether rules by which columns determine others are detected, so that they hold in every
        synthetic row.
    refine
        Whether rows that a tree critic takes for real are drawn more often
        (`tabgan.sampling.refinement`).
    training_rows
        Most rows that are learned. A table that has more is learned from a uniform sample of them,
        the same at every fit. None takes all rows of a table, and 500,000 of a file.
    callbacks
        `Callback` objects, which hear of the stages of the fit and can end it.
    verbose
        Whether a progress bar is shown on standard error.
    random_state
        Seed of everything random: an integer makes fit and sample repeatable.

    Attributes
    ----------
    schema_ : Schema
        The columns of the table.
    dependencies_ : list
        The detected and declared rules that give back columns; each has a `describe` method.
    constraints_ : list of Constraint
        The declared rules, with what they learned from the table.
    conditions_ : dict
        The levels of each condition column.
    postprocessing_ : dict
        What refinement did: ``critics`` trained, the ``effective_share`` of the rows after
        weighting, ``trees`` in all and the ``seconds`` taken, which are in no model file; empty if
        nothing was tried.
    n_trees_ : int
        Trees of all columns.
    history_ : list
        Empty: there are no steps of a training.
    n_rows_ : int
        Rows of the training table.
    n_features_in_ : int
        Columns of the training table.

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
