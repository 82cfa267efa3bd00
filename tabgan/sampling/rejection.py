"""Rejection sampling under a condition: rows are filtered before most of the work on them.

The order is that of a free draw (`tabgan.sampling.postprocess`) with one exception: the columns of
the condition are polished first, so that rows can be filtered at once. Polish and critics look at
single rows, so the result has the distribution of free rows, restricted to those that meet the
condition.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from tabgan.base.errors import OptionError, SamplingError
from tabgan.base.random_streams import numpy_stream, torch_stream
from tabgan.conditions.condition import ColumnPredicate, Condition
from tabgan.encoding.column_encoders import ColumnEncoder
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.rules.base_rules import Constraint, Mask
from tabgan.rules.enforcement import UniqueKeys, keep_rules, keep_unique
from tabgan.sampling.refinement import DrawnRows, RowFeatures, choose, log_ratio, weigh
from tabgan.sampling.table_model import BLOCK_ROWS, TableModel, blocks
from tabgan.sampling.tree_conditionals import TreeConditional, redraw_columns
from tabgan.table.columns import ColumnFrame, TypedSeries, by_position
from tabgan.table.level_codes import levels_to_series
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Schema

__all__ = [
    "ConditionConstraint",
    "NO_CONDITION",
    "RejectionSampler",
    "TRIED_ROWS",
    "add_generated",
    "generated_columns",
    "generated_present",
    "native_conditions",
    "rules_under",
]

NO_CONDITION = Condition(())

TRIED_CELLS = 4096  # to find out how many pass a test
SPARE_SHARE = 1.3
SPARE_CELLS = 32  # for every row, so that a single row gets one too
LEAST_SHARE = 1e-3


def add_generated(
    encoder: TableEncoder,
    table: ColumnFrame,
    condition: Condition,
    *,
    rows: int,
    start: int,
    rng: np.random.Generator,
    key: int,
) -> ColumnFrame:
    """Generate the columns that are not learned, and derive what rules derive from them.

    Parameters
    ----------
    encoder
        Encoder of the table.
    table
        The other columns, restored.
    condition
        The condition; columns whose presence is not learned can be required to be missing, or
        not to be.
    rows
        Number of rows; the table may have no column that tells it.
    start
        Position of the first row in the whole sample.
    rng
        Randomness of which cells are absent.
    key
        Chooses the order of the values; one for all blocks of a sample.
    """
    generated = encoder.generated
    if not generated:
        return table
    tests = {test.position: test for test in condition.tests if test.position in encoder.unrelated}
    for at in generated:
        values = _make(encoder.encoders[at], rows, tests.get(at), start=start, rng=rng, key=key)
        table = {**table, at: TypedSeries(encoder.columns[at], values)}
    return encoder.restore(table, touching=generated)


def generated_present(
    encoder: TableEncoder, specials: Mapping[int, tuple[Scalar, ...]]
) -> Condition:
    """Return the condition that no column is missing whose presence is not learned.

    Parameters
    ----------
    encoder
        Encoder of the table.
    specials
        Values that stand for a missing one, by the column's position.
    """
    columns = encoder.columns
    tests = [
        ColumnPredicate(
            at, columns[at], own, negated=True, text=f"{columns[at].name} is not missing"
        )
        for at in encoder.unrelated
        if (own := specials.get(at, ()))
    ]
    return Condition(tuple(tests))


def generated_columns(
    encoder: TableEncoder, frame: pd.DataFrame, condition: Condition, start: int, key: int
) -> pd.DataFrame:
    """Generate the columns that are not learned again, for rows at other positions.

    Parameters
    ----------
    encoder
        Encoder of the table.
    frame
        Drawn rows.
    condition
        The condition.
    start
        Position of the first row in the whole sample.
    key
        Chooses the order of the values; one for all blocks of a sample.
    """
    if not encoder.generated:
        return frame
    table = by_position(frame.reset_index(drop=True), encoder.schema)
    table = encoder.with_presence(table)
    learned = {at: cells for at, cells in table.items() if at not in encoder.generated}
    rng = numpy_stream(key, "made", start)
    table = add_generated(
        encoder, learned, condition, rows=len(frame), start=start, rng=rng, key=key
    )
    return encoder.frame_of(table).set_axis(frame.index)


def _make(
    encoder: ColumnEncoder,
    rows: int,
    test: ColumnPredicate | None,
    *,
    start: int,
    rng: np.random.Generator,
    key: int,
) -> pd.Series:
    """Generate cells that pass the test: the first that do, of more that are generated."""
    if test is None:
        return _decode(encoder, rows, start, rng, key)
    share = test.mask(_decode(encoder, TRIED_CELLS, 0, np.random.default_rng(0), key)).mean()
    if share < LEAST_SHARE:
        raise SamplingError(f"where: {test.describe()}: such cells are hardly ever generated")
    room = int(np.ceil(SPARE_SHARE / share)) + SPARE_CELLS  # positions for every row
    generated = _decode(encoder, rows * room, start * room, rng, key)
    generated = generated[test.mask(generated)].iloc[:rows]
    if len(generated) < rows:
        raise SamplingError(f"where: {test.describe()}: too few such cells came; try again")
    return generated.reset_index(drop=True)


def _decode(
    encoder: ColumnEncoder, rows: int, start: int, rng: np.random.Generator, key: int
) -> pd.Series:
    nothing = np.empty((rows, 0))
    return encoder.decode(nothing, nothing.astype(np.int64), start, rng, key)


TRIAL_BLOCKS = 4
TRIED_ROWS = TRIAL_BLOCKS * BLOCK_ROWS
RAW_FOR_ONE = 150  # drawn rows for each one that is returned, at most, where critics choose
LEAST_POOL = 1.5  # rows that meet the condition, for each that the critics leave
RAW_ROWS = 32_768  # drawn for a block, at most, which then has fewer rows
SPARE = 1.1  # for rows that rules between columns move out of the condition again
ATTEMPTS = 20


@dataclass(frozen=True)
class ConditionConstraint(Constraint):
    """Constraint that rows meet a condition; a row that does not is replaced.

    Parameters
    ----------
    condition
        The condition.
    """

    kind: ClassVar[str] = "asked"
    condition: Condition

    def describe(self) -> str:
        """Describe the condition in words."""
        return self.condition.describe()

    def check(self, frame: pd.DataFrame, schema: Schema | None = None) -> Mask:  # noqa: ARG002
        """Return which rows meet the condition.

        Parameters
        ----------
        frame
            The rows.
        schema
            Not used.
        """
        return self.condition.mask(frame)


def rules_under(
    condition: Condition, constraints: tuple[Constraint, ...]
) -> tuple[Constraint, ...]:
    """Return the constraints and the condition, which a mended row must still meet.

    Parameters
    ----------
    condition
        The condition.
    constraints
        The constraints of a model; where there are none, nothing is mended.
    """
    return (*constraints, ConditionConstraint(condition)) if constraints else ()


def native_conditions(model: TableModel, condition: Condition) -> tuple[TableModel, Condition]:
    """Let the generator draw the levels of its condition columns; return what is left to filter.

    Parameters
    ----------
    model
        The trained model.
    condition
        The condition.

    Returns
    -------
    The model that draws the wanted levels, and the condition on the other columns.

    Raises
    ------
    OptionError
        If no training row has the values of the condition columns together.
    """
    columns, counts = model.condition_columns, model.sampler.conditions
    if columns is None or counts is None:
        return model, condition
    wanted = {}
    for test in condition.tests:
        if test.position in columns.positions:
            place = columns.positions.index(test.position)
            levels = columns.levels[place]
            series = levels_to_series(levels, np.arange(len(levels), dtype=np.int32), test.column)
            wanted[columns.spans[place]] = np.flatnonzero(test.mask(series)).tolist()
    if not wanted:
        return model, condition
    chances = counts.chances(wanted)
    if not chances.any():
        raise OptionError(
            f"where: {condition.describe()}: no row of the training table has these values "
            "together; ask for fewer of them"
        )
    model = replace(model, sampler=model.sampler.under(chances))
    return model, condition.without(columns.positions)


@dataclass(frozen=True)
class _MeetingRows:
    """Rows that meet the condition: after the first part of the polish, and decoded."""

    rows: DrawnRows
    cells: ColumnFrame

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, chosen: NDArray[np.intp]) -> "_MeetingRows":
        return _MeetingRows(self.rows[chosen], _rows_of(self.cells, chosen))

    @classmethod
    def joined(cls, parts: "list[_MeetingRows]") -> "_MeetingRows":
        """Return the rows of all parts, one part after the other."""
        rows = DrawnRows.joined([part.rows for part in parts])
        return cls(rows, _joined([part.cells for part in parts]))


@dataclass(frozen=True)
class RejectionSampler:
    """Draws rows that meet a condition.

    Parameters
    ----------
    model
        The trained model.
    condition
        The condition.
    seed
        Root of all streams of randomness.
    share
        Share of the model's rows that meet the condition, above zero; see `tried`.
    """

    model: TableModel
    condition: Condition
    seed: int
    share: float = 1.0

    def tried(self) -> float:
        """Return the share of rows that meet the condition in a trial of 32,768 rows."""
        meeting = [self._filtered("trial", block) for block in range(TRIAL_BLOCKS)]
        return sum(map(len, meeting)) / TRIED_ROWS

    def blocks(self, n: int, keys: UniqueKeys | None = None) -> Iterator[pd.DataFrame]:
        """Yield n rows, block by block, that repeat no unique key of other streams either.

        Parameters
        ----------
        n
            Number of rows.
        keys
            Unique keys of other streams, which no row may repeat.
        """
        workers = torch.get_num_threads() if self.model.device.type == "cpu" else 1
        drawn = blocks(n, self._draw_block, workers, self._block_rows)

        def redraw(block: int, attempt: int) -> pd.DataFrame:
            return self._draw_rows(f"{block}.unique.{attempt}", block * self._block_rows)

        derived = self.model.encoder.derived
        return keep_unique(
            drawn, self._rules, self.model.encoder.schema, redraw, derived=derived, keys=keys
        )

    @cached_property
    def _rules(self) -> tuple[Constraint, ...]:
        """The constraints of the model, and the condition."""
        return rules_under(self.condition, self.model.constraints)

    @cached_property
    def _pool(self) -> float:
        """Rows that meet the condition to be drawn for each one that is chosen."""
        if self.model.finish is None or not self.model.finish.critics:
            return 1.0
        return float(np.clip(self.share * RAW_FOR_ONE, LEAST_POOL, self.model.finish.pool))

    @cached_property
    def _block_rows(self) -> int:
        return int(np.clip(RAW_ROWS * self.share / self._pool, 1, BLOCK_ROWS))

    @cached_property
    def _learned(self) -> Condition:
        """The condition on columns that are learned, or derived from such."""
        return self.condition.without(self.model.encoder.unrelated)

    @cached_property
    def _tied(self) -> set[int]:
        """Columns that must be decoded to evaluate the condition."""
        encoder = self.model.encoder
        return encoder.related(self._learned.positions) - set(encoder.generated)

    @cached_property
    def _conditionals(self) -> tuple[list[TreeConditional], list[TreeConditional]]:
        """The polish of the columns of the condition, and that of all others."""
        encoder, features = self.model.encoder, self._features
        early: set[int] = set()
        for at in self._tied & encoder.places.keys():
            number, span = encoder.places[at]
            early |= {*range(number.start, number.stop)}
            early |= {features.place_of(i) for i in range(span.start, span.stop)}
        first: list[TreeConditional] = []
        later: list[TreeConditional] = []
        for conditional in self.model.finish.conditionals if self.model.finish else ():
            (first if conditional.place(features) in early else later).append(conditional)
        return first, later

    @cached_property
    def _features(self) -> RowFeatures:
        encoder = self.model.encoder
        return RowFeatures(encoder.spans, encoder.quantiles)

    def _filtered(self, name: str, block: int) -> _MeetingRows:
        """Draw a block of rows, and return those that meet the condition."""
        model, features, first = self.model, self._features, self._conditionals[0]
        stream = torch_stream(self.seed, "asked", name, block, device=model.device)
        rng = numpy_stream(self.seed, "asked", name, block)
        numbers, codes = model.sampler.draw(BLOCK_ROWS, stream)
        if first:  # they need features of all rows
            rows = redraw_columns(features.of(numbers, codes), first, features, rng)
            numbers, codes = rows.numbers, rows.codes
        cells = model.encoder.decode_columns(numbers, codes, 0, rng, self._tied)
        chosen = np.flatnonzero(self._passing(model.encoder.restore(cells), BLOCK_ROWS))
        return _MeetingRows(features.of(numbers[chosen], codes[chosen]), _rows_of(cells, chosen))

    def _draw_block(self, block: int) -> pd.DataFrame:
        """Draw block b of the sample: `_block_rows` rows."""
        start = block * self._block_rows
        frame = self._draw_rows(str(block), start)

        def redraw(attempt: int) -> pd.DataFrame:
            return self._draw_rows(f"{block}.again.{attempt}", start)

        derived = self.model.encoder.derived
        return keep_rules(frame, self._rules, self.model.encoder.schema, redraw, derived=derived)

    def _draw_rows(self, name: str, start: int) -> pd.DataFrame:
        """Draw the rows of a block by streams of a name, the first at a position in the sample."""
        wanted = left = self._block_rows
        rng = numpy_stream(self.seed, "asked", "finish", name)
        parts: list[ColumnFrame] = []
        for attempt in range(ATTEMPTS):
            parts.append(self._finished(self._pool_of(left, f"{name}.{attempt}"), left, rng))
            left -= len(next(iter(parts[-1].values()))[1])
            if not left:
                break
        else:
            raise SamplingError(
                f"where: {self.condition.describe()}: too few of the rows that meet the condition "
                "also keep the rules between the columns; ask for less"
            )
        encoder, key = self.model.encoder, self.seed
        table = add_generated(
            encoder, _joined(parts), self.condition, rows=wanted, start=start, rng=rng, key=key
        )
        frame = encoder.frame_of(table)
        return frame.set_axis(pd.RangeIndex(start, start + wanted))

    def _pool_of(self, n: int, name: str) -> _MeetingRows:
        """Draw rows that meet the condition, so many that n can be chosen among them."""
        wanted = int(np.ceil(n * SPARE * self._pool))
        most = 4 * int(np.ceil(wanted / self.share / BLOCK_ROWS)) + 4
        parts: list[_MeetingRows] = []
        for block in range(most):
            parts.append(self._filtered(name, block))
            if sum(map(len, parts)) >= wanted:
                break
        return _MeetingRows.joined(parts)

    def _finished(self, meeting: _MeetingRows, n: int, rng: np.random.Generator) -> ColumnFrame:
        """Polish the other columns, choose rows by the critics and decode; at most n rows."""
        encoder, finish, features = self.model.encoder, self.model.finish, self._features
        wanted = min(len(meeting), int(np.ceil(n * SPARE)))
        if finish and wanted:
            rows = redraw_columns(meeting.rows, self._conditionals[1], features, rng)
            meeting = replace(meeting, rows=rows)
            weights = weigh(log_ratio(finish.critics, rows.features), rows, features.spans, None)
            meeting = meeting[choose(weights, wanted, rng)]
        rows = meeting.rows
        table = encoder.decode_columns(rows.numbers, rows.codes, 0, rng, encoder.learned_columns)
        table = encoder.restore(table | meeting.cells)
        return _rows_of(table, np.flatnonzero(self._passing(table, len(rows)))[:n])

    def _passing(self, table: ColumnFrame, rows: int) -> NDArray[np.bool_]:
        """Return which rows pass; the table may hold only the columns of the condition."""
        passes = np.ones(rows, np.bool_)
        for test in self._learned.tests:  # of a generated column, whether it has a value
            at = self.model.encoder.presence.get(test.position, test.position)
            passes &= test.mask(table[at][1])
        return passes


def _rows_of(table: ColumnFrame, chosen: NDArray[np.intp]) -> ColumnFrame:
    return {
        at: TypedSeries(column, values.iloc[chosen].reset_index(drop=True))
        for at, (column, values) in table.items()
    }


def _joined(parts: list[ColumnFrame]) -> ColumnFrame:
    """Return the rows of all parts, one part after the other."""
    if len(parts) == 1:
        return parts[0]
    return {
        at: TypedSeries(column, pd.concat([part[at].values for part in parts], ignore_index=True))
        for at, (column, _) in parts[0].items()
    }
