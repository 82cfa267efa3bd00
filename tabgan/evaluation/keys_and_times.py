"""Keys and times: whether rows that belong together, or follow each other, are alike as real ones.

`tabgan.sampling.alike_rows.likeness` is the one measure of both: groups are the rows of a key,
two neighbors in time, or the rows of an hour.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from tabgan.evaluation.compared_tables import CodedColumn, ComparedTables
from tabgan.evaluation.distributions import (
    carried_on,
    column_distance,
    likeness_by_chance,
    succession,
    transitions,
)
from tabgan.evaluation.evaluation_parts import Figure, KeyResult, RuleResult, TimeResult
from tabgan.evaluation.row_units import gaps_of
from tabgan.sampling.alike_rows import likeness
from tabgan.sampling.key_groups import KeyGroups
from tabgan.sampling.self_references import learn_references
from tabgan.sampling.table_keys import JointKey, RowRule, find_joint_keys, learn_keys
from tabgan.table.columns import by_position
from tabgan.table.dates import unit_of
from tabgan.table.level_codes import are_filled
from tabgan.table.schema import Column

__all__ = [
    "compare_keys",
    "compare_row_order",
    "compare_row_rules",
    "compare_times",
]

LEAST_LIKENESS = 0.1  # within real keys, that is worth comparing
LEAST_STRENGTH = 0.05  # that a time explains, likewise
LEAST_OF_STEPS = 0.1  # distance from any two rows of a key, of what follows what
LEAST_CARRIED = 0.5  # of the rows that go on with a value of the row before
MOST_LEVELS = 50  # of a column, that follow each other
LEAST_OF_ROWS = 0.3  # that the order of the rows tells, where no column says that it is time
SURE = 5  # standard errors that a real figure is above chance …
NOISE = 3  # … and that the synthetic one may be below it
DISTANCE_SURE = 1.95  # of a two-sample Kolmogorov-Smirnov test at 0.1 %
LEAST_REGULAR = 0.9  # of the gaps between times that are a step apart
LEAST_PATTERN = 0.1  # distance from even hours, days or months that can be lost
FEWEST_EXPECTED = 5  # rows of a group in a test of shares
FALSE_ALARM = 0.001  # of the shares of hours, days of the week and months
SECONDS_A_DAY = 24 * 60 * 60
MOST_TIMES = 3  # columns of times
MOST_COLUMNS = 30  # that go with them
MOST_ROWS = 20_000
FEWEST_ROWS = 100
FEWEST_TIMES = 20  # that differ, in a column of times
LEAST_DISTINCT = 0.3  # share of times that differ in a column that orders its rows
_ABSENT = -1

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


def compare_keys(tables: ComparedTables, rng: np.random.Generator) -> tuple[KeyResult, ...]:
    """Compare the rows of keys: how many, with what in common.

    Parameters
    ----------
    tables
        What is compared.
    rng
        Thins the longer table where both have the same keys, and halves the real keys.
    """
    groups = learn_keys(by_position(tables.real, tables.schema))
    return tuple(_compare_key(own, tables, rng) for own in groups)


def compare_row_rules(tables: ComparedTables, rng: np.random.Generator) -> tuple[RuleResult, ...]:
    """Count the rows that refer to another row, and those that repeat no other one.

    Parameters
    ----------
    tables
        What is compared.
    rng
        Draws as many rows as the real table has: of more, some have to repeat others.
    """
    real, synthetic = tables.real, tables.synthetic
    as_many = synthetic
    if len(synthetic) > len(real):
        as_many = synthetic.iloc[np.sort(rng.permutation(len(synthetic))[: len(real)])]
    cells = by_position(real, tables.schema)
    references = learn_references(cells)
    ties = [own for rule in references for own in rule.ties(tables.schema)]
    found = [_kept_rule(rule, tables, synthetic) for rule in (*references, *ties)]
    found += [_kept_rule(rule, tables, as_many) for rule in find_joint_keys(cells)]
    return tuple(result for result in found if result is not None)


def _kept_rule(rule: RowRule, tables: ComparedTables, synthetic: pd.DataFrame) -> RuleResult | None:
    """Count the rows of both tables that keep a rule between rows."""
    (kept, judged), (own, own_judged) = rule.kept_in(synthetic), rule.kept_in(tables.real)
    if not judged.any() or not own_judged.any():
        return None
    places, schema = sorted(rule.positions), tables.schema
    broken = np.flatnonzero(judged & ~kept)
    cells = [
        f"{tables.names[at]}={synthetic.iloc[row, at]!s}" for row in broken[:1] for at in places
    ]
    return RuleResult(
        tuple(tables.names[at] for at in places),
        rule.statement(schema) if isinstance(rule, JointKey) else rule.describe(schema),
        Figure(100 * float(kept[judged].mean()), 100 * float(own[own_judged].mean())),
        ", ".join(cells),
    )


def _compare_key(own: KeyGroups, tables: ComparedTables, rng: np.random.Generator) -> KeyResult:
    at = own.key.position
    real, synthetic, carried_over = _coded_keys(tables, at)
    tied = {*own.determined, *own.shared}
    pairs = float(np.square(np.bincount(real[real >= 0])).sum())
    alike, at_most = {}, {}
    n_keys = [len(np.unique(keys[keys >= 0])) for keys in (real, synthetic)]
    errors = {tables.names[at]: float(np.sqrt((1 / np.maximum(n_keys, 1)).sum()))}
    for place, column in tables.coded.items():
        if place not in tied and place != at:
            name = tables.names[place]
            inner, off = _likeness(real, column.real, nominal=column.nominal)
            at_most[name] = float(np.clip(inner + off, 0, 1))
            if inner > LEAST_LIKENESS + max(SURE / np.sqrt(pairs), NOISE * off):
                other, error = _likeness(synthetic, column.synthetic, nominal=column.nominal)
                alike[name] = Figure(max(other, 0.0), inner)
                errors[name] = float(np.hypot(off, error))
    return KeyResult(
        tables.names[at],
        _rows_per_key(real, synthetic, carried_over, rng),
        {
            tables.names[place]: _constant(
                tables, place, real, synthetic, has_holes=place in own.holed
            )
            for place in sorted(tied)
        },
        alike,
        100 * carried_over,
        max(pairs / max(int((real >= 0).sum()), 1), 1.0),
        at_most,
        errors,
    )


def _likeness(groups: Codes, values: Floats, *, nominal: bool) -> tuple[float, float]:
    """Return how alike the rows of a group are, and the standard error of that."""
    found = float(np.nan_to_num(likeness(groups, values, nominal=nominal)))
    return found, likeness_by_chance(groups, values, found, nominal=nominal)


def _coded_keys(tables: ComparedTables, at: int) -> tuple[Codes, Codes, float]:
    """Return the keys as numbers, −1 for none, and the share of synthetic ones that are real."""
    sides = [frame.iloc[:, at].reset_index(drop=True) for frame in (tables.real, tables.synthetic)]
    codes, _ = pd.factorize(pd.concat([side.astype(object) for side in sides], ignore_index=True))
    real, synthetic = np.split(codes.astype(np.int64), [len(sides[0])])
    drawn = np.unique(synthetic[synthetic >= 0])
    carried_over = float(np.isin(drawn, real).mean()) if len(drawn) else 0.0
    return real, synthetic, carried_over


def _rows_per_key(
    real: Codes, synthetic: Codes, carried_over: float, rng: np.random.Generator
) -> Figure:
    """Compare the numbers of rows that keys have; some rows of the same keys are fewer a key."""
    if carried_over > 0.5:
        size = min(len(real), len(synthetic))
        real, synthetic = (rng.permutation(keys)[:size] for keys in (real, synthetic))
    sizes = [np.bincount(keys[keys >= 0]) for keys in (real, synthetic)]
    own, other = (counts[counts > 0].astype(np.float64) for counts in sizes)
    halves = np.array_split(rng.permutation(own), 2)
    none = np.empty(0)
    found, fresh = (
        column_distance(CodedColumn(False, one, two, none)) for one, two in ((own, other), halves)
    )
    return Figure(100 * found, 100 * fresh)


def _constant(
    tables: ComparedTables, place: int, real: Codes, synthetic: Codes, *, has_holes: bool
) -> Figure:
    """Return the rows that have the commonest value of their key, among keys of several rows.

    Of a column with holes the rows count that have a value.
    """
    shares = []
    for own, frame in ((synthetic, tables.synthetic), (real, tables.real)):
        keys = np.where(are_filled(frame.iloc[:, place]), own, -1) if has_holes else own
        values = pd.factorize(frame.iloc[:, place], use_na_sentinel=False)[0]
        several = (keys >= 0) & (np.bincount(keys[keys >= 0], minlength=1)[keys] > 1)
        frequency = pd.Series(values[several]).groupby(keys[several]).value_counts()
        commonest = frequency.groupby(level=0).max().sum()
        shares.append(100 * float(commonest) / several.sum() if several.any() else float("nan"))
    value, baseline = shares
    return Figure(baseline if np.isnan(value) else value, baseline)


class _Told(NamedTuple):
    """A `TimeResult` with columns by their place."""

    time: int
    column: int
    what: str
    strength: Figure
    lost: float
    before: int | None = None


class _Clock(NamedTuple):
    """Something that the time of a row tells."""

    what: str
    groups: Callable[[pd.DatetimeIndex], Codes]
    least_distinct: int
    least_days: float


def _days_of_months(times: pd.DatetimeIndex) -> Codes:
    """Return the day of the month, from 1; of the last one 0, however long the month is."""
    return np.where(times.is_month_end, 0, times.day).astype(np.int64)


_CLOCKS = (
    _Clock("hour of the day", lambda times: np.asarray(times.hour, np.int64), 4, 0),
    _Clock("day of the week", lambda times: np.asarray(times.day_of_week, np.int64), 5, 14),
    _Clock("month", lambda times: np.asarray(times.month, np.int64), 4, 300),
    _Clock("day of the month", _days_of_months, 1, 60),
)


def compare_times(
    tables: ComparedTables, constant: Collection[str], rng: np.random.Generator
) -> tuple[TimeResult, ...]:
    """Compare what times tell about other columns, and about each other.

    Of the longer table as many rows are drawn as the shorter one has: neighbors in time are the
    nearer the more rows there are. Where keys repeat, what follows what is compared within a key.

    Parameters
    ----------
    tables
        What is compared.
    constant
        Names of the columns that a key determines, which no time changes.
    rng
        Draws the rows.
    """
    size = min(len(tables.real), len(tables.synthetic), MOST_ROWS)
    if size < FEWEST_ROWS:
        return ()
    rows = [rng.permutation(len(frame))[:size] for frame in (tables.real, tables.synthetic)]
    coded = {
        place: column._replace(real=column.real[rows[0]], synthetic=column.synthetic[rows[1]])
        for place, column in tables.coded.items()
    }
    columns, names = dict(enumerate(tables.schema)), tables.names
    own = [tables.units.get(side) for side in ("real", "synthetic")]
    units = [None if side is None else side[chosen] for side, chosen in zip(own, rows, strict=True)]
    times = [at for at in coded if columns[at].kind == "datetime" and _are_many(coded[at].real)]
    others = [
        at for at in coded if columns[at].kind != "datetime" and tables.names[at] not in constant
    ][:MOST_COLUMNS]
    keys = next((at for at, column in columns.items() if column.kind == "key"), None)
    found = [
        result
        for at in times[:MOST_TIMES]
        for result in _compare_time(columns[at], at, coded, others, units)
    ]
    for at in times[:MOST_TIMES] if keys is None else ():
        if _orders(coded[at].real):
            found += _compare_series(at, tables.coded[at], coded, others)
    for at in times[MOST_TIMES:MOST_COLUMNS]:
        groups = dict(_clock_groups(columns[at], coded[at].real, coded[at].synthetic))
        clocks = [clock.what for clock in _CLOCKS if clock.what in groups]
        found += [_compare_clock(at, what, groups[what], units) for what in clocks]
    series = (
        _series_of_panel(tables, coded)
        if keys is None
        else _series_of_key(tables, keys, constant, rng)
    )
    found += [] if series is None else _compare_orders(series)
    told = (
        TimeResult(
            *(names[result.time], names[result.column], *result[2:5]),
            before="" if result.before is None else names[result.before],
        )
        for result in found
    )
    return tuple(sorted(told, key=lambda result: -result.lost))


def compare_row_order(tables: ComparedTables) -> TimeResult | None:
    """Compare how alike rows are that stand one after the other, where no column tells the time.

    What the real rows are sorted by tells nothing: they are looked at where it is the same. The
    result is about the column whose order is lost most; None where the order tells nothing.

    Parameters
    ----------
    tables
        What is compared.
    """
    ordering = ("key", "datetime")
    coded = {
        at: column._replace(real=column.real[:MOST_ROWS]) for at, column in tables.coded.items()
    }
    if any(column.kind in ordering for column in tables.schema):
        return None
    leads = [at for at, column in coded.items() if _is_sorted(column)]
    changes = np.zeros(len(next(iter(coded.values())).real), np.bool_)
    for at in leads:
        changes[1:] |= np.diff(np.nan_to_num(coded[at].real, nan=-1.0)) != 0
    runs = np.cumsum(changes, dtype=np.int64)
    found = []
    for at in [at for at in coded if at not in leads][:MOST_COLUMNS]:
        real, drawn, nominal = coded[at].real, coded[at].synthetic[:MOST_ROWS], coded[at].nominal
        strength, n_pairs = _neighbors_alike(runs, real, nominal=nominal)
        if n_pairs < FEWEST_ROWS or not strength > LEAST_OF_ROWS:
            continue
        made = _neighbors_alike(np.zeros(len(drawn), np.int64), drawn, nominal=nominal)[0]
        made = max(float(np.nan_to_num(made)), 0.0)
        lost = float(np.clip(1 - (made + NOISE / np.sqrt(n_pairs)) / strength, 0, 1))
        name = tables.names[at]
        found.append(TimeResult(name, name, "order of the rows", Figure(made, strength), lost))
    return max(found, key=lambda one: one.lost * one.strength.baseline, default=None)


def _neighbors_alike(runs: Codes, values: Floats, *, nominal: bool) -> tuple[float, int]:
    """Return how alike two rows are that stand one after the other in a run (`succession`)."""
    return succession(runs, np.arange(len(values), dtype=np.float64), values, nominal=nominal)


def _is_sorted(column: CodedColumn) -> bool:
    """Say whether the real rows are sorted by a column, or by its levels in any order."""
    values = column.real[~np.isnan(column.real)]
    steps = np.diff(values)
    n_runs = 1 + np.count_nonzero(steps)
    return bool((steps >= 0).all() or (steps <= 0).all() or n_runs == len(np.unique(values)))


def _are_many(times: Floats) -> bool:
    there = times[~np.isnan(times)]
    return len(there) >= FEWEST_ROWS and len(np.unique(there)) >= FEWEST_TIMES


def _orders(times: Floats) -> bool:
    """Return whether hardly two rows have the same time, so that each follows one other."""
    there = times[~np.isnan(times)]
    return len(np.unique(there)) >= LEAST_DISTINCT * len(there)


def _compare_time(
    column: Column,
    at: int,
    coded: dict[int, CodedColumn],
    others: list[int],
    units: Sequence[Codes | None],
) -> Iterator[_Told]:
    """Compare what one column of times tells, and when its times are."""
    sides = coded[at].real, coded[at].synthetic
    groups = dict(_clock_groups(column, *sides))
    for clock in _CLOCKS:
        if clock.what in groups:
            yield _compare_clock(at, clock.what, groups[clock.what], units)
    n_pairs = int((~np.isnan(sides[0])).sum()) // 2
    for other in others:
        values = coded[other].real, coded[other].synthetic
        there = min(1 - float(np.isnan(side).mean()) for side in values)
        for what, (own, drawn) in groups.items():
            noise = np.sqrt(1 / max(n_pairs * there, 1))
            real = likeness(own, values[0], nominal=coded[other].nominal)
            if not real > LEAST_STRENGTH + SURE * noise:
                continue
            made = np.nan_to_num(likeness(drawn, values[1], nominal=coded[other].nominal))
            lost = float(np.clip((real - made - NOISE * noise) / real, 0, 1))
            strength = Figure(max(float(made), 0.0), real)
            yield _Told(at, other, what, strength, lost)


def _compare_series(
    at: int, whole: CodedColumn, coded: dict[int, CodedColumn], others: list[int]
) -> Iterator[_Told]:
    """Compare the gaps between the times of one series, and how alike the rows are beside them."""
    sides = coded[at].real, coded[at].synthetic
    yield _compare_gaps(at, (whole.real, whole.synthetic), sides)
    found = (_compare_neighbors(at, other, sides, coded[other]) for other in others)
    yield from (result for result in found if result is not None)


def _compare_neighbors(
    at: int, other: int, times: tuple[Floats, Floats], column: CodedColumn
) -> _Told | None:
    """Compare how alike two rows are that follow each other; None where nothing is sure.

    Of the rows that have a value: where most have none, no pair would be left. Where few rows
    differ from the others, all depends on the pairs of these.
    """
    sides = column.real, column.synthetic
    pairs = [
        _neighbors(np.where(np.isnan(values), np.nan, own))
        for own, values in zip(times, sides, strict=True)
    ]
    n_pairs = min(int(own.max(initial=_ABSENT)) + 1 for own in pairs)
    if not n_pairs:
        return None
    real, made = (
        float(np.nan_to_num(likeness(own, values, nominal=column.nominal)))
        for own, values in zip(pairs, sides, strict=True)
    )
    noises = [
        likeness_by_chance(own, values, alike, nominal=column.nominal)
        for own, values, alike in zip(pairs, sides, (real, made), strict=True)
    ]
    noise = max(float(np.sqrt(1 / n_pairs)), noises[0])
    if not real > LEAST_STRENGTH + SURE * noise:
        return None
    lost = float(np.clip((real - made - NOISE * np.hypot(noise, noises[1])) / real, 0, 1))
    return _Told(at, other, "neighbors in time", Figure(max(made, 0.0), real), lost)


def _neighbors(times: Floats) -> Codes:
    """Return the number of the pair of each row: two that follow each other."""
    groups = np.full(len(times), _ABSENT, np.int64)
    there = np.flatnonzero(~np.isnan(times))
    order = there[np.argsort(times[there], kind="stable")]
    pairs = order[: len(order) // 2 * 2].reshape(-1, 2)
    groups[pairs] = np.arange(len(pairs))[:, None]
    return groups


def _clock_groups(
    column: Column, real: Floats, synthetic: Floats
) -> Iterator[tuple[str, list[Codes]]]:
    """Yield what the clock and the calendar say, as groups of the rows of both tables."""
    there = real[~np.isnan(real)]
    edges = np.unique(np.quantile(there, np.arange(1, 10) / 10))
    trend = [
        np.searchsorted(edges, values, "right").astype(np.int64) for values in (real, synthetic)
    ]
    yield (
        "trend",
        [np.where(np.isnan(v), _ABSENT, g) for v, g in zip((real, synthetic), trend, strict=True)],
    )
    unit = unit_of(column)
    if unit == "period":
        return
    dates = [_dates(values, unit) for values in (real, synthetic)]
    own = dates[0][~np.isnan(real)]
    span = own.max() - own.min()  # of centuries, where a date such as 9999-12-31 stands for none
    days = span.total_seconds() / SECONDS_A_DAY
    for clock in _CLOCKS:
        if days >= clock.least_days and len(np.unique(clock.groups(own))) >= clock.least_distinct:
            yield (
                clock.what,
                [
                    np.where(np.isnan(values), _ABSENT, clock.groups(date))
                    for values, date in zip((real, synthetic), dates, strict=True)
                ],
            )


def _dates(ticks: Floats, unit: str) -> pd.DatetimeIndex:
    whole = np.where(np.isnan(ticks), 0, ticks).astype(np.int64)
    return pd.DatetimeIndex(whole.astype(f"datetime64[{unit}]"))


class _Series(NamedTuple):
    """Rows of both tables that follow each other within their key.

    Attributes
    ----------
    keys
        The key of each real row, and of each synthetic one, as numbers.
    coded
        The columns of these rows that may change within a key.
    orders
        Those of them that order the rows of a key.
    """

    keys: tuple[Codes, Codes]
    coded: dict[int, CodedColumn]
    orders: list[int]


def _series_of_key(
    tables: ComparedTables, at: int, constant: Collection[str], rng: np.random.Generator
) -> _Series:
    """Return the rows of some keys; times, and counts of rows, order them."""
    sides = [_whole_keys(codes, rng) for codes in _coded_keys(tables, at)[:2]]
    (own, rows), (drawn, other_rows) = sides
    coded = {
        place: column._replace(real=column.real[rows], synthetic=column.synthetic[other_rows])
        for place, column in tables.coded.items()
        if tables.names[place] not in {*constant, tables.names[at]}
    }
    is_time = {place: column.kind == "datetime" for place, column in enumerate(tables.schema)}
    orders = [place for place in coded if is_time[place] or _counts_rows(own, coded[place])]
    return _Series((own, drawn), coded, orders[:MOST_TIMES])


def _series_of_panel(tables: ComparedTables, coded: dict[int, CodedColumn]) -> _Series | None:
    """Return the rows of the units of a panel, by period; None where the table is none.

    Levels and one number or time are unique together, which chance would hardly do: a row is what
    was measured of one unit in one period.
    """
    for joint in find_joint_keys(by_position(tables.real, tables.schema)):
        units = [at for at in joint.positions if at in coded and coded[at].nominal]
        periods = [at for at in joint.positions if at in coded and not coded[at].nominal]
        if len(periods) == 1 and len(units) == len(joint.positions) - 1:
            keys = [
                pd.MultiIndex.from_arrays([getattr(coded[at], side) for at in units])
                for side in ("real", "synthetic")
            ]
            codes = np.split(
                keys[0].append(keys[1]).factorize()[0].astype(np.int64), [len(keys[0])]
            )
            rest = {at: column for at, column in coded.items() if at not in units}
            return _Series((codes[0], codes[1]), rest, periods)
    return None


def _compare_orders(series: _Series) -> Iterator[_Told]:
    """Compare how the rows of a key follow each other, by times and by counts of rows."""
    own, drawn = series.keys
    for order in series.orders:
        by = series.coded[order]
        others = {at: column for at, column in series.coded.items() if at != order}
        others = dict([*others.items()][:MOST_COLUMNS])
        yield from _compare_transitions(series, order, others)
        yield from _compare_carried(series, order, others)
        for at, column in others.items():
            real, n_pairs = succession(own, by.real, column.real, nominal=column.nominal)
            noise = 1 / np.sqrt(max(n_pairs, 1))
            if n_pairs < FEWEST_ROWS or not real > LEAST_STRENGTH + SURE * noise:
                continue
            made = succession(drawn, by.synthetic, column.synthetic, nominal=column.nominal)[0]
            lost = float(np.clip((real - np.nan_to_num(made) - NOISE * noise) / real, 0, 1))
            strength = Figure(max(float(np.nan_to_num(made)), 0.0), real)
            yield _Told(order, at, "order within a key", strength, lost)


def _compare_transitions(
    series: _Series, order: int, columns: dict[int, CodedColumn]
) -> Iterator[_Told]:
    """Compare which level follows which one within a key, beyond what any two rows have.

    What is kept is the projection on the real surplus of each pair of levels, so that chance adds
    nothing to it.
    """
    by = series.coded[order]
    for at, column in columns.items():
        width = len(column.levels)
        if not column.nominal or not 1 < width <= MOST_LEVELS:
            continue
        found, chance, n_pairs = transitions(series.keys[0], by.real, column.real, width)
        made, made_chance, n_made = transitions(
            series.keys[1], by.synthetic, column.synthetic, width
        )
        if min(n_pairs, n_made) < FEWEST_ROWS:
            continue
        surplus = found - chance
        strength = float(np.abs(surplus).sum() / 2)
        whole = float(np.square(surplus).sum()) - 1 / n_pairs
        spread = float((np.square(surplus) * (found + chance)).sum())
        error = float(np.sqrt(spread * (1 / n_pairs + 1 / n_made)))
        if strength < LEAST_OF_STEPS or whole < SURE * max(error, 1 / n_pairs):
            continue
        kept = float((surplus * (made - made_chance)).sum()) / whole
        lost = float(np.clip(1 - kept - NOISE * error / whole, 0, 1))
        shown = Figure(strength * float(np.clip(kept, 0, 1)), strength)
        yield _Told(order, at, "order within a key", shown, lost)


def _compare_carried(
    series: _Series, order: int, columns: dict[int, CodedColumn]
) -> Iterator[_Told]:
    """Compare where a value is that of another column in the row before of its key."""
    by = series.coded[order]
    for before, after in permutations(columns, 2):
        pair = _in_one_code(columns[before], columns[after])
        if pair is None:
            continue
        real, n_pairs = carried_on(series.keys[0], by.real, pair[0].real, pair[1].real)
        if n_pairs < FEWEST_ROWS or not real > LEAST_CARRIED:
            continue
        sides = pair[0].synthetic, pair[1].synthetic
        made = float(np.nan_to_num(carried_on(series.keys[1], by.synthetic, *sides)[0]))
        noise = 1 / np.sqrt(n_pairs)
        lost = float(np.clip((real - made - NOISE * noise) / real, 0, 1))
        yield _Told(order, after, "order within a key", Figure(max(made, 0.0), real), lost, before)


def _in_one_code(one: CodedColumn, other: CodedColumn) -> tuple[CodedColumn, CodedColumn] | None:
    """Return two columns whose equal values have equal codes; None where none can be equal."""
    if one.nominal != other.nominal:
        return None
    if not one.nominal:
        return one, other
    known = {level: code for code, level in enumerate(one.levels)}
    if not known.keys() & {*other.levels}:
        return None
    codes = np.array([known.get(level, -1 - at) for at, level in enumerate(other.levels)])
    real, synthetic = (
        np.where(np.isnan(values), np.nan, codes[np.nan_to_num(values).astype(np.int64)])
        for values in (other.real, other.synthetic)
    )
    return one, other._replace(real=real, synthetic=synthetic)


def _whole_keys(codes: Codes, rng: np.random.Generator) -> tuple[Codes, Codes]:
    """Return the keys of all rows of some keys, and these rows."""
    sizes = np.bincount(codes[codes >= 0])
    order = rng.permutation(len(sizes))
    chosen = np.zeros(len(sizes) + 1, np.bool_)  # its last entry is that of code -1
    chosen[order[np.cumsum(sizes[order]) <= MOST_ROWS]] = True
    rows = np.flatnonzero(chosen[codes])
    return codes[rows], rows


def _counts_rows(keys: Codes, column: CodedColumn) -> bool:
    """Return whether a column holds whole numbers from 1, none of them twice in a key."""
    values = column.real
    if column.nominal or np.isnan(values).any() or not len(values):
        return False
    if values.min() != 1 or (values % 1 != 0).any():
        return False
    pairs = np.unique(np.column_stack([keys, values]), axis=0)
    return len(pairs) == len(values) > len(np.unique(keys))


def _compare_clock(at: int, what: str, groups: list[Codes], units: Sequence[Codes | None]) -> _Told:
    """Compare how the times are spread over the hours of a day, or the days of a week.

    Notes
    -----
    What is lost is the distance beyond chance, of that of the real times to even ones. Whether
    they are spread alike is decided by Pearson's χ² test of homogeneity, groups of few
    rows taken together. Rows of one unit count as Kish's effective number of rows.
    """
    there = [side >= 0 for side in groups]
    present = [side[known] for side, known in zip(groups, there, strict=True)]
    size = 1 + max(int(side.max(initial=0)) for side in present)
    counts = [np.bincount(side, minlength=size) for side in present]
    shares = [count / max(count.sum(), 1) for count in counts]
    spread = sum(
        1 / max(_effective_rows(own, known), 1) for own, known in zip(units, there, strict=True)
    )
    expected = (shares[0] + shares[1]) / 2
    few = expected < FEWEST_EXPECTED * spread
    pooled = [np.append(share[~few], share[few].sum()) for share in (*shares, expected)]
    own, drawn, both = (share[pooled[2] > 0] for share in pooled)
    statistic = float((np.square(own - drawn) / (both * spread)).sum())
    distance = float(np.abs(own - drawn).sum() / 2)
    by_chance = float(np.sqrt(2 / np.pi * spread * both).sum() / 2)
    sure = chi2.sf(statistic, max(len(both) - 1, 1)) < FALSE_ALARM
    flat = np.count_nonzero(shares[0]) * shares[0]
    pattern = max(float(np.abs(flat[flat > 0] - 1).mean() / 2), LEAST_PATTERN)
    lost = float(np.clip((distance - by_chance) / pattern, 0, 1)) if sure else 0.0
    return _Told(at, at, what, Figure(1 - distance, 1.0), lost)


def _effective_rows(units: Codes | None, there: Mask) -> float:
    """Return how many rows tell as much as these do, of which those of one unit are alike."""
    if units is None:
        return float(there.sum())
    sizes = np.bincount(units[there]).astype(np.float64)
    return float(sizes.sum() ** 2 / max(np.square(sizes).sum(), 1.0))


def _compare_gaps(at: int, whole: Sequence[Floats], thinned: Sequence[Floats]) -> _Told:
    """Compare the time that passes from one row to the next.

    Where it is nearly always the same, no row may be left out. Else tables of equal lengths are
    compared, as the gaps are the shorter the more rows there are.
    """
    gaps = [gaps_of(times) for times in whole]
    step = float(np.median(gaps[0])) if len(gaps[0]) else 0.0
    own, drawn = (float(np.mean(side == step)) if len(side) else 0.0 for side in gaps)
    if step and own >= LEAST_REGULAR:
        noise = NOISE * np.sqrt(own * (1 - own) * sum(1 / max(len(side), 1) for side in gaps))
        return _Told(at, at, "gaps", Figure(drawn, own), float(np.clip(own - drawn - noise, 0, 1)))
    gaps = [gaps_of(times) for times in thinned]
    distance = column_distance(CodedColumn(False, gaps[0], gaps[1], np.empty(0)))
    noise = DISTANCE_SURE * np.sqrt(2 / max(min(map(len, gaps)), 1))
    lost = float(np.clip(distance - noise, 0, 1))
    return _Told(at, at, "gaps", Figure(1 - distance, 1.0), lost)
