"""`TimeSeries`: rows of a regular series, each drawn given the rows before it.

Generators draw rows one by one, so that a row says nothing of the next one. Where the table is a
series in which it does, all columns but the date are drawn again at the end, in the order of time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from torch import Tensor

from tabgan.base.model_file import under
from tabgan.base.random_streams import numpy_stream
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoders import Encoded
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.generators.trees.grow_trees import Growth
from tabgan.generators.trees.tree_generator import TreeGenerator, TreeTraining
from tabgan.generators.trees.vector_leaf_trees import Features
from tabgan.sampling.time_grid import TimeGrid, ends_of_encoder, with_values
from tabgan.table.columns import ColumnFrame, TypedSeries
from tabgan.table.number_scale import typical_values

__all__ = ["TimeSeries", "fit_series"]

LEAST_ROWS = 200  # of a series, for what rows tell of the next ones to be learned
LAST_ROWS = 8  # before a row, by which it is drawn …
MOST_LAG = 200  # … and the ones a day, a week or a year ago, if they are so many rows before
CYCLES = {"day": 1.0, "week": 7.0, "year": 365.2425}  # days
LEAST_CYCLES = 2
FEW_KNOTS, MOST_KNOTS = 9, 200  # of the trend: …
KNOT_ROWS = 25  # … at most one for so many rows
WAVES = 3  # of each cycle
RIDGE = 1.0
LEAST_CHANCE = 1e-4  # of a normal score
LEAST_BAND = 0.005  # share of the rows with a value
MOST_SHOWN = 10  # levels of a column with an indicator
STRETCHES = 40  # every other one is held out
LEAST_EXPLAINED = 0.02  # of what trend and season leave, by the rows before …
EVIDENCE = 10.0  # … and as much as so many of the rows held out
RESIDUAL_BINS = 16
GROWTH = Growth(depth=4, rate=0.2, bins=64)  # of trees that see a forecast
MOST_LEARNED = 10_000  # rows, each with those before it, that are learned from
MOST_QUANTILES = 201
LEAST_THERE = 0.5  # share of the dates that a sample has, for its rows to follow each other
BLOCK = 250  # rows of a series that are drawn one after the other
WARM_UP, OVERLAP = 40, 50  # rows of a block before it begins, and after its end

Places = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Clock:
    """What a date of a series says of its row: the trend, and the place in a day, week and year.

    Parameters
    ----------
    first, last
        The first and last date that are drawn, in ticks.
    cycles
        Ticks of each cycle.
    n_knots
        Where the line of the trend bends, and its ends.
    """

    first: int
    last: int
    cycles: tuple[float, ...]
    n_knots: int

    @classmethod
    def of(cls, ends: tuple[int, int], grid: TimeGrid) -> Self:
        """Return the clock of a series between two dates, with a trend of few bends."""
        first, last = ends
        every = (days * grid.ticks_per_day for days in CYCLES.values())
        kept = (c for c in every if 2 * grid.step < c <= (last - first) / LEAST_CYCLES)
        return cls(first, last, tuple(kept), FEW_KNOTS)

    def phases(self, ticks: Places) -> Floats:
        """Return where dates lie in the whole series and in each cycle, from 0 to 1.

        Beyond its ends the series runs back, so that its trend stays what it was.
        """
        along = np.abs(((ticks - self.first) / (self.last - self.first) + 1) % 2 - 1)
        return np.column_stack([along, *(ticks / cycle % 1 for cycle in self.cycles)])

    def basis(self, ticks: Places) -> Floats:
        """Return a bent line through the series, and waves of each cycle, as regressors."""
        along, *phases = self.phases(ticks).T
        at = along[:, None] * (self.n_knots - 1)
        bends = np.maximum(1 - np.abs(at - np.arange(self.n_knots)), 0)
        angles = [2 * np.pi * wave * phase for phase in phases for wave in range(1, WAVES + 1)]
        return np.column_stack([bends, *map(np.sin, angles), *map(np.cos, angles)])


class _Scores(NamedTuple):
    """How a column of an encoded row is written as scores, on which rows are regressed.

    Attributes
    ----------
    column
        Numbers first, then level spans.
    places
        Where its scores stand: one normal score of a number, an indicator for each of some levels.
    levels
        Those levels.
    bands
        Where values of a number that many rows share begin and end, shape (values, 2).
    """

    column: int
    places: slice
    levels: Places
    bands: Floats


class _Before(NamedTuple):
    """What rows are drawn by: their dates, and the scores of the rows before them.

    Attributes
    ----------
    basis, phases
        Of the dates; see `_Clock`.
    lagged
        Scores of the rows so many before, for each lag, shape (rows, scores) each.
    """

    basis: Floats
    phases: Floats
    lagged: tuple[Floats, ...]

    def take(self, rows: NDArray[np.bool_]) -> "_Before":
        """Return the same of some rows."""
        if rows.all():
            return self
        lagged = tuple(lagged[rows] for lagged in self.lagged)
        return _Before(self.basis[rows], self.phases[rows], lagged)

    def regressors(self, scores: _Scores, now: Floats) -> Floats:
        """Return what a column is regressed on.

        Parameters
        ----------
        scores
            The column.
        now
            Scores of the rows themselves, of the columns before.
        """
        first, *others = self.lagged
        own = (lagged[:, scores.places] for lagged in others)
        return np.column_stack([self.basis, now[:, : scores.places.start], first, *own])

    def context(self, scores: _Scores, now: Floats, weights: Floats) -> tuple[Features, Floats]:
        """Return the context of a column for its trees, and the forecast of its scores.

        Parameters
        ----------
        scores
            The column.
        now
            Scores of the rows themselves, of the columns before.
        weights
            Of the forecast.
        """
        forecast = self.regressors(scores, now) @ weights
        parts = [self.phases, self.lagged[0], now[:, : scores.places.start], forecast]
        return np.column_stack(parts).astype(np.float32), forecast


@dataclass(frozen=True, eq=False)
class _SeriesColumn:
    """Draws a column of an encoded row, given the rows before it and the columns before it.

    Parameters
    ----------
    scores
        The column.
    weights
        Linear forecast of its scores, shape (regressors, scores).
    residuals
        Quantiles of what the forecast leaves of a number; none of a level.
    trees
        Draws the bin of that, or the level, given the forecast, the row and the columns before.
    """

    scores: _Scores
    weights: Floats
    residuals: Floats
    trees: TreeGenerator

    def residuals_in(self, bins: Places, rng: np.random.Generator) -> Floats:
        """Draw what the forecast leaves of a number, given its bin."""
        ranks = (bins + rng.random(len(bins))) / RESIDUAL_BINS
        return np.interp(ranks, np.linspace(0, 1, len(self.residuals)), self.residuals)

    def to_tensors(self) -> dict[str, Tensor]:
        own = {
            "weights": self.weights,
            "residuals": self.residuals,
            "levels": self.scores.levels,
            "bands": self.scores.bands,
        }
        tensors = {name: torch.from_numpy(np.ascontiguousarray(part)) for name, part in own.items()}
        return tensors | {f"trees.{name}": one for name, one in self.trees.to_tensors().items()}


@dataclass(frozen=True, eq=False)
class TimeSeries:
    """The rows of a regular series, each drawn given the rows before it.

    A linear forecast from the rows before, the trend and the season comes first (vector
    autoregression; Sims, 1980). Trees then draw what it leaves of a number, or the level. Blocks of
    the series are drawn side by side and joined where they are most alike.

    Parameters
    ----------
    grid
        The dates.
    clock
        What a date says of its row.
    lags
        Which rows before it a row depends on.
    layout
        Layout of an encoded row.
    columns
        What draws each column, in order; those of the dates are not drawn.
    """

    grid: TimeGrid
    clock: _Clock
    lags: tuple[int, ...]
    layout: RowLayout
    columns: tuple[_SeriesColumn, ...]

    def write(
        self,
        frame: pd.DataFrame,
        encoder: TableEncoder,
        rng: np.random.Generator,
        sample: tuple[int, int],
    ) -> pd.DataFrame:
        """Draw all rows again but for their dates, given the rows before them.

        Rows that are too few for the dates between the first and the last one stay.

        Parameters
        ----------
        frame
            Drawn rows.
        encoder
            Encoder of the table.
        rng
            The only source of randomness.
        sample
            Seed of the sample, and the position of the first row in it.
        """
        at = self.grid.column.position
        dates = TypedSeries(encoder.schema.columns[at], frame.iloc[:, at])
        numbers = dates.numbers
        if not numbers.present.all() or len(frame) < 2:
            return frame
        order = np.argsort(numbers.values, kind="stable")
        ticks = numbers.values[order].astype(np.int64)
        n_places = len(self.grid.places(int(ticks[0]), int(ticks[-1])))
        if len(np.unique(ticks)) < max(len(ticks), LEAST_THERE * n_places):
            return frame
        own = encoder.encoders[at].encode(TypedSeries(encoder.columns[at], frame.iloc[:, at]))
        units = np.zeros((len(frame), self.layout.n_numbers))
        codes = np.zeros((len(frame), len(self.layout.widths)), np.int64)
        units[order], codes[order] = self.draw(ticks, rng)
        number, spans = encoder.places[at]
        units[:, number], codes[:, spans] = own.low + own.width / 2, own.codes
        codes = encoder.settle(codes, rng)
        new = encoder.decode(units, codes, sample[1], rng, key=sample[0])
        values = frame.iloc[:, at]
        return with_values(new.set_axis(frame.index), at, values, encoder)

    def draw(self, ticks: Places, rng: np.random.Generator) -> tuple[Floats, Places]:
        """Draw the encoded rows of dates in order; those of the dates themselves are zeros.

        Parameters
        ----------
        ticks
            The dates.
        rng
            The only source of randomness.
        """
        n, warm = len(ticks), WARM_UP + max(self.lags)
        n_blocks = max(n // BLOCK, 1)
        length = -(-n // n_blocks)
        more = min(OVERLAP, length) * (n_blocks > 1)
        beside = self.grid.step * np.arange(1, warm + n_blocks * length + more - n + 1)
        along = np.concatenate([ticks[0] - beside[:warm][::-1], ticks, ticks[-1] + beside])
        starts = length * np.arange(n_blocks)
        rows = [along[starts + step] for step in range(warm + length + more)]
        drawn = self._drawn_side_by_side(rows, rng)
        scores, units, codes = (np.stack(part[warm:], axis=1) for part in drawn)
        chosen, place = np.zeros(n, np.int64), np.arange(n)
        for block in range(1, n_blocks):  # from where on the next block is taken
            end, own = scores[block - 1, length:], scores[block, :more]
            cut = starts[block] + int(((end - own) ** 2).sum(axis=1).argmin()) + 1
            chosen[cut:] = block
        within = place - starts[chosen]
        units, codes = units[chosen, within], codes[chosen, within]
        for number in range(self.layout.n_numbers):
            shown = _is_present(self.layout, number, codes)
            ranks = np.argsort(np.argsort(units[shown, number], kind="stable"))
            units[shown, number] = (ranks + rng.random(len(ranks))) / max(len(ranks), 1)
        return units, codes

    def _drawn_side_by_side(
        self, rows: Sequence[Places], rng: np.random.Generator
    ) -> tuple[list[Floats], list[Floats], list[Places]]:
        """Draw a row of each block after the other: their scores, numbers and codes."""
        n, width = len(rows[0]), self.columns[-1].scores.places.stop
        scores = [rng.standard_normal((n, width))] * max(self.lags)
        units, codes = list[Floats](), list[Places]()
        for ticks in rows:
            now, row = np.zeros((n, width)), np.zeros((n, len(self.layout.widths)), np.int64)
            numbers = np.zeros((n, self.layout.n_numbers))
            before = _Before(
                self.clock.basis(ticks),
                self.clock.phases(ticks),
                tuple(scores[-lag] for lag in self.lags),
            )
            for own in self.columns:
                context, forecast = before.context(own.scores, now, own.weights)
                drawn = own.trees.draw(n, rng, context=context)[1][:, 0]
                if own.scores.column < self.layout.n_numbers:
                    score = forecast[:, 0] + own.residuals_in(drawn, rng)
                    numbers[:, own.scores.column] = ndtr(score)
                else:
                    row[:, own.scores.column - self.layout.n_numbers] = drawn
                now[:, own.scores.places] = _scores_of(own.scores, self.layout, numbers, row)
            scores.append(now)
            units.append(numbers)
            codes.append(row)
        return scores[max(self.lags) :], units, codes

    def to_json(self) -> dict[str, Any]:
        """Describe all but the tensors by JSON values."""
        columns = [
            {"column": own.scores.column, "trees": own.trees.to_json()} for own in self.columns
        ]
        return {
            "grid": self.grid.to_json(),
            "clock": asdict(self.clock),
            "lags": [*self.lags],
            "columns": columns,
        }

    def to_tensors(self) -> dict[str, Tensor]:
        """Return the tensors, by name."""
        return {
            f"{place}.{name}": tensor
            for place, own in enumerate(self.columns)
            for name, tensor in own.to_tensors().items()
        }

    @classmethod
    def restore(
        cls, description: Mapping[str, Any], tensors: Mapping[str, Tensor], layout: RowLayout
    ) -> Self:
        """Rebuild a series from the values of `to_json` and `to_tensors`.

        Parameters
        ----------
        description, tensors
            What `to_json` and `to_tensors` returned.
        layout
            Layout of an encoded row.

        Raises
        ------
        KeyError, TypeError, ValueError
            If a part is missing or does not fit.
        """
        clock = description["clock"]
        cycles = tuple(map(float, clock["cycles"]))
        n_knots = int(clock["n_knots"])
        found = _Clock(int(clock["first"]), int(clock["last"]), cycles, n_knots)
        lags = tuple(map(int, description["lags"]))
        if found.first >= found.last or not all(cycle > 0 for cycle in cycles):
            raise ValueError("series: dates without a length")
        if not 2 <= n_knots <= MOST_KNOTS:
            raise ValueError("series: a trend of too few or too many bends")
        if not lags or lags[0] != 1 or not 0 < min(lags) <= max(lags) <= MOST_LAG + 1:
            raise ValueError("series: rows that don't come before")
        own = [under(f"{place}.", tensors) for place in range(len(description["columns"]))]
        drawn = [int(state["column"]) for state in description["columns"]]
        if len({*drawn}) != len(drawn) or not drawn or not {*drawn} <= {*range(_n_columns(layout))}:
            raise ValueError("series: a column is drawn twice, or unknown")
        shown = [(part["levels"].numpy(), part["bands"].numpy()) for part in own]
        scores = _all_scores(layout, drawn, shown)
        width = scores[-1].places.stop
        columns = []
        for place, (state, part) in enumerate(zip(description["columns"], own, strict=True)):
            trees = TreeGenerator.restore(
                state["trees"], under("trees.", part), _layout_of(layout, drawn[place]), ()
            )
            weights, residuals = (part[name].numpy() for name in ("weights", "residuals"))
            column = _SeriesColumn(scores[place], weights, residuals, trees)
            is_number = drawn[place] < layout.n_numbers
            _check_column(column, found, len(lags), width, is_number=is_number)
            columns.append(column)
        return cls(TimeGrid.from_json(description["grid"]), found, lags, layout, tuple(columns))


def _check_column(
    own: _SeriesColumn, clock: _Clock, n_lags: int, width: int, *, is_number: bool
) -> None:
    """Check that a column's parts fit to each other."""
    now = np.zeros((1, width))
    tick = np.array([clock.first], np.int64)
    before = _Before(clock.basis(tick), clock.phases(tick), (now,) * n_lags)
    n_scores = own.scores.places.stop - own.scores.places.start
    regressors = before.regressors(own.scores, now).shape[1]
    if own.weights.shape != (regressors, n_scores) or not np.isfinite(own.weights).all():
        raise ValueError("series: a forecast needs a weight for each regressor")
    if own.trees.n_context != before.context(own.scores, now, own.weights)[0].shape[1]:
        raise ValueError("series: trees of another context")
    if is_number and (len(own.residuals) < 2 or (np.diff(own.residuals) < 0).any()):
        raise ValueError("series: quantiles of a number must rise")


