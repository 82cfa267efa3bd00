"""Texts of several numbers: blood pressures 120/80, sizes 10 x 20 cm, coordinates 48.2, 16.4."""

import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import SchemaError
from tabgan.table.list_and_record_cells import RecordForm, is_record, record_columns
from tabgan.table.schema import Column, Schema

__all__ = ["CompoundForm", "find_compound", "part_columns", "part_in_words", "with_parts"]

MOST_PARTS = 4
_ORDINALS = ("first", "second", "third", "fourth")
MOST_LETTERS = 12  # beside the numbers; more are a sentence
MOST_DIGITS = 15  # of a number, which a float carries
LEAST_LIKE = 0.95  # share of the rows that are of one form
LEAST_WITH_FEW = 0.85  # the same where the others are few distinct texts, such as "unknown"
FEW_OTHERS = 3
FEW_ROWS = 5  # of a text; of a record's part with mostly such texts, others are generated
SAMPLE = 1_000  # texts that the form is chosen by

_SIGNED = r"(?:(?<![\w.)-])-)?"  # after a digit or a letter it is a hyphen
_WHOLE = re.compile(rf"{_SIGNED}\d+", re.ASCII)
_DECIMAL = re.compile(rf"{_SIGNED}\d+(?:\.\d+)?", re.ASCII)
_FIELD = re.compile(r"%\.(\d+)([fg])|%%")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CompoundForm:
    """How texts of several numbers are written.

    Parameters
    ----------
    literals
        What stands before, between and after the numbers.
    decimals
        Decimal places of each number.
    trims
        Whether zeros at the end of the decimal places are left out.

    Examples
    --------
    >>> form = CompoundForm.from_format("%.0f/%.0f")
    >>> form.parse(["120/80", "99/60", "unknown", "099/60"]).tolist()
    [[120.0, 80.0], [99.0, 60.0], [nan, nan], [nan, nan]]
    >>> form.write(np.array([[120.2, 79.6]]))
    ['120/80']
    """

    literals: tuple[str, ...]
    decimals: tuple[int, ...]
    trims: tuple[bool, ...]

    def __post_init__(self) -> None:
        if not 2 <= len(self.decimals) <= MOST_PARTS or len(self.literals) != self.n_parts + 1:
            raise ValueError(f"a text has from 2 to {MOST_PARTS} numbers, not {self.n_parts}")
        if len(self.trims) != self.n_parts:
            raise ValueError(f"there are {self.n_parts} numbers, and {len(self.trims)} trims")
        if not all(0 <= places <= MOST_DIGITS for places in self.decimals):
            raise ValueError(f"a number has at most {MOST_DIGITS} decimal places")

    @property
    def n_parts(self) -> int:
        """How many numbers a text holds."""
        return len(self.decimals)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        numbers = [r"(-?\d+)" if n == 0 else r"(-?\d+(?:\.\d+)?)" for n in self.decimals]
        parts = [re.escape(self.literals[0])]
        for number, literal in zip(numbers, self.literals[1:], strict=True):
            parts += [number, re.escape(literal)]
        return re.compile("".join(parts), re.ASCII)

    def parse(self, texts: Sequence[object]) -> Floats:
        """Read the numbers, shape (texts, parts); NaN where a text would not be written so."""
        numbers = np.full((len(texts), self.n_parts), np.nan)
        for row, text in enumerate(texts):
            match = self._pattern.fullmatch(text) if isinstance(text, str) else None
            if match is not None:
                numbers[row] = [float(part) for part in match.groups()]
        known: list[int] = np.flatnonzero(~np.isnan(numbers[:, 0])).tolist()
        again = self.write(numbers[known])
        wrong = [row for row, text in zip(known, again, strict=True) if text != texts[row]]
        numbers[wrong] = np.nan
        return numbers

    def write(self, numbers: Floats) -> list[str]:
        """Write the numbers of each row, shape (rows, parts)."""
        written = [
            [_write(number, places, trims=trims) for number in column]
            for column, places, trims in zip(
                numbers.T.tolist(), self.decimals, self.trims, strict=True
            )
        ]
        first, *others = self.literals
        return [
            first + "".join(part + literal for part, literal in zip(row, others, strict=True))
            for row in zip(*written, strict=True)
        ]

    def to_format(self) -> str:
        """Describe the form by a text, as `tabgan.table.schema.Column.format` holds it."""
        literals = [literal.replace("%", "%%") for literal in self.literals]
        numbers = zip(self.decimals, self.trims, strict=True)
        fields = [f"%.{places}{'g' if trims else 'f'}" for places, trims in numbers]
        pairs = zip(fields, literals[1:], strict=True)
        return literals[0] + "".join(field + literal for field, literal in pairs)

    @classmethod
    def from_format(cls, text: str) -> Self:
        """Read the form from `to_format`'s value.

        Raises
        ------
        ValueError
            If it is no form.
        """
        literals, decimals, trims, last = [""], list[int](), list[bool](), 0
        for match in _FIELD.finditer(text):
            literals[-1] += text[last : match.start()]
            last = match.end()
            if match.group() == "%%":
                literals[-1] += "%"
                continue
            decimals.append(int(match.group(1)))
            trims.append(match.group(2) == "g")
            literals.append("")
        literals[-1] += text[last:]
        return cls(tuple(literals), tuple(decimals), tuple(trims))


