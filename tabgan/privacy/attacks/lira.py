"""Shadow models (LiRA): what a generator gives away of rows to one who can train others like it.

Threat model
------------
The strongest attacker of the audit: they know the generator and its options, have rows of the
population to train models of their own with, have the whole row of a person, and the synthetic
table. They gain to know whether the person was in the real table. The audit asks it of the
generator, not of the one synthetic table: models are fitted on random halves of the real table,
each draws a table, and of each attacked row it is known in which halves it was.

For each model in turn the others are the attacker's shadow models. A row's score is the logarithm
of the likelihood ratio of its distance to the synthetic rows (mean log distance to the two
nearest), between normal distributions fitted to the shadow models that had the row and to those
that hadn't; their spread is that of all rows, since there are few models.

Source: Carlini et al., "Membership Inference Attacks From First Principles", IEEE S&P 2022. Half of
the attacked rows are the real table's outliers (those farthest from other real rows), half are
random.

What the figures do not show: more than so few models can find. All pairs of row and model count as
if they were independent, which makes the interval of a leak a little too narrow.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.errors import DataError
from tabgan.evaluation.audits import Risk
from tabgan.evaluation.coding import code_columns
from tabgan.evaluation.neighbours import nearest, place_rows
from tabgan.privacy.attacks.membership import mean_log, told_apart
from tabgan.privacy.attacks.tables import NEIGHBOURS, AuditTables, some

__all__ = ["Generator", "lira", "log_ratios"]

Generator = Callable[[pd.DataFrame, int], pd.DataFrame]
"""Fits on a table with a seed, and returns synthetic rows, as many as the table has."""

MODELS = 8
MOST_ATTACKED = 400
LEAST_ROWS = 20
THREAT = (
    "Someone who can train the same generator on tables of their own, and has a person's row and "
    "the synthetic table, tells whether the person was in the real table."
)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


def lira(tables: AuditTables, generator: Generator) -> tuple[Risk, ...]:
    """Fit `MODELS` generators on random halves of the real table and attack each.

    Raises
    ------
    DataError
        If the real table is too small to be halved.
    """
    if len(tables.real) < LEAST_ROWS:
        raise DataError(
            f"The real table has {len(tables.real)} rows; the attack 'lira', which fits on halves "
            f"of it, needs at least {LEAST_ROWS}"
        )
    rng = tables.stream("lira")
    attacked = _attacked(tables, rng)
    distances, had = [], []
    for _ in range(MODELS):
        half = rng.permutation(len(tables.real))[: len(tables.real) // 2]
        table = tables.real.iloc[half].reset_index(drop=True)
        drawn = generator(table, int(rng.integers(2**31)))
        distances.append(_near(tables, attacked, drawn))
        had.append(np.isin(attacked, half))
    scores, was_in = log_ratios(np.array(distances), np.array(had)), np.array(had)
    there = ~np.isnan(scores)
    members, others = scores[there & was_in], scores[there & ~was_in]
    return told_apart("lira", f"{MODELS} models", THREAT, members, others)


def _attacked(tables: AuditTables, rng: np.random.Generator) -> Places:
    """Return the rows that are attacked: outliers among some of the real ones, and others."""
    places = some(len(tables.real), 5 * MOST_ATTACKED, rng)
    around = nearest(tables.points.rows(places), tables.points.rows(tables.members), 1 + NEIGHBOURS)
    order = np.argsort(-around[0][:, 1:].mean(axis=1), kind="stable")
    half = min(MOST_ATTACKED, len(places)) // 2
    return np.concatenate([places[order[:half]], places[rng.permutation(order[half:])[:half]]])


def _near(tables: AuditTables, attacked: Places, drawn: pd.DataFrame) -> Floats:
    """Return how near a model's rows come to each attacked one: the higher, the nearer."""
    synthetic = drawn.loc[:, list(tables.schema.names)].reset_index(drop=True)
    real, candidates = place_rows(code_columns(tables.real, synthetic, tables.schema))
    return -mean_log(nearest(real.rows(attacked), candidates, NEIGHBOURS)[0])


def log_ratios(near: Floats, had: Flags) -> Floats:
    """Return each row's score for each model, from what the other models say of the row.

    Parameters
    ----------
    near
        Shape (models, rows): how near each model's synthetic rows come to each row.
    had
        Shape (models, rows): whether the model was fitted on the row.

    Returns
    -------
    array
        Shape (models, rows); NaN where all other models had the row, or none.

    Examples
    --------
    >>> near = np.array([[2.0], [2.2], [0.1], [0.0], [2.1], [0.2]])
    >>> (log_ratios(near, near > 1) > 0).ravel().tolist()
    [True, True, False, False, True, False]
    """
    centres = {}
    for side, among in (("in", had), ("out", ~had)):
        counts = among.sum(axis=0) - among
        sums = np.where(among, near, 0).sum(axis=0) - np.where(among, near, 0)
        centres[side] = np.divide(sums, counts, out=np.full(near.shape, np.nan), where=counts > 0)
    rest = near - np.where(had, centres["in"], centres["out"])
    variance = max(float(np.nanmean(np.square(rest))), 1e-12)
    gaps = np.square(near - centres["out"]) - np.square(near - centres["in"])
    scores: Floats = gaps / (2 * variance)
    return scores
