"""Columns of people's names, addresses and telephone numbers, told by name and by look.

Only what is clear: a category that is taken for names would be lost, names that are taken for a
category would be kept. What the column is called counts most; a column that is called no more
than "name", or anything else, must also hold names that Faker knows.
"""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cache
from typing import Literal

from tabgan.inference.column_cells import FEWEST, ColumnGuess, last_label, shown
from tabgan.table.locale_words import Vocabulary, vocabulary
from tabgan.table.text_formats import spread

__all__ = ["calls_phones", "find_people"]

MOST = 0.8  # share of values that must look like what the column is called
KNOWN_IF_CALLED = 0.3  # share of names that are known, in a column that is called "name"
KNOWN = 0.5  # the same, in any other column
FEWEST_NAMES = 5  # names that may be people's, where nothing calls them so
SURELY = 0.9  # share of few names whose first and family names are both known
_LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT")

_NEEDED = {"people": 0.0, "name": KNOWN_IF_CALLED, "role": KNOWN_IF_CALLED}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_JOINED = re.compile(r"(.*?)(first|given|fore|last|family|sur|full)(names?)")  # contactlastname
_PEOPLE = {"full", "customer", "client", "patient", "employee", "person", "contact", "member"}
_PEOPLE |= {"student", "passenger", "guest", "owner", "holder", "author", "teacher", "doctor"}
_PEOPLE |= {"manager", "director", "supervisor", "rep", "representative", "salesrep", "agent"}
_PEOPLE |= {"salesperson", "seller", "buyer", "applicant", "candidate", "instructor", "physician"}
_PEOPLE |= {"nurse", "driver", "player", "actor", "advisor", "assignee", "tenant", "user"}
_PEOPLE |= {"kunde", "kunden", "mitarbeiter", "cliente", "empleado", "nombre", "nom", "sales"}
_FIRST = {"first", "given", "fore", "firstname", "givenname", "forename", "vorname"}
_LAST = {"last", "family", "sur", "lastname", "familyname", "surname", "nachname"}
_PHONE = {"phone", "telephone", "tel", "mobile", "cellphone", "fax"}
_NO_ADDRESS = {"email", "mail", "ip", "mac", "web", "url"}
_ASIDE = re.compile(r"[(\"“][^)\"”]*[)\"”]")
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
    texts = [value for value in counts if isinstance(value, str)]
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
    if called != "address" and _share(sample, _is_full_name) >= MOST:
        known = sum(map(_is_known, sample)) / len(sample)
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
    if not all(map(_is_full_name, texts)):
        return False
    if called in ("people", "name", "role") and _share(texts, _is_known) >= KNOWN:
        return True
    return len(texts) >= FEWEST_NAMES and _share(texts, _is_surely_known) >= SURELY


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
    return _are_names(_ASIDE.sub(" ", text).replace(", ", " ").split(), 2, 5)


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
