"""Callbacks: hooks into a fit, and trackers for TensorBoard, MLflow and Weights & Biases.

Pass them to an estimator as ``callbacks=[...]``. The trackers receive the options when a fit
begins, the losses and other records by training step, and the results when it ends, but no value
and no column name.

Examples
--------
>>> import pandas as pd
>>> from tabgan import TabGAN
>>> class Steps(Callback):
...     def on_record(self, state, record):
...         print(f"step {state.step} of {state.n_steps}")
>>> table = pd.DataFrame({"size": [1.5, 2.5, 3.5, 4.5] * 25})
>>> gan = TabGAN(steps=60, hidden_dim=8, callbacks=[Steps()], verbose=False).fit(table)
step 50 of 60
step 60 of 60
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tabgan.base.errors import OptionError
from tabgan.generators.generator_training import GeneratorState
from tabgan.generators.training_callbacks import Callback, Record

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

__all__ = ["Callback", "MLflow", "TensorBoard", "WandB"]

Texts = dict[str, str]


def scalars(record: Mapping[str, float]) -> dict[str, float]:
    """Return the figures of a record, without its step.

    Examples
    --------
    >>> scalars({"step": 50, "epoch": 2.5})
    {'epoch': 2.5}
    """
    return {name: value for name, value in record.items() if name != "step"}


def numbers(facts: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures of a fit; those of refinement and polish have dotted names.

    Examples
    --------
    >>> numbers({"n_steps": 9, "finish": {"trees": 4, "columns": []}, "penalty_reason": "r1"})
    {'n_steps': 9.0, 'finish.trees': 4.0}
    """
    finish = {f"finish.{name}": value for name, value in facts.get("finish", {}).items()}
    return {k: float(v) for k, v in {**facts, **finish}.items() if isinstance(v, int | float)}


def texts(facts: Mapping[str, Any]) -> Texts:
    """Return the reasons of a fit's choices, and the problems of its training.

    Examples
    --------
    >>> texts({"n_steps": 9, "penalty_reason": "r1", "diagnosis": []})
    {'penalty_reason': 'r1', 'diagnosis': 'all went well'}
    """
    told = {name: value for name, value in facts.items() if isinstance(value, str)}
    if "diagnosis" in facts:
        found = (f"{item['name']} since step {item['step']}" for item in facts["diagnosis"])
        told["diagnosis"] = "; ".join(found) or "all went well"
    return told


def missing_package(tracker: str, package: str, extra: str) -> OptionError:
    """Return an error that names the package to install for a tracker."""
    return OptionError(
        f"callbacks: {tracker} needs {package}, which is not installed; install it with: "
        f"pip install '.[{extra}]'"
    )


class MLflow(Callback):
    """Log the options, records and results of a training to MLflow.

    Set the tracking server and the experiment in MLflow itself (``mlflow.set_tracking_uri``,
    ``mlflow.set_experiment``, or its environment variables).

    Parameters
    ----------
    run
        Id of the run to log to. By default the active run; if there is none, a run is started for
        the fit, and ended as failed if the fit fails. Other runs stay open.
    name
        Name of a run that is started for the fit.

    Raises
    ------
    OptionError
        When a fit begins, if MLflow is not installed (extra ``mlflow``).
    """

    def __init__(self, run: str | None = None, *, name: str | None = None) -> None:
        self.run = run
        self.name = name
        self._run = ""  # the run of this fit
        self._own = False

    def on_fit_begin(self, options: Mapping[str, Any]) -> None:
        """Find or start the run, and log the options as its parameters."""
        try:
            import mlflow
        except ImportError as error:
            raise missing_package("MLflow", "mlflow", "mlflow") from error
        active = mlflow.active_run()
        self._own = self.run is None and active is None
        if self.run is not None:
            self._run = self.run
        else:
            self._run = (active or mlflow.start_run(run_name=self.name)).info.run_id
        mlflow.log_params(dict(options), run_id=self._run)

    def on_record(self, state: GeneratorState, record: Record) -> None:
        """Log each figure of the record as a metric at its step."""
        import mlflow

        mlflow.log_metrics(scalars(record), step=state.step, run_id=self._run)

    def on_fit_end(self, facts: Mapping[str, Any]) -> None:
        """Log the results as metrics and tags, and end the run if it was started here."""
        import mlflow

        try:
            mlflow.log_metrics(numbers(facts), run_id=self._run)
            for name, text in texts(facts).items():
                mlflow.MlflowClient().set_tag(self._run, name, text)
        finally:
            if self._own:
                mlflow.end_run("FINISHED" if facts else "FAILED")


class TensorBoard(Callback):
    """Log the options, records and results of a training to a folder for TensorBoard.

    Parameters
    ----------
    folder
        Folder for the event file; it is created if needed. Use one folder for each training, and
        view all with ``tensorboard --logdir`` on their parent folder.

    Raises
    ------
    OptionError
        When a fit begins, if TensorBoard is not installed (extra ``tensorboard``).
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = folder
        self._writer: SummaryWriter | None = None

    def on_fit_begin(self, options: Mapping[str, Any]) -> None:
        """Open the event file and write the options."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise missing_package("TensorBoard", "tensorboard", "tensorboard") from error
        self._writer = SummaryWriter(str(self.folder))
        for name, value in options.items():
            self._writer.add_text(f"options/{name}", str(value))

    def on_record(self, state: GeneratorState, record: Record) -> None:
        """Write each figure of the record as a scalar at its step."""
        if self._writer is not None:
            for name, value in scalars(record).items():
                self._writer.add_scalar(name, value, state.step)

    def on_fit_end(self, facts: Mapping[str, Any]) -> None:
        """Write the results, and close the event file."""
        writer, self._writer = self._writer, None
        if writer is not None:
            for name, value in {**numbers(facts), **texts(facts)}.items():
                writer.add_text(f"facts/{name}", str(value))
            writer.close()


class WandB(Callback):
    """Log the options, records and results of a training to Weights & Biases.

    The open run is used, and stays open. If there is none, a run is opened for the fit, and
    finished as failed if the fit fails.

    Parameters
    ----------
    project
        Project of a run that is opened for the fit.
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
        """Write the results into the run's summary, and finish the run if it was opened here."""
        run, self._run = self._run, None
        run.summary.update({**numbers(facts), **texts(facts)})
        if self._own:
            run.finish(exit_code=0 if facts else 1)
