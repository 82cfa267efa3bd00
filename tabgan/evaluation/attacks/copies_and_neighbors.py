"""Copies of real rows, and distances to the closest record.

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
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.evaluation.attacks.audit_tables import AuditTables
from tabgan.evaluation.audit_results import (
    Rate,
    Risk,
    auc,
    percent,
    risk_of_auc,
    risk_of_rates,
)

__all__ = ["closest", "copies"]

CLOSEST_THREAT = (
    "No attacker: a smoke alarm that rings where synthetic rows keep closer to the real rows than "
    "to others; its silence is no evidence."
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
    near = _near(tables)
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


def _near(tables: AuditTables) -> float:
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
        f"unseen one (50 % by chance); the alarm {'rings' if area.low > 0.5 else 'is quiet'}.",
        figures={
            **dict(zip(("auc", "auc_low", "auc_high"), area, strict=True)),
            "dcr_share": share,
            "median_distance": float(np.median(near[:, 0])),
            "median_distance_unseen": float(np.median(far[:, 0])),
            "median_ratio": _ratio(near),
            "median_ratio_unseen": _ratio(far),
        },
        is_alarm=True,
    )
    return (risk,)


def _nearer_to_real(to_real: NDArray[np.float64], to_holdout: NDArray[np.float64]) -> float:
    return float((to_real < to_holdout).mean() + (to_real == to_holdout).mean() / 2)


def _ratio(distances: NDArray[np.float64]) -> float:
    if distances.shape[1] < 2:
        return 1.0
    first, second = distances[:, 0], distances[:, 1]
    return float(np.median(np.divide(first, second, out=np.ones_like(first), where=second > 0)))
