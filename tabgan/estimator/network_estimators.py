"""`TabGAN`, `TabVAE` and `TabDiffusion`: the estimators whose generator is a network."""

import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabgan.base.option_checks import names_unknown_options
from tabgan.base.random_streams import RandomStateLike
from tabgan.estimator.table_estimator import TableEstimator
from tabgan.fitting.options import Method
from tabgan.fitting.train_table import Snapshot
from tabgan.generators.gan.losses_and_penalties import AdversarialLoss, Penalty
from tabgan.generators.gan.stabilizers import Stabilizer
from tabgan.generators.gan.training_config import TrainingPreset
from tabgan.generators.latents import check_latents
from tabgan.generators.optimizers import Optimizer
from tabgan.inference.accept_table import as_frame
from tabgan.sampling.table_autoencoder import TableAutoencoder
from tabgan.sampling.table_model import TableModel
from tabgan.table.frame_libraries import FrameT

if TYPE_CHECKING:
    from tabgan.generators.variational_autoencoder import VariationalAutoencoder
    from tabgan.inference.accept_table import TableLike

__all__ = ["NetworkEstimator", "TabDiffusion", "TabGAN", "TabVAE"]


@dataclass(eq=False, repr=False, kw_only=True)
class NetworkEstimator(TableEstimator[FrameT]):
    """An estimator that trains networks step by step; `TabGAN` documents the parameters."""

    steps: int | str = "auto"
    epochs: float | None = None
    batch_size: int = 512
    hidden_dim: int = 256
    learning_rate: float = 5e-4
    polish: bool = True
    device: str = "auto"
    precision: str = "auto"

    @classmethod
    def _options_of_process(cls, device: str) -> dict[str, Any]:
        return {"device": device}

    def _set_model(self, model: TableModel, snapshots: Sequence[Snapshot] = ()) -> Self:
        super()._set_model(model, snapshots)
        self.n_steps_ = model.facts.n_steps
        return self

    def size_of_fit(self) -> dict[str, Any]:
        """Return the steps taken, as JSON values."""
        return {"steps": self.n_steps_}

    def _untried_by_method(self) -> Iterator[str]:
        yield f"train for more steps than {self.n_steps_:,} (--steps, or a longer --max-time)"
        if self.privacy_ is None:
            yield "try --method trees"
            if not self.polish:
                yield "keep polish on (--polish)"

    def _facts_of_method(self) -> dict[str, str]:
        return {"steps": f"{self.n_steps_:,}", "device": str(self._model.device)}


