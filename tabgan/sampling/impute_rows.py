"""Imputation: missing cells are computed if a formula determines them, otherwise sampled.

A formula determines a number if it is the only missing one of its row; `complete_rows` samples the
rest. Numbers outside the training table are kept, but sampled cells do not depend on them; formulas
that they break are solved again for a sampled cell.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

from tabgan.base.errors import SamplingWarning, warn_caller
from tabgan.conditions.parse_request import (
    PartialRows,
    contradictions,
    name_rows,
    read_partial_rows,
)
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.rules.arithmetic_dependency import FormulaDependency
from tabgan.rules.base_rules import Mask
from tabgan.rules.counted_dependency import ElapsedDependency
from tabgan.rules.holes_dependency import HolesDependency
from tabgan.rules.numeric_axis import AxisValues, finest_unit, from_axis, neighbor_of, to_axis
from tabgan.rules.order_dependency import DifferenceDependency, OrderDependency
from tabgan.rules.sum_dependency import SumDependency
from tabgan.sampling.complete_rows import RowCompleter
from tabgan.table.columns import NUMBERS, TICKS, ColumnRef, TypedSeries, decimals_of, write_column
from tabgan.table.schema import Column
from tabgan.table.text_formats import MISSING_MARKS

__all__ = ["impute"]

ROUNDS = 3  # in which one formula tells what another one needs


def impute(completer: RowCompleter, frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the table with its missing cells imputed and all others unchanged.

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
    encoder = completer.model.encoder
    _warn_of_contradictions(rows[some], some, encoder)
    ordered = _Strangers(encoder, new, rows.places, holes, strange).in_order(result)
    return solver.mend(ordered, holes, strange)


def _warn_of_contradictions(
    rows: PartialRows, numbers: NDArray[np.intp], encoder: TableEncoder
) -> None:
    """Warn of rows whose given cells break a rule by themselves."""
    for rule, broken in contradictions(rows, encoder.schema, encoder.dependencies):
        warn_caller(
            f"impute: {name_rows(numbers[broken].tolist())}: the cells that are there break the "
            f"rule that {rule}, and stay as they are; correct one of them, or empty it to have it "
            "drawn",
            SamplingWarning,
        )


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

    equations: Sequence[FormulaDependency | ElapsedDependency]
    columns: dict[int, Column]
    places: dict[int, int]

    @classmethod
    def of(cls, encoder: TableEncoder, places: Sequence[int]) -> "FormulaSolver":
        """Take the formulas of a model all of whose columns are in a frame."""
        holes = [rule for rule in encoder.dependencies if isinstance(rule, HolesDependency)]
        every = [*encoder.dependencies, *(own for rule in holes for own in rule.rules)]
        schema = encoder.schema.columns
        of_frame = {
            at: place
            for place, at in enumerate(places)
            if schema[at].kind in NUMBERS | TICKS and not _reads_by_range(schema[at])
        }
        equations = [
            _unbounded(rule)
            for rule in every
            if isinstance(rule, FormulaDependency | SumDependency | ElapsedDependency)
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
        self,
        rule: FormulaDependency | ElapsedDependency,
        frame: pd.DataFrame,
        at: int,
        rows: Mask,
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
        return _with_column(frame, own, _filled(frame.iloc[:, own], new, helped))

    def _cells(
        self, rule: FormulaDependency | ElapsedDependency, frame: pd.DataFrame
    ) -> list[TypedSeries]:
        return [
            TypedSeries(self.columns[at], frame.iloc[:, self.places[at]].reset_index(drop=True))
            for at in rule.positions
        ]


@dataclass(frozen=True, eq=False)
class _Strangers:
    """Moves drawn values beside those that the model never draws, so that orders are kept.

    The distance that was drawn stays, as far as the range of the drawn column allows it.

    Parameters
    ----------
    encoder
        What holds the rules.
    new
        The rows that were drawn, with all columns of the schema.
    places
        Position of each column of the frame.
    drawn, strange
        Which cells were drawn, and which hold a value that the model never draws, shape (rows,
        columns of the frame).
    """

    encoder: TableEncoder
    new: pd.DataFrame
    places: Sequence[int]
    drawn: Mask
    strange: Mask

    def in_order(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the frame with drawn values moved."""
        # a rule stands before that of its source, which is to be moved first
        for rule in reversed(self.encoder.dependencies if self.strange.any() else ()):
            if isinstance(rule, DifferenceDependency):
                ends = self._ends(frame, (rule.source, rule.target))
                frame = frame if ends is None else ends.at_distance(frame)
            elif isinstance(rule, OrderDependency):
                pairs = [*rule.pairs()]
                for keep in (True, False):
                    for up in (True, False):
                        for pair in pairs if up else reversed(pairs):
                            ends = self._ends(frame, (pair.members[0], pair.members[1]))
                            if ends is not None:
                                frame = ends.in_order(frame, pair, up=up, keep=keep)
        return frame

    def _ends(self, frame: pd.DataFrame, ends: tuple[ColumnRef, ColumnRef]) -> "_Ends | None":
        """Read two columns where one was drawn, of rows with a strange value."""
        if not {end.position for end in ends} <= {*self.places}:
            return None
        places = [self.places.index(end.position) for end in ends]
        rows = np.flatnonzero(self.strange.any(axis=1) & self.drawn[:, places].any(axis=1))
        columns = [_without_range(end.column) for end in ends]
        if not len(rows) or any(map(_reads_by_range, columns)):
            return None
        cells, drawn = (
            [
                TypedSeries(column, table.iloc[rows, at].reset_index(drop=True))
                for column, at in zip(columns, own, strict=True)
            ]
            for table, own in ((frame, places), (self.new, [end.position for end in ends]))
        )
        unit = finest_unit(columns)
        before, after = (to_axis(own, unit) for own in drawn)
        return _Ends(
            (places[0], places[1]),
            rows,
            (cells[0], cells[1]),
            after.values - before.values,
            before.present & after.present,
            self.strange[rows][:, places],
            self.drawn[rows][:, places],
            unit,
        )


