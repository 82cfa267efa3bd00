"""Rows of which some cells are given: the others are drawn as they go with these.

Each row starts from a neighbour: a row that the model has drawn, near to it in the cells that are
given. The other cells are then drawn anew by `tabgan.sampling.completion`, whose trees learn from
drawn rows as well; neither needs the training table.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.asking import Condition, PartialRows, column_categories, column_sentinels
from tabgan.constraints import Constraint, Unique, holds_all, mended_by, with_rows
from tabgan.drawing.donors import Described, NeighborPool
from tabgan.drawing.made import NOTHING_ASKED, add_generated, generated_present
from tabgan.encoding.base import Encoded
from tabgan.encoding.columns import fit_column
from tabgan.encoding.dependencies.base import replaced
from tabgan.encoding.in_line import reduce_settled, settled
from tabgan.encoding.table import TableEncoder
from tabgan.errors import ConstraintError
from tabgan.model import TableModel
from tabgan.sampling.completion import GibbsSampler
from tabgan.sampling.features import DrawnRows, RowFeatures
from tabgan.sampling.stream import BLOCK_ROWS
from tabgan.scalars import Scalar
from tabgan.spans import RowLayout
from tabgan.streams import numpy_stream

__all__ = ["RowCompleter"]

MOST_POOL_BLOCKS = 5
SWEEPS = 4
ATTEMPTS = 20  # completions of rows that break a constraint

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class RowCompleter:
    """Completes rows.

    What it takes, a pool of drawn rows and trees, is made when it is first needed, and kept.

    Parameters
    ----------
    model
        The trained model.
    shares
        Shares of the model's rows that meet conditions, by their words, as they are found out.
    """

    model: TableModel
    shares: dict[str, float] = field(default_factory=dict)

    @cached_property
    def levels(self) -> dict[int, tuple[Scalar, ...]]:
        """The values that columns can take, where they are known."""
        return column_categories(self.model.encoder)

    @cached_property
    def specials(self) -> dict[int, tuple[Scalar, ...]]:
        """What the other columns hold beside their values."""
        return column_sentinels(self.model.encoder)

    @cached_property
    def _rules(self) -> tuple[Constraint, ...]:
        """The constraints that rows keep by themselves."""
        return tuple(rule for rule in self.model.constraints if not isinstance(rule, Unique))

    @cached_property
    def pool_frame(self) -> pd.DataFrame:
        """Drawn rows, always the same; of few combinations some may repeat, unlike in a sample."""
        model = replace(self.model, constraints=self._rules)
        wanted = 2 * int(self.model.facts["n_rows"])
        rows = BLOCK_ROWS * min(max(wanted // BLOCK_ROWS, 1), MOST_POOL_BLOCKS)
        return pd.concat([*model.blocks(rows, seed=0)], ignore_index=True)

    @cached_property
    def features(self) -> RowFeatures:
        """Makes features of rows."""
        return RowFeatures(self.model.encoder.spans, self.model.encoder.quantiles)

    @cached_property
    def pool(self) -> DrawnRows:
        """The drawn rows, encoded."""
        rng = numpy_stream(0, "pool")
        return self._drawn(self.model.encoder.encode(self.pool_frame), rng)

    @cached_property
    def completer(self) -> GibbsSampler:
        """Draws cells."""
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
            Their cells that are given.
        seed
            Root of all streams of randomness.
        present
            Whether missing values are no completion.
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
        asked: Condition = NOTHING_ASKED,
        key: int = 0,
    ) -> pd.DataFrame:
        """Complete some thousands of rows, so that they keep the constraints of the model.

        Parameters
        ----------
        rows
            Their cells that are given.
        start
            Position of the first row in the sample.
        rng
            Randomness of what is drawn.
        present
            Whether missing values are no completion. Rows that break a constraint are then left
            as they are, in the end.
        asked
            What is asked of columns that are made anew.
        key
            Chooses the order of what these are; one for all blocks of a sample.

        Raises
        ------
        ConstraintError
            If what is given in a row does not go with the constraints.
        """
        if present:
            asked = generated_present(self.model.encoder, self.specials)
        complete = partial(self._complete, present=present, asked=asked, key=key)
        frame = complete(rows, start, rng)
        schema, rules = self.model.encoder.schema, self._rules
        for attempt in range(ATTEMPTS if rules else 0):
            # constraints mend rows as far as given cells stay what they are
            frame = _with_given(mended_by(frame, rules=rules, schema=schema), rows)
            broken = np.flatnonzero(~holds_all(frame, rules=rules, schema=schema))
            if not len(broken):
                break
            if attempt < ATTEMPTS - 1:
                again = complete(rows[broken], start, rng)
                frame = with_rows(frame, broken, again, tuple(self.model.encoder.made))
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
        asked: Condition,
        key: int,
    ) -> pd.DataFrame:
        """Complete rows by the networks, the trees and the rules that were detected."""
        encoder, given = self.model.encoder, rows.given
        if not len(given):
            return self.pool_frame.iloc[:0]
        table = reduce_settled(encoder, self.guess(rows, rng), given)
        drawn = self._drawn(encoder.encode_columns(table, len(given)), rng)
        known = _known(encoder, given)
        free = _free_features(encoder, known, len(self.features))
        barred = _absent_codes(encoder) if present else {}
        drawn = self._allowed(drawn, free, barred, rng)
        for _ in range(SWEEPS):
            drawn = self.completer.sweep(drawn, free, rng, barred)
        new = encoder.decode_columns(drawn.numbers, drawn.codes, start, rng, encoder.unmade)
        kept = {
            at: (column, replaced(cells, known[:, at], table[at][1]))
            for at, (column, cells) in new.items()
        }
        done = add_generated(encoder, encoder.restore(kept), asked, start=start, rng=rng, key=key)
        return settled(encoder, _with_given(encoder.frame_of(done), rows), given)

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
        """Replace codes that are barred in free cells by others of the pool."""
        codes, n_numbers = rows.codes.copy(), self.features.spans.n_numbers
        for span, own in barred.items():
            others = self.pool.codes[:, span]
            others = others[~np.isin(others, own)]
            wrong = np.flatnonzero(free[:, n_numbers + span] & np.isin(codes[:, span], own))
            if len(others):
                codes[wrong, span] = rng.choice(others, len(wrong))
        return self.features.of(rows.numbers, codes)

    def guess(self, rows: PartialRows, rng: np.random.Generator) -> pd.DataFrame:
        """Fill the free cells of each row from a row of the pool that is near to it."""
        n = len(self.pool_frame)
        any_row = self.pool_frame.iloc[np.zeros(len(rows.given), np.intp)].reset_index(drop=True)
        filled = _with_given(any_row, rows)
        described = self._described(pd.concat([self.pool_frame, filled], ignore_index=True))
        donors = NeighborPool(described[slice(0, n)])
        nearest = donors.nearest(described[slice(n, None)], rows.given, rng)
        guess = _with_given(self.pool_frame.iloc[nearest].reset_index(drop=True), rows)
        return settled(self.model.encoder, guess, rows.given)

    def _described(self, frame: pd.DataFrame) -> Described:
        encoder = self.model.encoder
        columns: list[tuple[Encoded, RowLayout, bool]] = []
        for at, column in enumerate(encoder.schema):
            values = frame.iloc[:, at]
            own = encoder.encoders.get(at)
            if own is None or encoder.columns[at] != column:
                fitted = fit_column(column, values)
                columns.append((fitted.encode(values), fitted.spans, True))
            else:
                columns.append((own.encode(values), own.spans, False))
        return Described.of(columns)


def _known(encoder: TableEncoder, given: Mask) -> Mask:
    """Say which cells are known: given, or tied by a rule to a derived cell that is given."""
    known = given.copy()
    while True:
        before = known.sum()
        for rule in encoder.dependencies:
            for at in rule.positions:
                column = encoder.schema.columns[at]
                if encoder.columns.get(at) != column and not column.is_made_anew:  # derived
                    known[:, [*rule.positions]] |= known[:, [at]]
        if known.sum() == before:
            return known


def _free_features(encoder: TableEncoder, known: Mask, n_features: int) -> Mask:
    free = np.zeros((len(known), n_features), np.bool_)
    n_numbers = encoder.spans.n_numbers
    for at, (number, span) in encoder.places.items():
        free[:, number] = ~known[:, [at]]
        free[:, n_numbers + span.start : n_numbers + span.stop] = ~known[:, [at]]
    return free


def _absent_codes(encoder: TableEncoder) -> dict[int, tuple[int, ...]]:
    """Return the codes that stand for a missing value, by level span."""
    return {
        spans.start: encoder.encoders[at].absent_codes
        for at, (_, spans) in encoder.places.items()
        if spans.stop > spans.start
    }


def _with_given(frame: pd.DataFrame, rows: PartialRows) -> pd.DataFrame:
    """Put the given cells into a frame; every column keeps its dtype."""
    series = [
        replaced(frame.iloc[:, at], rows.given[:, at], rows.cells[at])
        if at in rows.cells
        else frame.iloc[:, at]
        for at in range(frame.shape[1])
    ]
    return pd.concat(series, axis=1).set_axis(frame.columns, axis=1)
