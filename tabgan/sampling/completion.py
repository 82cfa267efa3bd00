"""Free cells of rows, drawn anew given all the others: Gibbs sweeps of boosted trees.

For each column, trees learn from a pool of rows how its values hang on all other columns. A sweep
draws the free cells of one column after the other from what the trees say; after some sweeps they
go with the cells that are given, and with each other (Gibbs sampling: Geman and Geman, 1984;
chained equations: van Buuren and Groothuis-Oudshoorn, 2011).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tabgan.sampling.features import DrawnRows, RowFeatures
from tabgan.sampling.redraws import Redraw, fit_level, fit_number
from tabgan.streams import numpy_stream

__all__ = ["GibbsSampler"]

HELD_OUT = 0.1
LEAST_ROWS = 200  # of the pool for a column to be learned

Mask = NDArray[np.bool_]

_NOTHING: Mapping[int, Sequence[int]] = MappingProxyType({})


@dataclass(eq=False)
class GibbsSampler:
    """Draws free cells from trees that learn each column when it is first asked for.

    Parameters
    ----------
    features
        Makes features of rows.
    pool
        Rows that the trees learn from.
    """

    features: RowFeatures
    pool: DrawnRows
    _learned: dict[Hashable, Redraw | None] = field(default_factory=dict)

    def sweep(
        self,
        rows: DrawnRows,
        free: Mask,
        rng: np.random.Generator,
        barred: Mapping[int, Sequence[int]] = _NOTHING,
    ) -> DrawnRows:
        """Draw the free cells once, column by column in a random order.

        Parameters
        ----------
        rows
            Rows whose free cells hold a first guess.
        free
            Which cells are free, shape (rows, features).
        rng
            Randomness of the order and of what is drawn.
        barred
            Codes that are not drawn, by level span.
        """
        for place in rng.permutation(np.flatnonzero(free.any(axis=0))).tolist():
            span = place - self.features.spans.n_numbers
            redraw = self._redraw(place, tuple(barred.get(span, ())))
            if redraw is not None:
                chosen = np.flatnonzero(free[:, place])
                rows = self._with(rows, chosen, redraw.apply(rows[chosen], self.features, rng))
        return rows

    def _with(self, rows: DrawnRows, chosen: NDArray[np.intp], drawn: DrawnRows) -> DrawnRows:
        """Replace some rows; a number is seen or not as its mark now says."""
        numbers, codes, features = rows.numbers.copy(), rows.codes.copy(), rows.features.copy()
        numbers[chosen], codes[chosen] = drawn.numbers, drawn.codes
        features[chosen] = self.features.of(drawn.numbers, drawn.codes).features
        return DrawnRows(numbers, codes, features)

    def _redraw(self, place: int, barred: tuple[int, ...]) -> Redraw | None:
        key = place, barred
        if key not in self._learned:
            self._learned[key] = self._learn(place, barred)
        return self._learned[key]

    def _learn(self, place: int, barred: tuple[int, ...]) -> Redraw | None:
        pool, n_numbers = self.pool, self.features.spans.n_numbers
        if barred:
            pool = pool[~np.isin(pool.codes[:, place - n_numbers], barred)]
        if len(pool) < LEAST_ROWS:
            return None
        held_out = numpy_stream(place, "completion").random(len(pool)) < HELD_OUT
        if place < n_numbers:
            return fit_number(pool, self.features, place, held_out, seed=place)
        return fit_level(pool, self.features, place - n_numbers, held_out, seed=place)
