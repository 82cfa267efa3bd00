"""`DatabaseGAN`: the estimator that learns and samples a database of several tables."""

import os
import sys
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, Self

import pandas as pd
import torch
from sklearn.base import BaseEstimator

from tabgan.base.errors import DataError, OptionError, did_you_mean
from tabgan.base.option_checks import check_number
from tabgan.base.random_streams import RandomStateLike, resolve_seed
from tabgan.conditions.grammar import Where
from tabgan.fitting.fit_session import NotFittedError
from tabgan.fitting.prepare import TableOptions, TextStyle
from tabgan.inference.accept_table import as_frame
from tabgan.relations.database_model import DatabaseModel
from tabgan.relations.evaluate_database import DatabaseEvaluation, evaluate_database
from tabgan.relations.infer_relations import infer_relations
from tabgan.relations.relations import Relations, Tables
from tabgan.relations.row_owners import is_implicit, without_implicit_parents
from tabgan.table.schema import Kind, Schema

__all__ = ["DatabaseGAN", "Scale"]

Scale = float | Mapping[str, int]
MOST_SCALE = 10_000.0

NOT_BY_PERSON = (
    "epsilon can't be combined with several tables: its guarantee is for single rows, and the rows "
    "of a person lie in many tables, so that it would protect nobody; leave epsilon out, or learn "
    "one table with a row for each person"
)


