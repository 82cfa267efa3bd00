"""Closest record: whether real rows lie nearer to the synthetic ones than unseen rows do.

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
"""

import numpy as np
from numpy.typing import NDArray

from tabgan.evaluation.audits import Risk, percent
from tabgan.privacy.attacks.tables import AuditTables
from tabgan.privacy.rates import auc
from tabgan.privacy.risks import by_area

__all__ = ["closest"]

THREAT = (
    "No attacker: a smoke alarm that rings where synthetic rows keep closer to the real rows than "
    "to others; its silence is no evidence."
)


def closest(tables: AuditTables) -> tuple[Risk, ...]:
    """Compare distances to the closest record; nothing without a holdout."""
    if not tables.has_holdout:
        return ()
    near, far = tables.to_synthetic
    area = auc(-near[:, 0], -far[:, 0])
    share = _nearer_to_real(*tables.from_synthetic)
    risk = by_area(
        "closest",
        "all rows",
        THREAT,
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
