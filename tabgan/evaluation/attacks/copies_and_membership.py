"""Copies, distances to the closest record, and membership: whether a row was in the real table.

Copies of real rows, and distances to the closest record.

Distances: `closest`

Threat model
------------
None in particular: this is a smoke alarm. Distances to the closest record say that a generator
follows its training rows closely, and where they do so on average. They miss leaks that attacks
find (Yao et al., "The DCR Delusion", arXiv 2505.01524): a quiet alarm is no evidence of privacy,
and a loud one is a reason to look at the attacks.

The risk is 2·AUC − 1 for the question whose distance to the nearest synthetic row is smaller, that
of a real row or of an unseen one; given the synthetic table both are drawn alike, so that the
interval holds. Beside it stand the usual figures: the share of synthetic rows that are nearer to a
real row than to an unseen one (both tables cut to one size, ties count half), and the median ratio
of the nearest to the second nearest distance.

Copies: `copies`

Threat model
------------
The attacker has the synthetic table and a person's whole row, and looks whether it is there. A row
that is there, and that chance does not put there, tells that the person was in the real table; a
near copy tells it as well, and gives all of the row to someone who knows a part of it.

A row is an exact copy if all compared columns are equal, and a near copy if all levels are, and
the numbers differ by at most two percentiles (root mean square over the numbers). Common rows turn
up in any honest sample; so the attack is tried as well on rows that the generator never saw, and
rows that occur once in all real tables are counted by themselves. Of generated columns
(identifiers, personal data, text) any real value in the synthetic column is a copy.

What the figures do not show: a row that is given away in part, or changed by more than the
tolerance; and nothing follows for rows that were not among the sample of real rows attacked.

Membership inference: whether a row was in the real table, by density or by shadow models.

Density ratio: `membership`

Threat model
------------
The attacker has the synthetic table, a sample of the same population (a half of the holdout), and
the whole row of a person; they gain to know whether it was in the real table, which may be the
secret itself (a table of patients, of debtors). A row is taken for a member where the synthetic
rows are denser than the population is: density ratio, as in van Breugel et al., "Membership
Inference Attacks against Synthetic Data through Overfitting Detection" (DOMIAS), AISTATS 2023.
Densities of mixed tables are taken from the distances to the nearest rows: the score is
log(distance to the population) − log(distance to the synthetic rows), each the mean over the two
nearest rows.

Members are a sample of the real rows; each half of the holdout is once the sample of the population
and once the non-members. AUC ½ is a coin;
the risk is 2·AUC − 1, and the share of members found at 1 % of false alarms is what an attacker
gets who has to be sure. Outliers are the tenth of all attacked rows that is farthest from the
population (mean distance to the five nearest rows of its sample): they are what a
generator memorizes first, and an average over all rows hides them.

What the figures do not show: what an attacker gets who knows the generator itself and can train
others like it (that is the attack "lira"), or who may choose the real table's other rows.

Shadow models: `lira`

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
that hadn't; their spread is that of all rows, since there are few models, and the gap between the
two means is moved towards that of all rows by as much as it is uncertain (empirical Bayes).

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

from tabgan.base.errors import DataError
from tabgan.evaluation.attacks.audit_tables import NEIGHBORS, AuditTables, some
from tabgan.evaluation.audit_results import (
    Rate,
    Risk,
    auc,
    percent,
    risk_of_auc,
    risk_of_rates,
    true_positives,
)
from tabgan.evaluation.compared_tables import code_columns
from tabgan.evaluation.copying import nearest, place_rows

__all__ = [
    "Generator",
    "OUTLIERS",
    "closest",
    "copies",
    "lira",
    "log_ratios",
    "mean_log",
    "membership",
    "membership_risks",
]

CLOSEST_THREAT = (
    "No attacker: whether synthetic rows keep closer to the real rows than to others; where they "
    "don't, that is no evidence of privacy."
)
NEAR = 0.02
COPIES_THREAT = (
    "Someone who has a person's row looks for it in the synthetic table, and learns that the "
    "person was in the real one."
)
VALUE_THREAT = "Someone reads in the synthetic table an identifier or a text of a real person."


def copies(tables: AuditTables) -> tuple[Risk, ...]:
    """Look for exact and near copies of rows, and for real values in generated columns."""
    distances = [found[:, 0] for found in tables.to_synthetic]
    places = (tables.targets, tables.controls)
    near = _near_copy(tables)
    once = _occur_once(tables)
    every = np.ones(len(tables.points.values), bool)
    asked = (
        ("exact copies", 0.0, every),
        ("exact copies of unique rows", 0.0, once),
        ("near copies", near, every),
        ("near copies of unique rows", near, once),
    )
    risks = []
    for about, reach, among in asked:
        hits = [found[among[rows]] <= reach for found, rows in zip(distances, places, strict=True)]
        if not len(hits[0]) or (tables.has_holdout and not len(hits[1])):
            continue  # no row is unique
        main, control = (Rate(int(hit.sum()), len(hit)) if len(hit) else None for hit in hits)
        assert main is not None
        risks.append(
            risk_of_rates(
                "copies", about, COPIES_THREAT, main, control, figures=_figures(tables, reach)
            )
        )
    return (*risks, *_values(tables))


def _near_copy(tables: AuditTables) -> float:
    numbers = sum(not column.nominal for column in tables.coded.values())
    return float(NEAR * np.sqrt(numbers))


def _occur_once(tables: AuditTables) -> NDArray[np.bool_]:
    """Say which rows of real table and holdout equal no other one of either."""
    values = np.column_stack([column.real for column in tables.coded.values()])
    rows = pd.DataFrame(np.where(np.isnan(values), -np.inf, values))
    return ~rows.duplicated(keep=False).to_numpy()


def _figures(tables: AuditTables, reach: float) -> dict[str, float]:
    """Return the shares of synthetic rows that copy, of both tables cut to one size."""
    to_real, to_holdout = tables.from_synthetic
    figures = {"synthetic_rows": float((to_real <= reach).mean())}
    if tables.has_holdout:
        figures["synthetic_rows_by_chance"] = float((to_holdout <= reach).mean())
    return figures


def _values(tables: AuditTables) -> list[Risk]:
    risks = []
    for column in tables.schema:
        if not column.is_generated or column.kind == "sequential":  # a count says nothing of a row
            continue
        real, holdout, synthetic = (
            set(frame[column.name].dropna().astype(str))
            for frame in (tables.real, tables.holdout, tables.synthetic)
        )
        own, strange = real - holdout, holdout - real
        if own and (strange or not tables.has_holdout):
            risks.append(
                risk_of_rates(
                    "copies",
                    f"values of {column.name!r}",
                    VALUE_THREAT,
                    Rate(len(own & synthetic), len(own)),
                    Rate(len(strange & synthetic), len(strange)) if strange else None,
                )
            )
    return risks


def closest(tables: AuditTables) -> tuple[Risk, ...]:
    """Compare distances to the closest record; nothing without a holdout."""
    if not tables.has_holdout:
        return ()
    near, far = tables.to_synthetic
    area = auc(-near[:, 0], -far[:, 0])
    share = _nearer_to_real(*tables.from_synthetic)
    risk = risk_of_auc(
        "closest",
        "all rows",
        CLOSEST_THREAT,
        area,
        (len(near), len(far)),
        finding=f"{percent(share)} of the synthetic rows are nearer to a real row than to an "
        f"unseen one (50 % by chance); a real row is nearer to the synthetic ones than an unseen "
        f"row in {percent(area.value)} of the pairs ({percent(area.low)} to {percent(area.high)}).",
        figures={
            **dict(zip(("auc", "auc_low", "auc_high"), area, strict=True)),
            "dcr_share": share,
            "median_distance": float(np.median(near[:, 0])),
            "median_distance_unseen": float(np.median(far[:, 0])),
            "median_ratio": _ratio(near),
            "median_ratio_unseen": _ratio(far),
        },
        is_distance=True,
    )
    return (risk,)


def _nearer_to_real(to_real: NDArray[np.float64], to_holdout: NDArray[np.float64]) -> float:
    return float((to_real < to_holdout).mean() + (to_real == to_holdout).mean() / 2)


def _ratio(distances: NDArray[np.float64]) -> float:
    if distances.shape[1] < 2:
        return 1.0
    first, second = distances[:, 0], distances[:, 1]
    return float(np.median(np.divide(first, second, out=np.ones_like(first), where=second > 0)))


OUTLIERS = 0.1
CLOSEST = 2  # one alone is noisy; of more, those beside a copy drown it
FALSE_ALARMS = 0.01
FEWEST = 20  # members and non-members; below, an interval says nothing
TINY = 1e-3  # a distance that makes no difference: a tenth of a percentile
DENSITY_THREAT = (
    "Someone who has a person's row, the synthetic table and a sample of the population tells "
    "whether the person was in the real table."
)
Floats = NDArray[np.float64]
Generator = Callable[[pd.DataFrame, int], pd.DataFrame]
"""Fits on a table with a seed, and returns synthetic rows, as many as the table has."""
MODELS = 8
MOST_ATTACKED = 400
LEAST_ROWS = 20
SHADOW_THREAT = (
    "Someone who can train the same generator on tables of their own, and has a person's row and "
    "the synthetic table, tells whether the person was in the real table."
)
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


def membership(tables: AuditTables) -> tuple[Risk, ...]:
    """Attack members and non-members, all of them and outliers; nothing without a holdout."""
    if len(tables.controls) < 2 * FEWEST:
        return ()
    asked = np.concatenate([tables.targets, tables.controls])
    is_member = np.arange(len(asked)) < len(tables.targets)
    to_population = _to_population(tables)
    to_synthetic = np.vstack(tables.to_synthetic)
    scores = mean_log(to_population) - mean_log(to_synthetic)
    remote = to_population.mean(axis=1)
    is_outlier = remote >= np.quantile(remote, 1 - OUTLIERS)
    risks: list[Risk] = []
    for about, among in (("all rows", np.ones(len(asked), bool)), ("outliers", is_outlier)):
        members, others = scores[among & is_member], scores[among & ~is_member]
        if min(len(members), len(others)) >= FEWEST:
            risks += membership_risks("membership", about, DENSITY_THREAT, members, others)
    return tuple(risks)


def _to_population(tables: AuditTables) -> Floats:
    """Return the distances of targets and controls to the nearest rows of half of the controls.

    Each half of the controls is the sample of the population for the other half, and for half of
    the targets.
    """
    halves = np.array_split(tables.controls, 2)
    sides = []
    for rows in (tables.targets, tables.controls):
        parts = zip(np.array_split(rows, 2), reversed(halves), strict=True)
        sides += [
            nearest(tables.points.rows(part), tables.points.rows(sample), NEIGHBORS)[0]
            for part, sample in parts
        ]
    return np.vstack(sides)


def mean_log(distances: Floats) -> Floats:
    """Return the mean logarithm of each row's distances to its `CLOSEST` nearest rows."""
    means: Floats = np.log(distances[:, :CLOSEST] + TINY).mean(axis=1)
    return means


