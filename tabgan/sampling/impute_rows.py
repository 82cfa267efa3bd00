"""Imputation: the missing cells of a table are computed where a formula tells them, else drawn.

A formula tells a number that is its only hole in a row; the rest is drawn by `complete_rows`, as a
completion of the row. Numbers that the training table never had stay, though no draw depends on
them: formulas that they break are solved anew for a cell that was drawn.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

from tabgan.conditions.partial_rows import PartialRows, read_partial_rows
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.rules.arithmetic_dependency import FormulaDependency
from tabgan.rules.dependency import Mask
from tabgan.rules.holes_dependency import HolesDependency
from tabgan.rules.sum_dependency import SumDependency
from tabgan.sampling.complete_rows import RowCompleter
from tabgan.table.columns import NUMBERS, ColumnRef, TypedSeries, write_column
from tabgan.table.schema import Column
from tabgan.table.text_formats import MISSING_MARKS

__all__ = ["impute"]

ROUNDS = 3  # in which one formula tells what another one needs


def impute(completer: RowCompleter, frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the table with its missing cells filled; all others are as they were.

    Marks that stand for a missing value count as missing: "NA" or "None" in any column, and what
    stands among numbers ("ERROR"), in columns of levels too. In columns of generated values that is
    a value. Values that the training table never had stay, but no draw depends on them.

    Parameters
    ----------
    completer
        Completes rows.
    frame
        The table; each missing cell is filled.
    seed
        Root of all streams of randomness.

    Raises
    ------
    OptionError
        If a column is not one of the training table.
    """
    completer = completer.of_values
    schema = completer.model.encoder.schema
    rows = _read(completer, frame)
    marks = [
        MISSING_MARKS if schema.columns[at].is_generated else completer.marks for at in rows.places
    ]
    holes = _holes(frame, marks)
    solver = FormulaSolver.of(completer.model.encoder, rows.places)
    told = solver.tell(frame, completer.marks)
    if told is not frame:
        holes, rows = _holes(told, marks), _read(completer, told)
    rows = _without_holes(rows, holes)
    some = np.flatnonzero(holes.any(axis=1))
    if not len(some):
        return told.copy()
    drawn = pd.concat([*completer.blocks(rows[some], seed, present=True)], ignore_index=True)
    spread = np.zeros(len(frame), np.intp)  # each row's place among those that were drawn
    spread[some] = np.arange(len(some))
    new = drawn.iloc[spread].set_axis(frame.index)
    filled = [
        _filled(told.iloc[:, place], new.iloc[:, at], holes[:, place])
        for place, at in enumerate(rows.places)
    ]
    strange = ~rows.given[:, [*rows.places]] & ~holes
    result = pd.concat(filled, axis=1).set_axis(frame.columns, axis=1)
    return solver.mend(result, holes, strange)


def _read(completer: RowCompleter, frame: pd.DataFrame) -> PartialRows:
    """Read the cells that are there and that the model may draw."""
    schema = completer.model.encoder.schema
    return read_partial_rows(frame, schema, completer.levels, completer.specials, strict=False)


def _without_holes(rows: PartialRows, holes: Mask) -> PartialRows:
    given = rows.given.copy()
    given[:, [*rows.places]] &= ~holes
    return replace(rows, given=given)


