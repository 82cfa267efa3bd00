"""Columns of words: names and addresses, identifiers, free text, categories, and lists of items.

Texts that hold a separator are no evidence of lists: prose, names, addresses and codes have
commas too. Items of lists are few, recur in other cells in other combinations, and one item
stands now first, now later.
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, NoReturn

import numpy as np
import pandas as pd

from tabgan.base.errors import DataError
from tabgan.inference.column_cells import (
    FEWEST,
    ColumnCells,
    ColumnGuess,
    last_label,
    names_rows,
    shown,
)
from tabgan.inference.people_columns import MOST, find_people, share_of
from tabgan.table.compound_numbers import CompoundForm, find_compound
from tabgan.table.level_codes import codes_of
from tabgan.table.list_and_record_cells import (
    BRACKETS,
    ListForm,
    RecordForm,
    find_objects,
    find_pair,
)
from tabgan.table.schema import Kind
from tabgan.table.text_formats import (
    CHECKSUMS,
    NUMBER,
    Pattern,
    checksum_of,
    held_date,
    is_iban,
    pattern_of,
    spread,
)

__all__ = [
    "find_categories",
    "find_compounds",
    "find_levels",
    "find_lists",
    "find_mixed",
    "find_names",
    "find_words",
    "read_lists",
]

LEAST_VALID = 0.95  # share of bank account numbers whose check digits are right
NEARLY_ONE = 1.3  # rows of each value, up to which the values name the rows
MOST_FEW = 100  # texts of several numbers that are categories if they repeat
CODE_DIGITS = 8  # of texts that all differ, from which they are codes
LEAST_SHORTER = 0.03  # share of the numbers that have fewer digits than the longest
EXPECTED_PAIRS = 10.0  # of equal rows; where there is none, that is no chance
REPEATED_ROWS = 3  # rows from which a text is one that repeats
MOST_REPEATED = 0.8  # share of rows in such texts, from which texts of many words are categories
NAMED_ROWS = 5  # rows from which a text names a thing that has several
FEWEST_NAMED = 20  # such texts
LETTERS_OF_WORD = 4
MOST_NAMED = 0.5  # share of the rows that hold one of them, the commonest apart

_PATTERNS: dict[Pattern, tuple[Kind, str]] = {
    "email": ("email", "e-mail addresses"),
    "uuid": ("uuid", "universally unique identifiers"),
    "url": ("identifier", "web addresses"),
    "ip": ("identifier", "IP addresses"),
    "phone": ("phone", "phone numbers"),
    "iban": ("iban", "bank account numbers"),
}
_PERSONAL: set[Pattern] = {"email", "ip", "phone", "iban"}  # never kept, however often they repeat
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")  # no start within a word: linear
_UNSPACED = re.compile("[\u0e01-\u0e30\u3040-\u30ff\u3400-\u9fff]")  # Thai, kana, Chinese
_VERSION = re.compile(r"(?i)version|release|build|firmware")


def find_words(cells: ColumnCells) -> ColumnGuess:
    """Distinguish identifiers, free texts and categories among columns of text."""
    texts = cells.texts
    compound = find_compounds(cells)
    return compound or _find_unkept(cells.name, texts) or _levels(len(texts), sum(texts.values()))


def find_compounds(cells: ColumnCells, *, declared: bool = False) -> ColumnGuess | None:
    """Find out whether texts hold several values each: objects, numbers, or a text and a number.

    Parameters
    ----------
    cells
        The cells of a column of text.
    declared
        Whether the column is known to hold several values, if it can.
    """
    return (
        _find_objects(cells, declared=declared)
        or _find_several_numbers(cells, declared=declared)
        or _find_pairs(cells, declared=declared)
    )


def _find_several_numbers(cells: ColumnCells, *, declared: bool) -> ColumnGuess | None:
    """Find out whether texts hold several numbers each, as blood pressures 120/80 do.

    Few texts that repeat are categories, and texts that name their rows identifiers.
    """
    counts = cells.texts
    distinct, filled = len(counts), sum(counts.values())
    may_be = distinct >= FEWEST and not (distinct <= MOST_FEW and _repeat(counts))
    if not declared and (not may_be or names_rows(cells.name) or pattern_of([*counts])):
        return None
    form = find_compound(counts)
    if form is None or (not declared and _are_codes(form, counts)):
        return None
    written = form.to_format()
    numbers = ("two", "three", "four")[form.n_parts - 2]
    why = f"{numbers} numbers, written {written}, {distinct} distinct in {filled} rows"
    return ColumnGuess("compound", why, format=written)


def _find_objects(cells: ColumnCells, *, declared: bool) -> ColumnGuess | None:
    """Find out whether texts are JSON objects."""
    counts = cells.texts
    if not declared and len(counts) < FEWEST:
        return None
    form = find_objects(counts)
    if form is None:
        return None
    why = f"objects of {len(form.keys)} keys, {len(counts)} distinct in {sum(counts.values())} rows"
    return ColumnGuess("compound", why, format=form.to_format())


def _find_pairs(cells: ColumnCells, *, declared: bool) -> ColumnGuess | None:
    """Find out whether texts are a text and a number."""
    counts = cells.texts
    if not declared and (len(counts) < FEWEST or _repeat(counts) or names_rows(cells.name)):
        return None
    form = find_pair(counts)
    if form is None or (not declared and not _is_pair(form, counts)):
        return None
    written, rows = form.to_format(), sum(counts.values())
    why = f"a text and a number, written {written!r}, {len(counts)} distinct in {rows} rows"
    return ColumnGuess("compound", why, format=written)


def _is_pair(form: RecordForm, counts: Mapping[str, int]) -> bool:
    """Return whether the number of a pair is no part of a name: it repeats, and is short."""
    values = form.columns_of([*counts])[form.numbers.index(True)]
    numbers = [value for value in values if value is not None]
    return len(set(numbers)) <= 0.5 * len(numbers)


def _are_codes(form: CompoundForm, counts: Mapping[str, int]) -> bool:
    """Return whether whole numbers in texts are codes: after letters, long, or not by chance.

    Numbers that are measured meet by chance in some rows, as often as each of them repeats.
    """
    distinct, filled = len(counts), sum(counts.values())
    if form.literals[0][-1:].isalpha():  # S10_1678
        return True
    if any(form.decimals) or distinct < filled:
        return False
    numbers = form.parse([*counts])
    numbers = numbers[~np.isnan(numbers[:, 0])]
    digits = sum(len(f"{most:.0f}") for most in np.abs(numbers).max(axis=0))
    # what is measured has now more digits, now fewer
    sizes = np.abs(numbers)
    shorter = sizes < 10.0 ** np.floor(np.log10(np.maximum(sizes.max(axis=0), 1)))
    if shorter.mean(axis=0).min() >= LEAST_SHORTER:
        digits = 0
    pairs = len(numbers) * (len(numbers) - 1) / 2
    for part in numbers.T:
        shares = np.unique(part, return_counts=True)[1] / len(part)
        pairs *= float((shares**2).sum())
    return digits >= CODE_DIGITS or pairs >= EXPECTED_PAIRS


def find_names(cells: ColumnCells) -> ColumnGuess:
    """Distinguish identifiers and categories where the cells are not text."""
    if cells.storage == "uuid":
        return ColumnGuess("uuid", f"universally unique identifiers, in {len(cells.given)} rows")
    counts = Counter(cells.objects.tolist())
    return _find_rows(cells.name, counts) or _levels(len(counts), counts.total())


def find_mixed(cells: ColumnCells) -> ColumnGuess:
    """Distinguish identifiers and categories where the cells are of several types.

    Raises
    ------
    DataError
        If the values name the rows, and none is text.
    """
    finding = _find_unkept(cells.name, cells.texts)
    if finding is None:
        return find_levels(cells)
    if not any(isinstance(value, str) for value in cells.texts):
        _refuse_to_keep(cells, finding)
    return finding._replace(kind="identifier")


def find_categories(cells: ColumnCells) -> ColumnGuess:
    """Describe a column of a dtype of categories.

    Raises
    ------
    DataError
        If the categories, which the dtype keeps, are identifiers or free text.
    """
    dtype = cells.given.dtype
    if isinstance(dtype, pd.CategoricalDtype) and not dtype.ordered:
        # Categories that don't occur are kept too. How often they would is not known, so that only
        # what they look like counts: as if each stood in two rows.
        finding = _find_unkept(cells.name, cells.texts)
        unused = _find_unkept(cells.name, dict.fromkeys(dtype.categories, 2) | cells.texts)
        if finding is None and unused is not None:
            look = unused.why.partition(",")[0]
            finding = unused._replace(why=f"{look} among its {len(dtype.categories)} categories")
        if finding is not None:
            _refuse_to_keep(cells, finding)
    return find_levels(cells)


def _refuse_to_keep(cells: ColumnCells, finding: ColumnGuess) -> NoReturn:
    raise DataError(
        f"Column {shown(cells.name)} of dtype {cells.given.dtype} holds {finding.kind} values "
        f"({finding.why}), and as categories they would be stored and given back: convert the "
        "column with .astype(str), so that they are generated, or give it the kind 'categorical' "
        "to keep its values",
        on_command_line=f"Column {shown(cells.name)} of {cells.given.dtype} values holds "
        f"{finding.kind} values ({finding.why}), and as categories they would be stored and given "
        f"back: give --kind {cells.name}=categorical to keep them, or leave the column out with "
        f"--drop {cells.name}",
    )


def _find_unkept(name: Hashable, counts: Mapping[Hashable, int]) -> ColumnGuess | None:
    """Find identifiers and free text, whose values a model must not keep."""
    distinct, filled = len(counts), sum(counts.values())
    texts = [value for value in counts if isinstance(value, str)]
    sample = spread(texts, 1000)
    known = _find_known_form(name, sample, distinct, filled)
    if known is not None:
        return known
    people = find_people(name, counts)
    if people is not None:
        return people
    if texts and share_of(sample, _holds_mail) >= MOST:  # Ann Lee <ann@firm.com>
        why = f"texts with e-mail addresses, {distinct} distinct in {filled} rows"
        return ColumnGuess("identifier", why)
    if len(texts) >= FEWEST and _is_prose(sample) and not _repeat(counts):
        if _stand_for_things(counts):
            return None
        return ColumnGuess("text", f"free text, {distinct} distinct in {filled} rows")
    return _find_rows(name, counts)


def _find_known_form(
    name: Hashable, sample: Sequence[str], distinct: int, filled: int
) -> ColumnGuess | None:
    """Find addresses, telephone numbers and other texts of a well-known form."""
    pattern = pattern_of(sample)
    if pattern is None or (pattern == "ip" and _VERSION.search(last_label(name))):
        return None
    if pattern not in _PERSONAL and 2 * distinct <= filled:
        return None
    kind, words = _PATTERNS[pattern]
    if pattern == "iban" and not _are_ibans(sample):
        kind, words = "identifier", f"{words} with wrong check digits"
    return ColumnGuess(kind, f"{words}, {distinct} distinct in {filled} rows")


def _holds_mail(text: str) -> bool:
    return bool(_MAIL.search(text))


def _repeat(counts: Mapping[Hashable, int]) -> bool:
    """Return whether nearly all rows hold a text that stands in several of them.

    Answers to a question and names of diseases do, whatever their number of words.
    """
    rows = sum(count for count in counts.values() if count >= REPEATED_ROWS)
    return rows >= MOST_REPEATED * sum(counts.values())


def _stand_for_things(counts: Mapping[Hashable, int]) -> bool:
    """Return whether most rows hold one of many texts that stand in several, as firms and sites do.

    The most frequent one does not count: of comments it may be "none".
    """
    several = [count for count in counts.values() if count >= NAMED_ROWS]
    if len(several) < FEWEST_NAMED:
        return False
    most = max(several)
    return sum(several) - most > MOST_NAMED * (sum(counts.values()) - most)


def _find_rows(name: Hashable, counts: Mapping[Hashable, int]) -> ColumnGuess | None:
    """Find out whether there are about as many values as rows."""
    distinct, filled = len(counts), sum(counts.values())
    if distinct >= FEWEST and filled < NEARLY_ONE * distinct:
        which = f"all {filled}" if distinct == filled else f"{distinct} of {filled}"
        texts = [value for value in counts if isinstance(value, str)]
        checked = checksum_of(spread(texts, 1000))
        digits = f", with a check digit {CHECKSUMS[checked]}" if checked else ""
        form = "" if checked else held_date(spread(texts, 1000))
        holds = f"; they hold a date written {form}" if form else ""
        return ColumnGuess("identifier", f"{which} values differ{digits}{holds}")
    if distinct == filled > 1 and names_rows(name):
        return ColumnGuess("identifier", f"all {filled} values differ, named {shown(name)}")
    return None


def find_levels(cells: ColumnCells) -> ColumnGuess:
    """Describe a column as categories."""
    return _levels(len(codes_of(cells.given)[1]), len(cells.given))


def _levels(distinct: int, filled: int) -> ColumnGuess:
    if distinct == 0:
        return ColumnGuess("categorical", "no value is present")
    values = "value" if distinct == 1 else "values"
    return ColumnGuess("categorical", f"{distinct} distinct {values} in {filled} rows")


def _are_ibans(sample: Sequence[str]) -> bool:
    return sum(map(is_iban, sample)) >= LEAST_VALID * len(sample)


def _count_words(text: str) -> float:
    """Count words; in scripts without blanks between them, four letters count as one."""
    return len(text.split()) + len(_UNSPACED.findall(text)) / LETTERS_OF_WORD


def _is_prose(sample: Sequence[str]) -> bool:
    """Return whether texts are sentences rather than names or codes."""
    words = sum(_count_words(text[:2000]) for text in sample) / len(sample)
    length = sum(map(len, sample)) / len(sample)
    are_codes = words == 1 and length <= 128 and all(map(str.isascii, sample))
    return words >= 4 or (length > 40 and not are_codes)


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
