"""Linkability: whether the synthetic table tells which two halves of rows belong together.

Threat model
------------
The attacker has two tables about the same people without a common key, one with some columns of
the real table and one with the others (a shop's and a clinic's records, say), and the synthetic
table. For a person of either table they look up the most similar synthetic rows; where both
lookups meet in one synthetic row, the two records are taken for the same person. They gain a
joined record.

Source: Giomi et al., "A Unified Framework for Quantifying Privacy Risk in Synthetic Data", PoPETs
2023. The columns are dealt out to both tables at random, in several ways, each for its share of
the attacked rows, so that the figure depends on no single division. The control attacks unseen
rows, and the naive guess picks synthetic rows at random.

What the figures do not show: an attacker whose tables are divided in the one way that links best,
or who also uses other sources.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tabgan.evaluation.attacks.audit_tables import NEIGHBORS, AuditTables
from tabgan.evaluation.audit_results import Rate, Risk, risk_of_rates
from tabgan.evaluation.copying import nearest

__all__ = ["linkability", "meet"]

DIVISIONS = 4
THREAT = (
    "Someone who has two tables with different columns of the same people joins their rows by "
    "way of the synthetic table."
)

Places = NDArray[np.int64]


def linkability(tables: AuditTables) -> tuple[Risk, ...]:
    """Try to join the halves of real rows, and of unseen ones; nothing for a single column."""
    columns = np.array(list(tables.coded))
    if len(columns) < 2:
        return ()
    rng = tables.stream("linkability")
    divisions = []
    for _ in range(DIVISIONS):
        dealt = rng.permutation(columns)
        divisions.append((dealt[: len(dealt) // 2], dealt[len(dealt) // 2 :]))
    main = _joined(tables, tables.targets, divisions)
    control = _joined(tables, tables.controls, divisions) if tables.has_holdout else None
    guesses = rng.integers(len(tables.synthetic), size=(2, main.attempts, NEIGHBORS))
    naive = Rate(int(meet(guesses[0], guesses[1]).sum()), main.attempts)
    return (risk_of_rates("linkability", "random halves", THREAT, main, control, naive=naive),)


def _joined(tables: AuditTables, rows: Places, divisions: list[tuple[Places, Places]]) -> Rate:
    """Attack an equal share of the rows by each division of the columns."""
    hits = 0
    ends = np.linspace(0, len(rows), len(divisions) + 1).astype(int)
    for sides, (start, end) in zip(divisions, pairwise(ends), strict=True):
        asked = tables.points.rows(rows[start:end])
        found = [
            nearest(asked.of(side), tables.synthetic_points.of(side), NEIGHBORS)[1]
            for side in sides
        ]
        hits += int(meet(found[0], found[1]).sum())
    return Rate(hits, len(rows))


def meet(left: Places, right: Places) -> NDArray[np.bool_]:
    """Return for each row whether two lists of positions share one.

    Parameters
    ----------
    left, right
        Shape (rows, positions).

    Examples
    --------
    >>> meet(np.array([[0, 1], [2, 3]]), np.array([[4, 1], [0, 1]])).tolist()
    [True, False]
    """
    shared: NDArray[np.bool_] = (left[:, :, None] == right[:, None, :]).any(axis=(1, 2))
    return shared
