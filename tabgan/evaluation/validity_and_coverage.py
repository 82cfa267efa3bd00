"""Validity and coverage: whether each table could hold the values of the other one."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.evaluation.compared_tables import (
    CodedColumn,
    ComparedTables,
    row_hashes,
    signs_of,
    take_rows,
)
from tabgan.evaluation.distributions import shorten
from tabgan.evaluation.evaluation_parts import Coverage, Fault, Figure, Validity, Violation
from tabgan.evaluation.row_units import halves_of_units, shuffled_rows
from tabgan.inference.column_cells import read_cells
from tabgan.table.clock_shares import FormsByPart
from tabgan.table.columns import numbers_of, outside_range
from tabgan.table.schema import Column
from tabgan.table.text_formats import (
    CHECKSUMS,
    NUMBER,
    check_characters,
    checksum_of,
    is_email,
    is_iban,
    spread,
)

__all__ = ["check_validity", "measure_coverage"]

LONGEST = 80  # characters of an example
MOST_LONE_FORMS = 0.001  # share of codes that are written as no other one is
FALSE_ALARM = 0.001
NOISE = 3  # times what is likely by chance
MOST_CHECKED = 1_000  # codes by which a scheme of check digits is found
FEWEST_OF_RANGE = 50  # real values whose magnitude means something …
FEWEST_OF_TAIL = 5  # … and of those on one side of the median, beyond the bulk
MAGNITUDES = 100.0  # times the largest real distance from the median
MOST_EXPONENT = 700.0  # of e, in floats
SURE = 3  # standard errors of a tail's index
FEWEST_KEYS = 20  # real values that all differ, from which that means something
_CODES = ("identifier", "key", "iban", "uuid", "phone")
_COUNTED = ("identifier", "key")  # which may be a counter's
_WORD = r"[^\W\d_]+"
_LAST_NUMBER = re.compile("0+(?=[^0]*$)")  # of a form
SIGNIFICANT = 15  # digits that a float always keeps
FLOAT_NOISE = 1e-14  # of a number
_ANY = ("nothing", "mixed", "category")  # storages that say nothing about the cells

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]


class _Breach(NamedTuple):
    """A rule of a column, and the synthetic rows that break it."""

    fault: Fault
    column: str
    rule: str
    rows: Mask
    values: pd.Series


def check_validity(tables: ComparedTables, rng: np.random.Generator) -> Validity:
    """Check each synthetic value against what the real column holds.

    A column has a type of cells, a range (that of the schema) or levels, missing values or none,
    and, if it names the rows, no value twice. New values in place of rare levels are none of its
    levels, and no fault (`tabgan.evaluation.compared_tables`). The baseline is the share of holdout
    rows, or of one half of the real rows, whose values the real table, or the other half, could
    hold.

    Parameters
    ----------
    tables
        What is compared.
    rng
        Halves the real rows where there is no holdout.
    """
    breaches = [
        breach
        for place, column in enumerate(tables.schema)
        for breach in _breaches(tables, place, column)
        if breach.rows.any()
    ]
    broken = np.zeros(len(tables.synthetic), bool)
    for breach in breaches:
        broken |= breach.rows
    fresh, of_columns = _fresh_shares(tables, rng)
    by_name = {tables.names[place]: share for place, share in of_columns.items()}
    for one in tables.stand_ins:
        by_name[one.column] -= one.odd_rows / 100
    units = tables.units.get("synthetic")
    violations = [_violation(breach, by_name, units) for breach in breaches]
    violations.sort(key=lambda violation: -violation.rows)
    return Validity(
        data_validity=100 * _data_validity(tables),
        data_structure=100 * _data_structure(tables),
        valid_rows=Figure(100 * float(1 - broken.mean()), 100 * fresh),
        violations=tuple(violations),
        stand_ins=tables.stand_ins,
    )


def _breaches(tables: ComparedTables, place: int, column: Column) -> Iterator[_Breach]:
    real, synthetic = tables.real.iloc[:, place], tables.synthetic.iloc[:, place]
    name = tables.names[place]
    own, other = read_cells(name, real), read_cells(name, synthetic)
    if own.storage != other.storage and not {own.storage, other.storage} & {*_ANY}:
        rule = f"a {own.storage}, as in the real table (dtype {real.dtype})"
        yield _Breach("type", name, rule, ~other.missing, synthetic)
        return
    if not own.missing.any():
        yield _Breach("missing", name, "never missing", other.missing, synthetic)
    yield from _key_breaches(column, name, real[~own.missing], synthetic, other.missing)
    if column.is_generated:
        yield from _generated_breaches(column, name, real[~own.missing], synthetic, other.missing)
        is_code = column.kind in _CODES or column.kind.startswith("regex:")
        if is_code and own.storage == other.storage == "string":
            form, odd = _oddly_written(real, synthetic, goes_on=column.kind in _COUNTED)
            rule = f"written as the real ones are, most of them as {form}"
            yield _Breach("kind", name, rule, odd & ~other.missing, synthetic)
            if column.kind != "uuid":
                words, strange = _oddly_worded(real, synthetic)
                rule = f"written with the words of real ones, such as {words}"
                yield _Breach("kind", name, rule, strange & ~odd & ~other.missing, synthetic)
        return
    coded = tables.coded[place]
    if coded.nominal:
        seen = _seen(coded.real, len(coded.levels))
        unseen = ~other.missing & ~_look_up(seen, coded.synthetic)
        rare = next((one.levels for one in tables.stand_ins if one.column == name), 0)
        rule = f"one of the real table's {int(seen.sum()) - (rare > 0) + rare:,} levels"
        if rare:
            rule += f", or a new one written like them in place of the {rare:,} that few rows hold"
        yield _Breach("level", name, rule, unseen, synthetic)
        return
    rule = f"within {column.minimum} to {column.maximum}"
    far = _of_another_magnitude(coded, 2 * len(tables.coded))
    yield _Breach("range", name, rule, outside_range(synthetic, column) & ~far, synthetic)
    rule = f"of the real values' magnitude ({column.minimum} to {column.maximum})"
    yield _Breach("magnitude", name, rule, far, synthetic)
    yield from _special_breaches(real, synthetic, column, coded)


def _of_another_magnitude(column: CodedColumn, n_tests: int) -> Mask:
    """Say which numbers are out of the real range by orders of magnitude, and by no heavy tail.

    The distances from the median, on each side, are taken for those of a Pareto tail. Its index is
    Hill's estimate by the largest tenth, and some standard errors more, so it is too heavy rather
    than too light. Fresh rows hardly go beyond the quantile of it that is looked at.

    Notes
    -----
    Source: Hill, "A simple general approach to inference about the tail of a distribution", Annals
    of Statistics 3 (1975).
    """
    real = column.real[~np.isnan(column.real)]
    far = np.zeros(len(column.synthetic), np.bool_)
    if len(real) < FEWEST_OF_RANGE:
        return far
    middle, n_rows = float(np.median(real)), max(len(column.synthetic), 1)
    for sign in (1.0, -1.0):
        tail = np.sort(np.maximum(sign * (real - middle), 0.0))
        n_tail = min(len(tail) // 10, int((tail > 0).sum()) - 1)
        if n_tail < FEWEST_OF_TAIL:
            continue
        largest, start = tail[-n_tail:], tail[-n_tail - 1]
        index = float(np.log(largest / start).mean()) * (1 + SURE / np.sqrt(n_tail))
        chance = FALSE_ALARM / (n_rows * n_tests)
        times = index * np.log(n_tail / (len(real) * chance)) - np.log(largest[-1] / start)
        limit = np.log(largest[-1]) + max(times, np.log(MAGNITUDES))
        distance = np.maximum(sign * (column.synthetic - middle), 0.0)
        far |= distance > np.exp(min(limit, MOST_EXPONENT))
    return far


def _key_breaches(
    column: Column, name: str, real: pd.Series, synthetic: pd.Series, missing: Mask
) -> Iterator[_Breach]:
    """Find values that stand in several rows, where all real ones differ.

    Whole numbers of a quantity may meet by chance. Where n real ones don't, two rows are equal with
    a probability of hardly more than 2 ln(1 / `FALSE_ALARM`) / n².
    """
    n_real, n_rows = len(real), int((~missing).sum())
    is_quantity = column.kind == "integer" and n_real >= FEWEST_KEYS
    if not (column.is_generated or is_quantity) or not real.is_unique:
        return
    ties = -2 * math.log(FALSE_ALARM) * (n_rows / n_real) ** 2 if is_quantity else 0.0
    again = synthetic.duplicated(keep=False).to_numpy(bool) & ~missing
    if again.sum() > NOISE * ties:
        rule = "different in each row, as in the real table" if is_quantity else "unique"
        yield _Breach("repeated", name, rule, again, synthetic)


def _generated_breaches(
    column: Column, name: str, real: pd.Series, synthetic: pd.Series, missing: Mask
) -> Iterator[_Breach]:
    """Find texts of another length than real ones, and what only looks like an address or a code.

    Where real ones are not all well-formed, others need not be.
    """
    if column.kind == "text":
        lengths, others = (texts.astype(str).str.len() for texts in (real, synthetic))
        least, most = int(lengths.min()), int(lengths.max())
        odd = ~others.between(least, most).to_numpy(bool) & ~missing
        yield _Breach("length", name, f"a text of {least:,} to {most:,} characters", odd, synthetic)
        return
    well_formed, rule = _well_formed(column, real)
    if rule and well_formed(np.asarray(real.unique(), object)).all():
        codes, values = pd.factorize(synthetic)
        fits = np.append(well_formed(np.asarray(values, object)), True)
        yield _Breach("kind", name, rule, ~fits[codes] & ~missing, synthetic)


def _well_formed(
    column: Column, real: pd.Series
) -> tuple[Callable[[NDArray[np.object_]], Mask], str]:
    """Return what says of values whether they are well-formed, and the rule; "" where none is."""
    if column.kind == "email":
        return lambda values: np.array(
            [is_email(str(v)) for v in values], bool
        ), "an e-mail address"
    if column.kind == "iban":
        rule = "an account number with the right check digits"
        return lambda values: np.array([is_iban(str(v)) for v in values], bool), rule
    texts = [str(value) for value in real.unique()] if column.kind in _COUNTED else []
    scheme = checksum_of(spread(texts, MOST_CHECKED))
    if scheme is None:
        return lambda values: np.ones(len(values), bool), ""
    rule = f"a code with the right check digit, {CHECKSUMS[scheme]}"
    return lambda values: _have_check_digits([*map(str, values)], scheme), rule


def _have_check_digits(codes: Sequence[str], scheme: str) -> Mask:
    last = np.array([code[-1:] for code in codes], object)
    right: Mask = check_characters([code[:-1] for code in codes], scheme) == last
    return right


def _oddly_written(real: pd.Series, synthetic: pd.Series, *, goes_on: bool) -> tuple[str, Mask]:
    """Return the commonest form of codes, such as AA-0000, and which have one that is not real.

    None have where so many real forms occur once that further ones are expected. Where codes go on,
    new ones that count beyond the real ones may have a digit more, and numbers of several lengths,
    the shortest of which are the rarest, a digit less.
    """
    codes = real.dropna().astype(str)
    forms = codes.map(signs_of).value_counts()
    if (forms == 1).sum() > MOST_LONE_FORMS * forms.sum():
        return "", np.zeros(len(synthetic), np.bool_)
    is_padded = bool(codes.str.startswith("0").any())
    known = {*forms.index, *(_other_lengths(forms, is_padded) if goes_on else ())}
    odd: Mask = ~synthetic.astype(str).map(signs_of).isin(known).to_numpy(bool)
    return shorten(str(forms.index[0])), odd


def _oddly_worded(real: pd.Series, synthetic: pd.Series) -> tuple[str, Mask]:
    """Return the commonest words of codes, and which codes have one where real ones never do.

    A code's first word is compared with the first ones, and so on, as /api/items/12/owners has
    three. Where so many words occur once that further ones are expected, none is odd.
    """
    own, other = (_words_of(codes.dropna().drop_duplicates()) for codes in (real, synthetic))
    if own.empty:
        return "", np.zeros(len(synthetic), np.bool_)
    rows = own.groupby(["place", "word"]).size()
    singles, all_rows = (
        counts.groupby(level="place").sum() for counts in ((rows == 1).astype(int), rows)
    )
    closed = all_rows.index[singles <= MOST_LONE_FORMS * all_rows]
    known = pd.MultiIndex.from_frame(other[["place", "word"]]).isin(rows.index)
    odd = other.loc[other["place"].isin(closed) & ~known, "code"]
    common = rows[rows.index.isin(closed, level="place")].sort_values(ascending=False)
    words = ", ".join(dict.fromkeys(map(repr, common.index.get_level_values("word"))))
    return shorten(words), synthetic.astype(str).isin(odd).to_numpy(bool)


def _words_of(codes: pd.Series) -> pd.DataFrame:
    """Return the words of codes, and which of its words each is."""
    texts = codes.astype(str)
    words = texts.str.findall(_WORD).explode().dropna()
    places = words.groupby(level=0).cumcount()
    return pd.DataFrame({"place": places, "word": words, "code": texts.loc[words.index]})


def _other_lengths(forms: "pd.Series[int]", is_padded: bool) -> Iterator[str]:
    """Yield the forms of codes whose last number is a digit longer, or shorter, than its kind's.

    These are numbers alone, and what has numbers of several lengths at one place: C7 and C12. Of
    numbers from a range, few are short: so where the shortest are the rarest, there are shorter
    ones.
    """
    lengths: dict[tuple[str, str], dict[int, int]] = {}
    for form, rows in forms.items():
        number = _LAST_NUMBER.search(str(form))
        if number is not None:
            around = str(form)[: number.start()], str(form)[number.end() :]
            lengths.setdefault(around, {})[len(number[0])] = int(rows)
    for (before, after), known in lengths.items():
        if len(known) > 1 or not (before or after or is_padded):
            yield f"{before}{'0' * (max(known) + 1)}{after}"
        least, *longer = sorted(known)
        if longer and known[least] < min(known[length] for length in longer) and least > 1:
            yield f"{before}{'0' * (least - 1)}{after}"


def _special_breaches(
    real: pd.Series, synthetic: pd.Series, column: Column, coded: CodedColumn
) -> Iterator[_Breach]:
    """Yield what stands among the numbers of one table, and is none."""
    known = set(numbers_of(real, column).special.tolist()) | {None}
    special = numbers_of(synthetic, column).special
    codes, values = pd.factorize(special)
    odd = (value not in known and not _is_noisy(value, column) for value in values)
    unknown = np.array([*odd, False], bool)
    is_date = column.kind == "datetime" and column.format
    written = f", written {column.format}" if is_date else ""
    name, rule = str(column.name), f"of kind {column.kind}{written}"
    yield _Breach("kind", name, rule, unknown[codes], synthetic)
    yield from _form_breaches(real, synthetic, column)
    if column.kind == "integer":
        broken = np.isfinite(coded.synthetic) & (coded.synthetic % 1 != 0)
        yield _Breach("fraction", name, "a whole number", broken, synthetic)


def _form_breaches(real: pd.Series, synthetic: pd.Series, column: Column) -> Iterator[_Breach]:
    """Yield dates in another form than that of all real ones of their day, hour or year."""
    own, other = (numbers_of(values, column) for values in (real, synthetic))
    by_part = FormsByPart.of(own, column)
    if by_part is None or other.forms is None or own.forms is None:
        return
    odd, breaking = (
        numbers.present & (numbers.forms != by_part.at(numbers.values, column))
        for numbers in (other, own)
    )
    if not breaking.any():
        rule = f"in the form that goes with {by_part.describe()}"
        yield _Breach("kind", str(column.name), rule, odd, synthetic)


def _is_noisy(value: object, column: Column) -> bool:
    """Say whether a text is a number of the column's decimals but for a float's rounding.

    Examples
    --------
    >>> column = Column("share", "numeric", "object", decimals=7, format="0.0######")
    >>> [_is_noisy(text, column) for text in ("0.20073269999999999", "0.20073265", "?")]
    [True, False, False]
    """
    if column.decimals is None or not isinstance(value, str) or not NUMBER.fullmatch(value):
        return False
    number = float(value)
    if len(value) <= SIGNIFICANT or not np.isfinite(number):
        return False
    return abs(number - round(number, column.decimals)) <= FLOAT_NOISE * abs(number)


def _violation(breach: _Breach, fitting: Mapping[str, float], units: Rows | None) -> Violation:
    example = str(breach.values[breach.rows].iloc[0])
    short = example if len(example) <= LONGEST else f"{example[: LONGEST - 1]}…"
    is_of_values = breach.fault in ("range", "length", "level", "missing")
    fresh = 1 - fitting.get(breach.column, 1.0) if is_of_values else 0.0
    n_rows = int(breach.rows.sum())
    n_units = n_rows if units is None else len(np.unique(units[breach.rows]))
    share = n_rows / n_units
    return Violation(breach.column, breach.rule, n_rows, short, breach.fault, 100 * fresh, share)


def _seen(codes: NDArray[np.float64], n_levels: int) -> Mask:
    there = codes[~np.isnan(codes)].astype(np.int64)
    seen: Mask = np.bincount(there, minlength=n_levels) > 0
    return seen


def _look_up(seen: Mask, codes: NDArray[np.float64]) -> Mask:
    """Say which codes are seen levels; a missing one counts as seen."""
    missing = np.isnan(codes)
    found: Mask = np.append(seen, True)[np.where(missing, len(seen), codes).astype(np.int64)]
    return found


def _fresh_shares(
    tables: ComparedTables, rng: np.random.Generator
) -> tuple[float, dict[int, float]]:
    """Return the share of fresh rows in which all values were seen before, and that by column."""
    coded = tables.coded
    first = next(iter(coded.values()))
    halves = halves_of_units(len(first.real), tables.units.get("real"), rng)
    with_holdout = len(first.holdout) > 0
    valid = np.ones(len(first.holdout) if with_holdout else len(halves[1]), bool)
    of_columns = {}
    for place, column in coded.items():
        if with_holdout:
            fits = _fits(column, column.real, column.holdout)
        else:
            fits = _fits(column, column.real[halves[0]], column.real[halves[1]])
        of_columns[place] = float(fits.mean())
        valid &= fits
    return float(valid.mean()), of_columns


def _fits(column: CodedColumn, seen: NDArray[np.float64], fresh: NDArray[np.float64]) -> Mask:
    there = seen[~np.isnan(seen)]
    missing = np.isnan(fresh)
    fits = np.full(len(fresh), True) if len(there) < len(seen) else ~missing
    if column.nominal:
        return fits & _look_up(_seen(seen, len(column.levels)), fresh)
    if not len(there):
        return fits & missing
    within: Mask = (fresh >= there.min()) & (fresh <= there.max())
    return fits & (missing | within)


def _data_validity(tables: ComparedTables) -> float:
    """Return the mean share of values that a column could hold, as sdmetrics counts it.

    Levels are those of the real column, numbers lie between its extremes, and what names the rows
    stands in one row. Missing numbers are left out where the real column has some.
    """
    shares = [
        _adherence(tables.coded[place])
        if place in tables.coded
        else _uniqueness(tables.synthetic.iloc[:, place])
        for place in range(len(tables.schema))
        if place in tables.coded or tables.real.iloc[:, place].is_unique
    ]
    known = [share for share in shares if not np.isnan(share)]
    return float(np.mean(known)) if known else float("nan")


def _adherence(column: CodedColumn) -> float:
    fits = _fits(column, column.real, column.synthetic)
    if not column.nominal and np.isnan(column.real).any():
        fits = fits[~np.isnan(column.synthetic)]
    return float(fits.mean()) if len(fits) else float("nan")


def _uniqueness(values: pd.Series) -> float:
    return 1 - float((values.duplicated() | values.isna()).mean())


def _data_structure(tables: ComparedTables) -> float:
    """Return the share of columns that both tables have under one name and dtype."""
    real, synthetic = (
        {*zip(frame.columns, map(str, frame.dtypes), strict=True)}
        for frame in (tables.real, tables.synthetic)
    )
    return len(real & synthetic) / len(real | synthetic)


RARE = 0.01  # of the real rows
MOST_PAIRS = 100  # of columns, whose combinations are looked at
MOST_LOST = 10  # levels that are named
MOST_VALUES = 30  # of whole numbers that are looked at one by one, as levels are …
ROWS_A_VALUE = 20  # … and rows that each of them has, on average

Floats = NDArray[np.float64]
_Shares = tuple[float, float, float, float]


def measure_coverage(tables: ComparedTables, rng: np.random.Generator, most_rows: int) -> Coverage:
    """Measure coverage; what rows are drawn again with replacement cover is the baseline.

    These hold the very extremes of the table, and what only few rows have, more often than fresh
    rows do. So the baseline is at most what some real rows cover of the others.

    Parameters
    ----------
    tables
        What is compared; rows of one unit are drawn together.
    rng
        Draws the rows of the baseline and, of long tables, those whose combinations are looked at.
    most_rows
        At most so many rows of each table are looked at for rare combinations.
    """
    coded = tables.coded
    n_real, n_synthetic = len(tables.real), len(tables.synthetic)
    again = take_rows(coded, np.arange(n_real), tables.bootstrap(n_synthetic, rng), of="real")
    rows = rng.permutation(n_real)[:most_rows], rng.permutation(n_synthetic)[:most_rows]
    pairs = _pairs(coded, rng)
    found, chance = (_shares(columns, pairs, rows) for columns in (coded, again))
    others = _shares_of_others(tables, pairs, min(n_synthetic, most_rows), rng)
    levels, ranges, rare, patterns = (
        Figure(100 * a, 100 * float(np.fmin(b, c)))
        for a, b, c in zip(found, chance, others, strict=True)
    )
    lost, n_levels = _lost_levels(coded, tables.names)
    return Coverage(levels, ranges, rare, patterns, lost, n_levels, tuple(_cut_tails(tables)))


def _pairs(coded: Mapping[int, CodedColumn], rng: np.random.Generator) -> list[tuple[int, int]]:
    nominal = [place for place, column in coded.items() if column.nominal]
    pairs = list(combinations(nominal, 2))
    if len(pairs) <= MOST_PAIRS:
        return pairs
    return [pairs[i] for i in sorted(rng.permutation(len(pairs))[:MOST_PAIRS])]


def _shares(
    coded: Mapping[int, CodedColumn],
    pairs: list[tuple[int, int]],
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> _Shares:
    nominal = [column for column in map(_with_levels, coded.values()) if column.nominal]
    occurring = [_counts(column, column.real) > 0 for column in nominal]
    kept = [_counts(column, column.synthetic) > 0 for column in nominal]
    n_levels = sum(int(seen.sum()) for seen in occurring)
    n_kept = sum(int((a & b).sum()) for a, b in zip(occurring, kept, strict=True))
    ranges = [_range_kept(column) for column in coded.values() if not column.nominal]
    known = [share for share in ranges if not np.isnan(share)]
    return (
        n_kept / n_levels if n_levels else float("nan"),
        float(np.mean(known)) if known else float("nan"),
        _rare_kept(take_rows(coded, *rows), pairs),
        _patterns_kept(coded),
    )


def _with_levels(column: CodedColumn) -> CodedColumn:
    """Return whole numbers of few values, each in many rows, as levels; all else as it is."""
    real = column.real[~np.isnan(column.real)]
    if column.nominal or not len(real):
        return column
    values = np.unique(real)
    if len(values) > min(MOST_VALUES, len(real) / ROWS_A_VALUE) or (values % 1 != 0).any():
        return column
    sides = [
        np.where(np.isin(side, values), np.searchsorted(values, side).astype(np.float64), np.nan)
        for side in (column.real, column.synthetic, column.holdout)
    ]
    names = tuple(f"{value:.0f}" for value in values)
    return CodedColumn(True, sides[0], sides[1], sides[2], names)


def _shares_of_others(
    tables: ComparedTables, pairs: list[tuple[int, int]], most: int, rng: np.random.Generator
) -> _Shares:
    """Return the mean shares that some real rows cover of the others, in two draws.

    As many are drawn as there are synthetic ones, at most half of them.
    """
    rows = shuffled_rows(len(tables.real), tables.units.get("real"), rng)
    size = max(min(most, len(rows) // 2), 1)
    both = []
    for own, drawn in ((rows[size:], rows[:size]), (rows[:-size], rows[-size:])):
        whole = np.arange(len(own)), np.arange(len(drawn))
        both.append(_shares(take_rows(tables.coded, own, drawn, of="real"), pairs, whole))
    levels, ranges, rare, patterns = ((a + b) / 2 for a, b in zip(*both, strict=True))
    return levels, ranges, rare, patterns


def _counts(column: CodedColumn, values: Floats) -> NDArray[np.int64]:
    there = values[~np.isnan(values)].astype(np.int64)
    return np.bincount(there, minlength=len(column.levels))


def _range_kept(column: CodedColumn) -> float:
    real, synthetic = (v[~np.isnan(v)] for v in (column.real, column.synthetic))
    if not len(real):
        return float("nan")
    low, high = float(real.min()), float(real.max())
    if not len(synthetic):
        return 0.0
    if low == high:
        return float((synthetic == low).any())
    top, bottom = min(float(synthetic.max()), high), max(float(synthetic.min()), low)
    return max(top - bottom, 0.0) / (high - low)


def _rare_kept(coded: Mapping[int, CodedColumn], pairs: list[tuple[int, int]]) -> float:
    """Return the share of the rare pairs of levels that occur in both tables."""
    n_rare = n_kept = 0
    for one, other in pairs:
        width = len(coded[other].levels) + 1
        keys = []
        for side in ("real", "synthetic"):
            a, b = (getattr(coded[place], side) for place in (one, other))
            there = ~(np.isnan(a) | np.isnan(b))
            keys.append((a[there] * width + b[there]).astype(np.int64))
        occurring, counts = np.unique(keys[0], return_counts=True)
        rare = occurring[counts < RARE * len(next(iter(coded.values())).real)]
        n_rare += len(rare)
        n_kept += int(np.isin(rare, keys[1]).sum())
    return n_kept / n_rare if n_rare else float("nan")


def _patterns_kept(coded: Mapping[int, CodedColumn]) -> float:
    """Return the share of real rows whose set of missing columns occurs in the other table."""
    holes = [column for column in coded.values() if np.isnan(column.real).any()]
    if not holes:
        return 1.0
    real, synthetic = (
        row_hashes([np.isnan(getattr(column, side)).astype(np.float64) for column in holes])
        for side in ("real", "synthetic")
    )
    return float(np.isin(real, synthetic).mean())


def _lost_levels(
    coded: Mapping[int, CodedColumn], names: Mapping[int, str]
) -> tuple[tuple[tuple[str, str, int], ...], int]:
    """Return the commonest levels that are lost, and how many were looked for."""
    lost, n_levels = list[tuple[str, str, int]](), 0
    for place, column in ((place, _with_levels(column)) for place, column in coded.items()):
        if column.nominal:
            counts, drawn = _counts(column, column.real), _counts(column, column.synthetic)
            n_levels += int(np.count_nonzero(counts))
            for level in np.flatnonzero((counts > 0) & (drawn == 0)):
                lost.append((names[place], str(column.levels[level]), int(counts[level])))
    return tuple(sorted(lost, key=lambda item: -item[2])[:MOST_LOST]), n_levels


def _cut_tails(tables: ComparedTables) -> Iterator[tuple[str, str, int]]:
    """Yield how many real numbers or dates lie beyond the last synthetic ones, of each column."""
    for place, column in tables.coded.items():
        drawn = column.synthetic
        if column.nominal or np.isnan(drawn).all():
            continue
        ends = (
            ("above", np.nanargmax(drawn), column.real > np.nanmax(drawn)),
            ("below", np.nanargmin(drawn), column.real < np.nanmin(drawn)),
        )
        for side, row, beyond in ends:
            end = tables.synthetic.iloc[int(row), place]
            yield tables.names[place], f"{side} {end!s}", int(beyond.sum())
