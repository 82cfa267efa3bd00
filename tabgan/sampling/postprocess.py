"""Post-processing of drawn rows before they are decoded: refinement, then polish.

More rows than are wanted are drawn. The critics of the refinement choose among them,
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
from tabgan.generators.trees.vector_leaf_trees import VectorLeafTrees
from tabgan.sampling.refinement import choose, log_ratio, rake, weigh
from tabgan.sampling.row_features import Floats, RowFeatures
from tabgan.sampling.row_samplers import Sampler
from tabgan.sampling.tree_conditionals import (
    TreeConditional,
    redraw_columns,
    restore_conditional,
)

__all__ = ["MOST_POOL", "SPARE", "PostProcessing", "pool_for"]

MOST_POOL = 3.2  # rows that are drawn for each one that the critics leave
POOLS = (1.5, 2.0, 2.5, MOST_POOL)
MOST_LOST = 0.02  # of the weights, beyond a chance of one to be chosen
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
    pool
        Rows that are drawn for each one that the critics leave; see `pool_for`.
    """

    features: RowFeatures
    shares: Floats
    critics: tuple[VectorLeafTrees, ...] = ()
    conditionals: tuple[TreeConditional, ...] = ()
    pool: float = MOST_POOL

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
        n_drawn = round(n_polished * self.pool) if self.critics else n_polished
        rows = self.features.of(*sampler.draw(n_drawn, stream))
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
        return {"critics": len(self.critics), "redraws": redraws, "pool": self.pool}

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

        pool = float(description.get("pool", MOST_POOL))
        if not 1 <= pool <= MOST_POOL:
            raise ValueError("finish: a pool has from 1 to 3.2 rows for each that is left")
        critics = tuple(
            VectorLeafTrees.from_tensors(under(f"critic.{i}.", tensors), features.widths, 2)
            for i in range(int(description["critics"]))
        )
        conditionals = tuple(
            restore_conditional(item, under(f"redraw.{i}.", tensors), features)
            for i, item in enumerate(description["redraws"])
        )
        return cls(features, shares.double().numpy(), critics, conditionals, pool)


def pool_for(weights: Floats) -> float:
    """Return how many rows are to be drawn for each one that is chosen by their weights.

    Of `pool` rows for each chosen one, a row with a weight above `pool` times the mean would have
    to be chosen more than once. The flatter the weights, the smaller the pool that suffices.

    Parameters
    ----------
    weights
        Weights of drawn rows, shape (rows,).

    Examples
    --------
    >>> pool_for(np.ones(100)), pool_for(np.repeat([1.0, 9.0], 50))
    (1.5, 2.0)
    """
    relative = weights / weights.mean()
    lost = (np.maximum(relative - pool, 0).mean() for pool in POOLS)
    return next(
        (pool for pool, own in zip(POOLS, lost, strict=True) if own <= MOST_LOST), MOST_POOL
    )
