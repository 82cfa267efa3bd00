"""Codes that agree with other columns of their row.

A code is generated, so that none is a value of the training table. One that begins with the row's
region or type is generated without it, and gets it in front; so are codes that hold it elsewhere,
or the year of a date.

A date that stands in a code and in no other column is learned as a column of its own, which takes
part in rules as any other does: an order's number tells its day, and it is billed after that. So is
in which rows one code is another one of its row.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.rules.base_rules import Dependency, Mask
from tabgan.rules.personal_dependency import with_texts
from tabgan.table.columns import (
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    count_rows,
    field_at,
    level_key,
    with_cells,
    without,
)
from tabgan.table.dates import unit_of
from tabgan.table.level_codes import is_absent
from tabgan.table.number_scale import clip_to_range
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column
from tabgan.table.text_formats import DateForm, HeldDate, find_held_date, spread

__all__ = ["CodeDate", "CodePart", "CodePrefix", "find_codes"]

HINT_ROWS = 50  # enough to refute most pairs
MOST_TOKENS = 12  # words and marks of a code, in which another column is looked for
MOST_LEVELS = 1_000  # of a column that a code holds
LEAST_HELD = 0.99  # share of the codes that hold the column
MOST_CHOICES = 40  # words of which a column tells one
FEWEST_OF_CHOICE = 10  # rows that show the word of a level
MOST_BY_CHANCE = 0.1  # share of the rows without the commonest word that may have another one
HINT_HELD = 0.9  # share of the first ones, of which few odd ones are many
LEAST_NEW = 0.9  # share of the codes that differ in the rest
DATED_ROOM = 100  # codes of the dates and digits that occur, for each row
MOST_TURNS = 5  # in which codes that are there already are written anew
DATED = 1_000  # codes in which a date is looked for
ROOM = 4  # numbers that the digits of the rest can be, for each row


@dataclass(frozen=True)
class CodePrefix(Dependency):
    """The target is a code that begins with the source's level; what follows is generated."""

    name: ClassVar[str] = "prefix"
    source: ColumnRef
    target: ColumnRef

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.target} begins with {self.source}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the level out of the code."""
        return self._changed(table, lambda text, level: text.removeprefix(level))

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Put the row's level in front of the code, if there are codes yet."""
        if self.target.position not in table:
            return table
        return self._changed(
            table, lambda text, level: text if text.startswith(level) else level + text
        )

    def _changed(self, table: ColumnFrame, change: Callable[[str, str], str]) -> ColumnFrame:
        """Change the codes of the rows that have a code and a level."""
        column, values = table[self.target.position]
        source = table[self.source.position]
        levels = [source.levels[code] for code in source.codes.tolist()]
        codes = values.to_numpy(object)
        texts = [
            change(text, level) if isinstance(text, str) and isinstance(level, str) else text
            for text, level in zip(codes.tolist(), levels, strict=True)
        ]
        return with_cells(
            table, {self.target.position: TypedSeries(column, with_texts(values, texts))}
        )

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {"source": self.source.to_json(), "target": self.target.to_json()}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(ColumnRef.from_json(state["source"]), ColumnRef.from_json(state["target"]))


def find_codes(table: ColumnFrame, n_columns: int) -> list[Dependency]:
    """Find the identifiers that hold other columns of their row, or a date.

    Parameters
    ----------
    table
        The training table.
    n_columns
        Number of columns of the schema.
    """
    found: list[Dependency] = [*_find_prefixes(table)]
    for rule in found:
        table = rule.reduce(table)
    parts = _find_code_parts(table)
    for part in parts:
        table = part.reduce(table)
    return [*found, *parts, *_find_code_dates(table, n_columns)]


def _find_prefixes(table: ColumnFrame) -> list[CodePrefix]:
    """Find the identifiers that begin with the level of a category in every row.

    What follows must differ from row to row, unless the codes do not, as it is what is generated.
    """
    if not any(cells.column.kind == "identifier" for cells in table.values()):
        return []
    first = np.arange(min(HINT_ROWS, count_rows(table)))
    sample = {at: cells.take(first) for at, cells in table.items()}
    categories = [
        at
        for at, cells in sample.items()
        if cells.column.kind == "categorical" and _are_words(table[at].levels)
    ]
    found = []
    for target, cells in sample.items() if categories else ():
        if cells.column.kind != "identifier" or not isinstance(cells.levels[0], str):
            continue
        source = next(
            (
                at
                for at in categories
                if _begin_with(cells, sample[at]) and _begin_with(table[target], table[at])
            ),
            None,
        )
        if source is not None:
            found.append(CodePrefix(field_at(table, source), field_at(table, target)))
    return found


