"""`TabGAN`: a scikit-learn estimator that learns a table and draws new rows."""

import os
import platform
import time
import warnings
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import Tags

from tabgan.base.checks import check_memory, check_number
from tabgan.base.errors import ModelFileError, NotFittedError, OptionError, TrainingWarning
from tabgan.base.random_streams import RandomStateLike, numpy_stream, resolve_seed
from tabgan.base.registry import UnregisteredError
from tabgan.conditions.grammar import Where
from tabgan.fitting.checkpoint import FitCheckpoint
from tabgan.fitting.fit_table import fit_table
from tabgan.fitting.options import FitOptions, current_options
from tabgan.fitting.prepare import without_free_text
from tabgan.fitting.private.privacy_ledger import Ledger
from tabgan.fitting.private.public_schema import check_dtypes_are_declared, check_private_options
from tabgan.fitting.session import FitSession
from tabgan.fitting.train_table import Snapshot
from tabgan.generators.gan.losses import AdversarialLoss
from tabgan.generators.gan.penalties import Penalty
from tabgan.generators.gan.stabilizers import Stabilizer
from tabgan.generators.optimization import Optimizer
from tabgan.generators.precision import choose_device
from tabgan.generators.training_callbacks import Callback
from tabgan.inference.accept_table import as_frame
from tabgan.rules.constraint import Constraint, Custom
from tabgan.rules.constraint_plan import check_constraints
from tabgan.sampling.class_balance import balanced_blocks
from tabgan.sampling.complete_rows import RowCompleter, impute
from tabgan.sampling.requests import requested_blocks
from tabgan.sampling.table_model import TableModel
from tabgan.table.frame_libraries import FrameForm, form_of, pandas_of
from tabgan.table.schema import Kind, Schema

if TYPE_CHECKING:
    from tabgan.evaluation.evaluate import Evaluation
    from tabgan.evaluation.results import Run
    from tabgan.inference.accept_table import TableLike


__all__ = ["TabGAN"]


NOT_COVERED = (
    "this evaluation looks at the real rows: the guarantee of privacy holds for the model and all "
    "that is drawn from it, and not for these figures"
)


