"""Callbacks of a fit: the base class, several callbacks as one, and the check of the option."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from tabgan.base.errors import OptionError

if TYPE_CHECKING:
    from tabgan.generators.generator_training import GeneratorState

__all__ = ["Callback", "Callbacks", "Record", "check_callbacks"]

Record = dict[str, float]


class Callback:
    """Base class of callbacks; override the methods that you need.

    A record has the means since the previous record: ``step`` (steps done), ``epoch``,
    ``seconds``, ``discriminator_loss``, ``generator_loss``, ``advantage`` (of the discriminator, in
    logits), ``gamma`` (weight of its penalty), ``learning_rate``.
    `tabgan.generators.gan.diagnosis.Probe` adds ``diversity``, ``coverage`` and ``gradient_norm``
    of the moment. Without a discriminator, records have ``step``, ``seconds``,
    ``learning_rate`` and the parts of the loss: ``denoising_loss`` of a diffusion model,
    ``reconstruction_loss`` and ``kl_loss`` of a VAE, ``moment_loss`` of a fit with differential
    privacy.
    """

    def on_fit_begin(self, options: Mapping[str, Any]) -> None:
        """Run once at the beginning of a fit.

        Parameters
        ----------
        options
            The estimator's options as JSON values, without those that name columns;
            ``random_state`` is the seed used.
        """

    def on_fit_end(self, facts: Mapping[str, Any]) -> None:
        """Run once at the end of a fit, also if it fails.

        Parameters
        ----------
        facts
            What the model file records about the fit: ``n_steps``, ``penalty_reason``,
            ``diagnosis`` … (JSON values); empty if the fit failed.
        """

    def on_stage(self, name: str) -> None:
        """Run when a stage of the fit other than the training begins.

        Parameters
        ----------
        name
            The stage, one of `tabgan.fitting.fit_session.Stage`.
        """

    def on_train_begin(self, state: "GeneratorState") -> None:
        """Run once before the first training step."""

    def on_step(self, state: "GeneratorState") -> None:
        """Run after each training step, before a record of that step."""

    def on_record(self, state: "GeneratorState", record: Record) -> None:
        """Run with each record: every `Trainer.record_every` steps and at the end."""

    def on_train_end(self, state: "GeneratorState") -> None:
        """Run once after the last training step."""

    def stop(self) -> bool:
        """Return whether to end the fit with what it has learned so far.

        It is called after each step and between the parts of refinement and polish.
        """
        return False


class Callbacks(Callback):
    """Several callbacks as one, called in order."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self.callbacks = tuple(callbacks)

    def on_fit_begin(self, options: Mapping[str, Any]) -> None:
        """Call each callback; if one fails, end those that have begun."""
        with ExitStack() as begun:
            for callback in self.callbacks:
                callback.on_fit_begin(options)
                begun.callback(callback.on_fit_end, {})
            begun.pop_all()

    def on_fit_end(self, facts: Mapping[str, Any]) -> None:
        """Call each callback, the last one first, also if another one fails."""
        with ExitStack() as stack:
            for callback in self.callbacks:
                stack.callback(callback.on_fit_end, facts)

    def on_stage(self, name: str) -> None:
        """Call each callback."""
        for callback in self.callbacks:
            callback.on_stage(name)

    def on_train_begin(self, state: "GeneratorState") -> None:
        """Call each callback."""
        for callback in self.callbacks:
            callback.on_train_begin(state)

    def on_step(self, state: "GeneratorState") -> None:
        """Call each callback."""
        for callback in self.callbacks:
            callback.on_step(state)

    def on_record(self, state: "GeneratorState", record: Record) -> None:
        """Call each callback."""
        for callback in self.callbacks:
            callback.on_record(state, record)

    def on_train_end(self, state: "GeneratorState") -> None:
        """Call each callback."""
        for callback in self.callbacks:
            callback.on_train_end(state)

    def stop(self) -> bool:
        """Return whether one of the callbacks ends the fit."""
        return any(callback.stop() for callback in self.callbacks)


def check_callbacks(value: object) -> tuple[Callback, ...]:
    """Check the option ``callbacks`` of an estimator and return the callbacks.

    Parameters
    ----------
    value
        The option: a sequence of `Callback` objects, or None for none.

    Raises
    ------
    OptionError
        If it is anything else.

    Examples
    --------
    >>> check_callbacks([Callback(), 1])
    Traceback (most recent call last):
    tabgan.base.errors.OptionError: callbacks[1]=1 must be a Callback object
    """
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise OptionError(f"callbacks={value!r} must be a sequence of Callback objects")
    for place, callback in enumerate(value):
        if not isinstance(callback, Callback):
            hint = " (a class has to be called)" if isinstance(callback, type) else ""
            raise OptionError(f"callbacks[{place}]={callback!r} must be a Callback object{hint}")
    return tuple(value)
