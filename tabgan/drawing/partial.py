"""Rows of which some cells are given: the others are drawn as they go with these.

Each row starts from a neighbour: a row that the model has drawn, near to it in the cells that are
given. The other cells are then drawn anew by `tabgan.sampling.completion`, whose trees learn from
drawn rows as well; neither needs the training table.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.drawing.donors import Described, Donors
from tabgan.encoding.base import Encoded
from tabgan.encoding.dependencies import Cells
from tabgan.encoding.table import TableEncoder, fit_column
from tabgan.model import TableModel
from tabgan.sampling.completion import Completer
from tabgan.sampling.features import Drawn, RowFeatures
from tabgan.sampling.stream import BLOCK_ROWS
from tabgan.spans import Spans
from tabgan.streams import numpy_stream

__all__ = ["PartialRows"]

POOL_ROWS = 5 * BLOCK_ROWS
SWEEPS = 4

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PartialRows:
    """Completes rows.

    What it takes, a pool of drawn rows and trees, is made when it is first needed, and kept.

    Parameters
    ----------
    model
        The trained model.
    """

    model: TableModel

    @cached_property
    def pool_frame(self) -> pd.DataFrame:
        """Drawn rows, always the same."""
        return pd.concat([*self.model.blocks(POOL_ROWS, seed=0)], ignore_index=True)

    @cached_property
    def features(self) -> RowFeatures:
        """Makes features of rows."""
        return RowFeatures(self.model.encoder.spans, self.model.encoder.quantiles)

    @cached_property
    def pool(self) -> Drawn:
        """The drawn rows, encoded."""
        rng = numpy_stream(0, "pool")
        return self._drawn(self.model.encoder.encode(self.pool_frame), rng)

    @cached_property
    def _any(self) -> Completer:
        return Completer(self.features, self.pool)

    @cached_property
    def _present(self) -> Completer:
        return Completer(self.features, self.pool, _missing_codes(self.model.encoder))

    def completer(self, *, present: bool = False) -> Completer:
        """Return what draws cells; with `present`, they are not missing."""
        return self._present if present else self._any

    def blocks(
        self, rows: pd.DataFrame, given: Mask, seed: int, *, present: bool = False
    ) -> Iterator[pd.DataFrame]:
        """Complete rows, block by block.

        Parameters
        ----------
        rows
            With the schema's columns and dtypes; what is in cells that are not given does not
            count.
        given
            Which cells are given, shape (rows, columns).
        seed
            Root of all streams of randomness.
        present
            Whether missing values are no completion.
        """
        for block, start in enumerate(range(0, max(len(rows), 1), BLOCK_ROWS)):
            part = slice(start, start + BLOCK_ROWS)
            rng = numpy_stream(seed, "partial", block)
            done = self._complete(rows.iloc[part], given[part], start, rng, present=present)
            yield done.set_axis(rows.index[part])

    def _complete(
        self,
        rows: pd.DataFrame,
        given: Mask,
        start: int,
        rng: np.random.Generator,
        *,
        present: bool,
    ) -> pd.DataFrame:
        encoder = self.model.encoder
        if not len(rows):
            return rows
        rows = rows.reset_index(drop=True)
        guess = self._from_neighbours(rows, given, rng)
        table = encoder.reduce(encoder.settled(guess, given))
        drawn = self._drawn(encoder.encode_columns(table, len(rows)), rng)
        known = _known(encoder, given)
        free = _free_features(encoder, known, len(self.features))
        for _ in range(SWEEPS):
            drawn = self.completer(present=present).sweep(drawn, free, rng)
        new = encoder.decode_columns(drawn.numbers, drawn.codes, start, rng)
        kept = {at: _overlaid(new[at], table[at], known[:, at]) for at in new}
        frame = encoder.frame_of(encoder.restore(kept))
        return encoder.settled(_overlaid_frame(frame, rows, given), given)

    def _drawn(self, encoded: Encoded, rng: np.random.Generator) -> Drawn:
        numbers = encoded.low + encoded.width * rng.random(encoded.low.shape)
        return self.features.of(numbers.astype(np.float64), encoded.codes.astype(np.int64))

    def _from_neighbours(
        self, rows: pd.DataFrame, given: Mask, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Fill the free cells of each row from a row of the pool that is near to it."""
        any_row = self.pool_frame.iloc[np.zeros(len(rows), np.intp)].reset_index(drop=True)
        filled = _overlaid_frame(any_row, rows, given)
        both = pd.concat([self.pool_frame, filled], ignore_index=True)
        described = self._described(both)
        n = len(self.pool_frame)
        donors = Donors(described[slice(0, n)])
        nearest = donors.nearest(described[slice(n, None)], given, rng)
        guess = self.pool_frame.iloc[nearest].reset_index(drop=True)
        return _overlaid_frame(guess, rows, given)

    def _described(self, frame: pd.DataFrame) -> Described:
        encoder = self.model.encoder
        columns: list[tuple[Encoded, Spans, bool]] = []
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
                if encoder.columns.get(at) != encoder.schema.columns[at]:  # it is derived
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


def _missing_codes(encoder: TableEncoder) -> dict[int, int]:
    """Return the code that stands for a missing value, by level span."""
    found = {}
    for at, (_, spans) in encoder.places.items():
        code = encoder.encoders[at].missing_code
        if code is not None and spans.stop > spans.start:
            found[spans.start] = code
    return found


def _overlaid(base: Cells, cells: Cells, mask: Mask) -> Cells:
    return base[0], base[1].where(~mask, cells[1])


def _overlaid_frame(base: pd.DataFrame, cells: pd.DataFrame, mask: Mask) -> pd.DataFrame:
    """Replace cells where the mask says so; every column keeps its dtype."""
    series = [
        base.iloc[:, at].where(~mask[:, at], cells.iloc[:, at]) for at in range(mask.shape[1])
    ]
    frame = pd.concat(series, axis=1)
    frame.columns = base.columns
    return frame
