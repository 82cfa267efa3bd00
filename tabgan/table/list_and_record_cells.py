"""Cells that hold a list or a record as one text, such as ``a; b`` or a JSON object.

Cells that hold lists, written as text: ``a; b``, ``["x", "y"]``, ``{x,y}``, ``<x><y>``.

An item is kept as it is written, with its quotes, so that numbers, truth values and quoted texts
come back as they were. Everything here looks at single texts; callers factorise first.

Cells that hold a record as one text: JSON objects, and two values such as ``name / rating``.

A part is kept as it is written, so that numbers, truth values and nested lists come back as they
were. Everything here looks at single texts; callers factorise first.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tabgan.base.errors import SchemaError
from tabgan.table.schema import Column

__all__ = [
    "BRACKETS",
    "ListForm",
    "RecordForm",
    "find_objects",
    "find_pair",
    "is_record",
    "item_text",
    "record_columns",
]

BRACKETS = {"[": "]", "{": "}", "(": ")"}  # inside them an item may be quoted
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
_SPEC = re.compile(r"(?s)(.*?)x(.+?)y(.*)")


@dataclass(frozen=True)
class ListForm:
    """How the items of a list are written as one text.

    Parameters
    ----------
    separator
        What stands between two items.
    opening, closing
        What stands before the first and after the last; a list without items is these two alone.

    Examples
    --------
    >>> form = ListForm(", ", "[", "]")
    >>> form.read('["a", "b, c"]'), form.write(("1", "2")), form.spec
    (('"a"', '"b, c"'), '[1, 2]', '[x, y]')
    >>> ListForm("; ").read("red;  blue ;"), ListForm("; ").read("")
    (('red', 'blue'), ())
    """

    separator: str
    opening: str = ""
    closing: str = ""

    @property
    def spec(self) -> str:
        """The form as a short text: a list of x and y."""
        return f"{self.opening}x{self.separator}y{self.closing}"

    @classmethod
    def of_spec(cls, spec: str | None) -> "ListForm":
        """Rebuild a form from its `spec`.

        Raises
        ------
        SchemaError
            If the text is not the form of a list.

        Examples
        --------
        >>> ListForm.of_spec("{x,y}")
        ListForm(separator=',', opening='{', closing='}')
        """
        match = _SPEC.fullmatch(spec or "")
        if match is None:
            raise SchemaError(
                f"format={spec!r:.80} is not the form of a list; write a list of x and y, as in "
                "'x; y' or '[x, y]'"
            )
        opening, separator, closing = match.groups()
        return cls(separator, opening, closing)

    def read(self, text: str) -> tuple[str, ...] | None:
        """Return the items of a list; None where the brackets are missing.

        Blanks around items do not count, nor do items of nothing.
        """
        text = text.strip()
        outer = len(self.opening) + len(self.closing)
        framed = text.startswith(self.opening) and text.endswith(self.closing)
        if not framed or len(text) < outer:
            return None
        inner = text[len(self.opening) : len(text) - len(self.closing)]
        if self.opening in BRACKETS and ('"' in inner or "'" in inner):
            items = [match.group(1) for match in self._tokens.finditer(inner)]
        elif self._mark:
            items = [item.strip() for item in inner.split(self._mark)]
        else:
            items = inner.split()
        return tuple(item for item in items if item)

    def write(self, items: Sequence[str]) -> str:
        """Write items as one text."""
        return f"{self.opening}{self.separator.join(items)}{self.closing}"

    @property
    def _mark(self) -> str:
        """The separator without the blanks around it, which a writer may forget."""
        return self.separator.strip(" ")

    @cached_property
    def _tokens(self) -> re.Pattern[str]:
        mark = re.escape(self._mark) or r"\s"
        return re.compile(rf"(?s)\s*({_QUOTED.pattern[1:-1]}|.*?)\s*(?:{mark}|\Z)")


def item_text(item: str) -> str:
    """Return an item without its quotes, for people.

    Examples
    --------
    >>> item_text('"Wifi"'), item_text("'"), item_text("3")
    ('Wifi', "'", '3')
    """
    return item[1:-1] if _QUOTED.fullmatch(item) else item


LEAST_LIKE = 0.95  # share of the rows that are of the form
LEAST_NUMBERS = 0.95  # share of a part's values that are numbers, for it to be one of numbers
MOST_KEYS = 50
KEY_ROWS = 10  # that hold a key, for it to be one of the form
KEY_SHARE = 0.01  # the same as a share of the rows
SAMPLE = 1_000  # texts that the form is chosen by
PAIR_MARKS = ("\n", " | ", "|", " - ", ", ", "; ")  # between the two values, the first that fits

_TEXT = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
_VALUE = rf"""{_TEXT}|\[[^\[\]{{}}]*\]|\{{[^{{}}]*\}}|[^\s,{{}}\[\]"']+"""
_ITEM = re.compile(rf"(?s)({_TEXT})(\s*:\s*)({_VALUE})")
_BETWEEN = re.compile(r"\s*,\s*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_NOTHING = frozenset({"null", "None"})  # stand without quotes where other rows hold a text
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")  # of letters that JSON may write as they are
_FIELD = re.compile(r"%(%|s|g)")
_KEY = re.compile(rf"(?s)(\{{\s*|\s*,\s*)({_TEXT})(\s*:\s*)")

Parts = dict[str, str]  # a record's parts by key, as they are written


@dataclass(frozen=True)
class RecordForm:
    """How a record is written as one text.

    Parameters
    ----------
    keys
        The key of each part with its quotes, in order; of two values without keys "1" and "2".
    numbers
        Which parts are numbers.
    quotes
        What stands around each part that is a text: ``"`` as in JSON, ``'`` as in Python.
    opening, colon, separator, closing
        What stands before the first part, behind a key, between parts, and after the last one.

    Examples
    --------
    >>> form = RecordForm.of_format('{"a": %g, "b": "%s"}')
    >>> form.read('{"a": 1, "b": "x"}'), form.read('{"b": "y"}'), form.read('{"b": 2}')
    (('1', 'x'), (None, 'y'), None)
    >>> form.write([("2", None), (None, "z")])
    ['{"a": 2}', '{"b": "z"}']
    >>> RecordForm.of_format("%s, %g").read("Rome, 7.5")
    ('Rome', '7.5')
    """

    keys: tuple[str, ...]
    numbers: tuple[bool, ...]
    quotes: tuple[str, ...]
    opening: str
    colon: str
    separator: str
    closing: str

    @property
    def is_object(self) -> bool:
        """Whether parts have keys, and may be missing."""
        return self.opening.startswith("{")

    def to_format(self) -> str:
        """Return the form as a short text: %g stands for a number, %s for any other part."""
        parts = [
            (key + self.colon if self.is_object else "").replace("%", "%%")
            + quote
            + ("%g" if is_number else "%s")
            + quote
            for key, is_number, quote in zip(self.keys, self.numbers, self.quotes, strict=True)
        ]
        frame = self.opening, self.separator.replace("%", "%%").join(parts), self.closing
        return "".join(frame)

    @classmethod
    def of_format(cls, text: str) -> Self:
        """Rebuild a form from `to_format`'s value.

        Raises
        ------
        SchemaError
            If it is not the form of a record.
        """
        literals, numbers = _fields(text)
        heads = [head for literal in literals[:-1] if (head := _KEY.search(literal))]
        if numbers and text.startswith("{") and len(heads) == len(numbers):
            return cls._of_objects(literals, numbers, heads)
        if len(numbers) == 2 and literals[0] == literals[2] == "" and literals[1]:
            return cls(("1", "2"), tuple(numbers), ("", ""), "", "", literals[1], "")
        raise SchemaError(
            f"format={text!r:.80} must be the form of an object, such as "
            "'{\"a\": %g, \"b\": %s}', or of two values, such as '%s, %g'"
        )

    @classmethod
    def _of_objects(
        cls, literals: Sequence[str], numbers: Sequence[bool], heads: Sequence[re.Match[str]]
    ) -> Self:
        ends = [literal[head.end() :] for literal, head in zip(literals[:-1], heads, strict=True)]
        separators = [head.group(1) for head in heads[1:]]
        return cls(
            keys=tuple(head.group(2) for head in heads),
            numbers=tuple(numbers),
            quotes=tuple(end if end in ('"', "'") else "" for end in ends),
            opening=heads[0].group(1),
            colon=heads[0].group(3),
            separator=separators[0] if separators else ", ",
            closing=literals[-1].removeprefix(ends[-1] if ends[-1] in ('"', "'") else ""),
        )

    @cached_property
    def _place(self) -> dict[str, int]:
        return {key: place for place, key in enumerate(self.keys)}

    def read(self, text: object) -> tuple[str | None, ...] | None:
        """Return the parts, None for one that is missing; None where the text is no such record."""
        if not isinstance(text, str):
            return None
        if not self.is_object:
            parts = text.split(self.separator)
            return (parts[0], parts[1]) if len(parts) == 2 else None
        found = _parts_of(text)
        if found is None:
            return None
        values: list[str | None] = [None] * len(self.keys)
        for key, part in found.items():
            place = self._place.get(key)
            if place is None:
                continue  # a rare key
            value = _text_of(part, self.quotes[place]) if self.quotes[place] else part
            if value is None:
                return None
            values[place] = value
        return tuple(values)

    def write(self, rows: Sequence[Sequence[str | None]]) -> list[str]:
        """Write the parts of each row as one text; those that are None are left out."""
        heads = [key + self.colon if self.is_object else "" for key in self.keys]
        shapes = [*zip(heads, self.quotes, strict=True)]
        return [
            self.opening
            + self.separator.join(
                head + _quoted(part, quote)
                for (head, quote), part in zip(shapes, row, strict=True)
                if part is not None
            )
            + self.closing
            for row in rows
        ]

    def columns_of(self, texts: Sequence[object]) -> list[NDArray[np.object_]]:
        """Return the parts of texts as columns, None where one is missing."""
        rows = [self.read(text) or (None,) * len(self.keys) for text in texts]
        columns = [np.empty(len(rows), object) for _ in self.keys]
        for column, values in zip(columns, zip(*rows, strict=True), strict=False):
            column[:] = values
        return columns


def _fields(text: str) -> tuple[list[str], list[bool]]:
    """Return what stands between the parts of a format, and which parts are numbers."""
    literals, numbers, last = [""], list[bool](), 0
    for match in _FIELD.finditer(text):
        literals[-1] += text[last : match.start()]
        last = match.end()
        if match.group(1) == "%":
            literals[-1] += "%"
            continue
        numbers.append(match.group(1) == "g")
        literals.append("")
    literals[-1] += text[last:]
    return literals, numbers


def is_record(format_: str | None) -> bool:
    """Return whether a format is that of a record, and not of several numbers.

    Examples
    --------
    >>> is_record("%s, %g"), is_record('{"a": %g}'), is_record("%.0f/%.0f"), is_record(None)
    (True, True, False, False)
    """
    return any(match.group(1) in ("s", "g") for match in _FIELD.finditer(format_ or ""))


def _parts_of(text: str) -> Parts | None:
    """Return the parts of an object, as they are written; None for another text."""
    text = text.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return None
    parts: Parts = {}
    inner = text[1:-1].strip()
    at = 0
    while at < len(inner):
        item = _ITEM.match(inner, at)
        if item is None or item.group(1) in parts:
            return None
        parts[item.group(1)] = item.group(3)
        at = item.end()
        if at < len(inner):
            between = _BETWEEN.match(inner, at)
            if between is None or between.end() == len(inner):
                return None
            at = between.end()
    return parts


def find_objects(counts: Mapping[str, int]) -> RecordForm | None:
    """Find the form in which nearly all rows are objects of a few keys; None if there is none.

    Parameters
    ----------
    counts
        How many rows hold each text.

    Examples
    --------
    >>> rows = {f'{{"a": {n}, "b": "{"xyz"[n % 3]}"}}': 4 for n in range(30)}
    >>> find_objects(rows).to_format()
    '{"a": %g, "b": "%s"}'
    >>> find_objects({"a": 3, "{b}": 20})
    """
    rows = sum(counts.values())
    if sum(n for text, n in counts.items() if text.startswith("{")) < LEAST_LIKE * rows:
        return None
    read = {text: parts for text in counts if (parts := _parts_of(text)) is not None}
    held = Counter[str]()
    for text, parts in read.items():
        for key in parts:
            held[key] += counts[text]
    least = max(min(KEY_ROWS, rows // 2), KEY_SHARE * rows)
    keys = [key for key in _in_order(read.values()) if held[key] >= least]
    if not 1 <= len(keys) <= MOST_KEYS or sum(held[key] for key in keys) < 0.9 * held.total():
        return None
    values = {key: [parts[key] for parts in read.values() if key in parts] for key in keys}
    form = _frame_of(_some([*read]), keys, values)
    return form if form is not None and _explains(form, counts) else None


def _in_order(rows: Iterable[Parts]) -> list[str]:
    """Return keys so that each stands behind those that it stands behind in a row."""
    keys: list[str] = []
    for parts in rows:
        last = -1
        for key in parts:
            if key in keys:
                last = max(last, keys.index(key))
            else:
                last += 1
                keys.insert(last, key)
    return keys


def _some(texts: Sequence[str]) -> Sequence[str]:
    """Return texts, evenly spaced where there are very many."""
    return texts[:: -(-len(texts) // SAMPLE) or 1]


def _frame_of(
    texts: Sequence[str], keys: Sequence[str], values: Mapping[str, Sequence[str]]
) -> RecordForm | None:
    """Return the form with these keys, framed as most texts are."""
    frames = Counter[tuple[str, str, str, str]]()
    for text in texts:
        opening = re.match(r"\{\s*", text)
        item = _ITEM.match(text, opening.end()) if opening else None
        closing = re.search(r"\s*\}\s*$", text)
        if opening is None or item is None or closing is None:
            continue
        between = _BETWEEN.match(text, item.end())
        separator = between.group() if between and between.end() < len(text) else ""
        frames[opening.group(), item.group(2), separator, closing.group()] += 1
    usual = [frame for frame, _ in frames.most_common() if frame[2]] or [*frames]
    if not usual:
        return None
    opening_, colon, separator, closing_ = usual[0]
    numbers = tuple(_are_numbers(values[key]) for key in keys)
    quotes = tuple(_quote_of(values[key]) for key in keys)
    return RecordForm(tuple(keys), numbers, quotes, opening_, colon, separator or ", ", closing_)


def _quote_of(values: Sequence[str]) -> str:
    """Return the quotes around texts; empty where a value is no text."""
    texts = [value for value in values if value not in _NOTHING]
    quote = "'" if any(text.startswith("'") for text in texts) else '"'
    return quote if texts and all(_text_of(text, quote) is not None for text in texts) else ""


def _text_of(part: str, quote: str) -> str | None:
    r"""Return the text that a part stands for; None where it is none.

    Examples
    --------
    >>> _text_of(r'"\u00e9"', '"'), _text_of("'Ann'", "'"), _text_of("3", '"')
    ('é', 'Ann', None)
    """
    if part in _NOTHING:
        return part
    if part[:1] not in ('"', quote):
        return None
    try:
        text = json.loads(part if quote == '"' else _as_json(part))
        return text if isinstance(text, str) and text.encode() is not None else None
    except ValueError:  # no text, or half a character
        return None


def _as_json(literal: str) -> str:
    """Write a literal of Python as JSON does."""

    def escape(match: re.Match[str]) -> str:
        mark = match.group()
        if mark.startswith(r"\x"):
            return rf"\u00{mark[2:]}"
        return {'"': r"\"", r"\'": "'"}.get(mark, mark)

    return '"' + re.sub(r'(?s)\\x..|\\.|"', escape, literal[1:-1]) + '"'


def _quoted(text: str, quote: str) -> str:
    """Write a part as JSON or Python does."""
    if not quote or text in _NOTHING:
        return text
    return repr(text) if quote == "'" else json.dumps(text, ensure_ascii=False)


def _are_numbers(values: Sequence[str]) -> bool:
    return sum(bool(_NUMBER.fullmatch(value)) for value in values) >= LEAST_NUMBERS * len(values)


def _explains(form: RecordForm, counts: Mapping[str, int]) -> bool:
    """Return whether nearly all rows are written as the form writes their parts."""
    parts = {text: form.read(text) for text in counts}
    read = {text: row for text, row in parts.items() if row is not None}
    written = form.write([*read.values()])
    same = sum(
        counts[text]
        for text, own in zip(read, written, strict=True)
        if own in (text, _ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), text))
    )
    return same >= LEAST_LIKE * sum(counts.values())


def find_pair(counts: Mapping[str, int]) -> RecordForm | None:
    r"""Find the mark at which nearly all rows fall into two parts, one of them a number.

    Parameters
    ----------
    counts
        How many rows hold each text.

    Examples
    --------
    >>> find_pair({f"Firm {n}\n{n / 10}": 1 for n in range(30)}).to_format()
    '%s\n%g'
    >>> find_pair({"Austin, TX": 3, "Miami, FL": 2})
    """
    rows = sum(counts.values())
    for mark in PAIR_MARKS:
        pairs = [(text.split(mark), n) for text, n in counts.items() if text.count(mark) == 1]
        if sum(n for _, n in pairs) < LEAST_LIKE * rows:
            continue
        sides = [[pair[side] for pair, _ in pairs] for side in (0, 1)]
        numbers = tuple(map(_are_numbers, sides))
        if sum(numbers) == 1 and all(all(side) for side in sides):
            return RecordForm(("1", "2"), numbers, ("", ""), "", "", mark, "")
    return None


def record_columns(column: Column, form: RecordForm) -> list[Column]:
    """Return a column for each part of a column of records.

    Parameters
    ----------
    column
        The column of records.
    form
        How its records are written.
    """
    return [
        Column(
            name=f"{column.name} [{key.strip(chr(34) + chr(39))}]",
            kind="numeric" if is_number else "categorical",
            dtype="float64" if is_number else "object",
            missing=column.missing,
            min_group=column.min_group,
            why=f"part {key} of {column.name}",
            origin=column.origin,
        )
        for key, is_number in zip(form.keys, form.numbers, strict=True)
    ]
