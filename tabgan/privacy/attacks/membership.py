"""Membership inference: whether this row was in the real table.

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
generator memorises first, and an average over all rows hides them.

What the figures do not show: what an attacker gets who knows the generator itself and can train
others like it (the attack "lira" plays that one), or who may choose the real table's other rows.
"""

import numpy as np
from numpy.typing import NDArray

from tabgan.evaluation.audits import Risk
from tabgan.evaluation.neighbours import nearest
from tabgan.privacy.attacks.tables import NEIGHBOURS, AuditTables
from tabgan.privacy.rates import Rate, auc, true_positives
from tabgan.privacy.risks import by_area, measured

__all__ = ["OUTLIERS", "mean_log", "membership", "told_apart"]

OUTLIERS = 0.1
CLOSEST = 2  # one alone is noisy; of more, those beside a copy drown it
FALSE_ALARMS = 0.01
FEWEST = 20  # members and non-members; below, an interval says nothing
TINY = 1e-3  # a distance that makes no difference: a tenth of a percentile
THREAT = (
    "Someone who has a person's row, the synthetic table and a sample of the population tells "
    "whether the person was in the real table."
)

Floats = NDArray[np.float64]


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
            risks += told_apart("membership", about, THREAT, members, others)
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
            nearest(tables.points.rows(part), tables.points.rows(sample), NEIGHBOURS)[0]
            for part, sample in parts
        ]
    return np.vstack(sides)


def mean_log(distances: Floats) -> Floats:
    """Return the mean logarithm of each row's distances to its `CLOSEST` nearest rows."""
    means: Floats = np.log(distances[:, :CLOSEST] + TINY).mean(axis=1)
    return means


def told_apart(
    attack: str, about: str, threat: str, members: Floats, others: Floats
) -> tuple[Risk, Risk]:
    """Turn scores, higher for members, into two risks: on average, and at 1 % of false alarms."""
    area = auc(members, others)
    found = true_positives(members, others, FALSE_ALARMS)
    figures = dict(zip(("auc", "auc_low", "auc_high"), area, strict=True)) | {"tpr": found}
    return by_area(
        attack,
        about,
        threat,
        area,
        (len(members), len(others)),
        finding=f"Members are told from others with an AUC of {area.value:.3f} "
        f"({area.low:.3f} to {area.high:.3f}; .5 is a coin).",
        figures=figures,
    ), measured(
        attack,
        f"{about}, 1 % false alarms",
        threat,
        Rate(found * len(members), len(members)),
        Rate(FALSE_ALARMS * len(others), len(others)),
        figures=figures,
    )
