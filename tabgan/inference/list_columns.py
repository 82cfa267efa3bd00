"""Columns whose cells hold lists: several of a few items, as of a question with many answers.

Texts that hold a separator are no evidence of lists: prose, names, addresses and codes have
commas too. Items of lists are few, recur in other cells in other combinations, and one item
stands now first, now later.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from tabgan.inference.column_cells import FEWEST, ColumnCells, ColumnGuess
from tabgan.table.list_and_record_cells import BRACKETS, ListForm
from tabgan.table.text_formats import NUMBER

__all__ = ["find_lists", "read_lists"]

MOST_TEXTS = 5_000  # distinct texts that are looked at
LONGEST = 10_000  # characters of a cell on average: what is longer is no list of few items
LEAST_FRAMED = 0.95  # share of the cells that have the brackets
LEAST_EXACT = 0.9  # share of the cells that are written as they were
RECURS = 5  # rows that hold an item, for it to be one that recurs
_ATTRIBUTE = re.compile(r"""\s*("[^"]*"|'[^']*'|\w+)\s*(:|=>)""")  # of an object, not of a list

Texts = Mapping[str, int]


class _Bar(NamedTuple):
    """What a column must show for its cells to count as lists, as shares."""

    several: float  # of the rows: hold two items or more
    recurring: float  # of the items in rows: are held by `RECURS` rows or more
    mobile: float  # of the items that are not the first: stand in other places elsewhere
    cells_for_item: float  # distinct cells for each distinct item
    n_lengths: int  # lengths that occur
    n_lists: int  # distinct lists of two items or more


_STRONG = _Bar(several=0.05, recurring=0.6, mobile=0.6, cells_for_item=0.5, n_lengths=1, n_lists=2)
_WEAK = _Bar(several=0.15, recurring=0.9, mobile=0.75, cells_for_item=1.5, n_lengths=2, n_lists=3)
_FRAMED = _Bar(several=0.05, recurring=0.6, mobile=0.6, cells_for_item=0.2, n_lengths=1, n_lists=2)
_WEAK_NUMBERS = _WEAK._replace(n_lengths=4)  # 1,234 is a number, 1/2 a fraction
_SEPARATORS: Mapping[str, _Bar] = {  # the first that explains a column is taken
    ";": _STRONG,
    "|": _STRONG,
    "\n": _STRONG,
    "\t": _STRONG,
    "~": _STRONG,
    "^": _STRONG,
    ",": _WEAK,
    "/": _WEAK,
    " + ": _WEAK,
    " & ": _WEAK,
}


def find_lists(cells: ColumnCells) -> ColumnGuess | None:
    """Find out whether the texts of a column are lists of items that recur; None if not.

    Parameters
    ----------
    cells
        The cells of a column of text.
    """
    if sum(cells.texts.values()) < FEWEST:
        return None
    texts = _some(cells.texts)
    if sum(map(len, texts)) > LONGEST * len(texts):
        return None
    for form, bar in _candidates(texts):
        found = _Lists.of(texts, form)
        if found.meets(bar):
            return _guess(found)
    return None


def read_lists(cells: ColumnCells) -> ColumnGuess | None:
    """Describe a column that is declared to hold lists; None if its cells are not text.

    Parameters
    ----------
    cells
        The cells of the column.
    """
    if cells.storage != "string":
        return None
    guess = find_lists(cells)
    if guess is not None:
        return guess
    texts = _some(cells.texts)
    found = [_Lists.of(texts, form) for form, _ in _candidates(texts)]
    lists = [one for one in found if one.n_several] or [_Lists.of(texts, ListForm("; "))]
    # the separator whose items repeat most
    return _guess(max(lists, key=lambda one: one.n_held / max(len(one.rows), 1)))


def _guess(found: "_Lists") -> ColumnGuess:
    longest, n_items = max(found.lengths, default=0), len(found.rows)
    why = f"lists of up to {longest} items out of {n_items:,}, written {found.form.spec!r}"
    return ColumnGuess("multiselect", why, format=found.form.spec)