@names_unknown_options
@dataclass(eq=False, repr=False, kw_only=True)
class TabGAN(NetworkEstimator[FrameT]):
    """Learn a table with a GAN and draw synthetic rows like its own.

    Parameters
    ----------
    steps
        Training steps, or "auto" to choose by the number of rows.
    epochs
        Passes over the table in place of `steps`.
    max_time
        Seconds of wall time for the whole fit, or None for no limit. If the steps would take
        longer, training ends early, and its learning rate still decays to the end. The result
        then depends on the speed of the machine.
    batch_size
        Rows per step.
    latent_dim
        Size of the generator's latent, or "auto" for the heuristics of `tabgan.generators.latents`.
    hidden_dim
        Width of the hidden layers of both networks.
    learning_rate
        The optimizer's learning rate; constant for half of the training, then linearly down.
    loss
        The adversarial loss: "non_saturating", "minimax", "wasserstein", "hinge" or
        "relativistic" (`tabgan.generators.gan.losses_and_penalties`).
    penalty
        What keeps the discriminator smooth (`tabgan.generators.gan.losses_and_penalties`): "r1",
        "r2", "r1r2", "gradient", "spectral", "weight_clipping", "gradient_clipping" or "none";
        "auto" takes the one that is usual with the loss. Penalty, stabilizers and optimizer take
        parameters: ``"r1:gamma=5"``. Without a gamma, zero-centered penalties adapt it in training.
    discriminator_steps
        Steps of the discriminator for each one of the generator, or "auto": 5 with "wasserstein",
        else 1.
    stabilizers
        A list of "label_smoothing", "one_sided_smoothing", "instance_noise",
        "feature_matching", "historical_averaging", "experience_replay"
        (`tabgan.generators.gan.stabilizers`); None for none.
    optimizer
        "adam" or "sgd", of both networks (`tabgan.generators.optimizers`).
    training
        "usual", or "lectures" for the recipe of the lectures: fresh noise for the generator's step,
        a constant learning rate, no average of weights, half of the discriminator's loss, and, if
        they have their defaults, Adam with betas 0.5 and 0.999, a rate of 2e-4, and no penalty
        (`tabgan.generators.gan.training_config`). Parameters follow a colon:
        ``"usual:fresh_noise=1"``.
    prior
        What latents are drawn from: "gaussian" or "uniform".
    schema
        A `Schema` for the table, or a mapping from column names to kinds that overrides what is
        inferred; None infers everything. Of the kinds (`tabgan.table.schema`), "identifier",
        "key", "sequential", "uuid", "iban", "email", "name", "first_name", "last_name", "phone",
        "address", "city", "company" and ``"regex:[A-Z]{2}-[0-9]{4}"`` are generated without
        any value of the table, and "text" is filled with placeholders.
    condition_on
        A column, or a list of columns, whose levels the networks are given, so that
        ``sample(where=...)`` can draw rows with a level directly. Such a column has to be learned
        by its levels: categories, booleans, numbers of few values.
    constraints
        Rules that all rows of the table keep and all drawn rows have to keep: a list of
        constraints (`tabgan.constraints`), or None.
    locale
        Faker's locale of generated names, addresses and telephone numbers, such as "de_DE". None
        takes "en_US", and writes telephone numbers as the table does.
    min_group
        About how many rows must hold a value for the model to keep it. Rarer levels become
        frequent ones or, where they are many, generated ones; ranges and quantiles are trimmed by
        as many rows. 1 keeps all values. A `Column` of the schema can have its own. Categorical
        dtypes and booleans declare their values and keep all of them.
    text
        What stands for free text, which is not learned. "keep-shape" writes placeholders with the
        lengths, marks and frequent words of the texts, and phrases that `min_group` rows hold
        (`tabgan.encoding.identifiers.placeholder_text`); "lorem" writes filler words; "drop" leaves
        such columns out.
    derive
        Whether rules by which columns determine others are detected, so that they hold in every
        synthetic row.
    refine
        Whether rows that a tree critic takes for real are drawn more often
        (`tabgan.sampling.refinement`).
    polish
        Whether columns are redrawn by boosted trees, where held-out rows show that this fits them
        better to the others (`tabgan.sampling.postprocess`).
    epsilon
        Budget of differential privacy for each row (`tabgan.privacy`) from 0.01, or None. Adding
        or removing any row then changes the probability of any model by a factor of exp(ε) at
        most, except with probability δ. Public are the names, dtypes and order of the columns,
        what the `schema` and a `Range` declare, and the categories of a categorical dtype.
        Everything else, the number of rows too, is measured with noise that `random_state` does
        not repeat. The generator is trained on these measurements alone, without discriminator;
        `derive` reads the measurements, `refine` and `polish` do nothing. Declared ranges keep
        the ends of columns exact.
    delta
        The δ of the guarantee, from 1e-14 to 0.5. It should be far below one over the number of
        rows.
    device
        "auto" (CUDA where there is one), "cpu", "cuda" or a torch device name.
    precision
        Number format of matrix products: "auto", "float32" or "bfloat16".
    snapshots
        Number of moments of training at which 1,000 rows are drawn from the generator, always
        from the same latents.
    checkpoint
        A folder in which the state of the fit is saved as it goes, or None. Guard it as you guard
        the table: it holds no row, but the discriminator, and the budget that a private fit has
        spent. Delete it once the model is saved.
    checkpoint_every
        Training steps between two states.
    resume
        Whether `fit` goes on from the checkpoint, if there is one. Give it the same table and
        options; `random_state` can be left out.
    training_rows
        Most rows that are learned. A table that has more is learned from a uniform sample of them,
        the same at every fit. None takes all rows of a table, and 500,000 of a file.
    callbacks
        `Callback` objects to run in training.
    verbose
        Whether a progress bar is shown on standard error.
    random_state
        Seed of everything random: an integer makes fit and sample repeatable.
    stabilisers
        The old name of `stabilizers`.

        .. deprecated:: 0.1
            It will be removed in 0.2.

    Attributes
    ----------
    schema_ : Schema
        The columns of the table.
    history_ : list of dict
        Records of training: step, epoch, seconds, losses, learning rate, the discriminator's
        advantage and weight of its penalty, and of the generator its diversity, its coverage
        and the norm of its gradient (`tabgan.generators.gan.diagnosis`).
    diagnosis_ : list of Finding
        What went wrong in training, each with a remedy (`tabgan.generators.gan.diagnosis`); empty
        if all went well. `fit` also warns of each.
    snapshots_ : list of Snapshot
        The uncalibrated rows of each moment, with its step and epoch; not part of a model file.
    penalty_reason_ : str
        Which penalty was used, and with which weight.
    latent_dim_ : int
        The latent size used, and `latent_reason_` why.
    n_steps_ : int
        Training steps taken.
    dependencies_ : list
        The detected and declared rules that give back columns; each has a `describe` method.
    constraints_ : list of Constraint
        The declared rules, with what they learned from the table.
    conditions_ : dict
        The levels of each condition column.
    postprocessing_ : dict
        What refinement and polish did: ``critics`` trained, the ``effective_share`` of the rows
        after weighting, the ``columns`` that are redrawn (name, trees, surprise in nats),
        ``trees`` in all and the ``seconds`` taken, which are in no model file; empty if
        nothing was tried.
    privacy_ : Ledger or None
        What a fit with `epsilon` guarantees, and what it spent on each measurement
        (`tabgan.fitting.private.privacy_accounting`).
    n_rows_ : int
        Rows of the training table; a noisy number after a fit with `epsilon`.
    n_features_in_ : int
        Columns of the training table.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"size": [1.5, 2.5, 3.5, 4.5] * 25, "kind": ["a", "b"] * 50})
    >>> gan = TabGAN(steps=5, verbose=False, random_state=0).fit(table)
    >>> gan.sample(3).dtypes.astype(str).to_dict()
    {'size': 'float64', 'kind': 'object'}
    """

    method: ClassVar[Method] = "gan"

    latent_dim: int | str = "auto"
    loss: str | AdversarialLoss = "non_saturating"
    penalty: str | Penalty = "auto"
    discriminator_steps: int | str = "auto"
    stabilizers: Sequence[str | Stabilizer] | None = None
    optimizer: str | Optimizer = "adam"
    training: str | TrainingPreset = "usual"
    prior: str = "gaussian"
    epsilon: float | None = None
    delta: float = 1e-6
    snapshots: int = 0
    checkpoint: str | os.PathLike[str] | None = None
    checkpoint_every: int = 500
    resume: bool = False
    stabilisers: Sequence[str | Stabilizer] | str | None = "deprecated"

    @property
    def finish_(self) -> dict[str, Any]:
        """The old name of `postprocessing_`; it will be removed in 0.2."""
        warnings.warn(
            "finish_ is now called postprocessing_; the old name will be removed in 0.2",
            FutureWarning,
            stacklevel=2,
        )
        return self.postprocessing_

    def _set_model(self, model: TableModel, snapshots: Sequence[Snapshot] = ()) -> Self:
        super()._set_model(model, snapshots)
        self.snapshots_ = list(snapshots)
        self.latent_dim_ = int(model.sampler.generator_state()[0]["latent_dim"])
        self.latent_reason_ = model.facts.latent_reason
        self.penalty_reason_ = model.facts.penalty_reason
        return self

    def size_of_fit(self) -> dict[str, Any]:
        """Return the latent size and the steps taken, as JSON values."""
        latent = {"size": self.latent_dim_, "reason": self.latent_reason_}
        return {"latent": latent, **super().size_of_fit()}

    def _facts_of_method(self) -> dict[str, str]:
        return {
            "steps": f"{self.n_steps_:,}",
            "latent size": f"{self.latent_dim_} ({self.latent_reason_})",
            "penalty": self.penalty_reason_,
            "device": str(self._model.device),
        }


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


