"""Post-processing of drawn rows before they are decoded: refinement, then polish.

Several times as many rows as are wanted are drawn. The critics of the refinement choose among them,
the polish redraws columns, and a last choice restores the margins that this has moved.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.model_file import under
from tabgan.sampling.refinement import choose, log_ratio, rake, weigh
from tabgan.sampling.row_samplers import Sampler
from tabgan.sampling.tree_conditionals import (
    TreeConditional,
    redraw_columns,
    restore_conditional,
)
from tabgan.sampling.trees import Floats, RowFeatures, Trees

__all__ = ["POOL", "SPARE", "PostProcessing"]

POOL = 4  # rows that are drawn for each one that the critics leave
SPARE = 1.25  # rows that are polished for each one that the last choice leaves


@dataclass(frozen=True, eq=False)
class PostProcessing:
    """Refinement and polish of drawn rows.

    Parameters
    ----------
    features
        Computes features of rows.
    shares
        Each level's share of the training rows, shape (levels,).
    critics
        Trees whose summed log-odds weigh the rows.
    conditionals
        Distributions of the columns that are redrawn, in this order.
    """

    features: RowFeatures
    shares: Floats
    critics: tuple[Trees, ...] = ()
    conditionals: tuple[TreeConditional, ...] = ()

    def draw(
        self,
        sampler: Sampler,
        n: int,
        stream: torch.Generator,
        rng: np.random.Generator,
        *,
        free: bool = True,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Draw n finished rows.

        Parameters
        ----------
        sampler
            Where the rows come from.
        n
            Number of rows; some thousands whatever the number that is wanted, as they are
            calibrated together.
        stream, rng
            Randomness of the sampler, and of what comes after it.
        free
            Whether the rows are to have the training table's margins; else, under a condition,
            they keep those that the sampler gives.
        """
        spare = SPARE if free else 1.0
        n_polished = round(n * spare)
        rows = self.features.of(*sampler.draw(n * POOL if self.critics else n_polished, stream))
        if self.critics:
            ratio = log_ratio(self.critics, rows.features)
            weights = weigh(ratio, rows, self.features.spans, self.shares if free else None)
            rows = rows[choose(weights, n_polished, rng)]
        rows = redraw_columns(rows, self.conditionals, self.features, rng)
        if not free:
            return rows.numbers, rows.codes
        weights = rake(np.ones(len(rows)), rows, self.features.spans, self.shares)
        rows = rows[choose(weights, n, rng)]
        return sampler.ranked(rows.numbers, rows.codes, rng), rows.codes

    def to_json(self) -> dict[str, Any]:
        """Describe all but the tensors by JSON values."""
        redraws = [conditional.to_json() for conditional in self.conditionals]
        return {"critics": len(self.critics), "redraws": redraws}

    def to_tensors(self) -> dict[str, Tensor]:
        """Return the tensors, by name."""
        parts = {f"critic.{i}": critic.to_tensors() for i, critic in enumerate(self.critics)}
        parts |= {f"redraw.{i}": one.to_tensors() for i, one in enumerate(self.conditionals)}
        tensors = {
            f"{name}.{key}": tensor for name, part in parts.items() for key, tensor in part.items()
        }
        return tensors | {"shares": torch.from_numpy(self.shares.astype(np.float32))}

    @classmethod
    def restore(
        cls, description: Mapping[str, Any], tensors: Mapping[str, Tensor], features: RowFeatures
    ) -> Self:
        """Rebuild the post-processing from the values of `to_json` and `to_tensors`.

        Parameters
        ----------
        description, tensors
            What `to_json` and `to_tensors` returned.
        features
            Computes features of rows.

        Raises
        ------
        KeyError, TypeError, ValueError
            If a part is missing or does not fit.
        """
        shares = tensors["shares"]
        if shares.shape != (features.spans.n_levels,) or not ((shares >= 0) & (shares <= 1)).all():
            raise ValueError("finish: a share is needed for every level")

        critics = tuple(
            Trees.from_tensors(under(f"critic.{i}.", tensors), len(features), 1)
            for i in range(int(description["critics"]))
        )
        conditionals = tuple(
            restore_conditional(item, under(f"redraw.{i}.", tensors), features)
            for i, item in enumerate(description["redraws"])
        )
        return cls(features, shares.double().numpy(), critics, conditionals)
