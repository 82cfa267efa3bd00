"""`TabGAN`: a scikit-learn estimator that learns a table and draws new rows."""

import os
import platform
import time
import warnings
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
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
from tabgan.fitting.fit_table import fit_table
from tabgan.fitting.options import FitOptions
from tabgan.fitting.private.privacy_ledger import Ledger
from tabgan.fitting.private.public_schema import check_dtypes_are_declared, check_private_options
from tabgan.fitting.session import FitSession
from tabgan.fitting.train_table import Snapshot
from tabgan.generators.gan.diagnosis import Finding
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
from tabgan.table.schema import Schema

if TYPE_CHECKING:
    from tabgan.evaluation.evaluate import Evaluation
    from tabgan.evaluation.results import Run


__all__ = ["AssessmentMixin", "DrawingMixin", "TabGAN"]


class DrawingMixin:
    """Draws rows from the model that `fit` or `load` has set."""

    random_state: RandomStateLike
    n_rows_: int
    _model: TableModel
    _partial: RowCompleter
    _form: FrameForm

    def sample(
        self,
        n: int | None = None,
        *,
        where: Where | None = None,
        balance: Any = None,
        random_state: RandomStateLike = None,
    ) -> Any:
        """Draw synthetic rows.

        Parameters
        ----------
        n
            Number of rows; that of the training table if None.
        where
            What all rows are to meet: a mapping from columns to a value, a list of values, a range
            as a pair ``(from, to)`` with None for an open end, or None for missing; or text, such
            as ``'income == ">50K" and age >= 65'`` (`tabgan.conditions.grammar`). Or a table of
            partial rows: one row is drawn for each, in its order and index, whose given cells are
            kept; cells that are missing in it, and columns that it lacks, are drawn.
        balance
            A column, all of whose values are to be as frequent; or a mapping from it to the
            shares of its values.
        random_state
            Seed of this draw. None takes the estimator's own: an integer there gives the same
            rows at every call, and None new ones.

        Returns
        -------
        DataFrame, or the kind of table that was learned
            Of n rows, with the training table's columns, order, names and dtypes.

        Raises
        ------
        OptionError
            If n is negative, if so many rows don't fit into memory, or if a column or value that
            is asked for is none of the table's.
        SamplingError
            If there are no such rows that keep the rules between the columns.
        ConstraintError
            If too few of the rows that are drawn keep the constraints.
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
        return self._form.restore(pd.concat([first, *blocks]) if n > len(first) else first)

    def sample_blocks(
        self,
        n: int | None = None,
        *,
        where: Where | None = None,
        balance: Any = None,
        random_state: RandomStateLike = None,
    ) -> Iterator[Any]:
        """Draw synthetic rows block by block, in bounded memory.

        The blocks together are the rows that `sample` gives for the same arguments.
        """
        _, blocks = self._blocks(n, where, balance, random_state)
        return map(self._form.restore, blocks)

    def _blocks(
        self, n: int | None, where: Where | None, balance: Any, random_state: RandomStateLike
    ) -> tuple[int, Iterator[pd.DataFrame]]:
        """Return how many rows are to be drawn, and these as DataFrames."""
        partial_rows = pandas_of(where)
        where = where if partial_rows is None else partial_rows
        n, seed = self._count(n, where), self._sample_seed(random_state)
        if balance is None:
            return n, requested_blocks(self._partial, n, seed, where)
        if isinstance(where, pd.DataFrame):
            raise OptionError(
                "balance can't be asked of partial rows; give a condition as where, or leave "
                "balance out"
            )
        return n, balanced_blocks(self._partial, balance, where, n, seed)

    def impute(
        self,
        X: Any,  # noqa: N803
        *,
        n_imputations: int | None = None,
        random_state: RandomStateLike = None,
    ) -> Any:
        """Fill the missing cells of a table with draws of what goes with the others of their row.

        Parameters
        ----------
        X
            A table with columns of the training table, in any order; of any kind that `fit` takes.
        n_imputations
            How many completions are to be drawn; None for one.
        random_state
            Seed, as for `sample`.

        Returns
        -------
        DataFrame, or the kind of table that X is, or a list of so many
            The table; cells that were not missing, the index and the order are as they were.

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
        drawn = [form.restore(impute(self._partial, frame, own)) for own in seeds]
        return drawn[0] if n_imputations is None else drawn

    def _check_fitted(self) -> None:
        if not hasattr(self, "_model"):
            raise NotFittedError(
                "This TabGAN has not been fitted; call fit, or load a model with TabGAN.load"
            )

    def _count(self, n: int | None, where: Where | None) -> int:
        """Return how many rows are to be drawn."""
        self._check_fitted()
        if n is not None:
            check_number("n", n, Integral, 0)
        if not isinstance(where, pd.DataFrame):
            return self.n_rows_ if n is None else int(n)
        if n is not None and n != len(where):
            raise OptionError(
                f"n={n} does not go with {len(where)} partial rows, each of which is completed to "
                "one row; leave n out"
            )
        return len(where)

    def _sample_seed(self, random_state: RandomStateLike) -> int:
        chosen = self.random_state if random_state is None else random_state
        return resolve_seed(chosen)