@names_unknown_options
@dataclass(eq=False, repr=False, kw_only=True)
class TabDiffusion(NetworkEstimator[FrameT]):
    """Learn a table with a diffusion model and draw synthetic rows like its own.

    A network learns to estimate a row x₀ from x_t = x₀ + α_t·ε, and draws rows by taking the noise
    away step by step (`tabgan.generators.diffusion`). Numbers are normal scores of their ranks,
    levels one-hot. Its training is a plain descent, without a second network against it, and each
    row that is drawn takes many evaluations of the network. There is no differential privacy, and
    no checkpoint.

    Parameters
    ----------
    schedule
        The noise: "edm" (log-normal noise, a weighted loss, and steps along the probability flow;
        Karras et al., 2022, arXiv:2206.00364), or as the lectures have it "linear" (equal noise
        in each step) or "cosine" (small noise first), with the loss ‖x₀ − x̂(x_t, t)‖² and the
        sampling x_{t−1} = x̂(x_t, t) + α_{t−1}·ε.
    noise_steps
        Steps T in which noise is taken away, or "auto": 16 of "edm", else 100. "linear" and
        "cosine" are also trained on these.
    learning_rate
        Adam's learning rate; constant for half of the training, then linearly down.
    hidden_dim
        Width of the network's hidden layers.
    condition_on
        A column, or a list of columns, whose levels are concatenated to the network's input, so
        that ``sample(where=...)`` can draw rows with a level directly.
    callbacks
        `Callback` objects to run in training; a record has a ``denoising_loss``.
    steps, epochs, max_time, batch_size, schema, constraints, locale, min_group, text, derive
        As of `TabGAN`.
    refine, polish, device, precision, verbose, random_state
        As of `TabGAN`.

    Attributes
    ----------
    n_steps_ : int
        Training steps taken.
    history_ : list of dict
        Records of training: step, epoch, seconds, denoising_loss, learning_rate.
    schema_, dependencies_, constraints_, conditions_, postprocessing_, n_rows_, n_features_in_
        As of `TabGAN`.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"size": [1.5, 2.5, 3.5, 4.5] * 25, "kind": ["a", "b"] * 50})
    >>> diffusion = TabDiffusion(steps=5, verbose=False, random_state=0).fit(table)
    >>> diffusion.sample(3).dtypes.astype(str).to_dict()
    {'size': 'float64', 'kind': 'object'}
    """

    method: ClassVar[Method] = "diffusion"

    learning_rate: float = 1e-3
    schedule: str = "edm"
    noise_steps: int | str = "auto"
