"""`TableEstimator`: the scikit-learn estimator that learns a table and samples rows."""

import os
import platform
import time
from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, cast

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import Tags

from tabgan.base.errors import ModelFileError, OptionError, TrainingWarning, warn_caller
from tabgan.base.notebook_html import html_lines, html_table
from tabgan.base.option_checks import check_memory, check_number
from tabgan.base.random_streams import RandomStateLike, numpy_stream, resolve_seed
from tabgan.base.registry import UnregisteredError
from tabgan.conditions.grammar import Where
from tabgan.files.file_cells import TRAINING_ROWS, sample_frame
from tabgan.files.read_write import read_table
from tabgan.fitting.fit_session import FitCheckpoint, FitSession, NotFittedError
from tabgan.fitting.fit_table import describe_postprocessing, fit_table
from tabgan.fitting.options import OPTIONS_OF, FitOptions, Method, current_options
from tabgan.fitting.prepare import without_free_text
from tabgan.fitting.private.privacy_accounting import Ledger
from tabgan.fitting.private.public_schema import check_dtypes_are_declared, check_private_options
from tabgan.fitting.train_table import Snapshot
from tabgan.generators.generator_training import choose_device
from tabgan.generators.training_callbacks import Callback
from tabgan.inference.accept_table import as_frame
from tabgan.rules.base_rules import Constraint, Custom
from tabgan.rules.constraint_plan import check_constraints
from tabgan.sampling.complete_rows import RowCompleter
from tabgan.sampling.impute_rows import impute
from tabgan.sampling.row_requests import balanced_blocks, requested_blocks
from tabgan.sampling.table_model import TableModel
from tabgan.sampling.write_parts import (
    Backend,
    PartFolder,
    PartFormat,
    PartJob,
    Shard,
    check_writers,
    plan_parts,
    read_plan,
    write_parts,
)
from tabgan.table.frame_libraries import FrameForm, FrameT, form_of, pandas_of
from tabgan.table.schema import Kind, Schema

if TYPE_CHECKING:
    from tabgan.evaluation.evaluate import Evaluation
    from tabgan.evaluation.results import Run
    from tabgan.inference.accept_table import TableLike


__all__ = ["TableEstimator"]


NOT_COVERED = (
    "this evaluation uses the real rows: the privacy guarantee holds for the model and the rows "
    "sampled from it, but not for these figures"
)