def _are_words(levels: Sequence[Any]) -> bool:
    """Return whether levels are several texts that end in a letter or digit, none missing."""
    return len(levels) > 1 and all(isinstance(own, str) and own[-1:].isalnum() for own in levels)


def _begin_with(codes: TypedSeries, levels: TypedSeries) -> bool:
    """Return whether each code begins with its row's level, and what follows names the row.

    Codes that come again may be alike in what follows: they are not unique anyway.
    """
    texts, own = codes.values.to_numpy(object).tolist(), levels.levels
    rests, come_again = set[str](), len(codes.levels) < len(texts)
    for text, code in zip(texts, levels.codes.tolist(), strict=True):
        level = str(own[code])
        if not isinstance(text, str) or not text.startswith(level):
            return False
        rest = text[len(level) :]
        is_word = rest[:1].isalpha() or (level[-1].isdigit() and rest[:1].isdigit())
        if not rest or is_word or (rest in rests and not come_again):
            return False
        rests.add(rest)
    return True


_TOKENS = re.compile(r"[^\W\d_]+|\d+|[\W_]+")
_DATE_PARTS = {  # characters of an ISO date
    "year": [slice(0, 4)],
    "year of two digits": [slice(2, 4)],
    "month": [slice(5, 7)],
    "day": [slice(8, 10)],
    "year and month": [slice(0, 4), slice(5, 7)],
    "date": [slice(0, 4), slice(5, 7), slice(8, 10)],
    "year of two digits and month": [slice(2, 4), slice(5, 7)],
    "date with two digits of the year": [slice(2, 4), slice(5, 7), slice(8, 10)],
    "day, month and year": [slice(8, 10), slice(5, 7), slice(0, 4)],
}
_LEVEL_PARTS = ("level", "last digits")
_SOURCES = (*_LEVEL_PARTS, "choice", "presence", *_DATE_PARTS)


@dataclass(frozen=True)
class CodePart(Dependency):
    """The target is a code one word of which the source tells.

    It is the source's level, or a part of its date, or one of few that goes with its level, or with
    whether it has a value.

    Parameters
    ----------
    source, target
        The columns.
    place
        Which of the words and marks of the code it is; from the end on if it is below zero.
    part
        Which part of a date; "level" where the word is the source's level, "last digits" where it
        is so many of the level, "choice" where it goes with the level, and "presence" where it goes
        with whether there is a value.
    width
        Digits of a number, with zeros in front; 0 for a text.
    choices
        The word that goes with each level; of presence with False and True.
    """

    name: ClassVar[str] = "code part"
    source: ColumnRef
    target: ColumnRef
    place: int
    part: str
    width: int
    choices: tuple[tuple[Scalar, str], ...] = ()

    def __post_init__(self) -> None:
        if self.part not in _SOURCES or self.place < -MOST_TOKENS or self.width < 0:
            raise ValueError(f"a code can't hold {self.part!r:.40} at place {self.place}")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    def describe(self) -> str:
        """Describe the rule in words."""
        if self.part in ("choice", "presence"):
            words = ", ".join(sorted({repr(word) for _, word in self.choices}))
            told = "" if self.part == "choice" else "whether there is a value of "
            return f"{self.target} holds one of {words}, by {told}{self.source}"
        own = {"level": "", "last digits": f"the last {self.width} digits of "}
        of_date = own.get(self.part, f"the {self.part} of ")
        return f"{self.target} holds {of_date}{self.source}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Put the same word into all codes in place of the column."""
        own = self.words(table)
        first = next((word for word in own if word), "0")
        blank = "0" if first.isdecimal() else "X"
        return self._changed(table, [blank if word else "" for word in own])

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Write the row's level or date into its code, if there are codes yet.

        A row without one takes that of a row before it.
        """
        if self.target.position not in table:
            return table
        own = np.array(self.words(table), object)
        there = np.flatnonzero(own != "")
        if not len(there):
            return table
        last = np.searchsorted(there, np.arange(len(own)), side="right") - 1
        return self._changed(table, own[there[np.maximum(last, 0)]].tolist())

    def words(self, table: ColumnFrame) -> list[str]:
        """Return what the code of each row holds; empty where the source has no value."""
        cells = table[self.source.position]
        if self.part not in ("choice", "presence"):
            return _words_of(cells, self.part, self.width)
        words = {level_key(level): word for level, word in self.choices}
        own = [words.get(level_key(level), "") for level in _told_levels(cells, self.part)]
        return [own[code] for code in cells.codes.tolist()]

    def _changed(self, table: ColumnFrame, words: Sequence[str]) -> ColumnFrame:
        """Put words into the codes that have one of the kind there; an empty one changes none."""
        column, values = table[self.target.position]
        texts = [
            _with_word(text, self.place, word) if word and isinstance(text, str) else ""
            for text, word in zip(values.to_numpy(object).tolist(), words, strict=True)
        ]
        return with_cells(
            table, {self.target.position: TypedSeries(column, with_texts(values, texts))}
        )

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        fields = {"source": self.source.to_json(), "target": self.target.to_json()}
        choices = [[to_json_scalar(level), word] for level, word in self.choices]
        own = {"place": self.place, "part": self.part, "width": self.width}
        return {**fields, **own, **({"choices": choices} if choices else {})}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        fields = ColumnRef.from_json(state["source"]), ColumnRef.from_json(state["target"])
        choices = tuple(
            (from_json_scalar(level), str(word)) for level, word in state.get("choices", ())
        )
        return cls(*fields, int(state["place"]), str(state["part"]), int(state["width"]), choices)


def _told_levels(cells: TypedSeries, part: str) -> list[Scalar]:
    """Return a column's levels, or for each whether it is a value."""
    if part == "choice":
        return [*cells.levels]
    return [not is_absent(level) for level in cells.levels]


