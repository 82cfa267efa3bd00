"""The records of a training in a run of Weights & Biases."""

from collections.abc import Mapping
from typing import Any

from tabgan.callbacks.facts import missing_package, numbers, scalars, texts
from tabgan.gan.callbacks import Callback, Record
from tabgan.gan.state import GeneratorState

__all__ = ["WandB"]


class WandB(Callback):
    """Log a training's options, records and facts to a run of Weights & Biases.

    The run that is open is logged to and left open; where there is none, one is opened for the fit
    and finished with it, as failed if the fit fails.

    Parameters
    ----------
    project
        Project of a run that is opened.
    **settings
        Further arguments of ``wandb.init``: ``name``, ``group``, ``mode="offline"`` …

    Raises
    ------
    OptionError
        When a fit begins, if wandb is not installed (extra ``wandb``).
    """

    def __init__(self, project: str | None = None, **settings: Any) -> None:
        self.project = project
        self.settings = settings
        self._run: Any = None  # the run of this fit
        self._own = False

    def on_fit_begin(self, options: Mapping[str, Any]) -> None:
        """Find or open the run and write the options into its configuration."""
        try:
            import wandb
        except ImportError as error:
            raise missing_package("WandB", "wandb", "wandb") from error
        self._own = wandb.run is None
        self._run = wandb.run or wandb.init(project=self.project, **self.settings)
        self._run.config.update(dict(options), allow_val_change=True)

    def on_record(self, state: GeneratorState, record: Record) -> None:
        """Log the figures of the record at its step."""
        self._run.log(scalars(record), step=state.step)

    def on_fit_end(self, facts: Mapping[str, Any]) -> None:
        """Write the facts into the run's summary and finish a run that was opened here."""
        run, self._run = self._run, None
        run.summary.update({**numbers(facts), **texts(facts)})
        if self._own:
            run.finish(exit_code=0 if facts else 1)
