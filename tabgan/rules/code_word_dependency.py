"""Dates and words of codes that are learned as columns of their own.

A date that stands in a code and in no other column takes part in rules as any other does: an
order's number tells its day, and it is billed after that.

Whoever writes a code often puts into it what sort of thing it names: a department, or the year of
the case. Where no column of the table says the same in every row, but one says nearly the same, or
tells much of it, the word is learned as any other column is. So it goes with the others as often as
before.
"""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.rules.base_rules import Dependency, Mask
from tabgan.rules.code_dependency import (
    LEAST_HELD,
    LEAST_NEW,
    MOST_TOKENS,
    differ,
    last_known,
    places_in,
    tokens_of,
    told_apart,
    with_words,
    word_at,
)
from tabgan.rules.functional_dependency import LevelList
from tabgan.table.columns import (
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    count_rows,
    field_at,
    with_cells,
    without,
)
from tabgan.table.dates import unit_of
from tabgan.table.level_codes import is_absent
from tabgan.table.number_scale import clip_to_range
from tabgan.table.scalars import from_json_scalar, to_json_scalar
from tabgan.table.schema import Column
from tabgan.table.text_formats import DateForm, HeldDate, find_held_date, spread

__all__ = ["FIRST_WORD", "CodeDate", "CodeWord", "find_code_dates", "find_code_words"]

MOST_WORDS = 40  # different ones that stand at a place
FEWEST_OF_WORD = 10  # rows of one that is learned
LEAST_ROWS = 100  # codes that tell of words
LEAST_KNOWN = 0.9  # share of the codes that have a word of so many rows
LEAST_TOLD = 0.5  # share of the guesses of a column that another one mends
LEAST_OF_YEAR = 0.5  # share of the rows in which the word is the year of a date
FIRST_WORD = 4  # columns of words stand behind so many times those of the schema
FEW = ("categorical", "boolean", "integer")  # kinds of columns that may go with a word
DATED_ROOM = 100  # codes of the dates and digits that occur, for each row
MOST_TURNS = 5  # in which codes that are there already are written anew
DATED = 1_000  # codes in which a date is looked for


@dataclass(frozen=True)
class CodeWord(Dependency):
    """The target is a code one word of which is learned as a column of its own.

    Parameters
    ----------
    target
        The column of codes.
    word
        The column of the words, behind those of the schema; of years, where it is a date.
    place
        Which of the words and marks of the code it is; from the end on if it is below zero.
    words
        The words that enough rows have.
    """

    name: ClassVar[str] = "code word"
    target: ColumnRef
    word: ColumnRef
    place: int
    words: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.words or not -MOST_TOKENS <= self.place < MOST_TOKENS:
            raise ValueError(f"a code can't hold a learned word at place {self.place}")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.target.position, self.word.position

    def describe(self) -> str:
        """Describe the rule in words."""
        what = "year" if self.word.column.kind == "datetime" else "word"
        return f"the {what} that {self.target} holds at place {self.place} is learned"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Put the column of words into the table, and the same word into all codes.

        A code with none of the words counts as one of a row before it.
        """
        at = self.target.position
        found = self._words_in(table[at])
        known = np.isin(found, self.words)
        levels = self._levels()
        own = np.array([levels[word] for word in found[last_known(known)]], object)
        own[~table[at].filled] = None
        values = pd.Series(own, table[at].values.index, name=self.word.column.name, dtype=object)
        codes = told_apart(table[at], self.without_word(table))
        return with_cells(
            table, {at: codes, self.word.position: TypedSeries(self.word.column, values)}
        )

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Write the row's word into its code, if both are there yet."""
        if not {*self.positions} <= table.keys():
            return table
        words = {level: word for word, level in self._levels().items()}
        cells = table[self.word.position]
        own = np.array([words.get(_as_word(level), "") for level in cells.values], object)
        if (known := own != "").any():
            own = own[last_known(known)]
        left = without(table, [self.word.position])
        at = self.target.position
        return with_cells(left, {at: with_words(table[at], self.place, own.tolist())})

    def without_word(self, table: ColumnFrame) -> TypedSeries:
        """Return the codes with the same word in place of each one that is learned."""
        cells = table[self.target.position]
        known = np.isin(self._words_in(cells), self.words)
        blank = "0" if self.words[0].isdecimal() else "X"
        return with_words(cells, self.place, np.where(known, blank, "").tolist())

    def _levels(self) -> dict[str, str]:
        """Return how the column writes each word: years by all their digits."""
        if self.word.column.kind != "datetime":
            return {word: word for word in self.words}
        return {word: _full_year(word, self.word.column) for word in self.words}

    def _words_in(self, cells: TypedSeries) -> NDArray[np.object_]:
        own = [word_at(tokens_of(level), self.place) for level in cells.levels]
        return np.array(own, object)[cells.codes]

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return all rows: whatever word a code holds breaks no rule."""
        return np.ones(len(cells[0].values), np.bool_)

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        fields = {"target": self.target.to_json(), "word": self.word.to_json()}
        return {**fields, "place": self.place, "words": [*map(to_json_scalar, self.words)]}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        fields = ColumnRef.from_json(state["target"]), ColumnRef.from_json(state["word"])
        words = tuple(str(from_json_scalar(word)) for word in state["words"])
        return cls(*fields, int(state["place"]), words)


def _as_word(level: Any) -> str:
    return level if isinstance(level, str) else ""


def _full_year(word: str, column: Column) -> str:
    """Return the year of four digits that ends in these, of those from the column's least one."""
    if len(word) > 2:
        return word
    least = pd.Timestamp(str(column.minimum)).year
    return str(least + (int(word) - least) % 100)


