"""Attribute inference: whether the synthetic table tells a person's secret from all else.

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

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from tabgan.base.errors import OptionError, did_you_mean
from tabgan.evaluation.attacks.audit_tables import AuditTables
from tabgan.evaluation.audit_results import CONFIDENCE, Rate, Risk, risk_of_rates
from tabgan.evaluation.copying import nearest

__all__ = ["inference", "is_right", "places_of"]

TOLERANCE = 0.05
TOLERANCE_OF_DATES = 0.01  # of the real dates' range
MOST_GUESSES = 2_000
"""So many rows are attacked for each secret that was not named."""
THREAT = (
    "Someone who knows all else of a person guesses {secret} by the most similar synthetic row."
)

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


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
        THREAT.format(secret=names[0] if single else "one column"),
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
