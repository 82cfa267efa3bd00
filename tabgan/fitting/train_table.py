"""Trainings on encoded rows: of a GAN, a network with a single loss, or trees."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple, cast

import pandas as pd
import torch
from torch import Tensor

from tabgan.base.random_streams import numpy_stream
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoders import Encoded
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.fitting.fit_session import FitSession
from tabgan.fitting.options import FitOptions
from tabgan.fitting.prepare import Preparation
from tabgan.generators.diffusion import MLPDenoiser
from tabgan.generators.gan.diagnosis import SNAPSHOT_ROWS, SnapshotRows, SnapshotTaker
from tabgan.generators.gan.table_networks import MLPDiscriminator, MLPGenerator
from tabgan.generators.gan.trainer import GANTraining
from tabgan.generators.generator_training import Checkpoints, RowGenerator
from tabgan.generators.heads_and_batches import LevelRows, TableBatches, TableHead
from tabgan.generators.network_training import LearnedGenerator, NetworkTraining
from tabgan.generators.training_callbacks import Callback
from tabgan.generators.trees.tree_generator import TreeTraining
from tabgan.generators.variational_autoencoder import VariationalAutoencoder
from tabgan.sampling.calibration import (
    POOL_ROWS,
    ConditionCounts,
    draw_pool,
    fit_stratified_calibration,
    level_offsets,
    level_shares,
)
from tabgan.sampling.row_samplers import ConditionalSampler, RowSampler, TreeSampler

__all__ = [
    "AFTER_TRAINING",
    "Snapshot",
    "TableNetworkTraining",
    "TableTraining",
    "TrainingResult",
    "calibrate",
    "calibrated",
    "column_order",
    "decode_snapshots",
    "least_rows",
    "network_training",
    "starting_logits",
    "table_batches",
    "train_trees",
]

# Rows drawn to calibrate on: their sampling error is a quarter of the table's own, at most.
LEAST_POOL = 8192
POOL_SHARE = 16


class Snapshot(NamedTuple):
    """Synthetic rows from one moment of the training.

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


def column_order(encoder: TableEncoder) -> tuple[int, ...]:
    """Return the columns of an encoded row in the order of the table, flags before their numbers.

    Numbers are named by their place, level spans by theirs behind the numbers.
    """
    n_numbers, order = encoder.spans.n_numbers, list[int]()
    for numbers, spans in encoder.places.values():
        order += [n_numbers + span for span in range(spans.start, spans.stop)]
        order += range(numbers.start, numbers.stop)
    return tuple(order)


def least_rows(preparation: Preparation, options: FitOptions) -> int:
    """Return the training rows on which each leaf of a tree must rest.

    Parameters
    ----------
    preparation
        What the table was prepared to.
    options
        The options of the fit.
    """
    columns = preparation.encoder.columns.values()
    return max([options.min_group, *(column.least_rows for column in columns)])


def train_trees(
    rows: Encoded,
    preparation: Preparation,
    options: FitOptions,
    session: FitSession,
    *,
    seed: int,
    after: float,
) -> TreeSampler:
    """Fit trees to encoded rows; each column gets an equal share of the time that is left.

    Parameters
    ----------
    rows
        The encoded table.
    preparation
        What the table was prepared to.
    options
        The options of the fit.
    session
        Callbacks and clock of the fit.
    seed
        Root of all streams of randomness.
    after
        Share of the time left that is reserved for what follows.
    """
    encoder, conditions = preparation.encoder, preparation.condition_columns
    given = conditions.spans if conditions else ()
    order, began = column_order(encoder), session.seconds
    n_columns, seconds = max(len(order) - len(given), 1), session.training_seconds(after)
    one_at_a_time = Lock()  # columns are fitted in threads, callbacks expect one

    def stop(place: int) -> bool:
        with one_at_a_time:
            if session.stop():
                return True
        due = None if seconds is None else seconds * (place + 1) / n_columns
        return due is not None and session.seconds - began >= due

    training = TreeTraining(
        layout=encoder.spans,
        order=order,
        given=given,
        least=least_rows(preparation, options),
        seed=seed,
        workers=torch.get_num_threads(),
    )
    generator = training.run(*rows, stop=stop)
    counts = ConditionCounts.of(rows.codes, given)[0] if given else None
    return TreeSampler(generator, counts)


@dataclass(frozen=True, kw_only=True)
class TableNetworkTraining(NetworkTraining):
    """The training of one network on a table.

    Parameters
    ----------
    spans
        Layout of an encoded row.
    hidden_dim
        Width of the hidden layers.
    given
        The level spans that are labels.
    make
        Makes the network, from the layout and the widths of the labels.
    """

    spans: RowLayout
    hidden_dim: int
    given: tuple[int, ...]
    make: Callable[[RowLayout, list[int]], LearnedGenerator]

    def run(
        self, rows: Encoded, callback: Callback, seconds: float | None = None
    ) -> RowSampler | ConditionalSampler:
        """Train on encoded rows and calibrate the averaged network.

        Parameters
        ----------
        rows
            The encoded table.
        callback
            Hears of the training.
        seconds
            Wall time after which training ends; None for no limit.
        """
        head = TableHead(self.spans, self.given).to(self.device)
        batches = table_batches(rows, head, self.spans, self.given, self.batch_size)

        def data_of(drawn: Tensor) -> tuple[Tensor, Tensor | None]:
            return head.scores(drawn), head.labels(drawn)

        def make() -> LearnedGenerator:
            network = self.make(self.spans, head.label_widths)
            return network.to(self.device)

        with self.isolated():
            network = self.descend(
                lambda: self.make_networks(make, hidden_dim=self.hidden_dim),
                batches,
                data_of,
                callback,
                seconds,
            )
            return calibrated(network, rows, self.spans, self.given, self.stream("calibration"))


def network_training(
    preparation: Preparation, options: FitOptions, seed: int
) -> TableNetworkTraining:
    """Return the training that the options of a fit describe.

    Parameters
    ----------
    preparation
        What the table was prepared to.
    options
        The options of the fit.
    seed
        Root of all streams of randomness.
    """
    conditions = preparation.condition_columns
    return TableNetworkTraining(
        spans=preparation.encoder.spans,
        hidden_dim=options.hidden_dim,
        given=conditions.spans if conditions else (),
        make=_network(preparation, options),
        latent_dim=preparation.latent.dim,
        prior="gaussian",
        n_steps=preparation.n_steps,
        batch_size=options.batch_size,
        learning_rate=options.training.learning_rate,
        device=options.device,
        dtype=options.dtype,
        seed=seed,
    )


def _network(
    preparation: Preparation, options: FitOptions
) -> Callable[[RowLayout, list[int]], LearnedGenerator]:
    def make(spans: RowLayout, labels: list[int]) -> LearnedGenerator:
        if options.method == "vae":
            return VariationalAutoencoder(
                spans,
                preparation.latent.dim,
                hidden_dim=options.hidden_dim,
                labels=labels,
                options=options.autoencoder,
            )
        return MLPDenoiser(spans, options.schedule, hidden_dim=options.hidden_dim, labels=labels)

    return make
