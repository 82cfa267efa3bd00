"""Codes that agree with other columns of their row.

A code is generated, so that none is a value of the training table. One that begins with the row's
region or type is generated without it, and gets it in front; so are codes that hold it elsewhere,
or the year of a date.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
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
)
from tabgan.table.dates import unit_of
from tabgan.table.level_codes import is_absent
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar

__all__ = [
    "LEAST_HELD",
    "LEAST_NEW",
    "CodePart",
    "CodePrefix",
    "differ",
    "MOST_TOKENS",
    "find_codes",
    "last_known",
    "places_in",
    "told_apart",
    "tokens_of",
    "with_words",
    "word_at",
]

HINT_ROWS = 50  # enough to refute most pairs
MOST_TOKENS = 12  # words and marks of a code, in which another column is looked for
MOST_LEVELS = 1_000  # of a column that a code holds
LEAST_HELD = 0.99  # share of the codes that hold the column
MOST_CHOICES = 40  # words of which a column tells one
FEWEST_OF_CHOICE = 10  # rows that show the word of a level
MOST_BY_CHANCE = 0.1  # share of the rows without the commonest word that may have another one
HINT_HELD = 0.9  # share of the first ones, of which few odd ones are many
LEAST_NEW = 0.9  # share of the codes that differ in the rest
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


def find_codes(table: ColumnFrame) -> list[Dependency]:
    """Find the identifiers that hold other columns of their row.

    Parameters
    ----------
    table
        The training table.
    """
    found: list[Dependency] = [*_find_prefixes(table)]
    for rule in found:
        table = rule.reduce(table)
    return [*found, *_find_code_parts(table)]


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


_NUMBER = re.compile("[0-9]+")
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
        """Put the same word into all codes in place of the column, and tell them apart."""
        at = self.target.position
        return with_cells(table, {at: told_apart(table[at], self.without_word(table))})

    def without_word(self, table: ColumnFrame) -> TypedSeries:
        """Return the codes with the same word in place of the column."""
        own = self.words(table)
        first = next((word for word in own if word), "0")
        blank = "0" if first.isdecimal() else "X"
        changed = self._changed(table, [blank if word else "" for word in own])
        return changed[self.target.position]

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Write the row's level or date into its code, if there are codes yet.

        A row without one takes that of a row before it.
        """
        if self.target.position not in table:
            return table
        own = np.array(self.words(table), object)
        known = own != ""
        return self._changed(table, own[last_known(known)].tolist()) if known.any() else table

    def words(self, table: ColumnFrame) -> list[str]:
        """Return what the code of each row holds; empty where the source has no value."""
        cells = table[self.source.position]
        if self.part not in ("choice", "presence"):
            return _words_of(cells, self.part, self.width)
        words = {level_key(level): word for level, word in self.choices}
        own = [words.get(level_key(level), "") for level in _told_levels(cells, self.part)]
        return [own[code] for code in cells.codes.tolist()]

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which codes hold the word that the source tells, or can't."""
        own = dict(zip(self.positions, cells, strict=True))
        texts = own[self.target.position].values.to_numpy(object).tolist()
        kept = self._changed(own, self.words(own))[self.target.position]
        pairs = zip(texts, kept.values.to_numpy(object).tolist(), strict=True)
        return np.array([a == b or not isinstance(a, str) for a, b in pairs], np.bool_)

    def _changed(self, table: ColumnFrame, words: Sequence[str]) -> ColumnFrame:
        at = self.target.position
        return with_cells(table, {at: with_words(table[at], self.place, words)})

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


def with_words(codes: TypedSeries, place: int, words: Sequence[str]) -> TypedSeries:
    """Put words into the codes that have one of the kind there; an empty one changes none."""
    texts = [
        with_word(text, place, word) if word and isinstance(text, str) else ""
        for text, word in zip(codes.values.to_numpy(object).tolist(), words, strict=True)
    ]
    return TypedSeries(codes.column, with_texts(codes.values, texts))


def with_word(text: str, place: int, word: str) -> str:
    """Put a word into a code, in place of one that is letters or digits as well."""
    tokens = _TOKENS.findall(text)
    if not word_at(tokens, place) or tokens[place].isdecimal() != word.isdecimal():
        return ""
    tokens[place] = word
    return "".join(tokens)


def word_at(tokens: Sequence[str], place: int) -> str:
    """Return the word at a place, from the end on if it is below zero; empty if there is none."""
    return tokens[place] if -len(tokens) <= place < len(tokens) else ""