def _some(texts: Texts) -> dict[str, int]:
    """Return distinct texts with their rows, evenly spaced where there are very many."""
    step = -(-len(texts) // MOST_TEXTS) or 1
    return dict(islice(texts.items(), 0, None, step))


def _candidates(texts: Texts) -> Iterator[tuple[ListForm, _Bar]]:
    """Yield the forms that texts may be written in, by their brackets or else by separator."""
    n_rows = sum(texts.values())
    for opening, closing in BRACKETS.items():
        if _framed(texts, opening, closing) >= LEAST_FRAMED * n_rows:
            separator = _written(",", texts) or _written(" ", texts) or ", "
            yield ListForm(separator, opening, closing), _FRAMED
            return
    if _framed(texts, "<", ">") >= LEAST_FRAMED * n_rows:
        yield ListForm("><", "<", ">"), _FRAMED
        return
    for mark, bar in _SEPARATORS.items():
        with_mark = sum(count for text, count in texts.items() if mark in text)
        if with_mark >= bar.several * n_rows:
            ends = _framed(texts, "", mark) >= LEAST_FRAMED * n_rows
            separator = _written(mark, texts) or mark
            yield ListForm(separator, "", mark if ends else ""), bar


def _framed(texts: Texts, opening: str, closing: str) -> int:
    """Count the rows whose text begins and ends in a certain way."""
    fits = (n for text, n in texts.items() if text.startswith(opening) and text.endswith(closing))
    return sum(fits)


def _written(mark: str, texts: Texts) -> str | None:
    """Return how a separator is written most often, with the blanks around it."""
    bare = mark.strip(" ")
    found = re.compile(rf" *{re.escape(bare)} *" if bare else r" +")
    counts: Counter[str] = Counter()
    for text, n in texts.items():
        for written in set(found.findall(text.rstrip(bare + " "))):
            counts[written] += n
    return counts.most_common(1)[0][0] if counts else None


@dataclass(frozen=True)
class _Lists:
    """Texts read as lists in one form.

    Attributes
    ----------
    form
        The form.
    n_rows, n_exact, n_several, n_held
        Rows in all, those that are written as they were, those with two items or more, and the
        items in all rows.
    n_cells, n_lists
        Distinct texts that are lists, and those of two items or more.
    rows
        Rows that hold each item.
    lengths
        Rows with each number of items.
    mobile
        Share of the items after the first that stand in other places elsewhere.
    is_vector
        Whether they are pairs of numbers, or equally many numbers that repeat within a cell:
        a range, a score, a color.
    are_numbers, are_attributes
        Whether most items are numbers, or keys with a value.
    """

    form: ListForm
    n_rows: int
    n_exact: int
    n_several: int
    n_held: int
    n_cells: int
    n_lists: int
    rows: Counter[str]
    lengths: Counter[int]
    mobile: float
    is_vector: bool
    are_numbers: bool
    are_attributes: bool

    @classmethod
    def of(cls, texts: Texts, form: ListForm) -> "_Lists":
        """Read texts, with the rows of each, in a form."""
        rows: Counter[str] = Counter()
        lengths: Counter[int] = Counter()
        places: dict[str, set[int]] = {}
        read = {text: form.read(text) for text in texts}
        lists = {text: items for text, items in read.items() if items is not None}
        for text, items in lists.items():
            lengths[len(items)] += texts[text]
            for item in set(items):
                rows[item] += texts[text]
            for place, item in enumerate(items):
                places.setdefault(item, set()).add(place)
        are_numbers = _are_most(rows, NUMBER.fullmatch)
        repeat = any(len(set(items)) < len(items) for items in lists.values())
        later = [item for items in lists.values() for item in items[1:]]
        return cls(
            form=form,
            n_rows=sum(texts.values()),
            n_exact=sum(texts[text] for text, items in lists.items() if form.write(items) == text),
            n_several=sum(count for length, count in lengths.items() if length > 1),
            n_held=sum(rows.values()),
            n_cells=len(lists),
            n_lists=sum(len(items) > 1 for items in lists.values()),
            rows=rows,
            lengths=lengths,
            mobile=sum(len(places[item]) > 1 for item in later) / max(len(later), 1),
            is_vector=are_numbers and len(lengths) == 1 and (repeat or 2 in lengths),
            are_numbers=are_numbers,
            are_attributes=form.opening == "{" and _are_most(rows, _ATTRIBUTE.match),
        )

    def meets(self, bar: _Bar) -> bool:
        """Return whether lists of few items that recur explain the texts."""
        if self.is_vector or self.are_attributes or self.n_exact < LEAST_EXACT * self.n_rows:
            return False
        if self.are_numbers and bar is _WEAK:
            bar = _WEAK_NUMBERS
        recurring = sum(count for count in self.rows.values() if count >= RECURS)
        return (
            self.n_lists >= bar.n_lists
            and len([length for length in self.lengths if length]) >= bar.n_lengths
            and self.n_several >= bar.several * self.n_rows
            and recurring >= bar.recurring * self.n_held
            and self.n_cells >= bar.cells_for_item * len(self.rows)
            and self.mobile >= bar.mobile
        )


def _are_most(items: Counter[str], fits: Callable[[str], object]) -> bool:
    return sum(bool(fits(item)) for item in items) > len(items) / 2
