"""Snapshots: rows of the averaged generator from the same latents, at moments of the training."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from tabgan.generators.gan.batches import Head
from tabgan.generators.gan.diagnosis import evaluating
from tabgan.generators.generator_training import GeneratorState, used_share
from tabgan.generators.training_callbacks import Callback

__all__ = ["SNAPSHOT_ROWS", "SnapshotTaker", "SnapshotRows", "moments"]

SNAPSHOT_ROWS = 1_000


class SnapshotRows(NamedTuple):
    """Rows of one moment of training, shape (n, …), with its step and epoch."""

    step: int
    epoch: float
    rows: Tensor


def moments(n: int, n_steps: int) -> list[int]:
    """Return the steps of n moments: the start, the end, and evenly between; one is the end.

    Examples
    --------
    >>> moments(3, 100), moments(1, 100), moments(4, 2)
    ([0, 50, 100], [100], [0, 1, 2])
    """
    if n == 1:
        return [n_steps]
    return sorted({round(i * n_steps / (n - 1)) for i in range(n)})


class SnapshotTaker(Callback):
    """Draws rows from the averaged generator at some moments, always from the same latents.

    The training's own randomness is not touched. Where there is a limit of time, the moments are
    spread over whichever of steps and time is nearer its end, as the learning rate is.

    Parameters
    ----------
    n
        Number of moments; with 0 nothing is drawn.
    head
        Makes rows from logits.
    stream
        For latents and the head's noise; the same ones at each moment.
    labels
        Labels of the rows, shape (rows, …); None without labels.
    n_rows
        Rows of each moment; as many as labels where there are labels.
    epochs_a_step
        Passes over the data in a step.

    Attributes
    ----------
    taken : list of SnapshotRows
        The rows, on the CPU.
    seconds : float or None
        Wall time of the training; None for no limit.
    """

    def __init__(
        self,
        n: int,
        head: Head,
        stream: torch.Generator,
        *,
        labels: Tensor | None = None,
        n_rows: int = SNAPSHOT_ROWS,
        epochs_a_step: float = 0.0,
    ) -> None:
        self.n = n
        self.head = head
        self.labels = labels
        self.n_rows = n_rows if labels is None else len(labels)
        self.epochs_a_step = epochs_a_step
        self.taken: list[SnapshotRows] = []
        self.seconds: float | None = None
        self._moments: set[int] = set()
        self._began = 0.0
        self._stream = stream
        self._start = stream.get_state()

    def on_train_begin(self, state: GeneratorState) -> None:
        """Fix the moments, and take the first if this is it."""
        self._moments = set(moments(self.n, state.n_steps)) if self.n else set()
        self._began = time.monotonic()
        self.on_step(state)

    def on_step(self, state: GeneratorState) -> None:
        """Take rows if this is one of the moments."""
        if self._is_moment(state):
            self._take(state)

    def _is_moment(self, state: GeneratorState) -> bool:
        if self.seconds is None:
            return state.step in self._moments
        share = used_share(state, self._began, self.seconds)
        return self.n > 1 and len(self.taken) <= share * (self.n - 1)

    def on_train_end(self, state: GeneratorState) -> None:
        """Take the last rows of a training that ended early."""
        if self.n and (not self.taken or self.taken[-1].step != state.step):
            self._take(state)

    @torch.no_grad()
    def _take(self, state: GeneratorState) -> None:
        self._stream.set_state(self._start)
        z = state.generator.latents(self.n_rows, self._stream)
        network = state.averaged.network
        with evaluating(network):
            rows = self.head(network(z, self.labels), self._stream, self.labels)
        epoch = state.step * self.epochs_a_step
        # a training that goes on from an earlier state comes by the same moments again
        before = [moment for moment in self.taken if moment.step < state.step]
        self.taken[:] = [*before, SnapshotRows(state.step, epoch, rows.cpu())]

    def state_dict(self) -> list[list[Any]]:
        """Return what was taken so far."""
        return [[*moment] for moment in self.taken]

    def load_state_dict(self, saved: Sequence[Sequence[Any]]) -> None:
        """Restore what `state_dict` returned."""
        self.taken[:] = [SnapshotRows(int(step), epoch, rows) for step, epoch, rows in saved]