class _Ends(NamedTuple):
    """Two columns of a frame in some rows."""

    places: tuple[int, int]
    rows: NDArray[np.intp]
    cells: tuple[TypedSeries, TypedSeries]
    distance: AxisValues  # in the rows that were drawn
    have_distance: Mask
    strange: Mask  # shape (rows, 2)
    drawn: Mask  # shape (rows, 2)
    unit: str | None

    def at_distance(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Put what was drawn at its distance from a strange value."""
        one, other = (to_axis(cells, self.unit) for cells in self.cells)
        known = one.present & other.present & self.have_distance
        back, forth = self.strange[:, 1] & self.drawn[:, 0], self.strange[:, 0] & self.drawn[:, 1]
        frame = self._with(frame, 0, other.values - self.distance, known & back)
        return self._with(frame, 1, one.values + self.distance, known & forth)

    def in_order(
        self, frame: pd.DataFrame, pair: OrderDependency, *, up: bool, keep: bool
    ) -> pd.DataFrame:
        """Raise the upper end above the lower one, or lower the lower one; by what was drawn."""
        broken = ~pair.holds(self.cells)
        low, high = (to_axis(cells, self.unit).values for cells in self.cells)
        distance = np.where(self.have_distance & keep, self.distance, 0).astype(low.dtype)
        if pair.strict:
            low, high = neighbor_of(low, 1), neighbor_of(high, -1)
        if up:
            most = np.maximum(low, np.array(pair.grids[1].most).astype(low.dtype))
            wanted = _rounded(np.minimum(low + distance, most), self.cells[1].column, np.ceil)
            return self._with(frame, 1, wanted, broken & self.drawn[:, 1])
        least = np.minimum(high, np.array(pair.grids[0].least).astype(low.dtype))
        wanted = _rounded(np.maximum(high - distance, least), self.cells[0].column, np.floor)
        return self._with(frame, 0, wanted, broken & self.drawn[:, 0])

    def _with(self, frame: pd.DataFrame, end: int, wanted: AxisValues, rows: Mask) -> pd.DataFrame:
        """Return the frame with other values of one end in some of the rows."""
        if not rows.any():
            return frame
        cells, place = self.cells[end], self.places[end]
        values = np.where(rows, wanted, to_axis(cells, self.unit).values)
        new = from_axis(values, cells, self.unit)
        moved = np.zeros(len(frame), np.bool_)
        moved[self.rows[rows]] = True
        places = np.zeros(len(frame), np.intp)
        places[self.rows] = np.arange(len(self.rows))
        spread = new.iloc[places].set_axis(frame.index)
        return _with_column(frame, place, _filled(frame.iloc[:, place], spread, moved))


def _rounded(
    values: AxisValues, column: Column, rounding: Callable[[Any], NDArray[np.float64]]
) -> AxisValues:
    """Round numbers to a column's decimals, all of them up or all of them down."""
    decimals = decimals_of(column)
    if column.kind not in NUMBERS or decimals is None:
        return values
    nearest = np.round(values.astype(np.float64), decimals)
    moved = rounding(values * 10.0**decimals) / 10.0**decimals
    return np.where(np.isclose(values, nearest, rtol=1e-12, atol=0), nearest, moved)


def _reads_by_range(column: Column) -> bool:
    """Return whether a column's range tells how its objects are read."""
    return column.kind in TICKS and column.format is None and column.dtype == "object"


def _with_column(frame: pd.DataFrame, place: int, values: pd.Series) -> pd.DataFrame:
    """Return a frame with other values in one column."""
    series = [values if at == place else frame.iloc[:, at] for at in range(frame.shape[1])]
    return pd.concat(series, axis=1).set_axis(frame.columns, axis=1)


def _unbounded(
    rule: FormulaDependency | SumDependency | ElapsedDependency,
) -> FormulaDependency | ElapsedDependency:
    """Return a formula, or a sum as one, for numbers beyond the training table's ranges too."""
    if isinstance(rule, ElapsedDependency):
        return rule  # which computes whatever the ranges are
    if isinstance(rule, SumDependency):
        rule = FormulaDependency(rule.parts, rule.total, rule.expression, rule.special)
    if rule.exceptions:  # beyond the ranges it is not sure to hold
        return replace(rule, exact=True, yielding=())
    sources = tuple(own._replace(column=_without_range(own.column)) for own in rule.sources)
    return replace(rule, sources=sources, exact=True, yielding=())


def _without_range(column: Column) -> Column:
    return replace(column, minimum=None, maximum=None)


def _fields(
    rule: FormulaDependency | SumDependency | ElapsedDependency,
) -> tuple[ColumnRef, ...]:
    if isinstance(rule, ElapsedDependency):
        return rule.start, rule.end, rule.target
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
