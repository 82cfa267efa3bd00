"""The records of a training as metrics of an MLflow run."""

from collections.abc import Mapping
from typing import Any

from tabgan.callbacks.facts import missing_package, numbers, scalars, texts
from tabgan.gan.callbacks import Callback, Record
from tabgan.gan.state import GeneratorState

__all__ = ["MLflow"]


class MLflow(Callback):
    """Log a training's options, records and facts to a run of MLflow.

    Where runs are kept, and in which experiment, is MLflow's to know (``mlflow.set_tracking_uri``,
    ``mlflow.set_experiment``, or its environment variables).

    Parameters
    ----------
    run
        Id of the run to log to. None takes the run that is active, or else starts one for the fit
        and ends it, as failed if the fit fails; other runs are left open.
    name
        Name of a run that is started.

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
        """Find or start the run and log the options as its parameters."""
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
        """Log the facts, as metrics and tags, and end a run that was started here."""
        import mlflow

        try:
            mlflow.log_metrics(numbers(facts), run_id=self._run)
            for name, text in texts(facts).items():
                mlflow.MlflowClient().set_tag(self._run, name, text)
        finally:
            if self._own:
                mlflow.end_run("FINISHED" if facts else "FAILED")