def find_code_words(table: ColumnFrame, n_columns: int) -> list[CodeWord]:
    """Find the words of codes that go with other columns of their row, though not always.

    Parameters
    ----------
    table
        The training table, without what is known of its codes.
    n_columns
        Number of columns of the schema.
    """
    found: list[CodeWord] = []
    if count_rows(table) < LEAST_ROWS:
        return found
    for at in [at for at, cells in table.items() if cells.column.kind == "identifier"]:
        n_found = 0
        for place, own in _candidates(table[at]).items():
            position = (FIRST_WORD + 2 * n_found) * n_columns + at
            rule = _code_word(table, (at, position), place, own)
            if rule is not None:
                found.append(rule)
                table = without(rule.reduce(table), [position])
                n_found += 1
    return found


def _candidates(cells: TypedSeries) -> dict[int, NDArray[np.object_]]:
    """Return the words at the places where few different ones stand in nearly all codes."""
    rows = [tokens_of(level) for level in cells.levels]
    if not rows or len(rows) < LEAST_NEW * cells.filled.sum():
        return {}
    sizes = Counter(map(len, filter(None, rows)))
    found, common = {}, sizes.most_common(1)[0][0] if sizes else 0
    for place in places_in(sizes, max(sizes, default=0)):
        if place < 0 and common + place in found:
            continue
        words = np.array([word_at(own, place) for own in rows], object)[cells.codes]
        counts = Counter(words[words != ""].tolist())
        kinds = {word.isdecimal() for word in counts}
        if 1 < len(counts) <= MOST_WORDS and len(kinds) == 1 and all(map(str.isalnum, counts)):
            found[place] = words
    return found


def _code_word(
    table: ColumnFrame, positions: tuple[int, int], place: int, words: NDArray[np.object_]
) -> CodeWord | None:
    """Return the rule that a word is learned, if other columns tell of it."""
    at, position = positions
    least = max(table[at].column.least_rows, FEWEST_OF_WORD)
    counts = Counter(words[words != ""].tolist())
    frequent = tuple(sorted(word for word, n in counts.items() if n >= least))
    known = np.isin(words, frequent)
    if len(frequent) < 2 or known.sum() < LEAST_KNOWN * table[at].filled.sum():
        return None
    others = {own: cells for own, cells in table.items() if own != at}
    name = f"word {place} in {table[at].column.name}"
    if years := _years_in(words[known], frequent, {o: c.take(known) for o, c in others.items()}):
        column = Column(
            name, "datetime", "object", minimum=min(years), maximum=max(years), format="%Y"
        )
    elif any(_go_together(words, known, cells, least) for cells in others.values()):
        column = Column(name, "categorical", "object")
    else:
        return None
    rule = CodeWord(field_at(table, at), ColumnRef(position, column), place, frequent)
    return rule if differ(rule.without_word(table), table[at]) else None


