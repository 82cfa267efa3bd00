"""Singling out, linkability and inference: whether a table tells of single real persons.

Singling out: whether the synthetic table tells of descriptions that fit one real person alone.

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

Linkability: whether the synthetic table tells which two halves of rows belong together.

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

Attribute inference: whether the synthetic table tells a person's secret from all else.

Threat model
------------
The attacker has the synthetic table and knows of a person all compared columns but one, the
secret; the secret of the most similar synthetic row is the guess. They gain the secret.

Source: Giomi et al., "A Unified Framework for Quantifying Privacy Risk in Synthetic Data", PoPETs
2023. A level is guessed right if it is the same, a number if it is off by at most 5 % of the true
value's magnitude (not of the guess's, so that high guesses gain nothing; a date by 1 % of the real
dates' range), and what is missing if the guess is missing. The naive guess is a synthetic row's
secret at random, and the control attacks unseen rows: a secret that follows from the other columns
is guessed for strangers as well, which is knowledge of the population and no leak. Where nearly
all strangers are guessed right, nothing is left that could leak.

Without named secrets every column is one in turn, each for its share of the attacked rows, and the
guesses count together. Named secrets are attacked one by one, each with all of these rows; their
intervals hold together (Bonferroni), since among many a false alarm is likely otherwise.

What the figures do not show: an attacker with a better model than the nearest row, or one who
knows fewer columns but other sources.
"""

from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tabgan.base.errors import OptionError, did_you_mean
from tabgan.evaluation.attacks.audit_tables import NEIGHBORS, AuditTables, some
from tabgan.evaluation.audit_results import CONFIDENCE, Rate, Risk, risk_of_rates
from tabgan.evaluation.copying import nearest

__all__ = [
    "CellTest",
    "inference",
    "is_right",
    "linkability",
    "matches",
    "meet",
    "places_of",
    "singling_out",
]

