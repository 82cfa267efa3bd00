"""`TreeGenerator`: samples encoded rows column by column, with trees that see the columns before.

The joint distribution is a product of conditional ones, as in sequential trees (Reiter, 2005). A
level span is sampled from a classifier of its levels. A number is sampled digit by digit: the
quarter of its distribution, the quarter of that, and so on. The bins are cut by mass between the
bands of frequent values. Each digit has a classifier that sees the digits before it, and all
columns before at full resolution. The rest of a number is uniform within its finest bin. In small
tables, held-out rows choose the depth of a column's trees.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.model_file import under
from tabgan.base.random_streams import numpy_stream
from tabgan.base.row_layout import RowLayout
from tabgan.generators.trees.grow_trees import Growth, fit_vector_leaf_trees
from tabgan.generators.trees.vector_leaf_trees import Codes, Features, VectorLeafTrees

__all__ = ["NumberGrid", "TreeColumn", "TreeGenerator", "TreeTraining"]

BASE = 4  # bins into which a digit divides
DIGITS = 5
ROWS_PER_BIN = 10  # of the finest bins on average, where a table has few rows
SPARE_DIGITS = 3  # where frequent values make the divisions uneven
LEVEL_GROWTH = Growth(depth=6, rate=0.15, bins=64)
DIGIT_GROWTH = Growth(depth=5, rate=0.3, bins=128)
FREQUENT = 0.05  # mass of a bin that keeps its rows when numbers are ranked
MOST_ROWS = 100_000  # on which the trees of a column are grown
MOST_BINS = 4096  # of a number, in a file
HELD_OUT = 0.1  # share of the rows by which the growth of trees ends …
FEW_ROWS = 5_000  # … where there are more; of so few, each is held out once …
FOLDS = 4  # … by one of so many classifiers, whose mean is taken: all have the trees of one
SHALLOW, SLOW, PATIENT = 3, 0.1, 12  # depth, rate and patience that few rows are also tried with
LEAST_CHANCE = 1e-6  # of a class, for its loss

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NumberGrid:
    """The bins of a number's probability, and the digits that lead to each.

    Parameters
    ----------
    edges
        Ends of the bins, rising from 0 to 1, shape (bins + 1,).
    """

    edges: Floats

    @cached_property
    def divisions(self) -> tuple[Codes, ...]:
        """For each digit and first bin of a range: where its parts begin, and its end.

        Shape (bins, `BASE` + 1) each; parts that there are not begin at the end.
        """
        found: list[Codes] = []
        ranges = [(0, len(self.edges) - 1)]
        while any(end - first > 1 for first, end in ranges) and len(found) < DIGITS + SPARE_DIGITS:
            cuts = np.zeros((len(self.edges) - 1, BASE + 1), np.int64)
            for first, end in ranges:
                cuts[first] = self._parts(first, end)
            found.append(cuts)
            ranges = [(a, b) for first, _ in ranges for a, b in pairwise(cuts[first]) if a < b]
        return tuple(found)

    def _parts(self, first: int, end: int) -> Codes:
        """Divide a range of bins into parts of about the same mass."""
        inner = self.edges[first + 1 : end]
        wanted = np.linspace(self.edges[first], self.edges[end], BASE + 1)[1:-1]
        chosen = _nearest(inner, wanted) + first + 1 if len(inner) else np.zeros(0, np.int64)
        return np.array([first, *chosen, *[end] * (BASE - len(chosen))])

    @classmethod
    def fit(cls, low: Floats, least: int) -> Self:
        """Cut the unit interval between the bands of a number.

        Parameters
        ----------
        low
            Where the bands of the training rows that have the number begin, shape (rows,).
        least
            Training rows of a bin.
        """
        starts, counts = np.unique(low, return_counts=True)
        edges, below = np.append(starts, 1.0), np.append(0, np.cumsum(counts))
        edges[0] = 0.0
        n_bins = int(np.clip(len(low) // ROWS_PER_BIN, 1, BASE**DIGITS))
        cuts = _nearest(below[1:-1], np.linspace(0, len(low), n_bins + 1)[1:-1]) + 1
        kept = [0]
        for cut in cuts.tolist():
            if below[cut] - below[kept[-1]] >= least and len(low) - below[cut] >= least:
                kept.append(cut)
        return cls(edges[[*kept, len(edges) - 1]])

    def bin_of(self, units: Floats) -> Codes:
        """Return the bin of each probability."""
        return np.searchsorted(self.edges[1:-1], units, side="right").astype(np.int64)

    @cached_property
    def borders(self) -> Floats:
        """Ends of the stretches within which numbers are ranked; frequent bins are their own."""
        frequent = np.flatnonzero(np.diff(self.edges) >= FREQUENT)
        ends = np.unique([0, *frequent, *(frequent + 1), len(self.edges) - 1])
        return np.asarray(self.edges[ends])

    def ranked(self, units: Floats, rng: np.random.Generator) -> Floats:
        """Replace probabilities by their ranks within each stretch: each is uniform.

        A rank over all of them would push rows in or out of frequent values, whose relations to
        other columns would be lost.

        Parameters
        ----------
        units
            Probabilities, shape (rows,).
        rng
            Randomness within each rank.
        """
        order = np.argsort(units, kind="stable")
        ends = np.searchsorted(units[order], self.borders[1:-1])
        counts = np.diff([0, *ends, len(units)])
        first = np.repeat(np.cumsum(counts) - counts, counts)
        within = (np.arange(len(units)) - first + rng.random(len(units))) / np.repeat(
            counts, counts
        )
        low, size = (np.repeat(part, counts) for part in (self.borders[:-1], np.diff(self.borders)))
        found = np.empty(len(units))
        found[order] = low + size * within
        return found

    def draw_units(self, bins: Codes, rng: np.random.Generator) -> Floats:
        """Draw a probability uniformly within each bin.

        Parameters
        ----------
        bins
            Numbers of bins.
        rng
            Randomness of the draw.
        """
        low, high = self.edges[bins], self.edges[bins + 1]
        return low + (high - low) * rng.random(len(bins))


def _nearest(places: NDArray[np.number], wanted: Floats) -> NDArray[np.intp]:
    """Return which of some rising numbers are the nearest ones to those wanted, each once."""
    if not len(places) or not len(wanted):
        return np.zeros(0, np.intp)
    after = np.searchsorted(places, wanted).clip(0, len(places) - 1)
    before = (after - 1).clip(0)
    nearer = np.where(wanted - places[before] <= places[after] - wanted, before, after)
    return np.unique(nearer)


def _never(_place: int) -> bool:
    """Say that there is no reason to stop."""
    return False


class TreeColumn(NamedTuple):
    """The classifiers that sample one column of an encoded row.

    Attributes
    ----------
    column
        Which column: numbers first, then level spans.
    trees
        Draws the level among `levels`; or the digits of a number, one classifier each.
    levels
        Codes of the levels that occur; none for a number.
    """

    column: int
    trees: tuple[VectorLeafTrees, ...]
    levels: Codes

    @property
    def n_trees(self) -> int:
        """Number of trees that each row goes through."""
        return sum(map(len, self.trees))


@dataclass(frozen=True, eq=False)
class TreeGenerator:
    """Samples encoded rows column by column.

    Parameters
    ----------
    layout
        Layout of a row.
    given
        The level spans that are handed in, and not drawn; they are the first columns.
    grids
        Bins of each number.
    columns
        What draws each column, in order. The flag of a number's presence comes before it.
    n_context
        Features of a row's context, which come before all columns.
    """

    layout: RowLayout
    given: tuple[int, ...]
    grids: tuple[NumberGrid, ...]
    columns: tuple[TreeColumn, ...]
    n_context: int = 0

    @property
    def n_trees(self) -> int:
        """Number of trees in all."""
        return sum(own.n_trees for own in self.columns)

    def draw(
        self,
        n: int,
        rng: np.random.Generator,
        given: Codes | None = None,
        context: Features | None = None,
    ) -> tuple[Floats, Codes]:
        """Draw n rows: probabilities of shape (n, numbers), codes of shape (n, level spans).

        Parameters
        ----------
        n
            Number of rows.
        rng
            Randomness of the draw.
        given
            Codes of the level spans that are handed in, shape (n, given spans).
        context
            What else each row is drawn by, shape (n, n_context); NaN where it is missing.
        """
        first = self.n_context + len(self.given)
        units = np.empty((n, self.layout.n_numbers))
        codes = np.zeros((n, len(self.layout.widths)), np.int64)
        features = np.empty((n, first + len(self.columns)), np.float32)
        if context is not None:
            features[:, : self.n_context] = context
        if given is not None:
            codes[:, list(self.given)] = given
            features[:, self.n_context : first] = given
        for place, own in enumerate(self.columns, start=first):
            if own.column >= self.layout.n_numbers:
                drawn = own.levels[own.trees[0].draw(features[:, :place], rng)]
                codes[:, own.column - self.layout.n_numbers] = drawn
                features[:, place] = drawn
            else:
                units[:, own.column] = self._draw_number(own, features, place, codes, rng)
        return units, codes

    def _draw_number(
        self,
        own: TreeColumn,
        features: Features,
        place: int,
        codes: Codes,
        rng: np.random.Generator,
    ) -> Floats:
        """Draw a number, and put its bin among the features; absent ones are anywhere."""
        grid, units = self.grids[own.column], rng.random(len(features))
        shown = np.flatnonzero(_present(self.layout, own.column, codes))
        seen, bins = features[shown, : place + 1], np.zeros(len(shown), np.int64)
        for digit, (trees, cuts) in enumerate(zip(own.trees, grid.divisions, strict=True)):
            parts = cuts[bins]
            several = np.flatnonzero(parts[:, 1] < parts[:, -1])
            parts = parts[several]
            seen[:, place] = bins
            known = seen[several, : place + (digit > 0)]
            drawn = trees.draw(known, rng, parts[:, :-1] < parts[:, 1:])
            bins[several] = parts[np.arange(len(parts)), drawn]
        units[shown] = grid.draw_units(bins, rng)
        features[:, place] = np.nan
        features[shown, place] = bins
        return units

    def ranked(self, units: Floats, codes: Codes, rng: np.random.Generator) -> Floats:
        """Return numbers whose margins are those of the training rows, but for frequent values.

        Parameters
        ----------
        units
            Probabilities, shape (rows, numbers).
        codes
            Codes, shape (rows, level spans).
        rng
            Randomness within each rank.
        """
        ranked = units.copy()
        for number, grid in enumerate(self.grids):
            shown = _present(self.layout, number, codes)
            ranked[shown, number] = grid.ranked(units[shown, number], rng)
        return ranked

    def to_json(self) -> dict[str, Any]:
        """Describe all but the tensors by JSON values."""
        columns = [{"column": own.column, "levels": own.levels.tolist()} for own in self.columns]
        state = {"grids": [grid.edges.tolist() for grid in self.grids], "columns": columns}
        return {**state, "context": self.n_context} if self.n_context else state

    def to_tensors(self) -> dict[str, Tensor]:
        """Return the trees as tensors, by name."""
        return {
            f"{place}.{stage}.{key}": tensor
            for place, own in enumerate(self.columns)
            for stage, trees in enumerate(own.trees)
            for key, tensor in trees.to_tensors().items()
        }

    @classmethod
    def restore(
        cls,
        description: Mapping[str, Any],
        tensors: Mapping[str, Tensor],
        layout: RowLayout,
        given: Sequence[int],
    ) -> Self:
        """Rebuild a generator from the values of `to_json` and `to_tensors`.

        Parameters
        ----------
        description, tensors
            What `to_json` and `to_tensors` returned.
        layout, given
            Layout of a row, and the level spans that are handed in.

        Raises
        ------
        KeyError, TypeError, ValueError
            If a part is missing or does not fit.
        """
        grids = tuple(_grid_of(state) for state in description["grids"])
        if len(grids) != layout.n_numbers:
            raise ValueError("trees: bins are needed for every number")
        order = [int(state["column"]) for state in description["columns"]]
        _check_order(order, layout, given)
        columns, n_context = [], int(description.get("context", 0))
        first = [layout.n_numbers + span for span in given]
        widths = feature_widths(layout, [*first, *order], n_context)
        for place, state in enumerate(description["columns"]):
            before = widths[: n_context + len(given) + place]
            own = under(f"{place}.", tensors)
            columns.append(_column_of(state, own, layout, grids, before))
        return cls(layout, tuple(given), grids, tuple(columns), n_context)


def feature_widths(layout: RowLayout, order: Sequence[int], n_context: int = 0) -> tuple[int, ...]:
    """Return the number of levels of each feature, 0 for numbers and context.

    Parameters
    ----------
    layout
        Layout of a row.
    order
        The columns in order: numbers by their place, then level spans.
    n_context
        Features of the context, which come first.
    """
    n_numbers = layout.n_numbers
    own = [layout.widths[at - n_numbers] if at >= n_numbers else 0 for at in order]
    return (*[0] * n_context, *own)


def _present(layout: RowLayout, number: int, codes: NDArray[np.integer]) -> NDArray[np.bool_]:
    mark = layout.marks[number]
    if mark is None:
        return np.ones(len(codes), np.bool_)
    return codes[:, mark] == 0  # type: ignore[no-any-return]


def _check_order(order: Sequence[int], layout: RowLayout, given: Sequence[int]) -> None:
    """Check that each column is drawn once, and a number after the flag of its presence."""
    first = [layout.n_numbers + span for span in given]
    whole = [*first, *order]
    if sorted(whole) != [*range(layout.n_numbers + len(layout.widths))]:
        raise ValueError("trees: each column must be drawn once")
    for number, mark in enumerate(layout.marks):
        if mark is not None and whole.index(layout.n_numbers + mark) > whole.index(number):
            raise ValueError("trees: a number comes before the flag of its presence")


def _grid_of(state: Any) -> NumberGrid:
    edges = np.array(state, np.float64)
    if edges.ndim != 1 or not 2 <= len(edges) <= MOST_BINS or not (np.diff(edges) >= 0).all():
        raise ValueError("trees: the edges of bins must rise")
    if edges[0] != 0 or edges[-1] != 1:
        raise ValueError("trees: bins must cover the unit interval")
    return NumberGrid(edges)


def _column_of(
    state: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
    layout: RowLayout,
    grids: Sequence[NumberGrid],
    before: tuple[int, ...],
) -> TreeColumn:
    column, levels = int(state["column"]), np.array(state["levels"], np.int64)
    if column >= layout.n_numbers:
        width = layout.widths[column - layout.n_numbers]
        if levels.ndim != 1 or not len(levels) or (levels < 0).any() or (levels >= width).any():
            raise ValueError("trees: an unknown level")
        sizes = [(before, len(levels))]
    else:
        n_digits = len(grids[column].divisions)
        sizes = [((*before, *[0] * (digit > 0)), BASE) for digit in range(n_digits)]
    trees = (
        VectorLeafTrees.from_tensors(under(f"{stage}.", tensors), *size)
        for stage, size in enumerate(sizes)
    )
    return TreeColumn(column, tuple(trees), levels)


@dataclass(frozen=True, kw_only=True)
class TreeTraining:
    """The fit of a `TreeGenerator` to encoded rows.

    Parameters
    ----------
    layout
        Layout of a row.
    order
        The columns in the order in which they are drawn: numbers by their place, then level spans.
        A number's flag of presence comes before it.
    given
        The level spans that are handed in, and not drawn.
    level_growth, digit_growth
        How the trees of levels, and of digits of numbers, are grown.
    least
        Training rows on which each leaf and each bin of a number rests at least.
    folds
        Classifiers of a column whose mean is taken where rows are few; 1 is the fastest.
    seed
        Root of all streams of randomness.
    workers
        Columns that are fitted at a time.
    """

    layout: RowLayout
    order: tuple[int, ...]
    given: tuple[int, ...] = ()
    level_growth: Growth = LEVEL_GROWTH
    digit_growth: Growth = DIGIT_GROWTH
    least: int = 1
    folds: int = FOLDS
    seed: int = 0
    workers: int = 1

    def run(
        self,
        low: NDArray[np.floating],
        width: NDArray[np.floating],
        codes: NDArray[np.integer],
        *,
        context: Features | None = None,
        stop: Callable[[int], bool] = _never,
    ) -> TreeGenerator:
        """Fit all columns; each one depends on the training rows alone, whatever the others.

        Parameters
        ----------
        low, width
            The bands of the numbers, shape (rows, numbers) each.
        codes
            Codes of the level spans, shape (rows, level spans).
        context
            What else each row is drawn by, shape (rows, features); NaN where it is missing.
        stop
            Called after each round with how many columns are drawn before this one, from the thread
            of the column: whether to grow no further tree of it.
        """
        grids = [self._grid(number, low, codes) for number in range(self.layout.n_numbers)]
        first = [self.layout.n_numbers + span for span in self.given]
        drawn = [column for column in self.order if column not in first]
        n_context = 0 if context is None else context.shape[1]
        begin = n_context + len(first)
        features = np.empty((len(codes), begin + len(drawn)), np.float32)
        if context is not None:
            features[:, :n_context] = context
        for place, column in enumerate([*first, *drawn], start=n_context):
            features[:, place] = self._feature(column, low, width, codes, grids)
        widths = feature_widths(self.layout, [*first, *drawn], n_context)
        fit = _ColumnFit(self, features, widths, grids, codes, stop, begin)
        with ThreadPoolExecutor(self.workers) as pool:
            columns = tuple(pool.map(fit.column, drawn, range(begin, begin + len(drawn))))
        return TreeGenerator(self.layout, self.given, tuple(grids), columns, n_context)

    def _grid(
        self, number: int, low: NDArray[np.floating], codes: NDArray[np.integer]
    ) -> NumberGrid:
        shown = _present(self.layout, number, codes)
        if not shown.any():
            return NumberGrid(np.array([0.0, 1.0]))
        return NumberGrid.fit(low[shown, number].astype(np.float64), self.least)

    def _feature(
        self,
        column: int,
        low: NDArray[np.floating],
        width: NDArray[np.floating],
        codes: NDArray[np.integer],
        grids: Sequence[NumberGrid],
    ) -> Features:
        if column >= self.layout.n_numbers:
            return codes[:, column - self.layout.n_numbers].astype(np.float32)
        middle = low[:, column].astype(np.float64) + width[:, column] / 2
        bins = grids[column].bin_of(middle).astype(np.float32)
        bins[~_present(self.layout, column, codes)] = np.nan
        return bins


@dataclass(frozen=True, eq=False)
class _ColumnFit:
    """Fits single columns to training rows; see `TreeTraining.run`."""

    training: TreeTraining
    features: Features
    widths: tuple[int, ...]  # number of levels of each feature, 0 for numbers
    grids: Sequence[NumberGrid]
    codes: NDArray[np.integer]
    stop: Callable[[int], bool]
    begin: int  # features before the first column that is drawn

    def column(self, column: int, place: int) -> TreeColumn:
        """Fit the column at a place of the order.

        Parameters
        ----------
        column
            Which column: numbers first, then level spans.
        place
            How many come before it.
        """
        own = self.features[:, place]
        if column >= self.training.layout.n_numbers:
            levels, classes = np.unique(own.astype(np.int64), return_inverse=True)
            trees = self._trees(
                self.features[:, :place], classes, len(levels), column=column, digit=None
            )
            return TreeColumn(column, (trees,), levels)
        return TreeColumn(column, tuple(self._digits(column, place)), _NO_LEVELS)

    def _digits(self, column: int, place: int) -> Iterator[VectorLeafTrees]:
        """Fit the digits of a number, each to the rows whose range it divides."""
        shown = ~np.isnan(self.features[:, place])
        seen, rows = self.features[shown, : place + 1], np.arange(shown.sum())
        bins, at = seen[:, place].astype(np.int64), np.zeros(len(rows), np.int64)
        for digit, cuts in enumerate(self.grids[column].divisions):
            parts = cuts[at]
            which = np.minimum((parts[:, 1:] <= bins[:, None]).sum(axis=1), BASE - 1)
            several = parts[:, 1] < parts[:, -1]
            seen[:, place] = at
            known = seen[several, : place + (digit > 0)]
            yield self._trees(known, which[several], BASE, column=column, digit=digit)
            at = np.where(several, parts[rows, which], at)

    def _trees(
        self, features: Features, classes: Codes, n_classes: int, *, column: int, digit: int | None
    ) -> VectorLeafTrees:
        training = self.training
        growth = training.level_growth if digit is None else training.digit_growth
        rng = numpy_stream(training.seed, "trees", column, digit or 0)
        place = features.shape[1] - bool(digit)
        counts = np.bincount(classes, minlength=n_classes)
        if len(classes) > MOST_ROWS:
            chosen = rng.choice(len(classes), MOST_ROWS, replace=False)
            features, classes = features[chosen], classes[chosen]

        def stop() -> bool:
            return self.stop(place - self.begin)

        def fit(growth: Growth, held_out: NDArray[np.bool_]) -> VectorLeafTrees:
            return fit_vector_leaf_trees(
                features,
                classes,
                counts / max(counts.sum(), 1),
                growth,
                widths=(*self.widths[:place], *[0] * bool(digit)),
                held_out=held_out,
                least=training.least,
                seed=int(rng.integers(2**31)),
                stop=stop,
            )

        first, *others = _parts_held_out(len(classes), rng, training.folds)
        growth = replace(growth, rounds=-(-growth.rounds // (1 + len(others))))
        parts = [fit(growth, first)]
        if others and not stop():
            slow = replace(growth, depth=SHALLOW, rate=SLOW, patience=PATIENT)
            shallow = fit(slow, first)
            if _loss(shallow, features, classes, first) < _loss(parts[0], features, classes, first):
                parts, growth = [shallow], slow
        for held_out in others:
            if stop():  # one without trees would draw the others to the common shares
                break
            parts.append(fit(growth, held_out))
        return VectorLeafTrees.mean(parts) if len(parts) > 1 else parts[0]


def _loss(
    trees: VectorLeafTrees, features: Features, classes: Codes, rows: NDArray[np.bool_]
) -> float:
    """Return the mean log-loss of a classifier on some rows."""
    chances = trees.probabilities(features[rows])[np.arange(rows.sum()), classes[rows]]
    return float(-np.log(np.maximum(chances, LEAST_CHANCE)).mean())


def _parts_held_out(
    n_rows: int, rng: np.random.Generator, folds: int = FOLDS
) -> list[NDArray[np.bool_]]:
    """Return which rows each classifier holds out.

    Of few rows a tenth says little of when growth is to end, and each row that is not learned from
    is missed: so several classifiers learn from other rows each.
    """
    if n_rows > FEW_ROWS or folds == 1:
        return [rng.random(n_rows) < HELD_OUT]
    fold = rng.permutation(n_rows) % folds
    return [fold == number for number in range(folds)]


_NO_LEVELS = np.zeros(0, np.int64)
