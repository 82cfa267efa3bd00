"""`ConditionalTable`: samples rows given a context, with trees and the detected rules.

Context and rows are learned as one wide table; when rows are sampled, the context is given. So a
rule between a column and the context, such as that a payment is never before its contract, holds in
every row.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.errors import DataError
from tabgan.base.random_streams import numpy_stream
from tabgan.encoding.rare_levels import Units
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.fitting.prepare import Preparation, TableOptions, prepare
from tabgan.fitting.train_table import column_order
from tabgan.generators.trees.tree_generator import TreeGenerator, TreeTraining
from tabgan.inference.infer_schema import resolve_schema
from tabgan.relations.row_context import (
    Context,
    ContextFeatures,
    ContextPart,
    date_gaps,
    feature_kinds,
    is_added,
    is_count,
    is_mean,
)
from tabgan.rules.arithmetic_dependency import FormulaDependency
from tabgan.rules.base_rules import Dependency
from tabgan.rules.find_identities import find_identities
from tabgan.rules.functional_dependency import FunctionalDependency
from tabgan.rules.order_dependency import DifferenceDependency
from tabgan.table.columns import NUMBERS, ColumnFrame, TypedSeries, field_at, level_key
from tabgan.table.dates import range_of_ticks
from tabgan.table.dtypes import describe_dtype
from tabgan.table.level_codes import levels_to_series
from tabgan.table.schema import Column, Kind, Schema

__all__ = ["ConditionalTable", "find_formulas"]

MOST_COMPARED = 40  # columns of the context, the nearest first, between which and a row rules hold
LEAST_COPIES = 20  # rows with which a column is seen to be equal to another one
CHUNK = 50_000  # rows that are drawn at once

Columns = Mapping[str, str]


@dataclass(frozen=True)
class ConditionalTable:
    """Samples the columns of a table given a context.

    Parameters
    ----------
    names
        The columns, in order.
    features
        The context as features of the trees.
    compared
        The columns of the context that take part in rules.
    copies
        Columns that are equal to one of the context.
    encoder
        Encoder of the compared columns and the others, in this order, without encoders of the
        first; None if all columns are copies.
    trees
        Draws encoded rows.
    """

    names: tuple[str, ...]
    features: ContextFeatures
    compared: tuple[str, ...] = ()
    copies: Columns | None = None
    encoder: TableEncoder | None = None
    trees: TreeGenerator | None = None

    @classmethod
    def fit(
        cls,
        context: Context,
        rows: pd.DataFrame,
        kinds: Mapping[str, Kind],
        options: TableOptions,
        seed: int,
        *,
        gap: tuple[str, str] | None = None,
        formulas: Sequence[FormulaDependency] = (),
        units: Units = (),
        free: Collection[str] = (),
        workers: int = 1,
    ) -> Self:
        """Learn rows given their context.

        Parameters
        ----------
        context
            What each row is drawn by.
        rows
            The rows.
        kinds
            The kinds of their columns.
        options
            How the table is understood.
        seed
            Root of all streams of randomness.
        gap
            A column of dates and one of the context before it: the distance is learned.
        formulas
            Columns that are computed, also from those of the context (`find_formulas`).
        units
            Whom each row is of, for `min_group`.
        free
            Columns whose levels are pseudonyms, which `min_group` leaves as they are.
        workers
            Columns that are fitted at a time.
        """
        names = tuple(map(str, rows.columns))
        features = ContextFeatures.fit(context, options.min_group)
        copies = _find_copies(context, rows) if len(rows) >= LEAST_COPIES else {}
        learned = rows.loc[:, [name for name in names if name not in copies]]
        if learned.empty:
            return cls(names, features, copies=copies)
        parts = [part for part in context.parts if part.is_value]
        parts = [part for part in parts if part.column.kind in feature_kinds]
        needed = {gap[1]} if gap else set[str]()
        needed |= {str(ref.column.name) for rule in formulas for ref in rule.sources}
        near = {part.column.name for part in parts[:MOST_COMPARED]}
        parts = parts[:MOST_COMPARED] + [
            part
            for part in context.parts
            if part.column.name in needed and part.column.name not in near
        ]
        frame, every = _side_by_side(parts, learned)
        schema = {**{part.column.name: part.column.kind for part in parts}}
        schema |= {name: kinds[name] for name in learned.columns if name in kinds}
        prepared = prepare(
            frame,
            replace(options, schema=_with_all_counts(frame, schema, options.locale, free)),
            seed,
            context=range(len(parts)),
            # counts of children are brought back to the table's own after they are drawn
            unlimited=[at for at, name in enumerate(frame.columns) if is_added(name)],
            declare=lambda table: (*_gaps(table, len(parts), gap), *_placed(formulas, table)),
            units=[own[every] for own in units],
        )
        own = _without_encoders(prepared.encoder, len(parts))
        trees = _train(
            prepared, own, features.of(context)[every], options, seed=seed, workers=workers
        )
        compared = tuple(str(part.column.name) for part in parts)
        return cls(names, features, compared, copies, own, trees)

    def draw(self, context: Context, start: int, seed: int, *stream: str | int) -> pd.DataFrame:
        """Draw a row for each row of a context.

        Parameters
        ----------
        context
            What the rows are drawn by.
        start
            Position of the first row in the sample, from which generated values count.
        seed
            Root of all streams of randomness.
        *stream
            Names of the stream of randomness.
        """
        if context.n_rows > CHUNK:
            places = range(0, context.n_rows, CHUNK)
            blocks = [
                self.draw(
                    context.take(np.arange(at, min(at + CHUNK, context.n_rows))),
                    start + at,
                    seed,
                    *stream,
                    at,
                )
                for at in places
            ]
            return pd.concat(blocks, ignore_index=True)
        own = {} if self.encoder is None else self._drawn(context, start, seed, *stream)
        parts = {part.column.name: part.values for part in context.parts}
        for name, source in (self.copies or {}).items():
            own[name] = parts[source]
        columns = [own[name].reset_index(drop=True).rename(name) for name in self.names]
        index = pd.RangeIndex(context.n_rows)
        return pd.concat(columns, axis=1) if columns else pd.DataFrame(index=index)

    def _drawn(
        self, context: Context, start: int, seed: int, *stream: str | int
    ) -> dict[str, pd.Series]:
        encoder, rng = self.encoder, numpy_stream(seed, *stream)
        assert encoder is not None and self.trees is not None  # noqa: PT018
        schema, n = encoder.schema, context.n_rows
        units, codes = self.trees.draw(n, rng, context=self.features.of(context))
        if encoder.leading_spans:
            codes = encoder.settle(codes, rng)
        table = encoder.decode_columns(units, codes, start, rng, key=seed)
        values = {part.column.name: part.values for part in context.parts}
        for at, name in enumerate(self.compared):
            table[at] = TypedSeries(
                schema.columns[at], _stored_as(values[name], schema.columns[at])
            )
        table = self._with_known_levels(dict(sorted(table.items())), rng)
        restored = encoder.restore(table)
        first = len(self.compared)
        return {str(c.name): restored[at].values for at, c in enumerate(schema) if at >= first}

    def _with_known_levels(self, table: ColumnFrame, rng: np.random.Generator) -> ColumnFrame:
        """Let levels of the context that no training row had be others, as rules look them up."""
        assert self.encoder is not None
        for rule in self.encoder.dependencies:
            if not isinstance(rule, FunctionalDependency):
                continue
            at = rule.source.position
            if at >= len(self.compared) or at not in table:
                continue
            column, values = table[at]
            known = {level_key(level) for level in rule.source_levels}
            levels, codes = table[at].levels, table[at].codes
            new = [level_key(level) not in known for level in levels]
            if any(new) and column.kind not in ("integer", "numeric", "datetime", "timedelta"):
                others = rng.integers(len(rule.source_levels), size=len(levels))
                chosen = [
                    rule.source_levels[others[i]] if is_new else level
                    for i, (level, is_new) in enumerate(zip(levels, new, strict=True))
                ]
                values = levels_to_series(chosen, codes, column)
                table[at] = TypedSeries(column, values)
        return table

    @property
    def gaps(self) -> tuple[tuple[str, str], ...]:
        """The dates that are learned as distances, and from which other ones."""
        rules = () if self.encoder is None else self.encoder.dependencies
        return tuple(
            (str(rule.target.column.name), str(rule.source.column.name))
            for rule in rules
            if isinstance(rule, DifferenceDependency)
        )

    @property
    def tied(self) -> set[str]:
        """The columns that a rule ties to others, or to what rows are drawn by; not to means."""
        if self.encoder is None:
            return {*(self.copies or {})}
        names = self.encoder.schema.names
        tied = {*(self.copies or {})}
        for rule in self.encoder.dependencies:
            own = {str(names[at % len(names)]) for at in rule.positions}
            if not any(is_mean(name) for name in own):
                tied |= own
        return tied

    def latest(self, column: str) -> int:
        """Return the greatest tick of a column of dates, as its encoder keeps it."""
        assert self.encoder is not None
        own = self.encoder.schema[column]
        high = range_of_ticks(own)[1]
        return 2**62 if high is None else int(high)

    def to_json(self) -> dict[str, Any]:
        """Describe all but the tensors by JSON values."""
        return {
            "names": list(self.names),
            "features": self.features.to_json(),
            "compared": list(self.compared),
            "copies": dict(self.copies or {}),
            "encoder": None if self.encoder is None else self.encoder.to_json(),
            "trees": None if self.trees is None else self.trees.to_json(),
        }

    def to_tensors(self) -> dict[str, Tensor]:
        """Return the trees as tensors, by name."""
        return {} if self.trees is None else self.trees.to_tensors()

    @classmethod
    def restore(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Self:
        """Rebuild a table from the values of `to_json` and `to_tensors`.

        Parameters
        ----------
        state, tensors
            What they returned.
        """
        encoder = trees = None
        if state["encoder"] is not None:
            encoder = TableEncoder.from_json(state["encoder"])
            trees = TreeGenerator.restore(state["trees"], tensors, encoder.spans, ())
        return cls(
            tuple(map(str, state["names"])),
            ContextFeatures.from_json(state["features"]),
            tuple(map(str, state["compared"])),
            {str(a): str(b) for a, b in state["copies"].items()},
            encoder,
            trees,
        )


def _with_all_counts(
    frame: pd.DataFrame,
    kinds: Mapping[Hashable, Kind],
    locale: str | None,
    free: Collection[str],
) -> Schema:
    """Return the schema of a table, in which no number of children and no pseudonym is folded.

    Few parents may have most of the children, and would lose them.
    """
    schema = resolve_schema(frame, kinds, locale)
    columns = (
        replace(column, min_group=1) if column.name in free or is_count(column.name) else column
        for column in schema
    )
    return replace(schema, columns=tuple(columns))


def _side_by_side(
    parts: Sequence[ContextPart], rows: pd.DataFrame
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Put context and rows into one frame; a single row is there twice, as none can be learned."""
    every = np.arange(len(rows)) if len(rows) > 1 else np.zeros(2, np.int64)
    series = [part.values.rename(str(part.column.name)).reset_index(drop=True) for part in parts]
    frame = pd.concat([*series, rows.reset_index(drop=True)], axis=1)
    return frame.iloc[every].reset_index(drop=True), every


