"""Weak points of a table's structure: broken rules, keys, presence and order in time, in words."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tabgan.evaluation.part_results import KeyResult, NearRule, RuleResult, TimeResult
from tabgan.evaluation.results import PartResults, WeakPoint

__all__ = ["broken_structure", "percent"]

RARE_BREACHES = 10  # of 1 / (real rows): a rule that all real rows keep may have so many
SURE = 3  # standard errors of a share
LEAST_SPREAD = 0.1  # of the rows a key, that chance does not explain
_ORDERS = ("neighbors in time", "order within a key")
SOFTER = 0.7  # weight of rows that are not alike, beside rows that must be equal


def percent(share: float) -> str:
    """Write a share in percent, small ones with a digit more.

    Examples
    --------
    >>> percent(0.123), percent(0.0123)
    ('12 %', '1.2 %')
    """
    value = 100 * float(share)
    return f"{value:.0f} %" if value >= 10 or value == 0 else f"{value:.2g} %"


def broken_structure(parts: PartResults) -> Iterator[WeakPoint]:
    """Yield what is broken of what ties the real table's columns and rows together."""
    structure, tables = parts.structure, parts.tables
    for rule in structure.rules:
        yield _broken_rule(rule, tables.real_rows, tables.synthetic_rows)
    for key in structure.keys:
        yield from _broken_key(key, tables.synthetic_rows)
    for presence in structure.presence:
        yield WeakPoint(
            "structure",
            (presence.column, presence.other),
            f"Where {presence.column!r} is missing does not go with {presence.other!r} as in the "
            f"real table: {percent(presence.lost)} of the relation is lost, in "
            f"{percent(presence.rows / 100)} of the rows.",
            "Draw missing cells together with the rest of the row, not on their own; in tabgan fit "
            "the table with its missing cells.",
            float(np.sqrt(presence.rows / 100)),
        )
    yield from _lost_times(structure.times)
    yield from map(_broken_near_rule, structure.near_rules)


def _broken_rule(rule: RuleResult, real_rows: int, synthetic_rows: int) -> WeakPoint:
    broken, fresh = 1 - rule.rows.value / 100, 1 - rule.rows.baseline / 100
    noise = RARE_BREACHES / real_rows + SURE * np.sqrt(fresh * (1 - fresh) / synthetic_rows)
    beyond = max(broken - fresh - noise, 0.0)
    return WeakPoint(
        "structure",
        rule.columns,
        f"{percent(broken)} of the rows break a rule of the real table: {rule.rule}; one has "
        f"{rule.example}.",
        "Compute the column after sampling, or declare the rule to the generator; tabgan finds "
        "this rule in the real table and keeps it in all rows (--derive, the default).",
        float(np.sqrt(beyond)),
    )


def _broken_near_rule(rule: NearRule) -> WeakPoint:
    kept, real = rule.rows.value / 100, rule.rows.baseline / 100
    return WeakPoint(
        "structure",
        rule.columns,
        f"{percent(1 - kept)} of the rows that it is about break what holds in {percent(real)} of "
        f"the real ones: {rule.rule}.",
        "Draw the two columns together; in tabgan the constraint FixedCombinations (levels) or "
        "Inequality (numbers) keeps it in all rows, if it may hold in all (--constraints).",
        float(np.sqrt(rule.broken / 100)),
    )


def _broken_key(key: KeyResult, synthetic_rows: int) -> Iterator[WeakPoint]:
    name = key.column
    remedy = (
        f"Generate the rows of a key together; in tabgan declare {name!r} as a key "
        f"(--kind {name}=key), so that rows are given to new keys."
    )
    for other, (value, baseline) in key.constant.items():
        share = (baseline - value) / 100 - SURE / np.sqrt(synthetic_rows) / 10
        yield WeakPoint(
            "structure",
            (name, other),
            f"A value of {name!r} has several of {other!r}: {percent(1 - value / 100)} of the rows "
            f"differ from the others of their key; of the real rows {percent(1 - baseline / 100)}.",
            remedy,
            float(np.sqrt(max(share, 0.0))),
        )
    for other, (value, baseline) in key.likeness.items():
        yield WeakPoint(
            "structure",
            (name, other),
            f"The rows of one {name!r} are not alike in {other!r} as real ones are: {value:.2f} in "
            f"place of {baseline:.2f}, from 0 (rows from anywhere) to 1 (equal).",
            remedy,
            float(np.clip(SOFTER * (baseline - value - SURE / np.sqrt(synthetic_rows)), 0, 1)),
        )
    value, baseline = key.rows_per_key
    yield WeakPoint(
        "structure",
        (name,),
        f"The values of {name!r} have other numbers of rows than real ones: their distribution is "
        f"off by {percent(value / 100)} (two halves of the real keys: {percent(baseline / 100)}).",
        remedy,
        float(np.clip((value - baseline) / 100 - LEAST_SPREAD, 0, 1)),
    )


def _lost_times(results: Iterable[TimeResult]) -> Iterator[WeakPoint]:
    """Yield one point for each column and the time that tells it, with all that is lost of that."""
    by_columns: dict[tuple[str, str], list[TimeResult]] = {}
    for result in results:
        if result.lost:
            by_columns.setdefault((result.column, result.time), []).append(result)
    for (column, time), lost in by_columns.items():
        own = sorted(lost, key=lambda result: -result.lost * result.strength.baseline)
        yield WeakPoint(
            "structure",
            (time,) if time == column else (column, time),
            _about_times(own) if time == column else _about_a_column(own),
            "Don't use the table for what depends on the order of its rows, or draw whole series.",
            max(result.lost * float(np.sqrt(result.strength.baseline)) for result in own),
        )


def _about_times(lost: Sequence[TimeResult]) -> str:
    first = lost[0]
    if first.what == "gaps":
        return (
            f"The times between the rows, by {first.time!r}, are not those of the real table; "
            f"{percent(first.lost)} is lost."
        )
    off = percent(1 - first.strength.value)
    return (
        f"The times of {first.time!r} are spread in another way than in the real table: by "
        f"{first.what}, the distributions are off by {off}."
    )


def _about_a_column(lost: Sequence[TimeResult]) -> str:
    first, clocks = lost[0], [result.what for result in lost if result.what not in _ORDERS]
    told = [f"what the {' and the '.join(clocks)} tells"] if clocks else []
    order = ["the order in time"] if len(clocks) < len(lost) else []
    head = " and ".join([*order, *told])
    parts = (
        f"{r.what}: {r.strength.value:.2f} in place of {r.strength.baseline:.2f}" for r in lost
    )
    return (
        f"{head[0].upper()}{head[1:]} {'are' if order and told else 'is'} lost: {first.column!r} "
        f"does not go with {first.time!r} as in the real table ({'; '.join(parts)}, of 1); "
        f"{percent(first.lost)} is lost."
    )
