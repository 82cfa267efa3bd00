"""`NetworkEstimator`: what estimators share whose generator is a network."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from tabgan.estimator.table_estimator import TableEstimator
from tabgan.fitting.train_table import Snapshot
from tabgan.sampling.table_model import TableModel
from tabgan.table.frame_libraries import FrameT

__all__ = ["NetworkEstimator"]


@dataclass(eq=False, repr=False, kw_only=True)
class NetworkEstimator(TableEstimator[FrameT]):
    """An estimator that trains networks step by step; `TabGAN` documents the parameters."""

    steps: int | str = "auto"
    epochs: float | None = None
    batch_size: int = 512
    hidden_dim: int = 256
    learning_rate: float = 5e-4
    polish: bool = True
    device: str = "auto"
    precision: str = "auto"

    @classmethod
    def _options_of_process(cls, device: str) -> dict[str, Any]:
        return {"device": device}

    def _set_model(self, model: TableModel, snapshots: Sequence[Snapshot] = ()) -> Self:
        super()._set_model(model, snapshots)
        self.n_steps_ = model.facts.n_steps
        return self

    def size_of_fit(self) -> dict[str, Any]:
        """Return the steps taken, as JSON values."""
        return {"steps": self.n_steps_}

    def _untried_by_method(self) -> Iterator[str]:
        yield f"train for more steps than {self.n_steps_:,} (--steps, or a longer --max-time)"
        if self.privacy_ is None:
            yield "try --method trees"
            if not self.polish:
                yield "keep polish on (--polish)"

    def _facts_of_method(self) -> dict[str, str]:
        return {"steps": f"{self.n_steps_:,}", "device": str(self._model.device)}
