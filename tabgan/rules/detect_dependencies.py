"""Detection of the rules between a table's columns, and rules read from JSON."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from tabgan.rules.agreement_dependency import (
    find_code_equalities,
    find_level_equalities,
    find_near,
    find_near_parts,
)
from tabgan.rules.arithmetic_dependency import FormulaDependency
from tabgan.rules.band_dependency import MOST_COMPARED, find_bands
from tabgan.rules.base_rules import DEPENDENCIES, Dependency
from tabgan.rules.code_dependency import find_codes
from tabgan.rules.code_word_dependency import find_code_dates, find_code_words
from tabgan.rules.counted_dependency import MOST_COUNTED, find_ages, find_counted
from tabgan.rules.equality_dependency import (
    PartialEquality,
    PartialMultiple,
    find_partial_equalities,
    find_partial_multiples,
)
from tabgan.rules.find_identities import find_identities
from tabgan.rules.find_orders import DerivedColumns, find_orders
from tabgan.rules.functional_dependency import FunctionalDependency, find_copies, find_functional
from tabgan.rules.holes_dependency import find_holes
from tabgan.rules.identity_candidates import FITTED_ROWS, MOST_FACTORS, MOST_THREES, SPARE_ROWS
from tabgan.rules.joint_dependency import (
    CoalesceDependency,
    JointDependency,
    find_coalesced,
    find_joint,
    find_pairs,
)
from tabgan.rules.order_dependency import DifferenceDependency
from tabgan.rules.part_dependency import MOST_SOURCES, find_parts
from tabgan.rules.personal_dependency import find_persons
from tabgan.rules.presence_dependency import find_joint_holes, find_joint_marks, find_presences
from tabgan.rules.sum_dependency import SumDependency, find_one_hots, find_sums
from tabgan.table.columns import NUMBERS, TICKS, ColumnFrame, count_rows, without

__all__ = ["dependency_from_json", "detect_dependencies", "untried"]

FindAttributes = Callable[[ColumnFrame], Sequence[Dependency]]

LEAST_ROWS = 20  # fewer rows are no evidence of a rule


def detect_dependencies(
    table: ColumnFrame,
    rng: np.random.Generator,
    kept: Collection[int] = (),
    find_attributes: FindAttributes = lambda table: (),  # noqa: ARG005
) -> list[Dependency]:
    """Detect the rules that hold in a table, and that chance does not explain.

    Parameters
    ----------
    table
        The training table; its columns by position.
    rng
        Draws the rows on which rules are tried first.
    kept
        Positions of columns that no rule may derive, replace or change; others may follow from
        them.
    find_attributes
        Finds the generated columns that other columns determine; see `tabgan.encoding`, which
        knows how their values are written.

    Returns
    -------
    The dependencies in the order in which they are to be reduced; each one refers to the table
    as the ones before it left it.
    """
    n_columns = max(table, default=0) + 1
    rules = _detect(table, rng, kept, find_attributes, n_columns)
    return [*find_joint_holes(without(table, kept), rules, n_columns), *rules]


def _detect(
    table: ColumnFrame,
    rng: np.random.Generator,
    kept: Collection[int],
    find_attributes: FindAttributes,
    n_columns: int,
) -> list[Dependency]:
    """Detect all dependencies but columns whose holes stand together, which is told at the end."""
    found: list[Dependency] = []
    if count_rows(table) < LEAST_ROWS:
        return [*find_presences(table, n_columns)]
    of_identities, of_parts, of_marks, of_holes, of_equals, of_near, of_joint = rng.spawn(7)
    finders = _first_finders((rng, of_holes), kept, find_attributes, n_columns)
    table = _reduced_by(finders, table, found)
    determined = find_functional(table, rng, kept)
    while measured := _find_measured(table, of_parts, determined, kept):
        table = _reduced(table, measured, found)
        determined = find_functional(table, rng, kept)
    given = {rule.target.position for rule in determined}
    rngs = of_identities, of_joint, rng
    identities, sums, coalesced, joint = _find_computed(table, rngs, determined, kept)
    computed = {at for rule in identities for at in rule.positions}
    repeated = {rule.target.position for rule in coalesced}
    held = {*kept, *_held_by([*coalesced, *joint], computed), *(computed - given)}
    derived = DerivedColumns.by(determined, sums, held)
    orders = find_orders(without(table, repeated - computed), rng, derived)
    # An order is restored when all columns are there that it compares, and before others are
    # derived from them.
    compared = derived.on_the_way_to([*computed, *(at for rule in orders for at in rule.positions)])
    later = [rule for rule in determined if rule.target.position not in compared]
    first = [rule for rule in determined if rule.target.position in compared]
    # A coincidence is restored when all columns are there that others give, none of which it
    # changes, and before the orders, so that these have the last word.
    fixed = {*derived.positions, *(rule.source.position for rule in first)}
    ordered = {at for rule in orders for at in rule.positions}
    last = [rule for rule in coalesced if ordered & {*rule.positions}]
    together = [*(rule for rule in coalesced if rule not in last), *joint]
    fixed |= {at for rule in coalesced for at in rule.positions}
    near = find_near_parts(without(table, given), of_near, {*fixed, *kept, *compared}, n_columns)
    replaced = {rule.target.position for rule in orders if isinstance(rule, DifferenceDependency)}
    absent = {*near, *replaced, *repeated, *(rule.target.position for rule in later)}
    multiples, coincidences = _find_in_some_rows(without(table, absent), rng, fixed, n_columns)
    others = [*found, *determined, *orders, *coincidences, *multiples]
    agreements = _find_agreements(without(table, absent), of_equals, fixed, n_columns, others)
    agreements += multiples
    rules = (*identities, *first, *sums, *agreements, *near.values(), *last, *together)
    left = without(table, {*kept, *given, *(at for rule in rules for at in rule.positions)})
    marks, of_distances = _find_marks(left, of_marks, [*orders, *coincidences], n_columns)
    restored_first = [*of_distances, *agreements, *coincidences, *identities, *first, *sums]
    return [*found, *later, *marks, *near.values(), *last, *orders, *restored_first, *together]


def _first_finders(
    rngs: tuple[np.random.Generator, np.random.Generator],
    kept: Collection[int],
    find_attributes: FindAttributes,
    n_columns: int,
) -> tuple[FindAttributes, ...]:
    """Return what finds the rules that the table is reduced by, one after the other."""
    rng, of_holes = rngs
    (of_codes,) = of_holes.spawn(1)
    return (
        lambda left: find_copies(without(left, kept), rng),
        lambda left: find_one_hots(without(left, kept), rng),
        lambda left: find_persons(left, rng),
        lambda left: find_code_equalities(without(left, kept), of_codes, n_columns),
        lambda left: find_codes(without(left, kept)),
        lambda left: find_code_dates(without(left, kept), n_columns),
        lambda left: find_code_words(without(left, kept), n_columns),
        find_attributes,
        lambda left: find_presences(left, n_columns),
        lambda left: find_holes(without(left, kept), of_holes, n_columns),
    )


def _held_by(joint: Sequence[CoalesceDependency | JointDependency], computed: set[int]) -> set[int]:
    """Return the columns that no order may change, since others are restored from them first."""
    return {
        at
        for rule in joint
        if isinstance(rule, JointDependency) or rule.target.position in computed
        for at in rule.positions
    }


def _find_computed(
    table: ColumnFrame,
    rngs: tuple[np.random.Generator, np.random.Generator, np.random.Generator],
    determined: Sequence[FunctionalDependency],
    kept: Collection[int],
) -> tuple[
    list[FormulaDependency | SumDependency],
    list[SumDependency],
    list[CoalesceDependency],
    list[JointDependency],
]:
    """Find identities, other sums, and what several columns determine together.

    None of the last ones has a column that the others compute or change.
    """
    of_identities, of_joint, rng = rngs
    given = {rule.target.position for rule in determined}
    coalesced = find_coalesced(without(table, given), of_joint, kept)
    locked = {at for rule in (*determined, *coalesced) for at in rule.positions}
    identities = find_identities(without(table, kept), of_identities, locked)
    moved = _moved_by(identities)
    coalesced = [rule for rule in coalesced if moved.isdisjoint(rule.positions)]
    repeated = {at for rule in coalesced for at in rule.positions}
    computed = {at for rule in identities for at in rule.positions}
    sums = find_sums(without(table, [*given, *kept, *computed, *repeated]), rng)
    summed = {at for rule in sums for at in rule.positions}
    left = without(table, [*given, *moved, *summed, *repeated])
    return identities, sums, coalesced, find_joint(left, of_joint, kept)


def _moved_by(identities: Sequence[FormulaDependency | SumDependency]) -> set[int]:
    """Return the columns that identities compute, or change for their results to fit."""
    moved: set[int] = set()
    for rule in identities:
        if isinstance(rule, SumDependency):
            moved |= {*rule.positions}
        else:
            moved |= {rule.target.position, *(rule.positions[place] for place in rule.yielding)}
    return moved


def _find_in_some_rows(
    table: ColumnFrame, rng: np.random.Generator, fixed: Collection[int], n_columns: int
) -> tuple[list[PartialMultiple], list[PartialEquality]]:
    """Find numbers that are a multiple of others, and columns that equal others, in some rows."""
    multiples = find_partial_multiples(table, rng.spawn(1)[0], fixed, n_columns)
    left = without(table, {rule.target.position for rule in multiples})
    return multiples, find_partial_equalities(left, rng, fixed)


def _find_agreements(
    table: ColumnFrame,
    rng: np.random.Generator,
    fixed: Collection[int],
    n_columns: int,
    others: Sequence[Dependency],
) -> list[Dependency]:
    """Find categories that nearly always hold what another column implies.

    They are restored after the columns that imply them: first those that are equal.
    """
    taken = {at for rule in others for at in rule.positions}
    equal = find_level_equalities(table, rng, fixed, n_columns=n_columns, taken=taken)
    changed = [rule for rule in others if not isinstance(rule, FunctionalDependency)]
    tied = {at for rule in (*changed, *equal) for at in rule.positions}
    near = find_near(table, rng, {*fixed, *tied}, n_columns=n_columns, taken=taken | tied)
    return [*near, *equal]


def _reduced_by(
    finders: Sequence[FindAttributes], table: ColumnFrame, found: list[Dependency]
) -> ColumnFrame:
    """Return a table reduced by the rules that are found one after the other, and list these."""
    for find in finders:
        table = _reduced(table, find(table), found)
    return table


def _reduced(
    table: ColumnFrame, rules: Sequence[Dependency], found: list[Dependency]
) -> ColumnFrame:
    """Return a table reduced by rules, and list these."""
    for rule in rules:
        table = rule.reduce(table)
        found.append(rule)
    return table


def _find_marks(
    table: ColumnFrame, rng: np.random.Generator, compared: Sequence[Dependency], n_columns: int
) -> tuple[list[Dependency], list[Dependency]]:
    """Find marks that stand together; of compared columns only if all of these have them.

    The first ones are restored after the comparisons, and take the values of other rows as they
    are there. Pairs of levels that occur are restored after the marks, which are levels as well.
    The others are marks of dates that are learned as distances: a distance, or none, can be that
    of any row, so that these are restored before the dates.
    """
    pairs = find_pairs(table, rng.spawn(1)[0], n_columns)
    measured: set[int] = set()
    for rule in compared:
        if isinstance(rule, DifferenceDependency) and {*rule.positions} <= table.keys():
            table = rule.reduce(table)
            measured.add(rule.target.position)
    while True:
        marks = find_joint_marks(table, rng)
        mixed = {
            at
            for rule in compared
            for own in marks
            if ({*rule.positions} - measured) & {*own.positions}
            and not {*rule.positions} <= {*own.positions}
            for at in {*rule.positions} - measured
        }
        if not mixed:
            of_distances: list[Dependency] = [own for own in marks if measured & {*own.positions}]
            return [*pairs, *(own for own in marks if own not in of_distances)], of_distances
        table = without(table, mixed)


def _find_measured(
    table: ColumnFrame,
    rng: np.random.Generator,
    determined: Sequence[FunctionalDependency],
    kept: Collection[int],
) -> list[Dependency]:
    """Find the columns that are read off a date, a number or a comparison.

    What categories determine is left to them, unless these are read off themselves.
    """
    derived = DerivedColumns.by(determined, ())
    levels = {
        at for at in derived.sources if table[derived.root(at)].column.kind not in NUMBERS | TICKS
    }
    parts = find_parts(table, rng, {*kept, *levels})
    taken = {rule.target.position for rule in parts}
    rest = without(table, taken)
    of_times = rng.spawn(1)[0]
    counted = find_counted(rest, of_times, {*kept, *levels})
    rest = without(rest, {rule.target.position for rule in counted})
    ages = find_ages(rest, of_times, {*kept, *levels})
    rest = without(rest, {rule.target.position for rule in ages})
    return [*parts, *counted, *ages, *find_bands(rest, rng, {*kept, *levels})]


def untried(table: ColumnFrame) -> str | None:
    """Say in a line what the search leaves out of a table of many columns; None if nothing.

    Parameters
    ----------
    table
        A table in work, without the copies and the columns of 0 and 1 that one level makes.
    """
    kinds = [cells.column.kind for cells in table.values()]
    enough_rows = min(count_rows(table), FITTED_ROWS) - SPARE_ROWS
    tried = {
        "numbers": {
            "sums of several": enough_rows // 2 if enough_rows > 1 else len(table),
            "products of two": MOST_FACTORS,
            "products of three": MOST_THREES,
            "comparisons": MOST_COMPARED,
            "digits": MOST_SOURCES,
        },
        "dates": {"their parts": MOST_SOURCES, "times between them": MOST_COUNTED},
    }
    said = []
    for what, limits in tried.items():
        own = sum(kind in (NUMBERS if what == "numbers" else TICKS) for kind in kinds)
        left_out = [f"{rule} among {most}" for rule, most in limits.items() if own > most]
        if left_out:
            said.append(f"of {own} columns of {what}, rules were tried for {', '.join(left_out)}")
    return f"{'; '.join(said)} only" if said else None


def dependency_from_json(state: dict[str, Any]) -> Dependency:
    """Rebuild a dependency from the value of its `to_json` with its name under "rule".

    Raises
    ------
    SchemaError, KeyError, TypeError, ValueError
        If the value is malformed.
    """
    return DEPENDENCIES[state["rule"]].from_json(state)