def _n_columns(layout: RowLayout) -> int:
    return layout.n_numbers + len(layout.widths)


def _layout_of(layout: RowLayout, column: int) -> RowLayout:
    """Return the layout of what trees draw of one column: a level, or the bin of a residual."""
    if column < layout.n_numbers:
        return RowLayout((), (RESIDUAL_BINS,))
    return RowLayout((), (layout.widths[column - layout.n_numbers],))


def _is_present(layout: RowLayout, number: int, codes: Places) -> NDArray[np.bool_]:
    mark = layout.marks[number]
    return np.equal(codes[:, mark], 0) if mark is not None else np.ones(len(codes), np.bool_)


def _all_scores(
    layout: RowLayout, columns: Sequence[int], shown: Sequence[tuple[Places, Floats]]
) -> tuple[_Scores, ...]:
    """Lay the scores of columns side by side."""
    found, start = list[_Scores](), 0
    for column, (levels, bands) in zip(columns, shown, strict=True):
        end = start + (1 if column < layout.n_numbers else len(levels))
        found.append(_Scores(column, slice(start, end), levels, bands))
        start = end
    return tuple(found)


def _scores_of(scores: _Scores, layout: RowLayout, numbers: Floats, codes: Places) -> Floats:
    """Return the scores of a column of rows; those of an absent number are zero."""
    if scores.column >= layout.n_numbers:
        own = codes[:, scores.column - layout.n_numbers, None]
        return np.equal(own, scores.levels).astype(np.float64)
    units = numbers[:, scores.column]
    if len(scores.bands):  # the middle of what many rows share: where in it a row lies is chance
        band = (np.searchsorted(scores.bands[:, 0], units, side="right") - 1).clip(0)
        low, high = scores.bands[band].T
        units = np.where((low <= units) & (units < high), (low + high) / 2, units)
    normal = _normal(units)[:, None]
    shown = _is_present(layout, scores.column, codes)[:, None]
    return np.where(shown, normal, np.float64(0))