def _write(number: float, places: int, *, trims: bool) -> str:
    text = f"{number:.{places}f}"
    if trims and places:
        text = text.rstrip("0").rstrip(".")
    return text.removeprefix("-") if not text.strip("-0.") else text  # there is no -0


def find_compound(counts: Mapping[str, int]) -> CompoundForm | None:
    """Find the form in which nearly all rows are texts of several numbers.

    Parameters
    ----------
    counts
        How many rows hold each text.

    Examples
    --------
    >>> find_compound({"120/80": 3, "99/60": 1, "101/72": 2}).to_format()
    '%.0f/%.0f'
    >>> find_compound({"12": 3, "99": 1})
    """
    rows = sum(counts.values())
    texts = [*counts]
    sample = texts[:: -(-len(texts) // SAMPLE)] if texts else []
    for number in (_DECIMAL, _WHOLE):
        usual = Counter(tuple(number.split(text)) for text in sample).most_common(1)
        if not usual or usual[0][1] < LEAST_LIKE * len(sample) / 2:
            continue
        form = _form_of(usual[0][0], number, sample)
        if form is None:
            continue
        read = ~np.isnan(form.parse(texts)[:, 0])
        fitting = sum(n for n, is_read in zip(counts.values(), read, strict=True) if is_read)
        has_few_others = len(texts) - read.sum() <= FEW_OTHERS
        if fitting >= (LEAST_WITH_FEW if has_few_others else LEAST_LIKE) * rows:
            return form
    return None


def _form_of(
    literals: tuple[str, ...], number: re.Pattern[str], texts: Sequence[str]
) -> CompoundForm | None:
    """Return the form with these literals, if it is one of several numbers."""
    letters = sum(character.isalpha() for literal in literals for character in literal)
    are_apart = all(literals[1:-1]) and not (number is _DECIMAL and "." in literals[1:-1])
    if not 2 <= len(literals) - 1 <= MOST_PARTS or letters > MOST_LETTERS or not are_apart:
        return None
    alike = [number.findall(text) for text in texts if tuple(number.split(text)) == literals]
    decimals, trims = list[int](), list[bool]()
    for part in zip(*alike, strict=True):
        found = {len(text.partition(".")[2]) for text in part}
        decimals.append(max(found))
        trims.append(len(found) > 1)
        if max(map(len, part)) > MOST_DIGITS:
            return None
    return CompoundForm(literals, tuple(decimals), tuple(trims))


def part_columns(column: Column) -> list[Column]:
    """Return a column of floats for each number of a compound column.

    Raises
    ------
    SchemaError
        If the column has no form of several numbers.
    """
    try:
        form = CompoundForm.from_format(column.format or "")
    except ValueError as error:
        raise SchemaError(
            f"Column {column.name!r}: format={column.format!r:.80} must say how its numbers are "
            f"written, such as '%.0f/%.0f': {error}"
        ) from error
    return [
        Column(
            name=f"{column.name} [{place}]",
            kind="integer" if places == 0 else "numeric",
            dtype="float64",
            missing=column.missing,
            decimals=places,
            min_group=column.min_group,
            why=f"number {place} of {column.name}",
            origin=column.origin,
        )
        for place, places in enumerate(form.decimals, start=1)
    ]


def part_in_words(column: Column) -> str:
    """Return a column's name in quotes, or which part of another column it is.

    Examples
    --------
    >>> part_in_words(Column("range [2]", "integer", "float64", why="number 2 of range"))
    "the second part of 'range'"
    >>> part_in_words(Column("range [2]", "integer", "float64"))
    "'range [2]'"
    """
    name = str(column.name)
    for place, ordinal in enumerate(_ORDINALS, start=1):
        whole = name.removesuffix(f" [{place}]")
        if whole != name and column.why == f"number {place} of {whole}":
            return f"the {ordinal} part of {whole!r}"
    return repr(column.name)


def with_parts(frames: Sequence[pd.DataFrame], schema: Schema) -> tuple[list[pd.DataFrame], Schema]:
    """Put a column for each part in place of the columns of several numbers, and of records.

    Parameters
    ----------
    frames
        Tables with columns of the schema, the first one with all of them.
    schema
        What the columns are.
    """
    forms = {column.name: _form_and_parts(column) for column in schema if column.kind == "compound"}
    if not forms:
        return [*frames], schema
    split = [_split(frame, forms) for frame in frames]
    columns: list[Column] = []
    for column in schema:
        if column.name not in forms:
            columns.append(column)
            continue
        for part in forms[column.name][1]:
            values = split[0][part.name].dropna()
            if part.kind == "categorical":
                rows = values.value_counts()
                is_generated = rows[rows < FEW_ROWS].sum() > rows.sum() / 2
                columns.append(replace(part, kind="text") if is_generated else part)
                continue
            low, high = (values.min(), values.max()) if len(values) else (None, None)
            columns.append(replace(part, minimum=low, maximum=high))
    return split, Schema(tuple(columns))


Form = CompoundForm | RecordForm


def _form_and_parts(column: Column) -> tuple[Form, list[Column]]:
    if is_record(column.format):
        form = RecordForm.of_format(column.format or "")
        return form, record_columns(column, form)
    return CompoundForm.from_format(column.format or ""), part_columns(column)


def _values_of(form: Form, part: Column, texts: Sequence[object], place: int) -> pd.Series:
    """Return the values of a part: numbers, or texts."""
    if isinstance(form, CompoundForm):
        return pd.Series(form.parse(texts)[:, place])
    values = pd.Series(form.columns_of(texts)[place], dtype=object)
    if part.kind != "numeric":
        return values
    return pd.to_numeric(values, errors="coerce").astype(np.float64)


def _split(
    frame: pd.DataFrame, forms: Mapping[Hashable, tuple[Form, list[Column]]]
) -> pd.DataFrame:
    series: list[pd.Series] = []
    for at, name in enumerate(frame.columns):
        values = frame.iloc[:, at]
        if name not in forms:
            series.append(values)
            continue
        form, parts = forms[name]
        texts = values.to_numpy(object).tolist()
        for place, part in enumerate(parts):
            own = _values_of(form, part, texts, place)
            series.append(pd.Series(own.to_numpy(), frame.index, name=part.name))
    labels = pd.Index([own.name for own in series], tupleize_cols=False)
    return pd.concat(series, axis=1).set_axis(labels, axis=1)
