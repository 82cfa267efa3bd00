"""Columns of words: people's names and addresses, identifiers, free text, categories.

Columns of people's names, addresses and telephone numbers, told by name and by look.

Only what is clear: a category that is taken for names would be lost, names that are taken for a
category would be kept. What the column is called counts most; a column that is called no more
than "name", or anything else, must also hold names that Faker knows.
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cache
from typing import Literal, NoReturn

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
from tabgan.table.compound_numbers import CompoundForm, find_compound
from tabgan.table.level_codes import codes_of
from tabgan.table.list_and_record_cells import RecordForm, find_objects, find_pair
from tabgan.table.locale_words import Vocabulary, names_of_people, vocabulary
from tabgan.table.schema import Kind
from tabgan.table.text_formats import CHECKSUMS, Pattern, checksum_of, is_iban, pattern_of, spread

__all__ = [
    "calls_phones",
    "find_categories",
    "find_compounds",
    "find_levels",
    "find_mixed",
    "find_names",
    "find_people",
    "find_words",
]

MOST = 0.8  # share of values that must look like what the column is called
KNOWN_IF_CALLED = 0.3  # share of names that are known, in a column that is called "name"
KNOWN = 0.5  # the same, in any other column
FEWEST_NAMES = 5  # names that may be people's, where nothing calls them so
SURELY = 0.9  # share of few names whose first and family names are both known
LONGEST_NAME = 200  # characters that are looked at: a longer text is no name
_LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT")

_NEEDED = {"people": 0.0, "name": KNOWN_IF_CALLED, "role": KNOWN_IF_CALLED}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_JOINED = re.compile(r"(.*?)(first|given|fore|last|family|sur|full)(names?)")  # contactlastname
_PEOPLE = {"full", "customer", "client", "patient", "employee", "person", "contact", "member"}
_PEOPLE |= {"student", "passenger", "guest", "owner", "holder", "author", "teacher", "doctor"}
_PEOPLE |= {"manager", "director", "supervisor", "rep", "representative", "salesrep", "agent"}
_PEOPLE |= {"salesperson", "seller", "buyer", "applicant", "candidate", "instructor", "physician"}
_PEOPLE |= {"nurse", "driver", "player", "actor", "advisor", "assignee", "tenant", "user"}
_PEOPLE |= {"reviewer", "lawyer", "attorney", "judge", "coach", "trainer", "officer", "inspector"}
_PEOPLE |= {"cashier", "technician", "waiter", "host", "responsible", "consultant", "interviewer"}
_PEOPLE |= {"vendedor", "vendedora", "vendeur", "verkaufer", "verkäufer", "responsavel", "medico"}
_PEOPLE |= {"médico", "arzt", "lehrer", "betreuer", "berater", "autor", "auteur", "autore"}
_PEOPLE |= {"professor", "profesor", "professore", "atendente", "venditore", "responsabile"}
_PEOPLE |= {"kunde", "kunden", "mitarbeiter", "cliente", "empleado", "nombre", "nom", "sales"}
_FIRST = {"first", "given", "fore", "firstname", "givenname", "forename", "vorname"}
_LAST = {"last", "family", "sur", "lastname", "familyname", "surname", "nachname"}
_PHONE = {"phone", "telephone", "tel", "mobile", "cellphone", "fax"}
_NO_ADDRESS = {"email", "mail", "ip", "mac", "web", "url"}
_ASIDE = re.compile(r"[(\"“][^)\"”]*[)\"”]")
_TITLE = re.compile(  # before a name, or after it
    r"(?i)^(?:(?:dr|prof|mr|mrs|ms|miss|mx|sir|dame|rev|hon|capt|sgt|herr|frau|sr|sra|srta|dra|dott|"
    r"dottssa|ing|mag|dipl|eng|avv|m|mme|mlle|dhr|mevr|pan|pani|don|doña|dona|lic|mtro)\b\.?\s*)+(?=\S)"
    r"|,?\s+(?:jr|sr|ii|iii|iv|md|phd|ph\.d|m\.d|esq|dds|mba|rn|cpa)\.?$"
)
_PARTICLES = {"de", "del", "da", "dos", "di", "du", "la", "le", "van", "von", "der", "den", "y"}


Called = Literal["first_name", "last_name", "people", "name", "role", "phone", "address", ""]


def find_people(name: Hashable, counts: Mapping[Hashable, int]) -> ColumnGuess | None:
    """Find out whether texts are names, addresses or telephone numbers of people.

    Parameters
    ----------
    name
        The column's label.
    counts
        How often each value occurs.
    """
    texts = [value[:LONGEST_NAME] for value in counts if isinstance(value, str)]
    called = _called(name)
    if not texts or len(texts) < len(counts):
        return None
    is_part = called in ("first_name", "last_name")  # of a name: never kept, however few
    if len(texts) < FEWEST and not is_part and not _are_few_people(texts, called):
        return None
    sample = spread(texts, 1000)
    end = f", {len(counts)} distinct in {sum(counts.values())} rows"
    if called in _LOOKS:
        look, words = _LOOKS[called]
        if _share(sample, look) >= MOST:
            return ColumnGuess(called, f"{words}, named {shown(name)}{end}")
    if called in ("people", "role") and _share(sample, _is_given_name) >= MOST:
        return ColumnGuess("first_name", f"given names, named {shown(name)}{end}")
    if called != "address" and _share(sample, _is_full_name) >= MOST:
        known = _share(sample, _is_known)
        if not called or known < _NEEDED[called]:
            known = max(known, _share(sample, _is_person))
        if known >= _NEEDED.get(called, KNOWN):
            which = f"named {shown(name)}" if called else f"{known:.0%} of them known"
            return ColumnGuess("name", f"full names of people, {which}{end}")
    return None


def _called_people(rest: set[str], *, is_name: bool) -> Called:
    """Return what a column name of people alone announces; `rest` is all but "name"."""
    if rest == {"fullname"} or (is_name and rest):
        return "people"
    return "name" if is_name else "role" if rest else ""


def _are_few_people(texts: Sequence[str], called: Called) -> bool:
    """Return whether a few texts are people's names: levels would be kept, names must not be."""
    if called in ("people", "role") and all(map(_is_given_name, texts)):
        return len(texts) > 1
    if not all(map(_is_full_name, texts)):
        return False
    if called in ("people", "name", "role") and _share(texts, _is_known) >= KNOWN:
        return True
    if len(texts) < FEWEST_NAMES:
        return False
    return max(_share(texts, _is_surely_known), _share(texts, _is_person)) >= SURELY