def _years_in(
    words: NDArray[np.object_], frequent: Sequence[str], table: ColumnFrame
) -> list[datetime.date]:
    """Return the first days of the years that words stand for, if they are mostly those of dates.

    A year of two digits is one of the hundred years from the first one on of the date.
    """
    width = len(frequent[0])
    if width not in (2, 4) or not all(word.isdecimal() for word in frequent):
        return []
    for cells in table.values():
        if cells.column.kind != "datetime" or {len(word) for word in frequent} != {width}:
            continue
        numbers = cells.numbers
        if not numbers.present.any():
            continue
        ticks = numbers.values[numbers.present].view(f"M8[{unit_of(cells.column)}]")
        years = ticks.astype("M8[Y]").astype(np.int64) + 1970
        own = words[numbers.present].astype(np.int64)
        if (own == years % 10**width).mean() >= LEAST_OF_YEAR:
            first = np.quantile(years[own == years % 10**width], 0.001, method="lower")
            full = [int(word) for word in frequent]
            full = [year if width > 2 else int(first + (year - first) % 100) for year in full]
            return [datetime.date(year, 1, 1) for year in full if 0 < year < 10_000]
    return []


def _go_together(words: NDArray[np.object_], known: Mask, cells: TypedSeries, least: int) -> bool:
    """Return whether the words tell a column's levels, or these the words, in many more rows.

    What is mended is Goodman and Kruskal's lambda. Levels of few rows tell nothing.
    """
    if cells.column.is_generated or cells.column.kind not in FEW:
        return False
    levels, codes = np.unique(words[known].astype(str), return_inverse=True)
    one = LevelList(codes.astype(np.int32), levels.tolist())
    other = LevelList(cells.codes[known], cells.levels)
    return _mended(one, other, least) >= LEAST_TOLD or _mended(other, one, least) >= LEAST_TOLD


def _mended(source: LevelList, target: LevelList, least: int) -> float:
    """Return the share of the wrong guesses of the commonest level that the source mends."""
    often = np.bincount(source.codes, minlength=len(source.levels)) >= least
    told = source.commonest_in(target)[source.codes] == target.codes
    guessed = np.bincount(target.codes).max() / len(target.codes)
    right = float((told & often[source.codes]).mean())
    return (right - guessed) / (1 - guessed) if guessed < 1 else 0.0


_ISO = {"M": "%Y-%m", "D": "%Y-%m-%d", "m": "%Y-%m-%d %H:%M", "s": "%Y-%m-%d %H:%M:%S"}


