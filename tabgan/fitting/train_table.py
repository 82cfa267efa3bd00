"""`TableTraining`: from encoded rows to a calibrated sampler, with snapshots on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import pandas as pd
import torch
from torch import Tensor

from tabgan.base.random_streams import numpy_stream
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoder import Encoded
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.generators.gan.batches import LevelRows, TableBatches
from tabgan.generators.gan.networks import MLPDiscriminator, MLPGenerator
from tabgan.generators.gan.trainer import GANTraining
from tabgan.generators.gan.training_snapshots import SNAPSHOT_ROWS, SnapshotRows, SnapshotTaker
from tabgan.generators.generator_training import Checkpoints, RowGenerator
from tabgan.generators.heads import TableHead
from tabgan.generators.training_callbacks import Callback
from tabgan.sampling.calibration import (
    POOL_ROWS,
    ConditionCounts,
    draw_pool,
    fit_stratified_calibration,
    level_offsets,
    level_shares,
)
from tabgan.sampling.row_samplers import ConditionalSampler, RowSampler

__all__ = [
    "AFTER_TRAINING",
    "Snapshot",
    "TableTraining",
    "TrainingResult",
    "calibrate",
    "calibrated",
    "decode_snapshots",
    "starting_logits",
    "table_batches",
]


# Rows drawn to calibrate on: their sampling error is a quarter of the table's own, at most.
LEAST_POOL = 8192
POOL_SHARE = 16


class Snapshot(NamedTuple):
    """Synthetic rows of one moment of training.

    Parameters
    ----------
    step, epoch
        The moment: steps taken, and passes over the table.
    rows
        Rows of the averaged generator of that moment from fixed latents, without calibration,
        refinement or polish; the training table's columns and dtypes.
    """

    step: int
    epoch: float
    rows: pd.DataFrame


def decode_snapshots(
    taken: Sequence[SnapshotRows], encoder: TableEncoder, seed: int
) -> list[Snapshot]:
    """Decode the rows of some moments into tables, with the same randomness for each.

    Parameters
    ----------
    taken
        The encoded rows and their moments.
    encoder
        Decodes them.
    seed
        Root of the streams of randomness.
    """
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


AFTER_TRAINING = 0.25  # share of the time left that a fit reserves for post-processing


class TrainingResult(NamedTuple):
    """The averaged generator, calibrated, and rows from moments of its training."""

    sampler: RowSampler | ConditionalSampler
    snapshots: list[SnapshotRows]


@dataclass(frozen=True, kw_only=True)
class TableTraining(GANTraining):
    """The training of a table's GAN, from encoded rows to a calibrated sampler.

    Parameters
    ----------
    spans
        Layout of an encoded row.
    hidden_dim
        Width of the hidden layers.
    given
        The level spans that are labels: inputs of both networks, and not generated.
    """

    spans: RowLayout
    hidden_dim: int
    given: tuple[int, ...] = ()

    def run(
        self,
        rows: Encoded,
        callback: Callback,
        seconds: float | None = None,
        checkpoints: Checkpoints | None = None,
    ) -> TrainingResult:
        """Train on encoded rows and calibrate the averaged generator.

        Parameters
        ----------
        rows
            The encoded table.
        callback
            Hears of the training; its records have what `tabgan.generators.gan.diagnosis` measures.
        seconds
            Wall time after which training ends; None for no limit.
        checkpoints
            Where the state goes, and comes from if there is one; None for nowhere.
        """
        shares = level_shares(rows.codes, self.spans)
        with self.isolated():
            generator, taken = self._train(rows, shares, callback, seconds, checkpoints)
            noise = self.stream("calibration")
            sampler = calibrated(generator, rows, self.spans, self.given, noise)
        return TrainingResult(sampler, taken)

    def _train(
        self,
        rows: Encoded,
        shares: Tensor,
        callback: Callback,
        seconds: float | None,
        checkpoints: Checkpoints | None,
    ) -> tuple[MLPGenerator, list[SnapshotRows]]:
        head = TableHead(self.spans, self.given).to(self.device)
        batches = table_batches(rows, head, self.spans, self.given, self.batch_size)
        snapshots = self._snapshots(batches)

        def networks(noise: torch.Generator) -> tuple[MLPGenerator, MLPDiscriminator]:  # noqa: ARG001
            return self.make_networks(
                lambda: self._networks(shares, head), hidden_dim=self.hidden_dim
            )

        averaged = self.train(
            head,
            batches,
            networks,
            snapshots,
            callback=callback,
            seconds=seconds,
            checkpoints=checkpoints,
        )
        return cast("MLPGenerator", averaged), snapshots.taken

    def _snapshots(self, batches: TableBatches) -> SnapshotTaker:
        stream = self.stream("snapshots")
        labels = None
        if self.n_snapshots and self.given:
            labels = batches.head.labels(batches.pick(SNAPSHOT_ROWS, stream, repeat=True))
        a_step = self.config.epochs_a_step(batches.n_rows, batches.batch_size)
        return SnapshotTaker(
            self.n_snapshots, batches.head, stream, labels=labels, epochs_a_step=a_step
        )

    def _networks(self, shares: Tensor, head: TableHead) -> tuple[MLPGenerator, MLPDiscriminator]:
        generator = MLPGenerator(
            self.latent_dim,
            self.spans.width,
            hidden_dim=self.hidden_dim,
            labels=head.label_widths,
            prior=self.prior,
        )
        generator.start_from(starting_logits(shares, self.spans))
        discriminator = MLPDiscriminator(
            head.n_features,
            hidden_dim=self.hidden_dim,
            labels=head.label_widths,
            label_places=head.label_features.tolist(),
        )
        return generator.to(self.device), discriminator.to(self.device)


def table_batches(
    rows: Encoded, head: TableHead, spans: RowLayout, given: Sequence[int], batch_size: int
) -> TableBatches:
    """Return batches of encoded rows, on the device of a head.

    Parameters
    ----------
    rows
        The encoded table.
    head
        Lays codes out as one-hot.
    spans
        Layout of an encoded row.
    given
        The level spans that are labels; of these, rare levels come more often.
    batch_size
        Rows a batch.
    """
    low, width, codes = (torch.from_numpy(part).to(head.bins.device) for part in rows)
    rare = None
    if given:
        rare = LevelRows(codes[:, list(given)].long(), [spans.widths[i] for i in given])
    return TableBatches(low, width, codes, head, batch_size, rare=rare)


def starting_logits(shares: Tensor, spans: RowLayout) -> Tensor:
    """Return the logits that a generator of tables starts from: those of the levels' shares.

    **Shape**: → (width,)

    Parameters
    ----------
    shares
        Of the levels, shape (levels,).
    spans
        Layout of an encoded row.
    """
    logits = torch.zeros(spans.width)
    logits[spans.n_numbers :] = shares.clamp_min(1e-6).log()
    return logits


def calibrated(
    generator: RowGenerator,
    rows: Encoded,
    spans: RowLayout,
    given: Sequence[int],
    noise: torch.Generator,
) -> RowSampler | ConditionalSampler:
    """Return a sampler with the margins of the training rows, also under its conditions.

    Parameters
    ----------
    generator
        The trained generator.
    rows
        The training rows.
    spans
        Layout of an encoded row.
    given
        The level spans that are labels of the generator.
    noise
        Stream of the rows that are drawn to calibrate on, on the generator's device.
    """
    if not given:
        most = max(LEAST_POOL, POOL_SHARE * len(rows.codes))
        return calibrate(generator, level_shares(rows.codes, spans), spans, noise, most=most)
    conditions, which = ConditionCounts.of(rows.codes, given)
    there = conditions.to(noise.device)

    def draw(counts: Tensor, most: int) -> Tensor:
        def labels(n: int) -> Tensor:
            drawn = there.draw(n, counts.double().to(noise.device), noise)
            return there.one_hot(drawn, spans)

        return draw_pool(generator, spans.width, noise, draw_labels=labels, most=most)

    strata = fit_stratified_calibration(rows, spans, conditions, which, draw=draw, stream=noise)
    return ConditionalSampler(generator, strata.to(noise.device), spans, there)


def calibrate(
    generator: RowGenerator,
    shares: Tensor,
    spans: RowLayout,
    noise: torch.Generator,
    *,
    most: int = POOL_ROWS,
) -> RowSampler:
    """Return a sampler whose levels have the given shares.

    Parameters
    ----------
    generator
        The averaged generator.
    shares
        Of the levels, shape (levels,).
    spans
        Layout of an encoded row.
    noise
        Stream of the latents that the levels' present shares are measured with.
    most
        Largest number of rows to measure them with.
    """
    levels = draw_pool(generator, spans.width, noise, most=most)[:, spans.n_numbers :]
    return RowSampler(generator, level_offsets(levels, shares.to(noise.device), spans), spans)