def calls_phones(name: Hashable) -> bool:
    """Return whether a column is called one of telephone numbers."""
    return _called(name) == "phone"


def _called(name: Hashable) -> Called:
    """Return what data of people a column name announces; empty for anything else.

    Examples
    --------
    >>> [_called(name) for name in ("nameFirst", "Customer Name", "manager", "home_tel", "product")]
    ['first_name', 'people', 'role', 'phone', '']
    >>> [_called(name) for name in ("CONTACTLASTNAME", "surname", "fullname")]
    ['last_name', 'last_name', 'people']
    """
    words: list[str] = []
    for word in map(str.lower, _WORD.findall(last_label(name))):
        joined = _JOINED.fullmatch(word)
        words += filter(None, joined.groups()) if joined else [word]
    rest = {*words} - {"name", "names"}
    is_name = len(rest) < len({*words})
    owners = rest - _PEOPLE
    if len(owners) == 1 and (is_name or len(max(owners)) > 6):
        if owners <= _FIRST:
            return "first_name"
        if owners <= _LAST:
            return "last_name"
    if not owners or rest == {"fullname"}:
        return _called_people(rest, is_name=is_name)
    if rest & _PHONE and len(words) <= 3:
        return "phone"
    is_address = rest & {"address", "addr", "street"} and not rest & _NO_ADDRESS
    return "address" if is_address else ""


