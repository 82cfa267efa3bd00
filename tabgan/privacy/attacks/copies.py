"""Copies: real rows that stand in the synthetic table as they are, or nearly so.

Threat model
------------
The attacker has the synthetic table and a person's whole row, and looks whether it is there. A row
that is there, and that chance does not put there, tells that the person was in the real table; a
near copy tells it as well, and gives all of the row to someone who knows a part of it.

A row is an exact copy if all compared columns are equal, and a near copy if all levels are, and
the numbers differ by at most two percentiles (root mean square over the numbers). Common rows turn
up in any honest sample; so the same is asked of rows that the generator never saw, and rows that
occur once in all real tables are looked at apart. Of columns whose values are made anew
(identifiers, personal data, text) any real value in the synthetic column is a copy.

What the figures do not show: a row that is given away in part, or changed by more than the
tolerance; and nothing follows for rows that were not among the sample of real rows attacked.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.evaluation.audits import Risk
from tabgan.privacy.attacks.tables import AuditTables
from tabgan.privacy.rates import Rate
from tabgan.privacy.risks import measured

__all__ = ["copies"]

NEAR = 0.02
THREAT = (
    "Someone who has a person's row looks for it in the synthetic table, and learns that the "
    "person was in the real one."
)
VALUE_THREAT = "Someone reads in the synthetic table an identifier or a text of a real person."


def copies(tables: AuditTables) -> tuple[Risk, ...]:
    """Look for exact and near copies of rows, and for values of columns that are made anew."""
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
            measured("copies", about, THREAT, main, control, figures=_figures(tables, reach))
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
        if not column.is_made_anew or column.kind == "sequential":  # a count says nothing of a row
            continue
        real, holdout, synthetic = (
            set(frame[column.name].dropna().astype(str))
            for frame in (tables.real, tables.holdout, tables.synthetic)
        )
        own, strange = real - holdout, holdout - real
        if own and (strange or not tables.has_holdout):
            risks.append(
                measured(
                    "copies",
                    f"values of {column.name!r}",
                    VALUE_THREAT,
                    Rate(len(own & synthetic), len(own)),
                    Rate(len(strange & synthetic), len(strange)) if strange else None,
                )
            )
    return risks
