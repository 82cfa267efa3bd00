"""How near synthetic rows come to real ones: copies, distances, nearest points.

The squared distance of two rows adds up, over the columns, the squared difference of the ranks of
two numbers, and 1 where two levels differ or where one value is missing and the other is not.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import nhypergeom

from tabgan.base.random_streams import numpy_stream
from tabgan.evaluation.compared_tables import CodedColumn, Side, row_hashes
from tabgan.evaluation.detection import map_in_threads
from tabgan.evaluation.evaluation_parts import Figure
from tabgan.evaluation.results import Nearness
from tabgan.evaluation.row_units import is_regular, shuffled_rows

__all__ = ["Points", "fault_of_holdout", "measure_nearness", "nearest", "place_rows"]

FEW_EQUAL = 8  # rows, of more of which a table hardly has one by chance
LAGS = (1, 7, 24, 168, 365)  # steps of a series: neighbors, days, weeks and years
MOST_CORNERS = 64
BLOCK_ROWS = 250  # that a thread looks for at a time
FAR = 1e30  # more than half the square of any distance
"""A level has a direction of its own among so many; of more levels, each has a random code."""
Points32 = NDArray[np.float32]
TIE = 1e-6
CANDIDATES_A_QUERY = 10  # real rows that are searched for near copies, for each row in search
FRESH_BEFORE = (1, 5, 25)  # fresh rows up to whose nearness synthetic ones are counted
FALSE_ALARM = 0.0001  # of each count
BETWEEN = 1 / 4  # of the distance of two rows is a point between them from the nearer, on average
TIMES_EXPECTED = 4  # so many more than of fresh rows are copies; fewer may be a denser middle
SURE = 3  # standard errors of a share
LEAST_SEEN = 0.01  # share of the holdout beyond chance that is worth a word
Floats = NDArray[np.float64]
Hashes = NDArray[np.uint64]
Rows = NDArray[np.int64]


def measure_nearness(
    coded: Mapping[int, CodedColumn],
    rng: np.random.Generator,
    most_rows: int,
    units: Mapping[Side, Rows] | None = None,
) -> Nearness:
    """Count copies in all rows, and measure distances between samples.

    The baselines come from the holdout where there is one. Without it, the baseline of copies is
    the share of real rows that equal another one; of unique copies, that of rows of which there are
    two or a few more, which may as well be one (after Good and Turing); of distances, that between
    halves of the table. Rows of one key are alike: real ones are compared with those of other keys,
    unless most synthetic keys are real ones, and a part of a table has whole keys.

    Parameters
    ----------
    coded
        The columns that are compared.
    rng
        Draws the samples.
    most_rows
        Distances are measured between at most so many rows of each table.
    units
        The unit of each row of the tables (`ComparedTables.joint_units`); none where each row is
        one.
    """
    keys = _Keys.of(coded, units or {})
    copies, unique = _copies(coded, None if keys.are_rows else keys.real)
    coded, keys = _thinned(coded, keys, CANDIDATES_A_QUERY * most_rows, rng)
    first = next(iter(coded.values()))
    placed = _Placed(
        *place_rows({place: _joined(column) for place, column in coded.items()}),
        (len(first.real), len(first.holdout)),
        keys,
    )
    nearer, distance = _distances(placed, np.sqrt(len(coded)), rng, most_rows)
    return Nearness(copies, unique, nearer, distance, _near_copies(placed, rng, most_rows))


class _Keys(NamedTuple):
    """The unit of each row of the tables, whose rows are alike, by one number in all of them.

    Attributes
    ----------
    real, synthetic, holdout
        Shape (rows of the table,); the row's own number where each row is a unit.
    are_rows
        Whether each row counts by itself: there are no units, or most of the synthetic rows belong
        to units of the real table, and so are as near to it as its own rows are.
    """

    real: Rows
    synthetic: Rows
    holdout: Rows
    are_rows: bool

    @classmethod
    def of(cls, coded: Mapping[int, CodedColumn], units: Mapping[Side, Rows]) -> "_Keys":
        first = next(iter(coded.values()))
        sizes = [len(first.real), len(first.synthetic), len(first.holdout)]
        if "real" not in units:
            real, synthetic, holdout = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
            return cls(real, synthetic, holdout, are_rows=True)
        real, synthetic = units["real"], units["synthetic"]
        shared = float(np.isin(synthetic, real).mean()) > 1 / 2
        return cls(real, synthetic, units.get("holdout", real[:0]), shared)

    def shuffled(self, rng: np.random.Generator) -> Rows:
        """Return the real rows in random order, those of one unit one after the other."""
        units = None if self.are_rows else _codes(self.real)
        return shuffled_rows(len(self.real), units, rng)


def _copies(coded: Mapping[int, CodedColumn], units: Rows | None) -> tuple[Figure, Figure]:
    real, synthetic, holdout = (
        row_hashes([getattr(column, side) for column in coded.values()])
        for side in ("real", "synthetic", "holdout")
    )
    kinds_of_rows, kind, counts = np.unique(real, return_inverse=True, return_counts=True)
    once = kinds_of_rows[counts == 1]
    if len(holdout):
        chance = _share(holdout, kinds_of_rows), _share(holdout, once)
    else:
        chance = 1 - len(once) / len(real), float(_as_pairs(_others(kind, units) + 1).mean())
    for moved in _at_other_times(coded):
        shares = _share(moved, kinds_of_rows), _share(moved, once)
        chance = max(chance[0], shares[0]), max(chance[1], shares[1])
    own = _share(synthetic, kinds_of_rows), _share(synthetic, once)
    return Figure(100 * own[0], 100 * chance[0]), Figure(100 * own[1], 100 * chance[1])


def _as_pairs(counts: Rows) -> Floats:
    """Return how far rows that occur so often tell how many a table has one of, and another some.

    Two equal rows tell most (Good and Turing). Of a value that occurs s times as often as Poisson
    has it, s·e^(−s) of the tables have just one row, and others s: beside two rows so many, each.
    """
    few = (counts > 1) & (counts <= FEW_EQUAL)
    return np.where(few, counts / 2 * np.exp(2.0 - counts), 0.0)


def _at_other_times(coded: Mapping[int, CodedColumn]) -> Iterator[Hashes]:
    """Yield the rows of a regular series as they would be, with the values of some steps before.

    Its times are those of any series at the same hours or days. So that a row equals the real one
    of its time is chance where values are few, as counts at night.
    """
    if len(coded) == 1:  # times alone have no values
        return
    for place in (at for at, own in coded.items() if not own.nominal and is_regular(own.real)):
        order = np.argsort(coded[place].real)
        ordered = {at: own.real[order] for at, own in coded.items()}
        for lag in (lag for lag in LAGS if lag <= len(order) // 2):
            yield row_hashes([np.roll(own, lag * (at != place)) for at, own in ordered.items()])


def _others(kinds: Rows, units: Rows | None) -> Rows:
    """Return how many rows of other units are equal to each row."""
    whole = np.bincount(kinds)[kinds]
    if units is None:
        return whole - 1
    own, counts = np.unique(
        np.stack([kinds, units]), axis=1, return_inverse=True, return_counts=True
    )[1:]
    return whole - counts[own]


def _share(rows: Hashes, among: Hashes) -> float:
    return float(np.isin(rows, among).mean())


def fault_of_holdout(unseen: Hashes, tables: Mapping[str, Hashes]) -> str:
    """Say why nothing can be learned from a holdout, or nothing.

    More of its rows then are rows of another table than chance brings. That is known from the real
    rows that equal another real one; of a longer table it is the same for each part of its rows
    that is as long as the real table.

    Parameters
    ----------
    unseen
        The rows of the holdout (`row_hashes`).
    tables
        Those of the other tables by name, the real one among them.
    """
    real = tables["real"]
    chance = float(pd.Series(real).duplicated(keep=False).mean())
    for name, rows in tables.items():
        share = float(np.isin(unseen, rows).mean())
        by_chance = 1 - (1 - chance) ** max(len(rows) / len(real), 1.0)
        noise = SURE * np.sqrt(max(by_chance * (1 - by_chance), 1 / len(unseen)) / len(unseen))
        if share > by_chance + noise + LEAST_SEEN:
            return (
                f"The holdout shows nothing: {100 * share:.0f} % of its rows are rows of the "
                f"{name} table, by chance {100 * by_chance:.0f} % at most. Give rows that the "
                "generator never saw."
            )
    return ""


def _thinned(
    coded: Mapping[int, CodedColumn], keys: _Keys, most_rows: int, rng: np.random.Generator
) -> tuple[dict[int, CodedColumn], _Keys]:
    """Return the columns, and units, with so many rows of each table at most."""
    first = next(iter(coded.values()))
    sides: tuple[Side, ...] = ("real", "synthetic", "holdout")
    long = [side for side in sides if len(getattr(first, side)) > most_rows]
    rows = {side: rng.permutation(len(getattr(first, side)))[:most_rows] for side in long}
    thinned = {
        place: column._replace(**{side: getattr(column, side)[rows[side]] for side in long})
        for place, column in coded.items()
    }
    return thinned, keys._replace(**{side: getattr(keys, side)[rows[side]] for side in long})


class _Placed(NamedTuple):
    """All rows in one space: real ones, with the holdout behind them, and synthetic ones."""

    learned: "Points"
    drawn: "Points"
    sizes: tuple[int, int]  # of the real table and of the holdout
    keys: _Keys


def _distances(
    placed: _Placed, scale: float, rng: np.random.Generator, most_rows: int
) -> tuple[Figure | None, Figure]:
    points, drawn, (n_real, n_holdout), keys = placed
    real = keys.shuffled(rng)  # as many rows of a holdout have as many units
    holdout = n_real + rng.permutation(n_holdout)[:most_rows]
    drawn = drawn.rows(rng.permutation(len(drawn.values))[:most_rows])

    def to_nearest(queries: Points, rows: Rows) -> Floats:
        distances: Floats = nearest(queries, points.rows(rows))[0][:, 0] / scale
        return distances

    if not len(holdout):
        own, fresh = (half[:most_rows] for half in np.array_split(real, 2))
        found = to_nearest(drawn, own), to_nearest(points.rows(fresh), own)
        return None, Figure(*(float(np.median(distances)) for distances in found))
    own = real[: len(holdout)]
    to_real, to_holdout = to_nearest(drawn, own), to_nearest(drawn, holdout)
    baseline = to_nearest(points.rows(holdout), own)
    tied = np.abs(to_real - to_holdout) < TIE
    nearer = float(np.mean(np.where(tied, 0.5, to_real < to_holdout)))
    return Figure(100 * nearer, 50.0), Figure(float(np.median(to_real)), float(np.median(baseline)))


def _near_copies(placed: _Placed, rng: np.random.Generator, most_rows: int) -> Figure:
    """Count the rows that are nearer to a real row than chance brings fresh rows.

    A row that was copied and moved a little is near to one real row: at a small distance, or at one
    that is small beside the distance to the next real row, which finds copies of outliers. Fresh
    rows are the holdout, or real rows among the others. Under the null hypothesis all orders of
    synthetic and fresh rows are equally likely, so how many synthetic rows come before the k-th
    fresh one has a negative hypergeometric distribution. Rows at regular distances, such as those
    of a series, are farther from each other than any fresh row; so without a holdout, as many small
    values are expected too as the bulk of the synthetic ones lets expect. A bulk nearer than points
    between the real rows are is one of copies: the real rows' distances count then. Of units of
    several rows it is their nearest rows whose orders are equally likely.
    """
    points, drawn, (n_real, n_holdout), keys = placed
    learned = points.rows(np.arange(n_real))
    rows = rng.permutation(len(drawn.values))[:most_rows]
    signs = _signs_of_copies(nearest(drawn.rows(rows), learned, 2)[0])
    units = [keys.synthetic[rows]]
    if n_holdout:
        rows = rng.permutation(n_holdout)[:most_rows]
        controls = _signs_of_copies(nearest(points.rows(n_real + rows), learned, 2)[0])
        units.append(keys.holdout[rows])
    else:
        rows = rng.permutation(n_real)[:most_rows]
        own = np.arange(n_real) if keys.are_rows else keys.real
        nearby = nearest(learned.rows(rows), learned, 2, apart=(own[rows], own))
        controls = _signs_of_copies(nearby[0])
        units.append(keys.real[rows])
    if np.median(signs[1]) < BETWEEN * np.median(controls[1]):
        dimension = None  # half of the rows are copies: in many columns no others are so near
    else:
        dimension = np.inf if n_holdout else _dimension(controls[1])
    both = _codes(units[0]), _codes(units[1])
    found = [_beyond_chance(*each, both, dimension) for each in zip(signs, controls, strict=True)]
    return max(found, key=lambda figure: figure.value - figure.baseline)


def _signs_of_copies(distances: Floats) -> tuple[Floats, Floats]:
    """Return the distance to the nearest row, and its ratio to the one to the next."""
    near = distances[:, 0]
    second = distances[:, -1]
    return near, np.divide(near, second, out=np.ones_like(near), where=second > 0)


def _dimension(ratios: Floats) -> float:
    """Return in how many dimensions points have such ratios, at least 1.

    The share of points whose ratio is below t is t to the power of the dimension.
    """
    middle = float(np.median(ratios))
    if not 0 < middle < 1:
        return 1.0 if middle == 0 else np.inf
    return max(float(np.log(0.5) / np.log(middle)), 1.0)


def _codes(units: Rows) -> Rows:
    codes: Rows = np.unique(units, return_inverse=True)[1]
    return codes


def _beyond_chance(
    values: Floats, controls: Floats, units: tuple[Rows, Rows], dimension: float | None
) -> Figure:
    """Return the share of small values, and of controls, where chance does not explain them.

    The smallest one of each unit counts.
    """
    rows, best = values, Figure(0.0, 0.0)
    values, controls = (
        _smallest(own, codes) for own, codes in zip((values, controls), units, strict=True)
    )
    ordered = np.sort(controls)
    n, m = len(values), len(controls)
    between = float(np.median(controls)) * BETWEEN
    middle = max(float(np.median(values)), between, TIE)
    for k in FRESH_BEFORE:
        if k > m:
            break
        limit = ordered[k - 1]
        count = int((values < limit).sum())
        smooth = 0.0
        if dimension is not None and limit > 0:
            smooth = 0.5 * float(min(limit / middle, 1.0)) ** dimension
        expected = n * max(k / (m + 1), smooth)
        chance = nhypergeom.sf(count - 1, n + m, n, k) if count > TIMES_EXPECTED * expected else 1.0
        if chance < FALSE_ALARM and (count - expected) / n > (best.value - best.baseline) / 100:
            share = float((rows < limit).mean())
            best = Figure(100 * share, 100 * share * expected / count)
    return best


def _smallest(values: Floats, units: Rows) -> Floats:
    """Return the smallest value of each unit."""
    smallest = np.full(int(units.max()) + 1, np.inf)
    np.minimum.at(smallest, units, values)
    return smallest


def _joined(column: CodedColumn) -> CodedColumn:
    """Take the holdout's rows for further real ones, so that all are placed in one space."""
    return column._replace(real=np.concatenate([column.real, column.holdout]))