@dataclass(frozen=True, eq=False)
class FormulaSolver:
    """Solves formulas between the columns of a frame for single cells.

    Parameters
    ----------
    equations
        The formulas, whose positions are the schema's.
    columns
        The columns by position, without ranges: what a formula says counts.
    places
        Where each position's column stands in the frame.
    """

    equations: Sequence[FormulaDependency]
    columns: dict[int, Column]
    places: dict[int, int]

    @classmethod
    def of(cls, encoder: TableEncoder, places: Sequence[int]) -> "FormulaSolver":
        """Take the formulas of a model all of whose columns are in a frame."""
        holes = [rule for rule in encoder.dependencies if isinstance(rule, HolesDependency)]
        every = [*encoder.dependencies, *(own for rule in holes for own in rule.rules)]
        schema = encoder.schema.columns
        of_frame = {at: place for place, at in enumerate(places) if schema[at].kind in NUMBERS}
        equations = [
            _unbounded(rule)
            for rule in every
            if isinstance(rule, FormulaDependency | SumDependency)
            and {*rule.positions} <= of_frame.keys()
            and all(schema[field.position] == field.column for field in _fields(rule))
        ]
        columns = {at: _without_range(schema[at]) for at in of_frame}
        return cls(equations, columns, of_frame)

    def tell(self, frame: pd.DataFrame, marks: Collection[str]) -> pd.DataFrame:
        """Fill each hole that is a formula's only one in its row.

        Parameters
        ----------
        frame
            The table.
        marks
            Texts that stand for a missing value.
        """
        for _ in range(ROUNDS if self.equations else 0):
            before = frame
            for rule in self.equations:
                own = [self.places[at] for at in rule.positions]
                holes = _holes(frame.iloc[:, own], [marks] * len(own))
                told = holes.sum(axis=1) == 1
                for number, at in enumerate(rule.positions):
                    frame = self._solved(rule, frame, at, told & holes[:, number])
            if frame is before:
                break
        return frame

    def mend(self, frame: pd.DataFrame, drawn: Mask, strange: Mask) -> pd.DataFrame:
        """Solve the formulas that a strange number breaks for one of the cells that were drawn.

        Parameters
        ----------
        frame
            The table without holes.
        drawn
            Which cells were drawn, shape (rows, columns).
        strange
            Which cells hold a value that the model never draws, shape (rows, columns).
        """
        for rule in self.equations:
            own = [self.places[at] for at in rule.positions]
            suspect = strange[:, own].any(axis=1) & drawn[:, own].any(axis=1)
            for at in reversed(rule.positions):  # the result first
                wrong = suspect & drawn[:, self.places[at]]
                if wrong.any():
                    wrong &= ~rule.holds(self._cells(rule, frame))
                    frame = self._solved(rule, frame, at, wrong)
        return frame

    def _solved(
        self, rule: FormulaDependency, frame: pd.DataFrame, at: int, rows: Mask
    ) -> pd.DataFrame:
        """Solve a formula for a column's cells in some rows, where that is possible."""
        if not rows.any():
            return frame
        cells = self._cells(rule, frame.loc[rows])
        place, column = rule.positions.index(at), self.columns[at]
        solved = rule.solve([own.numbers for own in cells], place)
        cells[place] = TypedSeries(column, write_column(solved, column))
        helped = rows.copy()
        helped[rows] = solved.present & rule.holds(cells)
        if not helped.any():
            return frame
        new = cells[place].values.set_axis(frame.index[rows]).reindex(frame.index)
        own = self.places[at]
        filled = _filled(frame.iloc[:, own], new, helped)
        series = [filled if i == own else frame.iloc[:, i] for i in range(frame.shape[1])]
        return pd.concat(series, axis=1).set_axis(frame.columns, axis=1)

    def _cells(self, rule: FormulaDependency, frame: pd.DataFrame) -> list[TypedSeries]:
        return [
            TypedSeries(self.columns[at], frame.iloc[:, self.places[at]].reset_index(drop=True))
            for at in rule.positions
        ]


def _unbounded(rule: FormulaDependency | SumDependency) -> FormulaDependency:
    """Return a formula, or a sum as one, for numbers beyond the training table's ranges too."""
    if isinstance(rule, SumDependency):
        rule = FormulaDependency(rule.parts, rule.total, rule.expression, rule.special)
    sources = tuple(own._replace(column=_without_range(own.column)) for own in rule.sources)
    return replace(rule, sources=sources, exact=True, yielding=())


def _without_range(column: Column) -> Column:
    return replace(column, minimum=None, maximum=None)


def _fields(rule: FormulaDependency | SumDependency) -> tuple[ColumnRef, ...]:
    if isinstance(rule, SumDependency):
        return (*rule.parts, rule.total)
    return (*rule.sources, rule.target)


def _holes(frame: pd.DataFrame, marks: Sequence[Collection[str]]) -> NDArray[np.bool_]:
    """Return which cells are missing, or hold a text that stands for a missing value.

    Parameters
    ----------
    frame
        A table.
    marks
        Such texts, for each of its columns.
    """
    holes = frame.isna().to_numpy(bool, copy=True)
    for at in range(frame.shape[1]):
        column = frame.iloc[:, at]
        if not (is_numeric_dtype(column.dtype) or is_datetime64_any_dtype(column.dtype)):
            texts = column.to_numpy(object)
            holes[:, at] |= pd.Series(texts, dtype=object).isin([*marks[at]]).to_numpy()
    return holes


def _filled(values: pd.Series, drawn: pd.Series, holes: NDArray[np.bool_]) -> pd.Series:
    """Fill one column, which keeps its dtype; of objects it takes the training table's.

    A column of whole numbers, say, can't hold missing values, and comes as one of floats or
    objects where it has some.
    """
    if not holes.any():
        return values
    if isinstance(values.dtype, pd.CategoricalDtype):
        new = [v for v in drawn[holes].dropna().unique() if v not in values.dtype.categories]
        values = values.cat.add_categories(new)
    if isinstance(drawn.dtype, pd.DatetimeTZDtype) and values.dtype.kind == "M":
        zone = None if not isinstance(values.dtype, pd.DatetimeTZDtype) else values.dtype.tz
        drawn = drawn.dt.tz_convert(zone) if zone else drawn.dt.tz_localize(None)
    try:
        return values.where(~holes, drawn.astype(values.dtype))
    except (TypeError, ValueError):
        return values.astype(object).where(~holes, drawn.astype(object)).astype(drawn.dtype)
