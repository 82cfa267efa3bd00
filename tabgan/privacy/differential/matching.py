"""Train a generator to have the moments that were measured: no row is looked at any more.

There is no discriminator: the loss is the squared distance between the generator's moments and
the noisy ones, as in DP-MERF (Harder et al., 2021, arXiv:2002.11603) and GEM (Liu et al., 2021,
arXiv:2106.07153). Levels enter with their probabilities instead of draws.
"""

import time
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from tabgan.gan.averaging import MovingAverage
from tabgan.gan.callbacks import Callback
from tabgan.gan.latent import Prior
from tabgan.gan.networks import MLPGenerator
from tabgan.gan.optimizers import Optimizer
from tabgan.gan.precision import autocast
from tabgan.gan.state import GeneratorState
from tabgan.gan.threads import one_thread
from tabgan.gan.trainer import flushed_denormals, learning_rate_factor
from tabgan.privacy.differential.distances import MomentLoss, SoftBlocks, TripleLoss
from tabgan.privacy.differential.moments import Moments
from tabgan.privacy.differential.triples import Triples
from tabgan.sampling.calibration import draw_pool, level_offsets
from tabgan.sampling.rows import RowSampler
from tabgan.spans import Spans
from tabgan.streams import torch_stream

__all__ = ["Matching"]

RECORD_EVERY = 50  # steps


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