def _normal(units: Floats) -> Floats:
    """Return the normal scores of probabilities."""
    scores: Floats = ndtri(units.clip(LEAST_CHANCE, 1 - LEAST_CHANCE))
    return scores


def _lags_of(grid: TimeGrid, clock: _Clock) -> tuple[int, ...]:
    """Return which rows before a row it may depend on: the last ones, and those a cycle ago."""
    cycles = [round(cycle / grid.step * grid.open_share) for cycle in clock.cycles]
    season = next((rows for rows in cycles if LAST_ROWS < rows <= MOST_LAG), None)
    last = tuple(range(1, LAST_ROWS + 1))
    return last if season is None else tuple(sorted({*last, season, season + 1}))


def fit_series(
    rows: Encoded,
    encoder: TableEncoder,
    table: ColumnFrame,
    grid: TimeGrid,
    order: Sequence[int],
    *,
    least: int,
    seed: int,
    stop: Callable[[], bool],
) -> TimeSeries | None:
    """Learn how the rows of a regular series depend on those before them.

    Parameters
    ----------
    rows
        The encoded training rows.
    encoder
        Their encoder.
    table
        The columns of the table.
    grid
        The dates.
    order
        The columns of an encoded row in the order in which they are drawn: numbers by their place,
        then level spans.
    least
        Training rows on which each leaf of a tree rests at least.
    seed
        Root of all streams of randomness.
    stop
        Is called during the fit; nothing more is learned once it returns True.

    Returns
    -------
    None if no column depends on the rows before, or the series is short.
    """
    at, layout = grid.column.position, encoder.spans
    ends = ends_of_encoder(encoder, at)
    if len(rows.codes) < LEAST_ROWS or ends is None or at not in encoder.places or stop():
        return None
    ticks = table[at].numbers.values.astype(np.int64)
    by_date = np.argsort(ticks, kind="stable")
    ticks, codes = ticks[by_date], rows.codes[by_date].astype(np.int64)
    within = numpy_stream(seed, "series").random(rows.low.shape)
    numbers = (rows.low + rows.width * within)[by_date].astype(np.float64)
    own, spans = encoder.places[at]
    dates = {*range(own.start, own.stop)}
    dates |= {layout.n_numbers + span for span in range(spans.start, spans.stop)}
    drawn = [column for column in order if column not in dates]
    if not drawn:
        return None
    bands = (_bands(rows, column) for column in drawn)
    levels = (_shown_levels(codes, column - layout.n_numbers) for column in drawn)
    scores = _all_scores(layout, drawn, [*zip(levels, bands, strict=True)])
    parts = [_scores_of(each, layout, numbers, codes) for each in scores]
    now: Floats = np.column_stack(parts)
    clock = _Clock.of(ends, grid)
    lags = _lags_of(grid, clock)
    rows_after = np.arange(max(lags), len(now))
    if len(rows_after) > MOST_LEARNED:
        chosen = numpy_stream(seed, "series", "rows").choice(rows_after, MOST_LEARNED, False)
        rows_after = np.sort(chosen)
    phases, lagged = clock.phases(ticks[rows_after]), tuple(now[rows_after - lag] for lag in lags)
    before = _Before(clock.basis(ticks[rows_after]), phases, lagged)
    now, codes, numbers = now[rows_after], codes[rows_after], numbers[rows_after]
    if not any(_depends(before, each, now) for each in scores):
        return None
    knots = np.clip(len(ticks) // max(KNOT_ROWS, least), FEW_KNOTS, MOST_KNOTS)
    clock = replace(clock, n_knots=int(knots))  # no stretch that is held out would have such bends
    before = before._replace(basis=clock.basis(ticks[rows_after]))
    fit = _SeriesFit(layout, before, now, numbers, codes, least, seed, stop)
    columns = tuple(fit.column(each) for each in scores)
    return None if stop() else TimeSeries(grid, clock, lags, layout, columns)


def _shown_levels(codes: NDArray[np.integer], span: int) -> Places:
    """Return the levels of a span that have an indicator: the frequent ones but the first."""
    if span < 0:
        return np.zeros(0, np.int64)
    counts = np.bincount(codes[:, span])
    most = np.argsort(-counts, kind="stable")[1 : MOST_SHOWN + 1]
    return np.sort(most[counts[most] > 0]).astype(np.int64)


def _bands(rows: Encoded, column: int) -> Floats:
    """Return where the values of a number begin and end that many rows share."""
    if column >= rows.low.shape[1]:
        return np.zeros((0, 2))
    low, width = rows.low[:, column].astype(np.float64), rows.width[:, column]
    starts, first = np.unique(low, return_index=True)
    widths = width[first]
    return np.column_stack([starts, starts + widths])[widths >= LEAST_BAND]


def _regression(regressors: Floats, scores: Floats) -> Floats:
    """Return the weights of a ridge regression, shape (regressors, scores)."""
    squares = regressors.T @ regressors + RIDGE * np.eye(regressors.shape[1])
    return np.asarray(np.linalg.solve(squares, regressors.T @ scores), np.float64)


def _depends(before: _Before, scores: _Scores, now: Floats) -> bool:
    """Return whether the rows before tell of a column in stretches that are held out."""
    held_out = np.arange(len(now)) * STRETCHES // len(now) % 2 == 1
    own, known = now[:, scores.places], before.regressors(scores, now)
    lagged = np.zeros(known.shape[1], np.bool_)
    lagged[before.basis.shape[1] + scores.places.start :] = True
    left = []
    for which in (~lagged, np.ones_like(lagged)):
        weights = _regression(known[~held_out][:, which], own[~held_out])
        left.append(((own - known[:, which] @ weights)[held_out] ** 2).sum())
    return bool(left[1] < left[0] * (1 - LEAST_EXPLAINED - EVIDENCE / held_out.sum()))


@dataclass(frozen=True, eq=False)
class _SeriesFit:
    """Fits single columns to the rows of a series; see `fit_series`."""

    layout: RowLayout
    before: _Before
    now: Floats
    numbers: Floats
    codes: Places
    least: int
    seed: int
    stop: Callable[[], bool]

    def column(self, scores: _Scores) -> _SeriesColumn:
        """Fit a column."""
        layout, n_numbers = self.layout, self.layout.n_numbers
        is_number = scores.column < n_numbers
        shown = np.ones(len(self.codes), np.bool_)
        if is_number:
            shown = _is_present(layout, scores.column, self.codes)
        before = self.before.take(shown)
        now = self.now[shown]
        own = (
            _normal(self.numbers[shown][:, [scores.column]]) if is_number else now[:, scores.places]
        )
        weights = _regression(before.regressors(scores, now), own)
        context, forecast = before.context(scores, now, weights)
        if is_number:
            left = (own - forecast)[:, 0]
            residuals, ranks = _residual_quantiles(left, self.least), np.argsort(np.argsort(left))
            codes = RESIDUAL_BINS * ranks // max(len(ranks), 1)
        else:
            residuals, codes = np.zeros(0), self.codes[:, scores.column - n_numbers]
        rng = numpy_stream(self.seed, "series", scores.column)
        training = TreeTraining(
            layout=_layout_of(layout, scores.column),
            order=(0,),
            level_growth=GROWTH,
            least=self.least,
            folds=1,
            seed=int(rng.integers(2**31)),
        )
        none = np.zeros((len(codes), 0))
        trees = training.run(
            none, none, codes[:, None], context=context, stop=lambda _at: self.stop()
        )
        return _SeriesColumn(scores, weights, residuals, trees)


def _residual_quantiles(left: Floats, least: int) -> Floats:
    """Return two quantiles or more of what a forecast leaves; none tells of a single row."""
    found = typical_values(left, MOST_QUANTILES, least) if len(left) else np.zeros(1)
    return np.repeat(found, 2) if len(found) < 2 else found