@dataclass(eq=False, repr=False, kw_only=True)  # scikit-learn compares and shows estimators
class TabGAN(BaseEstimator):
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
        "relativistic" (`tabgan.generators.gan.losses`).
    penalty
        What keeps the discriminator smooth (`tabgan.generators.gan.penalties`): "r1", "r2", "r1r2",
        "gradient", "spectral", "weight_clipping", "gradient_clipping" or "none"; "auto" takes the
        one that is usual with the loss. Penalty, stabilizers and optimizer take parameters:
        ``"r1:gamma=5"``. Without a gamma, zero-centered penalties adapt it in training.
    discriminator_steps
        Steps of the discriminator for each one of the generator.
    stabilizers
        A list of "label_smoothing", "one_sided_smoothing", "instance_noise",
        "feature_matching", "historical_averaging", "experience_replay"
        (`tabgan.generators.gan.stabilizers`); None for none.
    optimizer
        "adam" or "sgd", of both networks (`tabgan.generators.optimization`).
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
        (`tabgan.encoding.identifiers.language_shape`); "lorem" writes filler words; "drop" leaves
        such columns out.
    derive
        Whether rules by which columns determine others are detected, so that they hold in every
        synthetic row.
    refine
        Whether rows that a tree critic takes for real are drawn more often
        (`tabgan.sampling.refinement`).
    polish
        Whether columns are redrawn by boosted trees, where held-out rows show that this fits them
        better to the others (`tabgan.sampling.polish`).
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
        ``trees`` in all and the ``seconds`` taken; empty if nothing was tried.
    privacy_ : Ledger or None
        What a fit with `epsilon` guarantees, and what it spent on each measurement
        (`tabgan.fitting.private.privacy_ledger`).
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

    steps: int | str = "auto"
    epochs: float | None = None
    max_time: float | None = None
    batch_size: int = 512
    latent_dim: int | str = "auto"
    hidden_dim: int = 256
    learning_rate: float = 5e-4
    loss: str | AdversarialLoss = "non_saturating"
    penalty: str | Penalty = "auto"
    discriminator_steps: int = 1
    stabilizers: Sequence[str | Stabilizer] | None = None
    optimizer: str | Optimizer = "adam"
    prior: str = "gaussian"
    schema: Schema | Mapping[Hashable, Kind] | None = None
    condition_on: Hashable | list[Hashable] = None
    constraints: Sequence[Constraint] | None = None
    locale: str | None = None
    min_group: int = 5
    text: str = "keep-shape"
    derive: bool = True
    refine: bool = True
    polish: bool = True
    epsilon: float | None = None
    delta: float = 1e-6
    device: str = "auto"
    precision: str = "auto"
    snapshots: int = 0
    checkpoint: str | os.PathLike[str] | None = None
    checkpoint_every: int = 500
    resume: bool = False
    callbacks: Sequence[Callback] | None = None
    verbose: bool = True
    random_state: RandomStateLike = None
    stabilisers: Sequence[str | Stabilizer] | str | None = "deprecated"

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def fit(self, X: "TableLike", y: object = None) -> Self:  # noqa: N803, ARG002
        """Learn a table.

        Parameters
        ----------
        X
            A DataFrame; a table of Polars or Arrow, or of another library that narwhals knows, in
            which rows are then drawn; or an array of two dimensions or a list of rows, whose
            columns are named 0, 1, 2 …
        y
            Ignored; a target is a column like any other.

        Returns
        -------
        The fitted estimator.

        Raises
        ------
        DataError, SchemaError
            If the table or the schema can't be used, or if a row breaks a constraint. With an
            `epsilon`, if the table does not declare the types of its columns.
        OptionError
            If a parameter has a value that it can't have.
        TrainingError
            If training diverges.
        """
        began = time.monotonic()
        params = current_options(self)
        options = FitOptions.check(params)
        seed = resolve_seed(self.random_state)
        if self.epsilon is not None:
            check_private_options(params)
            check_dtypes_are_declared(X)
        with FitSession(
            options.callbacks, max_time=self.max_time, verbose=options.verbose, began=began
        ) as session:
            by_schema = options.epsilon is not None
            checkpoint = FitCheckpoint.open(options, session)
            if checkpoint is not None:
                seed = checkpoint.seed(seed, self.random_state)
            frame, form = as_frame(X, by_schema=by_schema), form_of(X, by_schema=by_schema)
            if options.text == "drop":
                every = [*frame.columns]
                frame, options = without_free_text(frame, options)
                form = form.only([every.index(name) for name in frame.columns])
            model, snapshots = fit_table(
                frame, options, seed, session, form=form, checkpoint=checkpoint
            )
        self._set_model(model, snapshots)
        self._fit_facts = {"seed": str(seed), "seconds": f"{session.seconds:.1f}"}
        for finding in self.diagnosis_:
            warnings.warn(str(finding), TrainingWarning, stacklevel=2)
        return self

    def sample(
        self,
        n: int | None = None,
        *,
        where: Where | None = None,
        balance: Hashable | Mapping[Any, Any] = None,
        random_state: RandomStateLike = None,
    ) -> Any:
        """Draw synthetic rows.

        Parameters
        ----------
        n
            Number of rows; that of the training table if None.
        where
            A condition that all rows meet: a mapping from columns to a value, a list of values, a
            range as a pair ``(from, to)`` with None for an open end, or None for missing; or
            text, such as ``'income == ">50K" and age >= 65'``
            (`tabgan.conditions.grammar`). Or a table of partial rows: each is completed
            to one row, in its order and index. Its cells are kept; missing cells and missing
            columns are drawn.
        balance
            A column whose values all become equally frequent; or a mapping from it to the shares
            of its values.
        random_state
            Seed of this draw. None takes the estimator's own: an integer there gives the same
            rows at every call, and None new ones.

        Returns
        -------
        DataFrame, or the kind of table that was learned
            n rows, with the training table's columns, order, names and dtypes.

        Raises
        ------
        OptionError
            If n is negative, if n rows do not fit into memory, or if a condition names a column
            or value that the table does not have.
        SamplingError
            If no such rows keep the rules between the columns.
        ConstraintError
            If too few of the drawn rows keep the constraints.
        NotFittedError
            If there is no model yet.

        Warns
        -----
        SamplingWarning
            If the model never met the condition on trial.
        """
        n, blocks = self._blocks(n, where, balance, random_state)
        first = next(blocks)
        check_memory(first, n)
        rows = pd.concat([first, *blocks]) if n > len(first) else first
        return self._form.restore(rows)

    def sample_blocks(
        self,
        n: int | None = None,
        *,
        where: Where | None = None,
        balance: Hashable | Mapping[Any, Any] = None,
        random_state: RandomStateLike = None,
    ) -> Iterator[Any]:
        """Draw synthetic rows block by block, in bounded memory.

        The blocks together are the rows that `sample` returns for the same arguments.

        Parameters
        ----------
        n, where, balance, random_state
            As `sample` takes them.

        Yields
        ------
        Tables of at most 8,192 rows, of the kind that `sample` returns.
        """
        _, blocks = self._blocks(n, where, balance, random_state)
        return map(self._form.restore, blocks)

    def impute(
        self,
        X: "TableLike",  # noqa: N803
        *,
        n_imputations: int | None = None,
        random_state: RandomStateLike = None,
    ) -> Any:
        """Fill missing cells with draws conditioned on the other cells of their row.

        Parameters
        ----------
        X
            A table with columns of the training table, in any order; any kind that `fit` takes.
        n_imputations
            How many completed tables to draw; None for a single one.
        random_state
            Seed, as for `sample`.

        Returns
        -------
        A completed table of the kind of X, or a list of them if `n_imputations` is a number
            Cells that were not missing, the index and the order are unchanged.

        Raises
        ------
        OptionError
            If a column is not one of the training table.
        """
        self._check_fitted()
        if n_imputations is not None:
            check_number("n_imputations", n_imputations, Integral, 1)
        seed, frame = self._sample_seed(random_state), as_frame(X)
        seeds = numpy_stream(seed, "impute").integers(2**63 - 1, size=n_imputations or 1).tolist()
        form = form_of(X)
        completed = [form.restore(impute(self._completer, frame, each)) for each in seeds]
        return completed[0] if n_imputations is None else completed

    def evaluate(
        self,
        real: "TableLike",
        synthetic: "TableLike | None" = None,
        holdout: "TableLike | None" = None,
        target: Hashable | None = None,
        metrics: Sequence[str] = (),
    ) -> "Evaluation":
        """Measure how good synthetic rows are; see `tabgan.evaluate`.

        Parameters
        ----------
        real
            The training table.
        synthetic
            Rows of this estimator; None draws as many as `real` has.
        holdout
            Real rows that are not among the training rows.
        target
            The column that a model is to predict; None chooses one.
        metrics
            Names of registered metrics to measure as well.

        Returns
        -------
        An evaluation whose `run` tells how the rows came about.

        Raises
        ------
        DataError, SchemaError, OptionError
            As `tabgan.evaluate` does.
        NotFittedError
            If there is no model yet.
        """
        self._check_fitted()
        from tabgan.evaluation.evaluate import evaluate

        frame = self._with_learned_columns(real)
        drawn = self.sample(len(frame)) if synthetic is None else synthetic
        holdout = None if holdout is None else self._with_learned_columns(holdout)
        kinds = {column.name: column.kind for column in self.schema_}
        evaluation = evaluate(frame, drawn, holdout, target, schema=kinds, metrics=metrics)
        return replace(evaluation, run=self._run())

    def _with_learned_columns(self, table: "TableLike") -> pd.DataFrame:
        """Return a table without the columns of free text that the fit has left out."""
        frame = as_frame(table)
        if self.text != "drop":
            return frame
        return frame.loc[:, frame.columns.isin([*self.schema_.names])]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to one file, atomically.

        The file holds the averaged generator, its calibration and the encoders' summaries of the
        columns, and no row of the training table (`tabgan.base.model_file`).

        Raises
        ------
        NotFittedError
            If there is no model yet.
        OSError
            If the file can't be written.
        """
        self._check_fitted()
        self._model.save(path)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        device: str = "auto",
        custom: Sequence[Custom] = (),
    ) -> Self:
        """Read a model file, onto any device.

        Parameters
        ----------
        path
            The file.
        device
            The device of the generator.
        custom
            The custom constraints of the model; the file holds only their names.

        Returns
        -------
        The fitted estimator, with the options of the fit.

        Raises
        ------
        ModelFileError
            If the file is not a model, is damaged, or is newer than this library.
        OptionError
            If the custom constraints are not those that the model names.
        OSError
            If it can't be opened.

        Warns
        -----
        UserWarning
            If the training table was of a library that is not installed here.
        """
        check_constraints(custom, "custom")
        model = TableModel.load(path, choose_device(device), custom)
        try:
            columns = model.condition_columns
            condition_on = list(columns.names) if columns else None
            gan = cls(
                **model.facts.parameters,
                condition_on=condition_on,
                constraints=list(model.constraints) or None,
                device=device,
            )
            with suppress(UnregisteredError):  # a loss of one's own is needed to fit, not to draw
                FitOptions.of(gan)
            resolve_seed(gan.random_state)
            gan._set_model(model)
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise ModelFileError(f"{path}: the model's facts are incomplete ({error})") from error
        if not gan._form.is_installed:
            warnings.warn(
                f"{path}: the model has learned a table of {gan._form.library}, which is not "
                "installed here; its rows come as pandas DataFrames",
                stacklevel=2,
            )
            gan._form = FrameForm()
        return gan

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
        """Set the model and the attributes that describe it."""
        schema, facts = model.encoder.schema, model.facts
        self._model = model
        self._completer = RowCompleter(model)
        self._form = facts.form
        self.schema_ = schema
        self.history_ = list(facts.history)
        self.diagnosis_ = list(facts.diagnosis)
        self.snapshots_ = list(snapshots)
        self.latent_dim_ = model.sampler.generator.latent_dim
        self.latent_reason_ = facts.latent_reason
        self.penalty_reason_ = facts.penalty_reason
        self.n_steps_ = facts.n_steps
        self.n_rows_ = facts.n_rows
        self.privacy_ = None if facts.privacy is None else Ledger.from_json(facts.privacy)
        self.postprocessing_ = dict(facts.postprocessing)
        self.dependencies_ = list(model.encoder.dependencies)
        self.constraints_ = list(model.constraints)
        self.conditions_ = model.condition_columns.values if model.condition_columns else {}
        self.n_features_in_ = len(schema)
        if all(isinstance(name, str) for name in schema.names):
            self.feature_names_in_ = np.array(schema.names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self

    def _check_fitted(self) -> None:
        if not hasattr(self, "_model"):
            raise NotFittedError(
                "This TabGAN has not been fitted; call fit, or load a model with TabGAN.load"
            )

    def _sample_seed(self, random_state: RandomStateLike) -> int:
        """Return the seed of a draw; None takes the estimator's own."""
        return resolve_seed(self.random_state if random_state is None else random_state)

    def _blocks(
        self,
        n: int | None,
        where: Where | None,
        balance: Hashable | Mapping[Any, Any],
        random_state: RandomStateLike,
    ) -> tuple[int, Iterator[pd.DataFrame]]:
        """Return the number of rows to draw, and the rows as DataFrames."""
        self._check_fitted()
        if n is not None:
            check_number("n", n, Integral, 0)
        partial_rows = pandas_of(where)
        if partial_rows is not None:
            return self._completed_blocks(n, partial_rows, balance, random_state)
        n, seed = self.n_rows_ if n is None else int(n), self._sample_seed(random_state)
        if balance is None:
            return n, requested_blocks(self._completer, n, seed, where)
        return n, balanced_blocks(self._completer, balance, where, n, seed)

    def _completed_blocks(
        self,
        n: int | None,
        partial_rows: pd.DataFrame,
        balance: Hashable | Mapping[Any, Any],
        random_state: RandomStateLike,
    ) -> tuple[int, Iterator[pd.DataFrame]]:
        """Return the number of partial rows, and their completions as DataFrames."""
        if n is not None and n != len(partial_rows):
            raise OptionError(
                f"n={n} can't be combined with {len(partial_rows)} partial rows, each of which is "
                "completed to one row; leave n out"
            )
        if balance is not None:
            raise OptionError(
                "balance can't be combined with partial rows; give a condition as where, or leave "
                "balance out"
            )
        seed = self._sample_seed(random_state)
        return len(partial_rows), requested_blocks(
            self._completer, len(partial_rows), seed, partial_rows
        )

    def _run(self) -> "Run":
        """Return how the fit went, for a report."""
        from tabgan.evaluation.results import Run

        facts = {
            **getattr(self, "_fit_facts", {}),
            "training rows": f"{self.n_rows_:,}",
            "steps": f"{self.n_steps_:,}",
            "latent size": f"{self.latent_dim_} ({self.latent_reason_})",
            "penalty": self.penalty_reason_,
            "device": str(self._model.device),
            **_describe_postprocessing(self.postprocessing_),
            "versions": ", ".join(
                [*(f"{name} {version(name)}" for name in ("tabgan", "torch")), _python()]
            ),
        }
        if self.privacy_ is not None:
            facts |= self.privacy_.facts()
        notes = [str(finding) for finding in self.diagnosis_]
        if self.privacy_ is not None:
            notes += [self.privacy_.describe()[0], NOT_COVERED]
        return Run(facts, tuple(self.history_), tuple(notes))


def _python() -> str:
    return f"Python {platform.python_version()}"


def _describe_postprocessing(facts: Mapping[str, Any]) -> dict[str, str]:
    if not facts:
        return {}
    columns: Sequence[Mapping[str, Any]] = facts["columns"]
    polished = ", ".join(str(item["column"]) for item in columns) or "no column"
    return {
        "refined by": f"{facts['critics']} tree critics, effective sample "
        f"{100 * facts['effective_share']:.0f} %",
        "polished": polished,
    }
