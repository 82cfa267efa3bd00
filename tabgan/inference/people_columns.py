"""Columns of people's names, addresses and telephone numbers, told by name and by look.

Only what is clear: a category that is taken for names would be lost, names that are taken for a
category would be kept. What the column is called counts most; a column that is called no more
than "name", or anything else, must also hold names that Faker knows.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Literal

import pandas as pd

from tabgan.inference.column_cells import FEWEST, ColumnGuess, last_label, shown
from tabgan.table.locale_words import (
    PersonalName,
    Vocabulary,
    names_of_people,
    vocabulary,
    without_accents,
)
from tabgan.table.schema import Column, Kind
from tabgan.table.text_formats import spread

__all__ = ["MOST", "calls_phones", "find_people", "names_kept", "share_of", "with_name_parts"]

MOST = 0.8  # share of values that must look like what the column is called
KNOWN_IF_CALLED = 0.3  # share of names that are known, in a column that is called "name"
KNOWN = 0.5  # the same, in any other column
FEWEST_NAMES = 5  # names that may be people's, where nothing calls them so
SURELY = 0.9  # share of few names whose first and family names are both known
LEAST_GIVEN = 20  # different given names that tell people from towns, or half of all
MOST_TRIED = 200  # texts of a column that may be a part of names
MOST_FAMILY = 2  # columns of family names
LONGEST_NAME = 200  # characters that are looked at: a longer text is no name
LEAST_FIRMS = 0.05  # share of texts with a word of firms, beside which names are people's
LEAST_PEOPLE = 0.15  # share of texts that are names of people beside them
FEWEST_PEOPLE = 8
_FIRM = re.compile(
    r"(?i)(?:\b(?:inc|ltd|llc|llp|plc|corp|corporation|company|co|gmbh|mbh|ag|kg|ohg|s\.?a\.?s?|"
    r"s\.?l\.?u?|s\.?r\.?l|spa|bv|nv|ab|oy|as|aps|a/s|pty|pvt|ltda|sarl|sp\. z o\.o|kft|group|"
    r"holdings?|industries|logistics|hnos|hermanos|bros|brothers|sons|partners|associates|"
    r"services|solutions|systems|trading|bank|insurance|university|hospital)\b|&)"
)
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
_PEOPLE |= {"vendedor", "vendedora", "vendeur", "verkaufer", "responsavel", "medico"}
_PEOPLE |= {"arzt", "lehrer", "betreuer", "berater", "autor", "auteur", "autore"}
_PEOPLE |= {"professor", "profesor", "professore", "atendente", "venditore", "responsabile"}
_PEOPLE |= {"president", "presidente", "presidenta", "chair", "chairman", "chairperson", "senator"}
_PEOPLE |= {"senador", "senadora", "diputado", "diputada", "deputy", "minister", "secretary"}
_PEOPLE |= {"kunde", "kunden", "mitarbeiter", "cliente", "empleado", "nombre", "nom", "sales"}
_BARE = {"first", "given", "fore", "last", "family", "sur"}  # that need "name" beside them
_FIRST = {"first", "given", "fore", "firstname", "givenname", "forename", "vorname", "prenom"}
_FIRST |= {"prenoms", "nombres", "voornaam"}
_LAST = {"last", "family", "sur", "lastname", "familyname", "surname", "nachname", "familienname"}
_LAST |= {"apellido", "apellidos", "paterno", "materno", "cognome", "sobrenome", "achternaam"}
_PLURAL = re.compile(r"\(\w{1,2}\)")  # NOMBRE(S)
_PHONE = {"phone", "telephone", "tel", "mobile", "cellphone", "fax"}
_NO_ADDRESS = {"email", "mail", "ip", "mac", "web", "url"}
_UNTOLD = {"categorical", "identifier", "first_name", "last_name"}  # that may be parts of names
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
    sample = spread(texts, 1000)
    end = f", {len(counts)} distinct in {sum(counts.values())} rows"
    if len(texts) < FEWEST and not is_part and not _are_few_people(texts, called):
        return None if called else _find_firms_and_people(sample, end)
    if called in _LOOKS:
        look, words = _LOOKS[called]
        if share_of(sample, look) >= MOST:
            return ColumnGuess(called, f"{words}, named {shown(name)}{end}")
    if called in ("people", "role") and share_of(sample, _is_given_name) >= MOST:
        return ColumnGuess("first_name", f"given names, named {shown(name)}{end}")
    if called != "address" and share_of(sample, _is_full_name) >= MOST:
        known = share_of(sample, _is_known)
        if not called or known < _NEEDED[called]:
            known = max(known, share_of(sample, _is_person), _share_of_lists(sample))
        if known >= _NEEDED.get(called, KNOWN):
            which = f"named {shown(name)}" if called else f"{known:.0%} of them known"
            return ColumnGuess("name", f"full names of people, {which}{end}")
    return None if called else _find_firms_and_people(sample, end)


def _find_firms_and_people(sample: Sequence[str], end: str) -> ColumnGuess | None:
    """Find out whether texts are firms and people, whose names must not be kept either."""
    firms = [text for text in sample if _FIRM.search(text)]
    if len(firms) < LEAST_FIRMS * len(sample):
        return None
    others = [text for text in sample if not _FIRM.search(text)]
    people = [text for text in others if _is_full_name(text) and _is_surely_told(text)]
    if len(people) < max(LEAST_PEOPLE * len(sample), FEWEST_PEOPLE):
        return None
    kind: Kind = "name" if len(people) > len(firms) else "company"
    share = len(people) / len(sample)
    return ColumnGuess(kind, f"firms and people, {share:.0%} of them known names{end}")


def _is_surely_told(text: str) -> bool:
    """Return whether a text is a given and a family name that people have in some language."""
    words = _in_order(text)
    firsts, lasts = names_of_people("first_names"), names_of_people("last_names")
    return len(words) <= 4 and words[-1] in lasts and words[0] in firsts


def with_name_parts(
    columns: Sequence[Column], df: pd.DataFrame, asked: Collection[Hashable]
) -> list[Column]:
    """Make columns of given and of family names that stand side by side parts of names.

    Parameters
    ----------
    columns
        What the columns are on their own.
    df
        The table.
    asked
        The columns whose kinds are declared: they stay as they are.
    """
    may_be = [column.kind in _UNTOLD and column.name not in asked for column in columns]
    found = _find_name_parts(
        [_distinct_texts(df.iloc[:, at]) if open_ else () for at, open_ in enumerate(may_be)]
    )
    words = {"first_name": "given names beside family names", "last_name": "family names"}
    return [
        replace(column, kind=kind, why=f"{words[kind]}; {column.why}")
        if (kind := found.get(at, column.kind)) != column.kind
        else column
        for at, column in enumerate(columns)
    ]


def names_kept(columns: Iterable[Column], df: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns of people's names that are categorical, so that a model keeps them.

    Parameters
    ----------
    columns
        What the columns are.
    df
        The table, with these columns.
    """
    kept = (column.name for column in columns if column.kind == "categorical")
    return tuple(
        str(name) for name in kept if find_people(name, Counter(df[name].dropna().tolist()))
    )


