"""Columns that others determine, read off the noisy tables of pairs: no row is looked at."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from tabgan.encoding.base import ColumnEncoder
from tabgan.encoding.categorical import CategoricalEncoder
from tabgan.encoding.dependencies import ColumnRef, FunctionalDependency
from tabgan.privacy.differential.moments import Marginals
from tabgan.schema import Schema

__all__ = ["find_rules"]

Floats = NDArray[np.float64]

LOOSE = 0.05  # share of the rows beyond the commonest level that may break a rule, as measured


class _Rule(NamedTuple):
    broken: float  # share of the rows, as measured
    source: int  # block
    target: int
    image: tuple[int, ...]


def find_rules(
    moments: Marginals, schema: Schema, blocks: Sequence[tuple[int, ColumnEncoder]]
) -> list[FunctionalDependency]:
    """Find columns of levels whose level another one's tells, as far as the noise lets see.

    Parameters
    ----------
    moments
        The noisy moments.
    schema
        The table's columns.
    blocks
        Place and encoder of each block's column.
    """
    ends = np.cumsum(moments.widths)
    cells = [slice(end - width, end) for end, width in zip(ends, moments.widths, strict=True)]
    levels = [i for i, (_, e) in enumerate(blocks) if isinstance(e, CategoricalEncoder)]
    found = []
    for source in levels:
        for target in levels:
            if source == target:
                continue
            table = moments.pairs[cells[source], cells[target]]
            varied = 1 - moments.means[cells[target]].max()
            broken = max(1 - float(table.max(axis=1).sum()), 0.0)
            doubt = 2 * moments.pair_noise * len(table) ** 0.5
            if max(broken, doubt) <= LOOSE * varied:
                found.append(_Rule(broken, source, target, _image(table)))
    return [_rule(rule, schema, blocks) for rule in _apart(found)]


def _image(table: Floats) -> tuple[int, ...]:
    """Return the target's level of each source's level.

    As far as there are levels, each gets one of its own if hardly any row is lost by that: where
    two columns name the same things, the noise in a rare level's row would else decide.
    """
    image = table.argmax(axis=1)
    sources, targets = linear_sum_assignment(table, maximize=True)
    if table[sources, targets].sum() >= (1 - LOOSE) * table[sources, image[sources]].sum():
        image[sources] = targets
    return tuple(image.tolist())


def _apart(found: list[_Rule]) -> list[_Rule]:
    """Keep the surest rules, of which no column is derived twice or derived and needed."""
    kept: list[_Rule] = []
    for rule in sorted(found):
        sources, targets = {other.source for other in kept}, {other.target for other in kept}
        if rule.target not in sources | targets and rule.source not in targets:
            kept.append(rule)
    return kept


def _rule(
    rule: _Rule, schema: Schema, blocks: Sequence[tuple[int, ColumnEncoder]]
) -> FunctionalDependency:
    fields, levels = [], []
    for place, encoder in (blocks[rule.source], blocks[rule.target]):
        if not isinstance(encoder, CategoricalEncoder):
            raise TypeError("a rule is one between columns of levels")
        fields.append(ColumnRef(place, schema.columns[place]))
        levels.append(tuple(encoder.levels))
    return FunctionalDependency(fields[0], fields[1], levels[0], levels[1], rule.image)
