"""Candidates for identities: columns that some rows show to be computed from others.

Products of two or three, with a constant factor too, sums of any signs and multiples, extremes.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tabgan.rules.arithmetic_dependency import ArithmeticExpression, quoted
from tabgan.rules.sum_dependency import add_up, sum_triples
from tabgan.table.columns import EXACT, NUMBERS, ColumnFrame, decimals_of
from tabgan.table.numbers import Numbers

__all__ = [
    "FITTED_ROWS",
    "Identity",
    "LEAST_BROKEN",
    "MOST_FACTORS",
    "MOST_THREES",
    "NumberGroup",
    "PRECISION",
    "SPARE_ROWS",
    "find_clipped",
    "find_complements",
    "find_extremes",
    "find_linear",
    "find_multiples",
    "find_products",
    "find_scaled_products",
    "find_sums_of_two",
    "half_unit",
    "number_groups",
]

LEAST_ROWS = 100
LEAST_BROKEN = 0.05  # share of rows that break an identity when one of its columns is shuffled
PRECISION = 1e-9  # relative error of full-precision floats
TRIED_ROWS = 24  # rows on which all products are tried
REFUTING_ROWS = 500  # rows that refute most products that the first ones leave
CELLS = 2_000  # of products that are compared at once
FITTED_ROWS = 2_000  # rows on which linear identities are fitted
MOST_GROUPS = 8  # sets of columns that are missing in the same rows
MOST_FACTORS = 150  # columns whose products of two are tried
MOST_THREES = 30  # columns whose products of three are tried
MOST_CLIPPED = 60  # columns that are tried up to a limit
LEAST_AT_END = 0.05  # share of the rows at such a limit, and of those off it
MOST_SIGNIFICANT = 6  # digits of a factor
MOST_SCALED = 50  # columns whose products of two are tried with any factor
TINY = 1e-300  # no number of a table is nearer to 0
MOST_TERMS = 8  # of a linear identity
LEAST_UNITS = 5  # standard deviation of a rounded result, in units of its last place
FINEST_SHARE = 12  # greatest denominator of a coefficient
ROUNDED = 5e-4  # relative error of a coefficient of four digits
SPARE_ROWS = 30  # for a linear identity, beside two a column

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Identity:
    """A column as an expression of others."""

    target: int
    sources: tuple[int, ...]
    expression: ArithmeticExpression
    is_sum: bool = False  # the sources simply add up
    is_pair: bool = False  # two do, neither of which is seldom other than zero
    is_extreme: bool = False  # the greatest or the least of the sources
    exceptions: float = 0.0  # share of the rows that break it

    @property
    def is_copy(self) -> bool:
        """Whether it is another column as it stands."""
        return len(self.expression.program) == 1

    @property
    def only_adds(self) -> bool:
        """Whether it is a sum or difference of columns."""
        return {step.what for step in self.expression.program} <= {"column", "+", "-", "negative"}


class NumberGroup(NamedTuple):
    """Columns of numbers that are present in the same rows, or always; those rows only."""

    positions: list[int]
    values: Floats  # shape (columns, rows)
    units: Floats  # half a unit of each column's last place
    names: list[str]
    distinct: list[int]  # how many values each column has, in all rows

    def draw(self, rows: NDArray[np.intp]) -> "NumberGroup":
        """Return the group with some of its rows only, and the columns that vary in them."""
        drawn = self._replace(values=self.values[:, rows])
        return drawn._only(np.flatnonzero(np.ptp(drawn.values, axis=1)).tolist())

    def without(self, positions: Collection[int]) -> "NumberGroup":
        """Return the group without some columns, by their positions in the table."""
        return self._only([at for at, own in enumerate(self.positions) if own not in positions])

    def _only(self, columns: list[int]) -> "NumberGroup":
        return NumberGroup(
            [self.positions[at] for at in columns],
            self.values[columns],
            self.units[columns],
            [self.names[at] for at in columns],
            [self.distinct[at] for at in columns],
        )

    def slack(self, rows: slice | NDArray[np.intp] = slice(None)) -> Floats:
        """Return how far a result may be from each column's numbers, shape (columns, rows)."""
        slack: Floats = self.units[:, None] * (1 + 1e-6) + PRECISION * np.abs(self.values[:, rows])
        return slack

    def identity(self, target: int, text: str, **kind: bool) -> Identity:
        """Describe a column of the group by an expression of others, and of which kind it is."""
        expression = ArithmeticExpression(text)
        place = dict(zip(self.names, self.positions, strict=True))
        sources = tuple(place[name] for name in expression.names)
        return Identity(self.positions[target], sources, expression, **kind)

    def quoted(self, column: int) -> str:
        """Write a column's name as it stands in an expression."""
        return quoted(self.names[column])