MOST_DESCRIPTIONS = 4_000
MOST_ATTEMPTS = 40_000
ATTEMPTS_PER_ROW = 10
CONDITIONS = 4
SINGLING_THREAT = (
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
        isolated = _isolated(guesses, known)
        real = int((isolated < len(tables.real)).sum())
        risks.append(
            risk_of_rates(
                "singling_out",
                about,
                SINGLING_THREAT,
                Rate(real, len(guesses)),
                Rate(len(isolated) - real, len(guesses)) if tables.has_holdout else None,
                naive=Rate(int((_isolated(naive, known) < len(tables.real)).sum()), len(guesses)),
                scale=len(tables.real) / max(len(tables.holdout), 1),
                design_effect=_design_effect(isolated),
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
            if len(found) == MOST_DESCRIPTIONS:
                break
    return list(found)


def _isolated(predicates: list[Predicate], columns: Columns) -> Places:
    """Return the row of each predicate that holds for one row alone."""
    places = [matches(predicate, columns) for predicate in predicates]
    return np.array([found[0] for found in places if len(found) == 1], int)


def _design_effect(isolated: Places) -> float:
    """Return by what factor the variance grows because several predicates isolate the same row.

    A row is a real one or an unseen one for all of them at once. An outlier is isolated by
    hundreds of predicates.

    Source: Kish, "Survey Sampling" (1965), section 8.2.
    """
    repeats = np.unique(isolated, return_counts=True)[1]
    return float(np.square(repeats).sum() / repeats.sum()) if len(repeats) else 1.0


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


DIVISIONS = 4
LINKING_THREAT = (
    "Someone who has two tables with different columns of the same people joins their rows by "
    "way of the synthetic table."
)


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
    return (
        risk_of_rates("linkability", "random halves", LINKING_THREAT, main, control, naive=naive),
    )


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


TOLERANCE = 0.05
TOLERANCE_OF_DATES = 0.01  # of the real dates' range
MOST_SECRETS = 2_000
"""So many rows are attacked for each secret that was not named."""
INFERENCE_THREAT = (
    "Someone who knows all else of a person guesses {secret} by the most similar synthetic row."
)


def inference(tables: AuditTables, secrets: Sequence[Hashable] | None) -> tuple[Risk, ...]:
    """Guess secrets of real rows and of unseen ones; nothing for a single column.

    Parameters
    ----------
    tables
        The tables of the audit.
    secrets
        Columns to guess, each for itself; None takes all in turn.
    """
    if len(tables.coded) < 2:
        return ()
    if secrets is not None:
        places = places_of(tables, secrets)
        confidence = 1 - (1 - CONFIDENCE) / len(places)
        return tuple(_risk(tables, [place], confidence) for place in places)
    return (_risk(tables, list(tables.coded), CONFIDENCE),)


def places_of(tables: AuditTables, secrets: Sequence[Hashable]) -> list[int]:
    """Return the positions of the secrets.

    Parameters
    ----------
    tables
        The tables of the audit.
    secrets
        Labels of the columns.

    Raises
    ------
    OptionError
        If one is no column that can be compared.
    """
    names = {tables.schema.names[place]: place for place in tables.coded}
    for secret in secrets:
        if secret not in names:
            raise OptionError(
                f"secrets has {secret!r}, which is not a column of levels, numbers or dates of "
                f"the table; {did_you_mean(secret, names)}"
            )
    return [names[secret] for secret in secrets]


def _risk(tables: AuditTables, places: list[int], confidence: float) -> Risk:
    """Attack an equal share of the rows by each secret."""
    rates = [_rates(tables, place, turn, len(places)) for turn, place in enumerate(places)]
    main, control, naive = (
        Rate(sum(rate.successes for rate in kind), sum(rate.attempts for rate in kind))
        for kind in zip(*rates, strict=True)
    )
    names = [f"{tables.schema.names[place]!r}" for place in places]
    single = len(places) == 1
    figures = {
        f"{side} {name}": rate.share
        for name, kinds in zip(names, rates, strict=True)
        for side, rate in zip(("real", "unseen"), kinds, strict=False)
        if rate.attempts and not single
    }
    return risk_of_rates(
        "inference",
        f"secret {names[0]}" if single else "every column in turn",
        INFERENCE_THREAT.format(secret=names[0] if single else "one column"),
        main,
        control if tables.has_holdout else None,
        naive=naive,
        confidence=confidence,
        figures=figures,
    )


def _rates(tables: AuditTables, place: int, turn: int, turns: int) -> tuple[Rate, Rate, Rate]:
    """Return the rates of right guesses of real rows, of unseen ones, and of guesses at random."""
    column = tables.coded[place]
    known = [other for other in tables.coded if other != place]
    candidates = tables.synthetic_points.of(known)

    def right(guesses: Floats, rows: Places) -> Rate:
        truth = column.real[rows]
        return Rate(int(is_right(guesses, truth, _reach(tables, place, truth)).sum()), len(rows))

    rates = []
    targets, controls = tables.targets[turn::turns], tables.controls[turn::turns]
    for rows in (targets, controls):
        found = nearest(tables.points.rows(rows).of(known), candidates)[1][:, 0]
        rates.append(right(column.synthetic[found], rows))
    drawn = tables.stream("guess", place).integers(len(column.synthetic), size=len(targets))
    return rates[0], rates[1], right(column.synthetic[drawn], targets)


def _reach(tables: AuditTables, place: int, truth: Floats) -> Floats:
    """Return how far off a guess may be."""
    column = tables.coded[place]
    if column.nominal:
        return np.zeros(len(truth))
    if tables.schema.columns[place].kind == "datetime":  # which has no magnitude
        there = column.real[~np.isnan(column.real)]
        return np.full(len(truth), TOLERANCE_OF_DATES * float(np.ptp(there)) if len(there) else 0.0)
    return TOLERANCE * np.abs(truth)


def is_right(guesses: Floats, truth: Floats, reach: Floats) -> NDArray[np.bool_]:
    """Return which guesses are right: within the tolerance, or missing where the truth is.

    Parameters
    ----------
    guesses, truth
        Shape (rows,): numbers or codes of levels, NaN for missing.
    reach
        Shape (rows,): how far off a guess may be.

    Examples
    --------
    >>> truth = np.array([100.0, 100.0, 0.0, np.nan])
    >>> is_right(np.array([105.0, 94.0, 0.1, np.nan]), truth, 0.05 * truth).tolist()
    [True, False, False, True]
    """
    both_missing = np.isnan(guesses) & np.isnan(truth)
    right: NDArray[np.bool_] = (np.abs(guesses - truth) <= reach) | both_missing
    return right
