"""Generated columns that agree with others of their row: names and e-mail addresses.

All are generated, each by itself, so that none is a value of the training table. These rules make
the generated values agree: a given name is taken from the row's full name, and the words of an
e-mail address from the row's names. The number in the address stays, and keeps it unique and new.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd

from tabgan.rules.base_rules import Dependency, Mask
from tabgan.table.columns import (
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    field_at,
    sample_of,
    with_cells,
)
from tabgan.table.level_codes import are_filled
from tabgan.table.locale_words import DEFAULT_LOCALE, split_name

__all__ = [
    "EmailOfName",
    "NamePart",
    "find_persons",
    "with_texts",
]

MOSTLY = 0.5  # share of rows in which columns of one person agree
SHORTEST = 3  # letters of a name from which it is not by accident in an address
_PARTS = ("first_name", "last_name")
_MADE = re.compile(r"[a-z]+(\d+@example\.(?:com|net|org))", re.ASCII)
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})


@dataclass(frozen=True)
class NamePart(Dependency):
    """The target is the given or the family name of the full name in the source."""

    name: ClassVar[str] = "name part"
    source: ColumnRef
    target: ColumnRef

    def __post_init__(self) -> None:
        if self.target.column.kind not in _PARTS:
            raise ValueError(f"{self.target} is no part of a name")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    def agrees(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return the rows in which the target occurs in the source; one that is missing may be."""
        table = dict(zip(self.positions, cells, strict=True))
        hits = _parts_in(self.target, self.source, table)
        return np.array([hit is not False for hit in hits], np.bool_)

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.target} is a part of {self.source}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Return the table as it is: names are generated, not learned."""
        return table

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Take the target from the source wherever both are present."""
        column, values = table[self.target.position]
        names = _parts_of(self.source, table)[self.target.column.kind]
        return with_cells(
            table, {self.target.position: TypedSeries(column, with_texts(values, names))}
        )

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {"source": self.source.to_json(), "target": self.target.to_json()}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(ColumnRef.from_json(state["source"]), ColumnRef.from_json(state["target"]))