def _words_of(cells: TypedSeries, part: str, width: int) -> list[str]:
    """Return a column's levels, or a part of its dates, as codes hold them."""
    if part not in _LEVEL_PARTS:
        numbers = cells.numbers
        days = numbers.values.view(f"M8[{unit_of(cells.column)}]").astype("M8[D]")
        distinct, codes = np.unique(days, return_inverse=True)
        texts = [
            "".join(d[own] for own in _DATE_PARTS[part]) for d in distinct.astype(str).tolist()
        ]
        words = np.array(texts, object)[codes]
        words[~numbers.present] = ""
        return [*words.tolist()]
    levels = [
        str(level).zfill(width)
        if isinstance(level, str | int) and not isinstance(level, bool) and not is_absent(level)
        else ""
        for level in cells.levels
    ]
    if part == "last digits":
        levels = [
            level[-width:] if level.isdecimal() and 0 < width < len(level) else ""
            for level in levels
        ]
    return [levels[code] for code in cells.codes.tolist()]


def _with_word(text: str, place: int, word: str) -> str:
    """Put a word into a code, in place of one that is letters or digits as well."""
    tokens = _TOKENS.findall(text)
    if not _word_at(tokens, place) or tokens[place].isdecimal() != word.isdecimal():
        return ""
    tokens[place] = word
    return "".join(tokens)


def _word_at(tokens: Sequence[str], place: int) -> str:
    """Return the word at a place, from the end on if it is below zero; empty if there is none."""
    return tokens[place] if -len(tokens) <= place < len(tokens) else ""


def _find_code_parts(table: ColumnFrame) -> list[CodePart]:
    """Find the identifiers a word of which is a category, or a part of a date, of the row."""
    found: list[CodePart] = []
    n_rows = count_rows(table)
    rows = np.unique(np.linspace(0, n_rows - 1, HINT_ROWS).astype(np.intp))  # it may be sorted
    for target in [at for at, cells in table.items() if cells.column.kind == "identifier"]:
        heads = [_tokens_of(text) for text in table[target].take(rows).values.to_numpy(object)]
        sizes = {len(own) for own in heads if own}
        most = min(min(sizes, default=0), MOST_TOKENS)
        # codes of several lengths are alike at their ends only
        for place in [*range(most), *(range(-1, -most - 1, -1) if len(sizes) > 1 else ())]:
            words = {own[place] for own in heads if own}
            if len(words) > 1 and all(map(str.isalnum, words)):
                rule = _code_part(table, target, place, rows)
                if rule is not None:
                    found.append(rule)
                    table = rule.reduce(table)
    return found


def _tokens_of(text: Any) -> list[str]:
    return _TOKENS.findall(text) if isinstance(text, str) and not is_absent(text) else []


def _code_part(
    table: ColumnFrame, target: int, place: int, rows: NDArray[np.intp]
) -> CodePart | None:
    """Return the column that stands in most codes at a place, if what is left differs enough."""
    found: list[tuple[float, CodePart]] = []
    for at, cells in table.items():
        is_date = cells.column.kind == "datetime"
        if at == target or not (is_date or _has_words(cells)):
            continue
        for part in _DATE_PARTS if is_date else _LEVEL_PARTS:
            for some, least in ((rows, HINT_HELD), (np.arange(count_rows(table)), LEAST_HELD)):
                own = {at: cells.take(some), target: table[target].take(some)}
                width = _width_in(own[target], place, own[at], part)
                rule = CodePart(field_at(table, at), field_at(table, target), place, part, width)
                share = _share_held(rule, own)
                if share < least:
                    break
            else:
                if _differ(rule, table):
                    found.append((share, rule))
                    break
    if found:
        return max(found, key=lambda own: own[0])[1]
    return _choice_part(table, target, place)


