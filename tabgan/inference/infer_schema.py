"""The kind of every column: chosen from its cells, or compared with what is declared."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, NoReturn

import numpy as np
import pandas as pd

from tabgan.base.errors import DataError, SchemaError, did_you_mean
from tabgan.inference.accept_table import check_table
from tabgan.inference.column_cells import (
    NUMBER_TYPES,
    ColumnCells,
    ColumnGuess,
    Storage,
    read_cells,
    shown,
)
from tabgan.inference.date_recognition import recognize_dates
from tabgan.inference.key_columns import with_keys
from tabgan.inference.number_and_date_columns import (
    MOST_OTHERS,
    find_dates,
    find_durations,
    find_numbers,
    find_times,
    find_written_dates,
    is_number,
    is_whole,
    read_numbers,
)
from tabgan.inference.people_columns import find_people, with_name_parts
from tabgan.inference.text_columns import (
    find_categories,
    find_compounds,
    find_levels,
    find_lists,
    find_mixed,
    find_names,
    find_words,
    read_lists,
)
from tabgan.table.columns import TICKS, numbers_of, outside_range
from tabgan.table.compound_numbers import find_compound
from tabgan.table.dates import date_forms, moments_of
from tabgan.table.dtypes import describe_dtype
from tabgan.table.frame_libraries import lists_as_text
from tabgan.table.level_codes import absent_of
from tabgan.table.list_and_record_cells import find_objects, find_pair
from tabgan.table.numbers import is_plain, number_forms
from tabgan.table.schema import LOCALISED, RANGED, Column, Kind, Schema, check_kind, expression_of
from tabgan.table.text_formats import IBAN, MISSING_MARKS

__all__ = ["fit_kind", "infer_schema", "match_schema", "resolve_schema", "with_measured_ranges"]

Fits = Callable[[Any], bool]

LEAST_DECLARED = 0.5  # share of the cells of a declared kind that must be written in its form


class _Rule(NamedTuple):
    """What a kind asks of a column."""

    holds: str  # what its values are, in words
    find: Callable[[ColumnCells], ColumnGuess | None]  # None: does not fit
    fits: Callable[[ColumnCells], Fits]  # tells the values that fit from those that don't


def fit_kind(cells: ColumnCells, kind: Kind) -> ColumnGuess:
    """Describe a column as the kind that was asked for.

    Parameters
    ----------
    cells
        The cells of the column.
    kind
        The declared kind.

    Raises
    ------
    SchemaError
        If its values are not of that kind; the message names the first that is not.
    """
    if not len(cells.given):
        return ColumnGuess(kind, "as asked; no value is present")
    if cells.storage == "category" and kind not in ("categorical", "boolean"):
        raise SchemaError(
            f"Column {shown(cells.name)}: kind={kind!r} does not go with the dtype "
            f"{cells.given.dtype}, which keeps its values; convert the column first, for example "
            "with .astype(str)",
            on_command_line=f"Column {shown(cells.name)}: the file holds categories, which don't "
            f"go with the kind {kind!r}; give --kind {cells.name}=categorical, or convert the file "
            "to CSV",
        )
    rule = _rule_of(kind)
    finding = rule.find(cells)
    if finding is None:
        _refuse(cells, kind, rule)
    people = find_people(cells.name, cells.texts) if kind == "categorical" else None
    kept = f"; {people.why.split(',')[0]}, kept as they are" if people else ""
    return finding._replace(kind=kind, why=f"as asked; {finding.why}{kept}")


def _refuse(cells: ColumnCells, kind: Kind, rule: _Rule) -> NoReturn:
    fits = rule.fits(cells)
    position = next((i for i, value in enumerate(cells.objects) if not fits(value)), 0)
    raise SchemaError(
        f"Column {shown(cells.name)}, row {cells.row_of(position)}: kind={kind!r} does not fit "
        f"the value {shown(cells.objects[position])}; a column of this kind holds {rule.holds}: "
        "choose another kind or change the values",
        on_command_line=f"Column {shown(cells.name)}, row {cells.row_of(position)}: the kind "
        f"{kind!r} does not fit the value {shown(cells.objects[position])}; a column of this kind "
        f"holds {rule.holds}: choose another one, as in --kind {cells.name}=categorical, or change "
        "the values",
    )


def _find_numbers(cells: ColumnCells) -> ColumnGuess | None:
    reading = read_numbers(cells, least_share=LEAST_DECLARED)
    none_fits = reading.others and not reading.numbers.size
    if none_fits or (len(reading.others) > MOST_OTHERS and reading.recognized is None):
        return None
    return reading.finding("numeric")


def _find_whole(cells: ColumnCells) -> ColumnGuess | None:
    reading = read_numbers(cells)
    return _find_numbers(cells) if reading.whole or not reading.numbers.size else None


def _find_dates(cells: ColumnCells) -> ColumnGuess | None:
    if cells.storage in ("string", "number"):
        return _written(cells, "datetime")
    if cells.storage == "time":
        return find_times(cells)
    return find_dates(cells) if cells.storage == "date" else None


def _find_durations(cells: ColumnCells) -> ColumnGuess | None:
    if cells.storage == "string":
        return _written(cells, "timedelta")
    return find_durations(cells) if cells.storage == "duration" else None


def _written(cells: ColumnCells, kind: Kind) -> ColumnGuess | None:
    guess = find_written_dates(cells, least_share=LEAST_DECLARED)
    return guess if guess is not None and guess.kind == kind else None


def _find_several(cells: ColumnCells) -> ColumnGuess | None:
    return find_compounds(cells, declared=True) if cells.storage == "string" else None


def _find_two(cells: ColumnCells) -> ColumnGuess | None:
    return find_levels(cells) if cells.given.nunique() <= 2 else None


def _find_names(cells: ColumnCells) -> ColumnGuess | None:
    if cells.storage == "number":
        reading = read_numbers(cells)
        complete = reading.cells + len(reading.others) == reading.filled
        return find_names(cells) if reading.whole and complete else None
    if cells.storage == "mixed" and any(isinstance(value, str) for value in cells.objects):
        return find_names(cells)  # all are made as text
    return find_names(cells) if cells.storage in {"string", "bytes", "uuid"} else None


def _find_row_numbers(cells: ColumnCells) -> ColumnGuess | None:
    reading = read_numbers(cells)
    complete = reading.whole and reading.cells == reading.filled
    return find_names(cells) if complete and cells.storage in {"string", "number"} else None


def _find_uuids(cells: ColumnCells) -> ColumnGuess | None:
    return find_levels(cells) if cells.storage in {"string", "uuid"} else None


def _find_texts_like(expression: re.Pattern[str]) -> Callable[[ColumnCells], ColumnGuess | None]:
    def find(cells: ColumnCells) -> ColumnGuess | None:
        are_texts = cells.storage == "string" and all(map(expression.fullmatch, cells.texts))
        return find_levels(cells) if are_texts else None

    return find


def _find_text(cells: ColumnCells) -> ColumnGuess | None:
    return find_levels(cells) if cells.storage == "string" else None


def _number_fits(_: ColumnCells) -> Fits:
    return _is_number


def _whole_fits(cells: ColumnCells) -> Fits:
    fits = _number_fits(cells)

    def whole(value: Any) -> bool:
        if isinstance(value, str):
            return fits(value) and (value in MISSING_MARKS or is_whole(value))
        return fits(value) and value == value // 1

    return whole


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value in MISSING_MARKS or is_number(value)
    return isinstance(value, NUMBER_TYPES) and not isinstance(value, bool)


def _date_fits(cells: ColumnCells) -> Fits:
    if cells.storage != "string":
        return lambda _: False
    return lambda text: text in MISSING_MARKS or recognize_dates({text: 1}, cells.name) is not None


def _several_fit(cells: ColumnCells) -> Fits:
    first = list(cells.texts)[:1] if cells.storage == "string" else []
    record = find_objects(cells.texts) or find_pair(cells.texts) if first else None
    if record is not None:
        return lambda text: text in MISSING_MARKS or record.read(text) is not None
    form = find_compound(dict.fromkeys(first, 1))
    if form is None:
        return lambda _: False
    return lambda text: text in MISSING_MARKS or not np.isnan(form.parse([text])).any()


def _two_fit(cells: ColumnCells) -> Fits:
    two = cells.given.drop_duplicates()[:2].tolist()
    return lambda value: value in two


def _name_fits(cells: ColumnCells) -> Fits:
    if cells.storage == "number":
        return _whole_fits(cells)
    return lambda value: cells.storage == "mixed" and type(value) is type(cells.objects[0])


def _text_fits(_: ColumnCells) -> Fits:
    return lambda value: isinstance(value, str)


def _written_like(holds: str, expression: re.Pattern[str]) -> _Rule:
    """Ask for texts that match an expression, or are marks of absence."""

    def fits(value: Any) -> bool:
        is_text = isinstance(value, str)
        return is_text and (value in MISSING_MARKS or bool(expression.fullmatch(value)))

    return _Rule(holds, _find_texts_like(expression), lambda _: fits)


def _rule_of(kind: Kind) -> _Rule:
    expression = expression_of(kind)
    if expression is None:
        return _RULES[kind]
    return _written_like(f"texts that match {expression}", re.compile(expression))


_RULES: dict[Kind, _Rule] = {
    "numeric": _Rule(
        f"numbers, and at most {MOST_OTHERS} distinct other values", _find_numbers, _number_fits
    ),
    "integer": _Rule(
        f"whole numbers, and at most {MOST_OTHERS} distinct other values", _find_whole, _whole_fits
    ),
    "datetime": _Rule("dates, or texts that are dates in one format", _find_dates, _date_fits),
    "timedelta": _Rule("durations", _find_durations, lambda _: lambda _: False),
    "compound": _Rule(
        "texts of two to four numbers that are written alike, such as 120/80, JSON objects, or "
        "texts of a name and a number",
        _find_several,
        _several_fit,
    ),
    "boolean": _Rule("at most two distinct values", _find_two, _two_fit),
    "categorical": _Rule("any values", find_levels, lambda _: lambda _: True),
    "multiselect": _Rule("texts that are lists", read_lists, _text_fits),
    "identifier": _Rule("text, bytes, UUIDs or whole numbers", _find_names, _name_fits),
    "text": _Rule("text", _find_text, _text_fits),
    "key": _Rule("text, bytes, UUIDs or whole numbers", _find_names, _name_fits),
    "sequential": _Rule("whole numbers", _find_row_numbers, _whole_fits),
    "uuid": _Rule("text or UUIDs", _find_uuids, _text_fits),
    "iban": _written_like("international bank account numbers", IBAN),
    **dict.fromkeys(LOCALISED, _Rule("text", _find_text, _text_fits)),
}


def infer_schema(df: pd.DataFrame, overrides: Mapping[Hashable, Kind] | None = None) -> Schema:
    """Infer the schema of a table: kind, dtype, precision, range and missing share of each column.

    Parameters
    ----------
    df
        The table; at least two rows.
    overrides
        Kinds that override the inferred ones, by column name.

    Raises
    ------
    DataError
        If the table can't be used (see `check_table`), or a column's dtype would store values that
        identify rows.
    SchemaError
        If an override names an unknown column or kind, or does not fit the column's values.

    Examples
    --------
    >>> df = pd.DataFrame({"age": [31, 52, 47], "born": ["1994-01-31", "1973-06-02", "NA"]})
    >>> for column in infer_schema(df):
    ...     print(f"{column.name}: {column.kind}, {column.why}")
    age: integer, 3 distinct whole numbers from 31 to 52
    born: datetime, dates written %Y-%m-%d, from 1973-06-02 to 1994-01-31
    """
    if isinstance(df, pd.DataFrame):
        df = lists_as_text(df)
    check_table(df)
    asked = dict(overrides or {})
    names = set(df.columns)
    for name, kind in asked.items():
        if name not in names:
            raise SchemaError(
                f"Column {shown(name)} is not in the table; {did_you_mean(name, df.columns)}"
            )
        check_kind(f"Column {shown(name)}", kind)
    columns, is_open = [], []
    for index, name in enumerate(df.columns):
        guess, column = _infer_column(name, df.iloc[:, index], asked.get(name))
        columns.append(column)
        is_open.append(guess.is_ambiguous and name not in asked)
    decimal = _decimal_mark(columns, is_open) if any(is_open) else None
    for index in np.flatnonzero(is_open).tolist() if decimal else ():
        name = df.columns[index]
        columns[index] = _infer_column(name, df.iloc[:, index], None, decimal)[1]
    columns = with_name_parts(columns, df, asked.keys())
    return Schema(with_keys(columns, df, asked.keys()), tuple(df.columns.names))


def _decimal_mark(columns: Sequence[Column], is_open: Sequence[bool]) -> str | None:
    """Return the decimal mark of most of the columns whose numbers leave no choice."""
    marks = Counter[str]()
    for column, open_ in zip(columns, is_open, strict=True):
        if column.kind in ("numeric", "integer") and column.format and not open_:
            mark = "." if is_plain(column.format) else number_forms(column)[0].decimal_mark
            marks.update([mark] if mark and column.decimals else [])
    return marks.most_common(1)[0][0] if marks else None


def _infer_column(
    name: Hashable, values: pd.Series, asked: Kind | None, decimal: str | None = None
) -> tuple[ColumnGuess, Column]:
    cells = read_cells(name, values, decimal)
    finding = find_kind(cells) if asked is None else fit_kind(cells, asked)
    try:
        dtype = describe_dtype(values.dtype)
    except DataError as error:
        raise error.within(f"Column {shown(name)}") from error
    state = finding._asdict()
    del state["is_ambiguous"]
    return finding, Column(
        name=name,
        dtype=dtype,
        missing=float(cells.missing.mean()),
        absent=absent_of(values) if cells.missing.any() else None,
        origin="inferred",
        **state,
    )


def find_kind(cells: ColumnCells) -> ColumnGuess:
    """Decide what a column is."""
    return _FINDERS[cells.storage](cells)


_FINDERS: dict[Storage, Callable[[ColumnCells], ColumnGuess]] = {
    "nothing": find_levels,
    "boolean": lambda _: ColumnGuess("boolean", "true or false"),
    "number": lambda cells: find_written_dates(cells) or find_numbers(cells) or find_names(cells),
    "date": find_dates,
    "time": lambda cells: find_times(cells) or find_mixed(cells),
    "duration": find_durations,
    "category": find_categories,
    "string": lambda cells: (
        find_written_dates(cells) or find_numbers(cells) or find_lists(cells) or find_words(cells)
    ),
    "bytes": find_names,
    "uuid": find_names,
    "mixed": lambda cells: find_numbers(cells) or find_mixed(cells),
}


MOST_TRIMMED = 4  # times a column's least rows: both ends, each with less than a group in excess


def resolve_schema(
    df: pd.DataFrame,
    schema: Schema | Mapping[Hashable, Kind] | None,
    locale: str | None = None,
) -> Schema:
    """Describe a table: as a schema declares it, or by inference with kinds overridden.

    Columns that are made in the words of a locale, and have none of their own, get the given one.

    Parameters
    ----------
    df
        The table.
    schema
        A schema, kinds by column name, or None for inference.
    locale
        Locale of columns that have none of their own.

    Raises
    ------
    DataError, SchemaError
        As `match_schema` and `infer_schema` do.
    """
    found = _resolve(df, schema)
    columns = (
        replace(column, locale=column.locale or locale) if column.kind in LOCALISED else column
        for column in found
    )
    return replace(found, columns=tuple(columns))


def _resolve(df: pd.DataFrame, schema: Schema | Mapping[Hashable, Kind] | None) -> Schema:
    if isinstance(schema, Schema):
        return match_schema(df, schema)
    if schema is not None and not isinstance(schema, Mapping):
        raise SchemaError(
            f"schema={schema!r:.80} must be a Schema, a mapping from column names to kinds, or "
            "None; Schema.from_json reads one from JSON"
        )
    return infer_schema(df, schema)


def match_schema(df: pd.DataFrame, schema: Schema) -> Schema:
    """Describe a table as a given schema declares it.

    Kind, range and decimals are the schema's; storage, format and missing share are the table's.
    Columns are matched by name and come in the table's order.

    Parameters
    ----------
    df
        The table.
    schema
        What its columns are declared to be.

    Raises
    ------
    DataError
        If the table can't be used.
    SchemaError
        If a column is missing on either side, or does not fit its declared kind or range.
    """
    declared = {column.name: column for column in schema}
    for name in df.columns:
        if name not in declared:
            raise SchemaError(
                f"Column {name!r} is in the table but not in the schema; "
                f"{did_you_mean(name, schema.names)}"
            )
    present = set(df.columns)
    for lacking in schema.names:
        if lacking not in present:
            raise SchemaError(
                f"Column {lacking!r} is in the schema but not in the table; "
                f"{did_you_mean(lacking, df.columns)}"
            )
    measured = infer_schema(df, {name: column.kind for name, column in declared.items()})
    columns = tuple(_declare(column, declared[column.name]) for column in measured)
    columns = tuple(
        column if column.kind not in RANGED else _checked_range(df.iloc[:, at], own, column)
        for at, (own, column) in enumerate(zip(measured, columns, strict=True))
    )
    return replace(measured, columns=columns)


def _checked_range(values: pd.Series, own: Column, column: Column) -> Column:
    """Check that a declared range holds, but for what was trimmed when the schema was learned."""
    if (own.minimum, own.maximum) == (column.minimum, column.maximum):
        return column
    outside = np.flatnonzero(outside_range(values, column))
    if column.least_rows > 1 and len(outside) <= MOST_TRIMMED * column.least_rows:
        return replace(column, minimum=own.minimum, maximum=own.maximum) if len(outside) else column
    if len(outside):
        first = int(outside[0])
        raise SchemaError(
            f"Column {column.name!r}: the declared range from {shown(column.minimum)} to "
            f"{shown(column.maximum)} leaves out {len(outside)} of {len(values)} rows, first "
            f"{shown(values.iloc[first])} in row {first}; widen the range, or change or drop these "
            "rows"
        )
    return column


def _declare(measured: Column, declared: Column) -> Column:
    given = {
        key: getattr(declared, key)
        for key in ("minimum", "maximum", "decimals", "locale", "min_group")
        if getattr(declared, key) is not None
    }
    ranged = ("minimum", "maximum", "decimals")
    is_measured = any(getattr(measured, key) is not None and key not in given for key in ranged)
    origin = "inferred" if is_measured else declared.origin
    return replace(measured, **given, why=declared.why or measured.why, origin=origin)


def with_measured_ranges(
    schema: Schema, before: Mapping[int, pd.Series], after: Mapping[int, pd.Series]
) -> Schema:
    """Replace ranges that were measured from a table by those of its changed columns.

    A declared range differs from the measured one, and stays.

    Parameters
    ----------
    schema
        Describes the columns before and after the change.
    before, after
        The columns that have a range, by position, and the same columns after the change.
    """
    columns = list(schema)
    for at, values in before.items():
        column = columns[at]
        old, new = (_measure_range(part, column) for part in (values, after[at]))
        was, now = (measured.why.removeprefix("as asked; ") for measured in (old, new))
        column = replace(column, why=column.why.replace(was, now))
        for end in ("minimum", "maximum"):
            if getattr(column, end) == getattr(old, end):
                column = replace(column, **{end: getattr(new, end)})
        columns[at] = column
    return replace(schema, columns=tuple(columns))


def _measure_range(values: pd.Series, column: Column) -> ColumnGuess:
    """Describe the values of a column whose kind and format are known."""
    if column.format is not None and (column.kind in TICKS or not is_plain(column.format)):
        return _range_in_form(values, column)
    return fit_kind(read_cells(column.name, values), column.kind)


def _range_in_form(values: pd.Series, column: Column) -> ColumnGuess:
    column = replace(column, minimum=None, maximum=None)
    numbers = numbers_of(values, column)
    if not numbers.present.any():
        return ColumnGuess(column.kind, "no value is present")
    ends = numbers.values[numbers.present][[0, 0]]
    ends[:] = numbers.values[numbers.present].min(), numbers.values[numbers.present].max()
    if column.kind not in TICKS:
        first, last = number_forms(column)[0].write(ends)
        low, high = ends.tolist()
    else:
        moments = moments_of(ends, column)
        first, last = date_forms(column)[0].write(moments)
        low, high = moments.tolist()
    return ColumnGuess(column.kind, f"from {first} to {last}", low, high)
