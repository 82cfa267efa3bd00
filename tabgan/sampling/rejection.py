"""Rows that meet a condition: free draws are filtered, before most of the work is done on them.

The order is that of a free draw (`tabgan.sampling.postprocess`), but for two things. The polish of
the columns that are asked for comes first, so that rows can be filtered at once; and the critics
weigh those that are left by how they were before it. As both look at single rows, the law of the
result is that of free rows of which those that meet the condition are kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from tabgan.base.errors import OptionError, SamplingError
from tabgan.base.random_streams import numpy_stream, torch_stream
from tabgan.conditions.condition import Condition
from tabgan.rules.constraint import Constraint, Mask
from tabgan.rules.enforcement import UniqueKeys, keep_rules, keep_unique
from tabgan.sampling.identifier_columns import add_generated
from tabgan.sampling.refinement import choose, log_ratio, weigh
from tabgan.sampling.row_samplers import ConditionalSampler
from tabgan.sampling.table_model import BLOCK_ROWS, TableModel, blocks
from tabgan.sampling.tree_conditionals import TreeConditional, redraw_columns
from tabgan.sampling.trees import DrawnRows, RowFeatures
from tabgan.table.columns import ColumnFrame, TypedSeries
from tabgan.table.level_codes import levels_to_series
from tabgan.table.schema import Schema

__all__ = [
    "ConditionConstraint",
    "RejectionSampler",
    "TRIED_ROWS",
    "native_conditions",
    "rules_under",
]


@dataclass(frozen=True)
class ConditionConstraint(Constraint):
    """Rows meet a condition; those that don't can't be mended, only replaced."""

    kind: ClassVar[str] = "asked"
    asked: Condition

    def describe(self) -> str:
        """Say the condition in words."""
        return self.asked.describe()

    def check(self, frame: pd.DataFrame, schema: Schema | None = None) -> Mask:  # noqa: ARG002
        """Say which rows meet it."""
        return self.asked.mask(frame)


def rules_under(asked: Condition, constraints: tuple[Constraint, ...]) -> tuple[Constraint, ...]:
    """Return constraints with the condition, which rows that one of them mends must meet too."""
    return (*constraints, ConditionConstraint(asked)) if constraints else ()


def native_conditions(model: TableModel, asked: Condition) -> tuple[TableModel, Condition]:
    """Return the model that draws what is asked of its condition columns, and what is left to ask.

    Raises
    ------
    OptionError
        If no training row has the values of the condition columns together.
    """
    columns = model.condition_columns
    if columns is None or not isinstance(model.sampler, ConditionalSampler):
        return model, asked
    wanted = {}
    for test in asked.tests:
        if test.position in columns.positions:
            place = columns.positions.index(test.position)
            levels = columns.levels[place]
            series = levels_to_series(levels, np.arange(len(levels), dtype=np.int32), test.column)
            wanted[columns.spans[place]] = np.flatnonzero(test.mask(series)).tolist()
    if not wanted:
        return model, asked
    chances = model.sampler.conditions.chances(wanted)
    if not chances.any():
        raise OptionError(
            f"where: {asked.describe()}: no row of the training table has these values together; "
            "ask for fewer of them"
        )
    sampler = replace(model.sampler, chances=chances)
    return replace(model, sampler=sampler), asked.without(columns.positions)


TRIAL_BLOCKS = 4


TRIED_ROWS = TRIAL_BLOCKS * BLOCK_ROWS


RAW_FOR_ONE = 150  # drawn rows for each one that is given back, at most, where critics choose


MOST_POOL, LEAST_POOL = 4.0, 1.5  # rows that meet the condition, for each that the critics leave


RAW_ROWS = 32_768  # drawn for a block, at most, which then has fewer rows


SPARE = 1.1  # for rows that rules between columns move out of the condition again


ATTEMPTS = 20


@dataclass(frozen=True)
class _Kept:
    """Rows that meet the condition: as drawn, with the asked columns redrawn, and their cells."""

    raw: DrawnRows
    rows: DrawnRows
    cells: ColumnFrame

    def __len__(self) -> int:
        return len(self.raw)

    def __getitem__(self, chosen: NDArray[np.intp]) -> "_Kept":
        return _Kept(self.raw[chosen], self.rows[chosen], _rows_of(self.cells, chosen))

    @classmethod
    def joined(cls, parts: "list[_Kept]") -> "_Kept":
        """Return the rows of all parts, one part after the other."""
        raw, rows = (
            DrawnRows.joined([getattr(p, name) for p in parts]) for name in ("raw", "rows")
        )
        return cls(raw, rows, _joined([part.cells for part in parts]))


@dataclass(frozen=True)
class RejectionSampler:
    """Draws rows that meet a condition.

    Parameters
    ----------
    model
        The trained model.
    asked
        The condition.
    seed
        Root of all streams of randomness.
    share
        Share of the model's rows that meet the condition, above zero; `tried` finds it out.
    """

    model: TableModel
    asked: Condition
    seed: int
    share: float = 1.0

    def tried(self) -> float:
        """Return the share of rows that meet the condition in a trial of 32,768 rows."""
        kept = [self._filtered("trial", block) for block in range(TRIAL_BLOCKS)]
        return sum(map(len, kept)) / TRIED_ROWS

    def blocks(self, n: int, keys: UniqueKeys | None = None) -> Iterator[pd.DataFrame]:
        """Yield n rows, block by block, that repeat no unique key of other streams either."""
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
        return rules_under(self.asked, self.model.constraints)

    @cached_property
    def _pool(self) -> float:
        """Rows that meet the condition to be drawn for each one that is chosen."""
        if self.model.finish is None or not self.model.finish.critics:
            return 1.0
        return float(np.clip(self.share * RAW_FOR_ONE, LEAST_POOL, MOST_POOL))

    @cached_property
    def _block_rows(self) -> int:
        return int(np.clip(RAW_ROWS * self.share / self._pool, 1, BLOCK_ROWS))

    @cached_property
    def _learned(self) -> Condition:
        """What is asked of columns that are learned, or derived from such."""
        return self.asked.without(self.model.encoder.made)

    @cached_property
    def _tied(self) -> set[int]:
        """Columns that must be decoded to know those that are asked for."""
        encoder = self.model.encoder
        return encoder.related(self._learned.positions) - set(encoder.made)

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

    def _filtered(self, name: str, block: int) -> _Kept:
        """Draw a block of rows, and keep those that meet the condition."""
        model, features, first = self.model, self._features, self._conditionals[0]
        stream = torch_stream(self.seed, "asked", name, block, device=model.device)
        rng = numpy_stream(self.seed, "asked", name, block)
        raw = None
        numbers, codes = model.sampler.draw(BLOCK_ROWS, stream)
        if first:  # they need features of all rows
            raw = features.of(numbers, codes)
            rows = redraw_columns(raw, first, features, rng)
            numbers, codes = rows.numbers, rows.codes
        cells = model.encoder.decode_columns(numbers, codes, 0, rng, self._tied)
        chosen = np.flatnonzero(_passing(self._learned, model.encoder.restore(cells), BLOCK_ROWS))
        kept = features.of(numbers[chosen], codes[chosen])
        return _Kept(kept if raw is None else raw[chosen], kept, _rows_of(cells, chosen))

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
        wanted = lack = self._block_rows
        rng = numpy_stream(self.seed, "asked", "finish", name)
        parts: list[ColumnFrame] = []
        for attempt in range(ATTEMPTS):
            parts.append(self._finished(self._pool_of(lack, f"{name}.{attempt}"), lack, rng))
            lack -= len(next(iter(parts[-1].values()))[1])
            if not lack:
                break
        else:
            raise SamplingError(
                f"where: {self.asked.describe()}: too few of the rows that meet the condition "
                "also keep the rules between the columns; ask for less"
            )
        encoder, key = self.model.encoder, self.seed
        table = add_generated(encoder, _joined(parts), self.asked, start=start, rng=rng, key=key)
        frame = encoder.frame_of(table)
        return frame.set_axis(pd.RangeIndex(start, start + wanted))

    def _pool_of(self, n: int, name: str) -> _Kept:
        """Draw rows that meet the condition, so many that n can be chosen among them."""
        wanted = int(np.ceil(n * SPARE * self._pool))
        most = 4 * int(np.ceil(wanted / self.share / BLOCK_ROWS)) + 4
        parts: list[_Kept] = []
        for block in range(most):
            parts.append(self._filtered(name, block))
            if sum(map(len, parts)) >= wanted:
                break
        return _Kept.joined(parts)

    def _finished(self, kept: _Kept, n: int, rng: np.random.Generator) -> ColumnFrame:
        """Choose rows by the critics, polish the other columns and decode; at most n rows."""
        encoder, finish = self.model.encoder, self.model.finish
        chosen = min(len(kept), int(np.ceil(n * SPARE)))
        if finish and finish.critics and chosen:
            ratio = log_ratio(finish.critics, kept.raw.features)
            weights = weigh(ratio, kept.raw, self._features.spans, None)
            kept = kept[choose(weights, chosen, rng)]
        rows = kept.rows
        if chosen:
            rows = redraw_columns(rows, self._conditionals[1], self._features, rng)
        table = encoder.decode_columns(rows.numbers, rows.codes, 0, rng, encoder.unmade)
        table = encoder.restore(table | kept.cells)
        return _rows_of(table, np.flatnonzero(_passing(self._learned, table, len(rows)))[:n])


def _passing(asked: Condition, table: ColumnFrame, rows: int) -> NDArray[np.bool_]:
    """Say which rows of a table in work pass; it may hold the columns that are asked for alone."""
    passes = np.ones(rows, np.bool_)
    for test in asked.tests:
        passes &= test.mask(table[test.position][1])
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