@dataclass(eq=False, repr=False, kw_only=True)  # scikit-learn compares and shows estimators
class TableEstimator(BaseEstimator, Generic[FrameT]):
    """Base class of the estimators of tables: fit, sample, impute, evaluate, save and load.

    A subclass names its method, adds the parameters of that method, and documents all of them.
    """

    method: ClassVar[Method]
    _of_method: ClassVar[dict[str, type["TableEstimator"]]] = {}

    max_time: float | None = None
    schema: Schema | Mapping[Hashable, Kind] | None = None
    condition_on: Hashable | list[Hashable] = None
    constraints: Sequence[Constraint] | None = None
    locale: str | None = None
    min_group: int = 5
    text: str = "keep-shape"
    derive: bool = True
    refine: bool = True
    training_rows: int | None = None
    callbacks: Sequence[Callback] | None = None
    verbose: bool = True
    random_state: RandomStateLike = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "method" in vars(cls):
            cls._of_method[cls.method] = cls

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _html_repr(self) -> str:
        """Return scikit-learn's view of the estimator, and below it what a fit has found."""
        shown: str = super()._html_repr()
        if not hasattr(self, "_model"):
            return shown
        facts = {**self._facts_of_method(), **describe_postprocessing(self.postprocessing_)}
        return "".join(
            [
                shown,
                html_table(f"Fitted on {self.n_rows_:,} rows", ["Fact", ""], facts.items()),
                self.schema_._repr_html_(),
                html_lines("Rules that every row satisfies", self.constraints_),
                html_lines("Detected rules", (d.describe() for d in self.dependencies_)),
            ]
        )

    def fit(
        self,
        X: "TableLike | str | os.PathLike[str]",  # noqa: N803
        y: object = None,  # noqa: ARG002
    ) -> Self:
        """Learn a table.

        Parameters
        ----------
        X
            A pandas, Polars or Arrow table, or one of another library that narwhals supports;
            `sample` then returns the same type. Or a two-dimensional array or list of rows, whose
            columns are named 0, 1, 2 … Or the path of a file or of a folder of Parquet files, or
            a pattern such as ``data/*.parquet``; from more than `training_rows` rows, a sample is
            read in one pass.
        y
            Ignored; a target is a column of X like any other.

        Returns
        -------
        The fitted estimator.

        Raises
        ------
        DataError, SchemaError
            If the table or the schema can't be used, or if a row breaks a constraint. With an
            `epsilon`, also if the table does not declare the types of its columns.
        OptionError
            If a parameter has an invalid value.
        TrainingError
            If the training diverges.
        """
        began = time.monotonic()
        params = self._with_defaults(current_options(self))
        options = FitOptions.check(params)
        seed = resolve_seed(self.random_state)
        if options.epsilon is not None:
            check_private_options(params)
            check_dtypes_are_declared(X)
        table = self._table_to_learn(X, by_schema=options.epsilon is not None)
        with FitSession(
            options.callbacks, max_time=self.max_time, verbose=options.verbose, began=began
        ) as session:
            by_schema = options.epsilon is not None
            checkpoint = FitCheckpoint.open(options, session)
            if checkpoint is not None:
                seed = checkpoint.seed(seed, self.random_state)
            frame, form = as_frame(table, by_schema=by_schema), form_of(table, by_schema=by_schema)
            frame = frame if self.training_rows is None else sample_frame(frame, self.training_rows)
            if options.text == "drop":
                every = [*frame.columns]
                frame, options = without_free_text(frame, options, by_schema=by_schema)
                form = form.only([every.index(name) for name in frame.columns])
            model, snapshots = fit_table(
                frame, options, seed, session, form=form, checkpoint=checkpoint
            )
        self._set_model(model, snapshots)
        self._fit_facts = {"seed": str(seed), "seconds": f"{session.seconds:.1f}"}
        for finding in self.diagnosis_:
            warn_caller(str(finding), TrainingWarning)
        return self

    def _table_to_learn(
        self,
        X: "TableLike | str | os.PathLike[str]",  # noqa: N803
        *,
        by_schema: bool,
    ) -> "TableLike":
        """Read a table if a file is named."""
        if not isinstance(X, str | os.PathLike):
            return X
        if by_schema:
            raise OptionError(
                f"{os.fspath(X)}: with an epsilon, read the table first, so that its dtypes say "
                "what its columns are, or fit it by 'tabgan fit'"
            )
        rows = TRAINING_ROWS if self.training_rows is None else self.training_rows
        return read_table(os.fspath(X), most_rows=rows)[0]

    def sample(
        self,
        n: int | None = None,
        *,
        where: Where | None = None,
        balance: Hashable | Mapping[Any, Any] = None,
        random_state: RandomStateLike = None,
    ) -> FrameT:
        """Sample synthetic rows.

        Parameters
        ----------
        n
            Number of rows; by default that of the training table.
        where
            A condition that all rows must meet: a dict from columns to a value, a list of values,
            a range as a pair ``(from, to)`` with None for an open end, or None for missing; or an
            expression such as ``'income == ">50K" and age >= 65'`` (`tabgan.conditions.grammar`).
            Or a table of partial rows: each is completed, in the same order and with the same
            index. Its present cells are kept; missing cells and missing columns are sampled.
        balance
            A column whose values become equally frequent; or a dict from the column to the shares
            of its values.
        random_state
            Seed of this sample. By default that of the estimator: an integer there gives the same
            rows at every call, None gives new ones.

        Returns
        -------
        DataFrame, or the type of table that was learned
            n rows, with the columns, order, names and dtypes of the training table.

        Raises
        ------
        OptionError
            If n is negative, if n rows do not fit into memory, or if a condition names a column
            or value that the table does not have.
        SamplingError
            If no row can meet the condition and satisfy the rules between columns.
        ConstraintError
            If too few of the sampled rows satisfy the constraints.
        NotFittedError
            If the estimator is not fitted.

        Warns
        -----
        SamplingWarning
            If no row that the model sampled met the condition.
        """
        n, blocks = self._blocks(n, where, balance, random_state)
        first = next(blocks)
        check_memory(first, n)
        rows = pd.concat([first, *blocks]) if n > len(first) else first
        return cast("FrameT", self._form.restore(rows))

    def sample_blocks(
        self,
        n: int | None = None,
        *,
        where: Where | None = None,
        balance: Hashable | Mapping[Any, Any] = None,
        random_state: RandomStateLike = None,
    ) -> Iterator[FrameT]:
        """Sample synthetic rows block by block, in bounded memory.

        Together, the blocks are the rows that `sample` returns for the same arguments.

        Parameters
        ----------
        n, where, balance, random_state
            As in `sample`.

        Yields
        ------
        Tables of at most 8,192 rows, of the type that `sample` returns.
        """
        _, blocks = self._blocks(n, where, balance, random_state)
        return map(self._form.restore, blocks)

    def sample_to(
        self,
        folder: str | os.PathLike[str],
        n: int | None = None,
        *,
        rows_per_file: int = 1_000_000,
        table_format: PartFormat = "parquet",
        random_state: RandomStateLike = None,
        shard: tuple[int, int] | None = None,
        resume: bool = False,
        force: bool = False,
        backend: Backend = "local",
        cluster: str | None = None,
        on_part: Callable[[int], None] | None = None,
    ) -> Path | None:
        """Sample synthetic rows to the files of a folder, in bounded memory.

        Together, the files contain the rows that `sample` returns for the same n and random_state.
        A file depends only on the model, the seed and its number, so it is the same whichever
        process writes it, and a stopped run can be resumed.

        Parameters
        ----------
        folder
            Folder for the files; it is created if it does not exist.
        n
            Number of rows; by default that of the training table.
        rows_per_file
            Number of rows in each file except the last.
        table_format
            ``"parquet"``, ``"csv"``, ``"tsv"``, ``"jsonl"`` or ``"feather"``.
        random_state
            Seed of this sample, as in `sample`; with `resume`, None takes that of the folder.
        shard
            ``(i, k)`` writes the files of process i of k, counted from 0. All processes need the
            same other arguments. A process that is started again continues where it stopped.
        resume
            Whether to continue a sample in the folder. Complete files are verified and not sampled
            again.
        force
            Whether to replace the files of another sample in the folder; not with `shard`.
        backend
            ``"local"`` samples in this process, on all threads of torch; ``"ray"`` on a Ray
            cluster, whose machines all have access to the folder.
        cluster
            Address of that cluster; by default the one that Ray finds, otherwise a new local one.
        on_part
            Called with the number of rows of each file when the file is complete.

        Returns
        -------
        Path or None
            The manifest, which lists the files with their digests; None while files of other
            shards are missing.

        Raises
        ------
        OptionError
            If an option has an invalid value, or a library is not installed.
        SamplingError
            If a constraint needs all previous rows to sample a row.
        TableFileError
            If the folder can't be written to, or contains something else.
        NotFittedError
            If the estimator is not fitted.
        """
        self._check_fitted()
        n = self.n_rows_ if n is None else n
        check_number("n", n, Integral, 0)
        place = Path(folder).resolve()
        own = None if shard is None else Shard(*shard)
        check_writers(self._model, own, backend, force=force)
        seed = self._seed_of_parts(place, random_state, own, resume=resume)
        plan = plan_parts(
            self._model, int(n), seed, rows_per_file=rows_per_file, part_format=table_format
        )
        opened = PartFolder.open(place, plan, join=resume or own is not None, force=force)
        job = PartJob.of(self._model, opened, self._form)
        parts = range(plan.n_parts) if own is None else own.of(range(plan.n_parts))
        for part in write_parts(job, parts, backend=backend, cluster=cluster):
            if on_part is not None:
                start, stop = plan.span(part)
                on_part(stop - start)
        return opened.manifest if opened.finish() else None

    def _seed_of_parts(
        self, folder: Path, random_state: RandomStateLike, shard: Shard | None, *, resume: bool
    ) -> int:
        """Return the seed of a sample in parts, which a folder may tell."""
        planned = read_plan(folder) if resume and random_state is None else None
        if planned is not None:
            return planned.seed
        if shard is not None and random_state is None and self.random_state is None:
            raise OptionError("shard needs a random_state, the same whole number in all processes")
        return self._sample_seed(random_state)

    def impute(
        self,
        X: "TableLike",  # noqa: N803
        *,
        n_imputations: int | None = None,
        random_state: RandomStateLike = None,
    ) -> Any:
        """Impute missing cells by sampling them given the other cells of their row.

        Marks of missing values count as missing: "NA" or "None". "ERROR" counts as missing in
        numbers and in categorical columns, if the training table has it among its numbers.

        Parameters
        ----------
        X
            A table with columns of the training table, in any order, of any type that `fit` takes.
        n_imputations
            Number of imputed tables to return as a list; None returns a single table.
        random_state
            Seed, as in `sample`.

        Returns
        -------
        An imputed table of the type of X, or a list of them if `n_imputations` is a number
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
            Rows of this estimator; by default as many as `real` has are sampled.
        holdout
            Real rows that are not in the training table.
        target
            The column that models predict; by default one is chosen.
        metrics
            Names of registered metrics to compute as well.

        Returns
        -------
        An evaluation whose `run` describes the fit.

        Raises
        ------
        DataError, SchemaError, OptionError
            As in `tabgan.evaluate`.
        NotFittedError
            If the estimator is not fitted.
        """
        self._check_fitted()
        from tabgan.evaluation.evaluate import evaluate

        frame = self._with_learned_columns(real)
        drawn: Any = self.sample(len(frame)) if synthetic is None else synthetic
        holdout = None if holdout is None else self._with_learned_columns(holdout)
        kinds = {column.name: column.kind for column in self.schema_}
        evaluation = evaluate(frame, drawn, holdout, target, schema=kinds, metrics=metrics)
        return evaluation.with_run(self._run())

    def _with_learned_columns(self, table: "TableLike") -> pd.DataFrame:
        """Return a table without the columns of free text that the fit has left out."""
        frame = as_frame(table)
        if self.text != "drop":
            return frame
        return frame.loc[:, frame.columns.isin([*self.schema_.names])]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the fitted model to one file, atomically.

        The file contains the averaged generator, its calibration and the encoders' summaries of the
        columns, but no row of the training table (`tabgan.base.model_file`).

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
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
        """Load a model file, onto any device.

        Parameters
        ----------
        path
            The model file.
        device
            The device of the generator, as in the constructor.
        custom
            The custom constraints of the model, of which the file contains only the names.

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
            If the file can't be opened.

        Warns
        -----
        UserWarning
            If the library of the training table is not installed; pandas is then used.
        """
        check_constraints(custom, "custom")
        model = TableModel.load(path, cls._device(device), custom)
        own = cls._of_method[model.method]
        if cls is not TableEstimator:
            if not issubclass(cls, own):
                raise ModelFileError(
                    f"{path}: the model was fitted by {own.__name__}; load it with "
                    f"{own.__name__}.load"
                )
            own = cls
        own._device(device)
        try:
            columns = model.condition_columns
            condition_on = list(columns.names) if columns else None
            estimator: Any = own(
                **model.facts.parameters,
                condition_on=condition_on,
                constraints=list(model.constraints) or None,
                **own._options_of_process(device),
            )
            with suppress(UnregisteredError):  # a loss of one's own is needed to fit, not to draw
                FitOptions.check(estimator._with_defaults(current_options(estimator)))
            resolve_seed(estimator.random_state)
            estimator._set_model(model)
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise ModelFileError(f"{path}: the model's facts are incomplete ({error})") from error
        if not estimator._form.is_installed:
            warn_caller(
                f"{path}: the model has learned a table of {estimator._form.library}, which is "
                "not installed here; its rows come as pandas DataFrames",
            )
            estimator._form = FrameForm()
        return estimator  # type: ignore[no-any-return]

    @classmethod
    def _device(cls, device: str) -> torch.device:
        """Return where a model is loaded to."""
        return choose_device(device)

    @classmethod
    def _options_of_process(cls, device: str) -> dict[str, Any]:  # noqa: ARG003
        """Return the options of a loaded estimator that a file does not keep."""
        return {}

    def _with_defaults(self, options: dict[str, Any]) -> dict[str, Any]:
        """Add what the options of a fit have beyond those of this method."""
        gan = self._of_method["gan"]
        others = {name: getattr(gan, name) for name in OPTIONS_OF["gan"] if name not in options}
        return others | options | {"method": self.method}

    @abstractmethod
    def size_of_fit(self) -> dict[str, Any]:
        """Return how much was trained, as JSON values."""

    def _facts_of_method(self) -> dict[str, str]:
        """Say of the fit, for a report, what other methods do not have."""
        return {}

    def _set_model(
        self,
        model: TableModel,
        snapshots: Sequence[Snapshot] = (),  # noqa: ARG002
    ) -> Self:
        """Set the model and the attributes that describe it."""
        schema, facts = model.encoder.schema, model.facts
        self._model = model
        self._completer = RowCompleter(model)
        self._form = facts.form
        self.schema_ = schema
        self.history_ = list(facts.history)
        self.diagnosis_ = list(facts.diagnosis)
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
            name = type(self).__name__
            raise NotFittedError(
                f"This {name} has not been fitted; call fit, or load a model with {name}.load"
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
            **self._facts_of_method(),
            **describe_postprocessing(self.postprocessing_),
            "versions": ", ".join(
                [*(f"{name} {version(name)}" for name in ("tabgan", "torch")), _python()]
            ),
        }
        if self.privacy_ is not None:
            facts |= self.privacy_.facts()
        notes = [str(finding) for finding in self.diagnosis_]
        if self.privacy_ is not None:
            notes += [self.privacy_.describe()[0], NOT_COVERED]
        return Run(facts, tuple(self.history_), tuple(notes), tuple(self._untried()))

    def _untried(self) -> Iterator[str]:
        """Yield what this fit has not tried that lets it learn more."""
        yield from self._untried_by_method()
        if self.privacy_ is not None:
            yield "spend a larger budget (epsilon), or learn from more rows"
        elif not self.refine:
            yield "keep refine on (--refine)"

    def _untried_by_method(self) -> Iterator[str]:
        """Yield what another fit by this method could try; estimators with networks name more."""
        yield "learn from more rows"


def _python() -> str:
    return f"Python {platform.python_version()}"