class Points(NamedTuple):
    """Rows of a table as points.

    Attributes
    ----------
    values
        Shape (rows, width).
    columns
        Shape (width,): which column of the schema each coordinate belongs to.
    """

    values: Points32
    columns: NDArray[np.int64]

    def of(self, columns: Collection[int]) -> "Points":
        """Return the points as they look to someone who sees some columns alone."""
        seen = np.isin(self.columns, list(columns))
        return Points(np.ascontiguousarray(self.values[:, seen]), self.columns[seen])

    def rows(self, places: NDArray[np.int64]) -> "Points":
        """Return some of the rows."""
        return Points(self.values[places], self.columns)


def place_rows(coded: Mapping[int, CodedColumn]) -> tuple[Points, Points]:
    """Place the rows of two coded tables in one space.

    Parameters
    ----------
    coded
        The tables' columns, as `code_columns` gives them.

    Returns
    -------
    tuple
        Points of the real rows and of the synthetic ones. Ranks, from 0 to 1, are those of the
        nearest real value that is not missing, half a row off where it is another one; equal values
        share their middle rank.

    Notes
    -----
    Of a column with more than `MOST_CORNERS` levels, the squared distance of two levels is 1 on
    average, with a standard deviation of 1/8; equal levels are at distance 0 always.

    Examples
    --------
    >>> real, drawn = np.array([1.0, 2.0]), np.array([1.5, np.nan])
    >>> column = CodedColumn(False, real, drawn, np.empty(0))
    >>> real, synthetic = place_rows({0: column})
    >>> real.values.tolist(), synthetic.values.tolist()
    ([[0.25, 0.0], [0.75, 0.0]], [[0.5, 0.0], [0.5, 1.0]])
    """
    real, synthetic, columns = [], [], []
    for place, column in coded.items():
        parts = _corners(place, column) if column.nominal else _ranks(column)
        real.append(parts[0])
        synthetic.append(parts[1])
        columns += [place] * parts[0].shape[1]
    owners = np.array(columns, np.int64)
    return Points(np.hstack(real), owners), Points(np.hstack(synthetic), owners)


