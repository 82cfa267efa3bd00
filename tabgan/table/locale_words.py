"""Words of a language and country, from Faker: names, towns, telephone numbers, addresses.

Faker makes a value in 10 to 50 microseconds, too slowly to be asked for every row. So each
vocabulary is drawn once, always with the same seed, and rows are put together of its words.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Literal

from tabgan.base.errors import TabGANError, did_you_mean

__all__ = [
    "DEFAULT_LOCALE",
    "NameOrder",
    "PersonalName",
    "Vocabulary",
    "check_locale",
    "name_order",
    "names_of_people",
    "split_name",
    "vocabulary",
    "without_accents",
]

DEFAULT_LOCALE = "en_US"
DRAWS = 4_000

Vocabulary = Literal[
    "first_name", "last_name", "name", "user_name", "phone_number", "address", "city", "company"
]
NameOrder = Literal["first last", "last first", "lastfirst"]


def check_locale(locale: object, error: Callable[[str], TabGANError]) -> None:
    """Check that a locale is one of Faker's.

    Parameters
    ----------
    locale
        Language and country, such as ``"de_DE"``.
    error
        Makes the exception out of a message.

    Raises
    ------
    TabGANError
        The given one, with a message, if it is not.
    """
    if locale == DEFAULT_LOCALE:  # told without looking through Faker's folders
        return
    from faker.config import AVAILABLE_LOCALES

    if not (isinstance(locale, str) and locale in AVAILABLE_LOCALES):
        names = sorted(AVAILABLE_LOCALES)
        alike = [name for name in names if name[:2] == str(locale)[:2].lower()]
        raise error(
            f"locale={locale!r} is not a locale of Faker; {did_you_mean(locale, alike or names)}"
        )


@lru_cache(maxsize=128)
def vocabulary(locale: str, what: Vocabulary) -> tuple[str, ...]:
    """Return the distinct words of some thousand draws, always the same for a locale.

    Parameters
    ----------
    locale
        Language and country, such as ``"de_DE"``.
    what
        Which words.

    Examples
    --------
    >>> "Boston" in vocabulary("en_US", "city") or len(vocabulary("en_US", "city")) > 1000
    True
    """
    from faker import Faker

    are_names = what in ("first_name", "last_name")  # the rare ones, too
    fake = Faker(locale, use_weighting=not are_names)
    if not hasattr(fake, what):  # there are locales without telephones
        fake = Faker(DEFAULT_LOCALE)
    fake.seed_instance(0)
    draw = getattr(fake, what)
    lines = (str(draw()).splitlines() for _ in range(DRAWS))
    words = dict.fromkeys(", ".join(" ".join(line.split()) for line in drawn) for drawn in lines)
    if what == "user_name":  # their digits are counted by rows
        words = dict.fromkeys(re.sub("[^a-z]", "", word) for word in words)
    return tuple(word for word in words if word) or ("user",)


PersonalName = Literal["first_names", "last_names"]
_LATIN = (  # locales whose names are written in Latin letters, with lists of their own
    "en_US en_GB en_IN de_DE fr_FR es_ES es_MX it_IT pt_BR pt_PT nl_NL pl_PL sv_SE da_DK no_NO "
    "fi_FI cs_CZ tr_TR ro_RO hu_HU hr_HR id_ID"
)


@lru_cache(maxsize=2)
def names_of_people(what: PersonalName) -> frozenset[str]:
    """Return the given or the family names of many languages, without accents.

    Parameters
    ----------
    what
        Which names.

    Examples
    --------
    >>> {"Agnieszka", "Sven", "Monica"} <= names_of_people("first_names")
    True
    """
    names: set[str] = set()
    for locale in _LATIN.split():
        provider = import_module(f"faker.providers.person.{locale}").Provider
        for attribute in dir(provider):
            if attribute.endswith(what) or attribute.startswith(what):  # unisex_last_names
                names.update(getattr(provider, attribute))
    words = (without_accents(word) for name in names for word in name.replace("-", " ").split())
    return frozenset(map(str.title, words))


def without_accents(text: str) -> str:
    """Return a text without the marks on its letters, which capitals often lack.

    Examples
    --------
    >>> without_accents("Mónica Muñoz")
    'Monica Munoz'
    """
    parts = unicodedata.normalize("NFKD", text)
    return "".join(part for part in parts if not unicodedata.combining(part))


@lru_cache(maxsize=128)
def name_order(locale: str) -> NameOrder:
    """Return how a locale writes a full name.

    Examples
    --------
    >>> [name_order(locale) for locale in ("de_DE", "hu_HU", "zh_CN")]
    ['first last', 'last first', 'lastfirst']
    """
    names = vocabulary(locale, "name")
    if sum(" " in name for name in names) < len(names) / 2:
        return "lastfirst"
    firsts, lasts = (set(vocabulary(locale, "first_name")), set(vocabulary(locale, "last_name")))
    pairs = [name.split() for name in names if name.count(" ") == 1]
    usual = sum(one in firsts and other in lasts for one, other in pairs)
    turned = sum(one in lasts and other in firsts for one, other in pairs)
    return "last first" if turned > usual else "first last"


def split_name(name: str, locale: str) -> tuple[str, str]:
    """Split a full name into the first of its given names and its family name.

    Parameters
    ----------
    name
        A full name.
    locale
        Language and country, such as ``"de_DE"``.

    Examples
    --------
    >>> split_name("Ann Mary Lee", "en_US"), split_name("Lee, Ann", "en_US")
    (('Ann', 'Lee'), ('Ann', 'Lee'))
    """
    family, comma, given = name.partition(", ")
    if comma:
        return (given.split() or [given])[0], family
    order, words = name_order(locale), name.split() or [name]
    if order == "first last":
        return words[0], words[-1]
    if order == "last first":
        return words[min(1, len(words) - 1)], words[0]
    return words[0][1:], words[0][:1]