@dataclass(frozen=True)
class EmailOfName(Dependency):
    """The target is an e-mail address with the names of the sources in it, in a share of rows."""

    name: ClassVar[str] = "mailbox"
    sources: tuple[ColumnRef, ...]
    target: ColumnRef
    share: float

    def __post_init__(self) -> None:
        if not self.sources or not 0 <= self.share <= 1:
            raise ValueError("an e-mail address needs names, and a share of rows from 0 to 1")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return (*(source.position for source in self.sources), self.target.position)

    def agrees(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return the rows whose address holds a name of the row, or that lack one of the two."""
        table = dict(zip(self.positions, cells, strict=True))
        hits = _names_held(self.target, self.sources, table)
        return np.array([hit is not False for hit in hits], np.bool_)

    def describe(self) -> str:
        """Describe the rule in words."""
        names = " and ".join(str(field) for field in self.sources)
        return f"{self.target} holds the name in {names} in {self.share:.0%} of the rows"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Return the table as it is: addresses are generated, not learned."""
        return table

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Write the row's names into its address."""
        column, values = table[self.target.position]
        words = _words(self.sources, table)
        made = [
            _renamed(text, parts, self.share) for text, parts in zip(values, words, strict=True)
        ]
        return with_cells(
            table, {self.target.position: TypedSeries(column, with_texts(values, made))}
        )

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        sources = [field.to_json() for field in self.sources]
        return {"sources": sources, "target": self.target.to_json(), "share": self.share}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        sources = tuple(ColumnRef.from_json(source) for source in state["sources"])
        return cls(sources, ColumnRef.from_json(state["target"]), float(state["share"]))


class _Found(NamedTuple):
    share: float
    sources: tuple[ColumnRef, ...]


def find_persons(table: ColumnFrame, rng: np.random.Generator) -> list[Dependency]:
    """Find the columns that describe one person, the addresses first."""
    sample = sample_of(table, rng)
    fields = {at: field_at(table, at) for at in table}
    fulls = [field for field in fields.values() if field.column.kind == "name"]
    parts = [field for field in fields.values() if field.column.kind in _PARTS]
    mails = [field for field in fields.values() if field.column.kind == "email"]
    boxes = [
        EmailOfName(found.sources, mail, found.share)
        for mail in mails
        if (found := _names_in(mail, fulls, parts, sample)).share >= MOSTLY
    ]
    named = [(full, part) for part in parts for full in fulls if _is_part(part, full, sample)]
    unique = {part.position: (full, part) for full, part in reversed(named)}
    return [*boxes, *(NamePart(full, part) for full, part in unique.values())]


def _names_in(
    mail: ColumnRef, fulls: Sequence[ColumnRef], parts: Sequence[ColumnRef], table: ColumnFrame
) -> _Found:
    """Find the names that an address holds in most rows: full ones, or their parts."""
    best = [
        max((_measured(mail, (field,), table) for field in fields), default=_Found(0.0, ()))
        for fields in (
            fulls,
            [field for field in parts if field.column.kind == "first_name"],
            [field for field in parts if field.column.kind == "last_name"],
        )
    ]
    # where an address holds the given or the family name, both belong to it
    both = tuple(field for _, found in best[1:] for field in found)
    together = _measured(mail, both, table) if both else _Found(0.0, ())
    return best[0] if best[0].share >= together.share else together


def _measured(mail: ColumnRef, sources: tuple[ColumnRef, ...], table: ColumnFrame) -> _Found:
    hits = [hit for hit in _names_held(mail, sources, table) if hit is not None]
    return _Found(float(np.mean(hits)) if hits else 0.0, sources)


def _names_held(
    mail: ColumnRef, sources: tuple[ColumnRef, ...], table: ColumnFrame
) -> list[bool | None]:
    """Say of each row whether its address holds a name; None where one of the two is missing."""
    addresses = [_folded(text.partition("@")[0]) for text in _texts(mail, table)]
    names = zip(*(_texts(field, table) for field in sources), strict=True)
    return [
        any(len(word) >= SHORTEST and word in address for word in words)
        if address and (words := [_folded(word) for name in row for word in _split(name)])
        else None
        for address, row in zip(addresses, names, strict=True)
    ]


def _is_part(part: ColumnRef, full: ColumnRef, table: ColumnFrame) -> bool:
    same = [hit for hit in _parts_in(part, full, table) if hit is not None]
    return bool(same) and float(np.mean(same)) >= MOSTLY


def _parts_in(part: ColumnRef, full: ColumnRef, table: ColumnFrame) -> list[bool | None]:
    """Say of each row whether a name holds a part; None where one of the two is missing."""
    pairs = zip(_texts(part, table), _texts(full, table), strict=True)
    return [one.casefold() in whole.casefold() if one and whole else None for one, whole in pairs]


def _texts(field: ColumnRef, table: ColumnFrame) -> list[str]:
    """Return a column's texts; empty ones where there is no value."""
    values = table[field.position][1]
    return [str(v) if there else "" for v, there in zip(values, are_filled(values), strict=True)]


def _split(name: str) -> list[str]:
    """Split a name of the training table, whose order and language are not known."""
    return name.replace(",", " ").split()


def _parts_of(full: ColumnRef, table: ColumnFrame) -> Mapping[str, list[str]]:
    """Split generated full names into their parts; empty texts where there is none."""
    locale = full.column.locale or DEFAULT_LOCALE
    split = [split_name(name, locale) if name else ("", "") for name in _texts(full, table)]
    return {part: [names[place] for names in split] for place, part in enumerate(_PARTS)}


def _words(sources: Sequence[ColumnRef], table: ColumnFrame) -> list[list[str]]:
    """Return the names of each generated row as an address can hold them."""
    columns: list[Sequence[str]] = []
    for field in sources:
        if field.column.kind == "name":
            columns += _parts_of(field, table).values()
        else:
            columns.append(_texts(field, table))
    return [[w for w in map(_folded, row) if w] for row in zip(*columns, strict=True)]


def _renamed(text: Any, words: Sequence[str], share: float) -> str:
    """Write words into a generated address; empty where it stays as it is."""
    match = _MADE.fullmatch(text) if isinstance(text, str) else None
    if match is None or not words:
        return ""
    number = int(match.group(1).partition("@")[0])
    stays = number * 0x9E3779B1 % 2**32 >= share * 2**32
    return "" if stays else ".".join(words) + match.group(1)


def with_texts(values: pd.Series, texts: Sequence[str]) -> pd.Series:
    """Replace the values that are present by texts; an empty text keeps the value."""
    new = np.array(texts, object)
    changed = are_filled(values) & (new != "")
    cells = values.to_numpy(object, copy=True)
    cells[changed] = new[changed]
    return pd.Series(cells, index=values.index, name=values.name, dtype=values.dtype)


def _folded(text: str) -> str:
    """Reduce a name to the letters from a to z."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return re.sub("[^a-z]", "", plain)
