"""Train a generator to have the moments that were measured: no row is looked at any more.

There is no discriminator: the loss is the squared distance between the generator's moments and
the noisy ones, as in DP-MERF (Harder et al., 2021, arXiv:2002.11603) and GEM (Liu et al., 2021,
arXiv:2106.07153). Levels enter with their probabilities instead of draws.
"""

import time
from collections.abc import Callable
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
from tabgan.gan.trainer import (
    flushed_denormals,
    learning_rate_factor,
    set_learning_rate,
    used_share,
)
from tabgan.privacy.differential.distances import MomentLoss, SoftBlocks, TripleLoss
from tabgan.privacy.differential.moments import Marginals
from tabgan.privacy.differential.triples import ThreeWayMarginals
from tabgan.sampling.calibration import draw_pool, level_offsets
from tabgan.sampling.rows import RowSampler
from tabgan.spans import RowLayout
from tabgan.streams import torch_stream

__all__ = ["MarginalMatching"]

RECORD_EVERY = 50  # steps


@dataclass(frozen=True)
class MarginalMatching:
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

    spans: RowLayout
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
        moments: Marginals,
        triples: ThreeWayMarginals | None,
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
        moments: Marginals,
        triples: ThreeWayMarginals | None,
        callback: Callback,
        seconds: float | None,
    ) -> GeneratorState:
        state = GeneratorState(
            generator=generator,
            averaged=MovingAverage(generator),
            generator_optimizer=self.optimizer.make(generator.parameters(), self.learning_rate),
            n_steps=self.n_steps,
        )
        loss = self._loss(moments, triples)
        latents = torch_stream(self.seed, "latents", device=self.device)
        callback.on_train_begin(state)
        began, since = time.monotonic(), 0
        total = torch.zeros((), device=self.device)
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
        callback.on_train_end(state)
        return state

    def _loss(
        self, moments: Marginals, triples: ThreeWayMarginals | None
    ) -> Callable[[Tensor], Tensor]:
        blocks = SoftBlocks(self.spans).to(self.device)
        pairs = MomentLoss(moments).to(self.device)
        threes = TripleLoss(triples, moments).to(self.device) if triples else None
        picks = torch_stream(self.seed, "triples")

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
