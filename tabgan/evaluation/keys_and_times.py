"""Keys and times: whether rows that belong together, or follow each other, are alike as real ones.

`likeness` is the one measure of both: how much more alike the values of a group are than those of
rows from anywhere. Groups are the rows of a key, two neighbors in time, or the rows of an hour.
"""

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.evaluation.compared_tables import CodedColumn, ComparedTables
from tabgan.evaluation.distributions import column_distance
from tabgan.evaluation.evaluation_parts import Figure, KeyResult, TimeResult
from tabgan.sampling.key_groups import KeyGroups, learn_keys
from tabgan.table.columns import by_position
from tabgan.table.dates import unit_of
from tabgan.table.schema import Column

__all__ = ["compare_keys", "compare_times", "likeness", "succession"]

LEAST_LIKENESS = 0.1  # within real keys, that is worth comparing
LEAST_STRENGTH = 0.05  # that a time explains, likewise
SURE = 5  # standard errors that a real figure is above chance …
NOISE = 3  # … and that the synthetic one may be below it
GAPS_SURE = 1.95  # of a two-sample Kolmogorov-Smirnov test at 0.1 %
FALSE_ALARM = 0.001  # of the shares of hours, days of the week and months
MOST_TIMES = 3  # columns of times
MOST_COLUMNS = 30  # that go with them
MOST_ROWS = 20_000
FEWEST_ROWS = 100
FEWEST_TIMES = 20  # that differ, in a column of times
LEAST_DISTINCT = 0.3  # share of times that differ in a column that orders its rows
_ABSENT = -1

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def likeness(groups: Codes, values: Floats, *, nominal: bool) -> float:
    """Return how alike the values of a group are: 1 if equal, 0 as rows from anywhere.

    That is the intraclass correlation of ranks, or Cohen's κ of two rows of one group. NaN where
    no group has two values, or all values are equal.

    Parameters
    ----------
    groups
        The group of each row, shape (rows,); −1 for none.
    values
        Numbers or codes of levels, shape (rows,); NaN for none.
    nominal
        Whether they are codes.

    Examples
    --------
    >>> groups = np.array([0, 0, 1, 1])
    >>> likeness(groups, np.array([1.0, 1.0, 5.0, 5.0]), nominal=False)
    1.0
    >>> likeness(groups, np.array([0.0, 1.0, 0.0, 1.0]), nominal=True)
    -1.0
    """
    there = (groups >= 0) & ~np.isnan(values)
    group, count = groups[there], int(there.sum())
    sizes = np.bincount(group) if count else np.zeros(0)
    pairs = float((sizes * (sizes - 1)).sum())
    if not pairs:
        return float("nan")
    if nominal:
        codes = values[there].astype(np.int64)
        width = int(codes.max()) + 1
        cells = np.unique(group * width + codes, return_counts=True)[1]
        within = float((cells * (cells - 1.0)).sum()) / pairs
        overall = float(np.square(np.bincount(codes) / count).sum())
        return (within - overall) / (1 - overall) if overall < 1 else float("nan")
    ranks = pd.Series(values[there]).rank().to_numpy(np.float64)
    ranks = ranks - ranks.mean()  # not in place: it may be of a table that must not change
    spread = float(np.square(ranks).mean())
    if not spread:
        return float("nan")
    sums, squares = np.bincount(group, ranks), np.bincount(group, np.square(ranks))
    apart = float((sizes * squares - np.square(sums)).sum()) / pairs  # half the mean square
    return 1 - apart / spread


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


def _compare_key(own: KeyGroups, tables: ComparedTables, rng: np.random.Generator) -> KeyResult:
    at = own.key.position
    real, synthetic, carried_over = _coded_keys(tables, at)
    tied = {*own.determined, *own.shared}
    pairs = float(np.square(np.bincount(real[real >= 0])).sum())
    alike = {}
    for place, column in tables.coded.items():
        if place not in tied and place != at:
            inner = likeness(real, column.real, nominal=column.nominal)
            if inner > LEAST_LIKENESS + SURE / np.sqrt(pairs):
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


_CLOCKS = (
    _Clock("hour of the day", lambda times: np.asarray(times.hour, np.int64), 4, 0),
    _Clock("day of the week", lambda times: np.asarray(times.day_of_week, np.int64), 5, 14),
    _Clock("month", lambda times: np.asarray(times.month, np.int64), 4, 300),
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
    times = [at for at in coded if columns[at].kind == "datetime" and _are_many(coded[at].real)]
    others = [
        at for at in coded if columns[at].kind != "datetime" and tables.names[at] not in constant
    ][:MOST_COLUMNS]
    keys = next((at for at, column in columns.items() if column.kind == "key"), None)
    found = [
        result
        for at in times[:MOST_TIMES]
        for result in _compare_time(columns[at], at, coded, others, one_series=keys is None)
    ]
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
    *,
    one_series: bool,
) -> Iterator[_Told]:
    """Compare what one column of times tells, and when its times are."""
    sides = coded[at].real, coded[at].synthetic
    groups = dict(_clock_groups(column, *sides))
    one_series = one_series and _orders(sides[0])
    for clock in _CLOCKS:
        if clock.what in groups and one_series:
            yield _compare_clock(at, clock.what, groups[clock.what])
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


def _compare_clock(at: int, what: str, groups: list[Codes]) -> _Told:
    """Compare how the times are spread over the hours of a day, or the days of a week."""
    there = [side[side >= 0] for side in groups]
    size = 1 + max(int(side.max(initial=0)) for side in there)
    counts = [np.bincount(side, minlength=size) for side in there]
    shares = [count / max(count.sum(), 1) for count in counts]
    distance = float(np.abs(shares[0] - shares[1]).sum() / 2)
    spread = sum(1 / max(len(side), 1) for side in there)
    n_groups = np.count_nonzero(counts[0])
    noise = np.sqrt(spread * n_groups) / 2 + np.sqrt(spread * np.log(1 / FALSE_ALARM) / 2)
    lost = float(np.clip(distance - noise, 0, 1))
    return _Told(at, at, what, Figure(1 - distance, 1.0), lost)


def _compare_gaps(at: int, real: Floats, synthetic: Floats) -> _Told:
    """Compare the time that passes from one row to the next."""
    gaps = [np.diff(np.sort(times[~np.isnan(times)])) for times in (real, synthetic)]
    distance = column_distance(CodedColumn(False, gaps[0], gaps[1], np.empty(0)))
    noise = GAPS_SURE * np.sqrt(2 / max(min(map(len, gaps)), 1))
    lost = float(np.clip(distance - noise, 0, 1))
    return _Told(at, at, "gaps", Figure(1 - distance, 1.0), lost)
