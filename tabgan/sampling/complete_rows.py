"""Completion of partial rows: free cells are drawn given the others, by Gibbs sampling.

Each row starts from a neighbor: a row that the model has drawn, near to it in the given cells. Its
free cells are then redrawn by `tabgan.sampling.tree_conditionals`, whose trees learn from drawn
rows as well. Neither step needs the training table.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.errors import ConstraintError
from tabgan.base.random_streams import numpy_stream
from tabgan.conditions.condition import Condition
from tabgan.conditions.domains import column_categories, column_sentinels
from tabgan.conditions.parse_request import PartialRows
from tabgan.encoding.column_encoders import CategoricalEncoder, ColumnEncoder, Encoded
from tabgan.encoding.table_encoder import (
    TableEncoder,
    fit_column,
    make_consistent,
    reduce_consistently,
)
from tabgan.rules.base_rules import Constraint, Dependency
from tabgan.rules.enforcement import holds_all, repair_rows, with_rows
from tabgan.rules.holes_dependency import HolesDependency, absence_marks
from tabgan.rules.level_constraints import Unique
from tabgan.rules.presence_dependency import PRESENT, JointMarksDependency, widened
from tabgan.sampling.refinement import DrawnRows, RowFeatures
from tabgan.sampling.rejection import NO_CONDITION, add_generated, generated_present
from tabgan.sampling.table_model import BLOCK_ROWS, TableModel
from tabgan.sampling.tree_conditionals import GibbsSampler
from tabgan.table.columns import (
    NUMBERS,
    TICKS,
    ColumnFrame,
    TypedSeries,
    replaced,
)
from tabgan.table.level_codes import levels_to_series
from tabgan.table.scalars import Scalar
from tabgan.table.text_formats import MISSING_MARKS

__all__ = ["Described", "NeighborPool", "RowCompleter", "describe_column"]

NEAREST = 5  # of which one is taken
CHUNK = 2048  # rows whose distances are computed at once
NUMBER_WEIGHT = 2.0  # the squared distance of two ends of a number, where levels that differ have 1
DERIVED_WEIGHT = 8.0  # of a column that rules derive: what it tells is certain
MOST_POOL_BLOCKS = 5
SWEEPS = 4
ATTEMPTS = 20  # completions of rows that break a constraint

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Described:
    """Rows as points in a space where each column has some coordinates.

    Parameters
    ----------
    points
        Shape (rows, coordinates).
    widths
        Coordinates of each column.
    """

    points: Tensor
    widths: tuple[int, ...]

    @classmethod
    def of(cls, columns: Sequence[Tensor]) -> Self:
        """Join columns, each of shape (rows, own coordinates)."""
        return cls(torch.cat([*columns], dim=1), tuple(part.shape[1] for part in columns))

    def __getitem__(self, rows: slice) -> "Described":
        return Described(self.points[rows], self.widths)


def describe_column(cells: TypedSeries, encoder: ColumnEncoder | None) -> Tensor:
    """Return a column's coordinates; without an encoder, it is derived, and one is fitted."""
    used = encoder or fit_column(cells)
    encoded, spans = used.encode(_as_learned(used, cells)), used.spans
    middle = torch.from_numpy(encoded.low + encoded.width / np.float32(2))
    for i, mark in enumerate(spans.marks):
        if mark is not None:  # where it is absent, a number has no place
            middle[torch.from_numpy(encoded.codes[:, mark] != 0), i] = 0.5
    parts = [middle * NUMBER_WEIGHT**0.5]
    for codes, width in zip(encoded.codes.T, spans.widths, strict=True):
        one_hot = torch.zeros(len(codes), width)
        one_hot[torch.arange(len(codes)), torch.from_numpy(codes.astype(np.int64))] = 0.5**0.5
        parts.append(one_hot)
    return torch.cat(parts, dim=1) * (DERIVED_WEIGHT**0.5 if encoder is None else 1.0)


def _as_learned(encoder: ColumnEncoder, cells: TypedSeries) -> TypedSeries:
    """Return cells that can be encoded: rules may compute a number that is no level."""
    return encoder.nearest(cells) if isinstance(encoder, CategoricalEncoder) else cells


def _encoded(encoder: TableEncoder, table: ColumnFrame, rows: int) -> Encoded:
    """Encode a reduced table of so many rows, which the rules may have changed."""
    known = {at: _as_learned(own, table[at]) for at, own in encoder.encoders.items()}
    return encoder.encode_columns(known, rows)


