"""`TabVAE`: learns a table by a variational autoencoder, and tells which rows are unusual."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabgan.base.checks import names_unknown_options
from tabgan.base.random_streams import RandomStateLike
from tabgan.estimator.network_estimator import NetworkEstimator
from tabgan.fitting.options import Method
from tabgan.fitting.train_table import Snapshot
from tabgan.generators.latents import check_latents
from tabgan.inference.accept_table import as_frame
from tabgan.sampling.table_autoencoder import TableAutoencoder
from tabgan.sampling.table_model import TableModel
from tabgan.table.frame_libraries import FrameT

if TYPE_CHECKING:
    from tabgan.generators.vae.variational_autoencoder import VariationalAutoencoder
    from tabgan.inference.accept_table import TableLike

__all__ = ["TabVAE"]


@names_unknown_options
@dataclass(eq=False, repr=False, kw_only=True)
class TabVAE(NetworkEstimator[FrameT]):
    """Learn a table with a variational autoencoder and draw synthetic rows like its own.

    An encoder maps a row to a distribution of latents, a decoder maps latents to the distribution
    of a row, and both learn by the evidence lower bound (`tabgan.generators.vae`). Numbers are
    normal scores of their ranks with a deviation each, levels a softmax. The fit is fast, and
    `anomaly_score` tells which rows are unusual. There is no differential privacy, and no
    checkpoint.

    Parameters
    ----------
    latent_dim
        Size of the latent, or "auto" for the heuristics of `tabgan.generators.latents`.
    beta
        Weight of the KL divergence between a row's latents and the normal distribution; 1 gives
        the evidence lower bound, more gives latents that are closer to normal ones, 0 an
        autoencoder, which compresses but draws badly.
    input_noise
        Deviation of Gaussian noise on what the encoder sees in training, where numbers have a
        deviation of 1 and levels are 0 or 1: a denoising autoencoder.
    pairs
        Pairs of networks: above the pair between rows and latents there are K − 1 between latents
        of one size (a hierarchical VAE).
    reconstruction
        "likelihood", or "discriminator": the distance in the features of a discriminator that is
        trained with it (VAE-GAN; Larsen et al., 2016, arXiv:1512.09300).
    learning_rate
        Adam's learning rate; constant for half of the training, then linearly down.
    hidden_dim
        Width of the hidden layers of both networks.
    condition_on
        A column, or a list of columns, whose levels are concatenated to the input of both
        networks, so that ``sample(where=...)`` can draw rows with a level directly.
    callbacks
        `Callback` objects to run in training; a record has a ``reconstruction_loss`` and a
        ``kl_loss``.
    steps, epochs, max_time, batch_size, schema, constraints, locale, min_group, text, derive
        As of `TabGAN`.
    refine, polish, device, precision, verbose, random_state
        As of `TabGAN`.

    Attributes
    ----------
    latent_dim_ : int
        The latent size used, and `latent_reason_` why.
    n_steps_ : int
        Training steps taken.
    history_ : list of dict
        Records of training: step, epoch, seconds, reconstruction_loss, kl_loss, learning_rate.
    schema_, dependencies_, constraints_, conditions_, postprocessing_, n_rows_, n_features_in_
        As of `TabGAN`.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"size": [1.5, 2.5, 3.5, 4.5] * 25, "kind": ["a", "b"] * 50})
    >>> vae = TabVAE(steps=5, verbose=False, random_state=0).fit(table)
    >>> vae.sample(3).dtypes.astype(str).to_dict()
    {'size': 'float64', 'kind': 'object'}
    >>> vae.anomaly_score(table).shape
    (100,)
    >>> list(vae.decode(vae.encode(table)))
    ['size', 'kind']
    """

    method: ClassVar[Method] = "vae"

    learning_rate: float = 1e-3
    latent_dim: int | str = "auto"
    beta: float = 1.0
    input_noise: float = 0.0
    pairs: int = 1
    reconstruction: str = "likelihood"

    def anomaly_score(self, X: "TableLike") -> NDArray[np.float64]:  # noqa: N803
        """Return how badly the autoencoder reconstructs each row: high scores are anomalies.

        The score is −ln P(x|z), in nats, at the mean z of the row's own P(z|x). A category that the
        model does not know, another value that can't be one of its column, and a row that breaks a
        rule between columns each add the logarithm of the number of training rows. Columns that
        are generated and not learned, such as identifiers, count nothing.

        Parameters
        ----------
        X
            A table with the columns of the training table, in any order; any kind that `fit`
            takes.

        Returns
        -------
        ndarray
            Shape (rows,).

        Raises
        ------
        OptionError
            If a column is not one of the training table, or a learned one is missing.
        NotFittedError
            If there is no model yet.
        """
        return self._autoencoder().anomaly_scores(as_frame(X))

    def encode(self, X: "TableLike") -> NDArray[np.float64]:  # noqa: N803
        """Return the latents of rows: the means of P(z|x), a compressed form.

        Parameters
        ----------
        X
            As `anomaly_score` takes it. A cell that the model can't encode, such as a category that
            it does not know, is taken from a drawn row.

        Returns
        -------
        ndarray
            Shape (rows, latent_dim_).

        Raises
        ------
        OptionError
            If a column is not one of the training table, or a learned one is missing.
        NotFittedError
            If there is no model yet.
        """
        return self._autoencoder().encode(as_frame(X))

    def decode(
        self,
        Z: ArrayLike,  # noqa: N803
        X: "TableLike | None" = None,  # noqa: N803
        *,
        random_state: RandomStateLike = None,
    ) -> FrameT:
        """Return the rows of latents: of each number the mean, of levels the likeliest.

        Rules between columns hold as in samples; declared constraints are not checked.

        Parameters
        ----------
        Z
            Latents, shape (rows, latent_dim_), as `encode` returns them.
        X
            Rows with the columns of `condition_on`, which the decoder gets beside the latents; None
            without such columns.
        random_state
            Seed of what is generated and not learned, such as identifiers.

        Returns
        -------
        table
            With the columns of the training table, and of its kind.

        Raises
        ------
        OptionError
            If the latents are of another size, or `X` is missing or does not fit.
        NotFittedError
            If there is no model yet.
        """
        autoencoder = self._autoencoder()
        latents = check_latents(Z, self.latent_dim_)
        conditions = None if X is None else as_frame(X)
        seed = self._sample_seed(random_state)
        return cast("FrameT", self._form.restore(autoencoder.decode(latents, conditions, seed)))

    def _autoencoder(self) -> TableAutoencoder:
        self._check_fitted()
        network = cast("VariationalAutoencoder", cast("Any", self._model.sampler).generator)
        return TableAutoencoder(self._completer, network)

    def score_samples(self, X: "TableLike") -> NDArray[np.float64]:  # noqa: N803
        """Return the negative of `anomaly_score`: low scores are anomalies, as in scikit-learn.

        Parameters
        ----------
        X
            As `anomaly_score` takes it.
        """
        return -self.anomaly_score(X)

    def _set_model(self, model: TableModel, snapshots: Sequence[Snapshot] = ()) -> Self:
        super()._set_model(model, snapshots)
        self.latent_dim_ = int(model.sampler.generator_state()[0]["latent_dim"])
        self.latent_reason_ = model.facts.latent_reason
        return self

    def size_of_fit(self) -> dict[str, Any]:
        """Return the latent size and the steps taken, as JSON values."""
        latent = {"size": self.latent_dim_, "reason": self.latent_reason_}
        return {"latent": latent, **super().size_of_fit()}

    def _facts_of_method(self) -> dict[str, str]:
        latent = f"{self.latent_dim_} ({self.latent_reason_})"
        return super()._facts_of_method() | {"latent size": latent}
