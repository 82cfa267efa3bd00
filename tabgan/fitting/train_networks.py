"""Train a network of one loss on encoded rows: a diffusion or a VAE, to a calibrated sampler."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoder import Encoded
from tabgan.fitting.options import FitOptions
from tabgan.fitting.prepare import Preparation
from tabgan.fitting.train_table import calibrated, table_batches
from tabgan.generators.diffusion.denoiser import Denoiser
from tabgan.generators.heads import TableHead
from tabgan.generators.network_training import LearnedGenerator, NetworkTraining
from tabgan.generators.training_callbacks import Callback
from tabgan.generators.vae.variational_autoencoder import VariationalAutoencoder
from tabgan.sampling.row_samplers import ConditionalSampler, RowSampler

__all__ = ["TableNetworkTraining", "network_training"]


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
        return Denoiser(spans, options.schedule, hidden_dim=options.hidden_dim, labels=labels)

    return make