def half_unit(decimals: int | None) -> float:
    """Return half a unit of the last of some decimals; 0 for a full-precision float."""
    return 0.0 if decimals is None else 0.5 * 10.0**-decimals


def number_groups(sample: ColumnFrame) -> Iterator[NumberGroup]:
    """Yield the columns that are always present, then these with those missing in the same rows."""
    masks: dict[bytes, list[int]] = {}
    read: dict[int, Numbers] = {}
    names = [str(cells.column.name) for cells in sample.values()]
    for at, cells in sample.items():
        name = str(cells.column.name)
        if cells.column.kind not in NUMBERS or not name or names.count(name) > 1:
            continue
        numbers = cells.numbers
        there = numbers.values[numbers.present].astype(np.float64)
        if len(there) < LEAST_ROWS or np.abs(there).max() > EXACT or there.min() == there.max():
            continue
        read[at] = numbers
        masks.setdefault(numbers.present.tobytes(), []).append(at)
    always = [at for at, numbers in read.items() if numbers.present.all()]
    largest = sorted(masks.values(), key=len, reverse=True)[:MOST_GROUPS]
    for members in [always, *(part for part in largest if part != always)]:
        rows = read[members[0]].present if members else slice(None)
        positions = [at for at in sorted({*always, *members}) if np.ptp(read[at].values[rows])]
        if len(positions) < 2:
            continue
        columns = [sample[at].column for at in positions]
        values = np.stack([read[at].values[rows].astype(np.float64) for at in positions])
        yield NumberGroup(
            positions,
            values,
            np.array([half_unit(decimals_of(column)) for column in columns]),
            [str(column.name) for column in columns],
            [len(np.unique(own)) for own in values],
        )


def find_sums_of_two(group: NumberGroup, rng: np.random.Generator) -> Iterator[Identity]:
    """Yield each sum of two columns, solved for each of the three."""
    summands = dict(enumerate(group.values))
    for a, b, total in sum_triples(summands, rng):
        if not add_up(group.values[[a, b, total]]).all():
            continue
        first, second, whole = (group.quoted(at) for at in (a, b, total))
        yield group.identity(total, f"{first} + {second}", is_sum=True, is_pair=True)
        yield group.identity(b, f"{whole} - {first}")
        yield group.identity(a, f"{whole} - {second}")


class _Factor(NamedTuple):
    """A simple function of one column, by which others are multiplied."""

    column: int
    text: str  # with {} in place of the column
    values: Floats


def _factors(group: NumberGroup, columns: Sequence[int], rows: NDArray[np.intp]) -> list[_Factor]:
    """Return the factors of some columns: itself, its inverse, and as a share or percentage."""
    forms: list[tuple[str, Callable[[Floats], Floats], float]] = [
        (" * {}", lambda x: x, np.inf),
        (" / {}", lambda x: 1 / x, np.inf),
        (" * 100 / {}", lambda x: 100 / x, np.inf),
        (" * (1 - {})", lambda x: 1 - x, 1),
        (" * (1 + {})", lambda x: 1 + x, 1),
        (" / (1 + {})", lambda x: 1 / (1 + x), 1),
        (" * {} / 100", lambda x: x / 100, 100),
        (" * (1 - {} / 100)", lambda x: 1 - x / 100, 100),
        (" * (1 + {} / 100)", lambda x: 1 + x / 100, 100),
        (" / (1 + {} / 100)", lambda x: 1 / (1 + x / 100), 100),
    ]
    found = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for column in columns:
            most = np.abs(group.values[column]).max()
            for text, function, limit in forms:
                if most <= limit and (limit != 100 or most > 1):
                    values = function(group.values[column, rows])
                    found.append(_Factor(column, text, values))
    return found