@dataclass(eq=False, repr=False, kw_only=True)
class DatabaseGAN(BaseEstimator):
    """Learn the tables of a database, and sample a new database with valid keys.

    Tables are sampled one after the other, parents first: a parent row with its numbers of
    children, then each child given its parents, its position among its siblings and the previous
    row. Boosted trees sample all rows column by column (`tabgan.generators.trees.tree_generator`).
    The rows satisfy the rules that are detected between the columns of a table and those of the
    tables above it.

    Parameters
    ----------
    references
        Reference tables, such as lists of countries, which are copied unchanged. The model contains
        their rows.
    schema
        Kinds of columns by table, as in ``{"users": {"city": "categorical"}}``; None infers all.
    locale, min_group, text, derive
        As in `TabGAN`, for every table.
    epsilon
        Must be None: there is no differential privacy for databases.
    verbose
        Whether to print the name of each table to standard error while it is learned.
    random_state
        Seed of all randomness; an integer makes `fit` and `sample` repeatable.

    Attributes
    ----------
    relations_ : Relations
        The keys between the tables.
    notes_ : list of str
        Decisions about keys, such as where a circle was broken, and columns that are sums of
        children.
    n_rows_ : dict
        Number of rows of each table.
    delimiters_ : dict
        Field delimiters of text files by table, if not a comma.

    Examples
    --------
    >>> users = pd.DataFrame({"id": range(1, 61), "plan": ["free", "paid", "free"] * 20})
    >>> visits = pd.DataFrame({"user_id": [1, 1, *range(1, 60)], "pages": [1, 4, 2] * 20 + [3]})
    >>> gan = DatabaseGAN(verbose=False, random_state=0)
    >>> gan = gan.fit({"users": users, "visits": visits})
    >>> drawn = gan.sample()
    >>> len(drawn["users"]), set(drawn["visits"]["user_id"]) <= set(drawn["users"]["id"])
    (60, True)
    """

    references: Sequence[str] = ()
    schema: Mapping[str, Schema | Mapping[Hashable, Kind]] | None = None
    locale: str | None = None
    min_group: int = 5
    text: TextStyle = "keep-shape"
    derive: bool = True
    epsilon: float | None = None
    verbose: bool = True
    random_state: RandomStateLike = None

    def fit(
        self,
        X: Mapping[str, Any],  # noqa: N803
        y: object = None,  # noqa: ARG002
        *,
        relations: Relations | None = None,
    ) -> Self:
        """Learn the tables of a database.

        Parameters
        ----------
        X
            Dict of the tables by name: DataFrames, or tables of another library.
        y
            Ignored.
        relations
            The keys between the tables; by default they are inferred (`infer_relations`).

        Raises
        ------
        DataError, SchemaError
            If a table can't be used, or a key is not valid.
        OptionError
            If a parameter has an invalid value.
        """
        options = self._options()
        tables = _frames(X)
        seed = resolve_seed(self.random_state)
        known = infer_relations(tables) if relations is None else relations
        for name in self.references:
            if name not in tables:
                raise OptionError(
                    f"references={name!r} names no table; {did_you_mean(name, tables)}",
                    on_command_line=f"--reference {name}: there is no such table; "
                    f"{did_you_mean(name, tables)}",
                )
        known = known.with_references(self.references).without_implied()
        began = time.monotonic()

        def say(line: str) -> None:
            if self.verbose:
                print(f"{time.monotonic() - began:7.1f} s  {line}", file=sys.stderr, flush=True)

        model = DatabaseModel.fit(
            tables,
            known,
            options,
            seed,
            kinds=self._kinds(tables),
            parameters=self._parameters(),
            workers=torch.get_num_threads(),
            say=say,
        )
        return self._set_model(model)

    def sample(
        self,
        scale: Scale = 1.0,
        *,
        where: Mapping[str, Where] | None = None,
        random_state: RandomStateLike = None,
    ) -> dict[str, pd.DataFrame]:
        """Sample a database.

        Parameters
        ----------
        scale
            Number of rows as a multiple of the real ones; short tables to which many rows refer
            keep up to ten rows (`notes_on_scale`). Or numbers of rows of tables without a parent,
            such as ``{"customers": 1000}``; their children follow.
        where
            Conditions on the rows of tables, such as ``{"customers": {"country": "DE"}}`` or
            ``{"orders": "price >= 65"}``; see `TabGAN.sample`. They hold in all rows of the table,
            whose children are sampled given these rows. In a table with parents, rows that do not
            meet the condition are sampled again, and left out if the rows of their parents never
            meet it.
        random_state
            Seed of this sample; by default that of the estimator.

        Returns
        -------
        dict of DataFrame
            The tables by name, with the columns, order and dtypes of the real ones.

        Raises
        ------
        OptionError
            If the scale names a table that has parents, a condition names a reference table or no
            table, the scale is not a number above 0, or no row meets a condition.
        NotFittedError
            If the estimator is not fitted.
        """
        self._check_fitted()
        seed = resolve_seed(self.random_state if random_state is None else random_state)
        for table in where or {}:
            self._check_sampled(table)
        counted = [*scale] if isinstance(scale, Mapping) else []
        return self._model.sample(self._scales(scale), seed, where, counted=counted)

    def notes_on_scale(self, scale: Scale) -> list[str]:
        """Return a line for each table that a small sample does not make smaller.

        Parameters
        ----------
        scale
            As in `sample`.
        """
        self._check_fitted()
        if isinstance(scale, Mapping):
            return []
        model = self._model
        return [
            f"{table}: {model.n_free(table, scale)} rows, in place of "
            f"{round(scale * model.drawers[table].n_free)}, as many rows refer to it"
            for table in model.lists
            if table in model.drawers
            and model.n_free(table, scale) > round(scale * model.drawers[table].n_free)
        ]

    def evaluate(
        self, real: Mapping[str, Any], synthetic: Mapping[str, Any] | None = None
    ) -> DatabaseEvaluation:
        """Measure how good a synthetic database is (`tabgan.relations.evaluate_database`).

        Parameters
        ----------
        real
            The real tables.
        synthetic
            Tables of this estimator; by default as many rows as the real ones have are sampled.
        """
        self._check_fitted()
        drawn = self.sample() if synthetic is None else _frames(synthetic)
        return evaluate_database(_frames(real), drawn, self.relations_)

    def keep_delimiters(self, delimiters: Mapping[str, str]) -> None:
        """Store the field delimiters of text files by table, except commas.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        """
        self._check_fitted()
        kept = {table: own for table, own in delimiters.items() if own != ","}
        self._set_model(replace(self._model, delimiters=kept))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the fitted model to one file, atomically.

        The file contains no row of a table, except those of reference tables.

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
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Load a model file.

        Raises
        ------
        ModelFileError
            If the file is not a model of a database, or is damaged.
        OSError
            If the file can't be opened.
        """
        model = DatabaseModel.load(path)
        return cls(**model.parameters)._set_model(model)

    def _options(self) -> TableOptions:
        if self.epsilon is not None:
            raise OptionError(
                NOT_BY_PERSON, on_command_line=NOT_BY_PERSON.replace("epsilon", "--epsilon")
            )
        check_number("min_group", self.min_group, Integral, 1)
        if self.text not in ("keep-shape", "lorem"):
            raise OptionError(
                f"text={self.text!r} must be 'keep-shape' or 'lorem': a database keeps its columns",
                on_command_line=f"--text {self.text}: choose keep-shape or lorem; a database keeps "
                "its columns",
            )
        return TableOptions(
            locale=self.locale,
            min_group=int(self.min_group),
            text=self.text,
            derive=bool(self.derive),
        )

    def _kinds(self, tables: Tables) -> dict[str, dict[str, Kind]]:
        kinds: dict[str, dict[str, Kind]] = {}
        for table, own in (self.schema or {}).items():
            if table not in tables:
                raise OptionError(
                    f"schema names the table {table!r}, which is not there; "
                    f"{did_you_mean(table, tables)}"
                )
            declared = {c.name: c.kind for c in own} if isinstance(own, Schema) else own
            kinds[table] = {str(name): kind for name, kind in declared.items()}
        return kinds

    def _parameters(self) -> dict[str, Any]:
        """Return the options that a model file keeps."""
        seed = self.random_state
        return {
            "references": list(self.references),
            "locale": self.locale,
            "min_group": int(self.min_group),
            "text": self.text,
            "derive": bool(self.derive),
            "verbose": bool(self.verbose),
            "random_state": int(seed) if isinstance(seed, Integral) else None,
        }

    def _scales(self, scale: Scale) -> dict[str, float]:
        """Return how many times as many rows each table without a parent gets."""
        roots = self._roots()
        if not isinstance(scale, Mapping):
            check_number("scale", scale, Real, 0, above=True)
            if scale > MOST_SCALE:
                raise OptionError(f"scale={scale!r} must be at most {MOST_SCALE:g}")
            return dict.fromkeys(self._model.forms, float(scale))
        scales = {}
        for table, n in scale.items():
            self._check_root(table)
            check_number(f"scale[{table!r}]", n, Integral, 0)
            scales[table] = scales[roots[table]] = n / max(self.n_rows_[table], 1)
        return scales

    def _roots(self) -> dict[str, str]:
        """Return the tables that no other one steers, and the one whose rows are counted."""
        plans = self._model.plan.tables
        roots = {own.table: own.table for own in plans if own.steering is None}
        by_key = {own.table: own.source for own in plans if own.source in roots}
        return roots | {t: own for t, own in by_key.items() if own and is_implicit(own)}

    def _check_root(self, table: str) -> None:
        roots = self._roots()
        if table not in roots or is_implicit(table):
            names = ", ".join(repr(name) for name in sorted(roots) if not is_implicit(name))
            raise OptionError(
                f"scale={table!r}: the rows of this table come with those of its parents, or "
                f"there is no such table; give numbers of rows for {names}"
            )

    def _check_sampled(self, table: str) -> None:
        sampled = sorted({*self.n_rows_} - {*self._model.references})
        if table not in sampled:
            what = "copied as it is" if table in self._model.references else "no table"
            raise OptionError(
                f"where={table!r} is {what}; give conditions for "
                f"{', '.join(repr(name) for name in sampled)}"
            )

    def _set_model(self, model: DatabaseModel) -> Self:
        self._model = model
        self.relations_ = without_implicit_parents(model.relations)
        self.delimiters_ = dict(model.delimiters)
        self.notes_ = [*model.plan.notes, *map(str, model.totals)]
        self.n_rows_ = {
            table: form.n_rows for table, form in model.forms.items() if not is_implicit(table)
        }
        return self

    def _check_fitted(self) -> None:
        if not hasattr(self, "_model"):
            raise NotFittedError(
                "This DatabaseGAN has not been fitted; call fit, or load a model with "
                "DatabaseGAN.load"
            )


def _frames(tables: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the tables of a database as DataFrames with texts for names."""
    if not isinstance(tables, Mapping) or not tables:
        raise DataError(
            "a database is a mapping from names to tables, as in {'users': users, 'visits': visits}"
        )
    frames = {}
    for name, table in tables.items():
        frame = as_frame(table).reset_index(drop=True)
        if not all(isinstance(label, str) for label in frame.columns):
            raise DataError(f"{name}: the columns of a database's tables need texts for names")
        frames[str(name)] = frame
    return frames