def _find_code_parts(table: ColumnFrame) -> list[CodePart]:
    """Find the identifiers a word of which is a category, or a part of a date, of the row."""
    found: list[CodePart] = []
    n_rows = count_rows(table)
    rows = np.unique(np.linspace(0, n_rows - 1, HINT_ROWS).astype(np.intp))  # it may be sorted
    for target in [at for at, cells in table.items() if cells.column.kind == "identifier"]:
        heads = [tokens_of(text) for text in table[target].take(rows).values.to_numpy(object)]
        sizes = {len(own) for own in heads if own}
        for place in places_in(sizes, min(sizes, default=0)):
            words = {own[place] for own in heads if own}
            if len(words) > 1 and all(map(str.isalnum, words)):
                rule = _code_part(table, target, place, rows)
                if rule is not None:
                    found.append(rule)
                    table = rule.reduce(table)
    return found


def places_in(sizes: Collection[int], most: int) -> list[int]:
    """Return the places of words, so many of them, of codes with some numbers of words.

    Codes of several lengths are alike at their ends only: these are counted from the end on, too.
    """
    most = min(most, MOST_TOKENS)
    return [*range(most), *(range(-1, -most - 1, -1) if len(sizes) > 1 else ())]


def last_known(known: Mask) -> NDArray[np.intp]:
    """Return for each row the last one up to it that is known; the first known one before it."""
    there = np.flatnonzero(known)
    last = np.searchsorted(there, np.arange(len(known)), side="right") - 1
    rows: NDArray[np.intp] = there[np.maximum(last, 0)]
    return rows


def tokens_of(text: Any) -> list[str]:
    """Return the words and marks of a code; none of what is no text."""
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
                if differ(rule.without_word(table), table[target]):
                    found.append((share, rule))
                    break
    if found:
        return max(found, key=lambda own: own[0])[1]
    return _choice_part(table, target, place)


def _choice_part(table: ColumnFrame, target: int, place: int) -> CodePart | None:
    """Return the column that tells which of few words stands in the codes at a place.

    What tells it by the fewest levels comes first.
    """
    tokens = [tokens_of(text) for text in table[target].values.to_numpy(object)]
    words = np.array([word_at(own, place) for own in tokens], object)
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
    rules = [rule for _, rule in sorted(found, key=lambda own: own[0])]
    rules = [rule for rule in rules if differ(rule.without_word(table), table[target])]
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
    tokens = next((own for text in codes.values if (own := tokens_of(text))), [])
    return len(word_at(tokens, place))


def _share_held(rule: CodePart, table: ColumnFrame) -> float:
    """Return the share of the codes that hold the column; 0 where it does not vary."""
    texts = table[rule.target.position].values.to_numpy(object).tolist()
    pairs = [
        (word_at(tokens, rule.place), word)
        for text, word in zip(texts, rule.words(table), strict=True)
        if word and (tokens := tokens_of(text))
    ]
    same = sum(token == word for token, word in pairs)
    return same / len(pairs) if len({word for _, word in pairs}) > 1 else 0.0


def differ(rests: TypedSeries, codes: TypedSeries) -> bool:
    """Return whether codes differ in what a rule leaves of them, or have room to."""
    levels, n_codes = rests.levels, len(codes.levels)
    longest = max(
        (sum(map(str.isdecimal, own)) for own in levels if isinstance(own, str)), default=0
    )
    return len(levels) >= LEAST_NEW * n_codes or 10**longest >= ROOM * n_codes


def told_apart(codes: TypedSeries, rests: TypedSeries) -> TypedSeries:
    """Give the rests of codes that all differ other numbers where rests come again.

    What is generated differs then too, whatever goes with it. A number above all is taken first.
    """
    filled = codes.filled
    again = np.flatnonzero((rests.values.duplicated() & filled).to_numpy(bool))
    if not len(again) or codes.values[filled].duplicated().any():
        return rests
    texts = rests.values.to_numpy(object).tolist()
    used = {text for text in texts if isinstance(text, str)}
    shapes = {text: _around_number(text) for text in used}
    highest: dict[tuple[str, str, int], int] = {}
    for head, number, tail in filter(None, shapes.values()):
        shape = head, tail, len(number)
        highest[shape] = max(highest.get(shape, 0), int(number))
    for row in again.tolist():
        if (parts := shapes.get(texts[row])) is None:
            continue
        head, number, tail = parts
        width = len(number)
        for _ in range(len(used) + 1):
            highest[head, tail, width] = (highest[head, tail, width] + 1) % 10**width
            text = f"{head}{highest[head, tail, width]:0{width}}{tail}"
            if text not in used:
                texts[row] = text
                used.add(text)
                break
    changed = [text if isinstance(text, str) else "" for text in texts]
    return TypedSeries(rests.column, with_texts(rests.values, changed))


def _around_number(text: str) -> tuple[str, str, str] | None:
    """Return what stands before the longest number of a code, it, and what stands behind it."""
    found = max(_NUMBER.finditer(text), key=lambda own: len(own[0]), default=None)
    return None if found is None else (text[: found.start()], found[0], text[found.end() :])