def _distinct_texts(values: pd.Series) -> Sequence[str]:
    if isinstance(values.dtype, pd.CategoricalDtype):  # which keeps its values
        return ()
    texts = values.dropna().unique().tolist()
    return texts if all(isinstance(text, str) for text in texts) else ()


def _find_name_parts(columns: Sequence[Sequence[str]]) -> dict[int, Kind]:
    """Find given names, and family names in the one or two columns before or after them.

    Examples
    --------
    >>> given, family = "Ann Eva Karen Paul Peter".split(), "Hill Jones Lee Miller Smith".split()
    >>> _find_name_parts([given, family, [], given])
    {1: 'last_name', 0: 'first_name'}
    """
    samples = [spread(texts, MOST_TRIED) if len(texts) >= FEWEST_NAMES else () for texts in columns]
    found: dict[int, Kind] = {}
    for place, sample in enumerate(samples):
        if not sample or share_of(sample, _is_given_name) < MOST:
            continue
        for step in (1, -1):
            other = place + step
            while 0 <= other < len(samples) and abs(other - place) <= MOST_FAMILY:
                needed = KNOWN if abs(other - place) == 1 else KNOWN_IF_CALLED
                if not _are_family_names(samples[other], needed):
                    break
                found |= {other: "last_name", place: "first_name"}
                other += step
    return found


