"""Hooks into training: a base of no-ops and the ones that the library uses itself."""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TextIO

from tabgan.generators.gan.protocols import GeneratorState

__all__ = ["Callback", "Callbacks", "History", "Progress", "Record", "observed"]

Record = dict[str, float]


class Callback:
    """Base of all callbacks; override what is needed.

    A record holds the means since the record before: ``step`` (steps done), ``epoch``,
    ``seconds``, ``discriminator_loss``, ``generator_loss``, ``advantage`` (of the discriminator, in
    logits), ``gamma`` (weight of its penalty), ``learning_rate``.
    `tabgan.generators.gan.diagnosis.Probe` adds ``diversity``, ``coverage`` and ``gradient_norm``
    of the moment. A fit with differential privacy has no discriminator; its records hold ``step``,
    ``seconds``, ``moment_loss`` and ``learning_rate``.
    """

    def on_fit_begin(self, options: Mapping[str, Any]) -> None:
        """Run once before all else in a fit.

        Parameters
        ----------
        options
            The estimator's options as JSON values, without those that speak of columns;
            ``random_state`` is the seed that is used.
        """

    def on_fit_end(self, facts: Mapping[str, Any]) -> None:
        """Run once after all else in a fit, and also where it fails.

        Parameters
        ----------
        facts
            What the model file tells of the fit: ``n_steps``, ``penalty_reason``, ``diagnosis``
            … (JSON values); empty if the fit failed.
        """

    def on_stage(self, name: str) -> None:
        """Run when a stage of the fit begins that is not the training itself."""

    def on_train_begin(self, state: GeneratorState) -> None:
        """Run once before the first step."""

    def on_step(self, state: GeneratorState) -> None:
        """Run after each step, before the record that may follow it."""

    def on_record(self, state: GeneratorState, record: Record) -> None:
        """Run whenever a record is made: every `Trainer.record_every` steps and at the end."""

    def on_train_end(self, state: GeneratorState) -> None:
        """Run once after the last step."""

    def stop(self) -> bool:
        """Say whether the fit is to end with what it has learned so far.

        It is asked after each step and between the parts of refinement and polish.
        """
        return False


class Callbacks(Callback):
    """Several callbacks as one, called in order."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self.callbacks = tuple(callbacks)

    def on_stage(self, name: str) -> None:
        """Call each callback."""
        for callback in self.callbacks:
            callback.on_stage(name)

    def on_train_begin(self, state: GeneratorState) -> None:
        """Call each callback."""
        for callback in self.callbacks:
            callback.on_train_begin(state)

    def on_step(self, state: GeneratorState) -> None:
        """Call each callback."""
        for callback in self.callbacks:
            callback.on_step(state)

    def on_record(self, state: GeneratorState, record: Record) -> None:
        """Call each callback."""
        for callback in self.callbacks:
            callback.on_record(state, record)

    def on_train_end(self, state: GeneratorState) -> None:
        """Call each callback."""
        for callback in self.callbacks:
            callback.on_train_end(state)

    def stop(self) -> bool:
        """Say whether one of the callbacks says so."""
        return any(callback.stop() for callback in self.callbacks)


@contextmanager
def observed(callbacks: Iterable[Callback], options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Tell callbacks where a fit begins and ends, whatever happens in between.

    Yields
    ------
    A dictionary that the fit fills with its facts.
    """
    facts: dict[str, Any] = {}
    with ExitStack() as begun:
        for callback in callbacks:
            callback.on_fit_begin(options)
            begun.callback(callback.on_fit_end, facts)
        yield facts


class History(Callback):
    """Keeps all records as plain dictionaries in `records`."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def on_record(self, state: GeneratorState, record: Record) -> None:  # noqa: ARG002
        """Keep the record."""
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
        from tqdm import tqdm

        self.bar: tqdm[Any] = tqdm(
            total=None,
            desc="Reading the table",
            disable=not enabled,
            file=stream or sys.stderr,
            unit="step",
            leave=False,
            bar_format="{desc} [{elapsed}]",
            delay=0,
        )
        self.started = time.monotonic()

    def on_stage(self, name: str) -> None:
        """Name the stage that begins now."""
        self.bar.bar_format = "{desc} [{elapsed}]"
        self.bar.set_description_str(name)

    def on_train_begin(self, state: GeneratorState) -> None:
        """Turn the line into a bar over the training steps."""
        self.bar.bar_format = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
        self.bar.set_description_str("Training")
        self.bar.reset(total=state.n_steps)

    def on_record(self, state: GeneratorState, record: Record) -> None:
        """Move the bar to the present step."""
        losses = {key[0].upper(): record[key] for key in record if key.endswith("_loss")}
        self.bar.set_postfix({key: f"{value:.3f}" for key, value in losses.items()}, refresh=False)
        self.bar.update(state.step - self.bar.n)

    def close(self) -> None:
        """Remove the bar."""
        self.bar.close()
