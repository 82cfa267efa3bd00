"""Class balance: rows in which the levels of a column have the requested shares."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import OptionError, did_you_mean
from tabgan.base.random_streams import numpy_stream
from tabgan.conditions.condition import Condition
from tabgan.rules.enforcement import UniqueKeys
from tabgan.sampling.complete_rows import RowCompleter
from tabgan.sampling.identifier_columns import generated_columns
from tabgan.sampling.requests import conditioned_blocks, read_condition
from tabgan.sampling.table_model import BLOCK_ROWS
from tabgan.table.schema import find_name

__all__ = ["balanced_blocks"]


def balanced_blocks(
    completer: RowCompleter, balance: Any, where: Any, n: int, seed: int
) -> Iterator[pd.DataFrame]:
    """Yield n rows, block by block, in each of which a column's levels have their shares.

    Parameters
    ----------
    completer
        Completes rows.
    balance
        A column, all of whose levels are to be as frequent; or a mapping from one column to the
        shares of its levels, which are brought to a sum of 1.
    where
        A further condition on the rows; None for none.
    n
        Rows in all.
    seed
        Root of all streams of randomness.

    Raises
    ------
    OptionError
        If the column has no list of levels, or shares are not numbers from 0.
    """
    name, shares = _shares(completer, balance)
    counts = [_split(min(n - at, BLOCK_ROWS), shares) for at in range(0, max(n, 1), BLOCK_ROWS)]
    encoder = completer.model.encoder
    keys = UniqueKeys.of(completer.model.constraints, encoder.schema)
    other = Condition(()) if where is None else read_condition(completer, where)
    sources = {}
    for i, level in enumerate(shares):
        wanted = sum(int(count[i]) for count in counts)
        condition = _with_level(completer, other, name, level)
        own = int(numpy_stream(seed, "balance", i).integers(2**63 - 1))
        sources[i] = _Source(conditioned_blocks(completer, condition, wanted, own, keys))
    for block, count in enumerate(counts):
        parts = [source.take(int(count[i])) for i, source in sources.items()]
        rows = pd.concat(parts, ignore_index=True)
        order = numpy_stream(seed, "balance", "order", block).permutation(len(rows))
        start = block * BLOCK_ROWS
        rows = rows.iloc[order].set_axis(pd.RangeIndex(start, start + len(rows)))
        # the levels' rows were drawn at the same positions, from which identifiers follow
        yield generated_columns(encoder, rows, other, start, seed)


def _shares(completer: RowCompleter, balance: Any) -> tuple[Hashable, dict[Any, float]]:
    """Return the column, and the share of each level."""
    if isinstance(balance, Mapping):
        if len(balance) != 1:
            raise OptionError(
                f"balance={balance!r:.80} must name one column, as in {{'plan': {{'free': 0.5, "
                "'pro': 0.5}}"
            )
        ((name, shares),) = balance.items()
    else:
        name, shares = balance, None
    encoder = completer.model.encoder
    at = find_name(name, encoder.schema.names)
    if at is None:
        raise OptionError(
            f"balance: column {name!r:.80} is not in the table; "
            f"{did_you_mean(f'{name!s:.80}', encoder.schema.names)}"
        )
    levels = completer.levels.get(at)
    if levels is None:
        raise OptionError(
            f"balance: column {name!r} is of kind {encoder.schema.columns[at].kind!r} and has no "
            "levels; name a column of categories, booleans or few numbers"
        )
    if shares is None:
        shares = dict.fromkeys((level for level in levels if level is not None), 1.0)
    if not isinstance(shares, Mapping) or not shares or not _are_shares([*shares.values()]):
        raise OptionError(
            f"balance: the shares of column {name!r} are {shares!r:.80}; give a mapping from its "
            "values to numbers from 0, of which one at least is above"
        )
    total = sum(shares.values())
    return name, {level: share / total for level, share in shares.items() if share}


def _are_shares(shares: list[Any]) -> bool:
    are_numbers = all(isinstance(s, int | float | np.number) and 0 <= s < np.inf for s in shares)
    return are_numbers and sum(shares) > 0


def _split(n: int, shares: Mapping[Any, float]) -> NDArray[np.int64]:
    """Split rows by shares; the largest remainders take the rest."""
    exact = n * np.array([*shares.values()])
    counts = np.floor(exact + 1e-9).astype(np.int64)
    rest = np.argsort(counts - exact, kind="stable")[: n - int(counts.sum())]
    counts[rest] += 1
    return counts


def _with_level(completer: RowCompleter, other: Condition, name: Hashable, level: Any) -> Condition:
    own = read_condition(completer, {name: [level]})
    if set(own.positions) & set(other.positions):
        raise OptionError(f"where and balance both ask for column {name!r}; leave it out of where")
    return Condition(tuple(sorted((*own.tests, *other.tests), key=lambda test: test.position)))


@dataclass
class _Source:
    """Blocks from which rows are taken in any number."""

    blocks: Iterator[pd.DataFrame]
    left: pd.DataFrame | None = None

    def take(self, n: int) -> pd.DataFrame:
        """Return the next n rows."""
        while self.left is None or len(self.left) < n:
            more = next(self.blocks)
            self.left = more if self.left is None else pd.concat([self.left, more])
        taken, self.left = self.left.iloc[:n], self.left.iloc[n:]
        return taken