NOT_COVERED = (
    "this evaluation looks at the real rows: the guarantee of privacy holds for the model and all "
    "that is drawn from it, and not for these figures"
)


class AssessmentMixin(DrawingMixin):
    """Draws rows from the model that `fit` or `load` has set, and evaluates them."""

    schema_: Schema
    history_: list[dict[str, Any]]
    diagnosis_: list[Finding]
    latent_dim_: int
    latent_reason_: str
    penalty_reason_: str
    n_steps_: int
    finish_: dict[str, Any]
    privacy_: Ledger | None
    _fit_facts: Mapping[str, str] = {}  # of this process: a model file does not keep them

    def evaluate(
        self,
        real: Any,
        synthetic: Any = None,
        holdout: Any = None,
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

        frame = as_frame(real)
        drawn = self.sample(len(frame)) if synthetic is None else synthetic
        kinds = {column.name: column.kind for column in self.schema_}
        found = evaluate(frame, drawn, holdout, target, schema=kinds, metrics=metrics)
        return replace(found, run=self._run())

    def _run(self) -> "Run":
        from tabgan.evaluation.results import Run

        facts = {
            **self._fit_facts,
            "training rows": f"{self.n_rows_:,}",
            "steps": f"{self.n_steps_:,}",
            "latent size": f"{self.latent_dim_} ({self.latent_reason_})",
            "penalty": self.penalty_reason_,
            "device": str(self._model.device),
            **_described_finish(self.finish_),
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


def _described_finish(finish: Mapping[str, Any]) -> dict[str, str]:
    if not finish:
        return {}
    columns: Sequence[Mapping[str, Any]] = finish["columns"]
    polished = ", ".join(str(item["column"]) for item in columns) or "no column"
    return {
        "refined by": f"{finish['critics']} tree critics, effective sample "
        f"{100 * finish['effective_share']:.0f} %",
        "polished": polished,
    }


class TabGAN(AssessmentMixin, BaseEstimator):
    """Learn a table with a GAN and draw synthetic rows like its own.

    Parameters
    ----------
    steps
        Training steps, or "auto" to choose by the number of rows.
    epochs
        Passes over the table in place of `steps`.
    max_time
        Seconds of wall time for the whole fit, or None for no limit. Training then ends early,
        with its learning rate brought down all the same, if the steps would take longer; the
        result depends on the speed of the machine.
    batch_size
        Rows per step.
    latent_dim
        Size of the generator's latent, or "auto" for the heuristics of `tabgan.generators.latents`.
    hidden_dim
        Width of the hidden layers of both networks.
    learning_rate
        The optimiser's learning rate; constant for half of the training, then linearly down.
    loss
        The adversarial loss: "non_saturating", "minimax", "wasserstein", "hinge" or
        "relativistic" (`tabgan.generators.gan.losses`).
    penalty
        What keeps the discriminator smooth (`tabgan.generators.gan.penalties`): "r1", "r2", "r1r2",
        "gradient", "spectral", "weight_clipping", "gradient_clipping" or "none"; "auto" takes the
        one that is usual with the loss. This, stabilisers and optimiser can be given parameters:
        ``"r1:gamma=5"``; without a gamma, zero-centred penalties adapt it in training
        (`tabgan.generators.gan.penalties`).
    discriminator_steps
        Steps of the discriminator for each one of the generator.
    stabilisers
        A list of "label_smoothing", "one_sided_smoothing", "instance_noise",
        "feature_matching", "historical_averaging", "experience_replay"
        (`tabgan.generators.gan.stabilizers`); None for none.
    optimizer
        "adam" or "sgd", of both networks (`tabgan.generators.optimization`).
    prior
        What latents are drawn from: "gaussian" or "uniform".
    schema
        A `Schema` for the table, or a mapping from column names to kinds that overrides what is
        inferred; None infers everything. Of the kinds (`tabgan.table.kinds`), "identifier",
        "sequential", "uuid", "iban", "email", "name", "first_name", "last_name", "phone",
        "address", "city", "company" and ``"regex:[A-Z]{2}-[0-9]{4}"`` are made anew, without any
        value of the table, and "text" is filled up with placeholders.
    condition_on
        A column, or a list of columns, whose values can be asked for in `sample(where=...)`: the
        networks are then given their levels. Only columns that are learned by their levels:
        categories, booleans, numbers of few values.
    constraints
        Rules that all rows of the table keep, and all rows that are drawn have to keep: a list of
        constraints (`tabgan.constraints`), or None.
    locale
        Language and country of the names, addresses and telephone numbers that are made, such as
        "de_DE": one of Faker's. None takes "en_US", and writes telephone numbers as the table
        does.
    min_group
        About how many rows at least must hold a value for the model to keep it. Rarer levels are
        folded into others, and ranges and quantiles are those of so many rows. 1 keeps all. A
        `Column` of the schema can have one of its own; of categorical dtypes and booleans, whose
        values are declared, all are kept.
    derive
        Whether columns that other columns determine are detected and derived, so that the rule
        holds in every synthetic row.
    refine
        Whether rows that a tree critic takes for real are drawn more often
        (`tabgan.sampling.refinement`).
    polish
        Whether columns are drawn anew by boosted trees, where held-out rows show that this makes
        them fit the others better (`tabgan.sampling.polish`).
    epsilon
        Budget of differential privacy for each row (`tabgan.privacy`) from 0.01, or None: adding or
        removing any row then changes the probability of any model by a factor of exp(ε) at most,
        but for δ. Names, dtypes and order of the columns, what the `schema` and a `Range` declare
        and the categories of a categorical dtype count as public; all else, the number of rows
        too, is measured with noise that `random_state` does not repeat. A generator is trained on
        these measurements alone, without discriminator; `derive` reads the measurements, `refine`
        and `polish` do nothing. Ranges that are declared keep the ends of columns exact.
    delta
        The δ of the guarantee, from 1e-14 to 0.5; it should be far below one in the number of rows.
    device
        "auto" (CUDA where there is one), "cpu", "cuda" or a torch device name.
    precision
        Number format of matrix products: "auto", "float32" or "bfloat16".
    snapshots
        Number of moments of training at which 1,000 rows are drawn, always from the same latents,
        from the generator as it then is.
    callbacks
        Further `Callback` objects to run in training.
    verbose
        Whether a progress bar is shown on standard error.
    random_state
        Seed of everything random: an integer makes fit and sample repeatable.

    Attributes
    ----------
    schema_ : Schema
        The columns of the table.
    history_ : list of dict
        Records of training: step, epoch, seconds, losses, learning rate, the discriminator's
        advantage and weight of its penalty, and of the generator its diversity, its coverage
        and the norm of its gradient (`tabgan.generators.gan.diagnosis`).
    diagnosis_ : list of Finding
        What went wrong in training, with a remedy each (`tabgan.generators.gan.diagnosis`); empty
        if all went well. `fit` also warns of each.
    snapshots_ : list of Snapshot
        The rows of each moment, uncalibrated, with its step and epoch; not kept in a model file.
    penalty_reason_ : str
        Which penalty there was, and which weight it had.
    latent_dim_ : int
        The latent size used, and `latent_reason_` why.
    n_steps_ : int
        Training steps taken.
    dependencies_ : list
        Rules by which columns are made, found or declared; each has a `describe` method.
    constraints_ : list of Constraint
        The declared rules, with what they have learned of the table.
    conditions_ : dict
        The values that each condition column can be asked for.
    finish_ : dict
        What refinement and polish did: ``critics`` trained, the ``effective_share`` of the rows
        after weighting, the ``columns`` that are redrawn (name, trees, surprise in nats),
        ``trees`` in all and the ``seconds`` taken; empty if nothing was tried.
    privacy_ : Ledger or None
        What a fit with `epsilon` guarantees, and what it spent on each look at the rows
        (`tabgan.fitting.private.privacy_ledger`).
    n_rows_ : int
        Rows of the training table; about as many, if there is an `epsilon`.
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

    def __init__(
        self,
        *,
        steps: int | str = "auto",
        epochs: float | None = None,
        max_time: float | None = None,
        batch_size: int = 512,
        latent_dim: int | str = "auto",
        hidden_dim: int = 256,
        learning_rate: float = 5e-4,
        loss: Any = "non_saturating",
        penalty: Any = "auto",
        discriminator_steps: int = 1,
        stabilisers: Sequence[Any] | None = None,
        optimizer: Any = "adam",
        prior: str = "gaussian",
        schema: Schema | Mapping[Any, Any] | None = None,
        condition_on: Any = None,
        constraints: Sequence[Constraint] | None = None,
        locale: str | None = None,
        min_group: int = 5,
        derive: bool = True,
        refine: bool = True,
        polish: bool = True,
        epsilon: float | None = None,
        delta: float = 1e-6,
        device: str = "auto",
        precision: str = "auto",
        snapshots: int = 0,
        callbacks: Sequence[Callback] | None = None,
        verbose: bool = True,
        random_state: RandomStateLike = None,
    ) -> None:
        self.steps = steps
        self.epochs = epochs
        self.max_time = max_time
        self.batch_size = batch_size
        self.latent_dim = latent_dim
        self.hidden_dim = hidden_dim
        self.learning_rate = learning_rate
        self.loss = loss
        self.penalty = penalty
        self.discriminator_steps = discriminator_steps
        self.stabilisers = stabilisers
        self.optimizer = optimizer
        self.prior = prior
        self.schema = schema
        self.condition_on = condition_on
        self.constraints = constraints
        self.locale = locale
        self.min_group = min_group
        self.derive = derive
        self.refine = refine
        self.polish = polish
        self.epsilon = epsilon
        self.delta = delta
        self.device = device
        self.precision = precision
        self.snapshots = snapshots
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803, ARG002
        """Learn a table.

        Parameters
        ----------
        X
            A DataFrame; a table of Polars or Arrow, or of another library that narwhals knows,
            which rows are then drawn as; or an array of two dimensions or a list of rows, whose
            columns are then named 0, 1, 2 …
        y
            Ignored; a target is a column like any other.

        Raises
        ------
        DataError, SchemaError
            If the table or the schema can't be used, or if a row breaks a constraint; with an
            `epsilon`, if its types of columns are but what its cells have in common.
        OptionError
            If a parameter has a value that it can't have.
        TrainingError
            If training diverges.
        """
        began = time.monotonic()
        options = FitOptions.of(self)
        seed = resolve_seed(self.random_state)
        if self.epsilon is not None:
            check_private_options(self.get_params(deep=False))
            check_dtypes_are_declared(X)
        with FitSession(
            options.callbacks, max_time=self.max_time, verbose=options.verbose, began=began
        ) as session:
            frame, form = as_frame(X), form_of(X)
            model, snapshots = fit_table(frame, options, seed, session, form=form)
        self._set_model(model, snapshots)
        self._fit_facts = {"seed": str(seed), "seconds": f"{session.seconds:.1f}"}
        for finding in self.diagnosis_:
            warnings.warn(str(finding), TrainingWarning, stacklevel=2)
        return self

    def _set_model(self, model: TableModel, snapshots: Sequence[Snapshot] = ()) -> Self:
        schema, facts = model.encoder.schema, model.facts
        self._model = model
        self._partial = RowCompleter(model)
        self._form = FrameForm.from_json(facts.get("table", {"library": "pandas"}))
        self.schema_ = schema
        self.history_ = list(facts["history"])
        self.diagnosis_ = [Finding.from_json(state) for state in facts.get("diagnosis", ())]
        self.snapshots_ = list(snapshots)
        self.latent_dim_ = model.sampler.generator.latent_dim
        self.latent_reason_ = str(facts["latent_reason"])
        self.penalty_reason_ = str(facts["penalty_reason"])
        self.n_steps_ = int(facts["n_steps"])
        self.n_rows_ = int(facts["n_rows"])
        self.privacy_ = Ledger.from_json(facts["privacy"]) if "privacy" in facts else None
        self.finish_ = dict(facts["finish"])
        self.dependencies_ = list(model.encoder.dependencies)
        self.constraints_ = list(model.constraints)
        self.conditions_ = model.condition_columns.values if model.condition_columns else {}
        self.n_features_in_ = len(schema)
        if all(isinstance(name, str) for name in schema.names):
            self.feature_names_in_ = np.array(schema.names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to one file, atomically; see `tabgan.base.model_file`.

        The file holds the averaged generator, its calibration and the encoders' summaries of the
        columns, and no row of the training table.
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
            Where the model is put.
        custom
            The custom constraints of the model, of which the file has but the names.

        Raises
        ------
        ModelFileError
            If the file is not a model, is damaged, or newer than this library.
        OptionError
            If the custom constraints are not those that the model names.
        OSError
            If it can't be opened.

        Warns
        -----
        UserWarning
            If the model has learned a table of a library that is not installed here.
        """
        check_constraints(custom, "custom")
        model = TableModel.load(path, choose_device(device), custom)
        try:
            columns = model.condition_columns
            condition_on = list(columns.names) if columns else None
            gan = cls(
                **model.facts["parameters"],
                condition_on=condition_on,
                constraints=list(model.constraints) or None,
                device=device,
            )
            with suppress(UnregisteredError):  # a loss of one's own is needed to fit, not to draw
                FitOptions.of(gan)
            resolve_seed(gan.random_state)
            check_number("n_rows", model.facts["n_rows"], Integral, 1)
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
