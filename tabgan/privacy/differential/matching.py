"""Train a generator to have the moments that were measured: no row is looked at any more.

There is no discriminator: the loss is the squared distance between the generator's moments and
the noisy ones, as in DP-MERF (Harder et al., 2021, arXiv:2002.11603) and GEM (Liu et al., 2021,
arXiv:2106.07153). Levels enter with their probabilities instead of draws.
"""

import time
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from tabgan.gan.averaging import MovingAverage
from tabgan.gan.callbacks import Callback
from tabgan.gan.latent import Prior
from tabgan.gan.networks import MLPGenerator
from tabgan.gan.optimizers import Optimizer
from tabgan.gan.precision import autocast
from tabgan.gan.state import GeneratorState
from tabgan.gan.threads import one_thread
from tabgan.gan.trainer import flushed_denormals, learning_rate_factor
from tabgan.privacy.differential.blocks import KNOTS
from tabgan.privacy.differential.moments import Moments
from tabgan.privacy.differential.triples import Triples
from tabgan.sampling.calibration import draw_pool, level_offsets
from tabgan.sampling.rows import RowSampler
from tabgan.spans import Spans
from tabgan.streams import torch_stream

__all__ = ["Matching", "SoftBlocks"]

RECORD_EVERY = 50  # steps
TRIPLES_A_STEP = 6
LEAST_SHARE = 1e-4  # of a cell, in the weights of errors


class SoftBlocks(nn.Module):
    """The blocks of `blocks.py` as a generator's logits have them, in shares.

    **Shape**: logits (batch, width) → (batch, cells)
    """

    def __init__(self, spans: Spans) -> None:
        super().__init__()
        self.spans = spans
        self.register_buffer("knots", torch.arange(KNOTS, dtype=torch.float32), persistent=False)
        self.knots: Tensor
        marks = [mark for mark in spans.marks if mark is not None]
        order = [i for i in range(len(spans.widths)) if i not in marks]
        self.marks, self.plain = marks, order

    def forward(self, logits: Tensor) -> Tensor:
        """Lay rows out."""
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


@dataclass(frozen=True)
class Matching:
    """What the training needs besides the moments.

    Parameters
    ----------
    spans
        Layout of an encoded row.
    latent_dim, hidden_dim, prior
        The generator's.
    n_steps, batch_size
        The budget.
    optimizer, learning_rate
        How weights are moved.
    device, dtype
        Where to train, and the number format of matrix products.
    seed
        Root of all streams of randomness; none of them touches the noise of privacy.
    """

    spans: Spans
    latent_dim: int
    hidden_dim: int
    prior: Prior
    n_steps: int
    batch_size: int
    optimizer: Optimizer
    learning_rate: float
    device: torch.device
    dtype: torch.dtype
    seed: int

    def run(
        self,
        moments: Moments,
        triples: Triples | None,
        shares: Tensor,
        callback: Callback,
        seconds: float | None = None,
    ) -> RowSampler:
        """Train, and calibrate the averaged generator to the shares of the levels.

        Parameters
        ----------
        moments, triples
            What the generator is to have; numbers first, then the level spans that mark none.
        shares
            Of the levels, shape (levels,).
        callback
            Is told how the training goes, and may end it.
        seconds
            Wall time after which training ends; None for no limit.
        """
        with one_thread(), flushed_denormals(), torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(torch_stream(self.seed, "init").initial_seed())
            generator = MLPGenerator(
                self.latent_dim, self.spans.width, hidden_dim=self.hidden_dim, prior=self.prior
            )
            bias = torch.zeros(self.spans.width)
            bias[self.spans.n_numbers :] = shares.clamp_min(1e-6).log()
            generator.start_from(bias)
            generator = generator.to(self.device)
            state = self._train(generator, moments, triples, callback, seconds)
            averaged = cast("MLPGenerator", state.averaged.network)
            noise = torch_stream(self.seed, "calibration", device=self.device)
            logits = draw_pool(averaged, self.spans.width, noise)
            levels = logits[:, self.spans.n_numbers :]
            offsets = level_offsets(levels, shares.to(self.device), self.spans)
        return RowSampler(averaged, offsets, self.spans)

    def _train(
        self,
        generator: MLPGenerator,
        moments: Moments,
        triples: Triples | None,
        callback: Callback,
        seconds: float | None,
    ) -> GeneratorState:
        optimizer = self.optimizer.make(generator.parameters(), self.learning_rate)
        state = GeneratorState(
            generator=generator,
            averaged=MovingAverage(generator),
            generator_optimizer=optimizer,
            n_steps=self.n_steps,
        )
        blocks = SoftBlocks(self.spans).to(self.device)
        loss = MomentLoss(moments).to(self.device)
        more = TripleLoss(triples, moments).to(self.device) if triples else None
        picks = torch_stream(self.seed, "triples")
        latents = torch_stream(self.seed, "latents", device=self.device)
        callback.on_train_begin(state)
        began, progress, since = time.monotonic(), 0.0 if self.n_steps else 1.0, 0
        total = torch.zeros((), device=self.device)
        while progress < 1:
            for group in optimizer.param_groups:
                group["lr"] = self.learning_rate * learning_rate_factor(progress)
            with autocast(self.device, self.dtype):
                logits = generator(generator.latents(2 * self.batch_size, latents))
            one, other = blocks(logits).chunk(2)
            value = loss(one, other)
            if more is not None:
                value = value + more(one, other, picks)
            optimizer.zero_grad(set_to_none=True)
            value.backward()
            optimizer.step()
            state.averaged.update()
            state.step, since, total = state.step + 1, since + 1, total + value.detach()
            callback.on_step(state)
            spent = time.monotonic() - began
            progress = 1.0 if callback.stop() else state.step / self.n_steps
            if seconds is not None:
                progress = max(progress, spent / max(seconds, 1e-9))
            if since == RECORD_EVERY or progress >= 1:
                rate = float(optimizer.param_groups[0]["lr"])
                mean, since, total = float(total / since), 0, torch.zeros_like(total)
                record = {"step": state.step, "seconds": spent, "moment_loss": mean}
                callback.on_record(state, record | {"learning_rate": rate})
        callback.on_train_end(state)
        return state


class MomentLoss(nn.Module):
    """Distance of moments: each squared error over what the cell should hold and its noise.

    That is Pearson's χ², of pairs against independent columns, so that small cells count as much as
    they weigh in a total-variation distance, and none is fitted closer than its noise. Two halves
    of a batch have independent errors: the mean of the product of their distances is the square of
    the true distance, whatever the size of the batch.

    **Shape**: two halves of a batch, (rows, cells) each → ()
    """

    def __init__(self, moments: Moments) -> None:
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
    """The same distance of three-way moments, of a few triples in each step.

    **Shape**: two halves of a batch, (rows, cells) each → ()
    """

    def __init__(self, triples: Triples, moments: Moments) -> None:
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