@dataclass(frozen=True)
class CodeDate(Dependency):
    """The target is a code that holds a date, which is learned as a column of its own.

    Parameters
    ----------
    target
        The column of codes.
    date
        The column of dates, behind those of the schema and of presence.
    held
        Where the date stands in a code, and how it is written.
    """

    name: ClassVar[str] = "code date"
    target: ColumnRef
    date: ColumnRef
    held: HeldDate

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.target.position, self.date.position

    @property
    def _form(self) -> str:
        return self.held.form.date + self.held.form.clock

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"the date that {self.target} holds is learned"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Put the column of dates into the table, and one date into all codes."""
        at = self.target.position
        texts = _code_texts(table[at])
        moments = _dates_of(texts, self.held)
        last = last_known(~np.isnat(moments))
        written = pd.Series(moments[last]).dt.strftime(str(self.date.column.format))
        filled = np.array([text is not None for text in texts])
        dates = written.astype(object).where(filled, None).set_axis(table[at].values.index)
        blank = [_with_date(text, self.held, self._blank()) for text in texts]
        cells = TypedSeries(self.date.column, dates.rename(self.date.column.name))
        return with_cells(table, {at: _with_codes(table[at], blank), self.date.position: cells})

    def _blank(self) -> str:
        return pd.Timestamp("2000-01-01").strftime(self._form)

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Write the row's date into its code, if both are there yet."""
        at = self.target.position
        if not {*self.positions} <= table.keys():
            return table
        numbers = table[self.date.position].numbers
        moments = numbers.values.astype(f"M8[{unit_of(self.date.column)}]").astype("M8[s]")
        written = np.array(pd.Series(moments).dt.strftime(self._form), object)
        if numbers.present.any():
            written = written[last_known(numbers.present)]
        codes = self._written(_code_texts(table[at]), written)
        left = without(table, [self.date.position])
        return with_cells(left, {at: _with_codes(table[at], codes)})

    def _written(self, texts: Sequence[str | None], dates: NDArray[np.object_]) -> list[str | None]:
        """Write dates into codes; one that another row has already takes the rest of a third."""
        codes = [*map(_with_date, texts, repeat(self.held), dates)]
        for turn in range(1, MOST_TURNS + 1):
            made = pd.Series(codes, dtype=object)
            again = np.flatnonzero(made.duplicated() & made.notna())
            if not len(again):
                break
            for row in again.tolist():
                rest = texts[(row + turn) % len(texts)]
                codes[row] = _with_date(rest, self.held, dates[row]) or codes[row]
        return codes

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return all rows: whatever date a code holds breaks no rule."""
        return np.ones(len(cells[0].values), np.bool_)

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        held = [self.held.run, *self.held.form]
        return {"target": self.target.to_json(), "date": self.date.to_json(), "held": held}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        run, start, date, clock = state["held"]
        held = HeldDate(int(run), DateForm(int(start), str(date), str(clock)))
        fields = ColumnRef.from_json(state["target"]), ColumnRef.from_json(state["date"])
        return cls(*fields, held)


def _code_texts(cells: TypedSeries) -> list[str | None]:
    """Return codes as texts, whole numbers too; None where there is none."""
    levels = [
        None
        if is_absent(level)
        else str(int(level))
        if isinstance(level, int | float)
        else str(level)
        for level in cells.levels
    ]
    return [levels[code] for code in cells.codes.tolist()]


def _with_codes(cells: TypedSeries, texts: Sequence[str | None]) -> TypedSeries:
    """Return a column with other codes in the rows that have one, as numbers where it has these."""
    column, values = cells
    made = values.to_numpy(object, copy=True)
    changed = cells.filled & np.array([text is not None for text in texts])
    are_numbers = pd.api.types.is_numeric_dtype(values.dtype)
    new = np.array([int(text) if are_numbers and text else text for text in texts], object)
    made[changed] = new[changed]
    return TypedSeries(
        column, pd.Series(made, index=values.index, name=values.name, dtype=values.dtype)
    )


def _with_date(text: str | None, held: HeldDate, date: str) -> str | None:
    """Put a date into a code that has one."""
    place = None if text is None else held.place_in(text)
    return (
        text if text is None or place is None else text[: place.start] + date + text[place.stop :]
    )


def _dates_of(texts: Sequence[str | None], held: HeldDate) -> NDArray[np.datetime64]:
    """Return the dates that codes hold, in seconds; NaT where there is none."""
    places = [None if text is None else held.place_in(text) for text in texts]
    dates = ["" if own is None else str(text)[own] for text, own in zip(texts, places, strict=True)]
    distinct, codes = np.unique(dates, return_inverse=True)
    form = held.form.date + held.form.clock
    read = pd.to_datetime(pd.Series(distinct), format=form, errors="coerce").to_numpy("M8[s]")
    return np.asarray(read[codes])


def find_code_dates(table: ColumnFrame, n_columns: int) -> list[CodeDate]:
    """Find the identifiers that hold a date, and differ without it or have room to.

    Parameters
    ----------
    table
        The training table, without what other columns say in its codes.
    n_columns
        Number of columns of the schema.
    """
    found = []
    for at, cells in table.items():
        if cells.column.kind != "identifier":
            continue
        filled = [text for text in _code_texts(cells) if text is not None]
        held = find_held_date(spread(filled, DATED)) if filled else None
        if held is None or len(set(filled)) < LEAST_NEW * len(filled):
            continue
        moments = _dates_of(filled, held)
        known = moments[~np.isnat(moments)]
        rule = CodeDate(
            field_at(table, at),
            ColumnRef(2 * n_columns + at, _date_column(cells.column, held, known)),
            held,
        )
        if len(known) >= LEAST_HELD * len(filled) and _have_room(rule, filled):
            found.append(rule)
    return found


def _date_column(column: Column, held: HeldDate, dates: NDArray[np.datetime64]) -> Column:
    """Describe the column of the dates that codes hold; few rows tell its ends."""
    clock = held.form.clock.count("%")
    unit = ("M" if "d" not in held.form.date else "D", "h", "m", "s")[clock]
    ends = clip_to_range(dates.astype(np.int64), None, column.least_rows).astype("M8[s]")
    exact = "s" if clock else "D"
    return Column(
        f"date in {column.name}",
        "datetime",
        "object",
        minimum=ends.min().astype(f"M8[{exact}]").item(),
        maximum=ends.max().astype(f"M8[{exact}]").item(),
        format=_ISO[unit],
        min_group=column.min_group,
        why="the date in a code",
    )


def _have_room(rule: CodeDate, codes: Sequence[str]) -> bool:
    """Return whether codes differ without their date, or hardly any date and digits occur."""
    rests = {_with_date(text, rule.held, "") for text in codes}
    digits = max(sum(map(str.isdecimal, own)) for own in rests if own is not None)
    n_dates = len({text[own] for text in codes if (own := rule.held.place_in(text))})
    room = n_dates * 10**digits
    return len(rests) >= LEAST_NEW * len(codes) or room >= DATED_ROOM * len(codes)