@dataclass(frozen=True, eq=False)
class NeighborPool:
    """Nearest-neighbor search among rows of a pool.

    Parameters
    ----------
    pool
        The rows to search.
    """

    pool: Described

    def nearest(
        self, rows: Described, given: NDArray[np.bool_], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Return for each row the number of a row of the pool, one of the nearest.

        Parameters
        ----------
        rows
            Rows described as the pool is; only their given cells count.
        given
            Which cells are given, shape (rows, columns).
        rng
            Chooses among the nearest, and between rows at the same distance.
        """
        nearest = [
            self._nearest(rows[slice(at, at + CHUNK)].points, given[at : at + CHUNK], rng)
            for at in range(0, len(given), CHUNK)
        ]
        return np.concatenate(nearest) if nearest else np.empty(0, np.int64)

    def _nearest(
        self, points: Tensor, given: NDArray[np.bool_], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        widths = torch.tensor(self.pool.widths)
        seen = torch.from_numpy(given).float().repeat_interleave(widths, dim=1)
        # (t − p)² over the given cells; the rows' own squares are the same for all of the pool
        distance = seen @ (self.pool.points**2).t() - 2 * (seen * points) @ self.pool.points.t()
        distance += torch.from_numpy(rng.random(distance.shape[1], np.float32) * np.float32(1e-3))
        count = min(NEAREST, distance.shape[1])
        near = distance.topk(count, dim=1, largest=False).indices.numpy()
        return near[np.arange(len(near)), rng.integers(count, size=len(near))]


@dataclass(frozen=True, eq=False)
class RowCompleter:
    """Completes partial rows.

    The pool of drawn rows and the trees are computed at their first use, and reused.

    Parameters
    ----------
    model
        The trained model.
    shares
        Shares of the model's rows that meet conditions, by the conditions' descriptions.
    """

    model: TableModel
    shares: dict[str, float] = field(default_factory=dict)
    _pool_described: dict[int, Tensor] = field(default_factory=dict, init=False)

    @cached_property
    def of_values(self) -> "RowCompleter":
        """The completer that draws a value for each cell: no rule says that some stay missing."""
        encoder = self.model.encoder
        rules = tuple(rule for rule in encoder.dependencies if not _leaves_holes(rule))
        if len(rules) == len(encoder.dependencies):
            return self
        return RowCompleter(replace(self.model, encoder=replace(encoder, dependencies=rules)))

    @cached_property
    def marks(self) -> frozenset[str]:
        """Texts that stand for a missing value in any column of the table."""
        table = {}
        for at, column in enumerate(self.model.encoder.schema):
            values = self.levels.get(at) or self.specials.get(at)
            if values and column.kind in NUMBERS | TICKS:
                codes = np.arange(len(values), dtype=np.int32)
                series = levels_to_series([*values], codes, column)
                table[at] = TypedSeries(column, series)
        return MISSING_MARKS | absence_marks(table)

    @cached_property
    def levels(self) -> dict[int, tuple[Scalar, ...]]:
        """The values that columns can take, where they are fixed."""
        return column_categories(self.model.encoder)

    @cached_property
    def specials(self) -> dict[int, tuple[Scalar, ...]]:
        """The special values of the other columns."""
        return column_sentinels(self.model.encoder)

    @cached_property
    def _rules(self) -> tuple[Constraint, ...]:
        """The constraints that can be checked row by row."""
        return tuple(rule for rule in self.model.constraints if not isinstance(rule, Unique))

    @cached_property
    def pool_frame(self) -> pd.DataFrame:
        """Drawn rows, the same for all seeds; unique keys may repeat in them."""
        model = replace(self.model, constraints=self._rules)
        wanted = 2 * self.model.facts.n_rows
        rows = BLOCK_ROWS * min(max(wanted // BLOCK_ROWS, 1), MOST_POOL_BLOCKS)
        return pd.concat([*model.blocks(rows, seed=0)], ignore_index=True)

    @cached_property
    def features(self) -> RowFeatures:
        """Computes features of rows."""
        return RowFeatures(self.model.encoder.spans, self.model.encoder.quantiles)

    @cached_property
    def pool(self) -> DrawnRows:
        """The drawn rows, encoded."""
        rng = numpy_stream(0, "pool")
        encoder, frame = self.model.encoder, self.pool_frame
        return self._drawn(_encoded(encoder, encoder.reduce(frame), len(frame)), rng)

    @cached_property
    def gibbs(self) -> GibbsSampler:
        """Redraws free cells."""
        return GibbsSampler(self.features, self.pool)

    def blocks(
        self,
        rows: PartialRows,
        seed: int,
        *,
        present: bool = False,
    ) -> Iterator[pd.DataFrame]:
        """Complete rows, block by block.

        Parameters
        ----------
        rows
            Partial rows, with their given cells.
        seed
            Root of all streams of randomness.
        present
            Whether free cells must not be missing.
        """
        for block, start in enumerate(range(0, max(len(rows.given), 1), BLOCK_ROWS)):
            rng = numpy_stream(seed, "partial", block)
            own = rows[slice(start, start + BLOCK_ROWS)]
            yield self.complete(own, start, rng, present=present, key=seed)

    def complete(
        self,
        rows: PartialRows,
        start: int,
        rng: np.random.Generator,
        *,
        present: bool = False,
        condition: Condition = NO_CONDITION,
        key: int = 0,
    ) -> pd.DataFrame:
        """Complete some thousands of rows, so that they keep the constraints of the model.

        Parameters
        ----------
        rows
            Partial rows, with their given cells.
        start
            Position of the first row in the sample.
        rng
            Randomness of what is drawn.
        present
            Whether free cells must not be missing. Rows that still break a constraint at the end
            are then left as they are.
        condition
            The condition on columns that are generated, not learned.
        key
            Chooses the order of generated values; one for all blocks of a sample.

        Raises
        ------
        ConstraintError
            If the given cells of a row can't be combined with the constraints.
        """
        if present:
            condition = generated_present(self.model.encoder, self.specials)
        complete = partial(self._complete, present=present, condition=condition, key=key)
        frame = complete(rows, start, rng)
        schema, rules = self.model.encoder.schema, self._rules
        for attempt in range(ATTEMPTS if rules else 0):
            # constraints mend rows as far as given cells stay what they are
            frame = _with_given(repair_rows(frame, rules=rules, schema=schema), rows)
            broken = np.flatnonzero(~holds_all(frame, rules=rules, schema=schema))
            if not len(broken):
                break
            if attempt < ATTEMPTS - 1:
                again = complete(rows[broken], start, rng)
                frame = with_rows(frame, broken, again, tuple(self.model.encoder.generated))
            elif not present:
                raise ConstraintError(self._conflict(frame, rows, int(broken[0]), start))
        return frame

    def _conflict(self, frame: pd.DataFrame, rows: PartialRows, row: int, start: int) -> str:
        schema = self.model.encoder.schema
        rule = next(r for r in self._rules if not r.check(frame.iloc[[row]], schema).all())
        given = [str(schema.names[at]) for at in np.flatnonzero(rows.given[row])]
        return (
            f"Row {start + row}: no completion was found that keeps {rule.describe()}; change the "
            f"given cells ({', '.join(given)}), or give fewer"
        )

    def _complete(
        self,
        rows: PartialRows,
        start: int,
        rng: np.random.Generator,
        *,
        present: bool,
        condition: Condition,
        key: int,
    ) -> pd.DataFrame:
        """Complete rows by the networks, the trees and the rules that were detected."""
        encoder, given = self.model.encoder, rows.given
        if not len(given):
            return self.pool_frame.iloc[:0]
        table = reduce_consistently(encoder, self.guess(rows, rng), given)
        drawn = self._drawn(_encoded(encoder, table, len(given)), rng)
        fixed = _fixed_cells(encoder, given)
        free = _free_features(encoder, fixed, len(self.features))
        barred = _absent_codes(encoder, self.marks) if present else {}
        drawn = self._allowed(drawn, free, barred, rng)
        for _ in range(SWEEPS):
            drawn = self.gibbs.sweep(drawn, free, rng, barred)
        new = encoder.decode_columns(
            drawn.numbers, drawn.codes, start, rng, encoder.learned_columns
        )
        restored = {
            at: TypedSeries(column, replaced(cells, fixed[:, at], table[at][1]))
            for at, (column, cells) in new.items()
        }
        done = add_generated(
            encoder,
            encoder.restore(restored),
            condition,
            rows=len(given),
            start=start,
            rng=rng,
            key=key,
        )
        return make_consistent(encoder, _with_given(encoder.frame_of(done), rows), given)

    def _drawn(self, encoded: Encoded, rng: np.random.Generator) -> DrawnRows:
        numbers = encoded.low + encoded.width * rng.random(encoded.low.shape)
        return self.features.of(numbers.astype(np.float64), encoded.codes.astype(np.int64))

    def _allowed(
        self,
        rows: DrawnRows,
        free: Mask,
        barred: Mapping[int, Sequence[int]],
        rng: np.random.Generator,
    ) -> DrawnRows:
        """Replace barred codes in free cells by others of the pool."""
        codes, n_numbers = rows.codes.copy(), self.features.spans.n_numbers
        for span, own in barred.items():
            others = self.pool.codes[:, span]
            others = others[~np.isin(others, own)]
            wrong = np.flatnonzero(free[:, n_numbers + span] & np.isin(codes[:, span], own))
            if len(others):
                codes[wrong, span] = rng.choice(others, len(wrong))
        return self.features.of(rows.numbers, codes)

    def guess(self, rows: PartialRows, rng: np.random.Generator) -> pd.DataFrame:
        """Fill the free cells of each row from a near row of the pool.

        Parameters
        ----------
        rows
            Partial rows, with their given cells.
        rng
            Randomness of the choice among near rows.
        """
        if rows.given.any():
            pool, own = self._described(rows)
            nearest = NeighborPool(pool).nearest(own, rows.given[:, rows.given.any(axis=0)], rng)
        else:
            nearest = rng.integers(len(self.pool_frame), size=len(rows.given))
        guess = _with_given(self.pool_frame.iloc[nearest].reset_index(drop=True), rows)
        return make_consistent(self.model.encoder, guess, rows.given)

    def _described(self, rows: PartialRows) -> tuple[Described, Described]:
        """Describe the pool, and the rows, by the columns that some row gives."""
        n = len(self.pool_frame)
        any_row = self.pool_frame.iloc[np.zeros(len(rows.given), np.intp)].reset_index(drop=True)
        filled = _with_given(any_row, rows)
        pool, own = list[Tensor](), list[Tensor]()
        for at in np.flatnonzero(rows.given.any(axis=0)).tolist():
            column, encoder = self.model.encoder.schema.columns[at], self._learned_as(at)
            if encoder is None:
                cells = pd.concat([self.pool_frame.iloc[:, at], filled.iloc[:, at]])
                points = describe_column(TypedSeries(column, cells.reset_index(drop=True)), None)
                pool.append(points[:n])
                own.append(points[n:])
            else:
                pool.append(self._pool_points(at))
                own.append(describe_column(TypedSeries(column, filled.iloc[:, at]), encoder))
        return Described.of(pool), Described.of(own)

    def _learned_as(self, at: int) -> ColumnEncoder | None:
        """Return a column's encoder; None for one that rules derive, or whose holes they fill."""
        encoder = self.model.encoder
        own = encoder.encoders.get(at)
        is_own = encoder.columns.get(at) == encoder.schema.columns[at] and at not in encoder.holes
        return own if is_own else None

    def _pool_points(self, at: int) -> Tensor:
        """Describe a learned column of the pool, once."""
        if at not in self._pool_described:
            cells = TypedSeries(self.model.encoder.schema.columns[at], self.pool_frame.iloc[:, at])
            self._pool_described[at] = describe_column(cells, self._learned_as(at))
        return self._pool_described[at]


def _fixed_cells(encoder: TableEncoder, given: Mask) -> Mask:
    """Return which cells are fixed: given, or tied by a rule to a derived cell that is given."""
    fixed, schema = widened(given), encoder.schema
    while True:
        before = fixed.sum()
        for rule in encoder.dependencies:
            for at in rule.positions if not isinstance(rule, HolesDependency) else ():
                column = schema.columns[at] if at < len(schema) else encoder.columns.get(at)
                if column is None or (  # derived
                    encoder.columns.get(at) != column and not column.is_generated
                ):
                    fixed[:, [*rule.positions]] |= fixed[:, [at]]
        if fixed.sum() == before:
            return fixed


def _free_features(encoder: TableEncoder, fixed: Mask, n_features: int) -> Mask:
    free = np.zeros((len(fixed), n_features), np.bool_)
    n_numbers = encoder.spans.n_numbers
    for at, (number, span) in encoder.places.items():
        free[:, number] = ~fixed[:, [at]]
        free[:, n_numbers + span.start : n_numbers + span.stop] = ~fixed[:, [at]]
    return free


def _absent_codes(encoder: TableEncoder, marks: Collection[str]) -> dict[int, tuple[int, ...]]:
    """Return the codes that stand for a missing value, by level span.

    Parameters
    ----------
    encoder
        Encoder of the table.
    marks
        Texts that stand for one in its columns.
    """
    found = {}
    for at, (_, spans) in encoder.places.items():
        if spans.stop > spans.start:
            own = encoder.encoders[at]
            found[spans.start] = own.absent_codes
            if isinstance(own, CategoricalEncoder):
                is_presence = at >= len(encoder.schema)
                codes = tuple(
                    code
                    for code, level in enumerate(own.levels)
                    if level is None or (level != PRESENT if is_presence else level in marks)
                )
                found[spans.start] = codes if len(codes) < len(own.levels) else ()
    return found


def _with_given(frame: pd.DataFrame, rows: PartialRows) -> pd.DataFrame:
    """Put the given cells into a frame; every column keeps its dtype."""
    series = [
        replaced(frame.iloc[:, at], rows.given[:, at], rows.cells[at])
        if at in rows.cells
        else frame.iloc[:, at]
        for at in range(frame.shape[1])
    ]
    return pd.concat(series, axis=1).set_axis(frame.columns, axis=1)


def _leaves_holes(rule: Dependency) -> bool:
    return isinstance(rule, JointMarksDependency) and any(None in mark for mark in rule.marks)
