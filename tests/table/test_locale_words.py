import pytest
from faker.config import AVAILABLE_LOCALES

from tabgan.base.errors import OptionError
from tabgan.table.locale_words import check_locale, name_order, split_name, vocabulary


@pytest.mark.parametrize("locale", sorted(AVAILABLE_LOCALES)[::12])
def test_every_locale_has_every_vocabulary(locale):
    for what in ("first_name", "last_name", "user_name", "phone_number", "address", "city"):
        words = vocabulary(locale, what)
        assert words
        assert all(word == word.strip() and "\n" not in word for word in words)
    assert name_order(locale)


def test_a_locale_without_telephones_takes_others():
    assert vocabulary("fil_PH", "phone_number") == vocabulary("en_US", "phone_number")


@pytest.mark.parametrize(
    ("locale", "end"),
    [
        ("de_XX", "did you mean 'de_LI'?"),
        ("de-DE", "did you mean 'de_DE'?"),
        ("xx_XX", "known names: 'a"),
        (7, "known names: 'a"),
    ],
)
def test_an_unknown_locale_is_refused_with_the_nearest(locale, end):
    with pytest.raises(OptionError) as caught:
        check_locale(locale, OptionError)
    begin = f"locale={locale!r} is not a locale of Faker; {end}"
    assert str(caught.value).startswith(begin[: begin.index("did you") if "de_" in begin else None])


@pytest.mark.parametrize(
    ("name", "locale", "parts"),
    [
        ("Ann Lee", "en_US", ("Ann", "Lee")),
        ("Lee, Ann Mary", "en_US", ("Ann", "Lee")),
        ("Nagy Anna Mária", "hu_HU", ("Anna", "Nagy")),
        ("张伟", "zh_CN", ("伟", "张")),
        ("Cher", "en_US", ("Cher", "Cher")),
        ("Cher", "hu_HU", ("Cher", "Cher")),
        ("", "en_US", ("", "")),
    ],
)
def test_names_are_split_as_the_locale_writes_them(name, locale, parts):
    assert split_name(name, locale) == parts