def _ranks(column: CodedColumn) -> tuple[Points32, Points32]:
    ordered = np.sort(column.real[~np.isnan(column.real)])
    distinct = np.unique(ordered) if len(ordered) else np.zeros(1)
    some_missing = bool(np.isnan(column.real).any() or np.isnan(column.synthetic).any())

    def side(values: NDArray[np.float64]) -> Points32:
        missing = np.isnan(values)
        # A number beside a spike of equal ones is near them, not beyond half of their rows.
        near = distinct[np.searchsorted((distinct[1:] + distinct[:-1]) / 2, values)]
        middle = np.searchsorted(ordered, near) + np.searchsorted(ordered, near, "right")
        middle = middle + np.sign(np.where(missing, 0.0, values) - near)
        ranks = np.where(missing, 0.5, middle / (2 * max(len(ordered), 1)))
        parts = [ranks, missing] if some_missing else [ranks]
        return np.column_stack(parts).astype(np.float32)

    return side(column.real), side(column.synthetic)


def _corners(place: int, column: CodedColumn) -> tuple[Points32, Points32]:
    """Place levels, and what is missing as one more, at distance 1 from each other."""
    both = np.concatenate([column.real, column.synthetic])
    codes = np.unique(np.where(np.isnan(both), -1, both), return_inverse=True)[1]
    n_levels = int(codes.max()) + 1
    if n_levels <= MOST_CORNERS:
        corners = np.eye(n_levels, dtype=np.float32) * np.float32(np.sqrt(0.5))
    else:
        signs = numpy_stream(0, "corners", place).integers(0, 2, (n_levels, MOST_CORNERS))
        corners = ((2 * signs - 1) / np.sqrt(2 * MOST_CORNERS)).astype(np.float32)
    placed = corners[codes]
    return placed[: len(column.real)], placed[len(column.real) :]


