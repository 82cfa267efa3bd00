"""Trains a generator to match the noisy marginals; it uses no row of the table.

There is no discriminator: the loss is the squared distance between the generator's moments and
the noisy ones, as in DP-MERF (Harder et al., 2021, arXiv:2002.11603) and GEM (Liu et al., 2021,
arXiv:2106.07153). Levels enter with their probabilities instead of draws.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from tabgan.base.random_streams import torch_stream
from tabgan.base.row_layout import RowLayout
from tabgan.fitting.private.noisy_marginals import KNOTS, Marginals, ThreeWayMarginals
from tabgan.fitting.train_table import calibrate, starting_logits
from tabgan.generators.gan.table_networks import MLPGenerator
from tabgan.generators.generator_training import (
    Checkpoints,
    GeneratorState,
    GeneratorTraining,
    autocast,
    flushed_denormals,
    learning_rate_factor,
    save_if_due,
    set_learning_rate,
    used_share,
)
from tabgan.generators.optimizers import MovingAverage, Optimizer
from tabgan.generators.training_callbacks import Callback
from tabgan.sampling.row_samplers import RowSampler

__all__ = ["MarginalMatching", "MomentLoss", "SoftBlocks", "TripleLoss"]

TRIPLES_A_STEP = 6
LEAST_SHARE = 1e-4  # of a cell, in the weights of errors
RECORD_EVERY = 50  # steps


class SoftBlocks(nn.Module):
    """The cells of the histograms as shares, computed from a generator's logits.

    **Shape**: logits (batch, width) → (batch, cells)

    Examples
    --------
    >>> blocks = SoftBlocks(RowLayout(marks=(None,), widths=(2,)))
    >>> cells = blocks(torch.zeros(3, 3))
    >>> cells.shape, cells[0, -2:].tolist()
    (torch.Size([3, 19]), [0.5, 0.5])
    """

    def __init__(self, spans: RowLayout) -> None:
        super().__init__()
        self.spans = spans
        self.register_buffer("knots", torch.arange(KNOTS, dtype=torch.float32), persistent=False)
        self.knots: Tensor
        marks = [mark for mark in spans.marks if mark is not None]
        order = [i for i in range(len(spans.widths)) if i not in marks]
        self.marks, self.plain = marks, order

    def forward(self, logits: Tensor) -> Tensor:
        """Return the share of each row in each cell."""
        n = self.spans.n_numbers
        u = torch.sigmoid(logits[:, :n].float())
        hats = (1 - (u.unsqueeze(-1) * (KNOTS - 1) - self.knots).abs()).clamp_min(0)
        levels = torch.split(logits[:, n:].float(), [*self.spans.widths], dim=1)
        shares = [part.softmax(dim=1) for part in levels]
        parts = []
        for number, mark in enumerate(self.spans.marks):
            if mark is None:
                parts.append(hats[:, number])
            else:
                parts += [hats[:, number] * shares[mark][:, :1], shares[mark][:, 1:]]
        return torch.cat([*parts, *(shares[i] for i in self.plain)], dim=1)


class MomentLoss(nn.Module):
    """Distance of moments: squared errors, scaled by each cell's target and noise.

    That is Pearson's χ², of pairs against independent columns, so that small cells count as much as
    they weigh in a total-variation distance, and none is fitted closer than its noise. Two halves
    of a batch have independent errors: the mean of the product of their distances is the square of
    the true distance, whatever the size of the batch.

    **Shape**: two halves of a batch, (rows, cells) each → ()

    Examples
    --------
    >>> moments = Marginals((2, 2), np.full(4, 0.5), np.full((4, 4), 0.25), 0.0, 0.0)
    >>> even = torch.full((8, 4), 0.5)
    >>> MomentLoss(moments)(even, even).item()
    0.0
    """

    def __init__(self, moments: Marginals) -> None:
        super().__init__()
        owner, means = moments.owner, moments.means
        expected = np.outer(means, means) + moments.pair_noise + LEAST_SHARE
        buffers = {
            "means": means,
            "pairs": moments.pairs,
            "mean_weights": 1 / (means + moments.mean_noise + LEAST_SHARE),
            "pair_weights": (owner[:, None] < owner[None, :]) / expected,
        }
        for name, values in buffers.items():
            self.register_buffer(name, torch.from_numpy(values).float(), persistent=False)
        self.means: Tensor
        self.pairs: Tensor
        self.mean_weights: Tensor
        self.pair_weights: Tensor

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        """Return the loss of a batch."""
        means, pairs = self._errors(one)
        other_means, other_pairs = self._errors(other)
        first = (self.mean_weights * means * other_means).sum()
        return first + (self.pair_weights * pairs * other_pairs).sum()

    def _errors(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        return rows.mean(dim=0) - self.means, rows.t() @ rows / len(rows) - self.pairs


class TripleLoss(nn.Module):
    """The same distance for three-way moments, for a few triples in each step.

    **Shape**: two halves of a batch, (rows, cells) each → ()

    Examples
    --------
    >>> moments = Marginals((1, 1, 1), np.ones(3), np.ones((3, 3)), 0.0, 0.0)
    >>> triples = ThreeWayMarginals(np.eye(3), (1, 1, 1), ((0, 1, 2),), (np.ones((1, 1, 1)),), 0.0)
    >>> rows = torch.ones(8, 3)
    >>> TripleLoss(triples, moments)(rows, rows, torch.Generator()).item()
    0.0
    """

    def __init__(self, triples: ThreeWayMarginals, moments: Marginals) -> None:
        super().__init__()
        self.chosen = triples.chosen
        starts = np.cumsum((0, *triples.widths))
        self.cells = [slice(a, b) for a, b in pairwise(starts.tolist())]
        coarse = torch.from_numpy(triples.coarse).float()
        self.register_buffer("coarse", coarse, persistent=False)
        self.coarse: Tensor
        means = moments.means @ triples.coarse
        for place, (table, (i, j, k)) in enumerate(zip(triples.shares, self.chosen, strict=True)):
            a, b, c = (means[self.cells[block]] for block in (i, j, k))
            expected = a[:, None, None] * b[:, None] * c + triples.noise + LEAST_SHARE
            for name, values in (("share", table), ("weight", 1 / expected)):
                flat = torch.from_numpy(values.reshape(-1, values.shape[2])).float()
                self.register_buffer(f"{name}_{place}", flat, persistent=False)

    def forward(self, one: Tensor, other: Tensor, picks: torch.Generator) -> Tensor:
        """Return the loss of a batch, as if of all triples."""
        one, other = one @ self.coarse, other @ self.coarse
        picked = torch.randperm(len(self.chosen), generator=picks)[:TRIPLES_A_STEP].tolist()
        total = torch.zeros((), device=one.device)
        for place in picked:
            weight = self.get_buffer(f"weight_{place}")
            total = total + (weight * self._error(one, place) * self._error(other, place)).sum()
        return total * (len(self.chosen) / len(picked))

    def _error(self, rows: Tensor, place: int) -> Tensor:
        i, j, k = (rows[:, self.cells[block]] for block in self.chosen[place])
        two = (i.unsqueeze(2) * j.unsqueeze(1)).flatten(1)
        return two.t() @ k / len(rows) - self.get_buffer(f"share_{place}")


@dataclass(frozen=True, kw_only=True)
class MarginalMatching(GeneratorTraining):
    """The private training of a table's generator, from noisy marginals to a calibrated sampler.

    No stream of its randomness touches the noise of privacy.

    Parameters
    ----------
    spans
        Layout of an encoded row.
    hidden_dim
        Width of the hidden layers.
    optimizer, learning_rate
        How weights are moved.
    """

    spans: RowLayout
    hidden_dim: int
    optimizer: Optimizer
    learning_rate: float

    def run(
        self,
        moments: Marginals,
        triples: ThreeWayMarginals | None,
        shares: Tensor,
        callback: Callback,
        seconds: float | None = None,
        *,
        checkpoints: Checkpoints | None = None,
    ) -> RowSampler:
        """Train, and calibrate the averaged generator to the shares of the levels.

        Parameters
        ----------
        moments, triples
            The marginals to match: numbers first, then the level spans that mark none.
        shares
            Of the levels, shape (levels,).
        callback
            Hears of the training, and may end it.
        seconds
            Wall time after which training ends; None for no limit.
        checkpoints
            Where the state goes, and comes from if there is one; None for nowhere.
        """
        with self.isolated(), flushed_denormals():
            generator = self.make_networks(
                lambda: self._generator(shares), hidden_dim=self.hidden_dim
            )
            picks = torch_stream(self.seed, "triples")
            loss = self._loss(moments, triples, picks)
            state = self._train(
                generator, loss, picks, callback=callback, seconds=seconds, checkpoints=checkpoints
            )
            averaged = cast("MLPGenerator", state.averaged.network)
            return calibrate(averaged, shares, self.spans, self.stream("calibration"))

    def _generator(self, shares: Tensor) -> MLPGenerator:
        generator = MLPGenerator(
            self.latent_dim, self.spans.width, hidden_dim=self.hidden_dim, prior=self.prior
        )
        generator.start_from(starting_logits(shares, self.spans))
        return generator.to(self.device)

    def _train(
        self,
        generator: MLPGenerator,
        loss: Callable[[Tensor], Tensor],
        picks: torch.Generator,
        *,
        callback: Callback,
        seconds: float | None,
        checkpoints: Checkpoints | None,
    ) -> GeneratorState:
        state = GeneratorState(
            generator=generator,
            averaged=MovingAverage(generator),
            generator_optimizer=self.optimizer.make(generator.parameters(), self.learning_rate),
            n_steps=self.n_steps,
        )
        latents = self.stream("latents")
        streams = (picks, latents)
        began, since, total = time.monotonic(), 0, torch.zeros((), device=self.device)
        saved = checkpoints.saved_training() if checkpoints else None
        if saved is not None:
            state.load_state_dict(saved)
            for stream, kept in zip(streams, saved["streams"], strict=True):
                stream.set_state(kept)
            began, since = began - saved["seconds"], saved["since"]
            total = saved["total"].to(self.device)

        def capture() -> dict[str, Any]:
            spent = {"seconds": time.monotonic() - began, "since": since, "total": total}
            states = [stream.get_state() for stream in streams]
            return {**state.state_dict(), **spent, "streams": states}

        callback.on_train_begin(state)
        progress = used_share(state, began, seconds)
        while progress < 1:
            rate = self.learning_rate * learning_rate_factor(progress)
            set_learning_rate(rate, state.generator_optimizer)
            total = total + self._step(state, loss, latents)
            since += 1
            callback.on_step(state)
            progress = 1.0 if callback.stop() else used_share(state, began, seconds)
            if since == RECORD_EVERY or progress >= 1:
                mean, since, total = float(total / since), 0, torch.zeros_like(total)
                record = {"step": state.step, "seconds": time.monotonic() - began}
                callback.on_record(state, record | {"moment_loss": mean, "learning_rate": rate})
            save_if_due(checkpoints, state, progress, capture)
        callback.on_train_end(state)
        return state

    def _loss(
        self, moments: Marginals, triples: ThreeWayMarginals | None, picks: torch.Generator
    ) -> Callable[[Tensor], Tensor]:
        blocks = SoftBlocks(self.spans).to(self.device)
        pairs = MomentLoss(moments).to(self.device)
        threes = TripleLoss(triples, moments).to(self.device) if triples else None

        def loss(logits: Tensor) -> Tensor:
            one, other = blocks(logits).chunk(2)
            value: Tensor = pairs(one, other)
            return value if threes is None else value + threes(one, other, picks)

        return loss

    def _step(
        self, state: GeneratorState, loss: Callable[[Tensor], Tensor], latents: torch.Generator
    ) -> Tensor:
        """Descend once; return the loss."""
        with autocast(self.device, self.dtype):
            logits = state.generator(state.generator.latents(2 * self.batch_size, latents))
        value = loss(logits)
        state.generator_optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        state.generator_optimizer.step()
        state.averaged.update()
        state.step += 1
        return value.detach()