def find_products(group: NumberGroup, rng: np.random.Generator) -> Iterator[Identity]:
    """Yield columns that are, rounded, the product of two factors, then of three."""
    order = [
        at
        for at in np.argsort([-count for count in group.distinct], kind="stable").tolist()
        if _matters(group.values[at])
    ]
    fine = [_is_fine(group, at) for at in range(len(group.values))]
    zeros = (group.values == 0).sum(axis=0)
    shuffled = rng.permutation(group.values.shape[1])
    few_zeros = shuffled[np.argsort(zeros[shuffled], kind="stable")][:TRIED_ROWS]
    rows = np.concatenate([few_zeros, shuffled[:REFUTING_ROWS]])
    for most, n_bases in ((MOST_FACTORS, 1), (MOST_THREES, 2)):
        columns = sorted(order[:most])
        factors = _factors(group, columns, rows)
        bases = np.array([*combinations(columns, n_bases)], np.intp)
        if not factors or not len(bases):
            continue
        products = _Products(
            bases,
            group.values[:, rows][bases].prod(axis=1),
            np.array([factor.column for factor in factors]),
            np.stack([factor.values for factor in factors]),
        )
        ranked: list[tuple[bool, bool, int, Identity]] = []
        for target, base, factor in _matches(group, columns, products, rows):
            result = products.of_bases[base] * products.by[factor]
            error = np.abs(result - group.values[target, rows])
            is_rounded = bool((error > PRECISION * np.abs(result)).any())
            if is_rounded and not fine[target]:
                continue
            used = (*bases[base].tolist(), factors[factor].column)
            by_text = factors[factor].text
            text = " * ".join(map(group.quoted, bases[base])) + by_text.format(
                group.quoted(used[-1])
            )
            # a quotient that needs no rounding has been multiplied before
            is_turned = not is_rounded and group.units[target] > 0 and "/ {}" in by_text
            identity = group.identity(target, text)
            ranked.append((is_rounded, is_turned, -group.distinct[target], identity))
        # An exact product before a rounded quotient of the same columns, a fine result first.
        yield from (identity for *_, identity in sorted(ranked, key=lambda own: own[:3]))


def find_scaled_products(group: NumberGroup, rng: np.random.Generator) -> Iterator[Identity]:
    """Yield columns that are, rounded, a simple multiple of the product or quotient of two others.

    The logarithms of the three add up but for a constant.
    """
    zeros = (group.values == 0).sum(axis=0)
    shuffled = rng.permutation(group.values.shape[1])
    first = shuffled[np.argsort(zeros[shuffled], kind="stable")][:TRIED_ROWS]
    usable = (group.values[:, first] != 0).all(axis=1) & [_matters(own) for own in group.values]
    columns = np.flatnonzero(usable)[:MOST_SCALED]
    logs = np.log(np.abs(group.values[np.ix_(columns, first)]))
    slack = (group.slack(first) / np.maximum(np.abs(group.values[:, first]), TINY))[columns]
    logs, slack = logs[:, 1:] - logs[:, :1], slack[:, 1:] + slack[:, :1] + 4 * PRECISION
    ranked: list[tuple[bool, bool, int, Identity]] = []
    for target, (own, near) in enumerate(zip(logs, slack, strict=True)):
        for sign in (1, -1):
            error = np.abs((own - logs)[:, None] - sign * logs)  # shape (columns, columns, rows)
            for a, b in np.argwhere((error <= near).all(axis=2)).tolist():
                if target not in (a, b) and a != b and (a < b or sign < 0):
                    t, *pair = columns[[target, a, b]].tolist()
                    ranked += _scaled(group, t, pair, sign, shuffled[:REFUTING_ROWS])
    yield from (identity for *_, identity in sorted(ranked, key=lambda own: own[:3]))


def _scaled(
    group: NumberGroup, target: int, pair: Sequence[int], sign: int, rows: NDArray[np.intp]
) -> Iterator[tuple[bool, bool, int, Identity]]:
    """Yield a multiple of a product, or of a quotient, ranked as `find_products` does."""
    (a, b), own = pair, group.values[target]
    peak = int(np.abs(own).argmax())
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        result = group.values[a] * group.values[b] ** sign
        factor = own[peak] / result[peak]
        if not TINY < factor < np.inf:
            return
        factor = _factor_of(group, target, result, factor)
        error = np.abs(factor * result - own)[rows]
    if not (error <= group.slack(rows)[target]).all():
        return
    is_rounded = bool((error > PRECISION * np.abs(own[rows])).any())
    if is_rounded and not _is_fine(group, target):
        return
    text = f"{_multiple(factor)} * {group.quoted(a)} {'*' if sign > 0 else '/'} "
    is_turned = not is_rounded and group.units[target] > 0 and sign < 0
    identity = group.identity(target, text + group.quoted(b))
    yield is_rounded, is_turned, -group.distinct[target], identity


