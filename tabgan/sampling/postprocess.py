"""What happens to drawn rows before they are decoded: refinement, then polish.

Several times as many rows as are wanted are drawn; the refinement's critics choose among them;
the polish draws columns anew; and a last choice brings back the margins that this has moved.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tabgan.base.model_file import under
from tabgan.sampling.calibration import present_numbers, uniform_ranks
from tabgan.sampling.refinement import choose, log_ratio, rake, weigh
from tabgan.sampling.tree_conditionals import LevelConditional, NumberConditional, Redraw
from tabgan.sampling.trees import DrawnRows, Floats, RowFeatures, Trees

__all__ = ["POOL", "SPARE", "PostProcessing", "Sampler"]

POOL = 4  # rows that are drawn for each one that the critics leave
SPARE = 1.25  # rows that are polished for each one that the last choice leaves


class Sampler(Protocol):
    """Draws encoded rows."""

    @property
    def generator(self) -> nn.Module:
        """The trained generator; its parameters tell the device."""
        ...

    def draw(
        self, n: int, stream: torch.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Draw n rows: probabilities (n, numbers) and codes (n, level spans)."""
        ...


@dataclass(frozen=True, eq=False)
class PostProcessing:
    """Refinement and polish of drawn rows.

    Parameters
    ----------
    features
        Makes features of rows.
    shares
        Each level's share of the training rows, shape (levels,).
    critics
        Trees whose summed log-odds weigh the rows.
    redraws
        Columns that are drawn anew, in this order.
    """

    features: RowFeatures
    shares: Floats
    critics: tuple[Trees, ...] = ()
    redraws: tuple[Redraw, ...] = ()

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
        for redraw in self.redraws:
            rows = redraw.apply(rows, self.features, rng)
        if not free:
            return rows.numbers, rows.codes
        weights = rake(np.ones(len(rows)), rows, self.features.spans, self.shares)
        rows = rows[choose(weights, n, rng)]
        return self._ranked(rows, rng), rows.codes

    def _ranked(self, rows: DrawnRows, rng: np.random.Generator) -> Floats:
        """Bring the numbers back to uniform margins, which the choices have moved a little."""
        present = present_numbers(torch.from_numpy(rows.codes), self.features.spans)
        jitter = torch.from_numpy(rng.random(rows.numbers.shape))
        return uniform_ranks(torch.from_numpy(rows.numbers), present, jitter).numpy()

    def to_json(self) -> dict[str, Any]:
        """Describe all but the tensors by JSON values."""
        return {"critics": len(self.critics), "redraws": [_describe(r) for r in self.redraws]}

    def to_tensors(self) -> dict[str, Tensor]:
        """Return the tensors, by name."""
        parts = {f"critic.{i}": critic for i, critic in enumerate(self.critics)}
        for i, redraw in enumerate(self.redraws):
            if isinstance(redraw, LevelConditional):
                parts[f"redraw.{i}"] = redraw.trees
            else:
                parts |= {f"redraw.{i}.{k}": digit for k, digit in enumerate(redraw.digits)}
        tensors = {
            f"{name}.{key}": tensor
            for name, trees in parts.items()
            for key, tensor in trees.to_tensors().items()
        }
        return tensors | {"shares": torch.from_numpy(self.shares.astype(np.float32))}

    @classmethod
    def restore(
        cls, description: Mapping[str, Any], tensors: Mapping[str, Tensor], features: RowFeatures
    ) -> Self:
        """Rebuild a finish from what `to_json` and `to_tensors` gave.

        Raises
        ------
        KeyError, TypeError, ValueError
            If something lacks or does not fit.
        """
        shares = tensors["shares"]
        if shares.shape != (features.spans.n_levels,) or not ((shares >= 0) & (shares <= 1)).all():
            raise ValueError("finish: a share is needed for every level")

        def trees(name: str, n_outputs: int) -> Trees:
            found = Trees.from_tensors(under(f"{name}.", tensors), len(features))
            if len(found.baseline) != n_outputs:
                raise ValueError("finish: trees with a wrong number of outputs")
            return found

        critics = tuple(trees(f"critic.{i}", 1) for i in range(int(description["critics"])))
        redraws: list[Redraw] = []
        for i, item in enumerate(description["redraws"]):
            if "level" in item:
                span, levels = int(item["level"]), np.array(item["levels"], np.int64)
                _check_levels(span, levels, features)
                outputs = 1 if len(levels) == 2 else len(levels)
                redraws.append(LevelConditional(span, trees(f"redraw.{i}", outputs), levels))
            else:
                number, n_digits = int(item["number"]), int(item["digits"])
                if not (0 <= number < features.spans.n_numbers and 1 <= n_digits <= 32):
                    raise ValueError("finish: a redraw of no number")
                digits = tuple(trees(f"redraw.{i}.{k}", 1) for k in range(n_digits))
                redraws.append(NumberConditional(number, digits))
        return cls(features, shares.double().numpy(), critics, tuple(redraws))


def _describe(redraw: Redraw) -> dict[str, Any]:
    if isinstance(redraw, LevelConditional):
        return {"level": redraw.span, "levels": redraw.levels.tolist()}
    return {"number": redraw.number, "digits": len(redraw.digits)}


def _check_levels(span: int, levels: NDArray[np.int64], features: RowFeatures) -> None:
    widths = features.spans.widths
    if not 0 <= span < len(widths) or levels.ndim != 1 or len(levels) < 2:
        raise ValueError("finish: a redraw of no level span")
    if levels[0] < 0 or levels[-1] >= widths[span] or (np.diff(levels) < 1).any():
        raise ValueError("finish: levels that the column does not have")
