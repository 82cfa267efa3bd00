"""Singling out: whether the synthetic table tells of descriptions that fit one real person alone.

Threat model
------------
The attacker has the synthetic table and nothing else. They look for a predicate that holds for
exactly one synthetic row, and bet that it holds for exactly one real row. They gain a description
("the one person of 90 from Guam") that isolates a person, as the Article 29 Working Party puts it.
Univariate predicates are values that occur once, extremes, and a lone missing value; multivariate
ones join conditions on several columns of a synthetic row: a level, a number at least or at most
as high as the row's (whichever side of the median it is on), or that a value is missing.

Source: Giomi et al., "A Unified Framework for Quantifying Privacy Risk in Synthetic Data", PoPETs
2023, which has the naive guess (a predicate of random columns, values and comparisons) and a
control, too. The share of predicates that isolate a row depends on the number of rows; the paper
corrects a small control by a fitted curve. Here the predicate has to isolate one row among the real
and the unseen ones together. For a generator that leaks nothing, this row is a real or an unseen
one as their numbers are; so the control's rate is multiplied by the ratio of the numbers of rows,
and nothing is fitted.

What the figures do not show: how many people can be singled out in all, and predicates better than
those tried.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tabgan.evaluation.attacks.audit_tables import AuditTables, some
from tabgan.evaluation.audit_results import Rate, Risk, risk_of_rates

__all__ = ["CellTest", "matches", "singling_out"]

MOST_GUESSES = 4_000
MOST_ATTEMPTS = 40_000
ATTEMPTS_PER_ROW = 10
CONDITIONS = 4
THREAT = (
    "Someone who has nothing but the synthetic table finds a description that fits exactly one "
    "person of the real one."
)

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


class CellTest(NamedTuple):
    """What is said of one column: its position, a comparison, and a value (NaN: missing)."""

    place: int
    comparison: Literal["=", "≤", "≥"]
    value: float


Predicate = tuple[CellTest, ...]
Columns = dict[int, Floats]


def singling_out(tables: AuditTables) -> tuple[Risk, ...]:
    """Bet on predicates of one column, and of several; no risk where none isolates a row."""
    synthetic = {place: column.synthetic for place, column in tables.coded.items()}
    known = {place: column.real for place, column in tables.coded.items()}
    width = min(CONDITIONS, len(synthetic))
    univariate = _lone_values(synthetic, tables.stream("univariate"))
    kinds = [("univariate", 1, univariate)]
    if width > 1:
        from_rows = _from_rows(tables, synthetic, width)
        kinds.append((f"{width} columns", width, from_rows))
    risks = []
    for about, columns, candidates in kinds:
        guesses = _isolating(candidates, synthetic)
        if not guesses:
            continue
        naive = _at_random(tables, columns, len(guesses), tables.stream("naive", about))
        real, unseen = _isolated(guesses, known, len(tables.real))
        risks.append(
            risk_of_rates(
                "singling_out",
                about,
                THREAT,
                Rate(real, len(guesses)),
                Rate(unseen, len(guesses)) if tables.has_holdout else None,
                naive=Rate(_isolated(naive, known, len(tables.real))[0], len(guesses)),
                scale=len(tables.real) / max(len(tables.holdout), 1),
            )
        )
    return tuple(risks)


def matches(predicate: Predicate, columns: Columns) -> Places:
    """Return the rows for which a predicate holds, in order.

    Parameters
    ----------
    predicate
        Conditions that all have to hold.
    columns
        Values of each column by its position.

    Examples
    --------
    >>> columns = {0: np.array([1.0, 2.0, np.nan]), 1: np.array([5.0, 5.0, 7.0])}
    >>> matches((CellTest(0, "≥", 2.0), CellTest(1, "=", 5.0)), columns).tolist()
    [1]
    >>> matches((CellTest(0, "=", np.nan),), columns).tolist()
    [2]
    """
    first, *others = predicate
    rows = np.flatnonzero(_holds(first, columns[first.place]))
    for condition in others:  # of fewer and fewer rows
        rows = rows[_holds(condition, columns[condition.place][rows])]
    return rows


def _holds(condition: CellTest, values: Floats) -> NDArray[np.bool_]:
    if np.isnan(condition.value):
        return np.isnan(values)
    compare = {"=": np.equal, "≤": np.less_equal, "≥": np.greater_equal}[condition.comparison]
    held: NDArray[np.bool_] = compare(values, condition.value)
    return held


def _isolating(candidates: Iterator[Predicate], columns: Columns) -> list[Predicate]:
    """Return the different predicates that hold for one row, until there are enough."""
    found: dict[Predicate, None] = {}
    for predicate in candidates:
        if len(matches(predicate, columns)) == 1:
            found[predicate] = None
            if len(found) == MOST_GUESSES:
                break
    return list(found)


def _isolated(predicates: list[Predicate], columns: Columns, n_real: int) -> tuple[int, int]:
    """Count the predicates that hold for one row alone: a real one, or an unseen one."""
    places = [matches(predicate, columns) for predicate in predicates]
    alone = np.array([found[0] for found in places if len(found) == 1], int)
    return int((alone < n_real).sum()), int((alone >= n_real).sum())


def _lone_values(columns: Columns, rng: np.random.Generator) -> Iterator[Predicate]:
    """Yield conditions on a single value, in random order."""
    candidates = []
    for place, values in columns.items():
        there, counts = np.unique(values[~np.isnan(values)], return_counts=True)
        candidates += [CellTest(place, "=", float(value)) for value in there[counts == 1]]
        if len(there):
            candidates.append(CellTest(place, "≤", float(there[0])))
            candidates.append(CellTest(place, "≥", float(there[-1])))
        candidates.append(CellTest(place, "=", np.nan))
    return ((candidates[turn],) for turn in some(len(candidates), MOST_ATTEMPTS, rng))


def _from_rows(tables: AuditTables, columns: Columns, width: int) -> Iterator[Predicate]:
    """Yield what can be said of random columns of random synthetic rows."""
    rng = tables.stream("multivariate")
    medians = {
        place: None if column.nominal or np.isnan(column.synthetic).all()
        else float(np.nanmedian(column.synthetic))
        for place, column in tables.coded.items()
    }  # fmt: skip
    places = np.array(list(columns))
    attempts = min(MOST_ATTEMPTS, ATTEMPTS_PER_ROW * len(tables.synthetic))
    rows = rng.integers(len(tables.synthetic), size=attempts)
    for row, order in zip(rows, rng.random((attempts, len(places))), strict=True):
        chosen = np.sort(np.argsort(order)[:width])
        yield tuple(
            _said_of(place, float(columns[place][row]), medians[place])
            for place in places[chosen].tolist()
        )


def _said_of(place: int, value: float, median: float | None) -> CellTest:
    if median is None or np.isnan(value):
        return CellTest(place, "=", value)
    return CellTest(place, "≥" if value > median else "≤", value)


def _at_random(
    tables: AuditTables, width: int, count: int, rng: np.random.Generator
) -> list[Predicate]:
    """Draw predicates of random columns, values and comparisons."""
    values = {place: np.unique(column.synthetic) for place, column in tables.coded.items()}
    places = np.array(list(tables.coded))

    def condition(place: int) -> CellTest:
        comparisons = "=" if tables.coded[place].nominal else "=≤≥"
        turn = rng.integers(len(comparisons))
        return CellTest(place, comparisons[turn], float(rng.choice(values[place])))  # type: ignore[arg-type]

    return [
        tuple(condition(int(place)) for place in rng.choice(places, size=width, replace=False))
        for _ in range(count)
    ]
