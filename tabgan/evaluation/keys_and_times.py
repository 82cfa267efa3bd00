"""Keys and times: whether rows that belong together, or follow each other, are alike as real ones.

`tabgan.evaluation.distributions.likeness` is the one measure of both: groups are the rows of a key,
two neighbors in time, or the rows of an hour.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from tabgan.evaluation.compared_tables import CodedColumn, ComparedTables
from tabgan.evaluation.distributions import (
    column_distance,
    likeness,
    likeness_by_chance,
    percent,
)
from tabgan.evaluation.evaluation_parts import Figure, KeyResult, RuleResult, TimeResult
from tabgan.evaluation.results import WeakPoint
from tabgan.sampling.key_groups import KeyGroups
from tabgan.sampling.self_references import learn_references
from tabgan.sampling.table_keys import JointKey, RowRule, find_joint_keys, learn_keys
from tabgan.table.columns import by_position
from tabgan.table.dates import unit_of
from tabgan.table.schema import Column

__all__ = [
    "broken_key",
    "compare_keys",
    "compare_row_rules",
    "compare_times",
    "lost_times",
    "succession",
]

LEAST_LIKENESS = 0.1  # within real keys, that is worth comparing
LEAST_STRENGTH = 0.05  # that a time explains, likewise
SURE = 5  # standard errors that a real figure is above chance …
NOISE = 3  # … and that the synthetic one may be below it
GAPS_SURE = 1.95  # of a two-sample Kolmogorov-Smirnov test at 0.1 %
LEAST_PATTERN = 0.1  # distance from even hours, days or months that can be lost
FEWEST_EXPECTED = 5  # rows of a group in a test of shares
FALSE_ALARM = 0.001  # of the shares of hours, days of the week and months
MOST_TIMES = 3  # columns of times
MOST_COLUMNS = 30  # that go with them
MOST_ROWS = 20_000
FEWEST_ROWS = 100
FEWEST_TIMES = 20  # that differ, in a column of times
LEAST_DISTINCT = 0.3  # share of times that differ in a column that orders its rows
LEAST_SPREAD = 0.1  # of the rows a key, that chance does not explain
_ORDERS = ("neighbors in time", "order within a key")
SOFTER = 0.7  # weight of rows that are not alike, beside rows that must be equal
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
    alike = {}
    for place, column in tables.coded.items():
        if place not in tied and place != at:
            inner = likeness(real, column.real, nominal=column.nominal)
            off = likeness_by_chance(real, column.real, inner, nominal=column.nominal)
            if inner > LEAST_LIKENESS + max(SURE / np.sqrt(pairs), NOISE * off):
                other = likeness(synthetic, column.synthetic, nominal=column.nominal)
                alike[tables.names[place]] = Figure(max(np.nan_to_num(other), 0.0), inner)
    return KeyResult(
        tables.names[at],
        _rows_per_key(real, synthetic, carried_over, rng),
        {tables.names[place]: _constant(tables, place, real, synthetic) for place in sorted(tied)},
        alike,
        100 * carried_over,
        max(pairs / max(int((real >= 0).sum()), 1), 1.0),
    )


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


def _constant(tables: ComparedTables, place: int, real: Codes, synthetic: Codes) -> Figure:
    """Return the rows that have the commonest value of their key, among keys of several rows."""
    shares = []
    for keys, frame in ((synthetic, tables.synthetic), (real, tables.real)):
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
        for result in _compare_time(columns[at], at, coded, others, units, one_series=keys is None)
    ]
    for at in times[MOST_TIMES:MOST_COLUMNS]:
        groups = dict(_clock_groups(columns[at], coded[at].real, coded[at].synthetic))
        clocks = [clock.what for clock in _CLOCKS if clock.what in groups]
        found += [_compare_clock(at, what, groups[what], units) for what in clocks]
    if keys is not None:
        apart = {*constant, names[keys]}
        found += _compare_orders(tables, _coded_keys(tables, keys)[:2], apart, rng)
    told = (TimeResult(names[result.time], names[result.column], *result[2:]) for result in found)
    return tuple(sorted(told, key=lambda result: -result.lost))


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
    *,
    one_series: bool,
) -> Iterator[_Told]:
    """Compare what one column of times tells, and when its times are."""
    sides = coded[at].real, coded[at].synthetic
    groups = dict(_clock_groups(column, *sides))
    one_series = one_series and _orders(sides[0])
    for clock in _CLOCKS:
        if clock.what in groups:
            yield _compare_clock(at, clock.what, groups[clock.what], units)
    if one_series:
        yield _compare_gaps(at, *sides)
        groups["neighbors in time"] = [_neighbors(own) for own in sides]
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
    days = (own.max() - own.min()) / pd.Timedelta(days=1)
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


def _compare_orders(
    tables: ComparedTables,
    keys: tuple[Codes, Codes],
    constant: Collection[str],
    rng: np.random.Generator,
) -> Iterator[_Told]:
    """Compare how the rows of a key follow each other, by times and by counts of rows.

    Parameters
    ----------
    tables
        What is compared.
    keys
        The keys of the real rows and of the synthetic ones, as numbers.
    constant
        Names of the key and of the columns that it determines.
    rng
        Draws keys where there are many rows.
    """
    sides = [_whole_keys(codes, rng) for codes in keys]
    (own, rows), (drawn, other_rows) = sides
    coded = {
        place: column._replace(real=column.real[rows], synthetic=column.synthetic[other_rows])
        for place, column in tables.coded.items()
        if tables.names[place] not in constant
    }
    is_time = {at: column.kind == "datetime" for at, column in enumerate(tables.schema)}
    orders = [at for at in coded if is_time[at] or _counts_rows(own, coded[at])][:MOST_TIMES]
    for order in orders:
        by = coded[order]
        for at, column in [item for item in coded.items() if item[0] != order][:MOST_COLUMNS]:
            real, n_pairs = succession(own, by.real, column.real, nominal=column.nominal)
            noise = 1 / np.sqrt(max(n_pairs, 1))
            if n_pairs < FEWEST_ROWS or not real > LEAST_STRENGTH + SURE * noise:
                continue
            made = succession(drawn, by.synthetic, column.synthetic, nominal=column.nominal)[0]
            lost = float(np.clip((real - np.nan_to_num(made) - NOISE * noise) / real, 0, 1))
            strength = Figure(max(float(np.nan_to_num(made)), 0.0), real)
            yield _Told(order, at, "order within a key", strength, lost)


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


def succession(keys: Codes, order: Floats, values: Floats, *, nominal: bool) -> tuple[float, int]:
    """Return how alike two rows are that follow each other within their key.

    It is 1 less the mean squared difference of the ranks of such rows, of that of any two rows of
    the key: 0 where the order tells nothing, near to 1 where values move little from row to row.
    Levels differ or not.

    Parameters
    ----------
    keys
        The key of each row, shape (rows,); −1 for none.
    order
        What orders the rows of a key, likewise; NaN for nothing.
    values
        Numbers or codes of levels, likewise; NaN for none.
    nominal
        Whether they are codes.

    Returns
    -------
    The strength, NaN where rows of a key do not differ, and how many pairs of rows follow each
    other.

    Examples
    --------
    >>> keys, time = np.zeros(5, np.int64), np.array([3.0, 1.0, 2.0, 5.0, 4.0])
    >>> succession(keys, time, 10 * time, nominal=False)
    (0.8, 4)
    """
    there = (keys >= 0) & ~np.isnan(order) & ~np.isnan(values)
    keys, order, values = keys[there], order[there], values[there]
    places = np.lexsort((order, keys))
    keys = np.unique(keys[places], return_inverse=True)[1]
    sizes = np.bincount(keys) if len(keys) else np.zeros(0, np.int64)
    sorted_values = values[places]
    follows = keys[1:] == keys[:-1]
    if nominal:
        steps = sorted_values[1:] != sorted_values[:-1]
        cells = np.unique(np.column_stack([keys, sorted_values]), axis=0, return_counts=True)
        equal = np.bincount(cells[0][:, 0].astype(np.int64), np.square(cells[1]), len(sizes))
        apart = np.square(sizes) - equal
    else:
        ranks = pd.Series(sorted_values).rank().to_numpy(np.float64)
        steps = np.square(np.diff(ranks))
        sums = np.bincount(keys, ranks, len(sizes))
        apart = 2 * (sizes * np.bincount(keys, np.square(ranks), len(sizes)) - np.square(sums))
    expected = float((apart / np.maximum(sizes, 1)).sum())  # as many steps of random pairs
    count = int(follows.sum())
    return (1 - float(steps[follows].sum()) / expected if expected else float("nan")), count


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


def _compare_gaps(at: int, real: Floats, synthetic: Floats) -> _Told:
    """Compare the time that passes from one row to the next."""
    gaps = [np.diff(np.sort(times[~np.isnan(times)])) for times in (real, synthetic)]
    distance = column_distance(CodedColumn(False, gaps[0], gaps[1], np.empty(0)))
    noise = GAPS_SURE * np.sqrt(2 / max(min(map(len, gaps)), 1))
    lost = float(np.clip(distance - noise, 0, 1))
    return _Told(at, at, "gaps", Figure(1 - distance, 1.0), lost)


def broken_key(key: KeyResult, synthetic_rows: int) -> Iterator[WeakPoint]:
    """Yield what is broken of what ties the rows of a key together.

    Parameters
    ----------
    key
        What was compared.
    synthetic_rows
        Rows of the synthetic table, by which chance is known.
    """
    name = key.column
    remedy = (
        "Generate the rows of a key together. tabgan draws rows of one table one by one, and gives "
        f"them to new keys; more of what the rows of one {name!r} share is kept in a folder of two "
        "tables, one of them with a row for each (tabgan synth FOLDER)."
    )
    for other, (value, baseline) in key.constant.items():
        share = (baseline - value) / 100 - NOISE / np.sqrt(synthetic_rows) / 10
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
            float(np.clip(SOFTER * (baseline - value - NOISE / np.sqrt(synthetic_rows)), 0, 1)),
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


def lost_times(results: Iterable[TimeResult]) -> Iterator[WeakPoint]:
    """Yield one point for each column and the time that tells it, with all that is lost of that.

    Times that lie at other hours or days are one point: dates of a row are moved together.

    Parameters
    ----------
    results
        What was compared.
    """
    lost = [result for result in results if result.lost]
    own = [result for result in lost if result.time == result.column]
    clocks = sorted(
        (result for result in own if result.what != "gaps"), key=lambda result: -_severity(result)
    )
    if clocks:
        yield WeakPoint(
            "structure",
            tuple(dict.fromkeys(result.time for result in clocks)),
            _about_clocks(clocks),
            _remedy_of_times(clocks),
            _severity(clocks[0]),
        )
    for result in own:
        if result.what == "gaps":
            yield WeakPoint(
                "structure",
                (result.time,),
                f"The times between the rows, by {result.time!r}, are not those of the real table; "
                f"{percent(result.lost)} is lost.",
                _remedy_of_times([result]),
                result.lost,
            )
    by_columns: dict[tuple[str, str], list[TimeResult]] = {}
    for result in lost:
        if result.time != result.column:
            by_columns.setdefault((result.column, result.time), []).append(result)
    for columns, told in by_columns.items():
        told.sort(key=lambda result: -result.lost * result.strength.baseline)
        severity = max(map(_severity, told))
        yield WeakPoint(
            "structure", columns, _about_a_column(told), _remedy_of_times(told), severity
        )


def _severity(result: TimeResult) -> float:
    """Weigh what is lost by how much there was, or how many times lie elsewhere."""
    elsewhere = 1 - result.strength.value
    told = elsewhere if result.time == result.column else result.strength.baseline
    return result.lost * float(np.sqrt(max(told, 0.0)))


def _remedy_of_times(lost: Sequence[TimeResult]) -> str:
    first = lost[0]
    if first.what in (*_ORDERS, "gaps"):
        return (
            "Don't use the table for what depends on the order of its rows, or draw whole series: "
            "in tabgan a folder of two tables, one of them with a row for each series (tabgan "
            "synth FOLDER)."
        )
    if first.time == first.column:
        return (
            f"Draw {first.time!r} with the hours, days of the week and months of the real table, "
            "and don't move it afterwards; tabgan learns them of a column that it reads as dates "
            "(tabgan inspect shows it)."
        )
    return (
        f"Draw {first.column!r} given {first.time!r}, not on its own; in tabgan "
        "--method trees, or more steps of a GAN (--steps)."
    )


def _about_clocks(lost: Sequence[TimeResult]) -> str:
    first = lost[0]
    text = (
        f"The times of {first.time!r} are spread in another way than in the real table: by "
        f"{first.what}, the distributions are off by {percent(1 - first.strength.value)}."
    )
    others = [
        f"{result.time!r} by {result.what} ({percent(1 - result.strength.value)})"
        for result in lost[1:]
    ]
    return f"{text} So are {', '.join(others)}." if others else text


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