def _are_family_names(sample: Sequence[str], needed: float) -> bool:
    if not sample or share_of(sample, _is_single_name) < MOST:
        return False
    share = share_of(sample, _is_family_name)
    return share >= needed and share > share_of(sample, _is_given_name)


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
    if called in ("people", "name", "role") and share_of(texts, _is_known) >= KNOWN:
        return True
    if len(texts) < FEWEST_NAMES:
        return False
    known = share_of(texts, _is_surely_known), share_of(texts, _is_person), _share_of_lists(texts)
    return max(known) >= SURELY


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
    plain = without_accents(_PLURAL.sub("", last_label(name)))
    for word in map(str.lower, _WORD.findall(plain)):
        joined = _JOINED.fullmatch(word)
        words += filter(None, joined.groups()) if joined else [word]
    rest = {*words} - {"name", "names"}
    is_name = len(rest) < len({*words})
    owners = rest - _PEOPLE
    if owners and (is_name or owners - _BARE):
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
    """Return whether all words are given names."""
    return _are_all(text, "first_names")


def _is_family_name(text: str) -> bool:
    return _are_all(text, "last_names")


def _are_all(text: str, what: PersonalName) -> bool:
    words = [word for word in _words(text) if word.lower() not in _PARTICLES]
    return 0 < len(words) <= 5 and all(word in names_of_people(what) for word in words)


def _is_person(text: str) -> bool:
    """Return whether the given and the family name are those of people in some language.

    An initial or a title stands for the given name; the family name may come first, and after two
    given names or one there may be two of them.
    """
    firsts, lasts = names_of_people("first_names"), names_of_people("last_names")
    plain = _TITLE.sub("", _ASIDE.sub(" ", text).strip())
    words = _in_order(plain)
    has_initial = any(len(word.rstrip(".")) == 1 for word in words[:-1])
    is_told = has_initial or len(plain) < len(text) or any(word in firsts for word in words[:-1])
    turned = len(words) > 1 and words[0] in lasts and any(word in firsts for word in words[1:])
    return bool((is_told and words[-1] in lasts) or turned)


def _share_of_lists(texts: Sequence[str]) -> float:
    """Return the share of texts with a family name, set off, before or after known given names.

    None, where less than half of the names are people's, or a few given names recur: towns of
    states such as Virginia and Georgia are written so, too.
    """
    given = [name for name in map(_listed_given_name, texts) if name]
    alike = len(set(given)) < min(len(given) / 2, LEAST_GIVEN)
    if alike or share_of(texts, _is_person) < KNOWN:
        return 0.0
    return len(given) / len(texts)


def _listed_given_name(text: str) -> str | None:
    """Return the known given name beside a family name before a comma or in capitals.

    Examples
    --------
    >>> [_listed_given_name(text) for text in ("LEE, Ann", "Ann LEE", "Ann Lee", "Lee, Mill")]
    ['Ann', 'Ann', None, None]
    """
    plain = _ASIDE.sub(" ", text).strip()
    _, comma, given = plain.partition(",")
    if not comma:
        words = plain.split()
        family = [word for word in words if len(word) > 2 and word.isupper()]
        given = " ".join(word for word in words if word not in family) if family else ""
    firsts = names_of_people("first_names")
    return next((word for word in _words(given) if word in firsts), None)


def _in_order(text: str) -> list[str]:
    """Return the words of a full name, the given names first."""
    family, comma, given = _ASIDE.sub(" ", text).strip().partition(", ")
    return _words(f"{given} {family}" if comma else family) or [""]


def _words(text: str) -> list[str]:
    return without_accents(text).title().replace("-", " ").split()


@cache
def _known(what: Vocabulary) -> frozenset[str]:
    words = (word for locale in _LOCALES for word in vocabulary(locale, what))
    return frozenset(map(without_accents, words))


def share_of(sample: Sequence[str], look: Callable[[str], bool]) -> float:
    """Return the share of texts that have a look."""
    return sum(map(look, sample)) / len(sample)


_LOOKS: dict[str, tuple[Callable[[str], bool], str]] = {
    "first_name": (_is_single_name, "given names"),
    "last_name": (_is_single_name, "family names"),
    "address": (_is_address, "addresses"),
    "phone": (_is_phone, "phone numbers"),
}
