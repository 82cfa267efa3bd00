"""Validity: whether the real table could hold the synthetic values."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.evaluation.column_distributions import shorten
from tabgan.evaluation.compared_tables import CodedColumn, ComparedTables
from tabgan.evaluation.part_results import Fault, Figure, Validity, Violation
from tabgan.evaluation.stand_ins import signs_of
from tabgan.inference.column_cells import read_cells
from tabgan.table.columns import numbers_of, outside_range
from tabgan.table.schema import Column

__all__ = ["check_validity"]

LONGEST = 80  # characters of an example
MOST_LONE_FORMS = 0.001  # share of codes that are written as no other one is
_CODES = ("identifier", "key", "iban", "uuid", "phone")
_ANY = ("nothing", "mixed", "category")  # storages that say nothing about the cells

Mask = NDArray[np.bool_]


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
    levels, and no fault (`tabgan.evaluation.stand_ins`). The baseline is the share of holdout
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
    violations = [_violation(breach) for breach in breaches]
    violations.sort(key=lambda violation: -violation.rows)
    return Validity(
        data_validity=100 * _data_validity(tables),
        data_structure=100 * _data_structure(tables),
        valid_rows=Figure(100 * float(1 - broken.mean()), 100 * _fresh_share(tables.coded, rng)),
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
    if column.is_generated:
        if real[~own.missing].is_unique:
            repeated = synthetic.duplicated(keep=False).to_numpy(bool) & ~other.missing
            yield _Breach("repeated", name, "unique", repeated, synthetic)
        is_code = column.kind in _CODES or column.kind.startswith("regex:")
        if is_code and own.storage == other.storage == "string":
            form, odd = _oddly_written(real, synthetic)
            rule = f"written as the real ones are, most of them as {form}"
            yield _Breach("kind", name, rule, odd & ~other.missing, synthetic)
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
    yield _Breach("range", name, rule, outside_range(synthetic, column), synthetic)
    yield from _special_breaches(real, synthetic, column, coded)


def _oddly_written(real: pd.Series, synthetic: pd.Series) -> tuple[str, Mask]:
    """Return the commonest form of codes, such as AA-0000, and which have one that is not real.

    None have where so many real forms occur once that further ones are expected.
    """
    forms = real.dropna().astype(str).map(signs_of).value_counts()
    if (forms == 1).sum() > MOST_LONE_FORMS * forms.sum():
        return "", np.zeros(len(synthetic), np.bool_)
    odd: Mask = ~synthetic.astype(str).map(signs_of).isin(forms.index).to_numpy(bool)
    return shorten(str(forms.index[0])), odd


def _special_breaches(
    real: pd.Series, synthetic: pd.Series, column: Column, coded: CodedColumn
) -> Iterator[_Breach]:
    """Yield what stands among the numbers of one table, and is none."""
    known = set(numbers_of(real, column).special.tolist()) | {None}
    special = numbers_of(synthetic, column).special
    codes, values = pd.factorize(special)
    unknown = np.array([*(value not in known for value in values), False], bool)
    is_date = column.kind == "datetime" and column.format
    written = f", written {column.format}" if is_date else ""
    name, rule = str(column.name), f"of kind {column.kind}{written}"
    yield _Breach("kind", name, rule, unknown[codes], synthetic)
    if column.kind == "integer":
        broken = np.isfinite(coded.synthetic) & (coded.synthetic % 1 != 0)
        yield _Breach("fraction", name, "a whole number", broken, synthetic)


def _violation(breach: _Breach) -> Violation:
    example = str(breach.values[breach.rows].iloc[0])
    short = example if len(example) <= LONGEST else f"{example[: LONGEST - 1]}…"
    return Violation(breach.column, breach.rule, int(breach.rows.sum()), short, breach.fault)


def _seen(codes: NDArray[np.float64], n_levels: int) -> Mask:
    there = codes[~np.isnan(codes)].astype(np.int64)
    seen: Mask = np.bincount(there, minlength=n_levels) > 0
    return seen


def _look_up(seen: Mask, codes: NDArray[np.float64]) -> Mask:
    """Say which codes are seen levels; a missing one counts as seen."""
    missing = np.isnan(codes)
    found: Mask = np.append(seen, True)[np.where(missing, len(seen), codes).astype(np.int64)]
    return found


def _fresh_share(coded: Mapping[int, CodedColumn], rng: np.random.Generator) -> float:
    """Return the share of fresh rows in which all values are of a kind seen before."""
    first = next(iter(coded.values()))
    halves = np.array_split(rng.permutation(len(first.real)), 2)
    with_holdout = len(first.holdout) > 0
    valid = np.ones(len(first.holdout) if with_holdout else len(halves[1]), bool)
    for column in coded.values():
        if with_holdout:
            valid &= _fits(column, column.real, column.holdout)
        else:
            valid &= _fits(column, column.real[halves[0]], column.real[halves[1]])
    return float(valid.mean())


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
