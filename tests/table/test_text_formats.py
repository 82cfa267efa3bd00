import datetime

import numpy as np
import pytest
from faker import Faker
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tabgan.table.text_formats import (
    NUMBER,
    check_characters,
    check_digits,
    checksum_of,
    is_iban,
    parse_dates,
    pattern_of,
    spread,
)

# from the registry of ISO 13616
KNOWN = [
    "GB29NWBK60161331926819",
    "DE89370400440532013000",
    "FR1420041010050500013M02606",
    "NO9386011117947",
    "MT84MALT011000012345MTLCAST001S",
]


def test_known_accounts():
    accounts = [iban[4:] + iban[:2] for iban in KNOWN]
    np.testing.assert_array_equal(check_digits(accounts), [int(iban[2:4]) for iban in KNOWN])
    assert check_digits([]).shape == (0,)


@pytest.mark.parametrize("locale", ["de_DE", "fr_FR", "en_GB", "it_IT", "nl_NL", "es_ES"])
def test_accounts_of_faker(locale):
    assert all(is_iban(Faker(locale).iban()) for _ in range(50))


@pytest.mark.parametrize(
    "text", ["", "DE88370400440532013000", "de89370400440532013000", "DE89 3704", "x" * 99]
)
def test_what_is_no_account(text):
    assert not is_iban(text)


PRINTED = {  # on books, journals, goods and cards
    "mod11": ["0-8044-2957-X", "3-598-21508-8", "0378-5955", "2049-3630"],
    "gs1": ["978-3-16-148410-0", "4006381333931", "96385074", "036000291452"],
    "luhn": ["4111 1111 1111 1111", "490154203237518", "79927398713"],
}
SCHEMES = [(code, scheme) for scheme, codes in PRINTED.items() for code in codes]


@pytest.mark.parametrize(("code", "scheme"), SCHEMES)
def test_codes_that_are_printed(code, scheme):
    assert check_characters([code[:-1]], scheme).tolist() == [code[-1]]


@pytest.mark.parametrize("scheme", PRINTED)
@pytest.mark.parametrize("typos", [0, 4, 30])
def test_the_scheme_shows_in_nearly_all_codes(scheme, typos):
    length = 9 if scheme == "mod11" else 12 if scheme == "gs1" else 15
    bodies = [f"{i * 104_729 % 10**length:0{length}d}" for i in range(1, 101)]
    codes = [a + b for a, b in zip(bodies, check_characters(bodies, scheme), strict=True)]
    wrong = [
        body + str((int(code[-1]) + 1) % 10) if code[-1] != "X" else body + "1"
        for body, code in zip(bodies, codes, strict=True)
    ]
    assert checksum_of([*wrong[:typos], *codes[typos:]]) == (scheme if typos < 5 else None)
    assert checksum_of(codes[:19]) is None  # too few to tell


@pytest.mark.parametrize("texts", [[], [""] * 30, ["abc"] * 30, [str(i) for i in range(500)]])
def test_no_scheme(texts):
    assert checksum_of(texts) is None


near_dates = st.from_regex(r"\A\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}( \d{2}:\d{2}(:\d{2})?)?\Z")


def by_the_standard_library(text, form):
    """Read a date that is written back the same."""
    try:
        date = datetime.datetime.strptime(text, form)
    except ValueError:
        return None
    return date if date.strftime(form) == text else None


@given(st.lists(st.one_of(near_dates, st.text(max_size=12)), min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
@example(["2024-02-29", "2023-02-29", "2024-2-29", "0999-01-01", "9999-12-31", "2024-04-31", "٢"])
@example(["2024-02-29 23:59", "2024-02-29 24:00", "2024-02-29 1:00", "2024-02-29 00:00\x00"])
def test_dates_are_those_of_the_standard_library_that_are_written_back(texts):
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d %H:%M", "%Y%m%d"):
        expected = [by_the_standard_library(text, form) for text in texts]
        assert parse_dates(texts, form).tolist() == expected


def test_fractions_of_a_second():
    moments = parse_dates(["2020-01-01T10:00:59.000001Z"], "%Y-%m-%dT%H:%M:%S.%fZ")
    assert moments.tolist() == [datetime.datetime(2020, 1, 1, 10, 0, 59, 1)]


@pytest.mark.parametrize("text", ["0", "-1", "10", "0.50", "-0.0", "1e5", "1.5E-7", "1" * 30])
def test_numbers(text):
    assert NUMBER.fullmatch(text)


@pytest.mark.parametrize(
    "text",
    ["", "007", "+5", "1,000", " 3", "3 ", ".5", "5.", "1e", "inf", "nan", "0x1", "1_0", "٣"],
)
def test_no_numbers(text):
    assert not NUMBER.fullmatch(text)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("ann.smith@mail.corp.test", "email"),
        ("ann@localhost", None),
        ("6fa459ea-ee8a-3ca4-894e-db77e160355e", "uuid"),
        ("https://corp.test/a?b=1", "url"),
        ("www.corp.test/a", "url"),
        ("corp.test", None),
        ("+49 170 1234567", "phone"),
        ("(555) 123-4567", "phone"),
        ("0170/1234567", "phone"),
        ("+1 (555) 123-4567", "phone"),
        ("0049 170 1234567", "phone"),
        ("01 23 45 67 89", "phone"),
        ("555-123-4567", "phone"),
        ("555-1234", "phone"),
        ("1998-1999", None),
        ("338.015.691", None),
        ("4-884-82051-2", None),
        ("123-45-6789", None),
        ("0001-0002", None),
        ("40.7128, -74.0060", None),
        ("1.2.3", None),
        ("192.168.0.19", "ip"),
        ("192.168.0.256", None),
        ("1234567", None),
        ("12:30", None),
        ("DE89 3704 0044 0532 0130 00", "iban"),
        ("GB33BUKB20201555555555", "iban"),
        ("ABCDEFGH", None),
        (".-" * 10_000 + "1", None),
    ],
)
def test_patterns(text, pattern):
    assert pattern_of([text]) == pattern


def test_a_pattern_is_that_of_nearly_all():
    assert pattern_of(["a@b.test"] * 19 + ["none of it"]) == "email"
    assert pattern_of(["a@b.test"] * 8 + ["none of it"]) is None


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 1005])
def test_spread_takes_evenly_and_not_too_many(count):
    taken = spread(range(count), 10)
    assert len(taken) <= 10
    assert len(taken) >= min(count, 5)
    assert list(taken[:1]) == list(range(count))[:1]