def nearest(
    queries: Points,
    candidates: Points,
    count: int = 1,
    *,
    apart: tuple[Rows, Rows] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Find the candidates that are nearest to each query.

    The search is exact and takes memory for a block of rows at a time.

    Parameters
    ----------
    queries, candidates
        Points of one space.
    count
        How many to find for each query; all of them where there are fewer.
    apart
        The units of the queries and of the candidates, if no candidate of a query's own unit is to
        be found while there is another one.

    Returns
    -------
    tuple
        Distances, shape (queries, count), the nearest first, and the candidates' places.

    Examples
    --------
    >>> line = Points(np.array([[0.0], [3.0], [9.0]], np.float32), np.array([0]))
    >>> nearest(line.rows(np.array([1])), line, 2)
    (array([[0., 3.]]), array([[1, 0]]))
    """
    count = min(count, len(candidates.values))
    if not queries.values.size:  # there are no rows, or nothing is seen of them
        shape = (len(queries.values), count)
        return np.zeros(shape), np.tile(np.arange(count), (shape[0], 1))
    among = candidates.values
    # half of the squared distance, but for what a query has with all of them
    squares = np.einsum("ij,ij->i", among, among) / 2
    factors = np.column_stack([-among, squares]).T

    def places_of(block: slice) -> NDArray[np.int64]:
        rows = queries.values[block]
        halves = np.column_stack([rows, np.ones(len(rows), np.float32)]) @ factors
        if apart is not None:
            halves[apart[0][block, None] == apart[1]] = FAR
        every = np.arange(len(rows))
        places = np.empty((len(rows), count), np.int64)
        for at in range(count):  # a few minima are found faster than an order
            places[:, at] = halves.argmin(axis=1)
            halves[every, places[:, at]] = np.inf
        return places

    starts = range(0, len(queries.values), BLOCK_ROWS)
    blocks = [slice(start, start + BLOCK_ROWS) for start in starts]
    places = np.concatenate(map_in_threads(places_of, blocks))
    # sums of products lose what is small: so the distances are computed from the differences
    gaps = queries.values[:, None, :] - among[places]
    distances = np.sqrt(np.square(gaps, dtype=np.float64).sum(axis=2))
    order = np.argsort(distances, axis=1, kind="stable")
    return np.take_along_axis(distances, order, 1), np.take_along_axis(places, order, 1)
