"""What a fitted estimator draws: rows, rows as they are asked for, missing cells."""

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import pandas as pd

from tabgan.checks import check_memory, check_number
from tabgan.dataframes import FrameForm, form_of, pandas_of
from tabgan.drawing.balance import balanced_blocks
from tabgan.drawing.impute import impute
from tabgan.drawing.partial import RowCompleter
from tabgan.drawing.request import requested_blocks
from tabgan.errors import NotFittedError, OptionError
from tabgan.inference import as_frame
from tabgan.model import TableModel
from tabgan.streams import RandomStateLike, numpy_stream, resolve_seed

__all__ = ["DrawingMixin"]


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
        where: Any = None,
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
            as ``'income == ">50K" and age >= 65'`` (`tabgan.asking.asked_of`). Or a table of
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
        where: Any = None,
        balance: Any = None,
        random_state: RandomStateLike = None,
    ) -> Iterator[Any]:
        """Draw synthetic rows block by block, in bounded memory.

        The blocks together are the rows that `sample` gives for the same arguments.
        """
        _, blocks = self._blocks(n, where, balance, random_state)
        return map(self._form.restore, blocks)

    def _blocks(
        self, n: int | None, where: Any, balance: Any, random_state: RandomStateLike
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

    def _count(self, n: int | None, where: Any) -> int:
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