def find_multiples(group: NumberGroup) -> Iterator[Identity]:
    """Yield columns that are, rounded, a simple multiple of another one."""
    first = slice(TRIED_ROWS)
    peaks = np.abs(group.values).argmax(axis=1)
    fine = np.array([_is_fine(group, at) for at in range(len(group.values))])
    head, slack = group.values[:, first], group.slack(first)
    found: list[tuple[bool, Identity]] = []
    for source, peak in enumerate(peaks):
        own = head[source]
        ratios = group.values[:, peak] / group.values[source, peak]
        results = own * ratios[:, None]
        # a simple number lies as near to the ratio as this
        is_near = np.abs(results - head) <= slack + 2 * ROUNDED * np.abs(results)
        near = is_near.all(axis=1) & fine & (ratios != 0)
        for target in np.flatnonzero(near).tolist():
            number = _factor_of(group, target, group.values[source], ratios[target])
            if target != source and (np.abs(own * number - head[target]) <= slack[target]).all():
                is_coarser = abs(number) * group.units[source] < group.units[target]
                text = _written(group, [source], [number], 0.0)
                found.append((is_coarser, group.identity(target, text)))
    # a result that tells its source comes first
    yield from (identity for _, identity in sorted(found, key=lambda own: own[0]))


def _matters(values: Floats) -> bool:
    """Return whether shuffling a column would change enough rows to break an identity.

    So many rows change at most: those off the commonest value, and as many that get one of these.
    """
    counts = np.unique(values, return_counts=True)[1]
    return bool(2 * (1 - counts.max() / len(values)) >= LEAST_BROKEN)


def _is_fine(group: NumberGroup, target: int) -> bool:
    """Return whether a rounded result says enough: rounding would match a coarse one by chance."""
    return bool(np.std(group.values[target]) >= LEAST_UNITS * 2 * group.units[target])