def _gaps(table: ColumnFrame, first: int, gap: tuple[str, str] | None) -> Sequence[Dependency]:
    """Return the rules by which dates are learned as distances, one of them in any case."""
    places = {str(cells.column.name): at for at, cells in table.items()}
    there = gap is not None and {*gap} <= places.keys()
    return date_gaps(table, first, (places[gap[0]], places[gap[1]]) if gap and there else None)


def find_formulas(
    context: Context, rows: pd.DataFrame, columns: Sequence[Column], rng: np.random.Generator
) -> tuple[FormulaDependency, ...]:
    """Find the columns that are computed from the context, as a price from a price list.

    A formula of a row alone is found where rows are learned; here are those, too, that share a
    column with one that needs the context. All rows count, also where first rows are learned apart.

    Parameters
    ----------
    context
        What rows are drawn by, whatever their place.
    rows, columns
        The rows, and what their columns are.
    rng
        Draws the rows on which formulas are tried first.
    """
    parts = [part for part in context.parts if part.is_value and part.column.kind in NUMBERS]
    copies = _find_copies(context, rows) if len(rows) >= LEAST_COPIES else {}
    own = [c for c in columns if c.kind in NUMBERS and c.name not in copies and c.name in rows]
    own = [column for column in own if not is_added(column.name)]
    if not parts or len(own) < 2:
        return ()
    parts = parts[:MOST_COMPARED]
    cells = [TypedSeries(part.column, part.values.reset_index(drop=True)) for part in parts]
    cells += [TypedSeries(column, rows[column.name].reset_index(drop=True)) for column in own]
    rules = find_identities(dict(enumerate(cells)), rng, range(len(parts)))
    left = [rule for rule in rules if isinstance(rule, FormulaDependency)]
    tied, count = {*range(len(parts))}, -1
    while count < len(tied):
        count = len(tied)
        for rule in left:
            if not tied.isdisjoint(rule.positions):
                tied |= set(rule.positions)
    return tuple(rule for rule in left if not tied.isdisjoint(rule.positions))