def _is_full_name(text: str) -> bool:
    """Return whether a text looks like a full name: two to five capitalised words.

    What stands in parentheses or in quotes, a maiden or a nick name, does not count.
    """
    plain = _ASIDE.sub(" ", text).replace(", ", " ")
    plain = plain.title() if plain.islower() else plain
    titled = len(_TITLE.sub("", plain)) < len(plain)
    return _are_names(_TITLE.sub("", plain).split(), 2 - titled, 5)


def _is_single_name(text: str) -> bool:
    return _are_names(text.split(), 1, 3)


def _are_names(words: Sequence[str], least: int, most: int) -> bool:
    proper = [word for word in words if word not in _PARTICLES]
    return least <= len(words) <= most and bool(proper) and all(map(_is_proper, proper))


def _is_proper(word: str) -> bool:
    letters = re.sub("[-'’.]", "", word)
    return letters.isalpha() and not letters[0].islower()


def _is_address(text: str) -> bool:
    has_letters = any(character.isalpha() for character in text)
    return has_letters and any(map(str.isdecimal, text)) and (" " in text or not text.isascii())


def _is_phone(text: str) -> bool:
    digits = sum(map(str.isdecimal, text))
    return 7 <= digits <= 15 and not any(map(str.isalpha, re.sub("(?i)ext|x", "", text)))


def _is_known(text: str) -> bool:
    """Return whether Faker knows the given name, and the family name if there are no others."""
    words = _in_order(text)
    firsts, lasts = _known("first_name"), _known("last_name")
    return (
        any(word in firsts for word in words[:-1])
        or (words[-1] in firsts and words[0] in lasts)
        or (len(words[0].rstrip(".")) == 1 and words[-1] in lasts)
    )


def _is_surely_known(text: str) -> bool:
    """Return whether Faker knows both the given and the family name."""
    words = _in_order(text)
    return words[-1] in _known("last_name") and any(
        word in _known("first_name") for word in words[:-1]
    )


def _is_given_name(text: str) -> bool:
    return text.title() in names_of_people("first_names")


def _is_person(text: str) -> bool:
    """Return whether the given and the family name are those of people in some language.

    An initial or a title stands for the given name; the family name may come first.
    """
    firsts, lasts = names_of_people("first_names"), names_of_people("last_names")
    plain = _TITLE.sub("", _ASIDE.sub(" ", text).strip())
    words = _in_order(plain)
    has_initial = any(len(word.rstrip(".")) == 1 for word in words[:-1])
    is_told = has_initial or len(plain) < len(text) or any(word in firsts for word in words[:-1])
    turned = len(words) > 1 and words[0] in lasts and any(word in firsts for word in words[1:])
    return bool((is_told and words[-1] in lasts) or turned)


def _in_order(text: str) -> list[str]:
    """Return the words of a full name, the given names first."""
    family, comma, given = _ASIDE.sub(" ", text).strip().partition(", ")
    ordered = f"{given} {family}" if comma else family
    return ordered.title().replace("-", " ").split() or [""]


@cache
def _known(what: Vocabulary) -> frozenset[str]:
    return frozenset(word for locale in _LOCALES for word in vocabulary(locale, what))


def _share(sample: Sequence[str], look: Callable[[str], bool]) -> float:
    return sum(map(look, sample)) / len(sample)


_LOOKS: dict[str, tuple[Callable[[str], bool], str]] = {
    "first_name": (_is_single_name, "given names"),
    "last_name": (_is_single_name, "family names"),
    "address": (_is_address, "addresses"),
    "phone": (_is_phone, "phone numbers"),
}


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
    if not declared and (len(counts) < FEWEST or _repeat(counts)):
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
    if texts and _share(sample, _holds_mail) >= MOST:  # Ann Lee <ann@firm.com>
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
        return ColumnGuess("identifier", f"{which} values differ{digits}")
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


def _is_prose(sample: Sequence[str]) -> bool:
    """Return whether texts are sentences rather than names or codes."""
    words = sum(len(text[:2000].split()) for text in sample) / len(sample)
    length = sum(map(len, sample)) / len(sample)
    are_codes = words == 1 and length <= 128 and all(map(str.isascii, sample))
    return words >= 4 or (length > 40 and not are_codes)
