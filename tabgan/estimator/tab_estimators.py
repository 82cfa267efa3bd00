"""`TabGAN`, `TabVAE`, `TabDiffusion` and `TabTrees`: the estimators of tables."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from tabgan.base.errors import OptionError, warn_caller
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

__all__ = ["NetworkEstimator", "TabDiffusion", "TabGAN", "TabTrees", "TabVAE"]


@dataclass(eq=False, repr=False, kw_only=True)
class NetworkEstimator(TableEstimator[FrameT]):
    """Base class of the estimators that train networks; `TabGAN` documents the parameters."""

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
        """Return the number of training steps, as JSON values."""
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
    """Learn a table with a GAN, and sample synthetic rows.

    Parameters
    ----------
    steps : int or "auto", default "auto"
        Number of training steps; "auto" chooses it by the number of rows (2,000 to 10,000).
    epochs : float, optional
        Number of passes over the table, instead of `steps`.
    max_time : float, optional
        Limit for the wall time of the whole fit, in seconds. If the steps would take longer, the
        training ends early; its learning rate still decays to the end. The result then depends on
        the speed of the machine.
    batch_size : int, default 512
        Rows per training step.
    latent_dim : int or "auto", default "auto"
        Size of the generator's latent vector; "auto" uses the heuristics of
        `tabgan.generators.latents`.
    hidden_dim : int, default 256
        Width of the hidden layers of both networks.
    learning_rate : float, default 5e-4
        Initial learning rate of the optimizer; constant for half of the training, then it decays
        linearly.
    loss : str or AdversarialLoss, default "non_saturating"
        Adversarial loss: "non_saturating", "minimax", "wasserstein", "hinge" or "relativistic"
        (`tabgan.generators.gan.losses_and_penalties`).
    penalty : str or Penalty, default "auto"
        Penalty that keeps the discriminator smooth
        (`tabgan.generators.gan.losses_and_penalties`): "r1", "r2", "r1r2", "gradient", "spectral",
        "weight_clipping", "gradient_clipping" or "none"; "auto" takes the usual one for the loss.
        Parameters of a penalty, stabilizer or optimizer follow a colon: ``"r1:gamma=5"``. Without a
        gamma, the weight of a zero-centered penalty adapts during the training.
    discriminator_steps : int or "auto", default "auto"
        Steps of the discriminator per step of the generator; "auto" is 5 with "wasserstein",
        otherwise 1.
    stabilizers : list of str or Stabilizer, optional
        Any of "label_smoothing", "one_sided_smoothing", "instance_noise", "feature_matching",
        "historical_averaging", "experience_replay" (`tabgan.generators.gan.stabilizers`).
    optimizer : str or Optimizer, default "adam"
        Optimizer of both networks: "adam" or "sgd" (`tabgan.generators.optimizers`).
    training : str or TrainingPreset, default "usual"
        Training scheme: "usual" or "lectures". The latter has fresh noise for the generator's step,
        a constant learning rate, no average of weights, and half of the discriminator's loss; if
        these options have their defaults, also Adam with betas 0.5 and 0.999, a learning rate of
        2e-4, and no penalty (`tabgan.generators.gan.training_config`). Parameters follow a colon:
        ``"usual:fresh_noise=1"``.
    prior : {"gaussian", "uniform"}, default "gaussian"
        Distribution of the latent vectors.
    schema : Schema or dict, optional
        A `Schema` of the table, or a dict from column names to kinds that overrides the inferred
        ones. By default all kinds are inferred. Columns of the kinds "identifier", "key",
        "sequential", "uuid", "iban", "email", "name", "first_name", "last_name", "phone",
        "address", "city", "company" and ``"regex:[A-Z]{2}-[0-9]{4}"`` (`tabgan.table.schema`) are
        generated without any value of the table; "text" is replaced by placeholders.
    condition_on : label or list of labels, optional
        Columns to condition the networks on, so that ``sample(where=...)`` can directly sample rows
        with a given category: categorical and boolean columns, and numbers with few values.
    constraints : list of Constraint, optional
        Rules that all rows of the table satisfy and all sampled rows must satisfy
        (`tabgan.constraints`).
    locale : str, optional
        Faker locale of generated names, addresses and phone numbers, such as "de_DE". By default
        "en_US", and phone numbers have the format of the table.
    min_group : int, default 5
        A value is stored only if about this many rows or more have it. Rarer categories become
        frequent ones or, if there are many, generated ones; ranges and quantiles are trimmed by as
        many rows. 1 stores all values. A `Column` of the schema can have its own `min_group`.
        Categorical dtypes and booleans declare their values, and all of these are stored.
    text : {"keep-shape", "lorem", "drop"}, default "keep-shape"
        Replacement for free text, which is not learned. "keep-shape" writes placeholders with the
        lengths, punctuation and frequent words of the texts, and phrases that `min_group` rows have
        (`tabgan.encoding.identifiers.placeholder_text`); "lorem" writes filler words; "drop" leaves
        such columns out.
    derive : bool, default True
        Whether to detect rules by which columns determine others, so that they hold in every
        synthetic row.
    refine : bool, default True
        Whether to prefer sampled rows that tree critics take for real
        (`tabgan.sampling.refinement`).
    polish : bool, default True
        Whether to sample columns again with boosted trees, if held-out rows show that this improves
        their relations (`tabgan.sampling.postprocess`).
    epsilon : float, optional
        Privacy budget ε of differential privacy per row, from 0.01. Adding or removing any row then
        changes the probability of any model by a factor of at most exp(ε), except with probability
        δ. Public are the names, dtypes and order of the columns, what `schema` and `Range` declare,
        and the categories of a categorical dtype. Everything else, also the number of rows, is
        measured with noise that `random_state` does not repeat. The generator is trained on these
        measurements only, without a discriminator; `derive` uses the measurements, `refine` and
        `polish` have no effect. Declared ranges keep the ends of columns exact.
    delta : float, default 1e-6
        Probability δ of the guarantee, from 1e-14 to 0.5. It should be far below 1 / (number of
        rows).
    device : str, default "auto"
        "cpu", "cuda", another torch device, or "auto": CUDA if there is a GPU, otherwise the CPU.
    precision : {"auto", "float32", "bfloat16"}, default "auto"
        Number format of matrix products.
    snapshots : int, default 0
        Number of moments of the training at which 1,000 rows are sampled from the generator, always
        from the same latents.
    checkpoint : path, optional
        Folder in which the state of the fit is saved regularly. Protect it like the table: it
        contains no row, but the discriminator, and what a private fit has measured. Delete it once
        the model is saved.
    checkpoint_every : int, default 500
        Training steps between two checkpoints.
    resume : bool, default False
        Whether `fit` resumes from the checkpoint, if there is one. Pass the same table and options;
        `random_state` can be left out.
    training_rows : int, optional
        Maximum number of rows to learn. A larger table is learned from a uniform random sample, the
        same for every fit. By default all rows of a table, and 500,000 of a file.
    callbacks : list of Callback, optional
        Callbacks to run during the training.
    verbose : bool, default True
        Whether to show a progress bar on standard error.
    random_state : int, Generator, RandomState or None, default None
        Seed of all randomness; an integer makes `fit` and `sample` repeatable.
    stabilisers
        The old name of `stabilizers`.

        .. deprecated:: 0.1
            It will be removed in 0.2.

    Attributes
    ----------
    schema_ : Schema
        The columns of the table.
    history_ : list of dict
        Records of the training: step, epoch, seconds, losses, learning rate, the discriminator's
        advantage and the weight of its penalty, and the generator's diversity, coverage and
        gradient norm (`tabgan.generators.gan.diagnosis`).
    diagnosis_ : list of Finding
        Problems of the training, each with a remedy (`tabgan.generators.gan.diagnosis`); empty
        without any. `fit` also warns of each.
    snapshots_ : list of Snapshot
        The uncalibrated rows of each moment, with its step and epoch; not in the model file.
    penalty_reason_ : str
        Which penalty was used, and with which weight.
    latent_dim_ : int
        The latent size used; `latent_reason_` says why.
    n_steps_ : int
        Number of training steps taken.
    dependencies_ : list
        The detected and declared rules from which columns are derived; each has a `describe`
        method.
    constraints_ : list of Constraint
        The declared rules, with what they learned from the table.
    conditions_ : dict
        The categories of each column of `condition_on`.
    postprocessing_ : dict
        What refinement and polish did: the number of ``critics``, the ``effective_share`` of the
        rows after weighting, the ``columns`` that are sampled again (name, trees, surprise in
        nats), all ``trees``, and the ``seconds`` taken, which are not in the model file. Empty if
        nothing was tried.
    privacy_ : Ledger or None
        The guarantee of a fit with `epsilon`, and the budget of each measurement
        (`tabgan.fitting.private.privacy_accounting`).
    n_rows_ : int
        Number of rows of the training table; a noisy number after a fit with `epsilon`.
    n_features_in_ : int
        Number of columns of the training table.

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
        warn_caller(
            "finish_ is now called postprocessing_; the old name will be removed in 0.2",
            FutureWarning,
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
    """Learn a table with a variational autoencoder (VAE), and sample synthetic rows.

    An encoder maps a row to a distribution of latents, and a decoder maps latents to a distribution
    of rows. Both are trained on the evidence lower bound
    (`tabgan.generators.variational_autoencoder`). Numbers are normal scores of their ranks, with a
    learned standard deviation for each column; categories are a softmax. The fit is fast, and
    `anomaly_score` finds unusual rows. There is no differential privacy and no checkpoint.

    Parameters
    ----------
    latent_dim : int or "auto", default "auto"
        Size of the latent vector; "auto" uses the heuristics of `tabgan.generators.latents`.
    beta : float, default 1.0
        Weight of the KL divergence between a row's latents and the normal distribution. 1 gives the
        evidence lower bound, more brings the latents closer to a normal distribution, and 0 gives
        an autoencoder, which compresses well but samples badly.
    input_noise : float, default 0.0
        Standard deviation of Gaussian noise on the encoder's input during the training, where
        numbers have a standard deviation of 1 and categories are 0 or 1 (denoising autoencoder).
    pairs : int, default 1
        Number K of pairs of networks: above the pair between rows and latents there are K − 1 pairs
        between latents of the same size (hierarchical VAE).
    reconstruction : {"likelihood", "discriminator"}, default "likelihood"
        Reconstruction loss. "discriminator" is the distance in the features of a discriminator that
        is trained along (VAE-GAN; Larsen et al., 2016, arXiv:1512.09300).
    learning_rate : float, default 1e-3
        Initial learning rate of Adam; constant for half of the training, then it decays linearly.
    hidden_dim : int, default 256
        Width of the hidden layers of both networks.
    condition_on : label or list of labels, optional
        Columns whose categories are concatenated to the input of both networks, so that
        ``sample(where=...)`` can directly sample rows with a given category.
    callbacks : list of Callback, optional
        Callbacks to run during the training; a record has a ``reconstruction_loss`` and a
        ``kl_loss``.
    steps, epochs, max_time, batch_size, schema, constraints, locale, min_group, text, derive
        As in `TabGAN`.
    refine, polish, device, precision, verbose, random_state, training_rows
        As in `TabGAN`.

    Attributes
    ----------
    latent_dim_ : int
        The latent size used; `latent_reason_` says why.
    n_steps_ : int
        Number of training steps taken.
    history_ : list of dict
        Records of the training: step, epoch, seconds, reconstruction_loss, kl_loss, learning_rate.
    schema_, dependencies_, constraints_, conditions_, postprocessing_, n_rows_, n_features_in_
        As in `TabGAN`.

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
        """Return how badly the autoencoder reconstructs each row; high scores are anomalies.

        The score is −ln P(x|z), in nats, at the mean z of P(z|x) for the row x. An unknown
        category, another value that the column can't have, and a broken rule between columns each
        add the logarithm of the number of training rows. Generated columns, such as identifiers,
        do not count.

        Parameters
        ----------
        X
            A table with the columns of the training table, in any order, of any type that `fit`
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
            If the estimator is not fitted.
        """
        return self._autoencoder().anomaly_scores(as_frame(X))

    def encode(self, X: "TableLike") -> NDArray[np.float64]:  # noqa: N803
        """Return the latents of rows: the means of P(z|x), a compressed form.

        Parameters
        ----------
        X
            As in `anomaly_score`. A cell that the model can't encode, such as an unknown category,
            is taken from a sampled row.

        Returns
        -------
        ndarray
            Shape (rows, latent_dim_).

        Raises
        ------
        OptionError
            If a column is not one of the training table, or a learned one is missing.
        NotFittedError
            If the estimator is not fitted.
        """
        return self._autoencoder().encode(as_frame(X))

    def decode(
        self,
        Z: ArrayLike,  # noqa: N803
        X: "TableLike | None" = None,  # noqa: N803
        *,
        random_state: RandomStateLike = None,
    ) -> FrameT:
        """Return the rows that latents decode to: the mean of each number, the likeliest category.

        Rules between columns hold as in sampled rows; declared constraints are not checked.

        Parameters
        ----------
        Z
            Latents, shape (rows, latent_dim_), as `encode` returns them.
        X
            Table with the columns of `condition_on`, which the decoder needs besides the latents;
            None if there are no such columns.
        random_state
            Seed of generated columns, such as identifiers.

        Returns
        -------
        table
            Columns and type are those of the training table.

        Raises
        ------
        OptionError
            If the latents have another size, or `X` is missing or does not match.
        NotFittedError
            If the estimator is not fitted.
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
        """Return the negative of `anomaly_score`; low scores are anomalies, as in scikit-learn.

        Parameters
        ----------
        X
            As in `anomaly_score`.
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
    """Learn a table with a diffusion model, and sample synthetic rows.

    A network learns to estimate a row x₀ from x_t = x₀ + α_t·ε, and samples rows by removing noise
    step by step (`tabgan.generators.diffusion`). Numbers are normal scores of their ranks,
    categories are one-hot. The training minimizes one loss, without an adversary, but each sampled
    row takes many evaluations of the network. There is no differential privacy and no checkpoint.

    Parameters
    ----------
    schedule : {"edm", "linear", "cosine"}, default "edm"
        Noise schedule. "edm" has log-normal noise, a weighted loss, and steps along the probability
        flow (Karras et al., 2022, arXiv:2206.00364). "linear" (equal noise in each step) and
        "cosine" (small noise first) are those of the lectures, with the loss ‖x₀ − x̂(x_t, t)‖² and
        the sampling x_{t−1} = x̂(x_t, t) + α_{t−1}·ε.
    noise_steps : int or "auto", default "auto"
        Number T of denoising steps; "auto" is 16 with "edm", otherwise 100. "linear" and "cosine"
        are also trained with these steps.
    learning_rate : float, default 1e-3
        Initial learning rate of Adam; constant for half of the training, then it decays linearly.
    hidden_dim : int, default 256
        Width of the network's hidden layers.
    condition_on : label or list of labels, optional
        Columns whose categories are concatenated to the network's input, so that
        ``sample(where=...)`` can directly sample rows with a given category.
    callbacks : list of Callback, optional
        Callbacks to run during the training; a record has a ``denoising_loss``.
    steps, epochs, max_time, batch_size, schema, constraints, locale, min_group, text, derive
        As in `TabGAN`.
    refine, polish, device, precision, verbose, random_state, training_rows
        As in `TabGAN`.

    Attributes
    ----------
    n_steps_ : int
        Number of training steps taken.
    history_ : list of dict
        Records of the training: step, epoch, seconds, denoising_loss, learning_rate.
    schema_, dependencies_, constraints_, conditions_, postprocessing_, n_rows_, n_features_in_
        As in `TabGAN`.

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


@names_unknown_options
@dataclass(eq=False, repr=False, kw_only=True)
class TabTrees(TableEstimator[FrameT]):
    """Learn a table with boosted trees, and sample synthetic rows.

    Each column is sampled given those before it (`tabgan.generators.trees.tree_generator`). A fit
    takes less time than that of `TabGAN`, and suits tables of many categories. There is no
    differential privacy.

    Parameters
    ----------
    max_time : float, optional
        Limit for the wall time of the whole fit, in seconds. If the trees would take longer, each
        column gets fewer of them. The result then depends on the speed of the machine.
    condition_on : label or list of labels, optional
        Columns to sample first, so that ``sample(where=...)`` can directly sample rows with a given
        category: categorical and boolean columns, and numbers with few values.
    callbacks : list of Callback, optional
        Callbacks that are notified of the stages of the fit, and can end it.
    schema, constraints, locale, min_group, text, derive, refine, training_rows
        As in `TabGAN`.
    verbose, random_state
        As in `TabGAN`.

    Attributes
    ----------
    schema_, dependencies_, constraints_, conditions_, n_rows_, n_features_in_
        As in `TabGAN`.
    postprocessing_ : dict
        What refinement did: the number of ``critics``, the ``effective_share`` of the rows after
        weighting, all ``trees``, and the ``seconds`` taken, which are not in the model file. Empty
        if nothing was tried.
    n_trees_ : int
        Number of trees of all columns.
    history_ : list
        Empty, because there are no training steps.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"size": [1.5, 2.5, 3.5, 4.5] * 25, "kind": ["a", "b"] * 50})
    >>> trees = TabTrees(verbose=False, random_state=0).fit(table)
    >>> trees.sample(3).dtypes.astype(str).to_dict()
    {'size': 'float64', 'kind': 'object'}
    """

    method: ClassVar[Method] = "trees"

    def _with_defaults(self, options: dict[str, Any]) -> dict[str, Any]:
        return super()._with_defaults(options) | {"device": "cpu"}

    @classmethod
    def _device(cls, device: str) -> torch.device:
        if device not in ("auto", "cpu"):
            raise OptionError(
                f"device={device!r}: trees are evaluated on the CPU; leave device out",
                on_command_line=f"--device {device}: trees are evaluated on the CPU; leave "
                "--device out",
            )
        return torch.device("cpu")

    def _set_model(self, model: TableModel, snapshots: Sequence[Snapshot] = ()) -> Self:
        super()._set_model(model, snapshots)
        self.n_trees_ = model.facts.n_steps
        return self

    def size_of_fit(self) -> dict[str, Any]:
        """Return the number of trees, as JSON values."""
        return {"trees": self.n_trees_}

    def _facts_of_method(self) -> dict[str, str]:
        return {"trees": f"{self.n_trees_:,}"}
