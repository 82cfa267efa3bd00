"""`ModelFacts`: what a model file records about the fit of a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, Self

from tabgan.base.checks import check_number
from tabgan.base.model_file import parameters_from_json, parameters_to_json
from tabgan.generators.gan.diagnosis import Finding
from tabgan.generators.training_callbacks import Record
from tabgan.table.frame_libraries import FrameForm

__all__ = ["ModelFacts"]


@dataclass(frozen=True)
class ModelFacts:
    """What a model file records about a fit, besides what rows are drawn with.

    Attributes
    ----------
    parameters
        The options of the estimator, by name, as JSON values.
    n_rows
        Rows of the training table; about as many after a private fit.
    form
        The kind of table that was learned.
    latent_reason, penalty_reason
        Why the latent size, and which penalty with which weight.
    n_steps
        Training steps taken.
    history
        Records of the training.
    diagnosis
        What went wrong in training.
    postprocessing
        What refinement and polish did, as JSON values; empty if nothing was tried.
    privacy
        The privacy ledger as JSON values; None without differential privacy.
    """

    parameters: Mapping[str, Any]
    n_rows: int
    form: FrameForm
    latent_reason: str
    penalty_reason: str
    n_steps: int
    history: tuple[Record, ...] = ()
    diagnosis: tuple[Finding, ...] = ()
    postprocessing: Mapping[str, Any] = field(default_factory=dict)
    privacy: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return JSON values that `from_json` makes equal facts from."""
        facts = {
            "parameters": parameters_to_json(self.parameters),
            "n_rows": self.n_rows,
            "table": self.form.to_json(),
            "latent_reason": self.latent_reason,
            "finish": dict(self.postprocessing),
            "n_steps": self.n_steps,
            "penalty_reason": self.penalty_reason,
            "history": list(self.history),
            "diagnosis": [finding.to_json() for finding in self.diagnosis],
        }
        return facts if self.privacy is None else facts | {"privacy": dict(self.privacy)}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Read the facts of a model file.

        Raises
        ------
        KeyError, TypeError, ValueError
            If one is missing or malformed.
        """
        check_number("n_rows", state["n_rows"], Integral, 1)
        privacy = state.get("privacy")
        return cls(
            parameters=parameters_from_json(state["parameters"]),
            n_rows=int(state["n_rows"]),
            form=FrameForm.from_json(state.get("table", {"library": "pandas"})),
            latent_reason=str(state["latent_reason"]),
            penalty_reason=str(state["penalty_reason"]),
            n_steps=int(state["n_steps"]),
            history=tuple(dict(record) for record in state["history"]),
            diagnosis=tuple(map(Finding.from_json, state.get("diagnosis", ()))),
            postprocessing=dict(state["finish"]),
            privacy=None if privacy is None else dict(privacy),
        )