def membership_risks(
    attack: str, about: str, threat: str, members: Floats, others: Floats
) -> tuple[Risk, Risk]:
    """Turn scores, higher for members, into two risks: on average, and at 1 % of false alarms.

    Parameters
    ----------
    attack, about, threat
        What the risks say of themselves; see `Risk`.
    members, others
        Scores of rows that were in the real table, and of others.
    """
    area = auc(members, others)
    found = true_positives(members, others, FALSE_ALARMS)
    figures = dict(zip(("auc", "auc_low", "auc_high"), area, strict=True)) | {"tpr": found}
    return risk_of_auc(
        attack,
        about,
        threat,
        area,
        (len(members), len(others)),
        finding=f"Members are told from others with an AUC of {area.value:.3f} "
        f"({area.low:.3f} to {area.high:.3f}; .5 is a coin).",
        figures=figures,
    ), risk_of_rates(
        attack,
        f"{about}, 1 % false alarms",
        threat,
        Rate(found * len(members), len(members)),
        Rate(FALSE_ALARMS * len(others), len(others)),
        figures=figures,
    )


def lira(tables: AuditTables, generator: Generator, *, n_models: int = MODELS) -> tuple[Risk, ...]:
    """Fit generators on random halves of the real table and attack each.

    Parameters
    ----------
    tables
        The tables of the audit.
    generator
        Fits on a table with a seed, and returns as many synthetic rows.
    n_models
        How many generators are fitted: the more, the surer the attack.

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
    for _ in range(n_models):
        half = rng.permutation(len(tables.real))[: len(tables.real) // 2]
        table = tables.real.iloc[half].reset_index(drop=True)
        drawn = generator(table, int(rng.integers(2**31)))
        distances.append(_nearest_drawn(tables, attacked, drawn))
        had.append(np.isin(attacked, half))
    scores, was_in = log_ratios(np.array(distances), np.array(had)), np.array(had)
    there = ~np.isnan(scores)
    members, others = scores[there & was_in], scores[there & ~was_in]
    return membership_risks("lira", f"{n_models} models", SHADOW_THREAT, members, others)


def _attacked(tables: AuditTables, rng: np.random.Generator) -> Places:
    """Return the rows that are attacked: outliers among some of the real ones, and others."""
    places = some(len(tables.real), 5 * MOST_ATTACKED, rng)
    around = nearest(tables.points.rows(places), tables.points.rows(tables.members), 1 + NEIGHBORS)
    order = np.argsort(-around[0][:, 1:].mean(axis=1), kind="stable")
    half = min(MOST_ATTACKED, len(places)) // 2
    return np.concatenate([places[order[:half]], places[rng.permutation(order[half:])[:half]]])


def _nearest_drawn(tables: AuditTables, attacked: Places, drawn: pd.DataFrame) -> Floats:
    """Return how near a model's rows come to each attacked one: the higher, the nearer."""
    synthetic = drawn.loc[:, list(tables.schema.names)].reset_index(drop=True)
    real, candidates = place_rows(code_columns(tables.real, synthetic, tables.schema))
    return -mean_log(nearest(real.rows(attacked), candidates, NEIGHBORS)[0])


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
    sums, counts = {}, {}
    for side, among in (("in", had), ("out", ~had)):
        counts[side] = among.sum(axis=0) - among
        sums[side] = np.where(among, near, 0).sum(axis=0) - np.where(among, near, 0)
    seen = (counts["in"] > 0) & (counts["out"] > 0)
    n_in, n_out = (np.where(seen, counts[side], np.nan) for side in ("in", "out"))
    gap = sums["in"] / n_in - sums["out"] / n_out
    rest = near - np.where(had, sums["in"] / n_in, sums["out"] / n_out)
    variance = max(float(np.nanmean(np.square(rest))), 1e-12)
    gap = _shrunk(gap, variance * (1 / n_in + 1 / n_out))
    middle = (sums["in"] + sums["out"]) / (n_in + n_out)
    out = middle - gap * n_in / (n_in + n_out)
    scores: Floats = (np.square(near - out) - np.square(near - out - gap)) / (2 * variance)
    return scores


def _shrunk(gap: Floats, noise: Floats) -> Floats:
    """Move what few models say of a row towards what they say of all rows (empirical Bayes).

    Without it, the rows whose gap is nothing but noise drown the few that are given away.

    Parameters
    ----------
    gap
        How much nearer the models that had a row come to it than the others.
    noise
        The variance of each gap, of the same shape.
    """
    mean = np.nanmean(gap)
    spread = max(float(np.nanvar(gap) - np.nanmean(noise)), 0.0)
    moved: Floats = mean + (gap - mean) * spread / (spread + noise)
    return moved