def _choice_part(table: ColumnFrame, target: int, place: int) -> CodePart | None:
    """Return the column that tells which of few words stands in the codes at a place.

    What tells it by the fewest levels comes first.
    """
    tokens = [_tokens_of(text) for text in table[target].values.to_numpy(object)]
    words = np.array([_word_at(own, place) for own in tokens], object)
    counts = Counter(words[words != ""].tolist())
    least = max(table[target].column.least_rows, FEWEST_OF_CHOICE)
    if not 1 < len(counts) <= MOST_CHOICES or counts.most_common(2)[1][1] < least:
        return None
    found: list[tuple[int, CodePart]] = []
    for at, cells in table.items():
        few = cells.column.kind in ("categorical", "boolean") and not cells.column.is_generated
        for part in ("presence", "choice") if few else ("presence",):
            choices = _choices_told(cells, part, words, least) if at != target else ()
            if choices:
                ends = field_at(table, at), field_at(table, target)
                found.append((len(choices), CodePart(*ends, place, part, 0, choices)))
    rules = [rule for _, rule in sorted(found, key=lambda own: own[0]) if _differ(rule, table)]
    return rules[0] if rules else None


def _choices_told(
    cells: TypedSeries, part: str, words: NDArray[Any], least: int
) -> tuple[tuple[Scalar, str], ...]:
    """Return the word that goes with each level, if nearly all rows have that of theirs.

    No level of fewer rows than `least` is told of.
    """
    levels = _told_levels(cells, part)
    distinct, own = np.unique(
        levels if part == "presence" else range(len(levels)), return_inverse=True
    )
    names, word = np.unique(words.astype(str), return_inverse=True)
    if not 1 < len(distinct) <= MOST_CHOICES * 3:
        return ()
    table = np.zeros((len(distinct), len(names)), np.int64)
    np.add.at(table, (own[cells.codes], word), 1)
    table[:, names == ""] = 0
    best, total = table.max(axis=1), table.sum()
    often = best >= least
    by_one = table.sum(axis=0).max()
    misses = total - best[often].sum()
    if misses > (1 - LEAST_HELD) * total or misses > MOST_BY_CHANCE * (total - by_one):
        return ()
    first = [levels[np.flatnonzero(own == at)[0]] for at in range(len(distinct))]
    told = [(first[at], str(names[table[at].argmax()])) for at in np.flatnonzero(often).tolist()]
    return tuple(told) if len({name for _, name in told}) > 1 else ()


def _has_words(cells: TypedSeries) -> bool:
    """Return whether a column has several levels, texts or whole numbers."""
    if cells.column.is_generated or cells.column.kind not in ("categorical", "integer"):
        return False
    return 1 < len(cells.levels) <= MOST_LEVELS


def _width_in(codes: TypedSeries, place: int, cells: TypedSeries, part: str) -> int:
    """Return how many digits the numbers of a column have in codes; 0 for texts and dates."""
    if part != "last digits" and (part != "level" or cells.column.kind != "integer"):
        return 0
    tokens = next((own for text in codes.values if (own := _tokens_of(text))), [])
    return len(_word_at(tokens, place))


def _share_held(rule: CodePart, table: ColumnFrame) -> float:
    """Return the share of the codes that hold the column; 0 where it does not vary."""
    texts = table[rule.target.position].values.to_numpy(object).tolist()
    pairs = [
        (_word_at(tokens, rule.place), word)
        for text, word in zip(texts, rule.words(table), strict=True)
        if word and (tokens := _tokens_of(text))
    ]
    same = sum(token == word for token, word in pairs)
    return same / len(pairs) if len({word for _, word in pairs}) > 1 else 0.0


def _differ(rule: CodePart, table: ColumnFrame) -> bool:
    """Return whether codes differ without the column, or have room to."""
    codes = table[rule.target.position]
    rests = rule.reduce(table)[rule.target.position].levels
    longest = max(
        (sum(map(str.isdecimal, own)) for own in rests if isinstance(own, str)), default=0
    )
    return len(rests) >= LEAST_NEW * len(codes.levels) or 10**longest >= ROOM * len(codes.levels)


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
        last = _last_known(~np.isnat(moments))
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
            written = written[_last_known(numbers.present)]
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


def _last_known(known: Mask) -> NDArray[np.intp]:
    """Return for each row the last one up to it that is known; the first known one before it."""
    there = np.flatnonzero(known)
    last = np.searchsorted(there, np.arange(len(known)), side="right") - 1
    rows: NDArray[np.intp] = there[np.maximum(last, 0)]
    return rows


def _find_code_dates(table: ColumnFrame, n_columns: int) -> list[CodeDate]:
    """Find the identifiers that hold a date, and differ without it or have room to."""
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
