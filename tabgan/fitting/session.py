"""`FitSession`: what any fit carries from its first stage to its last."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from types import TracebackType
from typing import Any, Self, TextIO

from sklearn.exceptions import NotFittedError as _SklearnNotFittedError

from tabgan.base.errors import TabGANError
from tabgan.generators.generator_training import GeneratorState
from tabgan.generators.training_callbacks import Callback, Callbacks, Record

__all__ = ["FitSession", "History", "NotFittedError", "Progress", "Stage"]


class NotFittedError(TabGANError, _SklearnNotFittedError):
    """The estimator was asked for something that only a fitted one has."""


class Stage(StrEnum):
    """The stages of a fit, by the names that callbacks and the progress bar get."""

    READING_TABLE = "Reading the table"
    FINDING_RULES = "Finding rules between columns"
    ENCODING = "Encoding"
    MEASURING = "Measuring in private"
    READING_IMAGES = "Reading the images"
    TRAINING = "Training"
    GROWING_TREES = "Growing trees"
    REFINING = "Refining"
    POLISHING = "Polishing"
    POSTPROCESSING = "Refining and polishing"

    @classmethod
    def after_training(cls, *, refine: bool, polish: bool) -> "Stage | None":
        """Return the stage that follows the training; None if nothing is to be done.

        Parameters
        ----------
        refine, polish
            What is to be done.
        """
        if refine and polish:
            return cls.POSTPROCESSING
        if refine:
            return cls.REFINING
        return cls.POLISHING if polish else None


class History(Callback):
    """Keeps all records as plain dictionaries in `records`."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def on_record(self, state: GeneratorState, record: Record) -> None:  # noqa: ARG002
        """Keep the record, in place of those of steps that are taken a second time."""
        while self.records and self.records[-1]["step"] >= record["step"]:
            self.records.pop()
        self.records.append(record)


class Progress(Callback):
    """A progress bar on standard error, for the stages around training too.

    Parameters
    ----------
    enabled
        Whether anything is shown.
    stream
        Where it is shown; standard error if None.
    """

    def __init__(self, enabled: bool, stream: TextIO | None = None) -> None:
        from tqdm.auto import tqdm  # in a notebook a bar of its own

        self.bar: tqdm[Any] = tqdm(
            total=None,
            desc=Stage.READING_TABLE.value,
            disable=not enabled,
            file=stream or sys.stderr,
            unit="step",
            leave=False,
            bar_format="{desc} [{elapsed}]",
            delay=0,
        )

    def on_stage(self, name: str) -> None:
        """Name the stage that begins now."""
        self.bar.bar_format = "{desc} [{elapsed}]"
        self.bar.set_description_str(name)

    def on_train_begin(self, state: GeneratorState) -> None:
        """Turn the line into a bar over the training steps."""
        self.bar.bar_format = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
        self.bar.set_description_str(Stage.TRAINING.value)
        self.bar.reset(total=state.n_steps)

    def on_record(self, state: GeneratorState, record: Record) -> None:
        """Move the bar to the present step."""
        losses = {key[0].upper(): record[key] for key in record if key.endswith("_loss")}
        self.bar.set_postfix({key: f"{value:.3f}" for key, value in losses.items()}, refresh=False)
        self.bar.update(state.step - self.bar.n)
        if state.step == state.n_steps:  # the bar leaves out what comes soon after the last
            self.bar.refresh()

    def close(self) -> None:
        """Remove the bar."""
        self.bar.close()


class FitSession:
    """The callbacks, records, progress bar and clock of one fit of a table or of images.

    A session is a context: on leaving it the progress bar is removed.

    Parameters
    ----------
    callbacks
        The user's callbacks, checked.
    max_time
        Seconds of wall time that the fit may take; None for no limit.
    verbose
        Whether a progress bar is shown.
    began
        When the fit began, by `time.monotonic`; None for now.

    Attributes
    ----------
    callback : Callback
        History, progress bar and the user's callbacks as one.

    Examples
    --------
    >>> with FitSession(max_time=60.0, verbose=False) as session:
    ...     with session.observed({"steps": 5}) as facts:
    ...         session.stage(Stage.ENCODING)
    ...         facts["n_steps"] = 5
    >>> session.stop(), 59 < session.training_seconds() <= 60, session.records
    (False, True, [])
    """

    def __init__(
        self,
        callbacks: Sequence[Callback] = (),
        *,
        max_time: float | None = None,
        verbose: bool = True,
        began: float | None = None,
    ) -> None:
        self.began = time.monotonic() if began is None else began
        self.max_time = max_time
        self._history = History()
        self._progress = Progress(verbose)
        self.callback = Callbacks([self._history, self._progress, *callbacks])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.close()

    @property
    def records(self) -> list[Record]:
        """The records of the training so far."""
        return self._history.records

    @property
    def n_steps(self) -> int:
        """Training steps taken so far."""
        return int(self.records[-1]["step"]) if self.records else 0

    @property
    def seconds(self) -> float:
        """Seconds since the fit began."""
        return time.monotonic() - self.began

    @contextmanager
    def observed(self, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Tell the callbacks that the fit begins, and at the end its facts, also if it fails.

        Parameters
        ----------
        options
            The estimator's options as JSON values, for `Callback.on_fit_begin`.

        Yields
        ------
        A dictionary that the fit fills with its facts, for `Callback.on_fit_end`.
        """
        facts: dict[str, Any] = {}
        self.callback.on_fit_begin(options)
        try:
            yield facts
        finally:
            self.callback.on_fit_end(facts)

    def go_on(self, records: Sequence[Record], seconds: float) -> None:
        """Go on where a former fit was.

        Parameters
        ----------
        records
            Its records.
        seconds
            The seconds that it has taken.
        """
        self._history.records[:] = map(dict, records)
        self.began -= seconds

    def stage(self, stage: Stage) -> None:
        """Tell the callbacks that a stage begins."""
        self.callback.on_stage(stage.value)

    def training_seconds(self, after: float = 0.0) -> float | None:
        """Return the wall time that training may take; None for no limit.

        Parameters
        ----------
        after
            Share of the time left that is reserved for what follows training.
        """
        if self.max_time is None:
            return None
        return max(self.max_time - self.seconds, 0.0) * (1 - after)

    def stop(self) -> bool:
        """Return whether a callback ends the fit, or its time is up."""
        return self.callback.stop() or (self.max_time is not None and self.seconds >= self.max_time)
