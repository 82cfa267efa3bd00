"""Words of a language and country: of dates, and from Faker names, towns, telephones, addresses.

Faker makes a value in 10 to 50 microseconds, too slowly to be asked for every row. So each
vocabulary is drawn once, always with the same seed, and rows are put together of its words.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Literal

from tabgan.base.errors import TabGANError, did_you_mean

__all__ = [
    "ABBREVIATED",
    "DEFAULT_LOCALE",
    "HALVES_OF_DAY",
    "MONTHS",
    "MONTHS_AND_WEEKDAYS",
    "NOMINATIVES",
    "SHORT_IN_ENGLISH",
    "SHORT_WEEKDAYS",
    "WEEKDAYS",
    "Digits",
    "NameOrder",
    "PersonalName",
    "Vocabulary",
    "check_locale",
    "digits_of",
    "in_other_digits",
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


MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS_AND_WEEKDAYS = {  # months, and weekdays from Monday
    "de": (
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    ),
    "fr": (
        "Janvier Février Mars Avril Mai Juin Juillet Août Septembre Octobre Novembre Décembre",
        "Lundi Mardi Mercredi Jeudi Vendredi Samedi Dimanche",
    ),
    "es": (
        "Enero Febrero Marzo Abril Mayo Junio Julio Agosto Septiembre Octubre Noviembre Diciembre",
        "Lunes Martes Miércoles Jueves Viernes Sábado Domingo",
    ),
    "it": (
        "Gennaio Febbraio Marzo Aprile Maggio Giugno Luglio Agosto Settembre Ottobre Novembre "
        "Dicembre",
        "Lunedì Martedì Mercoledì Giovedì Venerdì Sabato Domenica",
    ),
    "pt": (
        "Janeiro Fevereiro Março Abril Maio Junho Julho Agosto Setembro Outubro Novembro Dezembro",
        "Segunda-feira Terça-feira Quarta-feira Quinta-feira Sexta-feira Sábado Domingo",
    ),
    "nl": (
        "Januari Februari Maart April Mei Juni Juli Augustus September Oktober November December",
        "Maandag Dinsdag Woensdag Donderdag Vrijdag Zaterdag Zondag",
    ),
    "sv": (
        "Januari Februari Mars April Maj Juni Juli Augusti September Oktober November December",
        "Måndag Tisdag Onsdag Torsdag Fredag Lördag Söndag",
    ),
    "da": (
        "Januar Februar Marts April Maj Juni Juli August September Oktober November December",
        "Mandag Tirsdag Onsdag Torsdag Fredag Lørdag Søndag",
    ),
    "pl": (
        "Stycznia Lutego Marca Kwietnia Maja Czerwca Lipca Sierpnia Września Października "
        "Listopada Grudnia",
        "Poniedziałek Wtorek Środa Czwartek Piątek Sobota Niedziela",
    ),
    "ru": (
        "Января Февраля Марта Апреля Мая Июня Июля Августа Сентября Октября Ноября Декабря",
        "Понедельник Вторник Среда Четверг Пятница Суббота Воскресенье",
    ),
    "uk": (
        "Січня Лютого Березня Квітня Травня Червня Липня Серпня Вересня Жовтня Листопада Грудня",
        "Понеділок Вівторок Середа Четвер П’ятниця Субота Неділя",
    ),
    "cs": (
        "Ledna Února Března Dubna Května Června Července Srpna Září Října Listopadu Prosince",
        "Pondělí Úterý Středa Čtvrtek Pátek Sobota Neděle",
    ),
    "hu": (
        "Január Február Március Április Május Június Július Augusztus Szeptember Október November "
        "December",
        "Hétfő Kedd Szerda Csütörtök Péntek Szombat Vasárnap",
    ),
    "ro": (
        "Ianuarie Februarie Martie Aprilie Mai Iunie Iulie August Septembrie Octombrie Noiembrie "
        "Decembrie",
        "Luni Marți Miercuri Joi Vineri Sâmbătă Duminică",
    ),
    "el": (
        "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου "
        "Οκτωβρίου Νοεμβρίου Δεκεμβρίου",
        "Δευτέρα Τρίτη Τετάρτη Πέμπτη Παρασκευή Σάββατο Κυριακή",
    ),
    "tr": (
        "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
        "Pazartesi Salı Çarşamba Perşembe Cuma Cumartesi Pazar",
    ),
    "no": (
        "Januar Februar Mars April Mai Juni Juli August September Oktober November Desember",
        "Mandag Tirsdag Onsdag Torsdag Fredag Lørdag Søndag",
    ),
    "fi": (
        "Tammikuuta Helmikuuta Maaliskuuta Huhtikuuta Toukokuuta Kesäkuuta Heinäkuuta Elokuuta "
        "Syyskuuta Lokakuuta Marraskuuta Joulukuuta",
        "Maanantai Tiistai Keskiviikko Torstai Perjantai Lauantai Sunnuntai",
    ),
    "id": (
        "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember",
        "Senin Selasa Rabu Kamis Jumat Sabtu Minggu",
    ),
    "ar": (
        "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
        "الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد",
    ),
    "hi": (
        "जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
        "सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार रविवार",
    ),
}
NOMINATIVES = {  # of months that stand without a day, where these differ
    "ru": "Январь Февраль Март Апрель Май Июнь Июль Август Сентябрь Октябрь Ноябрь Декабрь",
    "uk": "Січень Лютий Березень Квітень Травень Червень Липень Серпень Вересень Жовтень Листопад "
    "Грудень",
    "pl": "Styczeń Luty Marzec Kwiecień Maj Czerwiec Lipiec Sierpień Wrzesień Październik Listopad "
    "Grudzień",
    "cs": "Leden Únor Březen Duben Květen Červen Červenec Srpen Září Říjen Listopad Prosinec",
    "el": "Ιανουάριος Φεβρουάριος Μάρτιος Απρίλιος Μάιος Ιούνιος Ιούλιος Αύγουστος Σεπτέμβριος "
    "Οκτώβριος Νοέμβριος Δεκέμβριος",
    "fi": "Tammikuu Helmikuu Maaliskuu Huhtikuu Toukokuu Kesäkuu Heinäkuu Elokuu Syyskuu Lokakuu "
    "Marraskuu Joulukuu",
}
SHORT_WEEKDAYS = {  # from Monday
    "de": "Mo Di Mi Do Fr Sa So",
    "nl": "Ma Di Wo Do Vr Za Zo",
    "es": "Lun Mar Mié Jue Vie Sáb Dom",
    "fr": "Lun Mar Mer Jeu Ven Sam Dim",
    "it": "Lun Mar Mer Gio Ven Sab Dom",
    "pt": "Seg Ter Qua Qui Sex Sáb Dom",
    "pl": "Pn Wt Śr Cz Pt So Nd",
    "ru": "Пн Вт Ср Чт Пт Сб Вс",
    "ja": "月 火 水 木 金 土 日",
    "jaf": "月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日",
    "zh": "周一 周二 周三 周四 周五 周六 周日",
    "zhf": "星期一 星期二 星期三 星期四 星期五 星期六 星期日",
    "ko": "월 화 수 목 금 토 일",
    "kof": "월요일 화요일 수요일 목요일 금요일 토요일 일요일",
}
HALVES_OF_DAY = {  # before and after noon
    "%p": ("AM", "PM"),
    "%P": ("am", "pm"),
    "%[AM]": ("A.M.", "P.M."),
    "%[am]": ("a.m.", "p.m."),
    "%[a_m]": ("a. m.", "p. m."),
    "%[p_ko]": ("오전", "오후"),
    "%[p_zh]": ("上午", "下午"),
    "%[p_ja]": ("午前", "午後"),
    "%[p_el]": ("π.μ.", "μ.μ."),
    "%[p_ar]": ("ص", "م"),
}
ABBREVIATED = {  # months as people shorten them, where these are not the first three letters
    "en": "Jan. Feb. March April May June July Aug. Sept. Oct. Nov. Dec.",
    "de": "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
    "fr": "Janv. Févr. Mars Avr. Mai Juin Juil. Août Sept. Oct. Nov. Déc.",
    "es": "Ene. Feb. Mar. Abr. May. Jun. Jul. Ago. Sept. Oct. Nov. Dic.",
    "nl": "Jan. Feb. Mrt. Apr. Mei Jun. Jul. Aug. Sep. Okt. Nov. Dec.",
}
SHORT_IN_ENGLISH = "Jan Feb Mar Apr May June July Aug Sept Oct Nov Dec"


def _digits_from(zero: str) -> str:
    return "".join(chr(ord(zero) + number) for number in range(10))


_ASCII_DIGITS = _digits_from("0")
_DIGITS = {  # of other scripts, with and without the marks of numbers and dates
    "arabic": (_digits_from("٠"), ""),
    "arabic_marks": (_digits_from("٠"), "٫.٬,٪%"),
    "persian": (_digits_from("۰"), ""),
    "persian_marks": (_digits_from("۰"), "٫.٬,٪%"),
    "devanagari": (_digits_from("०"), ""),
    "bengali": (_digits_from("০"), ""),
    "thai": (_digits_from("๐"), ""),
    "wide": (_digits_from("０"), ""),
    "wide_marks": (_digits_from("０"), "．.，,－-／/：:％%　 "),
}


class Digits:
    """The digits of another script: texts of these as texts of ours, and back.

    Parameters
    ----------
    name
        That of the script, as in `Digits.names`.

    Examples
    --------
    >>> wide = Digits("wide_marks")
    >>> wide.to_ascii(["１２．５", "7"]), wide.from_ascii(["12.5"])
    (['12.5', ''], ['１２．５'])
    """

    names = tuple(_DIGITS)

    def __init__(self, name: str) -> None:
        digits, marks = _DIGITS[name]
        pairs = [
            *zip(digits, _ASCII_DIGITS, strict=True),
            *zip(marks[::2], marks[1::2], strict=True),
        ]
        self._to = str.maketrans(dict(pairs))
        self._back = str.maketrans({ours: own for own, ours in pairs})

    def to_ascii(self, texts: Sequence[str]) -> list[str]:
        """Translate texts; those that have other digits, or marks of ours, become empty."""
        read = [text.translate(self._to) for text in texts]
        back = self.from_ascii(read)
        return [
            own if again == text and own != text else ""
            for text, own, again in zip(texts, read, back, strict=True)
        ]

    def from_ascii(self, texts: Sequence[str]) -> list[str]:
        """Write texts with the digits of the script."""
        return [text.translate(self._back) for text in texts]


@lru_cache(maxsize=16)
def digits_of(name: str) -> Digits:
    """Return the digits of a script."""
    return Digits(name)


def in_other_digits(counts: Mapping[str, int]) -> Iterator[tuple[str, dict[str, int]]]:
    """Give each script in whose digits many texts are, and these texts in ours."""
    if not any(text and not text.isascii() and _OTHER_DIGITS.search(text) for text in counts):
        return
    for name in Digits.names:
        read = digits_of(name).to_ascii([*counts])
        ours = {own: count for own, count in zip(read, counts.values(), strict=True) if own}
        if 10 * len(ours) >= len(counts):
            yield name, ours


_OTHER_DIGITS = re.compile(f"[{''.join(digits for digits, _ in _DIGITS.values())}]")