def _placed(formulas: Sequence[FormulaDependency], table: ColumnFrame) -> list[Dependency]:
    """Return formulas for a table whose columns have other places, as far as it has them."""
    places = {str(cells.column.name): at for at, cells in table.items()}
    found: list[Dependency] = []
    for rule in formulas:
        names = [str(ref.column.name) for ref in (*rule.sources, rule.target)]
        if {*names} <= places.keys():
            *sources, target = (field_at(table, places[name]) for name in names)
            own = FormulaDependency.of(
                sources,
                target,
                rule.expression,
                table,
                exact=True,
                yielding=rule.yielding,
                exceptions=rule.exceptions,
            )
            found += [own] if own is not None else []
    return found


def _without_encoders(encoder: TableEncoder, n: int) -> TableEncoder:
    """Leave out the encoders of the first columns, which are not drawn."""
    return replace(
        encoder,
        columns={at: column for at, column in encoder.columns.items() if at >= n},
        encoders={at: own for at, own in encoder.encoders.items() if at >= n},
    )


def _train(
    prepared: Preparation,
    own: TableEncoder,
    features: NDArray[np.float32],
    options: TableOptions,
    *,
    seed: int,
    workers: int,
) -> TreeGenerator:
    table = own.reduce(prepared.table)
    rows = own.in_cells(own.encode_columns(table, len(features)))
    training = TreeTraining(
        layout=own.spans,
        order=column_order(own),
        least=max([options.min_group, *(c.least_rows for c in own.columns.values())]),
        seed=seed,
        workers=workers,
    )
    return training.run(*rows, context=features)


def _find_copies(context: Context, rows: pd.DataFrame) -> dict[str, str]:
    """Find the columns that are equal to one of the context in every row."""
    found: dict[str, str] = {}
    for name in rows.columns:
        own = rows[name].reset_index(drop=True)
        if own.nunique() < 2:
            continue
        for part in context.parts:
            other = part.values.reset_index(drop=True)
            head = slice(LEAST_COPIES)
            if other.dtype == own.dtype and other[head].equals(own[head]) and other.equals(own):
                found[str(name)] = str(part.column.name)
                break
    return found


def _stored_as(values: pd.Series, column: Any) -> pd.Series:
    """Give values of a context the dtype that they had in the fit."""
    values = values.reset_index(drop=True)
    if describe_dtype(values.dtype) == column.dtype:
        return values
    try:
        return values.astype(column.pandas_dtype)
    except (TypeError, ValueError) as error:
        raise DataError(f"Column {column.name!r}: {error}") from error
