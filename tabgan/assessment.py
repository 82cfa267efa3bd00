"""What a fitted estimator can say of its rows: how good they are, and how they came about."""

import platform
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from tabgan.drawing.mixin import DrawingMixin
from tabgan.gan.diagnosis import Finding
from tabgan.inference import as_frame
from tabgan.privacy.differential.ledger import Ledger
from tabgan.schema import Schema

if TYPE_CHECKING:
    from tabgan.evaluation import Evaluation
    from tabgan.evaluation.results import Run

__all__ = ["AssessmentMixin"]


NOT_COVERED = (
    "this evaluation looks at the real rows: the guarantee of privacy holds for the model and all "
    "that is drawn from it, and not for these figures"
)


class AssessmentMixin(DrawingMixin):
    """Draws rows from the model that `fit` or `load` has set, and evaluates them."""

    schema_: Schema
    history_: list[dict[str, Any]]
    diagnosis_: list[Finding]
    latent_dim_: int
    latent_reason_: str
    penalty_reason_: str
    n_steps_: int
    finish_: dict[str, Any]
    privacy_: Ledger | None
    _fit_facts: Mapping[str, str] = {}  # of this process: a model file does not keep them

    def evaluate(
        self,
        real: Any,
        synthetic: Any = None,
        holdout: Any = None,
        target: Hashable | None = None,
    ) -> "Evaluation":
        """Measure how good synthetic rows are; see `tabgan.evaluate`.

        Parameters
        ----------
        real
            The training table.
        synthetic
            Rows of this estimator; None draws as many as `real` has.
        holdout
            Real rows that are not among the training rows.
        target
            The column that a model is to predict; None chooses one.

        Returns
        -------
        An evaluation whose `run` tells how the rows came about.

        Raises
        ------
        DataError, SchemaError, OptionError
            As `tabgan.evaluate` does.
        NotFittedError
            If there is no model yet.
        """
        self._check_fitted()
        from tabgan.evaluation import evaluate  # late: it takes seconds to import

        frame = as_frame(real)
        drawn = self.sample(len(frame)) if synthetic is None else synthetic
        kinds = {column.name: column.kind for column in self.schema_}
        found = evaluate(frame, drawn, holdout, target, schema=kinds)
        return replace(found, run=self._run())

    def _run(self) -> "Run":
        from tabgan.evaluation.results import Run

        facts = {
            **self._fit_facts,
            "training rows": f"{self.n_rows_:,}",
            "steps": f"{self.n_steps_:,}",
            "latent size": f"{self.latent_dim_} ({self.latent_reason_})",
            "penalty": self.penalty_reason_,
            "device": str(self._model.device),
            **_described_finish(self.finish_),
            "versions": ", ".join(
                [*(f"{name} {version(name)}" for name in ("tabgan", "torch")), _python()]
            ),
        }
        if self.privacy_ is not None:
            facts |= self.privacy_.facts()
        notes = [str(finding) for finding in self.diagnosis_]
        if self.privacy_ is not None:
            notes += [self.privacy_.describe()[0], NOT_COVERED]
        return Run(facts, tuple(self.history_), tuple(notes))


def _python() -> str:
    return f"Python {platform.python_version()}"


def _described_finish(finish: Mapping[str, Any]) -> dict[str, str]:
    if not finish:
        return {}
    columns: Sequence[Mapping[str, Any]] = finish["columns"]
    polished = ", ".join(str(item["column"]) for item in columns) or "no column"
    return {
        "refined by": f"{finish['critics']} tree critics, effective sample "
        f"{100 * finish['effective_share']:.0f} %",
        "polished": polished,
    }
