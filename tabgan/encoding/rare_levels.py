"""Fold the levels that few rows hold into others, before anything is learned.

A rare level becomes a frequent one, that of a donor row. Rows of one person or other unit count
once. Where rare levels are a long tail, which
would swell the frequent ones, they become as many generated levels instead: written like the
column's own, none of which the table had. What is missing stays missing in both ways.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError, SchemaError
from tabgan.encoding.identifiers.identifier_encoders import IdentifierEncoder
from tabgan.encoding.table_encoder import FEW_VALUES
from tabgan.rules.functional_dependency import combinations_of
from tabgan.table.columns import ColumnFrame, TypedSeries, count_rows, level_key
from tabgan.table.level_codes import as_objects, is_absent, levels_to_series
from tabgan.table.scalars import Scalar
from tabgan.table.schema import RANGED, Column

__all__ = [
    "FoldedLevels",
    "Units",
    "can_be_generated",
    "fold_rare",
    "generate_levels",
    "has_frequent_level",
    "may_be_rare",
    "rare_rows",
]

MOST_RARE = 0.5  # share of rows with a rare level, for all of them to have one donor each
LONG_TAIL = 0.15  # share of the present rows with a rare level, from which these are a long tail
LONE_TAIL = 0.025  # the same where there is but one frequent level
FLAGS = 2  # levels of a column that says one thing or the other
SMALL_GROUPS = 40  # times the least rows: a smaller column keeps a second level
MOST_TRIES = 20  # rounds in which generated levels are drawn

_LEVELS = ("categorical", "boolean")

Mask = NDArray[np.bool_]
Units = Sequence[NDArray[np.int64]]  # whom each row is of, a person say; one array for each key
Levels = dict[tuple[type, Scalar], Scalar]  # new levels, by the key of the old ones


class FoldedLevels(NamedTuple):
    """How many rare levels of a column were folded, and how many rows hold one of them.

    Parameters
    ----------
    n_levels, n_rows
        Rare levels, and their rows.
    form
        How the generated levels in their place are written: 0, a and A stand for a digit, a small
        and a capital letter. None if they became frequent ones.
    """

    n_levels: int
    n_rows: int
    form: str | None = None


def fold_rare(
    table: ColumnFrame,
    ties: Iterable[Collection[int]],
    joint: Iterable[Sequence[int]],
    rng: np.random.Generator,
    fixed: Collection[int] = (),
    *,
    units: Units = (),
) -> tuple[ColumnFrame, dict[int, FoldedLevels]]:
    """Give rows with a rare level the level of a row that has none, drawn at random.

    So a rare level becomes one of the frequent ones, in proportion to these. Columns that are tied
    are taken from the donor together, and what held between them still does. A donor has missing
    values in the same columns. The rare levels of a long tail, and those without a donor, become
    generated levels.

    Parameters
    ----------
    table
        A table; a level is rare if it has fewer rows than about the column's `least_rows`: the
        threshold is drawn, for nobody to tell from a level that is kept how many rows it has.
    ties
        Positions of columns between which a rule holds.
    joint
        Positions of columns whose combinations of values count as levels.
    rng
        Draws thresholds, donors and generated levels.
    fixed
        Positions of columns whose levels can't be replaced by generated ones, because a rule looks
        at more than which of them are equal. Flags and letters keep theirs in any case.
    units
        Whom each row is of.

    Returns
    -------
    The table, and what was folded, by position.
    """
    joints = [tuple(positions) for positions in joint]
    codes = (at for at, cells in table.items() if _is_code(cells, units))
    fixed = {*fixed, *codes, *(at for positions in joints for at in positions)}
    rare: dict[tuple[int, ...], Mask] = {}
    folded: dict[int, FoldedLevels] = {}
    table = dict(table)
    for group in _groups(table, [*ties, *joints]):
        chance = float(rng.random())
        own = {}
        for at in group:
            own[at], n_levels = rare_rows(table[at], chance, units)
            if n_levels:
                folded[at] = FoldedLevels(n_levels, int(own[at].sum()))
        for at, form in _generate(table, own, fixed, rng).items():
            folded[at] = folded[at]._replace(form=form)
            own[at] = np.zeros_like(own[at])
        for positions in joints:
            if set(positions) <= set(group):
                own[positions[0]] |= _rare_together([table[at] for at in positions], chance, units)
        together = np.logical_or.reduce([*own.values()])
        # where every row has some rare level, the columns can't be kept together
        rare |= {(*group,): together} if not together.all() else {(a,): own[a] for a in group}
    return _with_donors(
        table, {group: rows for group, rows in rare.items() if rows.any()}, rng
    ), folded


class _Side(NamedTuple):
    """Rows that need a donor, or may be one.

    Parameters
    ----------
    rows
        Which rows these are.
    kinds
        What a donor must have, shape (rows, properties); 0 where anything will do.
    """

    rows: Mask
    kinds: NDArray[np.intp]


def _with_donors(
    table: ColumnFrame, rare: Mapping[tuple[int, ...], Mask], rng: np.random.Generator
) -> ColumnFrame:
    """Take the cells of groups of columns, where they are rare, from other rows.

    A row that is rare in several groups takes all from the same donor, if enough rows are rare in
    none: values beside a rare level are often rare as well.
    """
    rows = np.arange(count_rows(table))
    holes = {group: _holes([table[at] for at in group]) for group in rare}
    some = np.logical_or.reduce([np.zeros(len(rows), np.bool_), *rare.values()])
    donors, alone = rows.copy(), dict(rare)
    if some.mean() <= MOST_RARE:
        # what is missing matters in the columns that are to be replaced
        holed = [(1 + holes[group], own) for group, own in rare.items() if holes[group].any()]
        wanted = np.column_stack([0 * rows, *(kinds * own for kinds, own in holed)])
        offered = np.column_stack([0 * rows, *(kinds for kinds, _ in holed)])
        lacking = _draw_donors(donors, _Side(some, wanted), _Side(~some, offered), rng)
        alone = {group: own & lacking for group, own in rare.items()}
    changed = dict(table)
    for group, own in rare.items():
        taken = np.where(own, donors, rows)
        kinds = 1 + holes[group][:, None]
        lacking = _draw_donors(taken, _Side(alone[group], kinds), _Side(~own, kinds), rng)
        if lacking.any():  # there is no such donor: the rules are kept, some cell is not
            _draw_donors(taken, _Side(lacking, 0 * kinds), _Side(~own, kinds), rng)
        for at in group:
            column, values = table[at]
            changed[at] = TypedSeries(column, values.iloc[taken].set_axis(values.index))
    return changed


def _draw_donors(
    donors: NDArray[np.intp], takers: _Side, givers: _Side, rng: np.random.Generator
) -> Mask:
    """Draw a donor for each row that needs one, and return those for which there is none.

    Parameters
    ----------
    donors
        Where the donors are put, shape (rows,).
    takers, givers
        The rows that need a donor, and those that may be one.
    rng
        Draws the donors.
    """
    may_give, lacking = np.flatnonzero(givers.rows), np.zeros(len(donors), np.bool_)
    places = np.flatnonzero(takers.rows)
    kinds, kind = np.unique(takers.kinds[places], axis=0, return_inverse=True)
    for number, wanted in enumerate(kinds):
        own = places[kind.reshape(-1) == number]
        fits = ((givers.kinds[may_give] == wanted) | (wanted == 0)).all(axis=1)
        if fits.any():
            donors[own] = rng.choice(may_give[fits], len(own))
        else:
            lacking[own] = True
    return lacking


def _holes(cells: Sequence[TypedSeries]) -> NDArray[np.intp]:
    """Tell rows apart by the columns in which they have no value; all are 0 if these are equal."""
    number = np.zeros(len(cells[0].values), np.intp)
    for own in cells:
        absent = _absent_rows(own)
        if absent.any():
            number = np.unique(2 * number + absent, return_inverse=True)[1]
    return number


def _absent_rows(cells: TypedSeries) -> Mask:
    """Return which rows hold no value, or a mark of absence."""
    if cells.column.kind in RANGED:
        numbers = cells.numbers
        absent = ~numbers.present
        absent[absent] = [is_absent(value) for value in numbers.special[absent].tolist()]
        return absent
    levels: Mask = np.array([is_absent(level) for level in cells.levels], np.bool_)[cells.codes]
    return levels


def _generate(
    table: ColumnFrame, rare: Mapping[int, Mask], fixed: Collection[int], rng: np.random.Generator
) -> dict[int, str]:
    """Replace the long tails of tied columns by generated levels.

    Equal levels of two columns stay equal. Numbers that a long tail determines are those of
    frequent levels.

    Parameters
    ----------
    table
        The table, whose columns are replaced.
    rare
        Which rows hold a rare level, by the positions of the tied columns.
    fixed
        Positions of columns that keep their levels.
    rng
        Draws the levels.

    Returns
    -------
    How the new levels are written, by position.
    """
    new, forms = Levels(), dict[int, str]()
    taken = {level for at in rare if table[at].column.kind in _LEVELS for level in table[at].levels}
    for at in _long_tails(table, rare, fixed):
        cells = table[at]
        places = np.unique(cells.codes[rare[at]]).tolist()
        old = [cells.levels[place] for place in places if level_key(cells.levels[place]) not in new]
        generated = generate_levels(old, cells, taken, rng)
        if generated is None:
            continue
        taken |= {*generated}
        new |= {level_key(level): other for level, other in zip(old, generated, strict=True)}
        levels = list(cells.levels)
        for place in places:
            levels[place] = new[level_key(levels[place])]
        values = levels_to_series(levels, cells.codes, cells.column)
        table[at] = TypedSeries(cells.column, values.set_axis(cells.values.index))
        forms[at] = _form_of([levels[place] for place in places])
    if len(forms) == 1:
        (tail,) = forms
        _take_numbers(table, tail, rare, rng)
    return forms


def _long_tails(table: ColumnFrame, rare: Mapping[int, Mask], fixed: Collection[int]) -> list[int]:
    """Return which tied columns of levels have a long tail, or rare levels without a donor."""
    may = [at for at in rare if table[at].column.kind == "categorical" and rare[at].any()]
    may = [at for at in may if at not in fixed]
    some = np.logical_or.reduce([*rare.values()])  # all of them would have donors
    tails = {at for at in may if _is_long(table[at], rare[at], some)}
    rest = [rare[at] for at in rare if at not in tails]
    if may and rest:
        others = np.logical_or.reduce(rest)
        holes = _holes([table[at] for at in rare]) if others.any() else np.zeros(len(others), int)
        lacking = others & ~np.isin(holes, holes[~others])
        tails |= {at for at in may if (rare[at] & lacking).any()}
    return sorted(tails)


def _is_long(cells: TypedSeries, rare: Mask, some: Mask) -> bool:
    """Return whether rare levels would swell the frequent ones, all the more if there is but one.

    Parameters
    ----------
    cells
        A column.
    rare
        Which rows hold a rare level of it.
    some
        Which rows hold a rare level of it, or of a column that it is tied to.
    """
    present = ~_absent_rows(cells)
    share = LONG_TAIL
    if len(np.unique(cells.codes[present & ~rare])) == 1:
        share = 0.0 if present.sum() < SMALL_GROUPS * cells.column.least_rows else LONE_TAIL
    return bool((some & present).sum() >= share * present.sum())


def _is_code(cells: TypedSeries, units: Units) -> bool:
    """Return whether a column holds a flag or letters, of which no others can be made up.

    A frequent level is there that a rare one can become.
    """
    if cells.column.kind != "categorical" or not has_frequent_level(cells, units):
        return False
    levels = [level for level in cells.levels if not is_absent(level)]
    return len(levels) <= FLAGS or all(len(str(level)) == 1 for level in levels)


def _take_numbers(
    table: ColumnFrame, tail: int, rare: Mapping[int, Mask], rng: np.random.Generator
) -> None:
    """Give each generated level the numbers of one row without rare levels.

    So a number that only a rare level had is not kept, and what determines it still does.

    Parameters
    ----------
    table
        The table, whose columns are replaced.
    tail
        Position of the column with generated levels.
    rare
        Which rows held a rare level, by the positions of the tied columns.
    rng
        Draws the rows.
    """
    others = [at for at in rare if at != tail]
    if not any(table[at].column.kind in RANGED for at in others):
        return
    codes = table[tail].codes
    _, first = np.unique(codes, return_index=True)
    kept = [table[at] for at in others if table[at].column.kind in _LEVELS]
    beside = combinations_of(kept)[0] if kept else np.zeros(len(codes), np.int64)
    kinds = 1 + np.column_stack([beside, _holes([table[at] for at in others])])
    givers = _Side(~np.logical_or.reduce([*rare.values()]), kinds)
    donors, heads = np.arange(len(codes)), np.zeros(len(codes), np.bool_)
    heads[first] = rare[tail][first]
    lacking = heads
    for wanted in (kinds, kinds * [0, 1], kinds * 0):  # a row alike, if there is one
        lacking = _draw_donors(donors, _Side(lacking, wanted), givers, rng)
    head = first[codes]
    taken = np.where((heads & ~lacking)[head], donors[head], np.arange(len(codes)))
    for at in others:
        column, values = table[at]
        table[at] = TypedSeries(column, values.iloc[taken].set_axis(values.index))


def can_be_generated(cells: TypedSeries) -> bool:
    """Return whether all levels of a column can be replaced by generated ones."""
    levels = [level for level in cells.levels if not is_absent(level)]
    return generate_levels(levels, cells, levels, np.random.default_rng(0)) is not None


def generate_levels(
    levels: Sequence[Scalar],
    cells: TypedSeries,
    taken: Collection[Scalar],
    rng: np.random.Generator,
) -> list[Scalar] | None:
    """Return new levels that are written like some levels of a column, or None if there are none.

    A beginning that enough rows share is kept: the letters, or the digits, before another sign.

    Parameters
    ----------
    levels
        Levels of one column.
    cells
        The column.
    taken
        What no new level may be.
    rng
        Draws the new levels.
    """
    beginnings = _beginnings(cells) if all(isinstance(level, str) for level in levels) else set()
    parts: defaultdict[str, list[int]] = defaultdict(list)
    for place, level in enumerate(levels):
        lead = _lead_of(level) if isinstance(level, str) else ""
        parts[lead if lead in beginnings else ""].append(place)
    new: list[Scalar] = [*levels]
    own = set(taken)
    for lead, places in parts.items():
        rests = [levels[place][len(lead) :] if lead else levels[place] for place in places]
        generated = _generate_like(rests, cells.column, lead, own, rng)
        if generated is None:
            return None
        own |= {*generated}
        for place, level in zip(places, generated, strict=True):
            new[place] = level
    return new


def _generate_like(
    levels: Sequence[Scalar],
    column: Column,
    lead: str,
    taken: Collection[Scalar],
    rng: np.random.Generator,
) -> list[Scalar] | None:
    """Return as many new levels: a beginning, and what is written like the rest of the old ones."""
    plain = replace(column, kind="identifier", minimum=None, maximum=None, format=None)
    try:
        # levels are sorted, but don't run on from the highest: so they come in no order
        mixed = [levels[at] for at in np.random.default_rng(0).permutation(len(levels))]
        cells = TypedSeries(plain, pd.Series(as_objects(mixed), name=column.name))
        encoder, key = IdentifierEncoder.fit(cells), int(rng.integers(2**32))
        new: dict[Scalar, None] = {}
        for turn in range(MOST_TRIES):
            nothing = np.empty((2 * len(levels), 0))
            start = turn * len(nothing)
            rests = encoder.decode(nothing, nothing.astype(np.int64), start, rng, key).tolist()
            found = [lead + rest if lead else rest for rest in rests]
            new |= dict.fromkeys(level for level in found if level not in taken)
            if len(new) >= len(levels):
                return [*new][: len(levels)]
    except (DataError, SchemaError):
        pass  # values that are no names, such as fractions
    return None


_LEAD = re.compile(r"(?:[^\W\d_]+|\d+)[\W_]*")


def _lead_of(level: str) -> str:
    """Return a text's first letters, or digits, with the signs that follow; not the whole text.

    Examples
    --------
    >>> _lead_of("INV-204"), _lead_of("A12.3"), _lead_of("Springfield")
    ('INV-', 'A', '')
    """
    match = _LEAD.match(level)
    return match.group() if match and match.end() < len(level) else ""


def _beginnings(cells: TypedSeries) -> set[str]:
    """Return the beginnings that enough rows and more than one level of a column share."""
    rows: Counter[str] = Counter()
    levels: Counter[str] = Counter()
    counts = np.bincount(cells.codes, minlength=len(cells.levels)).tolist()
    for level, count in zip(cells.levels, counts, strict=True):
        lead = _lead_of(level) if isinstance(level, str) else ""
        rows[lead] += count
        levels[lead] += 1
    least = cells.column.least_rows
    return {lead for lead, n in rows.items() if lead and n >= least and levels[lead] > 1}


def _form_of(levels: Sequence[Scalar]) -> str:
    """Return the commonest form of levels, with 0, a and A for digits and letters.

    Examples
    --------
    >>> _form_of(["12-B", "47-C", "9-D"])
    '00-A'
    """
    forms = Counter(
        "".join(
            "0" if c.isdecimal() else "A" if c.isupper() else "a" if c.isalpha() else c
            for c in text
        )
        for text in map(str, levels)
    )
    return forms.most_common(1)[0][0]


def rare_rows(cells: TypedSeries, chance: float = 0.0, units: Units = ()) -> tuple[Mask, int]:
    """Return which rows of a column hold a rare level, and how many such levels there are.

    None are rare of a dtype whose values are declared (categories, booleans), and of numbers that
    are not learned by their values. A missing value, or a mark of one, is not rare.

    Parameters
    ----------
    cells
        The column.
    chance
        From 0 to 1: where the threshold lies between once and one and a half times the least rows.
        Where no level is so frequent, it is the least rows.
    units
        Whom each row is of.
    """
    column, values = cells
    rows = np.zeros(len(values), np.bool_)
    if column.least_rows == 1 or not _has_levels(cells):
        return rows, 0
    counted = _rows_with_levels(cells, units)
    part = cells if counted.all() else cells.take(counted)
    counts, named = _count_levels(part, [unit[counted] for unit in units])
    threshold = _threshold(column.least_rows, chance)
    if not (named & (counts >= threshold)).any():
        threshold = column.least_rows
    rare = named & (counts < threshold)
    rows[counted] = rare[part.codes]
    return rows, int(rare.sum())


def may_be_rare(table: ColumnFrame, units: Units = ()) -> bool:
    """Return whether a column of a table may hold a rare level, whatever threshold is drawn.

    Parameters
    ----------
    table
        The table.
    units
        Whom each row is of.
    """
    for cells in table.values():
        least = cells.column.least_rows
        if least > 1 and _has_levels(cells):
            counted = _rows_with_levels(cells, units)
            part = cells if counted.all() else cells.take(counted)
            counts, named = _count_levels(part, [unit[counted] for unit in units])
            if (named & (counts < _threshold(least, 1.0))).any():
                return True
    return False


def _rows_with_levels(cells: TypedSeries, units: Units) -> Mask:
    """Return which rows hold a level: among many numbers, only the special values.

    Few numbers are many if too many rows hold a rare one: these are learned as numbers.
    """
    if cells.column.kind in RANGED:
        numbers = cells.numbers
        present = numbers.values[numbers.present]
        if len(pd.unique(present)) > FEW_VALUES:
            return ~numbers.present
        distinct, codes, counts = np.unique(present, return_inverse=True, return_counts=True)
        holders = _holders(codes, len(distinct), [unit[numbers.present] for unit in units])
        if counts[holders < cells.column.least_rows].sum() >= LONG_TAIL * max(counts.sum(), 1):
            return ~numbers.present
    return np.ones(len(cells.values), np.bool_)


def _holders(codes: NDArray[np.integer], n_levels: int, units: Units) -> NDArray[np.int64]:
    """Count the rows that hold each level, or the units of these rows, whatever is fewer."""
    counts = np.bincount(codes, minlength=n_levels).astype(np.int64)
    for unit in units:
        pairs = np.unique(np.column_stack([codes, unit]), axis=0)
        counts = np.minimum(counts, np.bincount(pairs[:, 0], minlength=n_levels))
    return counts


def _count_levels(cells: TypedSeries, units: Units) -> tuple[NDArray[np.int64], Mask]:
    """Count who holds each level, and say which levels are not a missing value."""
    counts = _holders(cells.codes, len(cells.levels), units)
    present = np.array([not is_absent(level) for level in cells.levels], np.bool_)
    return counts, present & (counts > 0)


def _has_levels(cells: TypedSeries) -> bool:
    column, values = cells
    is_declared = isinstance(values.dtype, pd.CategoricalDtype)
    return column.kind in RANGED or (column.kind == "categorical" and not is_declared)


def has_frequent_level(cells: TypedSeries, units: Units = ()) -> bool:
    """Return whether a column has a level that enough rows hold, or none at all.

    Parameters
    ----------
    cells
        The column.
    units
        Whom each row is of.
    """
    counts, named = _count_levels(cells, units)
    most = counts[named].max(initial=0)  # of nothing but missing values it is 0
    return bool(most == 0 or most >= cells.column.least_rows)


def _rare_together(cells: Sequence[TypedSeries], chance: float, units: Units) -> Mask:
    least = min(column.least_rows for column, _ in cells)
    codes, combinations = combinations_of(cells)
    counts = _holders(codes, len(combinations), units)
    threshold = _threshold(least, chance)
    if least == 1 or counts.max() < threshold:
        return np.zeros(len(codes), np.bool_)
    rare: Mask = (counts < threshold)[codes]
    return rare


def _threshold(least: int, chance: float) -> int:
    """Return a number of rows from `least` to one and a half times as many.

    Examples
    --------
    >>> [_threshold(5, chance) for chance in (0.0, 0.4, 0.99)]
    [5, 6, 7]
    """
    return least + int(chance * (least // 2 + 1))


def _groups(table: ColumnFrame, ties: Iterable[Collection[int]]) -> list[list[int]]:
    """Return the positions of all columns, in groups that ties connect.

    Levels that are all to be kept stay in their rows, whatever these are tied to.
    """
    groups = [{at} for at in table]
    free = {
        at
        for at, cells in table.items()
        if cells.column.least_rows > 1 or cells.column.kind in RANGED
    }
    for tie in ties:
        touched = [group for group in groups if group & set(tie) & free]
        groups = [group for group in groups if group not in touched]
        if touched:
            groups.append(set().union(*touched))
    return sorted(sorted(group) for group in groups)