class _Products(NamedTuple):
    """Products of some columns, and the factors of one more that they are multiplied by."""

    bases: NDArray[np.intp]  # the columns of each, shape (bases, columns)
    of_bases: Floats  # their product, shape (bases, rows)
    owners: NDArray[np.intp]  # the column of each factor, shape (factors,)
    by: Floats  # the factors, shape (factors, rows)

    def have(self, column: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which of the products and which of the factors are of a column."""
        return (self.bases == column).any(axis=1), self.owners == column


def _matches(
    group: NumberGroup, targets: Sequence[int], products: _Products, rows: NDArray[np.intp]
) -> list[tuple[int, int, int]]:
    """Return target, base and factor wherever base times factor is the target in all rows tried."""
    own, by = products.of_bases, products.by
    slack = group.slack(rows)
    found: list[tuple[int, int, int]] = []
    with np.errstate(over="ignore", invalid="ignore"):
        is_new = (products.bases[:, None] != products.owners[:, None]).all(axis=2)
        first = np.where(is_new, own[:, :1] * by[None, :, 0], np.nan)
        for target in targets:
            values = group.values[target, rows]
            base, factor = np.nonzero(np.abs(first - values[0]) <= slack[target, 0])
            in_base, in_factor = products.have(target)
            others = ~(in_base[base] | in_factor[factor])
            base, factor, row = base[others], factor[others], 1
            while row < len(rows) and len(base):  # the fewer are left, the more rows at once
                some = slice(row, row + max(1, CELLS // len(base)))
                error = np.abs(own[base, some] * by[factor, some] - values[some])
                fits = (error <= slack[target, some]).all(axis=1)
                base, factor, row = base[fits], factor[fits], some.stop
            found += [(target, int(b), int(f)) for b, f in zip(base, factor, strict=True)]
    return found


def find_extremes(group: NumberGroup, rng: np.random.Generator) -> Iterator[Identity]:  # noqa: ARG001
    """Yield columns that are the greatest or the least of two others or more."""
    values = group.values
    first = values[:, :TRIED_ROWS]
    for target, own in enumerate(values):
        for sign, function in ((1, "max"), (-1, "min")):
            hoped = (sign * first <= sign * first[target]).all(axis=1)
            below = [
                at
                for at in np.flatnonzero(hoped).tolist()
                if at != target and (sign * values[at] <= sign * own).all()
            ]
            reached = values[below] == own if below else np.zeros((0, len(own)), bool)
            if len(below) < 2 or not reached.any(axis=0).all():
                continue
            members = _cover(reached)
            if 2 <= len(members) <= MOST_TERMS:
                names = ", ".join(group.quoted(below[member]) for member in members)
                yield group.identity(target, f"{function}({names})", is_extreme=True)


def find_clipped(group: NumberGroup) -> Iterator[Identity]:
    """Yield columns that are another one, or a difference of two, up to or from a limit on."""
    for target, own in enumerate(group.values[:MOST_CLIPPED]):
        for end, function, name in ((own.min(), np.maximum, "max"), (own.max(), np.minimum, "min")):
            is_end = own == end
            if not LEAST_AT_END <= is_end.mean() <= 1 - LEAST_AT_END:
                continue
            rows = np.concatenate([np.flatnonzero(own)[:TRIED_ROWS] for own in (is_end, ~is_end)])
            few, slack = group.values[:MOST_CLIPPED, rows], group.slack(rows)[target]
            differences = np.concatenate([few[:, None], few[:, None] - few[None]], axis=1)
            near = np.abs(function(differences, end) - own[rows]) <= slack
            for first, second in np.argwhere(near.all(axis=2)).tolist():
                text = group.quoted(first)
                if second:
                    text += f" - {group.quoted(second - 1)}"
                beyond = (differences[first, second] != own[rows]).any()
                if beyond and target not in (first, second - 1) and first != second - 1:
                    yield group.identity(target, f"{name}({end:.12g}, {text})")


def _cover(reached: NDArray[np.bool_]) -> list[int]:
    """Return the columns that are needed to reach the target in every row."""
    members = [*range(len(reached))]
    for member in np.argsort(reached.sum(axis=1), kind="stable").tolist():
        rest = [other for other in members if other != member]
        if rest and reached[rest].any(axis=0).all():
            members = rest
    return members


def find_complements(group: NumberGroup) -> Iterator[Identity]:
    """Yield columns that add up to the same number with another one, which comes before them."""
    slack = group.slack().max(axis=1)
    for source, own in enumerate(group.values):
        sums = own + group.values[source + 1 :]
        is_same = np.ptp(sums, axis=1) <= (slack[source] + slack[source + 1 :]) / 2
        for at in np.flatnonzero(is_same).tolist():
            shift = _simple(float(np.median(sums[at])))
            if shift:
                text = _written(group, [source], [-1.0], shift)
                yield group.identity(source + 1 + at, text)


def find_linear(group: NumberGroup, computed: Mapping[int, Any]) -> Iterator[Identity]:
    """Yield columns that are sums of multiples of others, of any number, as far as rounded.

    The columns are taken one by one, those of small numbers first, since a total is larger than
    its parts. One that those before it span is a sum; its coefficients must be simple numbers.
    """
    is_computed = [at in computed for at in group.positions]
    order = sorted(
        range(len(group.positions)), key=lambda at: (not is_computed[at], np.std(group.values[at]))
    )
    values = group.values[:, :FITTED_ROWS]
    if values.shape[1] < 2 * len(order) + SPARE_ROWS:
        return
    scale = np.abs(values).max(axis=1)
    basis: list[int] = []
    axes = np.full((1, values.shape[1]), values.shape[1] ** -0.5)
    for column in order:
        own = values[column]
        rest = own - (own @ axes.T) @ axes
        rest = rest - (rest @ axes.T) @ axes
        slack = group.units[column] * 1.01 + PRECISION * scale[column]
        if np.abs(rest).max() <= slack:
            if is_computed[column]:
                continue
            found = _combination(group, column, basis, values)
            if found:
                yield from found
                continue
        length = float(np.linalg.norm(rest))
        if length > PRECISION * np.linalg.norm(own):
            axes = np.vstack([axes, rest / length])
            basis.append(column)


def _combination(
    group: NumberGroup, column: int, basis: Sequence[int], values: Floats
) -> list[Identity]:
    """Return a column as a sum of multiples of others; none if the multiples aren't simple.

    Where one of the others is itself the sum of all the rest, that reading comes first.
    """
    places = [*basis]
    own, slack = values[column], group.slack(slice(values.shape[1]))[column]
    coefficients = np.zeros(0)
    for _ in range(2):
        matrix = np.vstack([values[places], np.ones(values.shape[1])])
        widths = np.append(np.ptp(values[places], axis=1), 1.0)
        solved = np.linalg.lstsq((matrix / np.append(widths[:-1], 1.0)[:, None]).T, own)[0]
        coefficients = solved / np.append(widths[:-1], 1.0)
        share = np.abs(coefficients[:-1]) * widths[:-1]
        kept = share > max(0.25 * group.units[column], 1e-7 * np.ptp(own))
        places = [place for place, is_kept in zip(places, kept, strict=True) if is_kept]
    if not 1 <= len(places) <= MOST_TERMS or len(coefficients) != len(places) + 1:
        return []
    multiples = [_simple(number) for number in coefficients[:-1]]
    result = np.array(multiples) @ values[places]
    offset = _simple(float(np.median(own - result)))
    offset = 0.0 if abs(offset) <= max(group.units[column] * 0.5, 1e-9 * np.ptp(own)) else offset
    if not (np.abs(result + offset - own) <= slack).all():
        return []
    is_rounded = bool((np.abs(result + offset - own) > PRECISION * np.abs(own).max()).any())
    if is_rounded and not _is_fine(group, column):
        return []
    readings = [(column, places, multiples, offset)]
    above = [place for place, number in zip(places, multiples, strict=True) if number > 0]
    if len(above) == 1 < len(places):
        size = multiples[places.index(above[0])]
        others = {column: 1.0, **dict(zip(places, [-number for number in multiples], strict=True))}
        del others[above[0]]
        turned = [_simple(number / size) for number in others.values()]
        readings.insert(0, (above[0], [*others], turned, -offset / size))
    return [
        group.identity(
            target,
            _written(group, terms, numbers, shift),
            is_sum=shift == 0 and len(terms) > 1 and all(number == 1 for number in numbers),
        )
        for target, terms, numbers, shift in readings
    ]


def _simple(number: float) -> float:
    """Return a fraction of small numbers near a coefficient, else four digits of it."""
    for denominator in range(1, FINEST_SHARE + 1):
        fraction = round(number * denominator) / denominator
        if fraction and abs(fraction - number) <= 1e-4 * abs(number):
            return fraction
    return float(f"{number:.4g}")  # within ROUNDED


def _factor_of(group: NumberGroup, target: int, source: Floats, ratio: float) -> float:
    """Return the simplest factor from a column to its rounded multiple, such as 1.0825.

    Where a fraction or four digits miss a row, the rows leave a range of factors.
    """
    own, simple = group.values[target], _simple(ratio)
    slack = group.units[target] * (1 + 1e-6) + PRECISION * np.abs(own)
    if (np.abs(simple * source - own) <= slack).all():
        return simple
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.sort([(own - slack) / source, (own + slack) / source], axis=0)
    there = np.isfinite(ends).all(axis=0) & (source != 0)
    low, high = ends[0, there].max(initial=-np.inf), ends[1, there].min(initial=np.inf)
    for digits in range(1, MOST_SIGNIFICANT + 1) if low <= high else ():
        number = float(f"{(low + high) / 2:.{digits}g}")
        if low <= number <= high:
            return number
    return simple


def _written(
    group: NumberGroup, places: Sequence[int], multiples: Sequence[float], offset: float
) -> str:
    """Write a sum of multiples as an expression, what is added first."""
    terms = sorted(zip(multiples, places, strict=True), key=lambda term: (term[0] < 0, term[1]))
    text = ""
    for number, place in terms:
        sign = " - " if number < 0 else " + " if text else ""
        size = "" if abs(number) == 1 else f"{_multiple(abs(number))} * "
        text += f"{sign.strip() if not text else sign}{size}{group.quoted(place)}"
    return text if not offset else f"{text} {'-' if offset < 0 else '+'} {abs(offset):.12g}"


def _multiple(number: float) -> str:
    """Write a positive coefficient, as a fraction if it has no short decimals."""
    if float(f"{number:.6g}") == number:
        return f"{number:.6g}"
    denominator = next(d for d in range(1, FINEST_SHARE + 1) if round(number * d) / d == number)
    return f"{round(number * denominator)} / {denominator}"
