"""Train the GAN of a table: from encoded rows to a calibrated sampler."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import pandas as pd
import torch
from torch import Tensor

from tabgan.base.errors import OptionError
from tabgan.base.random_streams import numpy_stream, torch_stream
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoder import Encoded
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.generators.gan.batches import LevelRows, TableBatches
from tabgan.generators.gan.diagnosis import PROBE_ROWS, Probe
from tabgan.generators.gan.networks import MLPDiscriminator, MLPGenerator
from tabgan.generators.gan.trainer import Trainer
from tabgan.generators.gan.training_config import TrainingConfig
from tabgan.generators.gan.training_snapshots import SNAPSHOT_ROWS, SnapshotRows, SnapshotTaker
from tabgan.generators.heads import TableHead
from tabgan.generators.latents import Prior
from tabgan.generators.precision import one_thread
from tabgan.generators.training_callbacks import Callback, Callbacks
from tabgan.sampling.calibration import draw_pool, level_offsets, level_shares
from tabgan.sampling.row_samplers import ConditionalSampler, RowSampler
from tabgan.sampling.stratified_calibration import ConditionCounts, fit_stratified_calibration

__all__ = [
    "AFTER_TRAINING",
    "Snapshot",
    "TableTraining",
    "TrainingResult",
    "auto_steps",
    "decode_snapshots",
]


class Snapshot(NamedTuple):
    """Synthetic rows of one moment of training.

    Parameters
    ----------
    step, epoch
        The moment: steps taken, and passes over the table.
    rows
        What the averaged generator then made of fixed latents, without calibration, refinement
        or polish; the training table's columns and dtypes.
    """

    step: int
    epoch: float
    rows: pd.DataFrame


def decode_snapshots(
    taken: Sequence[SnapshotRows], encoder: TableEncoder, seed: int
) -> list[Snapshot]:
    """Turn encoded rows back into tables; what is random in it is so alike for all moments."""
    return [Snapshot(step, epoch, _decode(rows, encoder, seed)) for step, epoch, rows in taken]


def _decode(rows: Tensor, encoder: TableEncoder, seed: int) -> pd.DataFrame:
    spans = encoder.spans
    numbers = rows[:, : spans.n_numbers].double().numpy()
    codes = _codes(rows[:, spans.n_numbers :], spans).numpy()
    return encoder.decode(numbers, codes, 0, numpy_stream(seed, "snapshots", "decode"), key=seed)


def _codes(levels: Tensor, spans: RowLayout) -> Tensor:
    if not spans.widths:
        return levels.new_empty((len(levels), 0), dtype=torch.long)
    parts = torch.split(levels, [*spans.widths], dim=1)
    return torch.stack([part.argmax(dim=1) for part in parts], dim=1)


MIN_STEPS = 2_000


MAX_STEPS = 10_000


STEPS_PER_ROW = 1.0  # between the two


AFTER_TRAINING = 0.25  # share of a fit's time limit that is kept for what follows training


def auto_steps(n_rows: int) -> int:
    """Choose the number of training steps for a table of n rows.

    Examples
    --------
    >>> auto_steps(500), auto_steps(20_000), auto_steps(1_000_000)
    (2000, 10000, 10000)
    """
    return int(min(max(MIN_STEPS, STEPS_PER_ROW * n_rows), MAX_STEPS))


class TrainingResult(NamedTuple):
    """The averaged generator, calibrated, and rows from moments of its training."""

    sampler: RowSampler | ConditionalSampler
    snapshots: list[SnapshotRows]


@dataclass(frozen=True)
class TableTraining:
    """What a table's training needs besides the rows.

    Parameters
    ----------
    spans
        Layout of an encoded row.
    latent_dim, hidden_dim
        Sizes of the latent and of the hidden layers.
    prior
        What latents are drawn from.
    n_steps, batch_size
        The budget.
    recipe
        Losses, penalty, stabilisers and optimisation.
    device, dtype
        Where to train, and the number format of matrix products.
    seed
        Root of all streams of randomness.
    given
        The level spans that are given to the networks and not generated.
    n_snapshots
        Number of moments at which rows are drawn for `tabgan.generators.gan.training_snapshots`.
    """

    spans: RowLayout
    latent_dim: int
    hidden_dim: int
    prior: Prior
    n_steps: int
    batch_size: int
    recipe: TrainingConfig
    device: torch.device
    dtype: torch.dtype
    seed: int
    given: tuple[int, ...] = ()
    n_snapshots: int = 0

    def run(
        self, rows: Encoded, callback: Callback, seconds: float | None = None
    ) -> TrainingResult:
        """Train on encoded rows and calibrate the averaged generator.

        The callback's records have what `tabgan.generators.gan.diagnosis` measures. Training ends
        early after some seconds of wall time, if they are given.
        """
        shares = level_shares(rows.codes, self.spans)
        with one_thread(), torch.random.fork_rng(devices=[]):
            generator, taken = self._train(rows, shares, callback, seconds)
            noise = torch_stream(self.seed, "calibration", device=self.device)
            if self.given:
                return TrainingResult(self._calibrate_conditions(generator, rows, noise), taken)
            logits = draw_pool(generator, self.spans.width, noise)
            levels = logits[:, self.spans.n_numbers :]
            offsets = level_offsets(levels, shares.to(self.device), self.spans)
        return TrainingResult(RowSampler(generator, offsets, self.spans), taken)

    def _calibrate_conditions(
        self, generator: MLPGenerator, rows: Encoded, noise: torch.Generator
    ) -> ConditionalSampler:
        conditions, which = ConditionCounts.of(rows.codes, self.given)
        there = conditions.to(self.device)

        def draw(counts: Tensor, most: int) -> Tensor:
            def labels(n: int) -> Tensor:
                drawn = there.draw(n, counts.double().to(self.device), noise)
                return there.one_hot(drawn, self.spans)

            width = self.spans.width
            return draw_pool(generator, width, noise, draw_labels=labels, most=most)

        strata = fit_stratified_calibration(
            rows, self.spans, conditions, which, draw=draw, stream=noise
        )
        return ConditionalSampler(generator, strata.to(self.device), self.spans, there)

    def _train(
        self, rows: Encoded, shares: Tensor, callback: Callback, seconds: float | None
    ) -> tuple[MLPGenerator, list[SnapshotRows]]:
        head = TableHead(self.spans, self.given).to(self.device)
        generator, discriminator = self._networks(shares, head)
        low, width, codes = (torch.from_numpy(part).to(self.device) for part in rows)
        batches = TableBatches(low, width, codes, head, self.batch_size, rare=self._rare(codes))
        trainer = Trainer(
            head=head,
            batches=batches,
            recipe=self.recipe,
            dtype=self.dtype,
            latents=torch_stream(self.seed, "latents", device=self.device),
            data=torch_stream(self.seed, "data", device=self.device),
            noise=torch_stream(self.seed, "noise", device=self.device),
            seconds=seconds,
        )
        state = trainer.start(generator, discriminator, self.n_steps)
        snapshots = self._snapshots(batches)
        callbacks = Callbacks([self._probe(batches), snapshots, callback])
        generator = cast("MLPGenerator", trainer.run(state, callbacks).averaged.network)
        return generator, snapshots.taken

    def _probe(self, batches: TableBatches) -> Probe:
        stream = torch_stream(self.seed, "probe", device=self.device)
        return Probe(batches.head, batches.pick(PROBE_ROWS, stream), stream)

    def _snapshots(self, batches: TableBatches) -> SnapshotTaker:
        stream = torch_stream(self.seed, "snapshots", device=self.device)
        labels = None
        if self.n_snapshots and self.given:
            labels = batches.head.labels(batches.pick(SNAPSHOT_ROWS, stream, repeat=True))
        a_step = self.recipe.epochs_a_step(batches.n_rows, batches.batch_size)
        return SnapshotTaker(
            self.n_snapshots, batches.head, stream, labels=labels, epochs_a_step=a_step
        )

    def _rare(self, codes: Tensor) -> LevelRows | None:
        widths = [self.spans.widths[i] for i in self.given]
        return LevelRows(codes[:, list(self.given)].long(), widths) if self.given else None

    def _networks(self, shares: Tensor, head: TableHead) -> tuple[MLPGenerator, MLPDiscriminator]:
        # torch's initialisers draw from the global generator: seed a fork of it.
        torch.default_generator.manual_seed(torch_stream(self.seed, "init").initial_seed())
        try:
            return self._build(shares, head)
        except RuntimeError as error:
            raise OptionError(
                f"hidden_dim={self.hidden_dim}, latent_dim={self.latent_dim}: networks of this "
                f"size can't be made here ({str(error)[:100]}); take smaller ones"
            ) from error

    def _build(self, shares: Tensor, head: TableHead) -> tuple[MLPGenerator, MLPDiscriminator]:
        generator = MLPGenerator(
            self.latent_dim,
            self.spans.width,
            hidden_dim=self.hidden_dim,
            labels=head.label_widths,
            prior=self.prior,
        )
        bias = torch.zeros(self.spans.width)
        bias[self.spans.n_numbers :] = shares.clamp_min(1e-6).log()
        generator.start_from(bias)
        discriminator = MLPDiscriminator(
            head.n_features,
            hidden_dim=self.hidden_dim,
            labels=head.label_widths,
            label_places=head.label_features.tolist(),
        )
        return generator.to(self.device), discriminator.to(self.device)
